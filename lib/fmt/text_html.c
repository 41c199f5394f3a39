#include "fmt/text_private.h"

#include <libxml/HTMLparser.h>

#include "base/utf8.h"
#include "fmt/text_layout.h"
#include "fmt/text_tags.h"

/*
 * By the parser's events, without a tree: memory stays with the text. The parser itself
 * keeps a stack of what is open and searches it at each end tag, so a page that opens a
 * hundred thousand elements would cost their square. Beyond DEPTH_MAX a new parser takes over
 * at the next piece, as if all had been closed.
 */
#define DEPTH_MAX 256
#define PIECE 1024		/* bytes for the parser at a time */
#define PIECE_MORE 4096		/* to look for a good end of it */
#define SNIFF_MAX 4096
#define CHARSET_MAX 40

struct html {
	struct doc *d;
	struct layout layout;
	struct str og_title;
	bool description, keywords;	/* are there */
};

static struct slice
z(const char *s)
{
	return (struct slice){ s, s ? strlen(s) : 0 };
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice
skip_space(struct slice s)
{
	while (s.len > 0 && is_space(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	return s;
}

/* The value of an attribute, "" when it has none, NULL when it is not there. */
static const char *
attribute(const xmlChar **atts, const char *name)
{
	for (; atts && atts[0]; atts += 2)
		if (text_is(z((const char *)atts[0]), name))
			return atts[1] ? (const char *)atts[1] : "";
	return NULL;
}

/* One declaration of a style attribute. */
static bool
hides(struct slice declaration)
{
	static const char *const pairs[][2] = {
		{ "display", "none" }, { "visibility", "hidden" }, { "visibility", "collapse" },
		{ "mso-hide", "all" },
	};
	const char *colon = declaration.len ? memchr(declaration.ptr, ':', declaration.len) : NULL;
	struct slice name, value;

	if (!colon)
		return false;
	name = text_trim((struct slice){ declaration.ptr, (size_t)(colon - declaration.ptr) });
	value = skip_space((struct slice){ colon + 1, declaration.len - (size_t)(colon + 1 -
	    declaration.ptr) });
	for (size_t i = 0; i < countof(pairs); i++) {
		size_t n = strlen(pairs[i][1]);

		if (text_is(name, pairs[i][0]) && text_starts(value, pairs[i][1]) &&
		    (value.len == n || is_space(value.ptr[n]) || value.ptr[n] == '!'))
			return true;
	}
	return false;
}

static bool
hidden(const xmlChar **atts)
{
	const char *aria = attribute(atts, "aria-hidden"), *style = attribute(atts, "style");

	if (attribute(atts, "hidden") || (aria && text_is(z(aria), "true")))
		return true;
	while (style && *style) {
		size_t n = strcspn(style, ";");

		if (hides((struct slice){ style, n }))
			return true;
		style += n + (style[n] == ';');
	}
	return false;
}

static bool
is_one_of(struct slice s, const char *const *words)
{
	for (; *words; words++)
		if (text_is(s, *words))
			return true;
	return false;
}

static void
on_meta(struct html *h, const xmlChar **atts)
{
	static const char *const authors[] = {
		"author", "dc.creator", "dcterms.creator", "citation_author", NULL,
	};
	static const char *const times[] = {
		"date", "dc.date", "dcterms.date", "dcterms.created", "article:published_time",
		"citation_publication_date", NULL,
	};
	const char *name = attribute(atts, "name");
	struct slice key, value = text_trim(z(attribute(atts, "content")));

	if (!name)
		name = attribute(atts, "property");
	if (!name)
		name = attribute(atts, "http-equiv");
	key = text_trim(z(name));
	if (key.len == 0 || value.len == 0)
		return;
	if (is_one_of(key, authors)) {
		text_add_author(h->d, "author", value);
	} else if (is_one_of(key, times)) {
		text_set_time(h->d, value);
	} else if (text_is(key, "description") && !h->description) {
		h->description = true;
		doc_meta_text(h->d, "description", value);
	} else if (text_is(key, "keywords") && !h->keywords) {
		h->keywords = true;
		doc_meta_text(h->d, "keywords", value);
	} else if (text_is(key, "og:title") && h->og_title.len == 0) {
		str_add(&h->og_title, value.ptr, value.len);
	} else if (text_is(key, "content-language") || text_is(key, "dc.language")) {
		text_set_lang(h->d, value);
	}
}

static void
on_open(void *arg, const xmlChar *name, const xmlChar **atts)
{
	struct html *h = arg;
	enum layout_role role = layout_role((const char *)name);

	if (role == LAYOUT_META && layout_shown(&h->layout))
		on_meta(h, atts);
	if (role == LAYOUT_HTML) {
		text_set_lang(h->d, z(attribute(atts, "lang")));
		text_set_lang(h->d, z(attribute(atts, "xml:lang")));
	}
	/* a page that hides itself is shown by its script */
	layout_open(&h->layout, role, role != LAYOUT_HTML && role != LAYOUT_BODY && hidden(atts));
}

static void
on_close(void *arg, const xmlChar *name)
{
	struct html *h = arg;

	(void)name;
	layout_close(&h->layout);
}

static void
on_text(void *arg, const xmlChar *text, int len)
{
	struct html *h = arg;

	if (len > 0)
		layout_text(&h->layout, (const char *)text, (size_t)len);
}

static htmlParserCtxtPtr
start(struct html *h)
{
	htmlSAXHandler events = {
		.startElement = on_open, .endElement = on_close, .characters = on_text,
		.cdataBlock = on_text, .ignorableWhitespace = on_text,
	};
	htmlParserCtxtPtr p = htmlCreatePushParserCtxt(&events, h, NULL, 0, NULL,
	    XML_CHAR_ENCODING_UTF8);

	if (p)
		htmlCtxtUseOptions(p, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
		    HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
	return p;
}

/* How much of text to hand over: to after a white space or a tag, where neither a
 * character nor a reference is cut in two. */
static size_t
piece(struct slice text)
{
	size_t n = PIECE, max = MIN(text.len, (size_t)PIECE + PIECE_MORE);

	if (text.len <= PIECE)
		return text.len;
	while (n < max && !is_space(text.ptr[n - 1]) && text.ptr[n - 1] != '>')
		n++;
	return n == text.len ? n : text_cut(text, n);
}

/* Where a new parser would take the rest of it for text. */
static bool
in_script(htmlParserCtxtPtr p)
{
	return p->name && layout_role((const char *)p->name) == LAYOUT_SKIP;
}

static size_t
unread(htmlParserCtxtPtr p)
{
	return (size_t)(p->input->end - p->input->cur);
}

/* It has closed the last element that was open, and takes no more. */
static bool
ended(htmlParserCtxtPtr p)
{
	return p->instate == XML_PARSER_EOF || p->instate == XML_PARSER_EPILOG;
}

/* A new parser, which begins with what the old one has not read. */
static htmlParserCtxtPtr
start_again(struct html *h, htmlParserCtxtPtr old, bool last)
{
	htmlParserCtxtPtr p;
	struct str rest = STR_INIT;

	str_adds(&rest, "<html><body>");
	str_add(&rest, old->input->cur, unread(old));
	htmlFreeParserCtxt(old);
	layout_close_all(&h->layout);
	p = start(h);
	if (p)
		htmlParseChunk(p, rest.buf, (int)rest.len, last);
	str_release(&rest);
	return p;
}

/* An end tag before all others, or words after </html>, do not end a page. */
static htmlParserCtxtPtr
feed(struct html *h, htmlParserCtxtPtr p, struct slice s, bool last)
{
	size_t before = SIZE_MAX;

	htmlParseChunk(p, s.ptr, (int)s.len, last);
	while (p && ended(p) && unread(p) > 0 && unread(p) < before) {
		before = unread(p);
		p = start_again(h, p, last);
	}
	if (p && !last && p->nameNr > DEPTH_MAX && !in_script(p))
		p = start_again(h, p, false);
	return p;
}

static int
parse(struct html *h, struct slice text, struct err *err)
{
	htmlParserCtxtPtr p = start(h);

	while (p && text.len > 0) {
		size_t n = piece(text);

		p = feed(h, p, (struct slice){ text.ptr, n }, false);
		text = (struct slice){ text.ptr + n, text.len - n };
	}
	if (p)
		p = feed(h, p, SLICE_LIT(""), true);
	if (!p)
		return err_set(err, ERR_BUG, "libxml2 could not start");
	htmlFreeParserCtxt(p);
	return 0;
}

/* The charset that the first bytes of a page say they are in, as browsers look for it: of
 * <meta charset=x>, <meta ... content="...;charset=x"> and <?xml encoding="x"?>. */
static const char *
sniff(struct slice html, char buf[CHARSET_MAX])
{
	size_t n = 0;
	struct slice s = { html.ptr, MIN(html.len, (size_t)SNIFF_MAX) };
	bool inside = false;

	for (; s.len > 0; s.ptr++, s.len--) {
		const char *word = text_starts(s, "charset") ? "charset" : "encoding";
		struct slice rest;

		if (*s.ptr == '<' || *s.ptr == '>')
			inside = text_starts(s, "<meta") || text_starts(s, "<?xml");
		if (!inside || !text_starts(s, word))
			continue;
		rest = skip_space((struct slice){ s.ptr + strlen(word), s.len - strlen(word) });
		if (rest.len == 0 || *rest.ptr != '=')
			continue;
		rest = skip_space((struct slice){ rest.ptr + 1, rest.len - 1 });
		while (rest.len > 0 && (*rest.ptr == '"' || *rest.ptr == '\''))
			rest = (struct slice){ rest.ptr + 1, rest.len - 1 };
		while (n < rest.len && n < CHARSET_MAX - 1 && !is_space(rest.ptr[n]) &&
		    !strchr("\"';/>", rest.ptr[n])) {
			buf[n] = rest.ptr[n];
			n++;
		}
		buf[n] = '\0';
		/* who could read this is not reading UTF-16 */
		return text_starts((struct slice){ buf, n }, "utf-16") ? "utf-8" : n ? buf : NULL;
	}
	return NULL;
}

/* As browsers do before anything else; in place. */
static void
mend_line_ends(struct str *s)
{
	size_t to = 0;

	if (!memchr(s->buf, '\r', s->len))
		return;
	for (size_t i = 0; i < s->len; i++) {
		if (s->buf[i] != '\r')
			s->buf[to++] = s->buf[i];
		else if (s->buf[i + 1] != '\n')
			s->buf[to++] = '\n';
	}
	str_truncate(s, to);
}

int
text_html(struct slice html, const char *charset, struct doc *d, struct err *err)
{
	struct html h = { .d = d, .layout = LAYOUT_INIT(&d->text), .og_title = STR_INIT };
	struct str in = STR_INIT;
	char buf[CHARSET_MAX];
	int rc;

	text_take(d, html, charset ? charset : sniff(html, buf), &in);
	mend_line_ends(&in);
	tags_limit(&in);
	rc = parse(&h, str_slice(&in), err);
	text_set_title(d, str_slice(&h.layout.title), TEXT_TITLE_MAX);
	text_set_title(d, str_slice(&h.og_title), TEXT_TITLE_MAX);
	text_set_title(d, str_slice(&h.layout.h1), TEXT_TITLE_MAX);
	str_release(&in);
	str_release(&h.og_title);
	layout_release(&h.layout);
	return rc;
}
