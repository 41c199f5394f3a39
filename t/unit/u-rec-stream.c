/* rec: pieces, cuts, torn streams, large records, reject lines */
#include "fmt/rec.h"

#include "base/enc.h"
#include "base/mem.h"
#include "t/unit/rec-test.h"

#define RECORDS 4

static void
four(enum rec_format format, struct str *out, size_t ends[RECORDS])
{
	for (int i = 0; i < RECORDS; i++) {
		if (format == REC_NDJSON)
			json_metric(out, i);
		else
			mp_metric(out, i);
		ends[i] = out->len;
	}
}

/* Lines of text that begin with c. */
static unsigned
count(const struct str *s, char c)
{
	unsigned nr = 0;

	for (const char *p = s->buf; *p; p = strchr(p, '\n') + 1)
		nr += *p == c;
	return nr;
}

/* The piece of s after "key":" up to the next quote, decoded. */
static void
decode_b64(const struct str *s, struct str *out)
{
	const char *p = strstr(s->buf, "\"bytes_b64\":\"");

	ck_assert_ptr_nonnull(p);
	p += strlen("\"bytes_b64\":\"");
	str_reset(out);
	ck_assert_int_eq(enc_unbase64(out, p, strcspn(p, "\"")), 0);
}

/* cut anywhere, clean or torn, in pieces or not: what is whole comes out, the
 * tail is one reject with all its bytes */
START_TEST(every_cut)
{
	enum rec_format format = (enum rec_format)(_i & 1);
	enum zin_end end = _i & 2 ? END_TORN : END_CLEAN;
	size_t piece = _i & 4 ? 1 : SIZE_MAX, ends[RECORDS];
	struct str s = STR_INIT, out = STR_INIT, rejects = STR_INIT, bytes = STR_INIT;

	four(format, &s, ends);
	for (size_t cut = 1; cut <= s.len; cut++) {
		struct zin z = { .data = { s.buf, cut }, .piece = piece, .end = end };
		unsigned whole = 0;
		size_t last = 0;

		for (int i = 0; i < RECORDS; i++) {
			/* the newline is not part of the record */
			if (ends[i] - (format == REC_NDJSON) <= cut)
				whole++, last = MIN(ends[i], cut);
		}
		str_reset(&rejects);
		ck_assert_int_eq(read_zin(&z, format, REC_REJECT_BAD, &out, &rejects), 0);
		ck_assert_uint_eq(count(&out, 'm'), whole);
		ck_assert_uint_eq(count(&out, 'r'), last < cut || end == END_TORN);
		if (count(&out, 'r') == 0)
			continue;
		ck_assert_ptr_nonnull(strstr(out.buf, "(rest)"));
		if (end == END_TORN)
			ck_assert_ptr_nonnull(strstr(out.buf, "torn segment: the frame is cut"));
		decode_b64(&rejects, &bytes);
		ck_assert_uint_eq(bytes.len, cut - last);
		ck_assert(memcmp(bytes.buf, s.buf + last, bytes.len) == 0);
		ck_assert(json_valid(str_slice(&rejects)));
	}
	str_release(&s);
	str_release(&out);
	str_release(&rejects);
	str_release(&bytes);
}
END_TEST

START_TEST(unreadable)
{
	struct str out = STR_INIT;
	struct zin nothing = { .data = SLICE_LIT(""), .piece = 1, .end = END_TORN };
	struct zin broken = { .data = SLICE_LIT("{}\n"), .piece = 1, .end = END_BROKEN };
	struct zin empty = { .data = SLICE_LIT(""), .piece = 1 };

	ck_assert_int_eq(read_zin(&nothing, REC_NDJSON, REC_REJECT_BAD, &out, NULL), -1);
	ck_assert_int_eq(read_zin(&broken, REC_MSGPACK, REC_REJECT_BAD, &out, NULL), -1);
	ck_assert_int_eq(read_zin(&empty, REC_MSGPACK, REC_REJECT_BAD, &out, NULL), 0);
	ck_assert_str_eq(out.buf, "");
	str_release(&out);
}
END_TEST

