#include "app/replay.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/claim.h"
#include "app/ledger.h"
#include "app/workers.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sys/lock.h"

#define RENEW_MS (MANIFEST_LEASE_MS / 3)
/* Segments that are moved together; the time also renews the lease. */
#define GROUP_FILES 64
#define GROUP_MS 1000

static void
count_rows(void *arg, int64_t rows)
{
	struct replay *r = arg;

	__atomic_fetch_add(&r->progress->rows, (uint64_t)rows, __ATOMIC_RELAXED);
	if (r->report && r->jobs <= 1)
		r->report(r->progress);
}

void
replay_init(struct replay *r, const struct spool *sp, unsigned jobs)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	*r = (struct replay){ .sp = sp, .jobs = jobs };
	r->progress = workers_shared(sizeof(*r->progress));
	r->load.progress = count_rows;
	r->load.arg = r;
	enc_random_hex(r->token, 16);
	snprintf(r->owner, sizeof(r->owner), "%s:%ld", host, (long)getpid());
}

char *
replay_rejects_path(const struct spool *sp, const char *tag, const char *name,
    const char *sha256)
{
	if (!tag)
		return xasprintf("%s/failed/files/%.16s.rejects.ndjson", sp->root, sha256);
	return xasprintf("%s/failed/%s/%s.rejects.ndjson", sp->root, tag, name);
}

/* Set a segment aside with the reason beside it, the reason first. */
static int
set_aside(struct replay *r, const char *name, const char *reason, struct err *err)
{
	char *from = spool_batch_path(r->sp, "processing", r->batch->tag);
	char *to = spool_batch_path(r->sp, "failed", r->batch->tag);
	char *note = xasprintf("%s/%s" SPOOL_ERROR_NOTE, to, name);
	int rc = -1;

	if (fs_mkdirs(to, SPOOL_DIR_MODE, err) == 0 &&
	    fs_write_durable(note, reason, strlen(reason), 0640, err) == 0 &&
	    spool_move(from, to, name, true, NULL, err) >= 0)
		rc = 0;
	free(note);
	free(to);
	free(from);
	return rc;
}

static int
archive_file(struct replay *r, const char *name, struct err *err)
{
	char *from = spool_batch_path(r->sp, "processing", r->batch->tag);
	char *to = spool_archive_path(r->sp, r->batch->tag, r->batch->created_us);
	int rc = spool_move(from, to, name, false, NULL, err);

	free(to);
	free(from);
	return rc < 0 ? -1 : 0;
}

/* The lease anew, by a commit that is on disk when it returns, and with it all
 * that was committed before. */
static int
renew(struct replay *r, struct err *err)
{
	int got;

	if (load_connect(&r->load, err) < 0 || pg_begin(r->load.db, err) < 0)
		return -1;
	got = manifest_lease(r->load.db, r->batch, r->owner, r->token, err);
	if (got == 0)
		err_set(err, ERR_TEMP, "batch %s was finished by somebody else", r->batch->tag);
	if (got <= 0) {
		pg_rollback(r->load.db);
		return -1;
	}
	r->renewed_ms = clock_mono_ms();
	return pg_commit(r->load.db, err);
}

/* After a new connection the server may be one that has crashed since, and then
 * commits that did not wait for the disk are gone. */
static int
check_loaded(struct replay *r, const struct batch_file *f, struct err *err)
{
	int known;

	if (r->load.connects == r->loaded_connects)
		return 0;
	known = ledger_knows(r->load.db, f->sha256, f->bytes, err);
	if (known == 0)
		err_set(err, ERR_TEMP, "the server lost \"%s\" before it was on disk", f->name);
	return known > 0 ? 0 : -1;
}

/* What was loaded is made safe, and then it is moved. */
static int
move_loaded(void *arg, struct err *err)
{
	struct replay *r = arg;
	int rc = r->nr_loaded ? renew(r, err) : 0;

	for (size_t i = 0; rc == 0 && i < r->nr_loaded; i++) {
		const struct batch_file *f = &r->batch->file[r->loaded[i]];

		rc = check_loaded(r, f, err);
		if (rc == 0)
			rc = archive_file(r, f->name, err);
	}
	r->nr_loaded = 0;
	return rc;
}

