#!/bin/sh
# notify: what a review found, each as it was found.
. "${0%/*}/test-lib.sh"
. "$SRC/t/lib-hook.sh"
hook_start
many() { # N [PREFIX]
	seq -f "{\"type\":\"t\",\"id\":\"${2:-evt_}%g\",\"pad\":\"$(printf %100s x)\"}" "$1"
}
other() { # one more endpoint
	printf '  %s:\n    url: %s\n    allow_net: 127.0.0.0/8\n' "$1" "$2" >>sluice.yaml
}
# Waiting deliveries, without the tool's help: the head and the body of a real one.
backlog() { # ENDPOINT N PREFIX
	event evt_seed >in; notify <in >out || :
	seed=$(find spool/notify -name "*.evt_seed" | head -n 1)
	python3 -c '
import os, shutil, sys
seed, endpoint, nr, prefix = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
data = open(seed, "rb").read()
for i in range(nr):
    path = "spool/notify/new/%s.%s%d" % (endpoint, prefix, i)
    open(path, "wb").write(data)
    os.chmod(path, 0o600)
    os.utime(path, (1000000000 + i, 1000000000 + i))
' "$seed" "$1" "$2" "$3"
	rm -f "$seed"
}

ok 'a queue that fails at the end of the input: the lines are out all the same' '
	endpoint; many 3000 >in; mkdir -p spool/notify/state/ops
	{ rc=0; notify <in 2>err || rc=$?; echo $rc >rc; } | { sleep 1; cat; } >out
	same in out; is "$(cat rc)" 74; has err "state/ops"'
ok 'trouble with one endpoint is not the others'"'"' trouble' '
	forget; endpoint; other b "$HOOK/ok"; mkdir -p spool/notify/state/ops
	event evt_1 | { exit_is 74 notify >out 2>err; }
	is "$(jq -r .path hooks | wc -l)" 1; is "$(find spool/notify/new -name "ops.*" | wc -l)" 1
	exit_is 74 notify --drain 2>err; is "$(wc -l <hooks)" 1'
ok 'few descriptors, many endpoints: all of it is sent' '
	forget; echo endpoints: >sluice.yaml
	for i in $(seq 100); do other "e$i" "$HOOK/ok/$i"; done
	many 4 >in
	(ulimit -n 1024; exit_is 0 notify <in >out 2>err); same in out; empty err
	(ulimit -n 1024; exit_is 0 notify --drain 2>err); empty err
	is "$(queued sent)" 400; is "$(wc -l <hooks)" 400'
ok 'a clock that was ahead does not silence an endpoint' '
	forget; endpoint "/status/503?retry-after=5"
	event evt_1 | faketime -f +5y notify >out
	endpoint; event evt_2 | notify >out; notify --drain
	is "$(received | sort -u | tr "\n" " ")" "evt_1 evt_2 "; is "$(queued new)" 0'
ok 'a large backlog of one endpoint does not hide the others' '
	forget; endpoint /status/503; backlog ops 12000 old_
	other b "$HOOK/ok"; event evt_b >in
	sed -i "s/^  ops:/  ops: {url: \"http:\/\/127.0.0.1:9\/\", allow_net: 127.0.0.0\/8}\n  gone:/" sluice.yaml
	notify <in >out 2>err || :
	: >hooks; find spool/notify -name "b.*" -exec sh -c "mv \$1 spool/notify/new/; touch -d 1.second.ago spool/notify/new/b.evt_b" sh {} \; 2>log || :
	touch -d "1 second ago" spool/notify/new/b.evt_b; rm -f spool/notify/sent/b.*
	exit_is 75 notify --drain 2>err
	is "$(jq -r "select(.path == \"/ok\") | .headers[\"webhook-id\"]" hooks)" evt_b'
ok 'burying is no reason not to stop' '
	forget; endpoint /gone; backlog ops 20000 old_
	notify --drain 2>err & pid=$!
	wait_for 10 test -e spool/notify/dead/ops.old_100
	kill -TERM $pid; start=$(date +%s); rc=0; wait $pid || rc=$?
	is $rc 143; [ $(($(date +%s) - start)) -lt 5 ]; [ "$(queued new)" -gt 100 ]'
