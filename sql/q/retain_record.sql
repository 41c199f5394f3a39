INSERT INTO sluice.retained AS r (table_name, before)
VALUES ($1, timestamptz 'epoch' + $2::bigint * interval '1 microsecond')
ON CONFLICT (table_name) DO UPDATE SET before = greatest(r.before, excluded.before)
