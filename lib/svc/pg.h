/*
 * pg.h - libpq behind one file: connect, statements with parameters,
 * transactions, COPY, LISTEN, and what an SQLSTATE means for us.
 *
 * A connection string is handed to libpq as it is (-d, DATABASE_URL, else
 * libpq's own rules) and never parsed here. Statements are unnamed and
 * parameters travel apart from the text, so everything works behind a
 * transaction pooler; settings are SET LOCAL inside a transaction.
 *
 *	struct pg *db = pg_open_schema(NULL, "dbctl", SQL_SCHEMA_VERSION, err);
 *	struct pg_rows *r;
 *	if (db != NULL && pg_exec(db, sql_manifest_get, PG_PARAMS(tag), &r, err) == 0)
 *		... pg_text(r, 0, 1) ... pg_free(r);
 *	pg_close(db);
 */
#ifndef SVC_PG_H
#define SVC_PG_H

#include "base/err.h"
#include "base/str.h"

struct pg;

/* What to do about a failure (DESIGN 5). */
enum pg_class {
	PG_RETRY,	/* 08 40001 40P01 53 55P03 57P 58030 57014 25006, a lost connection */
	PG_PARTITION,	/* 23514: make the partition, try again */
	PG_RECORD,	/* 22 23 54: find the record and reject it */
	PG_STOP,	/* 28 42 3D 3F: nothing can work until somebody mends it */
	PG_SEGMENT,	/* anything else: this segment failed, its neighbours go on */
};
enum pg_class pg_classify(const char *sqlstate);
/* Of the last failure on this connection; PG_RETRY when the connection broke. */
enum pg_class pg_last_class(const struct pg *db);

/* Connect. conninfo may be NULL (DATABASE_URL, then libpq's rules). appname is
 * the fallback_application_name; connect_timeout is 10 s unless set. A server
 * that cannot be reached is ERR_TEMP, a refused role or database ERR_CONFIG. */
struct pg *pg_open(const char *conninfo, const char *appname, struct err *err);
/* Also checks that the schema is the version this build was made for (the
 * caller passes SQL_SCHEMA_VERSION of "sql.h"): ERR_CONFIG with the hint
 * `dbctl init`, `dbctl migrate`, or that the schema is newer. */
struct pg *pg_open_schema(const char *conninfo, const char *appname, int want_version,
    struct err *err);
void pg_close(struct pg *db);
bool pg_broken(const struct pg *db);	/* the connection is gone */

struct pg_rows;	/* a result; owned by the caller */

/* One statement with nparams text parameters (NULL = SQL NULL). On success
 * *rows is the result (pass NULL when it is not wanted). */
int pg_exec(struct pg *db, const char *sql, int nparams, const char *const *params,
    struct pg_rows **rows, struct err *err);
#define PG_PARAMS(...) \
	(int)countof(((const char *const[]){ __VA_ARGS__ })), ((const char *const[]){ __VA_ARGS__ })
#define PG_NONE 0, NULL
/* Several statements without parameters, their results thrown away: literal
 * text only. Outside of a transaction they are one. */
int pg_exec_script(struct pg *db, const char *sql, struct err *err);
int pg_nrows(const struct pg_rows *r);
int64_t pg_affected(const struct pg_rows *r);
/* Text of a field, borrowed from r; NULL for SQL NULL. */
const char *pg_text(const struct pg_rows *r, int row, int col);
size_t pg_length(const struct pg_rows *r, int row, int col);
int64_t pg_int(const struct pg_rows *r, int row, int col);
void pg_free(struct pg_rows *r);

/* READ COMMITTED with lock_timeout 60 s. */
int pg_begin(struct pg *db, struct err *err);
/* -1 with ERR_TEMP and pg_commit_unknown() when the answer was lost. */
int pg_commit(struct pg *db, struct err *err);
bool pg_commit_unknown(const struct pg *db);
/* Never fails: a connection that cannot roll back is broken. */
void pg_rollback(struct pg *db);

/* COPY ... FROM STDIN: begin with the whole statement, put, end. After a
 * failed put or end the transaction is lost, the connection usually not. */
int pg_copy_begin(struct pg *db, const char *sql, struct err *err);
int pg_copy_put(struct pg *db, const void *data, size_t n, struct err *err);
int pg_copy_end(struct pg *db, int64_t *rows, struct err *err);
/* An identifier with its quotes; the caller frees. */
char *pg_quote_ident(struct pg *db, const char *name);

/* Wait up to timeout_ms for a NOTIFY after LISTEN: 1 payload in out, 0 time or
 * stop, -1. */
int pg_wait_notify(struct pg *db, int timeout_ms, struct str *out, struct err *err);
/* Ask the server to cancel what it does for us; async-signal-safe. */
void pg_cancel_on_stop(struct pg *db);

#endif
