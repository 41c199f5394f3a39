-- $1 batch id or NULL for all: segments in the ledger
SELECT count(*) FROM sluice.ingestion_segment WHERE $1::bigint IS NULL OR batch_id = $1::bigint
