/* rec: the rules of document records, one by one, in both formats */
#include "fmt/rec.h"

#include "base/mem.h"
#include "t/unit/rec-test.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD "{\"type\":\"document\",\"source\":\"mail\",\"uri\":\"a.eml\",\"sha256\":\"" SHA "\","
/* a document with more fields; its text has 3 + 1 + 4 + 2 + 2 bytes */
#define TEXT "abc \xf0\x9f\x98\x80\xc3\xa9\xc3\xa9"
#define DOC(more) HEAD "\"mime\":\"text/plain\",\"text\":\"" TEXT "\"" more "}"
#define CHUNK(ord, start, end, text) \
	"{\"ord\":" ord ",\"start\":" start ",\"end\":" end ",\"text\":\"" text "\"}"
#define CHUNKS(list) DOC(",\"chunks\":[" list "]")
#define PERSONS(list) DOC(",\"persons\":[" list "]")
#define FINDING(kind, start, end, score) \
	"{\"kind\":" kind ",\"start\":" start ",\"end\":" end ",\"score\":" score "}"
#define PII(list) DOC(",\"pii\":[" list "]")
/* what a good one with the simplest fields gives */
#define GIVES(ts, title, lang, meta, parent, persons, chunks, pii) \
	"d " ts " mail a.eml " SHA " text/plain " title " " lang " " TEXT " " meta " " parent " " \
	persons " " chunks " " pii "\n"

struct row {
	const char *json, *want;
};

static void
gives(struct slice bytes, enum rec_format format, enum rec_policy policy, const char *name,
    const char *want)
{
	struct str out = STR_INIT, text = STR_INIT;

	str_add(&text, bytes.ptr, bytes.len);
	if (format == REC_NDJSON)
		str_addc(&text, '\n');
	ck_assert_int_eq(read_all(str_slice(&text), format, policy, &out), 0);
	ck_assert_msg(strcmp(out.buf, want) == 0, "%s %s\n gave %s want %s", name,
	    format == REC_NDJSON ? "as json" : "as msgpack", out.buf, want);
	str_release(&text);
	str_release(&out);
}

/* JSON that may break any rule, as msgpack. */
static void
to_msgpack(const char *json, struct str *out)
{
	struct rec rec = { .kind = REC_DOCUMENT, .raw = z_slice(json) };
	struct err err = ERR_INIT;

	str_reset(out);
	ck_assert_int_eq(rec_encode(&rec, REC_NDJSON, REC_MSGPACK, out, &err), 0);
}

static void
in_both(const struct row *row, enum rec_policy policy)
{
	struct str mp = STR_INIT;

	gives(z_slice(row->json), REC_NDJSON, policy, row->json, row->want);
	to_msgpack(row->json, &mp);
	gives(str_slice(&mp), REC_MSGPACK, policy, row->json, row->want);
	str_release(&mp);
}

START_TEST(good)
{
	static const struct row table[] = {
		{ DOC(""), GIVES("-", "-", "-", "{}", "-", "[]", "[]", "[]") },
		{ DOC(",\"title\":null,\"lang\":null,\"ts\":null,\"meta\":null,\"parent\":null,"
		    "\"persons\":null,\"chunks\":null,\"pii\":null"),
		    GIVES("-", "-", "-", "{}", "-", "[]", "[]", "[]") },
		{ DOC(",\"title\":\"\",\"lang\":\"en\",\"ts\":1.5,\"meta\":{\"a\":[1,{}]},\"parent\":\"m\","
		    "\"persons\":[],\"chunks\":[],\"pii\":[]"),
		    GIVES("1500000", "", "en", "{\"a\":[1,{}]}", "m", "[]", "[]", "[]") },
		/* of other types, and of none */
		{ DOC(",\"name\":1,\"value\":\"x\",\"labels\":[1],\"payload\":2,\"id\":{},\"record\":[],"
		    "\"more\":{\"x\":1}"), GIVES("-", "-", "-", "{}", "-", "[]", "[]", "[]") },
		{ PERSONS("{\"role\":\"from\",\"name\":\"\",\"email\":\"a@b.c\",\"x\":[{\"role\":1}]}"),
		    GIVES("-", "-", "-", "{}", "-",
		    "[{\"role\":\"from\",\"name\":\"\",\"email\":\"a@b.c\",\"x\":[{\"role\":1}]}]",
		    "[]", "[]") },
	};

	for (size_t i = 0; i < countof(table); i++)
		in_both(&table[i], REC_REJECT_BAD);
}
END_TEST

