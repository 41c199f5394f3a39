#include "fmt/json.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "fmt/plain.h"

enum {
	ST_VALUE,		/* a value must come */
	ST_FIRST_ELEMENT,	/* a value or ] */
	ST_FIRST_KEY,		/* a key or } */
	ST_AFTER,		/* a comma or the closing bracket */
	ST_DONE,		/* nothing but white space */
	ST_BAD,
};

void
json_init(struct json *j, const char *text, size_t len)
{
	*j = (struct json){ .start = text, .p = text, .end = text + len, .state = ST_VALUE };
}

void
json_release(struct json *j)
{
	free(j->stack);
	j->stack = NULL;
	j->stack_words = 0;
}

static enum json_tok
bad(struct json *j, const char *at, const char *reason)
{
	j->p = at;
	j->reason = reason;
	j->state = ST_BAD;
	return JSON_BAD;
}

static enum json_tok
bad_at(struct json *j, const char *at, const char *reason)
{
	return bad(j, at, at == j->end ? "the text ends too early" : reason);
}

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

static bool
in_object(const struct json *j)
{
	size_t level = j->depth - 1;

	if (level < 64)
		return j->low >> level & 1;
	return j->stack[level / 64 - 1] >> level % 64 & 1;
}

static enum json_tok
open_container(struct json *j, const char *p, bool object)
{
	size_t level = j->depth;
	uint64_t *word = &j->low;

	if (level >= JSON_MAX_DEPTH)
		return bad(j, p, "nesting too deep");
	if (level >= 64) {
		ALLOC_GROW(j->stack, level / 64, j->stack_words);
		word = &j->stack[level / 64 - 1];
		if (level % 64 == 0)
			*word = 0;
	}
	*word = (*word & ~(UINT64_C(1) << level % 64)) | (uint64_t)object << level % 64;
	j->depth++;
	j->text = (struct slice){ p, 1 };
	j->p = p + 1;
	j->state = object ? ST_FIRST_KEY : ST_FIRST_ELEMENT;
	return object ? JSON_OBJ_OPEN : JSON_ARR_OPEN;
}

