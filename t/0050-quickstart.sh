#!/bin/sh
# scripts/quickstart and scripts/pg-local: twice, killed in between, never a record
# twice.
. "${0%/*}/test-lib.sh"
. "$SRC/t/lib-pg.sh"
sh "$SRC/scripts/deps" run >log 2>&1 || skip_all "deps run: $(tail -n 1 log)"
export SLUICE_STATE="$T/state"
local_pg="sh $SRC/scripts/pg-local"
on_exit "$local_pg stop"

ok 'pg-local: no cluster yet' '
	exit_is 1 $local_pg status >out
	exit_is 0 $local_pg stop
	exit_is 64 $local_pg
	exit_is 64 $local_pg frobnicate'
ok 'pg-local: start, again, url, durable' '
	$local_pg start >url
	$local_pg start >url2
	same url url2
	$local_pg url >url3
	same url url3
	$local_pg status >out
	DATABASE_URL=$(cat url)
	is "$(sql "SHOW fsync")" on
	is "$(sql "SHOW listen_addresses")" ""
	is "$(stat -c %a state/pg/run)" 700'
ok 'pg-local: stop, and start keeps the data' '
	DATABASE_URL=$($local_pg url)
	sql "CREATE TABLE kept AS SELECT 1 AS a"
	$local_pg stop
	exit_is 1 $local_pg status >out
	exit_is 2 sql "SELECT 1" 2>err
	$local_pg start >out
	is "$(sql "SELECT a FROM kept")" 1'
ok 'pg-local: killed, and start recovers' '
	DATABASE_URL=$($local_pg url)
	kill -9 "$(head -n 1 state/pg/data/postmaster.pid)"
	wait_for 10 fails $local_pg status
	sleep 1
	$local_pg start >out
	is "$(sql "SELECT a FROM kept")" 1'
ok 'pg-local: a path that is too long for a socket' '
	exit_is 78 $local_pg start "$T/$(printf "%090d" 0)" 2>err
	has err SLUICE_STATE'

count() {
	DATABASE_URL=$($local_pg url) sql "SELECT count(*) FROM sluice.$1"
}
# Ids make an event unique; of the metrics, the time, the name and the labels.
doubles() {
	DATABASE_URL=$($local_pg url) sql "
		SELECT (SELECT count(*) - count(DISTINCT id) FROM sluice.events) +
			(SELECT count(*) - count(DISTINCT (ts, name, labels)) FROM sluice.metrics)"
}

ok 'quickstart' '
	sh "$SRC/scripts/quickstart" >out 2>err || { cat out err; exit 1; }
	empty err
	has out "what to type next"
	has out success
	[ "$(count metrics)" -gt 30 ]
	[ "$(count events)" -gt 30 ]
	is "$(doubles)" 0
	count events >events
	awk "length(\$0) > 120" out >wide
	count metrics >metrics'
ok 'again: only new records' '
	sh "$SRC/scripts/quickstart" >out 2>err || { cat out err; exit 1; }
	empty err
	[ "$(count metrics)" -gt "$(cat metrics)" ]
	is "$(doubles)" 0
	has out " 0 events" || [ "$(count events)" -gt "$(cat events)" ]'
ok 'killed at any time, then run again: nothing twice, nothing left' '
	rm -f state/dpkg.cursor
	n=0
	for ms in 3.3 3.5 3.7 3.9 4.1; do
		timeout -s KILL $ms sh "$SRC/scripts/quickstart" >out 2>&1 || n=$((n + 1))
	done
	[ $n -gt 0 ]
	wait_for 20 sh "$SRC/scripts/quickstart"
	is "$(doubles)" 0
	is "$(find state/spool/incoming state/spool/processing -type f | wc -l)" 0
	DATABASE_URL=$($local_pg url) SLUICE_SPOOL=$T/state/spool manifest verify >verdict || { cat verdict; exit 1; }'
finish
