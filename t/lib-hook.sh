# lib-hook.sh - a receiver of web hooks for the tests of notify (t/helper/hookd.py),
# and an endpoint `ops` for it. Sourced after test-lib.sh.
#
#	hook_start [OPTION-OF-HOOKD ...]	its URL in $HOOK, requests in $T/hooks; not in a body
#	hook_stop
#	endpoint 'KEY: VALUE' ...		sluice.yaml with endpoint ops, in $SLUICE_CONFIG
#	event ID [TYPE [STATUS]]		a line

need python3 jq openssl
export PYTHONDONTWRITEBYTECODE=1
export SLUICE_SPOOL="$T/spool" SLUICE_CONFIG="$T/sluice.yaml"
SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
OLD_SECRET=whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xk
# faketime is about clocks; the times of files stay what they are
export NO_FAKE_STAT=1
# and is preloaded before the runtime of a sanitizer build
export ASAN_OPTIONS="verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
(umask 077 && echo $SECRET >"$T/secret")
HOOK_PID=
hook_stop() {
	[ -z "$HOOK_PID" ] || { kill "$HOOK_PID"; wait "$HOOK_PID" || :; } 2>/dev/null
	HOOK_PID=
}
on_exit hook_stop
hook_start() {
	hook_stop
	rm -f "$T/port"
	: >"$T/hooks"
	python3 "$SRC/t/helper/hookd.py" --log "$T/hooks" --port-file "$T/port" "$@" \
		>"$T/hookd.out" 2>&1 3>&- &
	HOOK_PID=$!
	wait_for 10 test -s "$T/port" || { cat "$T/hookd.out"; return 1; }
	HOOK=http://127.0.0.1:$(cat "$T/port")
}
# endpoint [PATH] KEY: VALUE...: PATH begins with a slash.
endpoint() {
	_path=/ok
	case ${1:-} in /*) _path=$1; shift ;; esac
	{
		echo 'endpoints:'
		echo '  ops:'
		printf '    url: %s\n' "$HOOK$_path"
		printf '    allow_net: 127.0.0.0/8\n'
		printf '    secret_file: %s\n' "$T/secret"
		for _k; do printf '    %s\n' "$_k"; done
	} >"$SLUICE_CONFIG"
}
event() {
	printf '{"v":1,"type":"%s","id":"%s","ts":"2026-11-21T02:15:45Z","status":"%s","batch_tag":"t"}\n' \
		"${2:-gate.done}" "$1" "${3:-success}"
}
received() { # ids, in order of arrival
	jq -r '.headers["webhook-id"]' "$T/hooks"
}
queued() {
	find "$SLUICE_SPOOL/notify/$1" -type f ! -name '.*' 2>/dev/null | wc -l
}
state() { # KEY of the endpoint, by --list
	notify --list | jq -r "select(.type == \"endpoint\") | .$1"
}
# As if the time for the next attempt had come.
due_now() {
	find "$SLUICE_SPOOL/notify/new" -type f -exec touch -d '1 second ago' {} +
}
forget() { # an empty queue and an empty log
	rm -rf "$SLUICE_SPOOL/notify"
	: >"$T/hooks"
}
