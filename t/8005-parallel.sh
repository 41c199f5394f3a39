#!/bin/sh
# Four gates and four replayers at once on one spool, with kill -9 at random, and
# contents that come twice: nothing is twice, nothing is left. CRASH_FULL=1 takes
# 5,000 segments.
. "${0%/*}/test-lib.sh"
need python3 psql zstd
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
[ -x "$SLUICE_BUILD/bin/spool-replay" ] || skip_all 'no spool-replay here'
pg_start
n=600
now=$(date +%s)
[ -z "${CRASH_FULL:-}" ] || n=5000

# twice NAME DATA: the same bytes under both names
content() {
	mkdir -p "$1/incoming"
	printf '{"type":"event","id":"ck-%s-000000","ts":%d,"source":"t","kind":"k","payload":{}}\n' \
		"$3" "$now" >"$1/incoming/.x"
	mv "$1/incoming/.x" "$1/incoming/$2"
	sha256sum "$1/incoming/$2" >>files.txt
}
line() {
	exit_is 0 spool-gate -s "$1" >opened
	exit_is 0 spool-replay -s "$1" <opened >did
}
count() { sql "SELECT count(*) FROM sluice.events WHERE id = 'ck-$1-000000'"; }

ok 'the same content in two files of a batch: once, and counted' '
	content s1 a.ndjson one; content s1 b.ndjson one; line s1
	is "$(count one)" 1
	has did "\"duplicates\":{\"segments\":1,"'
ok 'the same content in two batches: once' '
	content s1 c.ndjson two; line s1
	content s1 d.ndjson two; line s1
	is "$(count two)" 1
	has did "\"duplicates\":{\"segments\":1,"; has did "\"status\":\"success\""'
ok 'the same name again, other content: both' '
	content s1 c.ndjson three; line s1
	is "$(count three)" 1'
ok 'the same content plain and zstd is another content: the ledger goes by bytes' '
	content s1 e.ndjson four; zstd -q s1/incoming/e.ndjson; line s1
	is "$(count four)" 2
	sql "DELETE FROM sluice.events WHERE id = '"'ck-four-000000'"'"'
ok 'the same content as an argument: once' '
	content s1 f.ndjson two; mv s1/incoming/f.ndjson other.ndjson
	exit_is 0 spool-replay -s s1 other.ndjson >did
	is "$(count two)" 1
	has did "\"duplicate\":true"'
ok 'in two spools: once' '
	content s2 a.ndjson five; content s3 b.ndjson five
	spool-gate -s s2 >o2; spool-gate -s s3 >o3
	spool-replay -s s2 <o2 >d2 & p=$!
	exit_is 0 spool-replay -s s3 <o3 >d3
	wait $p
	is "$(count five)" 1'
ok "$n segments, four of each, killed at random" '
	python3 "$SRC/t/helper/swarm.py" --segments $n >swarm 2>&1 ||
		{ cat swarm; tail -n 20 swarm.err; exit 1; }'
[ ! -s swarm ] || sed 's/^/# /' swarm
finish
