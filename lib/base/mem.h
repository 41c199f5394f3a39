/*
 * mem.h - allocation that cannot fail: out of memory ends the process with
 * status 70 and one line, so no caller carries a branch that no test reaches.
 * Sizes that come from outside are bounded by the caller before they get here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/base.h"

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
/* n * size, overflow checked. */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
/* The first n bytes of s, NUL-terminated. */
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);

/* Grow the array p with capacity alloc so that it holds nr elements. */
#define ALLOC_GROW(p, nr, alloc) \
	do { \
		if ((size_t)(nr) > (alloc)) { \
			size_t want_ = ((alloc) + 16) * 3 / 2; \
			(alloc) = want_ < (size_t)(nr) ? (size_t)(nr) : want_; \
			(p) = xreallocarray((p), (alloc), sizeof(*(p))); \
		} \
	} while (0)

#endif
