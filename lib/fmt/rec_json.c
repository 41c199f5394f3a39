#include "fmt/rec_private.h"

#include "base/utf8.h"

struct walk {
	struct rec_check *c;
	struct json j;
};

static int
bad_json(struct walk *w, const struct rec_path *path)
{
	struct str *words = &w->c->words;

	if (strcmp(w->j.reason, JSON_INVALID_UTF8) == 0)
		return rec_bad(w->c, path, JSON_INVALID_UTF8);
	str_reset(words);
	str_addf(words, "not JSON: %s", w->j.reason);
	return rec_bad(w->c, NULL, words->buf);
}

/* The string token just read, decoded into scratch when it has escapes. */
static int
decode_string(struct walk *w, const struct rec_path *path, struct str *scratch,
    struct slice *out)
{
	unsigned flags;

	*out = w->j.text;
	if (!w->j.escaped)
		return 0;
	str_reset(scratch);
	flags = json_unescape(w->j.text, scratch);
	*out = str_slice(scratch);
	if (flags & JSON_HAS_NUL)
		return rec_bad(w->c, path, "NUL character");
	if (flags & JSON_LONE_SURROGATE)
		return rec_bad(w->c, path, "lone surrogate");
	return 0;
}

static int check_value(struct walk *w, enum json_tok tok, const struct rec_path *path);

static int
check_array(struct walk *w, const struct rec_path *path)
{
	struct rec_path here = { .up = path };
	enum json_tok tok;

	while ((tok = json_next(&w->j)) != JSON_ARR_CLOSE) {
		if (check_value(w, tok, &here) < 0)
			return -1;
		here.index++;
	}
	return 0;
}

/* The key token just read, decoded: to the set of keys and to here. */
static int
take_key(struct walk *w, struct rec_path *here)
{
	here->key = w->j.text;
	if (decode_string(w, here, &w->c->scratch, &here->key) < 0)
		return -1;
	if (w->j.escaped) {
		keyset_add_copy(&w->c->keys, here->key);
		here->key = w->j.text;
	} else {
		keyset_add(&w->c->keys, here->key);
	}
	return 0;
}

static int
close_keys(struct walk *w, size_t mark, const struct rec_path *up)
{
	struct rec_path twice = { .up = up };

	if (keyset_close(&w->c->keys, mark, &twice.key))
		return rec_bad(w->c, &twice, "duplicate key");
	return 0;
}

static int
check_object(struct walk *w, const struct rec_path *path)
{
	struct rec_path here = { .up = path };
	size_t mark = keyset_mark(&w->c->keys);
	enum json_tok tok;

	while ((tok = json_next(&w->j)) == JSON_KEY) {
		if (take_key(w, &here) < 0 || check_value(w, json_next(&w->j), &here) < 0)
			return -1;
	}
	if (tok == JSON_BAD)
		return bad_json(w, path);
	return close_keys(w, mark, path);
}

/* The value that begins with tok, against the rules; read to its end. */
static int
check_value(struct walk *w, enum json_tok tok, const struct rec_path *path)
{
	const char *why;
	struct slice s;

	switch (tok) {
	case JSON_STRING:
		return decode_string(w, path, &w->c->scratch, &s);
	case JSON_NUMBER:
		why = rec_num_check(w->j.text, &w->c->scratch);
		return why ? rec_bad(w->c, path, why) : 0;
	case JSON_OBJ_OPEN: case JSON_ARR_OPEN:
		if (w->j.depth > REC_MAX_DEPTH)
			return rec_bad(w->c, path, "more than 32 containers deep");
		return tok == JSON_OBJ_OPEN ? check_object(w, path) : check_array(w, path);
	case JSON_TRUE: case JSON_FALSE: case JSON_NULL:
		return 0;
	default:
		return bad_json(w, path);
	}
}

static int
one_field(struct rec_reader *r, struct walk *w, const struct rec_path *path,
    enum rec_field f, bool nested)
{
	enum json_tok tok = json_next(&w->j);
	struct rec_got *g;
	const char *first;

