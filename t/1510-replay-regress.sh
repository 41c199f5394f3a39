#!/bin/sh
# bugs that a review found in gate, replay and relay, each by a test that failed before
. "${0%/*}/test-lib.sh"
need jq
. "$SRC/t/lib-pg.sh"
pg_start
S=$T/spool
export SLUICE_SPOOL="$S"
mkdir -p "$S/incoming"

metrics() {	# FROM N
	awk -v from="$1" -v n="$2" 'BEGIN { for (i = from; i < from + n; i++)
		printf "{\"type\":\"metric\",\"ts\":%d,\"name\":\"m\",\"value\":%d,\"labels\":{}}\n",
		1795000000 + i % 86400, i }'
}
land() { cat >"$S/incoming/.$1.tmp" && mv "$S/incoming/.$1.tmp" "$S/incoming/$1"; }
done_of() { jq -c "select(.type == \"gate.done\") | $2" "$1"; }

ok 'a stop while records are searched for does not condemn the segment' '
	sql "ALTER TABLE sluice.metrics ADD CONSTRAINT small CHECK (value < 100000)"
	{ metrics 100000 6000; metrics 1 10; } | land refused.ndjson
	spool-gate >open
	spool-replay <open >out 2>err & pid=$!
	sleep 0.4
	kill -TERM $pid 2>/dev/null || true
	wait $pid || true
	absent "$S"/failed/*/refused.ndjson
	spool-replay </dev/null >out2 2>&1 || true
	is "$(cat out out2 | done_of - "[.status, .rows.metrics, .rejected]")" "[\"partial\",10,6000]"
	sql "ALTER TABLE sluice.metrics DROP CONSTRAINT small"'

ok 'a replayer behind a long-lived pipe goes on after the database was away' '
	mkfifo events
	metrics 200000 5 | land one.ndjson
	spool-gate >one
	pg_stop
	spool-replay <events >out 2>err & pid=$!
	exec 7>events
	cat one >&7
	sleep 1
	pg_up 7>&-
	metrics 210000 5 | land two.ndjson
	spool-gate 7>&- | grep -F two.ndjson >&7
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		[ "$(done_of out .status | wc -l)" -ge 2 ] && break
		sleep 1
	done
	exec 7>&-
	wait $pid || true
	is "$(done_of out .status | sort | uniq -c | tr -d " ")" "2\"success\""'

ok 'a spool with batches whose .id is gone is refused, with the way back' '
	id=$(cat "$S/.id")
	mv "$S/.id" id.away
	exit_is 78 spool-gate 2>err
	grep -q "sluice.spool" err
	is "$(sql "SELECT id FROM sluice.spool")" "$id"
	mv id.away "$S/.id"
	exit_is 0 spool-gate'

ok 'a FIFO in the place of a claimed segment blocks nobody' '
	metrics 300000 5 | land fifo.ndjson
	metrics 310000 5 | land beside.ndjson
	spool-gate >open
	dir=$S/processing/$(jq -r .batch_tag open)
	rm "$dir/fifo.ndjson"
	mkfifo "$dir/fifo.ndjson"
	exit_is 2 timeout 20 spool-replay <open >out 2>err
	is "$(done_of out "[.status, .rows.metrics]")" "[\"partial\",5]"'

event() { printf '{"type":"event","ts":5,"id":"%s","source":"s","kind":"k","payload":{}}\n' "$1"; }
ok 'a known event and a reject: something is known, so the batch is partial' '
	event known | spool-write >/dev/null
	spool-gate | spool-replay --dedupe >/dev/null
	{ event known; echo "{}"; } | land dup.ndjson
	spool-gate >open
	exit_is 2 spool-replay --dedupe <open >out 2>err
	is "$(done_of out "[.status, .duplicates.events, .rejected]")" "[\"partial\",1,1]"'

ok 'rows go to DEFAULT with a word when their partition cannot be made' '
	sql "ALTER FUNCTION sluice.partition_make(text, timestamptz, timestamptz) RENAME TO hidden"
	echo "{\"type\":\"metric\",\"ts\":1700000000,\"name\":\"old\",\"value\":1,\"labels\":{}}" | land old.ndjson
	spool-gate >open
	exit_is 0 spool-replay <open >out 2>err
	grep -q "metrics_default" err
	sql "ALTER FUNCTION sluice.hidden(text, timestamptz, timestamptz) RENAME TO partition_make"
	is "$(sql "SELECT count(*) FROM sluice.metrics_default")" 1'

ok 'an empty folder of a gate that was killed goes with the next run' '
	mkdir "$S/processing/20260101T000000Z-0123456789abcdef"
	exit_is 0 spool-gate >out 2>err
	empty out err
	absent "$S/processing/20260101T000000Z-0123456789abcdef"'

ok '-j loads files given as operands side by side' '
	for i in 1 2 3 4 5 6; do metrics "${i}000000" 100 >"f$i.ndjson"; done
	echo "{}" >>f3.ndjson
	exit_is 2 spool-replay -j 3 f1.ndjson f2.ndjson f3.ndjson f4.ndjson f5.ndjson f6.ndjson >out 2>err
	is "$(jq -s "[length, (map(.rows.metrics) | add), (map(.rejected) | add)]" -c out)" "[6,600,1]"'

ok 'outbox-relay into a file: all there, then nothing' '
	outbox-relay >relayed
	is "$(jq -r .id relayed | sort | uniq -d)" ""
	is "$(wc -l <relayed)" "$(sql "SELECT count(*) FROM sluice.outbox")"
	outbox-relay >again; empty again'
finish