/* metrics and events do not mind what the fields of documents hold */
START_TEST(others)
{
	static const struct row table[] = {
		{ "{\"type\":\"metric\",\"ts\":0,\"name\":\"n\",\"value\":1,\"labels\":{},\"text\":1,\"uri\":[],"
		    "\"chunks\":\"x\",\"pii\":{\"a\":1},\"persons\":[1],\"meta\":[],\"sha256\":\"\"}", "m 0 n 1 {}\n" },
		{ "{\"chunks\":[1],\"pii\":7,\"parent\":\"\",\"type\":\"event\",\"ts\":0,\"source\":\"s\","
		    "\"kind\":\"k\",\"payload\":{},\"meta\":\"\"}", "e 0 - s k - {}\n" },
	};

	for (size_t i = 0; i < countof(table); i++)
		in_both(&table[i], REC_REJECT_BAD);
}
END_TEST

#define WITHOUT(source, uri, sha, mime, text) \
	"{\"type\":\"document\"" source uri sha mime text "}"
#define F_S ",\"source\":\"s\""
#define F_U ",\"uri\":\"u\""
#define F_H ",\"sha256\":\"" SHA "\""
#define F_M ",\"mime\":\"m\""
#define F_T ",\"text\":\"\""

START_TEST(bad_fields)
{
	static const struct row table[] = {
		{ WITHOUT("", F_U, F_H, F_M, F_T), "r 0 source missing field\n" },
		{ WITHOUT(F_S, "", F_H, F_M, F_T), "r 0 uri missing field\n" },
		{ WITHOUT(F_S, F_U, "", F_M, F_T), "r 0 sha256 missing field\n" },
		{ WITHOUT(F_S, F_U, F_H, "", F_T), "r 0 mime missing field\n" },
		{ WITHOUT(F_S, F_U, F_H, F_M, ""), "r 0 text missing field\n" },
		{ WITHOUT(F_S, F_U, F_H, F_M, ",\"text\":null"), "r 0 text missing field\n" },
		{ WITHOUT(",\"source\":1", F_U, F_H, F_M, F_T), "r 0 source not a string\n" },
		{ WITHOUT(F_S, ",\"uri\":[]", F_H, F_M, F_T), "r 0 uri not a string\n" },
		{ WITHOUT(F_S, ",\"uri\":\"\"", F_H, F_M, F_T), "r 0 uri empty string\n" },
		{ WITHOUT(F_S, F_U, ",\"sha256\":{}", F_M, F_T), "r 0 sha256 not a string\n" },
		{ WITHOUT(F_S, F_U, ",\"sha256\":\"" SHA "0\"", F_M, F_T),
		    "r 0 sha256 not 64 hex digits in lower case\n" },
		{ WITHOUT(F_S, F_U, ",\"sha256\":\"\"", F_M, F_T),
		    "r 0 sha256 not 64 hex digits in lower case\n" },
		{ WITHOUT(F_S, F_U, ",\"sha256\":\"A123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
		    F_M, F_T), "r 0 sha256 not 64 hex digits in lower case\n" },
		{ WITHOUT(F_S, F_U, ",\"sha256\":\"g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
		    F_M, F_T), "r 0 sha256 not 64 hex digits in lower case\n" },
		{ WITHOUT(F_S, F_U, F_H, ",\"mime\":true", F_T), "r 0 mime not a string\n" },
		{ WITHOUT(F_S, F_U, F_H, F_M, ",\"text\":[\"x\"]"), "r 0 text not a string\n" },
		{ DOC(",\"title\":1"), "r 0 title not a string\n" }, { DOC(",\"lang\":[]"), "r 0 lang not a string\n" },
		{ DOC(",\"parent\":{}"), "r 0 parent not a string\n" }, { DOC(",\"parent\":\"\""), "r 0 parent empty string\n" },
		{ DOC(",\"ts\":\"soon\""), "r 0 ts not a time\n" }, { DOC(",\"ts\":1e300"), "r 0 ts time out of range\n" },
		{ DOC(",\"meta\":[]"), "r 0 meta not a map\n" }, { DOC(",\"meta\":\"{}\""), "r 0 meta not a map\n" },
		{ DOC(",\"persons\":{}"), "r 0 persons not an array\n" }, { DOC(",\"chunks\":\"[]\""), "r 0 chunks not an array\n" },
		{ DOC(",\"pii\":0"), "r 0 pii not an array\n" },
		{ DOC(",\"meta\":{\"a\":[{\"k\":1,\"k\":2}]}"), "r 0 meta.a[0].k duplicate key\n" },
		{ DOC(",\"text\":\"\""), "r 0 text duplicate key\n" },
		{ PERSONS("{\"role\":\"to\",\"role\":\"cc\",\"name\":\"n\"}"), "r 0 persons[0].role duplicate key\n" },
	};

	for (size_t i = 0; i < countof(table); i++)
		in_both(&table[i], REC_REJECT_BAD);
}
END_TEST

