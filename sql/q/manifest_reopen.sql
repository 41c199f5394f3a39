-- $1 tag
UPDATE sluice.ingestion_manifest
SET status = 'open', attempt = attempt + 1, error = NULL, finished_at = NULL, started_at = NULL,
	lease_owner = NULL, lease_token = NULL, lease_deadline = NULL
WHERE batch_tag = $1 AND status NOT IN ('open', 'processing')
RETURNING attempt
