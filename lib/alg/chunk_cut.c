#include "alg/chunk_private.h"

#include "alg/grapheme.h"
#include "base/mem.h"

/* Does a cluster begin at p, from < p < to? No, if in doubt. */
static bool
whole(const struct chunker *k, size_t p)
{
	const char *at = k->text + p;
	int n;

	return grapheme_between(grapheme_cp(grapheme_cp_before(k->text + k->from, at), at, &n),
	    grapheme_cp(at, k->text + k->to, &n));
}

/* A cut in or behind the white space [white, pos) that is not beyond reach; 0
 * if a cluster would be cut. */
static size_t
white_cut(const struct chunker *k, size_t white, size_t pos, size_t reach)
{
	const char *before;

	if (reach < pos) {
		size_t n = grapheme_fit(k->text + white, pos - white, reach - white);

		return n || whole(k, white) ? white + n : 0;
	}
	if (pos == k->to || whole(k, pos))
		return pos;
	/* an accent on the last blank: that goes with it */
	before = grapheme_cp_before(k->text + k->from, k->text + pos);
	pos = (size_t)(before - k->text);
	return pos > white || (pos == white && whole(k, pos)) ? pos : 0;
}

/* The end of a chunk from `from` whose body begins at b: the last paragraph's
 * end up to reach, or the last sentence's. 0: there is none. */
static size_t
sentence_cut(const struct chunker *k, size_t from, size_t b, size_t reach)
{
	size_t para = 0, sentence = 0;

	for (size_t i = k->head; i < k->nr && k->win[i].end <= reach; i++) {
		bool last = i + 1 == k->nr;
		size_t cut;

		if (k->win[i].end <= b)
			continue;
		cut = white_cut(k, k->win[i].end, last ? k->to : k->win[i + 1].start, reach);
		if (!cut)
			continue;
		sentence = cut;
		if (last || k->win[i + 1].para)
			para = cut;
	}
	if (para && (para == sentence || chunk_measure((struct slice){ k->text, k->to }, from, para,
	    k->unit) >= k->size / 4))
		return para;
	return sentence;
}

/* The last line's end in (b, reach], with something before it; or 0. */
static size_t
line_cut(const struct chunker *k, size_t b, size_t reach)
{
	const char *nl = memrchr(k->text + b, '\n', reach - b);

	return nl && !chunk_is_white(k->text, b, (size_t)(nl - k->text)) ?
	    (size_t)(nl + 1 - k->text) : 0;
}

/* The end of the first word after b, if it is not beyond limit; else 0. */
static size_t
word_end(const struct chunker *k, size_t b, size_t limit)
{
	const char *t = k->text, *end = t + k->to;
	const char *p = t + b;
	int n;

	while (p < end && p - t <= (ptrdiff_t)limit && (n = grapheme_white(p, end)))
		p += n;
	while (p < end && p - t <= (ptrdiff_t)limit) {
		grapheme_cp(p, end, &n);
		p += n;
		if (p == end || chunk_word_edge(t, k->from, (size_t)(p - t), k->to))
			break;
	}
	return p - t <= (ptrdiff_t)limit ? (size_t)(p - t) : 0;
}

/* The last edge of a word in (b, reach], or 0. */
static size_t
word_cut(const struct chunker *k, size_t b, size_t reach)
{
	const char *t = k->text, *begin = t + b;
	const char *p = grapheme_cp_floor(begin, t + reach, t + k->to);

	while (p > begin && !chunk_word_edge(t, k->from, (size_t)(p - t), k->to))
		p = grapheme_cp_before(begin, p);
	if (p == begin)
		return 0;
	/* White space alone, before a word that is cut anyway: they go together. */
	if (chunk_is_white(t, b, (size_t)(p - t))) {
		size_t word = (size_t)(p - t);

		if (!word_end(k, word, chunk_reach(t, word, k->to, k->size, k->unit)))
			return 0;
	}
	return (size_t)(p - t);
}

/* Where an overlap that begins at lo or later does begin: with a sentence, else
 * with a word; b if there is none. */
static size_t
overlap_from(const struct chunker *k, size_t lo, size_t b)
{
	const char *t = k->text, *begin = t + k->from, *end = t + b, *p;
	int n;

	for (size_t i = k->head; i < k->nr && k->win[i].start < b; i++) {
		size_t at = k->win[i].start;

		if (at >= lo && whole(k, at))
			return chunk_is_white(t, at, b) ? b : at;
	}
	p = grapheme_cp_floor(begin, t + lo, t + k->to);
	if (p < t + lo) {
		grapheme_cp(p, end, &n);
		p += n;
	}
	for (; p < end; p += n) {
		grapheme_cp(p, end, &n);
		if (!grapheme_white(p, end) && p > begin &&
		    chunk_word_edge(t, k->from, (size_t)(p - t), k->to))
			return (size_t)(p - t);
	}
	return b;
}

