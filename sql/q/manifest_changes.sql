-- $1 microseconds since 1970 or NULL: the server's clock, and what is unfinished
-- or was finished since then (NULL: ten minutes ago); one row without id if nothing
SELECT (extract(epoch FROM now()) * 1000000)::bigint, m.id, m.status, m.attempt
FROM (SELECT 1) AS one
LEFT JOIN (
	SELECT id, status, attempt FROM sluice.ingestion_manifest
	WHERE status IN ('open', 'processing')
	UNION
	SELECT id, status, attempt FROM sluice.ingestion_manifest
	WHERE finished_at >= coalesce(timestamptz 'epoch' + $1::bigint * interval '1 microsecond',
		now() - interval '10 minutes')
) AS m ON true
ORDER BY m.id