static enum json_tok
close_container(struct json *j, const char *p)
{
	bool object = in_object(j);

	j->depth--;
	j->text = (struct slice){ p, 1 };
	j->p = p + 1;
	j->state = j->depth ? ST_AFTER : ST_DONE;
	return object ? JSON_OBJ_CLOSE : JSON_ARR_CLOSE;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Past the escape whose backslash is at p, or NULL. */
static const char *
skip_escape(const char *p, const char *end)
{
	if (++p == end)
		return NULL;
	if (*p == 'u') {
		if (end - p < 5)
			return NULL;
		for (int i = 1; i <= 4; i++)
			if (hex_digit(p[i]) < 0)
				return NULL;
		return p + 5;
	}
	return *p && strchr("\"\\/bfnrt", *p) ? p + 1 : NULL;
}

/* The string whose first byte after the quote is at p: past its closing quote
 * with the token set, or NULL after bad(). */
static const char *
string(struct json *j, const char *p)
{
	const char *first = p, *next;
	int k;

	j->escaped = false;
	for (;;) {
		p = plain_end(p, j->end);
		if (p == j->end)
			break;
		if (*p == '"') {
			j->text = (struct slice){ first, (size_t)(p - first) };
			return p + 1;
		}
		if (*p == '\\') {
			j->escaped = true;
			next = skip_escape(p, j->end);
			if (!next) {
				bad(j, p, "invalid escape in a string");
				return NULL;
			}
			p = next;
		} else if ((unsigned char)*p < 0x20) {
			bad(j, p, "control character in a string");
			return NULL;
		} else {
			k = utf8_step((const unsigned char *)p, (const unsigned char *)j->end);
			if (!k) {
				bad(j, p, JSON_INVALID_UTF8);
				return NULL;
			}
			p += k;
		}
	}
	bad(j, p, "the text ends in a string");
	return NULL;
}

static const char *
digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static enum json_tok
number(struct json *j, const char *p)
{
	const char *first = p, *from;

	if (*p == '-')
		p++;
	from = p;
	p = digits(p, j->end);
	if (p == from || (*from == '0' && p - from > 1))
		return bad_at(j, p == from ? p : from, "invalid number");
	if (p < j->end && *p == '.') {
		from = p + 1;
		p = digits(from, j->end);
		if (p == from)
			return bad_at(j, p, "invalid number");
	}
	if (p < j->end && (*p == 'e' || *p == 'E')) {
		from = p + 1;
		if (from < j->end && (*from == '+' || *from == '-'))
			from++;
		p = digits(from, j->end);
		if (p == from)
			return bad_at(j, p, "invalid number");
	}
	j->text = (struct slice){ first, (size_t)(p - first) };
	j->p = p;
	return JSON_NUMBER;
}

static enum json_tok
literal(struct json *j, const char *p, const char *word, enum json_tok tok)
{
	size_t n = strlen(word);

	if ((size_t)(j->end - p) < n || memcmp(p, word, n) != 0)
		return bad(j, p, "invalid literal");
	j->text = (struct slice){ p, n };
	j->p = p + n;
	return tok;
}

static enum json_tok
value(struct json *j, const char *p)
{
	const char *next;

	if (p == j->end)
		return bad_at(j, p, "");
	j->state = j->depth ? ST_AFTER : ST_DONE;
	switch (*p) {
	case '{':
		return open_container(j, p, true);
	case '[':
		return open_container(j, p, false);
	case '"':
		next = string(j, p + 1);
		if (!next)
			return JSON_BAD;
		j->p = next;
		return JSON_STRING;
	case 't':
		return literal(j, p, "true", JSON_TRUE);
	case 'f':
		return literal(j, p, "false", JSON_FALSE);
	case 'n':
		return literal(j, p, "null", JSON_NULL);
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return number(j, p);
	default:
		return bad(j, p, "unexpected character");
	}
}

static enum json_tok
key(struct json *j, const char *p)
{
	if (p == j->end || *p != '"')
		return bad_at(j, p, "a key that is not a string");
	p = string(j, p + 1);
	if (!p)
		return JSON_BAD;
	p = skip_space(p, j->end);
	if (p == j->end || *p != ':')
		return bad_at(j, p, "no colon after a key");
	j->p = p + 1;
	j->state = ST_VALUE;
	return JSON_KEY;
}

enum json_tok
json_next(struct json *j)
{
	const char *p = skip_space(j->p, j->end);

	switch (j->state) {
	case ST_VALUE:
		return value(j, p);
	case ST_FIRST_ELEMENT:
		if (p < j->end && *p == ']')
			return close_container(j, p);
		return value(j, p);
	case ST_FIRST_KEY:
		if (p < j->end && *p == '}')
			return close_container(j, p);
		return key(j, p);
	case ST_AFTER:
		if (p == j->end)
			return bad_at(j, p, "");
		if (*p == ',') {
			p = skip_space(p + 1, j->end);
			return in_object(j) ? key(j, p) : value(j, p);
		}
		if (*p == (in_object(j) ? '}' : ']'))
			return close_container(j, p);
		return bad(j, p, "no comma between values");
	case ST_DONE:
		if (p == j->end) {
			j->p = p;
			return JSON_END;
		}
		return bad(j, p, "text after the value");
	default:
		return JSON_BAD;
	}
}

enum json_tok
json_skip(struct json *j, enum json_tok first)
{
	size_t outside = j->depth - 1;
	enum json_tok tok = first;

	if (first != JSON_OBJ_OPEN && first != JSON_ARR_OPEN)
		return first;
	while (j->depth > outside && tok != JSON_BAD)
		tok = json_next(j);
	return tok;
}

bool
json_get(struct slice object, const char *name, struct slice *val, enum json_tok *tok)
{
	struct str plain = STR_INIT;
	struct json j;
	enum json_tok t;
	bool found = false;

	json_init(&j, object.ptr, object.len);
	if (json_next(&j) != JSON_OBJ_OPEN)
		goto out;
	while (!found && json_next(&j) == JSON_KEY) {
		struct slice k = j.text;

		if (j.escaped) {
			str_reset(&plain);
			json_unescape(k, &plain);
			k = str_slice(&plain);
		}
		found = slice_is(k, name);
		t = json_next(&j);
		*tok = t;
		*val = j.text;
		t = json_skip(&j, t);
		if (t == JSON_BAD)
			found = false;
		else if (*tok == JSON_OBJ_OPEN || *tok == JSON_ARR_OPEN)
			val->len = (size_t)(j.p - val->ptr);
	}
out:
	str_release(&plain);
	json_release(&j);
	return found;
}

bool
json_get_string(struct slice object, const char *name, struct str *out)
{
	enum json_tok tok;
	struct slice raw;

	if (!json_get(object, name, &raw, &tok) || tok != JSON_STRING)
		return false;
	json_unescape(raw, out);
	return true;
}

bool
json_valid(struct slice text)
{
	struct json j;
	enum json_tok tok;

	json_init(&j, text.ptr, text.len);
	do
		tok = json_next(&j);
	while (tok != JSON_END && tok != JSON_BAD);
	json_release(&j);
	return tok == JSON_END;
}
