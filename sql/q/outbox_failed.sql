-- The attempt failed: next one after 1, 2, 4 ... 256 s, or never.
-- $1 sink, $2 ids, $3 why, $4 attempts at most
UPDATE sluice.outbox_delivery
SET last_error = $3, failed = attempts >= $4::integer,
	next_attempt_at = now() + least(power(2, attempts - 1), 256) * interval '1 second'
WHERE sink = $1 AND outbox_id = ANY ($2::bigint[]) AND processed_at IS NULL
