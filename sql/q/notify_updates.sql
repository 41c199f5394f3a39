-- $1 payload: ids only
SELECT pg_notify('ingest_updates', $1)
