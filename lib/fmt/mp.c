#include "fmt/mp.h"

#include <endian.h>

#define NSEC_PER_SEC 1000000000u
#define EXT_TIMESTAMP (-1)

enum head_kind { H_INVALID, H_FIXED, H_LEN, H_ARRAY, H_MAP };

/* The headers 0xc0 to 0xdf: a length or count of n bytes after the first byte
 * (0 = none), then `more` bytes that are not counted in it. */
static const struct head {
	unsigned char kind, n, more;
} heads[32] = {
	{ H_FIXED, 0, 0 }, { H_INVALID, 0, 0 }, { H_FIXED, 0, 0 }, { H_FIXED, 0, 0 },
	{ H_LEN, 1, 0 }, { H_LEN, 2, 0 }, { H_LEN, 4, 0 },	/* bin */
	{ H_LEN, 1, 1 }, { H_LEN, 2, 1 }, { H_LEN, 4, 1 },	/* ext */
	{ H_FIXED, 0, 4 }, { H_FIXED, 0, 8 },			/* float */
	{ H_FIXED, 0, 1 }, { H_FIXED, 0, 2 }, { H_FIXED, 0, 4 }, { H_FIXED, 0, 8 },
	{ H_FIXED, 0, 1 }, { H_FIXED, 0, 2 }, { H_FIXED, 0, 4 }, { H_FIXED, 0, 8 },
	{ H_FIXED, 0, 2 }, { H_FIXED, 0, 3 }, { H_FIXED, 0, 5 }, { H_FIXED, 0, 9 },
	{ H_FIXED, 0, 17 },					/* fixext */
	{ H_LEN, 1, 0 }, { H_LEN, 2, 0 }, { H_LEN, 4, 0 },	/* str */
	{ H_ARRAY, 2, 0 }, { H_ARRAY, 4, 0 }, { H_MAP, 2, 0 }, { H_MAP, 4, 0 },
};

static uint64_t
big_endian(const unsigned char *p, unsigned n)
{
	uint16_t h;
	uint32_t w;
	uint64_t d;

	switch (n) {
	case 1:
		return *p;
	case 2:
		memcpy(&h, p, 2);
		return be16toh(h);
	case 4:
		memcpy(&w, p, 4);
		return be32toh(w);
	default:
		memcpy(&d, p, 8);
		return be64toh(d);
	}
}

void
mp_walk_reset(struct mp_walk *w)
{
	w->todo = w->skip = 0;
	w->head_len = 0;
	w->started = false;
	w->reason = NULL;
}

/* A header that lies whole at p: the values that it adds go to todo, its
 * payload to skip. false: invalid. */
static inline bool
take_head(struct mp_walk *w, const unsigned char *p)
{
	const struct head *h = &heads[*p - 0xc0];
	uint64_t n = h->n ? big_endian(p + 1, h->n) : 0;

	switch (h->kind) {
	case H_FIXED:
		w->skip = h->more;
		return true;
	case H_LEN:
		w->skip = n + h->more;
		return true;
	case H_MAP:
		n *= 2;
		/* fall through */
	case H_ARRAY:
		if (__builtin_add_overflow(w->todo, n, &w->todo)) {
			w->reason = "more values than can be counted";
			return false;
		}
		return true;
	default:
		w->reason = "reserved byte 0xc1";
		return false;
	}
}

static inline void
take_short(struct mp_walk *w, unsigned char c)
{
	if (c >= 0xa0 && c < 0xc0)
		w->skip = c & 0x1f;
	else if (c >= 0x80 && c < 0xa0)
		w->todo += c < 0x90 ? (c & 15u) * 2 : c & 15u;
}

/* Complete the header of which w->head holds a part. */
static const unsigned char *
join_head(struct mp_walk *w, const unsigned char *p, const unsigned char *end)
{
	if (w->head_len == 0)
		w->head[w->head_len++] = *p++;
	while (w->head_len <= heads[w->head[0] - 0xc0].n && p < end)
		w->head[w->head_len++] = *p++;
	return p;
}

