/*
 * partition.h - the partitions by time of metrics and events: which one a row
 * falls into, and making the one that is missing.
 *
 * Ranges are whole days in UTC. Partitions are made on demand only from ten
 * years back to thirty days ahead, so that a wrong clock cannot make thousands;
 * rows outside go to DEFAULT.
 *
 *	struct partmap map = PARTMAP_INIT;
 *	if (partmap_load(db, &map, err) == 0 &&
 *	    partmap_find(&map, PARTMAP_METRICS, ts) == NULL && partition_allowed(ts, now)) {
 *		partmap_range(&map, PARTMAP_METRICS, "month", ts, &from, &to);
 *		partition_make(db, "metrics", from, to, err) ... partmap_load again
 *	}
 */
#ifndef APP_PARTITION_H
#define APP_PARTITION_H

#include "base/err.h"
#include "svc/pg.h"

enum partmap_table { PARTMAP_METRICS, PARTMAP_EVENTS, PARTMAP_TABLES };
extern const char *const partmap_table_name[PARTMAP_TABLES];

struct partmap_part {
	char *name;		/* without the schema; owned */
	int64_t from_us, to_us;	/* from <= ts < to */
};
struct partmap {
	struct {
		struct partmap_part *part;	/* by time, without DEFAULT */
		size_t nr, alloc;
	} table[PARTMAP_TABLES];
};
#define PARTMAP_INIT { .table = { { NULL, 0, 0 } } }

/* Replaces what map held; a name with other bytes than [a-z0-9_], which is not
 * ours, is left out. Works inside a transaction, too. */
int partmap_load(struct pg *db, struct partmap *map, struct err *err);
/* The partition of a time, or NULL: DEFAULT. Borrowed from map. */
const struct partmap_part *partmap_part(const struct partmap *map, enum partmap_table t,
    int64_t ts_us);
const char *partmap_find(const struct partmap *map, enum partmap_table t, int64_t ts_us);
void partmap_release(struct partmap *map);

/* The range that ts falls into; interval is `day` or `month` (a word that the
 * settings let through). */
void partition_range(const char *interval, int64_t ts_us, int64_t *from_us, int64_t *to_us);
/* The same, or its day only where the whole range would overlap a partition
 * (the interval was changed). */
void partmap_range(const struct partmap *map, enum partmap_table t, const char *interval,
    int64_t ts_us, int64_t *from_us, int64_t *to_us);
bool partition_allowed(int64_t ts_us, int64_t now_us);
/* The bounds of what is allowed: ts >= *from_us && ts < *to_us. */
void partition_window(int64_t now_us, int64_t *from_us, int64_t *to_us);

/* Make it in a transaction of its own (none may be open), which waits 5 s at
 * most for its locks, at most PARTITION_TRIES times. 1 made, 0 it was there, -1. */
#define PARTITION_TRIES 6
int partition_make(struct pg *db, const char *table, int64_t from_us, int64_t to_us,
    struct err *err);

#endif
