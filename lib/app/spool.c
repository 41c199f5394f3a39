#include "app/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/mem.h"
#include "base/msg.h"
#include "base/utf8.h"
#include "sys/io.h"

/* As SPOOL_DIR_MODE: others see nothing. */
#define SPOOL_FILE_MODE 0640
#define SPOOL_ID_FILE_MAX 256
#define TAG_RANDOM 8	/* bytes */

static const char *const parts[] = { "incoming", "processing", "archive", "failed" };

char *
spool_path(const struct spool *sp, const char *part)
{
	return xasprintf("%s/%s", sp->root, part);
}

char *
spool_batch_path(const struct spool *sp, const char *part, const char *tag)
{
	return xasprintf("%s/%s/%s", sp->root, part, tag);
}

char *
spool_archive_path(const struct spool *sp, const char *tag, int64_t created_us)
{
	struct civil c;

	clock_civil(created_us, &c);
	return xasprintf("%s/archive/%04lld/%02d/%02d/%s", sp->root, (long long)c.year, c.month,
	    c.day, tag);
}

bool
spool_paused(const struct spool *sp)
{
	char *path = spool_path(sp, ".pause");
	bool paused = fs_exists(path);

	free(path);
	return paused;
}

/* Add the sizes of the files below an open directory, which is closed. What
 * goes away meanwhile counts for nothing. */
static int
add_used(int fd, const char *path, int levels, uint64_t *bytes, struct err *err)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	struct stat st;
	int rc = 0, sub;

	if (!dir) {
		err_setno(err, "could not open directory \"%s\"", path);
		close(fd);
		return -1;
	}
	while (rc == 0 && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode))
			*bytes += (uint64_t)st.st_size;
		else if (S_ISDIR(st.st_mode) && levels > 0 &&
		    (sub = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0)
			rc = add_used(sub, path, levels - 1, bytes, err);
	}
	closedir(dir);
	return rc;
}

