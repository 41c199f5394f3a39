/*
 * sandbox.h - a child process that reads untrusted data: rlimits, no new
 * privileges, no file system beyond what it is given (Landlock, where the kernel
 * has it), no network, no new programs and processes (seccomp), and a deadline.
 *
 * The child works on descriptors that it was given, and can still allocate memory,
 * read and write them, look at the clock, and end. A layer that the kernel does not have is
 * left out; sandbox_layers says which there are.
 */
#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

#include <sys/types.h>

#include "base/err.h"

struct sandbox_limits {
	uint64_t cpu_s, wall_ms;	/* 0: no limit, as with memory */
	uint64_t memory;	/* bytes of address space */
	uint64_t file_bytes;	/* that it may write to one file; stderr, if that is a file, gets
				 * 1 MiB at least */
	const char *const *read_paths;	/* NULL-terminated; below these it may read (and with exec
					 * run) files; NULL: none */
	bool exec;		/* may run programs in read_paths (pdftotext) */
	bool off;		/* only the rlimits and the deadline */
};

enum sandbox_layer { SANDBOX_RLIMITS = 1, SANDBOX_LANDLOCK = 2, SANDBOX_SECCOMP = 4 };
/* The layers that this kernel has: bits of the above. */
unsigned sandbox_layers(void);

enum sandbox_end { SANDBOX_DONE, SANDBOX_CPU, SANDBOX_MEMORY, SANDBOX_WALL, SANDBOX_KILLED };

struct sandbox;	/* a running child */

/* Run fn(arg, out) in a child; what it writes to the descriptor `out` can be read from
 * sandbox_fd. in is the only other descriptor it keeps besides stderr. fn's result is the
 * child's exit status. NULL with err when no child could be made. */
struct sandbox *sandbox_start(const struct sandbox_limits *l, int in,
    int (*fn)(void *arg, int in, int out), void *arg, struct err *err);
int sandbox_fd(const struct sandbox *s);
/* End it now (a stop was asked for); sandbox_finish is still to be called. */
void sandbox_kill(struct sandbox *s);
/* Wait for its end (killing it at the deadline) and free it: how it ended, and in *status its
 * exit status or the number of the signal. */
enum sandbox_end sandbox_finish(struct sandbox *s, int *status);

#endif
