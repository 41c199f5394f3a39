/*
 * list.c - what is in the queue, how the endpoints are, and a new start for
 * what is dead.
 */
#include "app/endstate.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/msg.h"
#include "base/utf8.h"
#include "cmd/notify/notify.h"
#include "fmt/json.h"
#include "sys/io.h"

struct listing {
	struct notify *n;
	const char *state;	/* of the part that is being listed */
	struct { uint64_t waiting, dead; } *count;	/* one for each endpoint */
};

static void
put_time(struct str *s, const char *key, int64_t us)
{
	char text[CLOCK_BUF];

	if (us != 0) {
		json_put_key_cstr(s, key, clock_format(us, text));
	} else {
		json_put_key(s, key);
		str_adds(s, "null");
	}
}

static int
print(struct str *s, struct err *err)
{
	int rc;

	str_addc(s, '\n');
	rc = io_stdout(s->buf, s->len, err);
	str_release(s);
	return rc;
}

/* When it will be tried: quiet hours and a wish for peace come on top. */
static int64_t
next_attempt(const struct listing *l, const struct delivery *d, struct err *err)
{
	const struct endpoint *e = endpoints_find(&l->n->endpoints, d->endpoint);
	struct endstate s = { .hold_us = 0 };
	int64_t at = MAX(d->due_us, clock_now_us());

	if (!e)
		return d->due_us;
	if (endstate_read(&l->n->queue, d->endpoint, &s, err) < 0)
		return -1;
	at = quiet_until(&e->quiet, MAX(at, s.hold_us));
	/* due already: as it was written down */
	return at <= clock_now_us() ? d->due_us : at;
}

static int
list_delivery(void *arg, const struct delivery *d, struct err *err)
{
	struct listing *l = arg;
	const struct endpoint *e = endpoints_find(&l->n->endpoints, d->endpoint);
	bool waits = strcmp(l->state, "waiting") == 0;
	char created[CLOCK_BUF], next[CLOCK_BUF];
	struct str s = STR_INIT;
	int64_t at = 0;

	if (l->n->endpoint && strcmp(l->n->endpoint, d->endpoint) != 0)
		return 0;
	if (e && waits)
		l->count[e - l->n->endpoints.item].waiting++;
	else if (e)
		l->count[e - l->n->endpoints.item].dead++;
	if (waits && (at = next_attempt(l, d, err)) < 0)
		return -1;
	clock_format(d->created_us, created);
	if (l->n->text) {
		str_addf(&s, "%s %s ", d->endpoint, d->id);
		utf8_put_printable(&s, d->type);
		str_addf(&s, " %s, %u attempts%s%s%s", l->state, d->attempts, waits ? ", next " : "",
		    waits ? clock_format(at, next) : "", d->last_error ? ": " : "");
		utf8_put_printable(&s, d->last_error ? d->last_error : "");
		return print(&s, err);
	}
	str_addc(&s, '{');
	json_put_key_cstr(&s, "type", "delivery");
	json_put_key_cstr(&s, "endpoint", d->endpoint);
	json_put_key_cstr(&s, "id", d->id);
	json_put_key_cstr(&s, "event", d->type);
	json_put_key_cstr(&s, "state", l->state);
	json_put_key_int(&s, "attempts", d->attempts);
	json_put_key_cstr(&s, "created_at", created);
	put_time(&s, "next_attempt_at", at);
	json_put_key(&s, "last_error");
	if (d->last_error)
		json_put_cstr(&s, d->last_error);
	else
		str_adds(&s, "null");
	str_addc(&s, '}');
	return print(&s, err);
}

static int
list_endpoint(struct listing *l, size_t i, struct err *err)
{
	const char *name = l->n->endpoints.item[i].name;
	unsigned long long waiting = l->count[i].waiting, dead = l->count[i].dead;
	struct str s = STR_INIT;
	struct endstate e;
	const char *state;

	if (endstate_read(&l->n->queue, name, &e, err) < 0)
		return -1;
	state = e.disabled_us ? "disabled" : e.down_us ? "down" : "up";
	if (l->n->text) {
		str_addf(&s, "%s is %s, %llu waiting, %llu dead", name, state, waiting, dead);
		if (*e.reason && strcmp(state, "up") != 0) {
			str_adds(&s, ": ");
			utf8_put_printable(&s, e.reason);
		}
		return print(&s, err);
	}
	str_addc(&s, '{');
	json_put_key_cstr(&s, "type", "endpoint");
	json_put_key_cstr(&s, "endpoint", name);
	json_put_key_cstr(&s, "state", state);
	put_time(&s, "since", e.disabled_us ? e.disabled_us : e.down_us);
	json_put_key(&s, "reason");
	if (strcmp(state, "up") != 0)
		json_put_cstr(&s, e.reason);
	else
		str_adds(&s, "null");
	json_put_key_int(&s, "waiting", (int64_t)waiting);
	json_put_key_int(&s, "dead", (int64_t)dead);
	str_addc(&s, '}');
	return print(&s, err);
}

int
list_run(struct notify *n, struct err *err)
{
	struct listing l = { .n = n, .state = "waiting" };
	int rc;

	l.count = xcalloc(n->endpoints.nr + 1, sizeof(*l.count));
	rc = queue_each(&n->queue, "new", list_delivery, &l, err);
	l.state = "dead";
	if (rc == 0)
		rc = queue_each(&n->queue, "dead", list_delivery, &l, err);
	for (size_t i = 0; rc == 0 && i < n->endpoints.nr; i++)
		if (!n->endpoint || strcmp(n->endpoint, n->endpoints.item[i].name) == 0)
			rc = list_endpoint(&l, i, err);
	free(l.count);
	return rc < 0 ? -1 : EXIT_OK;
}

static int
enable(void *arg, struct endstate *s)
{
	(void)arg;
	s->disabled_us = 0;
	s->hold_us = 0;
	return 0;
}

int
redrive_run(struct notify *n, int argc, char **argv, struct err *err)
{
	int64_t now = clock_now_us(), total = 0;
	int status = EXIT_OK;

	for (int i = 0; i < MAX(argc, 1); i++) {
		const char *id = argc > 0 ? argv[i] : NULL;
		int64_t nr = queue_redrive(&n->queue, n->endpoint, id, now, err);

		if (nr < 0)
			return -1;
		if (nr == 0 && id) {
			msg_error("%s is not dead", id);
			status = EXIT_PARTIAL;
		}
		total += nr;
	}
	if (queue_sync(&n->queue, err) < 0)
		return -1;
	for (size_t i = 0; argc == 0 && i < n->endpoints.nr; i++) {
		const char *name = n->endpoints.item[i].name;

		if ((!n->endpoint || strcmp(n->endpoint, name) == 0) &&
		    endstate_change(&n->queue, name, enable, NULL, err) < 0)
			return -1;
	}
	msg_info("%lld notifications are due again", (long long)total);
	return status;
}
