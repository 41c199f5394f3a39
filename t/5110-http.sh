#!/bin/sh
# Whatever a receiver does, a request ends in time, in little memory, with the status
# that it was given, and says nothing of what came from there.
. "${0%/*}/test-lib.sh"
need jq python3 httptry

# receiver DIR ARGS...: its port in DIR/port, what it got in DIR/log
receiver() {
	dir=$1
	shift
	mkdir -p "$dir"
	python3 "$SRC/t/helper/hookd.py" --log "$dir/log" --port-file "$dir/port" "$@" \
		>"$dir/out" 2>&1 &
	echo $! >>pids
	wait_for 20 test -s "$dir/port"
}
on_exit 'kill $(cat pids)'
receiver a
U=http://127.0.0.1:$(cat a/port)
export U
try() {
	: >a/log
	httptry -a 127.0.0.0/8 "$@"
}
# gives PATH ANSWER REQUESTS-THAT-ARRIVED
gives() {
	is "$(try -t 20000 "$U$1")" "$2"
	is "$(wc -l <a/log)" "$3"
}

ok '/ok' 'gives /ok "204 -1 HTTP 204" 1'
ok 'a POST of the body, with its length and type, and no more headers than that' '
	gives /ok "204 -1 HTTP 204" 1
	is "$(jq -c "[.method, .path, .body]" a/log)" "[\"POST\",\"/ok\",\"{}\"]"
	is "$(jq -c ".headers | keys" a/log)" \
		"[\"accept\",\"content-length\",\"content-type\",\"host\",\"user-agent\"]"
	is "$(jq -r ".headers[\"content-type\"]" a/log)" application/json
	is "$(jq -r ".headers[\"user-agent\"]" a/log)" "sluice-notify/$(cat "$SRC/VERSION")"
'
ok 'any status is the answer' '
	for s in 200 201 202 204 301 304 307 308 400 401 403 404 407 408 413 417 421 425 429 500 502 503 504 599 999; do
		gives "/status/$s" "$s -1 HTTP $s" 1
		n=$((${n:-0} + 1))
	done
	is $n 25
'
ok 'no status is none' '
	for s in 000 099 42; do
		try "$U/status/$s" >out
		is "$(cut -d " " -f 1-2 out)" "0 -1"
	done
'
ok 'gone is gone' 'gives /gone "410 -1 HTTP 410" 1'
ok 'Retry-After: seconds, within bounds, or nothing' '
	gives "/status/429?retry-after=7" "429 7 HTTP 429" 1
	gives "/status/503?retry-after=0" "503 0 HTTP 503" 1
	gives "/status/204?retry-after=7" "204 7 HTTP 204" 1
	gives "/status/429?retry-after=99999999999999999999" "429 604800 HTTP 429" 1
	for v in -7 7.5 soon "Tue,%2032%20Nov%202026%2000:00:00%20GMT" 7s; do
		gives "/status/429?retry-after=$v" "429 -1 HTTP 429" 1
	done
'
ok 'Retry-After: a date' '
	when=$(date -u -d "+90 seconds" "+%a, %d %b %Y %H:%M:%S GMT" | sed "s/ /%20/g")
	try "$U/status/429?retry-after=$when" >out
	got=$(cut -d " " -f 2 out)
	[ "$got" -ge 30 ] && [ "$got" -le 91 ]
	gives "/status/429?retry-after=Sun,%2006%20Nov%201994%2008:49:37%20GMT" "429 0 HTTP 429" 1
'
ok '100 and 103 are not the answer, nor is their Retry-After' 'gives /100 "204 -1 HTTP 204" 1'
ok 'the status counts when the body is cut, 1 GiB, a bomb or drips' '
	gives /die "200 -1 HTTP 200" 1
	gives "/die?status=500" "500 -1 HTTP 500" 1
	gives /huge "200 -1 HTTP 200" 1
	gives /bomb "200 -1 HTTP 200" 1
	begin=$(date +%s)
	gives /drip "200 -1 HTTP 200" 1
	gives "/drip?status=503" "503 -1 HTTP 503" 1
	# of 20 s each
	[ $(($(date +%s) - begin)) -lt 10 ]
'
ok 'what is no answer is said in our words' '
	gives /garbage "0 -1 the answer is not HTTP" 1
	gives /reset "0 -1 the connection broke: Connection reset by peer" 1
	gives /reset-early "0 -1 the connection broke: Connection reset by peer" 0
	gives /bigheader "0 -1 its headers are too long" 1
	gives "/bigheader?lines=16" "0 -1 its headers are too long" 1
	gives "/bigheader?lines=2000" "0 -1 its headers are too long" 1
	is "$(httptry -a 127.0.0.0/8 http://127.0.0.1:1/)" \
		"0 -1 could not connect: Connection refused"
	is "$(httptry http://name.invalid/)" "0 -1 could not resolve the host'"'"'s name"
