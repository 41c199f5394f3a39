#include "app/endstate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "app/queue_private.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "fmt/json.h"
#include "sys/sig.h"

/* Of a file; a reason has six bytes a character at most. */
#define STATE_MAX ((size_t)4 << 10)

static const struct { const char *key; size_t at; } times[] = {
	{ "rate_us", offsetof(struct endstate, rate_us) },
	{ "hold_us", offsetof(struct endstate, hold_us) },
	{ "failures", offsetof(struct endstate, failures) },
	{ "down_us", offsetof(struct endstate, down_us) },
	{ "disabled_us", offsetof(struct endstate, disabled_us) },
};

static int64_t *
field(struct endstate *s, size_t i)
{
	return (int64_t *)(void *)((char *)s + times[i].at);
}

static void
set_reason(struct endstate *s, const char *text, size_t n)
{
	n = utf8_valid_prefix(text, strnlen(text, MIN(n, sizeof(s->reason) - 1)));
	memmove(s->reason, text, n);
	s->reason[n] = '\0';
}

/* What does not make sense is as nothing. */
static void
parse(struct slice text, struct endstate *s)
{
	const char *end = memchr(text.ptr, '\n', text.len);
	struct str reason = STR_INIT;

	*s = (struct endstate){ 0 };
	/* only the first line: behind it may be the rest of a longer, older one, when
	 * a writer died before the ftruncate */
	if (!end)
		return;
	text.len = (size_t)(end - text.ptr);
	if (!json_valid(text))
		return;
	for (size_t i = 0; i < countof(times); i++) {
		struct slice raw;
		enum json_tok tok;
		int64_t n;

		if (json_get(text, times[i].key, &raw, &tok) && tok == JSON_NUMBER &&
		    json_int64(raw, &n) && n >= 0 && n <= INT64_MAX / 2)
			*field(s, i) = n;
	}
	if (json_get_string(text, "reason", &reason))
		set_reason(s, reason.buf, reason.len);
	str_release(&reason);
}

static void
format(struct endstate *s, struct str *out)
{
	set_reason(s, s->reason, sizeof(s->reason));
	str_addc(out, '{');
	for (size_t i = 0; i < countof(times); i++)
		json_put_key_int(out, times[i].key, *field(s, i));
	json_put_key_cstr(out, "reason", s->reason);
	str_adds(out, "}\n");
}

/* Open and lock; the descriptor, or -1 with errno. */
static int
open_locked(const struct queue *q, const char *endpoint, int flags, int lock)
{
	int fd = openat(q->state_fd, endpoint, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    QUEUE_FILE_MODE), saved;

	/* holders do nothing that takes time, so waiting for them is short */
	while (fd >= 0 && flock(fd, lock) < 0) {
		if (errno == EINTR && !sig_stopped())
			continue;
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* The file's first bytes as a state. */
static int
load(int fd, struct endstate *s)
{
	char buf[STATE_MAX];
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), 0)) < 0 && errno == EINTR)
		;
	/* a directory in the place of the file is an error, not a state */
	if (n < 0)
		return -1;
	parse((struct slice){ buf, (size_t)n }, s);
	return 0;
}

static int
save(int fd, struct endstate *s)
{
	struct str text = STR_INIT;
	ssize_t n;
	int rc = 0;

	format(s, &text);
	while ((n = pwrite(fd, text.buf, text.len, 0)) < 0 && errno == EINTR)
		;
	if (n < 0 || ftruncate(fd, n) < 0)
		rc = -1;
	str_release(&text);
	return rc;
}

static int
failed(const struct queue *q, const char *endpoint, const char *verb, struct err *err)
{
	char *path = queue_path(q, QUEUE_STATE, endpoint);

	if (errno == EINTR) {
		err_set(err, ERR_STOPPED, "stopped by a signal");
	} else {
		err_setno(err, "could not %s \"%s\"", verb, path);
		queue_full(err);
	}
	free(path);
	return -1;
}

int
endstate_read(const struct queue *q, const char *endpoint, struct endstate *out, struct err *err)
{
	int fd = -1, rc = 0;

	*out = (struct endstate){ 0 };
	if (!queue_endpoint_ok(endpoint, strlen(endpoint)))
		return err_set(err, ERR_DATA, "\"%s\" is no name of an endpoint", endpoint);
	fd = open_locked(q, endpoint, O_RDONLY, LOCK_SH);
	if (fd < 0)
		return errno == ENOENT ? 0 : failed(q, endpoint, "open", err);
	if (load(fd, out) < 0)
		rc = failed(q, endpoint, "read", err);
	close(fd);
	return rc;
}

int
endstate_change(const struct queue *q, const char *endpoint,
    int (*fn)(void *arg, struct endstate *s), void *arg, struct err *err)
{
	struct endstate s, before;
	int fd, rc = -1;

	if (!queue_endpoint_ok(endpoint, strlen(endpoint)))
		return err_set(err, ERR_DATA, "\"%s\" is no name of an endpoint", endpoint);
	fd = open_locked(q, endpoint, O_RDWR | O_CREAT, LOCK_EX);
	if (fd < 0)
		return failed(q, endpoint, "open", err);
	if (load(fd, &s) < 0) {
		failed(q, endpoint, "read", err);
		goto out;
	}
	before = s;
	rc = fn(arg, &s);
	/* most looks change nothing */
	if (memcmp(&before, &s, sizeof(s)) != 0 && save(fd, &s) < 0)
		rc = failed(q, endpoint, "write", err);
out:
	close(fd);
	return rc;
}
