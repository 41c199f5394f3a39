/*
 * socket.h - the listening socket of --listen, and names of who connects.
 */
#ifndef SPOOL_WRITE_SOCKET_H
#define SPOOL_WRITE_SOCKET_H

#include <sys/types.h>

#include "base/err.h"

struct socket_at {
	int fd;
	char *name;		/* for messages: `unix:/path`, `127.0.0.1:5555` */
	char *path;		/* of a Unix socket, else NULL */
	ino_t ino;		/* of the path, so that only our own is removed */
};
#define SOCKET_AT_INIT { -1, NULL, NULL, 0 }

/* Bind and listen, non-blocking. A Unix socket that nobody listens on is
 * replaced. Never fails half: on -1 there is nothing to close. */
int socket_open(const char *where, struct socket_at *s, struct err *err);
void socket_close(struct socket_at *s);
/* Who is connected; the caller frees. */
char *socket_peer(int fd);

#endif
