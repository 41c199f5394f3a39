-- Is there a table of versions, and is this server new enough?
SELECT to_regclass('sluice.schema_version') IS NOT NULL,
	current_setting('server_version_num')::integer, current_setting('server_version')
