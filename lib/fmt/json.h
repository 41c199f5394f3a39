/*
 * json.h - a strict tokenizer for RFC 8259 that keeps the text of numbers, and
 * a writer. It copies nothing and allocates only for nesting.
 *
 *	struct json j;
 *	json_init(&j, text, len);
 *	while ((tok = json_next(&j)) != JSON_END && tok != JSON_BAD) ...
 *
 * Every JSONTestSuite y_ file is taken, every n_ file refused. Grammar only:
 * duplicate keys, ranges and depth are rules of records (fmt/rec.h). Invalid
 * UTF-8 is JSON_BAD; a lone surrogate escape and \u0000 are grammar and come
 * out as flags of json_unescape.
 */
#ifndef FMT_JSON_H
#define FMT_JSON_H

#include "base/base.h"
#include "base/str.h"

/* Nesting that the tokenizer itself follows; deeper is JSON_BAD. */
#define JSON_MAX_DEPTH 65536

enum json_tok {
	JSON_END, JSON_BAD,
	JSON_OBJ_OPEN, JSON_OBJ_CLOSE, JSON_ARR_OPEN, JSON_ARR_CLOSE,
	JSON_KEY, JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL,
};

struct json {
	const char *start, *p, *end;
	struct slice text;	/* the token; of strings and keys without quotes, escapes as they are */
	bool escaped;		/* that string holds a backslash */
	const char *reason;	/* after JSON_BAD */
	size_t depth;		/* containers open now */
	int state;		/* private, as what follows */
	uint64_t low;		/* one bit a level: is it an object? */
	uint64_t *stack;	/* the same beyond 64 levels */
	size_t stack_words;
};

void json_init(struct json *j, const char *text, size_t len);
enum json_tok json_next(struct json *j);
/* Read past the value whose first token was just handed out: the token after
 * which it ends, or JSON_BAD. */
enum json_tok json_skip(struct json *j, enum json_tok first);
void json_release(struct json *j);
/* The reason after JSON_BAD when it is this one. */
#define JSON_INVALID_UTF8 "invalid UTF-8"

enum json_str_flags { JSON_HAS_NUL = 1, JSON_LONE_SURROGATE = 2 };
/* The value of a string token, appended to out as UTF-8; json_str_flags. A
 * lone surrogate becomes U+FFFD (and is flagged). */
unsigned json_unescape(struct slice raw, struct str *out);
/* Does a number token fit an int64_t exactly (no point, no exponent)? */
bool json_int64(struct slice text, int64_t *out);

/* The writer. Strings must be valid UTF-8; controls are escaped. */
void json_put_string(struct str *out, struct slice s);
void json_put_cstr(struct str *out, const char *s);
/* `"key":` with a comma before it unless out ends in { or [. */
void json_put_key(struct str *out, const char *key);
void json_put_key_cstr(struct str *out, const char *key, const char *value);
void json_put_key_int(struct str *out, const char *key, int64_t value);
void json_put_int(struct str *out, int64_t v);
void json_put_uint(struct str *out, uint64_t v);
/* The shortest text that reads back as the same double, told from an integer
 * by its point or exponent (`1.0`); finite only. */
void json_put_double(struct str *out, double v);

/* For small trusted-shape objects such as events: the raw text of the value
 * of a top-level key. false when text is no object or lacks it. */
bool json_get(struct slice object, const char *key, struct slice *value, enum json_tok *tok);
/* The same for a string, unescaped and appended to out. */
bool json_get_string(struct slice object, const char *key, struct str *out);
/* Is it one JSON text, whole? */
bool json_valid(struct slice text);

#endif