enum mp_walked
mp_walk(struct mp_walk *w, const unsigned char *in, size_t n, size_t *used)
{
	const unsigned char *p = in, *end = in + n;
	enum mp_walked result = MP_MORE;

	if (!w->started) {
		mp_walk_reset(w);
		w->started = true;
		w->todo = 1;
	}
	for (;;) {
		if (w->skip) {
			uint64_t step = MIN(w->skip, (uint64_t)(end - p));

			p += step;
			w->skip -= step;
		}
		if (w->todo == 0 && w->skip == 0 && w->head_len == 0) {
			result = MP_DONE;
			break;
		}
		if (p == end)
			break;
		if (w->head_len == 0 && (*p < 0xc0 || *p >= 0xe0)) {
			w->todo--;
			p++;
			take_short(w, p[-1]);
		} else if (w->head_len == 0 && end - p > heads[*p - 0xc0].n) {
			unsigned size = 1 + heads[*p - 0xc0].n;

			w->todo--;
			if (!take_head(w, p)) {
				result = MP_INVALID;
				break;
			}
			p += size;
		} else {
			p = join_head(w, p, end);
			if (w->head_len <= heads[w->head[0] - 0xc0].n)
				break;
			w->todo--;
			w->head_len = 0;
			if (!take_head(w, w->head)) {
				result = MP_INVALID;
				break;
			}
		}
	}
	*used = (size_t)(p - in);
	if (result == MP_DONE)
		w->started = false;
	return result;
}

bool
mp_overruns(const unsigned char *p, size_t n)
{
	struct mp_walk w = MP_WALK_INIT;
	const unsigned char *end = p + n;

	while (p < end) {
		bool is_short = *p < 0xc0 || *p >= 0xe0;
		unsigned size = is_short ? 1 : 1 + heads[*p - 0xc0].n;

		w.todo = w.skip = 0;
		if ((size_t)(end - p) < size)
			return false;
		if (is_short)
			take_short(&w, *p);
		else if (!take_head(&w, p))
			return false;
		if (!is_short && heads[*p - 0xc0].kind == H_FIXED && w.skip > (uint64_t)(end - p - 1))
			return false;
		p += size;
		if (w.todo > (uint64_t)(end - p) || w.skip > (uint64_t)(end - p))
			return true;
		p += w.skip;
	}
	return false;
}

static void
read_ext(struct mp_val *v, const unsigned char *p, size_t len)
{
	uint64_t d;

	v->type = MP_EXT;
	v->ext = (int8_t)*p++;
	v->data = (struct slice){ (const char *)p, len };
	if (v->ext != EXT_TIMESTAMP)
		return;
	if (len == 4) {
		v->sec = (int64_t)big_endian(p, 4);
		v->nsec = 0;
	} else if (len == 8) {
		d = big_endian(p, 8);
		v->sec = (int64_t)(d & ((UINT64_C(1) << 34) - 1));
		v->nsec = (uint32_t)(d >> 34);
	} else if (len == 12) {
		v->sec = (int64_t)big_endian(p + 4, 8);
		v->nsec = (uint32_t)big_endian(p, 4);
	} else {
		return;
	}
	if (v->nsec < NSEC_PER_SEC)
		v->type = MP_TIMESTAMP;
}

static void
read_int(struct mp_val *v, int64_t i)
{
	v->type = i < 0 ? MP_INT : MP_UINT;
	v->i = i;
	v->u = (uint64_t)i;
}

static void
read_uint(struct mp_val *v, uint64_t u)
{
	v->type = MP_UINT;
	v->u = u;
	v->i = u <= INT64_MAX ? (int64_t)u : INT64_MAX;
}

