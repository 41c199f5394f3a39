#include "app/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/event.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/mem.h"
#include "base/msg.h"
#include "fmt/json.h"
#include "fmt/zio.h"

#define SEGMENT_MODE 0640
#define TOKEN_BYTES 4
/* Small records are gathered before they go to the compressor. */
#define GATHER_BYTES ((size_t)128 << 10)
#define NAME_TRIES 8
/* As systemd-tmpfiles and Maildir readers: nobody writes one file that long. */
#define SWEEP_AGE_S (36 * 3600)
#define TEMP_SUFFIX ".tmp"

struct segment {
	const struct segment_opts *opts;
	char *dir;		/* incoming/, for messages */
	int dirfd;
	unsigned seq;
	char token[2 * TOKEN_BYTES + 1];

	/* the open file */
	int fd;			/* -1: none is open */
	struct zout *out;
	enum rec_format format;
	char name[SPOOL_NAME_MAX + 1];
	char *temp;		/* `.name.tmp` */
	char *temp_path;	/* the same for messages */
	struct str gathered;
	uint64_t records, bytes;
	int64_t begun_ms;
};

/* The next name, or -1 when the prefix makes it none of a segment. */
static int
make_name(struct segment *seg, enum rec_format format)
{
	const char *prefix = seg->opts->prefix;
	struct civil c;
	int n;

	clock_civil(clock_now_us(), &c);
	n = snprintf(seg->name, sizeof(seg->name),
	    "%s%s%04lld%02d%02dT%02d%02d%02dZ-%s-%u.%s%s", prefix ? prefix : "", prefix ? "-" : "",
	    (long long)c.year, c.month, c.day, c.hour, c.min, c.sec, seg->token, seg->seq + 1,
	    format == REC_MSGPACK ? "msgpack" : "ndjson", seg->opts->level ? ".zst" : "");
	if (n < 0 || (size_t)n >= sizeof(seg->name) || !spool_is_segment(seg->name))
		return -1;
	free(seg->temp);
	free(seg->temp_path);
	seg->temp = xasprintf(".%s" TEMP_SUFFIX, seg->name);
	seg->temp_path = xasprintf("%s/%s", seg->dir, seg->temp);
	return 0;
}

struct segment *
segment_new(const struct spool *sp, const struct segment_opts *opts, struct err *err)
{
	struct segment *seg = xcalloc(1, sizeof(*seg));

	seg->opts = opts;
	seg->fd = -1;
	seg->gathered = (struct str)STR_INIT;
	seg->dir = spool_path(sp, "incoming");
	enc_random_hex(seg->token, TOKEN_BYTES);
	seg->dirfd = fs_open_dir(seg->dir, err);
	if (seg->dirfd < 0)
		goto fail;
	if ((opts->prefix && (!*opts->prefix || strlen(opts->prefix) > SEGMENT_PREFIX_MAX)) ||
	    make_name(seg, REC_MSGPACK) < 0) {
		err_set(err, ERR_CONFIG, "\"%s\" cannot begin a segment's name", opts->prefix);
		err_hint(err, "up to %d bytes of UTF-8 that do not begin with a dot, without \"/\"",
		    SEGMENT_PREFIX_MAX);
		goto fail;
	}
	return seg;
fail:
	segment_free(seg);
	return NULL;
}

/* Forget the open file; its name on disk is not touched. */
static void
reset(struct segment *seg)
{
	zout_free(seg->out);
	seg->out = NULL;
	if (seg->fd >= 0)
		close(seg->fd);
	seg->fd = -1;
	seg->records = seg->bytes = 0;
	str_reset(&seg->gathered);
}

void
segment_drop(struct segment *seg)
{
	if (seg->fd >= 0)
		unlinkat(seg->dirfd, seg->temp, 0);
	reset(seg);
}

void
segment_free(struct segment *seg)
{
	if (!seg)
		return;
	segment_drop(seg);
	if (seg->dirfd >= 0)
		close(seg->dirfd);
	str_release(&seg->gathered);
	free(seg->temp_path);
	free(seg->temp);
	free(seg->dir);
	free(seg);
}

int
segment_begin(struct segment *seg, enum rec_format format, struct err *err)
{
	if (seg->fd >= 0)
		BUG("segment_begin with \"%s\" open", seg->name);
	for (int i = 0; i < NAME_TRIES; i++) {
		if (make_name(seg, format) < 0)
			BUG("the name \"%s\"", seg->name);
		seg->fd = openat(seg->dirfd, seg->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    SEGMENT_MODE);
		if (seg->fd >= 0 || errno != EEXIST)
			break;
		enc_random_hex(seg->token, TOKEN_BYTES);
	}
	if (seg->fd < 0)
		return err_setno(err, "could not create \"%s\"", seg->temp_path);
	/* tells segment_sweep that this writer lives; a file system without
	 * flock leaves the age alone to decide */
	flock(seg->fd, LOCK_EX | LOCK_NB);
	seg->seq++;
	seg->format = format;
	seg->begun_ms = clock_mono_ms();
	seg->out = zout_new(seg->fd, seg->temp_path, seg->opts->level);
	return 0;
}

static int
flush_gathered(struct segment *seg, struct err *err)
{
	int rc = zout_write(seg->out, seg->gathered.buf, seg->gathered.len, err);

	str_reset(&seg->gathered);
	return rc;
}

int
segment_add(struct segment *seg, const void *data, size_t n, struct err *err)
{
	int rc = 0;

	if (seg->gathered.len > 0 && seg->gathered.len + n > GATHER_BYTES)
		rc = flush_gathered(seg, err);
	if (rc == 0 && n > GATHER_BYTES)
		rc = zout_write(seg->out, data, n, err);
	else if (rc == 0)
		str_add(&seg->gathered, data, n);
	if (rc < 0) {
		segment_drop(seg);
		return -1;
	}
	seg->records++;
	seg->bytes += n;
	return 0;
}

