-- $1 id, $2 status, $3 totals, $4 files, $5 error
UPDATE sluice.ingestion_manifest
SET status = $2, totals = $3::jsonb, files = $4::jsonb, error = $5, finished_at = clock_timestamp(),
	lease_owner = NULL, lease_token = NULL, lease_deadline = NULL
WHERE id = $1::bigint
RETURNING (extract(epoch FROM finished_at) * 1000000)::bigint,
	(extract(epoch FROM finished_at - coalesce(started_at, created_at)) * 1000)::bigint
