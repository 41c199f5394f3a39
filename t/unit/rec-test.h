/*
 * rec-test.h - segments in memory for the tests of rec: they come in pieces of
 * a chosen size and may end in a torn stream. It takes the place of fmt/zio.c,
 * and a reader's answers become lines of text.
 */
#ifndef T_UNIT_REC_TEST_H
#define T_UNIT_REC_TEST_H

#include "fmt/json.h"
#include "fmt/mppack.h"
#include "fmt/rec.h"
#include "t/unit/data.h"

enum zin_end { END_CLEAN, END_TORN, END_BROKEN };

struct zin {
	struct slice data;
	size_t pos, piece;
	enum zin_end end;
};

ssize_t
zin_read(struct zin *z, void *buf, size_t n, struct err *err)
{
	n = MIN(MIN(n, z->piece), z->data.len - z->pos);
	if (n == 0 && z->end != END_CLEAN)
		return err_set(err, ERR_DATA, "the frame is cut");
	memcpy(buf, z->data.ptr + z->pos, n);
	z->pos += n;
	return (ssize_t)n;
}

bool
zin_torn(const struct zin *z)
{
	return z->end == END_TORN;
}

static inline void
put_slice(struct str *out, struct slice s)
{
	str_addc(out, ' ');
	if (s.ptr)
		str_add(out, s.ptr, s.len);
	else
		str_addc(out, '-');
}

static inline void
put_rec(struct str *out, const struct rec *rec)
{
	if (rec->kind == REC_REJECT) {
		str_addf(out, "r %llu %s %s%s", (unsigned long long)rec->offset,
		    rec->field ? rec->field : "-", rec->reason, rec->rest ? " (rest)" : "");
	} else if (rec->kind == REC_METRIC) {
		str_addf(out, "m %lld", (long long)rec->ts_us);
		put_slice(out, rec->name);
		str_addf(out, " %.17g", rec->value);
		put_slice(out, rec->labels);
	} else if (rec->kind == REC_DOCUMENT) {
		const struct slice s[] = { rec->source, rec->uri, rec->sha256, rec->mime, rec->title,
			rec->lang, rec->text, rec->meta, rec->parent, rec->persons, rec->chunks, rec->pii };

		str_adds(out, "d");
		if (rec->has_ts)
			str_addf(out, " %lld", (long long)rec->ts_us);
		else
			str_adds(out, " -");
		for (size_t i = 0; i < countof(s); i++)
			put_slice(out, s[i]);
	} else {
		str_addf(out, "e %lld", (long long)rec->ts_us);
		put_slice(out, rec->id);
		put_slice(out, rec->source);
		put_slice(out, rec->event_kind);
		put_slice(out, rec->user_token);
		put_slice(out, rec->payload);
	}
	if (rec->replaced)
		str_addf(out, " replaced %u", rec->replaced);
	str_addc(out, '\n');
}

static inline int
to_str(void *arg, const void *data, size_t n, struct err *err)
{
	(void)err;
	str_add(arg, data, n);
	return 0;
}

/* Every record of z as a line; of rejects the reject line too when rejects is
 * not NULL. The result of the last rec_next. */
static inline int
read_zin(struct zin *z, enum rec_format format, enum rec_policy policy, struct str *out,
    struct str *rejects)
{
	struct rec_reader *r = rec_reader_new(z, format, policy);
	struct err err = ERR_INIT;
	struct rec rec;
	int got;

	str_reset(out);
	while ((got = rec_next(r, &rec, &err)) > 0) {
		put_rec(out, &rec);
		if (rec.kind == REC_REJECT && rejects)
			ck_assert_int_eq(rec_reject_line(r, &rec, "seg", to_str, rejects, &err), 0);
		if (rec.kind != REC_REJECT)
			ck_assert_ptr_nonnull(rec.raw.ptr);
	}
	if (got < 0) {
		ck_assert_ptr_nonnull(err.text);
		str_adds(out, "failed\n");
	}
	err_release(&err);
	rec_reader_free(r);
	return got;
}

static inline int
read_all(struct slice data, enum rec_format format, enum rec_policy policy, struct str *out)
{
	struct zin z = { .data = data, .piece = SIZE_MAX };

	return read_zin(&z, format, policy, out, NULL);
}

static inline struct slice
z_slice(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

/* Simplest good records, number i in them. */
static inline void
json_metric(struct str *out, int i)
{
	str_addf(out, "{\"type\":\"metric\",\"ts\":%d,\"name\":\"n%d\",\"value\":%d,\"labels\":{}}\n",
	    i, i, i);
}

static inline void
mp_metric(struct str *out, int i)
{
	char name[16];

	snprintf(name, sizeof(name), "n%d", i);
	mppack_map(out, 5);
	mppack_cstr(out, "type");
	mppack_cstr(out, "metric");
	mppack_cstr(out, "ts");
	mppack_int(out, i);
	mppack_cstr(out, "name");
	mppack_cstr(out, name);
	mppack_cstr(out, "value");
	mppack_int(out, i);
	mppack_cstr(out, "labels");
	mppack_map(out, 0);
}

#endif
