#!/bin/sh
# kill -9 at seeded points of spool-write, gate, replay and archive, then one more run: the
# checker finds nothing lost and nothing twice. SEED=n gives the same points;
# t/crash-all takes every point.
. "${0%/*}/test-lib.sh"
need python3 psql zstd
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
[ -x "$SLUICE_BUILD/bin/spool-replay" ] || skip_all 'no spool-replay here'
pg_start

ok 'killat stops before or after an effect' '
	echo data >x
	exit_is 137 killat --only renameat2,rename 1 mv x y; absent y
	exit_is 137 killat --exit --only renameat2,rename 1 mv x y; absent x
	exit_is 3 killat --only effects --count n 1000 sh -c "echo a >z; exit 3"
	[ "$(cat n)" -ge 2 ]'
ok 'the checker sees damage of every kind' 'python3 "$SRC/t/helper/crash.py" selftest'
ok "${CRASH_POINTS:=300} points and 20 double kills: 0 lost, 0 twice" '
	python3 "$SRC/t/helper/crash.py" sweep --random "$CRASH_POINTS" --double 20 \
		--least $((CRASH_POINTS * 8 / 10)) >sweep 2>&1 || { cat sweep; exit 1; }'
[ ! -s sweep ] || sed 's/^/# /' sweep
finish
