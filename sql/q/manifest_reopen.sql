-- $1 tag, $2 files: what is in the folder now, which may have been mended
UPDATE sluice.ingestion_manifest
SET status = 'open', files = $2::jsonb, attempt = attempt + 1, error = NULL, finished_at = NULL, started_at = NULL,
	lease_owner = NULL, lease_token = NULL, lease_deadline = NULL
WHERE batch_tag = $1 AND status NOT IN ('open', 'processing')
RETURNING attempt
