/* fuzz-md: Markdown, hostile; and the same as the text of a mail. The text is what was
 * written, the record is JSON, spans are in order and lie on the borders of lines. */
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

static void
check_spans(const struct doc *d)
{
	size_t before = 0;

	for (size_t i = 0; i < d->spans; i++) {
		const struct doc_span *s = &d->span[i];

		check(s->start >= before && s->start < s->end && s->end <= d->text.len);
		check(s->start == 0 || d->text.buf[s->start - 1] == '\n');
		check(s->end == d->text.len || d->text.buf[s->end - 1] == '\n');
		before = s->end;
	}
}

static void
check_record(const struct doc *d)
{
	struct str json = STR_INIT;

	check(utf8_ok(d->text.buf, d->text.len) && strlen(d->text.buf) == d->text.len);
	check(d->title.len <= 500);
	doc_put(d, &json);
	check(json_valid(str_slice(&json)));
	str_release(&json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct doc d = DOC_INIT;
	struct str all = STR_INIT;
	struct err err = ERR_INIT;

	text_decode(in, NULL, &all, NULL, NULL);
	check(text_markdown(in, &d, &err) == 0);
	/* without its front matter, the end of it */
	check(d.text.len <= all.len);
	check(memcmp(all.buf + all.len - d.text.len, d.text.buf, d.text.len) == 0);
	text_mail_spans(&d);
	check_spans(&d);
	check_record(&d);
	doc_release(&d);
	check(text_plain(in, &d, &err) == 0);
	check_record(&d);
	doc_release(&d);
	str_release(&all);
	return 0;
}
