#include "fmt/rec_doc.h"
#include "fmt/rec_private.h"

#define SHA256_DIGITS 64

static bool
is_sha256(struct slice s)
{
	bool good = s.len == SHA256_DIGITS;

	for (size_t i = 0; good && i < s.len; i++)
		good = (s.ptr[i] >= '0' && s.ptr[i] <= '9') ||
		    (s.ptr[i] >= 'a' && s.ptr[i] <= 'f');
	return good;
}

static bool
is_empty_array(struct slice array)
{
	struct json j;
	bool empty;

	json_init(&j, array.ptr, array.len);
	json_next(&j);
	empty = json_next(&j) == JSON_ARR_CLOSE;
	json_release(&j);
	return empty;
}

/* Offsets were counted in the text as it was. */
static int
check_replaced(struct rec_reader *r, const struct rec *doc)
{
	static const char reason[] = "replacing characters would move its offsets";

	if (r->check.replaced == 0)
		return 0;
	if (!is_empty_array(doc->chunks))
		return rec_bad_field(r, F_CHUNKS, reason);
	if (!is_empty_array(doc->pii))
		return rec_bad_field(r, F_PII, reason);
	return 0;
}

/* What broke a rule, with its path. */
static int
told(struct rec_reader *r, enum rec_field f, const struct rec_items *it)
{
	const struct rec_path field = { .key = { rec_field_name[f], strlen(rec_field_name[f]) } };
	const struct rec_path item = { .up = &field, .index = it->index };
	struct rec_path key = { .up = &item };

	if (!it->reason)
		return 0;
	if (!it->key)
		return rec_bad(&r->check, &item, it->reason);
	key.key = (struct slice){ it->key, strlen(it->key) };
	return rec_bad(&r->check, &key, it->reason);
}

/* Every item of an array. */
static int
check_items(struct rec_reader *r, enum rec_field f, struct slice array, struct slice text)
{
	struct rec_person person;
	struct rec_finding finding;
	struct rec_chunk chunk;
	struct rec_items it;
	int rc;

	rec_items_init(&it, array, text);
	it.compare = true;
	if (f == F_PERSONS)
		while (rec_person_next(&it, &person))
			;
	else if (f == F_CHUNKS)
		while (rec_chunk_next(&it, &chunk))
			;
	else
		while (rec_finding_next(&it, &finding))
			;
	rc = told(r, f, &it);
	rec_items_release(&it);
	return rc;
}

static int
want_texts(struct rec_reader *r, struct rec *out)
{
	if (rec_want(r, F_SOURCE, GOT_STRING, &out->source) < 0 ||
	    rec_want(r, F_URI, GOT_STRING, &out->uri) < 0 ||
	    rec_want(r, F_SHA256, GOT_STRING, &out->sha256) < 0 ||
	    rec_want(r, F_MIME, GOT_STRING, &out->mime) < 0 ||
	    rec_want(r, F_TEXT, GOT_STRING, &out->text) < 0 ||
	    rec_maybe(r, F_TITLE, GOT_STRING, &out->title) < 0 ||
	    rec_maybe(r, F_LANG, GOT_STRING, &out->lang) < 0 ||
	    rec_maybe(r, F_PARENT, GOT_STRING, &out->parent) < 0)
		return -1;
	/* all documents without a name would be versions of one */
	if (out->uri.len == 0)
		return rec_bad_field(r, F_URI, "empty string");
	if (out->parent.ptr && out->parent.len == 0)
		return rec_bad_field(r, F_PARENT, "empty string");
	if (!is_sha256(out->sha256))
		return rec_bad_field(r, F_SHA256, "not 64 hex digits in lower case");
	return 0;
}

int
rec_document(struct rec_reader *r, struct rec *out)
{
	out->kind = REC_DOCUMENT;
	out->title = out->lang = out->parent = (struct slice)SLICE_INIT;
	out->meta = SLICE_LIT("{}");
	out->persons = out->chunks = out->pii = SLICE_LIT("[]");
	if (want_texts(r, out) < 0 ||
	    (r->got[F_TS].type != GOT_NOTHING && rec_want_time(r, out) < 0) ||
	    rec_maybe(r, F_META, GOT_MAP, &out->meta) < 0 ||
	    rec_maybe(r, F_PERSONS, GOT_ARRAY, &out->persons) < 0 ||
	    rec_maybe(r, F_CHUNKS, GOT_ARRAY, &out->chunks) < 0 ||
	    rec_maybe(r, F_PII, GOT_ARRAY, &out->pii) < 0 ||
	    check_replaced(r, out) < 0)
		return -1;
	if (check_items(r, F_PERSONS, out->persons, out->text) < 0 ||
	    check_items(r, F_CHUNKS, out->chunks, out->text) < 0)
		return -1;
	return check_items(r, F_PII, out->pii, out->text);
}
