#!/bin/sh
# spool-gate: when it opens, what it claims, what it leaves, how it recovers
. "${0%/*}/test-lib.sh"
need jq setpriv
. "$SRC/t/lib-pg.sh"
pg_start
S=$T/spool
export SLUICE_SPOOL="$S"

# seg NAME [VALUE]: one metric, landed in incoming/
seg() {
	mkdir -p "$S/incoming"
	printf '{"type":"metric","ts":1795000000,"name":"%s","value":%s,"labels":{}}\n' \
		"$1" "${2:-1}" >"$S/incoming/.$1.tmp"
	mv "$S/incoming/.$1.tmp" "$S/incoming/$1"
}
waiting() { ls "$S/incoming" | paste -sd,; }
clean() { rm -rf "$S"; sql 'DELETE FROM sluice.ingestion_manifest; DELETE FROM sluice.outbox'; }

ok 'nothing waits: no output, status 0, and no database is asked' '
	DATABASE_URL="host=/nowhere" exit_is 0 spool-gate >out 2>err
	empty out err
	test -d "$S/incoming" && test -d "$S/processing" && test -s "$S/.id"'

ok 'no threshold: anything that waits is claimed, by name' '
	seg b.ndjson; seg a.ndjson
	spool-gate >open
	is "$(wc -l <open)" 1
	is "$(jq -r "keys_unsorted | join(\" \")" open)" "v type id ts batch_id batch_tag attempt totals files"
	is "$(jq -c "[.v, .type, .attempt, .totals.files, (.files | map(.name))]" open)" \
		"[1,\"gate.open\",1,2,[\"a.ndjson\",\"b.ndjson\"]]"
	tag=$(jq -r .batch_tag open)
	is "$(jq -r ".files[0].sha256" open)" "$(sha256sum <"$S/processing/$tag/a.ndjson" | cut -c 1-64)"
	is "$(jq .totals.bytes open)" "$(cat "$S/processing/$tag"/* | wc -c)"
	is "$(waiting)" ""
	is "$(sql "SELECT status, jsonb_array_length(files) FROM sluice.ingestion_manifest WHERE batch_tag = '\''$tag'\''")" "open|2"
	is "$(sql "SELECT payload ->> '\''id'\'' FROM sluice.outbox")" "$(jq -r .id open)"'
ok 'an unfinished batch is offered again: the same event, nothing new' '
	spool-gate >again
	same open again
	is "$(sql "SELECT count(*) FROM sluice.outbox")" 1'

# --- thresholds
clean
ok '--min-count: closed below, open at it' '
	seg a.ndjson; seg b.ndjson
	exit_is 0 spool-gate --min-count 3 >out 2>err; empty out err
	is "$(waiting)" a.ndjson,b.ndjson
	exit_is 1 spool-gate -t --min-count 3
	exit_is 0 spool-gate -t --min-count 2
	seg c.ndjson
	is "$(spool-gate --min-count 3 | jq .totals.files)" 3'
clean
ok '--min-bytes, in units' '
	seg a.ndjson
	n=$(wc -c <"$S/incoming/a.ndjson")
	exit_is 1 spool-gate -t --min-bytes $((n + 1))
	exit_is 1 spool-gate -t --min-bytes 1KiB
	exit_is 0 spool-gate -t --min-bytes $n'
ok '--max-age: by the oldest; any threshold that is reached opens' '
	exit_is 1 spool-gate -t --max-age 1h
	touch -d "2 hours ago" "$S/incoming/a.ndjson"
	exit_is 0 spool-gate -t --max-age 1h
	exit_is 0 spool-gate -t --max-age 1h --min-count 1000
	exit_is 1 spool-gate -t --max-age 3h --min-count 1000'
ok '--force opens whatever the thresholds; -t and -n change nothing' '
	exit_is 0 spool-gate -t --force --min-count 1000
	exit_is 0 spool-gate -n --force --min-count 1000 >out
	is "$(cat out)" a.ndjson
	exit_is 0 spool-gate -n --min-count 1000 >out; empty out
	exit_is 1 spool-gate -n -t --min-count 1000 >out
	is "$(waiting)" a.ndjson
	is "$(sql "SELECT count(*) FROM sluice.ingestion_manifest")" 0'
ok '-t with nothing waiting is no' '
	mv "$S/incoming/a.ndjson" .
	exit_is 1 spool-gate -t
	exit_is 1 spool-gate -t --force
	mv a.ndjson "$S/incoming/"'
