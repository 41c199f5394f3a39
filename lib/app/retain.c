/*
 * retain.c - see retain.h.
 */
#include "app/retain.h"

#include "base/mem.h"
#include "sql.h"
#include "sys/sig.h"

int
retain_measure(struct pg *db, const char *part, int64_t *rows, int64_t *bytes, struct err *err)
{
	struct pg_rows *r;

	*rows = *bytes = 0;
	if (pg_exec(db, sql_retain_rows, PG_PARAMS(part), &r, err) < 0)
		return -1;
	if (pg_nrows(r) > 0) {
		*rows = pg_int(r, 0, 0);
		*bytes = pg_int(r, 0, 1);
	}
	pg_free(r);
	return 0;
}

static int
drop_once(struct pg *db, const char *table, const char *part, const char *to, struct err *err)
{
	char *name = pg_quote_ident(db, part);
	char *drop = xasprintf("DROP TABLE sluice.%s", name);
	int rc = -1;

	if (pg_begin(db, err) < 0)
		goto out;
	if (pg_exec(db, sql_partition_lock_timeout, PG_NONE, NULL, err) == 0 &&
	    pg_exec(db, drop, PG_NONE, NULL, err) == 0 &&
	    pg_exec(db, sql_retain_record, PG_PARAMS(table, to), NULL, err) == 0 &&
	    pg_commit(db, err) == 0)
		rc = 1;
	else
		pg_rollback(db);
out:
	free(drop);
	free(name);
	return rc;
}

int
retain_drop(struct pg *db, const char *table, const struct partmap_part *part, struct err *err)
{
	char *to = xasprintf("%lld", (long long)part->to_us);
	struct err last = ERR_INIT;
	int rc = -1;

	/* The drop locks the whole table: it waits a moment only, again and again,
	 * rather than make the loaders queue behind it. */
	for (int i = 0; i < PARTITION_TRIES; i++) {
		rc = drop_once(db, table, part->name, to, &last);
		if (rc >= 0 || pg_broken(db) || pg_last_class(db) != PG_RETRY || sig_stopped())
			break;
	}
	if (rc < 0 && strcmp(last.sqlstate, "42P01") == 0) {
		rc = 0;
	} else if (rc < 0) {
		err_move(err, &last);
		err_wrap(err, "could not drop \"%s\"", part->name);
	}
	err_release(&last);
	free(to);
	return rc;
}

int
retain_outbox(struct pg *db, uint64_t keep_ms, bool dry, int64_t *rows, struct err *err)
{
	char *age = xasprintf("%llu", (unsigned long long)keep_ms);
	struct pg_rows *r;
	int64_t n;
	int rc;

	*rows = 0;
	if (dry) {
		rc = pg_exec(db, sql_retain_outbox_count, PG_PARAMS(age), &r, err);
		if (rc == 0) {
			*rows = pg_int(r, 0, 0);
			pg_free(r);
		}
		free(age);
		return rc;
	}
	do {
		rc = pg_exec(db, sql_retain_outbox, PG_PARAMS(age), &r, err);
		n = rc < 0 ? 0 : pg_affected(r);
		if (rc == 0)
			pg_free(r);
		*rows += n;
	} while (n > 0 && !sig_stopped());
	free(age);
	return rc;
}
