/*
 * verify.c - is a message that somebody received one of ours? For receivers
 * that are shell scripts: headers, an empty line and the body on stdin; the
 * body on stdout, only when the signature is right.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "cmd/notify/notify.h"
#include "sys/io.h"

struct message {
	struct slice id, timestamp, signatures, body;
};

/* Names of headers in any case (RFC 9110); a header twice is nobody's honest
 * message. */
static int
header(struct slice line, const char *name, struct slice *out, struct err *err)
{
	size_t n = strlen(name);

	if (line.len <= n || strncasecmp(line.ptr, name, n) != 0 || line.ptr[n] != ':')
		return 0;
	if (out->ptr)
		return err_set(err, ERR_DATA, "the header %s is there twice", name);
	for (n++; n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t'); n++)
		;
	*out = (struct slice){ line.ptr + n, line.len - n };
	while (out->len > 0 && (out->ptr[out->len - 1] == ' ' || out->ptr[out->len - 1] == '\t'))
		out->len--;
	return 0;
}

static int
split(const struct str *in, struct message *m, struct err *err)
{
	const char *p = in->buf, *end = in->buf + in->len;

	for (;;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct slice line;

		if (!nl)
			return err_set(err, ERR_DATA, "there is no empty line behind the headers");
		line = (struct slice){ p, (size_t)(nl - p) };
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		p = nl + 1;
		if (line.len == 0)
			break;
		if (header(line, "webhook-id", &m->id, err) < 0 ||
		    header(line, "webhook-timestamp", &m->timestamp, err) < 0 ||
		    header(line, "webhook-signature", &m->signatures, err) < 0)
			return -1;
	}
	m->body = (struct slice){ p, (size_t)(end - p) };
	if (!m->id.ptr || !m->timestamp.ptr || !m->signatures.ptr)
		return err_set(err, ERR_DATA, "webhook-id, webhook-timestamp or webhook-signature is missing");
	return 0;
}

static int
read_all(struct str *in, struct err *err)
{
	ssize_t got;

	do {
		if (in->len >= NOTIFY_MESSAGE_MAX)
			return err_set(err, ERR_DATA, "the message is longer than %zu bytes",
			    NOTIFY_MESSAGE_MAX);
		str_grow(in, (size_t)64 << 10);
		got = io_read(STDIN_FILENO, in->buf + in->len, (size_t)64 << 10, "standard input", err);
		if (got < 0)
			return -1;
		in->len += (size_t)got;
		in->buf[in->len] = '\0';
	} while (got > 0);
	return 0;
}

int
verify_run(const struct notify *n, const char *secret_file, uint64_t tolerance_ms,
    struct err *err)
{
	const struct endpoint *e = n->endpoint ? endpoints_find(&n->endpoints, n->endpoint) : NULL;
	struct webhook_keys keys = WEBHOOK_KEYS_INIT;
	struct message m = { .id = SLICE_INIT };
	struct str in = STR_INIT;
	int rc = -1;

	if (e && e->keys.nr == 0)
		return err_set(err, ERR_CONFIG, "the endpoint \"%s\" has no secret", e->name);
	if (!e && endpoint_secrets(secret_file, &keys, err) < 0)
		return -1;
	if (read_all(&in, err) == 0 && split(&in, &m, err) == 0)
		rc = webhook_verify(e ? &e->keys : &keys, m.id, m.timestamp, m.signatures, m.body,
		    clock_now_us() / USEC_PER_SEC, (int64_t)(tolerance_ms / 1000), err);
	if (rc == 0) {
		/* the answer is no, and why is for the log, not for the sender */
		msg_err(err);
		err_release(err);
	}
	if (rc > 0)
		rc = io_stdout(m.body.ptr, m.body.len, err) < 0 ? -1 : 1;
	webhook_keys_wipe(&keys);
	str_release(&in);
	return rc < 0 ? -1 : rc > 0 ? EXIT_OK : EXIT_NO;
}
