-- Rows that every sink has; a dead letter stays until it is redriven. $1 is the
-- age in milliseconds. In bounded steps.
DELETE FROM sluice.outbox WHERE id IN (
	SELECT o.id FROM sluice.outbox o
	WHERE o.created_at < now() - $1::bigint * interval '1 millisecond'
		AND NOT EXISTS (SELECT FROM sluice.outbox_delivery d
			WHERE d.outbox_id = o.id AND d.processed_at IS NULL)
	ORDER BY o.id LIMIT 10000)
