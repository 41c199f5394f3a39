#!/bin/sh
# spool-replay: what is loaded, counted, rejected, archived, set aside, passed on
. "${0%/*}/test-lib.sh"
need jq zstd
. "$SRC/t/lib-pg.sh"
pg_start
S=$T/spool
export SLUICE_SPOOL="$S"
mkdir -p "$S/incoming"

land() { cat >"$S/incoming/.$1.tmp" && mv "$S/incoming/.$1.tmp" "$S/incoming/$1"; }
# metrics FROM N [NAME]
metrics() {
	awk -v from="$1" -v n="$2" -v name="${3:-m}" 'BEGIN { for (i = from; i < from + n; i++)
		printf "{\"type\":\"metric\",\"ts\":%d,\"name\":\"%s\",\"value\":%d,\"labels\":{\"k\":\"v\"}}\n",
		1795000000 + i % 86400, name, i }'
}
# event ID [KIND]
event() {
	printf '{"type":"event","ts":"2026-11-18T10:00:00.5Z","id":"%s","source":"s","kind":"%s","user_token":"u","payload":{"n":12345678901234567890,"t":"\\u00e9"}}\n' "$1" "${2:-k}"
}
tag_of() { jq -r 'select(.type == "gate.open").batch_tag' "$1"; }
done_of() { jq -c "select(.type == \"gate.done\") | $2" "$1"; }
arch() { echo "$S/archive/$(manifest show "$1" | jq -r '.created_at[0:10]' | tr - /)/$1"; }
files_in() { find "$1" -type f 2>/dev/null | wc -l; }

ok 'nothing to do: no output, status 0, and no database is asked' '
	DATABASE_URL="host=/nowhere" exit_is 0 spool-replay </dev/null >out 2>err
	empty out err'
ok 'lines that are none of ours pass byte for byte' '
	{
		printf "no json\n\n  {\"type\":\"gate.shut\"}  \n"
		printf "{\"type\":\"gate.open\",\"batch_tag\":\"../../etc\"}\n"
		printf "{\"type\":\"gate.open\",\"batch_tag\":\"20200101T000000Z-0123456789abcdef\"}\n"
		printf "{\"v\":1,\"type\":\"segment\",\"name\":\"\\303\\251\",\"n\":1e400}\r\n\377\376\000x\n"
		awk "BEGIN { for (i = 0; i < 100000; i++) printf \"long \" }"; echo
	} >lines
	exit_is 0 spool-replay <lines >out 2>err
	same lines out
	empty err
	printf "last line without its end" | spool-replay >out
	is "$(cat out)" "last line without its end"'

# --- a batch
metrics 0 1000 | land a.ndjson
{ event e1; event e2; event e3; } | zstd -q | land b.ndjson.zst
{ metrics 5000 10; event e4; } | spool-write --to msgpack >/dev/null 2>&1
ok 'a batch: rows by table, gate.done with its fields, status 0' '
	spool-gate >open
	exit_is 0 spool-replay <open >out 2>err
	empty err
	grep -v gate.done out >passed; same open passed
	is "$(done_of out "[.v, .status, .attempt, .totals.files, .rows, .rejected, .duplicates]")" \
		"[1,\"success\",1,3,{\"metrics\":1010,\"events\":4},0,{\"segments\":0,\"documents\":0,\"events\":0}]"
	is "$(done_of out ".batch_tag")" "\"$(tag_of open)\""
	is "$(sql "SELECT count(*), sum(value) FROM sluice.metrics")" "1010|549545"
	is "$(sql "SELECT count(*), count(DISTINCT id) FROM sluice.events")" "4|4"
	is "$(sql "SELECT payload ->> '\''n'\'', payload ->> '\''t'\'', kind, source, user_token, ts AT TIME ZONE '\''UTC'\'' FROM sluice.events WHERE id = '\''e1'\''")" \
		"12345678901234567890|é|k|s|u|2026-11-18 10:00:00.5"'
ok 'its files lie in archive/<date>/<tag>/, nothing is left elsewhere' '
	tag=$(tag_of open)
	is "$(ls "$(arch "$tag")" | wc -l)" 3
	is "$(date -u -d "$(manifest show "$tag" | jq -r .created_at)" +%Y/%m/%d)" "$(dirname "$(arch "$tag")" | sed "s,.*archive/,,")"
	is "$(ls "$S/incoming" "$S/processing" "$S/failed" | grep -c .)" 3
	is "$(sql "SELECT count(*), sum((rows ->> '\''metrics'\'')::int) FROM sluice.ingestion_segment")" "3|1010"'
