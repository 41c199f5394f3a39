/*
 * endstate.h - what is known of an endpoint between runs: `state/ENDPOINT` in
 * the queue, one JSON object, changed under flock(2) by however many senders
 * there are. It is advice, not truth: a file that is missing or torn is as an
 * endpoint of which nothing is known.
 */
#ifndef APP_ENDSTATE_H
#define APP_ENDSTATE_H

#include "app/queue.h"
#include "base/err.h"

/* A single failure happens; this many in a row are worth telling a person. */
#define ENDSTATE_DOWN 3

struct endstate {
	int64_t rate_us;	/* alg/rate.h: nothing may go before */
	int64_t hold_us;	/* the endpoint asked for peace until then; 0: no */
	int64_t failures;	/* attempts in a row that failed */
	int64_t down_us;	/* since when, once they were ENDSTATE_DOWN; else 0 */
	int64_t disabled_us;	/* it said 410 Gone at; 0: no */
	char reason[200];	/* of down or disabled */
};

int endstate_read(const struct queue *q, const char *endpoint, struct endstate *out,
    struct err *err);
/* Read, let fn change it, write, all under the lock. fn's result comes back. */
int endstate_change(const struct queue *q, const char *endpoint,
    int (*fn)(void *arg, struct endstate *s), void *arg, struct err *err);

#endif
