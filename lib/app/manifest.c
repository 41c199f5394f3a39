#include "app/manifest.h"

#include <unistd.h>

#include "app/event.h"
#include "base/mem.h"
#include "base/msg.h"
#include "fmt/json.h"
#include "sql.h"

/* The event into the outbox, and one NOTIFY with ids only. */
static int
announce(struct pg *db, const struct batch *b, const char *type, const char *event,
    const char *status, struct err *err)
{
	struct str note = STR_INIT;
	int rc = -1;

	str_addf(&note, "{\"batch_id\":%lld,\"batch_tag\":\"%s\",\"status\":\"%s\"}",
	    (long long)b->id, b->tag, status);
	if (pg_exec(db, sql_outbox_add, PG_PARAMS(type, b->tag, event), NULL, err) == 0 &&
	    pg_exec(db, sql_notify_updates, PG_PARAMS(note.buf), NULL, err) == 0)
		rc = 0;
	str_release(&note);
	return rc;
}

static int
insert_row(struct pg *db, const struct spool *sp, struct batch *b, struct err *err)
{
	struct str files = STR_INIT, event = STR_INIT;
	struct pg_rows *rows = NULL;
	char host[256] = "";
	int rc = -1;

	gethostname(host, sizeof(host) - 1);
	batch_put_files(&files, b, SIZE_MAX);
	if (pg_exec(db, sql_spool_register, PG_PARAMS(sp->id, host), NULL, err) < 0 ||
	    pg_exec(db, sql_manifest_create, PG_PARAMS(b->tag, sp->id, host, files.buf), &rows,
	    err) < 0)
		goto out;
	if (pg_nrows(rows) == 0) {
		rc = 0;
		goto out;
	}
	b->id = pg_int(rows, 0, 0);
	b->created_us = pg_int(rows, 0, 1);
	b->attempt = 1;
	snprintf(b->status, sizeof(b->status), "open");
	snprintf(b->spool_id, sizeof(b->spool_id), "%s", sp->id);
	batch_open_event(b, &event);
	if (announce(db, b, "gate.open", event.buf, "open", err) == 0)
		rc = 1;
out:
	pg_free(rows);
	str_release(&event);
	str_release(&files);
	return rc;
}

int
manifest_create(struct pg *db, const struct spool *sp, struct batch *b, struct err *err)
{
	char tag[SPOOL_TAG_MAX];
	int made;

	if (pg_begin(db, err) < 0)
		return -1;
	made = insert_row(db, sp, b, err);
	if (made < 0) {
		pg_rollback(db);
		return -1;
	}
	if (pg_commit(db, err) < 0)
		return -1;
	if (made)
		return 0;
	memcpy(tag, b->tag, sizeof(tag));
	made = manifest_load(db, tag, b, err);
	if (made == 0)
		return err_set(err, ERR_TEMP, "batch %s vanished from the manifest", tag);
	return made < 0 ? -1 : 0;
}

int
manifest_settled(struct pg *db, const struct spool *sp, const char *tag, struct err *err)
{
	struct pg_rows *rows = NULL;
	int rc = -1;

	if (pg_begin(db, err) < 0)
		return -1;
	/* inserting the same key waits for the other transaction; ours is undone */
	if (pg_exec(db, sql_manifest_create, PG_PARAMS(tag, sp->id, "", "[]"), &rows, err) == 0)
		rc = pg_nrows(rows) > 0;
	pg_free(rows);
	pg_rollback(db);
	return rc;
}

static int
load_files(struct pg *db, struct batch *b, struct err *err)
{
	struct pg_rows *rows = NULL;
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)b->id);
	if (pg_exec(db, sql_manifest_files, PG_PARAMS(id), &rows, err) < 0)
		return -1;
	for (int i = 0; i < pg_nrows(rows); i++) {
		const char *name = pg_text(rows, i, 0), *sha = pg_text(rows, i, 1);
		struct batch_file *f;

		if (!name || !sha || !spool_is_segment(name))
			continue;
		f = batch_add(b, name, sha, (uint64_t)pg_int(rows, i, 2));
		f->missing = pg_int(rows, i, 3) != 0;
		if (pg_text(rows, i, 4))
			f->error = xstrdup(pg_text(rows, i, 4));
	}
	pg_free(rows);
	return 0;
}

