#!/bin/sh
# dbctl: migrations once whoever runs them, roles with the least rights,
# partitions ahead and out of DEFAULT, retention.
. "${0%/*}/test-lib.sh"
need jq psql
. "$SRC/t/lib-pg.sh"
export PG_NO_INIT=1
pg_start

fresh() {
	sql "SET client_min_messages = error; DROP SCHEMA IF EXISTS sluice CASCADE"
}
# as ROLE CMD...: with a connection of that role
as() {
	_role=$1
	shift
	DATABASE_URL="$DATABASE_URL user=$_role" "$@"
}
metric() {
	sql "INSERT INTO sluice.metrics VALUES ('$1', 'm', 1, '{}', 1)"
}

# --- versions -------------------------------------------------------------------
ok 'status of an empty database' '
	dbctl status >out
	is "$(jq -c "[.type,.version,.pending]" out)" "[\"schema\",0,2]"'
ok 'migrate, partition and retain want a schema: 78 and a hint' '
	for c in migrate partition retain; do
		exit_is 78 dbctl $c >out 2>err; empty out; has err "hint: make it: dbctl init"
	done'
ok 'a dry run of init changes nothing' '
	dbctl init -n >out; is "$(jq .applied out | sort -u)" false
	is "$(sql "SELECT to_regnamespace('"'sluice'"') IS NULL")" t'
