/*
 * gate.h - should the gate open? A pure function of thresholds and of what
 * waits in incoming/.
 */
#ifndef ALG_GATE_H
#define ALG_GATE_H

#include "base/base.h"

/* A threshold of GATE_UNSET does not count. With none set, anything that waits
 * opens the gate; else any one that is reached does. */
#define GATE_UNSET UINT64_MAX

struct gate_limits {
	uint64_t min_count;
	uint64_t min_bytes;
	uint64_t max_age_ms;	/* of the oldest segment */
};

struct gate_stats {
	uint64_t count, bytes;
	int64_t oldest_us;	/* wall time of the oldest segment */
};

enum gate_verdict {
	GATE_EMPTY,	/* nothing waits */
	GATE_CLOSED,
	GATE_OPEN_ANY, GATE_OPEN_COUNT, GATE_OPEN_BYTES, GATE_OPEN_AGE,
};

enum gate_verdict gate_decide(const struct gate_limits *limits, const struct gate_stats *stats,
    int64_t now_us);
bool gate_is_open(enum gate_verdict v);
/* Milliseconds until age alone would open it, or -1 when it never will. */
int64_t gate_wait_ms(const struct gate_limits *limits, const struct gate_stats *stats,
    int64_t now_us);

#endif
