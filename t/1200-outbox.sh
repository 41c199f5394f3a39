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
	rc=0; wait "$relay" || rc=$?
	is $rc 143'

# --- a pipe: delivered is what was read -------------------------------------------
many() {
	add "'k' || i" "$ID || jsonb_build_object('pad', repeat('x', ${2:-10}))" "generate_series(1, $1) i"
}
# ends STATUS: the relay in the background does
ends() {
	rc=0; wait "$relay" || rc=$?
	is $rc "$1"
}
attempts() {
	sql "SELECT max(attempts) FROM sluice.outbox_delivery"
}
claimed() {
	[ "$(attempts)" = 1 ]
}
all_done() {
	[ "$(undone)" = 0 ]
}
ok 'lines that lie unread in a pipe whose reader dies come again' '
	clear; many 5
	mkfifo lies
	(exec <lies; sleep 0.4) & reader=$!
	outbox-relay >lies 2>err & relay=$!
	sleep 0.2; is "$(undone)" 5
	wait $reader
	ends 141
	empty err
	is "$(undone)" 5
	outbox-relay --list >list; has list "lines unread"
	due; outbox-relay >again; is "$(wc -l <again)" 5'
ok 'a reader that is in no hurry gets every line once' '
	clear; many 100 3000
	{ outbox-relay; echo $? >status; } | { sleep 0.5; while read -r l; do echo "$l"; done; } >got
	is "$(cat status)" 0
	is "$(jq -r .id got | sort -u | wc -l)" 100; is "$(wc -l <got)" 100
	is "$(undone)" 0'
ok 'with SIGPIPE ignored: 74, and a word' '
	clear; many 3
	{ rc=0; perl -e "\$SIG{PIPE} = q(IGNORE); exec @ARGV" outbox-relay 2>err || rc=$?; echo $rc >status; } | true
	is "$(cat status)" 74; has err "the pipe went away"; is "$(undone)" 3'
ok 'TERM while the reader does not read: the rows are free at once' '
	clear; many 3
	mkfifo slow
	sleep 60 <slow & reader=$!
	outbox-relay >slow & relay=$!
	wait_for 5 claimed
	sleep 0.1; kill $relay
	ends 143
	kill $reader; wait $reader || :
	outbox-relay >again; is "$(wc -l <again)" 3
	is "$(attempts)" 1'
ok 'a reader that never reads: 75, and the rows are given back' '
	command -v faketime >/dev/null || exit 0
	clear; many 3
	mkfifo never
	sleep 60 <never & reader=$!
	ASAN_OPTIONS=verify_asan_link_order=0 exit_is 75 timeout -s KILL 50 \
		faketime -f "+0 x30" outbox-relay >never 2>err
	kill $reader; wait $reader || :
	has err "has read nothing for 45 s"
	is "$(undone)" 3'
# Reads and keeps, and is gone after a random number of bytes.
cat >mortal.pl <<'END'
open(my $f, ">>", "kept") or die;
for my $i (1 .. int(rand(40))) {
	my $n = sysread(STDIN, my $b, 1 + int(rand(900)));
	exit 0 unless $n;
	syswrite($f, $b) == $n or die;
}
kill 9, $$;
END
ok 'the reader of the pipe is killed 30 times: nothing is lost' '
	clear; many 400 100; : >kept; n=0
	while [ $n -lt 30 ]; do
		outbox-relay --batch 20 2>err | perl mortal.pl || :
		empty err
		echo >>kept
		due; n=$((n + 1))
	done
	[ "$(undone)" -gt 0 ] && [ "$(undone)" -lt 400 ]
	sql "UPDATE sluice.outbox_delivery SET attempts = 0, failed = false"
	outbox-relay --batch 20 >>kept
	jq -R "fromjson? | .id // empty" kept | sort -u >ids
	is "$(wc -l <ids)" 400'

# --- a command ------------------------------------------------------------------
ok 'a command gets the lines; nothing due: it is not started' '
	clear; many 7
	outbox-relay sh -c "cat >>got.cmd; echo out; echo err >&2" >out 2>err
	is "$(jq -r .id got.cmd | sort -u | wc -l)" 7
	has out out; has err err; is "$(undone)" 0
	outbox-relay -- touch started
	absent started'
ok 'a command is started for each batch, with its own options' '
	clear; many 7
	outbox-relay --batch 3 -- wc -l >out
	is "$(tr "\n" " " <out)" "3 3 1 "'
ok 'status 2: its own matter, done; any other: 75, and the reason' '
	clear; many 3
	exit_is 0 outbox-relay sh -c "cat >got; exit 2" 2>err; empty err; is "$(undone)" 0
	clear; many 3; n=0
	for end in "exit 1" "exit 64" "exit 74" "kill -9 \$\$" "kill -TERM \$\$"; do
		exit_is 75 outbox-relay sh -c "cat >/dev/null; $end" 2>err
		has err "\"sh\" "; has err "hint: the events stay"
		is "$(undone)" 3
		due; n=$((n + 1))
	done
	is $n 5
	outbox-relay --list >list
	is "$(jq -r .last_error list | sort -u)" "\"sh\" was killed by signal 15"
	is "$(jq -r .attempts list | sort -u)" 5'
