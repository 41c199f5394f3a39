#include "fmt/doc.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "fmt/json.h"

static const struct slice replacement = SLICE_LIT("\xef\xbf\xbd");

void
doc_release(struct doc *d)
{
	for (size_t i = 0; i < d->persons; i++) {
		free(d->person[i].role);
		free(d->person[i].name);
		free(d->person[i].email);
	}
	for (size_t i = 0; i < d->chunks; i++)
		free(d->chunk[i].heading);
	free(d->person);
	free(d->chunk);
	free(d->span);
	free(d->finding);
	str_release(&d->source);
	str_release(&d->uri);
	str_release(&d->mime);
	str_release(&d->title);
	str_release(&d->lang);
	str_release(&d->text);
	str_release(&d->meta);
	str_release(&d->parent);
	*d = (struct doc)DOC_INIT;
}

/* Text that is UTF-8, with U+FFFD for each NUL; how many. */
static unsigned
add_without_nul(struct str *out, const char *p, size_t n)
{
	const char *end = p + n, *nul;
	unsigned bad = 0;

	while (p < end && (nul = memchr(p, '\0', (size_t)(end - p)))) {
		str_add(out, p, (size_t)(nul - p));
		str_add(out, replacement.ptr, replacement.len);
		p = nul + 1;
		bad++;
	}
	str_add(out, p, (size_t)(end - p));
	return bad;
}

unsigned
doc_clean(struct str *out, struct slice s)
{
	unsigned bad = 0;

	while (s.len > 0) {
		size_t n = utf8_valid_prefix(s.ptr, s.len);

		bad += add_without_nul(out, s.ptr, n);
		if (n == s.len)
			break;
		str_add(out, replacement.ptr, replacement.len);
		bad++;
		s = (struct slice){ s.ptr + n + 1, s.len - n - 1 };
	}
	return bad;
}

static bool
is_space(char c)
{
	return (unsigned char)c <= ' ';
}

/* A NUL counts as white space here, so that none at an end becomes U+FFFD. */
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

static char *
clean_copy(struct slice s)
{
	struct str out = STR_INIT;

	doc_clean(&out, s);
	return str_detach(&out);
}

void
doc_add_person(struct doc *d, const char *role, struct slice name, struct slice email)
{
	name = trim(name);
	email = trim(email);
	if (name.len == 0 && email.len == 0)
		return;
	ALLOC_GROW(d->person, d->persons + 1, d->persons_alloc);
	d->person[d->persons++] = (struct doc_person){
		.role = xstrdup(role), .name = clean_copy(name), .email = clean_copy(email),
	};
}

struct str *
doc_meta(struct doc *d, const char *key)
{
	if (d->meta.len == 0)
		str_addc(&d->meta, '{');
	json_put_key(&d->meta, key);
	return &d->meta;
}

void
doc_meta_text(struct doc *d, const char *key, struct slice text)
{
	struct str clean = STR_INIT;

	doc_clean(&clean, text);
	json_put_string(doc_meta(d, key), str_slice(&clean));
	str_release(&clean);
}

void
doc_add_span(struct doc *d, const char *kind, size_t start, size_t end)
{
	ALLOC_GROW(d->span, d->spans + 1, d->spans_alloc);
	d->span[d->spans++] = (struct doc_span){ kind, start, end };
}

static void
put_key_string(struct str *out, const char *key, const struct str *value)
{
	json_put_key(out, key);
	json_put_string(out, str_slice(value));
}

static void
put_key_size(struct str *out, const char *key, size_t value)
{
	json_put_key(out, key);
	json_put_uint(out, value);
}

static void
put_meta(const struct doc *d, struct str *out)
{
	json_put_key(out, "meta");
	if (d->meta.len > 0)
		str_add(out, d->meta.buf, d->meta.len);
	else
		str_addc(out, '{');
	if (d->spans > 0) {
		json_put_key(out, "spans");
		str_addc(out, '[');
		for (size_t i = 0; i < d->spans; i++) {
			str_adds(out, i ? ",{" : "{");
			json_put_key_cstr(out, "kind", d->span[i].kind);
			put_key_size(out, "start", d->span[i].start);
			put_key_size(out, "end", d->span[i].end);
			str_addc(out, '}');
		}
		str_addc(out, ']');
	}
	str_addc(out, '}');
}

static void
put_persons(const struct doc *d, struct str *out)
{
	json_put_key(out, "persons");
	str_addc(out, '[');
	for (size_t i = 0; i < d->persons; i++) {
		const struct doc_person *p = &d->person[i];

		str_adds(out, i ? ",{" : "{");
		json_put_key_cstr(out, "role", p->role);
		json_put_key_cstr(out, "name", p->name);
		json_put_key_cstr(out, "email", p->email);
		str_addc(out, '}');
	}
	str_addc(out, ']');
}

static void
put_chunks(const struct doc *d, struct str *out)
{
	json_put_key(out, "chunks");
	str_addc(out, '[');
	for (size_t i = 0; i < d->chunks; i++) {
		const struct doc_chunk *c = &d->chunk[i];

		str_adds(out, i ? ",{" : "{");
		put_key_size(out, "ord", i);
		put_key_size(out, "start", c->start);
		put_key_size(out, "end", c->end);
		json_put_key(out, "text");
		json_put_string(out, (struct slice){ d->text.buf + c->start, c->end - c->start });
		json_put_key_cstr(out, "heading", c->heading);
		str_addc(out, '}');
	}
	str_addc(out, ']');
}

static void
put_findings(const struct doc *d, struct str *out)
{
	json_put_key(out, "pii");
	str_addc(out, '[');
	for (size_t i = 0; i < d->findings; i++) {
		const struct doc_finding *f = &d->finding[i];

		str_adds(out, i ? ",{" : "{");
		json_put_key_cstr(out, "kind", f->kind);
		put_key_size(out, "start", f->start);
		put_key_size(out, "end", f->end);
		json_put_key(out, "score");
		str_addf(out, "%u.%02u}", f->score / 100, f->score % 100);
	}
	str_addc(out, ']');
}

void
doc_put(const struct doc *d, struct str *out)
{
	char ts[CLOCK_BUF];

	str_adds(out, "{\"type\":\"document\"");
	put_key_string(out, "source", &d->source);
	put_key_string(out, "uri", &d->uri);
	json_put_key_cstr(out, "sha256", d->sha256);
	put_key_string(out, "mime", &d->mime);
	put_key_string(out, "title", &d->title);
	put_key_string(out, "lang", &d->lang);
	if (d->has_ts)
		json_put_key_cstr(out, "ts", clock_format(d->ts_us, ts));
	put_key_string(out, "text", &d->text);
	put_meta(d, out);
	if (d->parent.len > 0)
		put_key_string(out, "parent", &d->parent);
	put_persons(d, out);
	if (d->chunks > 0)
		put_chunks(d, out);
	if (d->findings > 0)
		put_findings(d, out);
	str_adds(out, "}\n");
}
