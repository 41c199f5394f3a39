/* Personal data in text, kind by kind (alg/pii.h). */
#include "pii-test.h"

/*
 * {...} is the finding, of the kind that is named; a kind that is not in the list is
 * not to be found. What the braces stand around is found with all kinds switched on.
 */
struct sample {
	const char *kinds;
	const char *text;
};

static void
check_sample(const struct sample *s)
{
	struct pii_findings f = PII_FINDINGS_INIT;
	size_t from[16], to[16], nr = 0, n = 0;
	char text[512], kinds[128], *save, *kind;

	for (const char *p = s->text; *p; p++) {
		if (*p == '{')
			from[nr] = n;
		else if (*p == '}')
			to[nr++] = n;
		else
			text[n++] = *p;
	}
	pii_find(text, n, 0, &f);
	ck_assert_msg(f.nr == nr, "%s: %zu findings", s->text, f.nr);
	snprintf(kinds, sizeof(kinds), "%s", s->kinds);
	kind = strtok_r(kinds, " ", &save);
	for (size_t i = 0; i < nr; i++) {
		ck_assert_msg(f.v[i].start == from[i] && f.v[i].end == to[i], "%s: [%zu, %zu)",
			      s->text, f.v[i].start, f.v[i].end);
		ck_assert_ptr_nonnull(kind);
		ck_assert_msg(strcmp(pii_kind_name(f.v[i].kind), kind) == 0, "%s: %s", s->text,
			      pii_kind_name(f.v[i].kind));
		kind = strtok_r(NULL, " ", &save);
	}
	ck_assert_ptr_null(kind);
	pii_findings_release(&f);
}

static void
check_samples(const struct sample *s, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		check_sample(&s[i]);
}

START_TEST(test_email)
{
	static const struct sample s[] = {
		{ "email", "write to {ann@example.org}." },
		{ "email", "<{ann+tag@sub.example.co.uk}>, mailto:" },
		{ "email", "mailto:{ann@example.org}?subject=1" },
		{ "email", "key={ann@example.org}&x=1" },
		{ "email", "*{ann@example.org}* (bold)" },
		{ "email", "_{ann@example.org}_" },
		{ "email", "{\"ann lee\"@example.org}" },
		{ "email", "{o'neil@example.ie}" },
		{ "email", "{ann@[192.0.2.1]}" },
		{ "email", "{user#EXT#@t.onmicrosoft.com}" },
		{ "email", "{SRS0=HHH=TT=orig.org=ann@fwd.net}" },
		{ "email", "{éric@example.fr} and \xe2\x80\x9c""ann\xe2\x80\x9d" },
		{ "email", "\xe2\x80\x9c{ann@example.org}\xe2\x80\x9d" },
		{ "email", "请联系{john@example.com}谢谢" },
		{ "email", "{用户@例子.广告}" },
		{ "email", "{a@xn--d1acufc.xn--p1ai}" },
		{ "email", "{ann@münchen.de}" },
		{ "email", "{ann@example.org}--he said" },
		{ "email", "{4155550132@txt.example.net}" },
		{ "", "ann@example" },
		{ "", "ann@example." },
		{ "", "a@x.c icon@2x.png ann@-x.org @example.org ann@.org" },
		{ "", "pkg@1.2.3 @@ @ a@ @a" },
	};

	check_samples(s, countof(s));
}
END_TEST

