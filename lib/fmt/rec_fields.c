#include "fmt/rec_private.h"

#include <math.h>

#include "base/clock.h"
#include "base/utf8.h"

#define NSEC_PER_USEC 1000
/* Of a quoted value, and of a path. */
#define QUOTE_MAX 64
#define PATH_MAX_BYTES 240

const char *const rec_field_name[F_NR] = {
	[F_TYPE] = "type", [F_TS] = "ts", [F_NAME] = "name", [F_VALUE] = "value",
	[F_LABELS] = "labels", [F_ID] = "id", [F_SOURCE] = "source", [F_KIND] = "kind",
	[F_TOKEN] = "user_token", [F_PAYLOAD] = "payload", [F_RECORD] = "record",
	[F_URI] = "uri", [F_SHA256] = "sha256", [F_MIME] = "mime", [F_TITLE] = "title",
	[F_LANG] = "lang", [F_TEXT] = "text", [F_META] = "meta", [F_PARENT] = "parent",
	[F_PERSONS] = "persons", [F_CHUNKS] = "chunks", [F_PII] = "pii",
};

#define IS(k, name) (memcmp((k).ptr, (name), sizeof(name) - 1) == 0)

enum rec_field
rec_field_of(struct slice k)
{
	switch (k.len) {
	case 2:
		return IS(k, "ts") ? F_TS : IS(k, "id") ? F_ID : F_OTHER;
	case 3:
		return IS(k, "uri") ? F_URI : IS(k, "pii") ? F_PII : F_OTHER;
	case 4:
		return IS(k, "type") ? F_TYPE : IS(k, "name") ? F_NAME :
		    IS(k, "kind") ? F_KIND : IS(k, "text") ? F_TEXT :
		    IS(k, "mime") ? F_MIME : IS(k, "lang") ? F_LANG :
		    IS(k, "meta") ? F_META : F_OTHER;
	case 5:
		return IS(k, "value") ? F_VALUE : IS(k, "title") ? F_TITLE : F_OTHER;
	case 6:
		return IS(k, "labels") ? F_LABELS : IS(k, "source") ? F_SOURCE :
		    IS(k, "record") ? F_RECORD : IS(k, "sha256") ? F_SHA256 :
		    IS(k, "chunks") ? F_CHUNKS : IS(k, "parent") ? F_PARENT : F_OTHER;
	case 7:
		return IS(k, "payload") ? F_PAYLOAD : IS(k, "persons") ? F_PERSONS : F_OTHER;
	case 10:
		return IS(k, "user_token") ? F_TOKEN : F_OTHER;
	default:
		return F_OTHER;
	}
}

/* The bytes at p, which begin no well-formed sequence, that could have begun
 * one: the maximal subpart of Unicode, section 3.9. */
