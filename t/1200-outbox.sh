#!/bin/sh
# outbox-relay: at least once, in order within a key, never by "id > last".
. "${0%/*}/test-lib.sh"
need jq psql mkfifo
. "$SRC/t/lib-pg.sh"
pg_start

# add KEY PAYLOAD-SQL [FROM-CLAUSE]: one row per row of the clause
add() {
	sql "SELECT sluice.outbox_add('t', $1, $2) ${3:+FROM $3}" >/dev/null
}
# one KEY ID: one row
one() {
	sql "SELECT sluice.outbox_add('t', '$1', jsonb_build_object('id', '$2'))" >/dev/null
}
# Has somebody an open transaction that wrote to the outbox?
held() {
	[ "$(sql "SELECT count(*) FROM pg_locks WHERE mode = 'RowExclusiveLock'
		AND relation = 'sluice.outbox'::regclass")" -gt 0 ]
}
# An outbox without rows; leases and waits are over.
clear() {
	sql "SET client_min_messages = error; TRUNCATE sluice.outbox CASCADE"
}
due() {
	sql "UPDATE sluice.outbox_delivery SET next_attempt_at = now()"
}
undone() {
	sql "SELECT count(*) FROM sluice.outbox_delivery WHERE processed_at IS NULL"
}
ID="jsonb_build_object('id', 'evt_' || i, 'k', i % 3)"

ok 'nothing to do is silence' '
	exit_is 0 outbox-relay >out 2>err; empty out err'
ok 'every row once, a line each, in order within its key' '
	add "'"'k' || i % 3"'" "$ID" "generate_series(1, 30) i"
	outbox-relay >out
	is "$(jq -r .id out | sort | uniq | wc -l)" 30
	for k in 0 1 2; do
		jq -r "select(.k==$k) | .id[4:]" out >got
		is "$(wc -l <got)" 10
		sort -n got >sorted; same sorted got
	done
	outbox-relay >again; empty again
	is "$(undone)" 0'
ok 'small batches give the same' '
	clear; add "'"'k' || i % 3"'" "$ID" "generate_series(1, 30) i"
	outbox-relay --batch 1 >out
	is "$(jq -r .id out | sort -u | wc -l)" 30
	jq -r "select(.k==1) | .id[4:]" out >got; sort -n got >sorted; same sorted got'
ok 'an id that becomes visible after a higher one is not lost' '
	clear
	mkfifo late
	sql <late >/dev/null & holder=$!
	exec 4>late
	echo "BEGIN; SELECT sluice.outbox_add('"'t', 'late', jsonb_build_object('id', 'evt_late')"');" >&4
	wait_for 5 held
	one other evt_other
	is "$(outbox-relay | jq -r .id)" evt_other
	echo "COMMIT;" >&4; exec 4>&-; wait $holder
	is "$(outbox-relay | jq -r .id)" evt_late'
ok 'a row rolled back is never seen' '
	sql "BEGIN; SELECT sluice.outbox_add('"'t', 'k', '{}'"'); ROLLBACK" >/dev/null
	outbox-relay >out; empty out'

# --- crashes --------------------------------------------------------------------
ok 'kill -9 while it prints: the same ids again after the lease, nothing lost' '
	clear
	add "'"'k' || i"'" "$ID || jsonb_build_object('"'pad', repeat('x', 2000)"')" "generate_series(1, 100) i"
	mkfifo pipe
	(exec <pipe; sleep 2; cat >got) & reader=$!
	outbox-relay >pipe & relay=$!
	sleep 1
	kill -9 $relay
	wait $reader
	wait $relay || :
	[ "$(wc -l <got)" -gt 5 ] && [ "$(wc -l <got)" -lt 100 ]
	is "$(undone)" 100
	outbox-relay >early; empty early
	due
	outbox-relay >again
	is "$(jq -r .id again | sort -u | wc -l)" 100
	sed "\$d" got | jq -r .id | sort >first; jq -r .id again | sort >second
	is "$(comm -23 first second)" ""'
ok 'a mark that fails: 75, and the rows again' '
	clear; one k evt_1
	sql "CREATE FUNCTION pg_temp_fail() RETURNS trigger LANGUAGE plpgsql AS \$\$
		BEGIN IF NEW.processed_at IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = '"'57014'"'; END IF;
		RETURN NEW; END \$\$;
		CREATE TRIGGER fail BEFORE UPDATE ON sluice.outbox_delivery
		FOR EACH ROW EXECUTE FUNCTION pg_temp_fail()"
	exit_is 75 outbox-relay >out 2>err; has out evt_1; has err 57014
	sql "DROP FUNCTION pg_temp_fail CASCADE" 2>/dev/null
	due
	outbox-relay >again; same out again'
ok 'the database is killed while it relays' '
	clear; add "'"'k' || i"'" "$ID" "generate_series(1, 50) i"
	pg_restart_immediate
	outbox-relay >out; is "$(jq -r .id out | sort -u | wc -l)" 50'

