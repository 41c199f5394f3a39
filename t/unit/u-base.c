/* base: numbers, encodings, UTF-8, the calendar, strings, errors */
#include "base/base.h"

#include <check.h>
#include <errno.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "base/utf8.h"

START_TEST(integers)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "1.0", "0x1", "1e3",
		"18446744073709551616", "99999999999999999999999" };
	uint64_t v;

	ck_assert_int_eq(num_uint("0", 0, &v), 0);
	ck_assert_uint_eq(v, 0);
	ck_assert_int_eq(num_uint("18446744073709551615", UINT64_MAX, &v), 0);
	ck_assert_uint_eq(v, UINT64_MAX);
	ck_assert_int_eq(num_uint("5", 4, &v), -1);
	for (size_t i = 0; i < countof(bad); i++)
		ck_assert_msg(num_uint(bad[i], UINT64_MAX, &v) == -1, "\"%s\"", bad[i]);
}
END_TEST

struct number {
	const char *text;
	uint64_t value;
};

START_TEST(sizes)
{
	static const struct number good[] = { { "0", 0 }, { "10", 10 }, { "10B", 10 },
		{ "64k", 65536 }, { "64K", 65536 }, { "64KiB", 65536 }, { "64KB", 64000 },
		{ "64kB", 64000 }, { "1M", 1048576 }, { "1MB", 1000000 }, { "2GiB", 2147483648 },
		{ "2GB", 2000000000 }, { "1TiB", UINT64_C(1) << 40 },
		{ "1TB", UINT64_C(1000000000000) }, { "9223372036854775807", INT64_MAX } };
	static const char *const bad[] = { "", "k", "1 k", "1kb", "1KIB", "1.5M", "-1", "1kk",
		"9223372036854775808", "8388608TiB", "99999999999T" };
	uint64_t v;

	for (size_t i = 0; i < countof(good); i++) {
		ck_assert_msg(num_size(good[i].text, &v) == 0, "%s", good[i].text);
		ck_assert_uint_eq(v, good[i].value);
	}
	for (size_t i = 0; i < countof(bad); i++)
		ck_assert_msg(num_size(bad[i], &v) == -1, "\"%s\"", bad[i]);
}
END_TEST

START_TEST(durations)
{
	static const struct number good[] = { { "0", 0 }, { "15", 15000 }, { "500ms", 500 },
		{ "15s", 15000 }, { "5m", 300000 }, { "5min", 300000 }, { "2h", 7200000 },
		{ "7d", 604800000 }, { "2w", 1209600000 } };
	static const char *const bad[] = { "", "s", "1 s", "1M", "1.5s", "-1s", "1y",
		"9223372036854775807w" };
	uint64_t v;

	for (size_t i = 0; i < countof(good); i++) {
		ck_assert_msg(num_duration(good[i].text, &v) == 0, "%s", good[i].text);
		ck_assert_uint_eq(v, good[i].value);
	}
	for (size_t i = 0; i < countof(bad); i++)
		ck_assert_msg(num_duration(bad[i], &v) == -1, "\"%s\"", bad[i]);
}
END_TEST

START_TEST(hex)
{
	static const unsigned char data[] = { 0, 1, 0xab, 0xff };
	unsigned char back[4];
	char text[9], a[33], b[33];

	enc_hex(data, 4, text);
	ck_assert_str_eq(text, "0001abff");
	ck_assert_int_eq(enc_unhex("0001ABff", back, 4), 0);
	ck_assert_mem_eq(back, data, 4);
	ck_assert_int_eq(enc_unhex("0001ABf", back, 4), -1);
	ck_assert_int_eq(enc_unhex("0001ABfg", back, 4), -1);
	ck_assert_int_eq(enc_unhex("0001ABff0", back, 4), -1);
	enc_random_hex(a, 16);
	enc_random_hex(b, 16);
	ck_assert_uint_eq(strlen(a), 32);
	ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(base64)
{
	/* RFC 4648, section 10 */
	static const struct { const char *plain, *coded; } cases[] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfd", "//79" } };
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====",
		"Zg==Zg==", "Zm 9", "Zm9v\n", "-_79", "=Zm9" };
	struct str s = STR_INIT;

	for (size_t i = 0; i < countof(cases); i++) {
		str_reset(&s);
		enc_base64(&s, cases[i].plain, strlen(cases[i].plain));
		ck_assert_str_eq(s.buf, cases[i].coded);
		str_reset(&s);
		ck_assert_int_eq(enc_unbase64(&s, cases[i].coded, strlen(cases[i].coded)), 0);
		ck_assert(slice_is(str_slice(&s), cases[i].plain));
	}
	for (size_t i = 0; i < countof(bad); i++)
		ck_assert_msg(enc_unbase64(&s, bad[i], strlen(bad[i])) == -1, "\"%s\"", bad[i]);
	ck_assert_int_eq(enc_unbase64(&s, "Zm9\0", 4), -1);
	str_release(&s);
}
END_TEST

