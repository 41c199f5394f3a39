/*
 * resolv.c - LD_PRELOAD: a name server, and a piece of Internet, for the tests.
 *
 *	public.test	93.184.216.34
 *	loop.test	127.0.0.1 and ::1
 *	both.test	93.184.216.34, then 127.0.0.1
 *	back.test	127.0.0.1, then 93.184.216.34
 *	fall.test	93.184.216.35, where nobody listens, then 127.0.0.1
 *	mapped.test	::ffff:127.0.0.1
 *	flip.test	93.184.216.34 at the first look-up, which makes $RESOLV_DIR/flip, then
 *			127.0.0.1
 *	slow.test	nothing, after ten seconds
 *
 * A connection to 93.184.216.34 ends at the same port of 127.0.0.1 and cannot tell.
 * Each address that was really connected to is a line of $RESOLV_DIR/connects.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PUBLIC "93.184.216.34"
#define DEAD "93.184.216.35"
#define MAX_FD 1024

typedef int lookup_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef int connect_fn(int, const struct sockaddr *, socklen_t);
typedef int peer_fn(int, struct sockaddr *, socklen_t *);

static char pretends[MAX_FD];	/* descriptors whose other end is said to be PUBLIC */

static int
open_in_dir(const char *name, int flags)
{
	const char *dir = getenv("RESOLV_DIR");
	char path[4096];

	if (!dir)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, flags | O_CREAT | O_CLOEXEC, 0666);
}

static int
is_first(void)
{
	int fd = open_in_dir("flip", O_WRONLY | O_EXCL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* What the real one makes of numbers can be freed by the real freeaddrinfo. */
static int
numbers(lookup_fn *real, const char *first, const char *second, const char *service,
	const struct addrinfo *hints, struct addrinfo **out)
{
	struct addrinfo any = { 0 }, *last;
	int rc;

	any.ai_socktype = hints ? hints->ai_socktype : 0;
	any.ai_flags = AI_NUMERICHOST;
	rc = real(first, service, &any, out);
	if (rc != 0 || !second)
		return rc;
	for (last = *out; last->ai_next; last = last->ai_next)
		;
	return real(second, service, &any, &last->ai_next);
}

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	struct addrinfo **out)
{
	static const char *const names[][3] = {
		{ "public.test", PUBLIC, NULL }, { "loop.test", "127.0.0.1", "::1" },
		{ "both.test", PUBLIC, "127.0.0.1" }, { "back.test", "127.0.0.1", PUBLIC },
		{ "fall.test", DEAD, "127.0.0.1" }, { "mapped.test", "::ffff:127.0.0.1", NULL },
	};
	lookup_fn *real;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	for (size_t i = 0; node && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(node, names[i][0]) == 0)
			return numbers(real, names[i][1], names[i][2], service, hints, out);
	if (node && strcmp(node, "flip.test") == 0)
		return numbers(real, is_first() ? PUBLIC : "127.0.0.1", NULL, service, hints, out);
	if (node && strcmp(node, "slow.test") == 0) {
		sleep(10);
		return EAI_FAIL;
	}
	return real(node, service, hints, out);
}

static void
note(const struct sockaddr *to)
{
	char text[INET6_ADDRSTRLEN] = "?", line[64];
	int fd, n;

	if (to->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)to)->sin_addr,
		    text, sizeof(text));
	else if (to->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr,
		    text, sizeof(text));
	else
		return;
	fd = open_in_dir("connects", O_WRONLY | O_APPEND);
	n = snprintf(line, sizeof(line), "%s\n", text);
	if (fd >= 0 && write(fd, line, (size_t)n) != n)
		abort();
	if (fd >= 0)
		close(fd);
}

int
connect(int fd, const struct sockaddr *to, socklen_t len)
{
	struct sockaddr_in v4;
	connect_fn *real;

	*(void **)&real = dlsym(RTLD_NEXT, "connect");
	note(to);
	if (fd >= 0 && fd < MAX_FD)
		pretends[fd] = 0;
	if (to->sa_family != AF_INET || len < sizeof(v4))
		return real(fd, to, len);
	memcpy(&v4, to, sizeof(v4));
	if (v4.sin_addr.s_addr == inet_addr(DEAD)) {
		errno = ECONNREFUSED;
		return -1;
	}
	if (v4.sin_addr.s_addr != inet_addr(PUBLIC))
		return real(fd, to, len);
	if (fd >= 0 && fd < MAX_FD)
		pretends[fd] = 1;
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return real(fd, (struct sockaddr *)&v4, sizeof(v4));
}

int
getpeername(int fd, struct sockaddr *peer, socklen_t *len)
{
	peer_fn *real;
	int rc;

	*(void **)&real = dlsym(RTLD_NEXT, "getpeername");
	rc = real(fd, peer, len);
	if (rc == 0 && fd >= 0 && fd < MAX_FD && pretends[fd])
		((struct sockaddr_in *)(void *)peer)->sin_addr.s_addr = inet_addr(PUBLIC);
	return rc;
}
