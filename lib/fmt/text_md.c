#include "fmt/text_private.h"

#include "fmt/json.h"
#include "fmt/text_front.h"
#include "fmt/text_inline.h"

/*
 * The text stays as it was written, so all that is wanted of Markdown is its first
 * heading and its links: the blocks are told apart line by line, in memory that does not
 * grow. A tree of it, as cmark makes, takes 150 bytes for each mark of a hostile text.
 */
#define LINKS_MAX 1000
#define LINK_TEXT_MAX 200
#define HEADING_MAX 1000
#define INDENT_CODE 4

struct md {
	struct doc *d;
	struct slice paragraph;	/* that is open; len 0: none */
	char fence;		/* ` or ~, 0 = none is open */
	size_t fence_len;
	bool fence_quoted;	/* then it ends with the quote, if not before */
	bool list, blank;	/* blank: what came before was no paragraph */
	struct str links;
	unsigned nr;		/* of links */
};

static const char *const kinds[] = {
	[INLINE_WIKI] = "wiki", [INLINE_EMBED] = "embed", [INLINE_URL] = "url",
	[INLINE_IMAGE] = "image",
};

static void
on_link(void *arg, enum inline_kind kind, struct slice to, struct slice text)
{
	struct md *m = arg;
	struct str s = STR_INIT;

	if (m->nr++ >= LINKS_MAX)
		return;
	str_adds(&m->links, m->nr > 1 ? ",{" : "{");
	json_put_key_cstr(&m->links, "kind", kinds[kind]);
	inline_unescape(&s, to);
	json_put_key(&m->links, "to");
	json_put_string(&m->links, str_slice(&s));
	str_reset(&s);
	text = text_trim(text);
	text.len = text_cut(text, LINK_TEXT_MAX);
	inline_plain(&s, text);
	json_put_key(&m->links, "text");
	json_put_string(&m->links, str_slice(&s));
	str_addc(&m->links, '}');
	str_release(&s);
}

static void
heading(struct md *m, struct slice s)
{
	struct str words = STR_INIT;

	if (m->d->title.len == 0) {
		s.len = text_cut(s, HEADING_MAX);
		inline_plain(&words, s);
		text_set_title(m->d, str_slice(&words), TEXT_TITLE_MAX);
	}
	str_release(&words);
}

static void
end_paragraph(struct md *m)
{
	if (m->paragraph.len > 0)
		inline_links(m->paragraph, on_link, m);
	m->paragraph.len = 0;
	m->blank = true;
}

static size_t
run_of(struct slice s, char c)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] == c)
		n++;
	return n;
}

static struct slice
from(struct slice s, size_t n)
{
	return (struct slice){ s.ptr + n, s.len - n };
}

/* A fence begins (and its line is none of a paragraph), or ends. */
static bool
fence(struct md *m, struct slice s)
{
	char c = s.len ? s.ptr[0] : '\0';
	size_t n = c == '`' || c == '~' ? run_of(s, c) : 0;

	if (m->fence) {
		if (c == m->fence && n >= m->fence_len && text_trim(from(s, n)).len == 0)
			m->fence = 0;
		return true;
	}
	if (n < 3 || (c == '`' && memchr(s.ptr + n, '`', s.len - n)))
		return false;
	end_paragraph(m);
	m->fence = c;
	m->fence_len = n;
	return true;
}

/* `## words ##`, and the mark that some put after it: `{#id}`. */
static bool
atx(struct md *m, struct slice s)
{
	size_t n = run_of(s, '#'), end;
	struct slice rest = from(s, n);

	if (n < 1 || n > 6 || (rest.len > 0 && rest.ptr[0] != ' ' && rest.ptr[0] != '\t'))
		return false;
	end_paragraph(m);
	rest = text_trim(rest);
	inline_links(rest, on_link, m);
	if (rest.len > 0 && rest.ptr[rest.len - 1] == '}') {
		const char *open = memrchr(rest.ptr, '{', rest.len);

		if (open && open > rest.ptr && (open[1] == '#' || open[1] == '.'))
			rest = text_trim((struct slice){ rest.ptr, (size_t)(open - rest.ptr) });
	}
	end = rest.len;
	while (end > 0 && rest.ptr[end - 1] == '#')
		end--;
	if (end == 0 || rest.ptr[end - 1] == ' ' || rest.ptr[end - 1] == '\t')
		rest.len = end;
	heading(m, rest);
	return true;
}

/* The line under a heading. */
static bool
setext(struct md *m, struct slice s)
{
	s = text_trim(s);
	if (m->paragraph.len == 0 || s.len == 0 || (s.ptr[0] != '=' && s.ptr[0] != '-') ||
	    run_of(s, s.ptr[0]) != s.len)
		return false;
	heading(m, m->paragraph);
	end_paragraph(m);
	return true;
}

