#include "app/endpoint.h"

#include <fnmatch.h>
#include <strings.h>
#include <sys/random.h>

#include "app/endpoint_private.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "svc/http.h"
#include "sys/zone.h"

#define GROUP "endpoints"
#define RETRY_MAX_MS (UINT64_C(366) * 24 * 3600 * 1000)
#define USEC_PER_MSEC 1000
#define MSEC_PER_SEC 1000
#define JITTER_PART 10	/* up to a tenth of the delay */

/* One endpoint while it is read. */
struct load {
	const struct conf *conf;
	struct endpoint *e;
	char key[80];		/* the one in work: `endpoints.ops.retry` */
};

static const char *
text_of(struct load *l, const char *key)
{
	snprintf(l->key, sizeof(l->key), GROUP ".%s.%s", l->e->name, key);
	return conf_str(l->conf, l->key);
}

static uint64_t
ms_of(struct load *l, const char *key)
{
	snprintf(l->key, sizeof(l->key), GROUP ".%s.%s", l->e->name, key);
	return conf_ms(l->conf, l->key);
}

/* The items of a list as conf.h gives it, NULL-terminated; owned. */
static char **
split(const char *text, char sep, size_t *nr)
{
	char **list = NULL;
	size_t alloc = 0, n;

	*nr = 0;
	while (text && *text) {
		n = strchrnul(text, sep) - text;
		ALLOC_GROW(list, *nr + 2, alloc);
		if (n > 0)
			list[(*nr)++] = xstrndup(text, n);
		text += n + (text[n] == sep);
	}
	ALLOC_GROW(list, *nr + 1, alloc);
	list[*nr] = NULL;
	return list;
}

static void
free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static int
load_retry(struct load *l, struct err *err)
{
	struct endpoint *e = l->e;
	size_t nr;
	char **word = split(text_of(l, "retry"), ' ', &nr);
	int rc = 0;

	if (nr > ENDPOINT_RETRIES_MAX)
		rc = err_set(err, ERR_CONFIG, "%s: %zu delays are more than %d", l->key, nr,
		    ENDPOINT_RETRIES_MAX);
	for (size_t i = 0; rc == 0 && i < nr; i++)
		if (num_duration(word[i], &e->retry_ms[i]) < 0 || e->retry_ms[i] > RETRY_MAX_MS)
			rc = err_set(err, ERR_CONFIG, "%s: \"%s\" is not a duration", l->key, word[i]);
	if (rc == 0)
		e->retry_nr = nr;
	else if (nr <= ENDPOINT_RETRIES_MAX)
		err_hint(err, "write durations such as 5s, 5m or 2h, up to a year");
	free_list(word);
	return rc;
}

static int
load_nets(struct load *l, struct err *err)
{
	struct endpoint *e = l->e;
	size_t nr;
	char **word = split(text_of(l, "allow_net"), ' ', &nr);
	int rc = 0;

	e->allow = xcalloc(nr + 1, sizeof(*e->allow));
	for (size_t i = 0; rc == 0 && i < nr; i++) {
		if (net_parse(word[i], &e->allow[e->allow_nr++]) == 0)
			continue;
		rc = err_set(err, ERR_CONFIG, "%s: \"%s\" is not a range of addresses", l->key, word[i]);
		err_hint(err, "write 127.0.0.0/8, ::1 or fc00::/7");
	}
	free_list(word);
	return rc;
}

/* The length of the name of a header line (RFC 9110, 5.1 and 5.5), which has a value and
 * nothing that could end it; 0 when it is none. */
