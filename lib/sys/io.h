/*
 * io.h - whole reads and writes on descriptors, lines from a descriptor with
 * a limit, and the last check of stdout.
 */
#ifndef SYS_IO_H
#define SYS_IO_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* Descriptors 0 to 2 that are closed become ones that refuse (EBADF), so that
 * no file of ours ever gets their numbers. The first thing a main() does. */
void io_std_fds(void);

/* A write that a stop interrupts is -1, ERR_STOPPED; EINTR else is tried again. */
int io_write_full(int fd, const void *data, size_t n, const char *name, struct err *err);
/* read(2) again after EINTR unless a stop was asked for (then -1, ERR_STOPPED). */
ssize_t io_read(int fd, void *buf, size_t n, const char *name, struct err *err);

/* Lines of a descriptor. A line is borrowed until the next call. */
struct lines {
	int fd;
	const char *name;
	size_t max;		/* a longer line is an ERR_DATA error */
	struct str buf;
	size_t start;		/* of what is not handed out yet */
	uint64_t nr;		/* lines handed out */
	bool eof;
};
#define LINES_INIT(fd_, name_, max_) { (fd_), (name_), (max_), STR_INIT, 0, 0, false }
/* 1 and the line without its newline; 0 at the end; -1. A last line without
 * newline counts. */
int lines_next(struct lines *l, struct slice *line, struct err *err);
void lines_release(struct lines *l);

/* Bytes to stdout at once, unbuffered by us afterwards: events must not wait. */
int io_stdout(const void *data, size_t n, struct err *err);
/* Flush and close stdout, so that a full disk is reported: ERR_IO. */
int io_stdout_close(struct err *err);

#endif
