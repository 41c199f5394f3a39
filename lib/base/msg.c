#include "base/msg.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

static const char *progname = "sluice";
static int level = MSG_WARN;

void
msg_init(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	if (argv0 && *argv0)
		progname = slash ? slash + 1 : argv0;
}

const char *
msg_progname(void)
{
	return progname;
}

void
msg_level(int l)
{
	level = l;
}

int
msg_level_get(void)
{
	return level;
}

/* One write(2) a line, so that lines of parallel processes do not mix. */
static void
emit(const char *prefix, const char *fmt, va_list ap)
{
	char text[4096], line[8192];
	int saved = errno;
	size_t n, i;
	int len;

	len = vsnprintf(text, sizeof(text), fmt, ap);
	if (len < 0)
		return;
	n = (size_t)snprintf(line, sizeof(line), "%s: %s", progname, prefix);
	if (n >= sizeof(line))
		n = sizeof(line) - 1;
	for (i = 0; i < sizeof(text) && text[i] && n + 6 < sizeof(line); i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n' && text[i + 1]) {
			line[n++] = ';';
			line[n++] = ' ';
		} else if (c == '\n') {
			break;
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(line + n, sizeof(line) - n, "\\x%02x", c);
		} else if (c == 0xc2 && (unsigned char)text[i + 1] >= 0x80 &&
		    (unsigned char)text[i + 1] <= 0x9f) {
			/* C1 controls, which some terminals obey */
			n += (size_t)snprintf(line + n, sizeof(line) - n, "\\x%02x",
			    (unsigned char)text[++i]);
		} else {
			line[n++] = (char)c;
		}
	}
	line[n++] = '\n';
	/* stderr may be closed; there is nobody left to tell */
	if (write(STDERR_FILENO, line, n) < 0)
		errno = saved;
	errno = saved;
}

#define EMIT_IF(min, prefix) \
	do { \
		va_list ap; \
		if (level < (min)) \
			return; \
		va_start(ap, fmt); \
		emit(prefix, fmt, ap); \
		va_end(ap); \
	} while (0)

void
msg_error(const char *fmt, ...)
{
	EMIT_IF(MSG_ERROR, "");
}

void
msg_warn(const char *fmt, ...)
{
	EMIT_IF(MSG_WARN, "warning: ");
}

void
msg_info(const char *fmt, ...)
{
	EMIT_IF(MSG_INFO, "");
}

void
msg_debug(const char *fmt, ...)
{
	EMIT_IF(MSG_DEBUG, "debug: ");
}

void
msg_hint(const char *fmt, ...)
{
	EMIT_IF(MSG_ERROR, "hint: ");
}

void
msg_err(const struct err *err)
{
	msg_error("%s", err->text ? err->text : "unknown error");
	if (err->hint)
		msg_hint("%s", err->hint);
}

void
msg_bug(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	msg_error("bug at %s:%d: %s", file, line, text);
	exit(EXIT_BUG);
}

void
msg_oom(size_t n)
{
	msg_error("out of memory (%zu bytes)", n);
	_exit(EXIT_BUG);
}
