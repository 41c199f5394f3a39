-- $1 id, $2 token
UPDATE sluice.ingestion_manifest
SET lease_owner = NULL, lease_token = NULL, lease_deadline = NULL
WHERE id = $1::bigint AND lease_token = $2
