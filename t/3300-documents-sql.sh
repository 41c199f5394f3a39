#!/bin/sh
# The tables of documents by themselves: versions of a uri, persons, parts, events,
# forgetting; whatever the order, and with several loaders at once.
. "${0%/*}/test-lib.sh"
need jq psql python3
. "$SRC/t/lib-pg.sh"
pg_start

# doc N SHA-DIGIT URI TS [PARENT] [PERSONS-JSON]: a row for the stage, as SQL values.
doc() {
	_parent=NULL
	[ -z "${5:-}" ] || _parent="'$5'"
	printf "(%d, repeat('%s', 64), 's', '%s', %s, 'text/plain', 't%s', 'en', %s, 'hello world', '{}', '[{\"kind\":\"ip\",\"start\":6,\"end\":11,\"score\":0.5}]', '%s', '[{\"ord\":0,\"start\":0,\"end\":5,\"text\":\"hello\"},{\"ord\":1,\"start\":6,\"end\":11,\"text\":\"world\",\"heading\":\"h\"}]')" \
		"$1" "$2" "$3" "$_parent" "$2" "$4" "${6:-[]}"
}
# land SEGMENT DOC...: one transaction.
land() {
	_seg=$1
	shift
	_values=
	for _d; do _values="$_values${_values:+, }$_d"; done
	sql "BEGIN; SELECT sluice.documents_stage(); INSERT INTO pg_temp.sluice_stage_2 VALUES $_values;
		SELECT * FROM sluice.documents_land($_seg); COMMIT" | tail -n 1
}
clear() {
	sql "TRUNCATE sluice.documents, sluice.persons, sluice.outbox RESTART IDENTITY CASCADE" 2>/dev/null
}
T1="'2026-01-01Z'" T2="'2026-01-02Z'" T3="'2026-01-03Z'"
state() { # what must not depend on the order
	sql "SELECT uri, left(sha256, 1), ts, superseded_by IS NULL,
			(SELECT count(*) FROM sluice.chunks c WHERE c.document_id = d.id)
		FROM sluice.documents d ORDER BY 1, 2"
}

ok 'a document lands with its chunks, and their findings' '
	is "$(land 1 "$(doc 1 a u1 "$T1")")" "1|0|2"
	is "$(sql "SELECT ord, start, \"end\", text, heading, jsonb_array_length(pii) FROM sluice.chunks ORDER BY ord" | tr "\n" " ")" \
		"0|0|5|hello||0 1|6|11|world|h|1 "'
ok 'again: known, nothing changes' '
	state >before; is "$(land 2 "$(doc 1 a u1 "$T1")")" "0|1|0"; state >after; same before after
	is "$(sql "SELECT count(*) FROM sluice.outbox")" 1'
ok 'a newer version takes over, an older one comes too late' '
	land 3 "$(doc 1 b u1 "$T2")" >log; land 4 "$(doc 1 c u1 "$T1")" >log
	is "$(sql "SELECT left(sha256, 1) FROM sluice.documents WHERE superseded_by IS NULL")" b
	is "$(sql "SELECT count(*) FROM sluice.chunks")" 2
	is "$(sql "SELECT string_agg(type, chr(32) ORDER BY id) FROM sluice.outbox")" \
		"document_added document_superseded document_added"'
ok 'a known one becomes current again, with its chunks' '
	land 5 "$(doc 1 a u1 "$T3")" >log
	is "$(sql "SELECT left(sha256, 1) FROM sluice.documents WHERE superseded_by IS NULL")" a
	is "$(sql "SELECT count(*), count(DISTINCT document_id) FROM sluice.chunks")" "2|1"
	is "$(sql "SELECT count(DISTINCT payload ->> '"'id'"'), count(*) FROM sluice.outbox")" "5|5"'
ok 'the same time: the higher SHA, whoever comes first' '
	clear; land 1 "$(doc 1 d u1 "$T1")" >log; land 2 "$(doc 1 c u1 "$T1")" >log; state >one
	clear; land 1 "$(doc 1 c u1 "$T1")" >log; land 2 "$(doc 1 d u1 "$T1")" >log; state >two
	same one two; is "$(wc -l <one)" 2'
ok 'any order, and any split into segments, gives the same' '
	n=0; : >want
	for order in $(python3 -c "
import itertools, random
random.seed(7)
p = list(itertools.permutations(\"12345\"))
print(\" \".join(\"\".join(x) for x in random.sample(p, 24)))"); do
		clear
		for i in $(echo $order | sed "s/./& /g"); do
			case $i in
			1) d=$(doc 1 a u1 "$T1") ;; 2) d=$(doc 2 b u1 "$T2") ;; 3) d=$(doc 3 a u1 "$T3") ;;
			4) d=$(doc 4 c u2 NULL) ;; 5) d=$(doc 5 d u2 "$T1") ;;
			esac
			if [ $((n % 2)) = 0 ]; then land 1 "$d" >log; else set -- "$@" "$d"; fi
		done
		[ $((n % 2)) = 0 ] || land 1 "$@" >log
		set --
		state >got; [ -s want ] || cp got want; same want got || { echo "order $order"; exit 1; }
		n=$((n + 1))
	done
	is $n 24; is "$(wc -l <want)" 4'
