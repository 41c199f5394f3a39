#include "app/queue_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/mem.h"
#include "sys/io.h"
#include "sys/sig.h"

#define NSEC_PER_USEC 1000
#define QUEUE_TIME_MAX_S (QUEUE_TIME_MAX_US / USEC_PER_SEC)

const char *const queue_part_name[QUEUE_PARTS] = { "new", "sent", "dead", "state" };

int
queue_part_fd(const struct queue *q, enum queue_part part)
{
	const int fd[QUEUE_PARTS] = { q->new_fd, q->sent_fd, q->dead_fd, q->state_fd };

	return fd[part];
}

char *
queue_path(const struct queue *q, enum queue_part part, const char *name)
{
	return xasprintf("%s/%s%s%s", q->root, queue_part_name[part], *name ? "/" : "", name);
}

int64_t
queue_mtime(const struct stat *st)
{
	int64_t s = st->st_mtim.tv_sec;

	if (s < 0)
		return 0;
	return s > QUEUE_TIME_MAX_S ? QUEUE_TIME_MAX_US :
	    s * USEC_PER_SEC + st->st_mtim.tv_nsec / NSEC_PER_USEC;
}

int
queue_set_mtime(int fd, int64_t us)
{
	struct timespec ts[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };

	us = MIN(MAX(us, 0), QUEUE_TIME_MAX_US);
	ts[1] = (struct timespec){ us / USEC_PER_SEC, us % USEC_PER_SEC * NSEC_PER_USEC };
	return futimens(fd, ts);
}

int
queue_full(struct err *err)
{
	if (errno == ENOSPC || errno == EDQUOT) {
		err->kind = ERR_TEMP;
		err_hint(err, "make room on the file system of the spool, then run it again");
	}
	return -1;
}

bool
queue_is_temp(const char *name)
{
	size_t digits = 2 * QUEUE_TEMP_RANDOM;

	return name[0] == '.' && strspn(name + 1, "0123456789abcdef") == digits &&
	    strcmp(name + 1 + digits, QUEUE_TEMP_TAIL) == 0;
}

int
queue_temp_write(const struct queue *q, enum queue_part part, const struct delivery *d,
    int64_t mtime_us, struct queue_temp *out, struct err *err)
{
	char random[2 * QUEUE_TEMP_RANDOM + 1], *path;
	struct queue_temp t = { .fd = -1 };
	struct str head = STR_INIT;
	int rc = -1;

	if (queue_head_check(d, err) < 0)
		return -1;
	enc_random_hex(random, QUEUE_TEMP_RANDOM);
	snprintf(t.name, sizeof(t.name), ".%s" QUEUE_TEMP_TAIL, random);
	path = queue_path(q, part, t.name);
	t.fd = openat(queue_part_fd(q, part), t.name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    QUEUE_FILE_MODE);
	if (t.fd < 0) {
		err_setno(err, "could not create \"%s\"", path);
		queue_full(err);
		goto out;
	}
	while ((rc = flock(t.fd, LOCK_EX)) < 0 && errno == EINTR && !sig_stopped())
		;
	if (rc < 0)
		err_setno(err, "could not lock \"%s\"", path);
	queue_head_put(&head, d);
	if (rc == 0 && (io_write_full(t.fd, head.buf, head.len, path, err) < 0 ||
	    io_write_full(t.fd, d->body.buf, d->body.len, path, err) < 0))
		rc = queue_full(err);
	if (rc == 0 && mtime_us >= 0 && queue_set_mtime(t.fd, mtime_us) < 0)
		rc = err_setno(err, "could not set the time of \"%s\"", path);
	if (rc < 0)
		queue_temp_drop(q, part, &t);
	*out = t;
out:
	str_release(&head);
	free(path);
	return rc;
}

void
queue_temp_drop(const struct queue *q, enum queue_part part, struct queue_temp *t)
{
	if (t->fd < 0)
		return;
	if (*t->name)
		unlinkat(queue_part_fd(q, part), t->name, 0);
	close(t->fd);
	t->fd = -1;
}