START_TEST(msgpack_that_cannot_be_walked)
{
	static const struct { const char *tail; size_t n; const char *reason; } table[] = {
		{ "\xc1", 1, "reserved byte 0xc1" }, { "\x92\xc1\x01", 3, "reserved byte 0xc1" },
		{ "\xdd\xff\0\0\0", 5, "length beyond the input" },
		{ "\xdf\xff\xff\xff\xff", 5, "length beyond the input" },
		{ "\xdb\xff\xff\xff\xff", 5, "length beyond the input" },
		{ "\xa5" "abc", 4, "length beyond the input" }, { "\xdc\0", 2, "torn record" },
		{ "\x81\xa1x", 3, "torn record" }, { "\x82\xa1xc\xa1y", 6, "torn record" },
	};
	struct str s = STR_INIT, out = STR_INIT, rejects = STR_INIT, bytes = STR_INIT, want = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		struct zin z = { .piece = 3 };

		str_reset(&s);
		str_reset(&rejects);
		str_reset(&want);
		mp_metric(&s, 1);
		str_addf(&want, "m 1000000 n1 1 {}\nr %zu - %s (rest)\n", s.len, table[i].reason);
		str_add(&s, table[i].tail, table[i].n);
		if (table[i].tail[0] == '\xc1') {
			/* nothing after it is looked at */
			mp_metric(&s, 2);
		}
		z.data = str_slice(&s);
		ck_assert_int_eq(read_zin(&z, REC_MSGPACK, REC_REJECT_BAD, &out, &rejects), 0);
		ck_assert_str_eq(out.buf, want.buf);
		decode_b64(&rejects, &bytes);
		ck_assert_uint_ge(bytes.len, table[i].n);
		ck_assert(memcmp(bytes.buf, table[i].tail, table[i].n) == 0);
		ck_assert_uint_eq(bytes.len, s.len - (size_t)strtoul(strstr(out.buf, "r ") + 2, NULL, 10));
	}
	str_release(&s);
	str_release(&out);
	str_release(&rejects);
	str_release(&bytes);
	str_release(&want);
}
END_TEST

/* 20 MiB between two good records: rejected alone, all its bytes told or
 * passed over, whatever the pieces; also when the stream ends inside */
START_TEST(large_records)
{
	enum { BIG = 20 << 20 };
	enum rec_format format = (enum rec_format)(_i & 1);
	bool tell = _i & 2, cut = _i & 4;
	struct str s = STR_INIT, out = STR_INIT, rejects = STR_INIT, bytes = STR_INIT;
	struct zin z = { .piece = _i & 8 ? SIZE_MAX : 100000 };
	size_t start, end;

	if (format == REC_NDJSON)
		json_metric(&s, 1);
	else
		mp_metric(&s, 1);
	start = s.len;
	if (format == REC_NDJSON) {
		str_adds(&s, "{\"x\":\"");
	} else {
		mppack_map(&s, 1);
		mppack_cstr(&s, "x");
		str_add(&s, "\xdb\x01\x40\0\0", 5);
	}
	str_grow(&s, BIG + 1000);
	for (int i = 0; i < BIG; i++)
		s.buf[s.len++] = (char)('a' + i % 26);
	if (format == REC_NDJSON)
		str_adds(&s, "\"}");
	end = s.len;
	if (cut) {
		s.len = end = end - 5;
	} else if (format == REC_NDJSON) {
		str_addc(&s, '\n');
		json_metric(&s, 2);
	} else {
		mp_metric(&s, 2);
	}
	z.data = str_slice(&s);
	ck_assert_int_eq(read_zin(&z, format, REC_REJECT_BAD, &out, tell ? &rejects : NULL), 0);
	ck_assert_ptr_nonnull(strstr(out.buf, "m 1000000 n1 1 {}\nr "));
	ck_assert_ptr_nonnull(strstr(out.buf, " - larger than 16 MiB\n"));
	ck_assert_uint_eq(count(&out, 'r'), 1);
	ck_assert_uint_eq(count(&out, 'm'), cut ? 1 : 2);
	if (tell) {
		decode_b64(&rejects, &bytes);
		ck_assert_uint_eq(bytes.len, end - start);
		ck_assert(memcmp(bytes.buf, s.buf + start, bytes.len) == 0);
	}
	str_release(&s);
	str_release(&out);
	str_release(&rejects);
	str_release(&bytes);
}
END_TEST

