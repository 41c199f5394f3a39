#!/bin/sh
# manifest: what it prints, batches by hand, verify finds each kind of damage and
# names a command that mends it, retry and retry --archive, prune, watch
. "${0%/*}/test-lib.sh"
need jq
. "$SRC/t/lib-pg.sh"
pg_start
S=$T/spool
export SLUICE_SPOOL="$S"
mkdir -p "$S/incoming"

# seg NAME FROM N: metrics with values from FROM on, landed in incoming/
seg() {
	awk -v from="$2" -v n="$3" 'BEGIN { for (i = from; i < from + n; i++)
		printf "{\"type\":\"metric\",\"ts\":%d,\"name\":\"m\",\"value\":%d,\"labels\":{}}\n",
		1795000000 + i, i }' >"$S/incoming/.$1.tmp"
	mv "$S/incoming/.$1.tmp" "$S/incoming/$1"
}
# load: what waits goes through; the tag of the batch
load() {
	spool-gate >"$T/open.ev" 2>"$T/gate.err" || return 1
	_rc=0
	spool-replay <"$T/open.ev" >"$T/done.ev" 2>"$T/replay.err" || _rc=$?
	[ $_rc = 0 ] || [ $_rc = 2 ] || { cat "$T/replay.err"; return 1; }
	jq -r 'select(.type == "gate.open").batch_tag' "$T/open.ev"
}
row() { manifest show "$1" | jq -r "$2"; }
arch() { echo "$S/archive/$(row "$1" '.created_at[0:10]' | tr - /)/$1"; }
kinds() { jq -r 'select(.type == "finding").kind' "$1" | sort | uniq -c | sed 's/^ *//' | paste -sd, -; }

ok 'an empty manifest: no output, status 0' '
	for c in list "list --limit 5" "prune --older-than 1s" "retry --archive"; do
		exit_is 0 manifest $c >out 2>err
		empty out err
	done'

seg a.ndjson 0 5
seg b.ndjson 100 3
A=$(load)
seg c.ndjson 200 2
C=$(load)

ok 'list: newest last, the documented keys, in order' '
	manifest list >out
	is "$(jq -r .batch_tag out | paste -sd,)" "$A,$C"
	is "$(head -n 1 out | jq -r "keys_unsorted | join(\" \")")" \
		"v type batch_id batch_tag status attempt spool_id host totals rows rejected replaced duplicates error created_at started_at finished_at lease"
	is "$(head -n 1 out | jq -c "[.type, .status, .attempt, .totals, .rows, .rejected, .error, .lease]")" \
		"[\"batch\",\"success\",1,{\"files\":2,\"bytes\":$(cat "$(arch $A)"/* | wc -c),\"loaded\":2,\"failed\":0,\"missing\":0},{\"metrics\":8,\"events\":0},0,null,null]"
	is "$(jq -r .spool_id out | sort -u)" "$(cat "$S/.id")"'
ok 'list --limit, --status and --since choose' '
	is "$(manifest list --limit 1 | jq -r .batch_tag)" "$C"
	is "$(manifest list --limit 0)" ""
	is "$(manifest list --status success | wc -l)" 2
	is "$(manifest list --status failed)" ""
	sql "UPDATE sluice.ingestion_manifest SET created_at = created_at - interval '\''3 days'\'' WHERE batch_tag = '\''$A'\''"
	is "$(manifest list --since 2d | jq -r .batch_tag)" "$C"
	sql "UPDATE sluice.ingestion_manifest SET created_at = created_at + interval '\''3 days'\'' WHERE batch_tag = '\''$A'\''"'
ok 'list as text has a heading and aligned columns; tsv has neither' '
	manifest list -f text >out
	is "$(wc -l <out)" 3
	is "$(head -n 1 out | cut -c 1-6)" BATCH\ 
	is "$(cut -c 35-42 out | sed -n 2p)" "success "
	manifest list -f tsv >out
	is "$(awk -F "\t" "{ print NF }" out | sort -u)" 21
	is "$(cut -f 2 out | paste -sd,)" "$A,$C"'
ok 'pages of the list join without a gap' '
	sql "INSERT INTO sluice.ingestion_manifest (batch_tag, spool_id, host, status, finished_at)
		SELECT '\''t'\'' || i, '\''x'\'', '\''h'\'', '\''failed'\'', now() FROM generate_series(1, 1203) i"
	is "$(manifest list | jq -r .batch_tag | sort -u | wc -l)" 1205
	is "$(manifest list --limit 701 | wc -l)" 701
	sql "DELETE FROM sluice.ingestion_manifest WHERE spool_id = '\''x'\''"'
