/*
 * spool-gate - open the gate on incoming/ when enough has arrived.
 *
 * Order: lock incoming/; recover; decide; row and outbox event in one
 * transaction; moves; gate.open on stdout (app/claim.h). A crash leaves either
 * nothing, or a batch that the next run completes and offers.
 */
#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "app/claim.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/msg.h"
#include "cmd/tool.h"
#include "svc/conf.h"
#include "sql.h"
#include "sys/io.h"
#include "sys/lock.h"
#include "sys/sig.h"

static struct {
	const char *conf, *db, *spool, *min_count, *min_bytes, *max_age, *max_files, *min_free;
	bool force, test, dry_run, once, watch;
} o;

static const struct opt options[] = {
	OPT_STR('c', "config", &o.conf, "FILE", "read settings from FILE"),
	OPT_STR('d', "db", &o.db, "CONNINFO", "the database (default: libpq's rules)"),
	OPT_STR('s', "spool", &o.spool, "DIR", "the spool"),
	OPT_STR(0, "min-count", &o.min_count, "N", "open at N segments"),
	OPT_STR(0, "min-bytes", &o.min_bytes, "SIZE", "open at SIZE in total"),
	OPT_STR(0, "max-age", &o.max_age, "TIME", "open when the oldest waited TIME"),
	OPT_STR(0, "max-files", &o.max_files, "N", "at most N segments in a batch"),
	OPT_STR(0, "min-free", &o.min_free, "SIZE", "stay closed with less free space"),
	OPT_FLAG(0, "force", &o.force, "open for anything that waits, whatever the thresholds"),
	OPT_FLAG('t', "test", &o.test, "status 0 if it would open, else 1; change nothing"),
	OPT_FLAG('n', "dry-run", &o.dry_run, "print what would be claimed; change nothing"),
	OPT_FLAG(0, "once", &o.once, "one look, then exit (the default)"),
	OPT_FLAG(0, "watch", &o.watch, "stay and open the gate again and again"),
	OPT_END
};

const struct tool tool = {
	.name = "spool-gate",
	.summary = "claim what waits in incoming/ as a batch",
	.usage = "[-ntv] [-s DIR] [-d CONNINFO] [--min-count N] [--min-bytes SIZE] "
	    "[--max-age TIME] [--force] [--once | --watch]",
	.options = options,
	.examples = "spool-gate | spool-replay\n"
	    "spool-gate --min-count 100 --max-age 5m | spool-replay\n"
	    "spool-gate -t --min-bytes 64MiB && echo ready",
};

struct gate {
	struct conf *conf;
	struct spool sp;
	struct gate_limits limits;
	struct pg *db;		/* NULL until it is needed */
	size_t skipped;		/* files that could not be read */
	bool recovered;		/* this run has done its recovery */
};

static int
print_offer(void *arg UNUSED, const struct batch *b, struct err *err)
{
	struct str line = STR_INIT;
	int rc;

	batch_open_event(b, &line);
	rc = io_stdout(line.buf, line.len, err);
	str_release(&line);
	return rc;
}

static int
connect_db(struct gate *g, struct err *err)
{
	if (g->db && pg_broken(g->db)) {
		pg_close(g->db);
		g->db = NULL;
	}
	if (!g->db)
		g->db = pg_open_schema(conf_str(g->conf, "database"), tool.name,
		    SQL_SCHEMA_VERSION, err);
	if (!g->db)
		return -1;
	pg_cancel_on_stop(g->db);
	return 0;
}

/* Room for rejects and for the database's own files beside the spool. */
static int
check_room(struct gate *g, struct err *err)
{
	uint64_t free_bytes, total, want;

	if (fs_space(g->sp.root, &free_bytes, &total, err) < 0)
		return -1;
	want = conf_is_set(g->conf, "gate.min_free") ? conf_size(g->conf, "gate.min_free") :
	    MIN(total / 20, (uint64_t)64 << 20);
	if (free_bytes >= want)
		return 0;
	err_set(err, ERR_TEMP, "the gate stays closed: %llu MiB free at \"%s\", %llu MiB wanted",
	    (unsigned long long)(free_bytes >> 20), g->sp.root, (unsigned long long)(want >> 20));
	return err_hint(err, "make room (manifest prune removes old archives), or lower --min-free");
}

