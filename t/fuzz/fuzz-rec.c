/* records of hostile bytes. The first byte chooses format, policy, pieces and
 * how the stream ends. Nothing is lost: offsets go up, every reject line is
 * JSON, what is loaded is UTF-8 without NUL and JSON that holds by the rules,
 * and a record in the other format gives the same record again. */
#include "fmt/rec.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "fmt/json.h"

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
check_same(const struct rec *a, const struct rec *b)
{
	check(a->kind == b->kind && a->ts_us == b->ts_us);
	check(slice_eq(a->name, b->name) && slice_eq(a->source, b->source));
	check(slice_eq(a->event_kind, b->event_kind) && slice_eq(a->id, b->id));
	check(a->value == b->value || (a->value != a->value && b->value != b->value));
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
check_record(const struct rec *rec, enum rec_format format)
{
	struct slice json = rec->kind == REC_METRIC ? rec->labels : rec->payload;

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
