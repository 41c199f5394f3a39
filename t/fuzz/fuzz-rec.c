/* records of hostile bytes. The first byte chooses format, policy, pieces and
 * how the stream ends. Nothing is lost: offsets go up, every reject line is
 * JSON, what is loaded is UTF-8 without NUL and JSON that holds by the rules,
 * and a record in the other format gives the same record again. */
#include "fmt/rec.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "fmt/json.h"
#include "fmt/rec_doc.h"

/* It takes the place of fmt/zio.c. */
struct zin {
	const uint8_t *p;
	size_t n, piece;
	bool torn;
};

ssize_t
zin_read(struct zin *z, void *buf, size_t n, struct err *err)
{
	n = MIN(MIN(n, z->n), z->piece);
	if (n == 0 && z->torn)
		return err_set(err, ERR_DATA, "cut");
	memcpy(buf, z->p, n);
	z->p += n;
	z->n -= n;
	return (ssize_t)n;
}

bool
zin_torn(const struct zin *z)
{
	return z->torn;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

static int
append(void *arg, const void *data, size_t n, struct err *err)
{
	(void)err;
	str_add(arg, data, n);
	return 0;
}

static void
check_text(struct slice s)
{
	check(!s.ptr || (utf8_ok(s.ptr, s.len) && !memchr(s.ptr, 0, s.len)));
}

static void
check_range(struct slice text, size_t start, size_t end)
{
	check(start <= end && end <= text.len);
	check(utf8_ok(text.ptr + start, end - start));
}

/* Every item of a document, which must be as good as rec_doc.h says. */
static size_t
count_items(const struct rec *rec)
{
	struct rec_items it;
	struct rec_person p;
	struct rec_chunk c;
	struct rec_finding f;
	size_t nr = 0;

	rec_items_init(&it, rec->persons, rec->text);
	for (; rec_person_next(&it, &p); nr++) {
		check(p.role.len > 0 && p.name.len + p.email.len > 0);
		check_text(p.role);
		check_text(p.name);
		check_text(p.email);
	}
	check(!it.reason);
	rec_items_release(&it);
	rec_items_init(&it, rec->chunks, rec->text);
	for (; rec_chunk_next(&it, &c); nr++) {
		check(c.ord == it.index && c.text.ptr == rec->text.ptr + c.start);
		check_range(rec->text, c.start, c.end);
		check_text(c.heading);
	}
	check(!it.reason);
	rec_items_release(&it);
	rec_items_init(&it, rec->pii, rec->text);
	for (; rec_finding_next(&it, &f); nr++) {
		check(f.start < f.end && f.score >= 0 && f.score <= 1);
		check_range(rec->text, f.start, f.end);
	}
	check(!it.reason);
	rec_items_release(&it);
	return nr;
}

static void
check_same(const struct rec *a, const struct rec *b)
{
	check(a->kind == b->kind && a->ts_us == b->ts_us);
	check(slice_eq(a->name, b->name) && slice_eq(a->source, b->source));
	check(slice_eq(a->event_kind, b->event_kind) && slice_eq(a->id, b->id));
	check(a->value == b->value || (a->value != a->value && b->value != b->value));
	if (a->kind != REC_DOCUMENT)
		return;
	check(a->has_ts == b->has_ts && slice_eq(a->uri, b->uri) && slice_eq(a->sha256, b->sha256));
	check(slice_eq(a->mime, b->mime) && slice_eq(a->text, b->text));
	check(slice_eq(a->title, b->title) && slice_eq(a->lang, b->lang));
	check(slice_eq(a->parent, b->parent) && !a->title.ptr == !b->title.ptr);
	check(count_items(a) == count_items(b));
}

/* In the other format, and read again. A double as ts is rounded to another
 * microsecond at times, and text can say more digits. */
static void
check_encode(const struct rec *rec, enum rec_format from)
{
	enum rec_format to = from == REC_NDJSON ? REC_MSGPACK : REC_NDJSON;
	struct str out = STR_INIT;
	struct err err = ERR_INIT;
	struct rec_reader *r;
	struct zin z;
	struct rec back;

	if (rec_encode(rec, from, to, &out, &err) == 0) {
		z = (struct zin){ (const uint8_t *)out.buf, out.len, SIZE_MAX, false };
		r = rec_reader_new(&z, to, REC_REJECT_BAD);
		check(rec_next(r, &back, &err) == 1);
		check_same(rec, &back);
		check(rec_next(r, &back, &err) == 0);
		rec_reader_free(r);
	} else {
		check(err.kind == ERR_DATA && out.len == 0);
	}
	str_release(&out);
	err_release(&err);
}

static void
check_document(const struct rec *rec)
{
	const struct slice array[] = { rec->persons, rec->chunks, rec->pii };
	const struct slice text[] = { rec->uri, rec->mime, rec->text, rec->title, rec->lang,
		rec->parent };

	for (size_t i = 0; i < countof(array); i++)
		check(array[i].ptr[0] == '[' && json_valid(array[i]));
	for (size_t i = 0; i < countof(text); i++)
		check_text(text[i]);
	check(rec->sha256.len == 64);
	count_items(rec);
}

static void
check_record(const struct rec *rec, enum rec_format format)
{
	struct slice json = rec->kind == REC_METRIC ? rec->labels :
	    rec->kind == REC_EVENT ? rec->payload : rec->meta;

	if (rec->kind == REC_DOCUMENT)
		check_document(rec);
	check_text(rec->name);
	check_text(rec->id);
	check_text(rec->source);
	check_text(rec->event_kind);
	check_text(rec->user_token);
	check_text(json);
	check(json.len >= 2 && json.ptr[0] == '{' && json_valid(json));
	if (!rec->replaced)
		check_encode(rec, format);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = STR_INIT;
	struct err err = ERR_INIT;
	struct rec_reader *r;
	struct rec rec;
	struct zin z;
	enum rec_format format;
	uint64_t last = 0;
	int got;

	if (size == 0)
		return 0;
	format = data[0] & 1 ? REC_MSGPACK : REC_NDJSON;
	z = (struct zin){ data + 1, size - 1, data[0] & 4 ? 1 : SIZE_MAX, data[0] & 8 };
	r = rec_reader_new(&z, format, data[0] & 2 ? REC_REPLACE : REC_REJECT_BAD);
	while ((got = rec_next(r, &rec, &err)) > 0) {
		check(rec.offset >= last && rec.offset <= size);
		last = rec.offset;
		if (rec.kind != REC_REJECT) {
			check_record(&rec, format);
			continue;
		}
		str_reset(&line);
		check(rec.reason && rec_reject_line(r, &rec, "s", append, &line, &err) == 0);
		check(line.buf[line.len - 1] == '\n' && json_valid(str_slice(&line)));
		check(!memchr(line.buf, '\n', line.len - 1));
	}
	check(got == 0 || (z.torn && size == 1));
	rec_reader_free(r);
	err_release(&err);
	str_release(&line);
	return 0;
}
