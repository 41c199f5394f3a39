#!/bin/sh
# The connection is cut after each message of gate and replay, both ways: with
# nobody behind the cut the line says 75, the next run finishes.
. "${0%/*}/test-lib.sh"
need python3 psql zstd
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
[ -x "$SLUICE_BUILD/bin/spool-replay" ] || skip_all 'no spool-replay here'
pg_start

ok 'tcpcut counts, and cuts after the message' '
	mkdir door
	tcpcut --listen "$T/door/.s.PGSQL.5432" --to "$PG_DIR/s/.s.PGSQL.5432" --cut 3 --count n >up &
	pid=$!
	wait_for 5 test -s up
	exit_is 2 psql -XAtq -d "$DATABASE_URL host=$T/door" -c "SELECT 1" 2>err
	kill $pid; wait $pid
	is "$(cat n)" 3'
ok 'after each message: nothing lost, nothing twice' '
	python3 "$SRC/t/helper/crash.py" cut --stride 7 --least 100 >cut 2>&1 || { cat cut; exit 1; }'
[ ! -s cut ] || sed 's/^/# /' cut
finish
