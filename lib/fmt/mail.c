#include "fmt/mail_private.h"

#include "alg/hash.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "fmt/text.h"

#define NOTES_MAX 20

/* Where a message stands: in the file, or in another message. */
struct place {
	const char *uri, *parent;	/* parent "" = in no other */
	const char *number;		/* as a part of the outermost one, or "" */
	unsigned depth;
};

void
mail_note(struct mail_notes *n, const char *fmt, ...)
{
	struct str text = STR_INIT, json = STR_INIT, clean = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	doc_clean(&clean, str_slice(&text));
	json_put_string(&json, str_slice(&clean));
	if (n->nr < NOTES_MAX &&
	    !(n->json.len && memmem(n->json.buf, n->json.len, json.buf, json.len))) {
		if (n->nr++)
			str_addc(&n->json, ',');
		str_add(&n->json, json.buf, json.len);
	}
	str_release(&text);
	str_release(&json);
	str_release(&clean);
}

static void
put_array(struct doc *d, const char *key, const struct str *elements)
{
	if (elements->len > 0)
		str_addf(doc_meta(d, key), "[%s]", elements->buf);
}

static bool
blank(const struct str *s)
{
	for (size_t i = 0; i < s->len; i++)
		if ((unsigned char)s->buf[i] > ' ')
			return false;
	return true;
}

static int parse(struct slice raw, const struct mail_options *o, const struct place *at,
    struct err *err);

static int
read_extra(const struct mail_body *b, const struct mail_extra *e, const struct place *at,
    struct err *err)
{
	const struct mail_part *p = e->part == SIZE_MAX ? NULL : &b->tree->part[e->part];
	bool message = p && p->kind == MAIL_MESSAGE;
	struct str buf = STR_INIT;
	struct slice bytes;
	char *uri;
	int rc = 0;

	if (message && at->depth >= MAIL_MAX_DEPTH)
		return 0;	/* as was noted */
	if (!message && !b->o->attachment)
		return 0;
	uri = xasprintf("%s#%s", b->o->uri, e->number);
	bytes = p ? mail_decode(p, &buf) : str_slice(&e->bytes);
	if (!message) {
		rc = b->o->attachment(b->o->arg, bytes, e->mime, e->name, uri, at->uri, err);
	} else if (bytes.len > 0) {
		struct place inner = { uri, at->uri, e->number, at->depth + 1 };

		rc = parse(bytes, b->o, &inner, err);
	}
	str_release(&buf);
	free(uri);
	return rc < 0 ? -1 : 0;
}

static void
fill(struct doc *d, struct slice raw, const struct mail_options *o, const struct place *at)
{
	str_adds(&d->source, o->source);
	str_adds(&d->uri, at->uri);
	str_adds(&d->parent, at->parent);
	str_adds(&d->mime, "message/rfc822");
	sha256_of(raw.ptr, raw.len, d->sha256);
}

static void
finish(struct doc *d, const struct mail_body *b, unsigned depth, struct mail_notes *notes)
{
	text_mail_spans(d);
	if (b->encrypted)
		str_adds(doc_meta(d, "encrypted"), "true");
	if (blank(&d->text))
		str_adds(doc_meta(d, "empty"), "true");
	put_array(d, "attachments", &b->attachments);
	for (size_t i = 0; i < b->extras; i++)
		if (b->extra[i].part != SIZE_MAX && depth >= MAIL_MAX_DEPTH &&
		    b->tree->part[b->extra[i].part].kind == MAIL_MESSAGE)
			mail_note(notes, "messages more than %d deep", MAIL_MAX_DEPTH);
	put_array(d, "notes", &notes->json);
}

static int
parse(struct slice raw, const struct mail_options *o, const struct place *at,
    struct err *err)
{
	struct doc d = DOC_INIT;
	struct mail_notes notes = { STR_INIT, 0 };
	struct mail_tree tree = { 0 };
	struct mail_body b = { .o = o, .tree = &tree, .doc = &d, .notes = &notes,
		.attachments = STR_INIT };
	int rc = -1;

	mail_tree_parse(&tree, raw, at->number, at->depth, &notes);
	if (tree.part[0].fields == 0) {
		if (!*at->parent) {
			err_set(err, ERR_DATA, "no mail: it does not begin with a header");
			goto out;
		}
		mail_note(&notes, "no header");
	}
	fill(&d, raw, o, at);
	mail_head_to_doc(tree.part[0].head, &d, &notes);
	if (mail_body_read(&b, err) < 0)
		goto out;
	finish(&d, &b, at->depth, &notes);
	if (o->emit(o->arg, &d, err) < 0)
		goto out;
	/* the text is with whoever took it, and what follows may be as large again */
	doc_release(&d);
	for (size_t i = 0; i < b.extras; i++)
		if (read_extra(&b, &b.extra[i], at, err) < 0)
			goto out;
	rc = 0;
out:
	doc_release(&d);
	mail_body_release(&b);
	mail_tree_release(&tree);
	str_release(&notes.json);
	return rc;
}

int
mail_parse(struct slice raw, const struct mail_options *o, struct err *err)
{
	struct place at = { o->uri, "", "", 0 };

	return parse(raw, o, &at, err);
}
