#include "fmt/text_tags.h"

#include "fmt/text_private.h"

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct slice
rest_of(const struct str *s, size_t at)
{
	return (struct slice){ s->buf + at, s->len - at };
}

/* To after what, from at on; to the end where it is not. */
static size_t
find(const struct str *s, size_t at, const char *what)
{
	const char *p = memmem(s->buf + at, s->len - at, what, strlen(what));

	return p ? (size_t)(p - s->buf) + strlen(what) : s->len;
}

/* The end of a comment whose content begins at `at`; --!> is one too. */
static size_t
skip_comment(const struct str *s, size_t at)
{
	while ((at = find(s, at, "--")) < s->len)
		if (s->buf[at] == '>' || text_starts(rest_of(s, at), "!>"))
			return at;
		else
			at--;	/* of three dashes the last two may be its end */
	return at;
}

/* The end tag of a script or style. */
static size_t
skip_raw(const struct str *s, size_t at, const char *end_tag)
{
	while ((at = find(s, at, "</")) < s->len)
		if (text_starts(rest_of(s, at), end_tag))
			break;
	return at;
}

static size_t
skip_name(const struct str *s, size_t at)
{
	while (at < s->len && !is_space(s->buf[at]) && !strchr("=<>", s->buf[at]))
		at++;
	return at;
}

/* To after `= value`, or where it was. */
static size_t
skip_value(const struct str *s, size_t at)
{
	size_t i = at;
	const char *end;

	while (i < s->len && is_space(s->buf[i]))
		i++;
	if (i == s->len || s->buf[i] != '=')
		return at;
	for (i++; i < s->len && is_space(s->buf[i]); i++)
		;
	if (i == s->len)
		return i;
	if (s->buf[i] == '"' || s->buf[i] == '\'') {
		end = memchr(s->buf + i + 1, s->buf[i], s->len - i - 1);
		return end ? (size_t)(end - s->buf) + 1 : s->len;
	}
	while (i < s->len && !is_space(s->buf[i]) && s->buf[i] != '>')
		i++;
	return i;
}

/* From after the name of a tag to its `>`. */
static size_t
limit(struct str *s, size_t at)
{
	unsigned n = 0;

	while (at < s->len && s->buf[at] != '>') {
		size_t start = at;

		if (is_space(s->buf[at]) || s->buf[at] == '<') {
			at++;
			continue;
		}
		at = skip_value(s, skip_name(s, at));
		at += at == start;
		if (++n > TAG_ATTRIBUTES_MAX)
			memset(s->buf + start, ' ', at - start);
	}
	return at;
}

void
tags_limit(struct str *s)
{
	size_t at = 0;

	while ((at = find(s, at, "<")) < s->len) {
		struct slice name = rest_of(s, at);

		if (text_starts(name, "!--")) {
			at = skip_comment(s, at + 3);
		} else if (is_letter(*name.ptr)) {
			at = limit(s, skip_name(s, at));
			if (text_starts(name, "script"))
				at = skip_raw(s, at, "script");
			else if (text_starts(name, "style"))
				at = skip_raw(s, at, "style");
		}
	}
}
