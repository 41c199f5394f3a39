/*
 * httprequest.c - what of a request libcurl is told, and what it may dial (see http.h).
 *
 * Connections are kept and used again by all requests of one struct http, although
 * these may allow different ranges. So an address is looked at twice: before a socket
 * is made for it, and, for the address that the connection really has, before a request
 * is sent on it (CURLOPT_PREREQFUNCTION, which also comes for a connection that is used
 * again). A request that may not use what another one dialled gets one of its own. What
 * was tried instead: a multi handle for each list of ranges, but only one of them can be
 * waited for. Trust in certificates needs no such care, libcurl compares the CAINFO.
 */
#include "svc/http_private.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "version.h"

#define DNS_CACHE_S 5L

/* --- what may be dialled ----------------------------------------------------- */

/* False, with the reason in t->refused, when nothing of t's may go there. */
static bool
may_dial(struct transfer *t, const struct net_addr *addr)
{
	const char *special = net_special(addr);
	char buf[NET_BUF];

	if (special == NULL)
		return true;
	for (size_t i = 0; i < t->r.allow_nr; i++)
		if (net_within(&t->r.allow[i], addr))
			return true;
	snprintf(t->refused, sizeof(t->refused),
	    "%s is %s %s address; allow_net does not allow it", net_format(addr, buf),
	    strchr("aeiou", special[0]) != NULL ? "an" : "a", special);
	return false;
}

static bool
address_of(const struct curl_sockaddr *from, struct net_addr *out)
{
	/* only the beginning of what is there: libcurl's has room for any address */
	const char *raw = (const char *)from + offsetof(struct curl_sockaddr, addr);
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from->family == AF_INET && from->addrlen >= sizeof(v4)) {
		memcpy(&v4, raw, sizeof(v4));
		net_v4(out, (const unsigned char *)&v4.sin_addr);
		return v4.sin_family == AF_INET;
	}
	if (from->family == AF_INET6 && from->addrlen >= sizeof(v6)) {
		memcpy(&v6, raw, sizeof(v6));
		net_v6(out, (const unsigned char *)&v6.sin6_addr);
		return v6.sin6_family == AF_INET6;
	}
	return false;
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *t = arg;
	struct net_addr addr;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN || !address_of(to, &addr)) {
		snprintf(t->refused, sizeof(t->refused), "its address is no IP address");
		return CURL_SOCKET_BAD;
	}
	if (!may_dial(t, &addr))
		return CURL_SOCKET_BAD;
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	if (fd >= 0)
		t->dialled = true;
	else
		snprintf(t->refused, sizeof(t->refused), "could not open a socket: %s",
		    strerror(errno));
	return fd;
}

static int
before_request(void *arg, char *ip, char *local UNUSED, int port UNUSED, int from UNUSED)
{
	struct transfer *t = arg;
	struct net_range peer;

	if (net_parse(ip, &peer) == 0) {
		if (may_dial(t, &peer.addr))
			return CURL_PREREQFUNC_OK;
	} else {
		snprintf(t->refused, sizeof(t->refused), "its address is not known");
	}
	return CURL_PREREQFUNC_ABORT;
}

/* --- a request --------------------------------------------------------------- */

