/* rec: the rules of records in msgpack */
#include "fmt/rec.h"

#include <math.h>

#include "base/mem.h"
#include "t/unit/rec-test.h"

/* An event whose payload is {"a": the bytes}. */
static void
put_event(struct str *out, const char *bytes, size_t n)
{
	mppack_map(out, 5);
	mppack_cstr(out, "type");
	mppack_cstr(out, "event");
	mppack_cstr(out, "ts");
	mppack_int(out, 0);
	mppack_cstr(out, "source");
	mppack_cstr(out, "s");
	mppack_cstr(out, "kind");
	mppack_cstr(out, "k");
	mppack_cstr(out, "payload");
	mppack_map(out, 1);
	mppack_cstr(out, "a");
	str_add(out, bytes, n);
}

/* A metric without labels, whose ts and value are given bytes. */
static void
put_metric(struct str *out, struct slice ts, struct slice value)
{
	mppack_map(out, 5);
	mppack_cstr(out, "type");
	mppack_cstr(out, "metric");
	mppack_cstr(out, "ts");
	str_add(out, ts.ptr, ts.len);
	mppack_cstr(out, "name");
	mppack_cstr(out, "n");
	mppack_cstr(out, "value");
	str_add(out, value.ptr, value.len);
	mppack_cstr(out, "labels");
	mppack_map(out, 0);
}

static void
gives(struct str *bytes, enum rec_policy policy, const char *want)
{
	struct str out = STR_INIT;

	ck_assert_int_eq(read_all(str_slice(bytes), REC_MSGPACK, policy, &out), 0);
	ck_assert_uint_gt(out.len, 0);
	str_truncate(&out, out.len - 1);
	ck_assert_str_eq(out.buf, want);
	str_release(&out);
	str_reset(bytes);
}

#define B(s) (s), sizeof(s) - 1

START_TEST(payload_values)
{
	static const struct { const char *bytes; size_t n; const char *want; } table[] = {
		{ B("\xc0"), "null" }, { B("\xc2"), "false" }, { B("\xc3"), "true" }, { B("\x05"), "5" },
		{ B("\xff"), "-1" }, { B("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615" },
		{ B("\xd3\x80\0\0\0\0\0\0\0"), "-9223372036854775808" },
		{ B("\xcb\x3f\xf0\0\0\0\0\0\0"), "1.0" }, { B("\xcb\x80\0\0\0\0\0\0\0"), "-0.0" },
		{ B("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1" }, { B("\xca\x3f\0\0\0"), "0.5" },
		{ B("\xa3" "a\"b"), "\"a\\\"b\"" }, { B("\xa2\n\x1f"), "\"\\n\\u001f\"" },
		{ B("\xa2\xc3\xa9"), "\"\xc3\xa9\"" }, { B("\xd9\x01x"), "\"x\"" },
		{ B("\x93\x01\x90\x80"), "[1,[],{}]" }, { B("\x82\xa1x\x01\xa0\xc0"), "{\"x\":1,\"\":null}" },
		{ B("\xd6\xff\0\0\0\1"), "\"1970-01-01T00:00:01Z\"" },
		{ B("\xd7\xff\x00\x00\x00\x04\0\0\0\0"), "\"1970-01-01T00:00:00.000000001Z\"" },
		{ B("\xc7\x0c\xff\x1d\xcd\x65\0\xff\xff\xff\xff\xff\xff\xff\xff"),
		    "\"1969-12-31T23:59:59.5Z\"" },
		{ B("\xa7" "1234567"), "\"1234567\"" }, { B("\xa8" "12345678"), "\"12345678\"" },
		{ B("\xa9" "123456789"), "\"123456789\"" }, { B("\xaf" "123456789012345"), "\"123456789012345\"" },
	};
	struct str s = STR_INIT, want = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		put_event(&s, table[i].bytes, table[i].n);
		str_reset(&want);
		str_addf(&want, "e 0 - s k - {\"a\":%s}", table[i].want);
		gives(&s, REC_REJECT_BAD, want.buf);
	}
	str_release(&s);
	str_release(&want);
}
END_TEST

START_TEST(bad_payloads)
{
	static const struct { const char *bytes; size_t n; const char *want; } table[] = {
		{ B("\xcb\x7f\xf8\0\0\0\0\0\0"), "r 0 payload.a NaN in a payload" },
		{ B("\xcb\x7f\xf0\0\0\0\0\0\0"), "r 0 payload.a infinite number in a payload" },
		{ B("\x91\xca\xff\x80\0\0"), "r 0 payload.a[0] infinite number in a payload" },
		{ B("\xa3" "a\0b"), "r 0 payload.a NUL character" },
		{ B("\xa2\xff\xfe"), "r 0 payload.a invalid UTF-8" },
		{ B("\xa8" "abcdefg\xff"), "r 0 payload.a invalid UTF-8" },
		{ B("\x81\xa2\xc3\x28\x01"), "r 0 payload.a.\xef\xbf\xbd( invalid UTF-8" },
		{ B("\x82\xa1x\x01\xa1x\x02"), "r 0 payload.a.x duplicate key" },
		{ B("\x82\xd9\x01x\x01\xa1x\x02"), "r 0 payload.a.x duplicate key" },
		{ B("\x81\x01\x01"), "r 0 payload.a map key is not a string" },
		{ B("\x81\xc4\x01x\x01"), "r 0 payload.a map key is not a string" },
		{ B("\xc4\x01x"), "r 0 payload.a binary value" }, { B("\xd4\x05x"), "r 0 payload.a extension value" },
		{ B("\xc7\x05\xff\0\0\0\0\0"), "r 0 payload.a extension value" },
		{ B("\xd7\xff\xff\xff\xff\xff\0\0\0\0"), "r 0 payload.a extension value" },
		{ B("\xc7\x0c\xff\0\0\0\0\x7f\0\0\0\0\0\0\0"), "r 0 payload.a time out of range" },
	};
	struct str s = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		put_event(&s, table[i].bytes, table[i].n);
		gives(&s, REC_REJECT_BAD, table[i].want);
	}
	str_release(&s);
}
END_TEST

