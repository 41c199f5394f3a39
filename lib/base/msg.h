/*
 * msg.h - words for people, on stderr: `tool: could not open "x": No such
 * file or directory`. Lower case, no full stop; what to do next is a hint
 * on a line of its own. Control characters in the text are escaped, because
 * messages quote data. errno is kept. Only cmd/ calls these, and never a
 * library function that also returns an error (never log and return).
 *
 * Each line is one write(2). With msg_json it is an object for programs:
 * {"ts","level","tool","pid","run_id","msg","hint"}; bytes that are not UTF-8 are
 * `\xff` in it, as control characters are in text.
 */
#ifndef BASE_MSG_H
#define BASE_MSG_H

#include "base/base.h"
#include "base/err.h"

enum msg_level {
	MSG_ERROR = -1,	/* -q: errors only */
	MSG_WARN = 0,	/* the default */
	MSG_INFO = 1,	/* -v */
	MSG_DEBUG = 2,	/* -vv */
};

/* The name that begins each line; the last component of argv0 is kept. */
void msg_init(const char *argv0);
const char *msg_progname(void);
/* Log level; never changes what a program does. */
void msg_level(int level);
int msg_level_get(void);

#define MSG_RUN_ID_MAX 128
/* From now on lines are JSON. run_id ties together what the tools of one line say;
 * printable ASCII, cut at MSG_RUN_ID_MAX. */
void msg_json(const char *run_id);

void msg_error(const char *fmt, ...) PRINTF(1, 2);
void msg_warn(const char *fmt, ...) PRINTF(1, 2);
void msg_info(const char *fmt, ...) PRINTF(1, 2);
void msg_debug(const char *fmt, ...) PRINTF(1, 2);
void msg_hint(const char *fmt, ...) PRINTF(1, 2);
/* An error with its hint. */
void msg_err(const struct err *err);
/* The same as a warning. */
void msg_warn_err(const struct err *err);

/* A bug in this program: one line with its place, then status 70. */
NORETURN void msg_bug(const char *file, int line, const char *fmt, ...) PRINTF(3, 4);
#define BUG(...) msg_bug(__FILE__, __LINE__, __VA_ARGS__)
NORETURN void msg_oom(size_t n);

#endif
