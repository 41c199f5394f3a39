/*
 * grapheme.h - what a reader sees as one character: extended grapheme clusters
 * (Unicode UAX #29, version of libutf8proc), and the little about a code point
 * that finding words and sentences needs. Pure; libutf8proc stays behind it.
 *
 * Bytes that are not well-formed UTF-8 are taken one by one as U+FFFD, with a
 * boundary on both sides, so every input has an answer.
 */
#ifndef ALG_GRAPHEME_H
#define ALG_GRAPHEME_H

#include "base/base.h"
#include "base/utf8.h"

#define GRAPHEME_BAD 0xfffdu	/* what an invalid byte reads as */

/* The code point at p < end; *len its bytes (1 for an invalid byte). */
static inline uint32_t
grapheme_cp(const char *p, const char *end, int *len)
{
	const unsigned char *u = (const unsigned char *)p;

	*len = utf8_step(u, (const unsigned char *)end);
	switch (*len) {
	case 1:
		return u[0];
	case 2:
		return (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu);
	case 3:
		return (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
	case 4:
		return (u[0] & 0x07u) << 18 | (u[1] & 0x3fu) << 12 | (u[2] & 0x3fu) << 6 |
		    (u[3] & 0x3fu);
	}
	*len = 1;
	return GRAPHEME_BAD;
}

/* The beginning of the code point that ends at p > begin. */
const char *grapheme_cp_before(const char *begin, const char *p);
/* The beginning of the code point that holds the byte at p, or p: never more
 * than three bytes back. end is that of the text. */
const char *grapheme_cp_floor(const char *begin, const char *p, const char *end);

/*
 * The length in bytes of the longest run of whole clusters at p that is at
 * most max; 0 if the first cluster is longer than max. p begins a cluster, n
 * bytes are there (what follows max decides whether one ends there). Reads no
 * more than max bytes and one code point.
 */
size_t grapheme_fit(const char *p, size_t n, size_t max);

/*
 * Does a cluster end between a and b, which is next to it? Exact but for a
 * joiner (U+200D) before a pictograph and for two regional indicators, where
 * what stands before them decides: then false.
 */
bool grapheme_between(uint32_t a, uint32_t b);

enum grapheme_kind {
	GRAPHEME_OTHER,		/* control, format, symbol, unassigned */
	GRAPHEME_BLANK,
	GRAPHEME_UPPER,		/* and title case */
	GRAPHEME_LOWER,
	GRAPHEME_LETTER,	/* of a script without case */
	GRAPHEME_DIGIT,		/* any number */
	GRAPHEME_MARK,
	GRAPHEME_OPEN,		/* brackets and quotes, by Unicode's categories */
	GRAPHEME_CLOSE,
	GRAPHEME_DASH,
	GRAPHEME_PUNCT,		/* all other punctuation */
};

enum grapheme_kind grapheme_kind(uint32_t c);
uint32_t grapheme_lower(uint32_t c);

/* The bytes of the white space at p (White_Space of Unicode, ends of lines
 * among it), 0 if there is none. */
static inline int
grapheme_white(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *)p;
	ptrdiff_t n = end - p;

	if (n <= 0 || (u[0] > ' ' && u[0] < 0xc2))
		return 0;
	if (u[0] < 0x80)
		return u[0] == ' ' || (u[0] >= '\t' && u[0] <= '\r');
	if (u[0] == 0xc2)
		return n > 1 && (u[1] == 0x85 || u[1] == 0xa0) ? 2 : 0;
	if (u[0] < 0xe1 || u[0] > 0xe3 || n < 3)
		return 0;
	if (u[0] == 0xe1)
		return u[1] == 0x9a && u[2] == 0x80 ? 3 : 0;
	if (u[0] == 0xe3)
		return u[1] == 0x80 && u[2] == 0x80 ? 3 : 0;
	if (u[1] == 0x80)
		return (u[2] >= 0x80 && u[2] <= 0x8a) || u[2] == 0xa8 || u[2] == 0xa9 ||
		    u[2] == 0xaf ? 3 : 0;
	return u[1] == 0x81 && u[2] == 0x9f ? 3 : 0;
}

/* Where [begin, p) ends without the white space at its end. */
static inline const char *
grapheme_trim(const char *begin, const char *p)
{
	while (p > begin) {
		const char *q = grapheme_cp_before(begin, p);

		if (grapheme_white(q, p) != p - q)
			break;
		p = q;
	}
	return p;
}

/* Does its script go without blanks between words (Han, kana, Thai, Lao,
 * Tibetan, Burmese, Khmer)? By blocks. */
static inline bool
grapheme_unspaced(uint32_t c)
{
	return c >= 0x0e00 && (c <= 0x109f || (c >= 0x1780 && c <= 0x17ff) ||
	    (c >= 0x3041 && c <= 0x30ff) ||
	    (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) ||
	    (c >= 0xf900 && c <= 0xfaff) || (c >= 0xff66 && c <= 0xff9f) ||
	    (c >= 0x20000 && c <= 0x3ffff));
}

#endif
