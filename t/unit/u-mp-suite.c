/* mp: msgpack-test-suite and the negative cases beside it */
#include "fmt/mp.h"

#include "fmt/json.h"
#include "t/unit/hex.h"

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
	Suite *s = suite_create("mp-suite");
	TCase *t = tcase_create("suite");

	tcase_add_test(t, msgpack_test_suite);
	tcase_add_test(t, negative_tsv);
	suite_add_tcase(s, t);
	return run_suite(s);
}