ok 'init makes the schema and the partitions of now' '
	dbctl init >out
	is "$(jq -r "select(.type==\"migration\") | .version" out | tr "\n" " ")" "1 2 "
	[ "$(jq -r "select(.type==\"partition\") | .name" out | wc -l)" -ge 4 ]
	metric "$(date -u +%FT%TZ)"
	is "$(sql "SELECT count(*) FROM sluice.metrics_default")" 0'
ok 'init and migrate again: nothing, silently' '
	dbctl init >out 2>err; empty out err
	dbctl migrate >out 2>err; empty out err'
ok 'status names tables; text on request' '
	dbctl status >out
	is "$(jq -r "select(.type==\"schema\") | .pending" out)" 0
	is "$(jq -r "select(.name==\"metrics\") | .partitions >= 3" out)" true
	dbctl status -f text >out; has out "schema version 2 of 2"'
ok 'a newer schema is refused: 78' '
	sql "INSERT INTO sluice.schema_version VALUES (9999, '"'x'"')"
	for c in init migrate partition retain status; do
		exit_is 78 dbctl $c >/dev/null 2>err; has err 9999
	done
	sql "DELETE FROM sluice.schema_version WHERE version = 9999"
	dbctl status >out'
ok 'four at once: each migration once, all succeed' '
	for round in 1 2 3; do
		fresh
		pids=
		for i in 1 2 3 4; do
			dbctl init >out.$i 2>err.$i &
			pids="$pids $!"
		done
		for p in $pids; do wait $p; done
		is "$(cat out.* | jq -c "select(.type==\"migration\")" | wc -l)" 2
		is "$(cat out.* | jq -r "select(.type==\"partition\") | .name" | sort | uniq -d)" ""
		is "$(sql "SELECT count(*) FROM sluice.schema_version")" 2
	done'
ok 'a migration that fails leaves nothing' '
	fresh
	sql "CREATE SCHEMA sluice; CREATE TABLE sluice.retained (x int)"
	exit_is 78 dbctl init >out 2>err; empty out; has err 42P07
	is "$(sql "SELECT count(*) FROM pg_class WHERE relnamespace = '"'sluice'::regnamespace AND relkind = 'r'"'")" 1'
ok 'a schema that was made beforehand is used' '
	fresh
	sql "DROP ROLE IF EXISTS owner1; CREATE ROLE owner1 LOGIN; CREATE SCHEMA sluice AUTHORIZATION owner1"
	as owner1 dbctl init >out
	fresh'
ok 'no right to make one: 77' '
	exit_is 77 as owner1 dbctl init >out 2>err; empty out; has err 42501'

# --- roles ----------------------------------------------------------------------
ok 'roles without CREATEROLE: 77, and what to say' '
	sql "GRANT CREATE ON DATABASE sluice TO owner1"
	exit_is 77 as owner1 dbctl init --roles >out 2>err; has err "CREATE ROLE sluice_writer"'
ok 'roles with CREATEROLE, no superuser' '
	sql "ALTER ROLE owner1 CREATEROLE"
	as owner1 dbctl init --roles >out
	is "$(jq -r "select(.type==\"role\") | .name" out | sort | tr "\n" " ")" \
		"sluice_reader sluice_writer "
	as owner1 dbctl init --roles >out; empty out
	is "$(as owner1 dbctl status | jq -c "select(.type==\"role\") | .usage" | sort -u)" true'
sql "CREATE ROLE w LOGIN IN ROLE sluice_writer; CREATE ROLE r LOGIN IN ROLE sluice_reader" 2>/dev/null
ok 'the writer can do what loading takes' '
	as w sql "INSERT INTO sluice.spool VALUES ('"'s', 'h'"');
		INSERT INTO sluice.ingestion_manifest (batch_tag, spool_id, host) VALUES ('"'t', 's', 'h'"');
		UPDATE sluice.ingestion_manifest SET status = '"'processing'"';
		INSERT INTO sluice.ingestion_segment (sha256, bytes, name) VALUES (repeat('"'0'"', 64), 0, '"'n'"');
		INSERT INTO sluice.metrics VALUES (now(), '"'m', 1, '{}'"', 1);
		INSERT INTO sluice.events VALUES (now(), '"'i', 's', 'k', 'token', '{}'"', 1);
		INSERT INTO sluice.event_ids VALUES ('"'s', 'i'"', 1)"
	as w sql "SELECT count(*) FROM sluice.partitions, sluice.schema_version"'
ok 'the writer makes partitions and loads straight into them' '
	as w sql "SELECT sluice.partition_make('"'events', '2026-01-05Z', '2026-01-06Z'"')" >out
	is "$(cat out)" events_20260105
	as w sql "INSERT INTO sluice.events_20260105 VALUES ('"'2026-01-05 12:00Z', 'i', 's', 'k', 'token', '{}'"', 1)"
	as w sql "INSERT INTO sluice.metrics_default VALUES ('"'1999-01-01Z', 'm', 1, '{}'"', 1)"'
ok 'the writer adds to the outbox, and relays' '
	as w sql "SELECT sluice.outbox_add('"'t', 'k', '{}'"')" >/dev/null
	is "$(as w outbox-relay)" "{}"'
ok 'the writer cannot drop, delete, or make roles' '
	fails as w sql "DROP TABLE sluice.events_20260105"
	fails as w sql "DELETE FROM sluice.metrics"
	fails as w sql "UPDATE sluice.events SET kind = '"'x'"'"
	fails as w sql "SELECT sluice.roles_make()"
	sql "SELECT sluice.partition_make('"'metrics', '2026-01-05Z', '2026-01-06Z'"')" >out
	exit_is 77 as w dbctl retain --metrics 1d >out 2>err; empty out; has err metrics_20260105'
ok 'the reader sees everything but user_token' '
	is "$(as r sql "SELECT count(*) FROM sluice.metrics, sluice.ingestion_manifest")" 2
	is "$(as r sql "SELECT count(id) FROM sluice.events")" 2
	fails as r sql "SELECT user_token FROM sluice.events" 2>err; has err "permission denied"
	fails as r sql "SELECT * FROM sluice.events"
	fails as r sql "SELECT user_token FROM sluice.events_20260105"
	fails as r sql "SELECT count(*) FROM sluice.event_ids"'
ok 'the reader writes nothing' '
	fails as r sql "INSERT INTO sluice.metrics VALUES (now(), '"'m', 1, '{}'"', 1)"
	fails as r sql "SELECT sluice.outbox_add('"'t', 'k', '{}'"')"
	fails as r sql "SELECT sluice.partition_make('"'events', '2026-01-07Z', '2026-01-08Z'"')"'

# --- partitions -----------------------------------------------------------------
fresh
dbctl init >/dev/null
last=$(date -u -d '-40 days' +%F)
ok 'partition drains DEFAULT: ten years back to thirty days ahead' '
	metric 1999-01-01; metric "$last"; metric "$(date -u -d "-9 years" +%F)"
	metric "$(date -u -d "+20 days" +%F)"; metric "$(date -u -d "+3 years" +%F)"
	dbctl partition -n >dry; dbctl partition >out
	is "$(jq -s "map(.rows_moved) | add" out)" 2
	sed "s/\"made\":true/\"made\":false/" out >out.dry; same dry out.dry
	is "$(sql "SELECT count(*) FROM sluice.metrics")" 5
	is "$(sql "SELECT string_agg(extract(year FROM ts)::text, '"' '"' ORDER BY ts) FROM sluice.metrics_default")" \
		"1999 $(date -u -d "+3 years" +%Y)"
	dbctl partition >out; empty out'
ok 'another interval beside what is there' '
	metric "$(date -u -d "-400 days" +%Y-%m-05)"
	SLUICE_PARTITION_INTERVAL=day dbctl partition >out
	is "$(jq -s "map(.rows_moved) | add" out)" 1
	is "$(sql "SELECT count(*) FROM sluice.metrics_default")" 2
	metric "$(date -u -d "-400 days" +%Y-%m-20)"
	dbctl partition >out
	is "$(jq .rows_moved out)" 1
	is "$(sql "SELECT count(*) FROM sluice.metrics_default")" 2'
ok 'the session settings of a user do not matter' '
	metric "$(date -u -d "-800 days" +%F)"
	PGTZ=Asia/Tokyo PGDATESTYLE="SQL, DMY" dbctl partition >out
	is "$(jq .rows_moved out)" 1
	is "$(sql "SELECT count(*) FROM sluice.partitions WHERE ts_from <> date_trunc('"'day', ts_from, 'UTC'"')")" 0'
ok 'a loader in DEFAULT holds it up for a while only' '
	metric "$(date -u -d "-1200 days" +%F)"
	(echo "BEGIN; INSERT INTO sluice.metrics_default VALUES ('"'1998-01-01', 'm', 1, '{}'"', 1);"
	 sleep 7; echo "COMMIT;") | sql &
	sleep 1
	dbctl partition >out; wait
	is "$(jq .rows_moved out)" 1'
ok 'a range is refused that is none' '
	fails sql "SELECT sluice.partition_make('"'metrics', '2020-01-01 01:00Z', '2020-01-02Z'"')"
	fails sql "SELECT sluice.partition_make('"'metrics', '2020-01-01Z', '2021-01-02Z'"')"
	fails sql "SELECT sluice.partition_make('"'spool', '2020-01-01Z', '2020-01-02Z'"')"'

# --- retention ------------------------------------------------------------------
ok 'retain without settings drops nothing' '
	before=$(sql "SELECT count(*) FROM sluice.metrics")
	dbctl retain >out; empty out
	dbctl retain --metrics 0 >out; empty out
	is "$(sql "SELECT count(*) FROM sluice.metrics")" "$before"'
ok 'retain drops whole partitions that are older, and records it' '
	dbctl retain --metrics 700d -n >dry
	dbctl retain --metrics 700d >out
	is "$(jq -s length out)" 3
	is "$(jq -s "map(.dropped) | unique[0]" dry)" false
	is "$(jq -r .name dry)" "$(jq -r .name out)"
	is "$(jq -r .to out | tail -n 1)" \
		"$(sql "SELECT to_char(before AT TIME ZONE '"'UTC', 'YYYY-MM-DD'"') FROM sluice.retained")T00:00:00Z"
	is "$(sql "SELECT count(*) FROM sluice.partitions WHERE ts_to < now() - interval '"'701 days'"'")" 0
	dbctl retain --metrics 700d >out; empty out'
ok 'the boundary never moves back' '
	b=$(sql "SELECT before FROM sluice.retained")
	metric "$(date -u -d "-1000 days" +%F)"; dbctl partition >/dev/null
	SLUICE_RETAIN_METRICS=700d dbctl retain >out
	is "$(jq -s length out)" 1
	is "$(sql "SELECT before FROM sluice.retained")" "$b"'
ok 'retain deletes outbox rows that every sink has, not dead letters' '
	sql "SELECT sluice.outbox_add('"'t', k, '{}') FROM unnest('{done,dead,todo}'"'::text[]) k" >/dev/null
	sql "UPDATE sluice.outbox SET created_at = now() - interval '"'8 days'"';
		UPDATE sluice.outbox_delivery SET processed_at = now() WHERE key = '"'done'"';
		UPDATE sluice.outbox_delivery SET failed = true WHERE key = '"'dead'"'"
	dbctl retain -n >dry; is "$(jq .rows dry)" 1
	dbctl retain >out; is "$(jq -c "[.table,.rows]" out)" "[\"outbox\",1]"
	is "$(sql "SELECT string_agg(key, '"' '"' ORDER BY key) FROM sluice.outbox")" "dead todo"'

# --- words ----------------------------------------------------------------------
ok 'usage: 64' '
	exit_is 64 dbctl 2>err
	exit_is 64 dbctl partiton 2>err; has err "did you mean \"partition\"?"
	exit_is 64 dbctl init migrate 2>err
	exit_is 64 dbctl status --roles 2>err
	exit_is 64 dbctl retain --metrics soon 2>err
	exit_is 64 dbctl -f xml status 2>err'
ok 'no room on stdout: 74' '
	exit_is 74 dbctl status >/dev/full 2>err; has err "No space left"'
ok 'no database: 75; one that is not there: 78; an old key in the settings: 78' '
	exit_is 75 dbctl status -d "host=$T/none" 2>err; has err pg_isready
	exit_is 78 dbctl status -d "$DATABASE_URL dbname=absent" 2>err; has err createdb
	exit_is 78 dbctl status -d "bogus=1" 2>err
	exit_is 78 dbctl status -c /nonexistent 2>err'
if command -v pgbouncer >/dev/null 2>&1; then
	pg_pooler_start
	ok 'through a transaction pooler' '
		fresh
		dbctl init -d "$POOLER_URL" >out; [ -s out ]
		metric "$(date -u -d "-100 days" +%F)"
		dbctl partition -d "$POOLER_URL" >out; is "$(jq .rows_moved out)" 1
		dbctl retain --metrics 30d -d "$POOLER_URL" >out; is "$(jq -s length out)" 1
		sql "SELECT sluice.outbox_add('"'t', 'k', '{}'"')" >/dev/null
		outbox-relay -d "$POOLER_URL" >out; is "$(cat out)" "{}"'
else
	skip 'through a transaction pooler' 'no pgbouncer here'
fi
finish