START_TEST(bad_persons)
{
	static const struct row table[] = {
		{ PERSONS("1"), "r 0 persons[0] not a map\n" }, { PERSONS("[{}]"), "r 0 persons[0] not a map\n" },
		{ PERSONS("null"), "r 0 persons[0] not a map\n" },
		{ PERSONS("{\"name\":\"n\"}"), "r 0 persons[0].role missing field\n" },
		{ PERSONS("{\"role\":\"\",\"name\":\"n\"}"), "r 0 persons[0].role empty string\n" },
		{ PERSONS("{\"role\":7,\"name\":\"n\"}"), "r 0 persons[0].role not a string\n" },
		{ PERSONS("{\"role\":\"to\",\"name\":\"n\"},{\"role\":\"to\"}"), "r 0 persons[1] neither name nor email\n" },
		{ PERSONS("{\"role\":\"to\",\"name\":\"\",\"email\":null}"), "r 0 persons[0] neither name nor email\n" },
		{ PERSONS("{\"role\":\"to\",\"name\":[]}"), "r 0 persons[0].name not a string\n" },
		{ PERSONS("{\"role\":\"to\",\"name\":\"n\",\"email\":{}}"), "r 0 persons[0].email not a string\n" },
	};

	for (size_t i = 0; i < countof(table); i++)
		in_both(&table[i], REC_REJECT_BAD);
}
END_TEST

#define C0 CHUNK("0", "0", "3", "abc")