ok 'status 75 and 78 say that it cannot work now: no attempt is counted' '
	clear; many 3
	for n in 1 2 3 4 5 6; do
		for status in 75 78; do
			exit_is 75 outbox-relay sh -c "cat >/dev/null; exit $status" 2>err; has err "status $status"
		done
	done
	is "$(attempts)" 0; is "$(outbox-relay sh -c "cat >got" && wc -l <got)" 3'
ok 'no such command: 78, and no attempt is counted; 127 from within: 78' '
	clear; many 3
	exit_is 78 outbox-relay no-such-command 2>err; has err "could not run \"no-such-command\""
	exit_is 78 outbox-relay "$T" 2>err
	is "$(attempts)" 0
	exit_is 78 outbox-relay sh -c "exit 127" 2>err; has err "status 127"
	is "$(undone)" 3
	due; is "$(outbox-relay | wc -l)" 3'
ok 'a reader that ends early: its status decides' '
	clear; many 300 3000
	exit_is 0 outbox-relay true; is "$(undone)" 0
	clear; many 300 3000
	exit_is 75 outbox-relay sh -c "exec <&-; sleep 0.1; exit 9" 2>err; has err "status 9"; is "$(undone)" 300'
ok 'a command has SIGPIPE as usual, no descriptor of ours, and leaves no zombie' '
	clear; many 1
	outbox-relay perl -e "print \$SIG{PIPE} || q(usual)" >out; is "$(cat out)" usual
	ls /proc/self/fd >want
	many 1 50
	outbox-relay ls /proc/self/fd >have; same want have
	outbox-relay --watch --batch 1 sh -c "cat >/dev/null" & relay=$!
	sleep 0.3; ls /proc/$relay/fd >fds
	many 20
	wait_for 10 all_done
	sleep 0.2
	ls /proc/$relay/fd >fds2; same fds fds2
	is "$(cat /proc/$relay/task/$relay/children)" ""
	kill $relay; ends 143'
ok 'a dry run does not start it' '
	clear; many 2
	is "$(outbox-relay -n touch started | wc -l)" 2
	absent started; is "$(undone)" 2'
ok 'TERM: handed on to the command and what it started; the rows are free at once' '
	clear; many 2
	outbox-relay sh -c "cat >/dev/null; sleep 77.$$ | cat; exit 0" & relay=$!
	wait_for 5 pgrep -f "^sleep 77.$$"
	sleep 0.1; kill -TERM $relay
	ends 143
	fails pgrep -f "^sleep 77.$$"
	is "$(attempts)" 0
	is "$(outbox-relay | wc -l)" 2'
ok 'TERM, and the command ends well in spite of it: done' '
	clear; many 2
	outbox-relay sh -c "trap : TERM; cat >/dev/null; touch there; sleep 1 & wait; exit 0" & relay=$!
	wait_for 5 test -e there; sleep 0.1
	kill -TERM $relay
	ends 143; is "$(undone)" 0'
ok 'a command that hangs, or does not take its lines, ends before the lease does' '
	command -v faketime >/dev/null || exit 0
	n=0
	for body in "exec sleep 100" "trap : TERM; cat >/dev/null; while :; do sleep 1; done"; do
		clear; many 300 3000
		ASAN_OPTIONS=verify_asan_link_order=0 exit_is 75 timeout -s KILL 50 \
			faketime -f "+0 x30" outbox-relay env -u LD_PRELOAD sh -c "$body" 2>err
		has err "took longer than 45 s"
		is "$(undone)" 300; n=$((n + 1))
	done
	is $n 2'
ok 'watch goes on after a command that failed' '
	clear; many 1
	outbox-relay --watch sh -c "cat >>got.watch; test -e well" 2>err & relay=$!
	wait_for 5 grep -q "status 1" err
	touch well; due; sql "NOTIFY ingest_updates"
	wait_for 10 all_done
	fails grep -q "database is back" err
	kill $relay; ends 143'
ok 'the command is killed at any time, 30 times: nothing is lost' '
	clear; many 400 100; : >kept; n=0
	while [ $n -lt 30 ]; do
		outbox-relay --batch 20 perl mortal.pl 2>err || :
		echo >>kept
		due; n=$((n + 1))
	done
	sql "UPDATE sluice.outbox_delivery SET attempts = 0, failed = false"
	outbox-relay >>kept
	jq -R "fromjson? | .id // empty" kept | sort -u >ids
	is "$(wc -l <ids)" 400'

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
	is "$(attempts)" 0'
ok 'the list as text; usage: 64; no database: 75' '
	outbox-relay --list -f text >out; has out "0 attempts"
	exit_is 64 outbox-relay --sink redis 2>err
	exit_is 64 outbox-relay --batch 0 2>err
	exit_is 64 outbox-relay --list --redrive 2>err
	exit_is 64 outbox-relay --list -f xml 2>err
	exit_is 64 outbox-relay --list cat 2>err; has err "no command"
	exit_is 75 outbox-relay -d "host=$T/none" 2>err
	exit_is 78 outbox-relay -d "$DATABASE_URL dbname=postgres" 2>err; has err "dbctl init"'
ok 'no sink in the table: 78' '
	sql "DELETE FROM sluice.outbox_sink"
	exit_is 78 outbox-relay 2>err; has err outbox_sink'
finish
