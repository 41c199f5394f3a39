/*
 * sender.h - attempts: from the queue to the endpoints and back.
 *
 * Names of deliveries in new/ are offered; each is taken (locked), signed anew,
 * posted, and then moved to sent/, put off, or moved to dead/. Several endpoints
 * go at once, none waits for another. An endpoint is left in peace for the rest of
 * the run, its deliveries staying in the queue, when it is quiet there, when it
 * has asked for peace, when its rate does not let one go soon, or after
 * `failures` failed attempts in a row. 410 Gone disables it: what is for it is
 * dead until a redrive.
 *
 *	sender_offer(s, name, &err);
 *	while (sender_busy(s)) {
 *		sender_start(s, &err);
 *		sender_wait(s, fds, nr, timeout_ms, &err);
 *		sender_collect(s, &err);
 *	}
 */
#ifndef APP_SENDER_H
#define APP_SENDER_H

#include <poll.h>

#include "app/endpoint.h"
#include "app/queue.h"
#include "base/err.h"

struct sender_limits {
	uint64_t attempt_ms;	/* an attempt takes no longer, whatever the endpoint's timeout */
	uint64_t connections;	/* attempts at once for one endpoint */
	uint64_t total;		/* and for all; each holds two descriptors */
	uint64_t patience_ms;	/* a wait for a rate, or for an endpoint that asked for peace, is
				 * worth it up to this; what takes longer is left to a later run */
	unsigned failures;	/* in a row, and the endpoint's turn is over */
	uint64_t keep_ms;	/* how long a delivery waits for an endpoint that is not in the settings */
};

enum sender_event {
	SENDER_SENT,
	SENDER_FAILED,		/* and is tried again later */
	SENDER_DEAD,
	SENDER_DOWN,		/* ENDSTATE_DOWN failures in a row now */
	SENDER_UP,		/* the first success after that */
	SENDER_DISABLED,
};
/* Told of what happens, for words to a person and for counting. d is NULL in the
 * last three. why is printable. */
typedef void (*sender_fn)(void *arg, enum sender_event e, const char *endpoint,
    const struct delivery *d, const char *why);
/* Told of an error of ours (the queue, the system) with one delivery or endpoint. The others
 * go on, so it is not returned. It may be changed, and is released afterwards. */
typedef void (*sender_fault_fn)(void *arg, struct err *err);

struct sender;	/* opaque */

/* q and e are borrowed. */
struct sender *sender_new(struct queue *q, const struct endpoints *e,
    const struct sender_limits *limits, sender_fn fn, sender_fault_fn fault, void *arg);
/* Attempts under way are cut off, uncounted. NULL is fine. */
void sender_free(struct sender *s);

/* A name in new/. One for an endpoint that the settings do not have stays there
 * until it is older than keep_ms, and is dead then. */
int sender_offer(struct sender *s, const char *name, struct err *err);
/* May it be offered: is its endpoint in the settings, and its turn not over? */
bool sender_wants(const struct sender *s, const char *name);
/* What is offered and not begun is forgotten; the queue has it. */
void sender_forget(struct sender *s);
/* The same, and everybody has a new turn. For a run that lasts. */
void sender_renew(struct sender *s);
/* Is an attempt under way, or could one begin now or soon? */
bool sender_busy(const struct sender *s);
/* Begin what may begin, for a while; call it again. An error is a stop (ERR_STOPPED). */
int sender_start(struct sender *s, struct err *err);
/* http_wait, and no longer than until something can begin. */
int sender_wait(struct sender *s, struct pollfd *fds, size_t nr, int timeout_ms,
    struct err *err);
int sender_collect(struct sender *s, struct err *err);
/* No time is left: what is under way counts as failed, for want of an answer. */
int sender_abandon(struct sender *s, struct err *err);

#endif
