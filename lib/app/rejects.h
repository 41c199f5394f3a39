/*
 * rejects.h - the file of rejected records of one segment (sluice-spool(5)):
 * a temporary file while the segment is read, and in place, durably, before
 * the segment's commit. An older file of the same segment is replaced, or
 * removed when there is nothing to reject any more.
 */
#ifndef APP_REJECTS_H
#define APP_REJECTS_H

#include "fmt/rec.h"

/* Over this many, the file is not one of records; the segment fails whole. */
#define REJECTS_MAX 1000000

struct rejects {
	const char *path;	/* borrowed: the final name */
	const char *segment;	/* borrowed */
	char *tmp;		/* owned */
	int fd;
	struct str buf;
	int64_t nr;
};
#define REJECTS_INIT(path_, segment_) { (path_), (segment_), NULL, -1, STR_INIT, 0 }

int rejects_add(struct rejects *r, struct rec_reader *reader, const struct rec *rec,
    struct err *err);
/* In place and synced. */
int rejects_land(struct rejects *r, struct err *err);
/* Drop what has not landed. */
void rejects_release(struct rejects *r);

#endif
