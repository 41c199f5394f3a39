/*
 * pgcopy.c - COPY ... FROM STDIN, and waiting for a NOTIFY.
 */
#include "svc/pg_private.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/clock.h"
#include "sys/sig.h"

/* libpq keeps a buffer as large as the largest message it was given. */
#define COPY_PIECE ((size_t)256 << 10)

int
pg_copy_begin(struct pg *db, const char *sql, struct err *err)
{
	PGresult *res = pq.PQexec(db->conn, sql);
	ExecStatusType st = pq.PQresultStatus(res);
	int rc = 0;

	if (st == PGRES_FATAL_ERROR || st == PGRES_BAD_RESPONSE || st == PGRES_NONFATAL_ERROR)
		rc = pg_fail(db, res, err);
	else if (st != PGRES_COPY_IN)
		rc = err_set(err, ERR_BUG, "not a COPY FROM STDIN: %s", sql);
	pq.PQclear(res);
	return rc;
}

/* The server has ended the COPY by itself or the connection broke: its reason
 * is in the next result. */
static int
copy_fail(struct pg *db, struct err *err)
{
	PGresult *res;

	if (pq.PQputCopyEnd(db->conn, "stopped") < 0) {
		pg_fail(db, NULL, err);
		pg_drain(db);
		return -1;
	}
	res = pq.PQgetResult(db->conn);
	pg_fail(db, res, err);
	pq.PQclear(res);
	pg_drain(db);
	return -1;
}

int
pg_copy_put(struct pg *db, const void *data, size_t n, struct err *err)
{
	const char *p = data;

	while (n > 0) {
		int part = (int)MIN(n, COPY_PIECE);

		if (pq.PQputCopyData(db->conn, p, part) != 1)
			return copy_fail(db, err);
		p += part;
		n -= (size_t)part;
	}
	return 0;
}

int
pg_copy_end(struct pg *db, int64_t *rows, struct err *err)
{
	PGresult *res;
	int rc = 0;

	if (pq.PQputCopyEnd(db->conn, NULL) != 1) {
		res = pq.PQgetResult(db->conn);
		pg_fail(db, res, err);
		pq.PQclear(res);
		pg_drain(db);
		return -1;
	}
	res = pq.PQgetResult(db->conn);
	if (pq.PQresultStatus(res) != PGRES_COMMAND_OK)
		rc = pg_fail(db, res, err);
	else if (rows != NULL)
		*rows = strtoll(pq.PQcmdTuples(res), NULL, 10);
	pq.PQclear(res);
	pg_drain(db);
	return rc;
}

int
pg_wait_notify(struct pg *db, int timeout_ms, struct str *out, struct err *err)
{
	int64_t deadline = clock_mono_ms() + timeout_ms;

	for (;;) {
		PGnotify *note = pq.PQnotifies(db->conn);
		struct pollfd pfd = { pq.PQsocket(db->conn), POLLIN, 0 };
		int64_t left = deadline - clock_mono_ms();

		if (note != NULL) {
			str_reset(out);
			str_adds(out, note->extra);
			pq.PQfreemem(note);
			return 1;
		}
		if (left <= 0 || sig_stopped())
			return 0;
		if (poll(&pfd, 1, (int)MIN(left, INT_MAX)) < 0 && errno != EINTR)
			return err_setno(err, "could not wait for the database");
		if (pfd.revents != 0 && !pq.PQconsumeInput(db->conn))
			return pg_fail(db, NULL, err);
	}
}
