-- Dead letters get their attempts anew; $1 sink.
UPDATE sluice.outbox_delivery
SET failed = false, attempts = 0, next_attempt_at = now()
WHERE sink = $1 AND failed AND processed_at IS NULL