ok '.pause keeps it closed, --force too' '
	touch "$S/.pause"
	exit_is 0 spool-gate >out; empty out
	exit_is 0 spool-gate --force >out; empty out
	exit_is 1 spool-gate -t
	rm "$S/.pause"
	exit_is 0 spool-gate -t'
ok 'without head-room it stays closed: 75, with a hint' '
	exit_is 75 spool-gate --min-free 1000000GiB >out 2>err
	empty out
	has err "stays closed"; has err "manifest prune"
	is "$(waiting)" a.ndjson'
ok 'settings: environment and file, the option wins' '
	SLUICE_GATE_MIN_COUNT=5 exit_is 1 spool-gate -t
	SLUICE_GATE_MIN_COUNT=5 exit_is 0 spool-gate -t --min-count 1
	printf "gate:\n  min_count: 7\n" >c.yaml
	exit_is 1 spool-gate -c c.yaml -t
	printf "gate:\n  min_cuont: 7\n" >c.yaml
	exit_is 78 spool-gate -c c.yaml -t 2>err
	has err "c.yaml"; has err 2
	SLUICE_GATE_MIN_COUNT=many exit_is 78 spool-gate -t 2>err'
ok 'usage errors are 64' '
	exit_is 64 spool-gate operand 2>err
	exit_is 64 spool-gate --once --watch 2>err
	exit_is 64 spool-gate --min-count many 2>err
	exit_is 64 spool-gate --max-age yesterday 2>err
	exit_is 64 spool-gate --no-such 2>err'

# --- what it takes
clean
ok 'dot-files, temporary files, other names and symbolic links are left' '
	mkdir -p "$S/incoming/dir.ndjson"
	seg a.ndjson
	cp "$S/incoming/a.ndjson" "$S/incoming/.hidden.ndjson"
	cp "$S/incoming/a.ndjson" "$S/incoming/a.ndjson.tmp"
	cp "$S/incoming/a.ndjson" "$S/incoming/readme.txt"
	ln -s /etc/passwd "$S/incoming/link.ndjson"
	is "$(spool-gate | jq -r ".files[].name")" a.ndjson
	is "$(ls -A "$S/incoming" | wc -l)" 5'
clean
ok '--max-files: several batches' '
	for i in 1 2 3 4 5; do seg $i.ndjson $i; done
	spool-gate --max-files 2 >open
	is "$(jq .totals.files open | paste -sd,)" 2,2,1
	is "$(jq -r .batch_tag open | sort -u | wc -l)" 3'
clean
ok 'over 100 files: the event counts the rest' '
	mkdir -p "$S/incoming"
	for i in $(seq 104); do echo "{\"i\":$i}" >"$S/incoming/$i.ndjson"; done
	spool-gate >open
	is "$(jq -c "[.totals.files, (.files | length), .files_omitted]" open)" "[104,100,4]"
	is "$(manifest show "$(jq -r .batch_tag open)" | jq ".files | length")" 104'
clean
ok 'a file that cannot be read stays; the others go; status 2' '
	seg a.ndjson; seg b.ndjson; chmod 000 "$S/incoming/b.ndjson"
	spool-gate -t
	as=
	if [ "$(id -u)" = 0 ]; then
		find "$S" ! -name b.ndjson -exec chown nobody {} +
		chmod 711 "$T/pg"
		as="setpriv --reuid=nobody --regid=$(id -g nobody) --clear-groups"
	fi
	exit_is 2 $as spool-gate >open 2>err
	is "$(jq -r ".files[].name" open)" a.ndjson
	has err "b.ndjson"; has err "Permission denied"
	is "$(waiting)" b.ndjson'
clean

# --- one at a time
ok 'two gates at once: the second says 75 and leaves everything' '
	seg a.ndjson
	flock "$S/incoming" sleep 2 &
	sleep 0.3
	exit_is 75 spool-gate >out 2>err
	empty out; has err "another gate"
	is "$(waiting)" a.ndjson
	wait'
ok 'the database down: 75, one line, the files untouched; up again: it goes on' '
	pg_stop
	exit_is 75 spool-gate >out 2>err
	empty out
	is "$(grep -vc hint: err)" 1
	is "$(waiting)" a.ndjson
	pg_up
	is "$(spool-gate | jq .totals.files)" 1'
ok 'a database without the schema is 78, and the hint names the command' '
	seg b.ndjson
	sql "CREATE DATABASE bare"
	DATABASE_URL="host=$PG_DIR/s user=sluice dbname=bare" exit_is 78 spool-gate >out 2>err
	has err "dbctl init"
	is "$(waiting)" b.ndjson
	DATABASE_URL="host=$PG_DIR/s user=sluice dbname=none" exit_is 78 spool-gate >out 2>err'

