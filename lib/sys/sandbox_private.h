/*
 * sandbox_private.h - the layers of a sandbox, each of which its child puts over
 * itself. 0, or -1 with errno.
 */
#ifndef SYS_SANDBOX_PRIVATE_H
#define SYS_SANDBOX_PRIVATE_H

#include "sys/sandbox.h"

/* Only what lies below read_paths is there, to be read (and run). */
bool landlock_has(void);
int landlock_apply(const struct sandbox_limits *l);

/* Only the system calls that reading and computing take. */
bool seccomp_has(void);
int seccomp_apply(const struct sandbox_limits *l);

/* All of it, in the child: nothing but in, out, keep and stderr stays open. On failure *layer
 * is the name of what could not be put on. */
int sandbox_confine(const struct sandbox_limits *l, int in, int out, int keep,
    const char **layer);
/* Close all but these, n of them, in ascending order; -1 is none. */
void sandbox_close_but(const int *keep, size_t n);

#endif