/* Unicode 15, table 3-7, by its definition: what a code point encodes to is
 * well formed, all else is not. */
START_TEST(utf8_all_sequences)
{
	unsigned good[5] = { 0 }, two = 0, three = 0, four = 0;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char out[4];
		int n;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		n = utf8_put(c, out);
		if (utf8_step((unsigned char *)out, (unsigned char *)out + n) != n ||
		    utf8_step((unsigned char *)out, (unsigned char *)out + n - 1) != 0)
			ck_abort_msg("U+%04X", c);
		good[n]++;
	}
	/* counted the other way: of all leading three bytes as many are good */
	for (uint32_t w = 0; w <= 0xffffff; w++) {
		unsigned char p[3] = { (unsigned char)(w >> 16), (unsigned char)(w >> 8),
			(unsigned char)w };
		int n = utf8_step(p, p + 3);

		two += n == 2 && p[2] == 0;
		three += n == 3;
		four += n == 4;
	}
	ck_assert_uint_eq(two, good[2]);
	ck_assert_uint_eq(three, good[3]);
	ck_assert_uint_eq(four, 0);
	ck_assert_uint_eq(good[4], 0x100000);
}
END_TEST

START_TEST(utf8_prefix)
{
	static const struct { const char *s; size_t prefix; } cases[] = {
		{ "", 0 }, { "plain ASCII of some length", 26 }, { "12345678\xc3\xa4 1234567", 18 },
		{ "1234567\xff", 7 }, { "12345678\xff", 8 }, { "\xc0\xaf", 0 }, { "a\xe2\x82", 1 },
		{ "\xed\xa0\x80", 0 }, { "\xf4\x90\x80\x80", 0 }, { "\xf0\x8f\xbf\xbf", 0 },
		{ "\xe0\x9f\xbf", 0 }, { "\xf0\x9f\x92\xa9", 4 } };

	for (size_t i = 0; i < countof(cases); i++) {
		size_t n = strlen(cases[i].s);

		ck_assert_uint_eq(utf8_valid_prefix(cases[i].s, n), cases[i].prefix);
		ck_assert(utf8_ok(cases[i].s, n) == (cases[i].prefix == n));
	}
}
END_TEST

