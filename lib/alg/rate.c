#include "alg/rate.h"

#include "base/num.h"

#define USEC_PER_MSEC 1000
#define PER_MAX_MS (UINT64_C(366) * 24 * 3600 * 1000)
#define TEXT_MAX 40

/* Rounded up: a limit is kept, if need be at less than its rate. */
static int64_t
interval_us(const struct rate *r)
{
	uint64_t per = (uint64_t)r->per_us;

	return (int64_t)(per / r->count + (per % r->count != 0));
}

int
rate_parse(const char *text, struct rate *out)
{
	char buf[TEXT_MAX + 2];
	size_t len = strlen(text);
	const char *unit;
	uint64_t count, ms;
	char *slash;

	if (len > TEXT_MAX)
		return -1;
	memcpy(buf, text, len + 1);
	slash = strchr(buf, '/');
	if (!slash)
		return -1;
	*slash = '\0';
	unit = slash + 1;
	/* `/s` is `/1s`; a number without a unit is not taken for seconds */
	if (*unit < '0' || *unit > '9') {
		memmove(slash + 2, slash + 1, strlen(unit) + 1);
		slash[1] = '1';
	}
	if (unit[strspn(unit, "0123456789")] == '\0')
		return -1;
	if (num_uint(buf, UINT32_MAX, &count) < 0 || num_duration(unit, &ms) < 0 ||
	    count == 0 || ms == 0 || ms > PER_MAX_MS || count > ms * USEC_PER_MSEC)
		return -1;
	*out = (struct rate){ .count = count, .per_us = (int64_t)ms * USEC_PER_MSEC };
	return 0;
}

int64_t
rate_take(const struct rate *r, int64_t now_us, int64_t *next_us)
{
	int64_t ahead, every;

	if (r->count == 0)
		return 0;
	every = interval_us(r);
	/* what cannot be subtracted is a state from nowhere near now */
	if (!__builtin_sub_overflow(*next_us, now_us, &ahead) && ahead > 0 && ahead <= every)
		return ahead;
	*next_us = now_us + every;
	return 0;
}
