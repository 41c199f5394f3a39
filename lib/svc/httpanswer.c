/*
 * httpanswer.c - what of an answer is read: status, Retry-After, and in our words
 * why there was none. All of it comes from the other side and is hostile.
 */
#include "svc/http_private.h"

#include <ctype.h>

#include "base/clock.h"
#include "base/num.h"

#define DATE_MAX 40	/* bytes of `Wednesday, 06-Nov-94 08:49:37 GMT`, and some */

static const char *const months = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int
month_number(const char *name)
{
	for (int i = 0; i < 12; i++)
		if (strncmp(months + 3 * i, name, 3) == 0)
			return i + 1;
	return 0;
}

/* A year of two digits is the one that is at most 50 years ahead, and none later. */
static int
full_year(int two, int64_t now_us)
{
	struct civil now;
	int year;

	clock_civil(now_us, &now);
	year = (int)(now.year - now.year % 100) + two;
	if (year > now.year + 50)
		return year - 100;
	return year <= now.year - 50 ? year + 100 : year;
}

/* sscanf takes more than the grammar; what it took is checked by clock_parse. */
static int
parse_date(const char *s, int64_t now_us, int64_t *us)
{
	int day, year, hour, min, sec, end = 0;
	char month[4], text[CLOCK_BUF * 2];

	if (sscanf(s, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n",
	    &day, month, &year, &hour, &min, &sec, &end) == 6 && end > 0)
		;
	else if (sscanf(s, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n",
	    &day, month, &year, &hour, &min, &sec, &end) == 6 && end > 0)
		year = full_year(year, now_us);
	else if (sscanf(s, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n",
	    month, &day, &hour, &min, &sec, &year, &end) != 6 || end == 0)
		return -1;
	if (s[end] != '\0')
		return -1;
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month_number(month),
	    day, hour, min, sec);
	return clock_parse(text, strlen(text), us);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice
trim(struct slice s)
{
	while (s.len > 0 && is_space(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

int64_t
http_retry_after(struct slice value, int64_t now_us)
{
	char text[DATE_MAX + 1];
	size_t digits = 0;
	uint64_t n;
	int64_t us;

	value = trim(value);
	while (digits < value.len && value.ptr[digits] >= '0' && value.ptr[digits] <= '9')
		digits++;
	if (value.len > 0 && digits == value.len) {
		while (value.len > 1 && value.ptr[0] == '0') {
			value.ptr++;
			value.len--;
		}
		snprintf(text, sizeof(text), "%.*s", (int)MIN(value.len, DATE_MAX), value.ptr);
		/* what num_uint does not take is too many digits */
		return num_uint(text, (uint64_t)HTTP_RETRY_AFTER_MAX_S, &n) == 0 ?
		    (int64_t)n : HTTP_RETRY_AFTER_MAX_S;
	}
	if (value.len == 0 || value.len > DATE_MAX || memchr(value.ptr, '\0', value.len) != NULL)
		return -1;
	snprintf(text, sizeof(text), "%.*s", (int)value.len, value.ptr);
	if (parse_date(text, now_us, &us) < 0)
		return -1;
	if (us <= now_us)
		return 0;
	/* unsigned: a date may lie as far ahead as now lies before it */
	n = ((uint64_t)us - (uint64_t)now_us + (uint64_t)USEC_PER_SEC - 1) / (uint64_t)USEC_PER_SEC;
	return (int64_t)MIN(n, (uint64_t)HTTP_RETRY_AFTER_MAX_S);
}

/* The headers of an answer are whole; was it the final one? -1: break it off. */
static int
headers_end(struct transfer *t)
{
	long code = 0;

	if (curl.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK)
		code = 0;
	if (code >= 200) {
		t->status = (int)code;
		t->known_ms = clock_mono_ms();
		return 0;
	}
	t->retry_after_s = -1;
	if (code >= 100 && code != 101)
		return 0;
	t->fault = code == 101 ? "it switches to another protocol, which nobody asked for" :
	    "the answer has no valid status";
	return -1;
}

size_t
http_on_header(char *data, size_t size, size_t nr, void *transfer)
{
	static const char name[] = "retry-after:";
	struct transfer *t = transfer;
	size_t n = size * nr;

	if (t->status != 0)	/* trailers */
		return http_on_body(data, size, nr, transfer);
	t->header_bytes += n;
	if (t->header_bytes > HTTP_HEADERS_MAX) {
		t->fault = "its headers are too long";
		return 0;
	}
	/* this, and not an empty line, is the end of the headers for libcurl */
	if (n > 0 && (data[0] == '\r' || data[0] == '\n'))
		return headers_end(t) < 0 ? 0 : n;
	if (n >= sizeof(name) && strncasecmp(data, name, sizeof(name) - 1) == 0 &&
	    t->retry_after_s < 0)
		t->retry_after_s = http_retry_after((struct slice){ data + sizeof(name) - 1,
		    n - (sizeof(name) - 1) }, clock_now_us());
	return n;
}

size_t
http_on_body(char *data UNUSED, size_t size, size_t nr, void *transfer)
{
	struct transfer *t = transfer;
	size_t n = size * nr;

	if (t->status == 0 && headers_end(t) < 0)
		return 0;
	t->body_bytes += n;
	return t->body_bytes > HTTP_BODY_MAX ? 0 : n;
}

/* OpenSSL's numbers of what is wrong with a certificate (x509_vfy.h). */
static const char *
certificate_fault(long code)
{
	switch (code) {
	case 9: return "the certificate is not valid yet";
	case 10: return "the certificate has expired";
	case 18: return "the certificate is self-signed";
	case 19: case 20: case 21: return "the certificate's authority is not known (see ca_file)";
	default: return "the certificate is not good for this host";
	}
}

static void
explain_no_connection(struct transfer *t, const char *what)
{
	long code = 0;

	if (curl.easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &code) == CURLE_OK && code != 0)
		snprintf(t->why, sizeof(t->why), "%s: %s", what, strerror((int)code));
	else
		snprintf(t->why, sizeof(t->why), "%s", what);
}

static void
explain_timeout(struct transfer *t)
{
	curl_off_t sent_us = 0;

	t->timed_out = true;
	if (curl.easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us) != CURLE_OK)
		sent_us = 0;
	snprintf(t->why, sizeof(t->why), "no %s within %llu ms",
	    sent_us == 0 ? "connection" : "answer", (unsigned long long)t->r.timeout_ms);
}

static void
explain_certificate(struct transfer *t)
{
	long code = 0;

	if (curl.easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &code) != CURLE_OK)
		code = 0;
	snprintf(t->why, sizeof(t->why), "%s", certificate_fault(code));
}

