#!/bin/sh
# The line as cron runs it: the command of etc/crontab.example, from an installed tree,
# with cron's own environment, in /, without a terminal. Silent with nothing to do, and
# its status says how bad it is, whichever stage fails.
. "${0%/*}/test-lib.sh"
. "$SRC/t/lib-pg.sh"
. "$SRC/t/lib-hook.sh"
need make setsid
unset MAKEFLAGS MAKELEVEL
make -s -C "$SRC" B="${SLUICE_BUILD##*/}" NOBUILD=1 install DESTDIR="$T/dest" PREFIX=/usr >log 2>&1 || {
	sed 's/^/# /' log
	exit 1
}
unset SLUICE_SPOOL SLUICE_CONFIG
pg_start
hook_start
LIBEXEC=$T/dest/usr/libexec/sluice
[ "$(id -u)" != 0 ] || chmod 755 "$T"

# The settings are in a file, as an operator has them.
settings() { # PATH-OF-THE-RECEIVER
	SLUICE_CONFIG=$T/sluice.yaml
	endpoint "${1:-/ok}"
	{ echo "spool: $T/spool"; echo "database: \"$DATABASE_URL\""; echo "notify:"; echo "  wait: 1s"; } >>sluice.yaml
	unset SLUICE_CONFIG
}
# The commands of the crontab, without times and user, in place of /usr/... this tree.
sed -n 's/^[0-9*@][^ 	]*[ 	]\{1,\}\([^ 	]\{1,\}[ 	]\{1,\}\)\{4\}sluice[ 	]\{1,\}//p' "$SRC/etc/crontab.example" |
	sed "s|/usr/local/libexec|$T/dest/usr/libexec|g; s|/usr/local/bin|$T/dest/usr/bin|g; s|/var/log/sluice|$T/log.d|g; s|\\\\%|%|g" >commands
mkdir log.d
cron() { # a command, as cron runs one
	(cd / && exec env -i HOME=/ LOGNAME=sluice SHELL=/bin/sh PATH="$T/dest/usr/bin:/usr/bin:/bin" \
		SLUICE_CONFIG="$T/sluice.yaml" setsid -w /bin/sh -c "$1" </dev/null >"$T/said" 2>&1 3>&-)
}
LINE=$(grep pipeline commands)
incoming() {
	echo "{\"type\":\"metric\",\"ts\":$(date +%s.%N),\"name\":\"x\",\"value\":1,\"labels\":{}}" |
		env SLUICE_CONFIG="$T/sluice.yaml" "$LIBEXEC/spool-write" --level 0 >segment
}
bad() {
	{ cat; echo "{\"type\":\"metric\",\"name\":\"x$(date +%N)\"}"; } </dev/null >"spool/incoming/bad-$(date +%s%N).ndjson"
}
nothing_left() {
	is "$(find spool/incoming spool/processing -type f | wc -l)" 0
}
ok 'the crontab has a line, a drain, a relay and the upkeep' '
	is "$(grep -c pipeline commands)" 1; has commands "notify --drain"; has commands "outbox-relay notify"
	has commands "dbctl partition"; has commands "dbctl retain"; has commands "manifest prune"'
ok 'nothing to do: silence, and status 0, for each of its commands' '
	settings; exit_is 0 cron "$LINE"; empty said
	n=0
	while read -r c; do
		exit_is 0 cron "$c" || { echo "$c"; cat said; exit 1; }
		empty said; n=$((n + 1))
	done <commands
	[ $n -ge 5 ]; is "$(cat log.d/* 2>/dev/null | grep -c gate || :)" 0'
ok 'something to do: the events go to the log, the receiver knows, silence' '
	incoming; exit_is 0 cron "$LINE"; empty said
	is "$(jq -r .type log.d/events.ndjson | sort | tr "\n" " ")" "gate.done gate.open "
	is "$(jq -r ".body | fromjson | .type" hooks | sort | tr "\n" " ")" "gate.done gate.open "
	nothing_left
	exit_is 0 cron "$(grep outbox-relay commands)"; exit_is 0 cron "$(grep -e --drain commands)"
	is "$(wc -l <hooks)" 2'

