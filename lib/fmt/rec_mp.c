#include "fmt/rec_private.h"

#include <math.h>

#include "fmt/plain.h"

static inline void
put_plain(struct str *out, struct slice s)
{
	str_grow(out, s.len + 2);
	out->buf[out->len] = '"';
	memcpy(out->buf + out->len + 1, s.ptr, s.len);
	out->buf[out->len + s.len + 1] = '"';
	out->len += s.len + 2;
	out->buf[out->len] = '\0';
}

/* The text of a string value as a JSON string. */
static inline int
put_text(struct rec_check *c, struct slice s, const struct rec_path *path, struct str *out)
{
	if (plain_all(s.ptr, s.len)) {
		put_plain(out, s);
		return 0;
	}
	if (rec_check_text(c, s, path, &c->scratch, &s) < 0)
		return -1;
	json_put_string(out, s);
	return 0;
}

static int
put_array(struct rec_check *c, struct mp_cur *cur, uint32_t n, const struct rec_path *path,
    unsigned depth, struct str *out)
{
	struct rec_path here = { .up = path };
	struct mp_val v;

	str_addc(out, '[');
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			str_addc(out, ',');
		here.index = i;
		if (!mp_read(cur, &v))
			return rec_bad(c, path, "torn record");
		if (rec_mp_json(c, cur, &v, &here, depth + 1, out) < 0)
			return -1;
	}
	str_addc(out, ']');
	return 0;
}

/* A string, which keys are; most are short. */
static inline bool
read_str(struct mp_cur *cur, struct slice *out)
{
	size_t n = cur->p < cur->end ? *cur->p - 0xa0u : SIZE_MAX;
	struct mp_val v;

	if (n < 32 && n < (size_t)(cur->end - cur->p)) {
		*out = (struct slice){ (const char *)cur->p + 1, n };
		cur->p += n + 1;
		return true;
	}
	if (!mp_read(cur, &v) || v.type != MP_STR)
		return false;
	*out = v.data;
	return true;
}

/* A key that is not plain ASCII, checked: to the set and, with its colon, to
 * out. */
static int
take_odd_key(struct rec_check *c, const struct rec_path *here, struct str *out)
{
	struct slice k;

	if (rec_check_text(c, here->key, here, &c->scratch, &k) < 0)
		return -1;
	if (out)
		json_put_string(out, k);
	if (!c->tell)
		keyset_add_copy(&c->keys, k);
	return 0;
}

static int
take_other_key(struct rec_check *c, const struct rec_path *here)
{
	if (!plain_all(here->key.ptr, here->key.len))
		return take_odd_key(c, here, NULL);
	keyset_add(&c->keys, here->key);
	return 0;
}

static int
close_keys(struct rec_check *c, size_t mark, const struct rec_path *up)
{
	struct rec_path twice = { .up = up };

	if (keyset_close(&c->keys, mark, &twice.key))
		return rec_bad(c, &twice, "duplicate key");
	return 0;
}

static int
put_map(struct rec_check *c, struct mp_cur *cur, uint32_t n, const struct rec_path *path,
    unsigned depth, struct str *out)
{
	struct rec_path here = { .up = path };
	size_t mark = keyset_mark(&c->keys);
	struct mp_val v;

	str_addc(out, '{');
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			str_addc(out, ',');
		if (!read_str(cur, &here.key))
			return rec_bad(c, path, "map key is not a string");
		if (plain_all(here.key.ptr, here.key.len)) {
			put_plain(out, here.key);
			keyset_add(&c->keys, here.key);
		} else if (take_odd_key(c, &here, out) < 0) {
			return -1;
		}
		str_addc(out, ':');
		if (!mp_read(cur, &v))
			return rec_bad(c, &here, "torn record");
		if (rec_mp_json(c, cur, &v, &here, depth + 1, out) < 0)
			return -1;
	}
	str_addc(out, '}');
	return c->tell ? 0 : close_keys(c, mark, path);
}

static bool
is_top(const struct rec_path *path, const char *name)
{
	return !path->up && path->key.ptr && slice_is(path->key, name);
}

static int
put_stamp(struct rec_check *c, const struct mp_val *v, const struct rec_path *path,
    struct str *out)
{
	struct str text = STR_INIT;
	int rc = 0;

