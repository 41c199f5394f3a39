/*
 * filter.c - lines in, lines out, and what they say into the queue.
 *
 * Of what was read at once: it is put into the buffer for stdout, its events are
 * queued and synced, then attempts begin. stdin, stdout and the attempts share
 * one loop, so none of them waits for another; while there is more to read, no new
 * attempt begins. Behind the end of the input stdout is closed at once, so that the
 * next stage can end. Attempts have `notify.wait` from when the last lines began to
 * come: that, or the time it takes to queue them, is all that a line loses here.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/msg.h"
#include "cmd/notify/notify.h"
#include "sys/io.h"
#include "sys/sig.h"

#define READ_MAX ((size_t)64 << 10)
#define OUT_MAX ((size_t)1 << 20)	/* stdout is that far behind: read no more */
#define BACKLOG_MAX 10000
#define RENEW_MS 60000
#define FRESH_MAX 256	/* queued together, while input keeps coming */
#define USEC_PER_MSEC 1000

struct filter {
	struct notify *n;
	struct str in, out;	/* the line that is not whole yet; what stdout has not got */
	size_t written;		/* of out */
	struct fs_names fresh;	/* put into the queue, not offered yet */
	bool eof, too_long;
	bool deaf;		/* stdout takes nothing more */
	bool broken;		/* because its reader has gone */
	int64_t renew_ms;	/* when endpoints have a new turn */
	int64_t start_ms;
	bool put;		/* something new was queued in this run */
	int64_t burst_ms;	/* since when there has always been more to read */
	int64_t deadline_ms;	/* after eof */
};

/* The lines that have come; at the end of the input the last one needs no newline. */
static void
on_input(struct filter *f)
{
	const char *p = f->in.buf, *end = f->in.buf + f->in.len;
	struct err err = ERR_INIT;
	const char *nl;
	size_t left;

	while ((nl = memchr(p, '\n', (size_t)(end - p))) || (f->eof && p < end)) {
		const char *stop = nl ? nl : end;

		if (!f->too_long)
			event_line(f->n, (struct slice){ p, (size_t)(stop - p) }, &f->fresh, &f->out);
		f->too_long = false;
		p = nl ? nl + 1 : end;
	}
	left = (size_t)(end - p);
	if (left > NOTIFY_EVENT_MAX) {
		if (!f->too_long) {
			err_set(&err, ERR_DATA, "a line longer than %zu bytes was passed on, and not looked at",
			    NOTIFY_EVENT_MAX);
			notify_fault(f->n, &err);
		}
		f->too_long = true;
		left = 0;
	}
	if (left > 0)
		memmove(f->in.buf, p, left);
	str_truncate(&f->in, left);
}

/* Is there more to read right now? */
static bool
more_input(const struct filter *f)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return !f->eof && f->out.len - f->written < OUT_MAX && poll(&in, 1, 0) > 0;
}

/* What was queued is safe, and then it is tried. While input keeps coming, many share
 * the wait for the disk. */
static void
offer_fresh(struct filter *f)
{
	struct err err = ERR_INIT;
	bool ok = true;

	if (f->fresh.nr < FRESH_MAX && more_input(f))
		return;
	f->put = f->put || f->fresh.nr > 0;
	if (f->fresh.nr > 0 && queue_sync(&f->n->queue, &err) < 0) {
		notify_fault(f->n, &err);
		ok = false;
	}
	for (size_t i = 0; i < f->fresh.nr; i++) {
		if (ok && f->n->sender && sender_offer(f->n->sender, f->fresh.name[i], &err) < 0)
			notify_fault(f->n, &err);
		free(f->fresh.name[i]);
	}
	f->fresh.nr = 0;
}

static int
on_stdin(struct filter *f, struct err *err)
{
	ssize_t got;

	str_grow(&f->in, READ_MAX);
	got = io_read(STDIN_FILENO, f->in.buf + f->in.len, READ_MAX, "standard input", err);
	if (got < 0)
		return -1;
	f->eof = got == 0;
	if (!f->n->dry_run && !f->deaf)
		str_add(&f->out, f->in.buf + f->in.len, (size_t)got);
	f->in.len += (size_t)got;
	f->in.buf[f->in.len] = '\0';
	on_input(f);
	return 0;
}

/* Once: poll says that so much goes without waiting. */
static void
write_some(struct filter *f)
{
	size_t n = MIN(f->out.len - f->written, (size_t)PIPE_BUF);
	ssize_t done = write(STDOUT_FILENO, f->out.buf + f->written, n);
	struct err err = ERR_INIT;

	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (done < 0) {
		/* what is still read is queued all the same */
		f->deaf = true;
		f->broken = errno == EPIPE;
		if (!f->broken) {
			err_setno(&err, "could not write \"standard output\"");
			notify_fault(f->n, &err);
		}
		done = (ssize_t)(f->out.len - f->written);
	}
	f->written += (size_t)done;
	if (f->written == f->out.len) {
		str_reset(&f->out);
		f->written = 0;
	}
}

