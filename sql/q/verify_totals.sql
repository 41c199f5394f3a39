-- $1 batch id or NULL for all: finished batches whose totals are not what the
-- ledger holds under their id
WITH s AS (
	SELECT batch_id, count(*) AS loaded, sum((rows ->> 'metrics')::bigint) AS metrics,
		sum((rows ->> 'events')::bigint) AS events, sum(rejected) AS rejected
	FROM sluice.ingestion_segment
	WHERE batch_id IS NOT NULL AND ($1::bigint IS NULL OR batch_id = $1::bigint)
	GROUP BY batch_id
), t AS (
	SELECT m.id, m.batch_tag, coalesce((m.totals ->> 'loaded')::bigint, 0) AS loaded,
		coalesce((m.totals #>> '{rows,metrics}')::bigint, 0) AS metrics,
		coalesce((m.totals #>> '{rows,events}')::bigint, 0) AS events,
		coalesce((m.totals ->> 'rejected')::bigint, 0) AS rejected
	FROM sluice.ingestion_manifest m
	WHERE m.status NOT IN ('open', 'processing') AND ($1::bigint IS NULL OR m.id = $1::bigint)
)
SELECT t.id, t.batch_tag,
	format('segments %s, metrics %s, events %s, rejected %s', t.loaded, t.metrics, t.events,
		t.rejected),
	format('segments %s, metrics %s, events %s, rejected %s', coalesce(s.loaded, 0),
		coalesce(s.metrics, 0), coalesce(s.events, 0), coalesce(s.rejected, 0))
FROM t LEFT JOIN s ON s.batch_id = t.id
WHERE (t.loaded, t.metrics, t.events, t.rejected) IS DISTINCT FROM
	(coalesce(s.loaded, 0), coalesce(s.metrics, 0), coalesce(s.events, 0), coalesce(s.rejected, 0))
ORDER BY t.id
