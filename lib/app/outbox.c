/*
 * outbox.c - see outbox.h.
 */
#include "app/outbox.h"

#include "base/mem.h"
#include "sql.h"

#define TEXT(n) TEXT_(n)
#define TEXT_(n) #n

void
outbox_batch_release(struct outbox_batch *b)
{
	str_release(&b->ids);
	str_release(&b->lines);
	b->nr = 0;
}

int
outbox_has_sink(struct pg *db, const char *sink, struct err *err)
{
	struct pg_rows *rows;
	int n;

	if (pg_exec(db, sql_outbox_sink, PG_PARAMS(sink), &rows, err) < 0)
		return -1;
	n = pg_int(rows, 0, 0) > 0;
	pg_free(rows);
	return n;
}

static void
fill(struct outbox_batch *b, const struct pg_rows *rows)
{
	str_reset(&b->ids);
	str_reset(&b->lines);
	b->nr = pg_nrows(rows);
	for (int i = 0; i < b->nr; i++) {
		str_addc(&b->ids, i == 0 ? '{' : ',');
		str_adds(&b->ids, pg_text(rows, i, 0));
		/* jsonb as text is one line. */
		str_add(&b->lines, pg_text(rows, i, 1), pg_length(rows, i, 1));
		str_addc(&b->lines, '\n');
	}
	str_addc(&b->ids, '}');
}

int
outbox_claim(struct pg *db, const char *sink, uint64_t max, struct outbox_batch *b,
    struct err *err)
{
	char *limit = xasprintf("%llu", (unsigned long long)max);
	struct pg_rows *rows = NULL;
	int rc = -1;

	if (pg_exec(db, sql_outbox_bury, PG_PARAMS(sink, TEXT(OUTBOX_ATTEMPTS)), NULL, err) == 0)
		rc = pg_exec(db, sql_outbox_claim, PG_PARAMS(sink, limit, TEXT(OUTBOX_LEASE_S)),
		    &rows, err);
	if (rc == 0)
		fill(b, rows);
	pg_free(rows);
	free(limit);
	return rc;
}

int
outbox_due(struct pg *db, const char *sink, struct outbox_batch *b, struct err *err)
{
	struct pg_rows *rows;

	if (pg_exec(db, sql_outbox_due, PG_PARAMS(sink), &rows, err) < 0)
		return -1;
	fill(b, rows);
	pg_free(rows);
	return 0;
}

int
outbox_done(struct pg *db, const char *sink, const struct outbox_batch *b, struct err *err)
{
	return pg_exec(db, sql_outbox_done, PG_PARAMS(sink, b->ids.buf), NULL, err);
}

int
outbox_failed(struct pg *db, const char *sink, const struct outbox_batch *b, const char *why,
    struct err *err)
{
	return pg_exec(db, sql_outbox_failed,
	    PG_PARAMS(sink, b->ids.buf, why, TEXT(OUTBOX_ATTEMPTS)), NULL, err);
}

int
outbox_release(struct pg *db, const char *sink, const struct outbox_batch *b, struct err *err)
{
	return pg_exec(db, sql_outbox_release, PG_PARAMS(sink, b->ids.buf), NULL, err);
}

int
outbox_redrive(struct pg *db, const char *sink, int64_t *n, struct err *err)
{
	struct pg_rows *rows;

	if (pg_exec(db, sql_outbox_redrive, PG_PARAMS(sink), &rows, err) < 0)
		return -1;
	*n = pg_affected(rows);
	pg_free(rows);
	return 0;
}

int
outbox_list(struct pg *db, const char *sink,
    int (*fn)(void *arg, const struct outbox_item *item, struct err *err), void *arg,
    struct err *err)
{
	struct pg_rows *r;
	int rc = pg_exec(db, sql_outbox_list, PG_PARAMS(sink), &r, err);

	if (rc < 0)
		return -1;
	for (int i = 0; rc == 0 && i < pg_nrows(r); i++) {
		struct outbox_item item = {
			.id = pg_int(r, i, 0), .type = pg_text(r, i, 1), .key = pg_text(r, i, 2),
			.attempts = pg_int(r, i, 3), .failed = *pg_text(r, i, 4) == 't',
			.last_error = pg_text(r, i, 5), .created_us = pg_int(r, i, 6),
			.next_us = pg_int(r, i, 7),
		};

		rc = fn(arg, &item, err);
	}
	pg_free(r);
	return rc;
}
