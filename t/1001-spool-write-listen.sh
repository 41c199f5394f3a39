#!/bin/sh
# spool-write --listen: many clients, each with its own stream and answers.
. "${0%/*}/test-lib.sh"
need jq zstd sockcat

metrics() {
	awk -v a="$1" -v b="$2" 'BEGIN { for (i = a; i <= b; i++)
		printf "{\"type\":\"metric\",\"ts\":%d,\"name\":\"m\",\"value\":%d,\"labels\":{}}\n", i, i }'
}

# The server's pid is in a file: a body that fails is a subshell that ends.
stop_server() {
	if [ -s pid ] && kill "$(cat pid)" 2>/dev/null; then
		wait_for 10 test ! -e sock
	fi
	rm -f pid
}
on_exit stop_server

# start ARGS...: a server on ./sock; its lines in out, its words in err
start() {
	stop_server
	rm -f err
	spool-write -v -s sp --listen ./sock "$@" >out 2>err &
	server=$!
	echo $server >pid
	wait_for 5 grep -q 'listening on' err
}

start --max-age 300ms
ok 'a client gets a line for its segment before the connection ends' '
	metrics 1 100 | sockcat sock >acks
	is "$(jq -c "[.type, .records, .rejected]" acks)" "[\"segment\",100,0]"
	zstd -dcq "sp/incoming/$(jq -r .name acks)" >got
	metrics 1 100 | cmp - got
'
ok 'the same line, without rejected, is on standard output' '
	jq -c "del(.rejected)" acks >a
	jq -c . out | same a -
'
ok 'msgpack and zstd clients' '
	spool-write -s mp --to msgpack --level 0 got >line
	mp=mp/incoming/$(jq -r .name line)
	sockcat sock <"$mp" >acks
	is "$(jq -c "[.format, .records]" acks)" "[\"msgpack\",100]"
	zstd -qc "$mp" | sockcat sock >acks
	is "$(jq -c "[.format, .records]" acks)" "[\"msgpack\",100]"
'
ok 'a client that stays connected gets lines by age' '
	mkfifo pipe
	sockcat sock <pipe >acks &
	client=$!
	exec 4>pipe
	metrics 1 3 >&4
	wait_for 5 test -s acks
	metrics 4 5 >&4
	wait_for 5 sh -c "test \$(wc -l <acks) = 2"
	exec 4>&-
	wait $client
	is "$(jq .records acks | tr "\n" " ")" "3 2 "
'
ok 'bad records are counted for the client and named on stderr' '
	{ metrics 1 2; echo bad; } | sockcat sock >acks
	is "$(jq -c "[.records, .rejected]" acks)" "[2,1]"
	grep "client pid [0-9]*:3: " err
	echo "{}" | sockcat sock >acks
	is "$(jq -c "[.type, .rejected]" acks)" "[\"rejected\",1]"
	printf "\377\377\377\377" | sockcat sock >acks
	is "$(jq -c "[.type, .status]" acks)" "[\"error\",65]"
'
ok 'a client that sends nothing gets nothing' '
	sockcat sock </dev/null >acks
	empty acks
'
ok 'twenty clients at once: every record once, every line true' '
	rm -f sp/incoming/*
	pids= nr=0
	for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
		metrics $((i * 500 + 1)) $((i * 500 + 500)) | sockcat sock >"acks.$i" &
		pids="$pids $!"
		nr=$((nr + 1))
	done
	for p in $pids; do wait "$p"; done
	[ $nr = 20 ]
	is "$(cat acks.* | jq .records | jq -s add)" 10000
	for f in sp/incoming/*; do zstd -dcq "$f"; done | jq .value | sort -n >got
	seq 1 10000 | same - got
	cat acks.* | jq -r .name | sort >a
	ls sp/incoming | same a -
'
ok 'a client that is killed takes nothing with it' '
	mkfifo pipe3
	sockcat sock <pipe3 >acks &
	client=$!
	exec 4>pipe3
	metrics 1 3 >&4
	wait_for 5 test -s acks
	kill -KILL $client
	wait $client || :
	exec 4>&-
	metrics 1 5 | sockcat sock >acks
	is "$(jq .records acks)" 5
'
ok 'nobody else can listen there: status 75' '
	exit_is 75 spool-write -s sp --listen ./sock 2>e2
	has e2 "another process listens"
	is "$(stat -c %a sock)" 660
'
ok 'SIGTERM: clients land what they sent, the socket goes, status 143' '
	start --max-age 0
	mkfifo pipe4
	sockcat sock <pipe4 >acks &
	client=$!
	exec 4>pipe4
	metrics 1 9 >&4
	wait_for 5 sh -c "ls -A sp/incoming | grep -q tmp"
	kill -TERM "$server"
	exit_is 143 wait "$server"
	wait $client
	exec 4>&-
	is "$(jq .records acks)" 9
	[ -f "sp/incoming/$(jq -r .name acks)" ]
	absent sock
'
stop_server
ok 'a server that is killed leaves a socket that the next one takes' '
	start
	kill -KILL "$server"
	wait "$server" || :
	[ -S sock ]
	start
	metrics 1 2 | sockcat sock >acks
	is "$(jq .records acks)" 2
	stop_server
'
ok 'what is no socket is left alone: status 78' '
	echo precious >file
	exit_is 78 spool-write -s sp --listen ./file 2>e2
	is "$(cat file)" precious
	exit_is 78 spool-write -s sp --listen nonsense 2>e2
	has e2 "no address"
'
ok 'at the limit a client waits for its turn' '
	start --max-clients 1
	mkfifo pipe5
	sockcat sock <pipe5 >acks.1 &
	first=$!
	exec 4>pipe5
	metrics 1 1 >&4
	wait_for 5 grep -q connected err
	metrics 2 3 | sockcat sock >acks.2 4>&- &
	second=$!
	sleep 0.3
	empty acks.2
	is "$(grep -c connected err)" 1
	exec 4>&-
	wait $first
	wait $second
	is "$(jq .records acks.1 acks.2 | tr "\n" " ")" "1 2 "
	stop_server
'
ok 'a full spool is told to the client: status 75 in its line' '
	start --max-spool 1
	metrics 1 2 | sockcat sock >acks
	is "$(jq -c "[.type, .status]" acks)" "[\"error\",75]"
	stop_server
'
ok 'TCP, on the loopback unless told otherwise' '
	rm -f err
	spool-write -v -s tcp --listen tcp::0 >out 2>err &
	server=$!
	echo $server >pid
	wait_for 5 grep -q "listening on" err
	where=$(sed -n "s/.*listening on //p" err)
	is "${where%:*}" 127.0.0.1
	metrics 1 4 | sockcat "${where%:*}" "${where##*:}" >acks
	is "$(jq .records acks)" 4
	stop_server
'
ok 'the server ends when nobody reads its lines any more' '
	rm -f err
	(spool-write -v -s sp --listen ./sock2 2>err || echo $? >status) | head -n 1 >line &
	wait_for 5 grep -q "listening on" err
	metrics 1 4 | sockcat sock2 >acks
	wait_for 5 test -s status
	is "$(cat status)" 74
	is "$(jq .records acks)" 4
'
finish
