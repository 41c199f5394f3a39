/*
 * batch.c - manifest open, manifest finish: batches by hand.
 */
#include <errno.h>
#include <unistd.h>

#include "app/archive.h"
#include "app/replay.h"
#include "base/mem.h"
#include "cmd/manifest/manifest.h"
#include "sql.h"
#include "sys/io.h"
#include "sys/lock.h"

/* One operand into the batch. The file stays where it is: only its name, size
 * and hash are kept. */
static int
add_file(struct batch *b, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *dir = slash ? xstrndup(path, (size_t)(slash - path + 1)) : xstrdup(".");
	char sha[65];
	uint64_t bytes;
	int rc = -1, there;

	if (!spool_is_segment(name)) {
		err_set(err, ERR_DATA, "\"%s\" is not named like a segment", path);
		err_hint(err, "a name ends in .ndjson or .msgpack, and .zst after it if it is compressed");
		goto out;
	}
	for (size_t i = 0; i < b->nr; i++)
		if (strcmp(b->file[i].name, name) == 0) {
			err_set(err, ERR_DATA, "two files are named \"%s\"", name);
			goto out;
		}
	there = spool_hash(dir, name, false, sha, &bytes, err);
	if (there == 1) {
		errno = ENOENT;
		err_setno(err, "could not open \"%s\"", path);
	} else if (there == 0) {
		batch_add(b, name, sha, bytes);
		rc = 0;
	}
out:
	free(dir);
	return rc;
}

int
cmd_open(struct session *s, int argc, char **argv, struct err *err)
{
	struct spool by_hand = SPOOL_INIT;
	struct batch b = BATCH_INIT;
	int rc = -1;

	snprintf(by_hand.id, sizeof(by_hand.id), "%s", MANIFEST_MANUAL);
	for (int i = 0; i < argc; i++)
		if (add_file(&b, argv[i], err) < 0)
			goto out;
	spool_make_tag(b.tag);
	if (manifest_create(s->db, &by_hand, &b, err) == 0)
		rc = print_open(NULL, &b, err);
out:
	batch_release(&b);
	return rc;
}

static int
check_status(const char *status, struct err *err)
{
	if (!status || strcmp(status, "success") == 0 || strcmp(status, "partial") == 0 ||
	    strcmp(status, "failed") == 0)
		return 0;
	return err_set(err, ERR_USAGE, "--status is success, partial or failed, not \"%s\"",
	    status);
}

/* Nobody may be at work on it where we cannot see the files. */
static int
check_lease(struct session *s, const struct batch *b, struct err *err)
{
	struct pg_rows *rows = NULL;
	char id[24];
	int rc = 0;

	snprintf(id, sizeof(id), "%lld", (long long)b->id);
	if (pg_exec(s->db, sql_manifest_lease_left, PG_PARAMS(id), &rows, err) < 0)
		return -1;
	if (pg_nrows(rows) > 0) {
		rc = err_set(err, ERR_TEMP, "a replayer of another spool works on batch %s", b->tag);
		err_hint(err, "its lease ends in %lld s", (long long)pg_int(rows, 0, 0) / 1000 + 1);
	}
	pg_free(rows);
	return rc;
}

/* processing/<tag>/ locked in *fd, and empty. */
static int
lock_empty(struct session *s, const struct batch *b, const char *dir, int *fd, struct err *err)
{
	int got = 0, waits;

	if (!fs_exists(dir))
		return 0;
	got = lock_dir(dir, fd, err);
	if (got < 0)
		return -1;
	waits = got ? folder_has_segments(dir, true, err) : 0;
	if (got && waits <= 0)
		return waits;
	err_set(err, ERR_TEMP, got ? "batch %s still has files in \"%s\"" :
	    "a replayer works on batch %s in \"%s\"", b->tag, dir);
	return got ? err_hint(err, "load them: spool-replay -s %s --batch %s", s->sp.root, b->tag) :
	    -1;
}

static int
finish_locked(struct session *s, struct batch *b, struct err *err)
{
	struct str event = STR_INIT;
	int rc;

	if (strcmp(b->spool_id, s->sp.id) == 0)
		batch_look_for_files(&s->sp, b);
	rc = manifest_finish_by_hand(s->db, b, s->o->status, s->o->error, &event, err);
	if (rc == 0)
		rc = err_set(err, ERR_DATA, "batch %s is finished already", b->tag);
	else if (rc > 0)
		rc = io_stdout(event.buf, event.len, err);
	str_release(&event);
	return rc;
}

int
cmd_finish(struct session *s, int argc UNUSED, char **argv, struct err *err)
{
	struct batch b = BATCH_INIT;
	char *dir = NULL;
	int fd = -1, rc = -1;

	if (check_status(s->o->status, err) < 0 || want_batch(s, argv[0], &b, err) < 0)
		goto out;
	dir = spool_batch_path(&s->sp, "processing", b.tag);
	if (batch_finished(&b))
		err_set(err, ERR_DATA, "batch %s is finished already: %s", b.tag, b.status);
	else if (strcmp(b.spool_id, s->sp.id) == 0)
		rc = lock_empty(s, &b, dir, &fd, err);
	else
		rc = check_lease(s, &b, err);
	if (rc == 0)
		rc = finish_locked(s, &b, err);
	if (rc == 0 && fd >= 0)
		rmdir(dir);
out:
	if (fd >= 0)
		close(fd);
	free(dir);
	batch_release(&b);
	return rc;
}
