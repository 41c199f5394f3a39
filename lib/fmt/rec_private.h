/*
 * rec_private.h - shared by rec*.c only. A decoder (rec_json.c, rec_mp.c)
 * checks every value of a record and leaves the known fields in got[];
 * rec_fields.c makes a metric or an event of them, rec_doc_check.c a document.
 */
#ifndef FMT_REC_PRIVATE_H
#define FMT_REC_PRIVATE_H

#include "fmt/json.h"
#include "fmt/keyset.h"
#include "fmt/mp.h"
#include "fmt/rec.h"

enum rec_field {
	F_TYPE, F_TS, F_NAME, F_VALUE, F_LABELS, F_ID, F_SOURCE, F_KIND, F_TOKEN, F_PAYLOAD,
	F_RECORD, F_URI, F_SHA256, F_MIME, F_TITLE, F_LANG, F_TEXT, F_META, F_PARENT, F_PERSONS,
	F_CHUNKS, F_PII,
	F_NR,
	F_OTHER = F_NR,
};
extern const char *const rec_field_name[F_NR];

enum got_type {
	GOT_NOTHING,	/* absent or null */
	GOT_STRING,	/* text */
	GOT_DECIMAL,	/* text, a JSON number */
	GOT_UINT, GOT_INT, GOT_FLOAT,
	GOT_STAMP,	/* i seconds and nsec */
	GOT_MAP,	/* text: JSON; of F_RECORD: its bytes as they are */
	GOT_ARRAY,	/* text: JSON */
	GOT_BINARY,	/* a map or array with a binary or extension value; text: msgpack */
	GOT_OTHER,
};

struct rec_got {
	enum got_type type;
	uint32_t nsec;
	struct slice text;
	uint64_t u;
	int64_t i;
	double f;
};

/* Where a value is: a chain on the C stack, never deeper than a record. */
struct rec_path {
	const struct rec_path *up;
	struct slice key;	/* ptr NULL: an element */
	size_t index;
};

/* The rules of values, and what broke one. */
struct rec_check {
	enum rec_policy policy;
	bool binary_ok;		/* bin and ext become null: not loaded, only checked */
	bool binary_seen;	/* and there was one */
	bool tell;		/* for a reject line: NUL may stay, NaN as `value` is a string */
	unsigned replaced;
	struct keyset keys;
	struct str scratch;
	const char *reason;	/* borrowed or in words */
	struct str words;
	struct str field;
	bool has_field;
};
#define REC_CHECK_INIT { .keys = KEYSET_INIT, .scratch = STR_INIT, .words = STR_INIT, \
	.field = STR_INIT }

enum rec_drain { DRAIN_NOT, DRAIN_LINE, DRAIN_VALUE, DRAIN_REST };

struct rec_reader {
	struct zin *in;
	enum rec_format format;
	unsigned char *buf;
	size_t start, end, alloc;	/* unread: buf[start..end) */
	uint64_t base;			/* offset of buf[0] */
	uint64_t line;
	bool eof;
	struct str torn;		/* why the stream ended early; "" = it did not */
	bool torn_told;
	enum rec_drain drain;		/* the record given last goes on in the input */
	struct mp_walk walk;
	struct rec_check check;
	uint32_t seen;			/* a bit for each known field */
	struct rec_got got[F_NR];
	struct str text[F_NR];		/* what got[].text points to when it was made */
	struct str ignored;
	struct str clean;		/* the line with U+FFFD put in */
};

static inline void
rec_start(struct rec_reader *r)
{
	/* the few that the record before had */
	for (; r->seen; r->seen &= r->seen - 1)
		r->got[__builtin_ctz(r->seen)].type = GOT_NOTHING;
	keyset_reset(&r->check.keys);
}

/* Was this field there before? */
static inline bool
rec_seen(struct rec_reader *r, enum rec_field f)
{
	uint32_t bit = f == F_OTHER ? 0 : 1u << f;
	bool was = r->seen & bit;

	r->seen |= bit;
	return was;
}

