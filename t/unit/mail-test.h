/*
 * mail-test.h - a mail through mail_parse, and what came of it: records, one a line,
 * and the parts that were handed out, as `+mime name uri parent bytes`.
 */
#ifndef T_UNIT_MAIL_TEST_H
#define T_UNIT_MAIL_TEST_H

#include <check.h>

#include "fmt/json.h"
#include "fmt/mail.h"
#include "data.h"

static struct str got = STR_INIT;
static int emit_rc, html_rc;
static enum err_kind html_kind;

static inline int
emit(void *arg UNUSED, struct doc *d, struct err *err)
{
	size_t from = got.len;

	doc_put(d, &got);
	ck_assert(json_valid((struct slice){ got.buf + from, got.len - from - 1 }));
	return emit_rc < 0 ? err_set(err, ERR_IO, "full") : 0;
}

static inline int
attachment(void *arg UNUSED, struct slice bytes, const char *mime, const char *name,
    const char *uri, const char *parent, struct err *err UNUSED)
{
	str_addf(&got, "+%s %s %s %s ", mime, name, uri, parent);
	str_add(&got, bytes.ptr, bytes.len);
	str_addc(&got, '\n');
	return 1;
}

static inline int
html(void *arg UNUSED, struct slice text, struct str *to, struct err *err)
{
	str_adds(to, "HTML:");
	doc_clean(to, text);
	return html_rc < 0 ? err_set(err, html_kind, "bad") : 0;
}

static struct err err = ERR_INIT;

static inline int
parse_n(const char *text, size_t n)
{
	struct mail_options o = { .source = "mail", .uri = "u", .attachment = attachment,
		.html = html, .emit = emit };

	str_reset(&got);
	err_release(&err);
	return mail_parse((struct slice){ text, n }, &o, &err);
}

static inline const char *
parse(const char *text)
{
	ck_assert_int_eq(parse_n(text, strlen(text)), 0);
	return got.buf;
}

static inline void
has(const char *want)
{
	ck_assert_msg(strstr(got.buf, want) != NULL, "no %s in %s", want, got.buf);
}

static inline void
lacks(const char *what)
{
	ck_assert_msg(!strstr(got.buf, what), "%s in %s", what, got.buf);
}

static inline void
release(void)
{
	str_release(&got);
	err_release(&err);
}

#endif
