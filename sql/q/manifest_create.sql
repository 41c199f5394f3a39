-- $1 tag, $2 spool id, $3 host, $4 files
INSERT INTO sluice.ingestion_manifest (batch_tag, spool_id, host, files)
VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (batch_tag) DO NOTHING
RETURNING id, (extract(epoch FROM created_at) * 1000000)::bigint
