#include "app/verify.h"

#include "app/archive.h"
#include "app/ledger.h"
#include "base/mem.h"
#include "sql.h"
#include "sys/sig.h"

static int
tell(struct verify *v, const struct finding *f, struct err *err)
{
	v->findings++;
	return v->finding(v->arg, f, err);
}

/* Rows of a query by a cursor, so that a million of them need no memory. */
static int
each_row(struct verify *v, const char *sql, const char *param,
    int (*fn)(struct verify *v, const struct pg_rows *r, int i, struct err *err), struct err *err)
{
	struct str declare = STR_INIT;
	struct pg_rows *rows = NULL;
	int rc = -1, n;

	str_addf(&declare, "DECLARE found NO SCROLL CURSOR FOR %s", sql);
	if (pg_begin(v->db, err) < 0)
		goto out;
	if (pg_exec(v->db, declare.buf, PG_PARAMS(param), NULL, err) < 0)
		goto out;
	do {
		if (pg_exec(v->db, "FETCH 1000 FROM found", PG_NONE, &rows, err) < 0)
			goto out;
		n = pg_nrows(rows);
		for (int i = 0; i < n; i++)
			if (fn(v, rows, i, err) < 0)
				goto out;
		pg_free(rows);
		rows = NULL;
	} while (n > 0);
	rc = 0;
out:
	pg_free(rows);
	pg_rollback(v->db);
	str_release(&declare);
	return rc;
}

/* Forget the segment, so that its archived file can be loaded anew. */
static char *
fix_rows(long long id, bool orphan, const char *tag)
{
	struct str fix = STR_INIT;

	str_addf(&fix, "psql -1 -c 'DELETE FROM sluice.metrics WHERE segment_id = %lld' "
	    "-c 'DELETE FROM sluice.events WHERE segment_id = %lld' "
	    "-c 'DELETE FROM sluice.event_ids WHERE segment_id = %lld'", id, id, id);
	if (!orphan)
		str_addf(&fix, " -c 'DELETE FROM sluice.ingestion_segment WHERE id = %lld'", id);
	if (tag)
		str_addf(&fix, " && manifest retry --archive %s | spool-replay", tag);
	return str_detach(&fix);
}

static int
rows_row(struct verify *v, const struct pg_rows *r, int i, struct err *err)
{
	bool orphan = *pg_text(r, i, 1) == 't';
	struct finding f = { .kind = orphan ? "rows_unknown" : "rows_differ",
		.name = pg_text(r, i, 2), .tag = pg_text(r, i, 3), .segment_id = pg_int(r, i, 0) };
	char *expected = orphan ? xstrdup("a segment in the ledger") :
	    xasprintf("metrics %s, events %s", pg_text(r, i, 4), pg_text(r, i, 5));
	char *found = xasprintf("metrics %s, events %s", pg_text(r, i, 6), pg_text(r, i, 7));
	char *fix = fix_rows((long long)f.segment_id, orphan, f.tag);
	int rc;

	f.expected = expected;
	f.found = found;
	f.fix = fix;
	rc = tell(v, &f, err);
	free(fix);
	free(found);
	free(expected);
	return rc;
}

static int
totals_row(struct verify *v, const struct pg_rows *r, int i, struct err *err)
{
	struct finding f = { .kind = "totals_differ", .tag = pg_text(r, i, 1),
		.found = pg_text(r, i, 2), .expected = pg_text(r, i, 3) };
	char *fix = xasprintf("psql -c \"UPDATE sluice.ingestion_manifest SET status = 'open' "
	    "WHERE batch_tag = '%s'\" && manifest finish %s", f.tag, f.tag);
	int rc;

	f.fix = fix;
	rc = tell(v, &f, err);
	free(fix);
	return rc;
}

int
verify_rows(struct verify *v, int64_t batch_id, struct err *err)
{
	struct pg_rows *rows = NULL;
	char text[24];
	const char *id = batch_id ? text : NULL;

	snprintf(text, sizeof(text), "%lld", (long long)batch_id);
	if (pg_exec(v->db, sql_verify_count, PG_PARAMS(id), &rows, err) < 0)
		return -1;
	v->segments += (uint64_t)pg_int(rows, 0, 0);
	pg_free(rows);
	return each_row(v, sql_verify_rows, id, rows_row, err) < 0 ? -1 :
	    each_row(v, sql_verify_totals, id, totals_row, err);
}

static int
hash_file(struct verify *v, const char *dir, const char *name, char sha[65], uint64_t *bytes,
    struct err *err)
{
	int there = spool_hash(dir, name, false, sha, bytes, err);

	if (there == 0)
		v->bytes_hashed += *bytes;
	return there;
}

static int
not_in_ledger(struct verify *v, const char *tag, const char *name, const char *path,
    const char *sha, struct err *err)
{
	char *fix = xasprintf("manifest retry --archive %s | spool-replay", tag);
	struct finding f = { .kind = "not_in_ledger", .tag = tag, .name = name, .path = path,
		.expected = sha, .fix = fix };
	int rc = tell(v, &f, err);

	free(fix);
	return rc;
}

static void
add_word(struct str *out, const char *word)
{
	if (word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")] ==
	    '\0') {
		str_adds(out, word);
		return;
	}
	str_addc(out, '\'');
	for (; *word; word++)
		if (*word == '\'')
			str_adds(out, "'\\''");
		else
			str_addc(out, *word);
	str_addc(out, '\'');
}

