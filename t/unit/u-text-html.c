#include "fmt/text.h"

#include "base/utf8.h"
#include "t/unit/data.h"

static struct doc
page_in(struct slice html, const char *charset)
{
	struct doc d = DOC_INIT;
	struct err err = ERR_INIT;

	ck_assert_msg(text_html(html, charset, &d, &err) == 0, "%s", err.text);
	ck_assert(utf8_ok(d.text.buf, d.text.len));
	ck_assert(!memchr(d.text.buf, '\0', d.text.len));
	return d;
}

static struct doc
page(const char *html)
{
	return page_in((struct slice){ html, strlen(html) }, NULL);
}

static void
gives(const char *html, const char *text)
{
	struct doc d = page(html);

	ck_assert_str_eq(d.text.buf, text);
	doc_release(&d);
}

START_TEST(nothing)
{
	gives("", "");
	gives(" \n ", "");
	gives("<html></html>", "");
	gives("</i></x>a", "a");
	gives("</i><p>a</p>b", "a\n\nb");
	gives("<html><body><p>a</p></body></html><p>b</p></body></body></html>c", "a\n\nb\n\nc");
	gives("</html></html><!-- x --></html> </html>c<!-- y -->", "c");
	gives("a < b", "a < b");
	gives("just words", "just words");
	gives("<p", "");
}
END_TEST

START_TEST(white_space)
{
	gives("<p>  a \n\t b  </p>", "a b");
	gives("<p>a<b> b</b> <i>c </i>d</p>", "a b c d");
	gives("<p>un<b>broken</b></p>", "unbroken");
	gives("<div>a</div><div>b</div>c", "a\nb\nc");
	gives("<div><div><div>a</div></div></div><div>b</div>", "a\nb");
	gives("<p>a</p><p>b</p>", "a\n\nb");
	gives("<p>a<p>b", "a\n\nb");
	gives("<h1>T</h1>\n\n<p>a</p>\n\n\n<p></p><p> </p><p>b</p>", "T\n\na\n\nb");
	gives("a<br>b<br/>c<br><br><br><br>d", "a\nb\nc\n\nd");
	gives("<div>a<br></div><div>b</div>", "a\nb");
	gives("a<hr>b", "a\n\nb");
	gives("<p>a\xc2\xa0\xc2\xa0" "b &nbsp; c</p>", "a\xc2\xa0\xc2\xa0" "b \xc2\xa0 c");
	gives("<p>a\r\nb\rc</p>", "a b c");
}
END_TEST

START_TEST(lists)
{
	gives("<p>x</p><ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><p>y</p>",
	    "x\n\na\nb\nc\n\ny");
	gives("<ol><li>a<li>b</ol>", "a\nb");
	gives("<dl><dt>a<dd>b<dt>c<dd>d</dl>", "a\nb\nc\nd");
	gives("<select><option>a<option>b</select>", "a\nb");
}
END_TEST

START_TEST(tables)
{
	gives("<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table>",
	    "a\tb\nc\td");
	gives("x<table><tr><td> a <td> b <tr><td><td>d</table>y", "x\n\na\tb\n\td\n\ny");
	gives("<table><tr><td><p>a</p></td><td><p>b</p></td></tr><tr><td>c</td></tr></table>",
	    "a\tb\nc");
	gives("<table><thead><tr><td>a</td><td></td><td>c</td></tr></thead>"
	    "<tbody><tr><td>d</td></tr></tbody></table>", "a\t\tc\nd");
	/* pages laid out by them */
	gives("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\n\nb\nc");
	gives("<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td><td>c</td></tr></table>",
	    "a\tb\tc");
	gives("<table><tr><td>a</td><td><table><tr><td>b</td></tr><tr><td>c</td></tr></table></td>"
	    "<td>d</td></tr></table>", "a\tb\nc\nd");
	gives("<table><tr><td><br><br>a</td></tr></table>", "a");
}
END_TEST

START_TEST(preformatted)
{
	gives("<p>a</p><pre>\n  x  y\n\n\n\tz\n</pre><p>b</p>", "a\n\n  x  y\n\n\n\tz\n\nb");
	gives("<pre>a <b>b\n  c</b></pre>", "a b\n  c");
	gives("<pre>a\r\nb</pre>", "a\nb");
	gives("<pre>\n\na</pre>", "\na");
	gives("<textarea> a\n b</textarea>", " a\n b");
}
END_TEST

