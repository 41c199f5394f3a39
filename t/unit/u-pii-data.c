/*
 * The scanner against test vectors: Presidio's, and an IBAN made for every country of
 * the registry. Prints precision and recall per kind, each kind looked for alone and all
 * at once. Any overlap with an expected range counts; `exact` are the equal ones.
 */
#include "pii-test.h"

#include "base/str.h"

struct tally {
	unsigned hit, wrong, missed, exact;
};

/* A line of the vectors: text, and where the kind is in it. */
struct vector {
	enum pii_kind kind;
	char *text;
	unsigned nr, ranges;	/* expected findings; those with a place */
	size_t range[8][2];	/* bytes */
};

static struct vector *vectors;
static size_t vectors_nr;

static const struct {
	const char *recognizer;
	enum pii_kind kind;
} recognizers[] = {
	{ "aba_routing", PII_ABA }, { "credit_card", PII_CREDIT_CARD }, { "email", PII_EMAIL },
	{ "iban", PII_IBAN }, { "ip", PII_IP }, { "mac", PII_MAC }, { "phone", PII_PHONE },
	{ "us_itin", PII_US_ITIN }, { "us_npi", PII_NPI }, { "us_ssn", PII_US_SSN },
};

/* Code points to bytes. */
static size_t
byte_at(const char *text, unsigned long points)
{
	size_t i = 0;

	while (text[i] && points > 0) {
		i++;
		while (((unsigned char)text[i] & 0xc0) == 0x80)
			i++;
		points--;
	}
	return i;
}

static void
read_ranges(struct vector *v, const char *p)
{
	while ((p = strpbrk(p, "0123456789"))) {
		for (int i = 0; i < 2; i++) {
			char *next;

			v->range[v->ranges][i] = byte_at(v->text, strtoul(p, &next, 10));
			p = next + strspn(next, ", ");
		}
		v->ranges++;
		ck_assert_uint_lt(v->ranges, countof(v->range));
	}
}

static void
read_vector(char *line)
{
	char *save, *name = strtok_r(line, "\t", &save), *text = strtok_r(NULL, "\t", &save);
	char *nr = strtok_r(NULL, "\t", &save), *ranges = strtok_r(NULL, "\n", &save);
	struct vector *v;

	for (size_t i = 0; i < countof(recognizers); i++) {
		if (strcmp(name, recognizers[i].recognizer) != 0)
			continue;
		ck_assert(text && nr && ranges && text[0] == '"');
		ck_assert_ptr_null(strchr(text, '\\'));	/* JSON without an escape is the text */
		vectors = realloc(vectors, (vectors_nr + 1) * sizeof(*vectors));
		ck_assert_ptr_nonnull(vectors);
		v = &vectors[vectors_nr++];
		memset(v, 0, sizeof(*v));
		v->kind = recognizers[i].kind;
		v->text = strndup(text + 1, strlen(text) - 2);
		v->nr = (unsigned)strtoul(nr, NULL, 10);
		read_ranges(v, ranges);
	}
}

static bool
read_vectors(void)
{
	char path[512], line[1024];
	FILE *f;

	if (!data_path("presidio-tests/vectors.tsv", path, sizeof(path)))
		return false;
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		read_vector(line);
	fclose(f);
	ck_assert_uint_gt(vectors_nr, 500);
	return true;
}

static struct tally
judge(const struct vector *v, const struct pii_findings *f)
{
	struct tally t = { 0, 0, 0, 0 };
	unsigned found = 0;

	for (size_t i = 0; i < f->nr; i++) {
		bool right = v->ranges < v->nr;

		if (f->v[i].kind != v->kind)
			continue;
		found++;
		for (unsigned r = 0; r < v->ranges; r++)
			right |= f->v[i].start < v->range[r][1] && v->range[r][0] < f->v[i].end;
		t.wrong += !right;
	}
	for (unsigned r = 0; r < v->ranges; r++) {
		bool hit = false;

		for (size_t i = 0; i < f->nr; i++) {
			if (f->v[i].kind != v->kind)
				continue;
			hit |= f->v[i].start < v->range[r][1] && v->range[r][0] < f->v[i].end;
			t.exact += f->v[i].start == v->range[r][0] && f->v[i].end == v->range[r][1];
		}
		t.hit += hit;
		t.missed += !hit;
	}
	/* some say only how many there are */
	if (v->ranges < v->nr) {
		t.hit = t.exact = MIN(found, v->nr);
		t.missed = v->nr - t.hit;
		t.wrong = found - t.hit;
	}
	return t;
}