START_TEST(largest_record)
{
	struct str s = STR_INIT, out = STR_INIT;
	size_t fixed = strlen("{\"type\":\"metric\",\"ts\":1,\"name\":\"\",\"value\":1,\"labels\":{}}");

	for (size_t n = REC_MAX_BYTES; n <= REC_MAX_BYTES + 1; n++) {
		str_reset(&s);
		str_adds(&s, "{\"type\":\"metric\",\"ts\":1,\"name\":\"");
		for (size_t i = fixed; i < n; i++)
			str_addc(&s, 'x');
		str_adds(&s, "\",\"value\":1,\"labels\":{}}\n");
		ck_assert_int_eq(read_all(str_slice(&s), REC_NDJSON, REC_REJECT_BAD, &out), 0);
		ck_assert_int_eq(out.buf[0], n > REC_MAX_BYTES ? 'r' : 'm');
	}
	str_release(&s);
	str_release(&out);
}
END_TEST

/* a block of zeros in msgpack is a fault and not a hundred thousand */
START_TEST(loose_bytes)
{
	struct str s = STR_INIT, out = STR_INIT;

	mp_metric(&s, 1);
	for (int i = 0; i < 100000; i++)
		str_addc(&s, '\0');
	mp_metric(&s, 2);
	ck_assert_int_eq(read_all(str_slice(&s), REC_MSGPACK, REC_REJECT_BAD, &out), 0);
	ck_assert_uint_eq(count(&out, 'm'), 2);
	/* one for each buffer full */
	ck_assert_uint_le(count(&out, 'r'), 8);
	ck_assert_ptr_nonnull(strstr(out.buf, "- not a record\n"));
	str_release(&s);
	str_release(&out);
}
END_TEST

static void
rejects_as(enum rec_format format, const char *data, size_t n, const char *want)
{
	struct str out = STR_INIT, rejects = STR_INIT;
	struct zin z = { .data = { data, n }, .piece = SIZE_MAX };

	ck_assert_int_eq(read_zin(&z, format, REC_REJECT_BAD, &out, &rejects), 0);
	ck_assert_str_eq(rejects.buf, want);
	str_release(&out);
	str_release(&rejects);
}

#define HEAD(offset, field, reason) "{\"type\":\"reject\",\"segment\":\"seg\",\"offset\":" offset \
	",\"field\":" field ",\"reason\":\"" reason "\","

