/* the tokenizer: it ends, its tokens lie in the text, its strings decode to
 * UTF-8 and come back from the writer */
#include "fmt/json.h"

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
check_string(const struct json *j)
{
	struct str plain = STR_INIT, text = STR_INIT, again = STR_INIT;
	struct json k;

	json_unescape(j->text, &plain);
	check(utf8_ok(plain.buf, plain.len));
	json_put_string(&text, str_slice(&plain));
	json_init(&k, text.buf, text.len);
	check(json_next(&k) == JSON_STRING);
	json_unescape(k.text, &again);
	check(slice_eq(str_slice(&plain), str_slice(&again)));
	check(json_next(&k) == JSON_END);
	str_release(&plain);
	str_release(&text);
	str_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size }, value;
	struct str s = STR_INIT;
	struct json j;
	enum json_tok tok;
	const char *before;
	int64_t i;

	json_init(&j, text.ptr, text.len);
	for (;;) {
		before = j.p;
		tok = json_next(&j);
		if (tok == JSON_END || tok == JSON_BAD)
			break;
		check(j.p > before && j.p <= text.ptr + text.len);
		check(j.text.ptr >= text.ptr && j.text.ptr + j.text.len <= j.p);
		if (tok == JSON_STRING || tok == JSON_KEY)
			check_string(&j);
		if (tok == JSON_NUMBER)
			json_int64(j.text, &i);
	}
	check((tok == JSON_END) == json_valid(text));
	check(tok == JSON_END || j.reason);
	if (tok == JSON_END)
		check(j.depth == 0);
	json_get(text, "a", &value, &tok);
	json_get_string(text, "a", &s);
	str_release(&s);
	json_release(&j);
	return 0;
}