/* The archived file is gone, or is not what was loaded: only a backup has it. */
static int
archive_broken(struct verify *v, const char *kind, const char *tag, const struct ledger_file *l,
    const char *path, const char *found, struct err *err)
{
	struct str fix = STR_INIT;
	struct finding f = { .kind = kind, .tag = tag, .name = l->name, .path = path,
		.segment_id = l->segment_id, .expected = l->sha256, .found = found };
	int rc;

	str_adds(&fix, "cp -p BACKUP");
	add_word(&fix, path + strlen(v->sp->root));
	str_addc(&fix, ' ');
	add_word(&fix, path);
	f.fix = fix.buf;
	rc = tell(v, &f, err);
	str_release(&fix);
	return rc;
}

/* A listed file of a finished batch. */
static int
check_file(struct verify *v, const struct batch *b, const char *dir, const struct ledger_file *l,
    struct err *err)
{
	enum file_place place = file_place_of(v->sp, b->tag, b->created_us, true, l->name);
	char *path = xasprintf("%s/%s", dir, l->name);
	char sha[65];
	uint64_t bytes = 0;
	int rc = 0, gone = 0;

	v->files++;
	if (place == PLACE_NOWHERE && !l->missing) {
		rc = archive_broken(v, "file_missing", b->tag, l, path, NULL, err);
	} else if (place == PLACE_ARCHIVE && !l->segment_id) {
		rc = not_in_ledger(v, b->tag, l->name, path, l->sha256, err);
	} else if (place == PLACE_ARCHIVE && !v->quick) {
		gone = hash_file(v, dir, l->name, sha, &bytes, err);
		if (gone == 0 && (strcmp(sha, l->sha256) != 0 || bytes != l->bytes))
			rc = archive_broken(v, "content_changed", b->tag, l, path, sha, err);
		else
			rc = MIN(gone, 0);
	}
	free(path);
	return rc;
}

int
verify_batch(struct verify *v, const struct batch *b, struct err *err)
{
	struct ledger_files l = LEDGER_FILES_INIT;
	char *dir = spool_archive_path(v->sp, b->tag, b->created_us);
	int rc = ledger_files_load(v->db, b->id, &l, err);

	v->batches++;
	for (size_t i = 0; rc == 0 && i < l.nr; i++) {
		if (sig_stopped())
			rc = err_set(err, ERR_STOPPED, "stopped by a signal");
		else if (spool_is_segment(l.file[i].name))
			rc = check_file(v, b, dir, &l.file[i], err);
	}
	free(dir);
	ledger_files_release(&l);
	return rc;
}

int
verify_batches(struct verify *v, struct err *err)
{
	struct batch b = BATCH_INIT;
	struct pg_rows *rows = NULL;
	char after[24] = "0";
	int rc = 0, n;

	do {
		if (pg_exec(v->db, sql_manifest_page, PG_PARAMS(v->sp->id, after, "0"), &rows,
		    err) < 0)
			return -1;
		n = pg_nrows(rows);
		for (int i = 0; rc >= 0 && i < n; i++) {
			rc = manifest_load(v->db, pg_text(rows, i, 1), &b, err);
			if (rc > 0 && batch_finished(&b))
				rc = verify_batch(v, &b, err);
			snprintf(after, sizeof(after), "%s", pg_text(rows, i, 0));
		}
		pg_free(rows);
	} while (rc >= 0 && n > 0);
	batch_release(&b);
	return MIN(rc, 0);
}

struct folders {
	struct verify *v;
	const char *tag;
	struct batch b;
};

/* A file that no row lists is fine when the ledger knows its content: prune
 * --keep-files has removed the row, or a move gave it a suffix. */
static int
check_stranger(struct verify *v, const struct archive_folder *f, const char *name,
    struct err *err)
{
	char *path = xasprintf("%s/%s", f->path, name);
	char sha[65];
	uint64_t bytes;
	int rc = hash_file(v, f->path, name, sha, &bytes, err);

	if (rc == 0) {
		v->files++;
		rc = ledger_knows(v->db, sha, bytes, err);
		if (rc == 0)
			rc = not_in_ledger(v, f->tag, name, path, sha, err);
	}
	free(path);
	return MIN(rc, 0);
}

static int
check_folder(void *arg, const struct archive_folder *f, struct err *err)
{
	struct folders *w = arg;
	struct verify *v = w->v;
	struct fs_names names = FS_NAMES_INIT;
	char *own = NULL;
	int rc, found;

	if (w->tag && strcmp(w->tag, f->tag) != 0)
		return 0;
	found = manifest_load(v->db, f->tag, &w->b, err);
	if (found < 0)
		return -1;
	/* of an unfinished batch the listing proves nothing: a restored database
	 * may have forgotten what was loaded before the files came here */
	if (found && batch_finished(&w->b))
		own = spool_archive_path(v->sp, f->tag, w->b.created_us);
	rc = fs_scan(f->path, &names, err);
	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		bool listed = false;

		for (size_t k = 0; own && strcmp(own, f->path) == 0 && k < w->b.nr && !listed; k++)
			listed = strcmp(w->b.file[k].name, names.name[i]) == 0;
		if (sig_stopped())
			rc = err_set(err, ERR_STOPPED, "stopped by a signal");
		else if (!listed && spool_is_segment(names.name[i]))
			rc = check_stranger(v, f, names.name[i], err);
	}
	fs_names_release(&names);
	free(own);
	return rc;
}

int
verify_folders(struct verify *v, const char *tag, struct err *err)
{
	struct folders w = { .v = v, .tag = tag, .b = BATCH_INIT };
	int rc = archive_walk(v->sp, check_folder, &w, err);

	batch_release(&w.b);
	return rc;
}
