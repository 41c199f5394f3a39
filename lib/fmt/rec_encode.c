#include "fmt/rec_private.h"

#include <math.h>

#include "base/mem.h"
#include "fmt/mppack.h"

#define NSEC_PER_SEC INT64_C(1000000000)

int
rec_sniff(const unsigned char *p, size_t n, enum rec_format *out)
{
	if (n == 0)
		return -1;
	if (*p == '{' || *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r' || *p == 0xef) {
		*out = REC_NDJSON;
		return 0;
	}
	if ((*p >= 0x80 && *p <= 0x8f) || *p == 0xde || *p == 0xdf) {
		*out = REC_MSGPACK;
		return 0;
	}
	return -1;
}

/* msgpack says how many values a container has before they come, JSON does
 * not: so they are counted first, in the order of the opening brackets. */
struct counts {
	uint32_t *nr;
	size_t len, alloc, next;
};

struct convert {
	struct json j;
	struct counts counts;
	struct str scratch;
	struct str *out;
	struct err *err;
	bool metric;
};

static void
count(struct slice text, struct counts *c)
{
	size_t open[REC_MAX_DEPTH + 1] = { 0 };
	struct json j;
	enum json_tok tok;

	json_init(&j, text.ptr, text.len);
	while ((tok = json_next(&j)) != JSON_END && tok != JSON_BAD) {
		bool opens = tok == JSON_OBJ_OPEN || tok == JSON_ARR_OPEN;
		size_t outside = j.depth - opens;

		if (tok == JSON_OBJ_CLOSE || tok == JSON_ARR_CLOSE || j.depth > REC_MAX_DEPTH)
			continue;
		/* a pair counts by its value */
		if (tok != JSON_KEY && outside > 0 && c->nr)
			c->nr[open[outside]]++;
		if (opens) {
			ALLOC_GROW(c->nr, c->len + 1, c->alloc);
			open[j.depth] = c->len;
			c->nr[c->len++] = 0;
		}
	}
	json_release(&j);
}

static int
inexact(struct convert *c, struct slice text)
{
	err_set(c->err, ERR_DATA, "number %.*s has no exact msgpack form",
	    (int)MIN(text.len, (size_t)64), text.ptr);
	return err_hint(c->err, "keep this record as ndjson");
}

/* Digits only, and they fit. */
static bool
json_uint64(struct slice text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(text.ptr[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, digit, out))
			return false;
	}
	return true;
}

/* The same number, as an integer where it is written as one. */
static int
put_number(struct convert *c, struct slice text, bool any_float8)
{
	uint64_t u;
	int64_t i;
	double v;
	bool same;

	if (json_int64(text, &i) && (i != 0 || text.ptr[0] != '-')) {
		mppack_int(c->out, i);
		return 0;
	}
	if (json_uint64(text, &u)) {
		mppack_uint(c->out, u);
		return 0;
	}
	v = rec_num_double(text, &c->scratch);
	str_reset(&c->scratch);
	json_put_double(&c->scratch, v);
	same = any_float8 || rec_num_same(text, str_slice(&c->scratch));
	str_reset(&c->scratch);
	if (!same)
		return inexact(c, text);
	mppack_double(c->out, v);
	return 0;
}

/* Fractions that a double does not hold are nanoseconds of a timestamp. */
static int
put_ts(struct convert *c, struct slice text)
{
	struct err ignored = ERR_INIT, *err = c->err;
	int64_t ns, sec;
	bool exact;
	int rc;

	c->err = &ignored;
	rc = put_number(c, text, false);
	c->err = err;
	err_release(&ignored);
	if (rc == 0)
		return 0;
	if (rec_num_scaled(text, 9, &ns, &exact) < 0 || !exact)
		return inexact(c, text);
	sec = ns / NSEC_PER_SEC - (ns % NSEC_PER_SEC < 0);
	mppack_timestamp(c->out, sec, (uint32_t)(ns - sec * NSEC_PER_SEC));
	return 0;
}

