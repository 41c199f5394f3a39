#include "fmt/rec_doc.h"

#include "fmt/rec_private.h"

/* A value of an item as it is written; JSON_END: absent, or null. */
struct value {
	enum json_tok tok;
	struct slice text;
	bool escaped;
};

void
rec_items_init(struct rec_items *it, struct slice array, struct slice text)
{
	*it = (struct rec_items){ .text = text, .index = SIZE_MAX };
	for (int i = 0; i < REC_ITEM_TEXTS; i++)
		it->scratch[i] = (struct str)STR_INIT;
	json_init(&it->j, array.ptr, array.len);
	json_next(&it->j);
}

void
rec_items_release(struct rec_items *it)
{
	for (int i = 0; i < REC_ITEM_TEXTS; i++)
		str_release(&it->scratch[i]);
	json_release(&it->j);
}

/* Always false. */
static bool
broken(struct rec_items *it, const char *key, const char *reason)
{
	it->key = key;
	it->reason = reason;
	return false;
}

static struct slice
plain(struct slice text, bool escaped, struct str *scratch)
{
	if (!escaped)
		return text;
	str_reset(scratch);
	json_unescape(text, scratch);
	return str_slice(scratch);
}

/* The next item: the values of its n keys, in the order of the names. What else it
 * holds is passed over, as in a record. */
static bool
next_item(struct rec_items *it, const char *const *names, size_t n, struct value *v)
{
	enum json_tok tok = it->reason ? JSON_BAD : json_next(&it->j);

	if (tok == JSON_ARR_CLOSE || tok == JSON_END || tok == JSON_BAD)
		return false;
	it->index++;
	if (tok != JSON_OBJ_OPEN)
		return broken(it, NULL, "not a map");
	for (size_t i = 0; i < n; i++)
		v[i].tok = JSON_END;
	while (json_next(&it->j) == JSON_KEY) {
		struct slice key = plain(it->j.text, it->j.escaped, &it->scratch[0]);
		size_t i = 0;

		while (i < n && !slice_is(key, names[i]))
			i++;
		tok = json_next(&it->j);
		if (i < n && tok != JSON_NULL)
			v[i] = (struct value){ tok, it->j.text, it->j.escaped };
		json_skip(&it->j, tok);
	}
	return true;
}

static bool
maybe_text(struct rec_items *it, const struct value *v, const char *name, int slot,
    struct slice *out)
{
	*out = (struct slice)SLICE_INIT;
	if (v->tok == JSON_END)
		return true;
	if (v->tok != JSON_STRING)
		return broken(it, name, "not a string");
	*out = plain(v->text, v->escaped, &it->scratch[slot]);
	return true;
}

static bool
want_text(struct rec_items *it, const struct value *v, const char *name, int slot,
    struct slice *out)
{
	if (v->tok == JSON_END)
		return broken(it, name, "missing field");
	return maybe_text(it, v, name, slot, out);
}

static bool
want_whole(struct rec_items *it, const struct value *v, const char *name, size_t *out)
{
	int64_t i;

	if (v->tok == JSON_END)
		return broken(it, name, "missing field");
	/* nor is -0, which msgpack has as a double only */
	if (v->tok != JSON_NUMBER || v->text.ptr[0] == '-' || !json_int64(v->text, &i))
		return broken(it, name, "not a whole number");
	*out = (size_t)i;
	return true;
}

static bool
inside_character(struct slice text, size_t at)
{
	return at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80;
}

/* v[0] and v[1] are start and end of a range of the text. */
static bool
want_range(struct rec_items *it, const struct value *v, size_t *start, size_t *end)
{
	if (!want_whole(it, &v[0], "start", start) || !want_whole(it, &v[1], "end", end))
		return false;
	if (*end > it->text.len)
		return broken(it, "end", "beyond the text");
	if (*start > *end)
		return broken(it, "start", "after the end");
	if (inside_character(it->text, *start))
		return broken(it, "start", "inside a character");
	if (inside_character(it->text, *end))
		return broken(it, "end", "inside a character");
	return true;
}

bool
rec_person_next(struct rec_items *it, struct rec_person *out)
{
	static const char *const names[] = { "role", "name", "email" };
	struct value v[countof(names)];

	if (!next_item(it, names, countof(names), v) ||
	    !want_text(it, &v[0], "role", 0, &out->role) ||
	    !maybe_text(it, &v[1], "name", 1, &out->name) ||
	    !maybe_text(it, &v[2], "email", 2, &out->email))
		return false;
	if (out->role.len == 0)
		return broken(it, "role", "empty string");
	if (out->name.len == 0 && out->email.len == 0)
		return broken(it, NULL, "neither name nor email");
	return true;
}

bool
rec_chunk_next(struct rec_items *it, struct rec_chunk *out)
{
	static const char *const names[] = { "ord", "start", "end", "text", "heading" };
	struct value v[countof(names)];
	struct slice own;

	if (!next_item(it, names, countof(names), v) ||
	    !want_whole(it, &v[0], "ord", &out->ord))
		return false;
	if (out->ord != it->index)
		return broken(it, "ord", "not its place in the array");
	if (!want_range(it, &v[1], &out->start, &out->end))
		return false;
	out->text = (struct slice){ it->text.ptr + out->start, out->end - out->start };
	if (it->compare) {
		if (!want_text(it, &v[3], "text", 0, &own))
			return false;
		if (!slice_eq(own, out->text))
			return broken(it, "text", "not the text from start to end");
	}
	return maybe_text(it, &v[4], "heading", 1, &out->heading);
}

bool
rec_finding_next(struct rec_items *it, struct rec_finding *out)
{
	static const char *const names[] = { "kind", "start", "end", "score" };
	struct value v[countof(names)];
	struct slice kind;

	if (!next_item(it, names, countof(names), v) || !want_text(it, &v[0], "kind", 0, &kind))
		return false;
	if (pii_kind_parse(kind, &out->kind) < 0)
		return broken(it, "kind", "unknown kind");
	if (!want_range(it, &v[1], &out->start, &out->end))
		return false;
	if (out->start == out->end)
		return broken(it, "end", "not after the start");
	if (v[3].tok == JSON_END)
		return broken(it, "score", "missing field");
	if (v[3].tok != JSON_NUMBER)
		return broken(it, "score", "not a number");
	out->score = rec_num_double(v[3].text, &it->scratch[1]);
	if (!(out->score >= 0 && out->score <= 1))
		return broken(it, "score", "not from 0 to 1");
	return true;
}
