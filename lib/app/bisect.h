/*
 * bisect.h - which records does the server refuse? Our own rules catch what we
 * know of; for the rest (a numeric with 20,000 decimals) the segment is read
 * once more in groups under savepoints, halved until single records stand
 * accused. Everything is rolled back: the answer is all that is wanted.
 */
#ifndef APP_BISECT_H
#define APP_BISECT_H

#include "app/load.h"
#include "app/spool.h"

struct bad_record {
	uint64_t offset;
	char *reason;		/* owned */
};

struct bad_records {
	struct bad_record *bad;	/* sorted by offset; owned */
	size_t nr, alloc;
};
#define BAD_RECORDS_INIT { NULL, 0, 0 }

const char *bad_records_find(const struct bad_records *b, uint64_t offset);
void bad_records_release(struct bad_records *b);
/* Appends what it finds. -1 when it cannot finish. */
int bisect_segment(struct pg *db, const struct load_job *job, enum rec_policy policy,
    struct bad_records *out, struct err *err);

#endif