/* The text is not quoted: many services hide a secret in the path. */
static CURLU *
parse_url(const char *text, struct err *err)
{
	CURLU *u;
	char *scheme = NULL, *host = NULL, buf[100];
	const char *what = NULL;
	CURLUcode rc;

	if (curl_load(err) < 0)
		return NULL;
	u = curl.url();
	if (u == NULL) {
		what = "out of memory";
		goto out;
	}
	rc = curl.url_set(u, CURLUPART_URL, text, CURLU_DISALLOW_USER);
	if (rc == CURLUE_USER_NOT_ALLOWED)
		what = "it holds a user or a password";
	else if (rc != CURLUE_OK)
		what = http_words(buf, sizeof(buf), curl.url_strerror(rc));
	else if (curl.url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		what = "its scheme is another";
	else if (curl.url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK || host[0] == '\0')
		what = "it has no host";
out:
	curl.free(scheme);
	curl.free(host);
	if (what == NULL)
		return u;
	curl.url_cleanup(u);
	err_set(err, ERR_CONFIG, "not an http or https URL: %s", what);
	return NULL;
}

int
http_check_url(const char *url, struct err *err)
{
	CURLU *u = parse_url(url, err);

	if (u == NULL)
		return -1;
	curl.url_cleanup(u);
	return 0;
}

static bool
is_header(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(line, name, n) == 0 && line[n] == ':';
}

/* Bytes of a name, RFC 9110, 5.6.2; nothing in a value that could end the line. */
static bool
header_ok(const char *line)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = strspn(line, token);

	if (n == 0 || line[n] != ':')
		return false;
	for (const char *p = line + n; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' ? *p != '\t' : *p == 0x7f)
			return false;
	return true;
}

static int
add_header(struct transfer *t, const char *line, struct err *err)
{
	struct curl_slist *list = curl.slist_append(t->headers, line);

	if (list == NULL)
		return err_set(err, ERR_TEMP, "out of memory");
	t->headers = list;
	return 0;
}

static int
add_headers(struct transfer *t, struct err *err)
{
	static const char *const ours[] = { "Content-Length", "Transfer-Encoding", "Connection",
		"Expect", "Trailer", "TE", "Upgrade" };
	const char *const *header = t->r.header;
	bool typed = false;

	for (size_t i = 0; header != NULL && header[i] != NULL; i++) {
		const char *line = header[i], *colon = strchr(line, ':');
		char *empty;
		int rc;

		if (!header_ok(line))
			return err_set(err, ERR_CONFIG, "header %zu is not `Name: value`", i + 1);
		for (size_t k = 0; k < countof(ours); k++)
			if (is_header(line, ours[k]))
				return err_set(err, ERR_CONFIG,
				    "the header %s is not for settings", ours[k]);
		typed = typed || is_header(line, "Content-Type");
		if (colon[1 + strspn(colon + 1, " \t")] != '\0') {
			rc = add_header(t, line, err);
		} else {
			/* libcurl's `Name:` takes a header out, `Name;` is an empty one */
			empty = xasprintf("%.*s;", (int)(colon - line), line);
			rc = add_header(t, empty, err);
			free(empty);
		}
		if (rc < 0)
			return -1;
	}
	if (!typed && add_header(t, "Content-Type: application/json", err) < 0)
		return -1;
	/* A receiver that does not know it would cost a second. */
	return add_header(t, "Expect:", err);
}

/* No alt-svc, HSTS, cookies, content decoding, DoH: off where not asked for. */
static int
set_options(struct transfer *t, struct err *err)
{
	static const struct {
		CURLoption option;
		long value;
	} fixed[] = {
		{ CURLOPT_NOSIGNAL, 1 }, { CURLOPT_POST, 1 }, { CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_NETRC, CURL_NETRC_IGNORED }, { CURLOPT_UNRESTRICTED_AUTH, 0 },
		{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1 }, { CURLOPT_HTTP09_ALLOWED, 0 },
		/* one connection a request: an abort costs nobody else's */
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_SSL_VERIFYPEER, 1 }, { CURLOPT_SSL_VERIFYHOST, 2 },
		{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		{ CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_S },
		/* else a dead name server holds us after the timeout */
		{ CURLOPT_QUICK_EXIT, 1 },
	};
	const struct http_request *r = &t->r;
	const struct {
		CURLoption option;
		const void *value;
	} given[] = {
		{ CURLOPT_CURLU, t->url }, { CURLOPT_HTTPHEADER, t->headers },
		{ CURLOPT_POSTFIELDS, r->body.len > 0 ? r->body.ptr : "" },
		{ CURLOPT_PROTOCOLS_STR, "http,https" }, { CURLOPT_PROXY, "" },
		{ CURLOPT_NOPROXY, "*" }, { CURLOPT_USERAGENT, "sluice-notify/" SLUICE_VERSION },
		{ CURLOPT_PRIVATE, t }, { CURLOPT_HEADERDATA, t }, { CURLOPT_WRITEDATA, t },
		{ CURLOPT_OPENSOCKETDATA, t }, { CURLOPT_PREREQDATA, t },
	};
	long timeout_ms = (long)MIN(MAX(r->timeout_ms, 1), (uint64_t)INT_MAX);
	bool bad = false;

	for (size_t i = 0; i < countof(fixed); i++)
		bad |= curl.easy_setopt(t->easy, fixed[i].option, fixed[i].value) != CURLE_OK;
	for (size_t i = 0; i < countof(given); i++)
		bad |= curl.easy_setopt(t->easy, given[i].option, given[i].value) != CURLE_OK;
	bad |= curl.easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)r->body.len) != CURLE_OK;
	bad |= curl.easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, timeout_ms) != CURLE_OK;
	bad |= curl.easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms) != CURLE_OK;
	bad |= curl.easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, http_on_header) != CURLE_OK;
	bad |= curl.easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, http_on_body) != CURLE_OK;
	bad |= curl.easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) != CURLE_OK;
	bad |= curl.easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, before_request) != CURLE_OK;
	/* that file, and not the system's directory besides */
	if (r->ca_file != NULL)
		bad |= curl.easy_setopt(t->easy, CURLOPT_CAINFO, r->ca_file) != CURLE_OK ||
		    curl.easy_setopt(t->easy, CURLOPT_CAPATH, NULL) != CURLE_OK;
	if (bad) {
		err_set(err, ERR_CONFIG, "libcurl does not have all that is needed");
		return err_hint(err, "install version 7.88 or later: apt install libcurl4");
	}
	return 0;
}

struct transfer *
http_transfer(const struct http_request *r, struct err *err)
{
	struct transfer *t;
	CURLU *url = parse_url(r->url, err);

	if (url == NULL)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->url = url;
	t->r = *r;
	t->retry_after_s = -1;
	t->easy = curl.easy_init();
	if (t->easy == NULL)
		err_set(err, ERR_TEMP, "out of memory");
	else if (add_headers(t, err) == 0 && set_options(t, err) == 0)
		return t;
	http_transfer_free(t);
	return NULL;
}

void
http_transfer_free(struct transfer *t)
{
	if (t->easy != NULL)
		curl.easy_cleanup(t->easy);
	if (t->url != NULL)
		curl.url_cleanup(t->url);
	if (t->headers != NULL)
		curl.slist_free_all(t->headers);
	free(t);
}
