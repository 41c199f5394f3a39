#!/bin/sh
# A secret is where it was put and nowhere else: canaries are searched for in what is
# printed, logged, queued, in arguments and environments, and in core of the receiver's
# own words. Only the wire has the token, and nothing has the key.
. "${0%/*}/test-lib.sh"
. "$SRC/t/lib-hook.sh"
need strace
hook_start
KEY='canary-key-canary-key-32-bytes!!'
KEY64=$(printf %s "$KEY" | base64)
TOKEN=canary-token-5d1c7e
HIDDEN=canary-path-88aa
(umask 077; echo "whsec_$KEY64" >keyfile; echo $TOKEN >tokenfile)
printf '%s\n' "$KEY" "$KEY64" "$(printf %s "$KEY64" | cut -c 1-20)" $TOKEN $HIDDEN \
	"$(printf %s "$KEY" | od -An -v -tx1 | tr -d ' \n')" >canaries

canary_endpoint() { # PATH
	endpoint "$1/$HIDDEN" "token_file: $T/tokenfile" "retry: 10ms 10ms 10ms"
	sed -i "s|secret_file: .*|secret_file: $T/keyfile|" sluice.yaml
}
# clean FILE...: no canary, in any case, in any of them
clean() {
	for _f; do
		[ -f "$_f" ] || { echo "no $_f"; return 1; }
		if grep -a -i -F -l -f canaries "$_f"; then
			grep -a -i -F -f canaries "$_f" | head -n 3
			return 1
		fi
	done
}
ok 'the search finds what it is to find' '
	for c in "$KEY" "$KEY64" $TOKEN $HIDDEN; do
		printf "before\000%s\000after" "$c" >probe; fails clean probe >log
	done
	echo nothing >probe; clean probe'
ok 'what is printed at -vv, whatever happens: sent, refused, broken, echoed back' '
	n=0
	for path in /ok /echo /status/500 /gone /garbage /reset /redirect?to=$HOOK/x /bigheader /hang; do
		for format in text json; do
			forget; canary_endpoint $path
			event evt_1 | SLUICE_NOTIFY_WAIT=300ms notify -vv --log-format $format >out 2>err || :
			[ -s hooks ]; clean out err
			SLUICE_NOTIFY_WAIT=300ms timeout 20 notify -vv --drain --log-format $format >out 2>err || :
			notify --list >list 2>>err; notify --list -f text >>list; notify -vv --redrive >>list 2>>err
			clean out err list
			find spool -type f | xargs cat >all; [ -s all ]; clean all
			find spool -name "*canary*" >names; empty names
			n=$((n + 1))
		done
	done
	is $n 18'
ok 'mistakes in the settings do not quote it' '
	canary_endpoint /ok
	for wrong in "s|keyfile|tokenfile|" "s|http:|ftp:|" "s|http://|http://user:$TOKEN@|" "s|/ok|/o k|" \
		"s|secret_file:.*|secret: whsec_$KEY64|" "s|token_file:.*|token: $TOKEN|" \
		"s|retry: .*|retry: nonsense|"; do
		cp sluice.yaml good; sed -i "$wrong" sluice.yaml; fails cmp -s good sluice.yaml
		event evt_1 | { exit_is 78 notify -vv >out 2>err; }; [ -s err ]; clean out err
		cp good sluice.yaml
	done
	echo "whsec_$KEY64 x" >keyfile; event evt_1 | { exit_is 78 notify -vv >out 2>err; }; [ -s err ]; clean out err
	echo "whsec_$KEY64" >keyfile'
ok 'a secret of the environment: the same, and used' '
	forget; endpoint; sed -i /secret_file/d sluice.yaml
	event evt_1 | SLUICE_ENDPOINTS_OPS_SECRET=whsec_$KEY64 SLUICE_ENDPOINTS_OPS_TOKEN=$TOKEN notify -vv >out 2>err
	clean out err
	is "$(jq -r ".headers.authorization" hooks)" "Bearer $TOKEN"
	jq -j ".headers | to_entries[] | \"\(.key): \(.value)\r\n\"" hooks >message
	printf "\r\n" >>message; jq -j .body hooks >>message
	notify --verify --secret-file keyfile <message >out
	event evt_2 | { exit_is 78 env SLUICE_ENDPOINTS_OPS_SECRET=whsec_bad_$TOKEN notify -vv >out 2>err; }; [ -s err ]; clean out err'
ok 'arguments and environments of all processes while it works' '
	forget; canary_endpoint /hang
	mkfifo p; SLUICE_NOTIFY_WAIT=5s notify -vv <p >out 2>err & pid=$!
	exec 4>p; event evt_1 >&4; wait_for 5 test -s hooks
	for d in /proc/[0-9]*; do cat $d/cmdline $d/environ 2>>log; echo; done >procs || :
	[ -s procs ]; grep -a -q notify procs; clean procs
	kill $pid; exec 4>&-; wait $pid || :; rm p; clean out err'
ok 'it starts no other program' '
	forget; canary_endpoint /ok
	event evt_1 >in
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=execve,fork,vfork -o trace notify <in >out 2>err || { cat err; exit 1; }
	is "$(grep -c execve trace)" 1; is "$(grep -c "fork" trace || :)" 0'
ok 'others cannot look into the queue' '
	forget; canary_endpoint /status/500; event evt_1 | notify >out
	is "$(find spool/notify -perm /077)" ""'
ok 'only the wire has the token, and not even the wire has the key' '
	forget; canary_endpoint /ok; event evt_1 | notify >out
	has hooks $TOKEN
	sed "s/$TOKEN//g; s/$HIDDEN//g" hooks >rest; clean rest'
finish
