#include "fmt/text.h"

#include "base/utf8.h"
#include "t/unit/data.h"

#define RANDOM_RUNS 3000

static void
decode(struct slice bytes, const char *charset, const char *want, const char *want_used,
    unsigned want_lossy)
{
	struct str out = STR_INIT;
	const char *used;
	unsigned lossy;

	str_adds(&out, "x");
	text_decode(bytes, charset, &out, &used, &lossy);
	ck_assert_msg(strcmp(out.buf + 1, want) == 0, "%s: \"%s\", not \"%s\"",
	    charset ? charset : "-", out.buf + 1, want);
	ck_assert_uint_eq(strlen(out.buf), out.len);
	ck_assert_str_eq(used, want_used);
	ck_assert_uint_eq(lossy, want_lossy);
	str_release(&out);
}

#define BAD "\xef\xbf\xbd"

START_TEST(without_a_charset)
{
	decode(SLICE_LIT(""), NULL, "", "utf-8", 0);
	decode((struct slice){ NULL, 0 }, NULL, "", "utf-8", 0);
	decode(SLICE_LIT("plain"), NULL, "plain", "utf-8", 0);
	decode(SLICE_LIT("\xc3\xa4\xf0\x9f\x98\x80"), NULL, "\xc3\xa4\xf0\x9f\x98\x80", "utf-8", 0);
	decode(SLICE_LIT("\xef\xbb\xbf\xc3\xa4"), NULL, "\xc3\xa4", "utf-8", 0);
	decode(SLICE_LIT("caf\xe9 \x80\x93\x81"), NULL, "caf\xc3\xa9 \xe2\x82\xac\xe2\x80\x9c\xc2\x81",
	    "windows-1252", 0);
	decode(SLICE_LIT("a\0b"), NULL, "a" BAD "b", "utf-8", 1);
	decode(SLICE_LIT("a\0\xe9"), NULL, "a" BAD "\xc3\xa9", "windows-1252", 1);
	decode(SLICE_LIT("\xff\xfe" "a\0\xe9\0\x3d\xd8\x00\xde"), NULL, "a\xc3\xa9\xf0\x9f\x98\x80",
	    "utf-16le", 0);
	decode(SLICE_LIT("\xfe\xff\0a\xd8\x3d"), NULL, "a" BAD, "utf-16be", 1);
}
END_TEST

START_TEST(with_a_charset)
{
	decode(SLICE_LIT("\xe4"), "ISO-8859-1", "\xc3\xa4", "windows-1252", 0);
	decode(SLICE_LIT("\xe4\xb1"), " iso_8859-2 ", "\xc3\xa4\xc4\x85", "iso-8859-2", 0);
	decode(SLICE_LIT("\xd4\xc5\xd3\xd4"), "KOI8-R", "\xd1\x82\xd0\xb5\xd1\x81\xd1\x82", "koi8-r", 0);
	decode(SLICE_LIT("\x83\x65\x83\x58\x87\x40"), "Shift_JIS", "\xe3\x83\x86\xe3\x82\xb9\xe2\x91\xa0",
	    "cp932", 0);
	decode(SLICE_LIT("\x1b$B%F\x1b(Bx"), "iso-2022-jp", "\xe3\x83\x86x", "iso-2022-jp-2", 0);
	decode(SLICE_LIT("\xd6\xd0"), "gb2312", "\xe4\xb8\xad", "gb18030", 0);
	decode(SLICE_LIT("\xa4\xa4"), "big5", "\xe4\xb8\xad", "big5-hkscs", 0);
	decode(SLICE_LIT("\xc7\xd1"), "euc-kr", "\xed\x95\x9c", "uhc", 0);
	decode(SLICE_LIT("a+AOk-"), "utf-7", "a\xc3\xa9", "utf-7", 0);
	decode(SLICE_LIT("\xff\xfe\0\0a\0\0\0"), "utf-32", "a", "utf-32", 0);
	decode(SLICE_LIT("a\0\xe9\0"), "utf-16", "a\xc3\xa9", "utf-16le", 0);
	/* the mark knows better */
	decode(SLICE_LIT("\xef\xbb\xbf\xc3\xa4"), "iso-8859-1", "\xc3\xa4", "utf-8", 0);
	decode(SLICE_LIT("a\xe4z"), "utf-8", "a" BAD "z", "utf-8", 1);
	/* of two bytes the second is a letter of its own; the end comes too early */
	decode(SLICE_LIT("\x83" "\x20" "a\x83"), "cp932", BAD " a" BAD, "cp932", 2);
	decode(SLICE_LIT("a\0b"), "iso-8859-2", "a" BAD "b", "iso-8859-2", 1);
}
END_TEST

