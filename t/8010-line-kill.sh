#!/bin/sh
# kill -9 of any process of the whole line, with segments arriving all the time: after
# one clean run and one relay of the outbox the receiver knows every event of every
# committed batch. SEED=n repeats the choices; CRASH_FULL=1 takes 300 kills before each
# of the two forms of the relay, and a disk.
. "${0%/*}/test-lib.sh"
need python3 psql
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
[ -x "$SLUICE_BUILD/bin/notify" ] || skip_all 'no notify here'
pg_start
kills=32 rounds=2
if [ -n "${CRASH_FULL:-}" ]; then
	kills=600
	export CRASH_DIR="$T/crash"
fi

ok "$kills kills: every committed batch is told, none missing, none twice" '
	python3 "$SRC/t/helper/linekill.py" --kills $kills --rounds $rounds >report 2>&1 ||
		{ cat report; tail -n 20 linekill.err; exit 1; }'
[ ! -s report ] || sed 's/^\(# \)*/# /' report
finish