int
queue_temp_replace(struct queue *q, enum queue_part part, struct queue_temp *t,
    const char *name, struct err *err)
{
	int dir = queue_part_fd(q, part);
	char *path = queue_path(q, part, name);
	int rc = fs_sync_fd(t->fd, path, err);

	if (rc < 0)
		queue_full(err);
	/* not fs_move: what is overwritten is the file whose lock we hold */
	if (rc == 0 && renameat(dir, t->name, dir, name) < 0) {
		rc = err_setno(err, "could not replace \"%s\"", path);
		queue_full(err);
	}
	if (rc == 0) {
		t->name[0] = '\0';
		q->dirty |= 1u << part;
	}
	free(path);
	return rc;
}

int
queue_lock(const struct queue *q, enum queue_part part, const char *name, int *fd,
    struct stat *st, struct err *err)
{
	int dir = queue_part_fd(q, part), file = -1, rc = 0;
	char *path = queue_path(q, part, name);
	struct stat named;

	/* before the open, which has effects on some things that are no files */
	if (fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		goto failed;
	if (!S_ISREG(st->st_mode)) {
		rc = err_set(err, ERR_DATA, "\"%s\" is no regular file", path);
		goto out;
	}
	/* for writing: some network file systems want that for an exclusive lock */
	file = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		goto failed;
	if (flock(file, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			rc = err_setno(err, "could not lock \"%s\"", path);
		goto out;
	}
	if (fstat(file, st) < 0 || fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		goto failed;
	rc = st->st_dev == named.st_dev && st->st_ino == named.st_ino;
	goto out;
failed:
	if (errno != ENOENT)
		rc = err_setno(err, "could not open \"%s\"", path);
out:
	if (rc > 0)
		*fd = file;
	else if (file >= 0)
		close(file);
	free(path);
	return rc;
}

int
queue_read(int fd, const char *path, bool body, struct delivery *d, struct err *err)
{
	size_t max = body ? QUEUE_HEAD_MAX + QUEUE_BODY_MAX : QUEUE_HEAD_MAX, head;
	struct str *s = &d->body;
	const char *end, *why;
	ssize_t got = 1;

	str_reset(s);
	while (got > 0 && s->len <= max) {
		str_grow(s, QUEUE_HEAD_MAX);
		got = pread(fd, s->buf + s->len, QUEUE_HEAD_MAX, (off_t)s->len);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got < 0)
			return err_setno(err, "could not read \"%s\"", path);
		else
			s->len += (size_t)got;
	}
	s->buf[s->len] = '\0';
	end = memchr(s->buf, '\n', MIN(s->len, QUEUE_HEAD_MAX));
	if (!end)
		return err_set(err, ERR_DATA, "\"%s\" is no notification: it has no head", path);
	head = (size_t)(end - s->buf) + 1;
	if (body && s->len - head > QUEUE_BODY_MAX)
		return err_set(err, ERR_DATA, "\"%s\" is no notification: it is larger than %zu bytes",
		    path, QUEUE_BODY_MAX);
	why = queue_head_parse((struct slice){ s->buf, head - 1 }, d);
	if (why)
		return err_set(err, ERR_DATA, "\"%s\" is no notification: %s", path, why);
	memmove(s->buf, s->buf + head, s->len - head);
	str_truncate(s, body ? s->len - head : 0);
	return 0;
}

int
queue_walk(const struct queue *q, enum queue_part part, bool dots,
    int (*fn)(void *arg, const char *name, const struct stat *st, struct err *err), void *arg,
    struct err *err)
{
	char *path = queue_path(q, part, "");
	/* an open of its own: a copied descriptor would share its position */
	int fd = fs_open_dirat(queue_part_fd(q, part), ".", err), rc = -1;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;

	if (!dir) {
		err_setno(err, "could not open directory \"%s\"", path);
		if (fd >= 0)
			close(fd);
		goto out;
	}
	rc = 0;
	while (rc == 0 && (errno = 0, e = readdir(dir))) {
		if ((e->d_name[0] == '.') != dots ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		rc = fn(arg, e->d_name, &st, err);
	}
	if (rc == 0 && errno)
		rc = err_setno(err, "could not read directory \"%s\"", path);
	closedir(dir);
out:
	free(path);
	return rc;
}
