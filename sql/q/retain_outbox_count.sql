SELECT count(*) FROM sluice.outbox o
WHERE o.created_at < now() - $1::bigint * interval '1 millisecond'
	AND NOT EXISTS (SELECT FROM sluice.outbox_delivery d
		WHERE d.outbox_id = o.id AND d.processed_at IS NULL)
