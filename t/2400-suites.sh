#!/bin/sh
# JSONTestSuite, msgpack-test-suite and the big list of naughty strings as
# records through the tools into the database: what comes out is what went in.
. "${0%/*}/test-lib.sh"
need python3 jq
need_data json-suite
need_data msgpack-suite
need_data blns
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
suites() { python3 "$SRC/t/helper/suites.py" "$@"; }
pg_start
export SLUICE_SPOOL="$T/spool"
mkdir in
suites make "$DATA" in
cd in || exit 1
W=want.tsv

hex() { echo "encode(convert_to(($1)::text, 'UTF8'), 'hex')"; }
segment() { echo "(SELECT id FROM sluice.ingestion_segment WHERE name = '$1')"; }
rejects() { echo "$SLUICE_SPOOL/failed/files/$(sha256sum "$1" | cut -c 1-16).rejects.ndjson"; }
# values SEGMENT [LOADED-AS]: kind and value of its events against want.tsv
values() {
	printf "%s: " "${2:-$1}" >&4
	sql "SELECT kind, $(hex "payload->'v'") FROM sluice.events WHERE segment_id = $(segment "${2:-$1}")" \
		-F '	' | suites values $W "$1" >&4
}
note() { sed 's/^/# /' >&5; }

{
ok 'JSONTestSuite: 95 y_ files as payloads: their values, or a rule of records' '
	exit_is 2 spool-replay json-y.ndjson >out
	is "$(jq -c "[.rows.events, .rejected]" <out)" "[91,4]"
	values json-y.ndjson
	suites rejects $W json-y.ndjson $(rejects json-y.ndjson) >&4'
ok 'their own texts are JSON that is no record' '
	is "$(wc -l <bare-y.ndjson)" 95
	exit_is 2 spool-replay bare-y.ndjson >out
	jq -r .reason <$(rejects bare-y.ndjson) | sort | uniq -c | sort -rn >got
	is "$(jq -c "[.rows.events, .rejected]" <out):$(grep -c "not JSON\|UTF-8" got)" "[0,95]:0"'
ok 'JSONTestSuite: 188 n_ files as payloads: all rejected' '
	set -- json-n-*; is $# 188
	exit_is 2 spool-replay "$@" >out 2>err
	is "$(jq -c "select(.rows.events > 0 or .rejected < 1) | .name" <out | wc -l):$(wc -l <out)" 0:188
	echo "188 of 188" >&4'
ok 'their own texts are not JSON' '
	exit_is 2 spool-replay bare-n.ndjson >out
	lines=$(wc -l <bare-n.ndjson); [ $lines -ge 170 ]
	is "$(jq -r .reason <$(rejects bare-n.ndjson) | grep -c "^not JSON: \|^invalid UTF-8\|containers deep")" $lines'
ok 'JSONTestSuite: each i_ file is taken or rejected' '
	set -- json-i-*; is $# 35
	spool-replay "$@" >out 2>err || is $? 2
	is "$(jq -c "select(.rows.events + .rejected != 1) | .name" <out)" ""
	jq .rows.events <out | sort | uniq -c | tr "\n" " " >&4'

ok 'msgpack-test-suite: 233 encodings as payloads: their values, or a rule of records' '
	exit_is 2 spool-replay suite.msgpack >out
	is "$(jq -c ".rows.events + .rejected" <out)" 233
	values suite.msgpack
	suites rejects $W suite.msgpack $(rejects suite.msgpack) >&4'
ok 'the same through spool-write --to ndjson, and back again' '
	mkdir -p ../b
	exit_is 2 spool-write -s ../b --level 0 --to ndjson suite.msgpack >out 2>err
	mv ../b/incoming/*.ndjson ../b/suite.ndjson
	exit_is 0 spool-replay ../b/suite.ndjson
	values suite.msgpack suite.ndjson
	exit_is 0 spool-write -s ../b --level 0 --to msgpack ../b/suite.ndjson >out
	mv ../b/incoming/*.msgpack ../b/again.msgpack
	exit_is 0 spool-replay ../b/again.msgpack
	values suite.msgpack again.msgpack'
ok 'negative.tsv inside a payload, as its last column says' '
	set -- neg-*; is $# 13
	exit_is 2 spool-replay "$@" >out
	is "$(jq -c "[.rows.events, .rejected]" <out | sort | uniq -c | tr -s " ")" " 12 [1,1]
 1 [2,1]"
	for s; do suites rejects $W $s $(rejects $s); done >got
	is "$(sort got | uniq -c | tr -s " ")" " 13 1 right, 0 wrong"; echo "13 of 13" >&4'
ok '64-bit integers are the same in jsonb, from both formats' '
	exit_is 0 spool-replay ints.ndjson ints.msgpack >out
	values ints.ndjson; values ints.msgpack'
ok '... and through both conversions' '
	for to in ndjson msgpack; do
		from=$([ $to = ndjson ] && echo msgpack || echo ndjson)
		printf "{\"type\":\"event\",\"ts\":3,\"source\":\"x\",\"kind\":\"other content\",\"payload\":{}}\n" >other.ndjson
		exit_is 0 spool-write -s ../b --level 0 --to $to ints.$from other.ndjson >out
		mv ../b/incoming/*.$to ../b/ints-from-$from.$to
		exit_is 0 spool-replay ../b/ints-from-$from.$to
		sql "DELETE FROM sluice.events WHERE kind = '"'other content'"'"
		values ints.$from ints-from-$from.$to
	done'
for f in ndjson msgpack; do
	ok "naughty strings from $f: every byte, as value, key and field" '
		exit_is 0 spool-replay words.$f >out
		is "$(jq -c "[.rows.metrics, .rows.events]" <out)" "[515,515]"
		sql "SELECT $(hex "json_build_array(id, source, kind, user_token, p.key, p.value)") FROM sluice.events,
				jsonb_each_text(payload) AS p WHERE segment_id = $(segment words.$f)
			UNION ALL SELECT $(hex "json_build_array(name, p.key, p.value)") FROM sluice.metrics,
				jsonb_each_text(labels) AS p WHERE segment_id = $(segment words.$f)" >rows
		suites words $W words.$f <rows >&4'
done
ok 'naughty strings as names of segments' '
	n=0
	jq -r ".[] | select(length > 0 and length < 40 and (test(\"[/\\u0000-\\u001f]\") | not))" <"$DATA/blns/blns.json" >list
	while IFS= read -r name; do
		case $name in .* | *.tmp) continue ;; esac
		n=$((n + 1))
		printf "{\"type\":\"metric\",\"ts\":2,\"name\":\"named\",\"value\":%d,\"labels\":{}}\n" $n >"../b/incoming/$name.ndjson"
	done <list
	# one holds C1 controls, which no name may
	n=$(($(ls ../b/incoming | wc -l) - 1)); [ $n -gt 200 ]
	spool-gate -s ../b >opened; exit_is 0 spool-replay -s ../b <opened >out
	is "$(ls ../b/incoming | wc -l)" 1
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '"'named'"'")" $n
	find ../b/archive -type f | sed "s|.*/||" | sort >a
	sql "SELECT name FROM sluice.ingestion_segment WHERE batch_id IS NOT NULL" | sort >b; same a b
	echo "$n names" >&4'
} 4>notes
note <notes 5>&1
finish
