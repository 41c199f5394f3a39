-- $1 batch id or NULL for all: segments whose rows are not as many as the ledger
-- says, and rows of no segment. A segment that reaches before what retain has
-- dropped may have fewer, never more.
WITH s AS MATERIALIZED (
	SELECT id, batch_id, name, ts_min, ts_max,
		coalesce((rows ->> 'metrics')::bigint, 0) AS metrics,
		coalesce((rows ->> 'events')::bigint, 0) AS events
	FROM sluice.ingestion_segment WHERE $1::bigint IS NULL OR batch_id = $1::bigint
), span AS (
	SELECT min(ts_min) AS lo, max(ts_max) AS hi FROM s
), c AS (
	SELECT segment_id, sum(metrics)::bigint AS metrics, sum(events)::bigint AS events FROM (
		SELECT segment_id, count(*) AS metrics, 0 AS events FROM sluice.metrics
		WHERE $1::bigint IS NULL OR (segment_id IN (SELECT id FROM s)
			AND ts BETWEEN (SELECT lo FROM span) AND (SELECT hi FROM span))
		GROUP BY segment_id
		UNION ALL
		SELECT segment_id, 0, count(*) FROM sluice.events
		WHERE $1::bigint IS NULL OR (segment_id IN (SELECT id FROM s)
			AND ts BETWEEN (SELECT lo FROM span) AND (SELECT hi FROM span))
		GROUP BY segment_id
	) AS u GROUP BY segment_id
), d AS (
	SELECT max(before) FILTER (WHERE table_name = 'metrics') AS metrics,
		max(before) FILTER (WHERE table_name = 'events') AS events
	FROM sluice.retained
)
SELECT coalesce(s.id, c.segment_id), s.id IS NULL, s.name, m.batch_tag,
	coalesce(s.metrics, 0), coalesce(s.events, 0), coalesce(c.metrics, 0), coalesce(c.events, 0)
FROM s FULL JOIN c ON c.segment_id = s.id
CROSS JOIN d
LEFT JOIN sluice.ingestion_manifest m ON m.id = s.batch_id
WHERE s.id IS NULL
	OR coalesce(c.metrics, 0) > s.metrics
	OR coalesce(c.events, 0) > s.events
	OR (coalesce(c.metrics, 0) < s.metrics AND NOT coalesce(s.ts_min < d.metrics, false))
	OR (coalesce(c.events, 0) < s.events AND NOT coalesce(s.ts_min < d.events, false))
ORDER BY 1