/* The mark of an item of a list and the space after it, or 0. */
static size_t
item(struct slice s)
{
	size_t n = 0;

	while (n < s.len && n < 9 && s.ptr[n] >= '0' && s.ptr[n] <= '9')
		n++;
	if (n > 0 && n < s.len && (s.ptr[n] == '.' || s.ptr[n] == ')'))
		n++;
	else
		n = s.len > 0 && strchr("-+*", s.ptr[0]) ? 1 : 0;
	if (n == 0 || n == s.len)
		return n;
	return s.ptr[n] == ' ' || s.ptr[n] == '\t' ? n + 1 : 0;
}

/* `[label]: url`; a footnote's is no url. */
static bool
definition(struct md *m, struct slice s)
{
	const char *close = s.len > 3 && s.ptr[0] == '[' && s.ptr[1] != '^' ?
	    memchr(s.ptr, ']', s.len - 1) : NULL;
	struct slice to;
	size_t n;

	if (!close || close[1] != ':' || close == s.ptr + 1)
		return false;
	to = text_trim(from(s, (size_t)(close + 2 - s.ptr)));
	for (n = 0; n < to.len && (unsigned char)to.ptr[n] > ' '; n++)
		;
	to.len = n;
	if (to.len > 2 && to.ptr[0] == '<' && to.ptr[to.len - 1] == '>')
		to = (struct slice){ to.ptr + 1, to.len - 2 };
	if (to.len == 0)
		return false;
	end_paragraph(m);
	on_link(m, INLINE_URL, to, (struct slice){ s.ptr + 1, (size_t)(close - s.ptr) - 1 });
	return true;
}

/* The line without the marks of quotes, and how far in it is. */
static struct slice
indented(struct slice s, size_t *indent, bool *quoted)
{
	*indent = 0;
	*quoted = false;
	for (; s.len > 0; s = from(s, 1)) {
		if (s.ptr[0] == ' ') {
			++*indent;
		} else if (s.ptr[0] == '\t') {
			*indent += INDENT_CODE;
		} else if (s.ptr[0] == '>' && *indent < INDENT_CODE) {
			*indent = 0;
			*quoted = true;
			if (s.len > 1 && s.ptr[1] == ' ')
				s = from(s, 1);
		} else {
			break;
		}
	}
	return s;
}

/* What a list says: a new item is a new paragraph, and may hold a fence or heading. */
static struct slice
in_list(struct md *m, struct slice s, size_t indent)
{
	size_t n = item(s);

	if (n > 0) {
		m->list = true;
		end_paragraph(m);
	} else if (indent == 0 && m->blank) {
		m->list = false;
	}
	for (; n > 0; n = item(s)) {
		s = from(s, n);
		while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
			s = from(s, 1);
	}
	return s;
}

static void
on_line(struct md *m, struct slice line)
{
	size_t indent;
	bool quoted;
	struct slice s = indented(line, &indent, &quoted);

	if (m->fence && m->fence_quoted && !quoted)
		m->fence = 0;
	if (m->fence) {
		fence(m, s);
		return;
	}
	if (text_trim(s).len == 0) {
		end_paragraph(m);
		return;
	}
	if (indent >= INDENT_CODE && m->blank && !m->list)
		return;		/* code */
	s = in_list(m, s, indent);
	if (fence(m, s)) {
		m->fence_quoted = quoted;
		return;
	}
	if (setext(m, s) || atx(m, s) || definition(m, s) || s.len == 0)
		return;
	if (m->paragraph.len == 0)
		m->paragraph.ptr = s.ptr;
	m->paragraph.len = (size_t)(line.ptr + line.len - m->paragraph.ptr);
	m->blank = false;
}

int
text_markdown(struct slice md, struct doc *d, struct err *err)
{
	struct md m = { .d = d, .links = STR_INIT, .blank = true };
	struct str in = STR_INIT;
	struct slice rest;
	size_t front;

	(void)err;
	text_take(d, md, NULL, &in);
	front = front_take(d, str_slice(&in));
	str_add(&d->text, in.buf + front, in.len - front);
	str_release(&in);
	rest = str_slice(&d->text);
	while (rest.len > 0) {
		const char *nl = memchr(rest.ptr, '\n', rest.len);
		size_t n = nl ? (size_t)(nl - rest.ptr) : rest.len;

		on_line(&m, (struct slice){ rest.ptr, n });
		rest = from(rest, n + (nl != NULL));
	}
	end_paragraph(&m);
	if (m.nr > 0) {
		struct str *meta = doc_meta(d, "links");

		str_addc(meta, '[');
		str_add(meta, m.links.buf, m.links.len);
		str_addc(meta, ']');
	}
	if (m.nr > LINKS_MAX)
		json_put_uint(doc_meta(d, "links_omitted"), m.nr - LINKS_MAX);
	str_release(&m.links);
	return 0;
}
