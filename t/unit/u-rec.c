/* rec: the rules of records, one by one, in both formats */
#include "fmt/rec.h"

#include "base/mem.h"
#include "t/unit/rec-test.h"

#define METRIC(ts, value, labels) \
	"{\"type\":\"metric\",\"ts\":" ts ",\"name\":\"n\",\"value\":" value ",\"labels\":" labels "}"
#define EVENT(payload) \
	"{\"type\":\"event\",\"ts\":0,\"source\":\"s\",\"kind\":\"k\",\"payload\":" payload "}"
#define DEEP8 "[[[[[[[["
#define UP8 "]]]]]]]]"

static void
is_line(const char *json, enum rec_policy policy, const char *want)
{
	struct str out = STR_INIT, text = STR_INIT;

	str_adds(&text, json);
	str_addc(&text, '\n');
	ck_assert_int_eq(read_all(str_slice(&text), REC_NDJSON, policy, &out), 0);
	ck_assert_uint_gt(out.len, 0);
	str_truncate(&out, out.len - 1);
	ck_assert_msg(strcmp(out.buf, want) == 0, "%s\n gave %s\n want %s", json, out.buf, want);
	str_release(&out);
	str_release(&text);
}

struct line {
	const char *json, *want;
};

static void
are_lines(const struct line *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		is_line(table[i].json, REC_REJECT_BAD, table[i].want);
}

START_TEST(good_lines)
{
	static const struct line table[] = {
		{ METRIC("1", "2.5", "{\"a\":\"b\"}"), "m 1000000 n 2.5 {\"a\":\"b\"}" },
		{ METRIC("\"2026-11-21T01:15:56.5Z\"", "-1e3", "{ }"), "m 1795223756500000 n -1000 { }" },
		{ METRIC("1.5", "\"NaN\"", "{}"), "m 1500000 n nan {}" },
		{ METRIC("1", "\"-Infinity\"", "{}"), "m 1000000 n -inf {}" },
		{ METRIC("1", "\"Infinity\"", "{}"), "m 1000000 n inf {}" },
		{ METRIC("1", "9007199254740993", "{}"), "m 1000000 n 9007199254740992 {}" },
		{ METRIC("1", "0.1", "{}"), "m 1000000 n 0.10000000000000001 {}" },
		{ METRIC("1", "123456789012345678e-30", "{}"), "m 1000000 n 1.2345678901234569e-13 {}" },
		{ METRIC("1", "5e-324", "{}"), "m 1000000 n 4.9406564584124654e-324 {}" },
		{ EVENT("{\"a\":[1,{\"b\":null}]}"), "e 0 - s k - {\"a\":[1,{\"b\":null}]}" },
		{ EVENT("{\"big\":123456789012345678901234567890,\"z\":0e-5}"),
		    "e 0 - s k - {\"big\":123456789012345678901234567890,\"z\":0e-5}" },
		{ "{\"\\u0074ype\":\"ev\\u0065nt\",\"ts\":0,\"source\":\"\\u00e9\",\"kind\":\"k\\n\",\"id\":\"\","
		    "\"user_token\":null,\"payload\":{\"x\":\"\\u00e9\"},\"more\":[1]}",
		    "e 0  \xc3\xa9 k\n - {\"x\":\"\\u00e9\"}" },
		{ " \t{\"type\" : \"event\" , \"ts\":0,\"id\":\"i\",\"source\":\"s\",\"kind\":\"k\",\"user_token\":\"u\","
		    "\"payload\":{} } \r", "e 0 i s k u {}" },
		{ EVENT("{\"d\":" DEEP8 DEEP8 DEEP8 "[[[[[[" "]]]]]]" UP8 UP8 UP8 "}"),
		    "e 0 - s k - {\"d\":" DEEP8 DEEP8 DEEP8 "[[[[[[" "]]]]]]" UP8 UP8 UP8 "}" },
		{ EVENT("{\"\":1,\"\\u0061\":2,\"A\":3}"), "e 0 - s k - {\"\":1,\"\\u0061\":2,\"A\":3}" },
		{ "{\"type\":\"reject\",\"segment\":\"s\",\"offset\":7,\"field\":null,\"reason\":\"x\",\"record\":"
		    METRIC("1", "2", "{}") "}", "m 1000000 n 2 {}" },
		{ "{\"record\":" METRIC("1", "2", "{}") ",\"type\":\"reject\"}", "m 1000000 n 2 {}" },
	};

	are_lines(table, countof(table));
}
END_TEST

