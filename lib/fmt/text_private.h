/*
 * text_private.h - what the readers of text have in common: how a title, a time, a
 * language and an author get into a document. All take hostile UTF-8 without NUL; the
 * first that says something counts.
 */
#ifndef FMT_TEXT_PRIVATE_H
#define FMT_TEXT_PRIVATE_H

#include "fmt/text.h"

#define TEXT_TITLE_MAX 500	/* bytes */

/* text_decode, with `charset` and `replaced` in meta when it was not plain UTF-8. */
void text_take(struct doc *d, struct slice bytes, const char *charset, struct str *out);
/* Code point of a byte of windows-1252. */
uint32_t text_cp1252(unsigned char c);

struct slice text_trim(struct slice s);
/* ASCII letters of either case are the same. */
bool text_is(struct slice s, const char *word);
bool text_starts(struct slice s, const char *word);
/* The length of s cut to max bytes at the border of a character. */
size_t text_cut(struct slice s, size_t max);
/* White space collapsed, cut to max bytes. */
void text_set_title(struct doc *d, struct slice s, size_t max);
/* `2026-11-21`, `2026/11/21`, or RFC 3339 with or without its zone (then UTC). */
void text_set_time(struct doc *d, struct slice s);
/* `en`, `pt-BR`, `pt_BR`. */
void text_set_lang(struct doc *d, struct slice s);
/* `Name`, `Name <address>` or `address`. */
void text_add_author(struct doc *d, const char *role, struct slice s);

#endif
