/*
 * sender_private.h - what sender.c, which begins attempts, and sender_settle.c,
 * which ends them, share; nobody else includes it.
 */
#ifndef APP_SENDER_PRIVATE_H
#define APP_SENDER_PRIVATE_H

#include "app/sender.h"
#include "svc/http.h"

#define USEC_PER_MSEC 1000
#define SENDER_HEADERS 8	/* that an attempt adds to those of the settings, and a NULL */

/* The turn of one endpoint in this run. */
struct turn {
	const struct endpoint *endpoint;
	char **name;		/* offered; owned; those before next are handed on */
	size_t nr, alloc, next;
	uint64_t running;
	unsigned failures;	/* in a row, in this run */
	int64_t not_before_us;	/* a wait that is worth it */
	bool over, gone;
	bool clean;		/* its state had no failure to take back */
};

struct attempt {
	struct turn *turn;
	struct delivery d;
	const char **header;
	char *own[SENDER_HEADERS];
	struct attempt *before, *after;
};

struct sender {
	struct queue *queue;
	const struct endpoints *endpoints;
	struct sender_limits limits;
	sender_fn fn;
	void *arg;
	struct http *http;	/* NULL until the first attempt */
	struct turn *turn;	/* one for each endpoint */
	struct attempt *attempts;
};

/* The attempt is over or never was: unlock its delivery, free all of it. */
void sender_drop(struct sender *s, struct attempt *a);
/* Move it to dead/ for this reason, and tell. */
int sender_bury(struct sender *s, struct delivery *d, const char *why, struct err *err);

#endif
