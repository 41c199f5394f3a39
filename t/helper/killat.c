/*
 * killat.c - run a command and kill it, with all its children and threads, at
 * one exact system call. Calls are counted over the whole tree, by one
 * counter (strace counts each name apart, so it cannot enumerate the points of
 * a run).
 *
 *	killat 17 CMD ARGS		SIGKILL at the entry of the 17th call
 *	killat --exit 17 CMD ARGS	after its effect, before the caller sees it
 *	killat --only effects 3 ...	count only calls that change something
 *	killat --after-send COMMIT 1 CMD  kill when the first message with that
 *					text was sent, the answer not read
 *
 * Counting starts after the execve of CMD. The status is 137 after a kill,
 * else the command's own. With --only the kernel stops the tree at the named
 * calls alone (seccomp), so the rest runs at full speed.
 */
#include "base/base.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATUS_KILLED 137
#define STATUS_TROUBLE 125
#define MAX_ONLY 64
#define MAX_TREE 1024
#define MAX_SENT ((size_t)64 << 10)	/* bytes of a message that are looked at */
#define NR_CREAT (-2)			/* openat with O_CREAT */

static const struct { const char *name; int nr; } names[] = {
	{ "write", __NR_write }, { "pwrite64", __NR_pwrite64 }, { "writev", __NR_writev },
	{ "sendto", __NR_sendto }, { "sendmsg", __NR_sendmsg }, { "connect", __NR_connect },
	{ "shutdown", __NR_shutdown }, { "fsync", __NR_fsync }, { "fdatasync", __NR_fdatasync },
	{ "flock", __NR_flock }, { "ftruncate", __NR_ftruncate }, { "mkdirat", __NR_mkdirat },
	{ "linkat", __NR_linkat }, { "unlinkat", __NR_unlinkat },
	{ "renameat2", __NR_renameat2 }, { "exit_group", __NR_exit_group },
#ifdef __NR_renameat
	{ "renameat", __NR_renameat },
#endif
#ifdef __NR_rename
	{ "rename", __NR_rename }, { "link", __NR_link }, { "unlink", __NR_unlink },
	{ "mkdir", __NR_mkdir }, { "rmdir", __NR_rmdir },
#endif
	{ "utimensat", __NR_utimensat }, { "syncfs", __NR_syncfs }, { "fchmod", __NR_fchmod },
	{ "creat", NR_CREAT },
	/* what follows is not in "effects" */
#define NR_EFFECTS (countof(names) - 4)
	{ "openat", __NR_openat }, { "read", __NR_read }, { "recvfrom", __NR_recvfrom },
	{ "close", __NR_close },
};

struct options {
	long point;
	bool at_exit;
	int only[MAX_ONLY];
	size_t nr_only;
	const char *count_file;
	const char *text;	/* --after-send */
	unsigned hold_ms, timeout_s;
	bool verbose;
};

struct tree {
	pid_t root;
	pid_t pid[MAX_TREE];
	size_t nr;
	long count;
	pid_t victim;		/* its call was entered; it dies at the exit */
	long victim_call;
	int root_status;
	bool started;		/* execve is over */
};

static NORETURN void
trouble(const char *what)
{
	perror(what);
	exit(STATUS_TROUBLE);
}

static NORETURN void
usage(void)
{
	fputs("usage: killat [--exit] [--only LIST|effects] [--count FILE] [--timeout S] [-v]\n"
	    "              [--after-send TEXT [--hold MS]] N CMD [ARG...]\n", stderr);
	exit(64);
}

static void
tree_add(struct tree *t, pid_t pid)
{
	for (size_t i = 0; i < t->nr; i++)
		if (t->pid[i] == pid)
			return;
	if (t->nr == MAX_TREE)
		exit(STATUS_TROUBLE);
	t->pid[t->nr++] = pid;
}

static void
tree_remove(struct tree *t, pid_t pid)
{
	for (size_t i = 0; i < t->nr; i++)
		if (t->pid[i] == pid) {
			t->pid[i] = t->pid[--t->nr];
			return;
		}
}

/* Everybody is dead and reaped when this returns, so no lock is held and no
 * effect can still come. */
static void
tree_kill(struct tree *t)
{
	int status;
	pid_t pid;

	for (size_t i = 0; i < t->nr; i++)
		kill(t->pid[i], SIGKILL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR)
		if (pid > 0 && WIFSTOPPED(status))
			kill(pid, SIGKILL);	/* born in the meantime */
}

