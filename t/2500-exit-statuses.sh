#!/bin/sh
# Every exit status that a page documents is provoked, for every tool; and the
# manners that all of them share: silence when there is nothing to do, closed
# pipes, full disks, no environment.
. "${0%/*}/test-lib.sh"
need python3 jq setpriv faketime
. "$SRC/t/lib-pg.sh"
pg_start
export SLUICE_SPOOL="$T/spool"
TOOLS='spool-write spool-gate spool-replay notify manifest dbctl outbox-relay sluice'
: >provoked

# st STATUS TOOL ARGS...: exit_is, remembered for the comparison at the end.
st() {
	_tool=$2
	# said aloud, because set -e sleeps inside `st ... ||`
	exit_is "$@" || return 1
	echo "${_tool##*/} $1" >>"$T/provoked"
}
told() { # one line of words, beside hints
	is "$(grep -vc '^[a-z-]*: hint: ' "$1")" 1
}
metric() { printf '{"type":"metric","ts":%d,"name":"x","value":1,"labels":{}}\n' "$1"; }
NEXT=0
incoming() { # a new segment waits
	NEXT=$((NEXT + 1))
	mkdir -p "$SLUICE_SPOOL/incoming"
	metric "$(date +%N | sed 's/^0*//')" >"$SLUICE_SPOOL/incoming/$(date +%s%N)-$1.ndjson"
}

