-- $1 type, $2 key, $3 payload
SELECT sluice.outbox_add($1, $2, $3::jsonb)
