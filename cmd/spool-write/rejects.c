/*
 * The rejects file: reject lines of sluice-spool(5), appended. Several
 * processes may share it, so each line is written under flock, and a line that
 * a crash has torn is ended before the next one begins.
 */
#include "cmd/spool-write/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fs.h"
#include "sys/io.h"

#define REJECTS_MODE 0640
/* A line is gathered up to here, the rest of it goes out in pieces. */
#define GATHER_BYTES ((size_t)64 << 10)

struct line {
	int fd;
	const char *name;
	struct str text;
};

int
stream_rejects_open(struct stream *s, struct err *err)
{
	const char *path = s->o->rejects, *slash = strrchr(path, '/');
	char *dir = slash ? xstrndup(path, MAX((size_t)(slash - path), 1)) : xstrdup(".");
	int rc = -1;

	s->rejects = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, REJECTS_MODE);
	if (s->rejects < 0)
		err_setno(err, "could not open \"%s\"", path);
	else
		rc = fs_sync_dir(dir, err);
	free(dir);
	return rc;
}

static int
line_flush(struct line *l, struct err *err)
{
	int rc = io_write_full(l->fd, l->text.buf, l->text.len, l->name, err);

	str_reset(&l->text);
	return rc;
}

static int
line_add(void *arg, const void *data, size_t n, struct err *err)
{
	struct line *l = arg;

	str_add(&l->text, data, n);
	return l->text.len < GATHER_BYTES ? 0 : line_flush(l, err);
}

static int
lock_file(int fd, const char *name, struct err *err)
{
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_setno(err, "could not lock \"%s\"", name);
	return 0;
}

int
stream_rejects_add(struct stream *s, struct rec_reader *r, const struct rec *rec,
    const char *name, struct err *err)
{
	struct line l = { s->rejects, s->o->rejects, STR_INIT };
	struct stat st = { .st_size = 0 };
	char last = '\n';
	int rc = -1;

	if (lock_file(l.fd, l.name, err) < 0)
		return -1;
	if (fstat(l.fd, &st) < 0 ||
	    (S_ISREG(st.st_mode) && st.st_size > 0 && pread(l.fd, &last, 1, st.st_size - 1) < 0)) {
		err_setno(err, "could not read \"%s\"", l.name);
		goto out;
	}
	if (last != '\n')
		str_addc(&l.text, '\n');
	s->rejects_dirty = true;
	rc = rec_reject_line(r, rec, name, line_add, &l, err);
	if (rc == 0)
		rc = line_flush(&l, err);
	/* a full disk leaves no half a line; if this fails too the next one ends it */
	if (rc < 0 && S_ISREG(st.st_mode) && ftruncate(l.fd, st.st_size) < 0)
		err_hint(err, "the last line of \"%s\" may be incomplete", l.name);
out:
	flock(l.fd, LOCK_UN);
	str_release(&l.text);
	return rc;
}

int
stream_rejects_sync(struct stream *s, struct err *err)
{
	if (!s->rejects_dirty)
		return 0;
	s->rejects_dirty = false;
	return fs_sync_fd(s->rejects, s->o->rejects, err);
}
