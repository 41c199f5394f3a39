/*
 * text_layout.h - the text of a page as a browser would show it, from its elements
 * in order: white space collapsed, blocks on lines of their own, cells of a row with
 * tabs between them, what is hidden left out.
 */
#ifndef FMT_TEXT_LAYOUT_H
#define FMT_TEXT_LAYOUT_H

#include "base/str.h"

#define LAYOUT_DEPTH 1024	/* deeper elements have no effect of their own */
#define LAYOUT_LINE_MAX 1000	/* of title and h1 */

enum layout_role {
	LAYOUT_INLINE,
	LAYOUT_BLOCK,		/* on lines of its own */
	LAYOUT_PARAGRAPH,	/* with an empty line around it */
	LAYOUT_HEADING,		/* h1 */
	LAYOUT_LIST, LAYOUT_BREAK, LAYOUT_PRE, LAYOUT_TABLE, LAYOUT_ROW, LAYOUT_CELL,
	LAYOUT_SKIP,		/* never shown */
	LAYOUT_TITLE, LAYOUT_SVG, LAYOUT_BODY,
	LAYOUT_HTML, LAYOUT_META,	/* of no effect here */
};

struct layout_open {
	enum layout_role role;
	size_t start;			/* of a cell in the text */
	unsigned cells, newlines;	/* of what is around a table, a cell */
};

struct layout {
	struct str *out;
	struct str title, h1;		/* of the first that says something */
	struct layout_open stack[LAYOUT_DEPTH];
	unsigned depth;
	unsigned skip;			/* the depth from which nothing counts; 0: none */
	unsigned pre, lists, svg, cells;	/* that are open; cells of the row so far */
	unsigned in_title, in_h1;	/* their depth */
	unsigned newlines, tabs;	/* that come before the next text */
	bool space;			/* that too */
	bool bare_cell, bare_pre;	/* nothing in it yet */
	bool lines;			/* the last cell has several */
};
#define LAYOUT_INIT(out_) { .out = (out_), .title = STR_INIT, .h1 = STR_INIT }
void layout_release(struct layout *l);

/* By its name in lower case. */
enum layout_role layout_role(const char *name);
/* Does what is opened now count? */
static inline bool
layout_shown(const struct layout *l)
{
	return l->skip == 0;
}
void layout_open(struct layout *l, enum layout_role role, bool hidden);
/* The last that is open. */
void layout_close(struct layout *l);
void layout_text(struct layout *l, const char *text, size_t n);
/* As if all were closed. */
void layout_close_all(struct layout *l);

#endif