static bool
put_named_float(struct convert *c, struct slice s)
{
	if (slice_is(s, "NaN"))
		mppack_double(c->out, (double)NAN);
	else if (slice_is(s, "Infinity"))
		mppack_double(c->out, (double)INFINITY);
	else if (slice_is(s, "-Infinity"))
		mppack_double(c->out, -(double)INFINITY);
	else
		return false;
	return true;
}

static struct slice
plain_text(struct convert *c)
{
	if (!c->j.escaped)
		return c->j.text;
	str_reset(&c->scratch);
	json_unescape(c->j.text, &c->scratch);
	return str_slice(&c->scratch);
}

static int
put_scalar(struct convert *c, enum json_tok tok, enum rec_field f)
{
	struct slice s;

	switch (tok) {
	case JSON_KEY: case JSON_STRING:
		s = plain_text(c);
		if (tok == JSON_STRING && f == F_VALUE && c->metric && put_named_float(c, s))
			return 0;
		mppack_str(c->out, s);
		return 0;
	case JSON_NUMBER:
		if (f == F_TS)
			return put_ts(c, c->j.text);
		return put_number(c, c->j.text, f == F_VALUE && c->metric);
	case JSON_TRUE: case JSON_FALSE:
		mppack_bool(c->out, tok == JSON_TRUE);
		return 0;
	case JSON_NULL:
		mppack_nil(c->out);
		return 0;
	default:
		return err_set(c->err, ERR_DATA, "not JSON: %s", c->j.reason);
	}
}

static int
to_msgpack(struct convert *c, struct slice text)
{
	enum rec_field f = F_OTHER;
	enum json_tok tok;

	count(text, &c->counts);
	json_init(&c->j, text.ptr, text.len);
	while ((tok = json_next(&c->j)) != JSON_END) {
		switch (tok) {
		case JSON_OBJ_OPEN: case JSON_ARR_OPEN:
			if (c->j.depth > REC_MAX_DEPTH)
				return err_set(c->err, ERR_DATA, "more than 32 containers deep");
			(tok == JSON_OBJ_OPEN ? mppack_map : mppack_array)(c->out,
			    c->counts.nr[c->counts.next++]);
			break;
		case JSON_OBJ_CLOSE: case JSON_ARR_CLOSE:
			break;
		default:
			if (put_scalar(c, tok, c->j.depth == 1 ? f : F_OTHER) < 0)
				return -1;
			if (tok == JSON_KEY && c->j.depth == 1)
				f = rec_field_of(plain_text(c));
		}
	}
	return 0;
}

static struct slice
trim(struct slice s)
{
	while (s.len > 0 && strchr(" \t\r", s.ptr[s.len - 1]))
		s.len--;
	return s;
}

int
rec_encode(const struct rec *rec, enum rec_format from, enum rec_format to, struct str *out,
    struct err *err)
{
	struct convert c = { .scratch = STR_INIT, .out = out, .err = err,
		.metric = rec->kind == REC_METRIC };
	size_t before = out->len;
	const char *why;
	int rc = 0;

	if (from == REC_NDJSON && to == REC_MSGPACK) {
		rc = to_msgpack(&c, rec->raw);
		json_release(&c.j);
		free(c.counts.nr);
		str_release(&c.scratch);
	} else if (from == REC_MSGPACK && to == REC_NDJSON) {
		if (rec_mp_tell(rec->raw, out, &why) < 0) {
			err_set(err, ERR_DATA, "a field has no JSON form: %s", why);
			rc = err_hint(err, "keep this record as msgpack");
		}
	} else {
		struct slice s = to == REC_NDJSON ? trim(rec->raw) : rec->raw;

		str_add(out, s.ptr, s.len);
	}
	if (rc < 0)
		str_truncate(out, before);
	else if (to == REC_NDJSON)
		str_addc(out, '\n');
	return rc;
}
