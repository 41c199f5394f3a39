-- $1 id, $2 owner, $3 token, $4 milliseconds
UPDATE sluice.ingestion_manifest
SET status = 'processing', started_at = coalesce(started_at, now()),
	lease_owner = $2, lease_token = $3,
	lease_deadline = now() + $4::bigint * interval '1 millisecond'
WHERE id = $1::bigint AND status IN ('open', 'processing')
