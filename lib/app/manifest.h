/*
 * manifest.h - the ingestion manifest: one row per batch, its files, its lease
 * and its status (sluice-schema(5), DESIGN 4 to 6). Every function is one
 * transaction, and can be run again after any failure.
 *
 * A lease (owner, token, deadline) lies in the row while a replayer works on
 * the batch; manifest_finish checks the token, so a replayer that lost it
 * cannot finish. The lease only saves work: the ledger keeps things right.
 */
#ifndef APP_MANIFEST_H
#define APP_MANIFEST_H

#include "app/batch.h"
#include "svc/pg.h"

/* The spool_id of batches that an operator registers by hand; no gate or replayer
 * touches them. */
#define MANIFEST_MANUAL "manual"

/* Make the row (`open`) of b->tag for sp with its outbox event, and fill id,
 * created_us. A row that is there already is loaded instead (an answer that was
 * lost, two at once). */
int manifest_create(struct pg *db, const struct spool *sp, struct batch *b, struct err *err);
/* Is it certain that the tag has no row? Waits for a transaction that is making
 * one. 1 none, 0 there is one now, -1. */
int manifest_settled(struct pg *db, const struct spool *sp, const char *tag, struct err *err);
/* 1, 0 when there is no such row, -1. */
int manifest_load(struct pg *db, const char *tag, struct batch *b, struct err *err);
/* The tags of unfinished batches of a spool, oldest first. */
int manifest_unfinished(struct pg *db, const char *spool_id, struct fs_names *tags,
    struct err *err);
/* Unfinished again, attempt + 1, with the outbox event; for a finished batch only. */
int manifest_reopen(struct pg *db, struct batch *b, struct err *err);

#define MANIFEST_LEASE_MS 60000
/* Take or renew the lease (status processing). The caller holds the flock of
 * processing/<tag>/, so nobody else works on it: an old lease is replaced.
 * 1; 0 when the batch is finished by now; -1. token is 33 bytes. */
int manifest_lease(struct pg *db, struct batch *b, const char *owner, const char *token,
    struct err *err);
/* Give it back, so that the row shows that nobody works on it. */
int manifest_release_lease(struct pg *db, const struct batch *b, const char *token,
    struct err *err);
/* Status and totals from files and ledger, the gate.done event into out (one
 * line) and the outbox, all in one transaction that checks the token (NULL: an
 * operator finishes it by hand). b->file's missing and error are stored.
 * 1; 0 when the lease was lost; -1. */
int manifest_finish(struct pg *db, struct batch *b, const char *token, struct str *out,
    struct err *err);

/* An operator's word: the same without a lease; status and error stand where they
 * are not NULL, instead of what files and ledger say. 1; 0 when it is finished. */
int manifest_finish_by_hand(struct pg *db, struct batch *b, const char *status,
    const char *error, struct str *out, struct err *err);


#endif
