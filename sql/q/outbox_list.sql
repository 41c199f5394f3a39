-- Undone rows and dead letters; $1 sink. Times in microseconds since 1970.
SELECT o.id, o.type, o.key, d.attempts, d.failed, d.last_error,
	(extract(epoch FROM o.created_at) * 1000000)::bigint,
	(extract(epoch FROM d.next_attempt_at) * 1000000)::bigint
FROM sluice.outbox_delivery d JOIN sluice.outbox o ON o.id = d.outbox_id
WHERE d.sink = $1 AND d.processed_at IS NULL
ORDER BY o.id