/* A scalar of fixed size whose payload is at p. */
static void
read_fixed(struct mp_val *v, unsigned char c, const unsigned char *p)
{
	union { uint32_t u; float f; } f32;
	union { uint64_t u; double f; } f64;

	switch (c) {
	case 0xc0:
		v->type = MP_NIL;
		break;
	case 0xc2: case 0xc3:
		v->type = MP_BOOL;
		v->b = c == 0xc3;
		break;
	case 0xca:
		f32.u = (uint32_t)big_endian(p, 4);
		v->type = MP_FLOAT;
		v->f = (double)f32.f;
		break;
	case 0xcb:
		f64.u = big_endian(p, 8);
		v->type = MP_FLOAT;
		v->f = f64.f;
		break;
	case 0xcc: case 0xcd: case 0xce: case 0xcf:
		read_uint(v, big_endian(p, 1u << (c - 0xcc)));
		break;
	case 0xd0:
		read_int(v, (int8_t)*p);
		break;
	case 0xd1:
		read_int(v, (int16_t)big_endian(p, 2));
		break;
	case 0xd2:
		read_int(v, (int32_t)big_endian(p, 4));
		break;
	case 0xd3:
		read_int(v, (int64_t)big_endian(p, 8));
		break;
	default:
		read_ext(v, p, 1u << (c - 0xd4));
		break;
	}
}

/* What 0xc0 to 0xdf begin. */
static bool
read_long(struct mp_cur *c, struct mp_val *v)
{
	const unsigned char *p = c->p;
	const struct head *h = &heads[*p - 0xc0];
	size_t left = (size_t)(c->end - p) - 1;
	uint64_t n;

	v->type = MP_BAD;
	if (h->kind == H_INVALID || left < (size_t)h->n + h->more)
		return false;
	n = h->n ? big_endian(p + 1, h->n) : 0;
	if (h->kind == H_LEN && n > left - h->n - h->more)
		return false;
	c->p = p + 1 + h->n;
	if (h->kind == H_ARRAY || h->kind == H_MAP) {
		v->type = h->kind == H_ARRAY ? MP_ARRAY : MP_MAP;
		v->n = (uint32_t)n;
	} else if (h->kind == H_FIXED) {
		read_fixed(v, *p, c->p);
		c->p += h->more;
	} else if (h->more) {
		read_ext(v, c->p, n);
		c->p += n + 1;
	} else {
		v->type = *p >= 0xd9 ? MP_STR : MP_BIN;
		v->data = (struct slice){ (const char *)c->p, n };
		c->p += n;
	}
	return true;
}

bool
mp_read(struct mp_cur *c, struct mp_val *v)
{
	unsigned char b;

	if (c->p == c->end) {
		v->type = MP_BAD;
		return false;
	}
	b = *c->p;
	if (b >= 0xc0 && b < 0xe0)
		return read_long(c, v);
	if (b >= 0xa0 && b < 0xc0) {
		size_t n = b & 0x1f;

		v->type = MP_BAD;
		if ((size_t)(c->end - c->p) - 1 < n)
			return false;
		v->type = MP_STR;
		v->data = (struct slice){ (const char *)c->p + 1, n };
		c->p += n + 1;
		return true;
	}
	c->p++;
	if (b < 0x80) {
		read_uint(v, b);
	} else if (b >= 0xe0) {
		read_int(v, (int8_t)b);
	} else {
		v->type = b < 0x90 ? MP_MAP : MP_ARRAY;
		v->n = b & 0x0f;
	}
	return true;
}

static uint64_t
children(const struct mp_val *v)
{
	return v->type == MP_ARRAY ? v->n : v->type == MP_MAP ? (uint64_t)v->n * 2 : 0;
}

bool
mp_skip(struct mp_cur *c, const struct mp_val *v)
{
	uint64_t todo = children(v);
	struct mp_val inner;

	/* each value takes a byte at least, so todo cannot run over */
	while (todo > 0) {
		if (todo > (uint64_t)(c->end - c->p) || !mp_read(c, &inner))
			return false;
		todo += children(&inner) - 1;
	}
	return true;
}
