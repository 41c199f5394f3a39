-- What a run would hand out, in order; $1 sink.
SELECT o.id, o.payload
FROM sluice.outbox_delivery d JOIN sluice.outbox o ON o.id = d.outbox_id
WHERE d.sink = $1 AND d.processed_at IS NULL AND NOT d.failed
	AND d.next_attempt_at <= now()
ORDER BY o.id
