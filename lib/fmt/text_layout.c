#include "fmt/text_layout.h"

#include "base/utf8.h"
#include "fmt/text_private.h"

#define LINES_MAX 2

#define ROLE(name, role) { #name, LAYOUT_##role }
/* In ascending order. */
static const struct {
	const char *name;
	enum layout_role role;
} elements[] = {
	ROLE(address, BLOCK), ROLE(article, PARAGRAPH), ROLE(aside, PARAGRAPH),
	ROLE(blockquote, PARAGRAPH), ROLE(body, BODY), ROLE(br, BREAK), ROLE(caption, BLOCK),
	ROLE(center, BLOCK), ROLE(dd, BLOCK), ROLE(details, PARAGRAPH), ROLE(dialog, BLOCK),
	ROLE(dir, LIST), ROLE(div, BLOCK), ROLE(dl, PARAGRAPH), ROLE(dt, BLOCK),
	ROLE(fieldset, BLOCK), ROLE(figcaption, BLOCK), ROLE(figure, PARAGRAPH),
	ROLE(footer, PARAGRAPH), ROLE(form, BLOCK), ROLE(frameset, BLOCK), ROLE(h1, HEADING),
	ROLE(h2, PARAGRAPH), ROLE(h3, PARAGRAPH), ROLE(h4, PARAGRAPH), ROLE(h5, PARAGRAPH),
	ROLE(h6, PARAGRAPH), ROLE(header, PARAGRAPH), ROLE(hgroup, PARAGRAPH),
	ROLE(hr, PARAGRAPH), ROLE(html, HTML), ROLE(iframe, SKIP), ROLE(isindex, BLOCK),
	ROLE(legend, BLOCK), ROLE(li, BLOCK), ROLE(listing, PRE), ROLE(main, PARAGRAPH),
	ROLE(menu, LIST), ROLE(meta, META), ROLE(nav, PARAGRAPH), ROLE(noembed, SKIP),
	ROLE(noscript, SKIP), ROLE(ol, LIST), ROLE(optgroup, BLOCK), ROLE(option, BLOCK),
	ROLE(p, PARAGRAPH), ROLE(plaintext, PRE), ROLE(pre, PRE), ROLE(script, SKIP),
	ROLE(search, BLOCK), ROLE(section, PARAGRAPH), ROLE(select, BLOCK), ROLE(style, SKIP),
	ROLE(summary, BLOCK), ROLE(svg, SVG), ROLE(table, TABLE), ROLE(tbody, BLOCK),
	ROLE(td, CELL), ROLE(template, SKIP), ROLE(textarea, PRE), ROLE(tfoot, BLOCK),
	ROLE(th, CELL), ROLE(thead, BLOCK), ROLE(title, TITLE), ROLE(tr, ROW), ROLE(ul, LIST),
	ROLE(xmp, PRE),
};

void
layout_release(struct layout *l)
{
	str_release(&l->title);
	str_release(&l->h1);
}

enum layout_role
layout_role(const char *name)
{
	size_t low = 0, high = countof(elements);

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(elements[mid].name, name);

		if (c == 0)
			return elements[mid].role;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return LAYOUT_INLINE;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* At least n line ends before what comes; not at the beginning of a cell. */
static void
want(struct layout *l, unsigned n)
{
	l->space = false;
	if (!l->bare_cell)
		l->newlines = MAX(l->newlines, n);
}

static void
flush(struct layout *l)
{
	const struct str *out = l->out;
	unsigned have = 0;

	if (out->len == 0) {
		l->newlines = l->tabs = 0;
		l->space = false;
	}
	/* text that keeps its white space may have ended with some */
	while (have < l->newlines && have < out->len && out->buf[out->len - 1 - have] == '\n')
		have++;
	if (l->space && l->newlines == 0 && l->tabs == 0)
		str_addc(l->out, ' ');
	for (; have < l->newlines; have++)
		str_addc(l->out, '\n');
	for (; l->tabs > 0; l->tabs--)
		str_addc(l->out, '\t');
	l->newlines = 0;
	l->space = l->bare_cell = l->bare_pre = false;
}

/* A reference to a C1 control means windows-1252, as in browsers. */
static void
add(struct layout *l, const char *p, size_t n)
{
	const char *end = p + n, *lead;

	flush(l);
	while ((lead = memchr(p, 0xc2, (size_t)(end - p))) && lead + 1 < end) {
		char seq[4];
		int len = utf8_put(text_cp1252((unsigned char)lead[1]), seq);

		str_add(l->out, p, (size_t)(lead - p));
		str_add(l->out, seq, (size_t)len);
		p = lead + 2;
	}
	str_add(l->out, p, (size_t)(end - p));
}

static void
add_pre(struct layout *l, const char *p, size_t n)
{
	/* the line end that follows <pre> is none */
	if (l->bare_pre && n > 0 && *p == '\n') {
		l->bare_pre = false;
		p++;
		n--;
	}
	if (n > 0)
		add(l, p, n);
}

static void
add_words(struct layout *l, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		const char *word;

		for (; p < end && is_space(*p); p++)
			l->space = true;
		word = p;
		while (p < end && !is_space(*p))
			p++;
		if (p > word)
			add(l, word, (size_t)(p - word));
	}
}

