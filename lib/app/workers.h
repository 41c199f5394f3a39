/*
 * workers.h - a list of tasks over forked processes. With one job everything
 * runs in this process. A task that fails stops the others after what they
 * have in hand; the first error is the caller's. Children die with their
 * parent and share nothing but a counter, so a crash of one is just a failure.
 */
#ifndef APP_WORKERS_H
#define APP_WORKERS_H

#include "base/err.h"

struct workers {
	unsigned jobs;
	/* Runs task i; 0 or -1. */
	int (*task)(void *arg, size_t i, struct err *err);
	/* In each process after its last task, unless one failed; may be NULL. */
	int (*end)(void *arg, struct err *err);
	/* In each child after the fork; may be NULL. */
	void (*child)(void *arg);
	/* In the parent, some ten times a second while children work; may be NULL. */
	int (*tick)(void *arg, struct err *err);
	void *arg;
};

int workers_run(const struct workers *w, size_t tasks, struct err *err);
/* Zeroed memory that children share with us; never freed before exit. */
void *workers_shared(size_t n);

#endif
