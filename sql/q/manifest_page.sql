-- $1 spool id, $2 after this id, $3 finished before so many ms ago or NULL: a page of
-- batches (NULL: all, unfinished ones too)
SELECT id, batch_tag FROM sluice.ingestion_manifest
WHERE spool_id = $1 AND id > $2::bigint
	AND ($3::bigint IS NULL OR (status NOT IN ('open', 'processing')
		AND finished_at < now() - $3 * interval '1 millisecond'))
ORDER BY id LIMIT 500
