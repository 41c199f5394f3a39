/*
 * What holds of the scanner for any text: ranges apart and within, the same answer
 * twice, the same finding in any surroundings, and time that grows with the length.
 */
#include "pii-test.h"

#include <ctype.h>

#include "base/str.h"

static uint64_t rnd_state = 42;

static unsigned
rnd(unsigned n)
{
	rnd_state = rnd_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(rnd_state >> 33) % n;
}

static const struct {
	enum pii_kind kind;
	const char *text;
} values[] = {
	{ PII_EMAIL, "ann.lee+tag@mail.example.org" },
	{ PII_EMAIL, "jos\xc3\xa9@example.es" },
	{ PII_PHONE, "+44 20 7123 4567" },
	{ PII_PHONE, "(415) 555-0132" },
	{ PII_PHONE, "415-555-0132" },
	{ PII_CREDIT_CARD, "4111 1111 1111 1111" },
	{ PII_CREDIT_CARD, "371449635398431" },
	{ PII_IBAN, "DE89 3704 0044 0532 0130 00" },
	{ PII_IBAN, "gb29nwbk60161331926819" },
	{ PII_US_SSN, "212-09-9998" },
	{ PII_US_ITIN, "912-70-1234" },
	{ PII_ABA, "1210-0035-8" },
	{ PII_IP, "192.0.2.1" },
	{ PII_IP, "2001:db8::8a2e:370:7334" },
	{ PII_IP, "fe80::1%eth0" },
	{ PII_MAC, "00:1A:2B:3C:4D:5E" },
	{ PII_MAC, "0012.3456.789a" },
	{ PII_NPI, "1234-567-893" },
};

/* Pieces that are no part of any value: words of several languages, then numbers, then
 * words that speak of a kind. */
static const char *const filler[] = {
	"the", "quick", "brown", "fox,", "x", "(and", "so)", "on;", "naïve", "Straße", "日本語",
	"Ελλάδα", "\"quoted\"", "#tag", "a/b", "e.g.", "…", "—", "\n", "\t", "\xff\xfe",
	"12", "100%", "3.14", "2026",
	"ssn", "phone:", "card", "ip", "address",
};
#define WORDS (countof(filler) - 9)
#define NUMBERS (countof(filler) - 5)
#define ANYTHING countof(filler)

static void
add_filler(struct str *s, unsigned of)
{
	for (unsigned n = rnd(12); n > 0; n--) {
		const char *word = filler[rnd(of)];

		str_adds(s, word);
		str_adds(s, " ");
	}
}

START_TEST(test_surroundings)
{
	struct pii_findings f = PII_FINDINGS_INIT;
	struct str s = STR_INIT;
	unsigned tried = 0;

	for (int round = 0; round < 20000; round++) {
		size_t v = rnd(countof(values)), start, end, i;

		str_reset(&s);
		add_filler(&s, NUMBERS);
		str_adds(&s, "this ");	/* a number in front might belong to it */
		start = s.len;
		str_adds(&s, values[v].text);
		end = s.len;
		str_adds(&s, rnd(2) ? ". " : " then ");
		add_filler(&s, NUMBERS);
		pii_find(s.buf, s.len, 0, &f);
		for (i = 0; i < f.nr; i++)
			if (f.v[i].start == start && f.v[i].end == end &&
			    f.v[i].kind == values[v].kind)
				break;
		ck_assert_msg(i < f.nr, "not found at %zu: %s", start, s.buf);
		ck_assert_msg(f.nr == 1, "%zu findings in: %s", f.nr, s.buf);
		tried++;
	}
	ck_assert_uint_eq(tried, 20000);
	str_release(&s);
	pii_findings_release(&f);
}
END_TEST

/* What a finding depends on lies near by: text farther off shifts it and no more. */
START_TEST(test_shift)
{
	struct pii_findings a = PII_FINDINGS_INIT, b = PII_FINDINGS_INIT;
	struct str s = STR_INIT, shifted = STR_INIT;
	unsigned found = 0;

	for (int round = 0; round < 5000; round++) {
		size_t by;

		str_reset(&s);
		str_reset(&shifted);
		for (unsigned n = 1 + rnd(6); n > 0; n--) {
			add_filler(&s, ANYTHING);
			str_adds(&s, values[rnd(countof(values))].text);
			str_adds(&s, rnd(3) ? " " : ", ");
		}
		for (unsigned n = rnd(9); n > 0; n--)
			add_filler(&shifted, WORDS);
		/* farther than any matcher or word looks */
		for (int i = 0; i < 400; i++)
			str_adds(&shifted, "~ ");
		by = shifted.len;
		str_add(&shifted, s.buf, s.len);
		for (int i = 0; i < 400; i++)
			str_adds(&shifted, " ~");
		pii_find(s.buf, s.len, 0, &a);
		pii_find(shifted.buf, shifted.len, 0, &b);
		ck_assert_msg(a.nr == b.nr, "%zu and %zu: %s", a.nr, b.nr, s.buf);
		for (size_t i = 0; i < a.nr; i++) {
			ck_assert_uint_eq(a.v[i].start + by, b.v[i].start);
			ck_assert_uint_eq(a.v[i].end + by, b.v[i].end);
			ck_assert_int_eq(a.v[i].kind, b.v[i].kind);
			ck_assert_uint_eq(a.v[i].score, b.v[i].score);
		}
		found += (unsigned)a.nr;
	}
	ck_assert_uint_gt(found, 5000);
	str_release(&s);
	str_release(&shifted);
	pii_findings_release(&a);
	pii_findings_release(&b);
}
END_TEST

