#include "cmd/outbox-relay/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/outbox.h"
#include "base/clock.h"
#include "sys/fs.h"
#include "sys/io.h"
#include "sys/sig.h"

/* A command is told to end so long before the rows' lease does that it can be
 * killed, and the rows be given back, within it. */
#define TERM_MS ((OUTBOX_LEASE_S - 15) * 1000)
#define KILL_MS ((OUTBOX_LEASE_S - 10) * 1000)
/* Once we were told to stop ourselves, it has this long. */
#define GRACE_MS 5000
/* A pipe of which nothing is read for this long has no reader worth the name. */
#define STALL_MS TERM_MS
#define PAUSE_MIN_MS 1
#define PAUSE_MAX_MS 20

#define STATUS_NOT_EXECUTABLE 126	/* as shells, env, nice and timeout say it */
#define STATUS_NOT_FOUND 127

void
deliver_init(struct deliver *d, char **command)
{
	struct sigaction old;

	*d = (struct deliver){ .command = command };
	d->deaf = sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
	signal(SIGPIPE, SIG_IGN);
}

void
deliver_end_as_sigpipe(const struct deliver *d)
{
	if (d->deaf)
		return;
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

static int
stopped(struct err *err)
{
	return err_set(err, ERR_STOPPED, "stopped by a signal");
}

/* --- a pipe ------------------------------------------------------------------- */

static int
reader_gone(struct deliver *d, struct err *err)
{
	d->trouble = DELIVER_GONE;
	return err_set(err, ERR_IO, "the reader of the pipe went away with lines unread");
}

/* Wait for the pipe until the deadline at most. 1: the reader has gone. */
static int
wait_pipe(short events, int64_t ms, int64_t deadline, struct err *err)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = events };
	int64_t left = deadline - clock_mono_ms();

	if (left <= 0)
		return err_set(err, ERR_TEMP, "the reader of the pipe has read nothing for %d s",
		    STALL_MS / 1000);
	if (poll(&p, 1, (int)MIN(ms, left)) < 0 && errno != EINTR)
		return err_setno(err, "could not wait for \"standard output\"");
	if (sig_stopped())
		return stopped(err);
	return (p.revents & POLLERR) != 0;
}

/* In pieces that fit when poll says so: a write of more could block for ever. */
static int
pipe_write(struct deliver *d, const char *p, size_t n, struct err *err)
{
	int64_t deadline = clock_mono_ms() + STALL_MS;

	while (n > 0) {
		int rc = wait_pipe(POLLOUT, STALL_MS, deadline, err);
		ssize_t got;

		if (rc < 0)
			return -1;
		got = rc == 0 ? write(STDOUT_FILENO, p, MIN(n, (size_t)PIPE_BUF)) : 0;
		if (rc > 0 || (got < 0 && errno == EPIPE))
			return reader_gone(d, err);
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return err_setno(err, "could not write \"standard output\"");
		if (got > 0) {
			p += got;
			n -= (size_t)got;
			deadline = clock_mono_ms() + STALL_MS;
		}
	}
	return 0;
}

/* What lies in a pipe dies with its last reader: stay until it is read. */
static int
pipe_wait_read(struct deliver *d, struct err *err)
{
	int64_t deadline = 0, pause = PAUSE_MIN_MS;
	int unread, least = INT_MAX, gone = 0;

	for (;;) {
		if (ioctl(STDOUT_FILENO, FIONREAD, &unread) < 0)
			return err_setno(err, "could not ask what is unread in \"standard output\"");
		if (unread == 0)
			return 0;
		/* asked after it had gone: nobody will read that */
		if (gone)
			return reader_gone(d, err);
		if (unread < least) {
			least = unread;
			deadline = clock_mono_ms() + STALL_MS;
		}
		gone = wait_pipe(0, pause, deadline, err);
		if (gone < 0)
			return -1;
		pause = MIN(2 * pause, PAUSE_MAX_MS);
	}
}

/* A batch that came through in part leaves a torn line behind it: after trouble
 * a pipe takes no more. */
static int
to_stdout(struct deliver *d, const struct str *lines, struct err *err)
{
	struct stat st;

	d->trouble = DELIVER_BROKEN;
	if (fstat(STDOUT_FILENO, &st) < 0)
		return err_setno(err, "could not look at \"standard output\"");
	if (S_ISFIFO(st.st_mode)) {
		if (pipe_write(d, lines->buf, lines->len, err) < 0)
			return -1;
		return pipe_wait_read(d, err);
	}
	if (io_stdout(lines->buf, lines->len, err) < 0) {
		if (errno == EPIPE)
			d->trouble = DELIVER_GONE;
		return -1;
	}
	/* Lines in a file must survive a power cut. */
	return S_ISREG(st.st_mode) ? fs_sync_fd(STDOUT_FILENO, "stdout", err) : 0;
}

