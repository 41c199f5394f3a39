-- Claim what is due: of each key only the lowest undone id. Nobody else gets
-- the rows until the lease ends. $1 sink, $2 rows at most, $3 lease in seconds.
WITH due AS (
	SELECT d.outbox_id FROM sluice.outbox_delivery d
	WHERE d.sink = $1 AND d.processed_at IS NULL AND NOT d.failed
		AND d.next_attempt_at <= now()
		AND NOT EXISTS (SELECT FROM sluice.outbox_delivery e
			WHERE e.sink = $1 AND e.key = d.key AND e.outbox_id < d.outbox_id
				AND e.processed_at IS NULL AND NOT e.failed)
	ORDER BY d.outbox_id LIMIT $2::bigint FOR UPDATE SKIP LOCKED
), claimed AS (
	UPDATE sluice.outbox_delivery d
	SET attempts = d.attempts + 1,
		next_attempt_at = clock_timestamp() + $3::integer * interval '1 second'
	FROM due WHERE d.sink = $1 AND d.outbox_id = due.outbox_id
	RETURNING d.outbox_id
)
SELECT o.id, o.payload FROM claimed JOIN sluice.outbox o ON o.id = claimed.outbox_id
ORDER BY o.id