ok 'the ids of events are made from what happened, and the outbox has the same' '
	tag=$(tag_of open)
	for t in "gate.open open" "gate.done success"; do
		set -- $t
		want=evt_$(printf "%s\0%s\0%s\0001" "$1" "$tag" "$2" | sha256sum | cut -c 1-32)
		is "$(jq -r "select(.type == \"$1\").id" out)" "$want"
		is "$(sql "SELECT payload ->> '\''id'\'' FROM sluice.outbox WHERE key = '\''$tag'\'' AND type = '\''$1'\''")" "$want"
	done'
ok 'the same event again: known, passed on, nothing more' '
	exit_is 0 spool-replay <open >out
	same open out
	is "$(sql "SELECT count(*) FROM sluice.metrics")" 1010'
ok 'rows lie in partitions of their time; far times in DEFAULT' '
	is "$(sql "SELECT count(*) FROM sluice.metrics_default")" 0
	echo "{\"type\":\"metric\",\"ts\":5,\"name\":\"old\",\"value\":1,\"labels\":{}}" | land old.ndjson
	echo "{\"type\":\"metric\",\"ts\":\"2199-01-01T00:00:00Z\",\"name\":\"far\",\"value\":1,\"labels\":{}}" | land far.ndjson
	echo "{\"type\":\"metric\",\"ts\":\"2024-02-03T00:00:00Z\",\"name\":\"made\",\"value\":1,\"labels\":{}}" | land made.ndjson
	spool-gate | spool-replay >out
	is "$(sql "SELECT name FROM sluice.metrics_default ORDER BY 1" | paste -sd,)" far,old
	is "$(sql "SELECT tableoid::regclass FROM sluice.metrics WHERE name = '\''made'\''" | sed s/sluice.//)" metrics_20240201'

# --- bad records
{ metrics 0 1 rej; echo '{"type":"metric","ts":1,"name":"rej"}'; echo 'nonsense'
  metrics 1 1 rej; printf '{"type":"event","ts":1,"source":"s","kind":"a\\u0000b","payload":{}}\n'; metrics 2 1 rej; } >bad.ndjson
