/* Mails that mean harm, or are none (fmt/mail.h). */
#include <check.h>

#include "mail-test.h"

#define HTML "Content-Type: text/html\n\n<p>"

static unsigned
count(const char *what)
{
	unsigned n = 0;

	for (const char *p = got.buf; (p = strstr(p, what)); p++)
		n++;
	return n;
}

START_TEST(bounded)
{
	struct str text = STR_INIT;

	for (int i = 0; i < 50; i++)
		str_adds(&text, "Content-Type: message/rfc822\n\n");
	parse(text.buf);
	ck_assert_uint_eq(count("{\"type\":\"document\""), MAIL_MAX_DEPTH + 1);
	has("messages more than 16 deep");

	str_reset(&text);
	for (int i = 0; i < 50; i++)
		str_addf(&text, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	str_adds(&text, "\ndeep\n");
	parse(text.buf);
	has("parts more than 16 deep");
	has("deep\\n\"");

	str_reset(&text);
	str_adds(&text, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 3000; i++)
		str_adds(&text, "--b\nContent-Type: image/png\n\nx\n");
	parse(text.buf);
	has("more than 1000 parts");
	ck_assert_uint_eq(count("+image/png"), MAIL_MAX_PARTS - 1);

	/* an address list deep in groups, a header of one word */
	str_reset(&text);
	str_adds(&text, "To: ");
	for (int i = 0; i < 100000; i++)
		str_adds(&text, "a:");
	str_adds(&text, "\nSubject: ");
	for (int i = 0; i < 100000; i++)
		str_adds(&text, "=?");
	str_adds(&text, "\nCc: ");
	for (int i = 0; i < 100000; i++)
		str_adds(&text, "(<\"");
	str_adds(&text, "\n\nx");
	parse(text.buf);
	has("\"text\":\"x\"");
	str_release(&text);
}
END_TEST

START_TEST(failures)
{
	const char *two = "Content-Type: multipart/mixed; boundary=b\n\n--b\n" HTML "x\n--b--\n";

	ck_assert_int_eq(parse_n("", 0), -1);
	ck_assert_int_eq(err.kind, ERR_DATA);
	ck_assert_int_eq(parse_n("no header\nhere\n\nx: y\n", 20), -1);
	ck_assert_int_eq(parse_n("\nSubject: too late\n", 19), -1);
	ck_assert_int_eq(parse_n("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0", 11), -1);
	ck_assert_str_eq(got.buf, "");
	emit_rc = -1;
	ck_assert_int_eq(parse_n("A: b\n\nx", 7), -1);
	ck_assert_int_eq(err.kind, ERR_IO);
	emit_rc = 0;
	html_rc = -1;
	html_kind = ERR_DATA;
	parse(two);
	has("the HTML cannot be read");
	html_kind = ERR_IO;
	ck_assert_int_eq(parse_n(two, strlen(two)), -1);
	ck_assert_int_eq(err.kind, ERR_IO);
	html_rc = 0;
	/* NUL is nothing special, and never comes out */
	ck_assert_int_eq(parse_n("A: b\0\nSubject: x\0y\nTo: \0\n\nx\0y", 29), 0);
	has("\"title\":\"x y\"");
	has("\"text\":\"x\xef\xbf\xbdy\"");
}
END_TEST

/* Eight times as much takes about eight times as long. */
static double
seconds(size_t n, const char *head, const char *line)
{
	struct str text = STR_INIT;
	struct timespec a, b;

	str_adds(&text, head);
	while (text.len < n)
		str_adds(&text, line);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	parse_n(text.buf, text.len);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	str_release(&text);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

START_TEST(linear)
{
	static const struct {
		const char *head, *line;
	} row[] = {
		{ "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n" },
		{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n", "\n--bb" },
		{ "Content-Type: multipart/mixed; boundary=\"--------------------------------\""
		    "\n\n",
		    "-" },
		{ "A: b\n", "bad line\n" },
		{ "A: b\n", "x: y\n" },
		{ "A: b\n", "x\ny: z\n" },
		{ "A: b\n\n", "begin 644 x\n" },
		{ "A: b\n\n", "begin 644 x\nM\n" },
		{ "A: b\n\n", "\nbegin 644 x\n#86)C\n`\nend\n" },
		{ "A: b\nContent-Type: text/plain; format=flowed\n\n", "> \n" },
		{ "A: b\nContent-Transfer-Encoding: base64\n\n", "=" },
		{ "A: b\nTo: ", "a:" },
		{ "A: b\nTo: ", "<a," },
		{ "A: b\nReferences: ", "<" },
		{ "A: b\nSubject: ", "=?utf-8?b?" },
		{ "A: b\nContent-Type: x/y", ";a=b" },
		{ "A: b\nContent-Type: x/y", ";a*0=b" },
	};
	const size_t small = (size_t)128 << 10;
	double base = seconds(small, row[_i].head, row[_i].line);

	ck_assert_uint_eq(countof(row), 17);
	ck_assert_double_lt(seconds(8 * small, row[_i].head, row[_i].line), 8 * 4 * base + .2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mail-hostile");
	TCase *tc = tcase_create("mail-hostile");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, release);
	tcase_add_test(tc, bounded);
	tcase_add_test(tc, failures);
	tcase_add_loop_test(tc, linear, 0, 17);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
