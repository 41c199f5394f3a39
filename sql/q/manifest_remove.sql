-- $1 id, $2 attempt: a finished batch that nobody has opened again meanwhile
DELETE FROM sluice.ingestion_manifest
WHERE id = $1::bigint AND attempt = $2::int AND status NOT IN ('open', 'processing')
