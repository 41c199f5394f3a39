#include "fmt/mp.h"

#include <math.h>

#include "base/mem.h"
#include "fmt/json.h"
#include "fmt/mppack.h"
#include "t/unit/data.h"

/* Hex digits to bytes; "-" and " " are passed over, "91 x32" repeats a byte. */
static void
unhex(struct slice hex, struct str *out)
{
	str_reset(out);
	for (size_t i = 0; i < hex.len;) {
		char digits[3] = "";
		long times;

		if (hex.ptr[i] == ' ' || hex.ptr[i] == '-') {
			i++;
		} else if (hex.ptr[i] == 'x') {
			times = strtol(hex.ptr + i + 1, NULL, 10);
			while (times-- > 1)
				str_addc(out, out->buf[out->len - 1]);
			for (i++; i < hex.len && hex.ptr[i] >= '0' && hex.ptr[i] <= '9'; i++)
				;
		} else {
			memcpy(digits, hex.ptr + i, 2);
			str_addc(out, (char)strtoul(digits, NULL, 16));
			i += 2;
		}
	}
}

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

static void
slurp(const char *path, struct str *out)
{
	FILE *f = fopen(path, "rb");
	char buf[4096];
	size_t n;

	ck_assert_ptr_nonnull(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_add(out, buf, n);
	fclose(f);
}

/* --- msgpack-test-suite: each encoding against the value as JSON --- */

static void
same_number(const struct mp_val *v, struct slice text)
{
	int64_t i;
	char buf[40];

	snprintf(buf, sizeof(buf), "%.*s", (int)text.len, text.ptr);
	if (v->type == MP_FLOAT)
		ck_assert_msg(v->f == strtod(buf, NULL), "%s", buf);
	else if (json_int64(text, &i))
		ck_assert_msg(v->i == i && v->type == (i < 0 ? MP_INT : MP_UINT), "%s", buf);
	else
		ck_assert_msg(v->type == MP_UINT && v->u == strtoull(buf, NULL, 10), "%s", buf);
}

static void
same_bytes(struct slice data, struct slice hex)
{
	struct str want = STR_INIT;

	unhex(hex, &want);
	ck_assert(slice_eq(data, str_slice(&want)));
	str_release(&want);
}

static int64_t
next_int(struct json *j)
{
	int64_t i;

	ck_assert_int_eq(json_next(j), JSON_NUMBER);
	ck_assert(json_int64(j->text, &i));
	return i;
}

/* The value at the cursor is what the JSON token tok begins. */
static void
same(struct mp_cur *c, struct json *j, enum json_tok tok, struct slice kind)
{
	struct str s = STR_INIT;
	struct mp_val v;

	ck_assert(mp_read(c, &v));
	if (slice_is(kind, "timestamp")) {
		ck_assert_int_eq(v.type, MP_TIMESTAMP);
		ck_assert_int_eq(v.sec, next_int(j));
		ck_assert_int_eq(v.nsec, next_int(j));
		json_next(j);
	} else if (slice_is(kind, "ext")) {
		ck_assert_int_eq(v.type, MP_EXT);
		ck_assert_int_eq(v.ext, next_int(j));
		json_next(j);
		same_bytes(v.data, j->text);
		json_next(j);
	} else if (slice_is(kind, "binary")) {
		ck_assert_int_eq(v.type, MP_BIN);
		same_bytes(v.data, j->text);
	} else if (tok == JSON_NUMBER || slice_is(kind, "bignum")) {
		same_number(&v, j->text);
	} else if (tok == JSON_STRING || tok == JSON_KEY) {
		json_unescape(j->text, &s);
		ck_assert_int_eq(v.type, MP_STR);
		ck_assert(slice_eq(v.data, str_slice(&s)));
	} else if (tok == JSON_NULL) {
		ck_assert_int_eq(v.type, MP_NIL);
	} else if (tok == JSON_TRUE || tok == JSON_FALSE) {
		ck_assert(v.type == MP_BOOL && v.b == (tok == JSON_TRUE));
	} else {
		uint32_t n = 0;

		ck_assert_int_eq(v.type, tok == JSON_OBJ_OPEN ? MP_MAP : MP_ARRAY);
		while ((tok = json_next(j)) != JSON_OBJ_CLOSE && tok != JSON_ARR_CLOSE) {
			same(c, j, tok, (struct slice)SLICE_INIT);
			n += tok != JSON_KEY;
		}
		ck_assert_uint_eq(n, v.n);
	}
	str_release(&s);
}

/* One example: {"number":0,"msgpack":["00",...]}; how many encodings. */
static unsigned
example(struct slice obj)
{
	struct json j, value;
	struct slice kind = SLICE_INIT, start = SLICE_INIT;
	struct mp_walk w = MP_WALK_INIT;
	struct str bytes = STR_INIT;
	enum json_tok tok;
	unsigned nr = 0;

	json_init(&j, obj.ptr, obj.len);
	json_next(&j);
	while ((tok = json_next(&j)) == JSON_KEY) {
		bool encodings = slice_is(j.text, "msgpack");
		struct slice name = j.text;

		tok = json_next(&j);
		if (!encodings) {
			if (slice_is(name, "bignum") || !kind.ptr) {
				kind = name;
				start = (struct slice){ j.text.ptr - (tok == JSON_STRING),
					(size_t)(j.end - j.text.ptr) + (tok == JSON_STRING) };
			}
			json_skip(&j, tok);
			continue;
		}
		while (json_next(&j) == JSON_STRING) {
			size_t used;
			struct mp_cur c;

			unhex(j.text, &bytes);
			ck_assert_int_eq(mp_walk(&w, (unsigned char *)bytes.buf, bytes.len, &used),
			    MP_DONE);
			ck_assert_uint_eq(used, bytes.len);
			for (size_t cut = 0; cut < bytes.len; cut++) {
				ck_assert_int_eq(mp_walk(&w, (unsigned char *)bytes.buf, cut, &used),
				    MP_MORE);
				mp_walk_reset(&w);
			}
			c = (struct mp_cur){ (unsigned char *)bytes.buf,
				(unsigned char *)bytes.buf + bytes.len };
			json_init(&value, start.ptr, start.len);
			tok = json_next(&value);
			same(&c, &value, tok, kind);
			json_release(&value);
			ck_assert_ptr_eq(c.p, c.end);
			nr++;
		}
	}
	json_release(&j);
	str_release(&bytes);
	return nr;
}

START_TEST(msgpack_test_suite)
{
	struct str text = STR_INIT;
	struct json j;
	enum json_tok tok;
	unsigned nr = 0, values = 0;
	char path[4096];

	if (!data_path("msgpack-suite/dist/msgpack-test-suite.json", path, sizeof(path)))
		return;
	slurp(path, &text);
	json_init(&j, text.buf, text.len);
	json_next(&j);
	while (json_next(&j) == JSON_KEY) {
		json_next(&j);
		while ((tok = json_next(&j)) == JSON_OBJ_OPEN) {
			const char *first = j.text.ptr;

			json_skip(&j, tok);
			nr += example((struct slice){ first, (size_t)(j.p - first) });
			values++;
		}
	}
	printf("# msgpack-test-suite: %u encodings of %u values decoded\n", nr, values);
	fflush(stdout);
	ck_assert_uint_eq(nr, 233);
	json_release(&j);
	str_release(&text);
}
END_TEST

/* One line of negative.tsv: the walker's part of what its last column says.
 * Depth, UTF-8 and keys are rules of records: u-rec has them. */
static void
negative(const char *hex, const char *says)
{
	struct mp_walk w = MP_WALK_INIT;
	struct str s = STR_INIT;
	struct mp_cur c;
	struct mp_val v;
	enum mp_walked got;
	size_t used;

	unhex((struct slice){ hex, strlen(hex) }, &s);
	got = mp_walk(&w, (unsigned char *)s.buf, s.len, &used);
	if (strncmp(says, "invalid", 7) == 0) {
		ck_assert_int_eq(got, MP_INVALID);
	} else if (strncmp(says, "truncated", 9) == 0) {
		ck_assert_int_eq(got, MP_MORE);
	} else if (strncmp(says, "reject", 6) == 0) {
		ck_assert_int_eq(got, MP_MORE);
		ck_assert(mp_overruns((unsigned char *)s.buf, s.len));
	} else {
		ck_assert_int_eq(got, MP_DONE);
		c = (struct mp_cur){ (unsigned char *)s.buf, (unsigned char *)s.buf + s.len };
		ck_assert(mp_read(&c, &v) && mp_skip(&c, &v));
		if (strstr(says, "not a timestamp"))
			ck_assert_int_eq(v.type, MP_EXT);
		if (strstr(says, "stream"))
			ck_assert(mp_walk(&w, c.p, (size_t)(c.end - c.p), &used) == MP_DONE && used == 1);
		else
			ck_assert_ptr_eq(c.p, c.end);
	}
	str_release(&s);
}

START_TEST(negative_tsv)
{
	char path[4096], line[512], *col[4];
	unsigned nr = 0;
	FILE *f;

	if (!data_path("msgpack-suite/negative.tsv", path, sizeof(path)))
		return;
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		char *p = line;

		if (*p == '#')
			continue;
		line[strcspn(line, "\n")] = '\0';
		for (int i = 0; i < 4; i++) {
			col[i] = p;
			p += strcspn(p, "\t");
			if (*p)
				*p++ = '\0';
		}
		negative(col[1], col[3]);
		nr++;
	}
	fclose(f);
	printf("# negative.tsv: %u lines\n", nr);
	fflush(stdout);
	ck_assert_uint_ge(nr, 13);
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
	tcase_add_test(t, msgpack_test_suite);
	tcase_add_test(t, negative_tsv);
	suite_add_tcase(s, t);
	return run_suite(s);
}
