/*
 * mp.h - msgpack (github.com/msgpack/msgpack, spec.md, 2013-2017), read within
 * bounds.
 *
 * The walker finds where a value ends without believing any length: it holds
 * no data, takes input in pieces, allocates nothing and never reads past what
 * it was given. It only counts the values that are still to come, so nesting
 * costs nothing either. The cursor then reads headers of a value that the
 * walker has passed. Packing is msgpack-c's (mppack.h).
 */
#ifndef FMT_MP_H
#define FMT_MP_H

#include "base/base.h"
#include "base/str.h"

enum mp_walked { MP_MORE, MP_DONE, MP_INVALID };

struct mp_walk {
	uint64_t todo;		/* values still to come */
	uint64_t skip;		/* payload bytes of the current scalar to go */
	unsigned char head[5];	/* a header that was cut by the end of a piece */
	unsigned head_len;
	bool started;
	const char *reason;	/* after MP_INVALID */
};
#define MP_WALK_INIT { .todo = 0 }

/* Take up to n bytes; *used says how many. MP_DONE: the value ends there and
 * the walker is ready for the next. MP_INVALID: *used is the offset of the
 * byte that is no msgpack. */
enum mp_walked mp_walk(struct mp_walk *w, const unsigned char *p, size_t n, size_t *used);
void mp_walk_reset(struct mp_walk *w);
/* Of a value that the end of the input cuts, all n bytes of it: does some
 * length or count say more than was left? */
bool mp_overruns(const unsigned char *p, size_t n);

enum mp_type {
	MP_NIL, MP_BOOL, MP_UINT, MP_INT /* negative */, MP_FLOAT, MP_STR, MP_BIN,
	MP_ARRAY, MP_MAP, MP_EXT, MP_TIMESTAMP, MP_BAD,
};

struct mp_val {
	enum mp_type type;
	bool b;
	uint64_t u;
	int64_t i;
	double f;
	struct slice data;	/* STR, BIN, EXT: borrowed from the input */
	uint32_t n;		/* ARRAY: elements; MAP: pairs */
	int8_t ext;
	int64_t sec;		/* TIMESTAMP (ext -1, lengths 4, 8, 12) */
	uint32_t nsec;		/* < 1e9, else it is an EXT */
};

struct mp_cur { const unsigned char *p, *end; };
/* The next header, and the data of a scalar. false, with the cursor where it
 * was, at the end or on bytes that are not msgpack. */
bool mp_read(struct mp_cur *c, struct mp_val *out);
/* Past the value whose header was just read. */
bool mp_skip(struct mp_cur *c, const struct mp_val *v);

#endif
