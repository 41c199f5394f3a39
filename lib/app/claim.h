/*
 * claim.h - what the gate does to the spool once it opens: recovery of what an
 * earlier run began, and the claim of a batch.
 *
 * Order of effects (DESIGN 5), under a flock on incoming/ that the caller holds
 * from recovery to the last move:
 *
 *	1 each file hashed and fsynced
 *	2 processing/<tag>/ made           (empty folder without a row: removed)
 *	3 manifest row + outbox event      (row without files: moves are finished)
 *	4 incoming/x -> processing/<tag>/x
 *	5 both directories fsynced
 *	6 gate.open on stdout, the caller's (lost: offered again by the next run)
 *
 * A crash between any two is repaired by claim_recover of the next run.
 */
#ifndef APP_CLAIM_H
#define APP_CLAIM_H

#include "alg/gate.h"
#include "app/manifest.h"
#include "app/spool.h"

struct claim_file {
	char *name;
	uint64_t bytes;
	int64_t mtime_us;
};

struct claim_list {
	struct claim_file *file;	/* sorted by name; owned */
	size_t nr, alloc;
	size_t ignored;		/* entries that are no segments */
};
#define CLAIM_LIST_INIT { NULL, 0, 0, 0 }

int claim_scan(const struct spool *sp, struct claim_list *out, struct err *err);
void claim_list_release(struct claim_list *l);
/* Of the files from index from on. */
struct gate_stats claim_stats(const struct claim_list *l, size_t from);
/* Does processing/ hold anything? Without it and without waiting segments there
 * is nothing to recover, and the database need not be asked. */
int claim_anything_begun(const struct spool *sp, struct err *err);

/* Called for each unfinished batch that is to be offered (again). */
typedef int (*claim_offer)(void *arg, const struct batch *b, struct err *err);
/* Finish what earlier runs began: rows without moves, folders without rows,
 * empty folders of finished batches. Moves incoming -> processing only. */
int claim_recover(struct pg *db, const struct spool *sp, claim_offer offer, void *arg,
    struct err *err);
/* Steps 1 to 5 for files [from, from + n). Files that vanish are left out;
 * one that cannot be read is left where it is: its error goes to *skipped
 * (the last one) and *nr_skipped. b->nr 0: nothing was claimed. */
int claim_batch(struct pg *db, const struct spool *sp, const struct claim_list *l, size_t from,
    size_t n, struct batch *b, size_t *nr_skipped, struct err *skipped, struct err *err);
/* Step 4 and 5 for files of b that are still in incoming/ with the listed
 * content. Also used by replay, which takes the flock first. */
int claim_finish_moves(const struct spool *sp, const struct batch *b, struct err *err);

#endif
