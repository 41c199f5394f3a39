#include "base/err.h"

#include <errno.h>
#include <stdarg.h>

#include "base/mem.h"
#include "base/msg.h"

static char *
vformat(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		msg_oom(0);
	return s;
}

static void
err_put(struct err *err, enum err_kind kind, char *text)
{
	err_release(err);
	err->kind = kind;
	err->text = text;
}

int
err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = vformat(fmt, ap);
	va_end(ap);
	err_put(err, kind, text);
	return -1;
}

int
err_setno(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	char *what;

	va_start(ap, fmt);
	what = vformat(fmt, ap);
	va_end(ap);
	err_put(err, saved == EACCES || saved == EPERM ? ERR_PERM : ERR_IO,
	    xasprintf("%s: %s", what, strerror(saved)));
	free(what);
	errno = saved;
	return -1;
}

int
err_wrap(struct err *err, const char *fmt, ...)
{
	va_list ap;
	char *context, *text;

	va_start(ap, fmt);
	context = vformat(fmt, ap);
	va_end(ap);
	text = xasprintf("%s: %s", context, err->text ? err->text : "unknown error");
	free(context);
	free(err->text);
	err->text = text;
	return -1;
}

int
err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	free(err->hint);
	va_start(ap, fmt);
	err->hint = vformat(fmt, ap);
	va_end(ap);
	return -1;
}

void
err_move(struct err *dst, struct err *src)
{
	err_release(dst);
	*dst = *src;
	*src = (struct err)ERR_INIT;
}

void
err_release(struct err *err)
{
	free(err->text);
	free(err->hint);
	*err = (struct err)ERR_INIT;
}

int
err_exit_status(const struct err *err)
{
	switch (err->kind) {
	case ERR_NONE:
		return EXIT_OK;
	case ERR_USAGE:
		return EXIT_USAGE;
	case ERR_DATA:
		return EXIT_DATA;
	case ERR_BUG:
		return EXIT_BUG;
	case ERR_IO:
		return EXIT_IO;
	case ERR_TEMP:
		return EXIT_TEMP;
	case ERR_PERM:
		return EXIT_PERM;
	case ERR_CONFIG:
		return EXIT_CONFIG;
	case ERR_STOPPED:
		return EXIT_TEMP;
	}
	return EXIT_BUG;
}

int
err_worse_status(int a, int b)
{
	if (a > EXIT_PARTIAL)
		return a;
	return MAX(a, b);
}
