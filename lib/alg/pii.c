#include "alg/pii_private.h"

#include "base/mem.h"

#define D (PIIC_DIGIT | PIIC_HEX | PIIC_WORD | PIIC_ATOM | PIIC_STOP)
#define X (PIIC_ALPHA | PIIC_HEX | PIIC_WORD | PIIC_ATOM)
#define A (PIIC_ALPHA | PIIC_WORD | PIIC_ATOM)
#define H (PIIC_HIGH | PIIC_ATOM)
const unsigned char pii_class[256] = {
	['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D, ['5'] = D, ['6'] = D, ['7'] = D,
	['8'] = D, ['9'] = D,
	['a'] = X, ['b'] = X, ['c'] = X, ['d'] = X, ['e'] = X, ['f'] = X, ['g'] = A, ['h'] = A,
	['i'] = A, ['j'] = A, ['k'] = A, ['l'] = A, ['m'] = A, ['n'] = A, ['o'] = A, ['p'] = A,
	['q'] = A, ['r'] = A, ['s'] = A, ['t'] = A, ['u'] = A, ['v'] = A, ['w'] = A, ['x'] = A,
	['y'] = A, ['z'] = A,
	['A'] = X, ['B'] = X, ['C'] = X, ['D'] = X, ['E'] = X, ['F'] = X, ['G'] = A, ['H'] = A,
	['I'] = A, ['J'] = A, ['K'] = A, ['L'] = A, ['M'] = A, ['N'] = A, ['O'] = A, ['P'] = A,
	['Q'] = A, ['R'] = A, ['S'] = A, ['T'] = A, ['U'] = A, ['V'] = A, ['W'] = A, ['X'] = A,
	['Y'] = A, ['Z'] = A,
	['@'] = PIIC_STOP, [':'] = PIIC_STOP,
	['-'] = PIIC_STOP | PIIC_ATOM, ['.'] = PIIC_STOP | PIIC_ATOM,
	['_'] = PIIC_ATOM | PIIC_WORD, ['%'] = PIIC_ATOM, ['+'] = PIIC_ATOM,
	['\''] = PIIC_ATOM, ['&'] = PIIC_ATOM, ['~'] = PIIC_ATOM, ['#'] = PIIC_ATOM,
	['!'] = PIIC_ATOM, ['$'] = PIIC_ATOM, ['*'] = PIIC_ATOM,
	[0x80 ... 0xff] = H,
};
#undef D
#undef X
#undef A
#undef H

static const char *const kind_name[PII_KIND_NR] = {
	[PII_EMAIL] = "email",
	[PII_PHONE] = "phone",
	[PII_CREDIT_CARD] = "credit_card",
	[PII_IBAN] = "iban",
	[PII_US_SSN] = "us_ssn",
	[PII_US_ITIN] = "us_itin",
	[PII_ABA] = "aba",
	[PII_IP] = "ip",
	[PII_MAC] = "mac",
	[PII_NPI] = "npi",
	[PII_PERSON] = "person",
};

const char *
pii_kind_name(enum pii_kind kind)
{
	return kind_name[kind];
}

int
pii_kind_parse(struct slice name, enum pii_kind *out)
{
	for (unsigned k = 0; k < PII_KIND_NR; k++)
		if (slice_is(name, kind_name[k])) {
			*out = (enum pii_kind)k;
			return 0;
		}
	return -1;
}

void
pii_findings_add(struct pii_findings *out, const struct pii_finding *f)
{
	ALLOC_GROW(out->v, out->nr + 1, out->alloc);
	out->v[out->nr++] = *f;
}

void
pii_findings_release(struct pii_findings *f)
{
	free(f->v);
	*f = (struct pii_findings)PII_FINDINGS_INIT;
}

void
pii_add(struct pii_scan *sc, enum pii_kind kind, size_t start, size_t end, unsigned score,
	bool validated)
{
	struct pii_finding f = { start, end, kind, MIN(score, PII_SCORE_MAX), validated };

	if (pii_wants(sc, PII_BIT(kind)) && f.score >= sc->min_score)
		pii_findings_add(sc->out, &f);
}

unsigned
pii_raise(unsigned score)
{
	score = MAX(score + PII_SCORE_CONTEXT, PII_SCORE_CONTEXT_MIN);
	return MIN(score, PII_SCORE_MAX);
}

unsigned
pii_score(struct pii_scan *sc, enum pii_kind kind, size_t start, unsigned score)
{
	return pii_context(sc, start) & PII_BIT(kind) ? pii_raise(score) : score;
}

#define PII_NUMBERS (PII_BIT(PII_CREDIT_CARD) | PII_BIT(PII_US_SSN) | PII_BIT(PII_US_ITIN) | \
	PII_BIT(PII_ABA) | PII_BIT(PII_NPI))
