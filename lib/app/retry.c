#include "app/retry.h"

#include <errno.h>
#include <unistd.h>

#include "app/archive.h"
#include "app/ledger.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sql.h"
#include "sys/lock.h"

/* processing/<tag>/ made and locked: the descriptor, -2 busy, -1. */
static int
lock_batch(const char *dir, struct err *err)
{
	int fd, got;

	if (fs_mkdirs(dir, SPOOL_DIR_MODE, err) < 0)
		return -1;
	got = lock_dir(dir, &fd, err);
	if (got < 0)
		return -1;
	if (got == 1 && lock_still_names(dir, fd))
		return fd;
	if (got == 1)
		close(fd);
	return -2;
}

/* The listed or plain segments of names go to the folder to_fd; how many. */
static int
move_back(const char *from, int to_fd, const char *to, const struct fs_names *names,
    struct err *err)
{
	int fd, n = 0, rc = -1;

	fd = fs_open_dir(from, err);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < names->nr; i++) {
		int moved = spool_move_at(fd, to_fd, names->name[i], NULL, err);

		if (moved < 0)
			goto out;
		n += moved;
	}
	if (n == 0 || (fs_sync_fd(to_fd, to, err) == 0 && fs_sync_fd(fd, from, err) == 0))
		rc = n;
out:
	close(fd);
	return rc;
}

static void
keep(struct fs_names *out, const char *name)
{
	ALLOC_GROW(out->name, out->nr + 1, out->alloc);
	out->name[out->nr++] = xstrdup(name);
}

static bool
is_listed(const struct batch *b, const char *name)
{
	for (size_t i = 0; i < b->nr; i++)
		if (strcmp(b->file[i].name, name) == 0)
			return true;
	return false;
}

/* What of failed/<tag>/ is a segment: rejects files have such names too. */
static int
scan_failed(const char *dir, const struct batch *b, struct fs_names *out, struct err *err)
{
	struct fs_names names = FS_NAMES_INIT;
	int rc = fs_scan(dir, &names, err);

	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		const char *name = names.name[i];

		if (spool_is_segment(name) && (is_listed(b, name) || !is_rejects_name(name)))
			keep(out, name);
	}
	fs_names_release(&names);
	return rc;
}

/* Notes without their segment: of what was moved now, or before a crash. */
static int
drop_notes(const char *dir, struct err *err)
{
	struct fs_names names = FS_NAMES_INIT;
	int rc = fs_scan(dir, &names, err);

	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		char *path = xasprintf("%s/%s", dir, names.name[i]);
		size_t len = strlen(path), end = strlen(SPOOL_ERROR_NOTE);
		char *segment = NULL;

		if (len > end && strcmp(path + len - end, SPOOL_ERROR_NOTE) == 0)
			segment = xstrndup(path, len - end);
		if (segment && !fs_exists(segment) && unlink(path) < 0 && errno != ENOENT)
			rc = err_setno(err, "could not remove \"%s\"", path);
		free(segment);
		free(path);
	}
	fs_names_release(&names);
	if (rc == 0 && rmdir(dir) < 0 && errno != ENOENT && errno != ENOTEMPTY &&
	    errno != EEXIST)
		rc = err_setno(err, "could not remove \"%s\"", dir);
	return rc;
}

static int
load_ours(struct pg *db, const struct spool *sp, const char *tag, struct batch *b,
    struct err *err)
{
	int found = manifest_load(db, tag, b, err);

	if (found < 0)
		return -1;
	if (found && strcmp(b->spool_id, sp->id) == 0)
		return 0;
	err_set(err, ERR_DATA, found ? "batch \"%s\" belongs to another spool than \"%s\"" :
	    "batch \"%s\" is not in the manifest, asked for spool \"%s\"", tag, sp->root);
	return err_hint(err, "manifest list shows what there is");
}

/* 1 open (again), 0 nothing to do. The caller holds the flock. */
static int
retry_locked(struct pg *db, const struct spool *sp, struct batch *b, int to_fd, const char *to,
    struct err *err)
{
	char *failed = spool_batch_path(sp, "failed", b->tag);
	struct fs_names names = FS_NAMES_INIT;
	int rc = -1, has;

	if (scan_failed(failed, b, &names, err) < 0)
		goto out;
	if (names.nr > 0 && move_back(failed, to_fd, to, &names, err) < 0)
		goto out;
	if (drop_notes(failed, err) < 0)
		goto out;
	has = folder_has_segments(to, true, err);
	if (has > 0 && batch_finished(b))
		/* a file that was mended in failed/ has another hash now */
		rc = batch_rehash(b, to, err) < 0 || manifest_reopen(db, b, err) < 0 ? -1 : 1;
	else
		rc = has;
out:
	fs_names_release(&names);
	free(failed);
	return rc;
}

int
retry_failed(struct pg *db, const struct spool *sp, const char *tag, struct batch *b,
    struct err *err)
{
	char *dir = spool_batch_path(sp, "processing", tag);
	int fd = -1, rc = -1;

