-- Every table with its partitions added up. Estimates are -1 before the first
-- ANALYZE.
SELECT coalesce(p.relname, c.relname) AS name,
	sum(greatest(c.reltuples, 0))::bigint AS rows_estimate,
	sum(pg_total_relation_size(c.oid))::bigint AS bytes,
	count(p.oid) AS partitions,
	to_char(min(b.ts_from) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS ts_from,
	to_char(max(b.ts_to) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS ts_to
FROM pg_class c
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
LEFT JOIN pg_class p ON p.oid = i.inhparent
LEFT JOIN sluice.partitions b ON b.name = c.relname
WHERE c.relnamespace = 'sluice'::regnamespace AND c.relkind = 'r'
GROUP BY 1 ORDER BY 1