/* The task of a worker: one segment, loaded and, with its group, moved. */
static int
replay_file(void *arg, size_t i, struct err *err)
{
	struct replay *r = arg;
	const struct batch_file *f = &r->batch->file[r->todo[i]];
	struct load_job job = { .name = f->name, .sha256 = f->sha256, .bytes = f->bytes,
		.batch_id = r->batch->id };
	char *dir = spool_batch_path(r->sp, "processing", r->batch->tag);
	char *path = xasprintf("%s/%s", dir, f->name);
	char *rejects = replay_rejects_path(r->sp, r->batch->tag, f->name, NULL);
	struct load_stats stats;
	unsigned connects = r->load.connects;
	int rc;

	job.path = path;
	job.rejects = rejects;
	rc = load_segment(&r->load, &job, &stats, err);
	if (rc == LOAD_FAILED) {
		char *reason = xstrdup(err->text);

		err_release(err);
		/* ENOENT: somebody else moved it, fine */
		rc = fs_exists(path) ? set_aside(r, f->name, reason, err) : 0;
		free(reason);
	} else if (rc >= 0) {
		if (r->nr_loaded == 0) {
			r->loaded_ms = clock_mono_ms();
			r->loaded_connects = connects;
		}
		r->loaded[r->nr_loaded++] = r->todo[i];
		rc = 0;
		if (r->nr_loaded == GROUP_FILES || clock_mono_ms() - r->loaded_ms >= GROUP_MS)
			rc = move_loaded(r, err);
	}
	if (rc == 0)
		__atomic_fetch_add(&r->progress->segments_done, 1, __ATOMIC_RELAXED);
	free(rejects);
	free(path);
	free(dir);
	return rc;
}

static void
child(void *arg)
{
	replay_forget_connection(arg);
}

void
replay_forget_connection(struct replay *r)
{
	r->load.db = NULL;
	r->load.map = (struct partmap)PARTMAP_INIT;
}

static int
tick(void *arg, struct err *err)
{
	struct replay *r = arg;

	if (r->report)
		r->report(r->progress);
	return clock_mono_ms() - r->renewed_ms < RENEW_MS ? 0 : renew(r, err);
}

static int
sync_dirs(struct replay *r, const char *dir, struct err *err)
{
	char *archive = spool_archive_path(r->sp, r->batch->tag, r->batch->created_us);
	int rc = fs_sync_dir(archive, err);

	free(archive);
	return rc < 0 ? -1 : fs_sync_dir(dir, err);
}

static int
load_files(struct replay *r, const char *dir, struct err *err)
{
	struct workers w = { .jobs = r->jobs, .task = replay_file, .end = move_loaded, .child = child,
		.tick = tick, .arg = r };
	char *archive = spool_archive_path(r->sp, r->batch->tag, r->batch->created_us);
	size_t n = 0;
	int rc = -1;

	if (batch_adopt(r->batch, dir, err) < 0)
		goto out;
	r->todo = xcalloc(r->batch->nr, sizeof(*r->todo));
	r->loaded = xcalloc(GROUP_FILES, sizeof(*r->loaded));
	r->nr_loaded = 0;
	r->load.async = true;
	for (size_t i = 0; i < r->batch->nr; i++) {
		char *path = xasprintf("%s/%s", dir, r->batch->file[i].name);

		if (fs_exists(path))
			r->todo[n++] = i;
		free(path);
	}
	r->progress->segments = n;
	r->progress->segments_done = r->progress->rows = 0;
	snprintf(r->progress->tag, sizeof(r->progress->tag), "%s", r->batch->tag);
	if (fs_mkdirs(archive, SPOOL_DIR_MODE, err) < 0)
		goto out;
	/* also the moves of a run that was killed before it could sync them */
	if (workers_run(&w, n, err) == 0 && sync_dirs(r, dir, err) == 0)
		rc = 0;
out:
	free(archive);
	free(r->todo);
	free(r->loaded);
	r->todo = r->loaded = NULL;
	return rc;
}

/* A listed file that is still in incoming/ means a gate between its commit and
 * its moves: 0 a live one (leave the batch to it), 1 its moves are finished now. */