	if (rec_put_time(&text, v->sec, v->nsec) == 0)
		json_put_string(out, str_slice(&text));
	else if (c->tell && is_top(path, "ts") && v->nsec == 0)
		json_put_int(out, v->sec);	/* a year that RFC 3339 cannot say */
	else
		rc = rec_bad(c, path, "time out of range");
	str_release(&text);
	return rc;
}

static int
put_float(struct rec_check *c, double f, const struct rec_path *path, struct str *out)
{
	if (isfinite(f)) {
		json_put_double(out, f);
		return 0;
	}
	if (c->tell && is_top(path, "value")) {
		str_adds(out, isnan(f) ? "\"NaN\"" : f > 0 ? "\"Infinity\"" : "\"-Infinity\"");
		return 0;
	}
	return rec_bad(c, path, isnan(f) ? "NaN in a payload" : "infinite number in a payload");
}

int
rec_mp_json(struct rec_check *c, struct mp_cur *cur, const struct mp_val *v,
    const struct rec_path *path, unsigned depth, struct str *out)
{
	switch (v->type) {
	case MP_NIL:
		str_add(out, "null", 4);
		return 0;
	case MP_BOOL:
		str_adds(out, v->b ? "true" : "false");
		return 0;
	case MP_UINT:
		json_put_uint(out, v->u);
		return 0;
	case MP_INT:
		json_put_int(out, v->i);
		return 0;
	case MP_FLOAT:
		return put_float(c, v->f, path, out);
	case MP_STR:
		return put_text(c, v->data, path, out);
	case MP_ARRAY: case MP_MAP:
		if (depth > REC_MAX_DEPTH)
			return rec_bad(c, path, "more than 32 containers deep");
		return (v->type == MP_ARRAY ? put_array : put_map)(c, cur, v->n, path, depth, out);
	case MP_TIMESTAMP:
		return put_stamp(c, v, path, out);
	case MP_BIN: case MP_EXT:
		if (!c->binary_ok)
			return rec_bad(c, path, v->type == MP_BIN ? "binary value" :
			    "extension value");
		c->binary_seen = true;
		str_add(out, "null", 4);
		return 0;
	default:
		return rec_bad(c, path, "torn record");
	}
}

/* A scalar field as it is. */
static int
got_scalar(struct rec_reader *r, enum rec_field f, const struct mp_val *v,
    const struct rec_path *path)
{
	struct rec_got *g = &r->got[f];

	g->nsec = 0;
	switch (v->type) {
	case MP_NIL:
		g->type = GOT_NOTHING;
		return 0;
	case MP_UINT:
		g->type = GOT_UINT;
		g->u = v->u;
		return 0;
	case MP_INT:
		g->type = GOT_INT;
		g->i = v->i;
		return 0;
	case MP_FLOAT:
		g->type = GOT_FLOAT;
		g->f = v->f;
		return 0;
	case MP_TIMESTAMP:
		g->type = GOT_STAMP;
		g->i = v->sec;
		g->nsec = v->nsec;
		return 0;
	case MP_STR:
		/* only JSON has to spell NaN as a string */
		g->type = f == F_VALUE ? GOT_OTHER : GOT_STRING;
		g->text = v->data;
		if (plain_all(v->data.ptr, v->data.len))
			return 0;
		return rec_check_text(&r->check, v->data, path, &r->text[f], &g->text);
	default:
		g->type = GOT_OTHER;
		return 0;
	}
}

/* The fields that are kept as JSON, and what they have to be. */
static const enum mp_type container[F_NR + 1] = {
	[F_LABELS] = MP_MAP, [F_PAYLOAD] = MP_MAP, [F_META] = MP_MAP,
	[F_PERSONS] = MP_ARRAY, [F_CHUNKS] = MP_ARRAY, [F_PII] = MP_ARRAY,
};

/* Whether the record's type has this field may not be known yet, so that what JSON
 * cannot say is only noted. first: where the value begins. */
static int
got_container(struct rec_reader *r, struct mp_cur *cur, enum rec_field f,
    const struct mp_val *v, const struct rec_path *path, const unsigned char *first)
{
	struct rec_check *c = &r->check;
	struct rec_got *g = &r->got[f];
	struct str *out = &r->text[f];
	int rc;

	str_reset(out);
	c->binary_ok = true;
	c->binary_seen = false;
	rc = rec_mp_json(c, cur, v, path, 2, out);
	c->binary_ok = false;
	g->type = v->type == MP_MAP ? GOT_MAP : GOT_ARRAY;
	g->text = str_slice(out);
	if (c->binary_seen) {
		g->type = GOT_BINARY;
		g->text = (struct slice){ (const char *)first, (size_t)(cur->p - first) };
	}
	return rc;
}