/* Where the chunk with the body at b begins; the one before began at prev. */
static size_t
overlap(const struct chunker *k, size_t prev, size_t b)
{
	size_t lo, all;

	if (k->overlap == 0 || prev == b)
		return b;
	if (k->unit == CHUNK_BYTES) {
		lo = b - prev > k->overlap ? b - k->overlap : prev;
	} else {
		all = chunk_measure((struct slice){ k->text, k->to }, prev, b, k->unit);
		lo = all > k->overlap ? chunk_reach(k->text, prev, b, all - k->overlap, k->unit) :
		    prev;
	}
	return overlap_from(k, MAX(lo, prev + 1), b);
}

/* A later beginning than o for an overlap, so that [it, need) fits into size,
 * which [b, need) does. */
static size_t
overlap_later(const struct chunker *k, size_t o, size_t b, size_t need)
{
	size_t lo, all;

	if (k->unit == CHUNK_BYTES) {
		lo = need - k->size;
	} else {
		all = chunk_measure((struct slice){ k->text, k->to }, o, need, k->unit);
		lo = all > k->size ? chunk_reach(k->text, o, need, all - k->size, k->unit) : b;
	}
	return lo <= o || lo >= b ? b : overlap_from(k, lo, b);
}

/* The end of the sentence that b is in or before. */
static size_t
sentence_end(const struct chunker *k, size_t b)
{
	for (size_t i = k->head; i < k->nr; i++)
		if (k->win[i].end > b)
			return k->win[i].end;
	return k->to;
}

/* The end of the chunk that begins at *o, with its body at b; *o may move
 * towards b. */
static size_t
choose(struct chunker *k, size_t *o, size_t prev, size_t b)
{
	const char *t = k->text;
	size_t reach, cut, need, alone;

	for (;;) {
		reach = chunk_reach(t, *o, k->to, k->size, k->unit);
		if (reach == k->to)
			return k->to;
		chunk_read(k, prev, reach);
		if ((cut = sentence_cut(k, *o, b, reach)))
			return cut;
		alone = *o < b ? chunk_reach(t, b, k->to, k->size, k->unit) : reach;
		need = sentence_end(k, b);
		if (*o < b && need <= alone) {
			*o = overlap_later(k, *o, b, need);
			continue;
		}
		cut = line_cut(k, b, reach);
		if (!cut)
			cut = word_cut(k, b, reach);
		if (cut && (*o == b || !chunk_is_white(t, b, cut)))
			return cut;
		need = cut ? 0 : word_end(k, b, alone);
		if (*o < b && need) {
			*o = overlap_later(k, *o, b, need);
			continue;
		}
		if (!cut)
			cut = b + grapheme_fit(t + b, k->to - b, reach - b);
		if (cut > b && (*o == b || !chunk_is_white(t, b, cut)))
			return cut;
		if (*o == b)
			break;
		*o = b;		/* once more, without an overlap */
	}
	/* a cluster that is longer than a chunk, or a code point */
	cut = (size_t)(grapheme_cp_floor(t + b, t + reach, t + k->to) - t);
	if (cut <= b) {
		int n;

		grapheme_cp(t + b, t + k->to, &n);
		cut = b + (size_t)n;
	}
	return cut;
}

void
chunk_segment(struct chunker *k, size_t from, size_t to, int32_t heading)
{
	struct chunks *out = k->out;
	size_t prev = from, b = from;	/* prev: where the last chunk began */

	k->from = from;
	k->to = to;
	chunk_read_start(k);
	while (b < to) {
		struct chunk *last = b > from ? &out->v[out->nr - 1] : NULL;
		size_t o = overlap(k, prev, b), e = choose(k, &o, prev, b);
		bool blank = chunk_is_white(k->text, b, e);

		if (blank && last && chunk_reach(k->text, prev, to, k->size, k->unit) >= e) {
			last->end = b = e;
			continue;
		}
		ALLOC_GROW(out->v, out->nr + 1, out->alloc);
		out->v[out->nr] = (struct chunk){ out->nr, blank ? b : o, e, b, heading, blank };
		prev = out->v[out->nr++].start;
		b = e;
	}
}
