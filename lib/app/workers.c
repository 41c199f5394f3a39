#include "app/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/msg.h"
#include "sys/sig.h"

#define TICK_MIN_NS 1000000L
#define TICK_MAX_NS 100000000L

struct report {
	enum err_kind kind;
	char text[2048], hint[512], sqlstate[6];
};

struct shared {
	atomic_size_t next;
	atomic_bool stop;
	struct report report[];	/* one per job */
};

void *
workers_shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		msg_oom(n);
	return p;
}

static int
run_tasks(const struct workers *w, struct shared *sh, size_t tasks, struct err *err)
{
	size_t i;

	while (!atomic_load(&sh->stop) && (i = atomic_fetch_add(&sh->next, 1)) < tasks) {
		if (sig_stopped())
			return err_set(err, ERR_STOPPED, "stopped by a signal");
		if (w->task(w->arg, i, err) < 0) {
			atomic_store(&sh->stop, true);
			return -1;
		}
	}
	return w->end ? w->end(w->arg, err) : 0;
}

NORETURN static void
be_child(const struct workers *w, struct shared *sh, size_t tasks, struct report *report,
    pid_t parent)
{
	struct err err = ERR_INIT;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (w->child)
		w->child(w->arg);
	if (run_tasks(w, sh, tasks, &err) < 0) {
		report->kind = err.kind;
		snprintf(report->text, sizeof(report->text), "%s", err.text);
		snprintf(report->hint, sizeof(report->hint), "%s", err.hint ? err.hint : "");
		memcpy(report->sqlstate, err.sqlstate, sizeof(report->sqlstate));
		_exit(1);
	}
	_exit(0);
}

static void
tell_children(const pid_t *pid, unsigned n, int sig)
{
	for (unsigned i = 0; i < n; i++)
		if (pid[i] > 0)
			kill(pid[i], sig);
}

/* What child i left behind when it ended badly. */
static void
collect(const struct report *r, int status, bool *failed, struct err *err)
{
	if (*failed)
		return;
	*failed = true;
	if (r->kind == ERR_NONE) {
		err_set(err, ERR_TEMP, "a worker died of signal %d",
		    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		return;
	}
	err_set(err, r->kind, "%s", r->text);
	if (r->hint[0])
		err_hint(err, "%s", r->hint);
	memcpy(err->sqlstate, r->sqlstate, sizeof(err->sqlstate));
}

static int
wait_for(const struct workers *w, struct shared *sh, pid_t *pid, unsigned n, struct err *err)
{
	unsigned left = n;
	bool failed = false, told = false;
	struct timespec tick = { 0, TICK_MIN_NS };

	while (left > 0) {
		int status;
		pid_t got = waitpid(-1, &status, WNOHANG);

		if (got < 0 && errno != EINTR)
			BUG("waitpid: %s", strerror(errno));
		for (unsigned i = 0; got > 0 && i < n; i++) {
			if (pid[i] != got)
				continue;
			pid[i] = 0;
			left--;
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
				atomic_store(&sh->stop, true);
				collect(&sh->report[i], status, &failed, err);
			}
		}
		if (got > 0)
			continue;
		if (sig_stopped() && !told) {
			tell_children(pid, n, SIGTERM);
			told = true;
		}
		if (w->tick && !failed && w->tick(w->arg, err) < 0) {
			failed = true;
			atomic_store(&sh->stop, true);
		}
		nanosleep(&tick, NULL);
		tick.tv_nsec = MIN(tick.tv_nsec * 2, TICK_MAX_NS);
	}
	return failed ? -1 : 0;
}

int
workers_run(const struct workers *w, size_t tasks, struct err *err)
{
	unsigned n = (unsigned)MIN((size_t)MAX(w->jobs, 1u), tasks);
	size_t size = sizeof(struct shared) + (n + 1) * sizeof(struct report);
	struct shared *sh;
	pid_t *pid, parent = getpid();
	int rc;

	if (tasks == 0)
		return 0;
	sh = workers_shared(size);
	if (n == 1) {
		rc = run_tasks(w, sh, tasks, err);
		munmap(sh, size);
		return rc;
	}
	/* ignored by whoever started us, it would leave waitpid nothing to find */
	signal(SIGCHLD, SIG_DFL);
	pid = xcalloc(n, sizeof(*pid));
	for (unsigned i = 0; i < n; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			be_child(w, sh, tasks, &sh->report[i], parent);
		if (pid[i] < 0) {
			/* fewer hands do the same work; none is an error */
			n = i;
			break;
		}
	}
	rc = n == 0 ? err_setno(err, "could not start a worker") : wait_for(w, sh, pid, n, err);
	free(pid);
	munmap(sh, size);
	return rc;
}