int
rec_mp_binary(struct rec_reader *r, enum rec_field f)
{
	const struct rec_path path = { .key = { rec_field_name[f], strlen(rec_field_name[f]) } };
	const unsigned char *p = (const unsigned char *)r->got[f].text.ptr;
	struct mp_cur cur = { p, p + r->got[f].text.len };
	struct mp_val v;

	str_reset(&r->ignored);
	if (!mp_read(&cur, &v) || rec_mp_json(&r->check, &cur, &v, &path, 2, &r->ignored) == 0)
		return rec_bad(&r->check, &path, "binary value");
	return -1;
}

static int
one_field(struct rec_reader *r, struct mp_cur *cur, const struct rec_path *path,
    enum rec_field f, bool nested)
{
	const unsigned char *first = cur->p;
	struct rec_check *c = &r->check;
	struct mp_val v;
	int rc;

	if (!mp_read(cur, &v))
		return rec_bad(c, path, "torn record");
	if (f == F_RECORD && !nested && r->got[F_TYPE].type == GOT_STRING &&
	    slice_is(r->got[F_TYPE].text, "reject") && v.type == MP_MAP) {
		/* its own pass checks it, with its own names */
		mp_skip(cur, &v);
	} else if ((v.type == MP_MAP || v.type == MP_ARRAY) && v.type == container[f]) {
		return got_container(r, cur, f, &v, path, first);
	} else if (f != F_OTHER && v.type != MP_MAP && v.type != MP_ARRAY) {
		return got_scalar(r, f, &v, path);
	} else {
		c->binary_ok = true;
		str_reset(&r->ignored);
		rc = rec_mp_json(c, cur, &v, path, 2, &r->ignored);
		c->binary_ok = false;
		if (rc < 0)
			return -1;
	}
	if (f == F_OTHER)
		return 0;
	r->got[f].type = f == F_RECORD && v.type == MP_MAP ? GOT_MAP : GOT_OTHER;
	r->got[f].text = (struct slice){ (const char *)first, (size_t)(cur->p - first) };
	return 0;
}

int
rec_mp_decode(struct rec_reader *r, struct slice at, bool nested, struct slice *raw)
{
	const unsigned char *p = (const unsigned char *)at.ptr;
	struct mp_cur cur = { p, p + at.len };
	struct rec_check *c = &r->check;
	struct rec_path path = { .up = NULL };
	enum rec_field f;
	struct mp_val v;

	rec_start(r);
	if (!mp_read(&cur, &v) || v.type != MP_MAP)
		return rec_bad(c, NULL, "not a record");
	for (uint32_t i = 0; i < v.n; i++) {
		if (!read_str(&cur, &path.key))
			return rec_bad(c, NULL, "map key is not a string");
		f = rec_field_of(path.key);
		if (rec_seen(r, f))
			return rec_bad(c, &path, "duplicate key");
		if (f == F_OTHER && take_other_key(c, &path) < 0)
			return -1;
		if (one_field(r, &cur, &path, f, nested) < 0)
			return -1;
	}
	*raw = (struct slice){ at.ptr, (size_t)(cur.p - p) };
	return close_keys(c, 0, NULL);
}

int
rec_mp_tell(struct slice raw, struct str *out, const char **why)
{
	const unsigned char *p = (const unsigned char *)raw.ptr;
	struct mp_cur cur = { p, p + raw.len };
	struct rec_check c = REC_CHECK_INIT;
	struct rec_path none = { .key = SLICE_LIT("") };
	size_t before = out->len;
	struct mp_val v;
	int rc = -1;

	c.tell = true;
	c.reason = "more than one value";
	if (mp_read(&cur, &v))
		rc = v.type == MP_MAP ? put_map(&c, &cur, v.n, NULL, 1, out) :
		    rec_mp_json(&c, &cur, &v, &none, 1, out);
	if (rc == 0 && cur.p != cur.end)
		rc = -1;
	if (rc < 0) {
		str_truncate(out, before);
		*why = c.reason;
	}
	rec_check_release(&c);
	return rc;
}
