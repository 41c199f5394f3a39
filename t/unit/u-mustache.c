/* mustache: what comes out, escaping for JSON, messages, limits */
#include "fmt/mustache.h"

#include "base/clock.h"
#include "fmt/json.h"
#include "t/unit/data.h"

static struct slice
z(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

/* A member of the JSON object that arg points to. */
static int
from_object(void *arg, struct slice name, struct str *out, struct err *err)
{
	char key[64];

	snprintf(key, sizeof(key), "%.*s", (int)name.len, name.ptr);
	if (strcmp(key, "broken") == 0)
		return err_set(err, ERR_IO, "could not open \"broken\"");
	return json_get_string(*(struct slice *)arg, key, out);
}

/* The rendering, or `!` and the error's text. Good until the next call. */
static const char *
with(enum mustache_escape escape, const char *text, const char *data, const char *partials)
{
	static struct str out = STR_INIT;
	struct slice parts = z(partials);
	struct mustache m = { "t", z(text), escape, from_object, &parts };
	struct err err = ERR_INIT;

	str_reset(&out);
	if (mustache_render(&m, z(data), &out, &err) < 0) {
		ck_assert(err.kind == ERR_CONFIG || err.kind == ERR_DATA || err.kind == ERR_IO);
		str_reset(&out);
		str_addf(&out, "!%s", err.text);
	}
	err_release(&err);
	return out.buf;
}

static const char *
json(const char *text, const char *data)
{
	return with(MUSTACHE_JSON, text, data, "{}");
}

/* What must hold also where the specification's files are absent (u-mustache-spec). */
START_TEST(core)
{
	static const char *const table[][3] = {
		{ "Hello, {{subject}}!",
			"{\"subject\":\"w<>&\\\"'\"}", "Hello, w&lt;&gt;&amp;&quot;'!" },
		{ "{{{x}}}{{&x}}{{{ x }}}", "{\"x\":\"<\"}", "<<<" },
		{ "{{a.b.c}}|{{a.x.c}}|{{b}}", "{\"a\":{\"b\":{\"c\":12345678901234567890.50}}}",
			"12345678901234567890.50||" },
		{ "{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"no\"}}", "" },
		{ "{{#l}}({{.}}){{/l}}{{^l}}none{{/l}}", "{\"l\":[1,\"two\",[3],{},null,true]}",
			"(1)(two)([3])({})()(true)" },
		{ "{{#l}}x{{/l}}{{^l}}none{{/l}}", "{\"l\":[]}", "none" },
		{ "a\r\n  {{#x}}\r\nb\r\n{{/x}}  \r\nc", "{\"x\":1}", "a\r\nb\r\nc" },
		{ "{{=<% %>=}}<%x%>{{x}}<%={{ }}=%>{{x}}", "{\"x\":1}", "1{{x}}1" },
		{ "x {{#x}}\ny\n  {{/x}} z\n{{! c }} {{! c }}\n", "{\"x\":1}", "x \ny\n   z\n \n" },
		{ "{{>p}} {{>p}}\n  {{>p}}\n {{>p}}", "{\"x\":1}",
			"<1>\n| <1>\n|\n  <1>\n  | <1>\n |" },
		{ " {{>p}}\n.", "{\"x\":\"a\\nb\"}", " <a\nb>\n |." },
		{ "{{#a.b}}{{c}}{{d}}{{/a.b}}", "{\"a\":{\"b\":{\"c\":1}},\"d\":2}", "12" },
		{ "{{k\"\xc3\xa9}}", "{\"\\u006b\\\"\\u00e9\":1}", "1" },
		{ "{{! a }}{{! {{x }}.", "{}", "." },
		{ "{{x}}{{x.y}}", "\"x\"", "" },
		{ "{{.}}", "-0.10e+5", "-0.10e+5" },
		{ "", "{}", "" },
		{ "{{x", "{}", "!t:1: a tag is not closed: \"x\"" },
	};

	for (size_t i = 0; i < countof(table); i++)
		ck_assert_str_eq(with(MUSTACHE_HTML, table[i][0], table[i][1],
		    "{\"p\":\"<{{{x}}}>\\n|\"}"), table[i][2]);
	ck_assert_str_eq(with(MUSTACHE_NONE, "{{x}}", "{\"x\":\"<\\\"\"}", "{}"), "<\"");
}
END_TEST

START_TEST(truth)
{
	static const char *const no[] = { "null", "false", "0", "-0.0e7", "\"\"", "[]", "[ ]" };
	static const char *const yes[] = { "true", "0.01", "-1", "\"0\"", "[0]", "{}", "[[]]" };
	char data[64];

	for (size_t i = 0; i < countof(no); i++) {
		snprintf(data, sizeof(data), "{\"x\":%s}", no[i]);
		ck_assert_str_eq(json("{{#x}}yes{{/x}}{{^x}}no{{/x}}", data), "no");
	}
	for (size_t i = 0; i < countof(yes); i++) {
		snprintf(data, sizeof(data), "{\"x\":%s}", yes[i]);
		ck_assert_str_eq(json("{{#x}}yes{{/x}}{{^x}}no{{/x}}", data), "yes");
	}
	ck_assert_str_eq(json("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{}"), "no");
}
END_TEST

/* --- JSON ---------------------------------------------------------------------- */

/* {"x":VALUE} in "...{{x}}..." is one string of JSON; it, unescaped, in want. */
static void
in_string(struct slice value, struct str *want)
{
	struct mustache m = { "t", SLICE_LIT("{\"a\":\"<{{x}}>\",\"b\":1}"), MUSTACHE_JSON, NULL,
		NULL };
	struct str data = STR_INIT, out = STR_INIT;
	struct err err = ERR_INIT;

	str_adds(&data, "{\"x\":");
	str_add(&data, value.ptr, value.len);
	str_addc(&data, '}');
	ck_assert_msg(mustache_render(&m, str_slice(&data), &out, &err) == 0, "%s", err.text);
	ck_assert_msg(json_valid(str_slice(&out)), "%s", out.buf);
	str_reset(want);
	ck_assert(json_get_string(str_slice(&out), "a", want));
	str_release(&data);
	str_release(&out);
}

START_TEST(hostile_values)
{
	static const char *const table[][2] = {
		{ "\"a\\\"b\\\\c\\/d\"", "<a\"b\\c/d>" },
		{ "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"", "<\b\f\n\r\t\x01\x1f\x7f>" },
		{ "\"\\u2028\\u2029\xe2\x80\xa8\"", "<\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa8>" },
		{ "\"\\ud800\"", "<\xef\xbf\xbd>" },
		{ "\"\\udc00x\\ud83d\"", "<\xef\xbf\xbdx\xef\xbf\xbd>" },
		{ "\"\\ud83d\\ude00\"", "<\xf0\x9f\x98\x80>" },
		{ "\"\\\\\"", "<\\>" },
		{ "\"\\\\u0041\"", "<\\u0041>" },
		{ "\"\\\",\\\"z\\\":\\\"\"", "<\",\"z\":\">" },
		{ "\"{{x}}{{{x}}}\"", "<{{x}}{{{x}}}>" },
		{ "12345678901234567890", "<12345678901234567890>" },
		{ "-1.50E+400", "<-1.50E+400>" }, { "true", "<true>" }, { "false", "<false>" },
		{ "null", "<>" },
		{ "{\"k\": \"v\\n\\\"\",\n\t\"l\":[1, 2]}",
			"<{\"k\": \"v\\n\\\"\",\n\t\"l\":[1, 2]}>" },
		{ "[\"\\u0000\"]", "<[\"\\u0000\"]>" },
	};
	struct str got = STR_INIT, deep = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		in_string(z(table[i][0]), &got);
		ck_assert_str_eq(got.buf, table[i][1]);
	}
	in_string(z("\"a\\u0000b\""), &got);
	ck_assert(got.len == 5 && memcmp(got.buf, "<a\0b>", 5) == 0);
	/* every ASCII character, as an escape */
	for (unsigned c = 0; c < 0x80; c++) {
		char value[16];

		snprintf(value, sizeof(value), "\"\\u%04x\"", c);
		in_string(z(value), &got);
		ck_assert(got.len == 3 && got.buf[1] == (char)c);
	}
	for (int i = 0; i < 5000; i++)
		str_adds(&deep, i % 2 ? "{\"\\\"\":" : "[");
	str_adds(&deep, "\"\\\\\"");
	for (int i = 5000; i-- > 0;)
		str_adds(&deep, i % 2 ? "}" : "]");
	in_string(str_slice(&deep), &got);
	ck_assert_uint_eq(got.len, deep.len + 2);
	str_release(&got);
	str_release(&deep);
}
END_TEST

START_TEST(json_raw)
{
	ck_assert_str_eq(json("{\"n\":{{n}},\"o\":{{{o}}},\"s\":{{&s}}}",
	    "{\"n\":-0,\"o\":{\"a\":[1,\"\\n\"]},\"s\":\"[1]\"}"),
	    "{\"n\":-0,\"o\":{\"a\":[1,\"\\n\"]},\"s\":[1]}");
	ck_assert_str_eq(json("{{{x}}}", "{\"x\":\"a\\\"\\ud800\"}"), "a\"\xef\xbf\xbd");
}
END_TEST

START_TEST(bad_data)
{
	static const char *const table[] = { "", "{", "{}x", "{\"x\":\"\\x\"}", "{\"x\":\"\xff\"}",
		"{\"x\":'a'}", "[1,]" };

	for (size_t i = 0; i < countof(table); i++)
		ck_assert_str_eq(json("{{x}}", table[i]), "!t:1: the data is not JSON");
}
END_TEST

/* --- messages and limits ------------------------------------------------------- */

START_TEST(messages)
{
	static const char *const table[][2] = {
		{ "a\n{{#x}}\nb\n", "!t:2: a section is not closed: \"x\"" },
		{ "\n\n{{#x}}{{#y}}{{/x}}", "!t:3: \"x\" is closed where \"y\" of line 3 is open" },
		{ "a\r\n{{/x}}", "!t:2: nothing is open that could be closed by \"x\"" },
		{ "a {{x", "!t:1: a tag is not closed: \"x\"" },
		{ "{{{x}}", "!t:1: a tag is not closed: \"x}}\"" },
		{ "\n{{=<%=}}", "!t:2: bad delimiters \"<%\"" },
		{ "{{=a b c=}}", "!t:1: bad delimiters \"a b c\"" },
		{ "{{= =}}", "!t:1: bad delimiters \"\"" },
		{ "{{==a b=}}", "!t:1: bad delimiters \"=a b\"" },
		{ "{{=}}", "!t:1: a tag is not closed: \"}}\"" },
		{ "{{=12345678901234567 b=}}",
			"!t:1: delimiters too long \"12345678901234567 b\"" },
		{ "{{ }}", "!t:1: a tag without a name" },
		{ "{{#}}", "!t:1: a tag without a name" },
		{ "{{#if x}}", "!t:1: white space in the name \"if x\"" },
		{ "{{#x}}\n{{../y}}{{/x}}",
			"!t:2: nothing before or after a dot in the name \"../y\"" },
		{ "{{a.}}", "!t:1: nothing before or after a dot in the name \"a.\"" },
		{ "{{<a}}", "!t:1: no parents and blocks here (mustache core only): \"a\"" },
		{ "a\n\xff{{x}}", "!t:2: invalid UTF-8" },
		{ "a\n{{>bad}}", "!bad:3: nothing is open that could be closed by \"x\"" },
		{ "a\n\n{{>broken}}", "!t:3: could not open \"broken\"" },
		{ "\n{{>self}}", "!self:1: sections and partials too deep in one another" },
		{ "\n{{>wide}}", "!wide:2: sections and partials too deep in one another" },
	};

	for (size_t i = 0; i < countof(table); i++)
		ck_assert_str_eq(with(MUSTACHE_JSON, table[i][0], "{\"x\":[1]}",
		    "{\"bad\":\"\\n\\n{{/x}}\",\"self\":\"{{>self}}\","
		    "\"wide\":\"\\n  {{>wide}}\\n{{>wide}}\"}"),
		    table[i][1]);
}
END_TEST

/* x in n pairs of open and close */
static void
nested(struct str *out, int n, const char *open, const char *close)
{
	str_reset(out);
	for (int i = 0; i < n; i++)
		str_adds(out, open);
	str_addc(out, 'x');
	for (int i = 0; i < n; i++)
		str_adds(out, close);
}

START_TEST(depth)
{
	struct str t = STR_INIT;

	nested(&t, MUSTACHE_MAX_DEPTH, "{{#a}}", "{{/a}}");
	ck_assert_str_eq(json(t.buf, "{\"a\":1}"), "x");
	nested(&t, MUSTACHE_MAX_DEPTH + 1, "{{#a}}", "{{/a}}");
	ck_assert_str_eq(json(t.buf, "{\"a\":1}"),
	    "!t:1: sections too deep in one another, at \"a\"");
	nested(&t, 1000, "{{^a}}\n", "{{/a}}");
	ck_assert_str_eq(json(t.buf, "{}"), "!t:33: sections too deep in one another, at \"a\"");
	str_release(&t);
}
END_TEST

/* A bomb ends with what, and with no more than the allowed output. */
static void
bomb(const char *text, const char *data, const char *partials, const char *what)
{
	struct slice parts = z(partials);
	struct mustache m = { "t", z(text), MUSTACHE_JSON, from_object, &parts };
	struct str out = STR_INIT;
	struct err err = ERR_INIT;
	int64_t began = clock_mono_ms();

	str_adds(&out, "before");
	ck_assert_int_eq(mustache_render(&m, z(data), &out, &err), -1);
	ck_assert_int_eq(err.kind, ERR_DATA);
	ck_assert_msg(strstr(err.text, what) != NULL, "%s", err.text);
	ck_assert_uint_le(out.len, 6 + MUSTACHE_MAX_OUTPUT);
	printf("# %s: %lld ms\n", err.text, (long long)(clock_mono_ms() - began));
	fflush(stdout);
	err_release(&err);
	str_release(&out);
}

START_TEST(bombs)
{
	struct str data = STR_INIT, text = STR_INIT;

	str_adds(&data, "{\"z\":0,\"l\":[1");
	for (int i = 0; i < 3000; i++)
		str_adds(&data, ",1");
	str_adds(&data, "]}");
	bomb("{{#l}}{{#l}}{{#l}}a long line of text{{/l}}{{/l}}{{/l}}", data.buf, "{}", "output");
	bomb("{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}", data.buf, "{}", "steps");
	bomb("{{#l}}{{#l}}{{^l}}{{/l}}{{/l}}{{/l}}", data.buf, "{}", "steps");
	bomb("{{#l}}{{#l}}{{missing.a.b}}{{/l}}{{/l}}", data.buf, "{}", "steps");
	bomb("{{#l}}{{#l}}{{#l}}{{#z}}{{/z}}{{/l}}{{/l}}{{/l}}", data.buf, "{}", "steps");
	bomb("{{#l}}{{#l}}{{>p}}{{>none}}{{/l}}{{/l}}", data.buf, "{\"p\":\"\"}", "steps");
	bomb("{{>p}}", "{}", "{\"p\":\" {{>p}}\\n  {{>p}}{{>p}}\\n\"}", "too deep");
	/* many names of partials */
	for (int i = 0; i < 70000; i++)
		str_addf(&text, "{{>%d}}", i);
	bomb(text.buf, "{}", "{}", "steps");
	/* an indentation times lines */
	str_reset(&text);
	nested(&text, 1000, " ", "");
	str_truncate(&text, 1000);
	str_adds(&text, "{{>p}}\n");
	str_reset(&data);
	str_adds(&data, "{\"p\":\"");
	for (int i = 0; i < 2000; i++)
		str_adds(&data, "\\n");
	str_adds(&data, "\"}");
	bomb(text.buf, "{}", data.buf, "too large");
	/* a long name along deep data: each part reads the rest again */
	str_reset(&data);
	nested(&data, 20000, "{\"a\":", "}");
	data.buf[20000 * 5] = '1';
	str_reset(&text);
	str_adds(&text, "{{a");
	for (int i = 0; i < 19000; i++)
		str_adds(&text, ".a");
	str_adds(&text, "}}");
	bomb(text.buf, data.buf, "{}", "steps");
	str_release(&data);
	str_release(&text);
}
END_TEST

START_TEST(large_template)
{
	struct str t = STR_INIT, out = STR_INIT;
	struct mustache m = { .name = "t" };
	struct err err = ERR_INIT;

	str_grow(&t, MUSTACHE_MAX_OUTPUT + 1);
	while (t.len <= MUSTACHE_MAX_OUTPUT)
		str_addc(&t, 'x');
	m.text = str_slice(&t);
	ck_assert_int_eq(mustache_check(&m, &err), -1);
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	err_release(&err);
	m.text.len--;
	ck_assert_int_eq(mustache_check(&m, &err), 0);
	/* what was there before does not count */
	str_adds(&out, "before");
	ck_assert_int_eq(mustache_render(&m, SLICE_LIT("{}"), &out, &err), 0);
	ck_assert_uint_eq(out.len, 6 + MUSTACHE_MAX_OUTPUT);
	str_release(&out);
	str_release(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mustache");
	TCase *t = tcase_create("mustache");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, core);
	tcase_add_test(t, truth);
	tcase_add_test(t, hostile_values);
	tcase_add_test(t, json_raw);
	tcase_add_test(t, bad_data);
	tcase_add_test(t, messages);
	tcase_add_test(t, depth);
	tcase_add_test(t, bombs);
	tcase_add_test(t, large_template);
	suite_add_tcase(s, t);
	return run_suite(s);
}