int
manifest_load(struct pg *db, const char *tag, struct batch *b, struct err *err)
{
	struct pg_rows *rows = NULL;
	int found;

	if (pg_exec(db, sql_manifest_load, PG_PARAMS(tag), &rows, err) < 0)
		return -1;
	found = pg_nrows(rows);
	if (found) {
		batch_release(b);
		b->id = pg_int(rows, 0, 0);
		snprintf(b->tag, sizeof(b->tag), "%s", pg_text(rows, 0, 1));
		snprintf(b->status, sizeof(b->status), "%s", pg_text(rows, 0, 2));
		b->attempt = (int)pg_int(rows, 0, 3);
		snprintf(b->spool_id, sizeof(b->spool_id), "%s", pg_text(rows, 0, 4));
		b->created_us = pg_int(rows, 0, 5);
		b->finished_us = pg_text(rows, 0, 6) ? pg_int(rows, 0, 6) : 0;
	}
	pg_free(rows);
	if (found && load_files(db, b, err) < 0)
		return -1;
	return found ? 1 : 0;
}

int
manifest_unfinished(struct pg *db, const char *spool_id, struct fs_names *tags, struct err *err)
{
	struct pg_rows *rows = NULL;

	if (pg_exec(db, sql_manifest_unfinished, PG_PARAMS(spool_id), &rows, err) < 0)
		return -1;
	for (int i = 0; i < pg_nrows(rows); i++) {
		ALLOC_GROW(tags->name, tags->nr + 1, tags->alloc);
		tags->name[tags->nr++] = xstrdup(pg_text(rows, i, 0));
	}
	pg_free(rows);
	return 0;
}

int
manifest_reopen(struct pg *db, struct batch *b, struct err *err)
{
	struct str event = STR_INIT, files = STR_INIT;
	struct pg_rows *rows = NULL;
	char tag[SPOOL_TAG_MAX];
	int rc = -1, reopened = 0;

	if (pg_begin(db, err) < 0)
		return -1;
	batch_put_files(&files, b, SIZE_MAX);
	if (pg_exec(db, sql_manifest_reopen, PG_PARAMS(b->tag, files.buf), &rows, err) < 0)
		goto out;
	reopened = pg_nrows(rows);
	if (reopened) {
		b->attempt = (int)pg_int(rows, 0, 0);
		snprintf(b->status, sizeof(b->status), "open");
		batch_open_event(b, &event);
		if (announce(db, b, "gate.open", event.buf, "open", err) < 0)
			goto out;
	}
	rc = pg_commit(db, err);
out:
	if (rc < 0)
		pg_rollback(db);
	pg_free(rows);
	str_release(&files);
	str_release(&event);
	if (rc == 0 && !reopened) {
		/* somebody was quicker: its attempt is the one to tell of */
		memcpy(tag, b->tag, sizeof(tag));
		rc = MIN(manifest_load(db, tag, b, err), 0);
	}
	return rc;
}

int
manifest_lease(struct pg *db, struct batch *b, const char *owner, const char *token,
    struct err *err)
{
	char id[24], ms[24];
	struct pg_rows *rows = NULL;
	int n;

	snprintf(id, sizeof(id), "%lld", (long long)b->id);
	snprintf(ms, sizeof(ms), "%d", MANIFEST_LEASE_MS);
	if (pg_exec(db, sql_manifest_lease, PG_PARAMS(id, owner, token, ms), &rows, err) < 0)
		return -1;
	n = pg_affected(rows) > 0;
	pg_free(rows);
	if (n)
		snprintf(b->status, sizeof(b->status), "processing");
	return n;
}

