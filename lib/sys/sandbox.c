#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sys/sandbox_private.h"

/*
 * Two processes: the child, which reads the hostile data, and its keeper, which reads
 * nothing and ends it at the deadline. An alarm in the child would do the same as long as the
 * child is well-behaved, and then it would not be needed; and the caller may sit in a
 * read of what the child writes, so it cannot be the one who looks at the clock. All three die
 * with the one above them (PR_SET_PDEATHSIG).
 */

enum what { NOTE_READY, NOTE_REFUSED, NOTE_END };

/* What keeper and child tell; smaller than PIPE_BUF, so it arrives whole. */
struct note {
	enum what what;
	int status;		/* of wait(2); of a refusal errno */
	bool deadline;
	int64_t cpu_ms, rss;
	char layer[24];
};

struct sandbox {
	pid_t keeper;
	int out, notes;
	struct sandbox_limits limits;
};

struct job {
	const struct sandbox_limits *limits;
	int in, out, notes;
	int (*fn)(void *arg, int in, int out);
	void *arg;
	pid_t parent;
};

static void
tell(int fd, const struct note *n)
{
	/* nobody listens: then nobody needs it */
	while (write(fd, n, sizeof(*n)) < 0 && errno == EINTR)
		;
}

static void
refuse(int fd, const char *layer, int errnum)
{
	struct note n = { .what = NOTE_REFUSED, .status = errnum };

	snprintf(n.layer, sizeof(n.layer), "%s", layer);
	tell(fd, &n);
	_exit(EXIT_BUG);
}

/* false at the end, without a note. */
static bool
hear(int fd, struct note *n)
{
	ssize_t got;

	do
		got = read(fd, n, sizeof(*n));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(*n);
}

/* Ends with the process above, also when that was quicker. */
static void
die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_BUG);
}

NORETURN static void
be_child(const struct job *job, pid_t keeper)
{
	struct note ready = { .what = NOTE_READY };
	const char *layer;
	sigset_t none;

	die_with(keeper);
	setpgid(0, 0);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	/* a file that is full is an error of write(2), no death */
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (sandbox_confine(job->limits, job->in, job->out, job->notes, &layer) < 0)
		refuse(job->notes, layer, errno);
	tell(job->notes, &ready);
	close(job->notes);
	_exit(job->fn(job->arg, job->in, job->out) & 0xff);
}

/* Until the child ends, or has to. It is left as a zombie, so that its number stays its own. */
static bool
keep_watch(pid_t child, uint64_t wall_ms)
{
	int64_t end = clock_mono_ms() + (int64_t)MIN(wall_ms, (uint64_t)INT64_MAX / 2);
	bool deadline = false, told = false;
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGTERM);
	for (;;) {
		int64_t left = wall_ms && !told ? MAX(end - clock_mono_ms(), 0) : 1000;
		struct timespec wait = { left / 1000, left % 1000 * 1000000 };
		siginfo_t si = { .si_pid = 0 };
		int sig;

		if (waitid(P_PID, (id_t)child, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    si.si_pid == child)
			return deadline;
		if (left == 0)
			deadline = told = true;
		if (told)
			kill(-child, SIGKILL), kill(child, SIGKILL);
		sig = sigtimedwait(&wanted, NULL, &wait);
		told |= sig == SIGTERM;
	}
}

