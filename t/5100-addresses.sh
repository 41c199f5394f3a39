#!/bin/sh
# No request reaches an address that is nobody's public one, however it is written and
# whatever the name servers say, unless allow_net has it; no proxy, netrc or redirect
# leads there.
. "${0%/*}/test-lib.sh"
need jq python3 httptry

hookd() {
	python3 "$SRC/t/helper/hookd.py" --log log --port-file port "$@" >hookd.out 2>&1 &
	echo $! >pid
	wait_for 20 test -s port
	P=$(cat port)
}
on_exit 'kill "$(cat pid)"'
on6='--bind ::1'
python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null || on6=
# shellcheck disable=SC2086
hookd --bind 127.0.0.1 $on6

# try ARGS...: answers in out, requests that arrived in log
try() {
	: >log
	httptry -t 5000 "$@" >out
}
# refused NAME-OF-RANGE URL: where there is no IPv6 the words may be others.
refused() {
	try "$2"
	case $on6$2 in *--bind* | http://[![]* | https://*) ;;
	*) is "$(cut -d ' ' -f 1 out)" 0 && empty log && return ;;
	esac
	grep -Eqx "0 -1 [0-9a-f.:]+ is an? $1 address; allow_net does not allow it" out ||
		{ cat out; return 1; }
	is "$(wc -l <out)" 1
	empty log
}

# The spelling, and what it is.
for u in '2130706433 loopback' '0x7f.1 loopback' '0177.1 loopback' '127.1 loopback' \
	'127.0.0.1 loopback' '0x7f000001 loopback' '017700000001 loopback' \
	'127.255.255.254 loopback' '[::1] loopback' '[0:0:0:0:0:0:0:1] loopback' \
	'[::ffff:127.0.0.1] loopback' '[::ffff:7f00:1] loopback' 'localhost loopback' \
	'LOCALHOST loopback' 'x.localhost loopback' '[fe80::1] link-local' \
	'[fe80::1%25lo] link-local' '169.254.169.254 link-local' '0.0.0.0 unspecified' \
	'0 unspecified' '[::] unspecified' '10.0.0.1 private' '172.31.255.255 private' \
	'192.168.1.1 private' '0300.0250.1.1 private' '[::ffff:10.0.0.1] private'; do
	ok "${u% *} is ${u#* } and refused" "refused '${u#* }' 'http://${u% *}:$P/ok'"
done
for u in '[::127.0.0.1]' '[64:ff9b::7f00:1]' '[2002:7f00:1::1]' '[fc00::1]' '[ff02::1]' \
	100.64.0.1 224.0.0.1 255.255.255.255 240.0.0.1 192.0.2.1 198.18.0.1 0.1.2.3; do
	ok "$u is refused" "refused '[a-zA-Z0-9 -]+' 'http://$u:$P/ok'"
done
for u in http https; do
	ok "$u is refused alike" "refused loopback '$u://127.0.0.1:$P/ok'"
done

ok 'what allow_net has arrives, in every spelling' '
	for u in 2130706433 0x7f.1 0177.1 127.1 127.0.0.1 "[::ffff:127.0.0.1]" \
		"[::ffff:7f00:1]"; do
		try -a 127.0.0.0/8 "http://$u:$P/ok"
		is "$(cat out)" "204 -1 HTTP 204"
		is "$(wc -l <log)" 1
		n=$((${n:-0} + 1))
	done
	is $n 7
	try -a 10.0.0.0/8 -a ::1 "http://127.0.0.1:$P/ok"
	has out "127.0.0.1 is a loopback address"
	empty log
'
if [ -n "$on6" ]; then
	ok 'what allow_net has arrives by IPv6' '
		try -a ::1/128 "http://[::1]:$P/ok" && is "$(cat out)" "204 -1 HTTP 204"
		try -a ::/0 "http://[::1]:$P/ok" && is "$(cat out)" "204 -1 HTTP 204"
		try -a 127.0.0.0/8 "http://[::1]:$P/ok" && has out "::1 is a loopback address"
		empty log
	'
else
	skip 'what allow_net has arrives by IPv6' 'no IPv6 here'
fi
ok 'of localhost the one address that is allowed is dialled' '
	try -a 127.0.0.0/8 "http://localhost:$P/ok"
	is "$(cat out)" "204 -1 HTTP 204"
'
ok 'a connection is not used by a request that may not dial it' '
	try -a 127.0.0.0/8 "http://127.0.0.1:$P/ok" "http://127.0.0.1:$P/ok" \
		allow= "http://127.0.0.1:$P/ok" allow=10.0.0.0/8 "http://127.0.0.1:$P/ok" \
		allow=127.0.0.1 "http://127.0.0.1:$P/ok"
	is "$(cut -d " " -f 1 out | tr "\n" " ")" "204 204 0 0 204 "
	is "$(grep -c "127.0.0.1 is a loopback address" out)" 2
	is "$(wc -l <log)" 3
'
ok 'a redirect to loopback is an answer and not followed' '
	for to in "http://127.0.0.1:$P/ok" "http://[::1]:$P/ok" "//127.0.0.1:$P/ok" /ok file:///etc/passwd; do
		try -a 127.0.0.0/8 "http://127.0.0.1:$P/redirect?to=$to"
		is "$(cat out)" "302 -1 HTTP 302"
		is "$(wc -l <log)" 1
		n=$((${n:-0} + 1))
	done
	is $n 5
