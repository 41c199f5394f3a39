#include "alg/sentence.h"

#include "alg/grapheme.h"
#include "alg/sentence_private.h"

/*
 * A line of so many code points is thought to be wrapped, so that its end does
 * not end the sentence; where the next line begins in lower case, less is
 * enough, and more does not mean that each line is a paragraph.
 */
#define WRAPPED 55
#define WRAPPED_MAX 130
#define WRAPPED_LOWER 40

/* What stops the search: 1 always, 2 inside of lists. All lead bytes below
 * which a full stop or a quote of some script lies are in it. */
static const unsigned char kinds[256] = {
	['\n'] = 1, ['\v'] = 1, ['\f'] = 1, ['\r'] = 1, ['.'] = 1, ['!'] = 1, ['?'] = 1,
	[':'] = 1, [';'] = 1, ['"'] = 1, ['\''] = 1, ['`'] = 1, ['('] = 1, ['['] = 1,
	[' '] = 2, ['\t'] = 2, [0xc2] = 1, [0xcd] = 1, [0xd6] = 1, [0xd8] = 1, [0xdb] = 1,
	[0xe0] = 1, [0xe1] = 1, [0xe2] = 1, [0xe3] = 1, [0xef] = 1,
};

/* Quotes and brackets, and up to two that close them. */
static const struct {
	uint32_t open, close, other;
} quotes[SENTENCE_NR_QUOTES] = {
	{ '(', ')', 0 }, { '[', ']', 0 }, { '"', '"', 0 }, { '\'', '\'', 0 },
	{ '`', '\'', 0x2019 }, { 0x201c, 0x201d, 0 }, { 0x2018, 0x2019, 0 },
	{ 0x201e, 0x201c, 0x201d }, { 0x201a, 0x2018, 0x2019 }, { 0xab, 0xbb, 0 },
	{ 0x2039, 0x203a, 0 }, { 0x300c, 0x300d, 0 }, { 0x300e, 0x300f, 0 },
	{ 0xff08, 0xff09, 0 }, { 0x300a, 0x300b, 0 }, { 0x3010, 0x3011, 0 },
};

/* Before a number in running text, which then begins no list item. */
static const char *const no_item[] = {
	"and", "chapter", "figure", "for", "in", "number", "of", "or", "page", "part",
	"section", "see", "step", "table", "than", "the", "to", "version",
};

void
sentence_init(struct sentence_iter *it, struct slice text, const char *lang)
{
	memset(it, 0, sizeof(*it));
	it->begin = text.len ? text.ptr : "";
	it->p = it->line = it->start = it->begin;
	it->end = it->begin + text.len;
	it->words = sentence_words_of(lang);
	if (lang && *lang)
		snprintf(it->lang, sizeof(it->lang), "%.2s", lang);
	else
		memcpy(it->lang, "en", 3);
}

static bool
alnum(unsigned char c)
{
	return is_digit((char)c) || is_alpha((char)c);
}

/* Does the quote of kind k at p open one? Straight ones only say it by what
 * is around them. */
static bool
opens(const struct sentence_iter *it, unsigned k, const char *p)
{
	unsigned char before = p > it->begin ? (unsigned char)p[-1] : ' ';
	unsigned char after = p + 1 < it->end ? (unsigned char)p[1] : ' ';

	if (*p != '"' && *p != '\'' && *p != '`')
		return true;
	if (alnum(before) || before == ')' || before == '.' || before == ',' || after <= ' ')
		return false;
	return *p == '"' || k == 4 || (alnum(after) && after > '9') || after >= 0x80;
}

/* Does the closing quote q, len bytes, close one that was opened before? An
 * apostrophe looks the same: behind an s it takes punctuation to tell. */
static bool
closes(const struct sentence_iter *it, unsigned k, const char *q, int len)
{
	unsigned char before = (unsigned char)q[-1];
	unsigned char after = q + len < it->end ? (unsigned char)q[len] : ' ';
	bool punct = memchr(".,;:!?)", after, 7);

	if (k < 2 || k > 8 || k == 5)
		return true;
	if (alnum(after) || (after >= 0x80 && k != 6) || (before <= ' ' && !punct))
		return false;
	return k != 3 || before != 's' || punct;
}