START_TEST(calendar_vectors)
{
	static const struct { const char *text; int64_t us; const char *out; } cases[] = {
		{ "1970-01-01T00:00:00Z", 0, NULL },
		{ "2026-11-21T01:15:56.123456Z", INT64_C(1795223756123456), NULL },
		{ "1969-12-31T23:59:59.999999Z", -1, NULL },
		{ "0000-01-01T00:00:00Z", INT64_C(-62167219200000000), NULL },
		{ "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999), NULL },
		{ "2000-02-29T12:00:00Z", INT64_C(951825600000000), NULL },
		/* RFC 3339, section 5.8 */
		{ "1985-04-12T23:20:50.52Z", INT64_C(482196050520000),
		    "1985-04-12T23:20:50.520000Z" },
		{ "1996-12-19T16:39:57-08:00", INT64_C(851042397000000), "1996-12-20T00:39:57Z" },
		{ "1990-12-31T23:59:60Z", INT64_C(662688000000000), "1991-01-01T00:00:00Z" },
		{ "1990-12-31T15:59:60-08:00", INT64_C(662688000000000), "1991-01-01T00:00:00Z" },
		{ "1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130000),
		    "1937-01-01T11:40:27.870000Z" },
		{ "2026-11-21 01:15:56z", INT64_C(1795223756000000), "2026-11-21T01:15:56Z" },
		{ "2026-11-21t01:15:56-00:00", INT64_C(1795223756000000),
		    "2026-11-21T01:15:56Z" },
		{ "1970-01-01T00:00:00.0000005Z", 1, "1970-01-01T00:00:00.000001Z" },
		{ "1970-01-01T00:00:00.00000049999Z", 0, "1970-01-01T00:00:00Z" },
		{ "1969-12-31T23:59:59.9999999Z", 0, "1970-01-01T00:00:00Z" },
	};
	char buf[CLOCK_BUF];
	int64_t us;

	for (size_t i = 0; i < countof(cases); i++) {
		ck_assert_msg(clock_parse(cases[i].text, strlen(cases[i].text), &us) == 0, "%s",
		    cases[i].text);
		ck_assert_msg(us == cases[i].us, "%s: %lld", cases[i].text, (long long)us);
		ck_assert_str_eq(clock_format(us, buf),
		    cases[i].out ? cases[i].out : cases[i].text);
	}
}
END_TEST

START_TEST(calendar_refuses)
{
	static const char *const bad[] = { "", "2026-11-21", "2026-11-21T01:15:56",
		"2026-11-21T01:15Z", "2026-11-21T01:15:56+0100", "2026-11-21T01:15:56+01",
		"2026-11-21T01:15:56.Z", "2026-11-21T01:15:56.1", "2026-11-21T24:00:00Z",
		"2026-11-21T01:60:56Z", "2026-11-21T01:15:61Z", "2026-13-21T01:15:56Z",
		"2026-00-21T01:15:56Z", "2026-11-31T01:15:56Z", "2026-11-00T01:15:56Z",
		"2025-02-29T01:15:56Z", "1900-02-29T01:15:56Z", "2026-11-21T01:15:56+24:00",
		"2026-11-21T01:15:56+01:60", "2026-11-21T01:15:56ZZ", "2026-11-21T01:15:56Z ",
		"-2026-11-21T01:15:56Z", "12026-11-21T01:15:56Z", "2026-11-21T01:15:56,5Z",
		"2026-11-21_01:15:56Z", "2026-1-21T01:15:56.00Z" };
	int64_t us;

	for (size_t i = 0; i < countof(bad); i++)
		ck_assert_msg(clock_parse(bad[i], strlen(bad[i]), &us) == -1, "\"%s\"", bad[i]);
	/* the length counts, not a NUL */
	ck_assert_int_eq(clock_parse("2026-11-21T01:15:56Zjunk", 20, &us), 0);
}
END_TEST

/* Every day of the range of a timestamptz, forward by the calendar's rules. */
START_TEST(calendar_every_day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t y = -4713, day = clock_days(-4713, 11, 24);
	int m = 11, d = 24;

	ck_assert_int_eq(day * INT64_C(86400000000), CLOCK_PG_MIN_US);
	while (y < 10000) {
		struct civil c;
		bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

		clock_civil(day * INT64_C(86400000000) + 86399999999, &c);
		if (c.year != y || c.month != m || c.day != d || c.hour != 23 || c.min != 59 ||
		    c.sec != 59 || c.usec != 999999 || clock_days(y, m, d) != day)
			ck_abort_msg("day %lld", (long long)day);
		day++;
		if (++d > days[m - 1] + (m == 2 && leap)) {
			d = 1;
			if (++m > 12) {
				m = 1;
				y++;
			}
		}
	}
	ck_assert_int_eq(clock_days(294247, 1, 10), INT64_MAX / INT64_C(86400000000));
}
END_TEST

START_TEST(calendar_format_far)
{
	char buf[CLOCK_BUF];

	ck_assert_str_eq(clock_format(CLOCK_PG_MAX_US, buf), "294247-01-10T04:00:54.775807Z");
	ck_assert_str_eq(clock_format(CLOCK_PG_MIN_US, buf), "-4713-11-24T00:00:00Z");
	ck_assert_uint_lt(strlen(clock_format(INT64_MIN, buf)), CLOCK_BUF);
	ck_assert_uint_lt(strlen(clock_format(INT64_MAX, buf)), CLOCK_BUF);
}
END_TEST

START_TEST(strings)
{
	struct str s = STR_INIT;
	char *p;

	ck_assert_str_eq(s.buf, "");
	str_reset(&s);
	str_add(&s, "", 0);
	ck_assert_uint_eq(s.alloc, 0);
	p = str_detach(&s);
	ck_assert_str_eq(p, "");
	free(p);
	str_addf(&s, "%s-%d", "a", 5);
	str_addc(&s, '!');
	str_add(&s, "\0x", 2);
	ck_assert_uint_eq(s.len, 6);
	ck_assert_int_eq(s.buf[6], '\0');
	str_truncate(&s, 3);
	ck_assert_str_eq(s.buf, "a-5");
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "%0*d", i % 200, i);
	ck_assert_uint_eq(strlen(s.buf), s.len);
	ck_assert_int_eq(strcmp(s.buf + s.len - 3, "999"), 0);
	p = str_detach(&s);
	ck_assert_uint_eq(s.len, 0);
	free(p);
	str_release(&s);
	str_release(&s);
}
END_TEST

