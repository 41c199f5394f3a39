/*
 * Cards, SSN, ITIN, ABA and NPI: the kinds that are told by length, grouping, range and
 * check digit.
 */
#include "alg/pii_private.h"

/*
 * ISO/IEC 7812 prefixes as the schemes publish them. A score below SURE is for short
 * or old numbers, whose prefix and check digit other long numbers have as often.
 */
#define SURE 90
static const struct {
	int first, last;	/* of the prefix, four digits (six below) */
	unsigned char min, max, score;
} brand[] = {
	{ 604, 604, 12, 19, 50 },	/* Maestro, 0604 */
	{ 1000, 1999, 15, 15, 50 },	/* UATP; JCB of old has 1800 */
	{ 2131, 2131, 15, 15, SURE },	/* JCB */
	{ 2200, 2204, 16, 19, SURE },	/* Mir */
	{ 2221, 2720, 16, 16, SURE },	/* Mastercard */
	{ 3000, 3059, 14, 14, SURE },	/* Diners */
	{ 3095, 3095, 14, 14, SURE },
	{ 3400, 3499, 15, 15, SURE },	/* American Express */
	{ 3528, 3589, 16, 19, SURE },	/* JCB */
	{ 3600, 3699, 14, 19, SURE },	/* Diners */
	{ 3700, 3799, 15, 15, SURE },	/* American Express */
	{ 3800, 3999, 14, 19, SURE },	/* Diners */
	{ 4000, 4999, 16, 16, SURE },	/* Visa */
	{ 4000, 4999, 13, 13, 60 },
	{ 4000, 4999, 19, 19, 80 },
	{ 5000, 5099, 16, 19, 80 },	/* Maestro, Dankort, Verve, Elo, RuPay */
	{ 5000, 5099, 12, 15, 50 },
	{ 5100, 5599, 16, 16, SURE },	/* Mastercard */
	{ 5600, 5899, 16, 19, 80 },	/* Maestro */
	{ 5600, 5899, 12, 15, 50 },
	{ 6000, 6099, 16, 19, 80 },	/* Discover 6011, RuPay */
	{ 6200, 6299, 16, 19, SURE },	/* UnionPay */
	{ 6304, 6304, 12, 19, 60 },	/* Maestro */
	{ 6390, 6390, 12, 19, 60 },
	{ 6440, 6599, 16, 19, SURE },	/* Discover, RuPay, Troy */
	{ 6700, 6799, 16, 19, 80 },	/* Maestro */
	{ 6700, 6799, 12, 15, 50 },
	{ 8100, 8299, 16, 16, 80 },	/* RuPay */
	{ 9792, 9792, 16, 16, SURE },	/* Troy */
};
#define CARD_MIN 12
#define CARD_MAX 19

static unsigned
card_score(const char *digit, unsigned n)
{
	int prefix = 0;

	for (int i = 0; i < 4; i++)
		prefix = prefix * 10 + (digit[i] - '0');
	for (size_t i = 0; i < countof(brand); i++)
		if (prefix >= brand[i].first && prefix <= brand[i].last &&
		    n >= brand[i].min && n <= brand[i].max)
			return pii_luhn(digit, n, 0) ? brand[i].score : 0;
	return 0;
}

/* Groups as they stand on cards: 4-4-4-..., 4-6-5, 4-6-4, 8-8. */
static bool
card_groups(const struct pii_run *r, unsigned k)
{
	if (k == 3 && pii_group_len(r, 0) == 4 && pii_group_len(r, 1) == 6)
		return pii_group_len(r, 2) == 5 || pii_group_len(r, 2) == 4;
	if (k == 2)
		return pii_group_len(r, 0) == 8 && pii_group_len(r, 1) == 8;
	for (unsigned i = 0; i + 1 < k; i++)
		if (pii_group_len(r, i) != 4)
			return false;
	return pii_group_len(r, k - 1) <= 4;
}

