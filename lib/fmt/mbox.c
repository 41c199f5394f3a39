#include "fmt/mail.h"

/* A separator is one line of a mail program, not a paragraph of its user. */
#define SEPARATOR_MAX 1000
#define TOKENS_MAX 32

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is it `n` to `max` digits and nothing else? */
static bool
digits(struct slice s, size_t min, size_t max)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.ptr[i]))
			return false;
	return s.len >= min && s.len <= max;
}

/* One of the names of three letters in list. */
static bool
is_name(struct slice s, const char *list)
{
	if (s.len == 4 && s.ptr[3] == ',')
		s.len = 3;
	if (s.len != 3)
		return false;
	for (; *list; list += 3)
		if (strncasecmp(s.ptr, list, 3) == 0)
			return true;
	return false;
}

static bool
is_weekday(struct slice s)
{
	return is_name(s, "MonTueWedThuFriSatSun");
}

static bool
is_month(struct slice s)
{
	return is_name(s, "JanFebMarAprMayJunJulAugSepOctNovDec");
}

/* `9:05`, `09:05:00` */
static bool
is_time(struct slice s)
{
	const char *colon = memchr(s.ptr, ':', s.len);
	size_t hour = colon ? (size_t)(colon - s.ptr) : 0;
	struct slice rest = { s.ptr + hour + 1, colon ? s.len - hour - 1 : 0 };

	if (!colon || !digits((struct slice){ s.ptr, hour }, 1, 2) || rest.len < 2)
		return false;
	if (!digits((struct slice){ rest.ptr, 2 }, 2, 2))
		return false;
	return rest.len == 2 || (rest.len == 5 && rest.ptr[2] == ':' &&
	    digits((struct slice){ rest.ptr + 3, 2 }, 2, 2));
}

/* `2026-11-21`, and what may follow it in the same word */
static bool
is_iso_date(struct slice s)
{
	return s.len >= 10 && digits((struct slice){ s.ptr, 4 }, 4, 4) && s.ptr[4] == '-' &&
	    digits((struct slice){ s.ptr + 5, 2 }, 2, 2) && s.ptr[7] == '-' &&
	    digits((struct slice){ s.ptr + 8, 2 }, 2, 2) &&
	    (s.len == 10 || s.ptr[10] == 'T' || s.ptr[10] == 't');
}

static size_t
split(struct slice line, struct slice token[TOKENS_MAX])
{
	size_t nr = 0, i = 0;

	while (i < line.len && nr < TOKENS_MAX) {
		size_t start;

		while (i < line.len && (line.ptr[i] == ' ' || line.ptr[i] == '\t'))
			i++;
		start = i;
		while (i < line.len && line.ptr[i] != ' ' && line.ptr[i] != '\t')
			i++;
		if (i > start)
			token[nr++] = (struct slice){ line.ptr + start, i - start };
	}
	return nr;
}

/* A year at t[at], after at most two words of a time zone. */
static bool
year_follows(const struct slice *t, size_t nr, size_t at)
{
	for (size_t i = at; i < nr && i < at + 3; i++)
		if (digits(t[i], 4, 4))
			return true;
	return false;
}

/*
 * What stands after `From `: an address (which may be anything, also nothing or
 * words) and then a date as ctime(3), as RFC 5322 or as ISO 8601 writes it. A
 * sentence that begins with `From ` has no weekday, day, clock and year in a row.
 * Netscape wrote `From - ` with nothing behind it.
 */
static bool
date_like(struct slice tail)
{
	struct slice t[TOKENS_MAX];
	size_t nr = split(tail, t);

	if (nr == 1 && slice_is(t[0], "-"))
		return true;
	for (size_t i = 0; i < nr; i++) {
		size_t left = nr - i;

		if (i > 0 && is_iso_date(t[i]) &&
		    (t[i].len > 10 || (left > 1 && is_time(t[i + 1]))))
			return true;
		if (!is_weekday(t[i]) || left < 5)
			continue;
		if (is_month(t[i + 1]) && digits(t[i + 2], 1, 2) && is_time(t[i + 3]) &&
		    year_follows(t, nr, i + 4))
			return true;
		if (digits(t[i + 1], 1, 2) && is_month(t[i + 2]) && digits(t[i + 3], 4, 4) &&
		    is_time(t[i + 4]))
			return true;
	}
	return false;
}

