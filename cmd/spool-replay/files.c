/*
 * files.c - spool-replay FILE...: segments, or mended files of rejects, loaded
 * where they lie. The ledger knows them by content like any other segment.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "app/event.h"
#include "app/workers.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/msg.h"
#include "cmd/spool-replay/replay.h"
#include "fmt/json.h"
#include "sys/io.h"
#include "sys/sig.h"

struct given {
	const char *path;
	const char *name;
	char sha256[65];
	uint64_t bytes;
};

static int
look_at(const char *path, struct given *g, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? xstrndup(path, (size_t)(slash - path + 1)) : xstrdup(".");
	int got;

	g->path = path;
	g->name = slash ? slash + 1 : path;
	got = -1;
	if (!spool_is_segment(g->name)) {
		err_set(err, ERR_DATA, "\"%s\" is not named like a segment", path);
		err_hint(err, "a name ends in .ndjson or .msgpack, and .zst after it if it is compressed");
	} else {
		got = spool_hash(dir, g->name, false, g->sha256, &g->bytes, err);
		if (got == 1 && fs_exists(path)) {
			got = err_set(err, ERR_DATA, "\"%s\" is not a regular file", path);
		} else if (got == 1) {
			errno = ENOENT;
			got = err_setno(err, "could not open \"%s\"", path);
		}
	}
	free(dir);
	return got;
}

static int
print_done(const struct given *g, const struct load_stats *st, bool duplicate, struct err *err)
{
	struct str out = STR_INIT;
	int rc;

	event_begin(&out, "segment.done", g->sha256, duplicate ? "duplicate" : "loaded", 1,
	    clock_now_us());
	json_put_key_cstr(&out, "name", g->name);
	json_put_key_cstr(&out, "sha256", g->sha256);
	str_addf(&out, ",\"rows\":{\"metrics\":%lld,\"events\":%lld}",
	    duplicate ? 0LL : (long long)st->rows[LOAD_METRICS],
	    duplicate ? 0LL : (long long)st->rows[LOAD_EVENTS]);
	json_put_key_int(&out, "rejected", duplicate ? 0 : st->rejected);
	json_put_key_int(&out, "replaced", duplicate ? 0 : st->replaced);
	str_addf(&out, ",\"duplicates\":{\"documents\":0,\"events\":%lld},\"duplicate\":%s}\n",
	    duplicate ? 0LL : (long long)st->dup_events, duplicate ? "true" : "false");
	rc = io_stdout(out.buf, out.len, err);
	str_release(&out);
	return rc;
}

/* 0, or -1 when nothing more can be done. A file that fails is told and counted. */
static int
load_one(struct session *s, const char *path, bool dry_run, struct err *err)
{
	struct given g = { .path = path };
	struct load_stats st = { .segment_id = 0 };
	struct load_job job;
	int rc;

	if (look_at(path, &g, err) < 0) {
		msg_err(err);
		s->replay.progress->partial = true;
		err_release(err);
		return 0;
	}
	if (dry_run)
		return io_stdout(path, strlen(path), err) < 0 ? -1 : io_stdout("\n", 1, err);
	job = (struct load_job){ .path = g.path, .name = g.name, .sha256 = g.sha256,
		.bytes = g.bytes };
	job.rejects = replay_rejects_path(&s->sp, NULL, g.name, g.sha256);
	rc = load_segment(&s->replay.load, &job, &st, err);
	if (rc == LOAD_FAILED) {
		err_wrap(err, "could not load \"%s\"", path);
		msg_err(err);
		err_release(err);
		s->replay.progress->partial = true;
		rc = 0;
	} else if (rc >= 0) {
		if (rc == LOAD_DONE && st.rejected > 0) {
			s->replay.progress->partial = true;
			msg_warn("\"%s\": %lld records rejected, see \"%s\"", path,
			    (long long)st.rejected, job.rejects);
		}
		rc = print_done(&g, &st, rc == LOAD_DUPLICATE, err);
	}
	free((char *)job.rejects);
	return rc;
}

struct files_given {
	struct session *s;
	char **path;
	bool dry_run;
};

static int
load_task(void *arg, size_t i, struct err *err)
{
	struct files_given *g = arg;

	return load_one(g->s, g->path[i], g->dry_run, err);
}

static void
child(void *arg)
{
	struct files_given *g = arg;

	replay_forget_connection(&g->s->replay);
}

int
load_files_given(struct session *s, int argc, char **argv, bool dry_run, struct err *err)
{
	struct files_given g = { s, argv, dry_run };
	struct workers w = { .jobs = dry_run ? 1 : s->replay.jobs, .task = load_task,
		.child = child, .arg = &g };

	return workers_run(&w, (size_t)argc, err);
}
