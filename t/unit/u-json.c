#include "fmt/json.h"

#include <dirent.h>
#include <math.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "fmt/plain.h"
#include "t/unit/data.h"

static struct slice
z(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

/* The tokens of a text as letters. */
static const char *
tokens(const char *text, char *buf)
{
	static const char letter[] = "$!{}[]ks#tfn";
	struct json j;
	enum json_tok tok;
	size_t n = 0;

	json_init(&j, text, strlen(text));
	do {
		tok = json_next(&j);
		buf[n++] = letter[tok];
	} while (tok != JSON_END && tok != JSON_BAD && n < 60);
	buf[n] = '\0';
	ck_assert_int_eq(json_next(&j), tok);
	json_release(&j);
	return buf;
}

START_TEST(token_kinds)
{
	static const char *const table[][2] = {
		{ "{}", "{}$" }, { " [ ] ", "[]$" }, { "1", "#$" }, { "\"\"", "s$" },
		{ "{\"a\":1,\"b\":[true,false,null,\"x\"]}", "{k#k[tfns]}$" },
		{ "[[],[{}],-0.5e+10]", "[[][{}]#]$" }, { "\t\r\n 0 ", "#$" },
		{ "", "!" }, { " ", "!" }, { "[", "[!" }, { "[1", "[#!" }, { "[1,]", "[#!" },
		{ "[,1]", "[!" }, { "{,}", "{!" }, { "{\"a\":1,}", "{k#!" }, { "{\"a\"}", "{!" },
		{ "{\"a\":}", "{k!" }, { "{1:2}", "{!" }, { "[1 2]", "[#!" }, { "1 2", "#!" },
		{ "[}", "[!" }, { "{]", "{!" }, { "[1}", "[#!" }, { "01", "!" }, { "-", "!" },
		{ "1.", "!" }, { ".5", "!" }, { "1e", "!" }, { "+1", "!" }, { "tru", "!" },
		{ "nulll", "n!" }, { "\"\\x\"", "!" }, { "\"\\u12g4\"", "!" }, { "\"\t\"", "!" },
		{ "\"\xff\"", "!" }, { "\"abc", "!" }, { "\"\\", "!" }, { "\"\\u12", "!" },
		{ "\xef\xbb\xbf{}", "!" }, { "NaN", "!" }, { "{\"a\":\"\x7f\"}", "{ks}$" },
	};
	char buf[64];

	for (size_t i = 0; i < countof(table); i++)
		ck_assert_str_eq(tokens(table[i][0], buf), table[i][1]);
}
END_TEST

START_TEST(token_text)
{
	struct json j;
	const char *text = "{\"k\\u0041\":\"v\\n\",\"n\":-12.50e3}";

	json_init(&j, text, strlen(text));
	ck_assert_int_eq(json_next(&j), JSON_OBJ_OPEN);
	ck_assert_uint_eq(j.depth, 1);
	ck_assert_int_eq(json_next(&j), JSON_KEY);
	ck_assert(slice_is(j.text, "k\\u0041") && j.escaped);
	ck_assert_int_eq(json_next(&j), JSON_STRING);
	ck_assert(slice_is(j.text, "v\\n") && j.escaped);
	ck_assert_int_eq(json_next(&j), JSON_KEY);
	ck_assert(slice_is(j.text, "n") && !j.escaped);
	ck_assert_int_eq(json_next(&j), JSON_NUMBER);
	ck_assert(slice_is(j.text, "-12.50e3"));
	json_release(&j);
}
END_TEST

/* every string length around the eight bytes at a time, each special byte at
 * each place */
START_TEST(strings_by_place)
{
	char text[64];
	struct json j;

	for (size_t n = 0; n < 40; n++)
		for (size_t at = 0; at < n; at++)
			for (const char *c = "\x1f\xff \x7f~"; *c; c++) {
				bool good = (unsigned char)*c >= 0x20 && (unsigned char)*c < 0x80;

				memset(text, 'x', sizeof(text));
				text[0] = text[n + 1] = '"';
				text[1 + at] = *c;
				json_init(&j, text, n + 2);
				ck_assert_int_eq(json_next(&j), good ? JSON_STRING : JSON_BAD);
				if (good)
					ck_assert_uint_eq(j.text.len, n);
				else
					ck_assert_ptr_eq(j.p, text + 1 + at);
			}
}
END_TEST

/* the whole-string test agrees with the byte's own, and reads no byte more */
START_TEST(plain_strings)
{
	for (size_t n = 0; n < 40; n++)
		for (size_t at = 0; at <= n; at++)
			for (int c = 0; c < 256; c += at < n ? 1 : 256) {
				char *s = xmalloc(n);

				memset(s, 'x', n);
				if (at < n)
					s[at] = (char)c;
				ck_assert_int_eq(plain_all(s, n),
				    at == n || plain_byte((unsigned char)c));
				ck_assert_ptr_eq(plain_end(s, s + n), s + (plain_all(s, n) ? n : at));
				free(s);
			}
}
END_TEST

START_TEST(skipping)
{
	struct json j;
	const char *text = "[[1,{\"a\":[2]}],3]";

	json_init(&j, text, strlen(text));
	json_next(&j);
	ck_assert_int_eq(json_skip(&j, json_next(&j)), JSON_ARR_CLOSE);
	ck_assert_int_eq(json_next(&j), JSON_NUMBER);
	ck_assert(slice_is(j.text, "3"));
	ck_assert_int_eq(json_skip(&j, JSON_NUMBER), JSON_NUMBER);
	json_release(&j);
	json_init(&j, "[[1,", 4);
	json_next(&j);
	ck_assert_int_eq(json_skip(&j, json_next(&j)), JSON_BAD);
	json_release(&j);
}
END_TEST

START_TEST(deep)
{
	struct str s = STR_INIT;

	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		str_adds(&s, i % 3 ? "[" : "{\"a\":");
	for (int i = JSON_MAX_DEPTH; i-- > 0;) {
		if (i == JSON_MAX_DEPTH - 1)
			str_adds(&s, "1");
		str_adds(&s, i % 3 ? "]" : "}");
	}
	ck_assert(json_valid(str_slice(&s)));
	str_reset(&s);
	for (int i = 0; i <= JSON_MAX_DEPTH; i++)
		str_addc(&s, '[');
	ck_assert(!json_valid(str_slice(&s)));
	str_release(&s);
}
END_TEST

START_TEST(unescaping)
{
	static const struct {
		const char *raw, *want;
		size_t len;
		unsigned flags;
	} table[] = {
		{ "", "", 0, 0 }, { "abc", "abc", 3, 0 },
		{ "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", 8, 0 },
		{ "\\u0041x\\u00e9\\u20AC", "Ax\xc3\xa9\xe2\x82\xac", 7, 0 },
		{ "\\uD83D\\uDE00", "\xf0\x9f\x98\x80", 4, 0 },
		{ "a\\u0000b", "a\0b", 3, JSON_HAS_NUL },
		{ "\\ud800", "\xef\xbf\xbd", 3, JSON_LONE_SURROGATE },
		{ "\\udc00x", "\xef\xbf\xbdx", 4, JSON_LONE_SURROGATE },
		{ "\\ud800\\u0041", "\xef\xbf\xbd""A", 4, JSON_LONE_SURROGATE },
		{ "\\ud800\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80", 7, JSON_LONE_SURROGATE },
		{ "\\ud800\\u0000", "\xef\xbf\xbd\0", 4, JSON_LONE_SURROGATE | JSON_HAS_NUL },
	};
	struct str out = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		str_reset(&out);
		ck_assert_uint_eq(json_unescape(z(table[i].raw), &out), table[i].flags);
		ck_assert_uint_eq(out.len, table[i].len);
		ck_assert(memcmp(out.buf, table[i].want, out.len) == 0);
	}
	str_release(&out);
}
END_TEST