/* Four digits by themselves at i? */
static bool
four_at(const struct pii_scan *sc, size_t i)
{
	for (unsigned k = 0; k < 4; k++)
		if (!pii_is(sc, i + k, PIIC_DIGIT))
			return false;
	return !pii_is(sc, i - 1, PIIC_WORD) && !pii_is(sc, i + 4, PIIC_WORD) &&
	       pii_at(sc, i - 1) != '-' && pii_at(sc, i + 4) != '-';
}

/* Are there two more groups of four around it, as in a table of years? */
static bool
in_list_of_fours(const struct pii_scan *sc, const struct pii_run *r, unsigned k)
{
	size_t start = r->g[0].start, end = r->g[k - 1].end;
	unsigned around = 0;

	for (size_t p = end; around < 2 && pii_at(sc, p) == ' ' && four_at(sc, p + 1); p += 5)
		around++;
	if (sc->out->nr > 0 && sc->out->v[sc->out->nr - 1].end + 1 == start)
		return around > 1;	/* those before it are another card's */
	for (size_t p = start; around < 2 && pii_at(sc, p - 1) == ' ' && four_at(sc, p - 5); p -= 5)
		around++;
	return around > 1;
}

static void
card(struct pii_scan *sc, const struct pii_run *r)
{
	enum pii_sep sep = r->nr > 1 ? r->g[1].sep : SEP_NONE;
	size_t start = r->g[0].start;
	unsigned best = 0, best_score = 0;
	bool context;

	for (unsigned k = 1; k <= r->nr && r->g[k - 1].digits <= CARD_MAX; k++) {
		unsigned n = r->g[k - 1].digits, score;
		enum pii_touch right;

		if (k > 1 && (r->g[k - 1].sep != sep || (sep != SEP_BLANK && sep != SEP_DASH)))
			break;
		if (n < CARD_MIN)
			continue;
		score = card_score(r->digit, n);
		if (!score || (right = pii_touch_right(sc, r->g[k - 1].end)) == TOUCH_GLUED)
			continue;
		if (k > 1 && !card_groups(r, k)) {
			/* any other grouping is only for a number that stands alone */
			if (right != TOUCH_NONE || pii_touch_left(sc, start) != TOUCH_NONE)
				continue;
			score = MIN(score, 60);
		}
		best = k;
		best_score = score;
	}
	if (best == 0)
		return;
	context = pii_context(sc, start) & PII_BIT(PII_CREDIT_CARD);
	if (!context && best > 1 && sep == SEP_BLANK && in_list_of_fours(sc, r, best))
		return;
	pii_add(sc, PII_CREDIT_CARD, start, r->g[best - 1].end,
		context ? pii_raise(best_score) : best_score, true);
}

/* --- nine and ten digits --------------------------------------------------- */

/* Numbers printed on sample cards and in advertisements, which nobody has. */
static bool
ssn_withdrawn(const char *d)
{
	return memcmp(d, "078051120", 9) == 0 || memcmp(d, "219099999", 9) == 0 ||
	       memcmp(d, "457555462", 9) == 0;
}

static bool
ssn_valid(const char *d)
{
	return memcmp(d, "000", 3) != 0 && memcmp(d, "666", 3) != 0 && d[0] != '9' &&
	       memcmp(d + 3, "00", 2) != 0 && memcmp(d + 5, "0000", 4) != 0 && !ssn_withdrawn(d);
}

static bool
itin_valid(const char *d)
{
	int group = (d[3] - '0') * 10 + (d[4] - '0');

	return d[0] == '9' && ((group >= 50 && group <= 65) || (group >= 70 && group <= 88) ||
			       (group >= 90 && group <= 92) || group >= 94);
}

static bool
aba_valid(const char *d)
{
	static const int weight[9] = { 3, 7, 1, 3, 7, 1, 3, 7, 1 };
	int district = (d[0] - '0') * 10 + (d[1] - '0'), sum = 0;

	if (!(district <= 12 || (district >= 21 && district <= 32) ||
	      (district >= 61 && district <= 72) || district == 80))
		return false;
	for (int i = 0; i < 9; i++)
		sum += weight[i] * (d[i] - '0');
	return sum % 10 == 0 && memcmp(d, "000000000", 9) != 0;
}

