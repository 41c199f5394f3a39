#!/bin/sh
# notify: what passes, what is sent, what waits, what is dead.
. "${0%/*}/test-lib.sh"
. "$SRC/t/lib-hook.sh"
hook_start

# --- a filter -------------------------------------------------------------------
ok 'no endpoint: every line passes, no queue is made' '
	: >$SLUICE_CONFIG
	{ event evt_1; echo "not json"; printf "%s" "no newline"; } >in
	exit_is 0 notify <in >out 2>err; same in out; empty err; absent spool'
ok 'lines pass as they are, whatever they are' '
	endpoint
	{ event evt_1; echo; echo "not json"; echo "{\"type\":1,\"id\":\"x\"}"; echo "[1]"
	  echo "{\"type\":\"t\"}"; printf "\377\376\n\000\n"
	  head -c 3000000 /dev/zero | tr "\0" x; echo; event evt_2; printf "{\"type\":\"last\",\"id\":\"evt_3\"}"; } >in
	exit_is 65 notify <in >out 2>err; same in out
	has err "longer than"; is "$(wc -l <err)" 1
	is "$(received | sort | tr "\n" " ")" "evt_1 evt_2 evt_3 "'
ok 'a line passes before its receiver has answered' '
	forget; endpoint /hang "timeout: 10s"
	mkfifo p q
	SLUICE_NOTIFY_WAIT=8s notify <p >q & pid=$!
	exec 4>p 5<q
	event evt_1 >&4
	timeout 5 head -n 1 <&5 >out; has out evt_1
	kill -9 $pid; exec 4>&- 5<&-; rm p q
	is "$(queued new)" 1'
