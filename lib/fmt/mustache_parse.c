#include "fmt/mustache_private.h"

#include "base/mem.h"
#include "base/utf8.h"

#define DELIMITER_MAX 16	/* bytes; real ones have two */
#define SHOWN_MAX 64		/* bytes of a name in a message */

struct parser {
	struct mustache_prog *prog;
	const char *name;
	const char *start, *p, *end;	/* p: what is not yet in the program */
	struct slice open, close;	/* the delimiters now */
	const char *counted;		/* lines are counted up to here */
	unsigned line;
	size_t section[MUSTACHE_MAX_DEPTH];	/* the open ones, as indices of ops */
	size_t depth;
	struct err *err;
};

/* One tag as it stands in the text. */
struct tag {
	const char *begin, *after;	/* with its delimiters */
	char sigil;			/* 0: a plain name */
	struct slice body;		/* without white space around it */
};

struct slice
mustache_shown(struct slice name)
{
	return (struct slice){ name.ptr, utf8_valid_prefix(name.ptr, MIN(name.len, SHOWN_MAX)) };
}

void
mustache_prog_release(struct mustache_prog *prog)
{
	free(prog->op);
	*prog = (struct mustache_prog)MUSTACHE_PROG_INIT;
}

/* The error in err gets its place; every failure here is the template's. */
static int
at_line(struct parser *p, unsigned line)
{
	return err_wrap(p->err, "%s:%u", p->name, line);
}

static int
bad_name(struct parser *p, const char *what, struct slice name)
{
	struct slice s = mustache_shown(name);

	err_set(p->err, ERR_CONFIG, "%s \"%.*s\"", what, (int)s.len, s.ptr);
	return at_line(p, p->line);
}

static int
bad(struct parser *p, const char *what)
{
	err_set(p->err, ERR_CONFIG, "%s", what);
	return at_line(p, p->line);
}

