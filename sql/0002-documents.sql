-- Documents, persons, chunks. See sluice-schema(5).

-- An address, or a name of one source where there is no address. key is what makes a
-- person one: `mailto:` and the address with its domain in lower case, or `name:`, the
-- source, a newline and the normalised name. merged_into always names the root.
CREATE TABLE sluice.persons (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key text COLLATE "C" NOT NULL UNIQUE,
	name text NOT NULL,
	email text,
	domain text,
	merged_into bigint REFERENCES sluice.persons
);
CREATE INDEX persons_merged_into ON sluice.persons (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE sluice.person_names (
	person_id bigint NOT NULL REFERENCES sluice.persons ON DELETE CASCADE,
	name text COLLATE "C" NOT NULL,
	PRIMARY KEY (person_id, name)
);

-- Every version of every document. The one of a uri with superseded_by NULL is the
-- current one: the newest ts wins, then the highest SHA. superseded_by is its own id only
-- inside the transaction that lands it. Only the current version has chunks.
CREATE TABLE sluice.documents (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	sha256 text COLLATE "C" NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
	source text COLLATE "C" NOT NULL,
	uri text COLLATE "C" NOT NULL,
	parent_uri text COLLATE "C",
	parent_id bigint REFERENCES sluice.documents ON DELETE SET NULL,
	mime text NOT NULL,
	title text NOT NULL DEFAULT '',
	lang text NOT NULL DEFAULT '',
	ts timestamptz,
	text text NOT NULL,
	meta jsonb NOT NULL DEFAULT '{}',
	pii jsonb NOT NULL DEFAULT '[]',
	superseded_by bigint,
	segment_id bigint NOT NULL
);
-- A uri may be long: an index entry may not.
CREATE UNIQUE INDEX documents_version ON sluice.documents (source, md5(uri), sha256);
CREATE UNIQUE INDEX documents_current ON sluice.documents (source, md5(uri))
	WHERE superseded_by IS NULL;
CREATE INDEX documents_sha256 ON sluice.documents (sha256);
CREATE INDEX documents_parent_id ON sluice.documents (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX documents_parent_uri ON sluice.documents (source, md5(parent_uri))
	WHERE parent_uri IS NOT NULL;
CREATE INDEX documents_segment_id ON sluice.documents (segment_id);

CREATE TABLE sluice.document_persons (
	document_id bigint NOT NULL REFERENCES sluice.documents ON DELETE CASCADE,
	person_id bigint NOT NULL REFERENCES sluice.persons ON DELETE CASCADE,
	role text COLLATE "C" NOT NULL,
	PRIMARY KEY (document_id, person_id, role)
);
CREATE INDEX document_persons_person ON sluice.document_persons (person_id);

CREATE TABLE sluice.chunks (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	document_id bigint NOT NULL REFERENCES sluice.documents ON DELETE CASCADE,
	ord integer NOT NULL,
	start bigint NOT NULL,
	"end" bigint NOT NULL,
	text text NOT NULL,
	heading text NOT NULL DEFAULT '',
	pii jsonb NOT NULL DEFAULT '[]',
	UNIQUE (document_id, ord)
);

-- What dbctl forget took of a segment, so that manifest verify can still count.
ALTER TABLE sluice.ingestion_segment ADD COLUMN forgotten bigint NOT NULL DEFAULT 0;

-- As event_id of the tools: from type, key, status and attempt, with a NUL between them.
CREATE FUNCTION sluice.event_id(p_type text, p_key text, p_status text, p_attempt integer)
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'evt_' || left(encode(sha256(convert_to(p_type, 'UTF8') || '\x00'::bytea ||
		convert_to(coalesce(p_key, ''), 'UTF8') || '\x00'::bytea ||
		convert_to(coalesce(p_status, ''), 'UTF8') || '\x00'::bytea ||
		convert_to(p_attempt::text, 'UTF8')), 'hex'), 32)
$$;

-- document_added, document_superseded, document_removed. The time of the version is part
-- of the fact: a document can become the current one again.
CREATE FUNCTION sluice.document_event(p_type text, p_source text, p_uri text, p_sha256 text,
	p_ts timestamptz)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	SELECT sluice.outbox_add(p_type, 'document:' || p_source || ':' || md5(p_uri),
		jsonb_build_object('v', 1, 'type', p_type,
			'id', sluice.event_id(p_type, p_source || E'\n' || p_uri || E'\n' || p_sha256 ||
				E'\n' || coalesce((extract(epoch FROM p_ts) * 1000000)::bigint::text, ''), NULL, 1),
			'ts', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
			'source', p_source, 'uri', p_uri, 'sha256', p_sha256))
$$;

-- Where spool-replay puts the documents of a segment first, by COPY: as a table of its
-- connection that is empty after each transaction.
CREATE FUNCTION sluice.documents_stage()
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
BEGIN
	CREATE TEMP TABLE IF NOT EXISTS sluice_stage_2 (
		n bigint, sha256 text COLLATE "C", source text COLLATE "C", uri text COLLATE "C",
		parent text COLLATE "C", mime text, title text, lang text, ts timestamptz, text text,
		meta jsonb, pii jsonb, persons jsonb, chunks jsonb
	) ON COMMIT DELETE ROWS;
END
$$;

-- One at a time for each of a few buckets of uris: taken in order, so nobody waits in a
-- circle, and few, so the server's table of locks does not fill.
CREATE FUNCTION sluice.document_bucket(p_source text, p_uri text)
RETURNS integer LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT (hashtextextended(p_source || E'\n' || p_uri, 0) & 63)::integer
$$;

-- From the stage into the tables, in the transaction of the segment. Order of locks:
-- the ledger's row, persons by key, then buckets by number.
CREATE FUNCTION sluice.documents_land(p_segment bigint,
	OUT added bigint, OUT known bigint, OUT chunks_added bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r record;
BEGIN
	-- persons: what both loaders insert they insert in one order
	CREATE TEMP TABLE sluice_land_person ON COMMIT DROP AS
		SELECT s.n, p.key COLLATE "C" AS key, coalesce(p.role, '') AS role,
			coalesce(p.name, '') AS name, p.email, p.domain
		FROM sluice_stage_2 s, jsonb_to_recordset(s.persons)
			AS p(key text, role text, name text, email text, domain text);
	INSERT INTO sluice.persons (key, name, email, domain)
		SELECT DISTINCT ON (key) key, name, email, domain FROM sluice_land_person
		ORDER BY key, name = '', name COLLATE "C"
		ON CONFLICT (key) DO NOTHING;
	INSERT INTO sluice.person_names (person_id, name)
		SELECT DISTINCT i.id, l.name COLLATE "C" FROM sluice_land_person l
		JOIN sluice.persons i ON i.key = l.key WHERE l.name <> '' ORDER BY 1, 2
		ON CONFLICT DO NOTHING;

	FOR r IN SELECT DISTINCT b FROM (
			SELECT sluice.document_bucket(source, uri) AS b FROM sluice_stage_2
			UNION ALL SELECT sluice.document_bucket(source, parent) FROM sluice_stage_2
			WHERE parent IS NOT NULL) AS x ORDER BY b
	LOOP
		PERFORM pg_advisory_xact_lock(hashtext('sluice.documents'), r.b);
	END LOOP;

	-- of one content under one uri the newest time counts
	CREATE TEMP TABLE sluice_land ON COMMIT DROP AS
		SELECT DISTINCT ON (source, uri, sha256) s.*, 0::bigint AS id, false AS fresh
		FROM sluice_stage_2 s ORDER BY source, uri, sha256, ts DESC NULLS LAST, n;
	UPDATE sluice_land l SET id = d.id FROM sluice.documents d
		WHERE d.source = l.source AND md5(d.uri) = md5(l.uri) AND d.sha256 = l.sha256;
	UPDATE sluice.documents d SET ts = l.ts FROM sluice_land l
		WHERE d.id = l.id AND l.ts > coalesce(d.ts, '-infinity');
	UPDATE sluice_land SET id = nextval(pg_get_serial_sequence('sluice.documents', 'id')),
		fresh = true WHERE id = 0;
	INSERT INTO sluice.documents (id, sha256, source, uri, parent_uri, mime, title, lang, ts,
			text, meta, pii, superseded_by, segment_id)
		OVERRIDING SYSTEM VALUE
		SELECT id, sha256, source, uri, parent, mime, coalesce(title, ''), coalesce(lang, ''),
			ts, text, coalesce(meta, '{}'), coalesce(pii, '[]'), id, p_segment
		FROM sluice_land WHERE fresh ORDER BY n;
	GET DIAGNOSTICS added = ROW_COUNT;
	known := (SELECT count(*) FROM sluice_stage_2) - added;

	-- who is current now: one row a uri, with who was
	CREATE TEMP TABLE sluice_land_uri ON COMMIT DROP AS
		SELECT u.source, u.uri,
			(SELECT d.id FROM sluice.documents d WHERE d.source = u.source
				AND md5(d.uri) = md5(u.uri)
			 ORDER BY coalesce(d.ts, '-infinity') DESC, d.sha256 DESC LIMIT 1) AS winner,
			(SELECT d.id FROM sluice.documents d WHERE d.source = u.source
				AND md5(d.uri) = md5(u.uri) AND d.superseded_by IS NULL) AS was
		FROM (SELECT DISTINCT source, uri FROM sluice_land) AS u;
	UPDATE sluice.documents d SET superseded_by = u.winner FROM sluice_land_uri u
		WHERE d.id = u.was AND u.was <> u.winner;
	UPDATE sluice.documents d SET superseded_by = NULL FROM sluice_land_uri u
		WHERE d.id = u.winner AND d.superseded_by IS NOT NULL;
	UPDATE sluice.documents d SET superseded_by = u.winner FROM sluice_land_uri u
		WHERE d.source = u.source AND md5(d.uri) = md5(u.uri)
			AND d.id <> u.winner AND d.superseded_by <> u.winner;

	-- the superseded one leaves the indexes, the new one enters them
	DELETE FROM sluice.chunks c USING sluice_land_uri u
		WHERE c.document_id = u.was AND u.was <> u.winner;
	INSERT INTO sluice.chunks (document_id, ord, start, "end", text, heading, pii)
		SELECT l.id, c.ord, c.start, c."end", c.text, coalesce(c.heading, ''),
			coalesce((SELECT jsonb_agg(f) FROM jsonb_array_elements(l.pii) f
				WHERE (f ->> 'start')::bigint < c."end" AND (f ->> 'end')::bigint > c.start), '[]')
		FROM sluice_land l
		JOIN sluice_land_uri u ON u.winner = l.id AND u.was IS DISTINCT FROM u.winner,
		jsonb_to_recordset(l.chunks)
			AS c(ord integer, start bigint, "end" bigint, text text, heading text)
		ORDER BY l.n, c.ord;
	GET DIAGNOSTICS chunks_added = ROW_COUNT;

	INSERT INTO sluice.document_persons (document_id, person_id, role)
		SELECT DISTINCT l.id, i.id, p.role FROM sluice_land l
		JOIN sluice_land_person p ON p.n = l.n
		JOIN sluice.persons i ON i.key = p.key WHERE l.fresh ORDER BY 1, 2, 3;

	-- parents and parts find each other, whoever came first
	UPDATE sluice.documents d SET parent_id = p.id
		FROM sluice_land l, sluice.documents p
		WHERE d.id = l.id AND d.parent_uri IS NOT NULL AND p.source = d.source
			AND md5(p.uri) = md5(d.parent_uri) AND p.superseded_by IS NULL
			AND d.parent_id IS DISTINCT FROM p.id;
	UPDATE sluice.documents d SET parent_id = u.winner
		FROM sluice_land_uri u
		WHERE d.source = u.source AND md5(d.parent_uri) = md5(u.uri)
			AND d.parent_id IS DISTINCT FROM u.winner;

	FOR r IN SELECT u.*, w.sha256 AS w_sha, w.ts AS w_ts, o.sha256 AS o_sha, o.ts AS o_ts
		FROM sluice_land_uri u JOIN sluice.documents w ON w.id = u.winner
		LEFT JOIN sluice.documents o ON o.id = u.was
		WHERE u.was IS DISTINCT FROM u.winner ORDER BY u.source, u.uri
	LOOP
		IF r.was IS NOT NULL THEN
			PERFORM sluice.document_event('document_superseded', r.source, r.uri, r.o_sha, r.o_ts);
		END IF;
		PERFORM sluice.document_event('document_added', r.source, r.uri, r.w_sha, r.w_ts);
	END LOOP;
	DROP TABLE sluice_land, sluice_land_uri, sluice_land_person;
	DELETE FROM sluice_stage_2;
END
$$;

-- A document with all its versions, chunks and parts; how many rows went.
CREATE FUNCTION sluice.document_forget(p_source text, p_uri text)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r record;
	v_nr bigint := 0;
BEGIN
	CREATE TEMP TABLE sluice_forget ON COMMIT DROP AS
		WITH RECURSIVE gone AS (
			SELECT id, source, uri FROM sluice.documents
			WHERE source = p_source AND md5(uri) = md5(p_uri)
			UNION
			SELECT d.id, d.source, d.uri FROM sluice.documents d
			JOIN gone g ON d.source = g.source AND md5(d.parent_uri) = md5(g.uri)
		) SELECT * FROM gone;
	FOR r IN SELECT DISTINCT sluice.document_bucket(source, uri) AS b FROM sluice_forget ORDER BY b
	LOOP
		PERFORM pg_advisory_xact_lock(hashtext('sluice.documents'), r.b);
	END LOOP;
	FOR r IN SELECT d.* FROM sluice.documents d JOIN sluice_forget f USING (id)
		WHERE d.superseded_by IS NULL ORDER BY d.source, d.uri
	LOOP
		PERFORM sluice.document_event('document_removed', r.source, r.uri, r.sha256, r.ts);
	END LOOP;
	UPDATE sluice.ingestion_segment s SET forgotten = forgotten + c.nr
		FROM (SELECT d.segment_id, count(*) AS nr FROM sluice.documents d
			JOIN sluice_forget f USING (id) GROUP BY d.segment_id) AS c
		WHERE s.id = c.segment_id;
	DELETE FROM sluice.documents WHERE id IN (SELECT id FROM sluice_forget);
	GET DIAGNOSTICS v_nr = ROW_COUNT;
	DROP TABLE sluice_forget;
	RETURN v_nr;
END
$$;

-- A person with names and roles, and those that were merged into it.
CREATE FUNCTION sluice.person_forget(p_id bigint)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_nr bigint;
BEGIN
	DELETE FROM sluice.persons WHERE id = p_id OR merged_into = p_id;
	GET DIAGNOSTICS v_nr = ROW_COUNT;
	RETURN v_nr;
END
$$;

-- As before, and the rights to the new tables.
CREATE OR REPLACE FUNCTION sluice.roles_make()
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

	GRANT SELECT, INSERT, UPDATE ON sluice.documents, sluice.persons, sluice.person_names,
		sluice.document_persons TO sluice_writer;
	GRANT SELECT, INSERT, DELETE ON sluice.chunks TO sluice_writer;
	GRANT USAGE ON SEQUENCE sluice.documents_id_seq TO sluice_writer;
	GRANT EXECUTE ON FUNCTION sluice.documents_stage(), sluice.documents_land(bigint),
		sluice.event_id(text, text, text, integer), sluice.document_bucket(text, text),
		sluice.document_event(text, text, text, text, timestamptz) TO sluice_writer;
	GRANT SELECT (id, sha256, source, uri, parent_uri, parent_id, mime, title, lang, ts, text,
		meta, superseded_by, segment_id) ON sluice.documents TO sluice_reader;
	GRANT SELECT (id, document_id, ord, start, "end", text, heading)
		ON sluice.chunks TO sluice_reader;
	GRANT SELECT (id, domain, merged_into) ON sluice.persons TO sluice_reader;
	GRANT SELECT ON sluice.document_persons TO sluice_reader;

	FOR v_part IN
		SELECT inhrelid FROM pg_inherits
		WHERE inhparent IN ('sluice.metrics'::regclass, 'sluice.events'::regclass)
	LOOP
		PERFORM sluice.copy_rights((SELECT inhparent FROM pg_inherits
			WHERE inhrelid = v_part), v_part);
	END LOOP;
END
$$;

REVOKE ALL ON FUNCTION sluice.documents_stage() FROM PUBLIC;
REVOKE ALL ON FUNCTION sluice.documents_land(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION sluice.document_event(text, text, text, text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION sluice.document_forget(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION sluice.person_forget(bigint) FROM PUBLIC;
