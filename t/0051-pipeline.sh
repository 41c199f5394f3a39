#!/bin/sh
# scripts/pipeline: the line for cron ends with the worst status of its stages, and
# runs once at a time.
. "${0%/*}/test-lib.sh"
. "$SRC/t/lib-pg.sh"
pg_start
export SLUICE_SPOOL="$T/spool"
line="$SRC/scripts/pipeline -l $T/lock"
good='{"type":"metric","ts":1795000000,"name":"m","value":1,"labels":{}}'

ok 'nothing to do is silence and status 0' '
	exit_is 0 $line >out 2>err
	empty out err'
ok 'it loads, and prints the events' '
	echo "$good" | spool-write >segment
	exit_is 0 $line >out 2>err
	empty err
	is "$(grep -c gate.done out)" 1
	is "$(grep -c gate.open out)" 1'
ok 'options go to the gate' '
	echo "$good" | spool-write >segment
	exit_is 0 $line --min-count 5 >out
	empty out
	exit_is 0 $line --min-count 1 >out
	grep -q gate.done out'
ok 'a bad record: 2, of the last stage' '
	mkdir -p spool/incoming
	printf "%s\n{}\n" "$good" >spool/incoming/b.ndjson
	exit_is 2 $line >out 2>err
	grep -q gate.done out'
ok 'a usage error of the first stage: 64' '
	exit_is 64 $line --zzzzzzzz >out 2>err
	empty out'
ok 'no database: 75' '
	echo "$good" | spool-write >segment
	DATABASE_URL="host=$T/nowhere" exit_is 75 $line >out 2>err
	is "$(ls spool/incoming | wc -l)" 1'
ok 'locked: 75, at once' '
	exit_is 75 flock lock $line >out 2>err
	has err "another one is running"
	empty out'
ok 'and again it loads' '
	exit_is 0 $line >out
	grep -q gate.done out
	is "$(ls spool/incoming | wc -l)" 0'
ok 'a reader that goes away early' '
	i=0
	while [ $i -lt 3 ]; do
		echo "$good" | sed "s/:1,/:1$i,/" | spool-write >segment
		i=$((i + 1))
	done
	$line | head -n 1 >out
	exit_is 0 $line >out
	is "$(sql "SELECT count(*) FROM sluice.ingestion_manifest WHERE status = '"'open'"'")" 0'
finish
