/*
 * Emails as people write them. RFC 5321 allows more than is wise to look for in running
 * text: `key=ann@example.org` is an assignment, `*ann@example.org*` is emphasis.
 */
#include "alg/pii_private.h"

#define LOCAL_MAX 64	/* RFC 5321, 4.5.3.1.1 */
#define DOMAIN_MAX 255
#define LABEL_MAX 63

/* Endings of file names, behind an @ too: icon@2x.png. None is a top-level domain. */
static bool
is_file_ending(const unsigned char *s, size_t n)
{
	static const char ending[][6] = {
		"png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "tiff", "pdf", "html",
		"htm", "css", "js", "json", "xml", "yml", "yaml", "txt", "tar", "gz", "bz2",
	};

	for (size_t i = 0; i < countof(ending); i++)
		if (strlen(ending[i]) == n && strncasecmp((const char *)s, ending[i], n) == 0)
			return true;
	return false;
}

/*
 * Is the character beyond ASCII at i a letter, for all that matters here? Not General
 * Punctuation, CJK punctuation and fullwidth forms, nor the signs of Latin-1.
 */
static bool
letter_at(const struct pii_scan *sc, size_t i)
{
	unsigned char c = pii_at(sc, i), d = pii_at(sc, i + 1);

	if (c == 0xc2)
		return d == 0xaa || d == 0xb5 || d == 0xba;
	if (c == 0xe2)
		return d > 0x83;
	if (c == 0xe3)
		return d != 0x80;
	if (c == 0xef)
		return d < 0xbc;
	return c >= 0x80;
}

/* A top-level domain at [i, end): letters, punycode, or not ASCII. How much of it; 0. */
static size_t
top_level(const struct pii_scan *sc, size_t i, size_t end)
{
	size_t p = i;

	if (end - i > 4 && strncasecmp((const char *)sc->s + i, "xn--", 4) == 0)
		return end;
	if (sc->s[i] >= 0x80)
		return end;
	while (p < end && pii_is(sc, p, PIIC_ALPHA))
		p++;
	/* Chinese goes on behind it without a blank; "--" is a dash */
	if (p - i < 2 || (p < end && sc->s[p] < 0x80 && sc->s[p] != '-') ||
	    is_file_ending(sc->s + i, p - i))
		return 0;
	return p;
}

/* The end of a domain name of two labels or more at i, or 0. */
static size_t
read_domain(const struct pii_scan *sc, size_t i)
{
	size_t start = i, best = 0;

	for (unsigned labels = 0; i - start <= DOMAIN_MAX; labels++) {
		size_t first = i;

		while (i - first <= LABEL_MAX && (pii_is(sc, i, PIIC_DIGIT | PIIC_ALPHA) ||
		       (pii_is(sc, i, PIIC_HIGH) &&
			((sc->s[i] & 0xc0) == 0x80 || letter_at(sc, i))) ||
		       (pii_at(sc, i) == '-' && i > first)))
			i++;
		if (i == first || i - first > LABEL_MAX)
			break;
		if (labels > 0) {
			size_t top = top_level(sc, first, i);

			if (top)
				best = top;
			if (top && top < i)
				break;
		}
		if (sc->s[i - 1] == '-' || pii_at(sc, i) != '.')
			break;
		i++;
	}
	return best && best - start <= DOMAIN_MAX ? best : 0;
}

/* `[192.0.2.1]` or `[IPv6:...]` at i; its end, or 0. */
static size_t
read_literal(const struct pii_scan *sc, size_t i)
{
	size_t first = i + 1, p = first;
	unsigned dots = 0, colons = 0;

	if (pii_at(sc, i) != '[')
		return 0;
	if (sc->n - first > 5 && strncasecmp((const char *)sc->s + first, "IPv6:", 5) == 0)
		p += 5;
	for (; p - first < 51 && (pii_is(sc, p, PIIC_HEX) || pii_at(sc, p) == '.' ||
	     pii_at(sc, p) == ':'); p++) {
		dots += sc->s[p] == '.';
		colons += sc->s[p] == ':';
	}
	return pii_at(sc, p) == ']' && (dots == 3 || colons > 1) ? p + 1 : 0;
}

/* `"ann lee"@`: where the quoted part begins, or at. */
static size_t
quoted_local(const struct pii_scan *sc, size_t at)
{
	for (size_t i = at - 2; at - i <= LOCAL_MAX && i < sc->n; i--) {
		if (sc->s[i] < ' ')
			break;
		if (sc->s[i] == '"' && pii_at(sc, i - 1) != '\\')
			return at - i > 2 && !pii_is(sc, i - 1, PIIC_WORD) ? i : at;
	}
	return at;
}

/* Bounce addresses have a = in them: SRS0=..., prvs=..., btv1==... */
static bool
has_bounce_tag(const struct pii_scan *sc, size_t from, size_t at)
{
	static const char tag[][6] = { "srs0", "srs1", "prvs", "btv1" };

	for (size_t i = 0; i < countof(tag); i++)
		if (at - from > 5 && strncasecmp((const char *)sc->s + from, tag[i], 4) == 0)
			return true;
	return false;
}

/* Where the local part that ends before `at` begins, or at. */
static size_t
dot_atom(const struct pii_scan *sc, size_t at)
{
	size_t i = at, equals = 0;
	bool ascii = false;

	while (at - i <= LOCAL_MAX &&
	       (pii_is(sc, i - 1, PIIC_ATOM) || (pii_at(sc, i - 1) == '=' && i < at))) {
		unsigned char c = sc->s[i - 1];

		/* a character of three bytes or more in front of ASCII ends the sentence
		 * before: Chinese and the like write no blanks */
		if (c >= 0xe0 && ascii)
			break;
		if (c >= 0xc0 && !letter_at(sc, i - 1))
			break;
		ascii |= pii_is(sc, i - 1, PIIC_DIGIT | PIIC_ALPHA);
		if (c == '=' && !equals)
			equals = i;
		i--;
	}
	if (at - i > LOCAL_MAX)
		return at;
	if (equals && !has_bounce_tag(sc, i, at))
		i = equals;
	/* the rest of a character whose head was not taken; emphasis, quotes, list marks */
	while (i < at && !pii_is(sc, i, PIIC_WORD) && sc->s[i] != '+' && sc->s[i] < 0xc0)
		i++;
	return i;
}

/* `Message-ID: <2026.1@host>` */
static bool
header_id(struct pii_scan *sc, size_t start)
{
	return pii_at(sc, start - 1) == '<' && pii_context(sc, start) & PIIX_MESSAGE_ID;
}

void
pii_email(struct pii_scan *sc, size_t at)
{
	size_t start, end = read_domain(sc, at + 1);
	unsigned score = 95;

	if (!end)
		end = read_literal(sc, at + 1);
	if (!end || at == 0)
		return;
	start = sc->s[at - 1] == '"' ? quoted_local(sc, at) : dot_atom(sc, at);
	if (start == at)
		return;
	if (sc->s[at - 1] == '.')
		score = 50;
	else if (header_id(sc, start))
		score = 25;	/* <...@host> of a Message-ID names no person */
	/* _ann@example.org_ */
	if (sc->s[start] == '_' && pii_at(sc, end) == '_')
		start++;
	if (start < at)
		pii_add(sc, PII_EMAIL, start, end, pii_score(sc, PII_EMAIL, start, score), true);
}
