/*
 * outbox.h - the outbox: what happened, and which sink has been told.
 *
 * Rows are added by the SQL function sluice.outbox_add in the transaction of
 * the fact. A relay claims rows (FOR UPDATE SKIP LOCKED, in a statement of its
 * own, with a lease), hands them out, and marks them: at least once. They are
 * never read by "id > last": an id can become visible after a higher one. Of a
 * key only the lowest undone id is claimable, so its events stay in order. After
 * OUTBOX_ATTEMPTS a row is a dead letter, which does not hold up its key.
 */
#ifndef APP_OUTBOX_H
#define APP_OUTBOX_H

#include "base/err.h"
#include "base/str.h"
#include "svc/pg.h"

#define OUTBOX_ATTEMPTS 10
#define OUTBOX_LEASE_S 60
#define OUTBOX_CHANNEL "ingest_updates"

struct outbox_batch {
	struct str ids;		/* `{1,2,3}`: a literal of bigint[] */
	struct str lines;	/* the payloads, one a line */
	int nr;
};
#define OUTBOX_BATCH_INIT { STR_INIT, STR_INIT, 0 }
void outbox_batch_release(struct outbox_batch *b);

/* Is there such a sink? 1, 0, -1. */
int outbox_has_sink(struct pg *db, const char *sink, struct err *err);
/* Claim up to max rows into b, whose nr is 0 when nothing is due. */
int outbox_claim(struct pg *db, const char *sink, uint64_t max, struct outbox_batch *b,
    struct err *err);
/* What is due, claimed by nobody. */
int outbox_due(struct pg *db, const char *sink, struct outbox_batch *b, struct err *err);
/* After a claim: handed out; or failed with a reason; or not tried. */
int outbox_done(struct pg *db, const char *sink, const struct outbox_batch *b, struct err *err);
int outbox_failed(struct pg *db, const char *sink, const struct outbox_batch *b,
    const char *why, struct err *err);
int outbox_release(struct pg *db, const char *sink, const struct outbox_batch *b,
    struct err *err);
/* Dead letters are due again; their number. */
int outbox_redrive(struct pg *db, const char *sink, int64_t *rows, struct err *err);

struct outbox_item {
	int64_t id, attempts, created_us, next_us;
	const char *type, *key, *last_error; /* borrowed for the call; last_error may be NULL */
	bool failed;
};
/* Call fn for each undone row and dead letter, by id; it stops at a -1. */
int outbox_list(struct pg *db, const char *sink,
    int (*fn)(void *arg, const struct outbox_item *item, struct err *err), void *arg,
    struct err *err);

#endif
