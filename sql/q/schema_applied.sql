INSERT INTO sluice.schema_version (version, name) VALUES ($1, $2)