# --- recovery
clean
ok 'cut off between row and moves: the next run finishes them and offers the batch' '
	seg a.ndjson; seg b.ndjson
	spool-gate >open
	tag=$(jq -r .batch_tag open)
	mv "$S/processing/$tag"/* "$S/incoming/"
	rmdir "$S/processing/$tag"
	spool-gate >again
	same open again
	is "$(ls "$S/processing/$tag" | paste -sd,)" a.ndjson,b.ndjson
	is "$(waiting)" ""'
ok '... and leaves a newer file of the same name' '
	tag=$(jq -r .batch_tag open)
	mv "$S/processing/$tag/a.ndjson" "$S/incoming/"
	seg b.ndjson 2
	spool-gate --min-count 1000 >again
	same open again
	is "$(waiting)" b.ndjson
	is "$(ls "$S/processing/$tag" | paste -sd,)" a.ndjson,b.ndjson'
clean
ok 'a folder that the manifest lacks gets its row from its files' '
	seg a.ndjson; seg b.ndjson
	spool-gate >open
	sql "DELETE FROM sluice.ingestion_manifest"
	spool-gate >again
	is "$(jq -c "[.batch_tag, .id, .files]" again)" "$(jq -c "[.batch_tag, .id, .files]" open)"'
ok 'an empty folder without a row goes' '
	mkdir "$S/processing/20200101T000000Z-0123456789abcdef"
	spool-gate >again
	absent "$S/processing/20200101T000000Z-0123456789abcdef"'
ok 'files in the folder of a finished batch: opened again; a stray file there: not' '
	tag=$(jq -r .batch_tag open)
	spool-replay <open >/dev/null
	mkdir "$S/processing/$tag"
	echo note >"$S/processing/$tag/README"
	exit_is 0 spool-gate >out; empty out
	rm "$S/processing/$tag/README"; mkdir -p "$S/processing/$tag"
	seg late.ndjson 9; mv "$S/incoming/late.ndjson" "$S/processing/$tag/"
	spool-gate >again
	is "$(jq -c "[.batch_tag, .attempt]" again)" "[\"$tag\",2]"
	exit_is 0 spool-replay <again >done
	is "$(jq -r "select(.type == \"gate.done\").status" done)" success
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE name = '\''late.ndjson'\''")" 1'

# --- --watch
clean
ok '--watch reacts within a second, again and again, and ends on SIGTERM' '
	spool-gate --watch >watched 2>err & pid=$!
	sleep 0.7
	for i in 1 2 3; do
		seg w$i.ndjson $i
		wait_for 1 grep -q "w$i.ndjson" watched
	done
	is "$(wc -l <watched)" 3
	touch "$S/.pause"; seg w4.ndjson
	sleep 1.2
	is "$(wc -l <watched)" 3
	rm "$S/.pause"
	wait_for 2 grep -q "w4.ndjson" watched
	kill -TERM $pid
	rc=0; wait $pid || rc=$?
	is $rc 143
	empty err'
ok '--watch opens by age' '
	spool-gate --watch --min-count 1000 --max-age 2s >watched 2>err & pid=$!
	sleep 0.5
	seg age.ndjson
	sleep 1
	absent "$(ls -d "$S"/processing/*/age.ndjson 2>/dev/null || echo nothing)"
	wait_for 3 grep -q age.ndjson watched
	kill $pid; wait $pid || true'
ok '--watch outlives the database, and tells it once' '
	spool-gate --watch >watched 2>err & pid=$!
	sleep 0.5
	pg_stop
	seg down.ndjson
	sleep 2.5
	is "$(grep -vc hint: err)" 1
	pg_up
	wait_for 5 grep -q down.ndjson watched
	kill $pid; wait $pid || true'
ok 'an idle --watch costs next to no time' '
	touch "$S/.pause"; seg idle.ndjson
	spool-gate --watch >watched 2>err & pid=$!
	sleep 3
	ticks=$(awk "{ print \$14 + \$15 }" /proc/$pid/stat)
	kill $pid; wait $pid || true
	rm "$S/.pause"
	test "$ticks" -lt 15 || { echo "$ticks ticks in 3 s"; false; }'
ok 'stdout full or closed: 74, and the batch is offered again' '
	exit_is 74 spool-gate >/dev/full 2>err
	is "$(spool-gate | grep -c idle.ndjson)" 1'
finish
