/*
 * loader.h - rows of one segment on their way into the tables, inside the
 * caller's transaction.
 *
 * One connection can COPY into one table at a time. The table whose COPY is
 * open streams in chunks of LOADER_CHUNK, so that the server works while we
 * decode; rows of the others wait, up to LOADER_BACKLOG, and then take over.
 * Memory is bounded by tables * LOADER_BACKLOG. A chunk whose rows all fall into
 * one partition goes straight to it, which saves the server the routing.
 */
#ifndef APP_LOADER_H
#define APP_LOADER_H

#include "app/copyrow.h"
#include "app/partition.h"
#include "svc/pg.h"

/* Small beside the socket's buffer: the server must never wait for a chunk to
 * fill. 8 KiB is as fast as raw COPY, 128 KiB a fifth slower (t/bench/ingest). */
#define LOADER_CHUNK ((size_t)8 << 10)
#define LOADER_MAX_SWITCHES 32	/* COPYs for partitions, then the parent takes all */
#define LOADER_BACKLOG ((size_t)4 << 20)
#define LOADER_MAX_MISSING 512	/* partitions made for one segment */

struct loader_queue {
	struct str rows;
	const char *part;	/* the partition of all rows, NULL = the parent */
	bool mixed;		/* rows of several partitions */
};

struct loader_range {
	enum load_table table;
	int64_t from_us, to_us;
};

struct loader {
	/* set by the caller */
	struct pg *db;
	const struct partmap *map;
	const char *interval;	/* setting partition.interval */
	int64_t segment_id;
	int64_t now_us;
	bool dedupe;
	bool find_missing;	/* stop loading at a partition that is to be made */

	/* results */
	int64_t rows[LOAD_TABLES];
	int64_t dup_events;
	int64_t ts_min, ts_max;
	struct loader_range *missing;	/* owned; not empty: nothing is complete */
	size_t nr_missing, alloc_missing;

	/* private */
	struct loader_queue queue[LOAD_TABLES];
	int open;		/* the table with an open COPY, or -1 */
	const char *open_part;
	unsigned switches;
	struct dedupe *seen;
};
#define LOADER_INIT { .ts_min = INT64_MAX, .ts_max = INT64_MIN, .open = -1 }

int loader_add(struct loader *l, const struct rec *rec, struct err *err);
/* Everything to the server, the last COPY ended. */
int loader_finish(struct loader *l, struct err *err);
void loader_release(struct loader *l);

/* private: loader.c and dedupe.c */
int loader_put(struct loader *l, enum load_table table, const char *part, const void *row,
    size_t n, struct err *err);
int loader_end_copy(struct loader *l, struct err *err);

#endif
