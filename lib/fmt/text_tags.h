/*
 * text_tags.h - tags with too many attributes, before an HTML parser sees them:
 * libxml2 compares each attribute with all before it, so that a page which is one tag
 * would cost the square of its length.
 */
#ifndef FMT_TEXT_TAGS_H
#define FMT_TEXT_TAGS_H

#include "base/str.h"

#define TAG_ATTRIBUTES_MAX 200

/* Spaces take the place of each further attribute. */
void tags_limit(struct str *html);

#endif
