/*
 * Telephone numbers. There is no check digit, so it is the form that speaks: a plus and
 * a country's code, brackets, the groups that a country writes; and what a word before
 * it says. Each form is tried on the groups of digits from the first on; the one that
 * takes most of them wins.
 */
#include "alg/pii_private.h"

struct form {
	unsigned groups;	/* taken of the run; 0: it is not of this form */
	unsigned score;
	bool row;		/* blanks alone hold it together: nothing may go on after it */
};

/* What a form is judged by, besides the digits. */
struct phone {
	const struct pii_run *r;
	enum pii_touch left;
	bool plus, bracket;
	bool said;		/* a word says that it is a telephone */
	bool called;		/* a word such as "call", which says other things too */
	bool number, other;	/* ... that it is a number; of something else */
};

static const struct form none = { 0, 0, false };

#define BLANK (1u << SEP_BLANK)
#define DASH (1u << SEP_DASH)
#define DOT (1u << SEP_DOT)
#define SLASH (1u << SEP_SLASH)
#define OPEN (1u << SEP_OPEN)
#define CLOSE (1u << SEP_CLOSE)
#define WIDE (1u << SEP_WIDE)

/*
 * The most groups that end with `min` to `max` digits behind `head` digits of prefix. A
 * zero in brackets, +44 (0)20, is not counted.
 */
static unsigned
most(const struct pii_run *r, unsigned head, unsigned min, unsigned max)
{
	unsigned best = 0, zero = 0;

	for (unsigned k = 1; k <= r->nr; k++) {
		const struct pii_group *g = &r->g[k - 1];
		unsigned n;

		if (g->sep == SEP_OPEN && g->end - g->start == 1 && k < r->nr &&
		    r->g[k].sep == SEP_CLOSE && pii_run_value(r, k - 1) == 0)
			zero = 1;
		n = g->digits - zero;
		if (n >= head + min && n <= head + max && n >= 7)
			best = k;
	}
	return best;
}

/* +CC ..., and 00 CC ..., 011 CC ... */
static struct form
international(const struct phone *p)
{
	const struct pii_run *r = p->r;
	unsigned total = r->g[r->nr - 1].digits, skip = 0, code, min, max, k;
	struct form f = { 0, 80, false };

	if (!p->plus) {
		if (total < 10 || memcmp(r->digit, "0", 1) != 0)
			return none;
		skip = memcmp(r->digit, "00", 2) == 0 ? 2 : memcmp(r->digit, "011", 3) == 0 ? 3 : 0;
		/* either the digits begin with it, or it is a group of its own */
		if (!skip || (r->nr == 1 && !p->said) ||
		    (skip == 3 && pii_group_len(r, 0) != 3) || pii_group_len(r, 0) < skip)
			return none;
		f.score = 60;
		f.row = pii_run_only(r, r->nr, BLANK) && pii_group_len(r, 0) < 4;
	}
	code = pii_country_code(r->digit + skip, total - skip, &min, &max);
	if (!code || r->digit[skip] == '0')
		return none;
	if (code == 1 && total > skip + 1 && r->digit[skip + 1] < '2')
		return none;
	k = most(r, skip + code, min, max);
	if (k == 0 || pii_group_len(r, 0) > skip + code + max)
		return none;
	f.groups = k;
	return f;
}

/* (NXX) NXX-XXXX with its variations, and a 1 in front. */
static struct form
north_american(const struct phone *p)
{
	const struct pii_run *r = p->r;
	unsigned first = 0, k;
	const char *d = r->digit;
	struct form f = { 0, 65, false };
	bool bracket;

	if (pii_group_len(r, 0) == 1 && d[0] == '1' && r->nr > 2) {
		first = 1;
		d++;
	}
	k = first + 3;
	if (r->nr < first + 2 || pii_group_len(r, first) != 3)
		return none;
	bracket = r->g[first + 1].sep == SEP_CLOSE;
	if (pii_group_len(r, first + 1) == 7)
		k = first + 2;
	else if (r->nr < k || pii_group_len(r, first + 1) != 3 || pii_group_len(r, first + 2) != 4)
		return none;
	if (first && !(1u << r->g[1].sep & (BLANK | DASH | DOT | OPEN)))
		return none;
	if (!(1u << r->g[first + 1].sep & (BLANK | DASH | DOT | SLASH | CLOSE | WIDE)) ||
	    !(k == first + 2 || 1u << r->g[first + 2].sep & (BLANK | DASH | DOT | WIDE)))
		return none;
	if ((d[0] < '2' || d[3] < '2') && !p->said)
		return none;
	f.groups = k;
	if (bracket) {
		f.score = 75;
	} else if (k == first + 2) {
		if (!p->said)
			return none;
		f.score = 45;
	} else if (pii_run_only(r, k, BLANK)) {
		f.score = 45;
		f.row = true;
	} else if (pii_run_only(r, k, DOT)) {
		f.score = 60;
	} else if (!p->said && (r->g[first + 1].sep == SEP_DOT || r->g[first + 2].sep == SEP_DOT)) {
		return none;	/* 252.227-7013 is a paragraph of a law */
	}
	if (p->other && !bracket)
		return none;
	return f;
}