_Static_assert(offsetof(struct __ptrace_syscall_info, entry.args) ==
    offsetof(struct __ptrace_syscall_info, seccomp.args), "both stops alike");

static void
parse_only(struct options *o, const char *list)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ",");
		bool effects = n == 7 && memcmp(list, "effects", 7) == 0, found = effects;

		for (size_t i = 0; i < countof(names); i++) {
			bool same = strlen(names[i].name) == n && memcmp(names[i].name, list, n) == 0;

			if (!same && !(effects && i < NR_EFFECTS))
				continue;
			if (o->nr_only == MAX_ONLY)
				usage();
			o->only[o->nr_only++] = names[i].nr;
			found = true;
		}
		if (!found) {
			fprintf(stderr, "killat: no call \"%.*s\" in --only\n", (int)n, list);
			exit(64);
		}
		list += n + (list[n] == ',');
	}
}

/* A filter that stops at the wanted calls and lets all others pass. */
static void
install_filter(const struct options *o)
{
	struct sock_filter code[4 * MAX_ONLY + 2];
	struct sock_fprog prog;
	unsigned short n = 0;

	for (size_t i = 0; i < o->nr_only; i++) {
		bool creat = o->only[i] == NR_CREAT;
		unsigned nr = (unsigned)(creat ? __NR_openat : o->only[i]);

		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr));
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, creat ? 3 : 1);
		if (creat) {
			/* the low half of the flags: both machines are little-endian */
			code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			    offsetof(struct seccomp_data, args[2]));
			code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,
			    O_CREAT, 0, 1);
		}
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prog = (struct sock_fprog){ n, code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		trouble("seccomp");
}

static ssize_t
peek(pid_t pid, uint64_t at, void *buf, size_t n)
{
	return process_vm_readv(pid, &(struct iovec){ buf, n }, 1,
	    &(struct iovec){ (void *)(uintptr_t)at, n }, 1, 0);
}

/* Does this call send a message that holds text? The entry and seccomp stops
 * give nr and args at the same place. */
static bool
call_sends(pid_t pid, const struct __ptrace_syscall_info *info, const char *text)
{
	static char buf[MAX_SENT];
	const uint64_t *args = info->entry.args;
	long nr = (long)info->entry.nr;
	struct msghdr msg = { .msg_iov = (void *)(uintptr_t)args[1], .msg_iovlen = args[2] };
	struct iovec part[8] = { { (void *)(uintptr_t)args[1], MIN((size_t)args[2], sizeof(buf)) } };
	unsigned long count = 1;
	ssize_t got;

	if (nr == __NR_sendmsg && peek(pid, args[1], &msg, sizeof(msg)) < 0)
		return false;
	if (nr == __NR_writev || nr == __NR_sendmsg) {
		count = MIN(msg.msg_iovlen, countof(part));
		if (peek(pid, (uintptr_t)msg.msg_iov, part, count * sizeof(part[0])) < 0)
			return false;
	} else if (nr != __NR_write && nr != __NR_sendto) {
		return false;
	}
	got = process_vm_readv(pid, &(struct iovec){ buf, sizeof(buf) }, 1, part, count, 0);
	return got > 0 && memmem(buf, (size_t)got, text, strlen(text)) != NULL;
}

/* A call is about to happen: count it. True when the tree is to die here. */
static bool
call_entered(struct tree *t, const struct options *o, pid_t pid,
    const struct __ptrace_syscall_info *info)
{
	if (t->victim != 0 || !t->started || (o->text != NULL && !call_sends(pid, info, o->text)))
		return false;
	if (++t->count != o->point)
		return false;
	t->victim = pid;
	t->victim_call = (long)info->entry.nr;
	return !o->at_exit;
}

