-- $1 spool id
SELECT batch_tag FROM sluice.ingestion_manifest
WHERE spool_id = $1 AND status IN ('open', 'processing')
ORDER BY created_at, id
