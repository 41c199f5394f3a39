#include "app/queue_private.h"

#include "alg/webhook.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "fmt/json.h"

#define ENDPOINT_NAME_MAX 32
#define CONTENT_TYPE_MAX 200
#define REASON_MAX 1000
#define ATTEMPTS_MAX 1000000
#define HEAD_VERSION 1

bool
queue_endpoint_ok(const char *s, size_t n)
{
	if (n < 1 || n > ENDPOINT_NAME_MAX || s[0] < 'a' || s[0] > 'z')
		return false;
	for (size_t i = 1; i < n; i++)
		if ((s[i] < 'a' || s[i] > 'z') && (s[i] < '0' || s[i] > '9'))
			return false;
	return true;
}

char *
queue_key(const struct delivery *d)
{
	return xasprintf("%s.%s", d->endpoint, d->id);
}

bool
queue_split(const char *name, struct delivery *d)
{
	size_t n = strcspn(name, ".");
	const char *id = name[n] ? name + n + 1 : "";

	if (!queue_endpoint_ok(name, n) || !webhook_id_ok((struct slice){ id, strlen(id) }))
		return false;
	d->endpoint = xstrndup(name, n);
	d->id = xstrdup(id);
	return true;
}

bool
queue_text_ok(const char *s, size_t n, size_t max)
{
	if (n < 1 || n > max || !utf8_ok(s, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f ||
		    (s[i] == '\xc2' && (unsigned char)s[i + 1] < 0xa0))
			return false;
	return true;
}

/* What becomes a line of HTTP. */
static bool
content_type_ok(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80)
			return false;
	return queue_text_ok(s, n, CONTENT_TYPE_MAX);
}

int
queue_head_check(const struct delivery *d, struct err *err)
{
	if (!queue_endpoint_ok(d->endpoint, strlen(d->endpoint)))
		return err_set(err, ERR_DATA, "\"%s\" is no name of an endpoint", d->endpoint);
	if (!webhook_id_ok((struct slice){ d->id, strlen(d->id) }))
		return err_set(err, ERR_DATA, "the id \"%.200s\" is not 1 to %d of A-Z a-z 0-9 _ -",
		    d->id, WEBHOOK_ID_MAX);
	if (!queue_text_ok(d->type, strlen(d->type), QUEUE_TYPE_MAX))
		return err_set(err, ERR_DATA, "%s: its type is not 1 to %d bytes of text", d->id, QUEUE_TYPE_MAX);
	if (!content_type_ok(d->content_type, strlen(d->content_type)))
		return err_set(err, ERR_DATA, "%s: its content type is none", d->id);
	if (d->body.len > QUEUE_BODY_MAX)
		return err_set(err, ERR_DATA, "%s: its body of %zu bytes is larger than %zu", d->id,
		    d->body.len, QUEUE_BODY_MAX);
	return 0;
}

void
queue_head_put(struct str *out, const struct delivery *d)
{
	str_addc(out, '{');
	json_put_key_int(out, "v", HEAD_VERSION);
	json_put_key_cstr(out, "type", d->type);
	json_put_key_cstr(out, "content_type", d->content_type);
	json_put_key_int(out, "created_us", MIN(MAX(d->created_us, 0), QUEUE_TIME_MAX_US));
	json_put_key_int(out, "attempts", MIN(d->attempts, ATTEMPTS_MAX));
	if (d->last_error) {
		/* a reason is never a reason to lose a notification: what cannot be kept is cut */
		size_t n = utf8_valid_prefix(d->last_error, strnlen(d->last_error, REASON_MAX));

		json_put_key(out, "last_error");
		json_put_string(out, (struct slice){ d->last_error, n });
	}
	str_adds(out, "}\n");
}

/* The text of a key, 1 to max bytes; NULL: it is not that. */
static char *
get_text(struct slice head, const char *key, size_t max)
{
	struct str s = STR_INIT;
	enum json_tok tok;
	struct slice raw;

	if (json_get(head, key, &raw, &tok) && tok == JSON_STRING &&
	    json_unescape(raw, &s) == 0 && queue_text_ok(s.buf, s.len, max))
		return str_detach(&s);
	str_release(&s);
	return NULL;
}

static bool
get_int(struct slice head, const char *key, int64_t max, int64_t *out)
{
	enum json_tok tok;
	struct slice raw;

	return json_get(head, key, &raw, &tok) && tok == JSON_NUMBER && json_int64(raw, out) &&
	    *out >= 0 && *out <= max;
}

const char *
queue_head_parse(struct slice head, struct delivery *d)
{
	enum json_tok tok;
	struct slice raw;
	int64_t n;

	if (!json_valid(head))
		return "its first line is not JSON";
	if (!get_int(head, "v", INT64_MAX, &n) || n != HEAD_VERSION)
		return "its head is of another version";
	d->type = get_text(head, "type", QUEUE_TYPE_MAX);
	if (!d->type)
		return "its head has no type";
	d->content_type = get_text(head, "content_type", CONTENT_TYPE_MAX);
	if (!d->content_type || !content_type_ok(d->content_type, strlen(d->content_type)))
		return "its head has no content_type";
	if (!get_int(head, "created_us", QUEUE_TIME_MAX_US, &d->created_us))
		return "its head has no created_us";
	if (!get_int(head, "attempts", ATTEMPTS_MAX, &n))
		return "its head has no attempts";
	d->attempts = (unsigned)n;
	if (json_get(head, "last_error", &raw, &tok)) {
		struct str s = STR_INIT;

		if (tok != JSON_STRING || json_unescape(raw, &s) != 0 || s.len > REASON_MAX) {
			str_release(&s);
			return "the last_error of its head is no text";
		}
		d->last_error = str_detach(&s);
	}
	return NULL;
}