ok 'control characters of an error text never reach a terminal' '
	sql "UPDATE sluice.ingestion_manifest SET error = E'\''a\\x1b[31mb\\nc'\'' WHERE batch_tag = '\''$A'\''"
	manifest list -f text >out
	has out "a\\x1b[31mb\\nc"
	is "$(grep -c "$(printf "\033")" out)" 0
	is "$(manifest show "$A" | jq -r .error | od -An -tx1 | tr -d " \n" | cut -c 1-4)" 611b
	sql "UPDATE sluice.ingestion_manifest SET error = NULL"'
ok 'usage: unknown words, options of another command, missing operands are 64' '
	exit_is 64 manifest 2>err
	exit_is 64 manifest lst 2>err
	exit_is 64 manifest list --quick 2>err
	has err "manifest list takes no option \"--quick\""
	exit_is 64 manifest show 2>err
	exit_is 64 manifest show a b 2>err
	exit_is 64 manifest show nonsense 2>err
	exit_is 64 manifest list extra 2>err
	exit_is 64 manifest list --status nope 2>err
	exit_is 64 manifest list --since yesterday 2>err
	exit_is 64 manifest list -f xml 2>err
	exit_is 64 manifest prune 2>err
	exit_is 64 manifest retry 2>err
	exit_is 64 manifest finish --status open "$A" 2>err'

ok 'show: each file with its state, ledger id and counts' '
	manifest show "$A" >out
	is "$(jq -c "[.files[] | [.name, .state, .rows.metrics, .rejected, .duplicate, .error]]" out)" \
		"[[\"a.ndjson\",\"archive\",5,0,false,null],[\"b.ndjson\",\"archive\",3,0,false,null]]"
	is "$(jq -r ".files[0].segment_id" out)" "$(sql "SELECT id FROM sluice.ingestion_segment WHERE name = '\''a.ndjson'\''")"
	manifest show -f text "$A" | grep -q "archive .* a.ndjson"
	exit_is 65 manifest show 20200101T000000Z-0123456789abcdef 2>err
	has err "manifest list"'

# --- by hand ---------------------------------------------------------------
printf '{"type":"metric","ts":1,"name":"h","value":1,"labels":{}}\n' >hand.ndjson
ok 'open registers files, and recovery leaves the batch alone' '
	manifest open hand.ndjson >open
	is "$(jq -c "[.type, .attempt, .totals.files, .files[0].name, .files[0].sha256]" open)" \
		"[\"gate.open\",1,1,\"hand.ndjson\",\"$(sha256sum <hand.ndjson | cut -c 1-64)\"]"
	tag=$(jq -r .batch_tag open)
	is "$(row "$tag" .spool_id),$(row "$tag" .status)" manual,open
	exit_is 0 spool-gate >out; empty out
	exit_is 0 spool-replay <open >out; same open out
	is "$(row "$tag" .status)" open
	test -e hand.ndjson
	is "$(sql "SELECT count(*) FROM sluice.outbox WHERE key = '\''$tag'\'' AND type = '\''gate.open'\''")" 1'
ok 'open refuses what is no segment, what is not there, and a name twice' '
	cp hand.ndjson x.txt; mkdir -p d; cp hand.ndjson d
	exit_is 65 manifest open x.txt 2>err
	exit_is 74 manifest open gone.ndjson 2>err
	has err "could not open \"gone.ndjson\": No such file or directory"
	exit_is 65 manifest open hand.ndjson d/hand.ndjson 2>err'
ok 'finish by files and ledger: nothing of it loaded is failed' '
	tag=$(jq -r .batch_tag open)
	manifest finish "$tag" >done
	is "$(jq -c "[.type, .batch_tag, .status, .rows.metrics]" done)" "[\"gate.done\",\"$tag\",\"failed\",0]"
	exit_is 65 manifest finish "$tag" 2>err
	has err "finished already"
	is "$(sql "SELECT count(*) FROM sluice.outbox WHERE key = '\''$tag'\'' AND type = '\''gate.done'\''")" 1'
ok 'finish with a status and a text of the operator' '
	tag=$(manifest open hand.ndjson | jq -r .batch_tag)
	manifest finish --status success --error "by hand" "$tag" >done
	is "$(jq -r .status done)" success
	is "$(row "$tag" .error)" "by hand"'
