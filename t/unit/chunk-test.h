/*
 * chunk-test.h - what the tests and the fuzzer of the chunker share: a check of
 * every promise of alg/chunk.h, by the plainest means.
 */
#ifndef T_UNIT_CHUNK_TEST_H
#define T_UNIT_CHUNK_TEST_H

#include "alg/chunk.h"
#include "alg/grapheme.h"
#include "alg/sentence.h"
#include "base/mem.h"

static inline bool
white_only(struct slice t, size_t from, size_t to)
{
	while (from < to) {
		int n = grapheme_white(t.ptr + from, t.ptr + to);

		if (!n)
			return false;
		from += (size_t)n;
	}
	return true;
}

/* Marks of all places: may a cut be here? Cuts inside of clusters that are
 * longer than a chunk are allowed at code points, others are not. */
#define PLACE_CUT 1
#define PLACE_EDGE 2	/* an edge of a border */
#define PLACE_SENTENCE 4	/* a sentence ends here */
#define PLACE_INSIDE 8	/* inside of a sentence */
#define PLACE_FORCED 16	/* inside of a cluster that is too long: may be cut as well */

static inline void
mark_segment(struct slice t, size_t from, size_t to, const struct chunk_options *opt,
    unsigned char *place)
{
	struct slice part = { t.ptr + from, to - from };
	struct sentence_iter it;
	struct sentence s;
	bool flags = false;	/* what pairs of them are changes where one is cut */
	size_t at = from;

	while (at < to) {
		size_t n = 1, lo = at;
		uint32_t c;
		int len;

		/* the first cluster, by the one question that grapheme_fit answers */
		while (n < to - at && grapheme_fit(t.ptr + at, to - at, n) == 0)
			n++;
		place[at] |= PLACE_CUT;
		c = grapheme_cp(t.ptr + at, t.ptr + t.len, &len);
		flags = (flags && c >= 0x1f1e6 && c <= 0x1f1ff) ||
		    chunk_measure(t, at, at + n, opt->unit) > opt->size;
		while (flags && lo < at + n) {
			place[lo] |= PLACE_FORCED;
			c = grapheme_cp(t.ptr + lo, t.ptr + t.len, &len);
			lo += (size_t)len;
		}
		at += n;
	}
	sentence_init(&it, part, opt->lang);
	while (sentence_next(&it, &s)) {
		/* a joiner there makes it hard to say */
		if (s.end - s.start < 3 || memcmp(part.ptr + s.end - 3, "\xe2\x80\x8d", 3) != 0)
			place[from + s.end] |= PLACE_SENTENCE;
		for (size_t i = from + s.start + 1; i < from + s.end; i++)
			place[i] |= PLACE_INSIDE;
	}
}

static inline unsigned char *
mark_places(struct slice t, const struct chunk_options *opt)
{
	unsigned char *place = xcalloc(t.len + 1, 1);
	size_t from = 0;

	for (size_t i = 0; i <= 2 * opt->nr_borders; i++) {
		size_t to = t.len;

		if (i < 2 * opt->nr_borders) {
			to = i % 2 ? opt->borders[i / 2].end : opt->borders[i / 2].start;
			to = (size_t)(grapheme_cp_floor(t.ptr, t.ptr + to, t.ptr + t.len) - t.ptr);
			place[to] |= PLACE_EDGE;
		}
		if (to > from)
			mark_segment(t, from, to, opt, place);
		from = to;
	}
	place[0] |= PLACE_CUT;
	place[t.len] |= PLACE_CUT | PLACE_EDGE;
	return place;
}

#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			*line = __LINE__; \
			return i; \
		} \
	} while (0)

/* Which chunk breaks a promise, and *line that of the check; c->nr if none. */
static inline size_t
broken_chunk(struct slice t, const struct chunk_options *opt, const struct chunks *c,
    const unsigned char *place, int *line)
{
	size_t overlap = opt->overlap == CHUNK_OVERLAP_DEFAULT ?
	    opt->size * CHUNK_OVERLAP_PERCENT / 100 : opt->overlap;
	size_t at = 0, i = 0;

	for (; i < c->nr; i++) {
		const struct chunk *k = &c->v[i], *prev = i ? k - 1 : NULL;
		bool edge = place[k->body_start] & PLACE_EDGE || i == 0;
		size_t n = chunk_measure(t, k->start, k->end, opt->unit);
		int len;

		CHECK(k->ord == i && k->body_start == at && k->end > at && k->end <= t.len);
		CHECK(k->start <= at && (!prev || k->start > prev->start));
		CHECK(k->start == at || (!edge && k->start > prev->start));
		grapheme_cp(t.ptr + k->start, t.ptr + t.len, &len);
		CHECK(n <= opt->size || (opt->size < 4 && opt->unit == CHUNK_BYTES &&
		    k->start + (size_t)len == k->end));
		CHECK(chunk_measure(t, k->start, at, opt->unit) <= overlap);
		CHECK(k->blank == white_only(t, at, k->end));
		CHECK(k->start == at || !white_only(t, k->start, at));
		for (size_t p = k->start + 1; p < k->end; p++)
			CHECK(!(place[p] & PLACE_EDGE));
		CHECK(place[k->start] & (PLACE_CUT | PLACE_FORCED | PLACE_EDGE));
		CHECK(place[k->end] & (PLACE_CUT | PLACE_FORCED | PLACE_EDGE));
		/* white space went to its neighbour where that had room */
		if (k->blank && !edge && prev->heading == k->heading)
			CHECK(chunk_measure(t, prev->start, k->end, opt->unit) > opt->size);
		/* a sentence that fits is whole, and no chunk ends in the middle of
		 * one if one ends in it; of Markdown we do not know the sentences */
		if (opt->markup != CHUNK_MARKDOWN && place[k->end] & PLACE_INSIDE) {
			size_t p = k->end;

			while (p < t.len && !(place[p] & PLACE_SENTENCE))
				p++;
			while (!(place[p] & PLACE_CUT))
				p++;
			CHECK(chunk_measure(t, at, p, opt->unit) > opt->size);
			for (p = at + 1; p < k->end; p++)
				CHECK(!(place[p] & PLACE_SENTENCE) || !(place[p] & PLACE_CUT) ||
				    !grapheme_white(t.ptr + p, t.ptr + t.len));
		}
		at = k->end;
	}
	if (c->nr ? at != t.len : !white_only(t, 0, t.len))
		*line = __LINE__, i = SIZE_MAX;
	return i;
}

#endif
