-- Bounds in microseconds since 1970.
SELECT parent, name, (extract(epoch FROM ts_from) * 1000000)::bigint,
	(extract(epoch FROM ts_to) * 1000000)::bigint
FROM sluice.partitions
WHERE parent IN ('metrics', 'events') AND ts_from IS NOT NULL
ORDER BY 1, 3
