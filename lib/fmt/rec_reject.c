#include "fmt/rec_private.h"

#include "base/enc.h"

/* Readers of a rejects file, jq 1.6 among them, follow no more than 256. */
#define TOLD_DEPTH 200

/* The line goes to the sink when so much of it is there. */
#define FLUSH 65536

struct line {
	struct str text;
	rec_sink sink;
	void *arg;
	unsigned char carry[3];	/* bytes that no base64 quantum has taken yet */
	size_t nr_carry;
};

static int
flush(struct line *l, struct err *err)
{
	int rc = l->text.len ? l->sink(l->arg, l->text.buf, l->text.len, err) : 0;

	str_reset(&l->text);
	return rc;
}

static int
put_base64(struct line *l, struct slice s, struct err *err)
{
	size_t n;

	while (l->nr_carry > 0 && l->nr_carry < 3 && s.len > 0) {
		l->carry[l->nr_carry++] = (unsigned char)*s.ptr++;
		s.len--;
	}
	if (l->nr_carry == 3) {
		enc_base64(&l->text, l->carry, 3);
		l->nr_carry = 0;
	}
	while (s.len >= 3) {
		n = MIN(s.len, (size_t)FLUSH) / 3 * 3;
		enc_base64(&l->text, s.ptr, n);
		s.ptr += n;
		s.len -= n;
		if (l->text.len >= FLUSH && flush(l, err) < 0)
			return -1;
	}
	while (s.len > 0) {
		l->carry[l->nr_carry++] = (unsigned char)*s.ptr++;
		s.len--;
	}
	return 0;
}

/* raw and, of a record that did not fit in memory, what follows in the input. */
static int
put_bytes(struct rec_reader *r, struct line *l, struct slice raw, struct err *err)
{
	struct slice piece;
	int got = 1;

	json_put_key(&l->text, "bytes_b64");
	str_addc(&l->text, '"');
	if (put_base64(l, raw, err) < 0)
		return -1;
	while (r->drain != DRAIN_NOT && got > 0) {
		got = rec_drain(r, &piece, err);
		if (got < 0 || put_base64(l, piece, err) < 0)
			return -1;
	}
	enc_base64(&l->text, l->carry, l->nr_carry);
	str_addc(&l->text, '"');
	return 0;
}

/* Is it JSON, and such as other readers take? At a lone surrogate or at deep
 * nesting they stop, and one such line would keep the whole file from them. */
static bool
is_tellable(struct slice raw)
{
	struct str text = STR_INIT;
	enum json_tok tok;
	bool good = true;
	struct json j;

	json_init(&j, raw.ptr, raw.len);
	while (good && (tok = json_next(&j)) != JSON_END) {
		good = tok != JSON_BAD && j.depth <= TOLD_DEPTH;
		if (!good || !j.escaped || (tok != JSON_STRING && tok != JSON_KEY))
			continue;
		str_reset(&text);
		good = !(json_unescape(j.text, &text) & JSON_LONE_SURROGATE);
	}
	json_release(&j);
	str_release(&text);
	return good;
}

static bool
put_json(struct line *l, struct slice raw)
{
	struct slice value;
	enum json_tok tok;

	if (!is_tellable(raw))
		return false;
	/* a line that was mended, and not well enough, must not nest */
	if (rec_json_is_reject(raw)) {
		if (json_get(raw, "record", &value, &tok)) {
			raw = value;
			if (tok == JSON_STRING)
				raw = (struct slice){ value.ptr - 1, value.len + 2 };
		} else if (json_get(raw, "bytes_b64", &value, &tok) && tok == JSON_STRING) {
			json_put_key(&l->text, "bytes_b64");
			str_add(&l->text, value.ptr - 1, value.len + 2);
			return true;
		}
	}
	json_put_key(&l->text, "record");
	str_add(&l->text, raw.ptr, raw.len);
	return true;
}

static bool
put_msgpack(struct line *l, struct slice raw)
{
	const char *why;
	size_t before = l->text.len;

	json_put_key(&l->text, "record");
	if (rec_mp_tell(raw, &l->text, &why) == 0)
		return true;
	str_truncate(&l->text, before);
	return false;
}

static bool
put_record(const struct rec_reader *r, struct line *l, const struct rec *rec)
{
	if (r->drain != DRAIN_NOT || rec->raw.len == 0)
		return false;
	return r->format == REC_NDJSON ? put_json(l, rec->raw) : put_msgpack(l, rec->raw);
}

/* A text that may be anything, as a JSON string. */
static void
put_text(struct str *out, const char *key, const char *text)
{
	struct slice s = { text, strlen(text) };
	struct str clean = STR_INIT;

	rec_put_replaced(&clean, s);
	json_put_key_cstr(out, key, clean.buf);
	str_release(&clean);
}

int
rec_reject_line(struct rec_reader *r, const struct rec *reject, const char *segment,
    rec_sink sink, void *arg, struct err *err)
{
	struct line l = { .text = STR_INIT, .sink = sink, .arg = arg };
	int rc = -1;

	str_addc(&l.text, '{');
	json_put_key_cstr(&l.text, "type", "reject");
	put_text(&l.text, "segment", segment);
	json_put_key(&l.text, "offset");
	json_put_uint(&l.text, reject->offset);
	if (reject->field) {
		put_text(&l.text, "field", reject->field);
	} else {
		json_put_key(&l.text, "field");
		str_adds(&l.text, "null");
	}
	put_text(&l.text, "reason", reject->reason);
	if (!put_record(r, &l, reject) && put_bytes(r, &l, reject->raw, err) < 0)
		goto out;
	str_adds(&l.text, "}\n");
	rc = flush(&l, err);
out:
	str_release(&l.text);
	return rc;
}
