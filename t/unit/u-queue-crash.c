/* The queue of notify when a process dies at any system call, or the disk is full. */
#include "t/unit/queue-test.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

/* Run fn in a child that stops at its system calls. */
static pid_t
traced(void (*fn)(const char *id), const char *id)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(99);
		raise(SIGSTOP);
		fn(id);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSTOPPED(status), "this test needs ptrace");
	ptrace(PTRACE_SETOPTIONS, pid, NULL,
	    (void *)(uintptr_t)(PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD));
	return pid;
}

/* To the next entry or exit of a call. false: it ended, and well. */
static bool
next_stop(pid_t pid)
{
	int status;

	do {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			ck_assert_int_eq(WEXITSTATUS(status), 0);
			return false;
		}
		ck_assert(WIFSTOPPED(status));
	} while (WSTOPSIG(status) != (SIGTRAP | 0x80));
	return true;
}

/* Kill it at the entry of its nth call; at_exit: when that has had its effect. false:
 * it made fewer. */
static bool
killed_at(void (*fn)(const char *id), const char *id, long n, bool at_exit)
{
	pid_t pid = traced(fn, id);

	for (long stops = 0, last = 2 * n - (at_exit ? 0 : 1); stops < last; stops++)
		if (!next_stop(pid))
			return false;
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return true;
}

static struct queue shared = QUEUE_INIT;

static void
do_put(const char *id)
{
	char other[40];

	snprintf(other, sizeof(other), "%sx", id);
	if (put(&shared, id, HOUR_MS, NOW) < 0 || put(&shared, other, HOUR_MS, NOW) < 0 ||
	    queue_sync(&shared, &err) < 0)
		_exit(1);
}

static void
do_sent(const char *id)
{
	struct delivery d = DELIVERY_INIT;

	if (take(&shared, id, NOW, &d) != 1 || queue_sent(&shared, &d, NOW, &err) < 0 ||
	    queue_sync(&shared, &err) < 0)
		_exit(1);
}

static void
do_defer(const char *id)
{
	struct delivery d = DELIVERY_INIT;

	if (take(&shared, id, NOW, &d) != 1)
		_exit(1);
	d.attempts = 7;
	if (queue_defer(&shared, &d, NOW + SECOND, &err) < 0 || queue_sync(&shared, &err) < 0)
		_exit(1);
}

static void
do_dead(const char *id)
{
	struct delivery d = DELIVERY_INIT;

	if (take(&shared, id, NOW, &d) != 1)
		_exit(1);
	d.last_error = xstrdup("HTTP 500");
	if (queue_dead(&shared, &d, &err) < 0 || queue_sync(&shared, &err) < 0)
		_exit(1);
}

static void
do_redrive(const char *id)
{
	if (queue_redrive(&shared, "ops", id, NOW, &err) != 1)
		_exit(1);
}

static const struct {
	const char *name;
	void (*fn)(const char *id);
	const char *before;	/* where it is: n, d, or not at all */
	const char *may;	/* where it may be after a kill */
	const char *after;	/* where it is when the call ends */
} steps[] = {
	{ "put", do_put, "", "n", "n" },
	{ "sent", do_sent, "n", "ns", "s" },
	{ "defer", do_defer, "n", "n", "n" },
	{ "dead", do_dead, "n", "nd", "d" },
	{ "redrive", do_redrive, "d", "dn", "n" },
};

static int *result;

static void
do_put_only(const char *id)
{
	*result = put(&shared, id, HOUR_MS, NOW);
	if (queue_sync(&shared, &err) < 0)
		_exit(1);
}

/* At each call of a put another process puts the same id and sends it: whoever was first
 * with the name has it, and what was sent does not wait again. */
START_TEST(settled_while_put)
{
	struct delivery d = DELIVERY_INIT;
	unsigned others = 0, ours = 0;
	bool end = false;

	open_queue(&shared);
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(result, MAP_FAILED);
	for (long n = 1; !end; n++) {
		char id[40];
		pid_t pid;
		int rc;

		snprintf(id, sizeof(id), "p%ld", n);
		pid = traced(do_put_only, id);
		for (long stops = 0; !end && stops < n; stops++)
			end = !next_stop(pid);
		rc = put(&shared, id, HOUR_MS, NOW);
		ck_assert_int_eq(queue_sync(&shared, &err), 0);
		if (take(&shared, id, NOW, &d) == 1)
			ck_assert_int_eq(queue_sent(&shared, &d, NOW, &err), 0);
		while (!end && next_stop(pid))
			;
		ck_assert_msg(rc == 1 || *result == 1, "stop %ld: put says %d and %d", n, rc, *result);
		ck_assert_msg(strcmp(where(id), "s") == 0 || (!rc && strcmp(where(id), "n") == 0),
		    "stop %ld: it is in \"%s\"", n, where(id));
		others += rc == 1;
		ours += rc == 0;
	}
	ck_assert_uint_gt(others, 10);
	ck_assert_uint_gt(ours, 2);
	delivery_release(&d);
	queue_release(&shared);
}
END_TEST

