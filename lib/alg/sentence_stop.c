#include "alg/sentence_private.h"

#include "alg/grapheme.h"

int
sentence_eol(const char *p, const char *end)
{
	if (p >= end)
		return 0;
	if (*p == '\r')
		return p + 1 < end && p[1] == '\n' ? 2 : 1;
	if (*p == '\n' || *p == '\v' || *p == '\f')
		return 1;
	if (end - p > 1 && memcmp(p, "\xc2\x85", 2) == 0)
		return 2;
	return end - p > 2 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 ||
	    memcmp(p, "\xe2\x80\xa9", 3) == 0) ? 3 : 0;
}

int
sentence_blank(const char *p, const char *end)
{
	int n = grapheme_white(p, end);

	return n && !sentence_eol(p, end) ? n : 0;
}

int
sentence_mark(const char *p, const char *end, bool *hard)
{
	uint32_t c;
	int n;

	*hard = false;
	if (p >= end)
		return 0;
	if ((unsigned char)*p < 0x80)
		return *p == '.' || *p == '!' || *p == '?';
	c = grapheme_cp(p, end, &n);
	switch (c) {
	case 0x37e:					/* Greek */
	case 0x2026: case 0x203c: case 0x2047: case 0x2048: case 0x2049:
		return n;
	case 0x589: case 0x61f: case 0x6d4:		/* Armenian, Arabic, Urdu */
	case 0x964: case 0x965:				/* danda */
	case 0xf0d: case 0xf0e: case 0x104b:		/* Tibetan, Burmese */
	case 0x1362: case 0x1367: case 0x1368:		/* Ethiopic */
	case 0x17d4: case 0x17d5:			/* Khmer */
	case 0x3002: case 0xff0e: case 0xff01: case 0xff1f: case 0xff61:
		*hard = true;
		return n;
	}
	return 0;
}

/* The bytes of what closes something behind a full stop, or 0. */
static int
closer(const char *p, const char *end, bool *quoted)
{
	uint32_t c;
	int n;

	if (p >= end)
		return 0;
	c = grapheme_cp(p, end, &n);
	switch (c) {
	case ')': case ']': case '}':
		return 1;
	case '"': case '\'':
	case 0x201c: case 0x2018: case 0xab:
		/* these may as well open one */
		if (p + n < end && (is_alpha(p[n]) || is_digit(p[n])))
			return 0;
		*quoted = true;
		return n;
	}
	if (c < 0x80 || grapheme_kind(c) != GRAPHEME_CLOSE)
		return 0;
	*quoted |= c == 0x201d || c == 0x2019 || c == 0xbb || c == 0x203a;
	return n;
}

/* Numbers of footnotes behind a full stop: [1][2], or 11 12 behind a word. */
static const char *
notes(const struct sentence_iter *it, const char *mark, const char *p)
{
	const char *end = it->end, *q = p;

	while (q < end && *q == '[' && q + 1 < end && is_digit(q[1])) {
		const char *r = q + 1;

		while (r < end && r - q < 16 && (is_digit(*r) || *r == ',' || *r == '-' ||
		    *r == ' ' || (*r & 0x80)))
			r++;
		if (r == end || *r != ']')
			break;
		q = r + 1;
	}
	if (q > p || q == end || !is_digit(*q))
		return q;
	if (mark - it->begin < 3 || !(mark[-1] == ')' || (is_alpha(mark[-1]) &&
	    is_alpha(mark[-2]) && is_alpha(mark[-3]))))
		return p;
	for (;;) {
		const char *r = q;

		while (r < end && r - q < 4 && is_digit(*r))
			r++;
		if (r == q || r - q > 3 || (r < end && !grapheme_white(r, end)))
			return q == p ? p : q - 1;
		q = r;
		if (q + 1 >= end || *q != ' ' || !is_digit(q[1]))
			return q;
		q++;
	}
}

/* Past the marks and joiners at p, which belong to what is before them. */
static const char *
marks(const char *p, const char *end)
{
	uint32_t c;
	int n;

	while (p < end && (*p & 0x80)) {
		c = grapheme_cp(p, end, &n);
		if (c != 0x200d && grapheme_kind(c) != GRAPHEME_MARK)
			break;
		p += n;
	}
	return p;
}

/* Is p a dot of its own: a blank, another mark or the end behind it? */
static bool
lone_dot(const char *p, const char *end)
{
	bool quoted = false;

	return p < end && *p == '.' && (p + 1 == end || p[1] == '.' ||
	    grapheme_white(p + 1, end) || closer(p + 1, end, &quoted));
}

void
sentence_stop_read(const struct sentence_iter *it, const char *mark, struct sentence_stop *st)
{
	const char *p = mark, *end = it->end, *note;
	bool hard;
	int n = sentence_mark(p, end, &hard);

	memset(st, 0, sizeof(*st));
	st->mark = mark;
	if (!n) {	/* one that is such only in its place */
		st->other = true;
		p++;
	}
	st->first = mark + (n ? n : 1);
	for (;;) {
		while ((n = sentence_mark(p, end, &hard))) {
			st->hard |= hard;
			st->other |= !hard && *p != '.';
			st->dots += *p == '.';
			p = marks(p + n, end);
			if (p[-1] != '.' || hard)
				continue;
			n = sentence_blank(p, end);
			if (n && lone_dot(p + n, end)) {
				st->spaced = true;
				p += n;
			}
		}
		n = sentence_blank(p, end);
		if (end - p - n >= 2 && memcmp(p + n, "\xc2\xbb", 2) == 0)
			p += n;		/* « as in French. » */
		while ((n = closer(p, end, &st->quoted))) {
			st->closed = true;
			p = marks(p + n, end);
		}
		if (!st->closed || !sentence_mark(p, end, &hard))
			break;
	}
	/* a decimal point */
	if (st->hard && mark > it->begin && p < end && is_digit(mark[-1]) && is_digit(*p))
		st->hard = false;
	note = st->dots < 2 ? notes(it, mark, p) : p;
	st->noted = note > p;
	st->after = note;
}

int
sentence_marker(const char *p, const char *end, unsigned *style, unsigned *item)
{
	static const char *const bullets[] = {
		"\xe2\x80\xa2", "\xe2\x80\xa3", "\xe2\x81\x83", "\xe2\x97\xa6", "\xe2\x96\xaa",
	};
	const char *q = p, *body;
	unsigned s = 0, value = 0;
	int n;

	*style = *item = 0;
	for (size_t i = 0; i < countof(bullets) && end - p > 3; i++)
		if (memcmp(p, bullets[i], 3) == 0)
			s = SENTENCE_BULLET, q = p + 3;
	for (int i = 0; s && i < 4 && (n = sentence_blank(q, end)); i++)
		q += n;
	body = q;
	while (q < end && q - body < 3 && is_digit(*q))
		value = value * 10 + (unsigned)(*q++ - '0');
	if (q > body) {
		s |= 1;
	} else if (q < end && is_alpha(*q)) {
		s |= *q < 'a' ? 2 | SENTENCE_UPPER : 2;
		value = (unsigned)(*q++ | 32) - 'a' + 1;
	}
	if (q > body && q < end && (*q == '.' || *q == ')')) {
		s |= *q == ')' ? 8 : 4;
		if (*q++ == '.' && q < end && *q == ')')
			s |= 8, q++;
		if (q < end && grapheme_white(q, end)) {
			*style = s;
			*item = value;
			return (int)(q - p);
		}
	}
	*style = s & SENTENCE_BULLET;
	return *style ? (int)(body - p) : 0;
}
