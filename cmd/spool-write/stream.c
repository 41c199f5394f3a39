#include "cmd/spool-write/stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "fmt/json.h"
#include "fmt/zio.h"
#include "sys/fs.h"
#include "sys/io.h"
#include "sys/sig.h"

/* Bad records that are named on stderr; the rest is counted. */
#define TOLD_MAX 20
/* Look for room in the spool again after so many bytes of a segment. */
#define ROOM_STEP ((uint64_t)1 << 20)
#define ROOM_POLL_MS 200
/* A client that takes no acknowledgement for so long does not want them. */
#define CLIENT_SEND_MS 10000

int
stream_open(struct stream *s, const struct stream_opts *o, int client, const char *peer,
    struct err *err)
{
	*s = (struct stream){ .o = o, .client = client, .peer = peer, .rejects = -1,
		.text = STR_INIT };
	if (o->dry_run)
		return 0;
	s->seg = segment_new(&o->sp, &o->seg, err);
	if (!s->seg || (o->rejects && stream_rejects_open(s, err) < 0)) {
		stream_release(s);
		return -1;
	}
	return 0;
}

void
stream_release(struct stream *s)
{
	segment_free(s->seg);
	s->seg = NULL;
	if (s->rejects >= 0)
		close(s->rejects);
	s->rejects = -1;
	str_release(&s->text);
}

static int
out_of_order(struct stream *s)
{
	s->broken = true;
	return -1;
}

static void
tell_status(struct stream *s)
{
	if (sig_status_wanted())
		msg_warn("%s%s%llu records taken, %llu rejected, %llu segments landed",
		    s->peer ? s->peer : "", s->peer ? ": " : "", (unsigned long long)s->records,
		    (unsigned long long)s->rejected, (unsigned long long)s->landed);
}

/* To the client, who may be gone or deaf: that never fails the stream, for
 * what is accepted stays accepted. */
static void
tell_client(struct stream *s, const struct str *line)
{
	const char *p = line->buf;
	size_t left = line->len;

	while (left > 0 && s->client >= 0) {
		struct pollfd pfd = { .fd = s->client, .events = POLLOUT };
		ssize_t n = -1;

		if (poll(&pfd, 1, CLIENT_SEND_MS) > 0)
			n = send(s->client, p, left, MSG_NOSIGNAL | MSG_DONTWAIT);
		else if (errno != EINTR)
			errno = ETIMEDOUT;
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			msg_info("%s takes no more acknowledgements: %s", s->peer, strerror(errno));
			s->client = -1;
			break;
		}
		p += n;
		left -= (size_t)n;
	}
}

static int
acknowledge(struct stream *s, const struct segment_done *done, struct err *err)
{
	struct str line = STR_INIT, event = STR_INIT;
	int rc;

	segment_event(done, &event);
	str_add(&line, event.buf, event.len);
	json_put_key_int(&line, "rejected", (int64_t)s->rejected_since_ack);
	str_adds(&line, "}\n");
	str_adds(&event, "}\n");
	tell_client(s, &line);
	rc = io_stdout(event.buf, event.len, err);
	s->rejected_since_ack = 0;
	str_release(&event);
	str_release(&line);
	return rc;
}

static int
land(struct stream *s, struct err *err)
{
	struct segment_done done;
	int rc;

	if (s->o->dry_run || !segment_is_open(s->seg))
		return 0;
	rc = segment_land(s->seg, &done, err);
	if (rc > 0) {
		s->landed++;
		msg_debug("landed \"%s\"", done.name);
		/* who sees the line may take it that the rejects are safe too */
		rc = stream_rejects_sync(s, err) < 0 ? -1 : acknowledge(s, &done, err);
	}
	return rc < 0 ? out_of_order(s) : 0;
}

/* Is the spool below its limit? 1, 0, -1. */
static int
has_room(struct stream *s, struct err *err)
{
	uint64_t used;

	if (!s->o->max_spool)
		return 1;
	if (spool_used(&s->o->sp, &used, err) < 0)
		return -1;
	return used < s->o->max_spool;
}

/* With nothing open: wait until the spool has room. */
static int
wait_for_room(struct stream *s, struct err *err)
{
	int64_t deadline = clock_mono_ms() + (int64_t)s->o->wait_ms;
	bool told = false;
	int rc;

	while ((rc = has_room(s, err)) == 0) {
		int64_t left = deadline - clock_mono_ms();
		struct pollfd p = { .fd = s->o->stop_fd, .events = POLLIN };

		if (sig_stopped())
			return err_set(err, ERR_STOPPED, "stopped by a signal");
		if (left <= 0) {
			err_set(err, ERR_TEMP, "the spool \"%s\" holds its %llu bytes (--max-spool)",
			    s->o->sp.root, (unsigned long long)s->o->max_spool);
			return err_hint(err, "start spool-gate and spool-replay, or see what they say");
		}
		if (!told)
			msg_info("the spool is full: waiting for room");
		told = true;
		poll(&p, 1, (int)MIN(left, ROOM_POLL_MS));
	}
	return rc < 0 ? -1 : 0;
}

/* A file of this format is open and takes n more bytes. */
static int
make_place(struct stream *s, enum rec_format format, size_t n, struct err *err)
{
	struct segment *seg = s->seg;
	int room = 1;

	if (segment_is_open(seg) && s->o->max_spool &&
	    segment_disk_bytes(seg) >= s->disk_checked + MIN(ROOM_STEP, s->o->max_spool / 16 + 1)) {
		s->disk_checked = segment_disk_bytes(seg);
		room = has_room(s, err);
	}
	if (room < 0)
		return out_of_order(s);
	if (segment_is_open(seg) &&
	    (!room || segment_format(seg) != format || segment_is_full(seg, n)) &&
	    land(s, err) < 0)
		return -1;
	if (segment_is_open(seg))
		return 0;
	s->disk_checked = 0;
	if (wait_for_room(s, err) < 0 || segment_begin(seg, format, err) < 0)
		return out_of_order(s);
	return 0;
}

