#include "fmt/text.h"

#include "base/utf8.h"
#include "fmt/json.h"
#include "t/unit/data.h"

static struct doc
read_md(struct slice md)
{
	struct doc d = DOC_INIT;
	struct err err = ERR_INIT;
	struct str json = STR_INIT;

	ck_assert_msg(text_markdown(md, &d, &err) == 0, "%s", err.text);
	ck_assert(utf8_ok(d.text.buf, d.text.len));
	doc_put(&d, &json);
	ck_assert_msg(json_valid(str_slice(&json)), "%s", json.buf);
	str_release(&json);
	return d;
}

static struct doc
note(const char *md)
{
	return read_md((struct slice){ md, strlen(md) });
}

static void
meta(const char *md, const char *want)
{
	struct doc d = note(md);

	ck_assert_str_eq(d.meta.buf, want);
	doc_release(&d);
}

/* The links as `kind to|text` each. */
static void
links(const char *md, const char *want)
{
	struct doc d = note(md);
	struct str all = STR_INIT, got = STR_INIT;
	struct slice list;
	enum json_tok tok;
	struct json j;
	unsigned n = 0;

	str_addf(&all, "%s}", d.meta.len ? d.meta.buf : "{");
	if (json_get(str_slice(&all), "links", &list, &tok)) {
		json_init(&j, list.ptr, list.len);
		while ((tok = json_next(&j)) != JSON_END) {
			ck_assert_int_ne(tok, JSON_BAD);
			if (tok != JSON_STRING)
				continue;
			if (n % 3 == 0 && n)
				str_addc(&got, '\n');
			json_unescape(j.text, &got);
			if (n % 3 != 2)
				str_addc(&got, n % 3 ? '|' : ' ');
			n++;
		}
		json_release(&j);
	}
	ck_assert_str_eq(got.buf, want);
	str_release(&all);
	str_release(&got);
	doc_release(&d);
}

static void
title(const char *md, const char *want)
{
	struct doc d = note(md);

	ck_assert_str_eq(d.title.buf, want);
	doc_release(&d);
}

START_TEST(titles)
{
	title("", "");
	title("words\n", "");
	title("words\n\n## The *first*  `one` ##\n# second\n", "The first one");
	title("# snake_case and _em_ and 2 * 3 \\* \\_x\n", "snake_case and em and 2 * 3 * _x");
	title("# [Text](http://x/ \"t\") and [[Note|alias]] and [[Bare]] ![i](p.png) {#id}\n",
	    "Text and alias and Bare i");
	title("#no\n####### no\nA title\nof two\n===\n", "#no ####### no A title of two");
	title("#no\n\nA title\n-----\n", "A title");
	title("#\n# C#\n", "C#");
	title("```\n# no\n```\n~~~~ x\n# no\n~~~\n# no\n~~~~\n    # no\n# yes\n", "yes");
	title("- ```\n  # no\n  ```\n# yes\n", "yes");
	title("> ```\n> # no\n\n# yes\n", "yes");
	title("> # quoted\n", "quoted");
	title("\xef\xbb\xbf# with a mark\r\nx\r\n", "with a mark");
	title("# <https://example.org/a>\n", "https://example.org/a");
}
END_TEST

START_TEST(front_matter)
{
	struct doc d = note("---\r\ntitle: The \"note\"\ntags: [a, 'b c']\naliases:\n  - x\n"
	    "date: 2024-02-29\nlang: en\nauthors:\n  - Ann <ann@example.org>\n  - '[[Bob]]'\n"
	    "empty: []\nnested:\n  k: v\n---\n# Heading\n\ntext\n");

	ck_assert_str_eq(d.title.buf, "The \"note\"");
	ck_assert_str_eq(d.text.buf, "# Heading\n\ntext\n");
	ck_assert_str_eq(d.lang.buf, "en");
	ck_assert(d.has_ts);
	ck_assert_int_eq(d.ts_us, INT64_C(1709164800000000));
	ck_assert_str_eq(d.meta.buf, "{\"front\":{\"title\":\"The \\\"note\\\"\",\"tags\":[\"a\",\"b c\"],"
	    "\"aliases\":[\"x\"],\"date\":\"2024-02-29\",\"lang\":\"en\","
	    "\"authors\":[\"Ann <ann@example.org>\",\"[[Bob]]\"],\"empty\":\"\",\"nested.k\":\"v\"}");
	ck_assert_uint_eq(d.persons, 2);
	ck_assert_str_eq(d.person[0].name, "Ann");
	ck_assert_str_eq(d.person[0].email, "ann@example.org");
	ck_assert_str_eq(d.person[1].name, "Bob");
	doc_release(&d);
	d = note("---\nauthor:\n  - name: Ann\n    email: a@example.org\n  - name: Bob\n"
	    "editor: Eve\n...\nx");
	ck_assert_uint_eq(d.persons, 3);
	ck_assert_str_eq(d.person[0].name, "Ann");
	ck_assert_str_eq(d.person[0].email, "a@example.org");
	ck_assert_str_eq(d.person[1].name, "Bob");
	ck_assert_str_eq(d.person[1].email, "");
	ck_assert_str_eq(d.person[2].role, "editor");
	ck_assert_str_eq(d.text.buf, "x");
	doc_release(&d);
}
END_TEST

