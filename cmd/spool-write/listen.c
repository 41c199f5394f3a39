#include "cmd/spool-write/listen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/msg.h"
#include "cmd/spool-write/socket.h"
#include "sys/sig.h"

/* The parent has three descriptors to watch besides its children. */
enum { P_STOP, P_STDOUT, P_ACCEPT, P_CHILDREN };

/* A reader holds a window of 8 MiB, a record of 16 MiB and copies of it; a
 * client that makes it hold more is cut off, alone. */
#define CHILD_MEMORY ((rlim_t)1 << 30)
/* Out of descriptors or memory: do not spin. */
#define ACCEPT_PAUSE_US 100000

struct child {
	pid_t pid;
	char *peer;
};

struct server {
	const struct listener *l;
	struct socket_at at;
	struct child *child;	/* max_clients of them, the first nr in use */
	struct pollfd *poll;	/* P_CHILDREN + max_clients; of a child: its pidfd */
	size_t nr;
	pid_t self;
};

static NORETURN void
be_child(struct server *sv, int fd, const char *peer)
{
	/* when the server is killed, land what there is and go */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != sv->self)
		raise(SIGTERM);
#ifndef __SANITIZE_ADDRESS__
	setrlimit(RLIMIT_AS, &(struct rlimit){ CHILD_MEMORY, CHILD_MEMORY });
#endif
	close(sv->at.fd);
	for (size_t i = 0; i < sv->nr; i++)
		close(sv->poll[P_CHILDREN + i].fd);
	_exit(sv->l->serve(sv->l->arg, fd, peer));
}

static void
start_child(struct server *sv, int fd)
{
	char *peer = socket_peer(fd);
	pid_t pid = fork();
	int pidfd;

	if (pid == 0)
		be_child(sv, fd, peer);
	close(fd);
	pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;
	if (pidfd < 0) {
		msg_warn("could not serve %s: %s", peer, strerror(errno));
		/* one that cannot be watched would never be counted off */
		if (pid > 0) {
			kill(pid, SIGTERM);
			waitpid(pid, NULL, 0);
		}
		free(peer);
		return;
	}
	msg_info("%s connected", peer);
	sv->child[sv->nr] = (struct child){ pid, peer };
	sv->poll[P_CHILDREN + sv->nr] = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	sv->nr++;
}

static void
accept_one(struct server *sv)
{
	int fd = accept4(sv->at.fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0) {
		start_child(sv, fd);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		msg_warn("could not accept a client: %s", strerror(errno));
		usleep(ACCEPT_PAUSE_US);
	}
}

static void
reap(struct server *sv, size_t i)
{
	struct child *c = &sv->child[i];
	int status = 0;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		msg_warn("%s: its process died of signal %d; what was acknowledged is safe", c->peer,
		    WTERMSIG(status));
	else
		msg_info("%s left, status %d", c->peer, WEXITSTATUS(status));
	free(c->peer);
	close(sv->poll[P_CHILDREN + i].fd);
	sv->nr--;
	sv->child[i] = sv->child[sv->nr];
	sv->poll[P_CHILDREN + i] = sv->poll[P_CHILDREN + sv->nr];
}

static void
reap_ended(struct server *sv)
{
	for (size_t i = sv->nr; i-- > 0;)
		if (sv->poll[P_CHILDREN + i].revents)
			reap(sv, i);
}

static int
serve_until_stop(struct server *sv, struct err *err)
{
	uint64_t drain;

	while (!sig_stopped()) {
		bool room = sv->nr < sv->l->max_clients;

		sv->poll[P_STOP] = (struct pollfd){ .fd = sv->l->stop_fd, .events = POLLIN };
		/* no events: only POLLERR, which is a reader that went away */
		sv->poll[P_STDOUT] = (struct pollfd){ .fd = STDOUT_FILENO };
		/* at the limit new clients wait in the backlog */
		sv->poll[P_ACCEPT] = (struct pollfd){ .fd = room ? sv->at.fd : -1, .events = POLLIN };
		if (poll(sv->poll, P_CHILDREN + sv->nr, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_setno(err, "could not wait for clients");
		}
		if (sv->poll[P_STOP].revents && read(sv->l->stop_fd, &drain, sizeof(drain)) < 0 &&
		    errno != EAGAIN)
			return err_setno(err, "could not read the stop descriptor");
		if (sv->poll[P_STDOUT].revents & POLLERR)
			return err_set(err, ERR_IO, "nobody reads standard output any more");
		reap_ended(sv);
		if (sv->poll[P_ACCEPT].revents && sv->nr < sv->l->max_clients)
			accept_one(sv);
	}
	return 0;
}

int
listen_run(const struct listener *l, struct err *err)
{
	struct server sv = { .l = l, .self = getpid() };
	int rc = -1;

	if (socket_open(l->where, &sv.at, err) < 0)
		return -1;
	sv.child = xcalloc(l->max_clients, sizeof(*sv.child));
	sv.poll = xcalloc(P_CHILDREN + l->max_clients, sizeof(*sv.poll));
	msg_info("listening on %s", sv.at.name);
	rc = serve_until_stop(&sv, err);
	/* no new clients; those that are here land what they have */
	socket_close(&sv.at);
	for (size_t i = 0; i < sv.nr; i++)
		kill(sv.child[i].pid, SIGTERM);
	while (sv.nr > 0)
		reap(&sv, sv.nr - 1);
	free(sv.poll);
	free(sv.child);
	return rc;
}