START_TEST(statuses)
{
	static const struct { enum err_kind kind; int status; } table[] = { { ERR_NONE, 0 },
		{ ERR_USAGE, 64 }, { ERR_DATA, 65 }, { ERR_BUG, 70 }, { ERR_IO, 74 },
		{ ERR_TEMP, 75 }, { ERR_PERM, 77 }, { ERR_CONFIG, 78 }, { ERR_STOPPED, 75 } };
	/* each row: a then b gives c */
	static const int worse[][3] = { { 0, 0, 0 }, { 0, 1, 1 }, { 1, 0, 1 }, { 1, 2, 2 },
		{ 2, 1, 2 }, { 2, 65, 65 }, { 65, 2, 65 }, { 65, 75, 65 }, { 75, 65, 75 },
		{ 0, 78, 78 }, { 78, 0, 78 } };

	for (size_t i = 0; i < countof(table); i++) {
		struct err e = ERR_INIT;

		if (table[i].kind != ERR_NONE)
			ck_assert_int_eq(err_set(&e, table[i].kind, "x"), -1);
		ck_assert_int_eq(err_exit_status(&e), table[i].status);
		err_release(&e);
	}
	for (size_t i = 0; i < countof(worse); i++)
		ck_assert_int_eq(err_worse_status(worse[i][0], worse[i][1]), worse[i][2]);
}
END_TEST

START_TEST(errors)
{
	struct err a = ERR_INIT, b = ERR_INIT;

	errno = ENOENT;
	ck_assert_int_eq(err_setno(&a, "could not open \"%s\"", "x"), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(a.kind, ERR_IO);
	ck_assert_str_eq(a.text, "could not open \"x\": No such file or directory");
	errno = EACCES;
	err_setno(&a, "x");
	ck_assert_int_eq(a.kind, ERR_PERM);
	err_hint(&a, "do %d", 1);
	err_wrap(&a, "file %d", 2);
	ck_assert_str_eq(a.text, "file 2: x: Permission denied");
	ck_assert_str_eq(a.hint, "do 1");
	/* a later error may quote the one that it replaces */
	err_set(&a, ERR_DATA, "again: %s", a.text);
	ck_assert_str_eq(a.text, "again: file 2: x: Permission denied");
	ck_assert_ptr_null(a.hint);
	err_move(&b, &a);
	ck_assert_int_eq(a.kind, ERR_NONE);
	ck_assert_ptr_null(a.text);
	ck_assert_int_eq(b.kind, ERR_DATA);
	err_release(&a);
	err_release(&b);
	err_release(&b);
}
END_TEST

START_TEST(memory)
{
	size_t alloc = 0;
	int *p = NULL;

	for (int i = 0; i < 1000; i++) {
		ALLOC_GROW(p, (size_t)i + 1, alloc);
		p[i] = i;
	}
	ck_assert_int_eq(p[999], 999);
	ck_assert_uint_ge(alloc, 1000);
	free(p);
	p = xreallocarray(NULL, 0, 8);
	ck_assert_ptr_nonnull(p);
	free(p);
}
END_TEST

/* Out of memory, and a size that overflows: status 70, no crash. */
START_TEST(memory_overflow)
{
	volatile size_t n = SIZE_MAX / 2;

	free(xreallocarray(NULL, n, 4));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { integers, sizes, durations, hex, base64,
		utf8_all_sequences, utf8_prefix, calendar_vectors, calendar_refuses,
		calendar_every_day, calendar_format_far, strings, statuses, errors, memory };
	Suite *s = suite_create("base");
	TCase *tc = tcase_create("base");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	for (size_t i = 0; i < countof(tests); i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_exit_test(tc, memory_overflow, EXIT_BUG);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