START_TEST(unknown_charsets)
{
	static const char *const names[] = {
		"x-unknown", "", "us-ascii", "ANSI_X3.4-1968", "//TRANSLIT", "utf-8//IGNORE/../x",
		"iso-2022-cn-ext", "../../../../tmp/evil", "8bit", "unknown-8bit", "binary",
		"a-name-of-a-charset-that-is-much-longer-than-any",
	};

	for (size_t i = 0; i < countof(names); i++) {
		decode(SLICE_LIT("\xe4"), names[i], "\xc3\xa4",
		    "windows-1252", 0);
		decode(SLICE_LIT("\xc3\xa4"), names[i], "\xc3\xa4", "utf-8", 0);
	}
}
END_TEST

/* Whatever comes in, UTF-8 without NUL comes out, from every charset. */
START_TEST(random_bytes)
{
	static const char *const names[] = {
		NULL, "utf-8", "utf-16", "utf-16be", "utf-32", "utf-32be", "utf-7", "iso-8859-8", "gb18030",
		"big5", "euc-tw", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr", "iso-2022-kr", "johab",
		"windows-1258", "tcvn", "cp864", "viscii", "koi8-t", "georgian-ps",
	};
	unsigned seed = 1;

	for (unsigned run = 0; run < RANDOM_RUNS; run++) {
		char in[600];
		size_t n = (size_t)rand_r(&seed) % sizeof(in);
		struct str out = STR_INIT;
		unsigned lossy;

		for (size_t i = 0; i < n; i++)
			in[i] = (char)(rand_r(&seed) % 5 ? rand_r(&seed) : "\x1b$(\x0e+&"[i % 6]);
		text_decode((struct slice){ in, n }, names[run % countof(names)], &out, NULL, &lossy);
		ck_assert_uint_eq(strlen(out.buf), out.len);
		ck_assert(utf8_ok(out.buf, out.len));
		str_release(&out);
	}
}
END_TEST

START_TEST(plain)
{
	struct doc d = DOC_INIT;
	struct err err = ERR_INIT;
	struct str s = STR_INIT;

	ck_assert_int_eq(text_plain(SLICE_LIT("\n \t\n  The first\t line \r\nand\0more\n"), &d, &err), 0);
	ck_assert_str_eq(d.title.buf, "The first line");
	ck_assert_str_eq(d.text.buf, "\n \t\n  The first\t line \r\nand" BAD "more\n");
	ck_assert_str_eq(d.meta.buf, "{\"replaced\":1");
	doc_release(&d);
	for (unsigned i = 0; i < 100; i++)
		str_adds(&s, "\xe2\x82\xac");
	ck_assert_int_eq(text_plain(str_slice(&s), &d, &err), 0);
	ck_assert_uint_eq(d.title.len, 198);
	ck_assert(utf8_ok(d.title.buf, d.title.len));
	doc_release(&d);
	ck_assert_int_eq(text_plain(SLICE_LIT(" \n"), &d, &err), 0);
	ck_assert_str_eq(d.title.buf, "");
	doc_release(&d);
	str_release(&s);
}
END_TEST