static size_t
subpart(const unsigned char *p, const unsigned char *end)
{
	unsigned char lo = 0x80, hi = 0xbf;

	if (*p < 0xe0 || *p > 0xf4 || end - p < 2)
		return 1;
	if (*p == 0xe0)
		lo = 0xa0;
	else if (*p == 0xed)
		hi = 0x9f;
	else if (*p == 0xf0)
		lo = 0x90;
	else if (*p == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 1;
	return *p >= 0xf0 && end - p > 2 && (p[2] & 0xc0) == 0x80 ? 3 : 2;
}

/* s with U+FFFD for NUL and ill-formed bytes; how many. */
unsigned
rec_put_replaced(struct str *out, struct slice s)
{
	static const char fffd[] = "\xef\xbf\xbd";
	const unsigned char *p = (const unsigned char *)s.ptr, *end = p + s.len;
	unsigned nr = 0;

	while (p < end) {
		int k = *p ? utf8_step(p, end) : 0;

		if (k) {
			str_add(out, p, (size_t)k);
			p += k;
			continue;
		}
		str_add(out, fffd, 3);
		nr++;
		p += subpart(p, end);
	}
	return nr;
}

static void
put_quoted(struct str *out, struct slice s)
{
	bool cut = s.len > QUOTE_MAX;
	size_t n = MIN(s.len, QUOTE_MAX);

	while (cut && n > 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
		n--;
	str_addc(out, '"');
	rec_put_replaced(out, (struct slice){ s.ptr, n });
	str_adds(out, cut ? "...\"" : "\"");
}

static void
put_path(struct str *out, const struct rec_path *path)
{
	if (path->up)
		put_path(out, path->up);
	if (!path->key.ptr) {
		str_addf(out, "[%zu]", path->index);
		return;
	}
	if (path->up)
		str_addc(out, '.');
	rec_put_replaced(out, (struct slice){ path->key.ptr, MIN(path->key.len, PATH_MAX_BYTES) });
}

int
rec_bad(struct rec_check *c, const struct rec_path *path, const char *reason)
{
	size_t n = PATH_MAX_BYTES;

	c->reason = reason;
	c->has_field = path != NULL;
	str_reset(&c->field);
	if (!path)
		return -1;
	put_path(&c->field, path);
	if (c->field.len > n) {
		while (((unsigned char)c->field.buf[n] & 0xc0) == 0x80)
			n--;
		str_truncate(&c->field, n);
		str_adds(&c->field, "...");
	}
	return -1;
}

void
rec_check_release(struct rec_check *c)
{
	keyset_release(&c->keys);
	str_release(&c->scratch);
	str_release(&c->words);
	str_release(&c->field);
}

int
rec_check_text(struct rec_check *c, struct slice s, const struct rec_path *path,
    struct str *scratch, struct slice *out)
{
	bool nul = memchr(s.ptr, 0, s.len) != NULL;

	*out = s;
	if (utf8_ok(s.ptr, s.len) && (!nul || c->tell))
		return 0;
	if (c->policy != REC_REPLACE)
		return rec_bad(c, path, nul ? "NUL character" : "invalid UTF-8");
	str_reset(scratch);
	c->replaced += rec_put_replaced(scratch, s);
	*out = str_slice(scratch);
	return 0;
}

int
rec_bad_field(struct rec_reader *r, enum rec_field f, const char *reason)
{
	const struct rec_path path = { .key = { rec_field_name[f], strlen(rec_field_name[f]) } };

	return rec_bad(&r->check, &path, reason);
}

int
rec_bad_type(struct rec_reader *r, enum rec_field f, enum got_type type)
{
	if (r->got[f].type == GOT_NOTHING)
		return rec_bad_field(r, f, "missing field");
	if (r->got[f].type == GOT_BINARY)
		return rec_mp_binary(r, f);
	return rec_bad_field(r, f, type == GOT_STRING ? "not a string" :
	    type == GOT_MAP ? "not a map" : "not an array");
}

static int
seconds_to_us(double sec, int64_t *us)
{
	const double limit = (double)(INT64_MAX / USEC_PER_SEC);
	double whole = floor(sec);

	/* written so that NaN fails too */
	if (!(whole > -limit && whole < limit))
		return -1;
	*us = (int64_t)whole * USEC_PER_SEC + llround((sec - whole) * (double)USEC_PER_SEC);
	return 0;
}

static int
whole_to_us(int64_t sec, uint32_t nsec, int64_t *us)
{
	if (__builtin_mul_overflow(sec, USEC_PER_SEC, us) ||
	    __builtin_add_overflow(*us, (nsec + NSEC_PER_USEC / 2) / NSEC_PER_USEC, us))
		return -1;
	return 0;
}

int
rec_want_time(struct rec_reader *r, struct rec *out)
{
	const struct rec_got *g = &r->got[F_TS];
	int64_t *us = &out->ts_us;
	bool exact;
	int rc;

	switch (g->type) {
	case GOT_NOTHING:
		return rec_bad_field(r, F_TS, "missing field");
	case GOT_STRING:
		if (clock_parse(g->text.ptr, g->text.len, us) < 0)
			return rec_bad_field(r, F_TS, "not a time");
		rc = 0;
		break;
	case GOT_DECIMAL:
		rc = rec_num_scaled(g->text, 6, us, &exact);
		break;
	case GOT_UINT:
		rc = g->u > INT64_MAX ? -1 : whole_to_us((int64_t)g->u, 0, us);
		break;
	case GOT_INT: case GOT_STAMP:
		rc = whole_to_us(g->i, g->nsec, us);
		break;
	case GOT_FLOAT:
		rc = seconds_to_us(g->f, us);
		break;
	default:
		return rec_bad_field(r, F_TS, "not a time");
	}
	if (rc < 0 || *us < CLOCK_PG_MIN_US)
		return rec_bad_field(r, F_TS, "time out of range");
	out->has_ts = true;
	return 0;
}

static int
want_value(struct rec_reader *r, double *out)
{
	const struct rec_got *g = &r->got[F_VALUE];

	switch (g->type) {
	case GOT_NOTHING:
		return rec_bad_field(r, F_VALUE, "missing field");
	case GOT_DECIMAL:
		*out = rec_num_double(g->text, &r->check.scratch);
		return 0;
	case GOT_UINT:
		*out = (double)g->u;
		return 0;
	case GOT_INT:
		*out = (double)g->i;
		return 0;
	case GOT_FLOAT:
		*out = g->f;
		return 0;
	case GOT_STRING:
		if (slice_is(g->text, "NaN"))
			*out = (double)NAN;
		else if (slice_is(g->text, "Infinity"))
			*out = (double)INFINITY;
		else if (slice_is(g->text, "-Infinity"))
			*out = -(double)INFINITY;
		else
			return rec_bad_field(r, F_VALUE, "not a number");
		return 0;
	default:
		return rec_bad_field(r, F_VALUE, "not a number");
	}
}

static int
metric(struct rec_reader *r, struct rec *out)
{
	out->kind = REC_METRIC;
	if (rec_want_time(r, out) < 0 || rec_want(r, F_NAME, GOT_STRING, &out->name) < 0 ||
	    want_value(r, &out->value) < 0)
		return -1;
	return rec_want(r, F_LABELS, GOT_MAP, &out->labels);
}

static int
event(struct rec_reader *r, struct rec *out)
{
	out->kind = REC_EVENT;
	if (rec_want_time(r, out) < 0 || rec_maybe(r, F_ID, GOT_STRING, &out->id) < 0 ||
	    rec_want(r, F_SOURCE, GOT_STRING, &out->source) < 0 ||
	    rec_want(r, F_KIND, GOT_STRING, &out->event_kind) < 0 ||
	    rec_maybe(r, F_TOKEN, GOT_STRING, &out->user_token) < 0)
		return -1;
	return rec_want(r, F_PAYLOAD, GOT_MAP, &out->payload);
}

int
rec_from_fields(struct rec_reader *r, struct rec *out)
{
	struct str *words = &r->check.words;
	struct slice type = SLICE_INIT;

	if (rec_want(r, F_TYPE, GOT_STRING, &type) < 0)
		return -1;
	if (slice_is(type, "metric"))
		return metric(r, out);
	if (slice_is(type, "event"))
		return event(r, out);
	if (slice_is(type, "document"))
		return rec_document(r, out);
	str_reset(words);
	str_adds(words, "unknown type ");
	put_quoted(words, type);
	return rec_bad_field(r, F_TYPE, words->buf);
}
