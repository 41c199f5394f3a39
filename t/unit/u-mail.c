/* Mail messages as documents (fmt/mail.h). */
#include <check.h>

#include "base/mem.h"
#include "fmt/mail_private.h"
#include "mail-test.h"

START_TEST(plain)
{
	ck_assert_str_eq(parse("From: Ada <ada@example.org>\r\nSubject: a\r\n b\r\n"
	    "Date: Thu, 1 Jan 2026 01:00:00 +0100\r\nMessage-ID: <1@x>\r\n\r\nline\r\nnext\r\n"),
	    "{\"type\":\"document\",\"source\":\"mail\",\"uri\":\"u\",\"sha256\":"
	    "\"fc6a5a7c96f9400baf6e4a10e628d06e332ed270c8baa4893aa5d993062b82bc\","
	    "\"mime\":\"message/rfc822\",\"title\":\"a b\",\"lang\":\"\","
	    "\"ts\":\"2026-01-01T00:00:00Z\",\"text\":\"line\\nnext\\n\","
	    "\"meta\":{\"message_id\":\"1@x\"},"
	    "\"persons\":[{\"role\":\"from\",\"name\":\"Ada\",\"email\":\"ada@example.org\"}]}\n");
}
END_TEST

/* A header, and what must stand in the record. */
START_TEST(headers)
{
	static const struct {
		const char *head, *want;
	} row[] = {
		{ "Subject: =?iso-8859-1?q?Gr=FC=DFe?= =?utf-8?b?w7xiZXI=?=",
		    "\"title\":\"Gr\xc3\xbc\xc3\x9f" "e\xc3\xbc" "ber\"" },
		/* words that are broken: in the middle of a character, with blanks in them, open */
		{ "Subject: =?utf-8?b?w7w=?= =?utf-8?q?_=C3?= =?utf-8?q?=BC?=",
		    "\"title\":\"\xc3\xbc \xc3\xbc\"" },
		{ "Subject: =?utf-8?q?a b?= c", "\"title\":\"a b c\"" },
		{ "Subject: =?utf-8?q?open", "\"title\":\"=?utf-8?q?open\"" },
		{ "Subject: =?x-unknown?q?=E4?=", "\"title\":\"\xc3\xa4\"" },
		{ "Subject: =?utf-8?q?a=FFb?= =?x?Q?c_?=", "\"title\":\"a\xef\xbf\xbd" "bc \"" },
		{ "Subject: x=?utf-8*de?Q?_y?= =?z", "\"title\":\"x y =?z\"" },
		{ "From: =?x-none?q?=E4bc?= <a@b>",
		    "\"name\":\"\xc3\xa4" "bc\",\"email\":\"a@b\"" },
		{ "From: =?utf-8?q?a=2C_b?= <a@b>", "\"name\":\"a, b\",\"email\":\"a@b\"" },
		{ "From: \"=?utf-8?b?w7w=?=\" <a@b>", "\"name\":\"\xc3\xbc\",\"email\":\"a@b\"" },
		{ "Subject: gr\xc3\xbcn", "\"title\":\"gr\xc3\xbcn\"" },
		{ "Subject: gr\xfcn", "\"title\":\"gr\xc3\xbcn\"" },
		{ "Subject: one\nSubject: two", "\"title\":\"one\"" },
		{ "Subject:", "\"title\":\"\"" },
		{ "To: A: a@b, \"C, D\" <c@d>;, e@f",
		    "{\"role\":\"to\",\"name\":\"\",\"email\":\"a@b\"},"
		    "{\"role\":\"to\",\"name\":\"C, D\",\"email\":\"c@d\"},"
		    "{\"role\":\"to\",\"name\":\"\",\"email\":\"e@f\"}" },
		{ "To: undisclosed-recipients:;", "\"meta\":{\"empty\":true},\"persons\":[]" },
		{ "Cc: =?utf-8?q?J=C3=BCrgen?= <j@x>",
		    "\"cc\",\"name\":\"J\xc3\xbcrgen\",\"email\":\"j@x\"" },
		{ "Bcc: a@b (Ann)", "\"bcc\",\"name\":\"Ann\",\"email\":\"a@b\"" },
		{ "Reply-To: r@x\nSender: s@x",
		    "[{\"role\":\"reply-to\",\"name\":\"\",\"email\":\"r@x\"},"
		    "{\"role\":\"sender\",\"name\":\"\",\"email\":\"s@x\"}]" },
		{ "To: a@b\nTo: c@d", "\"email\":\"c@d\"" },
		{ "From: root", "\"email\":\"root\"" },
		{ "From: (nobody)", "\"notes\":[\"no address in from\"]" },
		{ "Date: yesterday", "\"notes\":[\"the date is none\"]" },
		{ "Date: 21 Nov 96 10:00:00 GMT", "\"ts\":\"1996-11-21T10:00:00Z\"" },
		{ "In-Reply-To: <a@b> (of Monday)", "\"in_reply_to\":\"a@b\"" },
		{ "References: <a@b>\n <c@d>", "\"references\":[\"a@b\",\"c@d\"]" },
		{ "Content-Language: en-GB, de", "\"lang\":\"en\"" },
		{ "Message-ID: no brackets", "\"message_id\":\"" },
		{ "Subject : obsolete", "\"title\":\"obsolete\"" },
		{ "From a@b Thu Jan  1 00:00:00 2026\nSubject: x", "\"title\":\"x\"" },
		{ "Received: by x\nbroken line\nSubject: x", "a line in the header is no field" },
	};
	char *text = xasprintf("%s\n\n", row[_i].head);

	ck_assert_uint_eq(countof(row), 31);
	parse(text);
	has(row[_i].want);
	free(text);
}
END_TEST