START_TEST(times)
{
	static const struct line table[] = {
		{ "0", "0" }, { "-1", "-1000000" }, { "1.0000005", "1000001" }, { "1.0000004999", "1000000" },
		{ "-1.0000005", "-1000000" }, { "-1.00000051", "-1000001" }, { "1e3", "1000000000" },
		{ "1234567.89e-3", "1234567890" }, { "0.00000000001", "0" }, { "0.0000005", "1" },
		{ "1.7e9", "1700000000000000" }, { "-0.0", "0" }, { "0e999999999", "0" },
		{ "9223372036854.775807", "9223372036854775807" }, { "1763000000.123456789", "1763000000123457" },
		{ "-210866803200", "-210866803200000000" },
		{ "\"1969-12-31T23:59:59.999999Z\"", "-1" }, { "\"2026-01-01T00:00:00+01:00\"", "1767222000000000" },
	};
	static const char *const outside[] = { "-210866803200.000001", "9223372036854.775808", "1e13",
		"1e300", "-1e300", "99999999999999999999999999", "9223372036854775807" };
	char json[200], want[200];

	for (size_t i = 0; i < countof(table); i++) {
		snprintf(json, sizeof(json), METRIC("%s", "1", "{}"), table[i].json);
		snprintf(want, sizeof(want), "m %s n 1 {}", table[i].want);
		is_line(json, REC_REJECT_BAD, want);
	}
	for (size_t i = 0; i < countof(outside); i++) {
		snprintf(json, sizeof(json), METRIC("%s", "1", "{}"), outside[i]);
		is_line(json, REC_REJECT_BAD, "r 0 ts time out of range");
	}
}
END_TEST