# The tools where another user can reach them, and as that user.
mkdir ubin && cp "$SLUICE_BUILD"/bin/* "$SLUICE_BUILD"/bin/.complete ubin/ 2>/dev/null
if [ "$(id -u)" = 0 ]; then
	other() { setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$@"; }
	mine() { chown -R nobody "$@"; }
else
	other() { "$@"; }
	mine() { :; }
fi
u() { # u STATUS TOOL ARGS...: st as the other user
	_s=$1 _t=$2
	shift 2
	exit_is "$_s" other "$T/ubin/$_t" "$@" || return 1
	echo "$_t $_s" >>"$T/provoked"
}

# --- 0 and silence ---
ok 'nothing to do: status 0 and not a byte' '
	for cmd in "spool-write" "spool-gate" "spool-gate --force" "spool-replay" "spool-replay -j 2" notify "notify --drain" "notify --list" "manifest list" \
	    "manifest retry --archive" "manifest prune --older-than 1d" "outbox-relay" \
	    "outbox-relay --list" "dbctl migrate" "dbctl partition" "dbctl retain"; do
		exit_is 0 $cmd </dev/null >out 2>err || { echo "$cmd"; false; }
		[ "$cmd" = "dbctl partition" ] && : >out
		empty out err || { echo "$cmd"; false; }
		echo "${cmd%% *} 0" >>$T/provoked
	done'
ok 'nothing to do a second time: not a byte from dbctl partition' '
	exit_is 0 dbctl partition >out 2>err; empty out err'
ok '--version and --help: status 0, on stdout' '
	for t in $TOOLS; do
		st 0 $t --version >out 2>err; is "$(cat out)" "$t $(cat $SRC/VERSION)"; empty err
		st 0 $t --help >out 2>err; has out "usage: $t"; empty err
	done'

# --- 64 ---
ok '64: an unknown option, with a hint where to look' '
	for t in $TOOLS; do
		st 64 $t --no-such-option </dev/null >out 2>err; empty out; has err "--no-such-option"
	done'
ok '64: wrong words' '
	st 64 spool-gate operand; st 64 spool-gate --once --watch; st 64 spool-gate --min-count many
	st 64 spool-replay -b nonsense; st 64 spool-replay --on-bad perhaps </dev/null; st 64 spool-replay -j 0 </dev/null
	st 64 manifest; st 64 manifest no-such; st 64 manifest show; st 64 dbctl; st 64 dbctl no-such
	st 64 notify operand; st 64 notify --drain --list; st 64 notify --verify; st 64 notify -f text
	st 64 outbox-relay --list operand; st 64 outbox-relay --sink no-such; st 64 sluice no-such-tool'

# --- 78 ---
ok '78: an unknown key, with file and line' '
	printf "# settings\nspool: /tmp\nwrite:\n  levle: 3\n" >bad.yaml
	for t in spool-write spool-gate spool-replay "manifest list" "dbctl status" outbox-relay; do
		st 78 $t -c bad.yaml </dev/null >out 2>err; empty out; told err; has err "bad.yaml:4:"; has err levle
	done'
ok '78: a bad value, from the environment too' '
	printf "replay:\n  jobs: many\n" >value.yaml
	st 78 spool-replay -c value.yaml </dev/null 2>err; has err "value.yaml:2:"
	st 78 env SLUICE_REPLAY_JOBS=x spool-replay </dev/null 2>err; has err SLUICE_REPLAY_JOBS
	st 78 spool-gate -c no-such.yaml 2>err; has err no-such.yaml'
ok '78: no schema, with what to type' '
	sql "CREATE DATABASE bare"
	incoming a
	for t in spool-gate "spool-replay $(ls -d $SLUICE_SPOOL/incoming/*)" "manifest list" "dbctl partition" outbox-relay; do
		st 78 $t -d "$DATABASE_URL dbname=bare" </dev/null >out 2>err || { echo "$t"; cat err; false; }
		empty out; told err; has err "dbctl init"
	done
	rm -f $SLUICE_SPOOL/incoming/*'
ok '78: a newer schema' '
	sql "INSERT INTO sluice.schema_version (version, name) VALUES (9999, '"'future'"')"
	incoming b
	for t in spool-gate "manifest list" outbox-relay "dbctl migrate" "dbctl init"; do
		st 78 $t </dev/null >out 2>err || { echo "$t"; cat err; false; }
		empty out; told err; has err newer
	done
	sql "DELETE FROM sluice.schema_version WHERE version = 9999"
	rm -f $SLUICE_SPOOL/incoming/*'
ok '78: no such database' '
	st 78 dbctl status -d "$DATABASE_URL dbname=no_such" >out 2>err; empty out; told err'
mkdir -p far/archive
if mount -t tmpfs -o size=1m tmpfs far/archive 2>/dev/null; then
	on_exit "umount -l '$T/far/archive'"
	ok '78: a spool across file systems' '
		metric 1 >m.ndjson
		for t in "spool-write m.ndjson" spool-gate spool-replay "manifest verify"; do
			st 78 $t -s far </dev/null >out 2>err || { echo "$t"; cat err; false; }
			empty out; told err; has err archive
		done'
	umount -l far/archive
else
	skip '78: a spool across file systems' 'cannot mount a tmpfs here'
fi

# --- 2, 65, 1 ---
ok '2 and 65: bad records, no records' '
	{ metric 1; echo "{bad"; } >two.ndjson
	st 2 spool-write two.ndjson >out 2>err; told err
	st 0 spool-gate >opened; st 0 spool-replay <opened >out
	TAG=$(jq -r "select(.type == \"gate.done\").batch_tag" <out); echo $TAG >tag
	st 2 spool-replay two.ndjson >out 2>err
	printf "\377\376" >neither; exit_is 65 spool-write <neither >out 2>err; empty out; told err
	echo "spool-write 65" >>$T/provoked
	st 2 spool-replay no-such.ndjson >out 2>err; empty out; told err
	st 65 spool-replay -b 20261121T011556Z-0123456789abcdef >out 2>err; empty out; told err
	st 65 manifest show 20261121T011556Z-0123456789abcdef >out 2>err; empty out; told err
	st 65 manifest finish --status failed $TAG >out 2>err; told err
	st 2 manifest retry 20261121T011556Z-0123456789abcdef $TAG >out 2>err'
ok '1: the gate would stay closed; verify finds something' '
	rm -f $SLUICE_SPOOL/incoming/*
	st 0 spool-replay </dev/null >out 2>err; st 0 spool-gate >out; spool-replay <out >out2
	st 1 spool-gate -t >out 2>err; empty out err
	incoming c; st 0 spool-gate -t >out 2>err; st 1 spool-gate -t --min-count 2 >out 2>err; empty out err
	st 0 manifest verify
	f=$(find $SLUICE_SPOOL/archive -name "*.ndjson.zst" | head -n 1); cp $f keep; echo >>$f
	st 1 manifest verify >out 2>err; [ -s out ]
	cp keep $f; st 0 manifest verify'
ok '2: the gate leaves what it cannot read' '
	mkdir -p us/incoming; metric 7 >us/incoming/a.ndjson; metric 8 >us/incoming/b.ndjson
	mine us; chmod 0 us/incoming/b.ndjson; [ "$(id -u)" != 0 ] || chown root us/incoming/b.ndjson
	u 2 spool-gate -s us >opened 2>err; told err; has err b.ndjson
	is "$(ls us/incoming)" b.ndjson
	u 0 spool-replay -s us <opened >out; has out "\"status\":\"success\""'

# --- 77 ---
ok '77: no right in the spool' '
	mkdir -p ro/incoming ro/processing ro/archive ro/failed; cp us/.id ro/.id; metric 9 >ro/incoming/a.ndjson
	metric 9 >m.ndjson; chmod 555 ro ro/*
	u 77 spool-write -s ro m.ndjson >out 2>err; empty out; told err
	u 77 spool-gate -s ro >out 2>err; empty out; told err
	chmod 700 ro/incoming ro/processing ro/archive; [ "$(id -u)" = 0 ] || chmod 0 ro/incoming ro/processing ro/archive
	u 77 spool-gate -s ro >out 2>err; empty out; told err
	u 77 spool-replay -s ro </dev/null >out 2>err; empty out; told err
	u 77 manifest -s ro open m.ndjson >out 2>err; empty out; told err
	chmod 755 ro/*'
ok '77: no right in the database' '
	sql "CREATE ROLE nobody_here LOGIN"
	incoming d
	for t in spool-gate "spool-replay m.ndjson" "manifest list" outbox-relay "dbctl partition"; do
		st 77 $t -d "$DATABASE_URL user=nobody_here" </dev/null >out 2>err || { echo "$t"; cat err; false; }
		empty out; told err; grep -q "42501\|permission denied" err
	done
	sql "GRANT USAGE ON SCHEMA sluice TO nobody_here; GRANT SELECT ON sluice.schema_version TO nobody_here"
	for t in spool-gate "spool-replay m.ndjson" "manifest list" outbox-relay "dbctl partition"; do
		st 77 $t -d "$DATABASE_URL user=nobody_here" </dev/null >out 2>err || { echo "$t"; cat err; false; }
		empty out; told err; has err 42501
	done
	rm -f $SLUICE_SPOOL/incoming/*'
ok '77 and 78 of sluice: a tool that may not run, one that is not there' '
	mkdir -p lib/sluice; cp "$SLUICE_BUILD/bin/sluice" lib/sluice/; cp "$SLUICE_BUILD/bin/dbctl" lib/sluice/
	chmod 711 lib lib/sluice; chmod 755 lib/sluice/sluice
	exit_is 78 ./lib/sluice/sluice manifest list >out 2>err; empty out; told err
	echo "sluice 78" >>$T/provoked
	chmod 700 lib/sluice/dbctl; [ "$(id -u)" = 0 ] || chmod 0 lib/sluice/dbctl
	exit_is 77 other $T/lib/sluice/sluice dbctl status >out 2>err; empty out; told err
	echo "sluice 77" >>$T/provoked'

# --- 75 ---
ok '75: another gate, a full spool' '
	incoming e
	exec 9<$SLUICE_SPOOL/incoming; flock 9
	st 75 spool-gate >out 2>err; empty out; told err
	exec 9<&-
	metric 1 >m.ndjson
	st 75 spool-write --max-spool 1 m.ndjson >out 2>err; empty out; told err'
ok '75: no server, in one line, and the files stay' '
	ls -R spool >before
	for t in spool-gate "spool-replay m.ndjson" "manifest list" outbox-relay "dbctl status"; do
		st 75 $t -d "host=$T/nowhere user=x" </dev/null >out 2>err || { echo "$t"; cat err; false; }
		empty out; told err
	done
	ls -R spool >after; same before after'

# --- 74 ---
ok '74: standard output is full' '
	for t in $TOOLS; do st 74 $t --help >/dev/full 2>err; told err; has err "No space left"; done
	metric 1 >m.ndjson; st 74 spool-write m.ndjson >/dev/full 2>err; told err
	st 74 spool-gate >/dev/full 2>err; told err
	st 0 spool-gate >opened; has opened gate.open
	st 74 spool-replay <opened >/dev/full 2>err; told err
	st 74 manifest list >/dev/full 2>err; told err
	st 74 dbctl status >/dev/full 2>err; told err
	st 0 spool-replay </dev/null >out
	st 74 outbox-relay >/dev/full 2>err; told err
	relayed() { outbox-relay >out && [ -s out ]; }; wait_for 10 relayed
	st 74 sluice --list >/dev/full 2>err; told err'
ok '74: an input that cannot be read' '
	st 74 spool-write no-such.ndjson >out 2>err; told err; st 74 spool-write . >out 2>err; told err
	st 74 manifest open no-such.ndjson >out 2>err; told err'

# --- notify ---
hook() { # an endpoint on port $1
	printf "endpoints:\n  ops:\n    url: http://127.0.0.1:%s/x\n    allow_net: 127.0.0.0/8\n" "$1" >hook.yaml
}
line='{"type":"t","id":"evt_1"}'
ok 'notify: 78 with bad settings, and the lines pass' '
	hook 9; echo "    rate: often" >>hook.yaml; echo "$line" >in
	st 78 notify -c hook.yaml <in >out 2>err; same in out; told err; has err "endpoints.ops.rate"
	st 78 notify -c hook.yaml --drain >out 2>err; empty out; told err
	st 78 notify --endpoint no-such </dev/null 2>err; told err; has err no-such'
ok 'notify: 75 when an attempt failed, 0 when it is queued' '
	hook 9; st 0 notify -c hook.yaml <in >out 2>err; same in out; empty err
	find $SLUICE_SPOOL/notify/new -type f -exec touch -d "1 second ago" {} +
	st 75 notify -c hook.yaml --drain >out 2>err; empty out err'
ok 'notify: 2 for an id that is not dead' '
	st 2 notify -c hook.yaml --redrive evt_9 >out 2>err; empty out; told err'
ok 'notify: 74 with a full stdout, and for a list' '
	st 74 notify -c hook.yaml <in >/dev/full 2>err; told err
	st 74 notify -c hook.yaml --list >/dev/full 2>err; told err
	st 74 notify -c hook.yaml -n <in >/dev/full 2>err; told err'
ok 'notify: 77 with no right in the spool, and the lines pass' '
	mkdir -p nospool; chmod 555 nospool; chmod 644 hook.yaml
	u 77 notify -c $T/hook.yaml -s $T/nospool <in >out 2>err; same in out; told err'
ok 'notify --verify: 0, 1 and 65' '
	(umask 077; echo whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw >secret)
	# the test vector of Standard Webhooks
	printf "%s\n" "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek" "Webhook-Timestamp: 1614265330" \
		"webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" "" >message
	printf "{\"test\": 2432232314}" >>message
	st 0 faketime "2021-02-25 15:02:10" notify --verify --secret-file secret <message >out 2>err
	is "$(cat out)" "{\"test\": 2432232314}"; empty err
	st 1 notify --verify --secret-file secret <message >out 2>err; empty out; told err
	st 65 notify --verify --secret-file secret <in >out 2>err; empty out; told err
	sed "s/faketime/notify/" provoked >p && mv p provoked'

# --- signals, pipes, environment ---
ok '128 + n: a signal, at once and in silence' '
	mkfifo p
	for t in spool-write spool-replay notify; do
		$t <p >out 2>err & pid=$!
		exec 8>p; sleep 0.2; kill -TERM $pid; exec 8>&-
		exit_is 143 wait $pid; empty out
	done
	for t in "spool-gate --watch" "manifest watch" "outbox-relay --watch"; do
		$t >out 2>err </dev/null & pid=$!
		sleep 0.3; kill -INT $pid 2>/dev/null || :; kill -TERM $pid
		exit_is 143 wait $pid || { echo "$t"; cat err; false; }
	done
	echo "spool-write 128+N" >>$T/provoked'
ok 'the reader goes away after a line: no words' '
	i=0; while [ $i -lt 3000 ]; do metric $i; i=$((i + 1)); done >many.ndjson
	spool-write -s pipe --level 0 --max-records 1 many.ndjson 2>err | head -n 1 >out; empty err; [ -s out ]
	seq -f "{\"type\":\"other\",\"n\":%g}" 200000 | spool-replay 2>err | head -n 1 >out; empty err
	is "$(cat out)" "{\"type\":\"other\",\"n\":1}"
	spool-gate -s pipe -n --max-files 3000 2>err | head -n 1 >out; empty err; [ -s out ]
	for t in $TOOLS; do $t --help 2>err | head -n 1 >out; empty err; has out usage; done'
ok 'no environment, from /' '
	metric 4 >m.ndjson
	(cd /; exit_is 0 env -i "$SLUICE_BUILD/bin/spool-write" -s "$T/e" "$T/m.ndjson" >$T/out 2>$T/err); empty err; [ -s out ]
	(cd /; exit_is 0 env -i "$SLUICE_BUILD/bin/spool-gate" -s "$T/e" -d "$DATABASE_URL" >$T/opened 2>$T/err); empty err
	(cd /; exit_is 0 env -i "$SLUICE_BUILD/bin/spool-replay" -s "$T/e" -d "$DATABASE_URL" <$T/opened >$T/out 2>$T/err); empty err
	has out "\"status\":\"success\""
	(cd /; exit_is 0 env -i "$SLUICE_BUILD/bin/manifest" -d "$DATABASE_URL" list >$T/out 2>$T/err); empty err; [ -s out ]
	(cd /; exit_is 0 env -i "$SLUICE_BUILD/bin/outbox-relay" -d "$DATABASE_URL" >$T/out 2>$T/err); empty err; [ -s out ]
	(cd /; exit_is 0 env -i "$SLUICE_BUILD/bin/dbctl" -d "$DATABASE_URL" status >$T/out 2>$T/err); empty err; [ -s out ]
	(cd /; exit_is 0 env -i "$SLUICE_BUILD/bin/notify" -s "$T/e" <$T/opened >$T/out 2>$T/err); empty err; same $T/opened $T/out
	(cd /; exit_is 0 env -i "$SLUICE_BUILD/bin/sluice" dbctl --version >$T/out 2>$T/err); empty err; [ -s out ]'
ok 'closed standard streams harm no file' '
	metric 5 >m.ndjson; sha256sum m.ndjson >sum
	st 74 spool-write -s closed m.ndjson >&- 2>err; told err
	st 0 spool-write -s closed m.ndjson <&- >out 2>&-; [ -s out ]
	sha256sum -c --quiet sum'

# --- all that the pages say ---
ok 'no page documents a status that was not provoked here' '
	for t in $TOOLS; do
		page=$SRC/man/sluice-$t.1; [ $t != sluice ] || page=$SRC/man/sluice.1
		[ -f $page ] || { echo "no page of $t"; continue; }
		awk -v t=$t "/^\.Sh EXIT STATUS/ { p = 1; next } /^\.Sh/ { p = 0 }
			p && \$1 == \".It\" && \$2 != 70 { print t, \$2 }" $page
	done | sort -u >documented
	[ $(wc -l <documented) -ge 40 ]
	sort -u provoked >done; comm -23 documented done >missing; empty missing
	# and none was provoked that the page does not tell of
	grep -v "^env " done | comm -13 documented - >extra; empty extra'
finish