ok 'bad records are rejected alone: one line each, with offset, field and reason; status 2' '
	land bad.ndjson <bad.ndjson
	spool-gate >open; tag=$(tag_of open)
	exit_is 2 spool-replay <open >out 2>err
	is "$(done_of out "[.status, .rows.metrics, .rejected]")" "[\"partial\",3,3]"
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''rej'\''")" 3
	r=$S/failed/$tag/bad.ndjson.rejects.ndjson
	is "$(wc -l <"$r")" 3
	is "$(jq -c "[.type, .segment, .field]" "$r" | sort -u | paste -sd" ")" \
		"[\"reject\",\"bad.ndjson\",\"kind\"] [\"reject\",\"bad.ndjson\",\"value\"] [\"reject\",\"bad.ndjson\",null]"
	jq -r .offset "$r" | while read -r at; do
		tail -c +$((at + 1)) bad.ndjson | head -n 1 >line
		grep -cxF -f line bad.ndjson >/dev/null
	done
	is "$(jq -c "select(.field == \"value\").record" "$r")" "{\"type\":\"metric\",\"ts\":1,\"name\":\"rej\"}"
	is "$(jq -r "select(.field == null).bytes_b64" "$r" | base64 -d)" nonsense
	test -e "$(arch "$tag")/bad.ndjson"'
ok 'a mended file of rejects is loaded as an argument' '
	tag=$(tag_of open)
	jq -c "if .field == \"value\" then .record += {value: 77, labels: {}} elif .field == \"kind\" then .record.kind = \"ab\"
		else {type, record: {type: \"metric\", ts: 3, name: \"rej\", value: 78, labels: {}}} end" \
		"$S/failed/$tag/bad.ndjson.rejects.ndjson" >mended.rejects.ndjson
	is "$(wc -l <mended.rejects.ndjson)" 3
	exit_is 0 spool-replay mended.rejects.ndjson >out 2>err
	is "$(jq -c "[.rows, .rejected]" out)" "[{\"metrics\":2,\"events\":1},0]"
	is "$(sql "SELECT sum(value) FROM sluice.metrics WHERE name = '\''rej'\'' AND value > 70")" 155'
ok 'a segment of nothing but rejects is archived, the batch failed' '
	printf "a\nb\n" | land all.ndjson
	spool-gate >open; tag=$(tag_of open)
	exit_is 2 spool-replay <open >out 2>err
	is "$(done_of out "[.status, .rejected]")" "[\"failed\",2]"
	test -e "$(arch "$tag")/all.ndjson"'
ok 'a segment that cannot be read at all: failed/<tag>/ with a note; its neighbours load' '
	printf "\\050\\265\\057\\375nothing" | land x.ndjson.zst
	metrics 0 2 good | land y.ndjson
	spool-gate >open; tag=$(tag_of open)
	exit_is 2 spool-replay <open >out 2>err
	is "$(done_of out "[.status, .rows.metrics, .rejected]")" "[\"partial\",2,0]"
	is "$(ls "$S/failed/$tag" | paste -sd,)" x.ndjson.zst,x.ndjson.zst.error
	has "$S/failed/$tag/x.ndjson.zst.error" zst
	is "$(done_of out ".files | map(select(.error)) | map(.name)")" "[\"x.ndjson.zst\"]"
	manifest show "$tag" | jq -e ".error != null"'
ok '--on-bad strict: the segment fails whole' '
	{ metrics 0 3 strict; echo bad; metrics 3 3 strict; } | land s.ndjson
	spool-gate >open; tag=$(tag_of open)
	exit_is 2 spool-replay --on-bad strict <open >out 2>err
	is "$(done_of out ".status")" "\"failed\""
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''strict'\''")" 0
	has "$S/failed/$tag/s.ndjson.error" "offset"
	test -e "$S/failed/$tag/s.ndjson"'
ok '--on-bad replace: U+FFFD stands where PostgreSQL could not hold the text' '
	printf "{\"type\":\"event\",\"ts\":1795000000,\"id\":\"fffd\",\"source\":\"s\",\"kind\":\"a\\\\u0000b\",\"payload\":{\"x\":\"\\\\ud800\"}}\n" | land rep.ndjson
	spool-gate >open
	exit_is 0 spool-replay --on-bad replace <open >out 2>err
	is "$(sql "SELECT kind, payload ->> '\''x'\'' FROM sluice.events WHERE id = '\''fffd'\''")" "a�b|�"
	exit_is 64 spool-replay --on-bad nonsense </dev/null 2>err'

# --- the same content
metrics 0 50 dup >dup.ndjson
ok 'the same content twice in one batch, plain and under another name' '
	land d1.ndjson <dup.ndjson; land d2.ndjson <dup.ndjson
	spool-gate >open; tag=$(tag_of open)
	exit_is 0 spool-replay <open >out
	is "$(done_of out "[.status, .rows.metrics, .duplicates.segments]")" "[\"success\",50,1]"
	is "$(ls "$(arch "$tag")" | paste -sd,)" d1.ndjson,d2.ndjson
	is "$(manifest show "$tag" | jq -c "[.files[].duplicate]")" "[false,true]"'
ok 'the same content in a later batch, and as an argument' '
	land d3.ndjson <dup.ndjson
	spool-gate >open
	exit_is 0 spool-replay <open >out
	is "$(done_of out "[.status, .rows.metrics, .duplicates.segments]")" "[\"success\",0,1]"
	exit_is 0 spool-replay dup.ndjson >out
	is "$(jq -c "[.type, .name, .duplicate, .rows]" out)" "[\"segment.done\",\"dup.ndjson\",true,{\"metrics\":0,\"events\":0}]"
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''dup'\''")" 50'
ok '--dedupe: an event id that is known comes no second time' '
	{ event x1; event x2; event x1; } | land one.ndjson
	spool-gate >open
	exit_is 0 spool-replay --dedupe <open >out
	is "$(done_of out "[.status, .rows.events, .duplicates.events]")" "[\"success\",2,1]"
	{ event x2 other; event x3; printf "{\"type\":\"event\",\"ts\":1,\"source\":\"s\",\"kind\":\"noid\",\"payload\":{}}\n"
	  printf "{\"type\":\"event\",\"ts\":1,\"source\":\"other\",\"id\":\"x3\",\"kind\":\"k\",\"payload\":{}}\n"; } | land two.ndjson
	spool-gate >open
	exit_is 0 spool-replay --dedupe <open >out
	is "$(done_of out "[.status, .rows.events, .duplicates.events]")" "[\"success\",3,1]"
	is "$(sql "SELECT count(*) FROM sluice.events WHERE id IN ('\''x1'\'', '\''x2'\'', '\''x3'\'')")" 4'

# --- files as arguments
ok 'files as arguments are loaded in place, one segment.done each' '
	metrics 0 5 arg >f1.ndjson; metrics 5 5 arg | zstd -q >f2.ndjson.zst
	mkdir -p sub; metrics 10 5 arg >sub/f3.ndjson
	exit_is 0 spool-replay f1.ndjson f2.ndjson.zst sub/f3.ndjson >out 2>err </dev/null
	is "$(jq -c "[.type, .name, .rows.metrics, .rejected, .duplicate]" out | paste -sd" ")" \
		"[\"segment.done\",\"f1.ndjson\",5,0,false] [\"segment.done\",\"f2.ndjson.zst\",5,0,false] [\"segment.done\",\"f3.ndjson\",5,0,false]"
	is "$(head -n 1 out | jq -r .sha256)" "$(sha256sum <f1.ndjson | cut -c 1-64)"
	test -e f1.ndjson && test -e sub/f3.ndjson
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''arg'\''")" 15'
ok 'rejects of a file go to failed/files/ by its hash; a bad name or no file: told, status 2' '
	{ echo junk; metrics 20 1 arg; } >f4.ndjson
	exit_is 2 spool-replay f4.ndjson gone.ndjson text.txt >out 2>err
	is "$(wc -l <out)" 1
	has err "gone.ndjson"; has err "text.txt"
	is "$(wc -l <"$S/failed/files/$(sha256sum <f4.ndjson | cut -c 1-16).rejects.ndjson")" 1'
ok '-n prints what would be loaded, and loads nothing' '
	metrics 90 2 dry >dry.ndjson
	is "$(spool-replay -n dry.ndjson)" dry.ndjson
	land dry.ndjson <dry.ndjson
	tag=$(spool-gate | jq -r .batch_tag)
	is "$(spool-replay -n </dev/null)" "$tag/dry.ndjson"
	is "$(spool-replay -n --batch "$tag")" "$tag/dry.ndjson"
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''dry'\''")" 0'
ok '--batch loads one; without stdin events an unfinished one is found' '
	tag=$(ls "$S/processing")
	metrics 95 2 dry | land dry2.ndjson
	spool-gate >open
	exit_is 0 spool-replay --batch "$tag" </dev/null >out
	is "$(done_of out ".batch_tag")" "\"$tag\""
	exit_is 0 spool-replay </dev/null >out
	is "$(done_of out ".status")" "\"success\""
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''dry'\''")" 4'
ok 'usage: 64; a batch that is not there: 65' '
	exit_is 64 spool-replay --batch nonsense 2>err
	exit_is 64 spool-replay --batch 20200101T000000Z-0123456789abcdef f1.ndjson 2>err
	exit_is 64 spool-replay -j many </dev/null 2>err
	exit_is 65 spool-replay --batch 20200101T000000Z-0123456789abcdef 2>err
	has err "manifest list"'

# --- several at work
ok '-j 4: every segment once' '
	for i in $(seq 12); do metrics $((i * 100)) 100 par | land p$i.ndjson; done
	spool-gate >open; tag=$(tag_of open)
	exit_is 0 spool-replay -j 4 <open >out
	is "$(done_of out "[.status, .rows.metrics]")" "[\"success\",1200]"
	is "$(sql "SELECT count(*), count(DISTINCT value) FROM sluice.metrics WHERE name = '\''par'\''")" "1200|1200"
	is "$(files_in "$(arch "$tag")")" 12
	absent "$S/processing/$tag"'
ok '-j 4 with one that fails and rejects in another' '
	for i in 1 2 3 4 5; do metrics $((i * 10)) 10 mix | land q$i.ndjson; done
	{ echo bad; metrics 60 10 mix; } | land q6.ndjson
	printf "\\050\\265\\057\\375nothing." | land q7.ndjson.zst
	spool-gate >open
	exit_is 2 spool-replay -j 4 <open >out 2>err
	is "$(done_of out "[.status, .rows.metrics, .rejected]")" "[\"partial\",60,1]"'
ok 'a batch that another process holds is left to it, status 0' '
	metrics 0 3 held | land held.ndjson
	spool-gate >open; tag=$(tag_of open)
	flock "$S/processing/$tag" sleep 2 &
	sleep 0.3
	exit_is 0 spool-replay <open >out
	same open out
	wait
	exit_is 0 spool-replay <open >out
	is "$(done_of out ".status")" "\"success\""'

# --- stopping, going on
# A server that takes its time, so that there is a middle on any machine.
slow() {
	sql "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_sleep(0.0001); RETURN new; END';
		CREATE TRIGGER slow BEFORE INSERT ON sluice.metrics FOR EACH ROW EXECUTE FUNCTION slow()"
}
fast() { sql 'DROP TRIGGER slow ON sluice.metrics; DROP FUNCTION slow()'; }
ok '^C stops it within 2 s (130); the rest is loaded by the next run, once' '
	slow
	for i in 1 2 3; do metrics $((i * 1000000)) 30000 big | land big$i.ndjson; done
	spool-gate >open; tag=$(tag_of open)
	# a shell starts its background jobs with SIGINT ignored
	env --default-signal=INT spool-replay <open >out 2>err & pid=$!
	sleep 0.8
	start=$(date +%s%N)
	kill -INT $pid
	rc=0; wait $pid || rc=$?
	took=$((($(date +%s%N) - start) / 1000000))
	is $rc 130
	test $took -lt 2000 || { echo "$took ms"; false; }
	is "$(done_of out .status)" ""
	n=$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''big'\''")
	test "$n" -lt 90000 || { echo "it had finished before the signal"; false; }
	is $((n % 30000)) 0
	fast
	exit_is 0 spool-replay <open >out 2>err
	is "$(done_of out "[.status, .rows.metrics]")" "[\"success\",90000]"
	is "$(sql "SELECT count(*), count(DISTINCT value) FROM sluice.metrics WHERE name = '\''big'\''")" "90000|90000"'
ok '... with workers too, and the workers end with it' '
	for i in 1 2 3; do metrics $((i * 1000000)) 30000 big2 | land big2$i.ndjson; done
	slow
	spool-gate >open; tag=$(tag_of open)
	spool-replay -j 2 <open >out 2>err & pid=$!
	sleep 0.8
	kids=$(cat /proc/$pid/task/$pid/children)
	test -n "$kids"
	kill -TERM $pid
	rc=0; wait $pid || rc=$?
	is $rc 143
	for k in $kids; do fails test -d /proc/$k; done
	fast
	exit_is 0 spool-replay -j 2 <open >out 2>err
	is "$(sql "SELECT count(*), count(DISTINCT value) FROM sluice.metrics WHERE name = '\''big2'\''")" "90000|90000"'
ok 'SIGUSR1 prints a status line and the work goes on' '
	slow
	for i in 1 2; do metrics $((i * 1000000)) 8000 usr | land usr$i.ndjson; done
	spool-gate >open; tag=$(tag_of open)
	spool-replay <open >out 2>err & pid=$!
	sleep 0.6
	kill -USR1 $pid
	rc=0; wait $pid || rc=$?
	is $rc 0
	grep -q "batch $tag: [0-9] of 2 segments, [0-9]* rows" err
	is "$(wc -l <err)" 1
	fast'
ok 'the database down: 75, one line, the files stay; up again: the same command goes on' '
	metrics 0 3 down | land down.ndjson
	spool-gate >open; tag=$(tag_of open)
	pg_stop
	exit_is 75 spool-replay <open >out 2>err
	same open out
	is "$(grep -vc hint: err)" 1
	test -e "$S/processing/$tag/down.ndjson"
	pg_up
	exit_is 0 spool-replay <open >out
	is "$(done_of out ".rows.metrics")" 3'
ok 'a listed file that is gone: marked, and the batch goes on' '
	metrics 0 3 gone | land here.ndjson; metrics 3 3 gone | land gone.ndjson
	spool-gate >open; tag=$(tag_of open)
	rm "$S/processing/$tag/gone.ndjson"
	exit_is 2 spool-replay <open >out 2>err
	is "$(done_of out "[.status, .rows.metrics, (.files | map(.missing == true))]")" "[\"partial\",3,[true,false]]"'
ok 'a file that changed after the gate: failed, not loaded' '
	metrics 0 3 changed | land ch.ndjson
	spool-gate >open; tag=$(tag_of open)
	metrics 3 1 changed >>"$S/processing/$tag/ch.ndjson"
	exit_is 2 spool-replay <open >out 2>err
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''changed'\''")" 0
	has "$S/failed/$tag/ch.ndjson.error" "not what was claimed"'
ok '>/dev/full is 74, and the batch is there for the next run' '
	metrics 0 3 full | land full.ndjson
	spool-gate >open
	exit_is 74 spool-replay <open >/dev/full 2>err
	exit_is 0 spool-replay </dev/null >out
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''full'\''")" 3
	is "$(manifest list --limit 1 | jq -r .status)" success'
ok 'the whole is sound' '
	exit_is 0 manifest verify >out
	is "$(jq .findings out)" 0'
finish
