/* What a sandbox ends, and how it tells: limits, deadlines, crashes. */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "t/unit/sandbox-test.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ADDRESS_LIMIT false
#else
#define HAVE_ADDRESS_LIMIT true
#endif

static int yes = 1;

static int
copy(void *arg, int in, int out)
{
	char buf[512];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			return 99;
	return *(int *)arg;
}

START_TEST(output_and_status)
{
	struct str out = STR_INIT;
	int p[2], want = 42, status;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(write(p[1], "hello\0you", 9), 9);
	close(p[1]);
	ck_assert_int_eq(run(&usual, p[0], copy, &want, &out, &status), SANDBOX_DONE);
	ck_assert_int_eq(status, 42);
	ck_assert(slice_eq(str_slice(&out), (struct slice){ "hello\0you", 9 }));
	close(p[0]);
	str_release(&out);
}
END_TEST

/* Only in, out and stderr; 0 and 1 lead nowhere. */
static int
count_descriptors(void *arg, int in, int out)
{
	int extra = 0;

	(void)arg;
	for (int fd = 3; fd < 400; fd++)
		extra += fd != in && fd != out && fcntl(fd, F_GETFD) >= 0;
	if (write(STDOUT_FILENO, "lost\n", 5) != 5 || read(STDIN_FILENO, &in, 1) != 0)
		return 98;
	return extra;
}

START_TEST(descriptors)
{
	struct str out = STR_INIT;
	int fd[4], status;

	for (size_t i = 0; i < countof(fd); i++)
		ck_assert_int_ge(fd[i] = open("/dev/zero", O_RDONLY), 0);
	ck_assert_int_eq(dup2(fd[0], 350), 350);
	ck_assert_int_eq(run(&usual, fd[2], count_descriptors, NULL, &out, &status), SANDBOX_DONE);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(run(&usual, -1, count_descriptors, NULL, &out, &status), SANDBOX_DONE);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(out.len, 0);
	str_release(&out);
}
END_TEST

static int
spin(void *arg, int in, int out)
{
	(void)in, (void)out;
	if (arg)
		signal(SIGXCPU, SIG_IGN);
	for (volatile unsigned i = 0; *(volatile int *)&yes; i++)
		;
	return 0;
}

START_TEST(cpu)
{
	struct sandbox_limits l = usual;
	struct str out = STR_INIT;
	int status;

	l.cpu_s = 1;
	ck_assert_int_eq(run(&l, -1, spin, NULL, &out, &status), SANDBOX_CPU);
	ck_assert_int_eq(status, SIGXCPU);
	ck_assert_int_eq(run(&l, -1, spin, &yes, &out, &status), SANDBOX_CPU);
	ck_assert_int_eq(status, SIGKILL);
	str_release(&out);
}
END_TEST

static int
sleep_on(void *arg, int in, int out)
{
	sigset_t all;

	(void)arg, (void)in;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	say(out, "asleep");
	while (yes)
		nanosleep(&(struct timespec){ 1000, 0 }, NULL);
	return 0;
}

/* The reader of its output is not left waiting either. */
START_TEST(deadline)
{
	struct sandbox_limits l = usual;
	struct str out = STR_INIT;
	int status;

	l.wall_ms = 200;
	ck_assert_int_eq(run(&l, -1, sleep_on, NULL, &out, &status), SANDBOX_WALL);
	ck_assert_int_eq(status, SIGKILL);
	ck_assert_str_eq(out.buf, "asleep\n");
	str_release(&out);
}
END_TEST

START_TEST(killed)
{
	struct err err = ERR_INIT;
	struct sandbox *s = sandbox_start(&usual, -1, sleep_on, NULL, &err);
	int status;

	ck_assert_ptr_nonnull(s);
	sandbox_kill(s);
	ck_assert_int_eq(sandbox_finish(s, &status), SANDBOX_KILLED);
	ck_assert_int_eq(status, SIGKILL);
}
END_TEST

