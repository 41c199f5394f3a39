/* Documents in memory and as records (fmt/doc.h). */
#include <check.h>

#include "fmt/doc.h"
#include "fmt/json.h"
#include "data.h"

static struct slice
z(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

START_TEST(cleans)
{
	static const struct {
		struct slice in;
		const char *out;
		unsigned bad;
	} row[] = {
		{ SLICE_LIT(""), "", 0 },
		{ SLICE_LIT("plain"), "plain", 0 },
		{ SLICE_LIT("Gr\xc3\xbc\xc3\x9f"), "Gr\xc3\xbc\xc3\x9f", 0 },
		{ SLICE_LIT("a\0b\0"), "a\xef\xbf\xbd" "b\xef\xbf\xbd", 2 },
		{ SLICE_LIT("\xff" "a\xfe"), "\xef\xbf\xbd" "a\xef\xbf\xbd", 2 },
		{ SLICE_LIT("a\xc3"), "a\xef\xbf\xbd", 1 },
		{ SLICE_LIT("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3 },
		{ SLICE_LIT("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd", 2 },
	};
	const struct slice in = row[_i].in;
	struct str out = STR_INIT;

	ck_assert_int_eq(countof(row), 8);
	ck_assert_uint_eq(doc_clean(&out, in), row[_i].bad);
	ck_assert_str_eq(out.buf, row[_i].out);
	str_release(&out);
}
END_TEST

START_TEST(persons)
{
	struct doc d = DOC_INIT;

	doc_add_person(&d, "from", z("  Ada\t"), z("\n ada@example.org "));
	doc_add_person(&d, "to", z(" "), z(""));
	doc_add_person(&d, "to", SLICE_LIT(" \0 "), z("\r\n"));
	doc_add_person(&d, "cc", z("no \xff mail"), z(""));
	ck_assert_uint_eq(d.persons, 2);
	ck_assert_str_eq(d.person[0].role, "from");
	ck_assert_str_eq(d.person[0].name, "Ada");
	ck_assert_str_eq(d.person[0].email, "ada@example.org");
	ck_assert_str_eq(d.person[1].name, "no \xef\xbf\xbd mail");
	ck_assert_str_eq(d.person[1].email, "");
	doc_release(&d);
	ck_assert_uint_eq(d.persons, 0);
	doc_release(&d);
}
END_TEST

START_TEST(puts_the_least)
{
	struct doc d = DOC_INIT;
	struct str out = STR_INIT;

	doc_put(&d, &out);
	ck_assert_str_eq(out.buf, "{\"type\":\"document\",\"source\":\"\",\"uri\":\"\",\""
	    "sha256\":\"\","
	    "\"mime\":\"\",\"title\":\"\",\"lang\":\"\",\"text\":\"\",\"meta\":{},\"persons\":"
	    "[]}\n");
	str_release(&out);
	doc_release(&d);
}
END_TEST

static void
fill(struct doc *d)
{
	str_adds(&d->source, "mail");
	str_adds(&d->uri, "a \"b\"");
	memset(d->sha256, 'a', 64);
	str_adds(&d->mime, "text/plain");
	str_adds(&d->title, "T\n");
	str_adds(&d->lang, "en");
	d->has_ts = true;
	d->ts_us = 1500000;
	str_adds(&d->text, "one two three");
	str_adds(&d->parent, "p");
	doc_add_person(d, "author", z("A"), z("a@b"));
	doc_meta_text(d, "x", z("\xff"));
	str_adds(doc_meta(d, "n"), "[1]");
	doc_add_span(d, "quote", 0, 3);
	doc_add_span(d, "signature", 4, 13);
	d->chunk = calloc(2, sizeof(*d->chunk));
	ck_assert_ptr_nonnull(d->chunk);
	d->chunk[0] = (struct doc_chunk){ 0, 7, strdup("H > I") };
	d->chunk[1] = (struct doc_chunk){ 4, 13, strdup("") };
	d->chunks = d->chunks_alloc = 2;
	d->finding = calloc(3, sizeof(*d->finding));
	ck_assert_ptr_nonnull(d->finding);
	d->finding[0] = (struct doc_finding){ "email", 0, 3, 95 };
	d->finding[1] = (struct doc_finding){ "phone", 4, 7, 5 };
	d->finding[2] = (struct doc_finding){ "iban", 8, 13, 100 };
	d->findings = d->findings_alloc = 3;
}

START_TEST(puts_all)
{
	struct doc d = DOC_INIT;
	struct str out = STR_INIT;

	fill(&d);
	doc_put(&d, &out);
	ck_assert_str_eq(out.buf, "{\"type\":\"document\",\"source\":\"mail\",\"uri\":\"a \\\""
	    "b\\\"\","
	    "\"sha256\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
	    "\"mime\":\"text/plain\",\"title\":\"T\\n\",\"lang\":\"en\","
	    "\"ts\":\"1970-01-01T00:00:01.500000Z\",\"text\":\"one two three\","
	    "\"meta\":{\"x\":\"\xef\xbf\xbd\",\"n\":[1],\"spans\":["
	    "{\"kind\":\"quote\",\"start\":0,\"end\":3},"
	    "{\"kind\":\"signature\",\"start\":4,\"end\":13}]},\"parent\":\"p\","
	    "\"persons\":[{\"role\":\"author\",\"name\":\"A\",\"email\":\"a@b\"}],"
	    "\"chunks\":[{\"ord\":0,\"start\":0,\"end\":7,\"text\":\"one two\",\"heading\":\"H "
	    "> I\"},"
	    "{\"ord\":1,\"start\":4,\"end\":13,\"text\":\"two three\",\"heading\":\"\"}],"
	    "\"pii\":[{\"kind\":\"email\",\"start\":0,\"end\":3,\"score\":0.95},"
	    "{\"kind\":\"phone\",\"start\":4,\"end\":7,\"score\":0.05},"
	    "{\"kind\":\"iban\",\"start\":8,\"end\":13,\"score\":1.00}]}\n");
	ck_assert(json_valid((struct slice){ out.buf, out.len - 1 }));
	/* only spans in meta */
	str_reset(&d.meta);
	str_reset(&out);
	doc_put(&d, &out);
	ck_assert_ptr_nonnull(strstr(out.buf, "\"meta\":{\"spans\":[{"));
	str_release(&out);
	doc_release(&d);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("doc");
	TCase *tc = tcase_create("doc");

	tcase_add_loop_test(tc, cleans, 0, 8);
	tcase_add_test(tc, persons);
	tcase_add_test(tc, puts_the_least);
	tcase_add_test(tc, puts_all);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