START_TEST(test_phone)
{
	static const struct sample s[] = {
		{ "phone", "(see {415-555-0132})" },
		{ "phone", "{(415) 555-0132}" },
		{ "phone", "{(415)555-0132} x" },
		{ "phone", "{415.555.0132}" },
		{ "phone", "{+1 (415) 555-0132}" },
		{ "phone", "{+14155550132}" },
		{ "phone", "{1-800-555-0132}" },
		{ "phone", "{415-555-0132 ext. 12}, then" },
		{ "phone", "{415-555-0132x1234}" },
		{ "phone", "{+44 (0)20 7123 4567}" },
		{ "phone", "{020 7123 4567}" },
		{ "phone", "{0171/1234567}" },
		{ "phone", "{01 42 68 53 00}" },
		{ "phone", "{(02) 1234 5678}" },
		{ "phone", "{+55 11 98456-5666}" },
		{ "phone", "{(11) 98456-5666}" },
		{ "phone", "{8 (495) 123-45-67}" },
		{ "phone", "{0049 30 1234567}" },
		{ "phone", "({+49 30 1234567})" },
		{ "phone", "phone: {5550132}" },
		{ "phone", "fax {555-0132}" },
		{ "phone", "電話{090-1234-5678}です" },
		{ "phone", "\"mobileNumber\":\"{7911123456}\"" },
		{ "phone phone", "{415-555-0132} or {415-555-0133}" },
		{ "phone", "call {415-555-0132} 12 times" },
		{ "phone", "the order is ours: {415-555-0132}" },
		/* U+2011 and a no-break space */
		{ "phone", "{415\xe2\x80\x91""555\xe2\x80\x91""0132}" },
		{ "phone", "{+33\xc2\xa0""1 42 68 53 00}" },
		/* dates, times, ranges, versions, prices, books, identifiers */
		{ "", "2026-11-21 09:30 21.11.2026 12:30 1995-2011 20261121" },
		{ "", "2026-11-21T09:30:00.123456 1700000000 1700000000123" },
		{ "", "tel 1999-2004 and phone 20261121" },
		{ "", "5551234 4155550132 v415.555.0132 $415 555 0132" },
		{ "", "ISBN 978-3-16-148410-0 and 0-306-40615-2, 415-555-0132-77" },
		{ "", "order 415-555-0132, invoice no 4155550132" },
		{ "", "550e8400-e29b-41d4-a716-446655440000" },
		{ "", "12345678-1234-1234-1234-123456789012" },
		{ "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		{ "", "01 02 03 04 05 and 252.227-7013" },
		{ "", "100 200 3000 400 500 6000" },
		{ "", "0.415555013 3.14159265358979" },
	};

	check_samples(s, countof(s));
}
END_TEST

START_TEST(test_card)
{
	static const struct sample s[] = {
		{ "credit_card", "card {4111 1111 1111 1111}, exp 12/27" },
		{ "credit_card", "{4111-1111-1111-1111}" },
		{ "credit_card", "{4111111111111111}" },
		{ "credit_card", "{3714 496353 98431}" },
		{ "credit_card", "{30569309025904}" },
		{ "credit_card", "{6011000990139424}" },
		{ "credit_card", "{2223003122003222}" },
		{ "credit_card credit_card", "{4111111111111111} {5500005555555559}" },
		/* one finding for a run of digits, or none: not a phone within a bad card */
		{ "", "4111 1111 1111 1112" },
		{ "", "4111111111111112 and 41111111111111111111" },
		{ "", "x4111111111111111 4111111111111111x 0.4111111111111111" },
		{ "", "4111-1111-1111-1111-1111-1111" },
		{ "", "1990 1991 4111 1111 1111 1111 1993 1994" },
		{ "credit_card", "{4111111111111111} 4111 1111 1111 1111 1993 1994" },
	};

	check_samples(s, countof(s));
}
END_TEST

START_TEST(test_iban)
{
	static const struct sample s[] = {
		{ "iban", "IBAN: {DE89 3704 0044 0532 0130 00}." },
		{ "iban", "{de89370400440532013000}" },
		{ "iban", "{DE 89 3704 0044 0532 0130 00}" },
		{ "iban", "{GB29-NWBK-6016-1331-9268-19}" },
		{ "iban", "{FR14\xc2\xa0""2004\xc2\xa0""1010\xc2\xa0""0505\xc2\xa0""0001\xc2\xa0"
			  "3M02\xc2\xa0""606}" },
		{ "iban", "{DE89370400440532013000} ALL CAPS" },
		{ "", "DE89 3704 0044 0532 0130 01" },
		{ "", "XDE89370400440532013000 DE893704004405320130001" },
		{ "", "DE89 3704-0044 0532 0130 00 DE89/3704/0044/0532/0130/00" },
		{ "", "DE89 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0" },
		{ "", "ZZ89370400440532013000 DE8937040044053201300" },
	};

	check_samples(s, countof(s));
}
END_TEST

START_TEST(test_us)
{
	static const struct sample s[] = {
		{ "us_ssn", "SSN {212-09-9999}" },
		{ "us_ssn", "({212 09 9999})" },
		{ "us_itin", "{912-70-1234}" },
		{ "us_ssn", "social security {212099999}" },
		{ "aba", "routing number {121000358}" },
		{ "npi", "NPI {1234567893}" },
		{ "us_ssn", "ssn: {121042882}" },	/* an ABA by its sum, but it is said */
		{ "", "219-09-9999 078-05-1120 000-12-3456 666-12-3456 123-00-4567 123-45-0000" },
		{ "", "912-69-1234 912-93-1234 212-09.9999 1212-09-9999 212-09-99990" },
		{ "", "Boston, MA 02110-1301" },
		{ "", "NPI 1234567890 NPI 1111111112" },
	};

	check_samples(s, countof(s));
}
END_TEST

START_TEST(test_ip)
{
	static const struct sample s[] = {
		{ "ip", "from {192.0.2.1}:8080" },
		{ "ip", "http://{192.0.2.1}/x" },
		{ "ip", "net {10.0.0.0/8}." },
		{ "ip", "{192.0.2.1}." },
		{ "ip ip", "{10.0.0.1}-{10.0.0.9}" },
		{ "ip", "tcp {192.0.2.1}.443 > x" },
		{ "ip", "[{2001:db8::1}]:80" },
		{ "ip", "{fe80::1%eth0}" },
		{ "ip", "{2001:db8::/32}" },
		{ "ip", "{::ffff:192.0.2.1}" },
		{ "ip", "{1:2:3:4:5:6:7:8}" },
		{ "ip", "{2001:db8:1:2:3:4:192.0.2.1}" },
		{ "ip", "src:{2001:db8::1}, x" },
		{ "ip", "addr:{2001:db8::1}." },
		{ "ip", "{fe80::1}: timeout" },
		{ "", "1.2.3.4.5 version 1.2.3.4 libx-1.2.3.4 1.2.3.4-5 1.2.3 v192.0.2.1" },
		{ "", "256.1.1.1 192.0.2.256 192.0.2 192.0.2.01 a.192.0.2.1" },
		{ "", "2001::db8::1 12345:db8::1 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 fe80::1text" },
		{ "", "std::cout ::: s[::2] s[1::2] x :: Int dead::beef abc:def 12:34:56" },
		{ "", "text2001:db8::1" },
		{ "", "00:11:22:33:44:55:66:77" },
		{ "", "aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99" },
	};

	check_samples(s, countof(s));
}
END_TEST

START_TEST(test_mac)
{
	static const struct sample s[] = {
		{ "mac", "at {00:1A:2b:3C:4D:5E}," },
		{ "mac", "{00-1A-2B-3C-4D-5E}" },
		{ "mac", "{0012.3456.789a}" },
		{ "mac", "MAC:{00:1a:2b:3c:4d:5e}" },
		{ "", "00:1a:2b:3c:4d 00:1a:2b:3c:4d:5e:6f x00:1a:2b:3c:4d:5e 00:1a:2b-3c:4d:5e" },
		{ "", "ff:ff:ff:ff:ff:ff 00-00-00-00-00-00 1234.5678.9012" },
	};

	check_samples(s, countof(s));
}
END_TEST

static unsigned
score_of(const char *text)
{
	struct pii_findings f = PII_FINDINGS_INIT;
	unsigned score;

	pii_find(text, strlen(text), 0, &f);
	ck_assert_msg(f.nr == 1, "%s: %zu findings", text, f.nr);
	score = f.v[0].score;
	pii_findings_release(&f);
	return score;
}

START_TEST(test_context)
{
	static const char *const pair[][2] = {
		{ "ssn 212-09-9998", "and 212-09-9998" },
		{ "SSN: 212099998", "and 212099998" },
		{ "her social security number is 212099998", "it is 212099998" },
		{ "phone 020 7123 4567", "see 020 7123 4567" },
		{ "Telefon: 020 7123 4567", "see 020 7123 4567" },
		{ "Téléphone : 020 7123 4567", "see 020 7123 4567" },
		{ "ТЕЛЕФОН 020 7123 4567", "see 020 7123 4567" },
		{ "我的电话是020 7123 4567", "我020 7123 4567" },
		{ "userPhoneNumber=020 7123 4567", "x=020 7123 4567" },
		{ "user_phone=020 7123 4567", "user_x=020 7123 4567" },
		{ "routing 121000358", "and 121000358" },
		{ "npi 1234567893", "and 1234567893" },
		{ "visa 4222222222222", "and 4222222222222" },
	};

	for (size_t i = 0; i < countof(pair); i++) {
		unsigned with = score_of(pair[i][0]), without = score_of(pair[i][1]);

		ck_assert_msg(with > without && with >= PII_SCORE_CONTEXT_MIN, "%s: %u, %u",
			      pair[i][0], with, without);
	}
	/* the sixth word before it says nothing */
	ck_assert_uint_eq(score_of("ssn a b c d 212-09-9998"), 100);
	ck_assert_uint_eq(score_of("ssn a b c d e 212-09-9998"), 80);
}
END_TEST

START_TEST(test_options)
{
	struct pii_findings f = PII_FINDINGS_INIT;
	struct slice text = SLICE_LIT("ann@example.org 212099998 4111111111111111");
	struct pii_options opt = { .kinds = PII_BIT(PII_EMAIL) | PII_BIT(PII_US_SSN) };
	enum pii_kind k;

	pii_scan(text, &opt, &f);
	ck_assert_uint_eq(f.nr, 2);
	opt.min_score = PII_SCORE_LIKELY;
	pii_scan(text, &opt, &f);
	ck_assert_uint_eq(f.nr, 1);
	ck_assert_int_eq(f.v[0].kind, PII_EMAIL);
	pii_scan(text, NULL, &f);
	ck_assert_uint_eq(f.nr, 3);
	ck_assert(f.v[0].validated && !f.v[1].validated && f.v[2].validated);
	pii_scan((struct slice)SLICE_INIT, NULL, &f);
	ck_assert_uint_eq(f.nr, 0);
	pii_findings_release(&f);

	for (unsigned i = 0; i < PII_KIND_NR; i++) {
		const char *name = pii_kind_name((enum pii_kind)i);

		ck_assert_int_eq(pii_kind_parse((struct slice){ name, strlen(name) }, &k), 0);
		ck_assert_uint_eq((unsigned)k, i);
	}
	ck_assert_int_eq(pii_kind_parse(SLICE_LIT("phon"), &k), -1);
	ck_assert_int_eq(pii_kind_parse(SLICE_LIT(""), &k), -1);
}
END_TEST

START_TEST(test_settle)
{
	static const struct pii_finding in[] = {
		{ 30, 40, PII_PHONE, 60, false },
		{ 0, 9, PII_US_SSN, 60, false },	/* the same range: the score */
		{ 0, 9, PII_ABA, 40, true },
		{ 5, 5, PII_PERSON, 90, false },	/* empty */
		{ 10, 20, PII_PHONE, 60, false },	/* validated before longest */
		{ 12, 18, PII_IP, 40, true },
		{ 35, 45, PII_PERSON, 90, false },	/* earliest */
		{ 50, 60, PII_PHONE, 50, false },	/* longest; the last, freed by it, stays */
		{ 58, 70, PII_PERSON, 50, false },
		{ 69, 72, PII_PERSON, 50, false },
		{ 70, 75, PII_PERSON, 50, false },
	};
	static const struct pii_finding out[] = {
		{ 0, 9, PII_US_SSN, 60, false },
		{ 12, 18, PII_IP, 40, true },
		{ 30, 40, PII_PHONE, 60, false },
		{ 58, 70, PII_PERSON, 50, false },
		{ 70, 75, PII_PERSON, 50, false },
	};
	struct pii_findings f = PII_FINDINGS_INIT;

	for (size_t i = 0; i < countof(in); i++)
		pii_findings_add(&f, &in[i]);
	pii_settle(&f);
	ck_assert_uint_eq(f.nr, countof(out));
	for (size_t i = 0; i < f.nr; i++) {
		ck_assert_uint_eq(f.v[i].start, out[i].start);
		ck_assert_uint_eq(f.v[i].end, out[i].end);
		ck_assert_int_eq(f.v[i].kind, out[i].kind);
	}
	pii_findings_release(&f);
}
END_TEST

START_TEST(test_mask)
{
	static const char text[] = "an ann.lee@example.org, josé@example.org, "
		"+1\xc2\xa0""415\xe2\x80\x91""555-0132.";
	static const char want[] = "an ***.***@*******.***, *****@*******.***, "
		"+*\xc2\xa0""***\xe2\x80\x91""***-****.";
	struct pii_finding beyond = { sizeof(text) - 2, sizeof(text) + 50, PII_PERSON, 50, false };
	struct pii_findings f = PII_FINDINGS_INIT;
	struct str out = STR_INIT;

	pii_find(text, sizeof(text) - 1, 0, &f);
	pii_findings_add(&f, &beyond);
	str_adds(&out, ">");
	pii_mask((struct slice){ text, sizeof(text) - 1 }, &f, &out);
	ck_assert_uint_eq(out.len, sizeof(text));
	ck_assert_str_eq(out.buf + 1, want);
	str_release(&out);
	pii_findings_release(&f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pii");
	TCase *tc = tcase_create("pii");

	tcase_add_test(tc, test_email);
	tcase_add_test(tc, test_phone);
	tcase_add_test(tc, test_card);
	tcase_add_test(tc, test_iban);
	tcase_add_test(tc, test_us);
	tcase_add_test(tc, test_ip);
	tcase_add_test(tc, test_mac);
	tcase_add_test(tc, test_context);
	tcase_add_test(tc, test_options);
	tcase_add_test(tc, test_settle);
	tcase_add_test(tc, test_mask);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
