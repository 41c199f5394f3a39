#include "alg/pii_private.h"

#define IBAN_HEAD 4	/* country and check digits */
#define IBAN_MAX 34

/* A blank or dash between two characters of an IBAN. */
static size_t
sep_len(const struct pii_scan *sc, size_t i)
{
	if (pii_at(sc, i) == ' ' || pii_at(sc, i) == '-')
		return 1;
	return pii_at(sc, i) == 0xc2 && pii_at(sc, i + 1) == 0xa0 ? 2 : 0;
}

static bool
of_type(unsigned char c, char type)
{
	return type == 'n' ? pii_class[c] & PIIC_DIGIT :
	       type == 'a' ? pii_class[c] & PIIC_ALPHA : pii_class[c] & (PIIC_DIGIT | PIIC_ALPHA);
}

/* The value modulo 97, the four characters of the head moved behind the rest. */
static unsigned
mod97(const char *c, unsigned n)
{
	unsigned m = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned char v = (unsigned char)c[(i + IBAN_HEAD) % n];

		if (pii_class[v] & PIIC_DIGIT)
			m = m * 10 + (v - '0');
		else
			m = m * 100 + ((v & ~0x20u) - 'A' + 10);
		m %= 97;
	}
	return m;
}

size_t
pii_iban(struct pii_scan *sc, size_t at)
{
	bool apart = pii_at(sc, at - 1) == ' ';	/* `DE 89 ...` */
	size_t start = at - 2 - apart, end;
	const char *structure;
	char c[IBAN_MAX];
	unsigned n = IBAN_HEAD, seps = 0;
	size_t first_sep = 0;

	if (start >= sc->n || !pii_is(sc, start, PIIC_ALPHA) ||
	    !pii_is(sc, start + 1, PIIC_ALPHA) || pii_is(sc, start - 1, PIIC_WORD) ||
	    !pii_is(sc, at + 1, PIIC_DIGIT))
		return at;
	/* `no 12 ...` is a word and a number */
	if (apart && ((sc->s[start] | sc->s[start + 1]) & 0x20))
		return at;
	structure = pii_iban_structure(sc->s[start], sc->s[start + 1]);
	if (!structure)
		return at;
	memcpy(c, sc->s + start, 2);
	memcpy(c + 2, sc->s + at, 2);
	end = at + 2;
	while (*structure) {
		unsigned len = 0;

		while (*structure >= '0' && *structure <= '9')
			len = len * 10 + (unsigned)(*structure++ - '0');
		for (; len > 0; len--) {
			size_t sep = sep_len(sc, end);

			if (sep && seps && sc->s[end] != sc->s[first_sep])
				return at;
			if (sep && !seps++)
				first_sep = end;
			end += sep;
			if (!of_type(pii_at(sc, end), *structure))
				return at;
			c[n++] = (char)sc->s[end++];
		}
		structure++;
	}
	if (pii_is(sc, end, PIIC_WORD) || seps > n / 2)
		return at;
	if (mod97(c, n) != 1)
		/* a wrong one, or a mistyped one: its parts are nothing else all the same,
		 * unless it was two words and a row of numbers */
		return apart || (sc->s[start] & 0x20) ? at : end;
	pii_add(sc, PII_IBAN, start, end, pii_score(sc, PII_IBAN, start, 95), true);
	return end;
}
