-- $1 sha256, $2 bytes
SELECT id, (rows ->> 'metrics')::bigint, (rows ->> 'events')::bigint, rejected,
	(duplicates ->> 'events')::bigint
FROM sluice.ingestion_segment WHERE sha256 = $1 AND bytes = $2::bigint
