#include "app/sender_private.h"

#include <limits.h>

#include "app/endstate.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sys/sig.h"

/* Errors with single deliveries of an endpoint, and its turn is over. */
#define TROUBLES_MAX 3
/* What is buried in one go, before the caller looks at its clock again. */
#define BURIALS_MAX 64

struct sender *
sender_new(struct queue *q, const struct endpoints *e, const struct sender_limits *limits,
    sender_fn fn, sender_fault_fn fault, void *arg)
{
	struct sender *s = xcalloc(1, sizeof(*s));

	*s = (struct sender){ .queue = q, .endpoints = e, .limits = *limits, .fn = fn, .fault = fault,
	    .arg = arg };
	s->turn = xcalloc(e->nr + 1, sizeof(*s->turn));
	for (size_t i = 0; i < e->nr; i++)
		s->turn[i].endpoint = &e->item[i];
	return s;
}

static void
forget(struct turn *t)
{
	while (t->next < t->nr)
		free(t->name[t->next++]);
	t->next = t->nr = 0;
}

void
sender_forget(struct sender *s)
{
	for (size_t i = 0; i < s->endpoints->nr; i++)
		forget(&s->turn[i]);
}

void
sender_end_turn(struct turn *t)
{
	forget(t);
	t->over = true;
}

void
sender_renew(struct sender *s)
{
	sender_forget(s);
	for (size_t i = 0; i < s->endpoints->nr; i++) {
		struct turn *t = &s->turn[i];

		t->over = t->gone = false;
		t->failures = t->troubles = 0;
	}
}

int
sender_trouble(struct sender *s, struct turn *t, struct err *err)
{
	if (err->kind == ERR_STOPPED)
		return -1;
	if (t && ++t->troubles >= TROUBLES_MAX)
		sender_end_turn(t);
	s->fault(s->arg, err);
	err_release(err);
	return 0;
}

void
sender_hold(struct sender *s, struct turn *t, int64_t wait_us)
{
	int64_t wait_ms = wait_us / USEC_PER_MSEC + 1;

	t->not_before_ms = MAX(t->not_before_ms, clock_mono_ms() + wait_ms);
	if ((uint64_t)wait_ms > s->limits.patience_ms)
		sender_end_turn(t);
}

void
sender_free(struct sender *s)
{
	if (!s)
		return;
	http_free(s->http);
	while (s->attempts)
		sender_drop(s, s->attempts);
	for (size_t i = 0; i < s->endpoints->nr; i++) {
		sender_end_turn(&s->turn[i]);
		free(s->turn[i].name);
	}
	free(s->turn);
	free(s);
}

static struct turn *
turn_of(const struct sender *s, const char *name)
{
	size_t n = strcspn(name, ".");

	for (size_t i = 0; i < s->endpoints->nr; i++) {
		const char *have = s->turn[i].endpoint->name;

		if (strlen(have) == n && memcmp(have, name, n) == 0)
			return &s->turn[i];
	}
	return NULL;
}

/* For an endpoint that the settings do not have (any more, or not in this
 * environment): not a failure of anybody, but not for ever either. */
static int
orphan(struct sender *s, const char *name, struct err *err)
{
	struct delivery d = DELIVERY_INIT;
	int64_t now = clock_now_us();
	int rc = queue_take(s->queue, name, now, &d, err);

	if (rc > 0 && now - d.created_us > (int64_t)s->limits.keep_ms * USEC_PER_MSEC) {
		free(d.last_error);
		d.last_error = xstrdup("its endpoint is not in the settings");
		s->fn(s->arg, SENDER_DEAD, d.endpoint, &d, d.last_error);
		rc = queue_dead(s->queue, &d, err);
	}
	if (rc < 0 && err->kind == ERR_DATA) {
		s->fn(s->arg, SENDER_DEAD, "?", NULL, err->text);
		err_release(err);
		rc = 0;
	}
	delivery_release(&d);
	return rc < 0 ? sender_trouble(s, NULL, err) : 0;
}

int
sender_offer(struct sender *s, const char *name, struct err *err)
{
	struct turn *t = turn_of(s, name);

	if (!t)
		return orphan(s, name, err);
	if (t->over)
		return 0;
	ALLOC_GROW(t->name, t->nr + 1, t->alloc);
	t->name[t->nr++] = xstrdup(name);
	return 0;
}

bool
sender_wants(const struct sender *s, const char *name)
{
	const struct turn *t = turn_of(s, name);

	return t && !t->over;
}

static bool
may_start(const struct sender *s, const struct turn *t)
{
	return !t->over && t->next < t->nr && t->running < s->limits.connections &&
	    s->running < s->limits.total;
}

bool
sender_busy(const struct sender *s)
{
	bool busy = s->attempts != NULL;

	for (size_t i = 0; !busy && i < s->endpoints->nr; i++)
		busy = may_start(s, &s->turn[i]);
	return busy;
}

