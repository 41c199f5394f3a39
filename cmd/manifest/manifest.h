/*
 * manifest.h - what the files of the manifest tool share.
 */
#ifndef CMD_MANIFEST_MANIFEST_H
#define CMD_MANIFEST_MANIFEST_H

#include "app/manifest.h"
#include "svc/conf.h"

enum out_format { OUT_NDJSON, OUT_TEXT, OUT_TSV };

struct options {
	const char *conf, *db, *spool, *format;
	const char *status, *limit, *since, *error, *older_than;
	bool quick, archive, keep_files, dry_run;
};

struct session {
	const struct options *o;
	struct conf *conf;
	struct spool sp;	/* open only for the commands that want it */
	struct pg *db;
	enum out_format format;
	bool headed;		/* the heading of a text table is printed */
	bool partial;		/* some items failed: status 2 */
};

/* The commands: operands without the command's name; an exit status or -1. */
int cmd_list(struct session *s, int argc, char **argv, struct err *err);
int cmd_show(struct session *s, int argc, char **argv, struct err *err);
int cmd_open(struct session *s, int argc, char **argv, struct err *err);
int cmd_finish(struct session *s, int argc, char **argv, struct err *err);
int cmd_verify(struct session *s, int argc, char **argv, struct err *err);
int cmd_retry(struct session *s, int argc, char **argv, struct err *err);
int cmd_prune(struct session *s, int argc, char **argv, struct err *err);
int cmd_watch(struct session *s, int argc, char **argv, struct err *err);

/* Close and open the connection again when it broke. */
int connect_db(struct session *s, struct err *err);
/* ERR_USAGE unless it is one. */
int want_tag(const char *word, struct err *err);
/* The batch of a tag; ERR_DATA when there is none. */
int want_batch(struct session *s, const char *tag, struct batch *b, struct err *err);
/* The gate.open line of a batch on stdout. */
int print_open(void *arg, const struct batch *b, struct err *err);

/* A page of rows of sql/q/manifest_list.sql; the parameters are its own, NULL as
 * there. from is 1 for all. */
int fetch_rows(struct session *s, const char *from, const char *limit, const char *ids,
    struct pg_rows **rows, struct err *err);
/* Row i of them in the session's format, appended to out. more (NULL: none) is
 * JSON text that goes before the closing brace. */
void put_row(struct session *s, const struct pg_rows *rows, int i, const char *more,
    struct str *out);
/* `,"key":"value"` or `,"key":null`. */
void put_key_text(struct str *out, const char *key, const char *value);

#endif
