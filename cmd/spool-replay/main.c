/*
 * spool-replay - load batches into PostgreSQL exactly once.
 *
 * Reads events on stdin and passes every line on as it is; a gate.open makes
 * it load that batch and add gate.done. Before that it finishes what an
 * earlier run left in processing/. Segment files given as operands are loaded
 * where they are (cmd/spool-replay/files.c).
 */
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "cmd/spool-replay/replay.h"
#include "cmd/tool.h"
#include "fmt/json.h"
#include "sys/io.h"
#include "sys/sig.h"

#define MAX_EVENT ((size_t)4 << 20)
/* After a failure that may pass: how long until the next try. */
#define AGAIN_MS 5000

static struct {
	const char *conf, *db, *spool, *jobs, *on_bad;
	struct opt_list batches;
	bool dedupe, dry_run;
} o;

static const struct opt options[] = {
	OPT_STR('c', "config", &o.conf, "FILE", "read settings from FILE"),
	OPT_STR('d', "db", &o.db, "CONNINFO", "the database (default: libpq's rules)"),
	OPT_STR('s', "spool", &o.spool, "DIR", "the spool"),
	OPT_STR('j', "jobs", &o.jobs, "N", "load N segments at a time"),
	OPT_LIST('b', "batch", &o.batches, "TAG", "load this batch, not what stdin says"),
	OPT_STR(0, "on-bad", &o.on_bad, "POLICY", "bad records: reject, replace or strict"),
	OPT_FLAG(0, "dedupe", &o.dedupe, "drop events whose source and id were seen before"),
	OPT_FLAG('n', "dry-run", &o.dry_run, "print what would be loaded; change nothing"),
	OPT_END
};

const struct tool tool = {
	.name = "spool-replay",
	.summary = "load segments into PostgreSQL exactly once",
	.usage = "[-nqv] [-s DIR] [-d CONNINFO] [-j N] [--dedupe] [--on-bad POLICY] "
	    "[--batch TAG]...\n"
	    "[-nqv] [-s DIR] [-d CONNINFO] [--dedupe] [--on-bad POLICY] FILE...",
	.options = options,
	.examples = "spool-gate | spool-replay\n"
	    "spool-replay -j 2 --batch 20261121T011556Z-0123456789abcdef\n"
	    "spool-replay mended.rejects.ndjson",
};

/* One line on a terminal while it works, and one to anybody on SIGUSR1. */
static void
report(const struct replay_progress *p)
{
	static int64_t last_ms;
	static int tty = -1;
	int64_t now = clock_mono_ms();
	bool asked = sig_status_wanted();
	int level = msg_level_get();

	if (tty < 0)
		tty = isatty(STDERR_FILENO);
	if (!asked && (!tty || level < MSG_WARN || now - last_ms < 1000))
		return;
	last_ms = now;
	msg_level(MAX(level, MSG_INFO));
	msg_info("batch %s: %llu of %llu segments, %llu rows", p->tag,
	    (unsigned long long)__atomic_load_n(&p->segments_done, __ATOMIC_RELAXED),
	    (unsigned long long)p->segments,
	    (unsigned long long)__atomic_load_n(&p->rows, __ATOMIC_RELAXED));
	msg_level(level);
}

static int
plan_batch(struct session *s, const char *tag, struct err *err)
{
	struct batch b = BATCH_INIT;
	struct str line = STR_INIT;
	int rc = load_connect(&s->replay.load, err);

	if (rc == 0)
		rc = manifest_load(s->replay.load.db, tag, &b, err);
	if (rc > 0 && !batch_finished(&b)) {
		for (size_t i = 0; i < b.nr; i++)
			str_addf(&line, "%s/%s\n", b.tag, b.file[i].name);
		rc = io_stdout(line.buf, line.len, err);
	}
	str_release(&line);
	batch_release(&b);
	return MIN(rc, 0);
}

/* Where the tag of a batch came from. */
enum origin { FROM_EVENT, NAMED, FOUND };

/* A folder that lies here and whose row names another spool: nobody else sees
 * it, so it would wait for ever. */