/*
 * Three texts of the phone vectors are there twice, with another answer for another
 * leniency of the tool that they are from: the one nearer to what was found counts.
 */
static struct tally
judge_any(const struct vector *v, const struct pii_findings *f)
{
	struct tally best = judge(v, f);

	for (size_t i = 0; i < vectors_nr; i++) {
		struct tally t;

		if (vectors[i].kind != v->kind || strcmp(vectors[i].text, v->text) != 0)
			continue;
		t = judge(&vectors[i], f);
		if (t.wrong + t.missed < best.wrong + best.missed)
			best = t;
	}
	return best;
}

static double
part(unsigned a, unsigned b)
{
	return a + b ? (double)a / (a + b) : 1;
}

static void
check_table(bool alone)
{
	struct tally sum[PII_KIND_NR] = { { 0, 0, 0, 0 } };
	struct pii_findings f = PII_FINDINGS_INIT;

	for (size_t i = 0; i < vectors_nr; i++) {
		const struct vector *v = &vectors[i];
		struct tally t;

		pii_find(v->text, strlen(v->text), alone ? PII_BIT(v->kind) : 0, &f);
		t = judge_any(v, &f);
		sum[v->kind].hit += t.hit;
		sum[v->kind].wrong += t.wrong;
		sum[v->kind].missed += t.missed;
		sum[v->kind].exact += t.exact;
	}
	printf("# %-12s  hit wrong missed exact  P     R\n", alone ? "one kind" : "all kinds");
	for (unsigned k = 0; k < PII_KIND_NR; k++) {
		const struct tally *t = &sum[k];
		double p = part(t->hit, t->wrong), r = part(t->hit, t->missed);

		if (k == PII_PERSON)
			continue;
		printf("# %-12s  %3u %5u %6u %5u  %.3f %.3f\n", pii_kind_name((enum pii_kind)k),
		       t->hit, t->wrong, t->missed, t->exact, p, r);
		fflush(stdout);
		ck_assert_uint_gt(t->hit, 3);
		ck_assert_msg(p >= 0.98, "%s: precision", pii_kind_name((enum pii_kind)k));
		ck_assert_msg(r >= 0.99, "%s: recall", pii_kind_name((enum pii_kind)k));
	}
	pii_findings_release(&f);
}

START_TEST(test_vectors)
{
	if (!read_vectors())
		return;
	check_table(true);
	check_table(false);
	while (vectors_nr > 0)
		free(vectors[--vectors_nr].text);
	free(vectors);
}
END_TEST

/* --- IBAN: one made for each country -------------------------------------- */

static unsigned long rnd_state = 1;

static unsigned
rnd(unsigned n)
{
	rnd_state = rnd_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(rnd_state >> 33) % n;
}

/* Check digits by ISO 13616, digit by digit, another way than the scanner's. */
static void
set_check_digits(char *iban)
{
	struct str digits = STR_INIT;
	unsigned m = 0;

	memcpy(iban + 2, "00", 2);
	for (size_t i = 0, n = strlen(iban); i < n; i++) {
		char c = iban[(i + 4) % n];

		if (c >= '0' && c <= '9')
			str_addc(&digits, c);
		else
			str_addf(&digits, "%d", c - 'A' + 10);
	}
	for (size_t i = 0; i < digits.len; i++)
		m = (m * 10 + (unsigned)(digits.buf[i] - '0')) % 97;
	str_release(&digits);
	m = 98 - m;
	iban[2] = (char)('0' + m / 10);
	iban[3] = (char)('0' + m % 10);
}