START_TEST(times_and_values)
{
	static const struct { const char *bytes; size_t n; const char *want; } ts[] = {
		{ B("\x01"), "m 1000000 n 1 {}" }, { B("\xff"), "m -1000000 n 1 {}" },
		{ B("\xcb\x3f\xf8\0\0\0\0\0\0"), "m 1500000 n 1 {}" },
		{ B("\xcb\xbf\xf8\0\0\0\0\0\0"), "m -1500000 n 1 {}" },
		{ B("\xd6\xff\0\0\0\1"), "m 1000000 n 1 {}" },
		{ B("\xd7\xff\0\0\x07\xd0\0\0\0\1"), "m 1000001 n 1 {}" },	/* 500 ns */
		{ B("\xd7\xff\0\0\x07\xcc\0\0\0\1"), "m 1000000 n 1 {}" },	/* 499 ns */
		{ B("\xb4" "1970-01-01T00:00:02Z"), "m 2000000 n 1 {}" },
		{ B("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "r 0 ts time out of range" },
		{ B("\xd3\x80\0\0\0\0\0\0\0"), "r 0 ts time out of range" },
		{ B("\xcb\x7f\xf8\0\0\0\0\0\0"), "r 0 ts time out of range" },
		{ B("\xcb\xff\xf0\0\0\0\0\0\0"), "r 0 ts time out of range" },
		{ B("\xcb\x43\xe0\0\0\0\0\0\0"), "r 0 ts time out of range" },
		{ B("\xc7\x0c\xff\0\0\0\0\x7f\0\0\0\0\0\0\0"), "r 0 ts time out of range" },
		{ B("\xc7\x05\xff\0\0\0\0\0"), "r 0 ts not a time" }, { B("\xc0"), "r 0 ts missing field" },
		{ B("\xa1x"), "r 0 ts not a time" }, { B("\x90"), "r 0 ts not a time" },
	}, value[] = {
		{ B("\xcb\x7f\xf8\0\0\0\0\0\0"), "m 0 n nan {}" }, { B("\xcb\xff\xf0\0\0\0\0\0\0"), "m 0 n -inf {}" },
		{ B("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "m 0 n 1.8446744073709552e+19 {}" },
		{ B("\xe0"), "m 0 n -32 {}" }, { B("\xa3NaN"), "r 0 value not a number" },
		{ B("\xc3"), "r 0 value not a number" }, { B("\x80"), "r 0 value not a number" },
		{ B("\xc4\x01x"), "r 0 value not a number" },
	};
	struct str s = STR_INIT;

	for (size_t i = 0; i < countof(ts); i++) {
		put_metric(&s, (struct slice){ ts[i].bytes, ts[i].n }, SLICE_LIT("\x01"));
		gives(&s, REC_REJECT_BAD, ts[i].want);
	}
	for (size_t i = 0; i < countof(value); i++) {
		put_metric(&s, SLICE_LIT("\0"), (struct slice){ value[i].bytes, value[i].n });
		gives(&s, REC_REJECT_BAD, value[i].want);
	}
	str_release(&s);
}
END_TEST

static void
nested(struct str *s, const char *byte, int times)
{
	struct str bytes = STR_INIT;

	while (times-- > 0)
		str_add(&bytes, byte, strlen(byte));
	str_addc(&bytes, '\x01');
	put_event(s, bytes.buf, bytes.len);
	str_release(&bytes);
}

START_TEST(depth)
{
	struct str s = STR_INIT, out = STR_INIT;

	/* the record and its payload are two of the 32 */
	nested(&s, "\x91", 30);
	ck_assert_int_eq(read_all(str_slice(&s), REC_MSGPACK, REC_REJECT_BAD, &out), 0);
	ck_assert_int_eq(out.buf[0], 'e');
	str_reset(&s);
	nested(&s, "\x91", 31);
	ck_assert_int_eq(read_all(str_slice(&s), REC_MSGPACK, REC_REJECT_BAD, &out), 0);
	ck_assert_ptr_nonnull(strstr(out.buf, "more than 32 containers deep\n"));
	/* alone: its neighbour loads */
	nested(&s, "\x91", 100000);
	nested(&s, "\x81\xa1x", 100000);
	mp_metric(&s, 1);
	ck_assert_int_eq(read_all(str_slice(&s), REC_MSGPACK, REC_REJECT_BAD, &out), 0);
	ck_assert_ptr_nonnull(strstr(out.buf, "\nm 1000000 n1 1 {}\n"));
	str_release(&s);
	str_release(&out);
}
END_TEST

START_TEST(other_fields)
{
	static const char bytes[] = "\x85\xa4type\xa5" "event\xa2ts\x00\xa1o\xc4\x01x\xa6source\xa1s"
	    "\xa4kind\xa1k";
	struct str s = STR_INIT;

	/* binary in a field that is not loaded is nobody's business */
	str_add(&s, B(bytes));
	s.buf[0] = '\x86';
	str_add(&s, B("\xa7payload\x80"));
	gives(&s, REC_REJECT_BAD, "e 0 - s k - {}");
	str_add(&s, B(bytes));
	s.buf[0] = '\x87';
	str_add(&s, B("\xa1p\xa1\xff\xa7payload\x80"));
	gives(&s, REC_REJECT_BAD, "r 0 p invalid UTF-8");
	str_add(&s, B(bytes));
	s.buf[0] = '\x87';
	str_add(&s, B("\xa1o\xc0\xa7payload\x80"));
	gives(&s, REC_REJECT_BAD, "r 0 o duplicate key");
	str_add(&s, B(bytes));
	s.buf[0] = '\x87';
	str_add(&s, B("\xa2ts\xc0\xa7payload\x80"));
	gives(&s, REC_REJECT_BAD, "r 0 ts duplicate key");
	str_add(&s, B("\x81\x01\x02"));
	gives(&s, REC_REJECT_BAD, "r 0 - map key is not a string");
	str_add(&s, B("\x92\x01\x02"));
	gives(&s, REC_REJECT_BAD, "r 0 - not a record");
	str_add(&s, B("\x82\xa4type\xa6reject\xa6record"));
	put_metric(&s, SLICE_LIT("\0"), SLICE_LIT("\x01"));
	gives(&s, REC_REJECT_BAD, "m 0 n 1 {}");
	str_release(&s);
}
END_TEST

START_TEST(replacing)
{
	struct str s = STR_INIT;

	put_event(&s, B("\xa4" "a\0b\xff"));
	gives(&s, REC_REPLACE, "e 0 - s k - {\"a\":\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"} replaced 2");
	put_event(&s, B("\x81\xa2\xe2\x82\x01"));
	gives(&s, REC_REPLACE, "e 0 - s k - {\"a\":{\"\xef\xbf\xbd\":1}} replaced 1");
	put_event(&s, B("\x82\xa1\xff\x01\xa1\xfe\x02"));
	gives(&s, REC_REPLACE, "r 0 payload.a.\xef\xbf\xbd duplicate key");
	put_event(&s, B("\xa6\xed\xa0\x80\xf0\x90\x80"));
	gives(&s, REC_REPLACE, "e 0 - s k - {\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}"
	    " replaced 4");
	put_event(&s, B("\xcb\x7f\xf8\0\0\0\0\0\0"));
	gives(&s, REC_REPLACE, "r 0 payload.a NaN in a payload");
	str_release(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rec-mp");
	TCase *t = tcase_create("msgpack");

	tcase_add_test(t, payload_values);
	tcase_add_test(t, bad_payloads);
	tcase_add_test(t, times_and_values);
	tcase_add_test(t, depth);
	tcase_add_test(t, other_fields);
	tcase_add_test(t, replacing);
	suite_add_tcase(s, t);
	return run_suite(s);
}