P='[{"key":"mailto:a@x.org","role":"from","name":"Ann","email":"a@x.org","domain":"x.org"},{"key":"name:s bob","role":"to","name":"Bob"}]'
P2='[{"key":"mailto:a@x.org","role":"from","name":"Anna","email":"a@x.org","domain":"x.org"},{"key":"name:s bob","role":"to","name":"Bob"}]'
ok 'persons are one by their key, their names are kept' '
	clear; land 1 "$(doc 1 a u1 "$T1" "" "$P")" "$(doc 2 b u2 "$T1" "" "$P2")" >log
	is "$(sql "SELECT count(*) FROM sluice.persons")" 2
	is "$(sql "SELECT name FROM sluice.person_names ORDER BY 1" | tr "\n" " ")" "Ann Anna Bob "
	is "$(sql "SELECT count(*) FROM sluice.document_persons")" 4'
ok 'a part finds its parent, whoever comes first' '
	clear; land 1 "$(doc 1 b "u1#2" "$T1" u1)" >log; land 2 "$(doc 1 a u1 "$T1")" >log
	land 3 "$(doc 1 c "u1#3" "$T1" u1)" >log
	is "$(sql "SELECT count(*) FROM sluice.documents d JOIN sluice.documents p ON p.id = d.parent_id WHERE p.uri = '"'u1'"'")" 2'
ok 'forgetting takes versions, parts and chunks, and says so' '
	sql "INSERT INTO sluice.ingestion_segment (sha256, bytes, name) SELECT repeat(i::text, 64), i, '"'s'"' FROM generate_series(1, 3) i" >log
	is "$(sql "SELECT sluice.document_forget('"'s', 'u1'"')")" 3
	is "$(sql "SELECT (SELECT count(*) FROM sluice.documents) + (SELECT count(*) FROM sluice.chunks)")" 0
	is "$(sql "SELECT count(*) FROM sluice.outbox WHERE type = '"'document_removed'"'")" 3
	is "$(sql "SELECT sum(forgotten) FROM sluice.ingestion_segment")" 3
	is "$(sql "SELECT sluice.document_forget('"'s', 'u1'"')")" 0'
ok 'four loaders over shared persons and uris: no deadlock, nobody twice' '
	clear
	cat >load.py <<-END
	import json, os, random, subprocess, sys
	seed = int(sys.argv[1]); random.seed(seed)
	for batch in range(12):
	    rows = []
	    for n in range(40):
	        sha = "%064x" % random.randrange(60)
	        people = [{"key": "mailto:p%d@x.org" % p, "role": "to", "name": "P%d" % p, "email": "p%d@x.org" % p, "domain": "x.org"}
	                  for p in random.sample(range(50), 8)]
	        rows.append({"n": n, "sha256": sha, "source": "s", "uri": "u%d" % random.randrange(30),
	                     "mime": "text/plain", "ts": "2026-01-%02dT00:00:00Z" % random.randint(1, 28), "text": "x",
	                     "persons": people, "chunks": [{"ord": 0, "start": 0, "end": 1, "text": "x"}]})
	    q = ("BEGIN; SELECT sluice.documents_stage(); INSERT INTO pg_temp.sluice_stage_2 "
	         "SELECT * FROM jsonb_populate_recordset(NULL::pg_temp.sluice_stage_2, \$json\$%s\$json\$); "
	         "SELECT * FROM sluice.documents_land(%d); COMMIT" % (json.dumps(rows), seed))
	    subprocess.run([sys.argv[2], "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", os.environ["DATABASE_URL"]],
	                   input=q, text=True, check=True, stdout=subprocess.DEVNULL)
	END
	pids=; for i in 1 2 3 4; do python3 load.py $i "$PG_BIN/psql" 2>err.$i & pids="$pids $!"; done
	for p in $pids; do wait $p || { cat err.*; exit 1; }; done
	is "$(sql "SELECT count(*) = count(DISTINCT key) FROM sluice.persons")" t
	is "$(sql "SELECT count(*) FROM (SELECT uri FROM sluice.documents GROUP BY uri HAVING count(*) FILTER (WHERE superseded_by IS NULL) <> 1) x")" 0
	is "$(sql "SELECT count(*) FROM sluice.documents d WHERE superseded_by IS NULL AND EXISTS (SELECT FROM sluice.documents o
		WHERE o.uri = d.uri AND (o.ts, o.sha256) > (d.ts, d.sha256))")" 0
	is "$(sql "SELECT count(*) FROM sluice.documents d WHERE (superseded_by IS NULL) <> EXISTS (SELECT FROM sluice.chunks c WHERE c.document_id = d.id)")" 0'
finish