	if (load_ours(db, sp, tag, b, err) < 0)
		goto out;
	fd = lock_batch(dir, err);
	if (fd == -2) {
		err_set(err, ERR_TEMP, "another process works on batch %s", tag);
		goto out;
	}
	/* under the lock: a replayer may just have finished it */
	if (fd < 0 || load_ours(db, sp, tag, b, err) < 0)
		goto out;
	rc = retry_locked(db, sp, b, fd, dir, err);
	if (rc == 0)
		rmdir(dir);
out:
	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}

/* Which files of an archive folder does the ledger lack? Listed ones are known
 * by the manifest's hash, the others are read. */
static int
scan_archive(struct retry_archive *r, const struct archive_folder *f, const struct batch *b,
    struct fs_names *lacking, struct fs_names *all, struct err *err)
{
	struct fs_names names = FS_NAMES_INIT;
	struct ledger_files l = LEDGER_FILES_INIT;
	int rc = fs_scan(f->path, &names, err);

	if (rc == 0 && b->id)
		rc = ledger_files_load(r->db, b->id, &l, err);
	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		const struct ledger_file *known = ledger_files_find(&l, names.name[i]);
		char sha[65];
		uint64_t bytes;
		int there;

		if (!spool_is_segment(names.name[i]))
			continue;
		keep(all, names.name[i]);
		if (known && known->segment_id)
			continue;
		there = spool_hash(f->path, names.name[i], true, sha, &bytes, err);
		rc = there < 0 ? -1 : there > 0 ? 1 : ledger_knows(r->db, sha, bytes, err);
		if (rc == 0)
			keep(lacking, names.name[i]);
		rc = MIN(rc, 0);
	}
	ledger_files_release(&l);
	fs_names_release(&names);
	return rc;
}

/* The files of a folder without a row, as its row. */
static int
make_row(struct retry_archive *r, const char *tag, const char *dir, const struct fs_names *names,
    struct batch *b, struct err *err)
{
	snprintf(b->tag, sizeof(b->tag), "%s", tag);
	for (size_t i = 0; i < names->nr; i++) {
		char sha[65];
		uint64_t bytes;
		int there = spool_hash(dir, names->name[i], false, sha, &bytes, err);

		if (there < 0)
			return -1;
		if (there == 0)
			batch_add(b, names->name[i], sha, bytes);
	}
	return manifest_create(r->db, r->sp, b, err);
}

static int
bring_back(struct retry_archive *r, const struct archive_folder *f, struct batch *b,
    const struct fs_names *names, struct err *err)
{
	char *dir = spool_batch_path(r->sp, "processing", f->tag);
	int fd = lock_batch(dir, err), rc = -1, moved;

	if (fd == -2) {
		r->busy++;
		rc = 0;
	}
	if (fd < 0)
		goto out;
	moved = move_back(f->path, fd, dir, names, err);
	if (moved < 0)
		goto out;
	rmdir(f->path);
	if (!b->id)
		rc = make_row(r, f->tag, dir, names, b, err);
	else if (batch_finished(b))
		rc = manifest_reopen(r->db, b, err);
	else
		rc = 0;
	if (rc == 0) {
		r->batches++;
		r->segments += (uint64_t)moved;
		rc = r->offer(r->arg, b, err);
	}
out:
	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}

/* Has retain dropped everything that a batch of this date can hold? */
static int
is_dropped(struct retry_archive *r, int64_t day_us, struct err *err)
{
	struct pg_rows *rows = NULL;
	int dropped;

	if (pg_exec(r->db, sql_retained_before, PG_NONE, &rows, err) < 0)
		return -1;
	dropped = pg_text(rows, 0, 0) && day_us + 86400 * USEC_PER_SEC <= pg_int(rows, 0, 0);
	pg_free(rows);
	return dropped;
}

static bool
is_asked_for(const struct retry_archive *r, const char *tag)
{
	for (size_t i = 0; i < r->nr; i++)
		if (strcmp(r->tags[i], tag) == 0)
			return true;
	return r->nr == 0;
}

static int
retry_folder(void *arg, const struct archive_folder *f, struct err *err)
{
	struct retry_archive *r = arg;
	struct fs_names lacking = FS_NAMES_INIT, all = FS_NAMES_INIT;
	struct batch b = BATCH_INIT;
	int rc = -1, found, dropped;

	if (!is_asked_for(r, f->tag))
		return 0;
	found = manifest_load(r->db, f->tag, &b, err);
	if (found < 0)
		goto out;
	if (found && strcmp(b.spool_id, r->sp->id) != 0) {
		r->foreign++;
		rc = 0;
		goto out;
	}
	rc = scan_archive(r, f, &b, &lacking, &all, err);
	if (rc < 0 || lacking.nr == 0)
		goto out;
	dropped = is_dropped(r, f->day_us, err);
	if (dropped)
		r->dropped++;
	/* a row made anew lists all its files, and their folder follows its date */
	rc = dropped ? MIN(dropped, 0) : bring_back(r, f, &b, found ? &lacking : &all, err);
out:
	batch_release(&b);
	fs_names_release(&all);
	fs_names_release(&lacking);
	return rc;
}

int
retry_archive(struct retry_archive *r, struct err *err)
{
	return archive_walk(r->sp, retry_folder, r, err);
}
