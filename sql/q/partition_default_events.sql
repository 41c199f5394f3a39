-- Days of rows that wait in DEFAULT, from $1 until before $2 (microseconds
-- since 1970), with their number.
SELECT (extract(epoch FROM date_trunc('day', ts, 'UTC')) * 1000000)::bigint, count(*)
FROM sluice.events_default
WHERE ts >= timestamptz 'epoch' + $1::bigint * interval '1 microsecond'
	AND ts < timestamptz 'epoch' + $2::bigint * interval '1 microsecond'
GROUP BY 1 ORDER BY 1
