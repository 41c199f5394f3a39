#include "app/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/archive.h"
#include "app/ledger.h"
#include "base/mem.h"
#include "sql.h"
#include "sys/sig.h"

/* Is all of it loaded? 1, 0, -1. */
static int
is_loaded(struct prune *p, const struct batch *b, const struct ledger_files *l, struct err *err)
{
	char *failed, *processing;
	int rc;

	if (strcmp(b->spool_id, MANIFEST_MANUAL) == 0)
		return 1;
	for (size_t i = 0; i < l->nr; i++)
		if (!l->file[i].segment_id && !l->file[i].missing)
			return 0;
	failed = spool_batch_path(p->sp, "failed", b->tag);
	processing = spool_batch_path(p->sp, "processing", b->tag);
	rc = folder_has_segments(failed, false, err);
	if (rc == 0)
		rc = folder_has_segments(processing, true, err);
	free(processing);
	free(failed);
	return rc < 0 ? -1 : !rc;
}

/* May this archived file go? Its listing is believed when the size is right;
 * any other file is read and looked for in the ledger. 1, 0, -1. */
static int
may_go(struct prune *p, const struct ledger_files *l, const char *dir, const char *name,
    const struct stat *st, struct err *err)
{
	const struct ledger_file *f = ledger_files_find(l, name);
	char sha[65];
	uint64_t bytes;
	int there;

	if (f && f->segment_id && f->bytes == (uint64_t)st->st_size)
		return 1;
	there = spool_hash(dir, name, false, sha, &bytes, err);
	return there < 0 ? -1 : there > 0 ? 0 : ledger_knows(p->db, sha, bytes, err);
}

/* Count, and with remove unlink, the files of a folder. 1; 0 when one of them
 * must stay; -1. */
static int
each_file(struct prune *p, const struct ledger_files *l, const char *dir, bool remove,
    struct pruned *out, struct err *err)
{
	struct fs_names names = FS_NAMES_INIT;
	int fd = -1, rc = -1;

	if (fs_scan(dir, &names, err) < 0 || (fd = fs_open_dir(dir, err)) < 0)
		goto out;
	out->files = out->bytes = 0;
	for (size_t i = 0; i < names.nr; i++) {
		struct stat st;
		int go;

		if (fstatat(fd, names.name[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		go = remove ? 1 : may_go(p, l, dir, names.name[i], &st, err);
		if (go <= 0) {
			rc = go;
			goto out;
		}
		if (remove && unlinkat(fd, names.name[i], 0) < 0 && errno != ENOENT) {
			err_setno(err, "could not remove \"%s/%s\"", dir, names.name[i]);
			goto out;
		}
		out->files++;
		out->bytes += (uint64_t)st.st_size;
	}
	rc = remove && fs_sync_fd(fd, dir, err) < 0 ? -1 : 1;
out:
	if (fd >= 0)
		close(fd);
	fs_names_release(&names);
	return rc;
}

/* The folder, and the folders of its day, month and year when they are empty. */
static void
remove_folders(const char *dir)
{
	char *path = xstrdup(dir);

	for (int i = 0; i < 4 && rmdir(path) == 0; i++)
		*strrchr(path, '/') = '\0';
	free(path);
}

static int
remove_row(struct prune *p, const struct batch *b, struct err *err)
{
	char id[24], attempt[16];

	snprintf(id, sizeof(id), "%lld", (long long)b->id);
	snprintf(attempt, sizeof(attempt), "%d", b->attempt);
	return pg_exec(p->db, sql_manifest_remove, PG_PARAMS(id, attempt), NULL, err);
}

static int
prune_one(struct prune *p, const struct batch *b, struct err *err)
{
	struct ledger_files l = LEDGER_FILES_INIT;
	struct pruned out = { .batch = b };
	char *dir = spool_archive_path(p->sp, b->tag, b->created_us);
	bool files = !p->keep_files && fs_exists(dir);
	int rc = ledger_files_load(p->db, b->id, &l, err);

	if (rc == 0)
		rc = is_loaded(p, b, &l, err);
	if (rc > 0 && files)
		rc = each_file(p, &l, dir, false, &out, err);
	if (rc == 0)
		p->kept++;
	if (rc > 0 && !p->dry_run) {
		rc = files ? each_file(p, &l, dir, true, &out, err) : 1;
		if (rc > 0 && files)
			remove_folders(dir);
		rc = rc < 0 || remove_row(p, b, err) < 0 ? -1 : 1;
	}
	if (rc > 0)
		rc = p->pruned(p->arg, &out, err);
	free(dir);
	ledger_files_release(&l);
	return MIN(rc, 0);
}

static int
prune_spool(struct prune *p, const char *spool_id, struct err *err)
{
	struct batch b = BATCH_INIT;
	struct pg_rows *rows = NULL;
	char after[24] = "0", age[24];
	int rc = 0, n;

	snprintf(age, sizeof(age), "%llu", (unsigned long long)p->older_ms);
	do {
		if (pg_exec(p->db, sql_manifest_page, PG_PARAMS(spool_id, after, age), &rows,
		    err) < 0)
			return -1;
		n = pg_nrows(rows);
		for (int i = 0; rc >= 0 && i < n; i++) {
			snprintf(after, sizeof(after), "%s", pg_text(rows, i, 0));
			if (sig_stopped())
				rc = err_set(err, ERR_STOPPED, "stopped by a signal");
			else
				rc = manifest_load(p->db, pg_text(rows, i, 1), &b, err);
			if (rc > 0 && batch_finished(&b))
				rc = prune_one(p, &b, err);
		}
		pg_free(rows);
	} while (rc >= 0 && n > 0);
	batch_release(&b);
	return MIN(rc, 0);
}

int
prune_batches(struct prune *p, struct err *err)
{
	return prune_spool(p, p->sp->id, err) < 0 ? -1 : prune_spool(p, MANIFEST_MANUAL, err);
}
