/* mails and mailboxes: it ends, records are JSON and UTF-8 without NUL, spans lie in
 * the text, and a mailbox in pieces has the messages that it has as a whole */
#include "fmt/mail.h"

#include "base/utf8.h"
#include "fmt/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

static int
emit(void *arg, struct doc *d, struct err *err)
{
	unsigned *docs = arg;
	struct str out = STR_INIT;

	(void)err;
	doc_put(d, &out);
	check(out.len > 0 && !memchr(out.buf, '\0', out.len) && utf8_ok(out.buf, out.len));
	check(json_valid((struct slice){ out.buf, out.len - 1 }));
	check(!memchr(d->text.buf, '\0', d->text.len));
	check(strlen(d->sha256) == 64);
	check((d->parent.len > 0) == (*docs > 0));
	for (size_t i = 0; i < d->spans; i++) {
		check(d->span[i].start <= d->span[i].end && d->span[i].end <= d->text.len);
		check(i == 0 || d->span[i - 1].end <= d->span[i].start);
	}
	++*docs;
	str_release(&out);
	return 0;
}

static int
attachment(void *arg, struct slice bytes, const char *mime, const char *name, const char *uri,
    const char *parent, struct err *err)
{
	(void)arg, (void)err;
	check(bytes.len == 0 || bytes.ptr);
	check(utf8_ok(name, strlen(name)) && utf8_ok(mime, strlen(mime)));
	check(strncmp(uri, "u#", 2) == 0 && *parent == 'u');
	return 0;
}

static int
html(void *arg, struct slice text, struct str *to, struct err *err)
{
	(void)arg, (void)err;
	check(utf8_ok(text.ptr, text.len));
	doc_clean(to, text);
	return 0;
}

static void
check_mail(struct slice raw)
{
	unsigned docs = 0;
	struct mail_options o = { .source = "mail", .uri = "u", .attachment = attachment,
		.html = html, .emit = emit, .arg = &docs };
	struct err err = ERR_INIT;

	check((mail_parse(raw, &o, &err) == 0) == (docs > 0));
	check((err.kind == ERR_DATA) == (docs == 0));
	err_release(&err);
}

static void
check_mbox(struct slice text, enum mbox_rule rule)
{
	size_t skip, skip2, n, at, seen = 0;

	for (at = 0; at < text.len; at += n) {
		n = mbox_next((struct slice){ text.ptr + at, text.len - at }, true, rule, &skip);
		check(n > 0 && skip <= n && n <= text.len - at);
		check(mbox_trim(text.ptr + at + skip, n - skip) <= n - skip);
		/* the same when it is not all there at once */
		if (seen < at + n)
			seen = at + n;
		for (size_t got = 0; got == 0 && seen < text.len; seen += (seen - at) / 2 + 1) {
			got = mbox_next((struct slice){ text.ptr + at, seen - at }, false, rule,
			    &skip2);
			check(got == 0 || (got == n && skip2 == skip));
			if (got)
				break;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	char *copy = malloc(size + 1);

	check_mail(text);
	for (int rule = MBOX_STRICT; rule <= MBOX_RD; rule++)
		check_mbox(text, (enum mbox_rule)rule);
	if (copy) {
		memcpy(copy, data, size);
		check(mbox_unquote(copy, size) <= size);
	}
	free(copy);
	return 0;
}
