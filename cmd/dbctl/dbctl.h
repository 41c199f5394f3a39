/*
 * dbctl.h - what the files of dbctl share.
 */
#ifndef CMD_DBCTL_DBCTL_H
#define CMD_DBCTL_DBCTL_H

#include "base/err.h"
#include "base/str.h"
#include "svc/conf.h"
#include "svc/pg.h"

struct dbctl {
	struct conf *conf;
	struct pg *db;
	bool dry_run, text;
};

/* One line: the object as NDJSON, or the words for people. */
int dbctl_say(const struct dbctl *d, struct str *object, struct err *err,
    const char *fmt, ...) PRINTF(4, 5);

/* Partitions of now and ahead; with drain also those that rows in DEFAULT want. */
int upkeep_partition(struct dbctl *d, bool drain, struct err *err);
int upkeep_retain(struct dbctl *d, struct err *err);
int status_report(struct dbctl *d, struct err *err);

#endif
