#include "app/sender_private.h"

#include "app/endstate.h"
#include "base/clock.h"
#include "base/mem.h"

enum { STATUS_GONE = 410 };

struct news {
	int64_t now_us, hold_us;
	const char *why;	/* NULL: a success */
	bool gone;
	enum sender_event event;
	bool tell;
};

static int
note(void *arg, struct endstate *s)
{
	struct news *n = arg;

	if (!n->why) {
		n->tell = s->down_us != 0;
		n->event = SENDER_UP;
		s->failures = s->down_us = 0;
		return 0;
	}
	snprintf(s->reason, sizeof(s->reason), "%s", n->why);
	if (n->hold_us > s->hold_us)
		s->hold_us = n->hold_us;
	s->failures++;
	if (n->gone) {
		n->tell = s->disabled_us == 0;
		n->event = SENDER_DISABLED;
		s->disabled_us = n->now_us;
	} else if (s->failures >= ENDSTATE_DOWN && s->down_us == 0) {
		n->tell = true;
		n->event = SENDER_DOWN;
		s->down_us = n->now_us;
	}
	return 0;
}

static int
failed(struct sender *s, struct attempt *a, const struct http_answer *answer, struct news *n,
    struct err *err)
{
	struct turn *t = a->turn;
	int64_t delay;

	t->failures++;
	a->d.attempts++;
	delay = n->gone ? -1 : endpoint_delay(t->endpoint, a->d.attempts, answer->retry_after_s);
	if (delay < 0)
		return sender_bury(s, &a->d, answer->why, err);
	if (t->failures >= s->limits.failures)
		sender_end_turn(t);
	if (answer->retry_after_s > 0) {
		int64_t peace = MIN(delay, answer->retry_after_s * USEC_PER_SEC);

		n->hold_us = n->now_us + peace;
		sender_hold(s, t, peace);
	}
	free(a->d.last_error);
	a->d.last_error = xstrdup(answer->why);
	if (queue_defer(s->queue, &a->d, n->now_us + delay, err) < 0)
		return -1;
	s->fn(s->arg, SENDER_FAILED, t->endpoint->name, &a->d, answer->why);
	return 0;
}

static int
settle(struct sender *s, struct attempt *a, const struct http_answer *answer, struct err *err)
{
	struct turn *t = a->turn;
	struct news n = { .now_us = clock_now_us() };
	bool cut = false;
	int rc;

	if (answer->status >= 200 && answer->status <= 299) {
		t->failures = 0;
		rc = queue_sent(s->queue, &a->d, n.now_us, err);
		if (rc == 0)
			s->fn(s->arg, SENDER_SENT, t->endpoint->name, &a->d, answer->why);
	} else {
		n.why = answer->why;
		t->clean = false;
		n.gone = answer->status == STATUS_GONE;
		t->gone = t->gone || n.gone;
		/* what else is offered is buried then, without an attempt */
		rc = failed(s, a, answer, &n, err);
		/* cut off before the endpoint's own time was up, it says nothing of the endpoint */
		cut = answer->timed_out && s->limits.attempt_ms < t->endpoint->timeout_ms;
	}
	sender_drop(s, a);
	if (rc == 0 && !cut && (n.why || !t->clean))
		rc = endstate_change(s->queue, t->endpoint->name, note, &n, err);
	if (rc == 0 && n.tell)
		s->fn(s->arg, n.event, t->endpoint->name, NULL, n.why);
	return rc < 0 ? sender_trouble(s, t, err) : 0;
}

int
sender_collect(struct sender *s, struct err *err)
{
	struct http_answer answer;
	int rc = 0;

	while (rc == 0 && s->http && http_next(s->http, &answer))
		rc = settle(s, answer.arg, &answer, err);
	return rc;
}

int
sender_abandon(struct sender *s, struct err *err)
{
	struct http_answer answer = { .retry_after_s = -1, .timed_out = true,
		.why = "no answer in the time there was" };
	int rc = sender_collect(s, err);

	http_free(s->http);
	s->http = NULL;
	for (size_t i = 0; i < s->endpoints->nr; i++)
		sender_end_turn(&s->turn[i]);
	while (rc == 0 && s->attempts)
		rc = settle(s, s->attempts, &answer, err);
	return rc;
}
