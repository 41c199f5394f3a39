#include "fmt/rec_private.h"

#include "base/mem.h"

/* The buffer, which is one read: it begins small, for the many small segments,
 * and is larger than PIECE only for a larger record. */
#define FIRST_PIECE ((size_t)16 << 10)
#define PIECE ((size_t)256 << 10)
#define BUFFER_MAX (REC_MAX_BYTES + PIECE)

struct rec_reader *
rec_reader_new(struct zin *in, enum rec_format format, enum rec_policy policy)
{
	struct rec_reader *r = xcalloc(1, sizeof(*r));

	r->in = in;
	r->format = format;
	r->check = (struct rec_check)REC_CHECK_INIT;
	r->check.policy = policy;
	r->torn = r->ignored = r->clean = (struct str)STR_INIT;
	for (int f = 0; f < F_NR; f++)
		r->text[f] = (struct str)STR_INIT;
	r->alloc = FIRST_PIECE;
	r->buf = xmalloc(r->alloc);
	return r;
}

void
rec_reader_free(struct rec_reader *r)
{
	if (!r)
		return;
	for (int f = 0; f < F_NR; f++)
		str_release(&r->text[f]);
	str_release(&r->clean);
	str_release(&r->ignored);
	str_release(&r->torn);
	rec_check_release(&r->check);
	free(r->buf);
	free(r);
}

static void
make_room(struct rec_reader *r)
{
	size_t used = r->end - r->start;
	bool full = r->end == r->alloc;

	if (used == 0 || (full &&
	    (used <= r->alloc / 2 || r->alloc >= BUFFER_MAX))) {
		memmove(r->buf, r->buf + r->start, used);
		r->base += r->start;
		r->start = 0;
		r->end = used;
	}
	if (r->end == r->alloc || (full && r->alloc < PIECE)) {
		r->alloc = MIN(r->alloc * 2, BUFFER_MAX);
		r->buf = xrealloc(r->buf, r->alloc);
	}
}

int
rec_fill(struct rec_reader *r, struct err *err)
{
	struct err why = ERR_INIT;
	ssize_t n;

	if (r->eof)
		return 0;
	make_room(r);
	n = zin_read(r->in, r->buf + r->end, r->alloc - r->end, &why);
	if (n > 0) {
		r->end += (size_t)n;
		return 1;
	}
	if (n < 0 && (!zin_torn(r->in) || r->base + r->end == 0)) {
		err_move(err, &why);
		return -1;
	}
	r->eof = true;
	if (n < 0) {
		str_addf(&r->torn, "torn segment: %s", why.text ? why.text : "it stops early");
		err_release(&why);
	}
	return 0;
}

static int
reject(struct rec_reader *r, struct rec *out, const char *reason)
{
	out->kind = REC_REJECT;
	out->reason = reason;
	out->field = NULL;
	out->replaced = 0;
	r->check.reason = NULL;
	return 1;
}

/* The record as it lies in memory, n bytes from start on. */
static void
take(struct rec_reader *r, struct rec *out, size_t n)
{
	/* what only a document has comes with it */
	memset(out, 0, offsetof(struct rec, uri));
	out->offset = r->base + r->start;
	out->line = r->line;
	out->raw = (struct slice){ (const char *)r->buf + r->start, n };
	r->start += n;
}

/* All that is left, from start on, is one reject. */
static int
reject_rest(struct rec_reader *r, struct rec *out, const char *reason)
{
	take(r, out, r->end - r->start);
	out->rest = true;
	r->drain = r->eof ? DRAIN_NOT : DRAIN_REST;
	if (r->torn.len > 0) {
		reason = r->torn.buf;
		r->torn_told = true;
	}
	return reject(r, out, reason);
}

/* The end, which a torn stream makes visible even at a record's boundary. */
static int
finish(struct rec_reader *r, struct rec *out)
{
	if (r->torn.len == 0 || r->torn_told)
		return 0;
	return reject_rest(r, out, r->torn.buf);
}

