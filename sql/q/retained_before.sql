-- Before this every table has lost its rows to retain: us since 1970, or NULL
SELECT CASE WHEN count(*) = 2 THEN (extract(epoch FROM min(before)) * 1000000)::bigint END
FROM sluice.retained WHERE table_name IN ('metrics', 'events')