ok 'a thousand errors are a few lines' '
	exit_is 2 notify --drain 2>err; [ "$(wc -l <err)" -lt 20 ]; has err "and gave up on"; has err redrive'
ok 'notify.wait: 0 leaves it all to the queue' '
	forget; endpoint; echo "notify: {wait: 0}" >>sluice.yaml
	event evt_1 | notify >out; empty hooks; is "$(queued new)" 1
	is "$(notify --list | jq -r "select(.type == \"delivery\").attempts")" 0
	notify --drain; is "$(received)" evt_1'
ok 'an answer that was not waited for says nothing of the endpoint' '
	forget; endpoint /hang; echo "notify: {wait: 300ms}" >>sluice.yaml
	for i in 1 2 3 4; do event evt_$i | notify >out 2>err; empty err; done
	is "$(state state)" up'
ok 'an event that is too large is an error' '
	forget; endpoint
	{ printf "{\"type\":\"t\",\"id\":\"evt_1\",\"pad\":\"%s\"}\n" "$(head -c 1300000 /dev/zero | tr "\0" x)"; } >in
	exit_is 65 notify <in >out 2>err; same in out; has err "longer than"; is "$(queued sent)" 0'
ok 'no commands to the terminal from a list' '
	forget; endpoint /status/500; event evt_1 | notify >out
	echo "{\"failures\":9,\"down_us\":1,\"reason\":\"a\\u001b[2J\\u0007\"}" >spool/notify/state/ops
	notify --list -f text >list; has list "x1b"
	is "$(tr -d "[:print:]\n" <list | wc -c)" 0'
ok 'a type with controls is no event' '
	forget; endpoint
	printf "{\"type\":\"a\\\\u009bb\",\"id\":\"evt_1\"}\n{\"type\":\"a\\\\nb\",\"id\":\"evt_2\"}\n" >in
	exit_is 0 notify <in >out 2>err; same in out; empty err hooks'
ok 'a secret in the place of its file: not told' '
	for s in "SECRET_FILE=whsec_CANARYCANARY" "TOKEN_FILE=sk_live_CANARY"; do
		endpoint; sed -i /secret_file/d sluice.yaml
		exit_is 78 env "SLUICE_ENDPOINTS_OPS_$s" notify </dev/null 2>err
		is "$(grep -c CANARY err || :)" 0
		endpoint "token_file: sk_live_CANARY"; exit_is 78 notify </dev/null 2>err; is "$(grep -c CANARY err || :)" 0
	done'
ok '--endpoint holds for the backlog of a filter too' '
	forget; endpoint; other b "$HOOK/ok"; echo "notify: {wait: 0}" >>sluice.yaml
	event evt_1 | notify >out; sed -i /^notify/d sluice.yaml
	notify --endpoint b </dev/null; is "$(find spool/notify/sent -type f)" spool/notify/sent/b.evt_1'
ok 'a list whose reader goes away ends in silence' '
	forget; endpoint /status/500; many 3000 | notify >out
	(rc=0; notify --list 2>err || rc=$?; echo $rc >rc) | head -n 1 >list; empty err; is "$(cat rc)" 141'
ok 'a foreign file without an endpoint is told, too' '
	forget; endpoint; notify </dev/null; echo x >spool/notify/new/junk; touch -d "1 hour ago" spool/notify/new/junk
	exit_is 2 notify --drain 2>err; has err junk; is "$(ls spool/notify/new)" ""'
ok 'the time of an event may be a number with a fraction' '
	forget; endpoint; echo "{\"type\":\"t\",\"id\":\"evt_1\",\"ts\":1763690000.5}" | notify >out
	is "$(jq -r .body hooks | jq -r .timestamp)" 2025-11-21T01:53:20.500000Z'
ok 'a pipe that stays open: what waits has a new turn each minute' '
	forget; endpoint /status/500 "retry: 1s 1s 1s"
	mkfifo p; faketime -f "+0 x40" notify <p >out 2>err & pid=$!
	exec 4>p; event evt_1 >&4; wait_for 10 test -s hooks
	port=$(cat port); endpoint; wait_for 20 sh -c "[ \$(wc -l <hooks) -ge 2 ]"; exec 4>&-
	wait $pid || :; rm p; is "$(received | sort -u)" evt_1'
finish
