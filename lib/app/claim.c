#include "app/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/archive.h"
#include "base/mem.h"
#include "sys/lock.h"

int
claim_scan(const struct spool *sp, struct claim_list *out, struct err *err)
{
	char *dir = spool_path(sp, "incoming");
	struct fs_names names = FS_NAMES_INIT;
	int fd = -1, rc = -1;

	if (fs_scan(dir, &names, err) < 0 || (fd = fs_open_dir(dir, err)) < 0)
		goto out;
	for (size_t i = 0; i < names.nr; i++) {
		struct claim_file *f;
		struct stat st;

		/* a file of rejects is for `spool-replay FILE`: in failed/ it would
		 * stand under the very name of another segment's rejects */
		if (!spool_is_segment(names.name[i]) || is_rejects_name(names.name[i]) ||
		    (fstatat(fd, names.name[i], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISREG(st.st_mode))) {
			out->ignored++;
			continue;
		}
		if (fstatat(fd, names.name[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		ALLOC_GROW(out->file, out->nr + 1, out->alloc);
		f = &out->file[out->nr++];
		f->name = xstrdup(names.name[i]);
		f->bytes = (uint64_t)st.st_size;
		f->mtime_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	}
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	fs_names_release(&names);
	free(dir);
	return rc;
}

void
claim_list_release(struct claim_list *l)
{
	for (size_t i = 0; i < l->nr; i++)
		free(l->file[i].name);
	free(l->file);
	*l = (struct claim_list)CLAIM_LIST_INIT;
}

struct gate_stats
claim_stats(const struct claim_list *l, size_t from)
{
	struct gate_stats s = { 0, 0, INT64_MAX };

	for (size_t i = from; i < l->nr; i++) {
		s.count++;
		s.bytes += l->file[i].bytes;
		s.oldest_us = MIN(s.oldest_us, l->file[i].mtime_us);
	}
	return s;
}

int
claim_anything_begun(const struct spool *sp, struct err *err)
{
	char *dir = spool_path(sp, "processing");
	struct fs_names names = FS_NAMES_INIT;
	int rc = fs_scan(dir, &names, err);

	if (rc == 0)
		rc = names.nr > 0;
	fs_names_release(&names);
	free(dir);
	return rc;
}

int
claim_finish_moves(const struct spool *sp, const struct batch *b, struct err *err)
{
	char *from = spool_path(sp, "incoming"), *above = spool_path(sp, "processing");
	char *to = spool_batch_path(sp, "processing", b->tag);
	int from_fd = -1, to_fd = -1, rc = -1;
	size_t moved = 0;

	/* a run that was killed may have made the folder and not synced its entry */
	if (fs_mkdirs(to, SPOOL_DIR_MODE, err) < 0 || fs_sync_dir(above, err) < 0)
		goto out;
	from_fd = fs_open_dir(from, err);
	to_fd = from_fd < 0 ? -1 : fs_open_dir(to, err);
	if (from_fd >= 0 && to_fd < 0 && !fs_exists(to)) {
		/* a replayer has just finished the batch and removed the folder */
		err_release(err);
		rc = 0;
	}
	if (to_fd < 0)
		goto out;
	for (size_t i = 0; i < b->nr; i++) {
		const struct batch_file *f = &b->file[i];
		char sha[65];
		uint64_t bytes;
		int there;

		if (faccessat(from_fd, f->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		/* a newer file of the same name is not ours to move */
		there = spool_hash(from, f->name, true, sha, &bytes, err);
		if (there < 0)
			goto out;
		if (there == 1 || strcmp(sha, f->sha256) != 0)
			continue;
		if (spool_move_at(from_fd, to_fd, f->name, NULL, err) < 0)
			goto out;
		moved++;
	}
	if (moved && (fs_sync_fd(to_fd, to, err) < 0 || fs_sync_fd(from_fd, from, err) < 0))
		goto out;
	rc = 0;
out:
	if (to_fd >= 0)
		close(to_fd);
	if (from_fd >= 0)
		close(from_fd);
	free(to);
	free(above);
	free(from);
	return rc;
}

/* A folder that the manifest does not know: its row is made from its files. */
static int
rebuild(struct pg *db, const struct spool *sp, const char *tag, struct err *err)
{
	char *dir = spool_batch_path(sp, "processing", tag);
	struct fs_names names = FS_NAMES_INIT;
	struct batch b = BATCH_INIT;
	int rc = -1;

	snprintf(b.tag, sizeof(b.tag), "%s", tag);
	if (fs_scan(dir, &names, err) < 0)
		goto out;
	for (size_t i = 0; i < names.nr; i++) {
		char sha[65];
		uint64_t bytes;
		int there;

		if (!spool_is_segment(names.name[i]))
			continue;
		there = spool_hash(dir, names.name[i], true, sha, &bytes, err);
		if (there < 0)
			goto out;
		if (there == 0)
			batch_add(&b, names.name[i], sha, bytes);
	}
	if (b.nr > 0) {
		rc = manifest_create(db, sp, &b, err);
		goto out;
	}
	/* the row of a gate that was killed may be about to commit: it needs the
	 * folder to be found again */
	rc = manifest_settled(db, sp, tag, err);
	if (rc <= 0)
		goto out;
	if (rmdir(dir) == 0 || errno == ENOENT || errno == ENOTEMPTY)
		rc = 0;
	else
		rc = err_setno(err, "could not remove \"%s\"", dir);
out:
	batch_release(&b);
	fs_names_release(&names);
	free(dir);
	return rc;
}

/* A folder of a finished batch: empty, it goes; with segments, a `manifest
 * retry` was cut off after its moves, and the row is opened again. */
static int
reopen_or_remove(struct pg *db, const struct spool *sp, struct batch *b, struct err *err)
{
	char *dir = spool_batch_path(sp, "processing", b->tag);
	struct fs_names names = FS_NAMES_INIT;
	int rc = 0;

	if (rmdir(dir) < 0 && errno == ENOTEMPTY && strcmp(b->spool_id, sp->id) == 0 &&
	    (rc = fs_scan(dir, &names, err)) == 0) {
		for (size_t i = 0; i < names.nr; i++) {
			if (spool_is_segment(names.name[i])) {
				rc = batch_rehash(b, dir, err) < 0 ? -1 :
				    manifest_reopen(db, b, err);
				break;
			}
		}
	}
	fs_names_release(&names);
	free(dir);
	return rc;
}

static int
recover_folder(struct pg *db, const struct spool *sp, const char *tag, struct err *err)
{
	char *dir = spool_batch_path(sp, "processing", tag);
	struct batch b = BATCH_INIT;
	int fd = -1, rc = 0, found;

	found = manifest_load(db, tag, &b, err);
	if (found < 0 || (found && !batch_finished(&b)))
		goto out;
	/* a replayer or a `manifest retry` that is at work here brings the row
	 * into order itself */
	rc = lock_dir(dir, &fd, err);
	if (rc < 0 && !fs_exists(dir)) {
		err_release(err);
		rc = 0;
	}
	if (rc <= 0)
		goto out;
	rc = 0;
	found = manifest_load(db, tag, &b, err);
	if (found == 0)
		rc = rebuild(db, sp, tag, err);
	else if (found > 0 && batch_finished(&b))
		rc = reopen_or_remove(db, sp, &b, err);
out:
	if (fd >= 0)
		close(fd);
	batch_release(&b);
	free(dir);
	return found < 0 ? -1 : rc;
}

static int
offer_unfinished(struct pg *db, const struct spool *sp, claim_offer offer, void *arg,
    struct err *err)
{
	struct fs_names tags = FS_NAMES_INIT;
	struct batch b = BATCH_INIT;
	int rc = -1, found;

	if (manifest_unfinished(db, sp->id, &tags, err) < 0)
		goto out;
	for (size_t i = 0; i < tags.nr; i++) {
		found = manifest_load(db, tags.name[i], &b, err);
		if (found < 0)
			goto out;
		if (!found || batch_finished(&b))
			continue;
		if (claim_finish_moves(sp, &b, err) < 0 || offer(arg, &b, err) < 0)
			goto out;
	}
	rc = 0;
out:
	batch_release(&b);
	fs_names_release(&tags);
	return rc;
}

static bool
is_folder(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct stat st;
	bool is = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);

	free(path);
	return is;
}

int
claim_recover(struct pg *db, const struct spool *sp, claim_offer offer, void *arg,
    struct err *err)
{
	char *dir = spool_path(sp, "processing");
	struct fs_names names = FS_NAMES_INIT;
	int rc = -1;

	if (fs_scan(dir, &names, err) < 0)
		goto out;
	for (size_t i = 0; i < names.nr; i++)
		if (spool_is_tag(names.name[i]) && is_folder(dir, names.name[i]) &&
		    recover_folder(db, sp, names.name[i], err) < 0)
			goto out;
	rc = offer_unfinished(db, sp, offer, arg, err);
out:
	fs_names_release(&names);
	free(dir);
	return rc;
}

int
claim_batch(struct pg *db, const struct spool *sp, const struct claim_list *l, size_t from,
    size_t n, struct batch *b, size_t *nr_skipped, struct err *skipped, struct err *err)
{
	char *in = spool_path(sp, "incoming"), *dir = NULL;
	int in_fd = -1, dir_fd = -1, rc = -1;

	for (size_t i = from; i < from + n; i++) {
		char sha[65];
		uint64_t bytes;
		int there = spool_hash(in, l->file[i].name, true, sha, &bytes, skipped);

		if (there < 0)
			++*nr_skipped;
		else if (there == 0)
			batch_add(b, l->file[i].name, sha, bytes);
	}
	if (b->nr == 0) {
		rc = 0;
		goto out;
	}
	spool_make_tag(b->tag);
	dir = spool_batch_path(sp, "processing", b->tag);
	if (fs_mkdirs(dir, SPOOL_DIR_MODE, err) < 0 || manifest_create(db, sp, b, err) < 0)
		goto out;
	in_fd = fs_open_dir(in, err);
	dir_fd = in_fd < 0 ? -1 : fs_open_dir(dir, err);
	if (dir_fd < 0)
		goto out;
	for (size_t i = 0; i < b->nr; i++)
		if (spool_move_at(in_fd, dir_fd, b->file[i].name, NULL, err) < 0)
			goto out;
	if (fs_sync_fd(dir_fd, dir, err) < 0 || fs_sync_fd(in_fd, in, err) < 0)
		goto out;
	rc = 0;
out:
	if (dir_fd >= 0)
		close(dir_fd);
	if (in_fd >= 0)
		close(in_fd);
	free(dir);
	free(in);
	return rc;
}
