#include "alg/gate.h"

/* A segment from the future (a clock that was set back) has age 0. */
static uint64_t
age_ms(const struct gate_stats *stats, int64_t now_us)
{
	return now_us > stats->oldest_us ? (uint64_t)(now_us - stats->oldest_us) / 1000 : 0;
}

enum gate_verdict
gate_decide(const struct gate_limits *l, const struct gate_stats *s, int64_t now_us)
{
	if (s->count == 0)
		return GATE_EMPTY;
	if (l->min_count == GATE_UNSET && l->min_bytes == GATE_UNSET &&
	    l->max_age_ms == GATE_UNSET)
		return GATE_OPEN_ANY;
	if (l->min_count != GATE_UNSET && s->count >= l->min_count)
		return GATE_OPEN_COUNT;
	if (l->min_bytes != GATE_UNSET && s->bytes >= l->min_bytes)
		return GATE_OPEN_BYTES;
	if (l->max_age_ms != GATE_UNSET && age_ms(s, now_us) >= l->max_age_ms)
		return GATE_OPEN_AGE;
	return GATE_CLOSED;
}

bool
gate_is_open(enum gate_verdict v)
{
	return v >= GATE_OPEN_ANY;
}

int64_t
gate_wait_ms(const struct gate_limits *l, const struct gate_stats *s, int64_t now_us)
{
	uint64_t age;

	if (s->count == 0 || l->max_age_ms == GATE_UNSET)
		return -1;
	age = age_ms(s, now_us);
	return age >= l->max_age_ms ? 0 : (int64_t)MIN(l->max_age_ms - age, (uint64_t)INT64_MAX);
}
