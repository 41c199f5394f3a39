#include "app/quiet.h"

#include "base/clock.h"
#include "sys/zone.h"

#define MIN_PER_DAY (24 * 60)
#define US_PER_MIN (60 * USEC_PER_SEC)
#define SPACE " \t\r\n\v\f"

/* `HH:MM`, exactly; 24:00 where a day may end. -1 when it is none. */
static int
read_time(const char *s, int last)
{
	int minute = 0;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? s[i] != ':' : s[i] < '0' || s[i] > '9')
			return -1;
	minute = ((s[0] - '0') * 10 + s[1] - '0') * 60 + (s[3] - '0') * 10 + s[4] - '0';
	return s[3] > '5' || minute > last ? -1 : minute;
}

static bool
is_quiet(const struct quiet *q, int minute, int *end)
{
	for (size_t i = 0; i < q->nr; i++) {
		int from = q->window[i].from, to = q->window[i].to;

		*end = to;
		if (from < to ? minute >= from && minute < to : minute >= from || minute < to)
			return true;
	}
	return false;
}

static bool
always(const struct quiet *q)
{
	int end, minute = 0;

	while (minute < MIN_PER_DAY && is_quiet(q, minute, &end))
		minute++;
	return minute == MIN_PER_DAY;
}

int
quiet_parse(struct quiet *q, const char *text, struct err *err)
{
	struct quiet new = { .nr = 0, .zone = q->zone };
	const char *s = text;

	for (;;) {
		int from, to, len;

		s += strspn(s, SPACE);
		if (!*s)
			break;
		len = (int)strcspn(s, SPACE);
		from = len == 11 ? read_time(s, MIN_PER_DAY - 1) : -1;
		to = len == 11 && s[5] == '-' ? read_time(s + 6, MIN_PER_DAY) : -1;
		if (from < 0 || to < 0) {
			err_set(err, ERR_CONFIG, "\"%.*s\" is no range of time", MIN(len, 40), s);
			return err_hint(err, "write HH:MM-HH:MM, such as 22:00-07:00");
		}
		if (from == to % MIN_PER_DAY) {
			err_set(err, ERR_CONFIG, "quiet hours \"%.*s\" are never or always", len, s);
			return err_hint(err, "its end is not included; leave some time to send");
		}
		if (new.nr == QUIET_MAX)
			return err_set(err, ERR_CONFIG, "there are more than %d ranges of quiet hours",
			    QUIET_MAX);
		new.window[new.nr].from = from;
		new.window[new.nr++].to = to;
		s += len;
	}
	if (always(&new))
		return err_set(err, ERR_CONFIG,
		    "quiet hours \"%s\" leave no minute of the day: nothing would be sent", text);
	*q = new;
	return 0;
}

/*
 * From the end of one window to that of the next. In the few days of a year in
 * which the clocks are moved before such an end it goes by minutes instead:
 * moved forward they may leave a window, or never show a time between two.
 * Since 1973 no zone is off by seconds, and a week lies between two moves.
 */
int64_t
quiet_until(const struct quiet *q, int64_t now_us)
{
	int64_t rest = now_us % US_PER_MIN, t = now_us, next;
	int end, minute;

	if (q->nr == 0)
		return now_us;
	minute = zone_minute(q->zone, now_us);
	while (is_quiet(q, minute, &end)) {
		int wait = (end - minute + MIN_PER_DAY) % MIN_PER_DAY;

		if (t == now_us)
			t -= rest < 0 ? rest + US_PER_MIN : rest;
		next = t + wait * US_PER_MIN;
		if (zone_minute(q->zone, next) != end % MIN_PER_DAY)
			next = t + US_PER_MIN;
		t = next;
		minute = zone_minute(q->zone, t);
	}
	return t;
}
