#include "alg/chunk_private.h"

#include "alg/grapheme.h"
#include "base/mem.h"

/*
 * The little of CommonMark that says where headings are: ATX and setext
 * headings, and what they are not inside of (fences, comments, front matter).
 * A fence may be indented as far as it likes, because list items, which would
 * allow it, are not followed.
 */
struct scan {
	const char *text, *end;
	struct chunks *out;
	struct chunk_marks *m;
	int32_t last;		/* the heading that we are under, -1: none */
	bool written;		/* text has come since it */
	const char *para;	/* the paragraph that a setext line would make a heading */
	bool before_para;	/* written, when it began */
	bool contained;		/* in a list item or a quote, until a blank line */
};

struct line {
	const char *start, *text, *end;	/* without blanks at both ends */
	size_t indent;
};

static struct line
line_at(const char *p, const char *end, const char **next)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	struct line l = { p, p, nl ? nl : end, 0 };

	*next = nl ? nl + 1 : end;
	while (l.text < l.end && (*l.text == ' ' || *l.text == '\t'))
		l.indent += *l.text++ == '\t' ? 4 : 1;
	while (l.end > l.text && (l.end[-1] == ' ' || l.end[-1] == '\t' || l.end[-1] == '\r'))
		l.end--;
	return l;
}

static size_t
run_of(const char *p, const char *end, char c)
{
	const char *q = p;

	while (q < end && *q == c)
		q++;
	return (size_t)(q - p);
}

static void
section(struct chunk_marks *m, size_t pos, int32_t heading)
{
	ALLOC_GROW(m->sections, m->nr + 1, m->alloc);
	m->sections[m->nr++] = (struct chunk_section){ pos, heading };
}

static void
code(struct scan *s, const char *from, const char *end)
{
	struct chunk_marks *m = s->m;

	ALLOC_GROW(m->code, m->nr_code + 1, m->alloc_code);
	m->code[m->nr_code++] = (struct chunk_span){ (size_t)(from - s->text),
		(size_t)(end - s->text) };
	s->written = true;
	s->para = NULL;
}

/* A heading of words [a, b) begins at p. */
static void
heading(struct scan *s, const char *p, const char *a, const char *b, int level)
{
	struct chunks *out = s->out;
	struct chunk_marks *m = s->m;
	int32_t up = s->last;

	/* more than anybody's text has: 2^31 headings are 4 GiB */
	if (out->nr_headings >= INT32_MAX)
		return;
	while (up >= 0 && out->headings[up].level >= level)
		up = out->headings[up].up;
	ALLOC_GROW(out->headings, out->nr_headings + 1, out->alloc_headings);
	out->headings[out->nr_headings] = (struct chunk_heading){ (size_t)(a - s->text),
		(size_t)(b - s->text), up, level };
	/* A heading that nothing but a deeper one follows is no chunk, nor is
	 * the white space in front of the first one. */
	if (!s->written && (s->last < 0 || out->headings[s->last].level < level))
		m->sections[m->nr - 1].heading = (int32_t)out->nr_headings;
	else
		section(m, (size_t)(p - s->text), (int32_t)out->nr_headings);
	s->last = (int32_t)out->nr_headings++;
	s->written = false;
	s->para = NULL;
	s->contained = false;
}

static bool
atx(struct scan *s, const struct line *l)
{
	size_t level = run_of(l->text, l->end, '#');
	const char *a = l->text + level, *b = l->end, *c;

	if (l->indent > 3 || level < 1 || level > 6 || (a < b && *a != ' ' && *a != '\t'))
		return false;
	while (a < b && (*a == ' ' || *a == '\t'))
		a++;
	for (c = b; c > a && c[-1] == '#'; c--)
		;
	if (c < b && (c == a || c[-1] == ' ' || c[-1] == '\t'))
		b = c;
	while (b > a && (b[-1] == ' ' || b[-1] == '\t'))
		b--;
	heading(s, l->start, a, b, (int)level);
	return true;
}

static bool
setext(struct scan *s, const struct line *l)
{
	const char *b = l->start;

	if (!s->para || l->indent > 3 || (*l->text != '=' && *l->text != '-') ||
	    run_of(l->text, l->end, *l->text) != (size_t)(l->end - l->text))
		return false;
	b = grapheme_trim(s->para, b);
	s->written = s->before_para;
	heading(s, s->para, s->para, b, *l->text == '=' ? 1 : 2);
	return true;
}

/* The line after the fenced code, the comment or the front matter that l
 * opens; NULL if it opens none. */
static const char *
block(struct scan *s, const struct line *l, const char *next)
{
	char c = *l->text;
	size_t n = c == '`' || c == '~' ? run_of(l->text, l->end, c) : 0;
	bool comment = l->end - l->text >= 4 && memcmp(l->text, "<!--", 4) == 0;
	bool front = l->start == s->text && l->end - l->start == 3 && memcmp(l->start, "---", 3) == 0;
	const char *p = next;

	if (n < 3 || (c == '`' && memchr(l->text + n, '`', (size_t)(l->end - l->text) - n)))
		n = 0;
	if (comment && memmem(l->text, (size_t)(l->end - l->text), "-->", 3))
		return NULL;
	if (!n && !comment && !front)
		return NULL;
	while (p < s->end) {
		struct line k = line_at(p, s->end, &p);
		size_t len = (size_t)(k.end - k.text);

		if (n ? len >= n && run_of(k.text, k.end, c) == len :
		    comment ? memmem(k.text, len, "-->", 3) != NULL :
		    len == 3 && (memcmp(k.text, "---", 3) == 0 || memcmp(k.text, "...", 3) == 0)) {
			code(s, l->start, p);
			return p;
		}
	}
	if (front)	/* a thematic break it was */
		return NULL;
	code(s, l->start, s->end);
	return s->end;
}

/* Does a list item, a quote or a block of HTML begin here? */
static bool
container(const struct line *l)
{
	const char *p = l->text;

	if (*p == '>' || *p == '<' || *p == '|')
		return true;
	if (*p == '-' || *p == '+' || *p == '*')
		return p + 1 == l->end || p[1] == ' ' || p[1] == '\t';
	while (p < l->end && p - l->text < 9 && *p >= '0' && *p <= '9')
		p++;
	return p > l->text && p < l->end && (*p == '.' || *p == ')');
}

void
chunk_mark_markdown(struct slice text, struct chunks *out, struct chunk_marks *m)
{
	struct scan s = { .text = text.ptr, .end = text.ptr + text.len, .out = out, .m = m,
		.last = -1 };
	const char *p = text.ptr, *next;

	section(m, 0, -1);
	for (; p < s.end; p = next) {
		struct line l = line_at(p, s.end, &next);
		const char *behind;

		if (l.text == l.end) {
			s.para = NULL;
			s.contained = false;
			continue;
		}
		if ((behind = block(&s, &l, next))) {
			next = behind;
			continue;
		}
		if (setext(&s, &l) || atx(&s, &l))
			continue;
		if (container(&l)) {
			s.contained = true;
			s.para = NULL;
		} else if (!s.para && !s.contained && l.indent < 4) {
			s.para = l.start;
			s.before_para = s.written;
		}
		s.written = true;
	}
}
