-- $1 sources, $2 ids, $3 segment id: the places (from 1) of those that are new
WITH i AS (
	SELECT source, id, min(ord) AS ord
	FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(source, id, ord)
	GROUP BY source, id
	ORDER BY source, id
), n AS (
	INSERT INTO sluice.event_ids (source, id, segment_id)
	SELECT source, id, $3::bigint FROM i ORDER BY source, id
	ON CONFLICT DO NOTHING
	RETURNING source, id
)
SELECT i.ord FROM i JOIN n USING (source, id) ORDER BY i.ord
