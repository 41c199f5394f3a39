/* sentence_private.h - between the files of the sentence rules; sentence.h is
 * the interface. */
#ifndef ALG_SENTENCE_PRIVATE_H
#define ALG_SENTENCE_PRIVATE_H

#include "alg/sentence.h"

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

struct sentence_list {
	const char *const *words;
	size_t nr;
};

struct sentence_words {
	const char code[3];
	struct sentence_list never;	/* ends no sentence: a name follows */
	struct sentence_list number;	/* none before a number */
	struct sentence_list starter;	/* one only before a word of start */
	struct sentence_list upper;	/* one before any upper-case letter */
	struct sentence_list start;	/* words that begin sentences */
};

/* The first are the English ones. */
extern const struct sentence_words sentence_words[];
extern const size_t nr_sentence_words;

/* Those of a language, the English ones if it has none. */
const struct sentence_words *sentence_words_of(const char *lang);
bool sentence_list_has(const struct sentence_list *list, const char *word);

/* A stop: what looks like the end of a sentence. */
struct sentence_stop {
	const char *mark;	/* its first byte */
	const char *first;	/* after the first mark */
	const char *after;	/* after all of it, quotes and brackets too */
	unsigned dots;
	bool hard;		/* ends one without a blank */
	bool other;		/* a mark that is no full stop */
	bool spaced;		/* dots with blanks between them */
	bool quoted;		/* a closing quote is in it */
	bool closed;		/* a bracket or quote is in it */
	bool noted;		/* footnote numbers are in it */
};

/* What ends at mark: where its parts end. */
void sentence_stop_read(const struct sentence_iter *it, const char *mark, struct sentence_stop *st);
/* The width of the mark at p, 0 if it is none; *hard: no blank is needed. */
int sentence_mark(const char *p, const char *end, bool *hard);
/*
 * Does a sentence end at st, where next (not the end of the text) is the first
 * byte after the blanks? *cut is where, st->after in most cases.
 */
bool sentence_ends(const struct sentence_iter *it, const struct sentence_stop *st,
    const char *next, const char **cut);
/* `word.Another`: a sentence ends at st without a blank. */
bool sentence_ends_tight(const struct sentence_iter *it, const struct sentence_stop *st);

/* The bytes of the white space at p that is no end of a line, or 0. */
int sentence_blank(const char *p, const char *end);
/* The bytes of the end of a line at p (CR LF is one), 0 if there is none. */
int sentence_eol(const char *p, const char *end);

/* A list's marker (`1.`, `b)`, `2.)`, a bullet) at p with a blank behind it:
 * its bytes, 0 if there is none. style is 0 for none. */
int sentence_marker(const char *p, const char *end, unsigned *style, unsigned *item);
#define SENTENCE_BULLET 64u	/* in a style: begins with one */
#define SENTENCE_UPPER 32u	/* its letter is upper case */

#endif
