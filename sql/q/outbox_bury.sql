-- A row whose last attempt ended without an answer becomes a dead letter.
-- $1 sink, $2 attempts at most.
UPDATE sluice.outbox_delivery
SET failed = true, last_error = coalesce(last_error, 'no answer to the last attempt')
WHERE sink = $1 AND processed_at IS NULL AND NOT failed
	AND attempts >= $2::integer AND next_attempt_at <= now()
