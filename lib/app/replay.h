/*
 * replay.h - a batch from processing/ into the database and on to archive/ or
 * failed/ (DESIGN 5, steps 2 to 4).
 *
 *	1 flock on processing/<tag>/, lease in the row
 *	2 per segment: one transaction (app/load.h) that does not wait for the disk
 *	  per group of segments: one that does (the lease), then their moves
 *	3 directories fsynced
 *	4 status, totals, outbox event: one transaction that checks the lease
 *	5 the empty folder is removed; gate.done on stdout is the caller's
 *
 * Killed anywhere, the same call again goes on: what the ledger knows is moved,
 * what it does not know is loaded.
 */
#ifndef APP_REPLAY_H
#define APP_REPLAY_H

#include "app/load.h"
#include "app/manifest.h"
#include "app/spool.h"

struct replay_progress {
	char tag[SPOOL_TAG_MAX];
	bool partial;		/* something was rejected or failed: status 2 */
	uint64_t segments, segments_done, rows;	/* rows read, close to the truth */
};

struct replay {
	struct load_ctx load;
	const struct spool *sp;
	unsigned jobs;
	struct replay_progress *progress;	/* shared with the workers */
	/* Now and then while it works; may be NULL. */
	void (*report)(const struct replay_progress *p);

	/* private */
	struct batch *batch;
	size_t *todo;
	char token[33], owner[320];
	int64_t renewed_ms;
	size_t *loaded, nr_loaded;	/* in the ledger, not yet moved */
	int64_t loaded_ms;		/* since when */
	unsigned loaded_connects;	/* load.connects at that time */
};

enum replay_result {
	REPLAY_DONE,		/* finished now; *event is gate.done, b its row */
	REPLAY_KNOWN,		/* it was finished before */
	REPLAY_BUSY,		/* somebody else works on it, or the gate still moves */
	REPLAY_UNKNOWN,		/* not in the manifest */
	REPLAY_FOREIGN,		/* of another spool; b is its row */
};

void replay_init(struct replay *r, const struct spool *sp, unsigned jobs);
/* An enum replay_result, or -1: the batch stays as far as it came. b is the
 * caller's BATCH_INIT. */
int replay_batch(struct replay *r, const char *tag, struct batch *b, struct str *event,
    struct err *err);
/* In a child of fork: the parent's connection is not ours to use, nor to close. */
void replay_forget_connection(struct replay *r);
/* The path of a segment's rejects file; the caller frees. tag NULL: a file that
 * was given as an argument, by its SHA-256. */
char *replay_rejects_path(const struct spool *sp, const char *tag, const char *name,
    const char *sha256);

#endif