# --- each stage fails in turn -----------------------------------------------------
ok 'gate: 75 while another one works, and the rest is as before' '
	incoming
	exec 9<spool/incoming; flock 9
	exit_is 75 cron "$LINE"; has said "spool-gate"; exec 9<&-
	exit_is 0 cron "$LINE"; empty said; nothing_left'
ok 'gate: 2 when it cannot read one segment' '
	incoming; mkdir spool/incoming/dir.ndjson
	rc=0; cron "$LINE" || rc=$?; echo "status $rc: $(cat said)"; rmdir spool/incoming/dir.ndjson
	[ $rc = 0 ] || [ $rc = 2 ]; nothing_left'
ok 'replay: 2 with a record that is none' '
	incoming; bad; exit_is 2 cron "$LINE"; nothing_left
	is "$(tail -n 1 log.d/events.ndjson | jq -r .status)" partial'
ok 'replay and gate: 75 without a database, then all of it' '
	pg_stop; incoming; exit_is 75 cron "$LINE"; has said spool-gate
	pg_up; exit_is 0 cron "$LINE"; empty said; nothing_left'
ok 'notify: 0 with a receiver that is down, 2 when one is gone' '
	settings /status/503; incoming; exit_is 0 cron "$LINE"; empty said; nothing_left
	find spool/notify/new -type f -exec touch -d "1 second ago" {} +
	exit_is 75 cron "$(grep -e --drain commands)"
	settings /gone; incoming; exit_is 2 cron "$LINE"; has said "disabled"; nothing_left
	settings /ok; env SLUICE_CONFIG=$T/sluice.yaml "$LIBEXEC/notify" --redrive; exit_is 0 cron "$(grep -e --drain commands)"'
ok 'notify: 78 with bad settings of an endpoint, and the records are loaded' '
	settings /ok; sed -i "s/    allow_net.*/    allow_net: nonsense/" sluice.yaml; incoming
	exit_is 78 cron "$LINE"; has said nonsense; nothing_left'
settings /ok
# A stage that works and then says so: whatever it says must come out.
n=0
for stage in spool-gate notify spool-replay; do
	for status in 2 74 75 78; do
		n=$((n + 1))
		ok "$stage ends with $status, and so does the line" '
			mv "$LIBEXEC/$stage" "$LIBEXEC/$stage.real"
			printf "#!/bin/sh\n%s.real \"\$@\"\nexit %d\n" "$LIBEXEC/$stage" $status >"$LIBEXEC/$stage"
			chmod 755 "$LIBEXEC/$stage"
			incoming; rc=0; cron "$LINE" || rc=$?
			mv "$LIBEXEC/$stage.real" "$LIBEXEC/$stage"
			is "$rc" $status; nothing_left'
	done
done
ok 'each stage was tried' "is $n 12"
ok 'the worst of two wins' '
	for s in spool-gate:2 spool-replay:75; do
		f=$LIBEXEC/${s%:*}; mv $f $f.real
		printf "#!/bin/sh\n%s.real \"\$@\"\nexit %d\n" $f ${s#*:} >$f; chmod 755 $f
	done
	incoming; rc=0; cron "$LINE" || rc=$?
	for s in spool-gate spool-replay; do mv $LIBEXEC/$s.real $LIBEXEC/$s; done
	is $rc 75'
ok 'one run has one run id in the logs of all its stages' '
	settings /ok; sed -i "s/    allow_net.*/    allow_net: nonsense/" sluice.yaml; incoming
	for id in "" mine-7; do
		rc=0; (cd / && env -i PATH=/usr/bin:/bin SLUICE_CONFIG="$T/sluice.yaml" SLUICE_LOG_FORMAT=json \
			${id:+SLUICE_RUN_ID=$id} DATABASE_URL="host=$T/nowhere" SLUICE_DATABASE="host=$T/nowhere" \
			"$LIBEXEC/pipeline" </dev/null >"$T/out" 2>"$T/err") || rc=$?
		is $rc 78
		is "$(jq -r .tool err | sort | uniq -c | tr -s " \n" " ")" " 2 notify 1 spool-gate "
		is "$(jq -r .run_id err | sort -u | wc -l)" 1
		[ -z "$id" ] || is "$(jq -r .run_id err | sort -u)" $id
	done'
finish