START_TEST(broken_front_matter)
{
	struct doc d = note("---\ntitle: Good\nbad: [a\n---\ntext");

	ck_assert_str_eq(d.text.buf, "text");
	ck_assert_str_eq(d.title.buf, "Good");
	ck_assert(strncmp(d.meta.buf, "{\"front_error\":\"front matter:", 28) == 0);
	ck_assert_ptr_nonnull(strstr(d.meta.buf, "\"front\":{\"title\":\"Good\"}")
	    ? d.meta.buf : strstr(d.meta.buf, "\"front\":{\"title\":\"Good\",\"bad\":[\"a"));
	doc_release(&d);
	/* a text between two rules */
	d = note("---\n\nJust words.\n\n---\n\nmore");
	ck_assert_str_eq(d.text.buf, "---\n\nJust words.\n\n---\n\nmore");
	doc_release(&d);
	d = note("---\ntitle: never ends\n");
	ck_assert_str_eq(d.text.buf, "---\ntitle: never ends\n");
	ck_assert_str_eq(d.meta.buf, "");
	doc_release(&d);
	d = note("---\n---\ntext");
	ck_assert_str_eq(d.text.buf, "text");
	ck_assert_str_eq(d.meta.buf, "{\"front\":{}");
	doc_release(&d);
	/* one key for two things would make no record */
	d = note("---\na.0: x\na: y\n---\ntext");
	ck_assert_str_eq(d.text.buf, "---\na.0: x\na: y\n---\ntext");
	ck_assert_str_eq(d.meta.buf, "{\"front_error\":\"front matter: a key stands for two things\"");
	doc_release(&d);
	/* no beast of YAML gets in */
	d = note("---\na: &a [x]\nb: [*a, *a]\n---\ntext");
	ck_assert_ptr_nonnull(strstr(d.meta.buf, "anchors are not taken"));
	doc_release(&d);
}
END_TEST

START_TEST(wikilinks)
{
	links("see [[Note]] and [[Folder/Other#Part|that one]].\n",
	    "wiki Note|\nwiki Folder/Other#Part|that one");
	links("![[image.png|100]] [[ a ]]", "embed image.png|100\nwiki a|");
	links("| [[a\\|b]] |\n", "wiki a|b");
	links("[[]] [[a\nb]] [[a]b]] \\[[c]] [[[d]]]", "wiki d|");
	links("`[[a]]` ``x ` [[b]]`` ` [[c]]\n\n`[[d]]", "wiki c|\nwiki d|");
	links("```\n[[a]]\n```\n[[b]]\n\n    [[c]]\n\n~~~\n[[d]]", "wiki b|");
	links("- a\n\n    [[in the list]]\n\nout\n\n    [[code]]\n", "wiki in the list|");
}
END_TEST

START_TEST(urls)
{
	links("[text](http://a.example/x?y=1 \"title\") [b](<c d.md>) [e]( f\\_g )",
	    "url http://a.example/x?y=1|text\nurl c d.md|b\nurl f_g|e");
	links("[a](b(c)d) [a](b [c] () [[x](y)](z)", "url b(c)d|a\nurl y|x\nurl z|x");
	links("![alt *t*](p.png) <https://example.org/> <a@b> <b>", "image p.png|alt t\n"
	    "url https://example.org/|");
	links("[![badge](b.svg)](https://ci)", "image b.svg|badge\nurl https://ci|badge");
	links("[ref]: http://example.org/ 'title'\n[^1]: no link\n[b]: <c>\n",
	    "url http://example.org/|ref\nurl c|b");
	links("# [head](h)\n\n> [quote](q)\n\n1. [item](i)\n\n[two\nlines](t)",
	    "url h|head\nurl q|quote\nurl i|item\nurl t|two\nlines");
	links("a [b] (c) `[d](e)` [f]\\(g)", "");
}
END_TEST

START_TEST(charset)
{
	struct doc d = read_md(SLICE_LIT("# \xe4\0\n"));

	ck_assert_str_eq(d.title.buf, "\xc3\xa4\xef\xbf\xbd");
	ck_assert_str_eq(d.meta.buf, "{\"charset\":\"windows-1252\",\"replaced\":1");
	doc_release(&d);
}
END_TEST

START_TEST(many_links)
{
	struct str s = STR_INIT;
	struct doc d;

	for (unsigned i = 0; i < 1500; i++)
		str_addf(&s, "[[n%u]] ", i);
	d = note(s.buf);
	ck_assert_ptr_nonnull(strstr(d.meta.buf, "\"n999\""));
	ck_assert_ptr_null(strstr(d.meta.buf, "\"n1000\""));
	ck_assert_ptr_nonnull(strstr(d.meta.buf, ",\"links_omitted\":500"));
	doc_release(&d);
	str_release(&s);
	meta("no link", "");
}
END_TEST

/* Text made to be looked at again and again; this would take hours. */
START_TEST(hostile)
{
	static const char *const units[] = {
		"[", "[[", "](", "[](", "[a](b", "`", "``` ` ", "<a:", "*a", "> ", "- ", "![", "\\",
		"[[a", "]", "](<", "[a](b \"", "# ", "1. ", "_", "[a]: b\n", "`a``", "---\n", "a: b\n",
		"[a](((((((((((((((((((((((((((((((", "\t", "=\n", "~~~", "> > > ```\n", "[x][", "a\n\n    b\n",
	};

	for (size_t i = 0; i < countof(units); i++)
		for (unsigned front = 0; front < 2; front++) {
			struct str s = STR_INIT;
			struct doc d;

			if (front)
				str_adds(&s, "---\n");
			while (s.len < 1000000)
				str_adds(&s, units[i]);
			d = read_md(str_slice(&s));
			doc_release(&d);
			str_release(&s);
		}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text-md");
	TCase *tc = tcase_create("md");

	suite_add_tcase(s, tc);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, titles);
	tcase_add_test(tc, front_matter);
	tcase_add_test(tc, broken_front_matter);
	tcase_add_test(tc, wikilinks);
	tcase_add_test(tc, urls);
	tcase_add_test(tc, charset);
	tcase_add_test(tc, many_links);
	tcase_add_test(tc, hostile);
	return run_suite(s);
}
