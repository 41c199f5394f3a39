#include "alg/grapheme.h"

#include <utf8proc.h>

const char *
grapheme_cp_before(const char *begin, const char *p)
{
	const char *q = p - 1;
	int len;

	for (int back = 0; back < 3 && q > begin && ((unsigned char)*q & 0xc0) == 0x80; back++)
		q--;
	grapheme_cp(q, p, &len);
	return q + len == p ? q : p - 1;
}

const char *
grapheme_cp_floor(const char *begin, const char *p, const char *end)
{
	const char *q = p;
	int len;

	if (p == end)
		return p;
	for (int back = 0; back < 3 && q > begin && ((unsigned char)*q & 0xc0) == 0x80; back++)
		q--;
	grapheme_cp(q, end, &len);
	return q + len > p ? q : p;
}

size_t
grapheme_fit(const char *p, size_t n, size_t max)
{
	const char *start = p, *end = p + n, *fit = p;
	utf8proc_int32_t state = 0;
	bool have = false, bad = false;
	uint32_t prev = 0;

	if (n <= max)
		return n;
	while ((size_t)(p - start) <= max) {
		bool was_bad = bad;
		uint32_t c;
		int len;

		c = grapheme_cp(p, end, &len);
		bad = c == GRAPHEME_BAD && len == 1;
		/* ASCII has but one pair that holds together */
		if (have && (was_bad || bad))
			state = 0, fit = p;
		else if (have && (prev | c) < 0x80 && prev >= ' ')
			state = 0, fit = p;
		else if (have && utf8proc_grapheme_break_stateful((utf8proc_int32_t)prev,
		    (utf8proc_int32_t)c, &state))
			fit = p;
		have = true;
		prev = c;
		p += len;
	}
	return (size_t)(fit - start);
}

bool
grapheme_between(uint32_t a, uint32_t b)
{
	const utf8proc_property_t *prop;

	if ((a | b) < 0x80)
		return a != '\r' || b != '\n';
	prop = utf8proc_get_property((utf8proc_int32_t)b);
	if (a == 0x200d && prop->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC)
		return false;
	if (a >= 0x1f1e6 && a <= 0x1f1ff && b >= 0x1f1e6 && b <= 0x1f1ff)
		return false;
	return utf8proc_grapheme_break((utf8proc_int32_t)a, (utf8proc_int32_t)b);
}

enum grapheme_kind
grapheme_kind(uint32_t c)
{
	if (c == '"' || c == '\'' || c == '`')
		return GRAPHEME_OPEN;
	if (c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r' || c == 0x85)
		return GRAPHEME_BLANK;
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LT:
		return GRAPHEME_UPPER;
	case UTF8PROC_CATEGORY_LL:
		return GRAPHEME_LOWER;
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
		return GRAPHEME_LETTER;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return GRAPHEME_MARK;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return GRAPHEME_DIGIT;
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PI:
		return GRAPHEME_OPEN;
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PF:
		return GRAPHEME_CLOSE;
	case UTF8PROC_CATEGORY_PD:
		return GRAPHEME_DASH;
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PO:
		return GRAPHEME_PUNCT;
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return GRAPHEME_BLANK;
	default:
		return GRAPHEME_OTHER;
	}
}

uint32_t
grapheme_lower(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}
