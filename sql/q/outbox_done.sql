-- $1 sink, $2 ids
UPDATE sluice.outbox_delivery SET processed_at = now(), last_error = NULL
WHERE sink = $1 AND outbox_id = ANY ($2::bigint[]) AND processed_at IS NULL