ok 'finish follows the ledger when another program has loaded the file' '
	tag=$(manifest open hand.ndjson | jq -r .batch_tag)
	spool-replay hand.ndjson >/dev/null
	manifest finish "$tag" >done
	is "$(jq -c "[.status, .duplicates.segments]" done)" "[\"success\",1]"'
ok 'finish refuses while files wait in processing/ (75), and while somebody holds them' '
	seg w.ndjson 300 2
	spool-gate >open
	tag=$(jq -r .batch_tag open)
	exit_is 75 manifest finish "$tag" 2>err
	has err "spool-replay"
	flock "$S/processing/$tag" sleep 3 &
	sleep 0.3
	exit_is 75 manifest finish --status failed "$tag" 2>err
	has err "a replayer works"
	wait
	exit_is 0 spool-replay <open >/dev/null'
ok 'finish of a batch whose files have gone: failed, and it says which' '
	seg lost.ndjson 310 2
	spool-gate >open
	tag=$(jq -r .batch_tag open)
	rm "$S/processing/$tag/lost.ndjson"
	manifest finish "$tag" >done
	is "$(jq -c "[.status, .files[0].missing]" done)" "[\"failed\",true]"
	absent "$S/processing/$tag"
	is "$(row "$tag" ".files[0].state")" missing
	exit_is 0 spool-replay </dev/null
	exit_is 0 spool-gate'

# --- verify ----------------------------------------------------------------
ok 'verify of a sound database: one summary, status 0' '
	exit_is 0 manifest verify >out
	is "$(wc -l <out)" 1
	is "$(jq -c "[.type, .findings]" out)" "[\"summary\",0]"
	test "$(jq .bytes_hashed out)" -gt 0
	exit_is 0 manifest verify --quick >out
	is "$(jq .bytes_hashed out)" 0
	exit_is 0 manifest verify "$A" "$C" >out
	is "$(jq .segments out)" 3'
ok 'verify finds deleted rows, and its fix loads them again' '
	sql "DELETE FROM sluice.metrics WHERE value IN (101, 102)"
	exit_is 1 manifest verify >out
	is "$(kinds out)" "1 rows_differ"
	is "$(jq -r "select(.kind == \"rows_differ\") | [.batch_tag, .name, .expected, .found] | join(\";\")" out)" \
		"$A;b.ndjson;metrics 3, events 0;metrics 1, events 0"
	exit_is 1 manifest verify "$A" >out2
	exit_is 0 manifest verify "$C" >out2
	jq -r "select(.fix).fix" out >fix
	export PGHOST="$PG_DIR/s" PGUSER=sluice PGDATABASE=sluice
	sh -e fix >fixed
	exit_is 0 manifest verify >out
	is "$(sql "SELECT count(*), count(DISTINCT value) FROM sluice.metrics WHERE value >= 100 AND value < 103")" "3|3"
	is "$(row "$A" .attempt),$(row "$A" .status)" 2,success'
ok 'verify finds rows too many and rows of no segment' '
	id=$(row "$C" ".files[0].segment_id")
	sql "INSERT INTO sluice.metrics VALUES (to_timestamp(1795000200), '\''m'\'', 1, '\''{}'\'', $id),
		(now(), '\''m'\'', 1, '\''{}'\'', 999999)"
	exit_is 1 manifest verify --quick >out
	is "$(kinds out)" "1 rows_differ,1 rows_unknown"
	sql "DELETE FROM sluice.metrics WHERE segment_id = 999999"
	export PGHOST="$PG_DIR/s" PGUSER=sluice PGDATABASE=sluice
	jq -r "select(.kind == \"rows_differ\").fix" out | sh -e >fixed
	exit_is 0 manifest verify --quick >out'
ok 'verify does not miss what retain has dropped' '
	sql "INSERT INTO sluice.retained VALUES ('\''metrics'\'', to_timestamp(1795000003))"
	sql "DELETE FROM sluice.metrics WHERE ts < to_timestamp(1795000003)"
	exit_is 0 manifest verify >out
	sql "DELETE FROM sluice.metrics WHERE ts >= to_timestamp(1795000100) AND ts < to_timestamp(1795000101)"
	exit_is 1 manifest verify >out
	is "$(kinds out)" "1 rows_differ"
	sql "DELETE FROM sluice.retained"
	export PGHOST="$PG_DIR/s" PGUSER=sluice PGDATABASE=sluice
	manifest verify >out || true
	is "$(kinds out)" "3 rows_differ"
	jq -r "select(.batch_tag) | .fix" out | sh -e >fixed
	jq -r "select(.type == \"finding\" and .batch_tag == null).fix" out | sed "s/ && .*//" | sh -e >fixed
	spool-replay hand.ndjson >/dev/null
	exit_is 0 manifest verify >out'