#define NPI_PREFIX_SUM 24	/* of 80840 in front, as Luhn counts it */
static bool
npi_valid(const char *d)
{
	bool same = true;

	for (int i = 1; i < 9; i++)
		same = same && d[i] == d[0];
	return (d[0] == '1' || d[0] == '2') && !same && pii_luhn(d, 10, NPI_PREFIX_SUM);
}

/* Do the first groups have these lengths, with the same one of `seps` between? */
static bool
shaped(const struct pii_run *r, unsigned a, unsigned b, unsigned c, unsigned seps)
{
	unsigned nr = c ? 3 : 2;

	return r->nr >= nr && pii_group_len(r, 0) == a && pii_group_len(r, 1) == b &&
	       (!c || (pii_group_len(r, 2) == c && r->g[2].sep == r->g[1].sep)) &&
	       1u << r->g[1].sep & seps;
}

/* `Boston, MA 02110-1301` */
static bool
zip_code(const struct pii_scan *sc, size_t start)
{
	unsigned char a, b;

	while (pii_blank_at(sc, start - 1))
		start--;
	a = pii_at(sc, start - 1);
	b = pii_at(sc, start - 2);
	return a >= 'A' && a <= 'Z' && b >= 'A' && b <= 'Z' && !pii_is(sc, start - 3, PIIC_WORD);
}

#define DASH (1u << SEP_DASH)
#define BLANK (1u << SEP_BLANK)
#define DOT (1u << SEP_DOT)

void
pii_number(struct pii_scan *sc, const struct pii_run *r)
{
	enum pii_touch left = pii_touch_left(sc, r->g[0].start), right;
	size_t start = r->g[0].start, end;
	unsigned groups = 1, ssn = 0, aba = 0, npi = 0;

	if (left == TOUCH_GLUED || pii_at(sc, start - 1) == '+')
		return;
	if (r->g[r->nr - 1].digits >= CARD_MIN && pii_wants(sc, PII_BIT(PII_CREDIT_CARD)))
		card(sc, r);

	if (pii_group_len(r, 0) == 9) {
		ssn = 5;
		aba = 20;
	} else if (pii_group_len(r, 0) == 10) {
		npi = 25;
	} else if (shaped(r, 3, 2, 4, DASH | BLANK | DOT)) {
		ssn = r->g[1].sep == SEP_DASH ? 80 : 50;
		groups = 3;
	} else if (shaped(r, 3, 6, 0, DASH)) {
		ssn = 30;
		groups = 2;
	} else if (shaped(r, 5, 4, 0, DASH)) {
		if (zip_code(sc, start))
			return;
		ssn = 15;
		groups = 2;
	} else if (shaped(r, 4, 4, 1, DASH)) {
		aba = 60;
		groups = 3;
	} else if (shaped(r, 4, 3, 3, DASH | BLANK)) {
		npi = 40;
		groups = 3;
	} else {
		return;
	}
	end = r->g[groups - 1].end;
	right = pii_touch_right(sc, end);
	if (right == TOUCH_GLUED)
		return;
	/* blanks within and without: a row of numbers */
	if (groups > 1 && r->g[1].sep == SEP_BLANK && (left == TOUCH_BLANK || right == TOUCH_BLANK))
		return;
	if (ssn && ssn_valid(r->digit))
		pii_add(sc, PII_US_SSN, start, end, pii_score(sc, PII_US_SSN, start, ssn), false);
	if (ssn && itin_valid(r->digit))
		pii_add(sc, PII_US_ITIN, start, end, pii_score(sc, PII_US_ITIN, start, ssn), false);
	if (aba && aba_valid(r->digit))
		pii_add(sc, PII_ABA, start, end, pii_score(sc, PII_ABA, start, aba), true);
	if (npi && npi_valid(r->digit))
		pii_add(sc, PII_NPI, start, end, pii_score(sc, PII_NPI, start, npi), true);
}