/* line begins with `From `; without its newline */
static bool
is_separator(struct slice line, enum mbox_rule rule)
{
	if (line.len > SEPARATOR_MAX)
		return false;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return rule == MBOX_LAX || date_like((struct slice){ line.ptr + 5, line.len - 5 });
}

/* `Name: value` or `Name:` alone */
static bool
is_field(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q > ' ' && *q < 0x7f && *q != ':')
		q++;
	if (q == p || q == end || *q != ':')
		return false;
	return q + 1 == end || memchr(" \t\r\n", q[1], 4) != NULL;
}

/* Is the line before the newline at text[at] empty? */
static bool
after_empty_line(struct slice text, size_t at)
{
	if (at > 0 && text.ptr[at - 1] == '\r')
		at--;
	return at == 0 || text.ptr[at - 1] == '\n';
}

/* The length of empty lines and the separator that text begins with. The first
 * line of a mailbox counts whatever its tail says, and all later ones were tested
 * when the message before them ended. */
static size_t
separator_length(struct slice text)
{
	size_t i = 0;
	const char *nl;

	while (i < text.len && (text.ptr[i] == '\n' || text.ptr[i] == '\r'))
		i++;
	if (i == text.len)
		return i;
	if (text.len - i < 5 || memcmp(text.ptr + i, "From ", 5) != 0)
		return 0;
	nl = memchr(text.ptr + i, '\n', text.len - i);
	return nl ? (size_t)(nl - text.ptr) + 1 : text.len;
}

/*
 * Some programs forget the empty line: what is date-like and has a header after it
 * is a separator all the same, or the message behind it would be lost.
 */
size_t
mbox_next(struct slice text, bool eof, enum mbox_rule rule, size_t *skip)
{
	const char *p = text.ptr, *end = text.ptr + text.len;

	*skip = 0;
	if (text.len == 0)
		return 0;
	*skip = separator_length(text);
	p += *skip;
	/* line by line: memmem would do, but a sanitizer's reads all that is left each time */
	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		const char *nl, *next;
		bool empty;

		p++;
		if (end - p < 5 || memcmp(p, "From ", 5) != 0)
			continue;
		nl = memchr(p, '\n', (size_t)(end - p));
		next = nl && nl + 1 < end ? memchr(nl + 1, '\n', (size_t)(end - nl - 1)) : NULL;
		empty = after_empty_line(text, (size_t)(p - 1 - text.ptr));
		if (!eof && (!nl || (!empty && !next)))
			return 0;
		if (!is_separator((struct slice){ p, (size_t)((nl ? nl : end) - p) },
		    empty ? rule : MBOX_STRICT))
			continue;
		if (empty || (nl && is_field(nl + 1, next ? next : end)))
			return (size_t)(p - text.ptr);
	}
	return eof ? text.len : 0;
}

size_t
mbox_trim(const char *message, size_t n)
{
	size_t end = n;

	if (end > 0 && message[end - 1] == '\n')
		end--;
	if (end > 0 && message[end - 1] == '\r')
		end--;
	return end < n && end > 0 && message[end - 1] == '\n' ? end : n;
}

size_t
mbox_unquote(char *message, size_t n)
{
	const char *p = message, *end = message + n;
	char *out = message;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *word = p;
		size_t len = nl ? (size_t)(nl - p) + 1 : (size_t)(end - p);

		while (word < p + len && *word == '>')
			word++;
		if (word > p && (size_t)(p + len - word) >= 5 && memcmp(word, "From ", 5) == 0) {
			p++;
			len--;
		}
		memmove(out, p, len);
		out += len;
		p += len;
	}
	return (size_t)(out - message);
}
