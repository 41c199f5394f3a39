/* fuzz-html: a page, hostile. UTF-8 without NUL comes out, not much longer than it went in, and
 * a record that is JSON. */
#include "fmt/text.h"

#include "base/utf8.h"
#include "fmt/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const charsets[] = { NULL, "utf-8", "iso-8859-1", "shift_jis", "x" };
	struct slice in = { (const char *)data, size };
	struct doc d = DOC_INIT;
	struct str json = STR_INIT;
	struct err err = ERR_INIT;

	check(text_html(in, charsets[size % 5], &d, &err) == 0);
	check(utf8_ok(d.text.buf, d.text.len) && strlen(d.text.buf) == d.text.len);
	/* at most three bytes of each (U+FFFD), and line ends and a tab around it */
	check(d.text.len <= 6 * size);
	check(d.title.len <= 1000);
	doc_put(&d, &json);
	check(json_valid(str_slice(&json)));
	str_release(&json);
	doc_release(&d);
	return 0;
}