static int
print_plan(const struct claim_list *l, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (io_stdout(l->file[i].name, strlen(l->file[i].name), err) < 0 ||
		    io_stdout("\n", 1, err) < 0)
			return -1;
	return 0;
}

static enum gate_verdict
verdict(struct gate *g, const struct claim_list *l, size_t from)
{
	struct gate_stats stats = claim_stats(l, from);

	if (spool_paused(&g->sp))
		return stats.count ? GATE_CLOSED : GATE_EMPTY;
	if (o.force)
		return stats.count ? GATE_OPEN_ANY : GATE_EMPTY;
	return gate_decide(&g->limits, &stats, clock_now_us());
}

static int
claim_all(struct gate *g, const struct claim_list *l, struct err *err)
{
	size_t max = (size_t)conf_uint(g->conf, "gate.max_files"), from = 0;
	struct batch b = BATCH_INIT;
	struct err skipped = ERR_INIT;
	int rc = 0;

	while (rc == 0 && from < l->nr && gate_is_open(verdict(g, l, from)) && !sig_stopped()) {
		size_t n = MIN(l->nr - from, max ? max : SIZE_MAX), nr_skipped = 0;

		rc = check_room(g, err);
		if (rc == 0)
			rc = claim_batch(g->db, &g->sp, l, from, n, &b, &nr_skipped, &skipped, err);
		if (nr_skipped) {
			msg_err(&skipped);
			g->skipped += nr_skipped;
		}
		if (rc == 0 && b.nr > 0)
			rc = print_offer(NULL, &b, err);
		batch_release(&b);
		err_release(&skipped);
		from += n;
	}
	return rc;
}

static int
one_look_locked(struct gate *g, struct err *err)
{
	struct claim_list l = CLAIM_LIST_INIT;
	int begun, rc = -1;

	/* --watch recovers once, and again after trouble: what it handed on since
	 * is the replayer's, and offering it every second would be noise */
	begun = g->recovered ? 0 : claim_anything_begun(&g->sp, err);
	if (begun < 0 || claim_scan(&g->sp, &l, err) < 0)
		goto out;
	if (l.ignored)
		msg_info("%zu entries of \"%s/incoming\" are no segments", l.ignored, g->sp.root);
	if (begun || l.nr > 0) {
		if (connect_db(g, err) < 0)
			goto out;
		if (!g->recovered && claim_recover(g->db, &g->sp, print_offer, NULL, err) < 0)
			goto out;
		g->recovered = true;
		/* recovery may have moved some of what the scan saw */
		claim_list_release(&l);
		if (claim_scan(&g->sp, &l, err) < 0)
			goto out;
	}
	rc = claim_all(g, &l, err);
out:
	claim_list_release(&l);
	return rc;
}

static int
one_look(struct gate *g, struct err *err)
{
	char *dir = spool_path(&g->sp, "incoming");
	int fd = -1, rc;

	rc = lock_dir(dir, &fd, err);
	if (rc == 0)
		rc = err_set(err, ERR_TEMP, "another gate is at work in \"%s\"", g->sp.root);
	else if (rc == 1)
		rc = one_look_locked(g, err);
	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}

static int
test_or_plan(struct gate *g, struct err *err)
{
	struct claim_list l = CLAIM_LIST_INIT;
	size_t max = (size_t)conf_uint(g->conf, "gate.max_files");
	int rc = -1;
	bool open;

	if (claim_scan(&g->sp, &l, err) == 0) {
		open = gate_is_open(verdict(g, &l, 0));
		rc = o.test && !open ? EXIT_NO : 0;
		if (o.dry_run && open)
			rc = print_plan(&l, MIN(l.nr, max ? max : SIZE_MAX), err) < 0 ? -1 : rc;
	}
	claim_list_release(&l);
	return rc;
}