/* The temporary file is whole and closed: give it its name. */
static int
take_name(struct segment *seg, struct err *err)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		char *temp = xstrdup(seg->temp);
		int moved = fs_move(seg->dirfd, temp, seg->dirfd, seg->name, err);

		if (moved == FS_GONE)
			moved = err_set(err, ERR_IO, "somebody removed \"%s\"", seg->temp_path);
		if (moved == FS_EXISTS) {
			/* somebody drew the same token in the same second: draw again */
			enc_random_hex(seg->token, TOKEN_BYTES);
			seg->seq--;
			make_name(seg, seg->format);
			seg->seq++;
			if (renameat(seg->dirfd, temp, seg->dirfd, seg->temp) < 0)
				moved = err_setno(err, "could not rename \"%s\"", temp);
		}
		free(temp);
		if (moved < 0)
			return -1;
		if (moved == FS_MOVED)
			return 0;
	}
	return err_set(err, ERR_IO, "could not find a free name in \"%s\"", seg->dir);
}

int
segment_land(struct segment *seg, struct segment_done *done, struct err *err)
{
	int fd;

	if (seg->fd < 0)
		return 0;
	if (flush_gathered(seg, err) < 0 || zout_finish(seg->out, err) < 0 ||
	    fs_sync_fd(seg->fd, seg->temp_path, err) < 0)
		goto drop;
	zout_sha256(seg->out, done->sha256);
	done->bytes = zout_bytes(seg->out);
	done->records = seg->records;
	done->format = seg->format;
	fd = seg->fd;
	seg->fd = -1;
	reset(seg);
	if (close(fd) < 0) {
		err_setno(err, "could not close \"%s\"", seg->temp_path);
		unlinkat(seg->dirfd, seg->temp, 0);
		return -1;
	}
	if (take_name(seg, err) < 0) {
		unlinkat(seg->dirfd, seg->temp, 0);
		return -1;
	}
	memcpy(done->name, seg->name, sizeof(done->name));
	/* after a failure here the segment may stay: written, not accepted */
	if (fs_sync_fd(seg->dirfd, seg->dir, err) < 0)
		return -1;
	done->ts_us = clock_now_us();
	return 1;
drop:
	segment_drop(seg);
	return -1;
}

bool
segment_is_open(const struct segment *seg)
{
	return seg->fd >= 0;
}

enum rec_format
segment_format(const struct segment *seg)
{
	return seg->format;
}

bool
segment_is_full(const struct segment *seg, size_t n)
{
	return seg->fd >= 0 && seg->records > 0 && seg->opts->max_bytes &&
	    seg->bytes + n > seg->opts->max_bytes;
}

bool
segment_due(const struct segment *seg)
{
	const struct segment_opts *o = seg->opts;

	if (seg->fd < 0)
		return false;
	return (o->max_bytes && seg->bytes >= o->max_bytes) ||
	    (o->max_records && seg->records >= o->max_records) || segment_age_left(seg) == 0;
}

int64_t
segment_age_left(const struct segment *seg)
{
	int64_t age;

	if (seg->fd < 0 || !seg->opts->max_age_ms)
		return -1;
	age = clock_mono_ms() - seg->begun_ms;
	return (uint64_t)age >= seg->opts->max_age_ms ? 0 : (int64_t)seg->opts->max_age_ms - age;
}

uint64_t
segment_disk_bytes(const struct segment *seg)
{
	return seg->out ? zout_bytes(seg->out) : 0;
}

/* Is it `.<segment>.tmp`, old, and nobody's? */
static bool
is_orphan(int dirfd, const char *entry, time_t now)
{
	size_t n = strlen(entry), suffix = strlen(TEMP_SUFFIX);
	struct stat st;
	bool orphan = false;
	char *name;
	int fd;

	if (entry[0] != '.' || n < suffix + 2 || strcmp(entry + n - suffix, TEMP_SUFFIX) != 0)
		return false;
	name = xstrndup(entry + 1, n - 1 - suffix);
	if (!spool_is_segment(name))
		goto out;
	fd = openat(dirfd, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		goto out;
	orphan = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && now - st.st_mtime > SWEEP_AGE_S &&
	    (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);
	close(fd);
out:
	free(name);
	return orphan;
}

int
segment_sweep(const struct spool *sp, struct err *err)
{
	time_t now = (time_t)(clock_now_us() / USEC_PER_SEC);
	char *path = spool_path(sp, "incoming");
	DIR *dir = opendir(path);
	struct dirent *e;
	int swept = 0;

	if (!dir) {
		err_setno(err, "could not open directory \"%s\"", path);
		free(path);
		return -1;
	}
	while ((e = readdir(dir)))
		if (is_orphan(dirfd(dir), e->d_name, now) && unlinkat(dirfd(dir), e->d_name, 0) == 0)
			swept++;
	closedir(dir);
	free(path);
	return swept;
}

void
segment_event(const struct segment_done *done, struct str *out)
{
	event_begin(out, "segment", done->name, "", 0, done->ts_us);
	json_put_key_cstr(out, "name", done->name);
	json_put_key_int(out, "records", (int64_t)done->records);
	json_put_key_int(out, "bytes", (int64_t)done->bytes);
	json_put_key_cstr(out, "sha256", done->sha256);
	json_put_key_cstr(out, "format", done->format == REC_MSGPACK ? "msgpack" : "ndjson");
}
