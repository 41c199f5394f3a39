/*
 * err.h - a failure as a value: what kind it is and a text that is complete
 * enough to print as it stands.
 *
 * Library functions take `struct err *` last, leave it untouched on success,
 * and on failure return -1 with kind and text set. A set error is overwritten
 * by a later one (the last one wins), so callers stop at the first -1.
 *
 *	struct err err = ERR_INIT;
 *	if (fs_sync_dir(path, &err) < 0) { msg_err(&err); ... }
 *	err_release(&err);
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/base.h"

/* The exit statuses of every tool; the one table is in err.c. */
enum exit_status {
	EXIT_OK = 0,		/* done, or nothing to do */
	EXIT_NO = 1,		/* the answer is no */
	EXIT_PARTIAL = 2,	/* some items failed, the rest is done */
	EXIT_USAGE = 64,
	EXIT_DATA = 65,
	EXIT_BUG = 70,
	EXIT_IO = 74,
	EXIT_TEMP = 75,		/* try again later */
	EXIT_PERM = 77,
	EXIT_CONFIG = 78,
};

enum err_kind {
	ERR_NONE,
	ERR_USAGE,	/* the call's words are wrong */
	ERR_DATA,	/* the input is bad */
	ERR_BUG,
	ERR_IO,		/* the file system or a pipe failed */
	ERR_TEMP,	/* database or service down, lock held */
	ERR_PERM,
	ERR_CONFIG,	/* settings, schema or set-up are wrong */
	ERR_STOPPED,	/* a signal asked us to stop; exit status 128 + signal is the caller's */
};

struct err {
	enum err_kind kind;
	char *text;	/* owned; NULL when none */
	char *hint;	/* owned; NULL when none: what to do next */
	char sqlstate[6]; /* "" unless the database said so */
};

#define ERR_INIT { ERR_NONE, NULL, NULL, "" }

/* Set kind and text. Always returns -1, so `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);
/* The same with `: strerror(errno)` after it; the kind comes from errno
 * (EACCES, EPERM: ERR_PERM; all else ERR_IO). */
int err_setno(struct err *err, const char *fmt, ...) PRINTF(2, 3);
/* Put a context in front of the text: `context: text`. Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF(2, 3);
/* Set the hint of an error. Returns -1. */
int err_hint(struct err *err, const char *fmt, ...) PRINTF(2, 3);
/* Move src into dst; src is empty afterwards. */
void err_move(struct err *dst, struct err *src);
void err_release(struct err *err);

/* The one map from a kind to an exit status. */
int err_exit_status(const struct err *err);
/* The worse of two exit statuses, for a tool that goes on after a failure:
 * 0 < 1 < 2 < all others; of two others the first one stands. */
int err_worse_status(int a, int b);

#endif
