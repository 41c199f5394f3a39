#include "app/rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/spool.h"
#include "base/mem.h"
#include "sys/fs.h"
#include "sys/io.h"

#define BUFFER ((size_t)64 << 10)

static char *
dir_of(const char *path)
{
	return xstrndup(path, (size_t)(strrchr(path, '/') - path));
}

static int
open_tmp(struct rejects *r, struct err *err)
{
	char *dir = dir_of(r->path);
	int rc = fs_mkdirs(dir, SPOOL_DIR_MODE, err);

	if (rc == 0) {
		/* one name: the ledger lets one loader of a content in at a time, and
		 * a killed one's leftover is written over */
		r->tmp = xasprintf("%s/.%s.tmp", dir, r->path + strlen(dir) + 1);
		r->fd = open(r->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
		if (r->fd < 0)
			rc = err_setno(err, "could not create \"%s\"", r->tmp);
	}
	free(dir);
	return rc;
}

static int
flush(struct rejects *r, struct err *err)
{
	int rc = io_write_full(r->fd, r->buf.buf, r->buf.len, r->tmp, err);

	str_reset(&r->buf);
	return rc;
}

static int
sink(void *arg, const void *data, size_t n, struct err *err)
{
	struct rejects *r = arg;

	str_add(&r->buf, data, n);
	return r->buf.len >= BUFFER ? flush(r, err) : 0;
}

int
rejects_add(struct rejects *r, struct rec_reader *reader, const struct rec *rec, struct err *err)
{
	if (r->fd < 0 && open_tmp(r, err) < 0)
		return -1;
	r->nr++;
	return rec_reject_line(reader, rec, r->segment, sink, r, err);
}

int
rejects_land(struct rejects *r, struct err *err)
{
	char *dir;
	int rc = -1;

	if (r->fd < 0) {
		if (unlink(r->path) < 0 && errno != ENOENT && errno != ENOTDIR)
			return err_setno(err, "could not remove the older \"%s\"", r->path);
		return 0;
	}
	dir = dir_of(r->path);
	if (flush(r, err) < 0 || fs_sync_fd(r->fd, r->tmp, err) < 0)
		goto out;
	if (rename(r->tmp, r->path) < 0) {
		err_setno(err, "could not rename \"%s\"", r->tmp);
		goto out;
	}
	free(r->tmp);
	r->tmp = NULL;
	rc = fs_sync_dir(dir, err);
out:
	free(dir);
	return rc;
}

void
rejects_release(struct rejects *r)
{
	if (r->tmp)
		unlink(r->tmp);
	if (r->fd >= 0)
		close(r->fd);
	free(r->tmp);
	str_release(&r->buf);
	r->fd = -1;
	r->tmp = NULL;
}