#define SHORTEST_NUMBER 7	/* digits; a local telephone number */

/* At the first digit of a group; where the scan goes on. */
static size_t
at_digit(struct pii_scan *sc, size_t i)
{
	unsigned char before = pii_at(sc, i - 1);
	struct pii_run run;
	size_t end = i + 1;

	while (pii_is(sc, end, PIIC_DIGIT))
		end++;
	if (pii_wants(sc, PII_BIT(PII_IBAN)) && (pii_class[before] & PIIC_ALPHA || before == ' ')) {
		size_t next = pii_iban(sc, i);

		if (next > i)
			return next;
	}
	/* part of a word: a name, a hash, a GUID */
	if (pii_class[before] & PIIC_WORD)
		return end;
	if (end - i <= 3 && pii_at(sc, end) == '.' && pii_wants(sc, PII_BIT(PII_IP)))
		pii_ipv4(sc, i);
	if (!pii_wants(sc, PII_NUMBERS | PII_BIT(PII_PHONE)) || end - i > PII_DIGITS)
		return end;
	/* most numbers of ordinary text stand alone and are short */
	if (end - i < SHORTEST_NUMBER && (end >= sc->n || pii_is(sc, end, PIIC_WORD)))
		return end;
	pii_run_read(sc, i, &run);
	if (run.g[run.nr - 1].digits < SHORTEST_NUMBER)
		return end;
	if (pii_wants(sc, PII_NUMBERS))
		pii_number(sc, &run);
	if (pii_wants(sc, PII_BIT(PII_PHONE)))
		pii_phone(sc, &run);
	return end;
}

static size_t
at_colon(struct pii_scan *sc, size_t i)
{
	size_t end = i;

	if (pii_wants(sc, PII_BIT(PII_IP)) &&
	    (pii_is(sc, i + 1, PIIC_HEX) || pii_at(sc, i + 1) == ':'))
		end = pii_ipv6(sc, i);
	if (end == i && pii_wants(sc, PII_BIT(PII_MAC)))
		pii_mac(sc, i);
	return MAX(end, i + 1);
}

void
pii_scan(struct slice text, const struct pii_options *opt, struct pii_findings *out)
{
	struct pii_scan sc = {
		.s = (const unsigned char *)text.ptr,
		.n = text.len,
		.kinds = opt && opt->kinds ? opt->kinds : PII_ALL,
		.min_score = opt ? opt->min_score : 0,
		.out = out,
		.context_at = SIZE_MAX,
		.colon_label = SIZE_MAX,
	};
	size_t i = 0;

	out->nr = 0;
	for (;;) {
		while (i < sc.n && !(pii_class[sc.s[i]] & PIIC_STOP))
			i++;
		if (i >= sc.n)
			break;
		switch (sc.s[i]) {
		case '@':
			if (pii_wants(&sc, PII_BIT(PII_EMAIL)))
				pii_email(&sc, i);
			i++;
			break;
		case ':':
			i = at_colon(&sc, i);
			break;
		case '-':
		case '.':
			if (pii_is(&sc, i - 1, PIIC_HEX) && pii_is(&sc, i + 1, PIIC_HEX) &&
			    pii_wants(&sc, PII_BIT(PII_MAC)))
				pii_mac(&sc, i);
			i++;
			break;
		default:
			i = at_digit(&sc, i);
			break;
		}
	}
	pii_settle(out);
}
