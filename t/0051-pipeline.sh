#!/bin/sh
# scripts/pipeline: the line for cron ends with the worst status of its stages, runs
# once at a time, hands signals on, and needs nothing around it.
. "${0%/*}/test-lib.sh"
need make
. "$SRC/t/lib-pg.sh"
pg_start
export SLUICE_SPOOL="$T/spool"
line="$SRC/scripts/pipeline -l $T/lock"
good='{"type":"metric","ts":1795000000,"name":"m","value":1,"labels":{}}'

ok 'nothing to do is silence and status 0' '
	exit_is 0 $line >out 2>err
	empty out err'
ok 'it loads, and prints each event once' '
	echo "$good" | spool-write >segment
	exit_is 0 $line >out 2>err
	empty err
	is "$(grep -c gate.done out)" 1
	is "$(grep -c gate.open out)" 1'
ok 'options go to the gate' '
	echo "$good" | sed s/:1,/:5,/ | spool-write >segment
	exit_is 0 $line --min-count 5 >out
	empty out
	exit_is 0 $line --min-count 1 >out
	grep -q gate.done out'
ok 'a bad record: 2, of a stage in the middle' '
	mkdir -p spool/incoming
	printf "%s\n{}\n" "$good" >spool/incoming/b.ndjson
	exit_is 2 $line >out 2>err
	grep -q gate.done out'
ok 'a usage error of the first stage: 64' '
	exit_is 64 $line --zzzzzzzz >out 2>err
	empty out'
ok 'help; -l without a file: 64; no such directory for the lock: 74' '
	exit_is 0 "$SRC/scripts/pipeline" --help >out; has out usage
	exit_is 64 "$SRC/scripts/pipeline" -l 2>err; has err "needs a file"
	exit_is 74 "$SRC/scripts/pipeline" -l "$T/none/lock" 2>err'
ok 'no database: 75' '
	echo "$good" | sed s/:1,/:6,/ | spool-write >segment
	DATABASE_URL="host=$T/nowhere" exit_is 75 $line >out 2>err
	is "$(ls spool/incoming | wc -l)" 1'
ok 'locked: 75, at once' '
	exit_is 75 flock lock $line >out 2>err
	has err "another one is running"
	empty out'
ok 'without -l the spool is what is locked' '
	exit_is 75 flock spool "$SRC/scripts/pipeline" >out 2>err
	has err "\"$T/spool\" is locked"'
ok 'and again it loads' '
	exit_is 0 "$SRC/scripts/pipeline" >out
	grep -q gate.done out
	is "$(ls spool/incoming | wc -l)" 0'
ok 'a reader that goes away early' '
	i=0
	while [ $i -lt 3 ]; do
		echo "$good" | sed "s/:1,/:1$i,/" | spool-write >segment
		i=$((i + 1))
	done
	$line | head -n 1 >out
	exit_is 0 $line >out
	is "$(sql "SELECT count(*) FROM sluice.ingestion_manifest WHERE status = '"'open'"'")" 0'

