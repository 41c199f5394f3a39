/*
 * text_front.h - the front matter of Markdown: YAML between lines of three dashes.
 * Scalars and lists of scalars, all as strings, are `front` in meta; title, authors,
 * language and date go where they belong. What is wrong in it is `front_error`.
 */
#ifndef FMT_TEXT_FRONT_H
#define FMT_TEXT_FRONT_H

#include "fmt/doc.h"

/* The length of the front matter with both its lines; 0 when text begins with none. */
size_t front_take(struct doc *d, struct slice text);

#endif