/* From `8!n16!c` and the country. */
static void
make_iban(const char *country, const char *bban, char *out)
{
	static const char chars[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char *p = out + 4;

	memcpy(out, country, 2);
	while (*bban >= '0' && *bban <= '9') {
		char *type;
		unsigned long n = strtoul(bban, &type, 10);

		for (; n > 0; n--)
			*p++ = type[1] == 'n' ? chars[rnd(10)] :
			       type[1] == 'a' ? chars[10 + rnd(26)] : chars[rnd(36)];
		bban = type + 2;
	}
	*p = '\0';
	set_check_digits(out);
}

/* The IBAN in groups of four, in lower case if so wanted. */
static void
spell(const char *iban, const char *sep, bool lower, struct str *out)
{
	str_reset(out);
	for (size_t i = 0; iban[i]; i++) {
		if (i > 0 && i % 4 == 0)
			str_adds(out, sep);
		str_addc(out, lower && iban[i] >= 'A' ? iban[i] | 0x20 : iban[i]);
	}
}

/* found of the good spellings, and findings in the spoilt ones */
static void
try_iban(const char *iban, struct tally *t)
{
	static const char *const seps[] = { "", " ", "-", "\xc2\xa0" };
	struct pii_findings f = PII_FINDINGS_INIT;
	struct str s = STR_INIT;
	char bad[64];

	for (size_t i = 0; i < 2 * countof(seps); i++) {
		spell(iban, seps[i / 2], i % 2, &s);
		pii_find(s.buf, s.len, 0, &f);
		if (f.nr == 1 && f.v[0].kind == PII_IBAN && f.v[0].start == 0 &&
		    f.v[0].end == s.len)
			t->hit++;
		else
			t->missed++;
	}
	/* a digit or letter changed for another, one left out, one too many, two swapped */
	for (int how = 0; how < 4; how++) {
		size_t n = strlen(iban), at = 4 + rnd((unsigned)n - 5);

		snprintf(bad, sizeof(bad), "%s", iban);
		bool digit = iban[at] <= '9';

		if (how == 0)
			bad[at] = digit ? bad[at] == '7' ? '4' : '7' : bad[at] == 'Q' ? 'X' : 'Q';
		else if (how == 1)
			memmove(bad + at, bad + at + 1, n - at);
		else if (how == 2)
			memcpy(bad + n, "3", 2);
		else if (bad[at] != bad[at + 1] && digit == (bad[at + 1] <= '9')) {
			bad[at] = iban[at + 1];
			bad[at + 1] = iban[at];
		} else
			continue;
		pii_find(bad, strlen(bad), PII_BIT(PII_IBAN), &f);
		t->wrong += (unsigned)f.nr;
	}
	str_release(&s);
	pii_findings_release(&f);
}

START_TEST(test_iban_countries)
{
	char path[512], line[256], iban[64];
	struct tally t = { 0, 0, 0, 0 };
	unsigned countries = 0;
	FILE *f;

	if (!data_path("stdnum/iban.dat", path, sizeof(path)))
		return;
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		const char *bban = strstr(line, "bban=\"");

		if (line[0] == '#' || !bban)
			continue;
		countries++;
		for (int i = 0; i < 20; i++) {
			make_iban(line, bban + strlen("bban=\""), iban);
			try_iban(iban, &t);
		}
	}
	fclose(f);
	printf("# iban of %u countries: %u found, %u missed, %u wrong; P %.4f R %.4f\n", countries,
	       t.hit, t.missed, t.wrong, part(t.hit, t.wrong), part(t.hit, t.missed));
	fflush(stdout);
	ck_assert_uint_gt(countries, 80);
	ck_assert_uint_eq(t.missed, 0);
	ck_assert_uint_eq(t.wrong, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pii-data");
	TCase *tc = tcase_create("data");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_vectors);
	tcase_add_test(tc, test_iban_countries);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
