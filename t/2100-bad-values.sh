#!/bin/sh
# One bad record of every class, metrics, events and documents, among 100,000 good
# ones in both formats: the good ones load, each bad one is one reject with its
# reason and offset, and mended it loads. Then the other policies, what only the
# server refuses, and good documents.
. "${0%/*}/test-lib.sh"
need python3 jq zstd
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
bad() { python3 "$SRC/t/helper/mkbad.py" "$@"; }
GOOD=100000
pg_start
export SLUICE_SPOOL="$T/spool"
mkdir -p spool/incoming w

for f in ndjson msgpack; do
	bad make $f w/bad.$f w/want.$f -n $GOOD >w/nr.$f || exit 1
done
BAD=$(($(cat w/nr.ndjson) + $(cat w/nr.msgpack)))
echo "# $(cat w/nr.ndjson) classes in NDJSON, $(cat w/nr.msgpack) in msgpack"
cp w/bad.ndjson spool/incoming/
zstd -q -o spool/incoming/bad.msgpack.zst w/bad.msgpack
echo '{"type":"metric","ts":0,"name":"neighbour","value":1,"labels":{}}' >spool/incoming/z.ndjson

# seen N: numbers of the good records, and of those how many stand alone
seen() {
	sql "SELECT count(*), count(DISTINCT n) FROM (
		SELECT labels->>'n' AS n FROM sluice.metrics WHERE name = 'cpu.load' AND $1
		UNION ALL SELECT ltrim(id, 'e') FROM sluice.events WHERE source = 'app' AND $1) x"
}
segment() { echo "segment_id = (SELECT id FROM sluice.ingestion_segment WHERE name = '$1')"; }

ok 'status 2, and no words' '
	exit_is 0 spool-gate >opened
	exit_is 2 spool-replay <opened >finished 2>err; empty err'
TAG=$(jq -r 'select(.type == "gate.done").batch_tag' <finished)
REJECTED=spool/failed/$TAG
ok 'all good records are there, once' '
	is "$(seen "$(segment bad.ndjson)")" "$GOOD|$GOOD"
	is "$(seen "$(segment bad.msgpack.zst)")" "$GOOD|$GOOD"
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '"'neighbour'"'")" 1'
ok 'NDJSON: one reject each, with field, reason, offset and its bytes' '
	bad check w/bad.ndjson w/want.ndjson $REJECTED/bad.ndjson.rejects.ndjson'
ok 'msgpack in zstd: one reject each, with field, reason, offset and its bytes' '
	bad check w/bad.msgpack w/want.msgpack $REJECTED/bad.msgpack.zst.rejects.ndjson'
ok 'every reject line is JSON to others too' '
	is "$(cat $REJECTED/*.rejects.ndjson | jq -c .offset | wc -l)" $BAD'
ok 'the batch is partial; event, manifest and ledger count alike' '
	jq -c "select(.type == \"gate.done\") | [.status, .rows.metrics + .rows.events, .rejected,
		.duplicates.segments]" <finished >got
	is "$(cat got)" "[\"partial\",$((2 * GOOD + 1)),$BAD,0]"
	is "$(sql "SELECT status FROM sluice.ingestion_manifest")" partial
	is "$(sql "SELECT sum((rows->>'"'metrics'"')::int + (rows->>'"'events'"')::int), sum(rejected)
		FROM sluice.ingestion_segment")" "$((2 * GOOD + 1))|$BAD"
	is "$(find spool/archive -type f | wc -l)" 3
	is "$(find spool/processing spool/incoming -mindepth 1 | wc -l)" 0'

