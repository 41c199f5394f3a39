/*
 * http.h - POST to web hooks, many at a time, by libcurl (opened when first
 * needed, like libpq: it and its libraries cost milliseconds at every start).
 *
 * What is dialled is checked, not what is written: libcurl asks us for each
 * socket with the address that it is about to connect to
 * (CURLOPT_OPENSOCKETFUNCTION), after DNS, and an address that net_special knows
 * is refused unless it lies in one of the request's allowed ranges. No redirect is
 * followed, no proxy of the environment is used, no cookie, no netrc, only http and
 * https. An answer is its status and two headers: as soon as the headers are in
 * the status counts, of the body HTTP_BODY_MAX bytes are read, so that the
 * connection can be used again, and thrown away. A request on a kept connection that
 * breaks before any answer is sent once more on a new one. Without a Content-Type of its own
 * a request is application/json.
 *
 *	struct http *h = http_new(&err);
 *	http_start(h, &request, &err);
 *	while (http_running(h) > 0) {
 *		http_wait(h, NULL, 0, 1000, &err);
 *		while (http_next(h, &answer)) ...
 *	}
 *	http_free(h);
 */
#ifndef SVC_HTTP_H
#define SVC_HTTP_H

#include <poll.h>

#include "alg/net.h"
#include "base/err.h"
#include "base/str.h"

#define HTTP_BODY_MAX ((size_t)16 << 10)
#define HTTP_HEADERS_MAX ((size_t)64 << 10)
/* Once the status is known, a body that drips is waited for no longer than this. */
#define HTTP_BODY_MS 500

struct http_request {
	const char *url;
	const char *const *header;	/* `Name: value`, NULL-terminated */
	struct slice body;
	uint64_t timeout_ms;		/* for all of it */
	const struct net_range *allow;	/* special ranges that may be dialled */
	size_t allow_nr;
	const char *ca_file;		/* PEM; NULL: the system's */
	void *arg;			/* comes back with the answer */
};

struct http_answer {
	void *arg;
	int status;		/* 0: there was none */
	int64_t retry_after_s;	/* from now; -1: it said nothing, or nothing that makes sense */
	bool timed_out;		/* there was none within timeout_ms */
	char why[200];		/* printable: `HTTP 503`, or what went wrong. Nothing that came
				 * from the other side, nor a header of ours, is in it. */
};

struct http;	/* opaque */

struct http *http_new(struct err *err);
/* Transfers under way are cut off. NULL is fine. */
void http_free(struct http *h);

/* Is it an http or https URL with a host, without user or password? ERR_CONFIG.
 * The rules are those of the sender itself (CURLU). */
int http_check_url(const char *url, struct err *err);
/* The request and all it points to is borrowed until its answer came. */
int http_start(struct http *h, const struct http_request *r, struct err *err);
/* Those whose answer has not been taken by http_next. */
size_t http_running(const struct http *h);
/* Wait at most timeout_ms for a transfer to move or for one of fds (as poll(2),
 * revents are set; timeout_ms < 0 is for ever). A signal ends the wait early, so does
 * a second of it while requests run; with an answer to take there is none. With
 * neither requests nor fds it sleeps. */
int http_wait(struct http *h, struct pollfd *fds, size_t nr, int timeout_ms, struct err *err);
/* One more answer, once each. */
bool http_next(struct http *h, struct http_answer *out);

#endif
