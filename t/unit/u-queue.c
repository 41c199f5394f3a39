/* The queue of notify: what is known, what is due, and hostile files (app/queue.h). */
#include "t/unit/queue-test.h"

START_TEST(modes)
{
	static const char *const part[] = { "", "new", "sent", "dead", "state" };
	struct queue q = QUEUE_INIT;
	struct stat st;

	umask(022);
	open_queue(&q);
	put_now(&q, "a");
	ck_assert_int_eq(stat(at("new", "ops.a"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_mtim.tv_sec, NOW / SECOND);
	for (size_t i = 0; i < countof(part); i++)
		ck_assert_int_eq(chmod(at(part[i], ""), 0755), 0);
	queue_release(&q);
	open_queue(&q);
	for (size_t i = 0; i < countof(part); i++) {
		ck_assert_int_eq(stat(at(part[i], ""), &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0700);
	}
	queue_release(&q);
}
END_TEST

static void
refused(enum err_kind kind, const char *text)
{
	struct queue q = QUEUE_INIT;
	char path[80];

	snprintf(path, sizeof(path), "%s/spool", top);
	ck_assert_int_eq(queue_open(&q, path, &err), -1);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
	ck_assert_ptr_null(q.root);
	err_release(&err);
}

START_TEST(refuses)
{
	struct queue q = QUEUE_INIT;
	char *notify;

	open_queue(&q);
	notify = q.root;
	q.root = NULL;
	queue_release(&q);
	ck_assert_int_eq(rename(at("dead", ""), at("away", "")), 0);
	ck_assert_int_eq(symlink(at("away", ""), at(".", "dead")), 0);
	refused(ERR_CONFIG, "/notify/dead\" is not a directory");
	ck_assert_int_eq(unlink(at(".", "dead")), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(at("new", ""), 12345, 0), 0);
		refused(ERR_PERM, "belongs to user 12345");
		ck_assert_int_eq(chown(notify, 12345, 0), 0);
		refused(ERR_PERM, "/notify\" belongs to user 12345");
	}
	nftw(notify, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	ck_assert_int_eq(symlink("/tmp", notify), 0);
	refused(ERR_CONFIG, "is not a directory");
	ck_assert_int_eq(unlink(notify), 0);
	ck_assert_int_eq(close(open(notify, O_CREAT | O_WRONLY, 0600)), 0);
	refused(ERR_CONFIG, "is not a directory");
	free(notify);
}
END_TEST

START_TEST(known)
{
	struct queue q = QUEUE_INIT;
	struct delivery d = DELIVERY_INIT;

	open_queue(&q);
	ck_assert_int_eq(put(&q, "a", HOUR_MS, NOW), 1);
	ck_assert_int_eq(put(&q, "a", HOUR_MS, NOW), 0);
	ck_assert_str_eq(where("a"), "");
	ck_assert_int_eq(queue_sync(&q, &err), 0);
	ck_assert_str_eq(where("a"), "n");
	ck_assert_int_eq(put(&q, "a", 0, NOW), 0);
	ck_assert_int_eq(take(&q, "a", NOW, &d), 1);
	ck_assert_int_eq(put(&q, "a", HOUR_MS, NOW), 0);
	ck_assert_int_eq(queue_sent(&q, &d, NOW, &err), 0);
	ck_assert_int_eq(d.fd, -1);
	ck_assert_str_eq(where("a"), "s");
	ck_assert_int_eq(take(&q, "a", NOW, &d), 0);
	/* within the window, and on the other side of it */
	ck_assert_int_eq(put(&q, "a", HOUR_MS, NOW + 3599 * SECOND), 0);
	ck_assert_int_eq(put(&q, "a", HOUR_MS, NOW - 3599 * SECOND), 0);
	ck_assert_int_eq(put(&q, "a", 0, NOW), 1);
	queue_release(&q);
	/* what was put and not synced is forgotten, and leaves nothing */
	ck_assert_int_eq(rmdir(at("new", "")), 0);
	open_queue(&q);
	ck_assert_int_eq(put(&q, "a", HOUR_MS, NOW - 3600 * SECOND), 1);
	ck_assert_int_eq(queue_sync(&q, &err), 0);
	ck_assert_str_eq(where("a"), "ns");
	ck_assert_int_eq(take(&q, "a", NOW, &d), 1);
	ck_assert_int_eq(queue_sent(&q, &d, NOW + 1, &err), 0);
	ck_assert_str_eq(where("a"), "s");
	ck_assert_int_eq(put(&q, "a", HOUR_MS, NOW + 3600 * SECOND), 0);
	ck_assert_int_eq(put(&q, "a", HOUR_MS, NOW + 3600 * SECOND + 1), 1);
	ck_assert_int_eq(queue_sync(&q, &err), 0);
	ck_assert_int_eq(take(&q, "a", NOW, &d), 1);
	ck_assert_int_eq(queue_dead(&q, &d, &err), 0);
	ck_assert_int_eq(unlink(at("sent", "ops.a")), 0);
	ck_assert_str_eq(where("a"), "d");
	ck_assert_int_eq(put(&q, "a", 0, NOW), 0);
	delivery_release(&d);
	queue_release(&q);
}
END_TEST

/* Settled by others after our look and before our name: taken back. */
START_TEST(known_late)
{
	struct queue q = QUEUE_INIT, other = QUEUE_INIT;
	struct delivery d = DELIVERY_INIT;

	open_queue(&q);
	open_queue(&other);
	ck_assert_int_eq(put(&q, "a", HOUR_MS, NOW), 1);
	ck_assert_int_eq(put(&q, "b", HOUR_MS, NOW), 1);
	ck_assert_int_eq(put(&q, "c", HOUR_MS, NOW), 1);
	ck_assert_int_eq(put(&q, "d", HOUR_MS, NOW), 1);
	put_now(&other, "a");
	put_now(&other, "b");
	put_now(&other, "d");
	ck_assert_int_eq(take(&other, "a", NOW, &d), 1);
	ck_assert_int_eq(queue_sent(&other, &d, NOW, &err), 0);
	ck_assert_int_eq(take(&other, "d", NOW, &d), 1);
	ck_assert_int_eq(queue_dead(&other, &d, &err), 0);
	ck_assert_int_eq(queue_sync(&q, &err), 0);
	ck_assert_str_eq(where("a"), "s");
	ck_assert_str_eq(where("b"), "n");
	ck_assert_str_eq(where("c"), "n");
	ck_assert_str_eq(where("d"), "d");
	ck_assert_uint_eq(count("new"), 2);
	delivery_release(&d);
	queue_release(&q);
	queue_release(&other);
}
END_TEST

START_TEST(bad_puts)
{
	struct queue q = QUEUE_INIT;
	struct delivery d = { .endpoint = (char *)"ops", .id = (char *)"a", .type = (char *)"t",
		.content_type = (char *)"text/plain", .body = STR_INIT, .fd = -1 }, bad;
	char *big = xcalloc(1, QUEUE_BODY_MAX + 1);

	open_queue(&q);
#define REFUSED(field, value) do { \
	bad = d; \
	bad.field = value; \
	ck_assert_int_eq(queue_put(&q, &bad, 0, NOW, &err), -1); \
	ck_assert_int_eq(err.kind, ERR_DATA); \
	err_release(&err); \
} while (0)
	REFUSED(endpoint, (char *)"../x");
	REFUSED(endpoint, (char *)"");
	REFUSED(endpoint, (char *)"a.b");
	REFUSED(id, (char *)"a/../../b");
	REFUSED(id, (char *)"a.b");
	REFUSED(id, (char *)"");
	REFUSED(type, (char *)"a\nb");
	REFUSED(type, (char *)"\xff");
	REFUSED(content_type, (char *)"text/plain\r\nx: y");
	REFUSED(content_type, (char *)"");
	REFUSED(body, ((struct str){ big, QUEUE_BODY_MAX + 1, 0 }));
	ck_assert_int_eq(queue_sync(&q, &err), 0);
	ck_assert_uint_eq(count("new"), 0);
	d.body = (struct str){ big, QUEUE_BODY_MAX, 0 };
	ck_assert_int_eq(queue_put(&q, &d, 0, NOW, &err), 1);
	ck_assert_int_eq(queue_sync(&q, &err), 0);
	bad = (struct delivery)DELIVERY_INIT;
	ck_assert_int_eq(queue_take(&q, "ops.a", NOW, &bad, &err), 1);
	ck_assert_uint_eq(bad.body.len, QUEUE_BODY_MAX);
	delivery_release(&bad);
	free(big);
	queue_release(&q);
}
END_TEST

static bool
is_odd(void *arg, const char *name)
{
	(void)arg;
	return name[strlen(name) - 1] % 2 == 1;
}

START_TEST(due)
{
	enum { NR = 300 };
	struct queue q = QUEUE_INIT;
	struct fs_names names = FS_NAMES_INIT;

	open_queue(&q);
	for (int i = 0; i < NR; i++) {
		/* in no order; the last third is not due */
		int place = (i * 7) % NR;
		struct delivery d = { .endpoint = (char *)"ops", .type = (char *)"t",
			.content_type = (char *)"text/plain", .body = STR_INIT, .fd = -1 };
		char id[20];

		snprintf(id, sizeof(id), "%03d", place);
		d.id = id;
		d.due_us = NOW + (place - 200) * SECOND;
		ck_assert_int_eq(queue_put(&q, &d, 0, NOW, &err), 1);
	}
	/* it syncs by itself */
	ck_assert_int_eq(queue_due(&q, NOW, 1000, NULL, NULL, &names, &err), 0);
	ck_assert_uint_eq(names.nr, 201);
	for (size_t i = 0; i < names.nr; i++) {
		char want[40];

		snprintf(want, sizeof(want), "ops.%03zu", i);
		ck_assert_str_eq(names.name[i], want);
	}
	fs_names_release(&names);
	ck_assert_int_eq(queue_due(&q, NOW, 10, NULL, NULL, &names, &err), 0);
	ck_assert_uint_eq(names.nr, 10);
	ck_assert_str_eq(names.name[0], "ops.000");
	ck_assert_str_eq(names.name[9], "ops.009");
	fs_names_release(&names);
	ck_assert_int_eq(queue_due(&q, NOW, 0, NULL, NULL, &names, &err), 0);
	ck_assert_uint_eq(names.nr, 0);
	ck_assert_int_eq(queue_due(&q, NOW + 1000 * SECOND, 1000, NULL, NULL, &names, &err), 0);
	ck_assert_uint_eq(names.nr, NR);
	fs_names_release(&names);
	/* only what is wanted counts */
	ck_assert_int_eq(queue_due(&q, NOW, 3, is_odd, NULL, &names, &err), 0);
	ck_assert_uint_eq(names.nr, 3);
	ck_assert_str_eq(names.name[2], "ops.005");
	fs_names_release(&names);
	/* what is further away than can be was written by a clock that was ahead */
	q.longest_us = 50 * SECOND;
	ck_assert_int_eq(queue_due(&q, NOW, 1000, NULL, NULL, &names, &err), 0);
	ck_assert_uint_eq(names.nr, NR - 50);
	fs_names_release(&names);
	queue_release(&q);
}
END_TEST

START_TEST(defer)
{
	struct queue q = QUEUE_INIT, other = QUEUE_INIT;
	struct delivery d = DELIVERY_INIT, e = DELIVERY_INIT;
	int old;

	open_queue(&q);
	open_queue(&other);
	put_now(&q, "a");
	ck_assert_int_eq(take(&q, "a", NOW - 1, &d), 0);
	ck_assert_int_eq(take(&q, "a", NOW, &d), 1);
	ck_assert_ptr_null(d.last_error);
	/* held: by name, and by an open file whose name meant it before */
	ck_assert_int_eq(take(&other, "a", NOW, &e), 0);
	old = open(at("new", "ops.a"), O_RDWR | O_CLOEXEC);
	d.attempts = 3;
	/* a reason that cannot be kept whole is no reason to lose anything */
	d.last_error = xstrdup("HTTP 503 \xe2\x82\xac \xff");
	ck_assert_int_eq(queue_defer(&q, &d, NOW + 5 * SECOND + 7, &err), 0);
	ck_assert_int_eq(d.fd, -1);
	ck_assert_int_eq(flock(old, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(take(&other, "a", NOW + 5 * SECOND, &e), 0);
	ck_assert_int_eq(take(&other, "a", NOW + 6 * SECOND, &e), 1);
	ck_assert_uint_eq(e.attempts, 3);
	ck_assert_str_eq(e.last_error, "HTTP 503 \xe2\x82\xac ");
	ck_assert_int_eq(e.due_us, NOW + 5 * SECOND + 7);
	/* a holder that goes away without a word */
	delivery_release(&e);
	ck_assert_int_eq(take(&q, "a", NOW + 6 * SECOND, &e), 1);
	ck_assert_uint_eq(count("new"), 1);
	close(old);
	delivery_release(&d);
	delivery_release(&e);
	queue_release(&q);
	queue_release(&other);
}
END_TEST

static int
list(void *arg, const struct delivery *d, struct err *e UNUSED)
{
	str_addf(arg, "%s.%s %s %u %s;", d->endpoint, d->id, d->type, d->attempts,
	    d->last_error ? d->last_error : "-");
	return d->body.len == 0 && d->fd < 0 ? 0 : -1;
}

START_TEST(dead_and_back)
{
	struct queue q = QUEUE_INIT;
	struct delivery d = DELIVERY_INIT;
	struct str text = STR_INIT;

	open_queue(&q);
	for (const char *id = "abc"; *id; id++) {
		put_now(&q, (char[]){ *id, '\0' });
		ck_assert_int_eq(take(&q, (char[]){ *id, '\0' }, NOW, &d), 1);
		d.attempts = 10;
		d.last_error = xstrdup("gone");
		ck_assert_int_eq(queue_dead(&q, &d, &err), 0);
		ck_assert_str_eq(where((char[]){ *id, '\0' }), "d");
	}
	put_now(&q, "w");
	ck_assert_int_eq(queue_each(&q, "dead", list, &text, &err), 0);
	ck_assert_str_eq(text.buf, "ops.a gate.done 10 gone;ops.b gate.done 10 gone;"
	    "ops.c gate.done 10 gone;");
	str_reset(&text);
	ck_assert_int_eq(queue_redrive(&q, "dev", NULL, NOW, &err), 0);
	ck_assert_int_eq(queue_redrive(&q, NULL, "b", NOW + SECOND, &err), 1);
	ck_assert_int_eq(take(&q, "b", NOW, &d), 0);
	ck_assert_int_eq(take(&q, "b", NOW + SECOND, &d), 1);
	ck_assert_uint_eq(d.attempts, 0);
	delivery_release(&d);
	ck_assert_int_eq(queue_redrive(&q, "ops", NULL, NOW, &err), 2);
	ck_assert_int_eq(queue_redrive(&q, NULL, NULL, NOW, &err), 0);
	ck_assert_uint_eq(count("dead"), 0);
	ck_assert_int_eq(queue_each(&q, "new", list, &text, &err), 0);
	ck_assert_str_eq(text.buf, "ops.a gate.done 0 gone;ops.b gate.done 0 gone;"
	    "ops.c gate.done 0 gone;ops.w gate.done 0 -;");
	str_release(&text);
	queue_release(&q);
}
END_TEST

static void
plant(const char *name, const char *text, size_t n)
{
	ck_assert_msg(fs_write_durable(at("new", name), text, n, 0600, &err) == 0, "%s", err.text);
}

#define HEAD(x) "{\"v\":1,\"type\":\"t\",\"content_type\":\"text/plain\",\"created_us\":1," x "}\n"
START_TEST(hostile)
{
	static const char *const text[] = {
		"", "\n", "x", "{}\n", "[1]\n", "null\nbody", HEAD("\"attempts\":-1"),
		HEAD("\"attempts\":1.5"), HEAD("\"attempts\":99999999999999999999"),
		HEAD("\"attempts\":\"1\""), HEAD("\"x\":1"), HEAD("\"attempts\":1,\"last_error\":7"),
		HEAD("\"attempts\":1,\"last_error\":\"\\u0000\""), HEAD("\"attempts\":1,") "x",
		"{\"v\":2,\"type\":\"t\",\"content_type\":\"a\",\"created_us\":1,\"attempts\":0}\n",
		"{\"v\":1,\"type\":\"t\",\"content_type\":\"a\\r\\nb: c\",\"created_us\":1,\"attempts\":0}\n",
		"{\"v\":1,\"type\":\"\\ud800\",\"content_type\":\"a\",\"created_us\":1,\"attempts\":0}\n",
		"{\"v\":1,\"type\":\"a\\u0007\",\"content_type\":\"a\",\"created_us\":1,\"attempts\":0}\n",
		"{\"v\":1,\"type\":\"\",\"content_type\":\"a\",\"created_us\":1,\"attempts\":0}\n",
		"{\"v\":1,\"type\":\"\xff\",\"content_type\":\"a\",\"created_us\":1,\"attempts\":0}\n",
	};
	struct queue q = QUEUE_INIT;
	struct delivery d = DELIVERY_INIT;
	struct fs_names names = FS_NAMES_INIT;
	size_t big = QUEUE_BODY_MAX + (size_t)200000;
	char *spaces = xmalloc(big), name[20];
	struct str all = STR_INIT;

	open_queue(&q);
	for (size_t i = 0; i < countof(text); i++) {
		snprintf(name, sizeof(name), "ops.%zu", i);
		plant(name, text[i], strlen(text[i]));
	}
	memset(spaces, ' ', big);
	plant("ops.nohead", spaces, big);
	memcpy(spaces, HEAD("\"attempts\":1"), sizeof(HEAD("\"attempts\":1")) - 1);
	plant("ops.toolarge", spaces, big);
	plant("no name", HEAD("\"attempts\":1"), sizeof(HEAD("\"attempts\":1")) - 1);
	plant("ops.a.b", "", 0);
	plant("Ops.a", "", 0);
	plant("\xff\n", "", 0);
	ck_assert_int_eq(symlink("/etc/passwd", at("new", "ops.link")), 0);
	ck_assert_int_eq(mkfifo(at("new", "ops.fifo"), 0600), 0);
	ck_assert_int_eq(mkdir(at("new", "ops.dir"), 0700), 0);
	ck_assert_int_eq(close(open(at("new", "ops.dir/x"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	/* a dead letter of the same name is kept */
	ck_assert_int_eq(link(at("new", "ops.0"), at("dead", "ops.0")), 0);
	/* they do not stop a look at the queue */
	ck_assert_int_eq(queue_each(&q, "new", list, &all, &err), 0);
	ck_assert_ptr_nonnull(strstr(all.buf, "ops.3  0 \""));
	ck_assert_int_eq(queue_due(&q, INT64_MAX, 1000, NULL, NULL, &names, &err), 0);
	ck_assert_uint_eq(names.nr, countof(text) + 9);
	for (size_t i = 0; i < names.nr; i++) {
		ck_assert_msg(queue_take(&q, names.name[i], INT64_MAX, &d, &err) == -1, "%s",
		    names.name[i]);
		ck_assert_msg(err.kind == ERR_DATA, "%s", err.text);
		ck_assert_ptr_nonnull(strstr(err.text, "/notify/new/"));
		ck_assert_ptr_nonnull(err.hint);
		err_release(&err);
	}
	ck_assert_uint_eq(count("new"), 0);
	ck_assert_uint_eq(count("dead"), countof(text) + 10);
	ck_assert_int_eq(queue_redrive(&q, NULL, NULL, NOW, &err), 0);
	ck_assert_int_eq(queue_take(&q, "ops.none", NOW, &d, &err), 0);
	ck_assert_int_eq(queue_take(&q, "../dead/ops.3", INT64_MAX, &d, &err), 0);
	fs_names_release(&names);
	str_release(&all);
	free(spaces);
	queue_release(&q);
}
END_TEST

START_TEST(prune)
{
	struct queue q = QUEUE_INIT;
	struct delivery d = DELIVERY_INIT;
	const char *temp = ".0123456789abcdef.tmp";
	int64_t now = clock_now_us(), later = now + 7200 * SECOND;
	int held;

	open_queue(&q);
	put_now(&q, "old");
	put_now(&q, "young");
	put_now(&q, "ahead");
	ck_assert_int_eq(take(&q, "old", NOW, &d), 1);
	ck_assert_int_eq(queue_sent(&q, &d, now - 7201 * SECOND, &err), 0);
	ck_assert_int_eq(take(&q, "young", NOW, &d), 1);
	ck_assert_int_eq(queue_sent(&q, &d, now - 7199 * SECOND, &err), 0);
	/* of a clock that was wrong: not for ever */
	ck_assert_int_eq(take(&q, "ahead", NOW, &d), 1);
	ck_assert_int_eq(queue_sent(&q, &d, now + 99999 * SECOND, &err), 0);
	ck_assert_int_eq(close(open(at("new", temp), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	ck_assert_int_eq(close(open(at("new", ".mine"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	ck_assert_int_eq(put(&q, "pending", HOUR_MS, NOW), 1);
	ck_assert_int_eq(queue_prune(&q, 2 * HOUR_MS, now, &err), 0);
	ck_assert_str_eq(where("old"), "");
	ck_assert_str_eq(where("young"), "s");
	ck_assert_str_eq(where("ahead"), "");
	ck_assert(fs_exists(at("new", temp)));
	held = open(at("new", temp), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(held, LOCK_EX), 0);
	ck_assert_int_eq(queue_prune(&q, 2 * HOUR_MS, later, &err), 0);
	ck_assert_str_eq(where("young"), "");
	ck_assert(fs_exists(at("new", temp)));
	close(held);
	ck_assert_int_eq(queue_prune(&q, 2 * HOUR_MS, later, &err), 0);
	ck_assert(!fs_exists(at("new", temp)));
	ck_assert(fs_exists(at("new", ".mine")));
	/* and a living maker's is still there */
	ck_assert_int_eq(queue_sync(&q, &err), 0);
	ck_assert_str_eq(where("pending"), "n");
	delivery_release(&d);
	queue_release(&q);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("queue");
	TCase *t = tcase_create("queue");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, modes);
	tcase_add_test(t, refuses);
	tcase_add_test(t, known);
	tcase_add_test(t, known_late);
	tcase_add_test(t, bad_puts);
	tcase_add_test(t, due);
	tcase_add_test(t, defer);
	tcase_add_test(t, dead_and_back);
	tcase_add_test(t, hostile);
	tcase_add_test(t, prune);
	suite_add_tcase(s, t);
	return run_suite(s);
}
