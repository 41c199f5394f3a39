/*
 * quiet.h - quiet hours: when an endpoint is not to be disturbed.
 *
 * A window is a range of wall-clock time in a named zone, such as 22:00-07:00,
 * its end not included; it may span midnight, and there may be several. It is quiet
 * at an instant exactly when the zone's clocks then show a time in a window, so
 * in the hour that a clock shows twice it is quiet twice, and a window that lies
 * in the hour that is left out does not happen.
 */
#ifndef APP_QUIET_H
#define APP_QUIET_H

#include "base/err.h"

#define QUIET_MAX 8

struct quiet {
	struct { int from, to; } window[QUIET_MAX];	/* minutes of the day */
	size_t nr;		/* 0: never quiet */
	const char *zone;	/* borrowed */
};
#define QUIET_INIT { .nr = 0, .zone = "UTC" }

/* `22:00-07:00 12:30-13:00`. A window whose ends are equal is an error, and so
 * are windows that leave no minute of the day: nothing would ever be sent.
 * ERR_CONFIG. */
int quiet_parse(struct quiet *q, const char *text, struct err *err);
/* now_us itself when it is not quiet, else the first instant after it that is not. */
int64_t quiet_until(const struct quiet *q, int64_t now_us);

#endif