START_TEST(bad_chunks)
{
	static const struct row table[] = {
		{ CHUNKS("7"), "r 0 chunks[0] not a map\n" },
		{ CHUNKS("{\"start\":0,\"end\":3,\"text\":\"abc\"}"), "r 0 chunks[0].ord missing field\n" },
		{ CHUNKS(CHUNK("1", "0", "3", "abc")), "r 0 chunks[0].ord not its place in the array\n" },
		{ CHUNKS(C0 "," C0), "r 0 chunks[1].ord not its place in the array\n" },
		{ CHUNKS(C0 "," CHUNK("2", "0", "3", "abc")), "r 0 chunks[1].ord not its place in the array\n" },
		{ CHUNKS(CHUNK("-1", "0", "3", "abc")), "r 0 chunks[0].ord not a whole number\n" },
		{ CHUNKS(CHUNK("0.0", "0", "3", "abc")), "r 0 chunks[0].ord not a whole number\n" },
		{ CHUNKS(CHUNK("\"0\"", "0", "3", "abc")), "r 0 chunks[0].ord not a whole number\n" },
		{ CHUNKS("{\"ord\":0,\"end\":3,\"text\":\"abc\"}"), "r 0 chunks[0].start missing field\n" },
		{ CHUNKS("{\"ord\":0,\"start\":0,\"text\":\"abc\"}"), "r 0 chunks[0].end missing field\n" },
		{ CHUNKS("{\"ord\":0,\"start\":0,\"end\":3}"), "r 0 chunks[0].text missing field\n" },
		{ CHUNKS(CHUNK("-0", "0", "3", "abc")), "r 0 chunks[0].ord not a whole number\n" },
		{ CHUNKS(CHUNK("0", "-1", "3", "abc")), "r 0 chunks[0].start not a whole number\n" },
		{ CHUNKS(CHUNK("0", "true", "3", "abc")), "r 0 chunks[0].start not a whole number\n" },
		{ CHUNKS(CHUNK("0", "0", "18446744073709551615", "abc")), "r 0 chunks[0].end not a whole number\n" },
		{ CHUNKS(CHUNK("0", "0", "9223372036854775807", "abc")), "r 0 chunks[0].end beyond the text\n" },
		{ CHUNKS(CHUNK("0", "0", "13", TEXT "x")), "r 0 chunks[0].end beyond the text\n" },
		{ CHUNKS(CHUNK("0", "3", "2", "")), "r 0 chunks[0].start after the end\n" },
		{ CHUNKS(CHUNK("0", "13", "12", "")), "r 0 chunks[0].start after the end\n" },
		{ CHUNKS(CHUNK("0", "0", "5", "abc ")), "r 0 chunks[0].end inside a character\n" },
		{ CHUNKS(CHUNK("0", "0", "7", "abc ")), "r 0 chunks[0].end inside a character\n" },
		{ CHUNKS(CHUNK("0", "5", "8", "")), "r 0 chunks[0].start inside a character\n" },
		{ CHUNKS(CHUNK("0", "9", "12", "\xc3\xa9")), "r 0 chunks[0].start inside a character\n" },
		{ CHUNKS(CHUNK("0", "11", "12", "\xc3\xa9")), "r 0 chunks[0].start inside a character\n" },
		{ CHUNKS(CHUNK("0", "0", "3", "abd")), "r 0 chunks[0].text not the text from start to end\n" },
		{ CHUNKS(CHUNK("0", "0", "3", "abc ")), "r 0 chunks[0].text not the text from start to end\n" },
		{ CHUNKS(CHUNK("0", "0", "3", "")), "r 0 chunks[0].text not the text from start to end\n" },
		{ CHUNKS("{\"ord\":0,\"start\":0,\"end\":3,\"text\":7}"), "r 0 chunks[0].text not a string\n" },
		{ CHUNKS("{\"ord\":0,\"start\":0,\"end\":3,\"text\":\"abc\",\"heading\":[]}"),
		    "r 0 chunks[0].heading not a string\n" },
		{ CHUNKS(C0 "," CHUNK("1", "0", "3", "abc") "," CHUNK("2", "0", "3", "abc") ","
		    CHUNK("3", "0", "99", "abc")), "r 0 chunks[3].end beyond the text\n" },
	};

	for (size_t i = 0; i < countof(table); i++)
		in_both(&table[i], REC_REJECT_BAD);
}
END_TEST