int
sender_bury(struct sender *s, struct delivery *d, const char *why, struct err *err)
{
	free(d->last_error);
	d->last_error = xstrdup(why);
	if (queue_dead(s->queue, d, err) < 0)
		return -1;
	s->fn(s->arg, SENDER_DEAD, d->endpoint, d, why);
	return 0;
}

struct gate {
	const struct endpoint *endpoint;
	int64_t now_us, wait_us;
	bool disabled, clean;
};

/* A time that its endpoint can have asked for: with a clock that was ahead for a while
 * it would be at peace for years. */
static bool
is_near(const struct endpoint *e, int64_t us, int64_t now_us)
{
	return us - now_us <= endpoint_longest(e);
}

/* Under the lock of the endpoint's state: may an attempt begin now? */
static int
ask(void *arg, struct endstate *s)
{
	struct gate *g = arg;

	g->disabled = s->disabled_us != 0;
	g->clean = s->failures == 0 && s->down_us == 0;
	g->wait_us = s->hold_us > g->now_us && is_near(g->endpoint, s->hold_us, g->now_us) ?
	    s->hold_us - g->now_us : 0;
	if (!g->disabled && g->wait_us == 0)
		g->wait_us = rate_take(&g->endpoint->rate, g->now_us, &s->rate_us);
	return 0;
}

/* May an attempt be thought of? Asks nobody. */
static bool
is_time(struct turn *t)
{
	int64_t now = clock_now_us();

	if (clock_mono_ms() < t->not_before_ms)
		return false;
	if (quiet_until(&t->endpoint->quiet, now) > now)
		sender_end_turn(t);
	return !t->over;
}

/* 1: go. 0: not now; the turn says when, or that it is over. */
static int
admit(struct sender *s, struct turn *t, struct err *err)
{
	struct gate g = { .endpoint = t->endpoint, .now_us = clock_now_us() };

	if (endstate_change(s->queue, t->endpoint->name, ask, &g, err) < 0)
		return -1;
	t->gone = g.disabled;
	t->clean = g.clean;
	if (g.wait_us == 0)
		return 1;
	sender_hold(s, t, g.wait_us);
	return 0;
}

/* Take the next delivery, ask, and begin. 1; 0: not now, it is the next one still; -1. */
static int
begin(struct sender *s, struct turn *t, struct err *err)
{
	struct attempt *a = sender_attempt(s, t);
	char *name = t->name[t->next++];
	int rc = queue_take(s->queue, name, clock_now_us(), &a->d, err), go;

	if (rc <= 0) {
		if (rc < 0 && err->kind == ERR_DATA) {
			/* no file of ours; it is out of the way */
			s->fn(s->arg, SENDER_DEAD, t->endpoint->name, NULL, err->text);
			err_release(err);
			rc = 0;
		}
		goto out;	/* or somebody else has it */
	}
	go = admit(s, t, err);
	if (go == 0 && !t->over) {
		t->name[--t->next] = name;
		sender_drop(s, a);
		return 0;
	}
	rc = go < 0 ? -1 : 0;
	if (go > 0 && t->gone)
		rc = sender_bury(s, &a->d, "the endpoint is disabled: it said 410 Gone", err);
	else if (go > 0)
		rc = sender_post(s, a, err);
	if (go > 0 && !t->gone && rc == 0)
		a = NULL;
out:
	free(name);
	if (a)
		sender_drop(s, a);
	return rc < 0 ? -1 : 1;
}

int
sender_start(struct sender *s, struct err *err)
{
	for (size_t i = 0; i < s->endpoints->nr; i++) {
		struct turn *t = &s->turn[i];
		int rc = 1;

		for (int n = 0; n < BURIALS_MAX && rc > 0 && may_start(s, t); n++) {
			if (sig_stopped())
				return err_set(err, ERR_STOPPED, "stopped by a signal");
			rc = is_time(t) ? begin(s, t, err) : 0;
			if (rc < 0 && sender_trouble(s, t, err) < 0)
				return -1;
		}
	}
	return 0;
}

int
sender_wait(struct sender *s, struct pollfd *fds, size_t nr, int timeout_ms, struct err *err)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < s->endpoints->nr; i++) {
		const struct turn *t = &s->turn[i];
		int64_t ms;

		if (!may_start(s, t))
			continue;
		ms = MAX(t->not_before_ms - now, 0);
		if (timeout_ms < 0 || ms < timeout_ms)
			timeout_ms = (int)MIN(ms, INT_MAX);
	}
	if (s->http)
		return http_wait(s->http, fds, nr, timeout_ms, err);
	/* a signal ends it as well */
	for (size_t i = 0; poll(fds, nr, timeout_ms) < 0 && i < nr; i++)
		fds[i].revents = 0;
	return 0;
}

