#include "sys/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "sys/sig.h"

#define READ_PIECE ((size_t)64 << 10)

void
io_std_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* opened the wrong way round: its use still fails with EBADF */
		int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", mode) != fd)
			return;
	}
}

/* After a failed call: 0 when it may be made again, -1 with err when not. */
static int
retry(int fd, short events, const char *verb, const char *name, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = events };

	/* a descriptor that another process made non-blocking */
	if (errno == EAGAIN && poll(&p, 1, -1) > 0)
		return 0;
	if (errno == EINTR && sig_stopped())
		return err_set(err, ERR_STOPPED, "stopped by a signal");
	if (errno == EINTR)
		return 0;
	return err_setno(err, "could not %s \"%s\"", verb, name);
}

int
io_write_full(int fd, const void *data, size_t n, const char *name, struct err *err)
{
	const char *p = data;

	while (n > 0) {
		ssize_t got = write(fd, p, n);

		if (got < 0) {
			if (retry(fd, POLLOUT, "write", name, err) < 0)
				return -1;
			continue;
		}
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

ssize_t
io_read(int fd, void *buf, size_t n, const char *name, struct err *err)
{
	ssize_t got;

	while ((got = read(fd, buf, n)) < 0)
		if (retry(fd, POLLIN, "read", name, err) < 0)
			return -1;
	return got;
}

/* One more piece from the descriptor behind what is there. */
static int
lines_fill(struct lines *l, struct err *err)
{
	ssize_t got;

	if (l->start > 0) {
		size_t left = l->buf.len - l->start;

		if (left > 0)
			memmove(l->buf.buf, l->buf.buf + l->start, left);
		str_truncate(&l->buf, left);
		l->start = 0;
	}
	str_grow(&l->buf, READ_PIECE);
	got = io_read(l->fd, l->buf.buf + l->buf.len, READ_PIECE, l->name, err);
	if (got < 0)
		return -1;
	l->eof = got == 0;
	l->buf.len += (size_t)got;
	l->buf.buf[l->buf.len] = '\0';
	return 0;
}

int
lines_next(struct lines *l, struct slice *line, struct err *err)
{
	size_t seen = 0;

	for (;;) {
		const char *at = l->buf.buf + l->start;
		size_t have = l->buf.len - l->start;
		const char *nl = have > seen ? memchr(at + seen, '\n', have - seen) : NULL;
		size_t len = nl ? (size_t)(nl - at) : have;

		if (len > l->max)
			return err_set(err, ERR_DATA, "%s:%llu: line is longer than %zu bytes",
			    l->name, (unsigned long long)l->nr + 1, l->max);
		if (nl || (l->eof && have > 0)) {
			*line = (struct slice){ at, len };
			l->start += len + (nl != NULL);
			l->nr++;
			return 1;
		}
		if (l->eof)
			return 0;
		seen = have;
		if (lines_fill(l, err) < 0)
			return -1;
	}
}

void
lines_release(struct lines *l)
{
	str_release(&l->buf);
	l->start = 0;
}

int
io_stdout(const void *data, size_t n, struct err *err)
{
	/* what stdio holds was said first */
	if (fflush(stdout) != 0)
		return err_setno(err, "could not write \"standard output\"");
	return io_write_full(STDOUT_FILENO, data, n, "standard output", err);
}

int
io_stdout_close(struct err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_setno(err, "could not write \"standard output\"");
	if (close(STDOUT_FILENO) < 0 && errno != EBADF)
		return err_setno(err, "could not close \"standard output\"");
	return 0;
}
