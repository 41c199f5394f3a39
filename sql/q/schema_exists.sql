-- Is there a table of versions, and is this server new enough? Read from the
-- catalogue, not by to_regclass: that may answer from a cache which waiting for
-- an advisory lock does not refresh.
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = 'sluice' AND c.relname = 'schema_version'),
	current_setting('server_version_num')::integer, current_setting('server_version')
