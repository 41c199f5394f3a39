#include "app/loader.h"

#include "app/dedupe.h"
#include "base/mem.h"

int
loader_end_copy(struct loader *l, struct err *err)
{
	int rc = 0;

	if (l->open < 0)
		return 0;
	l->open = -1;
	if (pg_copy_put(l->db, copyrow_trailer, COPYROW_TRAILER_LEN, err) < 0 ||
	    pg_copy_end(l->db, NULL, err) < 0)
		rc = -1;
	return rc;
}

/* part is a name out of partmap, which takes only [a-z0-9_]. */
static int
open_copy(struct loader *l, enum load_table table, const char *part, struct err *err)
{
	struct str sql = STR_INIT;
	int rc;

	if (loader_end_copy(l, err) < 0)
		return -1;
	str_addf(&sql, "COPY sluice.%s (%s) FROM STDIN (FORMAT binary)",
	    part ? part : load_table_name[table], load_table_columns[table]);
	rc = pg_copy_begin(l->db, sql.buf, err);
	str_release(&sql);
	if (rc < 0)
		return -1;
	l->open = (int)table;
	l->open_part = part;
	return pg_copy_put(l->db, copyrow_header, COPYROW_HEADER_LEN, err);
}

static int
send_queue(struct loader *l, enum load_table table, struct err *err)
{
	struct loader_queue *q = &l->queue[table];
	const char *part = q->mixed || l->switches > LOADER_MAX_SWITCHES ? NULL : q->part;

	if (q->rows.len == 0)
		return 0;
	if (l->open == (int)table && l->open_part != part)
		l->switches++;
	if ((l->open != (int)table || l->open_part != part) &&
	    open_copy(l, table, part, err) < 0)
		return -1;
	if (pg_copy_put(l->db, q->rows.buf, q->rows.len, err) < 0)
		return -1;
	str_reset(&q->rows);
	q->mixed = false;
	return 0;
}

/* Where the next row of a table goes; row_added sends what is due after it. */
static struct str *
row_place(struct loader *l, enum load_table table, const char *part)
{
	struct loader_queue *q = &l->queue[table];

	if (q->rows.len == 0)
		q->part = part;
	else if (q->part != part)
		q->mixed = true;
	return &q->rows;
}

static int
row_added(struct loader *l, enum load_table table, struct err *err)
{
	size_t limit = l->open == (int)table || l->open < 0 ? LOADER_CHUNK : LOADER_BACKLOG;

	l->rows[table]++;
	return l->queue[table].rows.len >= limit ? send_queue(l, table, err) : 0;
}

int
loader_put(struct loader *l, enum load_table table, const char *part, const void *row, size_t n,
    struct err *err)
{
	str_add(row_place(l, table, part), row, n);
	return row_added(l, table, err);
}

/* A partition that this row wants and that is not there: remember its range. */
static void
note_missing(struct loader *l, enum load_table table, int64_t ts_us)
{
	struct loader_range r = { .table = table };

	partmap_range(l->map, (enum partmap_table)table, l->interval, ts_us, &r.from_us, &r.to_us);
	for (size_t i = l->nr_missing; i-- > 0;)
		if (l->missing[i].table == table && l->missing[i].from_us == r.from_us)
			return;
	if (l->nr_missing >= LOADER_MAX_MISSING)
		return;
	ALLOC_GROW(l->missing, l->nr_missing + 1, l->alloc_missing);
	l->missing[l->nr_missing++] = r;
}

int
loader_add(struct loader *l, const struct rec *rec, struct err *err)
{
	enum load_table table = copyrow_table(rec);
	const char *part = partmap_find(l->map, (enum partmap_table)table, rec->ts_us);

	if (!part && l->find_missing && partition_allowed(rec->ts_us, l->now_us))
		note_missing(l, table, rec->ts_us);
	if (l->nr_missing > 0)
		return 0;	/* this round only looks for more of them */
	l->ts_min = MIN(l->ts_min, rec->ts_us);
	l->ts_max = MAX(l->ts_max, rec->ts_us);
	if (l->dedupe && table == LOAD_EVENTS && rec->id.ptr) {
		bool full = false;

		if (!l->seen)
			l->seen = dedupe_new();
		dedupe_add(l->seen, rec, part, l->segment_id, &full);
		return full ? dedupe_flush(l->seen, l, err) : 0;
	}
	copyrow_add(row_place(l, table, part), rec, l->segment_id);
	return row_added(l, table, err);
}

int
loader_finish(struct loader *l, struct err *err)
{
	if (l->nr_missing > 0)
		return 0;
	if (l->seen && dedupe_flush(l->seen, l, err) < 0)
		return -1;
	/* the open one first: one COPY less */
	if (l->open >= 0 && send_queue(l, (enum load_table)l->open, err) < 0)
		return -1;
	for (int t = 0; t < LOAD_TABLES; t++)
		if (send_queue(l, (enum load_table)t, err) < 0)
			return -1;
	return loader_end_copy(l, err);
}

void
loader_release(struct loader *l)
{
	for (int t = 0; t < LOAD_TABLES; t++)
		str_release(&l->queue[t].rows);
	dedupe_free(l->seen);
	free(l->missing);
	*l = (struct loader)LOADER_INIT;
}
