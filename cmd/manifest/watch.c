/*
 * watch.c - manifest watch: a line for each change of a batch's status.
 *
 * NOTIFY only shortens the wait, since a pooler may swallow it. Each look asks
 * for what is unfinished, and for what was finished since the look before,
 * with ten minutes to spare for transactions that were slow to commit. A row
 * that stands there with another status or attempt than last time has changed;
 * so what one look held is all that has to be remembered.
 */
#include "base/mem.h"
#include "base/msg.h"
#include "cmd/manifest/manifest.h"
#include "sql.h"
#include "sys/io.h"
#include "sys/sig.h"

#define SLACK_US INT64_C(600000000)

struct seen {
	int64_t id;
	int attempt;
	char status[16];
};

struct look {
	struct seen *row;	/* by id; owned */
	size_t nr, alloc;
};

static int
by_id(const void *a, const void *b)
{
	int64_t x = ((const struct seen *)a)->id, y = ((const struct seen *)b)->id;

	return (x > y) - (x < y);
}

/* The rows now, and the time of the server; since 0: the first look. */
static int
take_look(struct session *s, int64_t *since, struct look *out, struct err *err)
{
	struct pg_rows *rows = NULL;
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)(*since - SLACK_US));
	if (pg_exec(s->db, sql_manifest_changes, PG_PARAMS(*since ? text : NULL), &rows, err) < 0)
		return -1;
	for (int i = 0; i < pg_nrows(rows); i++) {
		struct seen *row;

		if (!pg_text(rows, i, 1))
			continue;
		ALLOC_GROW(out->row, out->nr + 1, out->alloc);
		row = &out->row[out->nr++];
		row->id = pg_int(rows, i, 1);
		row->attempt = (int)pg_int(rows, i, 3);
		snprintf(row->status, sizeof(row->status), "%s", pg_text(rows, i, 2));
	}
	*since = pg_int(rows, 0, 0);
	pg_free(rows);
	return 0;
}

static int
print_ids(struct session *s, const char *ids, struct err *err)
{
	struct pg_rows *rows = NULL;
	struct str out = STR_INIT;
	int rc;

	if (fetch_rows(s, "1", NULL, ids, &rows, err) < 0)
		return -1;
	for (int i = 0; i < pg_nrows(rows); i++)
		put_row(s, rows, i, NULL, &out);
	rc = io_stdout(out.buf, out.len, err);
	str_release(&out);
	pg_free(rows);
	return rc;
}

/* Print what differs from the look before, which is then forgotten. */
static int
compare(struct session *s, struct look *old, struct look *now, struct err *err)
{
	struct str ids = STR_INIT;
	int rc = 0;

	for (size_t i = 0; i < now->nr; i++) {
		const struct seen *n = &now->row[i], *was = old->nr == 0 ? NULL :
		    bsearch(n, old->row, old->nr, sizeof(*n), by_id);

		if (!was || was->attempt != n->attempt || strcmp(was->status, n->status) != 0)
			str_addf(&ids, "%s%lld", ids.len ? "," : "{", (long long)n->id);
	}
	if (ids.len) {
		str_addc(&ids, '}');
		rc = print_ids(s, ids.buf, err);
	}
	if (rc == 0) {
		free(old->row);
		*old = *now;
		*now = (struct look){ NULL, 0, 0 };
	}
	str_release(&ids);
	return rc;
}

static int
listen_db(struct session *s, struct err *err)
{
	if (connect_db(s, err) < 0)
		return -1;
	return pg_exec(s->db, "LISTEN ingest_updates", PG_NONE, NULL, err);
}

static void
pause_ms(int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* One look and the wait after it. */
static int
step(struct session *s, bool *listening, int64_t *since, struct look *old, int ms,
    struct err *err)
{
	struct look now = { NULL, 0, 0 };
	struct str note = STR_INIT;
	bool first = *since == 0;
	int rc = -1;

	if (!*listening && listen_db(s, err) < 0)
		goto out;
	*listening = true;
	if (take_look(s, since, &now, err) < 0)
		goto out;
	if (first) {
		*old = now;
		now = (struct look){ NULL, 0, 0 };
	} else if (compare(s, old, &now, err) < 0) {
		goto out;
	}
	rc = pg_wait_notify(s->db, ms, &note, err);
out:
	free(now.row);
	str_release(&note);
	return MIN(rc, 0);
}

int
cmd_watch(struct session *s, int argc UNUSED, char **argv UNUSED, struct err *err)
{
	int ms = (int)conf_ms(s->conf, "outbox.interval"), rc = 0;
	struct look old = { NULL, 0, 0 };
	bool listening = false, failing = false;
	int64_t since = 0;

	while (!sig_stopped()) {
		rc = step(s, &listening, &since, &old, ms, err);
		if (rc == 0) {
			failing = false;
			continue;
		}
		/* a database that went away comes back; told once */
		if (since == 0 || err->kind != ERR_TEMP)
			break;
		if (!failing)
			msg_err(err);
		failing = true;
		listening = false;
		err_release(err);
		rc = 0;
		pause_ms(ms);
	}
	free(old.row);
	return sig_stopped() ? 0 : rc;
}