static int
finish_gate(struct replay *r, const char *dir, struct err *err)
{
	char *incoming = spool_path(r->sp, "incoming");
	int fd = -1, rc = 1;

	for (size_t i = 0; rc == 1 && i < r->batch->nr; i++) {
		char *there = xasprintf("%s/%s", incoming, r->batch->file[i].name);
		char *here = xasprintf("%s/%s", dir, r->batch->file[i].name);
		bool waits = fs_exists(there) && !fs_exists(here);

		free(here);
		free(there);
		if (!waits)
			continue;
		rc = lock_dir(incoming, &fd, err);
		if (rc == 1 && claim_finish_moves(r->sp, r->batch, err) < 0)
			rc = -1;
		break;
	}
	if (fd >= 0)
		close(fd);
	free(incoming);
	return rc;
}

static int
work(struct replay *r, const char *dir, struct str *event, struct err *err)
{
	int got = finish_gate(r, dir, err);

	if (got <= 0)
		return got < 0 ? -1 : REPLAY_BUSY;
	got = manifest_lease(r->load.db, r->batch, r->owner, r->token, err);
	if (got <= 0)
		return got < 0 ? -1 : REPLAY_KNOWN;
	r->renewed_ms = clock_mono_ms();
	if (load_files(r, dir, err) < 0) {
		struct err ignored = ERR_INIT;

		if (r->load.db && !pg_broken(r->load.db))
			manifest_release_lease(r->load.db, r->batch, r->token, &ignored);
		err_release(&ignored);
		return -1;
	}
	batch_look_for_files(r->sp, r->batch);
	if (load_connect(&r->load, err) < 0)
		return -1;
	got = manifest_finish(r->load.db, r->batch, r->token, event, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return REPLAY_BUSY;
	/* a crash before this leaves an empty folder, which the gate removes */
	if (rmdir(dir) < 0 && errno != ENOENT && errno != ENOTEMPTY)
		return err_setno(err, "could not remove \"%s\"", dir);
	return REPLAY_DONE;
}

/* The batch's row and the flock on its folder: 1 both are ours, *fd is the
 * lock; 0 *result says why not; -1. */
static int
take_batch(struct replay *r, const char *tag, const char *dir, int *fd,
    enum replay_result *result, struct err *err)
{
	struct batch *b = r->batch;
	int got = manifest_load(r->load.db, tag, b, err);

	if (got < 0)
		return -1;
	*result = REPLAY_UNKNOWN;
	if (!got)
		return 0;
	*result = REPLAY_FOREIGN;
	if (strcmp(b->spool_id, r->sp->id) != 0)
		return 0;
	*result = REPLAY_KNOWN;
	if (batch_finished(b) && !fs_exists(dir))
		return 0;
	if (!batch_finished(b) && fs_mkdirs(dir, SPOOL_DIR_MODE, err) < 0)
		return -1;
	*result = REPLAY_BUSY;
	got = lock_dir(dir, fd, err);
	if (got < 0 && !fs_exists(dir)) {
		/* somebody else has just finished it and removed the folder */
		err_release(err);
		return 0;
	}
	if (got <= 0)
		return got;
	/* it may have been finished between our look and our lock */
	got = manifest_load(r->load.db, tag, b, err);
	if (got < 0)
		return -1;
	if (!got || !lock_still_names(dir, *fd))
		return 0;
	if (!batch_finished(b))
		return 1;
	/* empty, unless a retry is at work; that is the gate's to see */
	rmdir(dir);
	*result = REPLAY_KNOWN;
	return 0;
}

int
replay_batch(struct replay *r, const char *tag, struct batch *b, struct str *event,
    struct err *err)
{
	char *dir = spool_batch_path(r->sp, "processing", tag);
	enum replay_result result = REPLAY_BUSY;
	int fd = -1, rc;

	r->batch = b;
	rc = load_connect(&r->load, err);
	if (rc == 0)
		rc = take_batch(r, tag, dir, &fd, &result, err);
	if (rc > 0)
		rc = work(r, dir, event, err);
	else if (rc == 0)
		rc = (int)result;
	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}