/* Wait for a file in incoming/, for the age of the oldest, or for the timer. */
static void
wait_for_work(struct gate *g, int notify_fd)
{
	struct pollfd p = { .fd = notify_fd, .events = POLLIN };
	struct claim_list l = CLAIM_LIST_INIT;
	struct err ignored = ERR_INIT;
	int64_t ms = (int64_t)conf_ms(g->conf, "gate.interval"), age = -1;
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	if (claim_scan(&g->sp, &l, &ignored) == 0) {
		struct gate_stats stats = claim_stats(&l, 0);

		age = gate_wait_ms(&g->limits, &stats, clock_now_us());
	}
	if (age >= 0)
		ms = MIN(ms, MAX(age, 50));
	if (poll(&p, 1, (int)MIN(ms, 60000)) > 0)
		while (read(notify_fd, buf, sizeof(buf)) > 0)
			;
	claim_list_release(&l);
	err_release(&ignored);
}

static int
watch(struct gate *g, struct err *err)
{
	char *dir = spool_path(&g->sp, "incoming");
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), rc = -1;
	bool failing = false;

	if (fd < 0 || inotify_add_watch(fd, dir, IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
		err_setno(err, "could not watch \"%s\"", dir);
		goto out;
	}
	for (;;) {
		rc = one_look(g, err);
		if (rc < 0 && err->kind != ERR_TEMP)
			break;
		/* the same trouble is told once, not every second */
		if (rc < 0 && !failing)
			msg_err(err);
		failing = rc < 0;
		g->recovered = !failing;
		err_release(err);
		rc = 0;
		if (sig_stopped())
			break;
		wait_for_work(g, fd);
		if (sig_stopped())
			break;
	}
out:
	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}

static uint64_t
limit_of(const struct conf *c, const char *key, uint64_t value)
{
	return conf_is_set(c, key) ? value : GATE_UNSET;
}

static int
settle(struct gate *g, struct err *err)
{
	struct conf *c = g->conf = conf_load(o.conf, err);

	if (!c || conf_option(c, "database", o.db, "--db", err) < 0 ||
	    conf_option(c, "spool", o.spool, "--spool", err) < 0 ||
	    conf_option(c, "gate.min_count", o.min_count, "--min-count", err) < 0 ||
	    conf_option(c, "gate.min_bytes", o.min_bytes, "--min-bytes", err) < 0 ||
	    conf_option(c, "gate.max_age", o.max_age, "--max-age", err) < 0 ||
	    conf_option(c, "gate.max_files", o.max_files, "--max-files", err) < 0 ||
	    conf_option(c, "gate.min_free", o.min_free, "--min-free", err) < 0)
		return -1;
	g->limits = (struct gate_limits){
		limit_of(c, "gate.min_count", conf_uint(c, "gate.min_count")),
		limit_of(c, "gate.min_bytes", conf_size(c, "gate.min_bytes")),
		limit_of(c, "gate.max_age", conf_ms(c, "gate.max_age")),
	};
	return spool_open(&g->sp, conf_str(c, "spool"), err);
}

int
tool_run(int argc, char **argv UNUSED, struct err *err)
{
	struct gate g = { .sp = SPOOL_INIT };
	int rc = -1;

	if (argc > 0)
		return err_set(err, ERR_USAGE, "spool-gate takes no operand, but got \"%s\"", argv[0]);
	if (o.once && o.watch)
		return err_set(err, ERR_USAGE, "--once and --watch do not go together");
	if (settle(&g, err) == 0)
		rc = o.test || o.dry_run ? test_or_plan(&g, err) :
		    o.watch ? watch(&g, err) : one_look(&g, err);
	if (rc == 0 && g.skipped)
		rc = EXIT_PARTIAL;
	pg_close(g.db);
	spool_release(&g.sp);
	conf_free(g.conf);
	return rc;
}
