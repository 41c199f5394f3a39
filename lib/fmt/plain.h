/*
 * plain.h - runs of bytes that mean themselves inside a JSON string: printable
 * ASCII without the quote and the backslash. Eight at a time, because most of
 * what a record holds is such text.
 */
#ifndef FMT_PLAIN_H
#define FMT_PLAIN_H

#include <endian.h>

#include "base/base.h"

#define PLAIN_ONES UINT64_C(0x0101010101010101)
#define PLAIN_TOPS UINT64_C(0x8080808080808080)

static inline bool
plain_byte(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The top bit of each byte of w that is not plain, and perhaps of some bytes
 * above such a one: a borrow goes upwards only, so the lowest mark is exact. */
static inline uint64_t
plain_marks(uint64_t w)
{
	uint64_t quote = w ^ (PLAIN_ONES * '"'), slash = w ^ (PLAIN_ONES * '\\');

	return ((w - PLAIN_ONES * 0x20) | (quote - PLAIN_ONES) | (slash - PLAIN_ONES) | w) &
	    PLAIN_TOPS;
}

/* Are all n bytes plain? */
static inline bool
plain_all(const char *p, size_t n)
{
	uint64_t w = PLAIN_ONES * 'x';
	uint32_t head, tail;

	if (n >= 8) {
		for (; n > 8; n -= 8, p += 8) {
			memcpy(&w, p, 8);
			if (plain_marks(w))
				return false;
			if (n < 16)
				p -= 16 - n, n = 16;
		}
		memcpy(&w, p, 8);
		return plain_marks(w) == 0;
	}
	if (n >= 4) {
		memcpy(&head, p, 4);
		memcpy(&tail, p + n - 4, 4);
		w = (uint64_t)head << 32 | tail;
	} else if (n > 0) {
		w = (w & ~UINT64_C(0xffffff)) | (unsigned char)p[0] |
		    (uint64_t)(unsigned char)p[n / 2] << 8 |
		    (uint64_t)(unsigned char)p[n - 1] << 16;
	}
	return plain_marks(w) == 0;
}

/* The first byte from p on that is not plain, or end. */
static inline const char *
plain_end(const char *p, const char *end)
{
	while (end - p >= 8) {
		uint64_t w, found;

		memcpy(&w, p, 8);
		found = plain_marks(le64toh(w));
		if (found)
			return p + (__builtin_ctzll(found) >> 3);
		p += 8;
	}
	while (p < end && plain_byte((unsigned char)*p))
		p++;
	return p;
}

#endif