/* Past the quote that closes the one of kind k before p; NULL if none does within
 * reach and before a blank line. *inner is where it begins. */
static const char *
find_close(struct sentence_iter *it, unsigned k, const char *p, const char **inner)
{
	const char *q = p, *limit = it->end, *line = NULL;
	uint32_t close = quotes[k].close, other = quotes[k].other;

	if (limit - q > SENTENCE_QUOTE_MAX)
		limit = q + SENTENCE_QUOTE_MAX;
	/* what an earlier search saw is not looked at again: linear time */
	if (it->seen[k].to && it->seen[k].to >= q) {
		q = it->seen[k].to;
		if (it->seen[k].stop)
			return NULL;
	}
	while (q < limit) {
		unsigned char c = (unsigned char)*q;
		int n;

		if (c == '\n' || c == '\r') {
			const char *w = q + sentence_eol(q, it->end);

			line = w;
			while (w < limit && (n = sentence_blank(w, it->end)))
				w += n;
			if (w < it->end && sentence_eol(w, it->end)) {
				it->seen[k].stop = true;
				break;
			}
			q = w;
			continue;
		}
		if (c < 0x80 ? c == close : close >= 0x80 || other) {
			uint32_t cp = grapheme_cp(q, it->end, &n);

			if ((cp == close || (other && cp == other)) && closes(it, k, q, n)) {
				*inner = q;
				if (line)
					it->line = line;
				return q + n;
			}
			q += n;
			continue;
		}
		q++;
	}
	it->seen[k].to = q;
	return NULL;
}

/* Past the quote at p if it opens one that is closed, and *mark is a full stop
 * at the end of what it holds; else past p. */
static const char *
quote(struct sentence_iter *it, const char *p, const char **mark)
{
	const char *close, *inner, *before;
	bool hard = false;
	uint32_t c;
	int n;

	c = grapheme_cp(p, it->end, &n);
	*mark = NULL;
	for (unsigned k = 0; k < countof(quotes); k++) {
		if (quotes[k].open != c)
			continue;
		if (!opens(it, k, p) || !(close = find_close(it, k, p + n, &inner)))
			break;
		inner = grapheme_trim(p + n, inner);	/* « as in French. » */
		before = inner > p + n ? grapheme_cp_before(p + n, inner) : inner;
		if (before < inner && sentence_mark(before, it->end, &hard))
			*mark = before;
		return close;
	}
	return p + n;
}

/* The code points of a line, WRAPPED_MAX + 1 at most. */
static unsigned
width(const char *p, const char *end)
{
	unsigned n = 0;

	for (; p < end && n <= WRAPPED_MAX; p++)
		n += (*p & 0xc0) != 0x80;
	return n;
}

/* Does the sentence go on behind the end of a line at nl? *next is what comes
 * behind it, *line the line of that. */
static bool
goes_on(const struct sentence_iter *it, const char *nl, const char **next, const char **line)
{
	bool blank = nl > it->line && (nl[-1] == ' ' || nl[-1] == '\t');
	unsigned lines = 0, style, item, len;
	const char *p = nl;
	uint32_t c;
	int n;

	for (; p < it->end; p += n) {
		if ((n = sentence_eol(p, it->end)))
			lines++, *line = p + n;
		else if (!(n = sentence_blank(p, it->end)))
			break;
	}
	*next = p;
	if (p == it->end || lines > 1)
		return false;
	if (memchr(".,;!?)", *p, 6))
		return true;
	if (memchr("-*+>|#=~<", *p, 9) || sentence_marker(p, it->end, &style, &item))
		return false;
	if (nl - it->begin >= 3 && memcmp(nl - 3, "\xe3\x81\xae", 3) == 0)
		return true;	/* no, the Japanese particle, never ends one */
	len = width(it->line, nl);
	c = grapheme_cp(p, it->end, &n);
	if (grapheme_kind(c) == GRAPHEME_LOWER)
		return blank || len >= WRAPPED_LOWER;
	if (c == '(' && blank)
		return true;
	if (sentence_blank(*line, it->end) && !sentence_blank(it->line, it->end))
		return false;
	return len >= WRAPPED && len <= WRAPPED_MAX;
}

/* The end of the sentence if mark ends it, else NULL and *p is past it. inside:
 * a quote closes behind it. */