/* A part (header and body) and the text that comes of it, or what else must be there. */
START_TEST(bodies)
{
	static const struct {
		const char *part, *want;
	} row[] = {
		{ "\nplain", "\"text\":\"plain\"" },
		{ "Content-Transfer-Encoding: quoted-printable\n\na=\nb=3D=C3=BC",
		    "\"text\":\"ab=\xc3\xbc\"" },
		{ "Content-Transfer-Encoding: quoted-printable\n\nbad =ZZ =",
		    "\"text\":\"bad =ZZ " },
		{ "Content-Transfer-Encoding: base64\n\nSGVs\n\r\nbG8g!*\nd29y\nbGQ=\n",
		    "\"text\":\"Hello world\"" },
		{ "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n#86)C\n`\nend\n",
		    "\"text\":\"abc\"" },
		{ "Content-Type: text/plain; charset=iso-8859-15\n\n\xa4",
		    "\"text\":\"\xe2\x82\xac\"" },
		{ "Content-Type: text/plain; charset=x-none\n\n\xe4", "\"text\":\"\xc3\xa4\"" },
		{ "Content-Type: text/plain; charset=x-none\n\n\xe4",
		    "\"notes\":[\"charset \\\"x-none\\\" read as windows-1252\"]" },
		{ "Content-Type: text/plain; charset=us-ascii\n\n\xc3\xa4",
		    "\"text\":\"\xc3\xa4\"" },
		{ "Content-Type: text\n\nx", "\"text\":\"x\"" },
		{ "Content-Type: text/html\n\n<p>x", "\"text\":\"HTML:<p>x\"" },
		{ "Content-Type: text/html\n\n<meta charset=iso-8859-15>\xa4", "\xe2\x82\xac\"" },
		{ "\nx\n\nbegin 644 a.bin\n#86)C\n`\nend\ny", "\"text\":\"x\\n\\ny\"" },
		{ "\nx\n\nbegin 644 a.bin\n#86)C\n`\nend\ny",
		    "+application/octet-stream a.bin u#1.uu1 u abc\n" },
		{ "\nbegin 644 a\n#86)C\n", "\"part\":\"1.uu1\",\"name\":\"a\"" },
		{ "\nbegin 644 a\nis how it begins\n",
		    "\"text\":\"begin 644 a\\nis how it begins\\n\"" },
		{ "Content-Type: application/pdf; name*=utf-8''%C3%BC.pdf\n\n%PDF",
		    "+application/pdf \xc3\xbc.pdf u#1 u %PDF\n" },
		{ "Content-Type: application/pdf; name*0=a; name*1=\"b c\"\n\n",
		    "\"name\":\"ab c\"" },
		{ "Content-Type: application/pdf; name=\"=?utf-8?q?=C3=BC?=\"\n\n",
		    "\"name\":\"\xc3\xbc\"" },
		{ "Content-Disposition: attachment; filename=\"x y\"\n\nz",
		    "\"text\":\"\",\"meta\":{\"empty\":true,\"attachments\":[{\"part\":\"1\",\""
		    "name\":\"x y\",\"mime\":\"text/plain\",\"bytes\":1,\"sha256\":\""
		    "594e519ae499312b29433b7dd8a97ff068defcba9755b6d5d00e84c524d67b06\"}]}" },
		{ "Content-Disposition: inline; filename=d\nContent-Type: image/png; name=t\n\nz",
		    "\"name\":\"d\"" },
		{ "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nz",
		    "\"encrypted\":true,\"empty\":true" },
		{ "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nz",
		    "\"meta\":{\"empty\":true,\"att" },
		{ "\n-----BEGIN PGP MESSAGE-----\n", "\"encrypted\":true" },
		{ "\n \n\t\n", "\"empty\":true" },
		{ "", "\"empty\":true" },
		{ "Content-Transfer-Encoding: x-gzip64\n\nx",
		    "\"notes\":[\"unknown transfer encoding\"]" },
		{ "no empty line\nin front\n\nof this\n",
		    "\"text\":\"no empty line\\nin front\\n\\nof this\\n\"" },
		{ " \nnor here\n", "\"text\":\"nor here\\n\"" },
	};
	char *text = xasprintf("Subject: x\n%s", row[_i].part);

	ck_assert_uint_eq(countof(row), 29);
	parse(text);
	has(row[_i].want);
	free(text);
}
END_TEST