static void
count_lines(struct parser *p, const char *to)
{
	const char *nl;

	while ((nl = memchr(p->counted, '\n', (size_t)(to - p->counted)))) {
		p->counted = nl + 1;
		p->line++;
	}
	p->counted = to;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct slice
trim(const char *from, const char *to)
{
	while (from < to && is_space(*from))
		from++;
	while (from < to && is_space(to[-1]))
		to--;
	return (struct slice){ from, (size_t)(to - from) };
}

static struct mustache_op *
add_op(struct parser *p, enum mustache_kind kind, struct slice text)
{
	struct mustache_prog *g = p->prog;

	ALLOC_GROW(g->op, g->nr + 1, g->alloc);
	g->op[g->nr] = (struct mustache_op){ .kind = kind, .line = p->line, .text = text };
	return &g->op[g->nr++];
}

static void
add_text(struct parser *p, const char *to)
{
	if (to > p->p)
		add_op(p, MUSTACHE_TEXT, (struct slice){ p->p, (size_t)(to - p->p) });
}

/* {{=<% %>=}}: body is what stands between the two `=`. */
static int
set_delimiters(struct parser *p, struct slice body)
{
	const char *end = body.ptr + body.len, *gap = body.ptr;
	struct slice open, close;

	while (gap < end && !is_space(*gap))
		gap++;
	open = (struct slice){ body.ptr, (size_t)(gap - body.ptr) };
	close = trim(gap, end);
	for (size_t i = 0; i < close.len; i++)
		if (is_space(close.ptr[i]))
			close.len = 0;
	if (!open.len || !close.len || memchr(body.ptr, '=', body.len))
		return bad_name(p, "bad delimiters", body);
	if (open.len > DELIMITER_MAX || close.len > DELIMITER_MAX)
		return bad_name(p, "delimiters too long", body);
	p->open = open;
	p->close = close;
	return 0;
}

static int
open_section(struct parser *p, const struct tag *t)
{
	if (p->depth == MUSTACHE_MAX_DEPTH)
		return bad_name(p, "sections too deep in one another, at", t->body);
	p->section[p->depth++] = p->prog->nr;
	add_op(p, t->sigil == '#' ? MUSTACHE_SECTION : MUSTACHE_INVERTED, t->body);
	return 0;
}

static int
close_section(struct parser *p, struct slice name)
{
	struct slice got = mustache_shown(name), due;
	struct mustache_op *op;

	if (p->depth == 0)
		return bad_name(p, "nothing is open that could be closed by", name);
	op = &p->prog->op[p->section[--p->depth]];
	op->end = p->prog->nr;
	if (slice_eq(op->text, name))
		return 0;
	due = mustache_shown(op->text);
	err_set(p->err, ERR_CONFIG, "\"%.*s\" is closed where \"%.*s\" of line %u is open",
	    (int)got.len, got.ptr, (int)due.len, due.ptr, op->line);
	return at_line(p, p->line);
}

static bool
has_empty_part(struct slice name)
{
	return name.ptr[0] == '.' || name.ptr[name.len - 1] == '.' ||
	    memmem(name.ptr, name.len, "..", 2);
}

static int
check_name(struct parser *p, const struct tag *t)
{
	if (t->sigil == '<' || t->sigil == '$')
		return bad_name(p, "no parents and blocks here (mustache core only):", t->body);
	if (t->body.len == 0)
		return bad(p, "a tag without a name");
	for (size_t i = 0; i < t->body.len; i++)
		if (is_space(t->body.ptr[i]))
			return bad_name(p, "white space in the name", t->body);
	/* as in {{../x}} of others, which would never find anything */
	if (t->sigil != '>' && !slice_is(t->body, ".") && has_empty_part(t->body))
		return bad_name(p, "nothing before or after a dot in the name", t->body);
	return 0;
}

static int
add_tag(struct parser *p, const struct tag *t, struct slice indent)
{
	if (t->sigil == '!')
		return 0;
	if (t->sigil == '=')
		return set_delimiters(p, t->body);
	if (check_name(p, t) < 0)
		return -1;
	switch (t->sigil) {
	case '#':
	case '^':
		return open_section(p, t);
	case '/':
		return close_section(p, t->body);
	case '>':
		add_op(p, MUSTACHE_PARTIAL, t->body)->indent = indent;
		return 0;
	case '&':
	case '{':
		add_op(p, MUSTACHE_RAW, t->body);
		return 0;
	default:
		add_op(p, MUSTACHE_VALUE, t->body);
		return 0;
	}
}

/* The tag whose opening delimiter is at begin. */
static int
read_tag(struct parser *p, const char *begin, struct tag *t)
{
	const char *s = begin + p->open.len, *stop;
	char until[DELIMITER_MAX + 1];
	size_t n = 0;

	*t = (struct tag){ .begin = begin };
	while (s < p->end && is_space(*s))
		s++;
	if (s < p->end && *s && strchr("#^/>&!={<$", *s))
		t->sigil = *s++;
	if (t->sigil == '=' || t->sigil == '{')
		until[n++] = t->sigil == '=' ? '=' : '}';
	memcpy(until + n, p->close.ptr, p->close.len);
	n += p->close.len;
	stop = memmem(s, (size_t)(p->end - s), until, n);
	if (!stop)
		return bad_name(p, "a tag is not closed:", trim(s, p->end));
	t->after = stop + n;
	t->body = trim(s, stop);
	return 0;
}

/* Is there nothing but blanks beside the tag on its line or lines? Such a tag,
 * if it leaves nothing itself, takes the line away with it. */
static bool
stands_alone(const struct parser *p, const struct tag *t, const char **from, const char **to)
{
	const char *a = t->begin, *b = t->after;

	if (!t->sigil || strchr("&{", t->sigil))
		return false;
	while (a > p->start && (a[-1] == ' ' || a[-1] == '\t'))
		a--;
	if (a > p->start && a[-1] != '\n')
		return false;
	while (b < p->end && (*b == ' ' || *b == '\t'))
		b++;
	if (p->end - b >= 2 && b[0] == '\r' && b[1] == '\n')
		b++;
	if (b < p->end && *b++ != '\n')
		return false;
	*from = a;
	*to = b;
	return true;
}

static int
parse(struct parser *p)
{
	const char *begin, *from, *to;
	struct tag t;

	while ((begin = memmem(p->p, (size_t)(p->end - p->p), p->open.ptr, p->open.len))) {
		struct slice indent = SLICE_INIT;

		count_lines(p, begin);
		if (read_tag(p, begin, &t) < 0)
			return -1;
		from = begin;
		to = t.after;
		if (stands_alone(p, &t, &from, &to))
			indent = (struct slice){ from, (size_t)(begin - from) };
		add_text(p, from);
		p->p = to;
		if (add_tag(p, &t, indent) < 0)
			return -1;
	}
	add_text(p, p->end);
	if (p->depth > 0) {
		const struct mustache_op *op = &p->prog->op[p->section[p->depth - 1]];

		p->line = op->line;
		return bad_name(p, "a section is not closed:", op->text);
	}
	return 0;
}

int
mustache_parse(struct mustache_prog *prog, const char *name, struct slice text,
    struct err *err)
{
	struct parser p = { .prog = prog, .name = name, .start = text.ptr, .p = text.ptr,
		.end = text.ptr + text.len, .open = SLICE_LIT("{{"), .close = SLICE_LIT("}}"),
		.counted = text.ptr, .line = 1, .err = err };
	size_t good;

	if (text.len == 0)
		return 0;
	if (text.len > MUSTACHE_MAX_OUTPUT)
		return err_set(err, ERR_CONFIG, "%s:1: a template of %zu bytes is too large", name,
		    text.len);
	good = utf8_valid_prefix(text.ptr, text.len);
	if (good < text.len) {
		count_lines(&p, text.ptr + good);
		return bad(&p, "invalid UTF-8");
	}
	return parse(&p);
}
