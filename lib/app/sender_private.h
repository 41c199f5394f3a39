/*
 * sender_private.h - shared by sender.c, which says who may begin, sender_post.c, which
 * begins an attempt, and sender_settle.c, which ends it; nobody else includes it.
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
	int64_t not_before_ms;	/* by the monotonic clock: a wait that is worth it */
	unsigned troubles;	/* errors of ours */
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
	sender_fault_fn fault;
	void *arg;
	struct http *http;	/* NULL until the first attempt */
	struct turn *turn;	/* one for each endpoint */
	struct attempt *attempts;
	uint64_t running;
};

struct attempt *sender_attempt(struct sender *s, struct turn *t);
/* Sign what it has taken, and send it. */
int sender_post(struct sender *s, struct attempt *a, struct err *err);
/* The attempt is over or never was: unlock its delivery, free all of it. */
void sender_drop(struct sender *s, struct attempt *a);
/* Move it to dead/ for this reason, and tell. */
int sender_bury(struct sender *s, struct delivery *d, const char *why, struct err *err);

/* It has nothing more to do in this run; what is offered stays in the queue. */
void sender_end_turn(struct turn *t);
/* An error with one delivery of t: tell it, and go on without it, or without t when there are
 * many. 0, or -1 when it is a stop. */
int sender_trouble(struct sender *s, struct turn *t, struct err *err);
/* No attempt before so much time has gone by; the turn is over when that is too long. */
void sender_hold(struct sender *s, struct turn *t, int64_t wait_us);

#endif