static const char *
stop(struct sentence_iter *it, const char *mark, bool inside, const char **p)
{
	const char *next, *line, *cut;
	struct sentence_stop st;
	int n;

	sentence_stop_read(it, mark, &st);
	*p = MAX(*p, st.after);
	if (inside)
		st.other |= st.hard, st.hard = false;
	next = st.after;
	if (next == it->end)
		return next;
	while ((n = sentence_blank(next, it->end)))
		next += n;
	if (next < it->end && sentence_eol(next, it->end)) {
		if (!goes_on(it, next, &next, &line))
			return st.after;
	}
	if (next == it->end || st.hard)
		return st.after;
	if (next == st.after)
		return !inside && sentence_ends_tight(it, &st) ? st.first : NULL;
	return sentence_ends(it, &st, next, &cut) ? cut : NULL;
}

/* Is the marker at p, inside of a list item, that of the next one? */
static bool
next_item(const struct sentence_iter *it, const char *before, const char *p)
{
	unsigned style, item;
	const char *end = grapheme_trim(it->start, before), *b = end;
	int n = sentence_marker(p, it->end, &style, &item);

	if (!n)
		return false;
	while (b > it->start && end - b < 9 && b[-1] >= 'a' && b[-1] <= 'z')
		b--;
	for (size_t i = 0; i < countof(no_item); i++)
		if (slice_is((struct slice){ b, (size_t)(end - b) }, no_item[i]))
			return false;
	if (style & it->list & SENTENCE_BULLET)
		return true;
	if (style == it->list && item == it->item + 1)
		return true;
	/* a new list */
	while (p + n < it->end && p[n] == ' ')
		n++;
	return item == 1 && !(style & SENTENCE_UPPER) && p + n < it->end && p[n] >= 'A' &&
	    p[n] <= 'Z';
}

/* Marks that are such only behind letters of their script, or in a language:
 * the Greek question mark, the Armenian full stop and the Arabic colon. */
static bool
local_mark(const struct sentence_iter *it, const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	if (p - it->begin < 2 || !sentence_blank(p + 1, it->end))
		return false;
	if (*p == ';')
		return u[-2] == 0xce || u[-2] == 0xcf;
	return *p == ':' && (u[-2] == 0xd5 || u[-2] == 0xd6 ||
	    (u[-2] >= 0xd8 && u[-2] <= 0xdb && strcmp(it->lang, "ar") == 0));
}

/* The end of the sentence, looked for from p on. */
static const char *
search(struct sentence_iter *it, const char *p)
{
	const unsigned char want = it->list ? 3 : 1;
	const char *next, *line, *mark, *cut;
	bool hard;
	int n;

	for (;;) {
		while (p < it->end && !(kinds[(unsigned char)*p] & want))
			p++;
		if (p >= it->end)
			return it->end;
		if (*p == ' ' || *p == '\t') {
			for (next = p; (n = sentence_blank(next, it->end));)
				next += n;
			if (next < it->end && next_item(it, p, next))
				return p;
			p = next;
		} else if (sentence_eol(p, it->end)) {
			if (!goes_on(it, p, &next, &line))
				return p;
			it->line = line;
			p = next;
		} else if (sentence_mark(p, it->end, &hard) || local_mark(it, p)) {
			if ((cut = stop(it, p, false, &p)))
				return cut;
		} else {
			p = quote(it, p, &mark);
			if (mark && (cut = stop(it, mark, true, &p)))
				return cut;
		}
	}
}

bool
sentence_next(struct sentence_iter *it, struct sentence *out)
{
	const char *p = it->p, *end;
	unsigned lines = 0;
	int n;

	for (; p < it->end; p += n) {
		if ((n = sentence_eol(p, it->end)))
			lines++, it->line = p + n;
		else if (!(n = sentence_blank(p, it->end)))
			break;
	}
	it->p = it->end;
	if (p == it->end)
		return false;
	it->start = p;
	n = sentence_marker(p, it->end, &it->list, &it->item);
	it->p = search(it, p + n);
	/* progress, whatever the rules say */
	if (it->p <= p)
		it->p = p + 1;
	end = grapheme_trim(p, it->p);
	out->start = (size_t)(p - it->begin);
	out->end = (size_t)(end - it->begin);
	out->para = lines > 1;
	return true;
}
