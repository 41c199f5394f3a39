/*
 * retain.h - forgetting on purpose: whole partitions that are older than an
 * age, and outbox rows that every sink has.
 *
 * A dropped partition's end is recorded in sluice.retained in the same
 * transaction, so that nobody takes the missing rows for a loss.
 */
#ifndef APP_RETAIN_H
#define APP_RETAIN_H

#include "app/partition.h"
#include "base/err.h"
#include "svc/pg.h"

/* The size of a partition, for a report; rows is an estimate. */
int retain_measure(struct pg *db, const char *part, int64_t *rows, int64_t *bytes,
    struct err *err);
/* Drop a partition of table and record its end. 1; 0 when it is gone; -1. */
int retain_drop(struct pg *db, const char *table, const struct partmap_part *part,
    struct err *err);
/* Delete (count only: dry) the outbox rows that are done and older than keep. */
int retain_outbox(struct pg *db, uint64_t keep_ms, bool dry, int64_t *rows, struct err *err);

#endif