START_TEST(integers)
{
	int64_t v;

	ck_assert(json_int64(z("0"), &v) && v == 0);
	ck_assert(json_int64(z("-1"), &v) && v == -1);
	ck_assert(json_int64(z("9223372036854775807"), &v) && v == INT64_MAX);
	ck_assert(json_int64(z("-9223372036854775808"), &v) && v == INT64_MIN);
	ck_assert(!json_int64(z("9223372036854775808"), &v));
	ck_assert(!json_int64(z("-9223372036854775809"), &v));
	ck_assert(!json_int64(z("18446744073709551616"), &v));
	ck_assert(!json_int64(z("1.0"), &v) && !json_int64(z("1e2"), &v));
	ck_assert(!json_int64(z("-"), &v) && !json_int64(z(""), &v));
}
END_TEST

static void
is_double(double v, const char *want)
{
	struct str out = STR_INIT;

	json_put_double(&out, v);
	if (want)
		ck_assert_str_eq(out.buf, want);
	ck_assert(strtod(out.buf, NULL) == v);
	ck_assert(signbit(strtod(out.buf, NULL)) == signbit(v));
	ck_assert(json_valid(str_slice(&out)));
	ck_assert(strpbrk(out.buf, ".e") != NULL);
	str_release(&out);
}

START_TEST(doubles)
{
	uint64_t seed = 42;

	is_double(0, "0.0");
	is_double(-0.0, "-0.0");
	is_double(1, "1.0");
	is_double(-17, "-17.0");
	is_double(0.1, "0.1");
	is_double(0.30000000000000004, "0.30000000000000004");
	is_double(1234.5678, "1234.5678");
	is_double(1.05, "1.05");
	is_double(100.001, "100.001");
	is_double(1e22, "1e+22");
	is_double(9007199254740993.0, "9007199254740992.0");
	is_double(1e-7, "1e-07");
	is_double(5e-324, "5e-324");
	is_double(1.7976931348623157e308, "1.7976931348623157e+308");
	is_double(2.2250738585072014e-308, "2.2250738585072014e-308");
	for (int i = 0; i < 200000; i++) {
		union { uint64_t u; double d; } v;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		v.u = seed ^ seed >> 29;
		if (isfinite(v.d))
			is_double(v.d, NULL);
		is_double((double)(int64_t)(v.u >> 30) / 1e4, NULL);
	}
}
END_TEST

