/* rec: a good record in the other format keeps its values */
#include "fmt/rec.h"

#include "base/mem.h"
#include "t/unit/rec-test.h"

/* The first record of bytes, encoded; -1 as rec_encode. */
static int
encode(struct slice bytes, enum rec_format from, enum rec_format to, struct str *out)
{
	struct zin z = { .data = bytes, .piece = SIZE_MAX };
	struct rec_reader *r = rec_reader_new(&z, from, REC_REJECT_BAD);
	struct err err = ERR_INIT;
	struct rec rec;
	int rc;

	str_reset(out);
	ck_assert_int_eq(rec_next(r, &rec, &err), 1);
	ck_assert_int_ne(rec.kind, REC_REJECT);
	rc = rec_encode(&rec, from, to, out, &err);
	if (rc < 0) {
		ck_assert_int_eq(err.kind, ERR_DATA);
		ck_assert_ptr_nonnull(err.hint);
		ck_assert_uint_eq(out->len, 0);
	}
	err_release(&err);
	rec_reader_free(r);
	return rc;
}

#define EVENT(rest) "{\"type\":\"event\",\"ts\":1,\"source\":\"s\",\"kind\":\"k\"," rest "}\n"
#define METRIC(ts, value) "{\"type\":\"metric\",\"ts\":" ts ",\"name\":\"n\",\"value\":" value ",\"labels\":{}}\n"

/* to msgpack and back: the same text */
START_TEST(round_trip)
{
	static const char *const table[] = {
		EVENT("\"payload\":{\"a\":[1,-1,0.5,true,false,null,\"x\\n\",{\"\":{}}],\"b\":[]}"),
		EVENT("\"payload\":{\"a\":[9223372036854775807,-9223372036854775808,18446744073709551615]}"),
		EVENT("\"payload\":{\"a\":[1.0,-0.0,0.1,1e+22,5e-324,1.7976931348623157e+308]}"),
		EVENT("\"payload\":{},\"more\":{\"x\":[[[1]]]},\"id\":null"),
		METRIC("1.5", "\"NaN\""), METRIC("-7", "\"-Infinity\""), METRIC("\"2026-01-01T00:00:00Z\"", "1.25"),
	};
	struct str mp = STR_INIT, back = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		ck_assert_int_eq(encode(z_slice(table[i]), REC_NDJSON, REC_MSGPACK, &mp), 0);
		ck_assert_int_eq(encode(str_slice(&mp), REC_MSGPACK, REC_NDJSON, &back), 0);
		ck_assert_str_eq(back.buf, table[i]);
	}
	str_release(&mp);
	str_release(&back);
}
END_TEST

/* other spellings of the same values */
START_TEST(normal_forms)
{
	static const char *const table[][2] = {
		{ EVENT("\"payload\":{\"a\":[1.10,1e2,-0,100000000000000000000,1.0e0]}"),
		    EVENT("\"payload\":{\"a\":[1.1,100.0,-0.0,1e+20,1.0]}") },
		{ " {\"type\" :\"\\u0065vent\",\"ts\":1,\"source\":\"s\",\"kind\":\"k\",\"p\\u0061yload\":{}} \r\n",
		    EVENT("\"payload\":{}") },
		{ METRIC("1", "0.10000000000000001"), METRIC("1", "0.1") },
		{ METRIC("1763000000.123456789", "1"), METRIC("\"2025-11-13T02:13:20.123456789Z\"", "1") },
		{ METRIC("-0.123456789123456789e0", "1"), NULL },
		{ "{\"type\":\"reject\",\"record\":{\"type\":\"metric\",\"ts\":1,\"name\":\"n\",\"value\":1,\"labels\":{}}}\n",
		    METRIC("1", "1") },
	};
	struct str mp = STR_INIT, back = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		int rc = encode(z_slice(table[i][0]), REC_NDJSON, REC_MSGPACK, &mp);

		ck_assert_msg(rc == (table[i][1] ? 0 : -1), "%s", table[i][0]);
		if (rc < 0)
			continue;
		ck_assert_int_eq(encode(str_slice(&mp), REC_MSGPACK, REC_NDJSON, &back), 0);
		ck_assert_str_eq(back.buf, table[i][1]);
	}
	str_release(&mp);
	str_release(&back);
}
END_TEST

START_TEST(no_exact_form)
{
	static const char *const table[] = {
		EVENT("\"payload\":{\"a\":18446744073709551616}"), EVENT("\"payload\":{\"a\":[0.10000000000000001]}"),
		EVENT("\"payload\":{},\"x\":123456789012345678901234567890"),
		EVENT("\"payload\":{\"value\":0.10000000000000001}"),
		METRIC("0.0000000001234567890123456789", "1"),
	};
	static const char bin[] = "\x86\xa4type\xa5" "event\xa2ts\0\xa1o\xc4\x01x\xa6source\xa1s\xa4kind\xa1k"
	    "\xa7payload\x80";
	struct str out = STR_INIT;

	for (size_t i = 0; i < countof(table); i++)
		ck_assert_msg(encode(z_slice(table[i]), REC_NDJSON, REC_MSGPACK, &out) == -1, "%s", table[i]);
	ck_assert_int_eq(encode((struct slice){ bin, sizeof(bin) - 1 }, REC_MSGPACK, REC_NDJSON, &out), -1);
	str_release(&out);
}
END_TEST

START_TEST(same_format)
{
	struct str mp = STR_INIT, out = STR_INIT;

	ck_assert_int_eq(encode(SLICE_LIT(" " METRIC("1", "1.10") "x"), REC_NDJSON, REC_NDJSON, &out), 0);
	ck_assert_str_eq(out.buf, " " METRIC("1", "1.10"));
	mp_metric(&mp, 3);
	ck_assert_int_eq(encode(str_slice(&mp), REC_MSGPACK, REC_MSGPACK, &out), 0);
	ck_assert(slice_eq(str_slice(&mp), str_slice(&out)));
	str_release(&mp);
	str_release(&out);
}
END_TEST

/* a timestamp before and after the years of RFC 3339 */
START_TEST(far_times)
{
	static const int64_t sec[] = { -62167219201, -210866803200, 253402300800, 9000000000000 };
	struct str mp = STR_INIT, out = STR_INIT, again = STR_INIT;

	for (size_t i = 0; i < countof(sec); i++) {
		char want[40];

		str_reset(&mp);
		mp_metric(&mp, 1);
		/* ts is the fourth value: 85 a4 type a6 metric a2 ts 01 */
		ck_assert_int_eq(mp.buf[16], 1);
		str_add(&again, mp.buf, 16);
		mppack_timestamp(&again, sec[i], 0);
		str_add(&again, mp.buf + 17, mp.len - 17);
		ck_assert_int_eq(encode(str_slice(&again), REC_MSGPACK, REC_NDJSON, &out), 0);
		snprintf(want, sizeof(want), "\"ts\":%lld,", (long long)sec[i]);
		ck_assert_ptr_nonnull(strstr(out.buf, want));
		str_reset(&again);
	}
	str_release(&again);
	str_release(&mp);
	str_release(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rec-encode");
	TCase *t = tcase_create("encode");

	tcase_add_test(t, round_trip);
	tcase_add_test(t, normal_forms);
	tcase_add_test(t, no_exact_form);
	tcase_add_test(t, same_format);
	tcase_add_test(t, far_times);
	suite_add_tcase(s, t);
	return run_suite(s);
}
