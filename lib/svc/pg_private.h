/*
 * pg_private.h - what pg.c, pgconn.c, pgcopy.c and pgload.c share; nobody else includes it.
 *
 * libpq is opened with dlopen at the first connection and not linked: its 25
 * libraries (Kerberos, LDAP, TLS) cost 6 ms at the start of a process, and
 * most starts (--help, --version, an idle filter) never connect. The types of
 * the functions still come from its header, so the compiler checks the calls.
 */
#ifndef SVC_PG_PRIVATE_H
#define SVC_PG_PRIVATE_H

#include <libpq-fe.h>

#include "svc/pg.h"

#define PQ_FUNCTIONS(X) \
	X(PQcancel) X(PQclear) X(PQcmdStatus) X(PQcmdTuples) X(PQconnectPoll) \
	X(PQconnectStartParams) X(PQconnectdbParams) X(PQconninfo) X(PQconninfoFree) \
	X(PQconsumeInput) X(PQdb) X(PQerrorMessage) X(PQescapeIdentifier) X(PQexec) \
	X(PQexecParams) X(PQfinish) X(PQfreeCancel) X(PQfreemem) X(PQgetCancel) \
	X(PQgetResult) X(PQgetisnull) X(PQgetlength) X(PQgetvalue) X(PQhost) X(PQnotifies) \
	X(PQntuples) X(PQport) X(PQputCopyData) X(PQputCopyEnd) X(PQresultErrorField) \
	X(PQresultStatus) X(PQsetErrorVerbosity) X(PQsetNoticeProcessor) X(PQsocket) \
	X(PQstatus) X(PQtransactionStatus)

struct pq {
#define X(name) __typeof__(name) *name;
	PQ_FUNCTIONS(X)
#undef X
};
/* NULL before pq_load. */
extern struct pq pq;
int pq_load(struct err *err);

struct pg {
	PGconn *conn;
	char sqlstate[6];	/* of the last failure */
	bool broken, commit_unknown;
};

/* Fill err and db's state from a result that failed; res may be NULL. -1. */
int pg_fail(struct pg *db, const PGresult *res, struct err *err);
/* `database "name" on "host": `, which holds no secret. */
void pg_add_place(struct str *out, PGconn *conn);
/* At most max bytes of a message of several lines, as one. */
void pg_add_line(struct str *out, const char *s, size_t max);
/* Read results until there is none; the state of a COPY is left this way. */
void pg_drain(struct pg *db);

#endif