static int
decode(struct rec_reader *r, struct slice text, bool nested)
{
	struct slice whole;

	if (r->format == REC_NDJSON)
		return rec_json_decode(r, text, nested);
	return rec_mp_decode(r, text, nested, &whole);
}

/* What the decoder says of out->raw, and of the record in a reject line that
 * somebody mended. */
static int
judge(struct rec_reader *r, struct rec *out, struct slice text)
{
	struct rec_check *c = &r->check;
	struct slice inner;
	int rc;

	rc = decode(r, text, false);
	if (rc == 0 && r->got[F_TYPE].type == GOT_STRING &&
	    slice_is(r->got[F_TYPE].text, "reject")) {
		inner = r->got[F_RECORD].text;
		if (r->got[F_RECORD].type != GOT_MAP) {
			if (r->got[F_RECORD].type != GOT_NOTHING)
				return reject(r, out, "not a record");
			reject(r, out, "a reject without a record");
			out->field = rec_field_name[F_RECORD];
			return 1;
		}
		rc = decode(r, inner, true);
		text = inner;
	}
	if (rc == 0)
		rc = rec_from_fields(r, out);
	if (rc < 0) {
		reject(r, out, c->reason);
		out->field = c->has_field ? c->field.buf : NULL;
		/* of a reject whose type stands last, as sorted keys have it */
		if (out->field && strncmp(out->field, "record.", 7) == 0 &&
		    r->format == REC_NDJSON && rec_json_is_reject(text))
			out->field += 7;
		return 1;
	}
	out->raw = text;
	out->replaced = c->replaced;
	return 1;
}