/* More input: 1, 0 at the end, -1. start and what it stands for may move. */
int rec_fill(struct rec_reader *r, struct err *err);

/* The next piece of the record that was given last and did not fit: 1; 0 at
 * the end of the input; -1. While drain says that there is more. */
int rec_drain(struct rec_reader *r, struct slice *piece, struct err *err);

/* Set the reason and the field. Always -1. */
int rec_bad(struct rec_check *c, const struct rec_path *path, const char *reason);
void rec_check_release(struct rec_check *c);
/* One of the known names, or F_OTHER. */
enum rec_field rec_field_of(struct slice key);
/* The text of s under the policy: s itself, or a copy in scratch with U+FFFD
 * put in. 0, or -1 after rec_bad. */
int rec_check_text(struct rec_check *c, struct slice s, const struct rec_path *path,
    struct str *scratch, struct slice *out);

/* s with U+FFFD for NUL and ill-formed UTF-8, appended; how many. */
unsigned rec_put_replaced(struct str *out, struct slice s);

/* Decode into got[] and check. 0, or -1 with check.reason. nested: it is the
 * `record` of a reject. A msgpack record may be followed by more: *raw is its
 * own bytes. */
int rec_json_decode(struct rec_reader *r, struct slice line, bool nested);
int rec_mp_decode(struct rec_reader *r, struct slice at, bool nested, struct slice *raw);
/* The line with U+FFFD in place of ill-formed UTF-8, \u0000 and lone
 * surrogates; line itself when it needs none. */
struct slice rec_json_replace(struct rec_reader *r, struct slice line);
/* Has it the type `reject`? For any text. */
bool rec_json_is_reject(struct slice line);
/* got[] to *out. 0, or -1 with check.reason. */
int rec_from_fields(struct rec_reader *r, struct rec *out);
int rec_document(struct rec_reader *r, struct rec *out);
int rec_want_time(struct rec_reader *r, struct rec *out);
int rec_bad_field(struct rec_reader *r, enum rec_field f, const char *reason);
/* Why it is not of this type. -1. */
int rec_bad_type(struct rec_reader *r, enum rec_field f, enum got_type type);

/* One field of got[]: 0, or -1 after rec_bad. */
static inline int
rec_want(struct rec_reader *r, enum rec_field f, enum got_type type, struct slice *out)
{
	if (r->got[f].type != type)
		return rec_bad_type(r, f, type);
	*out = r->got[f].text;
	return 0;
}

/* The same of one that may be absent: *out stays then. */
static inline int
rec_maybe(struct rec_reader *r, enum rec_field f, enum got_type type, struct slice *out)
{
	return r->got[f].type == GOT_NOTHING ? 0 : rec_want(r, f, type, out);
}

/* The reason why a GOT_BINARY cannot be loaded, with its path. -1. */
int rec_mp_binary(struct rec_reader *r, enum rec_field f);
/* A msgpack value as JSON text, appended to out. 0, or -1 after rec_bad. */
int rec_mp_json(struct rec_check *c, struct mp_cur *cur, const struct mp_val *v,
    const struct rec_path *path, unsigned depth, struct str *out);
/* A whole msgpack value as JSON that means the same; -1 and *why when there is
 * no such text. Rules of records are not looked at. */
int rec_mp_tell(struct slice raw, struct str *out, const char **why);

/* --- decimal text (rec_num.c) --- */
/* NULL, or why a JSON number cannot be kept. */
const char *rec_num_check(struct slice text, struct str *scratch);
double rec_num_double(struct slice text, struct str *scratch);
/* The number times 10^places, rounded half up; *exact: nothing was rounded.
 * -1 when it does not fit. */
int rec_num_scaled(struct slice text, int places, int64_t *out, bool *exact);
/* Do two texts denote the same number? */
bool rec_num_same(struct slice a, struct slice b);
/* Seconds since 1970 and nanoseconds as RFC 3339; -1 outside the years 0 to
 * 9999. */
int rec_put_time(struct str *out, int64_t sec, uint32_t nsec);

#endif