NORETURN static void
be_keeper(struct job *job)
{
	struct note end = { .what = NOTE_END };
	pid_t self = getpid(), child;
	struct rusage use;

	die_with(job->parent);
	/* a child that ends must be waited for */
	signal(SIGCHLD, SIG_DFL);
	child = fork();
	if (child == 0)
		be_child(job, self);
	if (child < 0)
		refuse(job->notes, "a second process", errno);
	setpgid(child, child);
	/* the pipe must end with the child */
	sandbox_close_but(&job->notes, 1);
	end.deadline = keep_watch(child, job->limits->wall_ms);
	kill(-child, SIGKILL);	/* what it left behind */
	while (wait4(child, &end.status, 0, &use) < 0 && errno == EINTR)
		;
	end.cpu_ms = (int64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 +
	    (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000;
	end.rss = (int64_t)use.ru_maxrss * 1024;
	tell(job->notes, &end);
	_exit(0);
}

/* fork with all signals blocked: no handler of the caller's runs in the keeper. */
static pid_t
start_keeper(struct job *job)
{
	sigset_t all, before;
	pid_t pid;
	int errnum;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	job->parent = getpid();
	pid = fork();
	if (pid == 0)
		be_keeper(job);
	errnum = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = errnum;
	return pid;
}

static void
reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

struct sandbox *
sandbox_start(const struct sandbox_limits *l, int in, int (*fn)(void *arg, int in, int out),
    void *arg, struct err *err)
{
	struct job job = { .limits = l, .in = in, .fn = fn, .arg = arg };
	int out[2] = { -1, -1 }, notes[2] = { -1, -1 };
	struct sandbox *s = NULL;
	struct note n;
	pid_t pid = -1;
	bool heard;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(notes, O_CLOEXEC) < 0) {
		err_setno(err, "could not make a pipe");
		goto fail;
	}
	job.out = out[1];
	job.notes = notes[1];
	pid = start_keeper(&job);
	if (pid < 0) {
		err_setno(err, "could not make a process");
		goto fail;
	}
	close(out[1]);
	close(notes[1]);
	out[1] = notes[1] = -1;
	heard = hear(notes[0], &n);
	if (!heard || n.what != NOTE_READY) {
		if (heard && n.what == NOTE_REFUSED)
			err_set(err, ERR_IO, "could not confine a process (%s): %s", n.layer,
			    strerror(n.status));
		else
			err_set(err, ERR_TEMP, "a process died before it began");
		goto fail;
	}
	s = xmalloc(sizeof(*s));
	*s = (struct sandbox){ pid, out[0], notes[0], *l };
	return s;
fail:
	for (int i = 0; i < 2; i++) {
		if (out[i] >= 0)
			close(out[i]);
		if (notes[i] >= 0)
			close(notes[i]);
	}
	if (pid > 0)
		reap(pid);
	return NULL;
}

int
sandbox_fd(const struct sandbox *s)
{
	return s->out;
}

void
sandbox_kill(struct sandbox *s)
{
	kill(s->keeper, SIGTERM);
}

/* The kernel does not say that an allocation was refused, so it is told by the death of a
 * program that could not go on, with much of its memory used: buffers that double are refused
 * at 2/5 of it. */
static bool
out_of_memory(const struct sandbox *s, const struct note *n)
{
	int64_t much = (int64_t)(MIN(s->limits.memory, (uint64_t)INT64_MAX) / 8 * 3);
	int st = n->status;

	if (!s->limits.memory || n->rss < much)
		return false;
	if (WIFEXITED(st))
		return WEXITSTATUS(st) == EXIT_BUG;	/* xmalloc's */
	switch (WTERMSIG(st)) {
	case SIGABRT:
	case SIGTRAP:	/* GLib's */
	case SIGSEGV:
	case SIGBUS:
	case SIGKILL:	/* the machine's memory was full */
		return true;
	}
	return false;
}

static enum sandbox_end
how(const struct sandbox *s, const struct note *n)
{
	int st = n->status, sig = WIFSIGNALED(st) ? WTERMSIG(st) : 0;

	if (n->deadline)
		return SANDBOX_WALL;
	if (sig == SIGXCPU)
		return SANDBOX_CPU;
	/* the time that the kernel ends it by has no thousandths */
	if (sig == SIGKILL && s->limits.cpu_s && n->cpu_ms / 1000 + 1 > (int64_t)s->limits.cpu_s)
		return SANDBOX_CPU;
	if (out_of_memory(s, n))
		return SANDBOX_MEMORY;
	return sig ? SANDBOX_KILLED : SANDBOX_DONE;
}

enum sandbox_end
sandbox_finish(struct sandbox *s, int *status)
{
	struct note n = { .what = NOTE_END, .status = SIGKILL };
	enum sandbox_end end;

	/* whoever still writes hears that nobody reads */
	close(s->out);
	/* without a note the keeper itself was killed, and the child with it */
	(void)!hear(s->notes, &n);
	close(s->notes);
	reap(s->keeper);
	*status = WIFSIGNALED(n.status) ? WTERMSIG(n.status) : WEXITSTATUS(n.status);
	end = how(s, &n);
	free(s);
	return end;
}
