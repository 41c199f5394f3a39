-- table, from and to in microseconds since 1970; NULL when it is there.
SELECT sluice.partition_make($1, timestamptz 'epoch' + $2::bigint * interval '1 microsecond',
	timestamptz 'epoch' + $3::bigint * interval '1 microsecond')