/* short decimals come back as they were written */
START_TEST(short_doubles)
{
	char want[32];

	for (int places = 1; places <= 9; places++)
		for (long n = 1; n < 1000000; n = n * 3 + 1) {
			double v = (double)n / pow(10, places);
			size_t len = (size_t)snprintf(want, sizeof(want), "%.*f", places, v);

			if (v < 1e-5 || strtod(want, NULL) != v)
				continue;
			while (want[len - 1] == '0' && want[len - 2] != '.')
				want[--len] = '\0';
			is_double(v, want);
		}
}
END_TEST

START_TEST(writing)
{
	struct str out = STR_INIT, back = STR_INIT;
	struct json j;

	str_addc(&out, '{');
	json_put_key_cstr(&out, "a", "x\"\\\n\x01\x7f\xc3\xa9/");
	json_put_key_int(&out, "b", INT64_MIN);
	json_put_key(&out, "c");
	str_addc(&out, '[');
	json_put_uint(&out, UINT64_MAX);
	str_adds(&out, "]}");
	ck_assert_str_eq(out.buf, "{\"a\":\"x\\\"\\\\\\n\\u0001\x7f\xc3\xa9/\","
	    "\"b\":-9223372036854775808,\"c\":[18446744073709551615]}");
	/* every byte below 0x80 comes back */
	for (int c = 0; c < 0x80; c++) {
		char s[20] = "0123456789";

		s[c % 11] = (char)c;
		str_reset(&out);
		str_reset(&back);
		json_put_string(&out, (struct slice){ s, 11 });
		json_init(&j, out.buf, out.len);
		ck_assert_int_eq(json_next(&j), JSON_STRING);
		json_unescape(j.text, &back);
		ck_assert(back.len == 11 && memcmp(back.buf, s, 11) == 0);
	}
	str_release(&out);
	str_release(&back);
}
END_TEST

