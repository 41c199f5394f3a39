#!/bin/sh
# No database: 75, one line, the files untouched. It is back: the same command
# goes on. And the whole through pgbouncer in transaction mode.
. "${0%/*}/test-lib.sh"
need python3 psql zstd
. "$SRC/t/lib-pg.sh"
export PYTHONDONTWRITEBYTECODE=1
[ -x "$SLUICE_BUILD/bin/spool-replay" ] || skip_all 'no spool-replay here'
pg_start
mk() { python3 "$SRC/t/helper/mkspool.py" spool --segments 3 --records 50 "$@"; }
check() { python3 "$SRC/t/helper/check.py" --spool spool --ids ids.txt --files files.txt --db "$direct" --pooled; }
files() { (cd spool && find . -type f ! -path './.id' | sort | xargs sha256sum) >"$1"; }
one_line() {
	grep -v '^[a-z-]*: hint: ' "$1" >words
	is "$(wc -l <words): $(cat "$1")" "1: $(cat "$1")"
}

direct=$DATABASE_URL

mk --word one
pg_stop
files before
ok 'down: the gate says 75 in one line' '
	exit_is 75 spool-gate -s spool >out 2>err; empty out; one_line err
	files after; same before after'
ok 'up again: the same command goes on' '
	pg_up; exit_is 0 spool-gate -s spool >opened; [ -s opened ]'
pg_up
files before
ok 'down: replay says 75 in one line, the batch stays' '
	pg_stop
	exit_is 75 spool-replay -s spool <opened >out 2>err; one_line err
	files after; same before after
	pg_up'
ok 'up again: the same command loads' '
	exit_is 0 spool-replay -s spool <opened >out; has out gate.done; check'
ok 'down, nothing to do: silence' '
	pg_stop
	exit_is 0 spool-gate -s spool >out 2>err; empty out err
	pg_up'
ok 'a host that is not there: 75' '
	mk --word two
	exit_is 75 spool-gate -s spool -d "host=127.0.0.1 port=1 user=x" >out 2>err; one_line err'
ok 'a database that is not there: 78' '
	exit_is 78 spool-gate -s spool -d "$DATABASE_URL dbname=absent" >out 2>err
	exit_is 0 spool-gate -s spool >opened; exit_is 0 spool-replay -s spool <opened >out; check'
ok 'files as arguments: 75, then loaded' '
	mkdir s; printf "{\"type\":\"event\",\"ts\":0,\"source\":\"t\",\"kind\":\"k\",\"payload\":{}}\n" >s/x.ndjson
	pg_stop
	exit_is 75 spool-replay -s spool s/x.ndjson >out 2>err; one_line err
	pg_up
	exit_is 0 spool-replay -s spool s/x.ndjson >out; has out segment.done
	sql "DELETE FROM sluice.events WHERE source = '"'t'"'; DELETE FROM sluice.ingestion_segment WHERE batch_id IS NULL"'

if command -v pgbouncer >/dev/null 2>&1; then
	pg_pooler_start
	# by default a client waits for two minutes, and a failed login for 15 s
	printf 'query_wait_timeout = 3\nserver_login_retry = 1\n' >>"$PG_DIR/b/ini"
	kill -HUP "$(cat "$PG_DIR/b/pid")"
	export DATABASE_URL="$POOLER_URL"
	ok 'through the pooler, three times, two jobs' '
		for word in pa pb pc; do
			mk --word $word --bad
			exit_is 0 spool-gate -s spool >opened; exit_is 2 spool-replay -s spool -j 2 <opened >out
		done
		check'
	ok 'the server behind the pooler is gone: 75, then all' '
		mk --word pd
		exit_is 0 spool-gate -s spool >opened
		pg_stop
		exit_is 75 spool-replay -s spool <opened >out 2>err
		pg_up
		wait_for 10 psql -Xqc "SELECT 1" -d "$POOLER_URL"
		exit_is 0 spool-replay -s spool <opened >out; check'
else
	_required pgbouncer && _want pgbouncer 'no pgbouncer here'
	skip 'through the pooler' 'no pgbouncer here'
fi
finish
