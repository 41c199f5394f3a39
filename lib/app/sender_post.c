#include "app/sender_private.h"

#include "base/clock.h"
#include "base/mem.h"

struct attempt *
sender_attempt(struct sender *s, struct turn *t)
{
	struct attempt *a = xcalloc(1, sizeof(*a));

	*a = (struct attempt){ .turn = t, .d = DELIVERY_INIT, .after = s->attempts };
	if (s->attempts)
		s->attempts->before = a;
	s->attempts = a;
	t->running++;
	s->running++;
	return a;
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
	s->running--;
	for (size_t i = 0; i < SENDER_HEADERS && a->own[i]; i++) {
		/* one of them is the token */
		explicit_bzero(a->own[i], strlen(a->own[i]));
		free(a->own[i]);
	}
	free(a->header);
	delivery_release(&a->d);
	free(a);
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

int
sender_post(struct sender *s, struct attempt *a, struct err *err)
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