/* A mask keeps the length and what is outside, and hides all letters and digits. */
static void
check_mask(struct slice text, const struct pii_findings *f)
{
	struct str out = STR_INIT;
	size_t at = 0;

	pii_mask(text, f, &out);
	ck_assert_uint_eq(out.len, text.len);
	for (size_t i = 0; i <= f->nr; i++) {
		size_t start = i < f->nr ? f->v[i].start : text.len;

		ck_assert(at == start || memcmp(out.buf + at, text.ptr + at, start - at) == 0);
		if (i == f->nr)
			break;
		for (at = start; at < f->v[i].end; at++)
			ck_assert(!isalnum((unsigned char)out.buf[at]));
	}
	str_release(&out);
}

START_TEST(test_random)
{
	static const char alphabet[] = "0123456789aAfFxX@@..::--++()/ %#_\"'\n,=[]"
		"\xc3\xa9\xe2\x80\x91\xf0\xff";
	struct pii_findings a = PII_FINDINGS_INIT, b = PII_FINDINGS_INIT;
	struct str s = STR_INIT;
	unsigned found = 0;

	for (int round = 0; round < 30000; round++) {
		str_reset(&s);
		for (unsigned n = rnd(120); n > 0; n--) {
			if (rnd(30) == 0)
				str_adds(&s, values[rnd(countof(values))].text);
			else if (rnd(8) == 0)
				str_addc(&s, (char)rnd(256));
			else
				str_addc(&s, alphabet[rnd(sizeof(alphabet) - 1)]);
		}
		pii_find(s.buf, s.len, 0, &a);
		pii_find(s.buf, s.len, 0, &b);
		ck_assert_uint_eq(a.nr, b.nr);
		for (size_t i = 0; i < a.nr; i++) {
			ck_assert_uint_eq(a.v[i].start, b.v[i].start);
			ck_assert_uint_eq(a.v[i].end, b.v[i].end);
			ck_assert_int_eq(a.v[i].kind, b.v[i].kind);
			ck_assert_uint_eq(a.v[i].score, b.v[i].score);
			ck_assert(a.v[i].validated == b.v[i].validated);
		}
		check_mask(str_slice(&s), &a);
		found += (unsigned)a.nr;
		/* a settled list stays as it is */
		pii_settle(&b);
		ck_assert_uint_eq(a.nr, b.nr);
	}
	ck_assert_uint_gt(found, 1000);
	str_release(&s);
	pii_findings_release(&a);
	pii_findings_release(&b);
}
END_TEST

#define ADVERSARY_BYTES (1 << 20)
#define NSEC_PER_SEC INT64_C(1000000000)

static int64_t
time_ns(struct slice text, struct pii_findings *f)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 3; i++) {
		struct timespec a, b;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		pii_scan(text, NULL, f);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		best = MIN(best, (b.tv_sec - a.tv_sec) * NSEC_PER_SEC + b.tv_nsec - a.tv_nsec);
	}
	return best;
}

/* Four times the text may take four times the time; sixteen is what a square gives. */
START_TEST(test_linear)
{
	static const char *const piece[] = {
		"1", "@", "a.", ":", "1-", "DE", "DE89", "DE89 ", "1 ", "01 ", "a@", "@a.", "a@a.",
		"12:", "ab:", "aa-", "::", "(1", "1(1)", "+1 ", "4111 ", "1.1.1.1 ", "1.2.3.4.",
		"\"@", "\xc3\xa9", "\xe4\xbd\xa0", "\x80", "123456789 ", "4111111111111111-", "x@b.cc,",
		"phone 5550132 ", "0123-", "a", "\"", "a@b.cc-",
	};
	struct pii_findings f = PII_FINDINGS_INIT;
	struct str s = STR_INIT;

	for (size_t i = 0; i < countof(piece); i++) {
		int64_t once, four;

		str_reset(&s);
		while (s.len < ADVERSARY_BYTES)
			str_adds(&s, piece[i]);
		once = time_ns((struct slice){ s.buf, s.len / 4 }, &f);
		four = time_ns(str_slice(&s), &f);
		pii_check(&f, s.len);
		printf("# %-20s %5.1f MB/s, four times the text %.1f times the time\n",
		       piece[i][0] & 0x80 ? "(not ASCII)" : piece[i],
		       (double)s.len * 1e3 / (double)MAX(four, 1),
		       (double)four / (double)MAX(once, 1));
		fflush(stdout);
		ck_assert_msg(four < 9 * MAX(once, 1000000), "\"%s\" is not linear", piece[i]);
	}
	str_release(&s);
	pii_findings_release(&f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pii-prop");
	TCase *tc = tcase_create("properties");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, test_surroundings);
	tcase_add_test(tc, test_shift);
	tcase_add_test(tc, test_random);
	tcase_add_test(tc, test_linear);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