/* Checks what is true of all spans. */
static void
mark(struct doc *d)
{
	size_t before = 0;

	text_mail_spans(d);
	for (size_t i = 0; i < d->spans; i++) {
		const struct doc_span *p = &d->span[i];

		ck_assert(strcmp(p->kind, "quote") == 0 || strcmp(p->kind, "signature") == 0);
		ck_assert_uint_ge(p->start, before);
		ck_assert_uint_lt(p->start, p->end);
		ck_assert_uint_le(p->end, d->text.len);
		ck_assert(p->start == 0 || d->text.buf[p->start - 1] == '\n');
		ck_assert(p->end == d->text.len || d->text.buf[p->end - 1] == '\n');
		before = p->end;
	}
}

/* text has {q...} and {s...} around what should be found, at the beginning of lines. */
static void
spans(const char *text)
{
	struct doc d = DOC_INIT;
	struct str got = STR_INIT;
	size_t at = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '{')
			p++;
		else if (*p != '}')
			str_addc(&d.text, *p);
	}
	mark(&d);
	for (size_t i = 0; i < d.spans; i++) {
		str_add(&got, d.text.buf + at, d.span[i].start - at);
		str_addf(&got, "{%c%.*s}", d.span[i].kind[0], (int)(d.span[i].end - d.span[i].start),
		    d.text.buf + d.span[i].start);
		at = d.span[i].end;
	}
	str_adds(&got, d.text.buf + at);
	ck_assert_str_eq(got.buf, text);
	str_release(&got);
	doc_release(&d);
}

START_TEST(quotes)
{
	spans("");
	spans("no quote\n\nhere: > neither\n");
	spans("{q> a\n> b\n>> c\n}my words\n{q>d}");
	spans("Hi\n\n{q> a\n\n> b\n}\nanswer\n");
	spans("{qOn Mon, 3 Jun 2024 at 10:00, Ann <a@example.org> wrote:\n> a\n}b\n");
	spans("Yes.\n\n{qOn Mon, 3 Jun 2024 at 10:00, Ann Onym\n<a@example.org> wrote:\n\n> a\n}\nNo.\n");
	spans("x\n{qAm 03.06.24 um 10:00 schrieb Ann:\n> a\n}");
	spans("x\n{qLe lun. 3 juin 2024 \xc3\xa0 10:00, Ann a \xc3\xa9" "crit\xc2\xa0:\n> a\n}");
	spans("x\n{qEl 3/6/24 a las 10:00, Ann escribi\xc3\xb3:\n> a\n}");
	spans("x\n{qIl giorno lun 3 giu 2024 alle ore 10:00 Ann <a@example.org>\nha scritto:\n> a\n}");
	spans("x\n{qOp 3-6-2024 om 10:00 schreef Ann:\n> a\n}");
	spans("x\n{qEm 3 de junho de 2024, Ann escreveu:\r\n> a\r\n}");
	spans("x\n{qAnn Onym <a@example.org> writes:\n> a\n}");
	spans("see:\n{q> a\n}");
	/* what a mailbox makes of From */
	spans("a\n>From here on\nb\n");
	spans("a\n{q> b\n>From here on\n}c\n");
	/* the lines of a page, without marks */
	spans("Yes.\n\n{qOn Mon, 3 Jun 2024 at 10:00, Ann <a@example.org> wrote:\n\nWords.\nMore.\n}");
	spans("On this day in 1969 he wrote:\n\nWords.\n");
	/* two answers */
	spans("{qA <a@b.c> wrote:\n> a\n}b\n{qC <a@b.c> wrote:\n> d\n}");
}
END_TEST