# --- failures -------------------------------------------------------------------
ok 'no room on stdout: 74, rows stay with the reason' '
	clear; one k evt_1; one k evt_2
	exit_is 74 outbox-relay >/dev/full 2>err; has err "No space left"
	is "$(undone)" 2
	outbox-relay --list >list
	is "$(jq -c "[.state,.attempts]" list | tr "\n" " ")" "[\"pending\",1] [\"pending\",0] "
	is "$(jq -r .last_error list | grep -c "No space left")" 1
	outbox-relay >early; empty early'
ok 'ten attempts, then a dead letter, which does not hold up its key' '
	for i in 2 3 4 5 6 7 8 9; do
		sql "UPDATE sluice.outbox_delivery SET next_attempt_at = now() WHERE attempts > 0"
		exit_is 74 outbox-relay >/dev/full 2>err
		is "$(sql "SELECT max(attempts), bool_or(failed) FROM sluice.outbox_delivery")" "$i|f"
	done
	due
	exit_is 74 outbox-relay >/dev/full 2>err
	is "$(outbox-relay --list | jq -c "[.state,.attempts]" | head -n 1)" "[\"failed\",10]"
	due
	is "$(outbox-relay | jq -r .id)" evt_2'
ok 'redrive: dead letters are due again' '
	exit_is 0 outbox-relay --redrive >out; empty out
	is "$(outbox-relay --list | jq -c "[.state,.attempts]")" "[\"pending\",0]"
	is "$(outbox-relay | jq -r .id)" evt_1
	outbox-relay --list >out; empty out'
ok 'a last attempt that ended without an answer is a dead letter' '
	clear; add "'"'k'"'" "'"'{}'"'::jsonb"
	sql "UPDATE sluice.outbox_delivery SET attempts = 10, next_attempt_at = now()"
	outbox-relay >out; empty out
	is "$(outbox-relay --list | jq -r .state)" failed'
ok 'a reader that goes away early: rows come again' '
	clear; add "'"'k' || i"'" "$ID || jsonb_build_object('"'pad', repeat('x', 2000)"')" "generate_series(1, 200) i"
	outbox-relay | head -n 1 >out
	[ "$(undone)" -gt 0 ]
	due; outbox-relay >again
	is "$(jq -r .id again | sort -u | wc -l)" "$(wc -l <again)"
	is "$(undone)" 0'
ok 'TERM: status 143, nothing half done' '
	clear
	outbox-relay --watch >out & relay=$!
	sleep 0.5; kill -TERM $relay
	rc=0; wait $relay || rc=$?
	is $rc 143'

# --- together -------------------------------------------------------------------
ok 'four relays at once print no row twice, and all of them' '
	clear; add "'"'k' || i % 97"'" "$ID" "generate_series(1, 2000) i"
	pids=
	for n in 1 2 3 4; do
		outbox-relay --batch 7 >out.$n 2>err.$n &
		pids="$pids $!"
	done
	for p in $pids; do wait $p; done
	cat out.1 out.2 out.3 out.4 >all
	outbox-relay >>all
	is "$(wc -l <all)" 2000
	is "$(jq -r .id all | sort | uniq -d)" ""
	cat err.*'
ok 'watch prints what comes' '
	clear
	outbox-relay --watch >out & relay=$!
	one k evt_a
	wait_for 5 grep -q evt_a out
	sql "SELECT sluice.outbox_add('"'t', 'k', '{}'"'); NOTIFY ingest_updates" >/dev/null
	wait_for 5 grep -qx "{}" out
	kill $relay; wait $relay || :'
ok 'watch outlives a restart of the database' '
	clear
	outbox-relay --watch >out 2>err & relay=$!
	sleep 0.5; pg_restart_immediate
	one k evt_b
	wait_for 10 grep -q evt_b out
	has err "is back"
	kill $relay; wait $relay || :'
pg_up
ok 'a dry run prints what is due and changes nothing' '
	clear; one k evt_1; one k evt_2
	is "$(outbox-relay -n | jq -r .id | tr "\n" " ")" "evt_1 evt_2 "
	is "$(sql "SELECT max(attempts) FROM sluice.outbox_delivery")" 0'
ok 'the list as text; usage: 64; no database: 75' '
	outbox-relay --list -f text >out; has out "0 attempts"
	exit_is 64 outbox-relay --sink redis 2>err
	exit_is 64 outbox-relay --batch 0 2>err
	exit_is 64 outbox-relay --list --redrive 2>err
	exit_is 64 outbox-relay --list -f xml 2>err
	exit_is 64 outbox-relay word 2>err
	exit_is 75 outbox-relay -d "host=$T/none" 2>err
	exit_is 78 outbox-relay -d "$DATABASE_URL dbname=postgres" 2>err; has err "dbctl init"'
ok 'no sink in the table: 78' '
	sql "DELETE FROM sluice.outbox_sink"
	exit_is 78 outbox-relay 2>err; has err outbox_sink'
finish