'
ok '/hang and /slow end at the timeout' '
	for path in hang slow; do
		begin=$(date +%s%N)
		is "$(try -t 700 "$U/$path")" "0 -1 no answer within 700 ms"
		took=$((($(date +%s%N) - begin) / 1000000))
		[ $took -ge 690 ]
		[ $took -lt 7000 ]
	done
'
ok 'memory does not grow with what comes back' '
	cat >rss.py <<-END
		import resource, subprocess, sys
		subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
		print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
	END
	small=$(python3 rss.py httptry -a 127.0.0.0/8 "$U/ok")
	for path in huge bomb bigheader "bigheader?lines=16" garbage; do
		big=$(python3 rss.py httptry -a 127.0.0.0/8 -n 20 "$U/$path")
		# KiB
		[ "$big" -lt $((small + 16384)) ]
	done
'
ok 'nothing that came from there, nor our headers, is printed' '
	: >all
	for path in echo garbage "redirect?to=http://x/canary" bigheader die; do
		try -H "X-Secret: canary-7" -H "Authorization: Bearer canary-8" "$U/$path" >>all
		is "$(jq -r .headers.authorization a/log)" "Bearer canary-8"
		is "$(jq -r ".headers[\"x-secret\"]" a/log)" canary-7
	done
	is "$(wc -l <all)" 5
	is "$(grep -c canary all || :)" 0
	is "$(LC_ALL=C grep -c "[^ -~]" all || :)" 0
