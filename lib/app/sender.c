#include "app/sender_private.h"

#include <limits.h>

#include "app/endstate.h"
#include "base/clock.h"
#include "base/mem.h"

struct sender *
sender_new(struct queue *q, const struct endpoints *e, const struct sender_limits *limits,
    sender_fn fn, void *arg)
{
	struct sender *s = xcalloc(1, sizeof(*s));

	*s = (struct sender){ .queue = q, .endpoints = e, .limits = *limits, .fn = fn, .arg = arg };
	s->turn = xcalloc(e->nr + 1, sizeof(*s->turn));
	for (size_t i = 0; i < e->nr; i++)
		s->turn[i].endpoint = &e->item[i];
	return s;
}

void
sender_drop(struct sender *s, struct attempt *a)
{
	if (a->before)
		a->before->after = a->after;
	else
		s->attempts = a->after;
	if (a->after)
		a->after->before = a->before;
	a->turn->running--;
	for (size_t i = 0; i < SENDER_HEADERS && a->own[i]; i++) {
		/* one of them is the token */
		explicit_bzero(a->own[i], strlen(a->own[i]));
		free(a->own[i]);
	}
	free(a->header);
	delivery_release(&a->d);
	free(a);
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
		struct turn *t = &s->turn[i];

		while (t->next < t->nr)
			free(t->name[t->next++]);
		free(t->name);
	}
	free(s->turn);
	free(s);
}

static struct turn *
turn_of(struct sender *s, const char *name)
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
	delivery_release(&d);
	return rc < 0 && err->kind != ERR_DATA ? -1 : 0;
}

int
sender_offer(struct sender *s, const char *name, struct err *err)
{
	struct turn *t = turn_of(s, name);

	if (!t)
		return orphan(s, name, err);
	ALLOC_GROW(t->name, t->nr + 1, t->alloc);
	t->name[t->nr++] = xstrdup(name);
	return 0;
}

static bool
may_start(const struct sender *s, const struct turn *t)
{
	return !t->over && t->next < t->nr && t->running < s->limits.connections;
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

/* Under the lock of the endpoint's state: may an attempt begin now? */
static int
ask(void *arg, struct endstate *s)
{
	struct gate *g = arg;

	g->disabled = s->disabled_us != 0;
	g->clean = s->failures == 0 && s->down_us == 0;
	g->wait_us = s->hold_us > g->now_us ? s->hold_us - g->now_us : 0;
	if (!g->disabled && g->wait_us == 0)
		g->wait_us = rate_take(&g->endpoint->rate, g->now_us, &s->rate_us);
	return 0;
}

/* 1: go. 0: not now; the turn says when, or that it is over. */
static int
admit(struct sender *s, struct turn *t, int64_t now, struct err *err)
{
	struct gate g = { .endpoint = t->endpoint, .now_us = now };

	if (now < t->not_before_us)
		return 0;
	if (quiet_until(&t->endpoint->quiet, now) > now) {
		t->over = true;
		return 0;
	}
	if (endstate_change(s->queue, t->endpoint->name, ask, &g, err) < 0)
		return -1;
	t->gone = g.disabled;
	t->clean = g.clean;
	if (g.wait_us == 0)
		return 1;
	t->not_before_us = now + g.wait_us;
	t->over = g.wait_us > (int64_t)SENDER_PATIENCE_MS * USEC_PER_MSEC;
	return 0;
}

static void
sign(struct attempt *a, int64_t now)
{
	const struct endpoint *e = a->turn->endpoint;
	int64_t now_s = now / USEC_PER_SEC;
	size_t nr = 0, own = 0;

	while (e->header[nr])
		nr++;
	a->header = xcalloc(nr + SENDER_HEADERS, sizeof(*a->header));
	memcpy(a->header, e->header, nr * sizeof(*a->header));
	/* one of the settings wins: libcurl would send both */
	for (size_t i = 0; i < nr; i++)
		if (strncasecmp(e->header[i], "content-type:", strlen("content-type:")) == 0)
			goto typed;
	a->own[own++] = xasprintf("content-type: %s", a->d.content_type);
typed:
	a->own[own++] = xasprintf("webhook-id: %s", a->d.id);
	a->own[own++] = xasprintf("webhook-timestamp: %lld", (long long)now_s);
	if (e->keys.nr > 0) {
		struct str list = STR_INIT;

		webhook_sign(&e->keys, a->d.id, now_s, str_slice(&a->d.body), &list);
		a->own[own++] = xasprintf("webhook-signature: %s", list.buf);
		str_release(&list);
	}
	if (e->token)
		a->own[own++] = xasprintf("authorization: Bearer %s", e->token);
	for (size_t i = 0; i < own; i++)
		a->header[nr + i] = a->own[i];
}

static int
post(struct sender *s, struct attempt *a, struct err *err)
{
	const struct endpoint *e = a->turn->endpoint;
	struct http_request r = {
		.url = e->url, .body = str_slice(&a->d.body),
		.timeout_ms = MIN(e->timeout_ms, s->limits.attempt_ms), .allow = e->allow,
		.allow_nr = e->allow_nr, .ca_file = e->ca_file, .arg = a,
	};

	sign(a, clock_now_us());
	r.header = a->header;
	if (!s->http)
		s->http = http_new(err);
	return s->http ? http_start(s->http, &r, err) : -1;
}

/* Take one delivery and begin. 0 too when somebody else has it. */
static int
begin(struct sender *s, struct turn *t, struct err *err)
{
	struct attempt *a = xcalloc(1, sizeof(*a));
	char *name = t->name[t->next++];
	int rc;

	*a = (struct attempt){ .turn = t, .d = DELIVERY_INIT, .after = s->attempts };
	if (s->attempts)
		s->attempts->before = a;
	s->attempts = a;
	t->running++;
	rc = queue_take(s->queue, name, clock_now_us(), &a->d, err);
	free(name);
	if (rc < 0 && err->kind == ERR_DATA) {
		/* no file of ours; it is out of the way */
		s->fn(s->arg, SENDER_DEAD, t->endpoint->name, NULL, err->text);
		err_release(err);
		rc = 0;
	} else if (rc > 0 && t->gone) {
		rc = sender_bury(s, &a->d, "the endpoint is disabled: it said 410 Gone", err);
	} else if (rc > 0 && post(s, a, err) == 0) {
		return 0;
	} else if (rc > 0) {
		rc = -1;
	}
	sender_drop(s, a);
	return rc;
}

int
sender_start(struct sender *s, struct err *err)
{
	for (size_t i = 0; i < s->endpoints->nr; i++) {
		struct turn *t = &s->turn[i];
		int rc;

		while (may_start(s, t)) {
			rc = admit(s, t, clock_now_us(), err);
			if (rc > 0)
				rc = begin(s, t, err) < 0 ? -1 : 1;
			if (rc < 0)
				return -1;
			if (rc == 0)
				break;
		}
	}
	return 0;
}

int
sender_wait(struct sender *s, struct pollfd *fds, size_t nr, int timeout_ms, struct err *err)
{
	int64_t now = clock_now_us();

	for (size_t i = 0; i < s->endpoints->nr; i++) {
		const struct turn *t = &s->turn[i];
		int64_t ms;

		if (!may_start(s, t))
			continue;
		ms = t->not_before_us > now ? (t->not_before_us - now) / USEC_PER_MSEC + 1 : 0;
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