START_TEST(getting)
{
	struct slice obj = z("{\"a\":{\"b\":1},\"k\\u0065y\":\"v\\n\",\"n\":[1,2],\"t\":true}");
	struct slice v;
	struct str s = STR_INIT;
	enum json_tok tok;

	ck_assert(json_get(obj, "a", &v, &tok) && tok == JSON_OBJ_OPEN && slice_is(v, "{\"b\":1}"));
	ck_assert(json_get(obj, "n", &v, &tok) && tok == JSON_ARR_OPEN && slice_is(v, "[1,2]"));
	ck_assert(json_get(obj, "t", &v, &tok) && tok == JSON_TRUE);
	ck_assert(!json_get(obj, "b", &v, &tok));
	ck_assert(!json_get(z("[1]"), "a", &v, &tok));
	ck_assert(!json_get(z("{\"a\":["), "a", &v, &tok));
	ck_assert(json_get_string(obj, "key", &s));
	ck_assert_str_eq(s.buf, "v\n");
	ck_assert(!json_get_string(obj, "a", &s));
	str_release(&s);
}
END_TEST

static void
slurp(const char *path, struct str *out)
{
	FILE *f = fopen(path, "rb");
	char buf[4096];
	size_t n;

	ck_assert_ptr_nonnull(f);
	str_reset(out);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_add(out, buf, n);
	fclose(f);
}

START_TEST(json_test_suite)
{
	unsigned y = 0, y_ok = 0, n = 0, n_ok = 0, i = 0, i_ok = 0;
	char dir[4096];
	struct str text = STR_INIT, path = STR_INIT;
	struct dirent *e;
	DIR *d;

	if (!data_path("json-suite/test_parsing", dir, sizeof(dir)))
		return;
	d = opendir(dir);
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d))) {
		bool ok;

		if (!strstr(e->d_name, ".json"))
			continue;
		str_reset(&path);
		str_addf(&path, "%s/%s", dir, e->d_name);
		slurp(path.buf, &text);
		ok = json_valid(str_slice(&text));
		if (e->d_name[0] == 'y') {
			y++, y_ok += ok;
			if (!ok)
				printf("# refused: %s\n", e->d_name);
		} else if (e->d_name[0] == 'n') {
			n++, n_ok += !ok;
			if (ok)
				printf("# taken: %s\n", e->d_name);
		} else {
			i++, i_ok += ok;
			printf("# %s: %s\n", e->d_name, ok ? "taken" : "refused");
		}
	}
	closedir(d);
	printf("# JSONTestSuite: %u of %u y_ taken, %u of %u n_ refused, %u of %u i_ taken\n",
	    y_ok, y, n_ok, n, i_ok, i);
	fflush(stdout);
	ck_assert_uint_eq(y, 95);
	ck_assert_uint_eq(y_ok, 95);
	ck_assert_uint_eq(n, 188);
	ck_assert_uint_eq(n_ok, 188);
	str_release(&path);
	str_release(&text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("json");
	TCase *t = tcase_create("json");

	tcase_add_test(t, token_kinds);
	tcase_add_test(t, token_text);
	tcase_add_test(t, strings_by_place);
	tcase_add_test(t, plain_strings);
	tcase_add_test(t, skipping);
	tcase_add_test(t, deep);
	tcase_add_test(t, unescaping);
	tcase_add_test(t, integers);
	tcase_add_test(t, doubles);
	tcase_add_test(t, short_doubles);
	tcase_add_test(t, writing);
	tcase_add_test(t, getting);
	tcase_add_test(t, json_test_suite);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return run_suite(s);
}