/* Whatever is not sent can be sent by the next one that comes, and is whole. */
static void
deliver(const char *id, const char *name, long n)
{
	struct delivery d = DELIVERY_INIT;
	const char *in = where(id);

	ck_assert_msg(strlen(in) == 1, "%s killed at call %ld: it is in \"%s\"", name, n, in);
	if (*in == 'd')
		ck_assert_int_eq(queue_redrive(&shared, NULL, id, NOW, &err), 1);
	if (*in != 's') {
		ck_assert_msg(take(&shared, id, clock_now_us() + NOW, &d) == 1, "%s killed at call %ld",
		    name, n);
		ck_assert_int_eq(queue_sent(&shared, &d, NOW, &err), 0);
	}
	ck_assert_str_eq(where(id), "s");
	delivery_release(&d);
}

/* Dot-files. */
static size_t
temps(const char *part)
{
	DIR *dir = opendir(at(part, ""));
	size_t nr = 0;

	ck_assert_ptr_nonnull(dir);
	for (struct dirent *e; (e = readdir(dir));)
		nr += e->d_name[0] == '.' && e->d_name[1] && e->d_name[1] != '.';
	closedir(dir);
	return nr;
}

START_TEST(killed_at_each_call)
{
	int step = _i / 2;
	bool at_exit = _i % 2;
	struct delivery d = DELIVERY_INIT;
	long n, kills = 0;

	open_queue(&shared);
	for (n = 1;; n++, kills++) {
		char id[40];
		bool killed;

		snprintf(id, sizeof(id), "%s%ld", steps[step].name, n);
		if (*steps[step].before) {
			put_now(&shared, id);
			if (*steps[step].before == 'd') {
				ck_assert_int_eq(take(&shared, id, NOW, &d), 1);
				ck_assert_int_eq(queue_dead(&shared, &d, &err), 0);
			}
		}
		killed = killed_at(steps[step].fn, id, n, at_exit);
		if (!killed)
			ck_assert_str_eq(where(id), steps[step].after);
		ck_assert_msg(*where(id) || !*steps[step].before, "%s killed at %ld: gone",
		    steps[step].name, n);
		if (*where(id))
			ck_assert_msg(strchr(steps[step].may, *where(id)) != NULL, "%s killed at %ld: in %s",
			    steps[step].name, n, where(id));
		else
			/* not claimed yet: whoever knows of it puts it again */
			put_now(&shared, id);
		deliver(id, steps[step].name, n);
		if (!killed)
			break;
	}
	ck_assert_int_ge(kills, 8);
	/* what the dead left behind goes */
	ck_assert_int_eq(queue_prune(&shared, 0, clock_now_us() + 7200 * SECOND, &err), 0);
	ck_assert_uint_eq(count("dead"), 0);
	ck_assert_uint_eq(temps("new") + temps("dead"), 0);
	delivery_release(&d);
	queue_release(&shared);
}
END_TEST

/* A disk that is full: told as such, and what was queued is whole. */
START_TEST(disk_full)
{
	struct queue q = QUEUE_INIT;
	struct fs_names names = FS_NAMES_INIT;
	struct delivery d = DELIVERY_INIT;
	char path[80], id[16];
	int i, queued = 0, rc = 0;

	snprintf(path, sizeof(path), "%s/spool", top);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", path, "tmpfs", 0, "size=256k") < 0) {
		puts("# disk_full: skipped, no mounts here");
		return;
	}
	open_queue(&q);
	for (i = 0; i < 1000 && rc >= 0; i++) {
		snprintf(id, sizeof(id), "i%d", i);
		rc = put(&q, id, HOUR_MS, NOW);
		if (rc >= 0)
			rc = queue_sync(&q, &err);
		queued += rc >= 0;
	}
	ck_assert_int_eq(rc, -1);
	ck_assert_msg(err.kind == ERR_TEMP, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, "No space left"));
	ck_assert_ptr_nonnull(err.hint);
	err_release(&err);
	ck_assert_int_eq(queue_due(&q, NOW, 1000, NULL, NULL, &names, &err), 0);
	ck_assert_uint_eq(names.nr, (size_t)queued);
	ck_assert_int_gt(queued, 10);
	/* one that fails now cannot be written anew, and stays as it was */
	ck_assert_int_eq(take(&q, "i0", NOW, &d), 1);
	d.attempts = 1;
	rc = queue_defer(&q, &d, NOW + SECOND, &err);
	if (rc < 0) {
		ck_assert_int_eq(err.kind, ERR_TEMP);
		err_release(&err);
	}
	delivery_release(&d);
	/* to move what was sent needs no room */
	for (i = 1; i < queued; i++) {
		ck_assert_int_eq(take(&q, names.name[i] + 4, NOW, &d), 1);
		ck_assert_int_eq(queue_sent(&q, &d, NOW, &err), 0);
	}
	ck_assert_uint_eq(count("sent"), (size_t)queued - 1);
	delivery_release(&d);
	fs_names_release(&names);
	queue_release(&q);
	umount2(path, MNT_DETACH);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("queue-crash");
	TCase *t = tcase_create("crash");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, killed_at_each_call, 0, 2 * (int)countof(steps));
	tcase_add_test(t, settled_while_put);
	tcase_add_test(t, disk_full);
	suite_add_tcase(s, t);
	return run_suite(s);
}