START_TEST(bad_findings)
{
	static const struct row table[] = {
		{ PII("\"email\""), "r 0 pii[0] not a map\n" },
		{ PII("{\"start\":0,\"end\":3,\"score\":1}"), "r 0 pii[0].kind missing field\n" },
		{ PII(FINDING("\"e-mail\"", "0", "3", "1")), "r 0 pii[0].kind unknown kind\n" },
		{ PII(FINDING("\"\"", "0", "3", "1")), "r 0 pii[0].kind unknown kind\n" },
		{ PII(FINDING("1", "0", "3", "1")), "r 0 pii[0].kind not a string\n" },
		{ PII(FINDING("\"ip\"", "3", "3", "1")), "r 0 pii[0].end not after the start\n" },
		{ PII(FINDING("\"ip\"", "4", "3", "1")), "r 0 pii[0].start after the end\n" },
		{ PII(FINDING("\"ip\"", "0", "13", "1")), "r 0 pii[0].end beyond the text\n" },
		{ PII(FINDING("\"ip\"", "0", "1.5", "1")), "r 0 pii[0].end not a whole number\n" },
		{ PII(FINDING("\"ip\"", "0", "11", "1")), "r 0 pii[0].end inside a character\n" },
		{ PII(FINDING("\"ip\"", "0", "3", "1.0000001")), "r 0 pii[0].score not from 0 to 1\n" },
		{ PII(FINDING("\"ip\"", "0", "3", "-0.5")), "r 0 pii[0].score not from 0 to 1\n" },
		{ PII(FINDING("\"ip\"", "0", "3", "\"1\"")), "r 0 pii[0].score not a number\n" },
		{ PII(FINDING("\"ip\"", "0", "3", "null")), "r 0 pii[0].score missing field\n" },
		{ PII(FINDING("\"ip\"", "0", "3", "0") "," FINDING("\"mac\"", "3", "1", "0")), "r 0 pii[1].start after the end\n" },
	};

	for (size_t i = 0; i < countof(table); i++)
		in_both(&table[i], REC_REJECT_BAD);
}
END_TEST

/* A slice in a table. */
#define B(s) { (s), sizeof(s) - 1 }

/* only in one format */
START_TEST(bad_values)
{
	static const struct row table[] = {
		{ DOC(",\"title\":\"\\u0000\""), "r 0 title NUL character\n" },
		{ DOC(",\"meta\":{\"a\":\"\\ud800\"}"), "r 0 meta.a lone surrogate\n" },
		{ PERSONS("{\"role\":\"to\",\"name\":\"\xff\"}"), "r 0 persons[0].name invalid UTF-8\n" },
		{ CHUNKS("{\"x\":1e999}"), "r 0 chunks[0].x number outside float8\n" },
		{ DOC(",\"lang\":\"\xc3\""), "r 0 lang invalid UTF-8\n" },
	};
	static const struct { struct slice tail; const char *want; } mp[] = {
		{ B("\xa4meta\x81\xa1x\x91\xc4\x01x"), "r 0 meta.x[0] binary value\n" },
		{ B("\xa6" "chunks\x91\x81\xa1x\xd4\x05x"), "r 0 chunks[0].x extension value\n" },
		{ B("\xa3pii\x91\x01"), "r 0 pii[0] not a map\n" },
		{ B("\xa5title\xa1\xff"), "r 0 title invalid UTF-8\n" },
		{ B("\xa5title\xc4\x01x"), "r 0 title not a string\n" },
		{ B("\xa4meta\x81\x01\x01"), "r 0 meta map key is not a string\n" },
		{ B("\xa6labels\x81\xa1x\xc4\x01x"), GIVES("-", "-", "-", "{}", "-", "[]", "[]", "[]") },
	};
	struct str s = STR_INIT;

	for (size_t i = 0; i < countof(table); i++)
		gives(z_slice(table[i].json), REC_NDJSON, REC_REJECT_BAD, table[i].json, table[i].want);
	for (size_t i = 0; i < countof(mp); i++) {
		to_msgpack(DOC(""), &s);
		s.buf[0]++;
		str_add(&s, mp[i].tail.ptr, mp[i].tail.len);
		gives(str_slice(&s), REC_MSGPACK, REC_REJECT_BAD, mp[i].want, mp[i].want);
	}
	/* and an event does not mind, wherever its type stands */
	str_reset(&s);
	gives(SLICE_LIT("\x86\xa4meta\x81\xa1x\xc4\x01x\xa4type\xa5" "event\xa2ts\0\xa6source\xa1s\xa4kind"
	    "\xa1k\xa7payload\x80"), REC_MSGPACK, REC_REJECT_BAD, "event", "e 0 - s k - {}\n");
	str_release(&s);
}
END_TEST

