#include "app/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alg/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Names with a suffix that are tried before a move gives up. */
#define SUFFIX_MAX 9999
#define READ_BYTES ((size_t)256 << 10)
#define FINAL_MAX (SPOOL_NAME_MAX + 16)

/* The length of name without `.msgpack.zst`, `.ndjson`, or whatever it ends in. */
static size_t
stem_length(const char *name)
{
	size_t len = strlen(name), n = len;
	const char *dot;

	if (n > 4 && strcmp(name + n - 4, ".zst") == 0)
		n -= 4;
	dot = memrchr(name, '.', n);
	return dot && dot > name ? (size_t)(dot - name) : n;
}

/* `x.msgpack.zst` with 1 is `x.1.msgpack.zst`. The stem gives way, so that the
 * name stays short enough to be a segment's. */
static int
put_suffix(const char *name, unsigned n, char out[FINAL_MAX])
{
	size_t stem = stem_length(name);
	const char *ext = name + stem;
	char mark[16];
	size_t tail;

	snprintf(mark, sizeof(mark), ".%u", n);
	tail = strlen(mark) + strlen(ext);
	if (tail >= SPOOL_NAME_MAX)
		return -1;
	if (stem + tail > SPOOL_NAME_MAX)
		stem = utf8_valid_prefix(name, SPOOL_NAME_MAX - tail);
	if (stem == 0)
		return -1;
	snprintf(out, FINAL_MAX, "%.*s%s%s", (int)stem, name, mark, ext);
	return 0;
}

/* Open a regular file for reading: the descriptor, -2 when it is not there or
 * is something else, -1. */
static int
open_regular(int dirfd, const char *name, struct stat *st, struct err *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENXIO ? -2 :
		    err_setno(err, "could not open \"%s\"", name);
	if (fstat(fd, st) < 0) {
		err_setno(err, "could not look at \"%s\"", name);
		close(fd);
		return -1;
	}
	if (!S_ISREG(st->st_mode)) {
		close(fd);
		return -2;
	}
	return fd;
}

static ssize_t
read_full(int fd, char *buf, size_t n, const char *name, struct err *err)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(fd, buf + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_setno(err, "could not read \"%s\"", name);
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

/* 1 equal, 0 not, -1. */
static int
same_bytes(int a, int b, const char *name, const char *other, struct err *err)
{
	char *buf = xmalloc(2 * READ_BYTES);
	int same = -1;

	for (;;) {
		ssize_t n = read_full(a, buf, READ_BYTES, name, err);
		ssize_t m = n < 0 ? -1 : read_full(b, buf + READ_BYTES, READ_BYTES, other, err);

		if (n < 0 || m < 0)
			break;
		if (n != m || memcmp(buf, buf + READ_BYTES, (size_t)n) != 0) {
			same = 0;
			break;
		}
		if (n == 0) {
			same = 1;
			break;
		}
	}
	free(buf);
	return same;
}

/* Both names exist. Where they hold the same bytes the source goes, once the
 * other one is sure to stay. 1 done, 0 they differ, -1. */
static int
drop_if_same(int from_fd, const char *name, int to_fd, const char *target, struct err *err)
{
	struct stat a, b;
	int fa, fb = -2, rc = -1;

	fa = open_regular(from_fd, name, &a, err);
	if (fa >= 0)
		fb = open_regular(to_fd, target, &b, err);
	if (fa == -1 || fb == -1)
		goto out;
	rc = 0;
	if (fa < 0 || fb < 0 || a.st_size != b.st_size)
		goto out;
	rc = same_bytes(fa, fb, name, target, err);
	if (rc <= 0)
		goto out;
	rc = -1;
	if (fs_sync_fd(fb, target, err) < 0 || fs_sync_fd(to_fd, "the target directory", err) < 0)
		goto out;
	if (unlinkat(from_fd, name, 0) < 0 && errno != ENOENT) {
		err_setno(err, "could not remove \"%s\"", name);
		goto out;
	}
	rc = 1;
out:
	if (fb >= 0)
		close(fb);
	if (fa >= 0)
		close(fa);
	return rc;
}

int
spool_move_at(int from_fd, int to_fd, const char *name, char *final, struct err *err)
{
	char target[FINAL_MAX];

	if (strlen(name) >= sizeof(target))
		return err_set(err, ERR_DATA, "the file name \"%s\" is too long", name);
	memcpy(target, name, strlen(name) + 1);
	for (unsigned i = 1; i <= SUFFIX_MAX; i++) {
		int rc = fs_move(from_fd, name, to_fd, target, err);

		if (rc == FS_GONE)
			return 0;
		if (rc == FS_EXISTS) {
			rc = drop_if_same(from_fd, name, to_fd, target, err);
			if (rc == 0 && put_suffix(name, i, target) < 0)
				rc = err_set(err, ERR_DATA, "no suffix fits into the name \"%s\"", name);
			if (rc == 0)
				continue;
		} else if (rc == FS_MOVED) {
			rc = 1;
		}
		if (rc > 0 && final)
			memcpy(final, target, strlen(target) + 1);
		return rc;
	}
	return err_set(err, ERR_IO, "could not move \"%s\": %d files with that name are there", name,
	    SUFFIX_MAX);
}

int
spool_move(const char *from_dir, const char *to_dir, const char *name, bool sync, char *final,
    struct err *err)
{
	int from_fd, to_fd = -1, rc = -1;

	from_fd = fs_open_dir(from_dir, err);
	if (from_fd >= 0)
		to_fd = fs_open_dir(to_dir, err);
	if (to_fd < 0)
		goto out;
	rc = spool_move_at(from_fd, to_fd, name, final, err);
	if (rc < 0)
		err_wrap(err, "%s", from_dir);
	/* the new name first: two names are better than none */
	if (rc > 0 && sync &&
	    (fs_sync_fd(to_fd, to_dir, err) < 0 || fs_sync_fd(from_fd, from_dir, err) < 0))
		rc = -1;
out:
	if (to_fd >= 0)
		close(to_fd);
	if (from_fd >= 0)
		close(from_fd);
	return rc;
}

int
spool_hash_at(int dirfd, const char *name, bool sync, char sha256[65], uint64_t *bytes,
    struct err *err)
{
	struct sha256 *h = NULL;
	char *buf = NULL;
	struct stat st;
	int fd, rc = -1;
	ssize_t n;

	fd = open_regular(dirfd, name, &st, err);
	if (fd < 0)
		return fd == -2 ? 1 : -1;
	buf = xmalloc(READ_BYTES);
	h = sha256_new();
	*bytes = 0;
	while ((n = read_full(fd, buf, READ_BYTES, name, err)) > 0) {
		sha256_add(h, buf, (size_t)n);
		*bytes += (uint64_t)n;
	}
	if (n < 0 || (sync && fs_sync_fd(fd, name, err) < 0))
		goto out;
	sha256_hex(h, sha256);
	rc = 0;
out:
	sha256_free(h);
	free(buf);
	close(fd);
	return rc;
}

int
spool_hash(const char *dir, const char *name, bool sync, char sha256[65], uint64_t *bytes,
    struct err *err)
{
	int dirfd, rc;

	if (!fs_exists(dir))
		return 1;
	dirfd = fs_open_dir(dir, err);
	if (dirfd < 0)
		return -1;
	rc = spool_hash_at(dirfd, name, sync, sha256, bytes, err);
	close(dirfd);
	if (rc < 0)
		err_wrap(err, "%s", dir);
	return rc;
}
