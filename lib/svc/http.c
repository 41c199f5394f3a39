/*
 * http.c - POST by libcurl's multi interface (see http.h). httprequest.c has what is
 * asked, httpanswer.c what comes back.
 */
#include "svc/http.h"

#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/mem.h"
#include "svc/http_private.h"
#include "sys/sig.h"

#define CONNECTIONS_KEPT 64L
/* A signal between the look at the flag and the wait is seen after this, at the latest. */
#define WAIT_SLICE_MS 1000

struct http {
	CURLM *multi;		/* NULL before the first request */
	struct transfer **running;
	size_t nr, alloc;
	struct transfer *first, **last;	/* answered, not yet taken */
	size_t answered;
	struct curl_waitfd *extra;
	size_t extra_alloc;
};

struct http *
http_new(struct err *err UNUSED)
{
	struct http *h = xcalloc(1, sizeof(*h));

	h->last = &h->first;
	return h;
}

void
http_free(struct http *h)
{
	struct http_answer a;

	if (h == NULL)
		return;
	for (size_t i = 0; i < h->nr; i++) {
		curl.multi_remove_handle(h->multi, h->running[i]->easy);
		http_transfer_free(h->running[i]);
	}
	while (http_next(h, &a))
		;
	if (h->multi != NULL)
		curl.multi_cleanup(h->multi);
	free(h->running);
	free(h->extra);
	free(h);
}

static int
multi_fail(CURLMcode code, const char *what, struct err *err)
{
	return err_set(err, code == CURLM_OUT_OF_MEMORY ? ERR_TEMP : ERR_BUG, "could not %s: %s",
	    what, curl.multi_strerror(code));
}

int
http_start(struct http *h, const struct http_request *r, struct err *err)
{
	struct transfer *t = http_transfer(r, err);
	CURLMcode code;

	if (t == NULL)
		return -1;
	if (h->multi == NULL) {
		h->multi = curl.multi_init();
		if (h->multi == NULL) {
			http_transfer_free(t);
			return err_set(err, ERR_TEMP, "out of memory");
		}
		curl.multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
	}
	code = curl.multi_add_handle(h->multi, t->easy);
	if (code != CURLM_OK) {
		http_transfer_free(t);
		return multi_fail(code, "start a request", err);
	}
	ALLOC_GROW(h->running, h->nr + 1, h->alloc);
	t->at = h->nr;
	h->running[h->nr++] = t;
	return 0;
}

size_t
http_running(const struct http *h)
{
	return h->nr + h->answered;
}

bool
http_next(struct http *h, struct http_answer *out)
{
	struct transfer *t = h->first;

	if (t == NULL)
		return false;
	h->first = t->next;
	if (h->first == NULL)
		h->last = &h->first;
	h->answered--;
	out->arg = t->r.arg;
	out->status = t->status;
	out->retry_after_s = t->retry_after_s;
	out->timed_out = t->timed_out;
	memcpy(out->why, t->why, sizeof(out->why));
	http_transfer_free(t);
	return true;
}

static void
finish(struct http *h, struct transfer *t, CURLcode code)
{
	curl.multi_remove_handle(h->multi, t->easy);
	http_explain(t, code);
	h->running[t->at] = h->running[--h->nr];
	h->running[t->at]->at = t->at;
	*h->last = t;
	h->last = &t->next;
	h->answered++;
}

/* A request that was given another one's connection and must not use it. */
static bool
again(struct http *h, struct transfer *t, CURLcode code)
{
	if (code != CURLE_ABORTED_BY_CALLBACK || t->dialled || t->fresh)
		return false;
	t->fresh = true;
	curl.multi_remove_handle(h->multi, t->easy);
	return curl.easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
	    curl.multi_add_handle(h->multi, t->easy) == CURLM_OK;
}

/* Let every transfer do what it can without waiting. */
static int
move(struct http *h, struct err *err)
{
	int n;
	CURLMcode code = curl.multi_perform(h->multi, &n);
	struct CURLMsg *msg;
	int64_t now = clock_mono_ms();

	if (code != CURLM_OK)
		return multi_fail(code, "move requests", err);
	while ((msg = curl.multi_info_read(h->multi, &n)) != NULL) {
		CURLcode result = msg->data.result;
		char *t = NULL;

		if (msg->msg != CURLMSG_DONE ||
		    curl.easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t) != CURLE_OK)
			continue;
		if (!again(h, (struct transfer *)(void *)t, result))
			finish(h, (struct transfer *)(void *)t, result);
	}
	for (size_t i = h->nr; i-- > 0; )
		if (h->running[i]->status != 0 && now - h->running[i]->known_ms >= HTTP_BODY_MS)
			finish(h, h->running[i], CURLE_OPERATION_TIMEDOUT);
	return 0;
}

/* Only the descriptors, and no signal gets lost between the look at the flag and the
 * wait. */
static int
wait_fds(struct pollfd *fds, size_t nr, int timeout_ms, struct err *err)
{
	struct timespec ts = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	sigset_t all, old;
	int n = -1, saved = EINTR;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (!sig_stopped() || timeout_ms == 0) {
		n = ppoll(fds, nr, timeout_ms < 0 ? NULL : &ts, &old);
		saved = errno;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (n >= 0)
		return 0;
	for (size_t i = 0; i < nr; i++)
		fds[i].revents = 0;
	errno = saved;
	return saved == EINTR ? 0 : err_setno(err, "could not wait");
}

/* How long a wait may be for the transfers under way; libcurl knows its own times. */
static int
wait_at_most(const struct http *h, int timeout_ms)
{
	int64_t now = clock_mono_ms(), left;

	if (sig_stopped())
		return 0;
	if (timeout_ms < 0 || timeout_ms > WAIT_SLICE_MS)
		timeout_ms = WAIT_SLICE_MS;
	for (size_t i = 0; i < h->nr; i++) {
		if (h->running[i]->status == 0)
			continue;
		left = h->running[i]->known_ms + HTTP_BODY_MS - now;
		timeout_ms = (int)MIN(MAX(left, 0), timeout_ms);
	}
	return timeout_ms;
}

int
http_wait(struct http *h, struct pollfd *fds, size_t nr, int timeout_ms, struct err *err)
{
	CURLMcode code;

	if (h->nr > 0 && move(h, err) < 0)
		return -1;
	if (h->answered > 0)
		return wait_fds(fds, nr, 0, err);
	if (h->nr == 0)
		return wait_fds(fds, nr, timeout_ms, err);
	ALLOC_GROW(h->extra, nr, h->extra_alloc);
	/* poll(2) reports POLLHUP and POLLERR of a descriptor whatever was asked for */
	for (size_t i = 0; i < nr; i++)
		h->extra[i] = (struct curl_waitfd){ fds[i].fd, (short)(
		    (fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
		    (fds[i].events & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
		    (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0)), 0 };
	code = curl.multi_poll(h->multi, h->extra, (unsigned)nr, wait_at_most(h, timeout_ms), NULL);
	if (code != CURLM_OK)
		return multi_fail(code, "wait for answers", err);
	if (move(h, err) < 0)
		return -1;
	/* what libcurl says of them is less than what poll(2) says */
	return wait_fds(fds, nr, 0, err);
}
