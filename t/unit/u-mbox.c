/* Where the messages of a mailbox begin (fmt/mail.h). */
#include <check.h>

#include "fmt/mail.h"
#include "data.h"

#define DATE "Thu Jan  1 00:00:00 2026"
#define SEP "From a@example.org " DATE "\n"

/* The messages of text, one after the other, with `|` behind each. piece: how much
 * more is handed over when more is asked for. */
static char *
split(const char *text, size_t n, enum mbox_rule rule, size_t piece)
{
	struct str out = STR_INIT;
	size_t at = 0, seen = MIN(piece, n), skip;

	while (at < n) {
		size_t len = mbox_next((struct slice){ text + at, seen - at }, seen == n, rule, &skip);

		if (len == 0) {
			ck_assert_uint_lt(seen, n);
			seen = MIN(seen + piece, n);
			continue;
		}
		ck_assert_uint_le(skip, len);
		ck_assert_uint_le(at + len, seen);
		if (len > skip) {
			str_add(&out, text + at + skip, mbox_trim(text + at + skip, len - skip));
			str_addc(&out, '|');
		}
		at += len;
	}
	return str_detach(&out);
}

static void
expect(const char *text, enum mbox_rule rule, const char *want)
{
	size_t n = strlen(text);

	for (size_t piece = 1; piece <= n + 1; piece++) {
		char *got = split(text, n, rule, piece);

		ck_assert_msg(strcmp(got, want) == 0, "in pieces of %zu: %s, not "
		    "%s", piece, got, want);
		free(got);
	}
}

START_TEST(messages)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ SEP "A: 1\n\nx\n\n" SEP "B: 2\n\ny\n\n", "A: 1\n\nx\n|B: 2\n\ny\n|" },
		{ SEP "A: 1\n\nx", "A: 1\n\nx|" },
		{ "A: 1\n\nno separator at first\n\n" SEP "B: 2\n", "A: 1\n\nno separator at "
		    "first\n|B: 2\n|" },
		{ "\n\r\n" SEP "A: 1\n\nempty lines in front\n", "A: 1\n\nempty lines in "
		    "front\n|" },
		{ "From x\nA: 1\n\nfirst line without a date\n",
		    "A: 1\n\nfirst line without a date\n|" },
		/* a sentence, with or without an empty line in front */
		{ SEP "A: 1\n\nx\n\nFrom here on: y\nz\n", "A: 1\n\nx\n\nFrom here on: y\nz\n|" },
		{ SEP "A: 1\n\nx\n\nFrom Monday 10:00 to 2026\n", "A: 1\n\nx\n\nFrom Monday 10:"
		    "00 to 2026\n|" },
		{ SEP "A: 1\n\nx\n" SEP "y\n", "A: 1\n\nx\n" SEP "y\n|" },
		/* the empty line was forgotten, but a header follows */
		{ SEP "A: 1\n\nx\n" SEP "B: 2\n\ny\n", "A: 1\n\nx\n|B: 2\n\ny\n|" },
		{ SEP "A: 1\n\nx\n" SEP "http://b\n", "A: 1\n\nx\n" SEP "http://b\n|" },
		/* lines that end as in DOS */
		{ "From a " DATE "\r\nA: 1\r\n\r\nx\r\n\r\nFrom b " DATE "\r\nB: 2\r\n",
		    "A: 1\r\n\r\nx\r\n|B: 2\r\n|" },
		/* what Content-Length says is nobody's business */
		{ SEP "Content-Length: 9999\n\nx\n\n" SEP "B: 2\n", "Content-Length: 9999\n\n"
		    "x\n|B: 2\n|" },
		{ SEP "\n" SEP "B: 2\n", "\n|B: 2\n|" },
		{ SEP, "" },
		{ "\n\n", "" },
		{ "From - \nA: 1\n\nx\n\nFrom - \nB: 2\n\ny\n", "A: 1\n\nx\n|B: 2\n\ny\n|" },
	};

	ck_assert_uint_eq(countof(row), 16);
	expect(row[_i].text, MBOX_STRICT, row[_i].want);
}
END_TEST

