/* What the tests of the queue share: a spool of their own, deliveries, looks at it. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/queue.h"
#include "base/clock.h"
#include "base/mem.h"

#define NOW (INT64_C(1795000000) * USEC_PER_SEC)
#define SECOND USEC_PER_SEC
#define HOUR_MS UINT64_C(3600000)

static char top[64];
static struct err err;

static UNUSED char *
at(const char *part, const char *name)
{
	static char path[4][400];
	static unsigned i;

	i = (i + 1) % countof(path);
	snprintf(path[i], sizeof(path[i]), "%s/spool/notify/%s/%s", top, part, name);
	return path[i];
}

static void
open_queue(struct queue *q)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/spool", top);
	ck_assert_msg(queue_open(q, path, &err) == 0, "%s", err.text);
}

static void
setup(void)
{
	snprintf(top, sizeof(top), "/tmp/u-queue.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
}

static int
remove_one(const char *path, const struct stat *st UNUSED, int flag UNUSED, struct FTW *f UNUSED)
{
	return remove(path);
}

static void
teardown(void)
{
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	err_release(&err);
}

/* Put (not synced) id for endpoint `ops`, due at NOW. */
static int
put(struct queue *q, const char *id, uint64_t dedupe_ms, int64_t now)
{
	struct delivery d = DELIVERY_INIT;
	int rc;

	d.endpoint = xstrdup("ops");
	d.id = xstrdup(id);
	d.type = xstrdup("gate.done");
	d.content_type = xstrdup("application/json");
	d.created_us = NOW;
	d.due_us = NOW;
	str_addf(&d.body, "{\"id\":\"%s\"}\n", id);
	str_add(&d.body, "\0\n", 2);
	rc = queue_put(q, &d, dedupe_ms, now, &err);
	delivery_release(&d);
	return rc;
}

static UNUSED void
put_now(struct queue *q, const char *id)
{
	ck_assert_msg(put(q, id, HOUR_MS, NOW) == 1, "%s", err.text);
	ck_assert_msg(queue_sync(q, &err) == 0, "%s", err.text);
}

/* 1 when id could be taken and is whole. */
static int
take(struct queue *q, const char *id, int64_t now, struct delivery *d)
{
	struct str body = STR_INIT;
	char name[200];
	int rc;

	snprintf(name, sizeof(name), "ops.%s", id);
	rc = queue_take(q, name, now, d, &err);
	ck_assert_msg(rc >= 0, "%s", err.text);
	if (rc == 0)
		return 0;
	str_addf(&body, "{\"id\":\"%s\"}\n", id);
	str_add(&body, "\0\n", 2);
	ck_assert(slice_eq(str_slice(&body), str_slice(&d->body)));
	ck_assert_str_eq(d->endpoint, "ops");
	ck_assert_str_eq(d->id, id);
	ck_assert_str_eq(d->type, "gate.done");
	ck_assert_str_eq(d->content_type, "application/json");
	ck_assert_int_eq(d->created_us, NOW);
	ck_assert_int_ge(d->fd, 0);
	str_release(&body);
	return rc;
}

/* In which parts it is: n, s, d. */
static UNUSED const char *
where(const char *id)
{
	static char in[8];
	static const char *const part[] = { "new", "sent", "dead" };
	char name[200];
	size_t n = 0;

	snprintf(name, sizeof(name), "ops.%s", id);
	for (size_t i = 0; i < countof(part); i++)
		if (fs_exists(at(part[i], name)))
			in[n++] = part[i][0];
	in[n] = '\0';
	return in;
}

static UNUSED size_t
count(const char *part)
{
	struct fs_names n = FS_NAMES_INIT;
	size_t nr;

	ck_assert_int_eq(fs_scan(at(part, ""), &n, &err), 0);
	nr = n.nr;
	fs_names_release(&n);
	return nr;
}

static int
run_suite(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int bad;

	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
