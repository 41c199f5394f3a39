#include "alg/pii_private.h"

/* --- IPv4 ------------------------------------------------------------------ */

/* Four octets at i; where they end, or 0. */
static size_t
read_ipv4(const struct pii_scan *sc, size_t i, unsigned octet[4])
{
	for (int part = 0; part < 4; part++) {
		size_t first = i;

		octet[part] = 0;
		while (pii_is(sc, i, PIIC_DIGIT) && i - first < 4)
			octet[part] = octet[part] * 10 + (sc->s[i++] - '0');
		/* 08 might be meant as octal, and is more often part of a date */
		if (i == first || octet[part] > 255 || (sc->s[first] == '0' && i - first > 1))
			return 0;
		if (part < 3 && pii_at(sc, i++) != '.')
			return 0;
	}
	return i;
}

/* A prefix length `/24` at i; where it ends, i when there is none. */
static size_t
read_prefix(const struct pii_scan *sc, size_t i, unsigned max)
{
	unsigned bits = 0;
	size_t p = i + 1;

	if (pii_at(sc, i) != '/')
		return i;
	while (pii_is(sc, p, PIIC_DIGIT) && p - i <= 3)
		bits = bits * 10 + (sc->s[p++] - '0');
	if (p == i + 1 || bits > max || pii_is(sc, p, PIIC_WORD) || pii_at(sc, p) == '/' ||
	    (pii_at(sc, p) == '.' && pii_is(sc, p + 1, PIIC_DIGIT)))
		return i;
	return p;
}

/*
 * A fifth part: tcpdump and BSD's netstat write the port so, 192.168.1.1.443; but
 * 1.2.3.4.5 is a version or an object identifier.
 */
static bool
port_follows(const struct pii_scan *sc, size_t i, const unsigned octet[4])
{
	unsigned port = 0;
	size_t p = i + 1;

	while (pii_is(sc, p, PIIC_DIGIT) && p - i <= 5)
		port = port * 10 + (sc->s[p++] - '0');
	return octet[0] >= 20 && port <= 65535 && !pii_is(sc, p, PIIC_WORD) &&
	       !(pii_at(sc, p) == '.' && pii_is(sc, p + 1, PIIC_WORD));
}

void
pii_ipv4(struct pii_scan *sc, size_t start)
{
	unsigned char before = pii_at(sc, start - 1), before2 = pii_at(sc, start - 2), after;
	unsigned octet[4], score = 95, around = 0;
	bool small, ip;
	size_t end;

	if (before == '.' && pii_class[before2] & (PIIC_WORD | PIIC_HIGH))
		return;
	end = read_ipv4(sc, start, octet);
	if (!end || pii_is(sc, end, PIIC_WORD))
		return;
	around = pii_context(sc, start);
	ip = around & PII_BIT(PII_IP);
	/* four small numbers are as often a version or the number of a section */
	small = octet[0] < 100 && octet[1] < 100 && octet[2] < 100 && octet[3] < 100 &&
		octet[0] != 10 && read_prefix(sc, end, 32) == end;
	after = pii_at(sc, end);
	if (after == '.' && pii_is(sc, end + 1, PIIC_DIGIT)) {
		if (!port_follows(sc, end, octet))
			return;
		score = 40;
	} else if (small && !ip) {
		if (around & PIIX_VERSION || before == '-' || before == '~' || before == '=' ||
		    (before == '/' && before2 != '/') ||
		    ((after == '-' || after == '+' || after == '~') &&
		     pii_is(sc, end + 1, PIIC_WORD)))
			return;
		score = octet[0] < 30 ? 40 : 60;
	} else if (around & PIIX_VERSION && !ip) {
		score = 50;
	}
	if (after != '.' || !pii_is(sc, end + 1, PIIC_DIGIT))
		end = read_prefix(sc, end, 32);
	pii_add(sc, PII_IP, start, end, ip ? pii_raise(score) : score, true);
}

/* --- IPv6 ------------------------------------------------------------------ */

#define V6_GROUPS 8
#define V6_TEXT_MAX 46	/* bytes of the longest address */
#define ZONE_MAX 16

struct v6 {
	unsigned groups;	/* written, an IPv4 tail counts two */
	unsigned pairs;		/* of them with two digits */
	bool gap;		/* :: */
	bool digit;		/* 0 to 9 occur */
	bool wide;		/* a group of three digits or more, or an IPv4 tail */
};

/* Does [i, end) hold exactly one address? */
static bool
read_ipv6(const struct pii_scan *sc, size_t i, size_t end, struct v6 *v)
{
	unsigned octet[4];

	*v = (struct v6){ 0, 0, false, false, false };
	if (end - i < 2 || (sc->s[i] == ':' && sc->s[i + 1] != ':'))
		return false;
	while (i < end) {
		size_t first = i;

		while (i < end && pii_is(sc, i, PIIC_HEX))
			v->digit |= pii_is(sc, i++, PIIC_DIGIT);
		if (i < end && sc->s[i] == '.') {
			v->groups += 2;
			v->wide = true;
			i = read_ipv4(sc, first, octet);
			break;
		}
		if (i - first > 4)
			return false;
		if (i > first)
			v->groups++;
		v->pairs += i - first == 2;
		v->wide |= i - first > 2;
		if (i == end)
			break;
		if (sc->s[i++] != ':')
			return false;
		if (i < end && sc->s[i] == ':') {
			if (v->gap)
				return false;
			v->gap = true;
			i++;
		} else if (i == end || first + 1 == i) {
			return false;	/* ends with a single colon, or begins with one */
		}
	}
	return i == end && (v->gap ? v->groups < V6_GROUPS : v->groups == V6_GROUPS);
}

