#include "fmt/text_inline.h"

#include "fmt/text_private.h"

/* What is looked at ahead of one byte; a link that is longer is none. */
#define AHEAD_MAX 3000
#define WIKI_MAX 500
#define PARENS_MAX 32		/* in each other, in a destination */
#define TICKS_MAX 80		/* a longer run of backticks is text, as in cmark */
#define OPEN_MAX 64		/* brackets that wait for their end */
#define PLAIN_DEPTH 4

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

static bool
is_word(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || (c & 0x80);
}

static bool
is_punct(char c)
{
	return c > ' ' && c < 0x7f && !is_word(c);
}

static struct slice
part(struct slice s, size_t from, size_t to)
{
	return (struct slice){ s.ptr + from, to - from };
}

static size_t
skip_space(struct slice s, size_t i)
{
	while (i < s.len && is_space(s.ptr[i]))
		i++;
	return i;
}

static size_t
run_of(struct slice s, size_t i)
{
	size_t n = 1;

	while (i + n < s.len && s.ptr[i + n] == s.ptr[i])
		n++;
	return n;
}

/* To the end of a bare destination that begins at i. */
static size_t
bare_destination(struct slice s, size_t i)
{
	unsigned parens = 0;

	for (; i < s.len && (unsigned char)s.ptr[i] > ' '; i++) {
		if (s.ptr[i] == '\\' && i + 1 < s.len && is_punct(s.ptr[i + 1])) {
			i++;
		} else if (s.ptr[i] == '(') {
			if (++parens > PARENS_MAX)
				return 0;
		} else if (s.ptr[i] == ')' && parens-- == 0) {
			break;
		}
	}
	return i;
}

/* To after a title in quotes or brackets, or where it was. */
static size_t
skip_title(struct slice s, size_t i)
{
	char end;

	if (i == s.len || !strchr("\"'(", s.ptr[i]))
		return i;
	end = s.ptr[i] == '(' ? ')' : s.ptr[i];
	for (size_t j = i + 1; j < s.len; j++) {
		if (s.ptr[j] == '\\')
			j++;
		else if (s.ptr[j] == end)
			return j + 1;
	}
	return i;
}

/* `(to "title")` at i: to after it, or 0. */
static size_t
destination(struct slice all, size_t i, struct slice *to)
{
	struct slice s = { all.ptr, MIN(all.len, i + AHEAD_MAX) };
	size_t start;

	if (i == s.len || s.ptr[i] != '(')
		return 0;
	i = skip_space(s, i + 1);
	if (i < s.len && s.ptr[i] == '<') {
		start = ++i;
		while (i < s.len && !strchr("<>\n", s.ptr[i]))
			i++;
		if (i == s.len || s.ptr[i] != '>')
			return 0;
		*to = part(s, start, i++);
	} else {
		start = i;
		i = bare_destination(s, i);
		if (i < start)
			return 0;
		*to = part(s, start, i);
	}
	i = skip_space(s, skip_title(s, skip_space(s, i)));
	return i < s.len && s.ptr[i] == ')' ? i + 1 : 0;
}

/* `[[to|text]]` at i: to after it, or 0. A bar within a table has a backslash before it. */
static size_t
wiki(struct slice all, size_t i, struct slice *to, struct slice *text)
{
	struct slice s = { all.ptr, MIN(all.len, i + WIKI_MAX) };
	size_t start = i + 2, bar = 0, end;

	if (start >= s.len || s.ptr[i] != '[' || s.ptr[i + 1] != '[')
		return 0;
	for (end = start; end < s.len && !strchr("[]\n", s.ptr[end]); end++)
		if (s.ptr[end] == '|' && !bar)
			bar = end;
	if (end + 1 >= s.len || s.ptr[end] != ']' || s.ptr[end + 1] != ']')
		return 0;
	*to = text_trim(part(s, start, !bar ? end : s.ptr[bar - 1] == '\\' ? bar - 1 : bar));
	*text = bar ? text_trim(part(s, bar + 1, end)) : (struct slice){ s.ptr, 0 };
	return to->len > 0 ? end + 2 : 0;
}

/* `<scheme:...>` at i: to after it, or 0. */
static size_t
autolink(struct slice all, size_t i, struct slice *to)
{
	struct slice s = { all.ptr, MIN(all.len, i + AHEAD_MAX) };
	size_t start = i + 1, n = start;

	while (n < s.len && n < start + 32 && (is_letter(s.ptr[n]) ||
	    (n > start && (is_word(s.ptr[n]) || strchr("+.-", s.ptr[n])))))
		n++;
	if (n < start + 2 || n == s.len || s.ptr[n] != ':')
		return 0;
	while (n < s.len && (unsigned char)s.ptr[n] > ' ' && s.ptr[n] != '<' && s.ptr[n] != '>')
		n++;
	*to = part(s, start, n);
	return n < s.len && s.ptr[n] == '>' ? n + 1 : 0;
}

