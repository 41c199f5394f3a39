/*
 * spool.h - the directories of a spool, names in them, and moves between them
 * (sluice-spool(5), DESIGN 5).
 *
 *	incoming/ -> processing/<tag>/ -> archive/YYYY/MM/DD/<tag>/ or failed/<tag>/
 *
 * The file itself is fsynced before it is moved, once: by the writer that lands
 * it and by spool_hash with sync, never by spool_move (a gate moves 10,000). Both
 * directories are fsynced after it, once for a group of moves. ENOENT means that
 * somebody else moved it.
 */
#ifndef APP_SPOOL_H
#define APP_SPOOL_H

#include "base/err.h"
#include "base/str.h"
#include "fmt/rec.h"
#include "sys/fs.h"

#define SPOOL_ID_HEX 32
#define SPOOL_TAG_MAX 48
#define SPOOL_NAME_MAX 200
/* Operators of one group run the stages; others see nothing. */
#define SPOOL_DIR_MODE 0750
/* `x.ndjson.error` beside a segment in failed/ says why it is there. */
#define SPOOL_ERROR_NOTE ".error"

struct spool {
	char *root;		/* absolute; owned */
	char id[SPOOL_ID_HEX + 1]; /* spool/.id: one host per spool */
};
#define SPOOL_INIT { NULL, "" }

/* Make what is missing, check that all is one file system and can rename
 * (ERR_CONFIG), read or make .id. root NULL is a bug. */
int spool_open(struct spool *sp, const char *root, struct err *err);
void spool_release(struct spool *sp);
/* `root/part`, and `root/part/tag`; the caller frees. */
char *spool_path(const struct spool *sp, const char *part);
char *spool_batch_path(const struct spool *sp, const char *part, const char *tag);
/* `root/archive/YYYY/MM/DD/tag` of the batch's created_at. */
char *spool_archive_path(const struct spool *sp, const char *tag, int64_t created_us);
bool spool_paused(const struct spool *sp);
/* Bytes of the files in incoming/ and processing/, dot-files too: what is not
 * loaded yet. */
int spool_used(const struct spool *sp, uint64_t *bytes, struct err *err);

/* Is it a segment's name: `<name>.<msgpack|ndjson>[.zst]`, no leading dot, not
 * *.tmp, valid UTF-8 without controls, at most SPOOL_NAME_MAX bytes? */
bool spool_is_segment(const char *name);
enum rec_format spool_format(const char *name);
/* UTC time and 64 random bits: `20261121T011556Z-0123456789abcdef`. */
void spool_make_tag(char tag[SPOOL_TAG_MAX]);
bool spool_is_tag(const char *s);

/* Move name from one directory to another; with sync both directories are
 * fsynced, else that is the caller's. The caller has fsynced the file. EEXIST
 * with the same content unlinks the source, else a suffix is put into the name
 * (`x.1.ndjson`). 1 moved (final, SPOOL_NAME_MAX + 16 bytes or NULL, holds the
 * name it got), 0 it was gone, -1. */
int spool_move(const char *from_dir, const char *to_dir, const char *name, bool sync,
    char *final, struct err *err);
/* The same between open directories; syncs nothing. */
int spool_move_at(int from_fd, int to_fd, const char *name, char *final, struct err *err);

/* SHA-256 (hex) and size of a file, which is also fsynced when sync is set.
 * 0; 1 when it is not there (or is no regular file); -1. */
int spool_hash(const char *dir, const char *name, bool sync, char sha256[65], uint64_t *bytes,
    struct err *err);
/* The same in an open directory. */
int spool_hash_at(int dirfd, const char *name, bool sync, char sha256[65], uint64_t *bytes,
    struct err *err);

#endif
