/*
 * ledger.h - what the ledger knows of files: of those that a batch lists, and
 * of one content. Questions only; rows are entered by app/load.h.
 */
#ifndef APP_LEDGER_H
#define APP_LEDGER_H

#include "svc/pg.h"

struct ledger_file {
	char *name;		/* owned */
	char sha256[65];
	uint64_t bytes;
	bool missing;
	char *error;		/* owned, or NULL */
	int64_t segment_id;	/* 0: the ledger lacks this content */
	int64_t metrics, events, rejected; /* of the ledger's row */
	bool mine;		/* that row is this batch's under this name */
};

struct ledger_files {
	struct ledger_file *file;	/* owned, in the manifest's order */
	size_t nr, alloc;
};
#define LEDGER_FILES_INIT { NULL, 0, 0 }

/* Those that the manifest row lists; replaces what was in out. */
int ledger_files_load(struct pg *db, int64_t batch_id, struct ledger_files *out, struct err *err);
void ledger_files_release(struct ledger_files *l);
/* NULL when it is not listed. */
const struct ledger_file *ledger_files_find(const struct ledger_files *l, const char *name);
/* Is this content loaded? 1, 0, -1. */
int ledger_knows(struct pg *db, const char *sha256, uint64_t bytes, struct err *err);

#endif
