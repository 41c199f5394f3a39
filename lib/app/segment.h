/*
 * segment.h - a segment being written, and its durable landing in incoming/.
 *
 * Until it lands it is a dot-file `.<name>.tmp` in incoming/, which no reader
 * looks at, locked by its writer (flock). Landing is: end the zstd frame,
 * fsync, close, rename without replacing, fsync of incoming/. Only when
 * segment_land has returned 1 is the segment accepted and may be acknowledged;
 * a process that dies before that leaves a dot-file, which segment_sweep
 * removes one day.
 *
 *	struct segment *seg = segment_new(&sp, &opts, &err);
 *	segment_add(seg, record, n, &err);	...
 *	if (segment_due(seg))
 *		segment_land(seg, &done, &err);
 *	segment_free(seg);	what has not landed is dropped
 *
 * One object writes any number of segments, one after the other.
 */
#ifndef APP_SEGMENT_H
#define APP_SEGMENT_H

#include "app/spool.h"
#include "base/err.h"
#include "fmt/rec.h"

#define SEGMENT_PREFIX_MAX 100

/* A limit of 0 is none. */
struct segment_opts {
	const char *prefix;	/* first part of the names, borrowed; NULL = none */
	int level;		/* of zstd; 0 writes plain files */
	uint64_t max_bytes;	/* of records, uncompressed */
	uint64_t max_records;
	uint64_t max_age_ms;	/* since the first record, on the monotonic clock */
};

struct segment_done {
	char name[SPOOL_NAME_MAX + 1];
	uint64_t records;
	uint64_t bytes;		/* on disk */
	char sha256[65];	/* of these */
	enum rec_format format;
	int64_t ts_us;		/* when it had landed */
};

struct segment;

/* sp and opts are borrowed. A prefix that makes no segment's name is
 * ERR_CONFIG. Nothing is created before the first record. */
struct segment *segment_new(const struct spool *sp, const struct segment_opts *opts,
    struct err *err);
void segment_free(struct segment *seg);

/* Begin a file; there is none open. */
int segment_begin(struct segment *seg, enum rec_format format, struct err *err);
/* One record of its format, whole. After -1 the file is gone. */
int segment_add(struct segment *seg, const void *data, size_t n, struct err *err);
/* 1 and what became of it; 0 when nothing was open; -1, and the file is gone. */
int segment_land(struct segment *seg, struct segment_done *done, struct err *err);
/* Drop what is open. */
void segment_drop(struct segment *seg);

bool segment_is_open(const struct segment *seg);
enum rec_format segment_format(const struct segment *seg);
/* Has it reached a limit, age included? */
bool segment_due(const struct segment *seg);
/* Would n more bytes take it over max_bytes? */
bool segment_is_full(const struct segment *seg, size_t n);
/* Milliseconds until its age is reached; -1 when nothing waits for that. */
int64_t segment_age_left(const struct segment *seg);
uint64_t segment_disk_bytes(const struct segment *seg);

/* Remove the dot-files of dead writers that nobody has touched for 36 h. How
 * many, or -1. */
int segment_sweep(const struct spool *sp, struct err *err);

/* The event that acknowledges it (sluice-events(5)), without its closing
 * brace and newline. */
void segment_event(const struct segment_done *done, struct str *out);

#endif