/* What stands behind `From `: a date or not. */
START_TEST(tails)
{
	static const struct {
		const char *tail;
		bool date;
	} row[] = {
		{ "a@b Thu Jan  1 00:00:00 2026", true },
		{ "a@b Thu Jan 1 00:00 2026", true },
		{ "a@b Thu Jan 01 9:00:00 PST 2026", true },
		{ "a@b Thu Jan 01 09:00:00 2026 +0100", true },
		{ "a@b Thu Jan 01 09:00:00 2026 remote from host", true },
		{ "\"A B\"@c Thu Jan 01 09:00:00 2026", true },
		{ "Thu Jan 01 09:00:00 2026", true },
		{ "a@b Thu, 1 Jan 2026 09:00:00 +0000", true },
		{ "a@b 2026-01-01T09:00:00Z", true },
		{ "a@b 2026-01-01 09:00:00", true },
		{ "-", true },
		{ "a@b", false },
		{ "", false },
		{ "a@b Thu Jan 1 2026", false },
		{ "a@b Thu Jan 1 00:00:00 26", false },
		{ "the Thu Jan meeting at 10:00 in 2026", false },
		{ "the beginning of 2026-01-01 on", false },
		{ "Thursday January 1 10:00 2026", false },
	};

	for (size_t i = 0; i < countof(row); i++) {
		struct str text = STR_INIT, want = STR_INIT;

		str_addf(&text, SEP "A: 1\n\nx\n\nFrom %s\nB: 2\n", row[i].tail);
		if (row[i].date)
			str_adds(&want, "A: 1\n\nx\n|B: 2\n|");
		else
			str_addf(&want, "A: 1\n\nx\n\nFrom %s\nB: 2\n|", row[i].tail);
		expect(text.buf, MBOX_STRICT, want.buf);
		expect(text.buf, MBOX_RD, want.buf);
		expect(text.buf, MBOX_LAX, "A: 1\n\nx\n|B: 2\n|");
		str_release(&text);
		str_release(&want);
	}
}
END_TEST

START_TEST(quoting)
{
	char text[] = ">From a\n>>From b\n> From c\n>Frome\nFrom d\n>>>From \n>From";
	size_t n = mbox_unquote(text, strlen(text));

	ck_assert_uint_eq(n, strlen(text) - 3);
	text[n] = '\0';
	ck_assert_str_eq(text, "From a\n>From b\n> From c\n>Frome\nFrom d\n>>From \n>From");
	ck_assert_uint_eq(mbox_unquote(text, 0), 0);
}
END_TEST

START_TEST(trims)
{
	ck_assert_uint_eq(mbox_trim("x\n\n", 3), 2);
	ck_assert_uint_eq(mbox_trim("x\n", 2), 2);
	ck_assert_uint_eq(mbox_trim("x\r\n\r\n", 5), 3);
	ck_assert_uint_eq(mbox_trim("x\n\n\n", 4), 3);
	ck_assert_uint_eq(mbox_trim("\n", 1), 1);
	ck_assert_uint_eq(mbox_trim("", 0), 0);
}
END_TEST

/* Twice the candidates take about twice the time. */
static double
seconds(size_t n, const char *line)
{
	struct str text = STR_INIT;
	struct timespec a, b;
	size_t skip;

	while (text.len < n)
		str_adds(&text, line);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	ck_assert_uint_eq(mbox_next(str_slice(&text), true, MBOX_STRICT, &skip), text.len);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	str_release(&text);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

START_TEST(linear)
{
	static const char *const line[] = { "\n\nFrom x", "\n\nFrom \n", "From From ",
		"\n\nFrom Thu Thu Thu Thu Thu Thu Thu Thu" };
	const size_t small = (size_t)1 << 20;

	for (size_t i = 0; i < countof(line); i++) {
		double base = seconds(small, line[i]);

		ck_assert_double_lt(seconds(8 * small, line[i]), 8 * 4 * base + .05);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mbox");
	TCase *tc = tcase_create("mbox");

	tcase_add_loop_test(tc, messages, 0, 16);
	tcase_add_test(tc, tails);
	tcase_add_test(tc, quoting);
	tcase_add_test(tc, trims);
	tcase_add_test(tc, linear);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
