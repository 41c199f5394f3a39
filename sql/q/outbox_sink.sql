SELECT count(*) FROM sluice.outbox_sink WHERE name = $1
