#include "fmt/mail_private.h"

void
mail_add_lines(struct str *out, struct slice text)
{
	const char *p = text.ptr, *end = text.ptr + text.len, *cr;

	str_grow(out, text.len);
	while (p < end && (cr = memchr(p, '\r', (size_t)(end - p)))) {
		str_add(out, p, (size_t)(cr - p));
		str_addc(out, '\n');
		p = cr + 1;
		if (p < end && *p == '\n')
			p++;
	}
	str_add(out, p, (size_t)(end - p));
}

/* The quote marks in front of a line (no blank between them in flowed text). */
static size_t
quote_depth(struct slice line)
{
	size_t n = 0;

	while (n < line.len && line.ptr[n] == '>')
		n++;
	return n;
}

/*
 * A line that ends in a blank goes on in the next one, if that is quoted as deep. The
 * line `-- ` is a signature's and never flows, nor does a line flow into it.
 */
void
mail_add_flowed(struct str *out, struct slice text, bool delsp)
{
	const char *p = text.ptr, *end = text.ptr + text.len;
	bool flowing = false;
	size_t depth = 0;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct slice line = { p, (size_t)((nl ? nl : end) - p) };
		size_t quotes = quote_depth(line);
		bool signature, soft;

		p = nl ? nl + 1 : end;
		line = (struct slice){ line.ptr + quotes, line.len - quotes };
		if (line.len > 0 && line.ptr[0] == ' ')
			line = (struct slice){ line.ptr + 1, line.len - 1 };
		signature = slice_is(line, "-- ");
		soft = !signature && line.len > 0 && line.ptr[line.len - 1] == ' ';
		if (flowing && (quotes != depth || signature)) {
			str_addc(out, '\n');
			flowing = false;
		}
		if (!flowing && quotes > 0) {
			str_grow(out, quotes + 1);
			for (size_t i = 0; i < quotes; i++)
				str_addc(out, '>');
			if (line.len > 0)
				str_addc(out, ' ');
		}
		str_add(out, line.ptr, line.len - (soft && delsp));
		depth = quotes;
		flowing = soft;
		if (!soft && nl)
			str_addc(out, '\n');
	}
	if (flowing)
		str_addc(out, '\n');
}

/* `begin 644 name`: the name, or ptr NULL. */
static struct slice
uu_begin(struct slice line)
{
	size_t i = 6, digits;

	if (line.len < 11 || memcmp(line.ptr, "begin ", 6) != 0)
		return (struct slice)SLICE_INIT;
	while (i < line.len && line.ptr[i] >= '0' && line.ptr[i] <= '7')
		i++;
	digits = i - 6;
	if (digits < 3 || digits > 4 || i + 1 >= line.len || line.ptr[i] != ' ')
		return (struct slice)SLICE_INIT;
	return (struct slice){ line.ptr + i + 1, line.len - i - 1 };
}

/* The lines after `begin`: past them and their `end` (which a cut mail lacks), or NULL
 * when there are none. */
static const char *
uu_read(const char *p, const char *end, struct str *bytes)
{
	bool any = false;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct slice line = { p, (size_t)((nl ? nl : end) - p) };

		if (slice_is(line, "end"))
			return any ? (nl ? nl + 1 : end) : NULL;
		if (!mail_uu_line(line, bytes))
			break;
		any = true;
		p = nl ? nl + 1 : end;
	}
	return bytes->len > 0 ? p : NULL;
}

void
mail_take_uu(struct str *text, size_t from,
    void (*found)(void *arg, struct slice name, struct str *bytes), void *arg)
{
	const char *p = text->buf + from, *end = text->buf + text->len, *done = p;
	char *out = text->buf + from;

	while (p < end) {
		const char *at = p, *nl, *after;
		struct str bytes = STR_INIT;
		struct slice name;

		/* the next line that begins with `begin ` */
		if (at[0] != 'b' || end - at < 6 || memcmp(at, "begin ", 6) != 0) {
			at = memmem(p, (size_t)(end - p), "\nbegin ", 7);
			if (!at)
				break;
			at++;
		}
		nl = memchr(at, '\n', (size_t)(end - at));
		if (!nl)
			break;
		p = nl + 1;
		name = uu_begin((struct slice){ at, (size_t)(nl - at) });
		after = name.ptr ? uu_read(p, end, &bytes) : NULL;
		if (after) {
			found(arg, name, &bytes);
			memmove(out, done, (size_t)(at - done));
			out += at - done;
			done = p = after;
		}
		str_release(&bytes);
		/* a line begins at p; memmem wants the newline before it */
		if (p < end && p > text->buf + from && *p != 'b')
			p--;
	}
	memmove(out, done, (size_t)(end - done));
	str_truncate(text, (size_t)(out + (end - done) - text->buf));
}