START_TEST(hidden)
{
	gives("a<script>var b = '<p>b</p>';</script>c", "ac");
	gives("a<style>p { b }</style>c<!-- d --><noscript>e</noscript>", "ac");
	gives("a<template><p>b</p></template>c", "ac");
	gives("a<p hidden>b</p>c", "a\n\nc");
	gives("<p>a<span hidden=\"\">b <b>c</b></span>d</p>", "ad");
	gives("<p>a<span aria-hidden='TRUE'>b</span><span aria-hidden=false>c</span></p>", "ac");
	gives("<div style='color: red; DISPLAY : none'>b</div>c", "c");
	gives("<div style='display:none!important'>b</div>c", "c");
	gives("<div style='display:nonesuch'>b</div>c", "b\nc");
	gives("<div style='x-display:none;a:display:none'>b</div>c", "b\nc");
	gives("<div style='visibility:hidden'>b</div><p style='mso-hide:all'>d</p>c", "c");
	gives("a<br hidden>b<img style='display:none'>c", "abc");
	gives("<iframe>a</iframe><object>b</object>", "b");
	/* a page is not hidden as a whole, and what follows is there again */
	gives("<html hidden><body style='display:none'><p hidden>a<div>b</div>", "b");
	gives("<head><title>t</title><style>x</style></head>b", "b");
}
END_TEST

START_TEST(head)
{
	struct doc d = page("<!DOCTYPE html><html lang='pt_BR'><head><title>\n A &amp; <b>B</b>\n"
	    "</title><meta name=Author content='Ann Onym &lt;ann@example.org&gt;'>"
	    "<meta name=author content='Bob'><meta name=description content=' what it \"is\" '>"
	    "<meta name=keywords content='a, b'><meta name=keywords content='no'>"
	    "<meta property='article:published_time' content='2024-02-29T12:00:00+01:00'>"
	    "</head><body><svg><title>icon</title></svg><title>late</title>x</body>");

	ck_assert_str_eq(d.title.buf, "A & B");
	ck_assert_str_eq(d.lang.buf, "pt-BR");
	ck_assert_str_eq(d.text.buf, "x");
	ck_assert_str_eq(d.meta.buf, "{\"description\":\"what it \\\"is\\\"\",\"keywords\":\"a, b\"");
	ck_assert_uint_eq(d.persons, 2);
	ck_assert_str_eq(d.person[0].role, "author");
	ck_assert_str_eq(d.person[0].name, "Ann Onym");
	ck_assert_str_eq(d.person[0].email, "ann@example.org");
	ck_assert_str_eq(d.person[1].name, "Bob");
	ck_assert_str_eq(d.person[1].email, "");
	ck_assert(d.has_ts);
	ck_assert_int_eq(d.ts_us, INT64_C(1709204400000000));
	doc_release(&d);
}
END_TEST

START_TEST(title_from_elsewhere)
{
	struct doc d = page("<title> </title><h1></h1><h1>One <i>two</i></h1><h1>three</h1>");

	ck_assert_str_eq(d.title.buf, "One two");
	ck_assert(!d.has_ts);
	doc_release(&d);
	d = page("<meta property='og:title' content='From og'><h1>One</h1>");
	ck_assert_str_eq(d.title.buf, "From og");
	doc_release(&d);
	d = page("<p>no title, <html lang='1; drop'>no language");
	ck_assert_str_eq(d.title.buf, "");
	ck_assert_str_eq(d.lang.buf, "");
	doc_release(&d);
}
END_TEST

START_TEST(references)
{
	gives("<p>&lt;b&gt; &amp;amp; &#228;&#xe4; &hellip; &#150; &#0; &nosuch; &euro;</p>",
	    "<b> &amp; \xc3\xa4\xc3\xa4 \xe2\x80\xa6 \xe2\x80\x93 &nosuch; \xe2\x82\xac");
	gives("<!DOCTYPE html [<!ENTITY a 'aaaa'>]><p>&a;&a;</p>", "]>\n\n&a;&a;");
	gives("<!DOCTYPE html SYSTEM 'file:///etc/passwd'><p>x</p>", "x");
}
END_TEST

START_TEST(charsets)
{
	static const struct {
		struct slice html;
		const char *charset, *meta;
	} rows[] = {
		{ SLICE_LIT("<p>\xc3\xa4</p>"), NULL, "" },
		{ SLICE_LIT("<p>\xe4</p>"), NULL, "{\"charset\":\"windows-1252\"" },
		{ SLICE_LIT("\xef\xbb\xbf<meta charset=koi8-r><p>\xc3\xa4</p>"), NULL, "" },
		{ SLICE_LIT("<meta charset='iso-8859-2'><p>\xe4</p>"), NULL,
		    "{\"charset\":\"iso-8859-2\"" },
		{ SLICE_LIT("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-2'>"
		    "<p>\xe4</p>"), NULL, "{\"charset\":\"iso-8859-2\"" },
		{ SLICE_LIT("<?xml version='1.0' encoding='iso-8859-2'?><html><p>\xe4</p>"), NULL,
		    "{\"charset\":\"iso-8859-2\"" },
		/* the letter that calls wins over the page */
		{ SLICE_LIT("<meta charset=koi8-r><p>\xe4</p>"), "iso-8859-1",
		    "{\"charset\":\"windows-1252\"" },
		{ SLICE_LIT("<meta charset=utf-16><p>\xc3\xa4</p>"), NULL, "" },
		{ SLICE_LIT("<meta charset=utf-8><p>\xe4</p>"), NULL, "{\"replaced\":1" },
		{ SLICE_LIT("\xff\xfe<\0p\0>\0\xe4\0"), NULL, "{\"charset\":\"utf-16le\"" },
		{ SLICE_LIT("<p charset=koi8-r>charset=koi8-r \xe4</p>"), NULL, NULL },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct doc d = page_in(rows[i].html, rows[i].charset);
		const char *want = i == 8 ? "\xef\xbf\xbd" :
		    i == 10 ? "charset=koi8-r \xc3\xa4" : "\xc3\xa4";

		ck_assert_msg(strcmp(d.text.buf, want) == 0, "row %zu: %s", i, d.text.buf);
		if (rows[i].meta)
			ck_assert_str_eq(d.meta.buf, rows[i].meta);
		doc_release(&d);
	}
}
END_TEST

