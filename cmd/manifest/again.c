/*
 * again.c - manifest retry, manifest prune.
 */
#include "app/prune.h"
#include "app/retry.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/num.h"
#include "cmd/manifest/manifest.h"
#include "fmt/json.h"
#include "sys/io.h"

static int
retry_tags(struct session *s, int argc, char **argv, struct err *err)
{
	struct batch b = BATCH_INIT;
	int rc = 0;

	for (int i = 0; rc >= 0 && i < argc; i++) {
		rc = retry_failed(s->db, &s->sp, argv[i], &b, err);
		if (rc > 0)
			rc = print_open(NULL, &b, err);
		else if (rc == 0)
			msg_info("batch %s has no failed segment", argv[i]);
		/* one of many: told, and the others go on */
		if (rc < 0 && argc > 1 && (err->kind == ERR_DATA || err->kind == ERR_TEMP) &&
		    !pg_broken(s->db)) {
			msg_err(err);
			err_release(err);
			s->partial = true;
			rc = 0;
		}
	}
	batch_release(&b);
	return MIN(rc, 0);
}

static int
retry_archived(struct session *s, int argc, char **argv, struct err *err)
{
	struct retry_archive r = { .db = s->db, .sp = &s->sp,
		.tags = (const char *const *)argv, .nr = (size_t)argc, .offer = print_open };
	int rc = retry_archive(&r, err);

	if (r.dropped)
		msg_warn("%llu batches left in the archive: retain has dropped their time",
		    (unsigned long long)r.dropped);
	if (r.busy)
		msg_warn("%llu batches left in the archive: somebody works on them",
		    (unsigned long long)r.busy);
	if (r.foreign)
		msg_warn("%llu batches left in the archive: they belong to another spool",
		    (unsigned long long)r.foreign);
	msg_info("%llu segments of %llu batches are in processing/ again",
	    (unsigned long long)r.segments, (unsigned long long)r.batches);
	s->partial = r.busy > 0 || r.foreign > 0;
	return rc;
}

int
cmd_retry(struct session *s, int argc, char **argv, struct err *err)
{
	if (argc == 0 && !s->o->archive) {
		err_set(err, ERR_USAGE, "manifest retry needs a batch tag, or --archive");
		return err_hint(err, "manifest list --status failed shows batches to retry");
	}
	for (int i = 0; i < argc; i++)
		if (want_tag(argv[i], err) < 0)
			return -1;
	return s->o->archive ? retry_archived(s, argc, argv, err) : retry_tags(s, argc, argv, err);
}

static int
print_pruned(void *arg, const struct pruned *p, struct err *err)
{
	const struct session *s = arg;
	struct str out = STR_INIT;
	char t[CLOCK_BUF];
	int rc;

	str_adds(&out, "{\"v\":1,\"type\":\"pruned\"");
	json_put_key_int(&out, "batch_id", p->batch->id);
	json_put_key_cstr(&out, "batch_tag", p->batch->tag);
	json_put_key_cstr(&out, "status", p->batch->status);
	json_put_key_cstr(&out, "finished_at", clock_format(p->batch->finished_us, t));
	json_put_key_int(&out, "files", (int64_t)p->files);
	json_put_key_int(&out, "bytes", (int64_t)p->bytes);
	str_addf(&out, ",\"dry_run\":%s}\n", s->o->dry_run ? "true" : "false");
	rc = io_stdout(out.buf, out.len, err);
	str_release(&out);
	return rc;
}

int
cmd_prune(struct session *s, int argc UNUSED, char **argv UNUSED, struct err *err)
{
	struct prune p = { .db = s->db, .sp = &s->sp, .keep_files = s->o->keep_files,
		.dry_run = s->o->dry_run, .pruned = print_pruned, .arg = s };
	int rc;

	if (!s->o->older_than)
		return err_set(err, ERR_USAGE, "manifest prune needs --older-than AGE");
	if (num_duration(s->o->older_than, &p.older_ms) < 0 || p.older_ms > INT64_MAX / 1000)
		return err_set(err, ERR_USAGE, "--older-than is an age such as 90d, not \"%s\"",
		    s->o->older_than);
	rc = prune_batches(&p, err);
	if (rc == 0 && p.kept)
		msg_info("%llu old batches stay: not all of them is loaded",
		    (unsigned long long)p.kept);
	return rc;
}
