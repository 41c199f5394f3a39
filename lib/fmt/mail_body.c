#include "fmt/mail_private.h"

#include "alg/hash.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "fmt/text.h"

#define META_CHARSET_WITHIN 1024	/* bytes of HTML, as HTML 5 has it */

/* What is to be done with a text part that is met. */
enum mode {
	AS_BODY,
	AS_EXTRA,	/* a file like any other */
	UNCHOSEN,	/* another form of the text that is there already: nothing */
};

static int walk(struct mail_body *b, size_t i, enum mode mode, struct err *err);

void
mail_body_release(struct mail_body *b)
{
	for (size_t i = 0; i < b->extras; i++) {
		free(b->extra[i].number);
		free(b->extra[i].name);
		free(b->extra[i].mime);
		str_release(&b->extra[i].bytes);
	}
	free(b->extra);
	str_release(&b->attachments);
}

struct digest {
	struct sha256 *hash;
	uint64_t bytes;
};

static void
digest_add(void *arg, const char *data, size_t n)
{
	struct digest *d = arg;

	sha256_add(d->hash, data, n);
	d->bytes += n;
}

/* bytes NULL: those of part i. */
static void
add_extra(struct mail_body *b, size_t i, char *number, const char *name, const char *mime,
    struct str *bytes)
{
	struct digest d = { .hash = sha256_new() };
	struct mail_extra *e;
	struct str *out = &b->attachments;
	char hex[SHA256_HEX];

	ALLOC_GROW(b->extra, b->extras + 1, b->extras_alloc);
	e = &b->extra[b->extras++];
	*e = (struct mail_extra){ .part = bytes ? SIZE_MAX : i, .number = number,
		.name = xstrdup(name ? name : ""), .mime = xstrdup(mime), .bytes = STR_INIT };
	if (bytes) {
		e->bytes = *bytes;
		*bytes = (struct str)STR_INIT;
		digest_add(&d, e->bytes.buf, e->bytes.len);
	} else {
		mail_decode_to(&b->tree->part[i], digest_add, &d);
	}
	sha256_hex(d.hash, hex);
	sha256_free(d.hash);
	str_adds(out, out->len ? ",{" : "{");
	json_put_key_cstr(out, "part", number);
	json_put_key_cstr(out, "name", e->name);
	json_put_key_cstr(out, "mime", mime);
	json_put_key(out, "bytes");
	json_put_uint(out, d.bytes);
	json_put_key_cstr(out, "sha256", hex);
	str_addc(out, '}');
}

static void
extra_part(struct mail_body *b, size_t i)
{
	const struct mail_part *p = &b->tree->part[i];

	add_extra(b, i, xstrdup(p->number), p->type.name, p->type.mime, NULL);
}

struct uu_found {
	struct mail_body *b;
	const char *number;
};

static void
take_uu(void *arg, struct slice name, struct str *bytes)
{
	struct uu_found *f = arg;
	struct str clean = STR_INIT;

	doc_clean(&clean, name);
	add_extra(f->b, 0, xasprintf("%s.uu%u", f->number, ++f->b->uu), clean.buf,
	    "application/octet-stream", bytes);
	str_release(&clean);
}

/* Charsets of which UTF-8 and windows-1252, which text_decode falls back to, are but
 * other names: for these it needs no note. */
static bool
is_fallback(const char *charset)
{
	static const char *const same[] = { "utf-8", "utf8", "us-ascii", "ascii", "windows-1252",
		"cp1252", "iso-8859-1", "iso8859-1", "latin1" };

	for (size_t i = 0; i < countof(same); i++)
		if (strcasecmp(charset, same[i]) == 0)
			return true;
	return false;
}

static void
decode_charset(struct mail_body *b, struct slice bytes, const char *charset, struct str *out)
{
	const char *used = NULL;
	unsigned lossy = 0;

	/* US-ASCII says nothing about bytes over 127 */
	if (charset && (strcasecmp(charset, "us-ascii") == 0 || !*charset))
		charset = NULL;
	text_decode(bytes, charset, out, &used, &lossy);
	if (charset && used && is_fallback(used) && !is_fallback(charset))
		mail_note(b->notes, "charset \"%.40s\" read as %s", charset, used);
	if (lossy)
		mail_note(b->notes, "bytes that are not %s", used ? used : "text");
}

/* What HTML says about itself where the mail says nothing; written to buf. */
static const char *
html_charset(struct slice html, char buf[40])
{
	size_t len = MIN(html.len, META_CHARSET_WITHIN), n = 0;
	const char *end = html.ptr + len, *p = memmem(html.ptr, len, "charset=", 8);

	if (!p)
		return NULL;
	p += 8;
	while (p < end && (*p == '"' || *p == '\'' || *p == ' '))
		p++;
	while (p < end && n < 39 && (((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') ||
	    (*p >= '0' && *p <= '9') || *p == '-' || *p == '_'))
		buf[n++] = *p++;
	buf[n] = '\0';
	return n ? buf : NULL;
}

static int
add_html(struct mail_body *b, struct slice bytes, const char *charset, struct err *err)
{
	struct str utf8 = STR_INIT, text = STR_INIT;
	struct err why = ERR_INIT;
	char meta[40];
	int rc = 0;

	if (!b->o->html) {
		mail_note(b->notes, "the HTML was not read");
		return 0;
	}
	decode_charset(b, bytes, charset ? charset : html_charset(bytes, meta), &utf8);
	if (b->o->html(b->o->arg, str_slice(&utf8), &text, &why) < 0) {
		if (why.kind == ERR_DATA) {
			mail_note(b->notes, "the HTML cannot be read");
			err_release(&why);
		} else {
			err_move(err, &why);
			rc = -1;
		}
	}
	mail_add_lines(&b->doc->text, str_slice(&text));
	str_release(&utf8);
	str_release(&text);
	return rc;
}

static void
add_plain(struct mail_body *b, const struct mail_part *p, struct slice bytes)
{
	struct str utf8 = STR_INIT, lines = STR_INIT, *text = &b->doc->text;
	struct uu_found f = { b, p->number };
	size_t from = text->len;

	decode_charset(b, bytes, p->type.charset, &utf8);
	if (p->type.flowed) {
		mail_add_lines(&lines, str_slice(&utf8));
		mail_add_flowed(text, str_slice(&lines), p->type.delsp);
	} else {
		mail_add_lines(text, str_slice(&utf8));
	}
	if (memmem(text->buf + from, text->len - from, "-----BEGIN PGP MESSAGE-----", 27))
		b->encrypted = true;
	mail_take_uu(text, from, take_uu, &f);
	str_release(&utf8);
	str_release(&lines);
}

static bool
blank(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] > ' ')
			return false;
	return true;
}

