#include "sys/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/mem.h"
#include "sys/io.h"

#define READ_PIECE ((size_t)64 << 10)
#define TEMP_NAME_RANDOM 8

int
fs_open_dirat(int dirfd, const char *name, struct err *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_setno(err, "could not open directory \"%s\"", name);
	return fd;
}

int
fs_open_dir(const char *path, struct err *err)
{
	return fs_open_dirat(AT_FDCWD, path, err);
}

int
fs_sync_fd(int fd, const char *name, struct err *err)
{
	/* EINTR dropped nothing; EINVAL: a file that has no disk below it */
	while (fsync(fd) < 0) {
		if (errno == EINVAL)
			return 0;
		if (errno != EINTR)
			return err_setno(err, "could not fsync \"%s\"", name);
	}
	return 0;
}

int
fs_sync_dir(const char *path, struct err *err)
{
	int fd = fs_open_dir(path, err);
	int rc;

	if (fd < 0)
		return -1;
	rc = fs_sync_fd(fd, path, err);
	close(fd);
	return rc;
}

/* The directory that holds path; the caller frees. */
static char *
parent_of(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 0 && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	return n ? xstrndup(path, n) : xstrdup(".");
}

static bool
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int
fs_mkdirs(const char *path, mode_t mode, struct err *err)
{
	char *parent = parent_of(path);
	int made = mkdir(path, mode), rc = -1;

	if (made < 0 && errno == ENOENT && *path && strcmp(parent, path) != 0) {
		if (fs_mkdirs(parent, mode, err) < 0)
			goto out;
		made = mkdir(path, mode);
	}
	if (made < 0) {
		int saved = errno;

		/* a run that was killed may have made it and not synced its entry */
		if (is_dir(path)) {
			rc = fs_sync_dir(parent, err);
			goto out;
		}
		errno = saved == EEXIST ? ENOTDIR : saved;
		err_setno(err, "could not make directory \"%s\"", path);
		goto out;
	}
	rc = fs_sync_dir(parent, err);
out:
	free(parent);
	return rc;
}

/* For file systems without RENAME_NOREPLACE: link(2) refuses an existing name
 * too. A crash in between leaves both names of one file. */
static int
move_by_link(int from_dir, const char *from, int to_dir, const char *to)
{
	int saved;

	if (linkat(from_dir, from, to_dir, to, 0) < 0)
		return -1;
	if (unlinkat(from_dir, from, 0) == 0 || errno == ENOENT)
		return 0;
	saved = errno;
	unlinkat(to_dir, to, 0);
	errno = saved;
	return -1;
}

int
fs_move(int from_dir, const char *from, int to_dir, const char *to, struct err *err)
{
	struct stat st;
	int rc = renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE);

	if (rc < 0 && (errno == EINVAL || errno == ENOSYS))
		rc = move_by_link(from_dir, from, to_dir, to);
	if (rc == 0)
		return FS_MOVED;
	if (errno == EEXIST)
		return FS_EXISTS;
	if (errno == ENOENT) {
		/* the target's directory may be what is gone */
		if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			return FS_GONE;
		errno = ENOENT;
	}
	return err_setno(err, "could not move \"%s\" to \"%s\"", from, to);
}

static int
write_and_sync(int fd, const char *name, const void *data, size_t n, struct err *err)
{
	int rc = io_write_full(fd, data, n, name, err);

	if (rc == 0)
		rc = fs_sync_fd(fd, name, err);
	if (close(fd) < 0 && rc == 0)
		rc = err_setno(err, "could not close \"%s\"", name);
	return rc;
}

int
fs_write_durable(const char *path, const void *data, size_t n, mode_t mode, struct err *err)
{
	char random[2 * TEMP_NAME_RANDOM + 1];
	char *dir = parent_of(path), *temp;
	int fd, rc = -1;

	enc_random_hex(random, TEMP_NAME_RANDOM);
	temp = xasprintf("%s/.%s.tmp", dir, random);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0) {
		err_setno(err, "could not create \"%s\"", temp);
		goto out;
	}
	if (write_and_sync(fd, temp, data, n, err) < 0) {
		unlink(temp);
		goto out;
	}
	if (rename(temp, path) < 0) {
		err_setno(err, "could not rename \"%s\" to \"%s\"", temp, path);
		unlink(temp);
		goto out;
	}
	rc = fs_sync_dir(dir, err);
out:
	free(temp);
	free(dir);
	return rc;
}

int
fs_read(const char *path, size_t max, struct str *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t start = out->len;
	ssize_t got;
	int rc = -1;

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return err_setno(err, "could not open \"%s\"", path);
	for (;;) {
		str_grow(out, READ_PIECE);
		got = io_read(fd, out->buf + out->len, READ_PIECE, path, err);
		if (got < 0)
			goto out;
		out->len += (size_t)got;
		out->buf[out->len] = '\0';
		if (out->len - start > max) {
			err_set(err, ERR_DATA, "\"%s\" is larger than %zu bytes", path, max);
			goto out;
		}
		if (got == 0)
			break;
	}
	rc = 0;
out:
	if (rc < 0)
		str_truncate(out, start);
	close(fd);
	return rc;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
fs_scan(const char *path, struct fs_names *out, struct err *err)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return err_setno(err, "could not open directory \"%s\"", path);
	while (errno = 0, (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		ALLOC_GROW(out->name, out->nr + 1, out->alloc);
		out->name[out->nr++] = xstrdup(e->d_name);
	}
	if (errno) {
		err_setno(err, "could not read directory \"%s\"", path);
		closedir(dir);
		return -1;
	}
	closedir(dir);
	if (out->nr > 1)
		qsort(out->name, out->nr, sizeof(*out->name), by_bytes);
	return 0;
}

void
fs_names_release(struct fs_names *n)
{
	for (size_t i = 0; i < n->nr; i++)
		free(n->name[i]);
	free(n->name);
	*n = (struct fs_names)FS_NAMES_INIT;
}

int
fs_space(const char *path, uint64_t *free_bytes, uint64_t *total_bytes, struct err *err)
{
	struct statvfs v;

	while (statvfs(path, &v) < 0)
		if (errno != EINTR)
			return err_setno(err, "could not ask for the space at \"%s\"", path);
	*free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
	*total_bytes = (uint64_t)v.f_blocks * v.f_frsize;
	return 0;
}

bool
fs_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}
