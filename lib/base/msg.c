#include "base/msg.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

/* Bytes of a message; longer ones are cut. In JSON a byte is six at worst, and the
 * hint keeps some room whatever the message is. */
#define TEXT_MAX ((size_t)4096)
#define JSON_STEP_MAX 8
#define JSON_MAX ((size_t)16384)
#define JSON_HINT_END (JSON_MAX - 16)
#define JSON_MSG_END (JSON_MAX - 4096)

static const char *progname = "sluice";
static int level = MSG_WARN;
static char run_id[MSG_RUN_ID_MAX + 1];	/* "": lines are text */

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

void
msg_json(const char *id)
{
	snprintf(run_id, sizeof(run_id), "%s", *id ? id : "-");
}

int
msg_level_get(void)
{
	return level;
}

/* What stands before the text on a terminal, and the level in JSON. */
enum kind { ERROR, WARNING, INFO, DEBUG, HINT };
static const struct { int min; const char *prefix, *name; } kinds[] = {
	[ERROR] = { MSG_ERROR, "", "error" },
	[WARNING] = { MSG_WARN, "warning: ", "warning" },
	[INFO] = { MSG_INFO, "", "info" },
	[DEBUG] = { MSG_DEBUG, "debug: ", "debug" },
	[HINT] = { MSG_ERROR, "hint: ", "info" },
};

/* One write(2) a line, so that lines of parallel processes do not mix. */
static void
put_line(char *line, size_t n)
{
	int saved = errno;

	line[n++] = '\n';
	/* stderr may be closed; there is nobody left to tell */
	if (write(STDERR_FILENO, line, n) < 0)
		errno = saved;
	errno = saved;
}

static void
emit_text(enum kind kind, const char *text)
{
	char line[TEXT_MAX * 2];
	size_t n = (size_t)snprintf(line, sizeof(line), "%s: %s", progname, kinds[kind].prefix);

	if (n >= sizeof(line))
		n = sizeof(line) - 1;
	for (size_t i = 0; text[i] && n + 6 < sizeof(line); i++) {
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
	put_line(line, n);
}

/* `,"key":"text"`, cut where it would reach beyond end, which is so far before the
 * end of the buffer that what closes the object has room. */
static size_t
put_member(char *line, size_t n, size_t end, const char *key, const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *stop = p + strlen(text);

	n += (size_t)snprintf(line + n, end - n, "%s\"%s\":\"", n > 1 ? "," : "", key);
	while (p < stop && stop[-1] == '\n')
		stop--;
	for (int step; p < stop && n + JSON_STEP_MAX < end; p += MAX(step, 1)) {
		char *out = line + n;
		size_t room = end - n;

		step = utf8_step(p, stop);
		if (step == 0)
			n += (size_t)snprintf(out, room, "\\\\x%02x", *p);
		else if (*p == '"' || *p == '\\')
			n += (size_t)snprintf(out, room, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			n += (size_t)snprintf(out, room, "\\u%04x", *p);
		else if (*p == 0xc2 && p[1] <= 0x9f)
			n += (size_t)snprintf(out, room, "\\u%04x", p[1]);
		else
			n += (size_t)snprintf(out, room, "%.*s", step, (const char *)p);
	}
	line[n++] = '"';
	return n;
}

static void
emit_json(enum kind kind, const char *text, const char *hint)
{
	char line[JSON_MAX], ts[CLOCK_BUF], pid[24];
	struct civil c;
	size_t n = 1;

	clock_civil(clock_now_us(), &c);
	snprintf(ts, sizeof(ts), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", (int)c.year, c.month, c.day,
	    c.hour, c.min, c.sec, c.usec);
	snprintf(pid, sizeof(pid), ",\"pid\":%ld", (long)getpid());
	line[0] = '{';
	n = put_member(line, n, JSON_MSG_END, "ts", ts);
	n = put_member(line, n, JSON_MSG_END, "level", kinds[kind].name);
	n = put_member(line, n, JSON_MSG_END, "tool", progname);
	memcpy(line + n, pid, strlen(pid));
	n = put_member(line, n + strlen(pid), JSON_MSG_END, "run_id", run_id);
	n = put_member(line, n, JSON_MSG_END, "msg", text);
	if (hint)
		n = put_member(line, n, JSON_HINT_END, "hint", hint);
	line[n++] = '}';
	put_line(line, n);
}

static void
emit(enum kind kind, const char *fmt, va_list ap)
{
	int saved = errno;
	char text[TEXT_MAX];

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		return;
	if (run_id[0])
		emit_json(kind, text, NULL);
	else
		emit_text(kind, text);
	errno = saved;
}

#define EMIT_IF(kind) \
	do { \
		va_list ap; \
		if (level < kinds[kind].min) \
			return; \
		va_start(ap, fmt); \
		emit(kind, fmt, ap); \
		va_end(ap); \
	} while (0)

void
msg_error(const char *fmt, ...)
{
	EMIT_IF(ERROR);
}

void
msg_warn(const char *fmt, ...)
{
	EMIT_IF(WARNING);
}

void
msg_info(const char *fmt, ...)
{
	EMIT_IF(INFO);
}

void
msg_debug(const char *fmt, ...)
{
	EMIT_IF(DEBUG);
}

void
msg_hint(const char *fmt, ...)
{
	EMIT_IF(HINT);
}

static void
tell(enum kind kind, const struct err *err)
{
	const char *text = err->text ? err->text : "unknown error";

	if (level < kinds[kind].min)
		return;
	if (run_id[0]) {
		emit_json(kind, text, err->hint);
	} else {
		emit_text(kind, text);
		if (err->hint)
			emit_text(HINT, err->hint);
	}
}

void
msg_err(const struct err *err)
{
	tell(ERROR, err);
}

void
msg_warn_err(const struct err *err)
{
	tell(WARNING, err);
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
