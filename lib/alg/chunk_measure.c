#include "alg/chunk_private.h"

#include "alg/grapheme.h"

/* Count words from p on; where the word after the first max of them begins, or
 * end. *nr is their number. */
static const char *
scan_words(const char *p, const char *end, size_t max, size_t *nr)
{
	const char *word = NULL;	/* what we are in began here */
	bool alone = false;		/* and is a letter of an unspaced script */

	*nr = 0;
	while (p < end) {
		int len = 1, white;
		bool begins;

		/* the letters of a common word */
		while (word && !alone && p < end && *p > ' ' && p - word < CHUNK_WORD_BYTES)
			p++;
		if (p == end)
			break;
		white = grapheme_white(p, end);
		if (white) {
			word = NULL;
			p += white;
			continue;
		}
		begins = !word || p - word >= CHUNK_WORD_BYTES;
		if ((unsigned char)*p < 0x80) {
			begins |= alone;
			alone = false;
		} else {
			uint32_t c = grapheme_cp(p, end, &len);
			bool unspaced = grapheme_unspaced(c);

			if (!word || !(unspaced || alone) || grapheme_kind(c) != GRAPHEME_MARK) {
				begins |= unspaced || alone;
				alone = unspaced;
			}
		}
		if (begins) {
			if (*nr == max)
				return p;
			++*nr;
			word = p;
		}
		p += len;
	}
	return end;
}

size_t
chunk_measure(struct slice text, size_t start, size_t end, enum chunk_unit unit)
{
	size_t nr;

	if (unit == CHUNK_BYTES)
		return end - start;
	scan_words(text.ptr + start, text.ptr + end, SIZE_MAX, &nr);
	return nr;
}

size_t
chunk_reach(const char *text, size_t p, size_t end, size_t n, enum chunk_unit unit)
{
	size_t nr;

	if (unit == CHUNK_BYTES)
		return end - p > n ? p + n : end;
	return (size_t)(scan_words(text + p, text + end, n, &nr) - text);
}

bool
chunk_is_white(const char *text, size_t from, size_t end)
{
	while (from < end) {
		int n = grapheme_white(text + from, text + end);

		if (!n)
			return false;
		from += (size_t)n;
	}
	return true;
}

bool
chunk_word_edge(const char *text, size_t from, size_t p, size_t end)
{
	const char *at = text + p, *last = text + end, *before;
	uint32_t a, b;
	int n;

	if (((at[-1] | at[0]) & 0x80) == 0)
		return at[-1] == ' ' || at[0] == ' ' || ((grapheme_white(at - 1, at) ||
		    grapheme_white(at, last)) && !(at[-1] == '\r' && at[0] == '\n'));
	before = grapheme_cp_before(text + from, at);
	a = grapheme_cp(before, at, &n);
	b = grapheme_cp(at, last, &n);
	if (!grapheme_white(before, at) && !grapheme_white(at, last)) {
		enum grapheme_kind k;

		if (!grapheme_unspaced(a) && !grapheme_unspaced(b))
			return false;
		/* as printers do: no full stop begins a line */
		k = grapheme_kind(b);
		if (k == GRAPHEME_PUNCT || k == GRAPHEME_CLOSE || k == GRAPHEME_MARK ||
		    grapheme_kind(a) == GRAPHEME_OPEN)
			return false;
	}
	return grapheme_between(a, b);
}