ok 'rejects as they are: rejected again for the same reasons, nothing nests' '
	cp $REJECTED/bad.ndjson.rejects.ndjson again.ndjson
	exit_is 2 spool-replay again.ndjson >out 2>err
	is "$(jq -c "[.rows.metrics, .rows.events, .rejected]" <out)" "[0,0,$(cat w/nr.ndjson)]"
	set -- spool/failed/files/*.rejects.ndjson; is $# 1
	is "$(jq -c "select(.record.type? == \"reject\" or (has(\"record\") == has(\"bytes_b64\")))" <$1)" ""
	jq -c "if .record then [.field, .reason, .record] else .bytes_b64 end" <again.ndjson >a
	jq -c "if .record then [.field, .reason, .record] else .bytes_b64 end" <$1 >b
	same a b'
ok 'jq mends a time, and the record loads' '
	jq -c "select(.field == \"ts\" and .reason == \"not a time\" and
		.record.type != \"document\") | .record.ts = \"2026-11-20T12:00:00Z\"" \
		<$REJECTED/bad.msgpack.zst.rejects.ndjson >times.ndjson
	lines=$(wc -l <times.ndjson); [ $lines -ge 8 ]
	exit_is 0 spool-replay times.ndjson >out
	is "$(jq -c ".rows.metrics + .rows.events" <out)" $lines
	sql "DELETE FROM sluice.metrics WHERE $(segment times.ndjson); DELETE FROM sluice.events WHERE $(segment times.ndjson)"'
for f in ndjson msgpack.zst; do
	ok "mended rejects of bad.$f load, once" '
		nr=$(cat w/nr.${f%.zst})
		bad mend w/want.${f%.zst} $REJECTED/bad.$f.rejects.ndjson mended.$f.ndjson
		exit_is 0 spool-replay mended.$f.ndjson >out 2>err; empty err
		is "$(jq -c "[.rows.metrics + .rows.events, .rejected, .duplicate]" <out)" "[$nr,0,false]"
		is "$(seen "$(segment mended.$f.ndjson)")" "$nr|$nr"
		exit_is 0 spool-replay mended.$f.ndjson >out
		is "$(jq -c "[.rows.metrics + .rows.events, .duplicate]" <out)" "[0,true]"
		is "$(seen "$(segment mended.$f.ndjson)")" "$nr|$nr"'
done
ok 'mended rejects go through spool-write and the gate too' '
	sed s/cpu.load/written/ mended.ndjson.ndjson >m.ndjson
	exit_is 0 spool-write m.ndjson >out
	spool-gate >opened; exit_is 0 spool-replay <opened >out
	is "$(sql "SELECT count(*) > 20 FROM sluice.metrics WHERE name = '"'written'"'")" t'

# --- the other policies ---
texts() {
	# documents have chunks, whose offsets would move
	jq -c 'select((.reason | test("NUL|UTF-8|surrogate")) and (.name | startswith("document") | not))' \
		<"w/want.$1" | wc -l
}
for f in ndjson msgpack; do
	bad make $f w/some.$f w/swant.$f -n 2000 >/dev/null || exit 1
done
for f in ndjson msgpack; do
	ok "--on-bad replace, $f: bad text loads with U+FFFD, all else is rejected" '
		exit_is 2 spool-replay --on-bad replace w/some.$f >out 2>err
		want=$(texts $f); [ $want -ge 18 ]
		nr=$(cat w/nr.$f)
		is "$(jq -c "[.rows.metrics + .rows.events, .rejected]" <out)" "[$((2000 + want)),$((nr - want))]"
		is "$(jq .replaced <out)" $(($(sql "SELECT sum(length(t) - length(replace(t, U&'"'\\FFFD'"', '"''"'))) FROM (
			SELECT name || labels::text AS t FROM sluice.metrics WHERE $(segment some.$f)
			UNION ALL SELECT source || payload::text FROM sluice.events WHERE $(segment some.$f)) x")))
		is "$(sql "SELECT count(*) FROM sluice.metrics WHERE $(segment some.$f)
			AND name = U&'"'a\\FFFDb'"'")" 2'
done
ok '--on-bad strict: the segment fails with its reason, neighbours load' '
	for f in ndjson msgpack; do
		bad make $f w/strict.$f w/xwant.$f -n 1500 >/dev/null; cp w/strict.$f spool/incoming/
	done
	echo "{\"type\":\"metric\",\"ts\":1,\"name\":\"strict neighbour\",\"value\":1,\"labels\":{}}" >spool/incoming/n.ndjson
	spool-gate >opened; exit_is 2 spool-replay --on-bad strict <opened >finished
	tag=$(jq -r "select(.type == \"gate.done\").batch_tag" <finished)
	is "$(jq -c "select(.type == \"gate.done\") | [.status, .rows.metrics, .rows.events]" <finished)" "[\"partial\",1,0]"
	is "$(cd spool/failed/$tag && ls | tr "\n" " ")" "strict.msgpack strict.msgpack.error strict.ndjson strict.ndjson.error "
	same w/strict.ndjson spool/failed/$tag/strict.ndjson
	has spool/failed/$tag/strict.ndjson.error "at offset $(jq -s ".[0].offset" <w/xwant.ndjson)"
	is "$(sql "SELECT count(*) FROM sluice.ingestion_segment WHERE name LIKE '"'strict%'"'")" 0
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '"'strict neighbour'"'")" 1'
ok 'retried under the default policy, the failed segments load' '
	tag=$(jq -r "select(.type == \"gate.done\").batch_tag" <finished)
	exit_is 0 manifest retry $tag >opened
	exit_is 2 spool-replay --batch $tag </dev/null >finished
	is "$(jq -c "[.status, .rows.metrics + .rows.events]" <finished)" "[\"partial\",3001]"
	absent spool/failed/$tag/strict.ndjson'

ok '--on-bad replace: a document with chunks is rejected, and says why' '
	for f in ndjson msgpack; do
		r=spool/failed/files/$(sha256sum w/some.$f | cut -c 1-16).rejects.ndjson
		jq -s "map(select(.field == \"chunks\" and (.reason | test(\"replacing\")))) | length" <$r >n
		is "$(cat n)" "$(jq -c "select((.reason | test(\"NUL|UTF-8|surrogate\")) and
			(.name | startswith(\"document\")))" <w/want.$f | wc -l)"
		[ $(cat n) -ge 9 ]
	done'

# --- good documents, as far as the spool ---
for f in ndjson msgpack; do
	bad documents $f w/docs.$f -n 500
done
ok 'good documents of every shape are taken, in both formats' '
	exit_is 0 spool-write -s docs -n w/docs.ndjson 2>err; empty err
	exit_is 0 spool-write -s docs -n w/docs.msgpack 2>err; empty err'
ok 'there and back they keep their values' '
	exit_is 0 spool-write -s docs --level 0 --to msgpack w/docs.ndjson >out
	is "$(jq .records <out)" 500
	mv docs/incoming/*.msgpack there.msgpack
	exit_is 0 spool-write -s docs --level 0 --to ndjson there.msgpack >out
	is "$(jq .records <out)" 500
	jq -c . <w/docs.ndjson >a; cat docs/incoming/*.ndjson | jq -c . >b; same a b'

# --- what only the server refuses ---
sql <<'SQL'
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	RAISE EXCEPTION 'no such host: "%"', NEW.labels->>'host' USING ERRCODE = '22023';
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON sluice.metrics FOR EACH ROW
	WHEN (NEW.labels ? 'refuse') EXECUTE FUNCTION refuse();
CREATE UNIQUE INDEX one ON sluice.events (ts, id) WHERE source = 's';
SQL
refusals() {
	awk -v n=20000 'BEGIN { for (i = 0; i < n; i++) {
		if (i % 4999 == 3) printf "{\"type\":\"metric\",\"ts\":5,\"name\":\"s\",\"value\":%d,\"labels\":{\"refuse\":1,\"host\":\"h%d\"}}\n", i, i
		else if (i == 19000) print "{\"type\":\"event\",\"ts\":7,\"id\":\"i7000\",\"source\":\"s\",\"kind\":\"k\",\"payload\":{}}"
		else if (i == 500) print "{\"type\":\"event\",\"ts\":true}"
		else if (i % 2) printf "{\"type\":\"metric\",\"ts\":6,\"name\":\"s\",\"value\":%d,\"labels\":{}}\n", i
		else printf "{\"type\":\"event\",\"ts\":7,\"id\":\"i%d\",\"source\":\"s\",\"kind\":\"k\",\"payload\":{}}\n", i
	} }'
}
ok 'records that the server refuses are found by halving and rejected' '
	refusals >spool/incoming/server.ndjson
	spool-gate >opened; exit_is 2 spool-replay <opened >finished
	tag=$(jq -r "select(.type == \"gate.done\").batch_tag" <finished)
	is "$(jq -c "select(.type == \"gate.done\") | [.status, .rows.metrics + .rows.events, .rejected]" <finished)" \
		"[\"partial\",19993,7]"
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE $(segment server.ndjson)"):$(sql "SELECT count(*),
		count(DISTINCT id) FROM sluice.events WHERE $(segment server.ndjson)")" "9997:9996|9996"
	r=spool/failed/$tag/server.ndjson.rejects.ndjson
	jq -r "[.offset, .reason, (.record.labels.host // .record.id // \"\")] | @tsv" <$r >got
	is "$(wc -l <got)" 7
	has got "no such host: \"h5002\""; has got "duplicate key value"; has got "not a time"'
ok 'their offsets are those of their lines' '
	refusals >w/server.ndjson
	while IFS="	" read -r at _ id; do
		tail -c +$((at + 1)) w/server.ndjson | head -n 1 | grep -q "$id" || echo "wrong: $at $id"
	done <got >wrong; empty wrong'

# --- larger than a record may be ---
ok 'a record of 16 MiB is fine, a larger one is rejected alone' '
	for n in 16776960 16777300; do
		printf "{\"type\":\"event\",\"ts\":9,\"source\":\"big\",\"kind\":\"k\",\"payload\":{\"x\":\""
		head -c $n /dev/zero | tr "\0" a
		echo "\"}}"
	done >big.ndjson
	echo "{\"type\":\"event\",\"ts\":9,\"source\":\"big\",\"kind\":\"k\",\"payload\":{}}" >>big.ndjson
	exit_is 2 spool-replay big.ndjson >out 2>err
	is "$(jq -c "[.rows.events, .rejected]" <out)" "[2,1]"
	jq -c "[.offset, .field, .reason, (.record.payload.x | length)]" <spool/failed/files/$(sha256sum big.ndjson | cut -c 1-16).rejects.ndjson >got
	is "$(cat got)" "[16777029,null,\"larger than 16 MiB\",16777300]"'
finish
