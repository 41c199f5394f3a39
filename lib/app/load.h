/*
 * load.h - one segment into the database, exactly once.
 *
 * One transaction (DESIGN 5): the ledger row keyed by the SHA-256 and length of
 * the file's bytes, first, so that a concurrent loader of the same content
 * waits and then skips; the COPYs; the counts; the rejects file in place and
 * synced; COMMIT. What is loaded is hashed while it is read and must equal the
 * key. An answer lost at COMMIT is settled by inserting the same key again.
 */
#ifndef APP_LOAD_H
#define APP_LOAD_H

#include "app/copyrow.h"
#include "app/partition.h"
#include "svc/pg.h"

enum load_on_bad { LOAD_REJECT, LOAD_REPLACE, LOAD_STRICT };

/* A connection and what goes with it; reopened when it breaks. */
struct load_ctx {
	const char *conninfo;	/* borrowed; NULL = libpq's rules */
	const char *appname;
	const char *interval;	/* setting partition.interval */
	enum load_on_bad on_bad;
	bool dedupe;
	/* COMMIT does not wait for the disk: nothing may be done on the strength of
	 * it (a move, a line) before a later commit of ours that does. The server
	 * loses such commits whole and in order, ledger row and rows together. */
	bool async;
	struct pg *db;
	unsigned connects;	/* how many connections there have been */
	struct partmap map;
	/* Something that the operator should mend and that stops nothing; may be
	 * NULL, and is called once for each thing. */
	void (*warn)(const struct err *err);
	bool warned;
	void (*progress)(void *arg, int64_t rows); /* may be NULL; rows since last */
	void *arg;
};

struct load_job {
	const char *path;	/* the file */
	const char *name;	/* of the segment: ledger and rejects */
	const char *sha256;	/* the key: hex */
	uint64_t bytes;
	int64_t batch_id;	/* 0: none */
	const char *rejects;	/* path for its rejects file */
};

struct load_stats {
	int64_t segment_id;
	int64_t rows[LOAD_TABLES];
	int64_t rejected, replaced, dup_events;
};

enum load_result {
	LOAD_DONE,
	LOAD_DUPLICATE,		/* the ledger knows this content; counts are its row's */
	LOAD_FAILED,		/* this segment cannot be loaded; err says why */
};

/* Connect when there is no (working) connection, and read the partitions. */
int load_connect(struct load_ctx *c, struct err *err);
void load_close(struct load_ctx *c);
/* Open a segment: a regular file under its own name, or -1. */
int load_open(const char *path, struct err *err);
/* An enum load_result, or -1: try again later (ERR_TEMP, ERR_STOPPED), or nothing
 * can work (ERR_CONFIG, ERR_PERM, ERR_IO of the spool). */
int load_segment(struct load_ctx *c, const struct load_job *job, struct load_stats *stats,
    struct err *err);

#endif
