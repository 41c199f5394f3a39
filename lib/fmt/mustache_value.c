#include "fmt/mustache_private.h"

int
mustache_spend(struct mustache_run *r, uint64_t n)
{
	r->work += n;
	if (r->work > MUSTACHE_MAX_WORK)
		return mustache_fail(r, "the template takes too many steps on this data");
	return 0;
}

bool
mustache_take(struct json *j, enum json_tok tok, struct mustache_value *v)
{
	*v = (struct mustache_value){ tok, j->text };
	if (tok == JSON_OBJ_OPEN || tok == JSON_ARR_OPEN) {
		tok = json_skip(j, tok);
		v->text.len = (size_t)(j->p - v->text.ptr);
	}
	return tok != JSON_BAD && tok != JSON_END;
}

static bool
same_key(struct mustache_run *r, const struct json *j, struct slice name)
{
	if (!j->escaped)
		return slice_eq(j->text, name);
	str_reset(&r->plain);
	json_unescape(j->text, &r->plain);
	return slice_eq(str_slice(&r->plain), name);
}

/* The first member of that name: 1, 0 when there is none, -1. */
static int
member(struct mustache_run *r, struct mustache_value in, struct slice name,
    struct mustache_value *out)
{
	bool found = false;
	struct mustache_value v;
	struct json j;

	if (in.tok != JSON_OBJ_OPEN)
		return 0;
	json_init(&j, in.text.ptr, in.text.len);
	json_next(&j);
	while (!found && json_next(&j) == JSON_KEY) {
		found = same_key(r, &j, name);
		if (!mustache_take(&j, json_next(&j), &v))
			break;
	}
	if (found)
		*out = v;
	json_release(&j);
	return mustache_spend(r, (uint64_t)(j.p - j.start)) < 0 ? -1 : found;
}

static struct slice
next_part(struct slice *name)
{
	const char *dot = memchr(name->ptr, '.', name->len);
	struct slice part = { name->ptr, dot ? (size_t)(dot - name->ptr) : name->len };
	size_t used = part.len + (dot != NULL);

	*name = (struct slice){ name->ptr + used, name->len - used };
	return part;
}

/* Only the first part of a name is looked for all the way up: {{a.b}} is not
 * some other a's b. */
int
mustache_resolve(struct mustache_run *r, struct slice name, struct mustache_value *out)
{
	struct slice part;
	struct mustache_value v;
	int rc = 0;

	*out = (struct mustache_value){ JSON_NULL, SLICE_INIT };
	if (slice_is(name, ".")) {
		*out = r->stack[r->nr - 1];
		return 0;
	}
	part = next_part(&name);
	for (size_t i = r->nr; i > 0 && rc == 0; i--)
		rc = member(r, r->stack[i - 1], part, &v);
	while (rc == 1 && name.len > 0) {
		part = next_part(&name);
		rc = member(r, v, part, &v);
	}
	if (rc == 1)
		*out = v;
	return rc < 0 ? -1 : 0;
}

bool
mustache_true(struct mustache_value v)
{
	switch (v.tok) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_STRING:
		return v.text.len > 0;
	case JSON_NUMBER:
		for (size_t i = 0; i < v.text.len && (v.text.ptr[i] | 0x20) != 'e'; i++)
			if (v.text.ptr[i] >= '1' && v.text.ptr[i] <= '9')
				return true;
		return false;
	default:
		return true;
	}
}

static void
escape_html(struct str *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		switch (s.ptr[i]) {
		case '&':
			str_adds(out, "&amp;");
			break;
		case '<':
			str_adds(out, "&lt;");
			break;
		case '>':
			str_adds(out, "&gt;");
			break;
		case '"':
			str_adds(out, "&quot;");
			break;
		default:
			str_addc(out, s.ptr[i]);
		}
	}
}

struct slice
mustache_escaped(struct mustache_run *r, struct slice s)
{
	struct str *e = &r->escaped;

	if (r->m->escape == MUSTACHE_NONE)
		return s;
	str_reset(e);
	if (r->m->escape == MUSTACHE_HTML) {
		escape_html(e, s);
		return str_slice(e);
	}
	json_put_string(e, s);
	return (struct slice){ e->buf + 1, e->len - 2 };	/* without the quotes */
}
