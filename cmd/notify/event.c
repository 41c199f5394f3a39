/*
 * event.c - one line of the input: is it an event, and who wants it?
 */
#include "alg/hash.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/msg.h"
#include "cmd/notify/notify.h"
#include "fmt/json.h"

#define ID_DIGITS 32

/* What the endpoint gets to know the event by; what a webhook-id cannot be is
 * hashed. */
static char *
webhook_id(const struct str *id)
{
	char hex[SHA256_HEX];

	if (webhook_id_ok(str_slice(id)))
		return xstrdup(id->buf);
	sha256_of(id->buf, id->len, hex);
	return xasprintf("evt_%.*s", ID_DIGITS, hex);
}

static void
dry_run(const struct endpoint *e, const struct delivery *d, struct str *s)
{
	str_addc(s, '{');
	json_put_key_cstr(s, "endpoint", e->name);
	json_put_key_cstr(s, "id", d->id);
	json_put_key_cstr(s, "type", d->type);
	json_put_key_cstr(s, "content_type", d->content_type);
	json_put_key(s, "body");
	json_put_string(s, str_slice(&d->body));
	str_adds(s, "}\n");
}

static int
put(struct notify *n, const struct endpoint *e, struct slice event, const char *type,
    const char *id, struct fs_names *fresh, struct str *out, struct err *err)
{
	struct delivery d = DELIVERY_INIT;
	const char *content_type;
	int rc;

	rc = endpoint_body(e, event, type, &d.body, &content_type, err);
	if (rc == 0) {
		d.endpoint = xstrdup(e->name);
		d.id = xstrdup(id);
		d.type = xstrdup(type);
		d.content_type = xstrdup(content_type);
		d.created_us = d.due_us = clock_now_us();
		if (n->dry_run)
			dry_run(e, &d, out);
		else
			rc = queue_put(&n->queue, &d, e->dedupe_ms, d.created_us, err);
	}
	if (rc > 0) {
		ALLOC_GROW(fresh->name, fresh->nr + 1, fresh->alloc);
		fresh->name[fresh->nr++] = xasprintf("%s.%s", e->name, id);
	} else if (rc == 0 && !n->dry_run) {
		msg_debug("%s: %s is known", e->name, id);
	}
	delivery_release(&d);
	return rc < 0 ? -1 : 0;
}

void
event_line(struct notify *n, struct slice line, struct fs_names *fresh, struct str *out)
{
	struct str type = STR_INIT, id = STR_INIT, status = STR_INIT;
	struct err err = ERR_INIT;
	bool has_status;
	char *hook;

	if (!json_valid(line) || !json_get_string(line, "type", &type) ||
	    !json_get_string(line, "id", &id) || type.len == 0 || id.len == 0 ||
	    !queue_text_ok(type.buf, type.len, QUEUE_TYPE_MAX))
		goto out;
	has_status = json_get_string(line, "status", &status);
	hook = webhook_id(&id);
	for (size_t i = 0; i < n->endpoints.nr; i++) {
		const struct endpoint *e = &n->endpoints.item[i];

		if (n->endpoint && strcmp(n->endpoint, e->name) != 0)
			continue;
		if (endpoint_wants(e, type.buf, has_status ? status.buf : NULL) &&
		    put(n, e, line, type.buf, hook, fresh, out, &err) < 0) {
			err_wrap(&err, "%s: %s was not queued", e->name, hook);
			notify_fault(n, &err);
		}
	}
	free(hook);
out:
	str_release(&type);
	str_release(&id);
	str_release(&status);
}
