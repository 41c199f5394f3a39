/*
 * sentence.h - sentence boundaries, by rules and small tables of words; no
 * regular expressions, no model. Linear time, no allocation, any bytes.
 *
 *	struct sentence_iter it;
 *	struct sentence s;
 *
 *	sentence_init(&it, text, "en");
 *	while (sentence_next(&it, &s))
 *		use(text.ptr + s.start, s.end - s.start);
 *
 * Sentences come in order, do not overlap, are never empty, and begin and end
 * with something else than white space. What lies between them is white space
 * only, so they hold everything else. Every boundary is one of a code point
 * (of well-formed text), not always one of a grapheme cluster: who cuts there
 * looks (alg/grapheme.h).
 *
 * The rules, in short: a sentence ends with `.`, `!`, `?` or an ellipsis, and
 * the quotes, brackets and footnote numbers behind it, before a blank and
 * something that can begin one: an upper-case letter, a letter of a script
 * without case, a digit, a quote, a list's marker. Abbreviations, initials,
 * ordinals and list numbers do not end one, except before a word such as `The`
 * that begins sentences. Inside quotes and brackets nothing ends for up to
 * SENTENCE_QUOTE_MAX bytes. The full stops of CJK, Indic, Arabic, Armenian,
 * Ethiopic, Burmese, Khmer and Tibetan end one without a blank. A blank line
 * always does, the end of a line does unless the text looks wrapped there.
 *
 * Sources: the rules of pragmatic_segmenter (as test data), UAX #29.
 */
#ifndef ALG_SENTENCE_H
#define ALG_SENTENCE_H

#include "base/base.h"

#define SENTENCE_QUOTE_MAX 1000	/* bytes that a quote or bracket protects */
#define SENTENCE_NR_QUOTES 16	/* kinds of them, private */

struct sentence_words;

struct sentence {
	size_t start, end;	/* bytes of the text, [start, end) */
	bool para;		/* a blank line is before it */
};

/* All private. The text is borrowed. */
struct sentence_iter {
	const char *begin, *end, *p;
	const char *line;	/* the first byte of the line of p */
	const char *start;	/* of the sentence that is being looked for */
	const struct sentence_words *words;
	char lang[3];
	unsigned list;		/* the style of the list item that this sentence is, 0: none */
	unsigned item;		/* and its number */
	struct {
		const char *to;	/* no closing quote before here ... */
		bool stop;	/* ... and a blank line here */
	} seen[SENTENCE_NR_QUOTES];
};

/*
 * lang is an ISO 639-1 code, perhaps with a region (`pt-BR`), or "" or NULL:
 * the general rules and English words. Its words are used beside the English
 * ones: de es fr it pt nl da pl ru bg kk are known, of all others only the
 * rules hold.
 */
void sentence_init(struct sentence_iter *it, struct slice text, const char *lang);
bool sentence_next(struct sentence_iter *it, struct sentence *out);

#endif