static void
tell_foreign(struct session *s, const struct batch *b)
{
	s->replay.progress->partial = true;
	msg_warn("batch %s in \"%s/processing\" is left alone: it belongs to spool %s, and this is %s",
	    b->tag, s->sp.root, b->spool_id, s->sp.id);
	msg_hint("if \"%s/.id\" was lost, put %s into it again", s->sp.root, b->spool_id);
}

static int
one_batch(struct session *s, const char *tag, enum origin origin, struct err *err)
{
	struct batch b = BATCH_INIT;
	struct str event = STR_INIT;
	int rc;

	if (o.dry_run)
		return plan_batch(s, tag, err);
	rc = replay_batch(&s->replay, tag, &b, &event, err);
	if (rc == REPLAY_DONE) {
		rc = io_stdout(event.buf, event.len, err);
		if (strcmp(b.status, "success") != 0) {
			s->replay.progress->partial = true;
			msg_info("batch %s: %s", b.tag, b.status);
		}
	} else if (rc == REPLAY_FOREIGN && origin == FOUND) {
		tell_foreign(s, &b);
	} else if ((rc == REPLAY_UNKNOWN || rc == REPLAY_FOREIGN) && origin == NAMED) {
		err_set(err, ERR_DATA, "batch \"%s\" is not in the manifest of this spool", tag);
		rc = err_hint(err, "manifest list shows what there is");
	} else if (rc >= 0) {
		msg_info("batch %s: %s", tag, rc == REPLAY_BUSY ? "another process works on it" :
		    rc == REPLAY_KNOWN ? "finished before" : "not in the manifest of this spool");
	}
	str_release(&event);
	batch_release(&b);
	return MIN(rc, 0);
}

/* What earlier runs left in processing/. */
static int
recover(struct session *s, struct err *err)
{
	char *dir = spool_path(&s->sp, "processing");
	struct fs_names names = FS_NAMES_INIT;
	int rc = fs_scan(dir, &names, err);

	for (size_t i = 0; rc == 0 && i < names.nr; i++)
		if (spool_is_tag(names.name[i]))
			rc = one_batch(s, names.name[i], FOUND, err);
	fs_names_release(&names);
	free(dir);
	return rc;
}

/* The batch_tag of a gate.open of ours; false for every other line. */
static bool
batch_of(struct slice line, struct str *tag)
{
	struct str type = STR_INIT;
	bool is = json_get_string(line, "type", &type) && strcmp(type.buf, "gate.open") == 0 &&
	    json_get_string(line, "batch_tag", tag) && spool_is_tag(tag->buf);

	str_release(&type);
	return is;
}

/* The pipe of a gate that watches stays open for weeks: a failure that may pass
 * must not end the loading. It is told, and what it left in processing/ is taken
 * up again once AGAIN_MS have gone by. */
static int
try_again(struct session *s, int rc, struct err *err)
{
	static bool told;
	struct err before = ERR_INIT;

	if (rc == 0 || err->kind != ERR_TEMP || clock_mono_ms() - s->failed_ms < AGAIN_MS)
		return rc;
	if (!told)
		msg_err(err);
	told = true;
	err_move(&before, err);
	rc = recover(s, err);
	if (rc == 0) {
		msg_info("going on after: %s", before.text);
		told = false;
	}
	s->failed_ms = clock_mono_ms();
	err_release(&before);
	return rc;
}

/* Before the next line is waited for: the tries while none comes. */
static int
wait_for_line(struct session *s, const struct lines *in, int rc, struct err *err)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t left = in->buf.len - in->start;

	if (left > 0 && memchr(in->buf.buf + in->start, '\n', left))
		return rc;
	while (rc < 0 && err->kind == ERR_TEMP && poll(&p, 1, AGAIN_MS) == 0)
		rc = try_again(s, rc, err);
	return rc;
}

/* Lines pass at once whatever happens; after a failure that cannot pass only
 * the passing goes on. */
