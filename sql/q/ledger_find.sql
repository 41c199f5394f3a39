-- $1 sha256, $2 bytes
SELECT id, (rows ->> 'metrics')::bigint, (rows ->> 'events')::bigint, rejected,
	(duplicates ->> 'events')::bigint, coalesce(batch_id, 0), name
FROM sluice.ingestion_segment WHERE sha256 = $1 AND bytes = $2::bigint