static void
on_stdout(struct filter *f)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	do
		write_some(f);
	while (f->out.len > f->written && poll(&out, 1, 0) > 0);
}

/* No more lines come, so the next stage need not wait for our attempts. */
static void
close_stdout(struct filter *f)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), copy = dup(STDOUT_FILENO);
	struct err err = ERR_INIT;

	/* the number stays taken: no socket may ever get it */
	if (null >= 0 && copy >= 0 && dup2(null, STDOUT_FILENO) >= 0 && close(copy) < 0 && !f->deaf) {
		err_setno(&err, "could not close \"standard output\"");
		notify_fault(f->n, &err);
	}
	if (null >= 0)
		close(null);
}

/* What is due in the queue has its turn, also what waited before this run. */
static void
offer_backlog(struct filter *f)
{
	struct fs_names due = FS_NAMES_INIT;
	struct err err = ERR_INIT;
	int rc = queue_due(&f->n->queue, clock_now_us(), BACKLOG_MAX, notify_wants, f->n, &due, &err);

	for (size_t i = 0; rc == 0 && i < due.nr; i++)
		rc = sender_offer(f->n->sender, due.name[i], &err);
	if (rc == 0 && due.nr > 0)
		rc = notify_prune(f->n, &err);
	if (rc < 0)
		notify_fault(f->n, &err);
	fs_names_release(&due);
	f->renew_ms = clock_mono_ms() + RENEW_MS;
}

/* The input has ended: attempts have so long. */
static void
on_end(struct filter *f)
{
	/* a second stage of a line, which knew all events, does not wait anew */
	f->deadline_ms = (f->put ? f->burst_ms : f->start_ms) +
	    (int64_t)conf_ms(f->n->conf, "notify.wait");
	/* those offered and not begun come again, in the order of the queue */
	sender_forget(f->n->sender);
	offer_backlog(f);
}

/* A pipe may stay open for days. */
static void
renew(struct filter *f)
{
	if (f->n->sender && !f->eof && clock_mono_ms() >= f->renew_ms) {
		sender_renew(f->n->sender);
		offer_backlog(f);
	}
}

/* One turn of the loop: wait for whatever comes first. */
static int
turn(struct filter *f, struct err *err)
{
	struct pollfd fds[2];
	struct pollfd *in = NULL, *out = NULL;
	bool busy = more_input(f);
	int timeout = -1;
	nfds_t nr = 0;
	int rc;

	if (!busy && !f->eof) {
		f->burst_ms = 0;
		renew(f);
		if (f->n->sender)
			timeout = RENEW_MS;
	}

	if (!f->eof && f->out.len - f->written < OUT_MAX) {
		in = &fds[nr++];
		*in = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	}
	if (f->out.len > f->written) {
		out = &fds[nr++];
		*out = (struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT };
	}
	if (f->eof && nr == 0)
		timeout = (int)MAX(f->deadline_ms - clock_mono_ms(), 0);
	if (f->n->sender) {
		if ((!busy && sender_start(f->n->sender, err) < 0) ||
		    sender_wait(f->n->sender, fds, nr, timeout, err) < 0)
			return -1;
	} else if (poll(fds, nr, timeout) < 0) {
		/* a signal */
		return 0;
	}
	rc = f->n->sender ? sender_collect(f->n->sender, err) : 0;
	if (out && out->revents)
		on_stdout(f);
	if (rc == 0 && in && in->revents) {
		if (f->burst_ms == 0)
			f->burst_ms = clock_mono_ms();
		rc = on_stdin(f, err);
		offer_fresh(f);
	}
	return rc;
}

static bool
more(const struct filter *f)
{
	if (sig_stopped())
		return false;
	if (!f->eof || f->out.len > f->written)
		return true;
	return f->n->sender && sender_busy(f->n->sender) && clock_mono_ms() < f->deadline_ms;
}

int
filter_run(struct notify *n, struct err *err)
{
	struct filter f = { .n = n, .in = STR_INIT, .out = STR_INIT, .fresh = FS_NAMES_INIT,
		.start_ms = clock_mono_ms(), .renew_ms = clock_mono_ms() + RENEW_MS };
	bool ended = false;
	int rc = 0;

	while (rc == 0 && more(&f)) {
		rc = turn(&f, err);
		if (rc == 0 && f.eof && f.out.len == f.written && !ended) {
			ended = true;
			close_stdout(&f);
			if (n->sender)
				on_end(&f);
		}
		if (rc < 0 && err->kind != ERR_STOPPED && n->sender) {
			/* the queue or the network is no use: the lines still are */
			notify_fault(n, err);
			sender_free(n->sender);
			n->sender = NULL;
			rc = 0;
		}
	}
	if (rc == 0 && n->sender && !sig_stopped())
		rc = sender_abandon(n->sender, err);
	fs_names_release(&f.fresh);
	str_release(&f.in);
	str_release(&f.out);
	if (f.broken && rc == 0 && n->status == 0 && n->dead == 0) {
		/* end as whoever writes to nobody does */
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	return rc < 0 ? -1 : n->dead > 0 ? EXIT_PARTIAL : EXIT_OK;
}