static int
follow_stdin(struct session *s, int rc, struct err *err)
{
	struct lines in = LINES_INIT(STDIN_FILENO, "stdin", MAX_EVENT);
	struct str out = STR_INIT, tag = STR_INIT;
	struct err end = ERR_INIT;
	struct slice line = SLICE_INIT;
	int got;

	s->failed_ms = clock_mono_ms();
	for (;;) {
		rc = wait_for_line(s, &in, rc, err);
		got = sig_stopped() ? err_set(&end, ERR_STOPPED, "stopped by a signal") :
		    lines_next(&in, &line, &end);
		if (got <= 0)
			break;
		str_reset(&out);
		str_reset(&tag);
		str_add(&out, line.ptr, line.len);
		str_addc(&out, '\n');
		got = io_stdout(out.buf, out.len, &end);
		if (got < 0)
			break;
		if (!batch_of(line, &tag))
			continue;
		rc = try_again(s, rc, err);
		if (rc == 0) {
			rc = one_batch(s, tag.buf, FROM_EVENT, err);
			s->failed_ms = clock_mono_ms();
		}
	}
	if (got < 0 && rc == 0) {
		err_move(err, &end);
		rc = -1;
	}
	err_release(&end);
	str_release(&tag);
	str_release(&out);
	lines_release(&in);
	return rc;
}

static int
settle(struct session *s, struct err *err)
{
	struct conf *c = s->conf = conf_load(o.conf, err);
	const char *on_bad;

	if (!c || conf_option(c, "database", o.db, "--db", err) < 0 ||
	    conf_option(c, "spool", o.spool, "--spool", err) < 0 ||
	    conf_option(c, "replay.jobs", o.jobs, "--jobs", err) < 0 ||
	    conf_option(c, "replay.on_bad", o.on_bad, "--on-bad", err) < 0 ||
	    conf_option(c, "replay.dedupe", o.dedupe ? "true" : NULL, "--dedupe", err) < 0 ||
	    spool_open(&s->sp, conf_str(c, "spool"), err) < 0)
		return -1;
	on_bad = conf_str(c, "replay.on_bad");
	replay_init(&s->replay, &s->sp, (unsigned)conf_uint(c, "replay.jobs"));
	s->replay.report = report;
	s->replay.load.warn = msg_warn_err;
	s->replay.load.conninfo = conf_str(c, "database");
	s->replay.load.appname = tool.name;
	s->replay.load.interval = conf_str(c, "partition.interval");
	s->replay.load.dedupe = conf_bool(c, "replay.dedupe");
	s->replay.load.on_bad = strcmp(on_bad, "replace") == 0 ? LOAD_REPLACE :
	    strcmp(on_bad, "strict") == 0 ? LOAD_STRICT : LOAD_REJECT;
	return 0;
}

static int
run(struct session *s, int argc, char **argv, struct err *err)
{
	int rc = 0;

	if (argc > 0)
		return load_files_given(s, argc, argv, o.dry_run, err);
	for (size_t i = 0; rc == 0 && i < o.batches.nr; i++) {
		if (!spool_is_tag(o.batches.item[i]))
			return err_set(err, ERR_USAGE, "\"%s\" is no batch tag", o.batches.item[i]);
		rc = one_batch(s, o.batches.item[i], NAMED, err);
	}
	if (o.batches.nr)
		return rc;
	rc = recover(s, err);
	/* at a terminal nobody types events: finishing what was begun was the task */
	return isatty(STDIN_FILENO) ? rc : follow_stdin(s, rc, err);
}

int
tool_run(int argc, char **argv, struct err *err)
{
	struct session s = { .sp = SPOOL_INIT };
	int rc = -1;

	if (argc > 0 && o.batches.nr)
		return err_set(err, ERR_USAGE, "--batch and files do not go together");
	if (settle(&s, err) == 0)
		rc = run(&s, argc, argv, err);
	if (rc == 0 && s.replay.progress && s.replay.progress->partial)
		rc = EXIT_PARTIAL;
	load_close(&s.replay.load);
	spool_release(&s.sp);
	conf_free(s.conf);
	free(o.batches.item);
	return rc;
}
