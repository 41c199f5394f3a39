-- $1 id, $2 metrics, $3 events, $4 rejected, $5 duplicate events, $6 $7 first and last ts in us,
-- $8 replaced characters
UPDATE sluice.ingestion_segment
SET rows = jsonb_build_object('metrics', $2::bigint, 'events', $3::bigint),
	rejected = $4::bigint,
	replaced = $8::bigint,
	duplicates = jsonb_build_object('events', $5::bigint),
	ts_min = timestamptz 'epoch' + $6::bigint * interval '1 microsecond',
	ts_max = timestamptz 'epoch' + $7::bigint * interval '1 microsecond',
	committed_at = now()
WHERE id = $1::bigint
