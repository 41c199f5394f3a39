#include "alg/sentence_private.h"

#include "alg/grapheme.h"

/* Longer words are no abbreviations. */
#define WORD_MAX_BYTES 24

/* What begins at next, behind quotes, brackets and dashes: a letter or digit
 * decides; GRAPHEME_OTHER is a symbol, GRAPHEME_PUNCT cannot begin one. */
static enum grapheme_kind
beginning(const char *next, const char *end, const char **word)
{
	for (int i = 0; i < 8 && next < end; i++) {
		enum grapheme_kind k;
		uint32_t c;
		int n;

		c = grapheme_cp(next, end, &n);
		k = grapheme_kind(c);
		*word = next;
		if (c == '.' && next + 1 < end && (is_alpha(next[1]) || is_digit(next[1])))
			return GRAPHEME_DIGIT;
		switch (k) {
		case GRAPHEME_OPEN:
		case GRAPHEME_DASH:
		case GRAPHEME_BLANK:
			break;
		case GRAPHEME_CLOSE:	/* Germans open with some of them */
			if (c < 0x80 || i > 0)
				return GRAPHEME_PUNCT;
			break;
		case GRAPHEME_PUNCT:
			if (c != '_' && c != '*' && c != 0xbf && c != 0xa1)
				return c == '#' || c == '@' || c == '/' || c == '\\' ||
				    c == 0x2022 || c == 0x2023 || c == 0x2043 || c == 0xa7 ?
				    GRAPHEME_OTHER : GRAPHEME_PUNCT;
			break;
		default:
			return k;
		}
		next += n;
	}
	return GRAPHEME_OTHER;
}

static bool
in_list(const struct sentence_iter *it, size_t member, const char *word)
{
	const struct sentence_words *w = it->words, *en = &sentence_words[0];
	const struct sentence_list *list = (const void *)((const char *)w + member);
	bool shared = member == offsetof(struct sentence_words, never) ||
	    member == offsetof(struct sentence_words, number);

	if (sentence_list_has(list, word))
		return true;
	/* English titles are met everywhere, but `va` is Virginia only there */
	return shared && w != en && sentence_list_has((const void *)((const char *)en + member),
	    word);
}
#define IN(name) in_list(it, offsetof(struct sentence_words, name), word)

/* Is the word at p one that begins sentences? */
static bool
starter(const struct sentence_iter *it, const char *p)
{
	const struct sentence_list *list = it->words->start.nr ? &it->words->start :
	    &sentence_words[0].start;
	char word[WORD_MAX_BYTES];
	size_t n = 0;

	while (p + n < it->end && n < sizeof(word) - 1 && (is_alpha(p[n]) || (p[n] & 0x80)))
		n++;
	memcpy(word, p, n);
	word[n] = '\0';
	/* I’m */
	if (n > 3 && strstr(word, "\xe2\x80\x99"))
		*strstr(word, "\xe2\x80\x99") = '\0';
	return sentence_list_has(list, word);
}

struct word {
	char lower[2 * WORD_MAX_BYTES];
	size_t len;		/* bytes of the text; 0: none, or too long */
	unsigned letters, dots, digits, pieces;	/* pieces: code points between dots, at most */
	bool lowered;		/* only lower-case letters, of ASCII but in Greek */
};

/* The word that ends at p. */
static void
word_before(const struct sentence_iter *it, const char *p, struct word *w)
{
	const char *b = p, *q;
	unsigned piece = 0;
	size_t out = 0;
	int n;

	memset(w, 0, sizeof(*w));
	while (b > it->begin && p - b <= WORD_MAX_BYTES && (is_alpha(b[-1]) || is_digit(b[-1]) ||
	    (b[-1] & 0x80) || b[-1] == '.' || b[-1] == '-'))
		b--;
	if (p - b > WORD_MAX_BYTES || (b > it->begin && b[-1] == '/'))	/* km/h. */
		return;
	w->lowered = true;
	for (q = b; q < p; q += n) {
		uint32_t c = grapheme_cp(q, p, &n), low;
		enum grapheme_kind k = grapheme_kind(c);

		if (c != '.' && c != '-' && c != 0xb0 && c != 0xa7 && (k < GRAPHEME_UPPER ||
		    k > GRAPHEME_MARK)) {
			out = 0;	/* a quote: the word is behind it */
			memset(w, 0, sizeof(*w));
			w->lowered = true;
			piece = 0;
			continue;
		}
		w->len += (size_t)n;
		w->letters += k == GRAPHEME_UPPER || k == GRAPHEME_LOWER || k == GRAPHEME_LETTER;
		w->digits += k == GRAPHEME_DIGIT;
		w->dots += c == '.';
		piece = c == '.' ? 0 : piece + (k != GRAPHEME_MARK);
		w->pieces = MAX(w->pieces, piece);
		w->lowered &= k == GRAPHEME_LOWER && (c < 0x80 || strcmp(it->lang, "el") == 0);
		low = grapheme_lower(c);
		if (low < 0xd800 || (low > 0xdfff && low < 0x110000))
			out += (size_t)utf8_put(low, w->lower + out);
	}
	w->lower[out] = '\0';
}

