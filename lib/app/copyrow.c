#include "app/copyrow.h"

#include <endian.h>

#include "base/clock.h"

/* 2000-01-01 in microseconds since 1970 */
#define PG_EPOCH_US (INT64_C(946684800) * USEC_PER_SEC)

const char *const load_table_name[LOAD_TABLES] = { "metrics", "events" };
const char *const load_table_columns[LOAD_TABLES] = {
	"ts, name, value, labels, segment_id",
	"ts, id, source, kind, user_token, payload, segment_id",
};
const char copyrow_header[COPYROW_HEADER_LEN] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
const char copyrow_trailer[COPYROW_TRAILER_LEN] = "\377\377";

enum load_table
copyrow_table(const struct rec *rec)
{
	return rec->kind == REC_METRIC ? LOAD_METRICS : LOAD_EVENTS;
}

/* The writers below move p through memory that copyrow_add has reserved. */
static char *
put16(char *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, 2);
	return p + 2;
}

static char *
put32(char *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, 4);
	return p + 4;
}

static char *
put_int8(char *p, int64_t v)
{
	uint64_t u = htobe64((uint64_t)v);

	p = put32(p, 8);
	memcpy(p, &u, 8);
	return p + 8;
}

static char *
put_float8(char *p, double v)
{
	int64_t bits;

	memcpy(&bits, &v, 8);
	return put_int8(p, bits);
}

static char *
put_text(char *p, struct slice s)
{
	if (!s.ptr)
		return put32(p, UINT32_MAX);	/* NULL */
	p = put32(p, (uint32_t)s.len);
	memcpy(p, s.ptr, s.len);
	return p + s.len;
}

static char *
put_jsonb(char *p, struct slice s)
{
	p = put32(p, (uint32_t)s.len + 1);
	*p++ = 1;
	memcpy(p, s.ptr, s.len);
	return p + s.len;
}

void
copyrow_add(struct str *out, const struct rec *r, int64_t segment_id)
{
	bool metric = r->kind == REC_METRIC;
	size_t need = 64 + (metric ? r->name.len + r->labels.len :
	    r->id.len + r->source.len + r->event_kind.len + r->user_token.len + r->payload.len);
	char *p;

	str_grow(out, need);
	p = out->buf + out->len;
	p = put16(p, metric ? 5 : 7);
	p = put_int8(p, r->ts_us - PG_EPOCH_US);
	if (metric) {
		p = put_text(p, r->name);
		p = put_float8(p, r->value);
		p = put_jsonb(p, r->labels);
	} else {
		p = put_text(p, r->id);
		p = put_text(p, r->source);
		p = put_text(p, r->event_kind);
		p = put_text(p, r->user_token);
		p = put_jsonb(p, r->payload);
	}
	p = put_int8(p, segment_id);
	out->len = (size_t)(p - out->buf);
	*p = '\0';
}