static bool
is_html(const char *mime)
{
	return strcmp(mime, "text/html") == 0 || strcmp(mime, "text/enriched") == 0 ||
	    strcmp(mime, "text/richtext") == 0 || strcmp(mime, "text/x-amp-html") == 0;
}

/* Text that a person reads where it stands, and not a file. */
static bool
is_prose(const struct mail_body *b, const struct mail_part *p)
{
	static const char *const data[] = { "text/calendar", "text/vcard", "text/x-vcard",
		"text/directory", "text/csv", "text/rfc822-headers" };

	if (strncmp(p->type.mime, "text/", 5) != 0 || p->type.attached)
		return false;
	for (size_t i = 0; i < countof(data); i++)
		if (strcmp(p->type.mime, data[i]) == 0)
			return false;
	/* some programs name the body itself */
	return !p->type.name || blank(str_slice(&b->doc->text));
}

static int
add_text(struct mail_body *b, const struct mail_part *p, struct err *err)
{
	struct str buf = STR_INIT, *text = &b->doc->text;
	struct slice bytes = mail_decode(p, &buf);
	int rc = 0;

	if (text->len > 0 && !blank(bytes))
		str_adds(text, text->buf[text->len - 1] == '\n' ? "\n" : "\n\n");
	if (is_html(p->type.mime))
		rc = add_html(b, bytes, p->type.charset, err);
	else
		add_plain(b, p, bytes);
	str_release(&buf);
	return rc;
}

/* Is there a part of text like this in the subtree of i? */
static bool
has_text(const struct mail_tree *t, size_t i, bool html)
{
	for (size_t k = i; k < t->part[i].next; k++) {
		const struct mail_part *p = &t->part[k];

		if (p->kind == MAIL_LEAF && !p->type.attached &&
		    (html ? is_html(p->type.mime) : strcmp(p->type.mime, "text/plain") == 0))
			return true;
	}
	return false;
}

/* Plain before HTML, but not an empty one; of several the first. */
static int
walk_alternative(struct mail_body *b, size_t i, struct err *err)
{
	const struct mail_tree *t = b->tree;
	size_t end = t->part[i].next, before = b->doc->text.len, k;
	bool *done = xcalloc(end - i, sizeof(*done)), chosen = false;
	int rc = -1;

	for (int pass = 0; pass < 3; pass++) {
		for (k = i + 1; k < end; k = t->part[k].next) {
			enum mode mode = chosen ? UNCHOSEN : AS_BODY;

			if (done[k - i] || (pass < 2 && (chosen || !has_text(t, k, pass))))
				continue;
			done[k - i] = true;
			if (walk(b, k, mode, err) < 0)
				goto out;
			if (chosen)
				continue;
			chosen = !blank((struct slice){ b->doc->text.buf + before,
			    b->doc->text.len - before });
			if (!chosen)
				str_truncate(&b->doc->text, before);
		}
	}
	rc = 0;
out:
	free(done);
	return rc;
}

static int
walk_multi(struct mail_body *b, size_t i, enum mode mode, struct err *err)
{
	const struct mail_part *p = &b->tree->part[i];
	const char *sub = p->type.mime + strlen("multipart/");
	size_t k;

	if (p->next == i + 1) {	/* what can be read of it */
		if (mode == AS_BODY && !blank(p->body))
			add_plain(b, p, p->body);
		return 0;
	}
	if (strcmp(sub, "encrypted") == 0) {
		b->encrypted = true;
		mode = AS_EXTRA;
	} else if (strcmp(sub, "alternative") == 0 && mode == AS_BODY) {
		return walk_alternative(b, i, err);
	}
	for (k = i + 1; k < p->next; k = b->tree->part[k].next) {
		if (walk(b, k, mode, err) < 0)
			return -1;
		if (strcmp(sub, "related") == 0 && mode == AS_BODY)
			mode = AS_EXTRA;	/* pictures of the first part */
	}
	return 0;
}

static int
walk(struct mail_body *b, size_t i, enum mode mode, struct err *err)
{
	const struct mail_part *p = &b->tree->part[i];

	if (p->kind == MAIL_MULTI)
		return walk_multi(b, i, mode, err);
	if (p->type.sealed)
		b->encrypted = true;
	if (p->kind == MAIL_LEAF) {
		if (mode == AS_BODY && is_prose(b, p))
			return add_text(b, p, err);
		if (mode == UNCHOSEN && (is_html(p->type.mime) ||
		    strcmp(p->type.mime, "text/plain") == 0))
			return 0;
	}
	extra_part(b, i);
	return 0;
}

int
mail_body_read(struct mail_body *b, struct err *err)
{
	return walk(b, 0, AS_BODY, err);
}
