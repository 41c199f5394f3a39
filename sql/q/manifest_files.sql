-- $1 manifest id: the files in their order
SELECT f.value ->> 'name', f.value ->> 'sha256', (f.value ->> 'bytes')::bigint,
	coalesce((f.value ->> 'missing')::boolean, false)::int, f.value ->> 'error'
FROM sluice.ingestion_manifest m, jsonb_array_elements(m.files) WITH ORDINALITY AS f(value, ord)
WHERE m.id = $1::bigint
ORDER BY f.ord