static size_t
header_name(const char *line)
{
	size_t n = strspn(line, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (n == 0 || line[n] != ':' || line[n + 1 + strspn(line + n + 1, " \t")] == '\0')
		return 0;
	for (const char *p = line + n; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return 0;
	return n;
}

/* Is it one that the message, or the connection, has of its own? */
static bool
is_ours(const char *line, size_t n, bool token)
{
	static const char *const name[] = { "host", "content-length", "transfer-encoding",
		"connection", "keep-alive", "upgrade", "te", "trailer", "expect" };

	for (size_t i = 0; i < countof(name); i++)
		if (strlen(name[i]) == n && strncasecmp(line, name[i], n) == 0)
			return true;
	if (token && n == strlen("authorization") && strncasecmp(line, "authorization", n) == 0)
		return true;
	return strncasecmp(line, "webhook-", strlen("webhook-")) == 0;
}

/* A value is never in a message: some keep a secret there all the same. */
static int
load_headers(struct load *l, struct err *err)
{
	struct endpoint *e = l->e;
	size_t nr;

	e->header = split(text_of(l, "headers"), '\n', &nr);
	for (size_t i = 0; i < nr; i++) {
		size_t n = header_name(e->header[i]);

		if (n == 0) {
			err_set(err, ERR_CONFIG, "%s: line %zu is not a header", l->key, i + 1);
			return err_hint(err, "write `Name: value`, a line each");
		}
		if (is_ours(e->header[i], n, e->token != NULL))
			return err_set(err, ERR_CONFIG, "%s: %.*s is not for you to set", l->key, (int)n,
			    e->header[i]);
	}
	return 0;
}

/* Which of `secret_file` and `secret`, or of `token_file` and `token`: not both. The
 * path or NULL, and the text or NULL. */
static int
file_or_text(struct load *l, const char *file_key, const char *key, const char **file,
    const char **text, struct err *err)
{
	*text = text_of(l, key);
	*file = text_of(l, file_key);
	/* one from the environment; a secret in its place is not told */
	if (*file && **file != '/')
		return err_set(err, ERR_CONFIG, "%s is not an absolute path", l->key);
	if (!*text || !*file)
		return 0;
	return err_set(err, ERR_CONFIG, "%s: there is a %s in the environment, too", l->key, key);
}

static int
load_secrets(struct load *l, struct err *err)
{
	struct endpoint *e = l->e;
	const char *file, *text;

	if (file_or_text(l, "secret_file", "secret", &file, &text, err) < 0)
		return -1;
	if (file && endpoint_secrets(file, &e->keys, err) < 0)
		return err_wrap(err, "%s", l->key);
	text_of(l, "secret");
	if (text && webhook_keys_add(&e->keys, (struct slice){ text, strlen(text) }, err) < 0)
		return err_wrap(err, "%s", l->key);
	if (file_or_text(l, "token_file", "token", &file, &text, err) < 0)
		return -1;
	if (file && endpoint_token(file, &e->token, err) < 0)
		return err_wrap(err, "%s", l->key);
	text_of(l, "token");
	if (text && !endpoint_token_ok(text, strlen(text)))
		return err_set(err, ERR_CONFIG, "%s is not printable ASCII without blanks", l->key);
	if (text)
		e->token = xstrdup(text);
	return 0;
}

static int
load_times(struct load *l, struct err *err)
{
	struct endpoint *e = l->e;
	const char *rate = text_of(l, "rate"), *quiet;

	if (rate && rate_parse(rate, &e->rate) < 0) {
		err_set(err, ERR_CONFIG, "%s: \"%s\" is not a rate", l->key, rate);
		return err_hint(err, "write 10/s, 60/m, 500/h or 5/10s");
	}
	e->timeout_ms = ms_of(l, "timeout");
	e->dedupe_ms = ms_of(l, "dedupe");
	e->quiet.zone = text_of(l, "zone");
	if (!e->quiet.zone)
		e->quiet.zone = "UTC";
	if (!zone_ok(e->quiet.zone)) {
		err_set(err, ERR_CONFIG, "%s: there is no time zone \"%s\"", l->key, e->quiet.zone);
		return err_hint(err, "write a name of the tz database, such as Europe/Berlin");
	}
	quiet = text_of(l, "quiet");
	if (quiet && quiet_parse(&e->quiet, quiet, err) < 0)
		return err_wrap(err, "%s", l->key);
	return 0;
}

static int
load_one(struct endpoint *e, const struct conf *c, const char *name, struct err *err)
{
	struct load l = { .conf = c, .e = e };
	size_t nr;

	*e = (struct endpoint){ .name = name, .keys = WEBHOOK_KEYS_INIT, .quiet = QUIET_INIT };
	e->url = text_of(&l, "url");
	if (!e->url) {
		err_set(err, ERR_CONFIG, "%s is not set", l.key);
		return err_hint(err, "every endpoint has a url; the environment can make one, too");
	}
	if (http_check_url(e->url, err) < 0)
		return err_wrap(err, "%s", l.key);
	e->ca_file = text_of(&l, "ca_file");
	e->template = text_of(&l, "template");
	e->pattern = split(text_of(&l, "events"), ' ', &nr);
	/* secrets before headers: one of those cannot go beside a token */
	return load_secrets(&l, err) < 0 || load_headers(&l, err) < 0 || load_nets(&l, err) < 0 ||
	    load_retry(&l, err) < 0 || load_times(&l, err) < 0 ? -1 : 0;
}

int
endpoints_load(struct endpoints *e, const struct conf *c, struct err *err)
{
	size_t nr = 0;

	endpoints_release(e);
	while (conf_name(c, GROUP, nr))
		nr++;
	/* once, in its size: moving would leave keys behind */
	e->item = xcalloc(nr + 1, sizeof(*e->item));
	while (e->nr < nr) {
		struct endpoint *one = &e->item[e->nr++];

		if (load_one(one, c, conf_name(c, GROUP, e->nr - 1), err) < 0) {
			endpoints_release(e);
			return -1;
		}
	}
	return 0;
}

void
endpoints_release(struct endpoints *e)
{
	for (size_t i = 0; i < e->nr; i++) {
		struct endpoint *one = &e->item[i];

		free_list(one->pattern);
		free_list(one->header);
		free(one->allow);
		if (one->token)
			explicit_bzero(one->token, strlen(one->token));
		free(one->token);
		webhook_keys_wipe(&one->keys);
	}
	free(e->item);
	*e = (struct endpoints)ENDPOINTS_INIT;
}

const struct endpoint *
endpoints_find(const struct endpoints *e, const char *name)
{
	for (size_t i = 0; i < e->nr; i++)
		if (strcmp(e->item[i].name, name) == 0)
			return &e->item[i];
	return NULL;
}

bool
endpoint_wants(const struct endpoint *e, const char *type, const char *status)
{
	for (size_t i = 0; e->pattern[i]; i++) {
		const char *p = e->pattern[i], *colon = strchr(p, ':');
		char *head;
		bool match;

		if (!colon) {
			match = fnmatch(p, type, 0) == 0;
		} else {
			head = xstrndup(p, (size_t)(colon - p));
			match = status && fnmatch(head, type, 0) == 0 &&
			    fnmatch(colon + 1, status, 0) == 0;
			free(head);
		}
		if (match)
			return true;
	}
	return false;
}

int64_t
endpoint_delay(const struct endpoint *e, unsigned n, int64_t asked_s)
{
	int64_t due, asked;
	uint32_t random;

	if (n < 1 || n > e->retry_nr)
		return -1;
	due = (int64_t)e->retry_ms[n - 1];
	/* never sooner than planned, and no stranger's word puts it off for years */
	asked = MIN(MAX(asked_s, 0), 2 * due / MSEC_PER_SEC + 1) * MSEC_PER_SEC;
	due = MIN(MAX(due, asked), 2 * due) * USEC_PER_MSEC;
	/* without randomness it is only less spread */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = 0;
	return due + (int64_t)((double)due / JITTER_PART * random / ((double)UINT32_MAX + 1));
}

int64_t
endpoint_longest(const struct endpoint *e)
{
	int64_t ms = 0;

	for (size_t i = 0; i < e->retry_nr; i++)
		ms = MAX(ms, (int64_t)e->retry_ms[i]);
	return ms * USEC_PER_MSEC * 2 / JITTER_PART * (JITTER_PART + 1) + USEC_PER_SEC;
}