/* Where it may start processes, all of them end with it: out is open in each. */
static int
bomb(void *arg, int in, int out)
{
	for (int i = 0; i < 30; i++)
		if (fork() == 0)
			return sleep_on(arg, in, out);
	return arg ? 0 : sleep_on(arg, in, out);
}

START_TEST(bombs)
{
	const char *paths[] = { NULL };
	struct sandbox_limits l = usual;
	struct str out = STR_INIT;
	int status;

	l.exec = true;
	l.read_paths = paths;
	l.wall_ms = 500;
	ck_assert_int_eq(run(&l, -1, bomb, NULL, &out, &status), SANDBOX_WALL);
	ck_assert_uint_ge(out.len, 7);
	/* it ends itself, and leaves them behind */
	ck_assert_int_eq(run(&l, -1, bomb, &yes, &out, &status), SANDBOX_DONE);
	str_release(&out);
}
END_TEST

static int
map_much(void *arg, int in, int out)
{
	void *p = mmap(NULL, 512 * MIB, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)arg, (void)in, (void)out;
	return p == MAP_FAILED && errno == ENOMEM ? 5 : 6;
}

static int
grow(void *arg, int in, int out)
{
	struct str s = STR_INIT;
	char block[65536];

	(void)in, (void)out;
	memset(block, 'x', sizeof(block));
	/* quietly */
	close(STDERR_FILENO);
	for (uint64_t n = 0; n < 1024 * MIB; n += sizeof(block)) {
		if (!arg) {
			str_add(&s, block, sizeof(block));
			continue;
		}
		void *p = malloc(sizeof(block));

		if (!p)
			abort();
		memset(p, 1, sizeof(block));
	}
	return 0;
}

START_TEST(memory)
{
	struct sandbox_limits l = usual;
	struct str out = STR_INIT;
	int status;

	if (!HAVE_ADDRESS_LIMIT) {
		printf("# SKIP a sanitizer needs its addresses\n");
		return;
	}
	l.memory = 256 * MIB;
	ck_assert_int_eq(run(&l, -1, map_much, NULL, &out, &status), SANDBOX_DONE);
	ck_assert_int_eq(status, 5);
	ck_assert_int_eq(run(&l, -1, grow, NULL, &out, &status), SANDBOX_MEMORY);
	ck_assert_int_eq(status, EXIT_BUG);
	ck_assert_int_eq(run(&l, -1, grow, &yes, &out, &status), SANDBOX_MEMORY);
	ck_assert_int_eq(status, SIGABRT);
	str_release(&out);
}
END_TEST

static int
crash(void *arg, int in, int out)
{
	(void)arg, (void)in;
	say(out, "before");
	abort();
}

START_TEST(crashes)
{
	struct str out = STR_INIT;
	int status;

	ck_assert_int_eq(run(&usual, -1, crash, NULL, &out, &status), SANDBOX_KILLED);
	ck_assert_int_eq(status, SIGABRT);
	ck_assert_str_eq(out.buf, "before\n");
	str_release(&out);
}
END_TEST

/* What it may write ends with an error, not with its death. */
static int
fill(void *arg, int in, int out)
{
	char block[1000] = { 0 };
	int n = 0;

	(void)arg, (void)out;
	while (write(in, block, sizeof(block)) == (ssize_t)sizeof(block) && n < 100)
		n++;
	return errno == EFBIG ? n : 99;
}