/* libcurl's long texts (CURLOPT_ERRORBUFFER) quote the other side: not used. */
void
http_explain(struct transfer *t, CURLcode code)
{
	const char *what = NULL;

	if (t->status != 0) {
		snprintf(t->why, sizeof(t->why), "HTTP %d", t->status);
		return;
	}
	if (t->fault != NULL) {
		what = t->fault;
	} else if (t->refused[0] != '\0' && (!t->dialled || code == CURLE_ABORTED_BY_CALLBACK)) {
		what = t->refused;
	} else {
		switch (code) {
		case CURLE_OPERATION_TIMEDOUT: explain_timeout(t); return;
		case CURLE_PEER_FAILED_VERIFICATION: explain_certificate(t); return;
		case CURLE_COULDNT_CONNECT: explain_no_connection(t, "could not connect"); return;
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR: explain_no_connection(t, "the connection broke"); return;
		case CURLE_COULDNT_RESOLVE_HOST: what = "could not resolve the host's name"; break;
		case CURLE_GOT_NOTHING: what = "the connection was closed without an answer"; break;
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_WEIRD_SERVER_REPLY: what = "the answer is not HTTP"; break;
		case CURLE_SSL_CACERT_BADFILE: what = "could not read the ca_file"; break;
		case CURLE_SSL_CONNECT_ERROR: what = "the TLS handshake failed"; break;
		case CURLE_OK: what = "the answer has no valid status"; break;
		/* its word for a line of more than 100 KB */
		case CURLE_OUT_OF_MEMORY: what = "its headers are too long"; break;
		default: break;
		}
	}
	if (what == NULL)
		http_words(t->why, sizeof(t->why), curl.easy_strerror(code));
	else
		snprintf(t->why, sizeof(t->why), "%s", what);
}

const char *
http_words(char *buf, size_t size, const char *text)
{
	snprintf(buf, size, "%s", text);
	if (size > 1 && islower((unsigned char)buf[1]))
		buf[0] = (char)tolower((unsigned char)buf[0]);
	return buf;
}
