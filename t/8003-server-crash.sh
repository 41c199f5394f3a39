#!/bin/sh
# The server is killed, or restarted at once, while segments are loaded: the run
# says 75, the next one finishes, nothing is lost or twice.
. "${0%/*}/test-lib.sh"
need python3 psql zstd
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
[ -x "$SLUICE_BUILD/bin/spool-replay" ] || skip_all 'no spool-replay here'
pg_start
: "${CRASH_ROUNDS:=6}"
seed=${SEED:-$(date +%s)}
echo "# seed $seed"

line() {
	gate=0 replay=0
	spool-gate -s spool 2>gate.err >opened || gate=$?
	spool-replay -s spool -j 2 <opened >done.out 2>replay.err || replay=$?
	echo "$gate $replay" >status
}

crash_round() {	# $1: number
	rm -f opened
	if [ $(($1 % 5)) = 0 ]; then	# the checker reads all there is
		rm -rf spool ids.txt files.txt
		sql "TRUNCATE sluice.metrics, sluice.events, sluice.ingestion_segment,
			sluice.ingestion_manifest, sluice.outbox, sluice.outbox_delivery"
	fi
	python3 "$SRC/t/helper/mkspool.py" spool --word "r$1" --segments 4 --records 6000 --bad
	line &
	pid=$!
	# where the server dies moves through the run, with the seed
	at=$((whole * ((seed * 7919 + $1 * 104729) % 100) / 100))
	wait_for 20 test -s opened
	sleep "$(printf '%d.%03d' $((at / 1000)) $((at % 1000)))"
	if [ $(($1 % 2)) = 0 ]; then pg_kill9; pg_up; else pg_restart_immediate; fi
	wait $pid || :
	first=$(cat status)
	mv replay.err replay.err.first
	line
	is "$gate" 0
	case $replay in 0 | 2) ;; *) is "$replay (second run) $(cat replay.err)" 2 ;; esac
	case $first in
	"0 75")
		echo hit >>hits
		grep -v ": hint: " replay.err.first >words
		is "$(wc -l <words) $(cat words)" "1 $(cat words)" ;;
	"0 2" | "0 0") ;;
	*) is "first run: $first $(cat gate.err replay.err.first)" '0 75' ;;
	esac
	python3 "$SRC/t/helper/check.py" --spool spool --ids ids.txt --files files.txt
}

ok 'a quiet run, and how long it takes' '
	python3 "$SRC/t/helper/mkspool.py" spool --word quiet --segments 4 --records 6000 --bad
	spool-gate -s spool >opened
	from=$(date +%s%N)
	exit_is 2 spool-replay -s spool -j 2 <opened >done.out
	echo $((($(date +%s%N) - from) / 1000000)) >whole'
whole=$(cat whole)
echo "# $whole ms"

i=1
touch hits
# a run is short: go on until the moment was met twice
while [ $i -le "$CRASH_ROUNDS" ] || { [ $i -le 40 ] && [ "$(wc -l <hits)" -lt 2 ]; }; do
	ok "round $i" "crash_round $i"
	i=$((i + 1))
done
ok 'some of them were in the middle of a load' '[ "$(wc -l <hits)" -ge 2 ]'
finish