/* `%eth0` at i. */
static size_t
read_zone(const struct pii_scan *sc, size_t i)
{
	size_t p = i + 1;

	if (pii_at(sc, i) != '%')
		return i;
	while (p - i <= ZONE_MAX && (pii_is(sc, p, PIIC_WORD) ||
	       (pii_at(sc, p) == '-' && pii_is(sc, p + 1, PIIC_WORD))))
		p++;
	return p == i + 1 || pii_is(sc, p, PIIC_WORD) ? i : p;
}

/* What may stand for something else is told by what it looks like, and by what is said. */
static unsigned
ipv6_score(const struct pii_scan *sc, size_t start, size_t end, const struct v6 *v, bool ip)
{
	unsigned char before = pii_at(sc, start - 1);
	bool loopback = end - start == 3 && memcmp(sc->s + start, "::1", 3) == 0;

	/* :: alone is an operator in some languages, and s[::] is one */
	if (v->groups == 0)
		return ip || before == '=' || (before == '[' && pii_at(sc, end) == ']' &&
					       !pii_is(sc, start - 2, PIIC_WORD)) ? 50 : 0;
	/* dead::beef is a name */
	if (!v->digit && v->groups < 4 && !ip)
		return 0;
	/* eight pairs are an EUI-64 */
	if (v->groups == V6_GROUPS)
		return v->pairs == V6_GROUPS && !ip ? 0 : 95;
	if (v->groups >= 3)
		return 90;
	/* s[1::2] is a slice */
	return v->wide || loopback ? 60 : ip ? 40 : 0;
}

size_t
pii_ipv6(struct pii_scan *sc, size_t at)
{
	size_t start = at, end = at, stop;
	struct v6 v;
	unsigned score;
	bool ip, digit = false;

	if (at < sc->colon_done)
		return at;
	while (at - start < 5 && pii_is(sc, start - 1, PIIC_HEX))
		digit |= pii_is(sc, --start, PIIC_DIGIT);
	for (; pii_is(sc, end, PIIC_HEX) || pii_at(sc, end) == ':' || pii_at(sc, end) == '.'; end++)
		if (end - start > V6_TEXT_MAX)
			break;
	if (at - start > 4 || pii_is(sc, start - 1, PIIC_WORD)) {
		/* text2001:db8::1 holds no address, src:2001:db8::1 does */
		if (digit && at - start > 1)
			sc->colon_done = end;
		else
			sc->colon_label = at;
		return at;
	}
	if (end - start > V6_TEXT_MAX ||
	    (pii_at(sc, start - 1) == ':' && start - 1 != sc->colon_label)) {
		sc->colon_done = end;	/* longer than any address, or the tail of such */
		return at;
	}
	/* the end of a sentence, or of a field */
	if (pii_at(sc, end - 1) == '.' ||
	    (pii_at(sc, end - 1) == ':' && end - start > 2 && pii_at(sc, end - 2) != ':'))
		end--;
	stop = end;
	if (end <= at || pii_is(sc, end, PIIC_WORD) || !read_ipv6(sc, start, end, &v))
		goto none;
	ip = pii_context(sc, start) & PII_BIT(PII_IP);
	score = ipv6_score(sc, start, end, &v, ip);
	if (score == 0)
		goto none;
	end = read_zone(sc, end);
	end = read_prefix(sc, end, 128);
	sc->colon_done = end;
	pii_add(sc, PII_IP, start, end, ip ? pii_raise(score) : score, true);
	return end;
none:
	/* what begins with a single colon may go on behind it */
	if (start < at || pii_at(sc, at + 1) == ':')
		sc->colon_done = stop;
	return at;
}

/* --- MAC ------------------------------------------------------------------- */

static bool
hex_at(const struct pii_scan *sc, size_t i, unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		if (!pii_is(sc, i + k, PIIC_HEX))
			return false;
	return true;
}

void
pii_mac(struct pii_scan *sc, size_t at)
{
	unsigned char sep = sc->s[at];
	unsigned width = sep == '.' ? 4 : 2, groups = 12 / width, letters = 0, zeros = 0, ones = 0;
	size_t start = at - width, end = start + 12 + groups - 1;
	unsigned score = sep == ':' ? 90 : 85;

	if (start >= sc->n || end > sc->n)
		return;
	for (unsigned g = 0; g < groups; g++) {
		size_t p = start + g * (width + 1);

		if (!hex_at(sc, p, width) || (g > 0 && sc->s[p - 1] != sep))
			return;
	}
	for (size_t i = start; i < end; i++) {
		letters += pii_is(sc, i, PIIC_ALPHA);
		zeros += sc->s[i] == '0';
		ones += (sc->s[i] | 0x20) == 'f';
	}
	/* a seventh group is something longer */
	if (pii_is(sc, start - 1, PIIC_WORD) || pii_is(sc, end, PIIC_WORD) ||
	    (pii_at(sc, end) == sep && pii_is(sc, end + 1, PIIC_HEX)) ||
	    (pii_at(sc, start - 1) == sep && hex_at(sc, start - 1 - width, width) &&
	     !pii_is(sc, start - 2 - width, PIIC_WORD)))
		return;
	if (zeros == 12 || ones == 12)
		return;
	if (letters == 0 && sep != ':') {
		/* digits alone may be a telephone's, or a card's */
		if (sep == '.' && !(pii_context(sc, start) & PII_BIT(PII_MAC)))
			return;
		score = 35;
	}
	pii_add(sc, PII_MAC, start, end, pii_score(sc, PII_MAC, start, score), true);
}