START_TEST(reject_lines)
{
#define J(text, want) rejects_as(REC_NDJSON, text "\n", sizeof(text), want "}\n")
#define M(text, want) rejects_as(REC_MSGPACK, text, sizeof(text) - 1, want "}\n")
	J("{\"type\":1}", HEAD("0", "\"type\"", "not a string") "\"record\":{\"type\":1}");
	J("\n {\"a\":\"\\u0000\"}\r", HEAD("1", "\"a\"", "NUL character") "\"record\": {\"a\":\"\\u0000\"}\r");
	J("{\"a\":\"\xff\"}", HEAD("0", "\"a\"", "invalid UTF-8") "\"bytes_b64\":\"eyJhIjoi/yJ9\"");
	/* a lone surrogate is JSON, but jq stops at it */
	J("{\"a\":\"\\ud800\"}", HEAD("0", "\"a\"", "lone surrogate") "\"bytes_b64\":\"eyJhIjoiXHVkODAwIn0=\"");
	J("{\"a\":1,\"a\":2}", HEAD("0", "\"a\"", "duplicate key") "\"record\":{\"a\":1,\"a\":2}");
	J("nul", HEAD("0", "null", "not JSON: invalid literal") "\"bytes_b64\":\"bnVs\"");
	J("{\"type\":\"x\\\"\"}", HEAD("0", "\"type\"", "unknown type \\\"x\\\"\\\"")
	    "\"record\":{\"type\":\"x\\\"\"}");
	/* a mended line that is still bad does not nest */
	J("{\"type\":\"reject\",\"record\":{\"type\":1}}",
	    HEAD("0", "\"type\"", "not a string") "\"record\":{\"type\":1}");
	J("{\"record\":{\"type\":\"event\",\"ts\":{\"a\":1,\"a\":2}},\"type\":\"reject\"}",
	    HEAD("0", "\"ts.a\"", "duplicate key") "\"record\":{\"type\":\"event\",\"ts\":{\"a\":1,\"a\":2}}");
	J("{\"type\":\"reject\",\"bytes_b64\":\"AAA=\"}",
	    HEAD("0", "\"record\"", "a reject without a record") "\"bytes_b64\":\"AAA=\"");
	J("{\"type\":\"reject\"}",
	    HEAD("0", "\"record\"", "a reject without a record") "\"record\":{\"type\":\"reject\"}");

	M("\x81\xa4type\x01", HEAD("0", "\"type\"", "not a string") "\"record\":{\"type\":1}");
	M("\x81\xa1" "a\xa1\0", HEAD("0", "\"a\"", "NUL character") "\"record\":{\"a\":\"\\u0000\"}");
	M("\x81\xa1" "a\xa1\xff", HEAD("0", "\"a\"", "invalid UTF-8") "\"bytes_b64\":\"gaFhof8=\"");
	M("\x82\xa1" "a\x01\xa1" "a\x02", HEAD("0", "\"a\"", "duplicate key") "\"record\":{\"a\":1,\"a\":2}");
	M("\x81\xa5value\xcb\x7f\xf8\0\0\0\0\0\0", HEAD("0", "\"type\"", "missing field")
	    "\"record\":{\"value\":\"NaN\"}");
	M("\x81\xa5" "other\xca\x7f\x80\0\0", HEAD("0", "\"other\"", "infinite number in a payload")
	    "\"bytes_b64\":\"gaVvdGhlcsp/gAAA\"");
	M("\x81\xa1" "a\xc4\0", HEAD("0", "\"type\"", "missing field") "\"bytes_b64\":\"gaFhxAA=\"");
	M("\x81\x01\x02", HEAD("0", "null", "map key is not a string") "\"bytes_b64\":\"gQEC\"");
	M("\x93\x01\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xd6\xff\0\0\0\0", HEAD("0", "null", "not a record")
	    "\"record\":[1,18446744073709551615,\"1970-01-01T00:00:00Z\"]");
	M("\x01\x02", HEAD("0", "null", "not a record") "\"bytes_b64\":\"AQI=\"");
	M("\x81\xa2ts\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", HEAD("0", "\"type\"", "missing field")
	    "\"record\":{\"ts\":9223372036854775807}");
#undef J
#undef M
}
END_TEST

/* what is told as JSON is a record again once it is mended */
START_TEST(rejects_replay)
{
	struct str rejects = STR_INIT, out = STR_INIT;
	struct zin z = { .data = SLICE_LIT("{\"type\":\"metric\",\"ts\":1,\"name\":\"n\",\"value\":1,"
	    "\"labels\":[]}\n"), .piece = 5 };
	char *at;

	ck_assert_int_eq(read_zin(&z, REC_NDJSON, REC_REJECT_BAD, &out, &rejects), 0);
	at = strstr(rejects.buf, "[]");
	memcpy(at, "{}", 2);
	ck_assert_int_eq(read_all(str_slice(&rejects), REC_NDJSON, REC_REJECT_BAD, &out), 0);
	ck_assert_str_eq(out.buf, "m 1000000 n 1 {}\n");
	str_release(&rejects);
	str_release(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rec-stream");
	TCase *t = tcase_create("stream");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, every_cut, 0, 8);
	tcase_add_test(t, unreadable);
	tcase_add_test(t, msgpack_that_cannot_be_walked);
	tcase_add_loop_test(t, large_records, 0, 16);
	tcase_add_test(t, largest_record);
	tcase_add_test(t, loose_bytes);
	tcase_add_test(t, reject_lines);
	tcase_add_test(t, rejects_replay);
	suite_add_tcase(s, t);
	return run_suite(s);
}