static bool
is_blank(const unsigned char *p, size_t n)
{
	while (n > 0 && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++, n--;
	return n == 0;
}

/* Judge the line of n bytes at start; `ended` by a newline. */
static int
one_line(struct rec_reader *r, struct rec *out, size_t n, bool ended)
{
	struct slice text;
	int rc;

	take(r, out, n);
	r->start += ended;
	text = out->raw;
	r->check.replaced = 0;
	if (r->check.policy == REC_REPLACE)
		text = rec_json_replace(r, text);
	rc = judge(r, out, text);
	if (ended || out->kind != REC_REJECT || json_valid(text))
		return rc;
	out->rest = true;
	if (r->torn.len > 0) {
		out->field = NULL;
		out->reason = r->torn.buf;
		r->torn_told = true;
	}
	return rc;
}

static int
next_line(struct rec_reader *r, struct rec *out, struct err *err)
{
	const unsigned char *nl;
	size_t seen, n;
	int got;

	for (;;) {
		seen = 0;
		while (!(nl = memchr(r->buf + r->start + seen, '\n', r->end - r->start - seen))) {
			seen = r->end - r->start;
			if (seen > REC_MAX_BYTES)
				break;
			got = rec_fill(r, err);
			if (got < 0)
				return -1;
			if (got == 0)
				break;
		}
		if (r->base + r->start == 0 && r->end >= 3 && memcmp(r->buf, "\xef\xbb\xbf", 3) == 0) {
			r->start = 3;
			continue;
		}
		n = nl ? (size_t)(nl - (r->buf + r->start)) : r->end - r->start;
		if (!nl && n == 0)
			return finish(r, out);
		r->line++;
		if (n > REC_MAX_BYTES) {
			take(r, out, n);
			if (nl)
				r->start++;
			else
				r->drain = DRAIN_LINE;
			return reject(r, out, "larger than 16 MiB");
		}
		if (!is_blank(r->buf + r->start, n))
			return one_line(r, out, n, nl != NULL);
		r->start += n + (nl != NULL);
	}
}

static bool
is_one_byte_scalar(unsigned char c)
{
	return c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3;
}

static int
one_value(struct rec_reader *r, struct rec *out, size_t n)
{
	if (n > REC_MAX_BYTES) {
		take(r, out, n);
		return reject(r, out, "larger than 16 MiB");
	}
	/* a run of loose bytes, such as a block of zeros, is one fault */
	if (n == 1 && is_one_byte_scalar(r->buf[r->start]))
		while (r->start + n < r->end && n < REC_MAX_BYTES &&
		    is_one_byte_scalar(r->buf[r->start + n]))
			n++;
	take(r, out, n);
	r->check.replaced = 0;
	return judge(r, out, out->raw);
}

/* The usual case, a good record that lies whole in the buffer, in one pass:
 * its end is where the decoder stops. All else is walked first. */
static bool
good_value(struct rec_reader *r, struct rec *out)
{
	struct slice rest = { (const char *)r->buf + r->start, r->end - r->start }, raw;

	if (rest.len == 0)
		return false;
	r->check.replaced = 0;
	take(r, out, 0);
	if (rec_mp_decode(r, rest, false, &raw) < 0 || raw.len > REC_MAX_BYTES ||
	    rec_from_fields(r, out) < 0)
		return false;
	out->raw = raw;
	out->replaced = r->check.replaced;
	r->start += raw.len;
	return true;
}

static int
next_value(struct rec_reader *r, struct rec *out, struct err *err)
{
	size_t done = 0, used;
	enum mp_walked walked;
	int got;

	if (good_value(r, out))
		return 1;
	mp_walk_reset(&r->walk);
	for (;;) {
		walked = mp_walk(&r->walk, r->buf + r->start + done, r->end - r->start - done, &used);
		done += used;
		if (walked == MP_DONE)
			return one_value(r, out, done);
		if (walked == MP_INVALID)
			return reject_rest(r, out, r->walk.reason);
		if (done > REC_MAX_BYTES) {
			take(r, out, done);
			r->drain = DRAIN_VALUE;
			return reject(r, out, "larger than 16 MiB");
		}
		got = rec_fill(r, err);
		if (got < 0)
			return -1;
		if (got == 0 && done == 0)
			return finish(r, out);
		if (got == 0)
			return reject_rest(r, out, mp_overruns(r->buf + r->start, done) ?
			    "length beyond the input" : "torn record");
	}
}

int
rec_next(struct rec_reader *r, struct rec *out, struct err *err)
{
	struct slice piece;
	int got = 1;

	/* what a reject line did not ask for */
	while (r->drain != DRAIN_NOT && got > 0)
		got = rec_drain(r, &piece, err);
	if (got < 0)
		return -1;
	return r->format == REC_NDJSON ? next_line(r, out, err) : next_value(r, out, err);
}

int
rec_drain(struct rec_reader *r, struct slice *piece, struct err *err)
{
	const unsigned char *nl;
	size_t n;
	int got;

	*piece = (struct slice){ "", 0 };
	if (r->start == r->end) {
		got = rec_fill(r, err);
		if (got < 0)
			return -1;
		if (got == 0) {
			/* it was torn inside, and all of it is told */
			r->torn_told = true;
			r->drain = DRAIN_NOT;
			return 0;
		}
	}
	n = r->end - r->start;
	piece->ptr = (const char *)r->buf + r->start;
	if (r->drain == DRAIN_LINE) {
		nl = memchr(r->buf + r->start, '\n', n);
		if (nl) {
			n = (size_t)(nl - (r->buf + r->start));
			r->start++;
			r->drain = DRAIN_NOT;
		}
	} else if (r->drain == DRAIN_VALUE) {
		switch (mp_walk(&r->walk, r->buf + r->start, n, &n)) {
		case MP_DONE:
			r->drain = DRAIN_NOT;
			break;
		case MP_INVALID:
			/* no record begins after this */
			n = r->end - r->start;
			r->drain = DRAIN_REST;
			break;
		case MP_MORE:
			break;
		}
	}
	piece->len = n;
	r->start += n;
	return 1;
}
