#!/bin/sh
# The tools of the pipeline under valgrind: no error, nothing definitely lost.
. "${0%/*}/test-lib.sh"
case $SLUICE_BUILD in
*address* | *thread*) skip_all 'a sanitizer build does not run under valgrind' ;;
esac
need valgrind
. "$SRC/t/lib-pg.sh"
pg_start
export SLUICE_SPOOL="$T/spool"

# libpq and libcrypto keep things for the life of the process: only what is
# definitely lost counts.
leak_check=full
run() {
	name=$1
	shift
	valgrind -q --error-exitcode=99 --leak-check="$leak_check" \
		--errors-for-leak-kinds=definite "$(command -v "$name")" "$@"
}
i=0
while [ $i -lt 200 ]; do
	i=$((i + 1))
	printf '{"type":"metric","ts":%d,"name":"m","value":%d,"labels":{"a":"b"}}\n' $((1795000000 + i)) $i
	printf '{"type":"event","ts":%d,"id":"e%d","source":"s","kind":"k","payload":{"n":[1,2.5,null,true,"x"]}}\n' \
		$((1795000000 + i)) $i
done >records
{ head -n 3 records; echo '{"type":"metric","name":"no time"}'; echo '[1'; echo '"\ud800"'; } >bad

ok 'spool-write, both formats' '
	run spool-write <records >out
	run spool-write --to msgpack --name m --level 0 <records >>out
	is "$(wc -l <out)" 2'
ok 'spool-write, bad records' 'exit_is 2 run spool-write --rejects rej <bad >out 2>err'
ok 'spool-gate' 'run spool-gate --force >gate; [ "$(wc -l <gate)" = 1 ]'
ok 'spool-replay' 'run spool-replay --dedupe <gate >out; grep -q gate.done out'
ok 'rows' 'is "$(sql "SELECT (SELECT count(*) FROM sluice.metrics) || chr(32) || (SELECT count(*) FROM sluice.events)")" "402 200"'
# A worker is a fork that ends by _exit: it frees nothing of its parent's.
for jobs in 1 2; do
	ok "spool-replay with bad records, jobs: $jobs" "
		[ $jobs = 1 ] || leak_check=no
		{ cat bad; echo; } >spool/incoming/bad$jobs.ndjson
		{ cat records; echo '{\"n\":$jobs}'; } >spool/incoming/again$jobs.ndjson
		head -c 100$jobs records >spool/incoming/torn$jobs.ndjson
		spool-gate --force >gate
		exit_is 2 run spool-replay -j $jobs <gate >out 2>err || { cat err; exit 1; }"
done
ok 'spool-replay of files' '{ cat bad; echo; echo; } >x.ndjson; exit_is 2 run spool-replay x.ndjson >out 2>err'
ok 'manifest' '
	run manifest list >out
	run manifest show "$(sql "SELECT max(batch_tag) FROM sluice.ingestion_manifest")" >out
	run manifest verify >out'
ok 'dbctl' 'run dbctl status >out; run dbctl partition >out; run dbctl migrate >out'
ok 'outbox-relay' 'run outbox-relay >out; [ -s out ]'
printf 'endpoints:\n  ops:\n    url: http://127.0.0.1:9/\n    allow_net: 127.0.0.0/8\n    secret_file: %s\n    template: %s\n    quiet: 03:00-03:01\n    rate: 1000/s\n' \
	"$T/secret" "$SRC/etc/templates" >hook.yaml
(umask 077 && echo whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw >secret)
ok 'notify: a filter, the queue, a list' '
	run notify -c hook.yaml <gate >out; [ "$(find spool/notify/new -type f | wc -l)" -ge 1 ]
	find spool/notify/new -type f -exec touch -d "1 second ago" {} +
	exit_is 75 run notify -c hook.yaml --drain
	run notify -c hook.yaml --list >out; [ -s out ]
	run notify -c hook.yaml --redrive; run notify -c hook.yaml -n <gate >out'
ok 'notify --verify' '
	printf "webhook-id: a\nwebhook-timestamp: 1\nwebhook-signature: v1,AAAA\n\nbody" >message
	exit_is 1 run notify --verify --secret-file secret <message 2>err-verify'
ok 'sluice' 'run sluice >out; [ -s out ]'
ok 'usage errors' '
	for t in spool-write spool-gate spool-replay notify manifest dbctl outbox-relay sluice; do
		run $t --help >out
		exit_is 64 run $t --zzzzzzzzz 2>err-usage
	done'
finish
