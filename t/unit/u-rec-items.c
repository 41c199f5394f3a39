/* rec: persons, chunks and findings of a document, and the document in the other
 * format */
#include "fmt/rec_doc.h"

#include "base/mem.h"
#include "t/unit/rec-test.h"

/* a document with every item, its strings escaped where they can be */
static const char full[] =
    "{\"type\":\"document\",\"source\":\"mail\",\"uri\":\"a.eml\",\"sha256\":\"01234567"
    "89abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"mime\":\"text/markdown\",\"title\":\"t\",\"ts\":\"2026-11-21T00:00:00Z\","
    "\"text\":\"\\u0061b\\n\\ud83d\\ude00\xc3\xa9\\u00e9 \\\"z\\\"\",\"meta\":{\"a\":\"\\u00e9\"},\"persons\":["
    "{\"role\":\"from\",\"name\":\"J\\u00f6rg \\\"J\\\"\",\"email\":\"j@x.org\"},"
    "{\"email\":\"\",\"name\":\"B\",\"r\\u006fle\":\"t\\u006f\"},{\"role\":\"cc\",\"email\":\"c@x.org\",\"name\":null}],"
    "\"chunks\":[{\"ord\":0,\"start\":0,\"end\":7,\"text\":\"ab\\n\xf0\x9f\x98\x80\",\"heading\":\"A > \\u0042\"},"
    "{\"ord\":1,\"start\":3,\"end\":11,\"text\":\"\\ud83d\\ude00\\u00e9\xc3\xa9\",\"heading\":null},"
    "{\"ord\":2,\"start\":15,\"end\":15,\"text\":\"\"},{\"ord\":3,\"start\":11,\"end\":15,\"text\":\" \\u0022z\\u0022\"}],"
    "\"pii\":[{\"kind\":\"em\\u0061il\",\"start\":0,\"end\":15,\"score\":1},"
    "{\"kind\":\"person\",\"start\":7,\"end\":9,\"score\":0.25}]}\n";

static void
check_items(const struct rec *rec)
{
	struct rec_items it;
	struct rec_person p;
	struct rec_chunk c;
	struct rec_finding f;

	ck_assert(rec->kind == REC_DOCUMENT && rec->text.len == 15);
	rec_items_init(&it, rec->persons, rec->text);
	ck_assert(rec_person_next(&it, &p) && slice_is(p.role, "from"));
	ck_assert(slice_is(p.name, "J\xc3\xb6rg \"J\"") && slice_is(p.email, "j@x.org"));
	ck_assert(rec_person_next(&it, &p) && slice_is(p.role, "to") && slice_is(p.name, "B"));
	ck_assert(p.email.ptr && p.email.len == 0);
	ck_assert(rec_person_next(&it, &p) && !p.name.ptr && it.index == 2);
	ck_assert(!rec_person_next(&it, &p) && !rec_person_next(&it, &p) && !it.reason);
	rec_items_release(&it);

	rec_items_init(&it, rec->chunks, rec->text);
	ck_assert(rec_chunk_next(&it, &c) && c.ord == 0 && c.start == 0 && c.end == 7);
	ck_assert(slice_is(c.text, "ab\n\xf0\x9f\x98\x80") && slice_is(c.heading, "A > B"));
	ck_assert(rec_chunk_next(&it, &c) && c.ord == 1 && c.start == 3 && c.end == 11);
	ck_assert(slice_is(c.text, "\xf0\x9f\x98\x80\xc3\xa9\xc3\xa9") && !c.heading.ptr);
	ck_assert(rec_chunk_next(&it, &c) && c.ord == 2 && c.text.len == 0);
	ck_assert(rec_chunk_next(&it, &c) && slice_is(c.text, " \"z\""));
	ck_assert(!rec_chunk_next(&it, &c) && !rec_chunk_next(&it, &c) && !it.reason);
	rec_items_release(&it);

	rec_items_init(&it, rec->pii, rec->text);
	ck_assert(rec_finding_next(&it, &f) && f.kind == PII_EMAIL && f.end == 15 && f.score == 1);
	ck_assert(rec_finding_next(&it, &f) && f.kind == PII_PERSON && f.start == 7 && f.score == 0.25);
	ck_assert(!rec_finding_next(&it, &f) && !rec_finding_next(&it, &f) && !it.reason);
	rec_items_release(&it);
}

/* The one record of bytes: its items, and in the other format. */
static void
read_full(struct slice bytes, enum rec_format from, enum rec_format to, struct str *out)
{
	struct zin z = { .data = bytes, .piece = 1 };
	struct rec_reader *r = rec_reader_new(&z, from, REC_REJECT_BAD);
	struct err err = ERR_INIT;
	struct rec rec;

	str_reset(out);
	ck_assert_int_eq(rec_next(r, &rec, &err), 1);
	ck_assert_msg(rec.kind == REC_DOCUMENT, "%s: %s", rec.field, rec.reason);
	check_items(&rec);
	ck_assert_int_eq(rec_encode(&rec, from, to, out, &err), 0);
	ck_assert_int_eq(rec_next(r, &rec, &err), 0);
	rec_reader_free(r);
}

START_TEST(items_and_back)
{
	struct str mp = STR_INIT, json = STR_INIT, again = STR_INIT;

	read_full(z_slice(full), REC_NDJSON, REC_MSGPACK, &mp);
	read_full(str_slice(&mp), REC_MSGPACK, REC_NDJSON, &json);
	read_full(str_slice(&json), REC_NDJSON, REC_MSGPACK, &again);
	ck_assert(slice_eq(str_slice(&mp), str_slice(&again)));
	read_full(str_slice(&json), REC_NDJSON, REC_NDJSON, &again);
	ck_assert(slice_eq(str_slice(&json), str_slice(&again)));
	str_release(&mp);
	str_release(&json);
	str_release(&again);
}
END_TEST

START_TEST(no_items)
{
	struct rec_items it;
	struct rec_chunk c;

	rec_items_init(&it, SLICE_LIT("[]"), SLICE_LIT(""));
	ck_assert(!rec_chunk_next(&it, &c) && !it.reason);
	rec_items_release(&it);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rec-items");
	TCase *t = tcase_create("items");

	tcase_add_test(t, items_and_back);
	tcase_add_test(t, no_items);
	suite_add_tcase(s, t);
	return run_suite(s);
}
