#include "fmt/mail_private.h"

#include "base/mem.h"

struct walk {
	struct mail_tree *tree;
	unsigned depth;
	struct mail_notes *notes;
};

static void
part_release(struct mail_part *p)
{
	free(p->number);
	mail_type_release(&p->type);
}

void
mail_tree_release(struct mail_tree *t)
{
	for (size_t i = 0; i < t->nr; i++)
		part_release(&t->part[i]);
	free(t->part);
	*t = (struct mail_tree){ 0 };
}

static bool
is_message(const char *mime)
{
	return strcmp(mime, "message/rfc822") == 0 || strcmp(mime, "message/rfc2822") == 0 ||
	    strcmp(mime, "message/global") == 0 || strcmp(mime, "message/news") == 0 ||
	    strcmp(mime, "text/rfc822") == 0;
}

static void
read_head(struct mail_part *p, struct slice raw, const char *default_mime,
    struct mail_notes *notes)
{
	struct mail_head h = { .p = raw.ptr, .end = raw.ptr + raw.len };
	struct slice name, value;

	while (mail_head_next(&h, &name, &value))
		mail_type_field(&p->type, name, value, notes);
	p->fields = h.fields;
	p->head = (struct slice){ raw.ptr, (size_t)(h.p - raw.ptr) };
	p->body = (struct slice){ h.p, (size_t)(h.end - h.p) };
	if (h.bad)
		mail_note(notes, "a line in the header is no field");
	if (!h.ended && p->body.len > 0 && h.fields > 0)
		mail_note(notes, "no empty line after the header");
	if (!p->type.mime)
		p->type.mime = xstrdup(default_mime);
	if (is_message(p->type.mime))
		p->kind = MAIL_MESSAGE;
	else if (strncmp(p->type.mime, "multipart/", 10) == 0)
		p->kind = MAIL_MULTI;
}

/* A line that is a boundary: what stands before it ends at `end`, its own line at `next`. */
struct boundary {
	const char *end, *next;
	bool last;
};

/* Does a boundary stand at p, the begin of a line? What follows it may be white space
 * and then anything, but not more of the word: `x-1` is not `x`. */
static bool
boundary_at(const char *p, const char *end, struct slice mark, struct boundary *b)
{
	const char *after = p + mark.len, *nl;

	if ((size_t)(end - p) < mark.len || memcmp(p, mark.ptr, mark.len) != 0)
		return false;
	b->last = end - after >= 2 && after[0] == '-' && after[1] == '-';
	if (b->last)
		after += 2;
	if (after < end && !strchr(" \t\r\n", *after))
		return false;
	nl = memchr(after, '\n', (size_t)(end - after));
	b->next = nl ? nl + 1 : end;
	return true;
}

/*
 * The first boundary at or after p, which is the begin of a line. line is "\n" and
 * the mark: matches of it cannot overlap, so that this stays linear.
 */
static bool
boundary_find(const char *start, const char *end, const struct str *line, struct boundary *b)
{
	struct slice mark = { line->buf + 1, line->len - 1 };
	const char *p = start;

	b->end = start;
	if (boundary_at(start, end, mark, b))
		return true;
	while ((p = memmem(p, (size_t)(end - p), line->buf, line->len))) {
		p++;
		if (!boundary_at(p, end, mark, b))
			continue;
		b->end = p - 1;
		if (b->end > start && b->end[-1] == '\r')
			b->end--;
		return true;
	}
	return false;
}

static void walk_part(struct walk *w, struct slice raw, char *number, const char *prefix,
    const char *default_mime);

static char *
child_number(const char *prefix, unsigned n)
{
	return *prefix ? xasprintf("%s.%u", prefix, n) : xasprintf("%u", n);
}

/* The parts of multipart at index i. The walk may move the array: indexes, not pointers. */
static void
walk_multi(struct walk *w, size_t i, const char *prefix)
{
	const struct mail_type *type = &w->tree->part[i].type;
	struct slice body = w->tree->part[i].body;
	const char *end = body.ptr + body.len, *p;
	const char *mime = strcmp(type->mime, "multipart/digest") == 0 ?
	    "message/rfc822" : "text/plain";
	struct str line = STR_INIT;
	struct boundary b, next;
	unsigned n = 0;

	if (!type->boundary || !*type->boundary || strchr(type->boundary, '\n')) {
		mail_note(w->notes, "a multipart without a boundary");
		return;
	}
	str_addf(&line, "\n--%s", type->boundary);
	if (!boundary_find(body.ptr, end, &line, &b)) {
		mail_note(w->notes, "the boundary of a multipart is nowhere");
		goto out;
	}
	w->tree->part[i].body.len = (size_t)(b.end - body.ptr);
	w->depth++;
	while (!b.last) {
		p = b.next;
		if (!boundary_find(p, end, &line, &next)) {
			mail_note(w->notes, "the last boundary of a multipart is missing");
			next = (struct boundary){ .end = end, .next = end, .last = true };
			/* nothing at all after the last one is no part */
			if (p == end)
				break;
		}
		if (w->tree->nr >= MAIL_MAX_PARTS) {
			mail_note(w->notes, "more than %d parts", MAIL_MAX_PARTS);
			break;
		}
		walk_part(w, (struct slice){ p, (size_t)(next.end - p) },
		    child_number(prefix, ++n), NULL, mime);
		b = next;
	}
	w->depth--;
	if (n == 0)
		mail_note(w->notes, "a multipart without parts");
out:
	str_release(&line);
}

/* number is taken. prefix: of the numbers of its parts; NULL: its own number. */
static void
walk_part(struct walk *w, struct slice raw, char *number, const char *prefix,
    const char *default_mime)
{
	struct mail_tree *t = w->tree;
	size_t i = t->nr;
	char *own = prefix ? xstrdup(prefix) : xstrdup(number);

	ALLOC_GROW(t->part, t->nr + 1, t->alloc);
	t->part[t->nr++] = (struct mail_part){ .number = number };
	read_head(&t->part[i], raw, default_mime, w->notes);
	if (t->part[i].kind == MAIL_MULTI) {
		if (w->depth < MAIL_MAX_DEPTH)
			walk_multi(w, i, own);
		else
			mail_note(w->notes, "parts more than %d deep", MAIL_MAX_DEPTH);
	}
	t->part[i].next = t->nr;
	free(own);
}

void
mail_tree_parse(struct mail_tree *t, struct slice raw, const char *prefix,
    unsigned depth, struct mail_notes *notes)
{
	struct walk w = { t, depth, notes };

	walk_part(&w, raw, child_number(prefix, 1), prefix, "text/plain");
}
