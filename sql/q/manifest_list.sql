-- $1 id from which on, $2 status or NULL, $3 not older than so many ms or NULL,
-- $4 limit, $5 ids or NULL. What an unfinished batch has reached comes from the
-- ledger: its totals are of the attempt before.
SELECT m.id, m.batch_tag, m.spool_id, m.host, m.status, m.attempt,
	jsonb_array_length(m.files),
	(SELECT coalesce(sum((f.value ->> 'bytes')::bigint), 0)::bigint
		FROM jsonb_array_elements(m.files) AS f(value)),
	CASE WHEN m.finished_at IS NULL THEN l.loaded ELSE (m.totals ->> 'loaded')::bigint END,
	CASE WHEN m.finished_at IS NULL THEN 0 ELSE coalesce((m.totals ->> 'failed')::bigint, 0) END,
	CASE WHEN m.finished_at IS NULL THEN 0 ELSE coalesce((m.totals ->> 'missing')::bigint, 0) END,
	CASE WHEN m.finished_at IS NULL THEN l.metrics
		ELSE coalesce((m.totals #>> '{rows,metrics}')::bigint, 0) END,
	CASE WHEN m.finished_at IS NULL THEN l.events
		ELSE coalesce((m.totals #>> '{rows,events}')::bigint, 0) END,
	CASE WHEN m.finished_at IS NULL THEN l.rejected
		ELSE coalesce((m.totals ->> 'rejected')::bigint, 0) END,
	CASE WHEN m.finished_at IS NULL THEN l.replaced
		ELSE coalesce((m.totals ->> 'replaced')::bigint, 0) END,
	CASE WHEN m.finished_at IS NULL THEN 0
		ELSE coalesce((m.totals #>> '{duplicates,segments}')::bigint, 0) END,
	CASE WHEN m.finished_at IS NULL THEN l.dup_events
		ELSE coalesce((m.totals #>> '{duplicates,events}')::bigint, 0) END,
	m.error, (extract(epoch FROM m.created_at) * 1000000)::bigint,
	(extract(epoch FROM m.started_at) * 1000000)::bigint,
	(extract(epoch FROM m.finished_at) * 1000000)::bigint,
	m.lease_owner, (extract(epoch FROM m.lease_deadline) * 1000000)::bigint
FROM sluice.ingestion_manifest m
LEFT JOIN LATERAL (
	SELECT count(*) AS loaded, coalesce(sum((s.rows ->> 'metrics')::bigint), 0)::bigint AS metrics,
		coalesce(sum((s.rows ->> 'events')::bigint), 0)::bigint AS events,
		coalesce(sum(s.rejected), 0)::bigint AS rejected,
		coalesce(sum(s.replaced), 0)::bigint AS replaced,
		coalesce(sum((s.duplicates ->> 'events')::bigint), 0)::bigint AS dup_events
	FROM sluice.ingestion_segment s WHERE s.batch_id = m.id
) AS l ON m.finished_at IS NULL
WHERE m.id >= $1::bigint AND ($2::text IS NULL OR m.status = $2)
	AND ($3::bigint IS NULL OR m.created_at >= now() - $3 * interval '1 millisecond')
	AND ($5::bigint[] IS NULL OR m.id = ANY($5::bigint[]))
ORDER BY m.id LIMIT $4::bigint
