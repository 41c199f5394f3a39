-- $1 sha256, $2 bytes, $3 batch id or NULL, $4 name. Waits for a concurrent
-- loader of the same content; no row comes back when the content is known.
INSERT INTO sluice.ingestion_segment (sha256, bytes, batch_id, name)
VALUES ($1, $2::bigint, $3::bigint, $4)
ON CONFLICT (sha256, bytes) DO NOTHING
RETURNING id
