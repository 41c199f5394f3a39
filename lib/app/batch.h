/*
 * batch.h - a batch in memory: its identity, its files, and how both look in
 * events. The row that stands for it is app/manifest.h's.
 */
#ifndef APP_BATCH_H
#define APP_BATCH_H

#include "app/spool.h"

struct batch_file {
	char *name;		/* owned */
	char sha256[65];
	uint64_t bytes;
	bool missing;		/* listed, but found nowhere */
	char *error;		/* owned; why it is in failed/, or NULL */
};

struct batch {
	int64_t id;
	char tag[SPOOL_TAG_MAX];
	char status[16];
	int attempt;
	int64_t created_us, finished_us; /* finished 0 while unfinished */
	char spool_id[SPOOL_ID_HEX + 1];
	struct batch_file *file;	/* owned, in the manifest's order */
	size_t nr, alloc;
};
#define BATCH_INIT { .id = 0 }

void batch_release(struct batch *b);
/* Append a file; name is copied. */
struct batch_file *batch_add(struct batch *b, const char *name, const char *sha256,
    uint64_t bytes);
bool batch_finished(const struct batch *b);

/* Hash and size of those files that lie in dir, as they are now. */
int batch_rehash(struct batch *b, const char *dir, struct err *err);
/* Segments in dir that are not listed yet are listed then. */
int batch_adopt(struct batch *b, const char *dir, struct err *err);
/* Which files are missing, which failed and why: sets missing and error of
 * each from archive/ and failed/. */
void batch_look_for_files(const struct spool *sp, struct batch *b);

/* The gate.open event, as one line. */
void batch_open_event(const struct batch *b, struct str *out);
/* Parts of an event: ids; the first max files as an array; the files that every
 * event shows, and its end. */
void batch_put_ids(struct str *out, const struct batch *b);
void batch_put_files(struct str *out, const struct batch *b, size_t max);
void batch_end_event(struct str *out, const struct batch *b);

#endif