START_TEST(bad_lines)
{
	static const struct line table[] = {
		{ "[]", "r 0 - not a record" }, { "1", "r 0 - not a record" }, { "\"x\"", "r 0 - not a record" },
		{ "{}", "r 0 type missing field" }, { "{\"type\":null}", "r 0 type missing field" },
		{ "{\"type\":1}", "r 0 type not a string" }, { "{\"type\":{}}", "r 0 type not a string" },
		{ "{\"type\":\"document\"}", "r 0 source missing field" }, { "{\"type\":\"Document\"}", "r 0 type unknown type \"Document\"" },
		{ "{\"type\":\"x\"}", "r 0 type unknown type \"x\"" },
		{ "{\"type\":\"metric\"}", "r 0 ts missing field" },
		{ "{\"type\":\"metric\",\"ts\":1,\"value\":1,\"labels\":{}}", "r 0 name missing field" },
		{ "{\"type\":\"metric\",\"ts\":1,\"name\":7,\"value\":1,\"labels\":{}}", "r 0 name not a string" },
		{ METRIC("\"yesterday\"", "1", "{}"), "r 0 ts not a time" },
		{ METRIC("true", "1", "{}"), "r 0 ts not a time" }, { METRIC("{}", "1", "{}"), "r 0 ts not a time" },
		{ METRIC("1", "\"1\"", "{}"), "r 0 value not a number" },
		{ METRIC("1", "\"nan\"", "{}"), "r 0 value not a number" },
		{ METRIC("1", "null", "{}"), "r 0 value missing field" },
		{ METRIC("1", "[1]", "{}"), "r 0 value not a number" },
		{ METRIC("1", "1e400", "{}"), "r 0 value number outside float8" },
		{ METRIC("1", "1e-400", "{}"), "r 0 value number outside float8" },
		{ METRIC("1", "1.7976931348623159e308", "{}"), "r 0 value number outside float8" },
		{ METRIC("1", "1", "[]"), "r 0 labels not a map" }, { METRIC("1", "1", "null"), "r 0 labels missing field" },
		{ METRIC("1", "1", "{\"a\":{\"b\":1e999}}"), "r 0 labels.a.b number outside float8" },
		{ METRIC("1", "1", "{\"a\":[0,-1e-999]}"), "r 0 labels.a[1] number outside float8" },
		{ METRIC("1", "1", "{\"a\":0e-20000}"), "r 0 labels.a more than 16383 digits behind the point" },
		{ EVENT("{\"a\":\"\\u0000\"}"), "r 0 payload.a NUL character" },
		{ EVENT("{\"\\u0000\":1}"), "r 0 payload.\xef\xbf\xbd NUL character" },
		{ EVENT("{\"a\":[\"\\ud800\"]}"), "r 0 payload.a[0] lone surrogate" },
		{ EVENT("{\"a\":\"\\udc00\\ud800\"}"), "r 0 payload.a lone surrogate" },
		{ EVENT("{\"a\":\"\xff\"}"), "r 0 payload.a invalid UTF-8" },
		{ EVENT("{\"a\":\"\xed\xa0\x80\"}"), "r 0 payload.a invalid UTF-8" },
		{ EVENT("{\"a\":1,\"b\":2,\"a\":1}"), "r 0 payload.a duplicate key" },
		{ EVENT("{\"x\":{\"a\":1,\"\\u0061\":2}}"), "r 0 payload.x.a duplicate key" },
		{ EVENT("{},\"ts\":1"), "r 0 ts duplicate key" }, { EVENT("{},\"\\u0074s\":1"), "r 0 \\u0074s duplicate key" },
		{ EVENT("{},\"o\":1,\"\\u006f\":2"), "r 0 o duplicate key" },
		{ EVENT("{},\"o\":{\"p\":\"\\u0000\"}"), "r 0 o.p NUL character" },
		{ EVENT("{\"d\":" DEEP8 DEEP8 DEEP8 "[[[[[[[" "]]]]]]]" UP8 UP8 UP8 "}"),
		    "r 0 payload.d[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"
		    "[0][0][0][0][0][0] more than 32 containers deep" },
		{ EVENT("{\"a\":NaN}"), "r 0 - not JSON: unexpected character" },
		{ EVENT("{}") "x", "r 0 - not JSON: text after the value" },
		{ "{\"a\":1", "r 0 - not JSON: the text ends too early" }, { "x", "r 0 - not JSON: unexpected character" },
		{ "{\"type\":\"reject\",\"bytes_b64\":\"AA==\"}", "r 0 record a reject without a record" },
		{ "{\"type\":\"reject\",\"record\":{\"type\":\"reject\",\"record\":{}}}", "r 0 type unknown type \"reject\"" },
		{ "{\"type\":\"reject\",\"record\":" EVENT("{\"a\":1,\"a\":1}") "}", "r 0 payload.a duplicate key" },
	};

	are_lines(table, countof(table));
}
END_TEST

START_TEST(long_names_are_cut)
{
	struct str json = STR_INIT, out = STR_INIT;

	str_adds(&json, "{\"type\":\"");
	for (int i = 0; i < 100; i++)
		str_adds(&json, "\xc3\xa9");
	str_adds(&json, "\"}\n{\"type\":\"event\",\"payload\":{\"");
	for (int i = 0; i < 100000; i++)
		str_adds(&json, "\xc3\xa9");
	str_adds(&json, "\":1e999}}\n");
	ck_assert_int_eq(read_all(str_slice(&json), REC_NDJSON, REC_REJECT_BAD, &out), 0);
	ck_assert_uint_lt(out.len, 500);
	ck_assert_ptr_nonnull(strstr(out.buf, "r 0 type unknown type \"\xc3\xa9"));
	ck_assert_ptr_nonnull(strstr(out.buf, "\xc3\xa9...\""));
	ck_assert_ptr_nonnull(strstr(out.buf, "... number outside float8"));
	str_release(&json);
	str_release(&out);
}
END_TEST

