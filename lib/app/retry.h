/*
 * retry.h - a batch once more: its failed segments, or archived segments that
 * the ledger lacks, back to processing/<tag>/ and its row opened again.
 *
 *	1 flock on processing/<tag>/
 *	2 the files, from failed/<tag>/ or archive/..., moved; both directories fsynced
 *	3 the .error notes removed
 *	4 the row: attempt + 1 (or made anew), with its outbox event
 *	5 gate.open on stdout, the caller's
 *
 * A crash after 2 leaves files in the folder of a finished batch (or of none),
 * which the same command, or the gate's recovery, opens again.
 */
#ifndef APP_RETRY_H
#define APP_RETRY_H

#include "app/manifest.h"

/* Failed segments of a batch of this spool. 1: b is open again; 0: it has none.
 * -1: ERR_TEMP when somebody works on it, ERR_DATA when there is no such batch. */
int retry_failed(struct pg *db, const struct spool *sp, const char *tag, struct batch *b,
    struct err *err);

struct retry_archive {
	struct pg *db;
	const struct spool *sp;
	const char *const *tags;	/* these only; nr 0: every batch of archive/ */
	size_t nr;
	/* Each batch that is open again. */
	int (*offer)(void *arg, const struct batch *b, struct err *err);
	void *arg;
	/* counted */
	uint64_t batches, segments;
	uint64_t dropped;	/* batches left alone: retain has dropped their time */
	uint64_t busy;		/* batches left alone: somebody works on them */
	uint64_t foreign;	/* batches left alone: the row is another spool's */
};
int retry_archive(struct retry_archive *r, struct err *err);

#endif
