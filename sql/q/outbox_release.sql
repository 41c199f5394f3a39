-- Stopped before the attempt was made: as if it had not been claimed.
-- $1 sink, $2 ids
UPDATE sluice.outbox_delivery SET attempts = attempts - 1, next_attempt_at = now()
WHERE sink = $1 AND outbox_id = ANY ($2::bigint[]) AND processed_at IS NULL
