-- $1 id, $2 token or NULL: the row of an unfinished batch, locked
SELECT started_at IS NULL FROM sluice.ingestion_manifest
WHERE id = $1::bigint AND status IN ('open', 'processing')
	AND ($2::text IS NULL OR lease_token = $2)
FOR UPDATE
