#include "app/bisect.h"

#include <unistd.h>

#include "base/mem.h"
#include "sys/sig.h"

#define GROUP_ROWS 1000
#define MAX_ACCUSED 10000	/* more is no accident of single records */
#define GROUP_BYTES ((size_t)4 << 20)

struct group_row {
	size_t start, len;
	uint64_t offset;
};

struct group {
	struct pg *db;
	enum load_table table;
	struct str rows;
	struct group_row *row;
	size_t nr, alloc;
	struct bad_records *out;
};

const char *
bad_records_find(const struct bad_records *b, uint64_t offset)
{
	size_t lo = 0, hi = b->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->bad[mid].offset == offset)
			return b->bad[mid].reason;
		if (b->bad[mid].offset < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void
bad_records_release(struct bad_records *b)
{
	for (size_t i = 0; i < b->nr; i++)
		free(b->bad[i].reason);
	free(b->bad);
	*b = (struct bad_records)BAD_RECORDS_INIT;
}

static void
accuse(struct bad_records *b, uint64_t offset, const char *reason)
{
	size_t i;

	ALLOC_GROW(b->bad, b->nr + 1, b->alloc);
	for (i = b->nr++; i > 0 && b->bad[i - 1].offset > offset; i--)
		b->bad[i] = b->bad[i - 1];
	b->bad[i] = (struct bad_record){ offset, xstrdup(reason) };
}

/* `database "x" on "y": what` is what alone in a file of rejects. */
static const char *
without_place(const char *text)
{
	const char *colon = strncmp(text, "database \"", 10) == 0 ? strstr(text, "\": ") : NULL;

	return colon ? colon + 3 : text;
}

/* Rows [lo, hi) by one COPY. 0 fine, 1 refused for what they hold, -1. */
static int
try_copy(struct group *g, size_t lo, size_t hi, struct err *err)
{
	struct str sql = STR_INIT;
	size_t start = g->row[lo].start, end = g->row[hi - 1].start + g->row[hi - 1].len;
	int rc;

	str_addf(&sql, "COPY sluice.%s (%s) FROM STDIN (FORMAT binary)", load_table_name[g->table],
	    load_table_columns[g->table]);
	rc = pg_copy_begin(g->db, sql.buf, err);
	str_release(&sql);
	if (rc == 0 && pg_copy_put(g->db, copyrow_header, COPYROW_HEADER_LEN, err) == 0 &&
	    pg_copy_put(g->db, g->rows.buf + start, end - start, err) == 0 &&
	    pg_copy_put(g->db, copyrow_trailer, COPYROW_TRAILER_LEN, err) == 0 &&
	    pg_copy_end(g->db, NULL, err) == 0)
		return 0;
	switch (pg_last_class(g->db)) {
	case PG_RECORD:
	case PG_PARTITION:	/* 23514: a CHECK of the operator's */
		return 1;
	default:
		return -1;
	}
}

static int
search_rows(struct group *g, size_t lo, size_t hi, struct err *err)
{
	struct err why = ERR_INIT;
	int rc;

	if (lo == hi)
		return 0;
	if (sig_stopped())
		return err_set(err, ERR_STOPPED, "stopped by a signal");
	if (pg_exec(g->db, "SAVEPOINT bisect", PG_NONE, NULL, err) < 0)
		return -1;
	rc = try_copy(g, lo, hi, &why);
	if (rc < 0) {
		err_move(err, &why);
		return -1;
	}
	if (rc == 0)
		return pg_exec(g->db, "RELEASE SAVEPOINT bisect", PG_NONE, NULL, err);
	rc = pg_exec(g->db, "ROLLBACK TO SAVEPOINT bisect", PG_NONE, NULL, err);
	if (rc == 0)
		rc = pg_exec(g->db, "RELEASE SAVEPOINT bisect", PG_NONE, NULL, err);
	if (rc == 0 && g->out->nr >= MAX_ACCUSED)
		rc = err_set(err, ERR_DATA, "the server refuses more than %d of its records: %s",
		    MAX_ACCUSED, without_place(why.text));
	else if (rc == 0 && hi - lo == 1)
		accuse(g->out, g->row[lo].offset, without_place(why.text));
	else if (rc == 0)
		rc = search_rows(g, lo, lo + (hi - lo) / 2, err) < 0 ||
		    search_rows(g, lo + (hi - lo) / 2, hi, err) < 0 ? -1 : 0;
	err_release(&why);
	return rc;
}

static int
flush_group(struct group *g, struct err *err)
{
	int rc = search_rows(g, 0, g->nr, err);

	str_reset(&g->rows);
	g->nr = 0;
	return rc;
}

static int
add_row(struct group *g, const struct rec *rec, struct err *err)
{
	struct group_row *r;

	ALLOC_GROW(g->row, g->nr + 1, g->alloc);
	r = &g->row[g->nr++];
	r->start = g->rows.len;
	r->offset = rec->offset;
	copyrow_add(&g->rows, rec, 0);
	r->len = g->rows.len - r->start;
	return g->nr >= GROUP_ROWS || g->rows.len >= GROUP_BYTES ? flush_group(g, err) : 0;
}

static int
read_groups(struct group *g, struct rec_reader *r, struct err *err)
{
	struct rec rec;
	int got;

	while ((got = rec_next(r, &rec, err)) > 0)
		if (rec.kind != REC_REJECT && rec.kind != REC_DOCUMENT &&
		    add_row(&g[copyrow_table(&rec)], &rec, err) < 0)
			return -1;
	for (int t = 0; t < LOAD_TABLES; t++)
		if (got == 0 && flush_group(&g[t], err) < 0)
			return -1;
	return got;
}

int
bisect_segment(struct pg *db, const struct load_job *job, enum rec_policy policy,
    struct bad_records *out, struct err *err)
{
	struct group g[LOAD_TABLES];
	struct zin *in;
	struct rec_reader *r;
	int fd, rc;

	fd = load_open(job->path, err);
	if (fd < 0)
		return -1;
	in = zin_new(fd, job->path, false);
	r = rec_reader_new(in, spool_format(job->name), policy);
	for (int t = 0; t < LOAD_TABLES; t++)
		g[t] = (struct group){ .db = db, .table = (enum load_table)t, .rows = STR_INIT,
			.out = out };
	rc = pg_begin(db, err);
	if (rc == 0)
		rc = read_groups(g, r, err);
	pg_rollback(db);
	for (int t = 0; t < LOAD_TABLES; t++) {
		str_release(&g[t].rows);
		free(g[t].row);
	}
	rec_reader_free(r);
	zin_free(in);
	close(fd);
	return rc;
}