static void
repeat(struct str *s, const char *what, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_adds(s, what);
}

/* Deep, and with end tags that close nothing. What is said there is not lost. */
START_TEST(deep)
{
	static const char *const tags[] = {
		"<div>", "<b>", "<table><tr><td>", "<ul><li>", "<span hidden>", "<pre>", "<p><q>",
		"<font>", "<svg>", "<a href='",
	};

	for (size_t i = 0; i < countof(tags); i++) {
		struct str s = STR_INIT;
		struct doc d;

		str_adds(&s, "<p>first</p>");
		repeat(&s, tags[i], 50000);
		str_adds(&s, "'>inner");
		repeat(&s, "</i></x>", 50000);
		repeat(&s, "</div>", 50000);
		str_adds(&s, "<p>last</p>");
		d = page(s.buf);
		ck_assert_msg(strncmp(d.text.buf, "first", 5) == 0, "%s: first", tags[i]);
		if (i != 4 && i != 9) {
			ck_assert_msg(strstr(d.text.buf, "inner") != NULL, "%s: inner", tags[i]);
			ck_assert_msg(strstr(d.text.buf, "last") != NULL, "%s: last", tags[i]);
		}
		doc_release(&d);
		str_release(&s);
	}
}
END_TEST

/* A tag of very many attributes, however it is written, and what only looks like
 * one. */
START_TEST(attributes)
{
	static const char *const forms[] = { " a%u", " a%u=b", " a%u = \"b c\"", " a%u='>'", "<a%u " };

	for (size_t i = 0; i < countof(forms); i++) {
		struct str s = STR_INIT;

		str_adds(&s, "<p>first</p><div hidden");
		for (unsigned n = 0; n < 300000; n++)
			str_addf(&s, forms[i], n);
		str_adds(&s, ">inner</div>last");
		gives(s.buf, "first\n\nlast");
		str_release(&s);
	}
	gives("<script>a<b c='</script>last", "last");
	gives("<!-- a --!><!--- b ---><p title='<!--'>last", "last");
}
END_TEST

/* A long page in one and in pieces is the same, wherever they are cut. */
START_TEST(pieces)
{
	static const char para[] = "<p>W\xc3\xb6rter &amp; <b>mehr</b> \xe2\x82\xac&lt;5"
	    "<script>if (a < b && c) { '</b>' }</script><!-- <p> --></p>\n";
	struct str s = STR_INIT, want = STR_INIT;

	for (size_t i = 0; i < 3000; i++) {
		repeat(&s, "x", i % 7);
		str_adds(&s, para);
		if (i > 0 && i % 7)
			str_adds(&want, "\n\n");
		repeat(&want, "x", i % 7);
		if (want.len)
			str_adds(&want, "\n\n");
		str_adds(&want, "W\xc3\xb6rter & mehr \xe2\x82\xac<5");
	}
	gives(s.buf, want.buf);
	/* and without anywhere to cut well */
	str_reset(&s);
	repeat(&s, "\xe2\x82\xac", 30000);
	gives(s.buf, s.buf);
	str_release(&s);
	str_release(&want);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text-html");
	TCase *tc = tcase_create("html");

	suite_add_tcase(s, tc);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, nothing);
	tcase_add_test(tc, white_space);
	tcase_add_test(tc, lists);
	tcase_add_test(tc, tables);
	tcase_add_test(tc, preformatted);
	tcase_add_test(tc, hidden);
	tcase_add_test(tc, head);
	tcase_add_test(tc, title_from_elsewhere);
	tcase_add_test(tc, references);
	tcase_add_test(tc, charsets);
	tcase_add_test(tc, deep);
	tcase_add_test(tc, attributes);
	tcase_add_test(tc, pieces);
	return run_suite(s);
}