/* Is the full stop that of an abbreviation, of an initial or of a number, so
 * that nothing ends before next? */
static bool
abbreviation(const struct sentence_iter *it, const struct word *w, const char *next,
    enum grapheme_kind k)
{
	const char *word = w->lower;
	bool ends = k == GRAPHEME_UPPER && starter(it, next);

	if (w->len == 0 || w->dots == w->len)
		return false;
	if (w->digits && !w->letters && !w->dots)	/* an ordinal */
		return strcmp(it->lang, "de") == 0 && w->digits < 3 && !ends;
	if (IN(never))
		return true;
	if (IN(upper))
		return k != GRAPHEME_UPPER;
	if (IN(starter))
		return !ends;
	if (IN(number))
		return k == GRAPHEME_DIGIT;
	if (w->digits == 0 && w->pieces == 1 && w->letters > 0) {
		if (strcmp(word, "a.m") == 0 || strcmp(word, "p.m") == 0)
			return k != GRAPHEME_UPPER && k != GRAPHEME_DIGIT;
		return !ends;
	}
	return false;
}

bool
sentence_ends(const struct sentence_iter *it, const struct sentence_stop *st,
    const char *next, const char **cut)
{
	unsigned style, item;
	const char *first = next;
	enum grapheme_kind k;
	struct word w;

	*cut = st->after;
	if (st->quoted && *next == '(')
		return false;
	k = beginning(next, it->end, &first);
	if (k == GRAPHEME_PUNCT || k == GRAPHEME_MARK)
		return false;
	if (k == GRAPHEME_LOWER && sentence_marker(next, it->end, &style, &item))
		k = GRAPHEME_UPPER;
	if (st->spaced) {
		if (k == GRAPHEME_LOWER)
			return false;
		if (st->mark == it->begin || grapheme_white(st->mark - 1, st->mark))
			return st->dots > 3;
		if (st->dots > 3)	/* a full stop, and an ellipsis behind it */
			*cut = st->first;
		return true;
	}
	if (st->other || st->dots > 1)
		return k != GRAPHEME_LOWER;
	if (st->noted)
		return k == GRAPHEME_UPPER;
	if (st->quoted && k != GRAPHEME_LOWER)
		return true;
	word_before(it, st->mark, &w);
	if (k == GRAPHEME_LOWER) {
		/* who writes no capitals ends sentences none the less */
		if (st->closed || !w.lowered || w.len < 4 ||
		    !strstr("en da el", it->lang))
			return false;
	}
	return !abbreviation(it, &w, first, k);
}

bool
sentence_ends_tight(const struct sentence_iter *it, const struct sentence_stop *st)
{
	const char *p = st->mark, *q = st->first, *end = it->end;
	size_t low = 0, digits = 0;

	if (st->after != st->first || st->noted || q >= end || *q < 'A' || *q > 'Z')
		return false;
	for (; p > it->start && st->mark - p < 32; p--) {
		if (p[-1] >= 'a' && p[-1] <= 'z')
			low++;
		else if (is_digit(p[-1]) || (p[-1] == ',' && digits))
			digits++;
		else
			break;
	}
	if ((low < 2 || digits) && (digits == 0 || low))
		return false;
	if (p > it->start && !grapheme_white(p - 1, p) && !(low && p[-1] >= 'A' && p[-1] <= 'Z' &&
	    p - 1 == it->start))
		return false;
	p = q++;
	while (q < end && *q >= 'a' && *q <= 'z')
		q++;
	if (q - p == 1 && *p != 'A' && *p != 'I')
		return false;
	if (digits && !starter(it, p))		/* 1.Helado */
		return false;
	if (q == end || grapheme_white(q, end) || *q == '\'' || *q == ',')
		return true;
	return *q == '.' && (q + 1 == end || grapheme_white(q + 1, end));
}
