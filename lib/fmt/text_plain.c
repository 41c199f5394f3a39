#include "fmt/text_private.h"

#include "base/clock.h"
#include "fmt/json.h"

#define PLAIN_TITLE_MAX 200
#define LANG_MAX 35

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool
text_starts(struct slice s, const char *word)
{
	size_t n = strlen(word);

	if (s.len < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(s.ptr[i]) != lower(word[i]))
			return false;
	return true;
}

bool
text_is(struct slice s, const char *word)
{
	return s.len == strlen(word) && text_starts(s, word);
}

struct slice
text_trim(struct slice s)
{
	while (s.len > 0 && is_space(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

size_t
text_cut(struct slice s, size_t max)
{
	size_t n = max;

	if (s.len <= max)
		return s.len;
	while (n > 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void
text_take(struct doc *d, struct slice bytes, const char *charset, struct str *out)
{
	const char *used;
	unsigned lossy;

	text_decode(bytes, charset, out, &used, &lossy);
	if (strcmp(used, "utf-8") != 0)
		doc_meta_text(d, "charset", (struct slice){ used, strlen(used) });
	if (lossy)
		json_put_uint(doc_meta(d, "replaced"), lossy);
}

void
text_set_title(struct doc *d, struct slice s, size_t max)
{
	bool space = false;

	if (d->title.len > 0)
		return;
	s = text_trim(s);
	for (size_t i = 0; i < s.len && d->title.len <= max; i++) {
		if (is_space(s.ptr[i])) {
			space = true;
			continue;
		}
		if (space)
			str_addc(&d->title, ' ');
		space = false;
		str_addc(&d->title, s.ptr[i]);
	}
	str_truncate(&d->title, text_trim((struct slice){ d->title.buf,
	    text_cut(str_slice(&d->title), max) }).len);
}

void
text_set_time(struct doc *d, struct slice s)
{
	struct str t = STR_INIT;
	size_t n = 0;

	s = text_trim(s);
	while (n < s.len && n < 10 && (n == 4 || n == 7 ? s.ptr[n] == '-' || s.ptr[n] == '/' :
	    is_digit(s.ptr[n])))
		n++;
	if (d->has_ts || n < 10)
		return;
	str_add(&t, s.ptr, s.len);
	t.buf[4] = t.buf[7] = '-';
	if (t.len == 10)
		str_adds(&t, "T00:00:00Z");
	else if (clock_parse(t.buf, t.len, &d->ts_us) < 0)
		str_addc(&t, 'Z');
	d->has_ts = clock_parse(t.buf, t.len, &d->ts_us) == 0;
	str_release(&t);
}

void
text_set_lang(struct doc *d, struct slice s)
{
	s = text_trim(s);
	if (d->lang.len > 0 || s.len < 2 || s.len > LANG_MAX)
		return;
	for (size_t i = 0; i < s.len; i++)
		if ((lower(s.ptr[i]) < 'a' || lower(s.ptr[i]) > 'z') && (i < 2 ||
		    (!is_digit(s.ptr[i]) && s.ptr[i] != '-' && s.ptr[i] != '_')))
			return;
	str_add(&d->lang, s.ptr, s.len);
	for (size_t i = 0; i < d->lang.len; i++)
		if (d->lang.buf[i] == '_')
			d->lang.buf[i] = '-';
}

/* Without a space, and with something on both sides of its one @. */
static bool
is_address(struct slice s)
{
	const char *at = s.len ? memchr(s.ptr, '@', s.len) : NULL;

	if (!at || at == s.ptr || at == s.ptr + s.len - 1)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (is_space(s.ptr[i]) || s.ptr[i] == '<' || s.ptr[i] == '>' ||
		    (s.ptr[i] == '@' && s.ptr + i != at))
			return false;
	return true;
}

void
text_add_author(struct doc *d, const char *role, struct slice s)
{
	const char *open;

	s = text_trim(s);
	s.len = text_cut(s, TEXT_TITLE_MAX);
	open = s.len && s.ptr[s.len - 1] == '>' ? memrchr(s.ptr, '<', s.len) : NULL;
	if (open) {
		size_t at = (size_t)(open - s.ptr) + 1;
		struct slice address = { s.ptr + at, s.len - at - 1 };

		if (is_address(address)) {
			doc_add_person(d, role, (struct slice){ s.ptr, at - 1 }, address);
			return;
		}
	}
	if (is_address(s))
		doc_add_person(d, role, SLICE_LIT(""), s);
	else
		doc_add_person(d, role, s, SLICE_LIT(""));
}

int
text_plain(struct slice bytes, struct doc *d, struct err *err)
{
	struct slice rest;

	(void)err;
	text_take(d, bytes, NULL, &d->text);
	rest = text_trim(str_slice(&d->text));
	if (rest.len > 0) {
		const char *nl = memchr(rest.ptr, '\n', rest.len);

		if (nl)
			rest.len = (size_t)(nl - rest.ptr);
		text_set_title(d, rest, PLAIN_TITLE_MAX);
	}
	return 0;
}