START_TEST(replacing_in_lines)
{
	static const struct line table[] = {
		{ EVENT("{\"a\":\"\\u0000x\\ud800\"}"), "e 0 - s k - {\"a\":\"\\ufffdx\\ufffd\"} replaced 2" },
		{ EVENT("{\"a\":\"\\\\u0000\\ud83d\\ude00\"}"), "e 0 - s k - {\"a\":\"\\\\u0000\\ud83d\\ude00\"}" },
		{ EVENT("{\"a\":\"x\xff\xe2\x82y\"}"),
		    "e 0 - s k - {\"a\":\"x\xef\xbf\xbd\xef\xbf\xbdy\"} replaced 2" },
		{ EVENT("{\"\\u0000\":1,\"\\udfff\":2}"), "r 0 payload.\xef\xbf\xbd duplicate key" },
		{ EVENT("{\"a\":1e999}"), "r 0 payload.a number outside float8" },
		{ "{\"type\":\"event\",\"ts\":0,\"source\":\"\\u0000\",\"kind\":\"\xf0\x9f\",\"payload\":{}}",
		    "e 0 - \xef\xbf\xbd \xef\xbf\xbd - {} replaced 2" },
		{ EVENT("{\"a\":1}"), "e 0 - s k - {\"a\":1}" },
	};

	for (size_t i = 0; i < countof(table); i++)
		is_line(table[i].json, REC_REPLACE, table[i].want);
}
END_TEST

START_TEST(lines_and_offsets)
{
	static const char text[] = "\xef\xbb\xbf" METRIC("1", "1", "{}") "\r\n\n \t\r\nbad\n"
	    METRIC("2", "2", "{}");
	struct zin z = { .data = SLICE_LIT(text), .piece = 1 };
	struct rec_reader *r = rec_reader_new(&z, REC_NDJSON, REC_REJECT_BAD);
	struct err err = ERR_INIT;
	struct rec rec;

	ck_assert_int_eq(rec_next(r, &rec, &err), 1);
	ck_assert(rec.kind == REC_METRIC && rec.offset == 3 && rec.line == 1);
	ck_assert_int_eq(rec_next(r, &rec, &err), 1);
	ck_assert(rec.kind == REC_REJECT && rec.line == 4 && slice_is(rec.raw, "bad") && !rec.rest);
	ck_assert_uint_eq(rec.offset, (uint64_t)(strstr(text, "bad") - text));
	ck_assert_int_eq(rec_next(r, &rec, &err), 1);
	ck_assert(rec.kind == REC_METRIC && rec.line == 5 && rec.raw.ptr[rec.raw.len - 1] == '}');
	ck_assert_int_eq(rec_next(r, &rec, &err), 0);
	ck_assert_int_eq(rec_next(r, &rec, &err), 0);
	rec_reader_free(r);
}
END_TEST

START_TEST(sniffing)
{
	enum rec_format f;

	ck_assert(rec_sniff((const unsigned char *)"{", 1, &f) == 0 && f == REC_NDJSON);
	ck_assert(rec_sniff((const unsigned char *)"\n", 1, &f) == 0 && f == REC_NDJSON);
	ck_assert(rec_sniff((const unsigned char *)"\x83", 1, &f) == 0 && f == REC_MSGPACK);
	ck_assert(rec_sniff((const unsigned char *)"\xde", 1, &f) == 0 && f == REC_MSGPACK);
	ck_assert_int_eq(rec_sniff((const unsigned char *)"x", 1, &f), -1);
	ck_assert_int_eq(rec_sniff((const unsigned char *)"\x93", 1, &f), -1);
	ck_assert_int_eq(rec_sniff((const unsigned char *)"", 0, &f), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rec");
	TCase *t = tcase_create("ndjson");

	tcase_add_test(t, good_lines);
	tcase_add_test(t, times);
	tcase_add_test(t, bad_lines);
	tcase_add_test(t, long_names_are_cut);
	tcase_add_test(t, replacing_in_lines);
	tcase_add_test(t, lines_and_offsets);
	tcase_add_test(t, sniffing);
	suite_add_tcase(s, t);
	return run_suite(s);
}