ok 'verify finds an archived file that changed or has gone; --quick only the latter' '
	dir=$(arch "$C"); cp "$dir/c.ndjson" keep
	echo >>"$dir/c.ndjson"
	exit_is 1 manifest verify >out
	is "$(kinds out)" "1 content_changed"
	is "$(jq -r "select(.kind == \"content_changed\") | .path + \" \" + .found" out)" \
		"$dir/c.ndjson $(sha256sum <"$dir/c.ndjson" | cut -c 1-64)"
	exit_is 0 manifest verify --quick >out
	rm "$dir/c.ndjson"
	exit_is 1 manifest verify --quick >out
	is "$(kinds out)" "1 file_missing"
	mkdir -p BACKUP/${dir#$S/}; cp keep "BACKUP/${dir#$S/}/c.ndjson"
	jq -r "select(.fix).fix" out | sh -e
	exit_is 0 manifest verify >out'
ok 'verify finds totals that differ; the fix counts again' '
	sql "UPDATE sluice.ingestion_manifest SET totals = jsonb_set(totals, '\''{rejected}'\'', '\''7'\'') WHERE batch_tag = '\''$C'\''"
	exit_is 1 manifest verify >out
	is "$(kinds out)" "1 totals_differ"
	export PGHOST="$PG_DIR/s" PGUSER=sluice PGDATABASE=sluice
	jq -r "select(.fix).fix" out | sh -e >fixed
	exit_is 0 manifest verify >out'
ok 'verify as text ends with a line for people' '
	manifest verify -f text >out
	is "$(wc -l <out)" 1
	grep -q "0 findings" out'

# --- retry -----------------------------------------------------------------
# broken from its first frame: the segment cannot be read and goes to failed/
seg f1.ndjson 400 2
printf '\050\265\057\375nothing of zstd' >"$S/incoming/.t"; mv "$S/incoming/.t" "$S/incoming/f2.ndjson.zst"
F=$(load)
ok 'a batch with a failed segment: retry moves it back, attempt + 1' '
	is "$(row "$F" .status)" partial
	is "$(row "$F" "[.files[].state] | join(\",\")")" archive,failed
	test -e "$S/failed/$F/f2.ndjson.zst.error"
	is "$(manifest list --status partial | jq -r .batch_tag)" "$F"
	manifest retry "$F" >open
	is "$(jq -c "[.type, .batch_tag, .attempt]" open)" "[\"gate.open\",\"$F\",2]"
	test -e "$S/processing/$F/f2.ndjson.zst"
	absent "$S/failed/$F"
	is "$(row "$F" .status)" open'
ok 'retry | spool-replay: it fails again while it is broken' '
	exit_is 2 spool-replay <open >done 2>err
	is "$(jq -c "select(.type == \"gate.done\") | [.status, .attempt]" done)" "[\"partial\",2]"
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE value IN (400, 401)")" 2
	exit_is 1 test -e "$S/processing/$F"
	printf "(\265/\375 broken otherwise" >"$S/failed/$F/f2.ndjson.zst"
	manifest retry "$F" | spool-replay >done 2>err || true
	is "$(jq -c "select(.type == \"gate.done\") | [.status, .attempt]" done)" "[\"partial\",3]"
	test -s "$S/failed/$F/f2.ndjson.zst.error"'
ok 'retry of what a crash left between the moves and the row' '
	mkdir -p "$S/processing/$F"
	mv "$S/failed/$F/f2.ndjson.zst" "$S/processing/$F/"
	is "$(manifest retry "$F" | jq .attempt)" 4
	absent "$S/failed/$F"
	is "$(manifest retry "$F" | jq .attempt)" 4
	spool-replay </dev/null >/dev/null 2>&1 || true
	is "$(row "$F" .status)" partial'
ok 'retry leaves rejects files alone; a batch without failed segments is silence' '
	printf "broken\n" >"$S/incoming/.t"; mv "$S/incoming/.t" "$S/incoming/r.ndjson"
	tag=$(load)
	test -e "$S/failed/$tag/r.ndjson.rejects.ndjson"
	exit_is 0 manifest retry "$tag" >out 2>err
	empty out err
	test -e "$S/failed/$tag/r.ndjson.rejects.ndjson"
	absent "$S/processing/$tag"'
ok 'retry: unknown tag 65, held by a replayer 75, one of several 2' '
	none=20200101T000000Z-0123456789abcdef
	exit_is 65 manifest retry $none 2>err
	mkdir -p "$S/processing/$F"
	flock "$S/processing/$F" sleep 3 &
	sleep 0.3
	exit_is 75 manifest retry "$F" 2>err
	wait
	exit_is 2 manifest retry $none "$F" >open 2>err
	is "$(jq -r .batch_tag open)" "$F"
	spool-replay </dev/null >/dev/null 2>&1 || true'

# --- retry --archive: a database that was restored from an older backup ------
ok 'before the backup: all sound' 'exit_is 0 manifest verify --quick >out'
pg_dump -Fc -d "$DATABASE_URL" -f backup.dump
seg g.ndjson 500 4
G=$(load)
seg h.ndjson 510 4
H=$(load)
sql 'DROP SCHEMA sluice CASCADE' 2>/dev/null
pg_restore -d "$DATABASE_URL" backup.dump 2>restore.err
ok 'verify names the archived segments that a restored database lacks' '
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE value >= 500")" 0
	exit_is 1 manifest verify >out
	is "$(kinds out)" "2 not_in_ledger"
	is "$(jq -r "select(.kind == \"not_in_ledger\").batch_tag" out | sort | paste -sd,)" "$(printf "%s\n" $G $H | sort | paste -sd,)"
	exit_is 1 manifest verify --quick >out
	is "$(kinds out)" "2 not_in_ledger"
	exit_is 1 manifest verify "$G" >out'
ok 'retry --archive TAG brings one back, without TAG the rest' '
	manifest retry --archive "$G" >open
	is "$(jq -r .batch_tag open)" "$G"
	exit_is 0 spool-replay <open >done
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE value >= 500")" 4
	manifest retry --archive >open
	is "$(jq -r .batch_tag open)" "$H"
	exit_is 0 spool-replay <open >done
	is "$(sql "SELECT count(*), count(DISTINCT value) FROM sluice.metrics WHERE value >= 500")" "8|8"
	exit_is 0 manifest verify >out
	exit_is 0 manifest retry --archive >out; empty out'
ok 'a row that the restored database still has as unfinished is loaded too' '
	id=$(row "$G" ".files[0].segment_id")
	sql "DELETE FROM sluice.metrics WHERE segment_id = $id; DELETE FROM sluice.ingestion_segment WHERE id = $id;
		UPDATE sluice.ingestion_manifest SET status = '\''processing'\'', finished_at = NULL WHERE batch_tag = '\''$G'\''"
	exit_is 1 manifest verify >out
	is "$(kinds out)" "1 not_in_ledger"
	manifest retry --archive | spool-replay >done
	exit_is 0 manifest verify >out
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE value >= 500")" 8'
ok 'retry --archive leaves what retain has dropped' '
	id=$(row "$G" ".files[0].segment_id")
	sql "DELETE FROM sluice.metrics WHERE segment_id = $id; DELETE FROM sluice.ingestion_segment WHERE id = $id;
		INSERT INTO sluice.retained VALUES ('\''metrics'\'', now() + interval '\''2 days'\'')"
	sql "INSERT INTO sluice.retained VALUES ('\''events'\'', now() + interval '\''2 days'\'')"
	exit_is 0 manifest retry --archive >out 2>err
	empty out
	has err "retain"
	sql "DELETE FROM sluice.retained WHERE table_name = '\''events'\''"
	manifest retry --archive | spool-replay >done
	sql "DELETE FROM sluice.retained"
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE value >= 500")" 8'

# --- watch -------------------------------------------------------------------
ok 'watch prints each change once, with or without NOTIFY, and ends on a signal' '
	manifest watch >watched 2>err & pid=$!
	sleep 1
	empty watched
	seg v.ndjson 600 2
	tag=$(load)
	wait_for 5 grep -q "$tag.*success" watched
	sql "UPDATE sluice.ingestion_manifest SET status = '\''failed'\'' WHERE batch_tag = '\''$tag'\''"
	wait_for 5 grep -q "$tag.*\"status\":\"failed\"" watched
	kill -TERM $pid; rc=0; wait $pid || rc=$?
	is $rc 143
	is "$(grep -c "\"status\":\"failed\"" watched)" 1
	is "$(jq -r .batch_tag watched | sort -u)" "$tag"
	is "$(head -n 1 watched | jq -r "keys_unsorted | length")" 18
	sql "UPDATE sluice.ingestion_manifest SET status = '\''success'\'' WHERE batch_tag = '\''$tag'\''"'
ok 'watch outlives the database' '
	manifest watch >watched 2>err & pid=$!
	sleep 1
	pg_stop; sleep 1.5; pg_up
	seg v2.ndjson 610 2
	tag=$(load)
	wait_for 10 grep -q "$tag.*success" watched
	kill $pid; wait $pid || true
	is "$(grep -c : err)" 1'

# --- prune -------------------------------------------------------------------
ok 'prune -n says what would go; nothing is older than a day' '
	exit_is 0 manifest prune --older-than 1d >out; empty out
	manifest prune -n --older-than 0s >out
	test "$(wc -l <out)" -gt 5
	is "$(jq -r .dry_run out | sort -u)" true
	test -d "$(arch "$A")"'
ok 'prune removes files and rows of loaded batches, never the ledger, never what failed' '
	segments=$(sql "SELECT count(*) FROM sluice.ingestion_segment")
	dir=$(arch "$A")
	manifest prune --older-than 0s >out
	is "$(jq -c "select(.batch_tag == \"$A\") | [.type, .files, .dry_run]" out)" "[\"pruned\",2,false]"
	absent "$dir"
	is "$(sql "SELECT count(*) FROM sluice.ingestion_segment")" "$segments"
	is "$(manifest list | jq -r .batch_tag)" "$F"
	test -e "$S/failed/$F/f2.ndjson.zst"
	is "$(find "$S/archive" -type f | wc -l)" 1
	exit_is 0 manifest prune --older-than 0s >out; empty out
	exit_is 0 manifest verify >out'
ok 'what was pruned is still known: the same content is a duplicate' '
	seg again.ndjson 0 5
	tag=$(load)
	is "$(row "$tag" .duplicates.segments)" 1
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''m'\'' AND value < 5")" 5'
ok 'prune --keep-files leaves the archive, and verify and retry are content' '
	tag=$(manifest list --limit 1 | jq -r .batch_tag)
	dir=$(arch "$tag")
	manifest prune --keep-files --older-than 0s >out
	is "$(jq .files out)" 0
	test -e "$dir/again.ndjson"
	exit_is 0 manifest verify >out
	exit_is 0 manifest retry --archive >out; empty out'
ok 'prune keeps a batch whose archived file is not what the ledger knows' '
	seg k.ndjson 700 2
	tag=$(load)
	echo x >>"$(arch "$tag")/k.ndjson"
	exit_is 0 manifest prune --older-than 0s >out; empty out
	test -e "$(arch "$tag")/k.ndjson"'
ok '... and one that the ledger lacks, with --keep-files too' '
	seg l.ndjson 710 2
	tag=$(load)
	sql "DELETE FROM sluice.ingestion_segment WHERE name = '\''l.ndjson'\''"
	exit_is 0 manifest prune --keep-files --older-than 0s >out
	is "$(grep -c "$tag" out)" 0
	exit_is 0 manifest prune --older-than 0s >out
	is "$(grep -c "$tag" out)" 0
	is "$(row "$tag" ".files[0].state")" archive'

ok 'retry loads a failed segment that was mended, with its new hash' '
	printf "{\"type\":\"metric\",\"ts\":5,\"name\":\"z\",\"value\":402,\"labels\":{}}\n" | zstd -q -f >"$S/failed/$F/f2.ndjson.zst"
	manifest retry "$F" | spool-replay >done 2>err
	is "$(jq -r "select(.type == \"gate.done\") | .status" done)" success
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE value = 402")" 1
	is "$(manifest show "$F" | jq -r "[.files[]? | select(.name == \"f2.ndjson.zst\") | .sha256][0]")" \
		"$(sha256sum <"$(arch "$F")/f2.ndjson.zst" | cut -c1-64)"
	absent "$S/failed/$F/f2.ndjson.zst.error"'
ok 'the database down: 75 and one line, for every command' '
	pg_stop
	for c in list watch verify "retry --archive" "prune --older-than 1d" "open hand.ndjson"; do
		exit_is 75 manifest $c >out 2>err
		empty out
		test "$(grep -vc hint: err)" = 1
	done
	pg_up'
ok '| head -1 and >/dev/full' '
	manifest list | head -n 1 >out
	exit_is 74 manifest list >/dev/full 2>err'
finish
