/*
 * text_inline.h - what stands within a paragraph of Markdown: its links, without those in
 * code, and its words without the marks. Linear in its length.
 */
#ifndef FMT_TEXT_INLINE_H
#define FMT_TEXT_INLINE_H

#include "base/str.h"

enum inline_kind {
	INLINE_WIKI,	/* [[to]], [[to|text]] */
	INLINE_EMBED,	/* ![[to]] */
	INLINE_URL,	/* [text](to), <to> */
	INLINE_IMAGE,	/* ![text](to) */
};

/* text may be empty; both are borrowed, as written. */
typedef void (*inline_fn)(void *arg, enum inline_kind kind, struct slice to, struct slice text);
void inline_links(struct slice paragraph, inline_fn fn, void *arg);

/* The words, appended: no emphasis, of links their text. */
void inline_plain(struct str *out, struct slice line);
/* The destination of a link without its backslashes, appended. */
void inline_unescape(struct str *out, struct slice s);

#endif
