SELECT coalesce(max(version), 0) FROM sluice.schema_version
