-- $1 manifest id: its files in their order, and what the ledger knows of each
SELECT f.value ->> 'name', f.value ->> 'sha256', (f.value ->> 'bytes')::bigint,
	coalesce((f.value ->> 'missing')::boolean, false)::int, f.value ->> 'error',
	s.id, coalesce((s.rows ->> 'metrics')::bigint, 0), coalesce((s.rows ->> 'events')::bigint, 0),
	s.rejected, (s.batch_id = m.id AND s.name = f.value ->> 'name')::int
FROM sluice.ingestion_manifest m
CROSS JOIN jsonb_array_elements(m.files) WITH ORDINALITY AS f(value, ord)
LEFT JOIN sluice.ingestion_segment s
	ON s.sha256 = f.value ->> 'sha256' AND s.bytes = (f.value ->> 'bytes')::bigint
WHERE m.id = $1::bigint
ORDER BY f.ord