static void
capture(struct str *s, const char *text, size_t n)
{
	if (s->len < LAYOUT_LINE_MAX)
		str_add(s, text, text_cut((struct slice){ text, n }, LAYOUT_LINE_MAX - s->len));
}

void
layout_text(struct layout *l, const char *text, size_t n)
{
	if (l->skip)
		return;
	if (l->in_title) {
		capture(&l->title, text, n);
		return;
	}
	if (l->in_h1)
		capture(&l->h1, text, n);
	if (l->pre)
		add_pre(l, text, n);
	else
		add_words(l, text, n);
}

static bool
says_something(const struct str *s)
{
	return text_trim(str_slice(s)).len > 0;
}

static void
open_row(struct layout *l)
{
	want(l, 1);
	l->cells = 0;
	/* a table at the beginning of a cell stands where the cell does */
	if (!l->bare_cell)
		l->tabs = 0;
}

static void
open_cell(struct layout *l, struct layout_open *o)
{
	if (l->cells++ && !l->lines)
		l->tabs++;
	l->lines = l->space = false;
	l->bare_cell = true;
	o->start = l->out->len;
	o->newlines = l->newlines;
}

/* What follows cells of several lines, as in a page that is laid out by a table, goes on a
 * line of its own. */
static void
close_cell(struct layout *l, const struct layout_open *o)
{
	const struct str *out = l->out;
	size_t start = o->start;

	l->bare_cell = l->space = false;
	if (start == out->len) {
		l->newlines = o->newlines;
		return;
	}
	while (start < out->len && (out->buf[start] == '\n' || out->buf[start] == '\t'))
		start++;
	l->lines = memchr(out->buf + start, '\n', out->len - start) != NULL;
	l->newlines = l->lines;
}

/* The line ends around an element. */
static unsigned
around(const struct layout *l, enum layout_role role)
{
	switch (role) {
	case LAYOUT_BLOCK:
	case LAYOUT_BODY:
		return 1;
	case LAYOUT_LIST:
		return l->lists > 0 ? 1 : LINES_MAX;
	case LAYOUT_HEADING:
	case LAYOUT_PARAGRAPH:
	case LAYOUT_PRE:
	case LAYOUT_TABLE:
		return LINES_MAX;
	default:
		return 0;
	}
}

void
layout_open(struct layout *l, enum layout_role role, bool hidden)
{
	struct layout_open *o;

	if (++l->depth >= LAYOUT_DEPTH)
		return;
	o = &l->stack[l->depth];
	*o = (struct layout_open){ .role = role, .cells = l->cells };
	if (l->skip)
		return;
	/* svg has titles of its own, which are shown nowhere */
	if (hidden || role == LAYOUT_SKIP ||
	    (role == LAYOUT_TITLE && (l->svg || says_something(&l->title)))) {
		l->skip = l->depth;
		return;
	}
	if (around(l, role))
		want(l, around(l, role));
	l->lists += role == LAYOUT_LIST;
	l->svg += role == LAYOUT_SVG;
	if (role == LAYOUT_TITLE) {
		l->in_title = l->depth;
	} else if (role == LAYOUT_HEADING && !says_something(&l->h1)) {
		l->in_h1 = l->depth;
	} else if (role == LAYOUT_BREAK && !l->bare_cell) {
		l->space = false;
		l->newlines = MIN(l->newlines + 1, (unsigned)LINES_MAX);
	} else if (role == LAYOUT_TABLE) {
		l->cells = 0;
	} else if (role == LAYOUT_ROW) {
		open_row(l);
	} else if (role == LAYOUT_CELL) {
		open_cell(l, o);
	} else if (role == LAYOUT_PRE) {
		l->pre++;
		l->bare_pre = true;
	}
}

void
layout_close(struct layout *l)
{
	struct layout_open *o;
	unsigned depth = l->depth;

	if (depth == 0)
		return;
	l->depth--;
	if (depth >= LAYOUT_DEPTH)
		return;
	o = &l->stack[depth];
	if (l->skip) {
		if (l->skip == depth)
			l->skip = 0;
		return;
	}
	if (l->in_title == depth)
		l->in_title = 0;
	if (l->in_h1 == depth)
		l->in_h1 = 0;
	l->lists -= o->role == LAYOUT_LIST;
	l->svg -= o->role == LAYOUT_SVG;
	if (o->role == LAYOUT_TABLE) {
		l->cells = o->cells;
		l->lines = false;
		if (!l->bare_cell)
			l->tabs = 0;
	} else if (o->role == LAYOUT_ROW) {
		want(l, 1);
		l->lines = false;
	} else if (o->role == LAYOUT_CELL) {
		close_cell(l, o);
	} else if (o->role == LAYOUT_PRE) {
		l->pre--;
		l->bare_pre = false;
	}
	if (around(l, o->role))
		want(l, around(l, o->role));
}

void
layout_close_all(struct layout *l)
{
	l->depth = l->skip = l->pre = l->lists = l->svg = l->cells = 0;
	l->in_title = l->in_h1 = 0;
	l->bare_cell = l->bare_pre = l->lines = false;
}
