/*
 * pg.c - connections, statements and transactions on libpq.
 */
#include "svc/pg.h"

#include "base/mem.h"
#include "svc/pg_private.h"
#include "sys/sig.h"

#define STATE_IN(state, set) (strstr((set), (state)) != NULL)

/* The server's details may quote whole rows. */
#define DETAIL_MAX 160

struct pg_rows {
	PGresult *res;
};

/* For the signal handler: PQcancel is safe there, everything else is not. */
static PGcancel *cancel_now;
static const struct pg *cancel_db;

enum pg_class
pg_classify(const char *sqlstate)
{
	char class[3] = { 0 };

	if (strlen(sqlstate) != 5)
		return PG_SEGMENT;
	memcpy(class, sqlstate, 2);
	if (STATE_IN(sqlstate, "40001 40P01 55P03 58030 25006"))
		return PG_RETRY;
	/* 57014 is a cancel, by us or by statement_timeout. */
	if (STATE_IN(class, "08 53") || strncmp(sqlstate, "57P", 3) == 0 ||
	    STATE_IN(sqlstate, "57014"))
		return PG_RETRY;
	if (STATE_IN(sqlstate, "23514"))
		return PG_PARTITION;
	if (STATE_IN(class, "22 23 54"))
		return PG_RECORD;
	if (STATE_IN(class, "28 42 3D 3F"))
		return PG_STOP;
	return PG_SEGMENT;
}

enum pg_class
pg_last_class(const struct pg *db)
{
	return db->broken ? PG_RETRY : pg_classify(db->sqlstate);
}

bool
pg_broken(const struct pg *db)
{
	return db->broken;
}

bool
pg_commit_unknown(const struct pg *db)
{
	return db->commit_unknown;
}

void
pg_add_line(struct str *out, const char *s, size_t max)
{
	const char *end = s + strnlen(s, max);
	bool gap = false;

	/* Not in the middle of a character. */
	while (*end != '\0' && end > s && ((unsigned char)*end & 0xc0) == 0x80)
		end--;
	for (; s < end; s++) {
		if (*s == '\n' || *s == '\t' || *s == ' ') {
			gap = true;
			continue;
		}
		if (gap && out->len > 0)
			str_addc(out, ' ');
		gap = false;
		str_addc(out, *s);
	}
}

static enum err_kind
kind_of(const struct pg *db)
{
	if (strcmp(db->sqlstate, "57014") == 0 && sig_stopped())
		return ERR_STOPPED;
	if (strcmp(db->sqlstate, "42501") == 0)
		return ERR_PERM;
	switch (pg_last_class(db)) {
	case PG_RETRY:
		return ERR_TEMP;
	case PG_STOP:
		return ERR_CONFIG;
	case PG_PARTITION:
	case PG_RECORD:
	case PG_SEGMENT:
		break;
	}
	return ERR_DATA;
}

void
pg_add_place(struct str *out, PGconn *conn)
{
	const char *name = pq.PQdb(conn), *host = pq.PQhost(conn);

	str_addf(out, "database \"%s\"", name == NULL ? "" : name);
	if (host != NULL && host[0] == '/')
		str_addf(out, " on \"%s\": ", host);
	else if (host != NULL && host[0] != '\0')
		str_addf(out, " on \"%s:%s\": ", host, pq.PQport(conn));
	else
		str_adds(out, ": ");
}

static void
set_hint(const struct pg *db, struct err *err)
{
	const char *state = db->sqlstate;

	if (strcmp(state, "42501") == 0)
		err_hint(err, "ask the owner of the database for the right, "
		    "or see --roles in sluice-dbctl(1)");
	else if (strcmp(state, "25006") == 0)
		err_hint(err, "the server is read-only now (a standby?); try again later");
	else if (strcmp(state, "3F000") == 0 || strcmp(state, "42P01") == 0)
		err_hint(err, "make the schema: dbctl init");
}

int
pg_fail(struct pg *db, const PGresult *res, struct err *err)
{
	const char *state = res == NULL ? NULL : pq.PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *text = res == NULL ? NULL :
	    pq.PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = res == NULL ? NULL :
	    pq.PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	struct str out = STR_INIT;
	const char *end;

	/* the server gives a state to every error of its own; one without is a
	 * connection that broke, also while libpq still says that it is fine */
	db->broken = pq.PQstatus(db->conn) != CONNECTION_OK || state == NULL;
	snprintf(db->sqlstate, sizeof(db->sqlstate), "%s", state == NULL ? "" : state);
	pg_add_place(&out, db->conn);
	if (text == NULL)
		text = pq.PQerrorMessage(db->conn);
	/* Lines that begin with a tab are libpq's guesses. */
	end = strstr(text, "\n\t");
	pg_add_line(&out, text, end == NULL ? SIZE_MAX : (size_t)(end - text));
	if (db->sqlstate[0] != '\0')
		str_addf(&out, " (SQLSTATE %s)", db->sqlstate);
	if (detail != NULL && db->sqlstate[0] != '\0') {
		str_adds(&out, " (");
		pg_add_line(&out, detail, DETAIL_MAX);
		if (strlen(detail) > DETAIL_MAX)
			str_adds(&out, " ...");
		str_addc(&out, ')');
	}
	err_set(err, kind_of(db), "%s", out.buf);
	memcpy(err->sqlstate, db->sqlstate, sizeof(err->sqlstate));
	if (db->sqlstate[0] != '\0')
		set_hint(db, err);
	str_release(&out);
	return -1;
}

