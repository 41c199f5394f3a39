/*
 * text.h - HTML, Markdown and plain text as documents, and bytes of whatever
 * charset as UTF-8. Input is hostile: bounded depth, linear time, valid UTF-8
 * without NUL comes out.
 */
#ifndef FMT_TEXT_H
#define FMT_TEXT_H

#include "fmt/doc.h"

/* To UTF-8, appended. charset may be NULL or unknown: then a byte order mark, UTF-8 when
 * it is that, else windows-1252. *used (a static name) is what it was read as; lossy
 * counts what became U+FFFD. */
void text_decode(struct slice bytes, const char *charset, struct str *out, const char **used,
    unsigned *lossy);

/* Each fills text, title, lang, meta, persons of d as far as the document says.
 * ERR_DATA: it cannot be read at all. charset NULL: what the document says. */
int text_html(struct slice html, const char *charset, struct doc *d, struct err *err);
/* Front matter (YAML between ---) to meta.front, title from it or the first heading;
 * wikilinks to meta.links; the text stays Markdown as it was written. */
int text_markdown(struct slice md, struct doc *d, struct err *err);
int text_plain(struct slice bytes, struct doc *d, struct err *err);

/* Spans of quoted history and signature of a mail's text, added to d. */
void text_mail_spans(struct doc *d);

#endif
