/*
 * verify.h - does the database hold what the ledger says, and the archive what
 * the manifest says? Reads only. Three looks, each with bounded memory:
 *
 *	verify_rows	rows counted by segment, in one pass over the tables,
 *			and the totals of batches, against the ledger
 *	verify_batches	each listed file where it should be, with its content
 *	verify_folders	archived batches that the manifest lacks, and files that
 *			it does not list: does the ledger know them?
 *
 * Rows that `dbctl retain` has dropped are not missing (sluice.retained).
 */
#ifndef APP_VERIFY_H
#define APP_VERIFY_H

#include "app/manifest.h"

struct finding {
	const char *kind;	/* rows_differ rows_unknown totals_differ content_changed
				 * not_in_ledger file_missing */
	const char *tag;	/* NULL: no batch */
	const char *name;	/* of the segment, or NULL */
	const char *path;	/* of the file, or NULL */
	int64_t segment_id;	/* 0: none */
	const char *expected, *found;
	const char *fix;	/* a command to type */
};

struct verify {
	/* set by the caller */
	struct pg *db;
	const struct spool *sp;
	bool quick;		/* hash only what the manifest does not know */
	int (*finding)(void *arg, const struct finding *f, struct err *err);
	void *arg;

	/* counted */
	uint64_t segments, batches, files, bytes_hashed, findings;
};

/* batch_id 0: everything. */
int verify_rows(struct verify *v, int64_t batch_id, struct err *err);
/* Finished batches of this spool: all, or the one. */
int verify_batches(struct verify *v, struct err *err);
int verify_batch(struct verify *v, const struct batch *b, struct err *err);
/* tag NULL: every folder of archive/. */
int verify_folders(struct verify *v, const char *tag, struct err *err);

#endif
