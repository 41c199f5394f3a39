/*
 * utf8.h - well-formed UTF-8 (RFC 3629: no overlong form, no surrogate, at
 * most U+10FFFF).
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/base.h"
#include "base/str.h"

/* The length in bytes (1 to 4) of the well-formed sequence at p, or 0. */
int utf8_step(const unsigned char *p, const unsigned char *end);
/* The first byte that is not part of well-formed UTF-8, or n. */
size_t utf8_valid_prefix(const char *s, size_t n);
static inline bool
utf8_ok(const char *s, size_t n)
{
	return utf8_valid_prefix(s, n) == n;
}
/* Write code point c (a scalar value) to out; its length. */
int utf8_put(uint32_t c, char out[4]);
/* Text for a terminal: what would be a command to it (C0, DEL, C1), a backslash and
 * ill-formed bytes as \x1b, \\ and so on. Appended. */
void utf8_put_printable(struct str *out, const char *text);

#endif