/* --- a command ----------------------------------------------------------------- */

struct child {
	const char *name;
	pid_t pid;		/* of its own process group, too */
	int fd;			/* of its standard input; -1: closed */
	const char *data;	/* what it has not been given yet */
	size_t left;
	int64_t term_ms, kill_ms;
	bool told;		/* to end */
};

/* It starts with SIGPIPE as usual, and in a process group of its own, so that
 * what it has started itself can be ended with it. */
static int
child_start(struct child *c, char **command, int in, struct err *err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t usual;
	int rc;

	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setpgroup(&attr, 0);
	rc = posix_spawnp(&c->pid, command[0], &files, &attr, command, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	if (rc == 0)
		return 0;
	return err_set(err, rc == EAGAIN || rc == ENOMEM ? ERR_TEMP : ERR_CONFIG,
	    "could not run \"%s\": %s", command[0], strerror(rc));
}

static void
child_close(struct child *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* As much as it takes now. A reader that has closed its end has seen enough: what
 * that means is said by its status. */
static void
child_feed(struct child *c)
{
	while (c->fd >= 0 && c->left > 0) {
		ssize_t got = write(c->fd, c->data, c->left);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0)
			break;
		c->data += got;
		c->left -= (size_t)got;
	}
	child_close(c);
}

/* Whoever waits for the command hands on what it is told, and does not wait for
 * longer than the lease. */
static void
child_press(struct child *c)
{
	int64_t now = clock_mono_ms();

	if (!c->told && sig_stopped()) {
		c->term_ms = now;
		c->kill_ms = MIN(c->kill_ms, now + GRACE_MS);
	}
	if (now >= c->kill_ms)
		kill(-c->pid, SIGKILL);
	else if (now >= c->term_ms && !c->told)
		kill(-c->pid, SIGTERM);
	c->told = c->told || now >= c->term_ms;
}

/* Has it ended? It stays a zombie, so that its number is nobody else's. */
static bool
child_ended(const struct child *c)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid != 0;
}

/* Its wait status. */
static int
child_run(struct child *c)
{
	int pause = PAUSE_MIN_MS, status = 0;

	while (!child_ended(c)) {
		struct pollfd p = { .fd = c->fd, .events = POLLOUT };

		child_feed(c);
		child_press(c);
		p.fd = c->fd;
		poll(&p, 1, pause);
		pause = MIN(2 * pause, PAUSE_MAX_MS);
	}
	/* Told to end, it may have left somebody behind. */
	if (c->told)
		kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	child_close(c);
	return status;
}

static int
child_verdict(const struct child *c, int status, struct err *err)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == EXIT_OK || code == EXIT_PARTIAL)
		return 0;
	if (sig_stopped())
		return stopped(err);
	if (c->told)
		err_set(err, ERR_TEMP, "\"%s\" took longer than %d s", c->name, TERM_MS / 1000);
	else if (code >= 0)
		err_set(err, code == STATUS_NOT_FOUND || code == STATUS_NOT_EXECUTABLE ? ERR_CONFIG :
		    ERR_TEMP, "\"%s\" ended with status %d", c->name, code);
	else
		err_set(err, ERR_TEMP, "\"%s\" was killed by signal %d", c->name, WTERMSIG(status));
	return err_hint(err, "the events stay in the outbox; see \"outbox-relay --list\"");
}

static int
to_command(struct deliver *d, const struct str *lines, int64_t since_ms, struct err *err)
{
	struct child c = { .name = d->command[0], .data = lines->buf, .left = lines->len,
		.term_ms = since_ms + TERM_MS, .kill_ms = since_ms + KILL_MS };
	int fd[2], rc;

	d->trouble = DELIVER_UNTRIED;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_setno(err, "could not make a pipe for \"%s\"", c.name);
	c.fd = fd[1];
	/* Our end only: the command's is another file description. */
	rc = fcntl(c.fd, F_SETFL, O_NONBLOCK) < 0 ? err_setno(err, "could not set up a pipe") :
	    child_start(&c, d->command, fd[0], err);
	close(fd[0]);
	if (rc < 0) {
		child_close(&c);
		return -1;
	}
	rc = child_run(&c);
	/* these two statuses say that it could not work just now, whatever the lines are:
	 * a full disk or a slip in its settings must not make dead letters of them */
	if (!WIFEXITED(rc) || (WEXITSTATUS(rc) != EXIT_TEMP && WEXITSTATUS(rc) != EXIT_CONFIG))
		d->trouble = DELIVER_REFUSED;
	return child_verdict(&c, rc, err);
}

int
deliver(struct deliver *d, const struct str *lines, int64_t since_ms, struct err *err)
{
	int rc = d->command ? to_command(d, lines, since_ms, err) : to_stdout(d, lines, err);

	if (rc == 0)
		d->trouble = DELIVER_FINE;
	return rc;
}