int
spool_used(const struct spool *sp, uint64_t *bytes, struct err *err)
{
	*bytes = 0;
	for (int levels = 0; levels < 2; levels++) {
		char *path = spool_path(sp, parts[levels]);
		int fd = fs_open_dir(path, err);
		int rc = fd < 0 ? -1 : add_used(fd, path, levels, bytes, err);

		free(path);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* The parts exist; *fresh when one of them had to be made. */
static int
make_parts(const struct spool *sp, bool *fresh, struct err *err)
{
	for (size_t i = 0; i < countof(parts); i++) {
		char *path = spool_path(sp, parts[i]);
		int rc = 0;

		if (!fs_exists(path)) {
			*fresh = true;
			rc = fs_mkdirs(path, SPOOL_DIR_MODE, err);
		}
		free(path);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int
other_fs(const struct spool *sp, const char *part, struct err *err)
{
	err_set(err, ERR_CONFIG, "\"%s/%s\" is on another file system than \"%s\"", sp->root, part,
	    sp->root);
	return err_hint(err, "the whole spool must be on one: a segment changes its folder by rename");
}

static int
check_one_fs(const struct spool *sp, struct err *err)
{
	struct stat top, st;

	if (stat(sp->root, &top) < 0)
		return err_setno(err, "could not look at \"%s\"", sp->root);
	for (size_t i = 0; i < countof(parts); i++) {
		char *path = spool_path(sp, parts[i]);
		int rc = stat(path, &st);

		if (rc < 0)
			err_setno(err, "could not look at \"%s\"", path);
		else if (!S_ISDIR(st.st_mode))
			rc = err_set(err, ERR_CONFIG, "\"%s\" is not a directory", path);
		else if (st.st_dev != top.st_dev)
			rc = other_fs(sp, parts[i], err);
		free(path);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Equal st_dev does not promise a rename (bind mounts), so take one file all
 * the way once. */
static int
probe_moves(const struct spool *sp, struct err *err)
{
	char name[64], token[2 * TAG_RANDOM + 1];
	int fd[countof(parts)], file, rc = -1;
	size_t at = 0, nr = 0;

	enc_random_hex(token, TAG_RANDOM);
	snprintf(name, sizeof(name), ".probe-%s.tmp", token);
	for (; nr < countof(parts); nr++) {
		char *path = spool_path(sp, parts[nr]);

		fd[nr] = fs_open_dir(path, err);
		free(path);
		if (fd[nr] < 0)
			goto out;
	}
	file = openat(fd[0], name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, SPOOL_FILE_MODE);
	if (file < 0) {
		err_setno(err, "could not create \"%s/incoming/%s\"", sp->root, name);
		goto out;
	}
	close(file);
	for (; at + 1 < countof(parts); at++) {
		if (fs_move(fd[at], name, fd[at + 1], name, err) == FS_MOVED)
			continue;
		if (errno == EXDEV)
			other_fs(sp, parts[at + 1], err);
		else if (err->kind == ERR_NONE)
			err_set(err, ERR_CONFIG, "could not move a file from \"%s/%s\" to \"%s\"",
			    sp->root, parts[at], parts[at + 1]);
		unlinkat(fd[at], name, 0);
		goto out;
	}
	if (unlinkat(fd[at], name, 0) < 0) {
		err_setno(err, "could not remove \"%s/%s/%s\"", sp->root, parts[at], name);
		goto out;
	}
	rc = 0;
out:
	while (nr > 0)
		close(fd[--nr]);
	return rc;
}

/* Read root/.id: 0, 1 when there is none, -1. */
static int
read_id(struct spool *sp, struct err *err)
{
	char *path = spool_path(sp, ".id");
	unsigned char bytes[SPOOL_ID_HEX / 2];
	struct str text = STR_INIT;
	int rc = fs_read(path, SPOOL_ID_FILE_MAX, &text, err);

	if (rc == 0) {
		if (text.len > 0 && text.buf[text.len - 1] == '\n')
			str_truncate(&text, text.len - 1);
		if (text.len != SPOOL_ID_HEX || enc_unhex(text.buf, bytes, sizeof(bytes)) < 0) {
			rc = err_set(err, ERR_CONFIG, "\"%s\" does not hold %d hexadecimal digits", path,
			    SPOOL_ID_HEX);
			err_hint(err, "bring it back from a backup: the manifest knows this spool by it");
		} else {
			enc_hex(bytes, sizeof(bytes), sp->id);
		}
	}
	str_release(&text);
	free(path);
	return rc;
}

/* A new .id, whole from the moment it has its name; another process may have
 * been quicker, and then its id is the spool's. */
static int
make_id(struct spool *sp, struct err *err)
{
	char token[SPOOL_ID_HEX + 1], text[SPOOL_ID_HEX + 2], tmp[64];
	int root, fd = -1, rc = -1, moved = FS_EXISTS;

	root = fs_open_dir(sp->root, err);
	if (root < 0)
		return -1;
	enc_random_hex(token, SPOOL_ID_HEX / 2);
	snprintf(text, sizeof(text), "%s\n", token);
	snprintf(tmp, sizeof(tmp), ".id-%s.tmp", token);
	fd = openat(root, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, SPOOL_FILE_MODE);
	if (fd < 0) {
		err_setno(err, "could not create \"%s/%s\"", sp->root, tmp);
		goto out;
	}
	if (io_write_full(fd, text, strlen(text), tmp, err) < 0 || fs_sync_fd(fd, tmp, err) < 0)
		goto out;
	moved = fs_move(root, tmp, root, ".id", err);
	if (moved < 0 || fs_sync_fd(root, sp->root, err) < 0)
		goto out;
	rc = read_id(sp, err);
	if (rc > 0)
		rc = err_set(err, ERR_IO, "\"%s/.id\" was removed while it was read", sp->root);
out:
	if (fd >= 0) {
		close(fd);
		if (moved != FS_MOVED)
			unlinkat(root, tmp, 0);
	}
	close(root);
	return rc;
}

/* A spool with batches and no .id has lost it. A new one would make its batches
 * another spool's, and nobody would finish them. */
static bool
has_history(const struct spool *sp, struct err *err)
{
	static const char *const worked[] = { "processing", "archive" };
	bool has = false;
	char *id;

	for (size_t i = 0; !has && i < countof(worked); i++) {
		char *path = spool_path(sp, worked[i]);
		struct fs_names names = FS_NAMES_INIT;

		has = fs_scan(path, &names, err) < 0 || names.nr > 0;
		fs_names_release(&names);
		free(path);
	}
	if (!has || err->kind != ERR_NONE)
		return has;
	/* another process may have made both since we looked */
	id = spool_path(sp, ".id");
	has = !fs_exists(id);
	free(id);
	if (!has)
		return false;
	err_set(err, ERR_CONFIG, "\"%s\" has batches, but its .id is gone", sp->root);
	err_hint(err, "write it back: the manifest keeps it (SELECT id, host FROM sluice.spool)");
	return true;
}

int
spool_open(struct spool *sp, const char *root, struct err *err)
{
	bool fresh = false;
	int rc;

	if (!root)
		BUG("spool_open without a root");
	spool_release(sp);
	if (!*root)
		return err_set(err, ERR_CONFIG, "the spool's name is empty");
	if (!fs_exists(root) && fs_mkdirs(root, SPOOL_DIR_MODE, err) < 0)
		return -1;
	sp->root = realpath(root, NULL);
	if (!sp->root)
		return err_setno(err, "could not open \"%s\"", root);
	if (make_parts(sp, &fresh, err) < 0 || check_one_fs(sp, err) < 0)
		goto fail;
	rc = read_id(sp, err);
	if (rc < 0)
		goto fail;
	fresh = fresh || rc > 0;
	if (rc > 0 && has_history(sp, err))
		goto fail;
	/* the probe comes before .id, so that .id says that it has passed */
	if (fresh && probe_moves(sp, err) < 0)
		goto fail;
	if (rc > 0 && make_id(sp, err) < 0)
		goto fail;
	return 0;
fail:
	spool_release(sp);
	return -1;
}

void
spool_release(struct spool *sp)
{
	free(sp->root);
	*sp = (struct spool)SPOOL_INIT;
}

/* Where `.msgpack`, `.ndjson.zst` and so on begin; NULL when none does. */
static const char *
extension(const char *name)
{
	static const char *const known[] = { ".msgpack", ".msgpack.zst", ".ndjson", ".ndjson.zst" };
	size_t len = strlen(name);

	for (size_t i = 0; i < countof(known); i++) {
		size_t n = strlen(known[i]);

		if (len > n && strcmp(name + len - n, known[i]) == 0)
			return name + len - n;
	}
	return NULL;
}

bool
spool_is_segment(const char *name)
{
	size_t len = strlen(name);

	if (name[0] == '.' || len > SPOOL_NAME_MAX || !extension(name) || !utf8_ok(name, len))
		return false;
	for (const char *p = name; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c == 0x7f || c == '/')
			return false;
		/* U+0080..U+009F: terminals take them for commands too */
		if (c == 0xc2 && (unsigned char)p[1] < 0xa0)
			return false;
	}
	return true;
}

enum rec_format
spool_format(const char *name)
{
	const char *ext = extension(name);

	return ext && strncmp(ext, ".msgpack", 8) == 0 ? REC_MSGPACK : REC_NDJSON;
}

void
spool_make_tag(char tag[SPOOL_TAG_MAX])
{
	char token[2 * TAG_RANDOM + 1];
	struct civil c;

	clock_civil(clock_now_us(), &c);
	enc_random_hex(token, TAG_RANDOM);
	snprintf(tag, SPOOL_TAG_MAX, "%04lld%02d%02dT%02d%02d%02dZ-%s", (long long)c.year % 10000,
	    c.month, c.day, c.hour, c.min, c.sec, token);
}

bool
spool_is_tag(const char *s)
{
	static const char shape[] = "dddddddd" "Tdddddd" "Z-" "xxxxxxxxxxxxxxxx";

	for (size_t i = 0; i < sizeof(shape); i++) {
		bool digit = s[i] >= '0' && s[i] <= '9';
		bool hex = digit || (s[i] >= 'a' && s[i] <= 'f');

		if (shape[i] == 'd' ? !digit : shape[i] == 'x' ? !hex : s[i] != shape[i])
			return false;
	}
	return true;
}
