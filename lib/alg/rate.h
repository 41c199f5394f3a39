/*
 * rate.h - a rate limit as one number: the generic cell rate algorithm (ITU-T
 * I.371, appendix I) without a burst, so that no window of `per` ever holds more
 * than `count`. The state is the time before which nothing may go; the caller
 * keeps it and says what time it is.
 */
#ifndef ALG_RATE_H
#define ALG_RATE_H

#include "base/base.h"

struct rate {
	uint64_t count;		/* 0: no limit */
	int64_t per_us;
};

/* `10/s`, `60/m`, `500/h`, `5/10s`. 0, or -1 when it is none (0 is none). */
int rate_parse(const char *text, struct rate *out);
/* 0 and *next_us moved on: go now. Else the microseconds until it may be asked
 * again, and nothing is changed. A *next_us further away than the limit can have
 * put it (the clock was set back) counts as now. */
int64_t rate_take(const struct rate *r, int64_t now_us, int64_t *next_us);

#endif
