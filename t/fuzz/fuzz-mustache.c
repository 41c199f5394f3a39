/* fuzz-mustache: a template, a NUL, data, and perhaps a NUL and a partial, all
 * hostile. Output is bounded, failures have their texts, a template that is
 * refused is refused before; and values in "{{x}}" always leave JSON. */
#include "fmt/mustache.h"

#include "base/utf8.h"
#include "fmt/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct slice text, data, partial;
};

static void
check(bool good)
{
	if (!good)
		abort();
}

static struct slice
cut(struct slice *rest)
{
	const char *nul = rest->len ? memchr(rest->ptr, '\0', rest->len) : NULL;
	size_t n = nul ? (size_t)(nul - rest->ptr) : rest->len;
	struct slice first = { rest->ptr, n };

	n += nul != NULL;
	*rest = (struct slice){ rest->ptr + n, rest->len - n };
	return first;
}

/* {{>p}} is the third part, {{>self}} the template, others are not there. */
static int
partial(void *arg, struct slice name, struct str *out, struct err *err)
{
	const struct input *in = arg;
	struct slice s = slice_is(name, "p") ? in->partial : in->text;

	if (slice_is(name, "fail"))
		return err_set(err, ERR_IO, "fail");
	if (!slice_is(name, "p") && !slice_is(name, "self"))
		return 0;
	str_add(out, s.ptr, s.len);
	return 1;
}

static void
render(struct input *in, enum mustache_escape escape)
{
	struct mustache m = { "fuzz", in->text, escape, partial, in };
	struct str out = STR_INIT;
	struct err err = ERR_INIT;
	bool good = mustache_check(&m, &err) == 0;
	int rc;

	check(good || (err.kind == ERR_CONFIG && strncmp(err.text, "fuzz:", 5) == 0));
	err_release(&err);
	str_adds(&out, "before");
	rc = mustache_render(&m, in->data, &out, &err);
	check(rc == 0 || (rc == -1 && err.text));
	check(rc == -1 || (good && json_valid(in->data)));
	check(out.len >= 6 && out.len - 6 <= MUSTACHE_MAX_OUTPUT);
	check(memcmp(out.buf, "before", 6) == 0 && utf8_ok(out.buf, out.len));
	err_release(&err);
	str_release(&out);
}

/* Only "{{x}}" forms: JSON, or an error of limits. */
static void
render_json(struct input *in, struct slice text)
{
	struct mustache m = { "json", text, MUSTACHE_JSON, NULL, NULL };
	struct str out = STR_INIT;
	struct err err = ERR_INIT;

	if (mustache_render(&m, in->data, &out, &err) == 0)
		check(json_valid(str_slice(&out)));
	else
		check(err.kind == ERR_DATA);
	err_release(&err);
	str_release(&out);
}

static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] < 'a' || s.ptr[i] > 'z') && s.ptr[i] != '_' &&
		    (s.ptr[i] != '.' || i == 0 || i == s.len - 1 || s.ptr[i - 1] == '.'))
			return false;
	return s.len > 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	struct input in;

	in.text = cut(&rest);
	in.data = cut(&rest);
	in.partial = rest;
	/* one of them, for bombs take their time */
	render(&in, (enum mustache_escape)(size % (MUSTACHE_NONE + 1)));
	render_json(&in, SLICE_LIT("[\"{{.}}\",\"{{a}}\",\"{{a.b}}\"{{#a}},\"{{.}}\",\"{{b}}\""
		"{{#b}},\"{{.}}{{c}}\"{{/b}}{{/a}}{{^c}},\"{{b}}\"{{/c}}]"));
	if (is_name(in.text)) {
		struct str t = STR_INIT;

		str_addf(&t, "{\"x\":\"{{%.*s}}\"}", (int)in.text.len, in.text.ptr);
		render_json(&in, str_slice(&t));
		str_release(&t);
	}
	return 0;
}
