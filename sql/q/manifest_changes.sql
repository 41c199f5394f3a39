-- $1 microseconds since 1970 or NULL: what is unfinished, and what was
-- finished since then; the server's clock comes first
SELECT (extract(epoch FROM now()) * 1000000)::bigint, id, status, attempt FROM (
	SELECT id, status, attempt FROM sluice.ingestion_manifest
	WHERE status IN ('open', 'processing')
	UNION
	SELECT id, status, attempt FROM sluice.ingestion_manifest
	WHERE finished_at >= coalesce(timestamptz 'epoch' + $1::bigint * interval '1 microsecond',
		now() - interval '10 minutes')
) AS m
ORDER BY id
