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
 * ERR_DATA: it cannot be read at all. charset NULL: what the document says. In meta of all:
 * `charset` when it was not UTF-8, `replaced`, what became U+FFFD; of HTML `description`,
 * `keywords`. */
int text_html(struct slice html, const char *charset, struct doc *d, struct err *err);
/* Front matter (YAML between ---) to meta.front (what is wrong in it to `front_error`), title
 * from it or the first heading; links to meta.links, `[{"kind","to","text"}]` of kind wiki,
 * embed, url or image, those beyond 1,000 counted in `links_omitted`; the text is what follows
 * the front matter, Markdown as it was written. */
int text_markdown(struct slice md, struct doc *d, struct err *err);
int text_plain(struct slice bytes, struct doc *d, struct err *err);

/* Spans of quoted history and signature of a mail's text, added to d. */
void text_mail_spans(struct doc *d);

#endif
