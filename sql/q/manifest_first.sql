-- $1 status or NULL, $2 not older than so many ms or NULL, $3 limit or NULL:
-- the lowest id of the last $3 rows
SELECT min(id) FROM (
	SELECT id FROM sluice.ingestion_manifest
	WHERE ($1::text IS NULL OR status = $1)
		AND ($2::bigint IS NULL OR created_at >= now() - $2 * interval '1 millisecond')
	ORDER BY id DESC LIMIT $3::bigint
) AS m
