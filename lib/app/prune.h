/*
 * prune.h - old batches go: their archived files, then their manifest rows,
 * never the ledger's. Only a finished batch whose every file is loaded (or was
 * never found) and of which nothing waits in processing/ or failed/.
 *
 * Files first: a crash leaves a row without files, which the next prune takes.
 */
#ifndef APP_PRUNE_H
#define APP_PRUNE_H

#include "app/manifest.h"

struct pruned {
	const struct batch *batch;
	uint64_t files, bytes;	/* removed, or to be removed */
};

struct prune {
	/* set by the caller */
	struct pg *db;
	const struct spool *sp;
	uint64_t older_ms;	/* since it was finished */
	bool keep_files;	/* rows only */
	bool dry_run;
	int (*pruned)(void *arg, const struct pruned *p, struct err *err);
	void *arg;

	/* counted */
	uint64_t kept;		/* old enough, but not all of it is loaded */
};

/* This spool's batches and those made by hand. */
int prune_batches(struct prune *p, struct err *err);

#endif