void
pg_drain(struct pg *db)
{
	PGresult *res;

	while ((res = pq.PQgetResult(db->conn)) != NULL) {
		ExecStatusType st = pq.PQresultStatus(res);

		pq.PQclear(res);
		/* libpq hands these out for ever. */
		if (st == PGRES_COPY_OUT || st == PGRES_COPY_BOTH)
			break;
		if (st == PGRES_COPY_IN && pq.PQputCopyEnd(db->conn, "stopped") < 0)
			break;
	}
	if (pq.PQstatus(db->conn) != CONNECTION_OK)
		db->broken = true;
}

void
pg_close(struct pg *db)
{
	if (db == NULL)
		return;
	if (cancel_db == db)
		pg_cancel_on_stop(NULL);
	pq.PQfinish(db->conn);
	free(db);
}

/* res is taken over. */
static int
finish_exec(struct pg *db, PGresult *res, struct pg_rows **rows, struct err *err)
{
	ExecStatusType st = pq.PQresultStatus(res);

	if (st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK && st != PGRES_EMPTY_QUERY) {
		pg_fail(db, res, err);
		pq.PQclear(res);
		return -1;
	}
	if (rows == NULL) {
		pq.PQclear(res);
		return 0;
	}
	*rows = xmalloc(sizeof(**rows));
	(*rows)->res = res;
	return 0;
}

int
pg_exec(struct pg *db, const char *sql, int nparams, const char *const *params,
    struct pg_rows **rows, struct err *err)
{
	return finish_exec(db,
	    pq.PQexecParams(db->conn, sql, nparams, NULL, params, NULL, NULL, 0), rows, err);
}

int
pg_exec_script(struct pg *db, const char *sql, struct err *err)
{
	return finish_exec(db, pq.PQexec(db->conn, sql), NULL, err);
}

int
pg_nrows(const struct pg_rows *r)
{
	return pq.PQntuples(r->res);
}

int64_t
pg_affected(const struct pg_rows *r)
{
	return strtoll(pq.PQcmdTuples(r->res), NULL, 10);
}

const char *
pg_text(const struct pg_rows *r, int row, int col)
{
	return pq.PQgetisnull(r->res, row, col) ? NULL : pq.PQgetvalue(r->res, row, col);
}

size_t
pg_length(const struct pg_rows *r, int row, int col)
{
	return (size_t)pq.PQgetlength(r->res, row, col);
}

int64_t
pg_int(const struct pg_rows *r, int row, int col)
{
	return strtoll(pq.PQgetvalue(r->res, row, col), NULL, 10);
}

void
pg_free(struct pg_rows *r)
{
	if (r == NULL)
		return;
	pq.PQclear(r->res);
	free(r);
}

/*
 * Three statements in one round trip. A role or database with
 * synchronous_commit off would tell us "committed" before it is on disk, and
 * the segment would go to the archive while its rows may still be lost.
 */
int
pg_begin(struct pg *db, struct err *err)
{
	db->commit_unknown = false;
	return pg_exec_script(db, "BEGIN ISOLATION LEVEL READ COMMITTED; "
	    "SET LOCAL lock_timeout = '60s'; "
	    "SELECT set_config('synchronous_commit', 'local', true) "
	    "WHERE current_setting('synchronous_commit') = 'off'", err);
}

int
pg_commit(struct pg *db, struct err *err)
{
	PGresult *res = pq.PQexec(db->conn, "COMMIT");
	int rc = 0;

	db->commit_unknown = false;
	if (pq.PQresultStatus(res) != PGRES_COMMAND_OK) {
		rc = pg_fail(db, res, err);
		/* An answer says what happened; a broken connection does not, whatever
		 * the server said last. */
		db->commit_unknown = db->broken;
		if (db->broken && err->kind != ERR_STOPPED)
			err->kind = ERR_TEMP;
	} else if (strcmp(pq.PQcmdStatus(res), "COMMIT") != 0) {
		/* A COMMIT of a failed transaction succeeds as ROLLBACK. */
		rc = err_set(err, ERR_BUG, "database \"%s\": a failed transaction was committed",
		    pq.PQdb(db->conn));
	}
	pq.PQclear(res);
	return rc;
}

void
pg_rollback(struct pg *db)
{
	char last[6];
	struct err ignored = ERR_INIT;

	if (db->broken || pq.PQtransactionStatus(db->conn) == PQTRANS_IDLE)
		return;
	memcpy(last, db->sqlstate, sizeof(last));
	pg_drain(db);
	if (pg_exec_script(db, "ROLLBACK", &ignored) < 0)
		db->broken = true;
	err_release(&ignored);
	/* The caller still wants to know why it rolled back. */
	memcpy(db->sqlstate, last, sizeof(last));
}

char *
pg_quote_ident(struct pg *db, const char *name)
{
	char *q = pq.PQescapeIdentifier(db->conn, name, strlen(name)), *out;

	if (q == NULL)
		return xstrdup("");
	out = xstrdup(q);
	pq.PQfreemem(q);
	return out;
}

static void
cancel_handler(void)
{
	char unused[256];

	if (cancel_now != NULL)
		pq.PQcancel(cancel_now, unused, sizeof(unused));
}

void
pg_cancel_on_stop(struct pg *db)
{
	PGcancel *old = cancel_now;

	sig_on_stop(NULL);
	cancel_now = NULL;
	if (old != NULL)
		pq.PQfreeCancel(old);
	cancel_db = db;
	if (db == NULL)
		return;
	cancel_now = pq.PQgetCancel(db->conn);
	sig_on_stop(cancel_handler);
}
