/* chunk_private.h - between the files of the chunker; chunk.h is the
 * interface. */
#ifndef ALG_CHUNK_PRIVATE_H
#define ALG_CHUNK_PRIVATE_H

#include "alg/chunk.h"
#include "alg/sentence.h"

struct chunk_heading {
	size_t start, end;	/* its words in the text */
	int32_t up;		/* the heading above it, -1: none */
	int level;		/* 1 to 6 */
};

/* A section begins at pos, under a heading (-1: none). */
struct chunk_section {
	size_t pos;
	int32_t heading;
};

/* What a look at the markup finds. */
struct chunk_marks {
	struct chunk_section *sections;	/* the first one is at 0 */
	size_t nr, alloc;
	struct chunk_span *code;	/* lines count here, not sentences */
	size_t nr_code, alloc_code;
};

/* Fill m, and the headings of out. */
void chunk_mark_markdown(struct slice text, struct chunks *out, struct chunk_marks *m);

/* A sentence, or a line of code. start is that of its line if only blanks are
 * before it there, so that indented text keeps its shape. */
struct chunk_piece {
	size_t start, end;
	bool para;		/* begins a paragraph */
};

/* The work on one text. */
struct chunker {
	const char *text;
	size_t size, overlap;
	enum chunk_unit unit;
	const char *lang;
	struct chunks *out;
	const struct chunk_marks *marks;
	size_t code;			/* the first code span that is not yet behind */

	size_t from, to;		/* the segment: no border inside */
	struct chunk_piece *win;	/* its pieces from the last chunk on, as far as read */
	size_t head, nr, alloc;
	struct sentence_iter it;	/* reads them up to run_to, ... */
	size_t run_from, run_to;
	bool run_code;			/* ... line by line */
	bool run_new;			/* none of its pieces is read yet */
};

/* Cut [from, to), under heading. */
void chunk_segment(struct chunker *k, size_t from, size_t to, int32_t heading);

/* Read pieces until one begins beyond pos, or the segment ends. */
void chunk_read(struct chunker *k, size_t from, size_t pos);
void chunk_read_start(struct chunker *k);

/* The end of the longest run from p that measures at most n, or end. */
size_t chunk_reach(const char *text, size_t p, size_t end, size_t n, enum chunk_unit unit);
/* May a word be cut off from the one before it at p, from < p < end? In or
 * beside white space, or between letters of an unspaced script; no cluster is
 * cut. */
bool chunk_word_edge(const char *text, size_t from, size_t p, size_t end);
/* Is there but white space? */
bool chunk_is_white(const char *text, size_t from, size_t end);

#endif
