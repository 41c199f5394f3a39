-- Manifest, ledger, metrics, events, outbox. See sluice-schema(5).
-- A schema that the administrator made beforehand is taken; IF NOT EXISTS would
-- ask for the right to make one all the same.
DO $$
BEGIN
	IF to_regnamespace('sluice') IS NULL THEN
		CREATE SCHEMA sluice;
	END IF;
END
$$;

-- One row per migration, written by the transaction that made it.
CREATE TABLE sluice.schema_version (
	version integer PRIMARY KEY,
	name text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sluice.spool (
	id text PRIMARY KEY,
	host text NOT NULL,
	first_seen timestamptz NOT NULL DEFAULT now()
);

-- One row per batch. totals are computed from files and ledger.
CREATE TABLE sluice.ingestion_manifest (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	batch_tag text NOT NULL UNIQUE CHECK (batch_tag ~ '^[0-9A-Za-z-]{1,47}$'),
	spool_id text NOT NULL,
	host text NOT NULL,
	status text NOT NULL DEFAULT 'open'
		CHECK (status IN ('open', 'processing', 'success', 'partial', 'failed')),
	attempt integer NOT NULL DEFAULT 1,
	files jsonb NOT NULL DEFAULT '[]',
	totals jsonb NOT NULL DEFAULT '{}',
	error text,
	created_at timestamptz NOT NULL DEFAULT now(),
	started_at timestamptz,
	finished_at timestamptz,
	lease_owner text,
	lease_token text,
	lease_deadline timestamptz
);
CREATE INDEX ingestion_manifest_unfinished ON sluice.ingestion_manifest (spool_id)
	WHERE status IN ('open', 'processing');
CREATE INDEX ingestion_manifest_created_at ON sluice.ingestion_manifest (created_at);
CREATE INDEX ingestion_manifest_finished_at ON sluice.ingestion_manifest (finished_at);

-- The ledger: what this database holds, by content. Never expires by itself;
-- no foreign key of a data table points here, so partitions can be dropped.
CREATE TABLE sluice.ingestion_segment (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
	bytes bigint NOT NULL CHECK (bytes >= 0),
	batch_id bigint,
	name text NOT NULL,
	rows jsonb NOT NULL DEFAULT '{}',
	rejected bigint NOT NULL DEFAULT 0,
	replaced bigint NOT NULL DEFAULT 0,	-- characters, by --on-bad replace
	duplicates jsonb NOT NULL DEFAULT '{}',
	ts_min timestamptz,
	ts_max timestamptz,
	committed_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (sha256, bytes)
);
CREATE INDEX ingestion_segment_batch ON sluice.ingestion_segment (batch_id);

CREATE TABLE sluice.metrics (
	ts timestamptz NOT NULL,
	name text NOT NULL,
	value float8 NOT NULL,
	labels jsonb NOT NULL,
	segment_id bigint NOT NULL
) PARTITION BY RANGE (ts);
CREATE TABLE sluice.metrics_default PARTITION OF sluice.metrics DEFAULT;
CREATE INDEX metrics_ts ON sluice.metrics USING brin (ts);

CREATE TABLE sluice.events (
	ts timestamptz NOT NULL,
	id text,
	source text NOT NULL,
	kind text NOT NULL,
	user_token text,
	payload jsonb NOT NULL,
	segment_id bigint NOT NULL
) PARTITION BY RANGE (ts);
CREATE TABLE sluice.events_default PARTITION OF sluice.events DEFAULT;
CREATE INDEX events_ts ON sluice.events USING brin (ts);

-- Ids seen by spool-replay --dedupe. An id over 200 bytes stands as
-- `sha256:` and its hash.
CREATE TABLE sluice.event_ids (
	source text NOT NULL,
	id text NOT NULL,
	segment_id bigint NOT NULL,
	PRIMARY KEY (source, id)
);

CREATE TABLE sluice.outbox (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	type text NOT NULL,
	key text NOT NULL,
	payload jsonb NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_key ON sluice.outbox (key, id);

-- Where events are to go. A sink gets the events from its registration on.
CREATE TABLE sluice.outbox_sink (
	name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_.-]{0,62}$'),
	created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO sluice.outbox_sink (name) VALUES ('stdout');

-- key is that of the outbox row: "the lowest undone id of a key" is then one
-- probe of one small index, however much has been delivered before.
CREATE TABLE sluice.outbox_delivery (
	outbox_id bigint NOT NULL REFERENCES sluice.outbox ON DELETE CASCADE,
	sink text NOT NULL REFERENCES sluice.outbox_sink ON DELETE CASCADE,
	key text NOT NULL,
	attempts integer NOT NULL DEFAULT 0,
	next_attempt_at timestamptz NOT NULL DEFAULT now(),
	processed_at timestamptz,
	failed boolean NOT NULL DEFAULT false,
	last_error text,
	PRIMARY KEY (outbox_id, sink)
) WITH (fillfactor = 70);
CREATE INDEX outbox_delivery_undone ON sluice.outbox_delivery (sink, outbox_id)
	WHERE processed_at IS NULL AND NOT failed;
CREATE INDEX outbox_delivery_head ON sluice.outbox_delivery (sink, key, outbox_id)
	WHERE processed_at IS NULL AND NOT failed;

-- An outbox row, with a delivery for each sink, in the caller's transaction.
CREATE FUNCTION sluice.outbox_add(p_type text, p_key text, p_payload jsonb)
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	WITH o AS (
		INSERT INTO sluice.outbox (type, key, payload)
		VALUES (p_type, p_key, p_payload) RETURNING id
	), d AS (
		INSERT INTO sluice.outbox_delivery (outbox_id, sink, key)
		SELECT o.id, s.name, p_key FROM o, sluice.outbox_sink s
	)
	SELECT id FROM o
$$;

-- The partitions and their bounds, as the loader needs them.
CREATE VIEW sluice.partitions AS
SELECT p.relname::text AS parent, c.relname::text AS name,
	(regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz AS ts_from,
	(regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz AS ts_to,
	c.reltuples::bigint AS rows_estimate, pg_table_size(c.oid) AS bytes
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_class p ON p.oid = i.inhparent
WHERE p.relnamespace = 'sluice'::regnamespace AND p.relkind = 'p' AND c.relkind = 'r';

-- The rights that roles other than the owner have on p_from, and on columns of
-- it, for p_to.
CREATE FUNCTION sluice.copy_rights(p_from oid, p_to regclass)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r record;
BEGIN
	FOR r IN
		SELECT a.privilege_type AS what, '' AS col, a.grantee
		FROM pg_class c, aclexplode(c.relacl) a
		WHERE c.oid = p_from AND a.grantee <> c.relowner
		UNION ALL
		SELECT a.privilege_type, format('(%I)', t.attname), a.grantee
		FROM pg_attribute t, aclexplode(t.attacl) a
		WHERE t.attrelid = p_from AND NOT t.attisdropped
	LOOP
		EXECUTE format('GRANT %s %s ON %s TO %s', r.what, r.col, p_to,
			CASE WHEN r.grantee = 0 THEN 'PUBLIC'
			ELSE quote_ident(pg_get_userbyid(r.grantee)) END);
	END LOOP;
END
$$;

-- The partition of p_table (metrics or events) for this range, or NULL when it
-- or another one is there already. Rows that wait in DEFAULT for this range are
-- moved into it. Made apart and attached, so that loaders of other ranges wait
-- only for a moment; it gets the rights that others have on the parent.
CREATE FUNCTION sluice.partition_make(p_table text, p_from timestamptz, p_to timestamptz)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
	v_name text;
	v_parent oid;
BEGIN
	IF p_table NOT IN ('metrics', 'events') THEN
		RAISE EXCEPTION 'no partitioned table "%"', p_table USING ERRCODE = '22023';
	END IF;
	IF p_from >= p_to OR p_to - p_from > interval '32 days'
	   OR p_from <> date_trunc('day', p_from) OR p_to <> date_trunc('day', p_to) THEN
		RAISE EXCEPTION 'not the range of a partition: % to %', p_from, p_to
			USING ERRCODE = '22023';
	END IF;
	v_name := p_table || to_char(p_from, '"_"YYYYMMDD');
	v_parent := ('sluice.' || p_table)::regclass;
	PERFORM pg_advisory_xact_lock(hashtext('sluice.partition'), hashtext(p_table));
	IF EXISTS (SELECT FROM pg_class
		WHERE relnamespace = 'sluice'::regnamespace AND relname = v_name)
	   OR EXISTS (SELECT FROM sluice.partitions
		WHERE parent = p_table AND ts_from < p_to AND ts_to > p_from) THEN
		RETURN NULL;
	END IF;
	EXECUTE format('CREATE TABLE sluice.%I (LIKE sluice.%I INCLUDING DEFAULTS INCLUDING STORAGE)',
		v_name, p_table);
	EXECUTE format('ALTER TABLE sluice.%I OWNER TO %I', v_name,
		(SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = v_parent));
	PERFORM sluice.copy_rights(v_parent, ('sluice.' || v_name)::regclass);
	EXECUTE format('LOCK TABLE sluice.%I IN ACCESS EXCLUSIVE MODE', p_table || '_default');
	EXECUTE format('WITH gone AS (DELETE FROM sluice.%I WHERE ts >= $1 AND ts < $2 RETURNING *)
		INSERT INTO sluice.%I SELECT * FROM gone', p_table || '_default', v_name)
		USING p_from, p_to;
	EXECUTE format('ALTER TABLE sluice.%I ATTACH PARTITION sluice.%I FOR VALUES FROM (%L) TO (%L)',
		p_table, v_name, p_from, p_to);
	RETURN v_name;
END
$$;

-- What retain has dropped: rows before `before` are gone on purpose.
CREATE TABLE sluice.retained (
	table_name text PRIMARY KEY,
	before timestamptz NOT NULL
);

-- The two roles of dbctl init --roles, where they are missing, and their rights.
-- The writer is what the pipeline runs as. The reader sees no personal data
-- that stands in a column of its own.
CREATE FUNCTION sluice.roles_make()
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_role text;
	v_part regclass;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('sluice.roles'));
	FOREACH v_role IN ARRAY ARRAY['sluice_writer', 'sluice_reader'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_role) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
		END IF;
	END LOOP;

	GRANT USAGE ON SCHEMA sluice TO sluice_writer, sluice_reader;
	GRANT SELECT ON sluice.schema_version, sluice.partitions, sluice.retained,
		sluice.outbox_sink TO sluice_writer, sluice_reader;

	GRANT SELECT, INSERT, UPDATE ON sluice.spool, sluice.ingestion_manifest,
		sluice.ingestion_segment, sluice.event_ids, sluice.outbox,
		sluice.outbox_delivery TO sluice_writer;
	GRANT SELECT, INSERT ON sluice.metrics, sluice.events TO sluice_writer;
	GRANT EXECUTE ON FUNCTION sluice.outbox_add(text, text, jsonb),
		sluice.partition_make(text, timestamptz, timestamptz) TO sluice_writer;

	GRANT SELECT ON sluice.spool, sluice.ingestion_manifest, sluice.ingestion_segment,
		sluice.metrics, sluice.outbox, sluice.outbox_delivery TO sluice_reader;
	GRANT SELECT (ts, id, source, kind, payload, segment_id)
		ON sluice.events TO sluice_reader;

	FOR v_part IN
		SELECT inhrelid FROM pg_inherits
		WHERE inhparent IN ('sluice.metrics'::regclass, 'sluice.events'::regclass)
	LOOP
		PERFORM sluice.copy_rights((SELECT inhparent FROM pg_inherits
			WHERE inhrelid = v_part), v_part);
	END LOOP;
END
$$;

REVOKE ALL ON FUNCTION sluice.outbox_add(text, text, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION sluice.copy_rights(oid, regclass) FROM PUBLIC;
REVOKE ALL ON FUNCTION sluice.partition_make(text, timestamptz, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION sluice.roles_make() FROM PUBLIC;