	if (f == F_OTHER)
		return check_value(w, tok, path);
	g = &r->got[f];
	first = w->j.text.ptr;
	switch (tok) {
	case JSON_STRING:
		g->type = GOT_STRING;
		return decode_string(w, path, &r->text[f], &g->text);
	case JSON_NUMBER:
		g->type = GOT_DECIMAL;
		g->text = w->j.text;
		return check_value(w, tok, path);
	case JSON_NULL:
		g->type = GOT_NOTHING;
		return 0;
	case JSON_OBJ_OPEN: case JSON_ARR_OPEN:
		g->type = tok == JSON_OBJ_OPEN ? GOT_MAP : GOT_ARRAY;
		if (f == F_RECORD && !nested && tok == JSON_OBJ_OPEN &&
		    r->got[F_TYPE].type == GOT_STRING &&
		    slice_is(r->got[F_TYPE].text, "reject")) {
			/* its own pass checks it, with its own names */
			if (json_skip(&w->j, tok) == JSON_BAD)
				return bad_json(w, path);
		} else if (check_value(w, tok, path) < 0) {
			return -1;
		}
		g->text = (struct slice){ first, (size_t)(w->j.p - first) };
		return 0;
	default:
		g->type = GOT_OTHER;
		return check_value(w, tok, path);
	}
}

static int
decode(struct rec_reader *r, struct walk *w, bool nested)
{
	struct rec_path here = { .up = NULL };
	enum json_tok tok = json_next(&w->j);
	enum rec_field f;

	if (tok != JSON_OBJ_OPEN) {
		tok = json_skip(&w->j, tok);
		if (tok == JSON_BAD || json_next(&w->j) == JSON_BAD)
			return bad_json(w, NULL);
		return rec_bad(w->c, NULL, "not a record");
	}
	while ((tok = json_next(&w->j)) == JSON_KEY) {
		f = rec_field_of(w->j.text);
		if (f == F_OTHER && take_key(w, &here) < 0)
			return -1;
		if (w->j.escaped)
			f = rec_field_of(str_slice(&w->c->scratch));
		here.key = w->j.text;
		if (rec_seen(r, f))
			return rec_bad(w->c, &here, "duplicate key");
		if (one_field(r, w, &here, f, nested) < 0)
			return -1;
	}
	if (tok == JSON_BAD || json_next(&w->j) == JSON_BAD)
		return bad_json(w, NULL);
	return close_keys(w, 0, NULL);
}

int
rec_json_decode(struct rec_reader *r, struct slice line, bool nested)
{
	struct walk w = { .c = &r->check };
	int rc;

	rec_start(r);
	json_init(&w.j, line.ptr, line.len);
	rc = decode(r, &w, nested);
	json_release(&w.j);
	return rc;
}

static bool
hex4(const char *p, unsigned *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i], low = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			*out = *out << 4 | (unsigned)(c - '0');
		else if (low >= 'a' && low <= 'f')
			*out = *out << 4 | (unsigned)(low - 'a' + 10);
		else
			return false;
	}
	return true;
}

static bool
escape_u(const char *p, const char *end, unsigned *unit)
{
	return end - p >= 6 && p[0] == '\\' && p[1] == 'u' && hex4(p + 2, unit);
}

/* \u0000 and lone surrogates become \ufffd where they stand: six bytes are six
 * bytes. A backslash outside a string is no JSON and is found later. */
static unsigned
replace_escapes(char *p, const char *end)
{
	unsigned unit, low, nr = 0;

	while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL && end - p >= 2) {
		if (!escape_u(p, end, &unit)) {
			p += 2;
			continue;
		}
		if (unit >= 0xd800 && unit < 0xdc00 && escape_u(p + 6, end, &low) &&
		    low >= 0xdc00 && low < 0xe000) {
			p += 12;
			continue;
		}
		if (unit == 0 || (unit >= 0xd800 && unit < 0xe000)) {
			memcpy(p + 2, "fffd", 4);
			nr++;
		}
		p += 6;
	}
	return nr;
}

struct slice
rec_json_replace(struct rec_reader *r, struct slice line)
{
	struct str *clean = &r->clean;
	bool ok = utf8_ok(line.ptr, line.len);

	if (ok && !memmem(line.ptr, line.len, "\\u", 2))
		return line;
	str_reset(clean);
	/* a raw NUL is no JSON text, and stays what it is */
	if (ok || memchr(line.ptr, 0, line.len))
		str_add(clean, line.ptr, line.len);
	else
		r->check.replaced += rec_put_replaced(clean, line);
	r->check.replaced += replace_escapes(clean->buf, clean->buf + clean->len);
	return r->check.replaced ? str_slice(clean) : line;
}

bool
rec_json_is_reject(struct slice line)
{
	struct str type = STR_INIT;
	bool yes = json_get_string(line, "type", &type) && slice_is(str_slice(&type), "reject");

	str_release(&type);
	return yes;
}