/* True when the tree is to die now; else *request and *signal go on with pid. */
static bool
stopped(struct tree *t, const struct options *o, pid_t pid, int status, enum __ptrace_request *request,
    int *signal_nr)
{
	struct __ptrace_syscall_info info;
	int sig = WSTOPSIG(status), event = status >> 16;

	*request = o->nr_only > 0 ? PTRACE_CONT : PTRACE_SYSCALL;
	*signal_nr = 0;
	if (event == PTRACE_EVENT_EXEC) {
		t->started = true;
	} else if (event == PTRACE_EVENT_SECCOMP || sig == (SIGTRAP | 0x80)) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
			return false;	/* it was killed by somebody else */
		if (info.op == PTRACE_SYSCALL_INFO_EXIT)
			return pid == t->victim;
		if (call_entered(t, o, pid, &info))
			return true;
	} else if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
		*request = PTRACE_LISTEN;	/* job control; SIGTRAP: a new child */
	} else if (event == 0) {
		*signal_nr = sig;
	}
	if (pid == t->victim)
		*request = PTRACE_SYSCALL;
	return false;
}

/* True: killed at the point. False: the tree ended by itself. */
static bool
follow(struct tree *t, const struct options *o)
{
	enum __ptrace_request request;
	int status, sig;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return t->victim != 0;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			tree_remove(t, pid);
			if (pid == t->root)
				t->root_status = WIFEXITED(status) ? WEXITSTATUS(status) :
				    128 + WTERMSIG(status);
			if (pid == t->victim)
				return true;	/* the point was its exit */
			continue;
		}
		tree_add(t, pid);
		if (stopped(t, o, pid, status, &request, &sig))
			return true;
		ptrace(request, pid, 0, (long)sig);
	}
}

static pid_t
start(const struct options *o, char **argv)
{
	int gate[2];
	char c;
	pid_t pid;

	if (pipe(gate) < 0 || (pid = fork()) < 0)
		trouble("fork");
	if (pid == 0) {
		close(gate[1]);
		if (read(gate[0], &c, 1) != 1)	/* until we are traced */
			_exit(STATUS_TROUBLE);
		close(gate[0]);
		if (o->nr_only > 0)
			install_filter(o);
		execvp(argv[0], argv);
		fprintf(stderr, "killat: could not run \"%s\": %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
	    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL |
	    PTRACE_O_TRACESECCOMP) < 0)
		trouble("ptrace");
	close(gate[0]);
	if (o->nr_only == 0 && ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0)
		trouble("ptrace");	/* a stop, from which it is sent on by calls */
	if (write(gate[1], "x", 1) != 1)
		trouble("pipe");
	close(gate[1]);
	return pid;
}

static void
parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "exit", no_argument, NULL, 'x' }, { "only", required_argument, NULL, 'o' },
		{ "count", required_argument, NULL, 'c' }, { "after-send", required_argument, NULL, 's' },
		{ "hold", required_argument, NULL, 'H' }, { "timeout", required_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' }, { NULL, 0, NULL, 0 },
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "+v", longs, NULL)) != -1) {
		switch (c) {
		case 'x': o->at_exit = true; break;
		case 'o': parse_only(o, optarg); break;
		case 'c': o->count_file = optarg; break;
		case 's': o->text = optarg; break;
		case 'H': o->hold_ms = (unsigned)strtoul(optarg, NULL, 10); break;
		case 't': o->timeout_s = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'v': o->verbose = true; break;
		default: usage();
		}
	}
	if (argc - optind < 2)
		usage();
	o->point = strtol(argv[optind], &end, 10);
	if (*end != '\0' || o->point < 0)
		usage();
	if (o->text != NULL) {
		o->at_exit = true;
		if (o->nr_only == 0)
			parse_only(o, "write,writev,sendto,sendmsg");
	}
}

int
main(int argc, char **argv)
{
	struct options o = { .timeout_s = 300 };
	struct tree t = { 0 };
	bool killed;
	FILE *f;

	parse(&o, argc, argv);
	alarm(o.timeout_s);	/* its default action, and ptrace's EXITKILL, end all */
	t.root = start(&o, argv + optind + 1);
	tree_add(&t, t.root);
	killed = follow(&t, &o);
	if (killed && o.hold_ms > 0)
		nanosleep(&(struct timespec){ o.hold_ms / 1000, o.hold_ms % 1000 * 1000000L }, NULL);
	tree_kill(&t);
	if (o.count_file != NULL) {
		f = fopen(o.count_file, "w");
		if (f == NULL || fprintf(f, "%ld\n", t.count) < 0 || fclose(f) != 0)
			trouble(o.count_file);
	}
	if (o.verbose && killed)
		fprintf(stderr, "killat: killed at the %s of call %ld, system call %ld\n",
		    o.at_exit ? "exit" : "entry", t.count, t.victim_call);
	return killed ? STATUS_KILLED : t.root_status;
}
