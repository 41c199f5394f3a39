#include "app/load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/bisect.h"
#include "app/loader.h"
#include "app/rejects.h"
#include "app/spool.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sql.h"
#include "sys/sig.h"

#define MAX_TRIES 5
#define STOP_CHECK 1024	/* records between looks at the stop flag */

/* What is known of a segment from one try to the next. */
struct segment {
	struct load_ctx *c;
	const struct load_job *job;
	struct load_stats *stats;
	struct bad_records bad;		/* what the server refused */
	bool partitions_made;
	bool bisected;
	int64_t own_id;			/* of the ledger row whose COMMIT answer was lost */
};

enum try_result { TRY_DONE, TRY_DUPLICATE, TRY_MISSING, TRY_FAILED, TRY_DB, TRY_FATAL };

int
load_connect(struct load_ctx *c, struct err *err)
{
	if (c->db && !pg_broken(c->db))
		return 0;
	load_close(c);
	c->db = pg_open_schema(c->conninfo, c->appname, SQL_SCHEMA_VERSION, err);
	if (!c->db)
		return -1;
	c->connects++;
	pg_cancel_on_stop(c->db);
	return partmap_load(c->db, &c->map, err);
}

void
load_close(struct load_ctx *c)
{
	pg_close(c->db);
	c->db = NULL;
	partmap_release(&c->map);
}

int
load_open(const char *path, struct err *err)
{
	/* a FIFO that took the segment's place must not hold us for ever */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_setno(err, "could not open \"%s\"", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = 0;
	return err_set(err, ERR_DATA, "\"%s\" is not a regular file", path);
}

static enum rec_policy
policy_of(const struct load_ctx *c)
{
	return c->on_bad == LOAD_REPLACE ? REC_REPLACE : REC_REJECT_BAD;
}

/* The ledger row. 1 it is ours, 0 the content is known, -1. */
static int
enter_ledger(struct segment *s, struct err *err)
{
	char bytes[24], batch[24];
	struct pg_rows *rows = NULL;
	int n;

	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)s->job->bytes);
	snprintf(batch, sizeof(batch), "%lld", (long long)s->job->batch_id);
	if (pg_exec(s->c->db, sql_ledger_add, PG_PARAMS(s->job->sha256, bytes,
	    s->job->batch_id ? batch : NULL, s->job->name), &rows, err) < 0)
		return -1;
	n = pg_nrows(rows);
	if (n)
		s->stats->segment_id = pg_int(rows, 0, 0);
	pg_free(rows);
	return n > 0;
}

/* What the ledger says of this content. When another batch or name has loaded
 * it, rejects that a killed try of this one left behind would stand twice. */
static int
read_ledger(struct segment *s, struct err *err)
{
	struct pg_rows *rows = NULL;
	char bytes[24];
	bool ours = false;

	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)s->job->bytes);
	if (pg_exec(s->c->db, sql_ledger_find, PG_PARAMS(s->job->sha256, bytes), &rows, err) < 0)
		return -1;
	if (pg_nrows(rows) > 0) {
		s->stats->segment_id = pg_int(rows, 0, 0);
		s->stats->rows[LOAD_METRICS] = pg_int(rows, 0, 1);
		s->stats->rows[LOAD_EVENTS] = pg_int(rows, 0, 2);
		s->stats->rejected = pg_int(rows, 0, 3);
		s->stats->dup_events = pg_int(rows, 0, 4);
		ours = pg_int(rows, 0, 5) == s->job->batch_id &&
		    (s->job->batch_id == 0 || strcmp(pg_text(rows, 0, 6), s->job->name) == 0);
	}
	pg_free(rows);
	if (!ours && unlink(s->job->rejects) < 0 && errno != ENOENT && errno != ENOTDIR)
		return err_setno(err, "could not remove the older \"%s\"", s->job->rejects);
	return 0;
}

static int
count_ledger(struct segment *s, const struct loader *l, struct err *err)
{
	char v[8][24];
	const int64_t n[8] = { s->stats->segment_id, l->rows[LOAD_METRICS], l->rows[LOAD_EVENTS],
		s->stats->rejected, l->dup_events, l->ts_min, l->ts_max,
		s->stats->replaced };
	bool none = l->ts_min > l->ts_max;

	for (size_t i = 0; i < countof(n); i++)
		snprintf(v[i], sizeof(v[i]), "%lld", (long long)n[i]);
	return pg_exec(s->c->db, sql_ledger_count, PG_PARAMS(v[0], v[1], v[2], v[3], v[4],
	    none ? NULL : v[5], none ? NULL : v[6], v[7]), NULL, err);
}