ok 'the message is a Standard Webhook' '
	forget; endpoint
	event evt_1 >in; notify <in >out
	is "$(wc -l <hooks)" 1
	is "$(jq -r .method hooks)" POST
	is "$(jq -r ".headers[\"content-type\"]" hooks)" application/json
	jq -r .body hooks | tr -d "\n" >body
	is "$(jq -c "[.type, .timestamp]" body)" "[\"gate.done\",\"2026-11-21T02:15:45Z\"]"
	jq -c .data body >data; jq -c . in >want; same want data
	ts=$(jq -r ".headers[\"webhook-timestamp\"]" hooks)
	[ $(($(date +%s) - ts)) -lt 60 ]
	key=$(printf %s "${SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d " \n")
	{ printf "%s.%s." evt_1 "$ts"; cat body; } |
		openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64 >sig
	is "$(jq -r ".headers[\"webhook-signature\"]" hooks)" "v1,$(cat sig)"'
ok 'and --verify says so, to a shell' '
	jq -j ".headers | to_entries[] | \"\(.key): \(.value)\r\n\"" hooks >message
	printf "\r\n" >>message; cat body >>message
	exit_is 0 notify --verify --secret-file secret <message >out 2>err; same body out; empty err
	exit_is 0 notify --verify --endpoint ops <message >out; same body out
	sed "s/gate.done/gate.gone/" message >changed
	exit_is 1 notify --verify --secret-file secret <changed >out 2>err; empty out; [ -s err ]
	(umask 077; echo $OLD_SECRET >other)
	exit_is 1 notify --verify --secret-file other <message >out 2>err; empty out
	(umask 077; { echo $OLD_SECRET; echo $SECRET; } >both)
	exit_is 0 notify --verify --secret-file both <message >out
	exit_is 1 faketime +10min notify --verify --secret-file secret <message >out 2>err
	exit_is 1 faketime -10min notify --verify --secret-file secret <message >out 2>err
	exit_is 0 faketime +10min notify --verify --tolerance 1h --secret-file secret <message >out
	grep -v webhook-id message >less
	exit_is 65 notify --verify --secret-file secret <less >out 2>err; empty out'
ok 'two secrets: signed by both, the new one first' '
	forget; (umask 077; { echo $OLD_SECRET; echo $SECRET; } >two)
	endpoint; sed -i "s|secret_file: .*|secret_file: $T/two|" sluice.yaml
	event evt_1 | notify >out
	is "$(jq -r ".headers[\"webhook-signature\"]" hooks | wc -w)" 2'
ok 'patterns choose: by type, by type and status' '
	forget; endpoint "events: embed.* gate.done:failed"
	{ event evt_1 gate.done success; event evt_2 gate.done failed; event evt_3 embed.done; event evt_4 gate.open failed; } |
		notify >out
	is "$(received | sort | tr "\n" " ")" "evt_2 evt_3 "; is "$(wc -l <out)" 4'
ok 'headers and a token go with it' '
	forget; (umask 077; echo t0ken-abc >token)
	endpoint "token_file: $T/token" "headers: [\"X-Team: night shift\", \"X-Env: prod\"]"
	event evt_1 | notify >out
	is "$(jq -r ".headers | [.authorization, .[\"x-team\"], .[\"x-env\"]] | join(\"|\")" hooks)" \
		"Bearer t0ken-abc|night shift|prod"'
ok 'templates: by a directory, and by a file' '
	forget; endpoint "template: $SRC/etc/templates"
	{ event evt_1 gate.done; event evt_2 other.kind; } | notify >out
	is "$(jq -r "select(.headers[\"webhook-id\"] == \"evt_1\") | .body" hooks | jq -r "keys[0]")" text
	is "$(jq -r "select(.headers[\"webhook-id\"] == \"evt_2\") | .body" hooks | jq -r .type)" other.kind
	forget; mkdir -p tm; printf "{{type}} {{>sig}}" >tm/a.tmpl; printf "of {{batch_tag}}" >tm/sig.tmpl
	endpoint "template: $T/tm/a.tmpl"
	event evt_1 | notify >out
	is "$(jq -r .body hooks)" "gate.done of t"
	has hooks "text/plain"'
ok 'an id that is no webhook-id is hashed, the same each time' '
	forget; endpoint
	{ event "a.b/c d"; event "a.b/c d"; event "a.b"; } | notify >out
	is "$(wc -l <hooks)" 2
	is "$(received | grep -c "^evt_[0-9a-f]*\$")" 2'
ok 'the same event is sent once, in one run and in another, and by two stages' '
	forget; event evt_1 >in
	cat in in | notify | notify >out; cat in in >want; same want out
	notify <in >out
	is "$(wc -l <hooks)" 1; is "$(queued sent)" 1'
ok 'the dedupe window: known within it, new after it' '
	forget; endpoint "dedupe: 1h"
	event evt_1 | notify >out
	event evt_1 | faketime -f +59m notify >out; is "$(wc -l <hooks)" 1
	event evt_1 | faketime -f +61m notify >out; is "$(wc -l <hooks)" 2
	is "$(queued sent)" 1'
ok '-n shows the body, and sends nothing' '
	forget; endpoint
	event evt_1 | notify -n >out; is "$(jq -r .id out)" evt_1
	jq -r .body out | jq -e ".data.id == \"evt_1\"" >log
	empty hooks; absent spool/notify'

# --- failures -------------------------------------------------------------------
ok 'a failure waits: 5 s, then 5 min, and so on for 75 hours' '
	forget; endpoint /status/503
	event evt_1 | notify >out 2>err; empty err
	is "$(queued new)" 1
	t=0
	for want in 5 300 1800 7200 18000 36000 50400 72000 86400; do
		now=$(($(date +%s) + t))
		at=$(notify --list | jq -r "select(.type == \"delivery\") | .next_attempt_at | sub(\"\\\\.[0-9]+\"; \"\") | fromdate")
		delay=$((at - now))
		[ $delay -ge $((want - 60)) ] && [ $delay -le $((want * 11 / 10 + 5)) ] || { echo "delay $delay, not $want"; exit 1; }
		t=$((at - $(date +%s) + 2))
		rc=0; faketime -f "+${t}s" notify --drain >out 2>err || rc=$?
		echo $rc >>statuses
	done
	[ $t -ge 270000 ] && [ $t -le 302000 ]
	is "$(tr "\n" " " <statuses)" "75 75 75 75 75 75 75 75 2 "
	is "$(queued new)" 0; is "$(queued dead)" 1; is "$(wc -l <hooks)" 10
	is "$(received | sort -u)" evt_1
	has err "gave up on evt_1: HTTP 503"
	notify --list >list
	is "$(jq -r "select(.type == \"delivery\") | [.state, .attempts, .last_error] | join(\"|\")" list)" "dead|10|HTTP 503"'
ok 'each attempt is signed anew, with the same id' '
	is "$(jq -r ".headers[\"webhook-timestamp\"]" hooks | sort -u | wc -l)" 10
	is "$(jq -r ".headers[\"webhook-signature\"]" hooks | sort -u | wc -l)" 10
	is "$(jq -r .body hooks | sort -u | wc -l)" 1'
ok 'redrive' '
	endpoint; exit_is 0 notify --redrive evt_1; is "$(queued new)" 1
	exit_is 2 notify --redrive evt_7 2>err; has err evt_7
	exit_is 0 notify --drain; is "$(queued sent)" 1; is "$(queued dead)" 0; is "$(queued new)" 0'
ok 'three failures in a row are told once, and so is the end of it' '
	forget; endpoint /status/500
	event evt_1 | notify >out 2>err; empty err
	for i in 2 3 4 5; do due_now; exit_is 75 notify --drain 2>err.$i; done
	empty err.2 err.4 err.5; has err.3 "ops does not take notifications: HTTP 500"
	is "$(state state)" down
	due_now; endpoint; exit_is 0 notify --drain -v 2>err; has err "again"; is "$(state state)" up'
ok 'after one failure the rest of the run is queued' '
	forget; endpoint /status/500
	{ event evt_1; sleep 0.5; event evt_2; event evt_3; } | notify >out
	is "$(received | sort -u)" evt_1; is "$(queued new)" 3'
took() { # milliseconds of notify <in
	_at=$(date +%s%N); notify <in >out 2>err; echo $((($(date +%s%N) - _at) / 1000000))
}
ok 'a receiver that never answers holds the line up for notify.wait, and no more' '
	seq -f "{\"type\":\"t\",\"id\":\"evt_%g\"}" 300 >in
	forget; endpoint /ok; good=$(took); same in out
	forget; endpoint /hang; bad=$(took); same in out; is "$(queued new)" 300
	echo "$good ms and $bad ms"; [ $((bad - good)) -lt 3000 ]'
ok '410 disables the endpoint; what is for it is dead, until a redrive' '
	forget; endpoint /gone
	event evt_1 >in; exit_is 2 notify <in >out 2>err; same in out
	has err "ops is disabled"; has err "notify --redrive --endpoint ops"
	event evt_2 >in; exit_is 2 notify <in >out 2>err; is "$(received)" evt_1
	is "$(queued dead)" 2; is "$(state state)" disabled
	endpoint; exit_is 0 notify --redrive --endpoint ops; exit_is 0 notify --drain
	is "$(received | sort -u | tr "\n" " ")" "evt_1 evt_2 "; is "$(state state)" up'
ok 'Retry-After: between once and twice what was due' '
	for ra in 1:5:6 7:7:8 1000:10:12 -5:5:6 soon:5:6; do
		forget; endpoint "/status/429?retry-after=${ra%%:*}"
		event evt_1 | notify >out
		at=$(notify --list | jq -r "select(.type == \"delivery\") | .next_attempt_at | sub(\"\\\\.[0-9]+\"; \"\") | fromdate")
		delay=$((at - $(date +%s))); low=${ra#*:}; low=${low%:*}
		echo "$ra: $delay"
		[ $delay -ge $((low - 2)) ] && [ $delay -le ${ra##*:} ]
	done'
ok 'an endpoint that asked for peace gets it, for all events' '
	forget; endpoint "/status/429?retry-after=7"
	event evt_1 | notify >out; endpoint; event evt_2 | notify >out
	is "$(received)" evt_1; is "$(queued new)" 2'
ok 'a redirect is a failure, and not followed' '
	forget; endpoint "/redirect?to=$HOOK/ok"
	event evt_1 | notify >out; is "$(wc -l <hooks)" 1; is "$(queued new)" 1
	has "$(find spool/notify/new -type f)" "HTTP 30"'
ok 'an address that is not allowed: queued, and why' '
	forget; endpoint; sed -i /allow_net/d sluice.yaml
	event evt_1 | notify >out; empty hooks
	is "$(notify --list | jq -r "select(.type == \"delivery\").last_error" | grep -c "loopback.*allow_net")" 1'
ok 'one endpoint down, the other is served' '
	forget; endpoint /hang
	{ echo "  other:"; echo "    url: $HOOK/ok"; echo "    allow_net: 127.0.0.0/8"; } >>sluice.yaml
	seq -f "{\"type\":\"t\",\"id\":\"evt_%g\"}" 50 | notify >out
	is "$(jq -r "select(.path == \"/ok\").headers[\"webhook-id\"]" hooks | sort -u | wc -l)" 50
	is "$(find spool/notify/new -name "other.*" | wc -l)" 0'
ok 'a rate holds, in one run and over runs' '
	forget; endpoint "rate: 5/s"
	seq -f "{\"type\":\"t\",\"id\":\"evt_%g\"}" 12 >in
	notify <in >out; notify --drain
	is "$(queued new)" 0
	jq -r .t hooks | sort -n | awk "{ a[NR] = \$1 } END { for (i = 6; i <= NR; i++) if (a[i] - a[i-5] < 0.95) { print a[i] - a[i-5]; exit 1 } exit NR != 12 }"'
ok 'a rate that is slow: the run does not wait for it' '
	forget; endpoint "rate: 2/h"
	event evt_1 | notify >out; event evt_2 | notify >out
	exit_is 0 timeout 5 notify --drain; is "$(wc -l <hooks)" 1; is "$(queued new)" 1'

# --- quiet hours ----------------------------------------------------------------
ok 'quiet hours: it waits, and is sent when they end' '
	forget; endpoint "quiet: 22:00-07:00" "zone: Europe/Berlin"
	event evt_1 | faketime "2026-01-10 23:30:00" notify >out; empty hooks
	faketime "2026-01-11 05:59:00" notify --drain; empty hooks
	is "$(faketime "2026-01-11 05:59:00" notify --list | jq -r "select(.type == \"delivery\").next_attempt_at")" 2026-01-11T06:00:00Z
	faketime "2026-01-11 06:00:01" notify --drain; is "$(received)" evt_1'
ok 'and so on the days when the clocks change' '
	while read -r zone quiet before after; do
		forget; endpoint "quiet: $quiet" "zone: $zone"
		event evt_1 | faketime "$(echo $before | tr T " ")" notify >out
		is "$(queued new) $zone $before" "1 $zone $before"; empty hooks
		faketime "$(echo $after | tr T " ")" notify --drain
		is "$(received) $zone $after" "evt_1 $zone $after"
	done <<-END
	Europe/Berlin 22:00-07:00 2026-03-29T04:59:50 2026-03-29T05:00:01
	Europe/Berlin 22:00-07:00 2026-10-25T05:59:50 2026-10-25T06:00:01
	Europe/Berlin 22:00-02:30 2026-03-29T00:59:50 2026-03-29T01:00:01
	America/New_York 22:00-07:00 2026-03-08T10:59:50 2026-03-08T11:00:01
	America/New_York 22:00-07:00 2026-11-01T11:59:50 2026-11-01T12:00:01
	Australia/Lord_Howe 22:00-07:00 2026-10-03T19:59:50 2026-10-03T20:00:01
	Australia/Lord_Howe 22:00-07:00 2026-04-04T20:29:50 2026-04-04T20:30:01
	END'

# --- trouble --------------------------------------------------------------------
ok 'a mistake in the settings: the lines pass all the same, status 78' '
	forget; event evt_1 >in
	endpoint "retry: 5x"; exit_is 78 notify <in >out 2>err; same in out; has err "5x"
	endpoint "colour: red"; exit_is 78 notify <in >out 2>err; same in out; has err "sluice.yaml:6"
	endpoint; chmod 644 secret; exit_is 78 notify <in >out 2>err; same in out; has err "chmod"; chmod 600 secret
	mkdir -p tm; echo "{{#a}}" >tm/bad.json.tmpl; endpoint "template: $T/tm/bad.json.tmpl"
	exit_is 78 notify <in >out 2>err; same in out; has err "bad.json.tmpl:1"'
ok 'a template that makes no JSON of an event: told, not sent, status 65' '
	echo "{{{type}}}" >tm/raw.json.tmpl; endpoint "template: $T/tm/raw.json.tmpl"
	exit_is 65 notify <in >out 2>err; same in out; has err JSON; empty hooks; is "$(queued new)" 0'
ok 'the queue cannot be made: lines pass, status 77 or 74' '
	endpoint; rm -rf spool; mkdir spool; echo >spool/notify
	rc=0; notify <in >out 2>err || rc=$?; same in out; [ $rc = 74 ] || [ $rc = 78 ]; rm -r spool'
ok 'stdout is full: 74, and what was read is queued' '
	exit_is 74 notify <in >/dev/full 2>err; is "$(queued sent)" 1'
ok 'the reader goes away: 141, and what was read is queued' '
	forget; seq -f "{\"type\":\"t\",\"id\":\"evt_%g\",\"pad\":\"$(printf %100s x)\"}" 2000 >many
	(rc=0; notify <many || rc=$?; echo $rc >rc) | head -n 1 >out
	is "$(cat rc)" 141; is $(($(queued sent) + $(queued new))) 2000'
ok 'a file in the queue that is none of ours is put aside' '
	forget; event evt_1 | notify >out; echo garbage >spool/notify/new/ops.evt_9
	touch -d "1 hour ago" spool/notify/new/ops.evt_9
	exit_is 2 notify --drain 2>err; is "$(ls spool/notify/new)" ""; notify --list >list'
ok 'an endpoint that is not in the settings any more: kept for 76 hours' '
	forget; endpoint /status/500; event evt_1 | notify >out
	sed -i "s/ops:/other:/" sluice.yaml; due_now
	exit_is 0 notify --drain; is "$(queued new)" 1
	exit_is 2 faketime -f +77h notify --drain 2>err; is "$(queued dead)" 1; has err "not in the settings"'
ok 'sent ids are forgotten after 76 hours, not before' '
	forget; endpoint; event evt_1 | notify >out; is "$(queued sent)" 1
	faketime -f +75h notify --drain; is "$(queued sent)" 1
	faketime -f +77h notify --drain; is "$(queued sent)" 0'
ok 'the queue is for its owner only' '
	chmod 755 spool/notify; event evt_5 | notify >out
	is "$(stat -c %a spool/notify spool/notify/new spool/notify/sent spool/notify/dead | sort -u)" 700
	is "$(find spool/notify -type f ! -perm 600)" ""'
forget
endpoint
hook_stop
ok 'nobody listens: all of it waits' '
	seq -f "{\"type\":\"t\",\"id\":\"evt_%g\"}" 200 | notify >out; is "$(queued new)" 200'
hook_start --port "$(cat port)"
ok 'two drains at once and a filter: nothing is sent twice' '
	due_now
	notify --drain & a=$!; notify --drain & b=$!; notify </dev/null & c=$!
	exit_is 0 wait $a; exit_is 0 wait $b; exit_is 0 wait $c; notify --drain
	is "$(wc -l <hooks)" 200; is "$(received | sort -u | wc -l)" 200'
finish