START_TEST(copied)
{
	spans("Yes.\n\n{q-----Original Message-----\nFrom: A\nwhat it said\n}");
	spans("Yes.\n\n{q-----Urspr\xc3\xbcngliche Nachricht-----\nVon: A\n}");
	spans("Yes.\n\n{qFrom: Ann <a@example.org>\nSent: Monday\nTo: Bob\nSubject: x\n\nwords\n}");
	spans("Ja.\n\n{qVon: Ann\r\nGesendet: Montag\r\nAn: Bob\r\nBetreff: x\r\n\r\nWorte\r\n}");
	spans("Oui.\n\n{qDe : Ann\nEnvoy\xc3\xa9 : lundi\n\xc3\x80 : Bob\nObjet : x\n\nmots\n}");
	spans("Yes.\n\n{q________________________________\nFrom: Ann\nSent: Monday\nTo: Bob\n\nwords\n}");
	spans("Yes.\n\n{q*From:* Ann\n*Sent:* Monday\n*To:* Bob\n*Subject:* x\n\nwords\n}");
	spans("From: here to there\nTo: nowhere\n");
	spans("a\n________________________________\nb\n");
	spans("-----Original Message----- it said\n");
	/* nobody has it otherwise */
	spans("---------- Forwarded message ---------\nFrom: A\nDate: x\nSubject: y\nTo: z\n\nwords\n");
}
END_TEST

START_TEST(signatures)
{
	spans("a\n{s-- \nAnn\nPhone\n}");
	spans("a\n{s--\nAnn\n}");
	spans("--\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n");
	spans("a\n{s-- \nAnn\n\n}{qOn 3 Jun 2024, Bob wrote:\n> a\n> -- \n> Bob\n}");
	spans("a\n{s-- \nAnn\n\n}{q-----Original Message-----\nFrom: Bob\n-- \nBob\n}");
	spans("a\n\n{sSent from my iPhone\n}\n{q> b\n}");
	spans("a\n\n{sVon meinem iPhone gesendet\n}\nb\n");
	spans("a\n\n{s_______________________________________________\nfoo mailing list\n"
	    "foo@example.org\n}");
	spans("a --\n--b\n---\n-- c\n");
}
END_TEST

/* Made of the very lines that are looked for, in any order. */
START_TEST(random_mails)
{
	static const char *const lines[] = {
		"> a\n", ">\n", "\n", "words\n", "On 3 Jun 2024 at 10:00 Ann wrote:\n", "-- \n", "--\n",
		">From x\n", "-----Original Message-----\n", "From: a\n", "Sent: b\n", "To: c\n",
		"Subject: d\n", "________________________________\n", "Sent from my phone\n",
		"On Monday,\n", "Ann <a@b> wrote:\n", "a mailing list\n", "\r\n", "Forwarded\n", "last",
	};
	unsigned seed = 1;

	for (unsigned run = 0; run < RANDOM_RUNS; run++) {
		struct doc d = DOC_INIT;

		for (int n = rand_r(&seed) % 30; n > 0; n--)
			str_adds(&d.text, lines[(size_t)rand_r(&seed) % countof(lines)]);
		mark(&d);
		doc_release(&d);
	}
}
END_TEST

/* Each of them alone; this would take hours. */
START_TEST(hostile_mails)
{
	static const char *const units[] = {
		"> \n", "\n", ">\n\n", "wrote:\n", "On \n", "On 10:00 wrote:\n", "-- \n", "From:\n",
		"From: a\nTo: b\n", "________________________________\n", "*", "_", "-", ">", ":", "-- \n> \n",
		"a\n>From\n", "On a:1@ wrote:\n\nx\n", "--\n\n", "From: a\nSent:\n", "wrote wrote ",
	};

	for (size_t i = 0; i < countof(units); i++) {
		struct doc d = DOC_INIT;

		while (d.text.len < 2000000)
			str_adds(&d.text, units[i]);
		mark(&d);
		doc_release(&d);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text");
	TCase *tc = tcase_create("text");

	suite_add_tcase(s, tc);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, without_a_charset);
	tcase_add_test(tc, with_a_charset);
	tcase_add_test(tc, unknown_charsets);
	tcase_add_test(tc, random_bytes);
	tcase_add_test(tc, plain);
	tcase_add_test(tc, quotes);
	tcase_add_test(tc, copied);
	tcase_add_test(tc, signatures);
	tcase_add_test(tc, random_mails);
	tcase_add_test(tc, hostile_mails);
	return run_suite(s);
}
