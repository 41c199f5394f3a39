/*
 * http_private.h - what http.c, httprequest.c, httpanswer.c and httpload.c share;
 * nobody else includes it but their tests.
 *
 * libcurl is opened with dlopen when the first URL is looked at and not linked, as
 * libpq is (see pg_private.h) and for the same reason. The types of the functions
 * still come from its header.
 */
#ifndef SVC_HTTP_PRIVATE_H
#define SVC_HTTP_PRIVATE_H

/* The macros of that check know libcurl's functions only by their names. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "svc/http.h"

#define CURL_FUNCTIONS(X) \
	X(easy_cleanup) X(easy_getinfo) X(easy_init) X(easy_setopt) X(easy_strerror) X(free) \
	X(global_init) X(multi_add_handle) X(multi_cleanup) X(multi_info_read) X(multi_init) \
	X(multi_perform) X(multi_poll) X(multi_remove_handle) X(multi_setopt) \
	X(multi_strerror) X(slist_append) X(slist_free_all) X(url) X(url_cleanup) X(url_get) \
	X(url_set) X(url_strerror)

struct curl {
#define X(name) __typeof__(curl_##name) *name;
	CURL_FUNCTIONS(X)
#undef X
};
/* NULL before curl_load. */
extern struct curl curl;
int curl_load(struct err *err);

/* The longest time that a Retry-After is taken for; it bounds what a receiver can
 * make us wait, the sender's schedule bounds it further. */
#define HTTP_RETRY_AFTER_MAX_S (INT64_C(7) * 24 * 60 * 60)

/* The value of a Retry-After (RFC 9110, 10.2.3): seconds, or a date in any of the
 * three forms of 5.6.7, which is seconds from now_us, 0 when it has passed. More than
 * the maximum is the maximum; -1 for all else. */
int64_t http_retry_after(struct slice value, int64_t now_us);

/* One request under way, or answered and not yet taken. */
struct transfer {
	struct transfer *next;	/* of those that are answered */
	size_t at;		/* in http.running */
	CURL *easy;
	CURLU *url;
	struct curl_slist *headers;
	struct http_request r;
	int status;		/* 0 until the headers are whole */
	int64_t retry_after_s;
	int64_t known_ms;	/* when the status was */
	size_t header_bytes, body_bytes;
	bool dialled;		/* a socket was opened for it */
	bool timed_out;
	bool fresh;		/* it must have a connection of its own */
	const char *fault;	/* why we broke it off, or NULL */
	char refused[NET_BUF + 120];	/* the address that we did not dial */
	char why[sizeof(((struct http_answer *)0)->why)];
};

struct transfer *http_transfer(const struct http_request *r, struct err *err);
void http_transfer_free(struct transfer *t);

/* Where libcurl's headers and bodies go: CURLOPT_HEADERFUNCTION, _WRITEFUNCTION. */
size_t http_on_header(char *data, size_t size, size_t nr, void *transfer);
size_t http_on_body(char *data, size_t size, size_t nr, void *transfer);
/* libcurl's `Bad scheme` in the style of our messages. */
const char *http_words(char *buf, size_t size, const char *text);
/* Fill t->why, for a transfer that ended so. */
void http_explain(struct transfer *t, CURLcode code);

#endif
