-- $1 id, $2 files: what files and ledger say of the batch. A file is loaded by
-- this batch when the ledger row of its content carries the batch and its name;
-- any other known content is a duplicate.
WITH f AS (
	SELECT x.name, x.bytes, coalesce(x.missing, false) AS missing, s.id AS known,
		coalesce(s.batch_id = $1::bigint AND s.name = x.name, false) AS mine, s.rows, s.rejected,
		s.replaced, s.duplicates
	FROM jsonb_to_recordset($2::jsonb) AS x(name text, sha256 text, bytes bigint, missing boolean)
	LEFT JOIN sluice.ingestion_segment s ON s.sha256 = x.sha256 AND s.bytes = x.bytes
), t AS (
	SELECT count(*) AS files, coalesce(sum(bytes), 0)::bigint AS bytes,
		count(*) FILTER (WHERE mine) AS loaded,
		count(*) FILTER (WHERE known IS NOT NULL AND NOT mine) AS dup_segments,
		count(*) FILTER (WHERE known IS NULL AND NOT missing) AS failed,
		count(*) FILTER (WHERE known IS NULL AND missing) AS missing,
		count(*) FILTER (WHERE mine AND (rejected = 0
			OR coalesce((rows ->> 'metrics')::bigint, 0) + coalesce((rows ->> 'events')::bigint, 0) > 0
			OR coalesce((duplicates ->> 'events')::bigint, 0) > 0))
			AS useful,
		coalesce(sum((rows ->> 'metrics')::bigint) FILTER (WHERE mine), 0)::bigint AS metrics,
		coalesce(sum((rows ->> 'events')::bigint) FILTER (WHERE mine), 0)::bigint AS events,
		coalesce(sum(rejected) FILTER (WHERE mine), 0)::bigint AS rejected,
		coalesce(sum((duplicates ->> 'events')::bigint) FILTER (WHERE mine), 0)::bigint AS dup_events,
		coalesce(sum(replaced) FILTER (WHERE mine), 0)::bigint AS replaced
	FROM f
)
SELECT jsonb_build_object('files', files, 'bytes', bytes, 'loaded', loaded, 'failed', failed,
		'missing', missing, 'rows', jsonb_build_object('metrics', metrics, 'events', events),
		'rejected', rejected, 'replaced', replaced, 'duplicates', jsonb_build_object('segments', dup_segments,
			'documents', 0, 'events', dup_events)),
	CASE WHEN useful + dup_segments = 0 AND failed + missing + rejected > 0 THEN 'failed'
		WHEN failed + missing + rejected > 0 THEN 'partial' ELSE 'success' END,
	files, bytes, metrics, events, rejected, dup_segments, dup_events, replaced
FROM t
