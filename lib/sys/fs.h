/*
 * fs.h - files that survive a power cut.
 *
 * A file changes its name only by fs_move: fsync of the file first, then
 * renameat2(RENAME_NOREPLACE), then fsync of both directories (once for a
 * group of moves: fs_sync_dir by the caller). New content is a temporary
 * dot-file in the same directory, fsync, rename, fsync of the directory. An
 * fsync that fails is final: it is never tried again on the same descriptor
 * (the kernel may have dropped the pages: PostgreSQL's "fsyncgate", 2018).
 */
#ifndef SYS_FS_H
#define SYS_FS_H

#include <sys/types.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"

/* Open a directory; the descriptor, or -1. */
int fs_open_dir(const char *path, struct err *err);
int fs_open_dirat(int dirfd, const char *name, struct err *err);
int fs_sync_fd(int fd, const char *name, struct err *err);
int fs_sync_dir(const char *path, struct err *err);
/* Make path and what is missing above it; each parent is fsynced. mode of
 * the new directories. Existing ones are left alone. */
int fs_mkdirs(const char *path, mode_t mode, struct err *err);

enum fs_moved { FS_MOVED, FS_GONE /* ENOENT: somebody else moved it */, FS_EXISTS };
/* renameat2(RENAME_NOREPLACE); an enum fs_moved, or -1. Syncs nothing. */
int fs_move(int from_dir, const char *from, int to_dir, const char *to, struct err *err);

/* data to path: temporary file, fsync, rename over it, fsync of its directory. */
int fs_write_durable(const char *path, const void *data, size_t n, mode_t mode, struct err *err);
/* The whole file, at most max bytes. 0; 1 when there is no such file; -1. */
int fs_read(const char *path, size_t max, struct str *out, struct err *err);

struct fs_names {
	char **name;	/* sorted by bytes; owned */
	size_t nr, alloc;
};
#define FS_NAMES_INIT { NULL, 0, 0 }
/* The entries of a directory without dot-files, sorted. A directory that
 * does not exist is an empty one. */
int fs_scan(const char *path, struct fs_names *out, struct err *err);
void fs_names_release(struct fs_names *n);

/* Free bytes for this user, and the size, of the file system at path. */
int fs_space(const char *path, uint64_t *free_bytes, uint64_t *total_bytes, struct err *err);
/* Is there such an entry, without following a link? */
bool fs_exists(const char *path);

#endif
