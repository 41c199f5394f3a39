-- What a partition holds, for the report.
SELECT greatest(reltuples, 0)::bigint, pg_total_relation_size(oid)
FROM pg_class WHERE relnamespace = 'sluice'::regnamespace AND relname = $1
