-- $1 spool id, $2 host
INSERT INTO sluice.spool (id, host) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET host = excluded.host WHERE sluice.spool.host <> excluded.host