int
manifest_release_lease(struct pg *db, const struct batch *b, const char *token, struct err *err)
{
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)b->id);
	return pg_exec(db, sql_manifest_release_lease, PG_PARAMS(id, token), NULL, err);
}

/* What the totals query says, as the fields of gate.done. */
static void
done_event(const struct batch *b, struct pg_rows *t, int64_t elapsed_ms, struct str *out)
{
	event_begin(out, "gate.done", b->tag, b->status, b->attempt, b->finished_us);
	batch_put_ids(out, b);
	json_put_key_cstr(out, "status", b->status);
	str_addf(out, ",\"totals\":{\"files\":%s,\"bytes\":%s}", pg_text(t, 0, 2),
	    pg_text(t, 0, 3));
	str_addf(out, ",\"rows\":{\"metrics\":%s,\"events\":%s},\"rejected\":%s,\"replaced\":%s",
	    pg_text(t, 0, 4), pg_text(t, 0, 5), pg_text(t, 0, 6), pg_text(t, 0, 9));
	str_addf(out, ",\"duplicates\":{\"segments\":%s,\"documents\":0,\"events\":%s}",
	    pg_text(t, 0, 7), pg_text(t, 0, 8));
	json_put_key_int(out, "elapsed_ms", elapsed_ms);
	batch_end_event(out, b);
}

static const char *
first_error(const struct batch *b)
{
	for (size_t i = 0; i < b->nr; i++)
		if (b->file[i].error)
			return b->file[i].error;
	return NULL;
}

/* By whom and how a batch is finished. */
struct ending {
	const char *token;		/* of the lease, NULL: by hand */
	const char *status, *error;	/* NULL: what files and ledger say */
};

static int
finish_row(struct pg *db, struct batch *b, const char *id, const struct ending *e,
    struct str *out, struct err *err)
{
	struct str files = STR_INIT;
	struct pg_rows *totals = NULL, *row = NULL;
	int rc = -1;

	batch_put_files(&files, b, SIZE_MAX);
	if (pg_exec(db, sql_manifest_totals, PG_PARAMS(id, files.buf), &totals, err) < 0)
		goto out;
	snprintf(b->status, sizeof(b->status), "%s", e->status ? e->status : pg_text(totals, 0, 1));
	if (pg_exec(db, sql_manifest_finish, PG_PARAMS(id, b->status, pg_text(totals, 0, 0),
	    files.buf, e->error ? e->error : first_error(b)), &row, err) < 0)
		goto out;
	b->finished_us = pg_int(row, 0, 0);
	done_event(b, totals, pg_int(row, 0, 1), out);
	rc = announce(db, b, "gate.done", out->buf, b->status, err);
out:
	pg_free(row);
	pg_free(totals);
	str_release(&files);
	return rc;
}

static int
finish(struct pg *db, struct batch *b, const struct ending *e, struct str *out, struct err *err)
{
	struct pg_rows *rows = NULL;
	char id[24];
	int rc = -1;

	snprintf(id, sizeof(id), "%lld", (long long)b->id);
	if (pg_begin(db, err) < 0)
		return -1;
	if (pg_exec(db, sql_manifest_lock, PG_PARAMS(id, e->token), &rows, err) < 0)
		goto out;
	if (pg_nrows(rows) == 0) {
		pg_free(rows);
		pg_rollback(db);
		return 0;
	}
	rc = finish_row(db, b, id, e, out, err);
	if (rc == 0)
		rc = pg_commit(db, err);
out:
	pg_free(rows);
	if (rc < 0) {
		pg_rollback(db);
		return -1;
	}
	return 1;
}

int
manifest_finish(struct pg *db, struct batch *b, const char *token, struct str *out,
    struct err *err)
{
	return finish(db, b, &(struct ending){ .token = token }, out, err);
}

int
manifest_finish_by_hand(struct pg *db, struct batch *b, const char *status, const char *error,
    struct str *out, struct err *err)
{
	return finish(db, b, &(struct ending){ .status = status, .error = error }, out, err);
}