START_TEST(flowed)
{
	static const struct {
		const char *in, *out;
		bool delsp;
	} row[] = {
		{ "one \ntwo\nthree\n", "one two\nthree\n", false },
		{ "one \ntwo", "onetwo", true },
		{ "> a \n> b\n>> c \n>> d\nx\n", "> a b\n>> c d\nx\n", false },
		{ "> a \n>> b\n", "> a \n>> b\n", false },
		{ " stuffed\n >x\n From\n", "stuffed\n>x\nFrom\n", false },
		{ "a \n-- \nname \nmore\n", "a \n-- \nname more\n", false },
		{ "last \n", "last \n", false },
		{ ">\n> \nx", ">\n>\nx", false },
		{ "\n\n", "\n\n", false },
	};

	for (size_t i = 0; i < countof(row); i++) {
		struct str out = STR_INIT;

		mail_add_flowed(&out, (struct slice){ row[i].in, strlen(row[i].in) }, row[i].delsp);
		ck_assert_str_eq(out.buf, row[i].out);
		str_release(&out);
	}
	parse("Content-Type: text/plain; format=flowed; DelSp=Yes\n\na \nb\r\nc\n");
	has("\"text\":\"ab\\nc\\n\"");
}
END_TEST

/* B: a boundary line, E: the last one; each with a newline. */
static const char *
multi(const char *type, const char *parts)
{
	struct str text = STR_INIT;

	str_addf(&text, "Subject: x\nContent-Type: multipart/%s; boundary=\"b 1\"\n\n"
	    "preamble\n", type);
	for (; *parts; parts++) {
		if (*parts == 'B' || *parts == 'E')
			str_addf(&text, "--b 1%s\n", *parts == 'E' ? "--" : "");
		else
			str_addc(&text, *parts);
	}
	parse(text.buf);
	str_release(&text);
	return got.buf;
}

#define HTML "Content-Type: text/html\n\n<p>"
#define PNG "Content-Type: image/png; name=i.png\n\npng\n"

START_TEST(multiparts)
{
	multi("mixed", "B\none\nB\ntwo\nE epilogue");
	has("\"text\":\"one\\n\\ntwo\"");
	lacks("preamble");
	lacks("epilogue");
	multi("alternative", "B\nplain\nB" HTML "html\nE");
	has("\"text\":\"plain\"");
	lacks("html");
	lacks("attachments");
	multi("alternative", "B" HTML "html\nB\nplain\nE");
	has("\"text\":\"plain\"");
	multi("alternative", "B\n \nB" HTML "html\nE");
	has("\"text\":\"HTML:<p>html\"");
	multi("alternative", "B\nplain\nBContent-Type: text/calendar\n\nics\nE");
	has("\"mime\":\"text/calendar\"");
	multi("alternative", "B\nplain\nBContent-Type: multipart/related; boundary=c\n\n"
	    "--c\n" HTML "html\n--c\n" PNG "--c--\nE");
	has("\"text\":\"plain\"");
	has("{\"part\":\"2.2\",\"name\":\"i.png\"");
	multi("related", "B" HTML "html\nB\nnot the root\nE");
	has("\"text\":\"HTML:<p>html\"");
	has("\"part\":\"2\",\"name\":\"\",\"mime\":\"text/plain\"");
	multi("mixed", "B\none\nB" PNG "B\nfooter\nE");
	has("\"text\":\"one\\n\\nfooter\"");
	has("+image/png i.png u#2 u png\n");
	multi("mixed", "B\none\nBContent-Disposition: attachment\n\nfile\nE");
	has("\"text\":\"one\"");
	has("+text/plain  u#2 u file\n");
	multi("encrypted", "BContent-Type: application/pgp-encrypted\n\nVersion: 1\nB\nx\nE");
	has("\"text\":\"\",\"meta\":{\"encrypted\":true,\"empty\":true,\"attachments\":[");
	multi("signed", "B\none\nBContent-Type: application/pgp-signature\n\nx\nE");
	has("\"text\":\"one\"");
}
END_TEST