START_TEST(file_size)
{
	struct sandbox_limits l = usual;
	struct str out = STR_INIT;
	FILE *f = tmpfile(), *e = tmpfile();
	int status, saved = dup(STDERR_FILENO);

	ck_assert(f && e);
	l.file_bytes = 10000;
	ck_assert_int_ge(dup2(open("/dev/null", O_WRONLY), STDERR_FILENO), 0);
	ck_assert_int_eq(run(&l, fileno(f), fill, NULL, &out, &status), SANDBOX_DONE);
	ck_assert_int_eq(status, 10);
	/* a log on stderr is written whatever the limit */
	l.file_bytes = 0;
	ck_assert_int_ge(dup2(fileno(e), STDERR_FILENO), 0);
	ck_assert_int_eq(run(&l, STDERR_FILENO, fill, NULL, &out, &status), SANDBOX_DONE);
	ck_assert_int_eq(status, 99);
	dup2(saved, STDERR_FILENO);
	fclose(f);
	fclose(e);
	str_release(&out);
}
END_TEST

/* The caller is killed: nobody stays. The child holds p[1] as its `in`. */
START_TEST(dies_with_its_caller)
{
	struct sandbox_limits l = usual;
	struct pollfd end = { .events = POLLIN };
	int p[2];
	pid_t pid;
	char c;

	l.wall_ms = 30000;
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		struct err err = ERR_INIT;
		struct sandbox *s = sandbox_start(&l, p[1], sleep_on, NULL, &err);

		(void)!write(p[1], s ? "y" : "n", 1);
		for (;;)
			pause();
	}
	close(p[1]);
	ck_assert_int_eq(read(p[0], &c, 1), 1);
	ck_assert_int_eq(c, 'y');
	kill(pid, SIGKILL);
	/* long before its deadline */
	end.fd = p[0];
	ck_assert_int_eq(poll(&end, 1, (int)l.wall_ms / 2), 1);
	ck_assert_int_eq(read(p[0], &c, 1), 0);
	waitpid(pid, NULL, 0);
	close(p[0]);
}
END_TEST

static int
read_anothers(void *arg, int in, int out)
{
	(void)in, (void)out;
	return open(arg, O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

/* A kernel without Landlock, seccomp and close_range: the rest is there, and root is without
 * its powers. */
START_TEST(layers_left_out)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	struct sandbox_limits l = usual;
	struct str out = STR_INIT;
	int status, fd;

	if (lacks(SANDBOX_SECCOMP, "seccomp"))
		return;
	ck_assert_int_eq(sandbox_layers() & SANDBOX_RLIMITS, SANDBOX_RLIMITS);
	ck_assert_ptr_nonnull(ctx);
	seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
	seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(close_range), 0);
	seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
	    SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
	seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0);
	ck_assert_int_eq(seccomp_load(ctx), 0);
	seccomp_release(ctx);
	ck_assert_uint_eq(sandbox_layers(), SANDBOX_RLIMITS);
	ck_assert_int_ge(fd = open("/dev/zero", O_RDONLY), 0);
	ck_assert_int_eq(dup2(fd, 350), 350);
	ck_assert_int_eq(run(&l, -1, count_descriptors, NULL, &out, &status), SANDBOX_DONE);
	ck_assert_int_eq(status, 0);
	if (geteuid() == 0) {
		char file[] = "/tmp/u-sandbox.XXXXXX";

		ck_assert_int_ge(fd = mkstemp(file), 0);
		ck_assert_int_eq(fchown(fd, NOBODY, NOBODY), 0);
		ck_assert_int_eq(run(&l, -1, read_anothers, file, &out, &status), SANDBOX_DONE);
		ck_assert_int_eq(status, 0);
		unlink(file);
	}
	l.wall_ms = 200;
	ck_assert_int_eq(run(&l, -1, sleep_on, NULL, &out, &status), SANDBOX_WALL);
	str_release(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox");
	TCase *tc = tcase_create("sandbox");

	suite_add_tcase(s, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, output_and_status);
	tcase_add_test(tc, descriptors);
	tcase_add_test(tc, cpu);
	tcase_add_test(tc, deadline);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, bombs);
	tcase_add_test(tc, memory);
	tcase_add_test(tc, crashes);
	tcase_add_test(tc, file_size);
	tcase_add_test(tc, dies_with_its_caller);
	tcase_add_test(tc, layers_left_out);
	return run_suite(s);
}
