#include "cmd/spool-write/socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/msg.h"
#include "base/str.h"
#include "sys/lock.h"

#define BACKLOG 128
#define SOCKET_UMASK 0117	/* a socket of mode 0660 */
#define DIR_LOCK_MS 2000
#define DIR_LOCK_POLL_US 20000

/* Is somebody listening there? */
static bool
answers(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	if (fd < 0)
		return true;
	/* a full backlog (EAGAIN) is somebody too */
	yes = connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0 || errno == EAGAIN;
	close(fd);
	return yes;
}

/* Under the lock on its directory: take the place of a socket that nobody
 * listens on, of nothing else. */
static int
bind_unix(int fd, const struct sockaddr_un *a, struct err *err)
{
	mode_t old = umask(SOCKET_UMASK);
	int rc = bind(fd, (const struct sockaddr *)a, sizeof(*a));
	struct stat st;

	if (rc < 0 && errno == EADDRINUSE) {
		if (lstat(a->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
			err_set(err, ERR_CONFIG, "\"%s\" exists and is no socket", a->sun_path);
			goto out;
		}
		if (answers(a)) {
			err_set(err, ERR_TEMP, "another process listens on \"%s\"", a->sun_path);
			goto out;
		}
		unlink(a->sun_path);
		rc = bind(fd, (const struct sockaddr *)a, sizeof(*a));
	}
	if (rc == 0)
		rc = listen(fd, BACKLOG);
	if (rc < 0)
		err_setno(err, "could not listen on \"%s\"", a->sun_path);
out:
	umask(old);
	return rc;
}

static int
lock_parent(const char *path, int *fd, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = xstrndup(path, MAX((size_t)(slash - path), 1));
	int64_t deadline = clock_mono_ms() + DIR_LOCK_MS;
	int rc;

	while ((rc = lock_dir(dir, fd, err)) == 0 && clock_mono_ms() < deadline)
		usleep(DIR_LOCK_POLL_US);
	if (rc == 0)
		err_set(err, ERR_TEMP, "somebody holds a lock on \"%s\"", dir);
	free(dir);
	return rc == 1 ? 0 : -1;
}

static int
open_unix(const char *path, struct socket_at *s, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	int lock = -1, rc;

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(err, ERR_CONFIG, "the socket path \"%s\" is longer than %zu bytes", path,
		    sizeof(a.sun_path) - 1);
	memcpy(a.sun_path, path, strlen(path) + 1);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return err_setno(err, "could not make a socket");
	rc = lock_parent(path, &lock, err);
	if (rc == 0)
		rc = bind_unix(s->fd, &a, err);
	if (rc == 0 && lstat(path, &st) == 0) {
		s->path = xstrdup(path);
		s->ino = st.st_ino;
	}
	if (lock >= 0)
		close(lock);
	return rc;
}

/* `HOST:PORT`, `[ADDR]:PORT`, `:PORT`, `*:PORT` into node and service. */
static int
split_host_port(const char *text, char **node, char **service, struct err *err)
{
	const char *colon = strrchr(text, ':');
	size_t n;

	if (!colon || !colon[1]) {
		err_set(err, ERR_CONFIG, "\"%s\" is no address to listen on", text);
		err_hint(err, "write unix:/path/of/socket or tcp:HOST:PORT");
		return -1;
	}
	n = (size_t)(colon - text);
	*service = xstrdup(colon + 1);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']')
		*node = xstrndup(text + 1, n - 2);
	else
		*node = n ? xstrndup(text, n) : xstrdup("127.0.0.1");
	return 0;
}

static int
bind_tcp(const struct addrinfo *ai)
{
	int on = 1, saved;
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, ai->ai_protocol);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int
open_tcp(const char *text, struct socket_at *s, struct err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE }, *found = NULL;
	char *node = NULL, *service = NULL;
	int rc = -1;

	if (split_host_port(text, &node, &service, err) < 0)
		return -1;
	rc = getaddrinfo(strcmp(node, "*") == 0 ? NULL : node, service, &hints, &found);
	if (rc != 0) {
		rc = err_set(err, ERR_CONFIG, "could not find the address \"%s\": %s", text,
		    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
		goto out;
	}
	for (struct addrinfo *ai = found; ai && s->fd < 0; ai = ai->ai_next)
		s->fd = bind_tcp(ai);
	rc = s->fd < 0 ? err_setno(err, "could not listen on \"%s\"", text) : 0;
out:
	if (found)
		freeaddrinfo(found);
	free(service);
	free(node);
	return rc;
}

/* `127.0.0.1:5555` of a socket address. */
static void
put_address(struct str *out, const struct sockaddr *a, socklen_t len)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo(a, len, host, sizeof(host), port, sizeof(port),
	    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		str_adds(out, "unknown");
	else
		str_addf(out, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

int
socket_open(const char *where, struct socket_at *s, struct err *err)
{
	struct sockaddr_storage a;
	struct str name = STR_INIT;
	socklen_t len = sizeof(a);
	int rc;

	*s = (struct socket_at)SOCKET_AT_INIT;
	if (strncmp(where, "unix:", 5) == 0 && strchr(where + 5, '/'))
		rc = open_unix(where + 5, s, err);
	else if (strncmp(where, "tcp:", 4) == 0)
		rc = open_tcp(where + 4, s, err);
	else if (strchr(where, '/'))
		rc = open_unix(where, s, err);
	else
		rc = open_tcp(where, s, err);
	if (rc == 0 && s->path)
		str_addf(&name, "unix:%s", s->path);
	else if (rc == 0 && getsockname(s->fd, (struct sockaddr *)&a, &len) == 0)
		put_address(&name, (struct sockaddr *)&a, len);
	s->name = str_detach(&name);
	if (rc < 0)
		socket_close(s);
	return rc;
}

void
socket_close(struct socket_at *s)
{
	struct stat st;

	/* the path may be another server's by now */
	if (s->path && lstat(s->path, &st) == 0 && st.st_ino == s->ino)
		unlink(s->path);
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	free(s->name);
	*s = (struct socket_at)SOCKET_AT_INIT;
}

char *
socket_peer(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	struct str name = STR_INIT;
	struct ucred who;
	int on = 1;

	if (getpeername(fd, (struct sockaddr *)&a, &len) == 0 && a.ss_family != AF_UNIX) {
		/* a peer that vanished must not keep its place for ever */
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		str_adds(&name, "client ");
		put_address(&name, (struct sockaddr *)&a, len);
		return str_detach(&name);
	}
	len = sizeof(who);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
		str_addf(&name, "client pid %ld", (long)who.pid);
	else
		str_adds(&name, "client");
	return str_detach(&name);
}
