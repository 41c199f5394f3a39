/*
 * pgconn.c - connecting, and the check of the schema's version.
 *
 * The connection is made with libpq's polling interface, because only that
 * lets us ask for verbose messages in time: they carry the SQLSTATE, without
 * which "the server is starting" and "no such database" differ only by
 * their words, in the server's language. It also lets ^C through.
 */
#include "svc/pg_private.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/msg.h"
#include "sys/sig.h"

#define CONNECT_TIMEOUT "10"

/* Later ones win: what the user says stands between our defaults and what
 * we rely on. */
struct params {
	const char *key[12], *value[12];
	int nr;
};

static void
param(struct params *p, const char *key, const char *value)
{
	p->key[p->nr] = key;
	p->value[p->nr++] = value;
}

static void
params_fill(struct params *p, const char *conninfo, const char *appname)
{
	if (conninfo == NULL)
		conninfo = getenv("DATABASE_URL");
	if (getenv("PGCONNECT_TIMEOUT") == NULL)
		param(p, "connect_timeout", CONNECT_TIMEOUT);
	/* A peer that vanished is noticed in 90 s, not in the kernel's 2 h. */
	param(p, "keepalives_idle", "60");
	param(p, "keepalives_interval", "10");
	param(p, "keepalives_count", "3");
	param(p, "fallback_application_name", appname);
	if (conninfo != NULL && conninfo[0] != '\0')
		param(p, "dbname", conninfo);
	param(p, "client_encoding", "UTF8");
}

static void
no_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

/* The setting key of an unfinished connection, as a number; hosts counts. */
static long
connection_timeout_s(PGconn *conn, bool *many_hosts)
{
	PQconninfoOption *all = pq.PQconninfo(conn), *o;
	long timeout_s = 0;

	*many_hosts = false;
	for (o = all; o != NULL && o->keyword != NULL; o++) {
		if (o->val == NULL)
			continue;
		if (strcmp(o->keyword, "connect_timeout") == 0)
			timeout_s = strtol(o->val, NULL, 10);
		else if (strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "hostaddr") == 0)
			*many_hosts |= strchr(o->val, ',') != NULL;
	}
	if (all != NULL)
		pq.PQconninfoFree(all);
	/* As libpq reads it: 1 means 2, 0 and less mean for ever. */
	return timeout_s == 1 ? 2 : timeout_s;
}

enum outcome { CONNECTED, REFUSED, TIMED_OUT, STOPPED };

static enum outcome
connection_poll(PGconn *conn, long timeout_s)
{
	int64_t deadline = clock_mono_ms() + timeout_s * 1000;
	PostgresPollingStatusType st = PGRES_POLLING_WRITING;

	while (st != PGRES_POLLING_OK && st != PGRES_POLLING_FAILED) {
		struct pollfd pfd = { pq.PQsocket(conn), 0, 0 };
		int64_t left = deadline - clock_mono_ms();
		int n;

		pfd.events = st == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (sig_stopped())
			return STOPPED;
		if (timeout_s > 0 && left <= 0)
			return TIMED_OUT;
		n = poll(&pfd, 1, timeout_s > 0 ? (int)left : -1);
		if (n > 0)
			st = pq.PQconnectPoll(conn);
		else if (n < 0 && errno != EINTR)
			return REFUSED;
	}
	return st == PGRES_POLLING_OK ? CONNECTED : REFUSED;
}

/* The verbose message of a server that answered is `FATAL:  3D000: words`,
 * with the first word in its language. Returns the words. */