'
ok 'headers: an empty one is sent, one with a line end is not' '
	is "$(try -H "X-Empty:" -H "Content-Type: text/x" "$U/ok")" "204 -1 HTTP 204"
	is "$(jq -c ".headers | [.[\"x-empty\"], .[\"content-type\"]]" a/log)" "[\"\",\"text/x\"]"
	exit_is 125 httptry -a 127.0.0.0/8 -H "$(printf "X: a\r\nY: canary")" "$U/ok" >out
	is "$(cat out)" "trouble: header 1 is not \`Name: value\`"
'
ok 'a connection is used again, unless the body is too long' '
	try -n 10 "$U/ok" >out
	is "$(sort out | uniq -c | sed "s/^ *//")" "10 204 -1 HTTP 204"
	is "$(jq -s "[.[].port] | unique | length" a/log)" 1
	try -n 10 "$U/status/503" >out
	is "$(jq -s "[length, ([.[].port] | unique | length)]" -c a/log)" "[10,1]"
	try -n 3 "$U/close" >out
	is "$(jq -s "[length, ([.[].port] | unique | length)]" -c a/log)" "[3,3]"
	begin=$(date +%s%N)
	try -n 20 "$U/huge" >out
	took=$((($(date +%s%N) - begin) / 1000000))
	is "$(jq -s "[length, ([.[].port] | unique | length)]" -c a/log)" "[20,20]"
	# a body is cut for its length, not after half a second
	[ $took -lt 7000 ]
'
receiver slow --delay 300
ok '100 requests, 64 at once' '
	begin=$(date +%s%N)
	httptry -a 127.0.0.0/8 -t 60000 -n 100 -j 64 "http://127.0.0.1:$(cat slow/port)/ok" >out
	took=$((($(date +%s%N) - begin) / 1000000))
	is "$(sort out | uniq -c | sed "s/^ *//")" "100 204 -1 HTTP 204"
	is "$(wc -l <slow/log)" 100
	ports=$(jq -s "[.[].port] | unique | length" slow/log)
	[ "$ports" -le 64 ]
	[ "$ports" -ge 32 ]
	# one after the other would be 30 s
	[ $took -lt 15000 ]
'
ok 'many ways to fail at once do not disturb each other' '
	try -t 1500 -n 4 -j 64 "$U/ok" "$U/hang" "$U/huge" "$U/reset" "$U/garbage" "$U/drip" \
		"$U/slow" "$U/gone" "$U/bigheader" >out
	is "$(cut -d " " -f 1 out | sort -n | uniq -c | tr -s " \n" " ")" " 20 0 8 200 4 204 4 410 "
'
ok 'a stop signal ends a wait' '
	httptry -a 127.0.0.0/8 -t 100000 "$U/hang" &
	pid=$!
	: >a/log
	wait_for 10 test -s a/log
	begin=$(date +%s)
	kill $pid
	rc=0
	wait $pid || rc=$?
	is $rc 143
	[ $(($(date +%s) - begin)) -lt 10 ]
'
ok 'a descriptor is watched beside the requests' '
	mkfifo pipe
	httptry -a 127.0.0.0/8 -t 3000 -w 0 "$U/hang" <pipe >out &
	pid=$!
	exec 4>pipe
	sleep 0.5
	empty out
	exec 4>&-
	wait_for 2 grep -qx "fd hup" out
	wait $pid
	is "$(sed 1d out)" "0 -1 no answer within 3000 ms"
'

# --- the receiver itself: what other tests rely on ------------------------------
printf 'reset\n/status/500\n/ok\n' >plan.txt
receiver plan --plan plan.txt
ok 'hookd: a plan, the last line stays' '
	httptry -a 127.0.0.0/8 -n 5 "http://127.0.0.1:$(cat plan/port)/x" >out
	is "$(cut -d " " -f 1 out | tr "\n" " ")" "0 500 204 204 204 "
'
receiver faults --faults 30 --seed 7
ok 'hookd: 30 % faults of every kind, all others arrive' '
	httptry -a 127.0.0.0/8 -t 1000 -n 600 -j 64 "http://127.0.0.1:$(cat faults/port)/ok" >out
	is "$(wc -l <out)" 600
	bad=$(grep -vc "^204 " out)
	[ "$bad" -ge 120 ]
	[ "$bad" -le 240 ]
	is "$(jq -r "select(.answer != \"/ok\") | .answer" faults/log | sort -u | wc -l)" 7
	is "$(grep -c "^204 " out)" "$(jq -r "select(.answer == \"/ok\") | .answer" faults/log | wc -l)"
'

# --- TLS -----------------------------------------------------------------------
if ! command -v openssl >/dev/null; then
	skip 'certificates' 'no openssl here'
	finish
fi
# certificate NAME SUBJECT-ALT-NAME DAYS
certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days "$3" \
		-subj "/CN=$1.test" -addext "subjectAltName=$2" 2>openssl.err
}
certificate good IP:127.0.0.1 30
certificate other DNS:other.test 30
receiver tls --tls good.pem good.key
receiver tls2 --tls other.pem other.key
S=https://127.0.0.1:$(cat tls/port)
S2=https://127.0.0.1:$(cat tls2/port)
ok 'https with a ca_file' '
	is "$(httptry -a 127.0.0.0/8 -c good.pem -n 3 "$S/ok" | sort -u)" "204 -1 HTTP 204"
	is "$(jq -s "[length, ([.[].port] | unique | length)]" -c tls/log)" "[3,1]"
	is "$(httptry -a 127.0.0.0/8 -c good.pem "$S/huge")" "200 -1 HTTP 200"
'
ok 'an authority that is not known, a name that is another, a file that is not there' '
	: >tls/log
	is "$(httptry -a 127.0.0.0/8 "$S/ok")" "0 -1 the certificate is self-signed"
	is "$(httptry -a 127.0.0.0/8 -c other.pem "$S/ok")" "0 -1 the certificate is self-signed"
	is "$(httptry -a 127.0.0.0/8 -c other.pem "$S2/ok")" \
		"0 -1 the certificate is not good for this host"
	is "$(httptry -a 127.0.0.0/8 -c nowhere.pem "$S/ok")" "0 -1 could not read the ca_file"
	empty tls/log tls2/log
'
if command -v strace >/dev/null; then
	ok 'a ca_file is in the place of the authorities of the system' '
		export ASAN_OPTIONS=detect_leaks=0
		strace -f -qq -e trace=%file -o trace httptry -a 127.0.0.0/8 "$S/ok" >out
		has trace /etc/ssl/certs
		strace -f -qq -e trace=%file -o trace httptry -a 127.0.0.0/8 -c other.pem "$S/ok" >out
		has trace other.pem
		is "$(grep -c /etc/ssl/certs trace || :)" 0
	'
else
	skip 'a ca_file is in the place of the authorities of the system' 'no strace here'
fi
ok 'http to https, and https to http' '
	is "$(httptry -a 127.0.0.0/8 "http://127.0.0.1:$(cat tls/port)/ok" | cut -d " " -f 1)" 0
	is "$(httptry -a 127.0.0.0/8 -t 700 "https://127.0.0.1:$(cat a/port)/ok" | cut -d " " -f 1)" 0
'
finish