/* A trunk prefix: 020 7123 4567, 0171/1234567, (02) 1234 5678, 01.42.68.53.00. */
static struct form
trunk(const struct phone *p)
{
	const struct pii_run *r = p->r;
	unsigned len = pii_group_len(r, 0), k;
	struct form f = { 0, 60, false };

	if (r->digit[0] != '0' || r->g[r->nr - 1].digits < 8 || r->digit[1] == '0' || len < 2 ||
	    len > 6 || r->nr < 2 || pii_run_is_date(r))
		return none;
	k = most(r, 0, p->said || p->bracket ? 8 : 9, 11);
	if (k < 2)
		k = most(r, 0, 12, 12);
	if (k < 2 || !(1u << r->g[1].sep & (BLANK | DASH | DOT | SLASH | CLOSE | WIDE)))
		return none;
	for (unsigned i = 2; i < k; i++)
		if (!(1u << r->g[i].sep & (BLANK | DASH | DOT)))
			return none;
	/* dots: an address with leading zeros, a decimal fraction */
	if (pii_run_only(r, k, DOT) && !p->said && (k < 4 || len > 2))
		return none;
	f.groups = k;
	if (pii_run_only(r, k, BLANK)) {
		if (len > 5 || pii_run_counts(r, k))
			return none;
		f.score = 50;
		f.row = true;
	}
	/* grouped as a social security number is, and no word says which */
	if (!p->said && r->g[k - 1].digits == 9 && !p->bracket) {
		if (k == 3 && len == 3 && pii_group_len(r, 1) == 2)
			return none;
		if (k == 2 && r->g[1].sep == SEP_DASH && len == 3)
			f.score = 25;
		else if (k == 2 && r->g[1].sep == SEP_DASH && len == 5)
			return none;	/* a postcode of the USA, too */
	}
	return f;
}

/* (11) 98456-5666, 8 (495) 123-45-67, 8-800-555-35-35. */
static struct form
bracketed(const struct phone *p)
{
	const struct pii_run *r = p->r;
	unsigned first = 0, len, k;
	struct form f = { 0, 55, false };

	if (r->nr > 3 && r->digit[0] == '8' && pii_group_len(r, 0) == 1 &&
	    pii_group_len(r, 1) == 3 && pii_run_only(r, r->nr, BLANK | DASH | OPEN | CLOSE)) {
		k = most(r, 0, 11, 11);
		if (k > 3 && !pii_run_only(r, k, BLANK)) {
			f.groups = k;
			return f;
		}
	}
	if (r->nr > 1 && r->g[1].sep == SEP_OPEN)
		first = 1;
	if (r->nr < first + 2 || r->g[first + 1].sep != SEP_CLOSE ||
	    (first && pii_group_len(r, 0) > 3))
		return none;
	len = pii_group_len(r, first);
	if (len < 2 || len > 5)
		return none;
	/* (1999) 12345 is a year and a page */
	if (len == 4 && pii_run_value(r, first) / 100 - 19 < 2 && !p->said)
		return none;
	k = most(r, 0, first ? 10 : p->said ? 8 : 9, first ? 13 : 11);
	if (k < first + 2)
		return none;
	f.groups = k;
	return f;
}

/* 91-415-555-0132: a country's code without its plus. */
static struct form
bare_code(const struct phone *p)
{
	const struct pii_run *r = p->r;
	unsigned min, max, code, k;
	struct form f = { 0, 40, false };

	if (r->nr < 3 || p->other || pii_run_is_date(r) || !pii_run_only(r, r->nr, DASH | BLANK))
		return none;
	code = pii_country_code(r->digit, r->g[0].digits, &min, &max);
	if (code < 2 || code != r->g[0].digits)
		return none;
	if (!p->said && !pii_run_only(r, r->nr, DASH))
		return none;
	k = most(r, code, MAX(min, 11 - code), max);
	if (k < 3 || pii_group_len(r, k - 1) < 4)
		return none;
	f.groups = k;
	f.row = pii_run_only(r, k, BLANK);
	return f;
}