/* Every record to the loader or to the rejects. */
static enum try_result
read_records(struct segment *s, struct rec_reader *r, struct loader *l, struct rejects *rejects,
    struct err *err)
{
	struct rec rec;
	uint64_t n = 0;
	int got;

	while ((got = rec_next(r, &rec, err)) > 0) {
		const char *why = s->bad.nr ? bad_records_find(&s->bad, rec.offset) : NULL;

		if (++n % STOP_CHECK == 0) {
			if (sig_stopped()) {
				err_set(err, ERR_STOPPED, "stopped by a signal");
				return TRY_FATAL;
			}
			if (s->c->progress)
				s->c->progress(s->c->arg, STOP_CHECK);
		}
		/* copyrow knows no such row yet */
		if (rec.kind == REC_DOCUMENT && !why)
			why = "type \"document\" is not loaded by this version";
		s->stats->replaced += rec.replaced;
		if (rec.kind != REC_REJECT && !why) {
			if (loader_add(l, &rec, err) < 0)
				return TRY_DB;
			continue;
		}
		if (why) {
			rec.kind = REC_REJECT;
			rec.field = NULL;
			rec.reason = why;
		}
		if (s->c->on_bad == LOAD_STRICT || rejects->nr >= REJECTS_MAX) {
			err_set(err, ERR_DATA, "at offset %llu: %s%s%s%s",
			    (unsigned long long)rec.offset, rec.field ? rec.field : "",
			    rec.field ? ": " : "", rec.reason,
			    s->c->on_bad == LOAD_STRICT ? "" : ", and a million rejects before it");
			return TRY_FAILED;
		}
		if (l->nr_missing == 0 && rejects_add(rejects, r, &rec, err) < 0)
			return TRY_FATAL;
	}
	if (got < 0)
		return err->kind == ERR_STOPPED ? TRY_FATAL : TRY_FAILED;
	return TRY_DONE;
}

static enum try_result
finish(struct segment *s, struct zin *in, struct loader *l, struct rejects *rejects,
    struct err *err)
{
	char sha[65];
	uint64_t bytes;

	if (l->nr_missing > 0)
		return TRY_MISSING;
	if (loader_finish(l, err) < 0)
		return TRY_DB;
	if (zin_finish(in, sha, &bytes, err) < 0)
		return err->kind == ERR_STOPPED ? TRY_FATAL : TRY_FAILED;
	if (strcmp(sha, s->job->sha256) != 0 || bytes != s->job->bytes) {
		err_set(err, ERR_DATA, "its content is not what was claimed: sha256 %s, %llu bytes",
		    sha, (unsigned long long)bytes);
		return TRY_FAILED;
	}
	s->stats->rejected = rejects->nr;
	memcpy(s->stats->rows, l->rows, sizeof(l->rows));
	s->stats->dup_events = l->dup_events;
	if (count_ledger(s, l, err) < 0)
		return TRY_DB;
	if (rejects_land(rejects, err) < 0)
		return TRY_FATAL;
	if (s->c->async &&
	    pg_exec(s->c->db, "SET LOCAL synchronous_commit = off", PG_NONE, NULL, err) < 0)
		return TRY_DB;
	if (pg_commit(s->c->db, err) == 0)
		return TRY_DONE;
	if (pg_commit_unknown(s->c->db))
		s->own_id = s->stats->segment_id;
	return TRY_DB;
}

/* Partitions are made in transactions of their own, before the load begins
 * again: making one inside would wait for our own locks. */
static int
make_missing(struct segment *s, struct loader *l, struct err *err)
{
	struct err why = ERR_INIT;

	for (size_t i = 0; i < l->nr_missing; i++) {
		const struct loader_range *m = &l->missing[i];

		/* DEFAULT takes the rows of one that cannot be made */
		if (partition_make(s->c->db, load_table_name[m->table], m->from_us, m->to_us,
		    &why) < 0 && pg_broken(s->c->db)) {
			err_move(err, &why);
			return -1;
		}
		if (why.kind != ERR_NONE && s->c->warn && !s->c->warned) {
			err_wrap(&why, "rows go to %s_default, a partition could not be made",
			    load_table_name[m->table]);
			s->c->warn(&why);
			s->c->warned = true;
		}
		err_release(&why);
	}
	s->partitions_made = true;
	return partmap_load(s->c->db, &s->c->map, err);
}

