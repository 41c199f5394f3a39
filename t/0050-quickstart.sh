#!/bin/sh
# scripts/quickstart, pg-local and receiver: twice, killed in between, never a record
# twice, and a verified web hook for each event.
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

# The ids of the outbox that no web hook has told; each file must verify.
untold() {
	DATABASE_URL=$($local_pg url) sql "SELECT payload->>'id' FROM sluice.outbox" | sort >outbox.ids
	[ -s outbox.ids ] || return 1
	sed -n 's/^webhook-id: //Ip' state/webhooks/*.http | tr -d '\r' | sort -u >hook.ids
	comm -23 outbox.ids hook.ids
}

ok 'quickstart' '
	sh "$SRC/scripts/quickstart" >out 2>err || { cat out err; exit 1; }
	empty err
	has out "what to type next"
	has out success
	has out " 2 received, 2 verified, 0 missing"
	is "$(grep -c " verified: {\"type\":\"gate\.[a-z]*\"" out)" 2
	is "$(untold)" ""
	is "$(stat -c %a state/webhook.secret)" 600
	fails grep -rqF "$(cat state/webhook.secret)" out state/sluice.yaml state/webhooks state/spool
	fails pgrep -f "scripts/receiver $T/state"
	cp state/webhook.secret secret
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
	has out " 2 received, 2 verified, 0 missing"
	is "$(untold)" ""
	is "$(sort hook.ids | wc -l) $(ls state/webhooks/*.http | wc -l)" "4 4"
	same secret state/webhook.secret
	has out " 0 events" || [ "$(count events)" -gt "$(cat events)" ]'
ok 'killed at any time, then run again: nothing twice, nothing left' '
	rm -f state/dpkg.cursor
	n=0
	for ms in 3.3 3.5 3.7 3.9 4.1 4.3 4.5; do
		timeout -s KILL $ms sh "$SRC/scripts/quickstart" >out 2>&1 || n=$((n + 1))
	done
	[ $n -gt 0 ]
	wait_for 20 sh "$SRC/scripts/quickstart"
	is "$(doubles)" 0
	is "$(find state/spool/incoming state/spool/processing -type f | wc -l)" 0
	DATABASE_URL=$($local_pg url) SLUICE_SPOOL=$T/state/spool manifest verify >verdict || { cat verdict; exit 1; }
	fails pgrep -f "scripts/receiver $T/state"'
ok 'and every event of the killed ones has come by web hook' '
	find state/spool/notify/new -type f -exec touch -d "1 second ago" {} +
	sh "$SRC/scripts/quickstart" >out 2>err || { cat out err; exit 1; }
	is "$(untold)" ""
	has out " 0 missing"'
ok 'a web hook that does not verify is a failure' '
	mkdir fake
	printf "#!/bin/sh\ncase \$1 in --verify) exit 1 ;; esac\nexec %s/bin/notify \"\$@\"\n" "$SLUICE_BUILD" >fake/notify
	for t in "$SLUICE_BUILD"/bin/*; do [ -e fake/${t##*/} ] || ln -s "$t" fake/; done
	chmod 755 fake/notify; mkdir other && mv fake other/bin
	SLUICE_BUILD=$T/other exit_is 2 sh "$SRC/scripts/quickstart" >out 2>err
	has out "NOT VERIFIED"; has err "signature is wrong"'

# --- the receiver ---------------------------------------------------------------------
ok 'receiver: one file for each POST, in order, none written over' '
	n=0
	for run in 1 2; do
		setpriv --pdeathsig TERM perl "$SRC/scripts/receiver" hooks & pid=$!
		wait_for 10 test -s hooks/port
		for i in 1 2; do
			perl -MIO::Socket::INET -e "\$s = IO::Socket::INET->new(\"127.0.0.1:\$ARGV[0]\") or die;
				print \$s \"POST / HTTP/1.1\r\nWebhook-Id: \$ARGV[1]\r\nContent-Length: 3\r\n\r\na\nb\"; print <\$s>" \
				"$(cat hooks/port)" "m$run$i" >answer
			has answer "204 No Content"
			n=$((n + 1))
		done
		kill $pid; wait $pid
		absent hooks/port
	done
	is $n 4
	is "$(cat hooks/000003.http | tr "\n" "|")" "Webhook-Id: m21|Content-Length: 3||a|b"
	is "$(ls hooks | wc -l)" 4'
ok 'receiver: what is no POST with a length is refused, a silent peer does not stop it' '
	setpriv --pdeathsig TERM perl "$SRC/scripts/receiver" hooks2 & pid=$!
	wait_for 10 test -s hooks2/port
	ask() {
		printf "$1" | perl -MIO::Socket::INET -e "\$s = IO::Socket::INET->new(\"127.0.0.1:\$ARGV[0]\") or die;
			print \$s <STDIN>; \$s->flush; shutdown(\$s, 1); print scalar <\$s>" "$(cat hooks2/port)" | cut -c 10-12
	}
	is "$(ask "GET / HTTP/1.1\r\n\r\n")" 405
	is "$(ask "POST / HTTP/1.1\r\n\r\n")" 411
	is "$(ask "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0")" 411
	is "$(ask "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")" 413
	is "$(ask "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort")" 400
	is "$(ask "nonsense\r\n\r\n")" 400
	is "$(ls hooks2)" port
	is "$(ask "POST / HTTP/1.1\nContent-Length: 0\n\n")" 204
	kill $pid; wait $pid
	exit_is 64 "$SRC/scripts/receiver" 2>err
	exit_is 64 "$SRC/scripts/receiver" d word 2>err'
finish