# --- the statuses of stages, with programs in their place -------------------------
# as NAME BODY: a program in fake/
mkdir fake
as() {
	printf '#!/bin/sh\n%s\n' "$2" >"fake/$1"
	chmod 755 "fake/$1"
}
fakes() {
	rm -f fake/*
	for t in spool-gate spool-replay notify; do as $t 'exec cat'; done
}
fake() {
	PATH="$T/fake:$PATH" $line "$@"
}
ok 'each stage that fails is told: 2, 75, 78; the worst wins' '
	n=0
	for tool in spool-gate notify spool-replay; do
		for status in 1 2 74 75 78; do
			fakes; as $tool "cat; exit $status"
			exit_is $status fake 2>err
			empty err
			n=$((n + 1))
		done
	done
	is $n 15
	fakes; as spool-gate "exit 2"; as spool-replay "exit 75"; exit_is 75 fake
	fakes; as spool-gate "exit 75"; as spool-replay "exit 2"; exit_is 75 fake'
ok 'a stage that dies: its status and its name; a missing one: 127' '
	fakes; as spool-replay "kill -9 \$\$"
	exit_is 137 fake 2>err
	has err "spool-replay ended with status 137"
	fakes; as notify "exec /nonexistent"
	exit_is 127 fake 2>err
	has err "notify ended with status 127"'
ok '141 counts only where nothing else went wrong' '
	fakes; as spool-gate "kill -PIPE \$\$"
	exit_is 141 fake 2>err
	fakes; as spool-gate "kill -PIPE \$\$"; as spool-replay "exit 75"
	exit_is 75 fake 2>err'
ok 'embed-batch is a stage where it lies beside the others' '
	fakes; as notify "sed s/\$/n/"; as spool-gate "echo g"; as spool-replay "sed s/\$/r/"
	is "$(fake)" gnrn
	as embed-batch "sed s/\$/e/"
	is "$(fake)" gnrnen
	as embed-batch "cat; exit 75"
	exit_is 75 fake >out'
ok 'the stages share a run id, the one that was given' '
	fakes
	for t in spool-gate notify spool-replay; do as $t "cat; echo \$SLUICE_RUN_ID"; done
	fake >out; is "$(wc -l <out)" 4; is "$(sort -u out | wc -l)" 1
	grep -qx "[0-9]\{8\}T[0-9]\{6\}Z-[0-9a-f]\{16\}" out
	fake >out2; fails cmp -s out out2
	SLUICE_RUN_ID=mine fake >out; is "$(sort -u out)" mine'
ok 'no descriptor of the line but 0, 1 and 2 reaches a stage' '
	fakes; for t in spool-gate notify spool-replay; do as $t "ls /proc/\$\$/fd >fds.$t; cat"; done
	fake 2>err
	for t in spool-gate notify spool-replay; do
		is "$(grep -x "[0-9]" fds.$t | tr "\n" " ")" "0 1 2 "
	done'

# --- signals ----------------------------------------------------------------------
# The stages that wait are known by the name of this directory in their arguments.
waiting() {
	pgrep -f -c "^perl -e sleep 60 $T" || :
}
ok 'TERM, INT, HUP, QUIT: no stage is left, 128 + the signal' '
	fakes; as notify "exec perl -e \"sleep 60\" $T"
	n=0
	for signal in TERM:143 INT:130 HUP:129 QUIT:131; do
		PATH="$T/fake:$PATH" env --default-signal $line 2>err & pid=$!
		until [ "$(waiting)" = 2 ]; do sleep 0.05; done
		kill -s ${signal%:*} $pid
		rc=0; wait $pid || rc=$?
		is $rc ${signal#*:}
		is "$(waiting)" 0
		exit_is 0 flock -n lock true
		n=$((n + 1))
	done
	is $n 4'
ok 'TERM while it loads: 143, and the next run ends it' '
	i=0
	while [ $i -lt 20 ]; do
		echo "$good" | sed "s/:1,/:7$i,/" | spool-write >segment
		i=$((i + 1))
	done
	n=0
	for s in 0.01 0.02 0.03 0.04 0.05 0.06; do
		$line >out 2>err & pid=$!
		sleep $s; kill -TERM $pid || :
		rc=0; wait $pid || rc=$?
		[ $rc = 143 ] || [ $rc = 0 ] || { echo "status $rc"; cat err; exit 1; }
		n=$((n + 1))
	done
	is $n 6
	exit_is 0 $line >out
	is "$(find spool/incoming spool/processing -type f | wc -l)" 0
	is "$(sql "SELECT count(*) FROM sluice.metrics WHERE value BETWEEN 70 AND 719")" 20'
ok 'kill -9: the lock is held until the line has ended' '
	fakes; as notify "exec perl -e \"sleep 60\" $T"
	PATH="$T/fake:$PATH" $line & pid=$!
	until [ "$(waiting)" = 2 ]; do sleep 0.05; done
	kill -9 $pid; wait $pid || :
	exit_is 75 $line 2>err
	pkill -f "^perl -e sleep 60 $T"
	wait_for 5 flock -n lock true'

# --- cron: an installed tree, no environment, no terminal -------------------------
unset MAKEFLAGS MAKELEVEL
make -s -C "$SRC" B="${SLUICE_BUILD##*/}" NOBUILD=1 install DESTDIR="$T/dest" >log 2>&1 || {
	sed 's/^/# /' log
	exit 1
}
# Not even PATH and HOME; in /; no terminal.
bare() {
	(cd / && exec setsid -w env -i SLUICE_SPOOL="$SLUICE_SPOOL" DATABASE_URL="$DATABASE_URL" \
		"$T/dest/usr/local/libexec/sluice/pipeline" "$@" </dev/null)
}
ok 'installed, with nothing around it: silent, then it loads, then it tells' '
	exit_is 0 bare >out 2>err
	empty out err
	echo "$good" | sed s/:1,/:800,/ | spool-write >segment
	exit_is 0 bare >out 2>err
	empty err
	is "$(grep -c gate.done out)" 1
	printf "{}\n" >spool/incoming/bad.ndjson
	exit_is 2 bare >out 2>err
	exit_is 64 bare --zzzz 2>err
	echo "$good" | sed s/:1,/:801,/ | spool-write >segment
	DATABASE_URL="host=$T/nowhere" exit_is 75 bare 2>err'
finish