static int
reject(struct stream *s, struct rec_reader *r, const struct rec *rec, const char *name,
    struct err *err)
{
	s->rejected++;
	s->rejected_since_ack++;
	if (s->rejected <= TOLD_MAX) {
		struct str where = STR_INIT;

		if (rec->line)
			str_addf(&where, "%s:%llu: ", name, (unsigned long long)rec->line);
		else
			str_addf(&where, "%s: offset %llu: ", name, (unsigned long long)rec->offset);
		if (rec->field)
			str_addf(&where, "field \"%s\": ", rec->field);
		msg_error("%s%s%s", where.buf, rec->reason,
		    rec->rest ? " (and all that follows)" : "");
		str_release(&where);
	}
	if (s->rejects >= 0 && stream_rejects_add(s, r, rec, name, err) < 0)
		return out_of_order(s);
	return 0;
}

static int
take(struct stream *s, struct rec_reader *r, const struct rec *rec, enum rec_format from,
    const char *name, struct err *err)
{
	enum rec_format to = s->o->convert ? s->o->to : from;
	struct err why = ERR_INIT;
	struct rec bad;
	int rc;

	if (rec->kind == REC_REJECT)
		return reject(s, r, rec, name, err);
	str_reset(&s->text);
	if (rec_encode(rec, from, to, &s->text, &why) < 0) {
		/* a good record that the other format cannot hold */
		bad = *rec;
		bad.kind = REC_REJECT;
		bad.field = NULL;
		bad.reason = why.text;
		bad.rest = false;
		rc = reject(s, r, &bad, name, err);
		err_release(&why);
		return rc;
	}
	s->records++;
	if (s->o->dry_run)
		return 0;
	if (make_place(s, to, s->text.len, err) < 0)
		return -1;
	if (segment_add(s->seg, s->text.buf, s->text.len, err) < 0)
		return out_of_order(s);
	return segment_due(s->seg) ? land(s, err) : 0;
}

/* Before each read: wait for input, for the age of the open segment, or for a
 * signal. */
static int
wait_for_input(void *arg, int fd, struct err *err)
{
	struct stream *s = arg;

	for (;;) {
		int64_t left = s->seg ? segment_age_left(s->seg) : -1;
		struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			{ .fd = s->o->stop_fd, .events = POLLIN } };
		int n;

		tell_status(s);
		if (sig_stopped())
			return err_set(err, ERR_STOPPED, "stopped by a signal");
		n = left == 0 ? 0 : poll(p, countof(p), (int)MIN(left, INT32_MAX));
		if (n < 0 && errno != EINTR) {
			err_setno(err, "could not wait for input");
			return out_of_order(s);
		}
		if (n == 0 && land(s, err) < 0)
			return -1;
		if (n > 0 && p[0].revents)
			return 0;
	}
}

static int
sniff(struct zin *in, const char *name, enum rec_format *format, struct err *err)
{
	unsigned char first;
	int rc = zin_peek(in, &first, err);

	if (rc <= 0)
		return rc;
	if (rec_sniff(&first, 1, format) < 0) {
		err_set(err, ERR_DATA, "\"%s\" is neither NDJSON nor msgpack: it begins with byte 0x%02x",
		    name, first);
		return err_hint(err, "records are JSON objects, one a line, or msgpack maps back to back");
	}
	return 1;
}

int
stream_feed(struct stream *s, int fd, const char *name, const enum rec_format *format,
    struct err *err)
{
	struct zin *in = zin_new(fd, name, false);
	struct rec_reader *r = NULL;
	enum rec_format from = REC_NDJSON;
	struct rec rec;
	int rc = 1;

	zin_on_wait(in, wait_for_input, s);
	if (format)
		from = *format;
	else
		rc = sniff(in, name, &from, err);
	if (rc > 0)
		r = rec_reader_new(in, from, REC_REJECT_BAD);
	while (rc > 0 && (rc = rec_next(r, &rec, err)) > 0) {
		if (take(s, r, &rec, from, name, err) < 0)
			rc = -1;
		else
			tell_status(s);
	}
	rec_reader_free(r);
	zin_free(in);
	return rc;
}

void
stream_tell_error(struct stream *s, const struct err *e)
{
	str_reset(&s->text);
	str_adds(&s->text, "{\"v\":1");
	json_put_key_cstr(&s->text, "type", "error");
	json_put_key_int(&s->text, "status", err_exit_status(e));
	json_put_key_cstr(&s->text, "error", e->text ? e->text : "unknown error");
	str_adds(&s->text, "}\n");
	tell_client(s, &s->text);
}

int
stream_end(struct stream *s, struct err *err)
{
	int rc = s->broken ? 0 : land(s, err);

	if (rc == 0 && stream_rejects_sync(s, err) < 0)
		rc = -1;
	if (s->rejected > TOLD_MAX)
		msg_error("%llu records were rejected; the first %d are named above",
		    (unsigned long long)s->rejected, TOLD_MAX);
	if (rc == 0 && !s->broken && s->rejected_since_ack > 0) {
		/* rejects after the last segment, or no segment at all */
		str_reset(&s->text);
		str_addf(&s->text, "{\"v\":1,\"type\":\"rejected\",\"rejected\":%llu}\n",
		    (unsigned long long)s->rejected_since_ack);
		tell_client(s, &s->text);
	}
	return rc;
}
