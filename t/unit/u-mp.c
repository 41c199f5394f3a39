/* mp: the walker and the cursor, byte by byte */
#include "fmt/mp.h"

#include "base/mem.h"
#include "fmt/mppack.h"
#include "t/unit/hex.h"

static enum mp_walked
walk_hex(const char *hex, size_t *used)
{
	struct mp_walk w = MP_WALK_INIT;
	struct str s = STR_INIT;
	enum mp_walked got;

	unhex((struct slice){ hex, strlen(hex) }, &s);
	got = mp_walk(&w, (const unsigned char *)s.buf, s.len, used);
	str_release(&s);
	return got;
}

START_TEST(walking)
{
	static const struct {
		const char *hex;
		enum mp_walked want;
		size_t used;
	} table[] = {
		{ "00", MP_DONE, 1 }, { "7f", MP_DONE, 1 }, { "ff", MP_DONE, 1 }, { "c0", MP_DONE, 1 },
		{ "80", MP_DONE, 1 }, { "90", MP_DONE, 1 }, { "a0", MP_DONE, 1 }, { "c400", MP_DONE, 2 },
		{ "a3616263ff", MP_DONE, 4 }, { "81a16101", MP_DONE, 4 }, { "81a161", MP_MORE, 3 },
		{ "9301c20290", MP_DONE, 4 }, { "93 91 91 01 02 03 04", MP_DONE, 6 },
		{ "cf0102030405060708 01", MP_DONE, 9 }, { "cf01020304050607", MP_MORE, 8 },
		{ "d401ff", MP_DONE, 3 }, { "d801 00 x16", MP_DONE, 18 }, { "d801 00 x15", MP_MORE, 17 },
		{ "c70201 aabb", MP_DONE, 5 }, { "c9 00000001 02 aa", MP_DONE, 7 },
		{ "dc0002 0102", MP_DONE, 5 }, { "dd00000002 0102", MP_DONE, 7 },
		{ "de0001 a16101", MP_DONE, 6 }, { "df00000001 a16101", MP_DONE, 8 },
		{ "ca00000000", MP_DONE, 5 }, { "cb00000000 00000000", MP_DONE, 9 },
		{ "d0 80", MP_DONE, 2 }, { "d1 8000", MP_DONE, 3 }, { "d2 80000000", MP_DONE, 5 },
		{ "c1", MP_INVALID, 0 }, { "93 01 c1 01", MP_INVALID, 2 }, { "", MP_MORE, 0 },
		{ "91 x100000 c0", MP_DONE, 100001 }, { "91 x100000", MP_MORE, 100000 },
	};
	size_t used;

	for (size_t i = 0; i < countof(table); i++) {
		ck_assert_msg(walk_hex(table[i].hex, &used) == table[i].want, "%s", table[i].hex);
		ck_assert_msg(used == table[i].used, "%s used %zu", table[i].hex, used);
	}
}
END_TEST

/* the same end, whatever the pieces */
START_TEST(pieces)
{
	static const char hex[] = "85 a161 01 a162 c4 03 aabbcc a163 93 dc0001 c0 cb0000000000000000 "
	    "81a178a179 a164 d6ff00000001 a165 da 0005 6162636465 02";
	struct str s = STR_INIT;
	struct mp_walk w = MP_WALK_INIT;
	size_t used, at;

	unhex(SLICE_LIT(hex), &s);
	for (size_t piece = 1; piece <= s.len; piece++) {
		enum mp_walked got = MP_MORE;
		unsigned char *copy;

		mp_walk_reset(&w);
		for (at = 0; got == MP_MORE; at += used) {
			size_t n = MIN(piece, s.len - at);

			/* its own block, so that a byte too far is seen */
			copy = xmalloc(n);
			memcpy(copy, s.buf + at, n);
			got = mp_walk(&w, copy, n, &used);
			ck_assert_uint_le(used, n);
			free(copy);
		}
		ck_assert_int_eq(got, MP_DONE);
		ck_assert_uint_eq(at, s.len - 1);
	}
	str_release(&s);
}
END_TEST

START_TEST(overruns)
{
	static const struct { const char *hex; bool want; } table[] = {
		{ "a5616263", true }, { "dbffffffff", true }, { "ddff000000", true },
		{ "dfffffffff", true }, { "c6 00000004 010203", true }, { "c9 00000004 ff 010203", true },
		{ "92 01", true }, { "93 01", true }, { "dc00", false },
		{ "82 a161 01 a162", false }, { "82 a161 cf 0102", false }, { "da00", false },
		{ "91 91 91", true }, { "92 a2 6162", false }, { "dc0002 01", true },
	};
	struct str s = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		unhex((struct slice){ table[i].hex, strlen(table[i].hex) }, &s);
		ck_assert_msg(mp_overruns((unsigned char *)s.buf, s.len) == table[i].want, "%s",
		    table[i].hex);
	}
	str_release(&s);
}
END_TEST

