/*
 * doc.h - a `document` record (sluice-records(5)) in memory, on its way from a
 * parser to NDJSON.
 *
 * Offsets are bytes of `text`. text, title, names and all that goes into meta are
 * valid UTF-8 without NUL; whoever makes a document sees to that (doc_clean).
 * The record's identity is the SHA-256 of the raw bytes that it was read from.
 *
 *	struct doc d = DOC_INIT;
 *	str_adds(&d.title, ...);
 *	doc_add_person(&d, "from", name, address);
 *	doc_put(&d, &line);
 *	doc_release(&d);
 */
#ifndef FMT_DOC_H
#define FMT_DOC_H

#include "base/err.h"
#include "base/str.h"

/* Roles of persons: from to cc bcc reply-to sender author editor. */
struct doc_person {
	char *role, *name, *email;	/* owned; name and email may be "" */
};

struct doc_chunk {
	size_t start, end;
	char *heading;			/* owned; "" */
};

struct doc_span {
	const char *kind;		/* a literal */
	size_t start, end;
};

struct doc_finding {
	const char *kind;		/* a literal */
	size_t start, end;
	unsigned score;			/* of 100 */
};

struct doc {
	struct str source;		/* whose it is, such as `mail` */
	struct str uri;			/* where it is; parts of a mail: parent's and `#part` */
	char sha256[65];		/* hex */
	struct str mime, title, lang;	/* lang "" = not known */
	bool has_ts;
	int64_t ts_us;			/* what the document says; else nothing */
	struct str text;
	struct str meta;		/* JSON object text without its closing brace: `{"a":1` */
	struct str parent;		/* uri; "" = none */
	struct doc_person *person;
	size_t persons, persons_alloc;
	struct doc_chunk *chunk;
	size_t chunks, chunks_alloc;
	struct doc_span *span;		/* of kind `quote` or `signature` */
	size_t spans, spans_alloc;
	struct doc_finding *finding;
	size_t findings, findings_alloc;
};
#define DOC_INIT { .source = STR_INIT, .uri = STR_INIT, .mime = STR_INIT, .title = STR_INIT, \
	.lang = STR_INIT, .text = STR_INIT, .meta = STR_INIT, .parent = STR_INIT }
void doc_release(struct doc *d);

/* Where a parser leaves its documents, one call each; d is the parser's and gone
 * afterwards. 0, or -1 with err set, which ends the parsing. */
typedef int (*doc_fn)(void *arg, struct doc *d, struct err *err);

/* s with U+FFFD for NUL and what is not UTF-8, appended; how many. */
unsigned doc_clean(struct str *out, struct slice s);
/* Cleaned, and trimmed of white space; one with neither name nor address is left out. */
void doc_add_person(struct doc *d, const char *role, struct slice name, struct slice email);
/* Begin `"key":` in meta; the caller appends one JSON value with json_put_*. */
struct str *doc_meta(struct doc *d, const char *key);
void doc_meta_text(struct doc *d, const char *key, struct slice text);
/* A span of the text that is not its author's own words: kind `quote` or
 * `signature`. They come in order and do not overlap; they stand in meta as
 * `"spans":[{"kind","start","end"}]`, written by doc_put. */
void doc_add_span(struct doc *d, const char *kind, size_t start, size_t end);

/* The record as one line of JSON with its newline. */
void doc_put(const struct doc *d, struct str *out);

#endif