/* Digits that only a word before them makes a telephone. */
static struct form
said(const struct phone *p)
{
	const struct pii_run *r = p->r;
	struct form f = { 0, 15, true };
	unsigned k = 0, n = r->g[0].digits;

	if (p->other || pii_run_is_date(r) || p->left == TOUCH_COMMA)
		return none;
	if (p->said) {
		if (pii_run_only(r, r->nr, BLANK | DASH | WIDE | CLOSE | OPEN) ||
		    pii_run_only(r, r->nr, DOT))
			k = most(r, 0, 7, 12);
		if (k == 0 && n >= 7 && n <= 12)
			k = 1;
		/* call 555-0132; but call(1234567), and a bug of that number */
		if (p->called && (k < 2 || !pii_run_only(r, k, DASH)))
			return none;
		for (unsigned i = 1; i < k; i++)
			if (pii_group_len(r, i) < 2)
				return none;
	} else if (p->number && r->nr == 1) {
		/* China's mobiles, North America's numbers, India's mobiles */
		if ((n == 11 && r->digit[0] == '1' && r->digit[1] > '2') ||
		    (n == 10 && r->digit[0] > '1' && r->digit[3] > '1')) {
			k = 1;
			f.score = 30;
		}
	}
	f.groups = k;
	return f;
}

/* ` x123`, `, ext. 123`, `#123` at i; its end, or i. */
static size_t
read_extension(const struct pii_scan *sc, size_t i)
{
	static const char *const word[] = { "extension", "extn", "ext", "x", "#", "доб" };
	size_t p = i, digits;

	while (p - i < 2 && (pii_blank_at(sc, p) || pii_at(sc, p) == ',' || pii_at(sc, p) == ';'))
		p++;
	for (size_t w = 0; w < countof(word); w++) {
		size_t len = strlen(word[w]);

		if (p >= sc->n || sc->n - p <= len ||
		    strncasecmp((const char *)sc->s + p, word[w], len) != 0)
			continue;
		p += len;
		for (unsigned k = 0; k < 2 && (pii_blank_at(sc, p) || pii_at(sc, p) == '.' ||
		     pii_at(sc, p) == ':' || pii_at(sc, p) == '='); k++)
			p++;
		for (digits = 0; digits < 7 && pii_is(sc, p + digits, PIIC_DIGIT); digits++)
			;
		if (digits == 0 || digits == 7 || pii_is(sc, p + digits, PIIC_WORD))
			return i;
		return p + digits;
	}
	return i;
}

/* May a number of that form end at `end`? */
static bool
ends(const struct pii_scan *sc, const struct phone *p, const struct form *f, size_t end)
{
	switch (pii_touch_right(sc, end)) {
	case TOUCH_GLUED:
		return false;
	case TOUCH_BLANK:
		return !f->row;
	case TOUCH_COMMA:
		return !f->row && !(f->groups == 1 && !p->plus);
	default:
		return !f->row || p->left != TOUCH_BLANK;
	}
}

void
pii_phone(struct pii_scan *sc, const struct pii_run *r)
{
	static struct form (*const forms[])(const struct phone *) = {
		international, north_american, trunk, bracketed, bare_code, said,
	};
	size_t start = r->g[0].start, end;
	struct phone p = { .r = r };
	struct form best = none;
	unsigned around, score;
	const struct pii_group *last;

	if (pii_at(sc, start - 1) == '+') {
		p.plus = true;
		start--;
	}
	if (pii_at(sc, start - 1) == '(') {
		p.bracket = true;
		start--;
	}
	p.left = pii_touch_left(sc, start);
	if (p.left == TOUCH_GLUED)
		return;
	around = pii_context(sc, r->g[0].start);
	p.said = around & PII_BIT(PII_PHONE);
	p.called = p.said && !(around & PIIX_PHONE);
	p.number = around & PIIX_NUMBER;
	p.other = around & PIIX_ID && (!p.said || p.called);
	for (size_t i = 0; i < countof(forms); i++) {
		struct form f = p.plus && i > 0 ? none : forms[i](&p);

		if (f.groups > best.groups || (f.groups == best.groups && f.score > best.score))
			best = f;
	}
	if (best.groups == 0)
		return;
	last = &r->g[best.groups - 1];
	/* the whole number is in brackets, which are then not part of it */
	if (last->open && !p.bracket)
		return;
	if (last->open) {
		for (unsigned i = 1; i < best.groups; i++)
			if (r->g[i].sep == SEP_CLOSE)
				return;
		start++;
	}
	end = read_extension(sc, last->end);
	if (!ends(sc, &p, &best, end))
		return;
	score = p.said ? pii_raise(best.score) : best.score;
	if (p.other)
		score -= MIN(score, 20);
	pii_add(sc, PII_PHONE, start, end, score, false);
}
