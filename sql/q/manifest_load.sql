-- $1 tag
SELECT id, batch_tag, status, attempt, spool_id,
	(extract(epoch FROM created_at) * 1000000)::bigint,
	(extract(epoch FROM finished_at) * 1000000)::bigint
FROM sluice.ingestion_manifest WHERE batch_tag = $1
