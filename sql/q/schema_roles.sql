-- The roles of --roles that exist, and whether we may act as one.
SELECT r.rolname, pg_has_role(r.oid, 'MEMBER'),
	has_schema_privilege(r.oid, 'sluice', 'USAGE')
FROM pg_roles r WHERE r.rolname IN ('sluice_writer', 'sluice_reader')
ORDER BY 1