static enum try_result
try_once(struct segment *s, struct err *err)
{
	struct loader l = LOADER_INIT;
	struct rejects rejects = REJECTS_INIT(s->job->rejects, s->job->name);
	struct rec_reader *r = NULL;
	struct zin *in = NULL;
	enum try_result rc = TRY_DB;
	int fd, entered;

	*s->stats = (struct load_stats){ .segment_id = 0 };
	fd = load_open(s->job->path, err);
	if (fd < 0)	/* too many files are open: that is not the segment's fault */
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? TRY_FATAL : TRY_FAILED;
	if (pg_begin(s->c->db, err) < 0)
		goto out;
	entered = enter_ledger(s, err);
	if (entered <= 0) {
		rc = entered == 0 ? TRY_DUPLICATE : TRY_DB;
		goto out;
	}
	l.db = s->c->db;
	l.map = &s->c->map;
	l.interval = s->c->interval;
	l.segment_id = s->stats->segment_id;
	l.now_us = clock_now_us();
	l.dedupe = s->c->dedupe;
	l.find_missing = !s->partitions_made;
	in = zin_new(fd, s->job->path, true);
	r = rec_reader_new(in, spool_format(s->job->name), policy_of(s->c));
	rc = read_records(s, r, &l, &rejects, err);
	if (rc == TRY_DONE)
		rc = finish(s, in, &l, &rejects, err);
out:
	if (rc != TRY_DONE && rc != TRY_DB)
		pg_rollback(s->c->db);
	if (rc == TRY_MISSING && make_missing(s, &l, err) < 0)
		rc = TRY_DB;
	rejects_release(&rejects);
	rec_reader_free(r);
	zin_free(in);
	close(fd);
	loader_release(&l);
	return rc;
}

static void
back_off(int try)
{
	struct timespec t = { 0, 20000000L << MIN(try, 4) };

	nanosleep(&t, NULL);
}

/* What a database failure means for this segment: 0 try again, 1 it failed, -1. */
static int
judge(struct segment *s, int try, struct err *err)
{
	enum pg_class class = pg_last_class(s->c->db);
	bool lost = pg_broken(s->c->db);
	bool gone = strcmp(err->sqlstate, "42P01") == 0;

	pg_rollback(s->c->db);
	if (err->kind == ERR_STOPPED || sig_stopped())
		return -1;
	/* a partition that retain has dropped under us: look again, once or twice;
	 * 23514 that stays is a constraint that somebody put on the table */
	if ((class == PG_PARTITION || (class == PG_STOP && gone)) && try < 2) {
		s->partitions_made = false;
		return partmap_load(s->c->db, &s->c->map, err);
	}
	if (class == PG_PARTITION)
		class = PG_RECORD;
	switch (class) {
	case PG_RETRY:
		if (try >= MAX_TRIES || (!lost && strcmp(err->sqlstate, "40001") != 0 &&
		    strcmp(err->sqlstate, "40P01") != 0))
			return -1;
		back_off(try);
		return load_connect(s->c, err);
	case PG_RECORD:
		if (s->bisected)
			return 1;
		s->bisected = true;
		if (bisect_segment(s->c->db, s->job, policy_of(s->c), &s->bad, err) == 0)
			return s->bad.nr ? 0 : 1;
		/* a stop leaves no class behind, only the one of the record before */
		class = pg_last_class(s->c->db);
		return err->kind == ERR_STOPPED || class == PG_RETRY || class == PG_STOP ? -1 : 1;
	case PG_STOP:
		return -1;
	default:
		return 1;
	}
}

static int
load_tries(struct segment *s, struct err *err)
{
	for (int try = 0;; try++) {
		int verdict;

		if (load_connect(s->c, err) < 0)
			return -1;
		switch (try_once(s, err)) {
		case TRY_DONE:
			return LOAD_DONE;
		case TRY_DUPLICATE:
			if (read_ledger(s, err) < 0)
				return -1;
			/* the COMMIT whose answer was lost had worked */
			return s->own_id && s->own_id == s->stats->segment_id ? LOAD_DONE :
			    LOAD_DUPLICATE;
		case TRY_MISSING:
			break;
		case TRY_FAILED:
			return LOAD_FAILED;
		case TRY_FATAL:
			return -1;
		case TRY_DB:
			verdict = judge(s, try, err);
			if (verdict != 0)
				return verdict > 0 ? LOAD_FAILED : -1;
		}
		err_release(err);
	}
}

int
load_segment(struct load_ctx *c, const struct load_job *job, struct load_stats *stats,
    struct err *err)
{
	struct segment s = { .c = c, .job = job, .stats = stats, .bad = BAD_RECORDS_INIT };
	int rc = load_tries(&s, err);

	bad_records_release(&s.bad);
	return rc;
}
