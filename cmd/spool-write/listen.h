/*
 * listen.h - many clients at once on a Unix or TCP socket, each served by a
 * process of its own, so that what one sends cannot hurt another.
 */
#ifndef SPOOL_WRITE_LISTEN_H
#define SPOOL_WRITE_LISTEN_H

#include "base/err.h"

struct listener {
	/* `unix:/path`, a path with a slash, `tcp:HOST:PORT` or `HOST:PORT`; no
	 * host is the loopback, `*` every interface */
	const char *where;
	unsigned max_clients;
	int stop_fd;		/* readable when a signal asks to stop */
	/* In the child; its result is the child's exit status. */
	int (*serve)(void *arg, int fd, const char *peer);
	void *arg;
};

/* Accept until a signal asks to stop, then wait for the clients that are being
 * served (they are told to land what they have). 0, or -1. */
int listen_run(const struct listener *l, struct err *err);

#endif
