#include "app/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "app/queue_private.h"
#include "app/spool.h"
#include "base/clock.h"
#include "base/mem.h"

/* Puts that share their wait for the disk; each holds a descriptor until then. */
#define QUEUE_BATCH 256
/* From so many on one sync of the file system costs less than a flush of the disk for
 * each file: 10,000 files on a busy disk were 22 s by fsync, one by one. */
#define QUEUE_SYNCFS 16
#define TEMP_AGE_US (3600 * USEC_PER_SEC)
#define USEC_PER_MSEC 1000
/* In queue.dirty beside the bits of the parts: the entries of the directories themselves. */
#define DIRTY_TOP (1u << QUEUE_PARTS)

struct queue_pending {
	struct queue_temp temp;
	char *key;		/* owned */
	uint64_t dedupe_ms;
	int64_t now_us;
};

/* Open one of our directories and make sure that it is only ours. */
static int
open_private(int at, const char *name, const char *path, struct err *err)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		err_set(err, ERR_CONFIG, "\"%s\" is not a directory", path);
		return err_hint(err, "a link is not followed here: put a directory in its place");
	}
	if (fd < 0)
		return err_setno(err, "could not open directory \"%s\"", path);
	if (fstat(fd, &st) < 0) {
		err_setno(err, "could not look at \"%s\"", path);
	} else if (st.st_uid != geteuid()) {
		err_set(err, ERR_PERM, "\"%s\" belongs to user %u, not to %u", path, st.st_uid, geteuid());
		err_hint(err, "run this as the user who runs notify: what waits there is nobody else's");
	} else if ((st.st_mode & 0777) != QUEUE_DIR_MODE && fchmod(fd, QUEUE_DIR_MODE) < 0) {
		err_setno(err, "could not change the mode of \"%s\"", path);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

static int
open_parts(struct queue *q, struct err *err)
{
	int *const part_fd[QUEUE_PARTS] = { &q->new_fd, &q->sent_fd, &q->dead_fd, &q->state_fd };
	int top, rc = -1;

	if (mkdir(q->root, QUEUE_DIR_MODE) < 0 && errno != EEXIST) {
		err_setno(err, "could not make directory \"%s\"", q->root);
		return queue_full(err);
	}
	top = open_private(AT_FDCWD, q->root, q->root, err);
	if (top < 0)
		return -1;
	for (size_t i = 0; i < QUEUE_PARTS; i++) {
		char *path = queue_path(q, i, "");

		if (mkdirat(top, queue_part_name[i], QUEUE_DIR_MODE) < 0 && errno != EEXIST) {
			err_setno(err, "could not make directory \"%s\"", path);
			queue_full(err);
		} else {
			*part_fd[i] = open_private(top, queue_part_name[i], path, err);
		}
		free(path);
		if (*part_fd[i] < 0)
			goto out;
	}
	rc = 0;
out:
	close(top);
	return rc;
}

int
queue_open(struct queue *q, const char *spool, struct err *err)
{
	char *real;

	queue_release(q);
	if (!fs_exists(spool) && fs_mkdirs(spool, SPOOL_DIR_MODE, err) < 0)
		return queue_full(err);
	real = realpath(spool, NULL);
	if (!real)
		return err_setno(err, "could not open \"%s\"", spool);
	q->root = xasprintf("%s/notify", strcmp(real, "/") == 0 ? "" : real);
	free(real);
	if (open_parts(q, err) < 0) {
		queue_release(q);
		return -1;
	}
	/* a run that was killed may have made them and not synced their entries: with
	 * the first thing that is synced, for one that has nothing to do is to be quick */
	q->dirty = DIRTY_TOP;
	return 0;
}

static void
forget_pending(struct queue *q)
{
	for (size_t i = 0; i < q->pending_nr; i++) {
		queue_temp_drop(q, QUEUE_NEW, &q->pending[i].temp);
		free(q->pending[i].key);
	}
	q->pending_nr = 0;
}

void
queue_release(struct queue *q)
{
	forget_pending(q);
	free(q->pending);
	for (enum queue_part i = 0; i < QUEUE_PARTS; i++)
		if (queue_part_fd(q, i) >= 0)
			close(queue_part_fd(q, i));
	free(q->root);
	*q = (struct queue)QUEUE_INIT;
}

/* Is it within window_ms of now? A time further ahead than that is a clock's mistake:
 * it must not silence an id for ever. */
static bool
is_recent(int64_t us, uint64_t window_ms, int64_t now_us)
{
	uint64_t apart = us > now_us ? (uint64_t)us - (uint64_t)now_us :
	    (uint64_t)now_us - (uint64_t)us;

	return apart / USEC_PER_MSEC < window_ms;
}

/* 1: it is there, and *st; 0; -1. */
static int
look(const struct queue *q, enum queue_part part, const char *key, struct stat *st,
    struct err *err)
{
	char *path;

	if (fstatat(queue_part_fd(q, part), key, st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	if (errno == ENOENT)
		return 0;
	path = queue_path(q, part, key);
	err_setno(err, "could not look at \"%s\"", path);
	free(path);
	return -1;
}

/* Is it dead, or was it sent? */
static int
is_settled(const struct queue *q, const char *key, uint64_t dedupe_ms, int64_t now_us,
    struct err *err)
{
	struct stat st;
	int rc = look(q, QUEUE_DEAD, key, &st, err);

	if (rc == 0 && (rc = look(q, QUEUE_SENT, key, &st, err)) > 0)
		rc = is_recent(queue_mtime(&st), dedupe_ms, now_us);
	return rc;
}

/*
 * Give one its name. Between our looks before the put and the rename another process
 * may have put, sent and settled the same id, and then new/ is empty again. So look
 * once more when the name is ours: now nobody else can make it, and as we hold the
 * lock nobody can have sent it.
 */
static int
publish_one(struct queue *q, struct queue_pending *p, bool synced, struct err *err)
{
	char *path = queue_path(q, QUEUE_NEW, p->key);
	int rc = synced ? 0 : fs_sync_fd(p->temp.fd, path, err);

	if (rc == 0)
		rc = fs_move(q->new_fd, p->temp.name, q->new_fd, p->key, err);
	if (rc < 0) {
		queue_full(err);
		goto out;
	}
	if (rc == FS_EXISTS)
		goto out;
	if (rc == FS_GONE) {
		rc = err_set(err, ERR_IO, "\"%s\" was removed while it was written", path);
		goto out;
	}
	p->temp.name[0] = '\0';
	q->dirty |= 1u << QUEUE_NEW;
	rc = is_settled(q, p->key, p->dedupe_ms, p->now_us, err);
	if (rc > 0 && unlinkat(q->new_fd, p->key, 0) < 0 && errno != ENOENT)
		rc = err_setno(err, "could not remove \"%s\"", path);
out:
	free(path);
	return rc < 0 ? -1 : 0;
}

/*
 * All are tried; the first failure is told. A syncfs that fails may tell of somebody
 * else's file: then each is asked about its own. (To begin with sync_file_range for
 * all and then fsync each took longer than fsync alone.)
 */
static int
publish(struct queue *q, struct err *err)
{
	bool synced = q->pending_nr >= QUEUE_SYNCFS && syncfs(q->new_fd) == 0;
	int rc = 0;

	for (size_t i = 0; i < q->pending_nr; i++) {
		struct err one = ERR_INIT;

		if (publish_one(q, &q->pending[i], synced, &one) < 0 && rc == 0) {
			err_move(err, &one);
			rc = -1;
		}
		err_release(&one);
	}
	forget_pending(q);
	return rc;
}

static bool
is_pending(const struct queue *q, const char *key)
{
	for (size_t i = 0; i < q->pending_nr; i++)
		if (strcmp(q->pending[i].key, key) == 0)
			return true;
	return false;
}

int
queue_put(struct queue *q, const struct delivery *d, uint64_t dedupe_ms, int64_t now_us,
    struct err *err)
{
	struct queue_pending p = { .dedupe_ms = dedupe_ms, .now_us = now_us };
	struct stat st;
	int rc;

	if (queue_head_check(d, err) < 0)
		return -1;
	p.key = queue_key(d);
	/* in this order: what moves on meanwhile is seen at its next place */
	rc = is_pending(q, p.key);
	if (rc == 0)
		rc = look(q, QUEUE_NEW, p.key, &st, err);
	if (rc == 0)
		rc = is_settled(q, p.key, dedupe_ms, now_us, err);
	if (rc != 0) {
		free(p.key);
		return MIN(rc, 0);
	}
	if (!q->pending)
		q->pending = xcalloc(QUEUE_BATCH, sizeof(*q->pending));
	if ((q->pending_nr == QUEUE_BATCH && publish(q, err) < 0) ||
	    queue_temp_write(q, QUEUE_NEW, d, MAX(d->due_us, 0), &p.temp, err) < 0) {
		free(p.key);
		return -1;
	}
	q->pending[q->pending_nr++] = p;
	return 1;
}

static int
sync_top(struct queue *q, struct err *err)
{
	char *spool = xstrndup(q->root, (size_t)(strrchr(q->root, '/') - q->root));
	int rc = fs_sync_dir(q->root, err);

	if (rc == 0)
		rc = fs_sync_dir(*spool ? spool : "/", err);
	free(spool);
	return rc;
}

int
queue_sync(struct queue *q, struct err *err)
{
	int rc = publish(q, err);

	if (q->dirty == DIRTY_TOP)
		return rc;
	/* sent and dead before new: should a file system do renames by halves, then the
	 * name that a file has now comes first */
	for (enum queue_part i = QUEUE_PARTS; i-- > 0;) {
		struct err one = ERR_INIT;
		char *path;

		if (!(q->dirty & 1u << i))
			continue;
		path = queue_path(q, i, "");
		if (fs_sync_fd(queue_part_fd(q, i), path, &one) < 0 && rc == 0) {
			queue_full(&one);
			err_move(err, &one);
			rc = -1;
		}
		err_release(&one);
		free(path);
	}
	if (rc == 0 && (q->dirty & DIRTY_TOP))
		rc = sync_top(q, err);
	if (rc == 0)
		q->dirty = 0;
	return rc;
}

struct prune {
	struct queue *q;
	enum queue_part part;
	uint64_t keep_ms;
	int64_t now_us;
};

static int
prune_unlink(const struct prune *p, const char *name, struct err *err)
{
	char *path;

	if (unlinkat(queue_part_fd(p->q, p->part), name, 0) == 0 || errno == ENOENT)
		return 0;
	path = queue_path(p->q, p->part, name);
	err_setno(err, "could not remove \"%s\"", path);
	free(path);
	return -1;
}

static int
prune_sent(void *arg, const char *name, const struct stat *st, struct err *err)
{
	const struct prune *p = arg;

	if (!S_ISREG(st->st_mode) || is_recent(queue_mtime(st), p->keep_ms, p->now_us))
		return 0;
	return prune_unlink(p, name, err);
}

/* By its ctime: the mtime of a temporary file may already be when it is due. Whose
 * maker lives is locked. */
static int
prune_temp(void *arg, const char *name, const struct stat *st, struct err *err)
{
	const struct prune *p = arg;
	int64_t born = (int64_t)st->st_ctim.tv_sec * USEC_PER_SEC;
	struct stat now;
	int fd, rc;

	if (!queue_is_temp(name) || !S_ISREG(st->st_mode) || p->now_us - born < TEMP_AGE_US)
		return 0;
	rc = queue_lock(p->q, p->part, name, &fd, &now, err);
	if (rc <= 0)
		return rc;
	rc = prune_unlink(p, name, err);
	close(fd);
	return rc;
}

int
queue_prune(struct queue *q, uint64_t keep_ms, int64_t now_us, struct err *err)
{
	struct prune p = { q, QUEUE_SENT, keep_ms, now_us };

	/* one that is sent anew in this instant may lose its marker: then a third
	 * telling of the same fact goes out again, with its id */
	if (queue_walk(q, QUEUE_SENT, false, prune_sent, &p, err) < 0)
		return -1;
	for (p.part = QUEUE_NEW; p.part < QUEUE_STATE; p.part++)
		if (queue_walk(q, p.part, true, prune_temp, &p, err) < 0)
			return -1;
	return 0;
}
