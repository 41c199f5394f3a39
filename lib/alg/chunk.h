/*
 * chunk.h - cut a text into chunks that are small enough to be embedded and
 * mean something on their own. Pure: no clock, no descriptor, no globals; the
 * same input gives the same chunks. Linear time.
 *
 *	struct chunk_options opt = CHUNK_OPTIONS_INIT;
 *	struct chunks c = CHUNKS_INIT;
 *
 *	opt.markup = CHUNK_MARKDOWN;
 *	if (chunk_split(text, &opt, &c, err) < 0) ...
 *	for (size_t i = 0; i < c.nr; i++)
 *		use(text.ptr + c.v[i].start, c.v[i].end - c.v[i].start);
 *	chunks_release(&c);
 *
 * What holds, for every text, well-formed or not:
 *
 *   - The bodies [body_start, end), in order, give the text back byte for byte,
 *     white space too; a text of white space alone has no chunk.
 *   - [start, end) measures at most size (chunk_measure). Only a single code
 *     point longer than a size of 1 to 3 bytes is longer.
 *   - start <= body_start: between them is the overlap, which is the end of
 *     the chunk before; it measures at most opt.overlap, begins with a
 *     sentence if one begins there, else with a word, else there is none. It
 *     gives way where a sentence or word would otherwise have to be cut.
 *     start grows from chunk to chunk: none holds all of the one before.
 *   - No chunk holds bytes of both sides of a border: an edge of opt.borders, or
 *     a Markdown heading. (A heading without text of its own goes with the
 *     deeper heading behind it, and white space at the beginning of the text
 *     with the first one.)
 *   - All of start, body_start and end are boundaries of grapheme clusters,
 *     except where one cluster alone is longer than size, which is cut at a
 *     code point, and where a border of the caller says otherwise. Well-formed
 *     UTF-8 sequences are never cut; borders inside of one move to its start.
 *
 * Where a chunk ends: at the last paragraph's end within reach if a quarter of
 * size is full by then, else the last sentence's, else, in a sentence that is
 * longer than size, the last line's, word's, grapheme's. A sentence that fits
 * into size is not cut, nor is a word. White space belongs to what is before
 * it; what does not fit any more leads the next chunk, which is marked blank
 * if nothing else fits in.
 *
 * Sources: the recursive splitters of common use, with the complaints about
 * them as rules; CommonMark 0.30 for headings and fences; alg/sentence.h.
 */
#ifndef ALG_CHUNK_H
#define ALG_CHUNK_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

#define CHUNK_SIZE 1200			/* default, in bytes */
#define CHUNK_OVERLAP_PERCENT 15	/* of size */
#define CHUNK_OVERLAP_DEFAULT SIZE_MAX	/* asks for that */
#define CHUNK_WORD_BYTES 64		/* a word longer than this counts as several */
#define CHUNK_TITLE_MAX 200		/* bytes of one heading in a path */

enum chunk_unit {
	CHUNK_BYTES,
	/*
	 * A word is a run without white space, once for every CHUNK_WORD_BYTES
	 * of it; a letter of a script that is written without blanks (Han, kana,
	 * Thai, Khmer ...) is one too, with the marks on it.
	 */
	CHUNK_WORDS,
};

enum chunk_markup {
	CHUNK_PLAIN,
	CHUNK_MARKDOWN,		/* headings are borders; lines of fenced code are sentences */
	CHUNK_MAIL,		/* as plain: quotes and signatures come as borders */
};

/* A span that no chunk leaves or enters half: [start, end). */
struct chunk_span {
	size_t start, end;
};

struct chunk_options {
	size_t size;		/* at least 1 */
	size_t overlap;		/* less than size, in the same unit */
	enum chunk_unit unit;
	enum chunk_markup markup;
	const struct chunk_span *borders; /* sorted, not overlapping, within the text */
	size_t nr_borders;
	struct slice title;	/* of the document, begins the heading paths; may be empty */
	const char *lang;	/* for alg/sentence.h; "" or NULL if unknown */
};

#define CHUNK_OPTIONS_INIT { CHUNK_SIZE, CHUNK_OVERLAP_DEFAULT, CHUNK_BYTES, CHUNK_PLAIN, \
	NULL, 0, { NULL, 0 }, "" }

struct chunk {
	size_t ord;		/* from 0 */
	size_t start, end;	/* bytes of the text */
	size_t body_start;	/* where its own part begins */
	int32_t heading;	/* private; chunk_heading */
	bool blank;		/* nothing but white space: need not be kept */
};

struct chunk_heading;

struct chunks {
	struct chunk *v;
	size_t nr, alloc;
	struct slice text, title;	/* borrowed from the call */
	struct chunk_heading *headings;	/* private */
	size_t nr_headings, alloc_headings;
};

#define CHUNKS_INIT { NULL, 0, 0, SLICE_INIT, SLICE_INIT, NULL, 0, 0 }

/*
 * out is emptied first. -1: ERR_USAGE for a size of 0 or an overlap that is not
 * less than size, ERR_DATA for borders that are not as they should be.
 */
int chunk_split(struct slice text, const struct chunk_options *opt, struct chunks *out,
    struct err *err);
void chunks_release(struct chunks *c);

/*
 * Append the heading path of a chunk of c, `Title > Chapter > Section`: the
 * title if there is one, then the headings its body is under, each as it stands
 * with its white space collapsed, at most CHUNK_TITLE_MAX bytes of it. text and
 * title of the call must still be there.
 */
void chunk_heading(const struct chunks *c, const struct chunk *chunk, struct str *out);

/* The length of [start, end) of text in a unit. */
size_t chunk_measure(struct slice text, size_t start, size_t end, enum chunk_unit unit);

#endif
