/*
 * str.h - a growing string of bytes.
 *
 * Invariants: buf is never NULL and buf[len] is always NUL; the content may
 * hold NUL itself. STR_INIT allocates nothing. str_detach gives the buffer
 * away (the caller frees it) and leaves an empty string.
 *
 *	struct str s = STR_INIT;
 *	str_addf(&s, "%s/%s", dir, name);
 *	...
 *	str_release(&s);
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>

#include "base/base.h"

struct str {
	char *buf;
	size_t len;
	size_t alloc;	/* 0 while buf is the shared empty string */
};

extern char str_empty[1];
#define STR_INIT { str_empty, 0, 0 }

void str_release(struct str *s);
/* Empty it, keep the memory. */
void str_reset(struct str *s);
/* Room for extra more bytes and the NUL. */
void str_grow_slow(struct str *s, size_t extra);
void str_addf(struct str *s, const char *fmt, ...) PRINTF(2, 3);
void str_vaddf(struct str *s, const char *fmt, va_list ap);
char *str_detach(struct str *s);
/* The string cut to n bytes, n <= len. */
void str_truncate(struct str *s, size_t n);

static inline void
str_grow(struct str *s, size_t extra)
{
	if (s->alloc < s->len + extra + 1)
		str_grow_slow(s, extra);
}

static inline void
str_add(struct str *s, const void *data, size_t n)
{
	if (n == 0)
		return;
	str_grow(s, n);
	memcpy(s->buf + s->len, data, n);
	s->len += n;
	s->buf[s->len] = '\0';
}

static inline void
str_addc(struct str *s, char c)
{
	str_grow(s, 1);
	s->buf[s->len++] = c;
	s->buf[s->len] = '\0';
}

static inline void
str_adds(struct str *s, const char *z)
{
	str_add(s, z, strlen(z));
}

static inline struct slice
str_slice(const struct str *s)
{
	return (struct slice){ s->buf, s->len };
}

#endif
