/* Names, folders and moves of a spool (app/spool.h). */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/spool.h"
#include "base/clock.h"
#include "base/mem.h"

static char top[64];
static char *root;

static void
setup(void)
{
	snprintf(top, sizeof(top), "/tmp/u-spool.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	root = xasprintf("%s/a/spool", top);
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
	free(root);
}

static void
put(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	free(path);
}

static void
expect(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct str got = STR_INIT;
	struct err err = ERR_INIT;

	if (text) {
		ck_assert_int_eq(fs_read(path, 1 << 20, &got, &err), 0);
		ck_assert_str_eq(got.buf, text);
	} else {
		ck_assert(!fs_exists(path));
	}
	str_release(&got);
	free(path);
}

START_TEST(test_names)
{
	char name[SPOOL_NAME_MAX + 2];

	ck_assert(spool_is_segment("a.ndjson"));
	ck_assert(spool_is_segment("a.ndjson.zst"));
	ck_assert(spool_is_segment("a b.msgpack"));
	ck_assert(spool_is_segment("a.b.msgpack.zst"));
	ck_assert(spool_is_segment("\xc3\xa9.msgpack.zst"));
	ck_assert(!spool_is_segment(".a.ndjson"));
	ck_assert(!spool_is_segment(".ndjson"));
	ck_assert(!spool_is_segment(""));
	ck_assert(!spool_is_segment("ndjson"));
	ck_assert(!spool_is_segment("a.ndjson.tmp"));
	ck_assert(!spool_is_segment("a.ndjson.gz"));
	ck_assert(!spool_is_segment("a.json"));
	ck_assert(!spool_is_segment("a.zst"));
	ck_assert(!spool_is_segment("a/b.ndjson"));
	ck_assert(!spool_is_segment("a\nb.ndjson"));
	ck_assert(!spool_is_segment("a\x7f.ndjson"));
	ck_assert(!spool_is_segment("a\xc2\x9b.ndjson"));
	ck_assert(!spool_is_segment("a\xff.ndjson"));
	memset(name, 'x', sizeof(name));
	memcpy(name + SPOOL_NAME_MAX - 7, ".ndjson", 8);
	ck_assert(spool_is_segment(name));
	memcpy(name + SPOOL_NAME_MAX - 7, "x.ndjson", 9);
	ck_assert(!spool_is_segment(name));
	ck_assert_int_eq(spool_format("a.ndjson.zst"), REC_NDJSON);
	ck_assert_int_eq(spool_format("a.msgpack"), REC_MSGPACK);
	ck_assert_int_eq(spool_format("a.msgpack.zst"), REC_MSGPACK);
	ck_assert_int_eq(spool_format("a.msgpack.ndjson"), REC_NDJSON);
}
END_TEST

START_TEST(test_tags)
{
	char a[SPOOL_TAG_MAX], b[SPOOL_TAG_MAX];

	spool_make_tag(a);
	spool_make_tag(b);
	ck_assert_uint_eq(strlen(a), 33);
	ck_assert(spool_is_tag(a));
	ck_assert_str_ne(a, b);
	ck_assert(spool_is_tag("20261121T011556Z-0123456789abcdef"));
	ck_assert(!spool_is_tag("20261121T011556Z-0123456789abcdeF"));
	ck_assert(!spool_is_tag("20261121T011556Z-0123456789abcde"));
	ck_assert(!spool_is_tag("20261121T011556Z-0123456789abcdef0"));
	ck_assert(!spool_is_tag("20261121t011556Z-0123456789abcdef"));
	ck_assert(!spool_is_tag(""));
	ck_assert(!spool_is_tag("../../etc"));
}
END_TEST

START_TEST(test_open)
{
	struct spool sp = SPOOL_INIT, again = SPOOL_INIT;
	struct err err = ERR_INIT;
	struct stat st;
	char *path;

	ck_assert_int_eq(spool_open(&sp, root, &err), 0);
	ck_assert_uint_eq(strlen(sp.id), SPOOL_ID_HEX);
	path = spool_path(&sp, "processing");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	free(path);
	path = spool_archive_path(&sp, "T", INT64_C(1700000000) * USEC_PER_SEC);
	ck_assert_ptr_nonnull(strstr(path, "/a/spool/archive/2023/11/14/T"));
	ck_assert_int_eq(path[0], '/');
	free(path);
	path = spool_batch_path(&sp, "failed", "T");
	ck_assert_ptr_nonnull(strstr(path, "/a/spool/failed/T"));
	free(path);
	ck_assert(!spool_paused(&sp));
	put(sp.root, ".pause", "");
	ck_assert(spool_paused(&sp));
	/* nothing of the probe is left, and the id stays */
	for (size_t i = 0; i < 4; i++) {
		static const char *const part[] = { "incoming", "processing", "archive", "failed" };

		path = spool_path(&sp, part[i]);
		ck_assert_int_eq(rmdir(path), 0);
		free(path);
	}
	ck_assert_int_eq(spool_open(&again, root, &err), 0);
	ck_assert_str_eq(sp.id, again.id);
	spool_release(&again);
	spool_release(&sp);
}
END_TEST

START_TEST(test_open_bad_id)
{
	struct spool sp = SPOOL_INIT;
	struct err err = ERR_INIT;

	ck_assert_int_eq(fs_mkdirs(root, 0750, &err), 0);
	put(root, ".id", "not an id\n");
	ck_assert_int_eq(spool_open(&sp, root, &err), -1);
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	ck_assert_ptr_null(sp.root);
	err_release(&err);
}
END_TEST

START_TEST(test_open_not_a_directory)
{
	struct spool sp = SPOOL_INIT;
	struct err err = ERR_INIT;

	ck_assert_int_eq(fs_mkdirs(root, 0750, &err), 0);
	put(root, "archive", "a file\n");
	ck_assert_int_eq(spool_open(&sp, root, &err), -1);
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	err_release(&err);
}
END_TEST

/* Another file system, where this machine has one. */
START_TEST(test_open_other_fs)
{
	struct spool sp = SPOOL_INIT;
	struct err err = ERR_INIT;
	struct stat here, shm;
	char *link = xasprintf("%s/failed", root);

	ck_assert_int_eq(fs_mkdirs(root, 0750, &err), 0);
	if (stat(root, &here) == 0 && stat("/dev/shm", &shm) == 0 && here.st_dev != shm.st_dev) {
		ck_assert_int_eq(symlink("/dev/shm", link), 0);
		ck_assert_int_eq(spool_open(&sp, root, &err), -1);
		ck_assert_int_eq(err.kind, ERR_CONFIG);
		ck_assert_ptr_nonnull(strstr(err.text, "another file system"));
		ck_assert_ptr_nonnull(err.hint);
	}
	err_release(&err);
	free(link);
}
END_TEST

/* Many processes open a new spool at once: one id. */
START_TEST(test_open_race)
{
	enum { PROCS = 8 };
	char first[SPOOL_ID_HEX + 1] = "", id[SPOOL_ID_HEX + 1];
	int fd[2];

	ck_assert_int_eq(pipe(fd), 0);
	for (int i = 0; i < PROCS; i++) {
		if (fork() == 0) {
			struct spool sp = SPOOL_INIT;
			struct err err = ERR_INIT;

			if (spool_open(&sp, root, &err) < 0)
				_exit(1);
			_exit(write(fd[1], sp.id, SPOOL_ID_HEX) != SPOOL_ID_HEX);
		}
	}
	for (int i = 0; i < PROCS; i++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
		ck_assert_int_eq(read(fd[0], id, SPOOL_ID_HEX), SPOOL_ID_HEX);
		id[SPOOL_ID_HEX] = '\0';
		if (i == 0)
			memcpy(first, id, sizeof(first));
		ck_assert_str_eq(first, id);
	}
}
END_TEST

START_TEST(test_move)
{
	struct spool sp = SPOOL_INIT;
	struct err err = ERR_INIT;
	char final[SPOOL_NAME_MAX + 16], *in, *out;

	ck_assert_int_eq(spool_open(&sp, root, &err), 0);
	in = spool_path(&sp, "incoming");
	out = spool_path(&sp, "failed");
	put(in, "x.ndjson", "1");
	ck_assert_int_eq(spool_move(in, out, "x.ndjson", true, final, &err), 1);
	ck_assert_str_eq(final, "x.ndjson");
	ck_assert_int_eq(spool_move(in, out, "x.ndjson", true, final, &err), 0);
	expect(out, "x.ndjson", "1");

	/* the same content again: one is enough */
	put(in, "x.ndjson", "1");
	ck_assert_int_eq(spool_move(in, out, "x.ndjson", true, final, &err), 1);
	ck_assert_str_eq(final, "x.ndjson");
	expect(in, "x.ndjson", NULL);
	expect(out, "x.1.ndjson", NULL);

	/* other content of the same length, twice */
	put(in, "x.ndjson", "2");
	ck_assert_int_eq(spool_move(in, out, "x.ndjson", false, final, &err), 1);
	ck_assert_str_eq(final, "x.1.ndjson");
	put(in, "x.ndjson", "3");
	ck_assert_int_eq(spool_move(in, out, "x.ndjson", false, NULL, &err), 1);
	expect(out, "x.ndjson", "1");
	expect(out, "x.1.ndjson", "2");
	expect(out, "x.2.ndjson", "3");
	expect(in, "x.ndjson", NULL);
	/* what a suffix already holds is not doubled either */
	put(in, "x.ndjson", "3");
	ck_assert_int_eq(spool_move(in, out, "x.ndjson", false, final, &err), 1);
	ck_assert_str_eq(final, "x.2.ndjson");
	expect(out, "x.3.ndjson", NULL);

	put(in, "y.msgpack.zst", "1");
	put(out, "y.msgpack.zst", "22");
	ck_assert_int_eq(spool_move(in, out, "y.msgpack.zst", false, final, &err), 1);
	ck_assert_str_eq(final, "y.1.msgpack.zst");
	free(in);
	free(out);
	spool_release(&sp);
}
END_TEST

START_TEST(test_move_long_name)
{
	struct spool sp = SPOOL_INIT;
	struct err err = ERR_INIT;
	char final[SPOOL_NAME_MAX + 16], name[SPOOL_NAME_MAX + 1], *in, *out;

	ck_assert_int_eq(spool_open(&sp, root, &err), 0);
	in = spool_path(&sp, "incoming");
	out = spool_path(&sp, "failed");
	/* two-byte letters from an odd place on, so that a blind cut tears one */
	name[0] = 'x';
	for (size_t i = 1; i + 2 < SPOOL_NAME_MAX; i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	memcpy(name + SPOOL_NAME_MAX - 13, ".msgpack.zst", 13);
	ck_assert(spool_is_segment(name));
	put(in, name, "1");
	put(out, name, "2");
	ck_assert_int_eq(spool_move(in, out, name, true, final, &err), 1);
	ck_assert(spool_is_segment(final));
	ck_assert_str_ne(final, name);
	expect(out, final, "1");
	free(in);
	free(out);
	spool_release(&sp);
}
END_TEST

START_TEST(test_move_target_gone)
{
	struct spool sp = SPOOL_INIT;
	struct err err = ERR_INIT;
	char *in, *out;
	int from, to;

	ck_assert_int_eq(spool_open(&sp, root, &err), 0);
	in = spool_path(&sp, "incoming");
	out = spool_batch_path(&sp, "failed", "T");
	ck_assert_int_eq(fs_mkdirs(out, 0750, &err), 0);
	from = fs_open_dir(in, &err);
	to = fs_open_dir(out, &err);
	ck_assert_int_eq(rmdir(out), 0);
	put(in, "x.ndjson", "1");
	ck_assert_int_eq(spool_move_at(from, to, "x.ndjson", NULL, &err), -1);
	ck_assert_int_eq(err.kind, ERR_IO);
	expect(in, "x.ndjson", "1");
	close(from);
	close(to);
	err_release(&err);
	free(in);
	free(out);
	spool_release(&sp);
}
END_TEST

START_TEST(test_hash)
{
	struct err err = ERR_INIT;
	char sha[65], *path;
	uint64_t bytes;

	put(top, "f", "abc");
	ck_assert_int_eq(spool_hash(top, "f", true, sha, &bytes, &err), 0);
	ck_assert_uint_eq(bytes, 3);
	ck_assert_str_eq(sha, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_int_eq(spool_hash(top, "none", true, sha, &bytes, &err), 1);
	ck_assert_int_eq(spool_hash("/nonexistent", "f", true, sha, &bytes, &err), 1);
	/* what is no regular file is not there: a FIFO must not block */
	path = xasprintf("%s/fifo", top);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(spool_hash(top, "fifo", true, sha, &bytes, &err), 1);
	free(path);
	path = xasprintf("%s/link", top);
	ck_assert_int_eq(symlink("f", path), 0);
	ck_assert_int_eq(spool_hash(top, "link", true, sha, &bytes, &err), 1);
	free(path);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("spool");
	TCase *t = tcase_create("spool");
	SRunner *sr;
	int bad;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_tags);
	tcase_add_test(t, test_open);
	tcase_add_test(t, test_open_bad_id);
	tcase_add_test(t, test_open_not_a_directory);
	tcase_add_test(t, test_open_other_fs);
	tcase_add_test(t, test_open_race);
	tcase_add_test(t, test_move);
	tcase_add_test(t, test_move_long_name);
	tcase_add_test(t, test_move_target_gone);
	tcase_add_test(t, test_hash);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