START_TEST(reading_is_bounded)
{
	struct str s = STR_INIT;
	struct mp_cur c;
	struct mp_val v;

	static const char *const whole[] = {
		"a3616263", "d9 03 616263", "da 0003 616263", "db 00000003 616263", "c4 02 0102",
		"c5 0002 0102", "c6 00000002 0102", "c7 02 05 0102", "c8 0002 05 0102",
		"c9 00000002 05 0102", "d4 05 01", "d8 05 00 x16", "cb 00 x8", "ca 00 x4", "cd 0102",
		"dc 0002", "dd 00000002", "de 0002", "df 00000002", "d7ff 00 x8", "c70cff 00 x12",
	};

	for (size_t i = 0; i < countof(whole); i++) {
		unhex((struct slice){ whole[i], strlen(whole[i]) }, &s);
		for (size_t n = 0; n <= s.len; n++) {
			unsigned char *copy = xmalloc(n);

			memcpy(copy, s.buf, n);
			c = (struct mp_cur){ copy, copy + n };
			ck_assert_msg(mp_read(&c, &v) == (n == s.len), "%s at %zu", whole[i], n);
			if (n < s.len)
				ck_assert(v.type == MP_BAD && c.p == copy);
			free(copy);
		}
	}
	str_release(&s);
}
END_TEST

START_TEST(skipping)
{
	struct str s = STR_INIT;
	struct mp_cur c;
	struct mp_val v;

	unhex(SLICE_LIT("82 a161 92 01 81 a162 c0 a163 90 07"), &s);
	c = (struct mp_cur){ (unsigned char *)s.buf, (unsigned char *)s.buf + s.len };
	ck_assert(mp_read(&c, &v) && mp_skip(&c, &v));
	ck_assert(mp_read(&c, &v) && v.type == MP_UINT && v.u == 7);
	ck_assert(!mp_read(&c, &v));
	unhex(SLICE_LIT("df ffffffff 01"), &s);
	c = (struct mp_cur){ (unsigned char *)s.buf, (unsigned char *)s.buf + s.len };
	ck_assert(mp_read(&c, &v) && !mp_skip(&c, &v));
	str_release(&s);
}
END_TEST

START_TEST(packing)
{
	static const int64_t ints[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, -1, -32, -33, -128,
		-129, -32769, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN };
	struct str s = STR_INIT;
	struct mp_cur c;
	struct mp_val v;

	for (size_t i = 0; i < countof(ints); i++)
		mppack_int(&s, ints[i]);
	mppack_uint(&s, UINT64_MAX);
	mppack_double(&s, -0.5);
	mppack_bool(&s, true);
	mppack_nil(&s);
	mppack_cstr(&s, "abc");
	mppack_array(&s, 1);
	mppack_map(&s, 0);
	mppack_timestamp(&s, -1, 999999999);
	c = (struct mp_cur){ (unsigned char *)s.buf, (unsigned char *)s.buf + s.len };
	for (size_t i = 0; i < countof(ints); i++) {
		ck_assert(mp_read(&c, &v));
		ck_assert_int_eq(v.type, ints[i] < 0 ? MP_INT : MP_UINT);
		ck_assert_int_eq(v.i, ints[i]);
	}
	ck_assert(mp_read(&c, &v) && v.type == MP_UINT && v.u == UINT64_MAX);
	ck_assert(mp_read(&c, &v) && v.type == MP_FLOAT && v.f == -0.5);
	ck_assert(mp_read(&c, &v) && v.type == MP_BOOL && v.b);
	ck_assert(mp_read(&c, &v) && v.type == MP_NIL);
	ck_assert(mp_read(&c, &v) && v.type == MP_STR && slice_is(v.data, "abc"));
	ck_assert(mp_read(&c, &v) && v.type == MP_ARRAY && v.n == 1);
	ck_assert(mp_read(&c, &v) && v.type == MP_MAP && v.n == 0);
	ck_assert(mp_read(&c, &v) && v.type == MP_TIMESTAMP && v.sec == -1 && v.nsec == 999999999);
	ck_assert(!mp_read(&c, &v));
	str_release(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mp");
	TCase *t = tcase_create("mp");

	tcase_add_test(t, walking);
	tcase_add_test(t, pieces);
	tcase_add_test(t, overruns);
	tcase_add_test(t, reading_is_bounded);
	tcase_add_test(t, skipping);
	tcase_add_test(t, packing);
	suite_add_tcase(s, t);
	return run_suite(s);
}
