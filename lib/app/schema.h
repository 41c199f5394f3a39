/*
 * schema.h - the version of the schema in a database, and the migrations that
 * bring it up to this build's (sql/NNNN-name.sql, embedded).
 *
 * Forward only, one transaction per migration, each under an advisory lock
 * of that transaction: any number of concurrent runs end with each migration
 * applied once, behind a transaction pooler too.
 */
#ifndef APP_SCHEMA_H
#define APP_SCHEMA_H

#include "base/err.h"
#include "svc/pg.h"

/* The version that this build needs. */
int schema_wanted(void);
/* The version in the database, 0 without a schema. A server older than
 * PostgreSQL 15 is ERR_CONFIG. */
int schema_version(struct pg *db, int *version, struct err *err);
/* The migration after version: its number and name; false when there is none. */
bool schema_next(int version, int *next, const char **name);
/* Apply the migration after version: 1 done, 0 somebody else was faster, -1. */
int schema_apply_next(struct pg *db, int version, struct err *err);
/* ERR_CONFIG when the database's version is newer than this build's. */
int schema_check_newer(int version, struct err *err);

#endif