/* What can be read of broken ones. */
START_TEST(broken_multiparts)
{
	multi("mixed", "B\none\nB\ntwo\n");
	has("\"text\":\"one\\n\\ntwo\\n\"");
	has("\"notes\":[\"the last boundary of a multipart is missing\"]");
	multi("mixed", "nothing here");
	has("\"text\":\"preamble\\nnothing here\"");
	has("the boundary of a multipart is nowhere");
	multi("mixed", "E");
	has("\"text\":\"preamble\"");
	has("a multipart without parts");
	multi("mixed", "BB\ntwo\nE");
	has("\"text\":\"two\"");
	multi("mixed", "B\none --b 1\n --b 1\n--b 12\nE");
	has("\"text\":\"one --b 1\\n --b 1\\n--b 12\"");
	multi("mixed", "BSubject: no end of the header\nB\ntwo\nE");
	has("\"text\":\"two\"");
	multi("mixed", "Bno header\n\ntwo\nE");
	has("\"text\":\"no header\\n\\ntwo\"");
	/* a mailbox's line in front is none of the header's business */
	parse("From a@b\n>From c@d\nSubject: x\n\ny");
	has("\"title\":\"x\"");
	lacks("notes");
	parse("Content-Type: multipart/mixed\n\n--x\n\ntext\n--x--\n");
	has("\"text\":\"--x\\n\\ntext\\n--x--\\n\"");
	has("a multipart without a boundary");
	parse("Content-Type: multipart/mixed; boundary=b\nContent-Type: text/plain\n\n--b\n\n"
	    "x\n--b--\n");
	has("\"text\":\"x\"");
	has("a second Content-Type");
}
END_TEST

START_TEST(messages_in_messages)
{
	multi("mixed", "B\none\nBContent-Type: message/rfc822\n\nSubject: inner\nFrom: a@b\n"
	    "Content-Type: multipart/mixed; boundary=c\n\n--c\n\ntwo\n--c\n" PNG "--c--\nE");
	has("\"text\":\"one\",\"meta\":{\"attachments\":[{\"part\":\"2\",\"name\":\"\","
	    "\"mime\":\"message/rfc822\",\"bytes\":127,"
	    "\"sha256\":\"1227b1184f57f09c4aaf622fea3a10b9b09e883ef6fa0dcba6cb3d5ef8acc1e1\"");
	has("{\"type\":\"document\",\"source\":\"mail\",\"uri\":\"u#2\",\"sha256\":\"");
	has("\"title\":\"inner\",\"lang\":\"\",\"text\":\"two\"");
	has("\"parent\":\"u\",\"persons\":[{\"role\":\"from\",\"name\":\"\",\"email\":\"a@b\"}]");
	has("+image/png i.png u#2.2 u#2 png");
	parse("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
	    "U3ViamVjdDogaW5uZXIKCnR3bw==\n");
	has("\"uri\":\"u#1\"");
	has("\"title\":\"inner\",\"lang\":\"\",\"text\":\"two\",\"meta\":{},\"parent\":\"u\"");
	multi("digest", "B\nSubject: inner\n\ntwo\nE");
	has("\"uri\":\"u#1\"");
	/* what has no header is kept where it is not the file itself */
	multi("mixed", "BContent-Type: message/rfc822\n\n\ntext\nE");
	has("\"text\":\"text\",\"meta\":{\"notes\":[\"no header\"]}");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mail");
	TCase *tc = tcase_create("mail");

	tcase_add_checked_fixture(tc, NULL, release);
	tcase_add_test(tc, plain);
	tcase_add_loop_test(tc, headers, 0, 31);
	tcase_add_loop_test(tc, bodies, 0, 29);
	tcase_add_test(tc, flowed);
	tcase_add_test(tc, multiparts);
	tcase_add_test(tc, broken_multiparts);
	tcase_add_test(tc, messages_in_messages);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