START_TEST(replacing)
{
	static const char moved[] = "replacing characters would move its offsets\n";
	static const struct row table[] = {
		{ HEAD "\"mime\":\"text/plain\",\"text\":\"a\\u0000\",\"chunks\":[],\"pii\":[ ]}",
		    "d - mail a.eml " SHA " text/plain - - a\xef\xbf\xbd {} - [] [] [ ] replaced 1\n" },
		{ HEAD "\"mime\":\"text/plain\",\"text\":\"a\xff\"}",
		    "d - mail a.eml " SHA " text/plain - - a\xef\xbf\xbd {} - [] [] [] replaced 1\n" },
		{ HEAD "\"mime\":\"m\",\"text\":\"a\\u0000\",\"chunks\":[" CHUNK("0", "0", "1", "a") "]}",
		    "r 0 chunks " },
		{ HEAD "\"mime\":\"m\",\"text\":\"a\\ud800\",\"pii\":[" FINDING("\"ip\"", "0", "1", "1") "]}",
		    "r 0 pii " },
		{ CHUNKS("{\"ord\":0,\"start\":0,\"end\":3,\"text\":\"abc\",\"heading\":\"\\u0000\"}"), "r 0 chunks " },
	};
	static const char tail[] = "\xa5title\xa1\xff\xa6" "chunks\x91\x84\xa3ord\0\xa5start\0\xa3" "end\3\xa4text\xa3" "abc";
	struct str s = STR_INIT, want = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		str_reset(&want);
		str_adds(&want, table[i].want);
		if (want.buf[0] == 'r')
			str_adds(&want, moved);
		gives(z_slice(table[i].json), REC_NDJSON, REC_REPLACE, table[i].json, want.buf);
	}
	to_msgpack(DOC(""), &s);
	s.buf[0] = (char)(s.buf[0] + 2);
	str_add(&s, tail, sizeof(tail) - 1);
	str_reset(&want);
	str_addf(&want, "r 0 chunks %s", moved);
	gives(str_slice(&s), REC_MSGPACK, REC_REPLACE, "title", want.buf);
	/* nothing to replace: both are fine */
	gives(SLICE_LIT(CHUNKS(C0)), REC_NDJSON, REC_REPLACE, "chunk", GIVES("-", "-", "-", "{}", "-", "[]",
	    "[" C0 "]", "[]"));
	str_release(&s);
	str_release(&want);
}
END_TEST

/* one that was rejected and mended, and the bad one beside it */
START_TEST(in_a_reject)
{
	static const char line[] = "{\"type\":\"reject\",\"record\":" CHUNKS(C0) "}\n"
	    "{\"record\":" CHUNKS("1") ",\"type\":\"reject\"}\n";
	struct str out = STR_INIT, rejects = STR_INIT;
	struct zin z = { .data = SLICE_LIT(line), .piece = SIZE_MAX };

	ck_assert_int_eq(read_zin(&z, REC_NDJSON, REC_REJECT_BAD, &out, &rejects), 0);
	ck_assert_int_eq(out.buf[0], 'd');
	ck_assert_ptr_nonnull(strstr(out.buf, "\nr "));
	ck_assert_ptr_nonnull(strstr(out.buf, " chunks[0] not a map\n"));
	ck_assert_ptr_nonnull(strstr(rejects.buf, "\"field\":\"chunks[0]\",\"reason\":\"not a map\","
	    "\"record\":{\"type\":\"document\""));
	str_release(&out);
	str_release(&rejects);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rec-doc");
	TCase *t = tcase_create("documents");

	tcase_add_test(t, good);
	tcase_add_test(t, others);
	tcase_add_test(t, bad_fields);
	tcase_add_test(t, bad_persons);
	tcase_add_test(t, bad_chunks);
	tcase_add_test(t, bad_findings);
	tcase_add_test(t, bad_values);
	tcase_add_test(t, replacing);
	tcase_add_test(t, in_a_reject);
	suite_add_tcase(s, t);
	return run_suite(s);
}