static const char *
split_sqlstate(const char *msg, char sqlstate[6])
{
	const char *p = msg;

	while ((p = strstr(p, ":  ")) != NULL) {
		p += 3;
		if (strspn(p, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && p[5] == ':') {
			memcpy(sqlstate, p, 5);
			sqlstate[5] = '\0';
			return p + 7;
		}
	}
	return NULL;
}

static void
open_hint(const char *sqlstate, struct err *err)
{
	if (sqlstate[0] == '\0')
		err_hint(err, "is PostgreSQL running? try: pg_isready");
	else if (strcmp(sqlstate, "3D000") == 0)
		err_hint(err, "make it: createdb NAME, or name another with -d");
	else if (strncmp(sqlstate, "28", 2) == 0)
		err_hint(err, "check the user, the password (.pgpass) and pg_hba.conf; "
		    "try: psql with the same connection string");
}

/* libpq's complaint about a string that it could not read quotes the string,
 * which may hold a password: keep what stands before that. */
static int
refused_string(const char *all, struct err *err)
{
	const char *q = all;

	/* Quoted single characters, as in `missing "=" after`, are its own. */
	while ((q = strchr(q, '"')) != NULL && q[1] != '\0' && q[2] == '"')
		q += 3;
	if (q == NULL)
		err_set(err, ERR_CONFIG, "the connection string is not valid: %.*s",
		    (int)strcspn(all, "\n"), all);
	else
		err_set(err, ERR_CONFIG, "the connection string is not valid: %.*s\"...\"",
		    (int)(q - all), all);
	return err_hint(err, "-d and DATABASE_URL take what psql takes, such as dbname=sluice "
	    "or postgresql://HOST/sluice");
}

static int
open_fail(PGconn *conn, enum outcome how, struct err *err)
{
	const char *all = pq.PQerrorMessage(conn), *words, *end;
	char state[6] = "";
	struct str out = STR_INIT;
	enum err_kind kind = ERR_TEMP;

	if (how == STOPPED)
		return err_set(err, ERR_STOPPED, "stopped while connecting");
	if (how == REFUSED && (pq.PQdb(conn) == NULL || pq.PQdb(conn)[0] == '\0'))
		return refused_string(all, err);
	pg_add_place(&out, conn);
	words = split_sqlstate(all, state);
	if (how == TIMED_OUT) {
		str_adds(&out, "could not connect: timeout expired");
	} else if (words != NULL) {
		end = strchr(words, '\n');
		str_add(&out, words, end == NULL ? strlen(words) : (size_t)(end - words));
		str_addf(&out, " (SQLSTATE %s)", state);
	} else {
		/* Lines that begin with a tab are libpq's guesses; the hint is ours. */
		end = strstr(all, "\n\t");
		pg_add_line(&out, all, end == NULL ? strlen(all) : (size_t)(end - all));
	}
	if (state[0] != '\0' && pg_classify(state) != PG_RETRY)
		kind = ERR_CONFIG;
	else if (pq.PQsocket(conn) < 0 && strstr(all, "connection to server") == NULL &&
	    strstr(all, "could not translate host name") == NULL && how == REFUSED)
		kind = ERR_CONFIG;	/* a value that libpq does not take */
	err_set(err, kind, "%s", out.buf);
	memcpy(err->sqlstate, state, sizeof(state));
	if (kind == ERR_TEMP || state[0] != '\0')
		open_hint(state, err);
	str_release(&out);
	return -1;
}

struct pg *
pg_open(const char *conninfo, const char *appname, struct err *err)
{
	struct params p = { .nr = 0 };
	enum outcome how;
	bool many_hosts;
	long timeout_s;
	struct pg *db;
	PGconn *conn;

	if (pq_load(err) < 0)
		return NULL;
	params_fill(&p, conninfo, appname);
	conn = pq.PQconnectStartParams(p.key, p.value, 1);
	if (conn == NULL)
		msg_oom(sizeof(p));
	timeout_s = connection_timeout_s(conn, &many_hosts);
	pq.PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	/* a server that goes down now may warn, and libpq would print that itself */
	pq.PQsetNoticeProcessor(conn, no_notice, NULL);
	how = pq.PQstatus(conn) == CONNECTION_BAD ? REFUSED : connection_poll(conn, timeout_s);
	if (how == TIMED_OUT && many_hosts) {
		/* Only the blocking call goes on to the next host after a timeout. */
		pq.PQfinish(conn);
		conn = pq.PQconnectdbParams(p.key, p.value, 1);
		how = pq.PQstatus(conn) == CONNECTION_OK ? CONNECTED : REFUSED;
	}
	if (how != CONNECTED) {
		open_fail(conn, how, err);
		pq.PQfinish(conn);
		return NULL;
	}
	pq.PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	pq.PQsetNoticeProcessor(conn, no_notice, NULL);
	db = xcalloc(1, sizeof(*db));
	db->conn = conn;
	return db;
}

static int
check_version(struct pg *db, int want_version, struct err *err)
{
	struct pg_rows *rows = NULL;
	int64_t have = 0;

	if (pg_exec(db, "SELECT coalesce(max(version), 0) FROM sluice.schema_version",
	    PG_NONE, &rows, err) < 0) {
		if (strcmp(err->sqlstate, "42P01") != 0 && strcmp(err->sqlstate, "3F000") != 0)
			return -1;
	} else {
		have = pg_int(rows, 0, 0);
		pg_free(rows);
	}
	if (have == want_version)
		return 0;
	if (have == 0) {
		err_set(err, ERR_CONFIG, "database \"%s\" has no schema \"sluice\"",
		    pq.PQdb(db->conn));
		return err_hint(err, "make it: dbctl init");
	}
	err_set(err, ERR_CONFIG, "database \"%s\": the schema is version %d, this program needs %d",
	    pq.PQdb(db->conn), (int)have, want_version);
	if (have < want_version)
		return err_hint(err, "bring it up to date: dbctl migrate");
	return err_hint(err, "install the newer sluice that made it");
}

struct pg *
pg_open_schema(const char *conninfo, const char *appname, int want_version, struct err *err)
{
	struct pg *db = pg_open(conninfo, appname, err);

	if (db != NULL && check_version(db, want_version, err) < 0) {
		pg_close(db);
		return NULL;
	}
	return db;
}
