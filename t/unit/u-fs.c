/* fs, io, lock, sig: what the kernel is asked for, and its refusals */
#include "sys/fs.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/io.h"
#include "sys/lock.h"
#include "sys/sig.h"

static char top[] = "/tmp/u-fs.XXXXXX";
static struct err err;

static char *
at(const char *name)
{
	static char path[4][200];
	static unsigned i;

	i = (i + 1) % countof(path);
	snprintf(path[i], sizeof(path[i]), "%s/%s", top, name);
	return path[i];
}

static void
put(const char *name, const char *text)
{
	ck_assert_msg(fs_write_durable(at(name), text, strlen(text), 0644, &err) == 0, "%s",
	    err.text);
}

static void
holds(const char *name, const char *want)
{
	struct str s = STR_INIT;

	ck_assert_int_eq(fs_read(at(name), 1000, &s, &err), 0);
	ck_assert_str_eq(s.buf, want);
	str_release(&s);
}

START_TEST(mkdirs)
{
	struct stat st;

	umask(022);
	ck_assert_int_eq(fs_mkdirs(at("m/a//b/c/"), 0750, &err), 0);
	ck_assert_int_eq(stat(at("m/a/b"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0750);
	ck_assert_int_eq(fs_mkdirs(at("m/a/b/c"), 0700, &err), 0);
	ck_assert_int_eq(fs_mkdirs("/", 0700, &err), 0);
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(fs_mkdirs("rel/x", 0700, &err), 0);
	ck_assert(fs_exists(at("rel/x")));
	put("m/file", "x");
	ck_assert_int_eq(fs_mkdirs(at("m/file"), 0700, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "m/file\": Not a directory"));
	ck_assert_int_eq(fs_mkdirs(at("m/file/x"), 0700, &err), -1);
	ck_assert_int_eq(fs_mkdirs("", 0700, &err), -1);
	ck_assert_int_eq(symlink("/nonexistent", at("dangling")), 0);
	ck_assert_int_eq(fs_mkdirs(at("dangling/x"), 0700, &err), -1);
}
END_TEST

START_TEST(move)
{
	int a, b;

	ck_assert_int_eq(fs_mkdirs(at("a"), 0755, &err), 0);
	ck_assert_int_eq(fs_mkdirs(at("b"), 0755, &err), 0);
	a = fs_open_dir(at("a"), &err);
	b = fs_open_dir(at("b"), &err);
	put("a/x", "1");
	ck_assert_int_eq(fs_move(a, "x", b, "y", &err), FS_MOVED);
	holds("b/y", "1");
	ck_assert(!fs_exists(at("a/x")));
	ck_assert_int_eq(fs_move(a, "x", b, "y", &err), FS_GONE);
	put("a/x", "2");
	ck_assert_int_eq(fs_move(a, "x", b, "y", &err), FS_EXISTS);
	holds("b/y", "1");
	holds("a/x", "2");
	/* a target directory that is gone is no source that is gone */
	ck_assert_int_eq(fs_mkdirs(at("c"), 0755, &err), 0);
	close(b);
	b = fs_open_dir(at("c"), &err);
	ck_assert_int_eq(rmdir(at("c")), 0);
	ck_assert_int_eq(fs_move(a, "x", b, "y", &err), -1);
	ck_assert_str_eq(err.text, "could not move \"x\" to \"y\": No such file or directory");
	close(a);
	close(b);
}
END_TEST

START_TEST(write_durable)
{
	struct fs_names n = FS_NAMES_INIT;

	ck_assert_int_eq(fs_mkdirs(at("w"), 0755, &err), 0);
	put("w/x", "one");
	put("w/x", "two");
	holds("w/x", "two");
	ck_assert_int_eq(fs_mkdirs(at("w/d/e"), 0755, &err), 0);
	ck_assert_int_eq(fs_write_durable(at("w/d"), "x", 1, 0644, &err), -1);
	ck_assert_int_eq(fs_write_durable(at("none/x"), "x", 1, 0644, &err), -1);
	/* no temporary file is left, dot-files included */
	ck_assert_int_eq(unlink(at("w/x")), 0);
	ck_assert_int_eq(rmdir(at("w/d/e")), 0);
	ck_assert_int_eq(rmdir(at("w/d")), 0);
	ck_assert_int_eq(rmdir(at("w")), 0);
	fs_names_release(&n);
}
END_TEST

START_TEST(read_limits)
{
	struct str s = STR_INIT;

	put("r", "12345");
	ck_assert_int_eq(fs_read(at("r"), 5, &s, &err), 0);
	ck_assert_int_eq(fs_read(at("r"), 5, &s, &err), 0);
	ck_assert_str_eq(s.buf, "1234512345");
	ck_assert_int_eq(fs_read(at("r"), 4, &s, &err), -1);
	ck_assert_int_eq(err.kind, ERR_DATA);
	ck_assert_uint_eq(s.len, 10);
	ck_assert_int_eq(fs_read(at("no"), 4, &s, &err), 1);
	ck_assert_int_eq(fs_read(top, 4, &s, &err), -1);
	ck_assert_int_eq(fs_read("/dev/zero", 100000, &s, &err), -1);
	str_release(&s);
}
END_TEST

START_TEST(scan)
{
	static const char *const names[] = { "b", "a\xff", ".hidden", "B", "a" };
	struct fs_names n = FS_NAMES_INIT;

	ck_assert_int_eq(fs_mkdirs(at("s"), 0755, &err), 0);
	for (size_t i = 0; i < countof(names); i++) {
		char *name = xasprintf("s/%s", names[i]);

		put(name, "");
		free(name);
	}
	ck_assert_int_eq(fs_scan(at("s"), &n, &err), 0);
	ck_assert_uint_eq(n.nr, 4);
	ck_assert_str_eq(n.name[0], "B");
	ck_assert_str_eq(n.name[1], "a");
	ck_assert_str_eq(n.name[2], "a\xff");
	ck_assert_str_eq(n.name[3], "b");
	fs_names_release(&n);
	ck_assert_int_eq(fs_scan(at("nowhere"), &n, &err), 0);
	ck_assert_uint_eq(n.nr, 0);
	ck_assert_int_eq(fs_scan(at("s/a"), &n, &err), -1);
}
END_TEST

START_TEST(space)
{
	uint64_t free_bytes = 0, total = 0;

	ck_assert_int_eq(fs_space(top, &free_bytes, &total, &err), 0);
	ck_assert_uint_gt(total, 0);
	ck_assert_uint_le(free_bytes, total);
	ck_assert_int_eq(fs_space("/nonexistent", &free_bytes, &total, &err), -1);
}
END_TEST

static struct lines
lines_of(const char *text, size_t n, size_t max)
{
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(write(p[1], text, n), (ssize_t)n);
	close(p[1]);
	return (struct lines)LINES_INIT(p[0], "in", max);
}

START_TEST(line_by_line)
{
	static const char text[] = "one\n\nthr\0e\nlast";
	struct lines l = lines_of(text, sizeof(text) - 1, 5);
	struct slice s;

	ck_assert_int_eq(lines_next(&l, &s, &err), 1);
	ck_assert(slice_is(s, "one"));
	ck_assert_int_eq(lines_next(&l, &s, &err), 1);
	ck_assert_uint_eq(s.len, 0);
	ck_assert_int_eq(lines_next(&l, &s, &err), 1);
	ck_assert_uint_eq(s.len, 5);
	ck_assert_int_eq(lines_next(&l, &s, &err), 1);
	ck_assert(slice_is(s, "last"));
	ck_assert_uint_eq(l.nr, 4);
	ck_assert_int_eq(lines_next(&l, &s, &err), 0);
	ck_assert_int_eq(lines_next(&l, &s, &err), 0);
	lines_release(&l);
	close(l.fd);
}
END_TEST

/* A newline that is the first byte of the next piece. */
START_TEST(line_in_pieces)
{
	struct lines l;
	struct slice s;
	int p[2];
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		ck_assert_int_eq(write(p[1], "ab", 2), 2);
		usleep(50000);
		_exit(write(p[1], "\ncd\n", 4) != 4);
	}
	close(p[1]);
	l = (struct lines)LINES_INIT(p[0], "in", 100);
	ck_assert_int_eq(lines_next(&l, &s, &err), 1);
	ck_assert(slice_is(s, "ab"));
	ck_assert_int_eq(lines_next(&l, &s, &err), 1);
	ck_assert(slice_is(s, "cd"));
	lines_release(&l);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(line_limits)
{
	struct lines l = lines_of("ok\n123456\n", 10, 5);
	struct slice s;

	ck_assert_int_eq(lines_next(&l, &s, &err), 1);
	ck_assert_int_eq(lines_next(&l, &s, &err), -1);
	ck_assert_int_eq(err.kind, ERR_DATA);
	ck_assert_str_eq(err.text, "in:2: line is longer than 5 bytes");
	lines_release(&l);
	close(l.fd);
}
END_TEST

/* Long lines across many pieces, through a pipe that fills. */
START_TEST(long_lines)
{
	size_t want[] = { 200000, 0, 65536, 65535, 1, 300001 };
	struct lines l;
	struct slice s;
	int p[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (size_t i = 0; i < countof(want); i++) {
			char *text = xmalloc(want[i] + 1);

			memset(text, 'a' + (int)i, want[i]);
			text[want[i]] = '\n';
			if (io_write_full(p[1], text, want[i] + 1, "pipe", &err) < 0)
				_exit(1);
			free(text);
		}
		_exit(0);
	}
	close(p[1]);
	l = (struct lines)LINES_INIT(p[0], "in", 1 << 20);
	for (size_t i = 0; i < countof(want); i++) {
		ck_assert_int_eq(lines_next(&l, &s, &err), 1);
		ck_assert_uint_eq(s.len, want[i]);
		for (size_t k = 0; k < s.len; k++)
			ck_assert(s.ptr[k] == (char)('a' + (int)i));
	}
	ck_assert_int_eq(lines_next(&l, &s, &err), 0);
	lines_release(&l);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(writes)
{
	int fd = open("/dev/full", O_WRONLY);

	ck_assert_int_eq(io_write_full(fd, "x", 1, "full", &err), -1);
	ck_assert_int_eq(err.kind, ERR_IO);
	ck_assert_str_eq(err.text, "could not write \"full\": No space left on device");
	close(fd);
	ck_assert_int_eq(io_write_full(fd, "x", 1, "closed", &err), -1);
}
END_TEST

/* A pipe that somebody made non-blocking is waited for. */
START_TEST(non_blocking)
{
	int p[2], status;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe2(p, O_NONBLOCK), 0);
	pid = fork();
	if (pid == 0) {
		usleep(50000);
		_exit(write(p[1], "x", 1) == 1 ? 0 : 1);
	}
	ck_assert_int_eq(io_read(p[0], &byte, 1, "pipe", &err), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(p[0]);
	close(p[1]);
}
END_TEST

START_TEST(standard_descriptors)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		io_std_fds();
		if (open("/dev/null", O_RDWR) < 3)
			_exit(1);
		if (io_stdout("x", 1, &err) == 0)
			_exit(2);
		_exit(errno == EBADF ? 0 : 3);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(locks)
{
	int fd = -1, other = -1, status;
	pid_t pid;

	ck_assert_int_eq(fs_mkdirs(at("l"), 0755, &err), 0);
	ck_assert_int_eq(lock_dir(at("l"), &fd, &err), 1);
	ck_assert_int_eq(lock_dir(at("l"), &other, &err), 0);
	ck_assert_int_eq(other, -1);
	ck_assert(lock_still_names(at("l"), fd));
	ck_assert_int_eq(rename(at("l"), at("l2")), 0);
	ck_assert(!lock_still_names(at("l"), fd));
	ck_assert_int_eq(fs_mkdirs(at("l"), 0755, &err), 0);
	ck_assert(!lock_still_names(at("l"), fd));
	close(fd);

	/* the death of the holder frees it */
	pid = fork();
	if (pid == 0)
		_exit(lock_dir(at("l"), &fd, &err) == 1 && raise(SIGKILL) ? 1 : 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(lock_dir(at("l"), &fd, &err), 1);
	close(fd);
	ck_assert_int_eq(lock_dir(at("nowhere"), &fd, &err), -1);
	ck_assert_int_eq(err.kind, ERR_IO);
}
END_TEST

static volatile sig_atomic_t called;

static void
on_stop(void)
{
	called++;
}

/* A child that waits in a read; signal it until it says what it saw. */
static int
child_under(int first, int second, bool init)
{
	int p[2], ready[2], status;
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		bool stopped;

		close(p[1]);
		if (init)
			sig_init();
		sig_on_stop(on_stop);
		if (write(ready[1], "x", 1) != 1)
			_exit(9);
		stopped = io_read(p[0], &byte, 1, "pipe", &err) < 0 && err.kind == ERR_STOPPED;
		if (second) {
			if (write(ready[1], "x", 1) != 1)
				_exit(9);
			pause();
			_exit(8);
		}
		_exit(stopped && sig_stopped() == first && called == 1 ? 0 :
		    sig_status_wanted() && !sig_status_wanted() ? 7 : 6);
	}
	close(p[0]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	usleep(30000);
	kill(pid, first);
	if (second) {
		ck_assert_int_eq(read(ready[0], &byte, 1), 1);
		usleep(30000);
		kill(pid, second);
	}
	if (first == SIGUSR1) {
		usleep(30000);
		ck_assert_int_eq(write(p[1], "x", 1), 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(p[1]);
	close(ready[0]);
	close(ready[1]);
	return status;
}

START_TEST(signals)
{
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < countof(stops); i++)
		ck_assert_int_eq(child_under(stops[i], 0, true), 0);
	ck_assert_int_eq(WEXITSTATUS(child_under(SIGUSR1, 0, true)), 7);
	/* the second ^C kills */
	ck_assert_int_eq(WTERMSIG(child_under(SIGINT, SIGINT, true)), SIGINT);
}
END_TEST

START_TEST(ignored_signals)
{
	struct sigaction sa;

	signal(SIGHUP, SIG_IGN);
	sig_init();
	ck_assert_int_eq(sigaction(SIGHUP, NULL, &sa), 0);
	ck_assert(sa.sa_handler == SIG_IGN);
	raise(SIGHUP);
	ck_assert_int_eq(sig_stopped(), 0);
	raise(SIGTERM);
	ck_assert_int_eq(sig_stopped(), SIGTERM);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { mkdirs, move, write_durable, read_limits, scan, space,
		line_by_line, line_in_pieces, line_limits, long_lines, writes, non_blocking, standard_descriptors,
		locks, signals, ignored_signals };
	Suite *s = suite_create("fs");
	TCase *tc = tcase_create("fs");
	SRunner *sr;
	int failed;
	pid_t pid;

	if (!mkdtemp(top))
		return 1;
	for (size_t i = 0; i < countof(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", top, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	return failed ? 1 : 0;
}