'
ok 'no other scheme, and no user in the URL' '
	for u in "ftp://127.0.0.1:$P/" file:///etc/passwd "gopher://127.0.0.1:$P/_x" \
		"dict://127.0.0.1:$P/x" "http://u:p@127.0.0.1:$P/" "http://@127.0.0.1:$P/"; do
		: >log
		exit_is 125 httptry -a 127.0.0.0/8 "$u" >out
		has out "not an http or https URL"
		empty log
	done
'

ok 'no proxy of the environment is used' '
	for v in http_proxy https_proxy ALL_PROXY all_proxy HTTP_PROXY HTTPS_PROXY; do
		export "$v=http://127.0.0.1:$P/"
	done
	export NO_PROXY= no_proxy=
	refused private "http://10.0.0.1:$P/ok"
	refused private "https://10.0.0.1:$P/ok"
	try -a 127.0.0.0/8 "http://127.0.0.1:$P/ok"
	is "$(jq -r .path log)" /ok
	http_proxy=http://10.0.0.1/ try -a 127.0.0.0/8 "http://127.0.0.1:$P/ok"
	is "$(cat out)" "204 -1 HTTP 204"
'
ok 'neither ~/.netrc nor ~/.curlrc is read' '
	printf "machine 127.0.0.1 login u password canary\n" >"$HOME/.netrc"
	chmod 600 "$HOME/.netrc"
	printf "header = \"X-Rc: canary\"\nlocation\n" >"$HOME/.curlrc"
	CURL_HOME=$HOME NETRC=$HOME/.netrc try -a 127.0.0.0/8 "http://127.0.0.1:$P/ok"
	is "$(cat out)" "204 -1 HTTP 204"
	is "$(grep -c canary log || :)" 0
	is "$(jq -c ".headers | keys" log)" \
		"[\"accept\",\"content-length\",\"content-type\",\"host\",\"user-agent\"]"
'

# --- names -------------------------------------------------------------------
# A name server of our own, and one public address that leads to hookd.
if ! ${CC:-cc} -shared -fPIC -O1 -D_GNU_SOURCE -o resolv.so "$SRC/t/helper/preload/resolv.c" 2>cc.err; then
	skip 'names that resolve to loopback' 'no compiler here'
	finish
fi
# tryname ARGS...: also the addresses that were connected to, in connects
tryname() {
	: >log
	: >connects
	RESOLV_DIR=$T ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$T/resolv.so \
		httptry -t 5000 "$@" >out
}

ok 'a name that resolves to a public address arrives' '
	tryname "http://public.test:$P/ok"
	is "$(cat out)" "204 -1 HTTP 204"
	is "$(jq -r .headers.host log)" "public.test:$P"
	is "$(cat connects)" 93.184.216.34
'
ok 'a name that resolves to loopback is refused' '
	for name in loop mapped; do
		tryname "http://$name.test:$P/ok"
		grep -Eqx "0 -1 .* is a loopback address; allow_net does not allow it" out
		empty log connects
	done
	tryname -a 127.0.0.0/8 -a ::1 "http://loop.test:$P/ok"
	is "$(cat out)" "204 -1 HTTP 204"
'
ok 'a name that changes between look-ups is refused the second time' '
	rm -f flip
	tryname "http://flip.test:$P/ok"
	is "$(cat out)" "204 -1 HTTP 204"
	is "$(cat connects)" 93.184.216.34
	tryname "http://flip.test:$P/ok"
	is "$(cat out)" "0 -1 127.0.0.1 is a loopback address; allow_net does not allow it"
	empty log connects
'
ok 'so in one process, where the connection ends and the name is looked up again' '
	rm -f flip
	: >log
	: >connects
	RESOLV_DIR=$T ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$T/resolv.so \
		httptry -t 5000 -p 6000 -n 2 "http://flip.test:$P/close" >out
	is "$(cut -d " " -f 1 out | tr "\n" " ")" "204 0 "
	has out "127.0.0.1 is a loopback address"
	is "$(cat connects)" 93.184.216.34
'
ok 'of two addresses in one answer only the public one is dialled' '
	for name in both back; do
		tryname "http://$name.test:$P/ok"
		is "$(cat out)" "204 -1 HTTP 204"
		is "$(cat connects)" 93.184.216.34
	done
'
ok 'nor is loopback when the public one cannot be reached' '
	tryname "http://fall.test:$P/ok"
	is "$(cat out)" "0 -1 could not connect: Connection refused"
	is "$(cat connects)" 93.184.216.35
	empty log
'
ok 'a redirect from a public host to loopback reaches only the first' '
	tryname "http://public.test:$P/redirect?to=http://127.0.0.1:$P/ok"
	is "$(cat out)" "302 -1 HTTP 302"
	is "$(wc -l <log)" 1
	is "$(cat connects)" 93.184.216.34
'
ok 'a name server that is dead costs the timeout, no more' '
	begin=$(date +%s)
	tryname -t 300 "http://slow.test:$P/ok"
	is "$(cat out)" "0 -1 no connection within 300 ms"
	[ $(($(date +%s) - begin)) -lt 5 ]
'
finish