/* To after a code span, or after the backticks at i that begin none. Of each length one run
 * at most is looked for in vain: the last of it. */
static size_t
skip_code(struct slice s, size_t i)
{
	size_t n = run_of(s, i), j = i + n;

	while (n <= TICKS_MAX && j < s.len) {
		size_t m = s.ptr[j] == '`' ? run_of(s, j) : 0;

		if (m == n)
			return j + n;
		j += m ? m : 1;
	}
	return i + n;
}

struct brackets {
	size_t at[OPEN_MAX];	/* the latest ones, in a ring */
	size_t nr;
};

void
inline_links(struct slice s, inline_fn fn, void *arg)
{
	size_t i = 0, end;
	struct brackets open = { .nr = 0 };
	struct slice to, text;

	while (i < s.len) {
		bool image = i > 0 && s.ptr[i - 1] == '!';

		switch (s.ptr[i]) {
		case '\\':
			i += 2;
			continue;
		case '`':
			i = skip_code(s, i);
			continue;
		case '[':
			if ((end = wiki(s, i, &to, &text))) {
				fn(arg, image ? INLINE_EMBED : INLINE_WIKI, to, text);
				i = end;
				continue;
			}
			open.at[open.nr++ % OPEN_MAX] = i;
			break;
		case ']':
			if (open.nr == 0)
				break;
			open.nr--;
			end = destination(s, i + 1, &to);
			if (end && to.len > 0) {
				size_t start = open.at[open.nr % OPEN_MAX];

				image = start > 0 && s.ptr[start - 1] == '!';
				fn(arg, image ? INLINE_IMAGE : INLINE_URL, to,
				    part(s, start + 1, i));
				i = end;
				continue;
			}
			break;
		case '<':
			if ((end = autolink(s, i, &to))) {
				fn(arg, INLINE_URL, to, (struct slice){ s.ptr, 0 });
				i = end;
				continue;
			}
			break;
		}
		i++;
	}
}

void
inline_unescape(struct str *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\\' && i + 1 < s.len && is_punct(s.ptr[i + 1]))
			i++;
		str_addc(out, s.ptr[i]);
	}
}

/* The `]` of the `[` at i, or 0. */
static size_t
matching(struct slice s, size_t i)
{
	size_t end = MIN(s.len, i + AHEAD_MAX);
	unsigned open = 0;

	for (; i < end; i++) {
		if (s.ptr[i] == '\\')
			i++;
		else if (s.ptr[i] == '[')
			open++;
		else if (s.ptr[i] == ']' && --open == 0)
			return i;
	}
	return 0;
}

/* Is the mark at i one of emphasis? Not where it stands alone, and _ not within a word. */
static bool
is_mark(struct slice s, size_t i, size_t n)
{
	bool before = i > 0 && !is_space(s.ptr[i - 1]);
	bool after = i + n < s.len && !is_space(s.ptr[i + n]);

	if (s.ptr[i] == '~' || s.ptr[i] == '=')
		return n == 2 && (before || after);
	if (s.ptr[i] == '_' && before && after && is_word(s.ptr[i - 1]) && is_word(s.ptr[i + n]))
		return false;
	return before || after;
}

static void
plain(struct str *out, struct slice s, unsigned depth)
{
	struct slice to, text;
	size_t end, n;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool link = c == '[' || (c == '!' && i + 1 < s.len && s.ptr[i + 1] == '[');
		size_t at = i + (c == '!');

		if (c == '\\' && i + 1 < s.len && is_punct(s.ptr[i + 1])) {
			str_addc(out, s.ptr[++i]);
		} else if (link && (end = wiki(s, at, &to, &text))) {
			inline_unescape(out, text.len ? text : to);
			i = end - 1;
		} else if (link && depth < PLAIN_DEPTH && (n = matching(s, at)) &&
		    (end = destination(s, n + 1, &to))) {
			plain(out, part(s, at + 1, n), depth + 1);
			i = end - 1;
		} else if (c == '<' && (end = autolink(s, i, &to))) {
			str_add(out, to.ptr, to.len);
			i = end - 1;
		} else if (c == '`') {
			i += run_of(s, i) - 1;
		} else if (strchr("*_~=", c) && is_mark(s, i, n = run_of(s, i))) {
			i += n - 1;
		} else {
			str_addc(out, c);
		}
	}
}

void
inline_plain(struct str *out, struct slice line)
{
	plain(out, line, 0);
}
