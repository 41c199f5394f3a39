/*
 * The decoder is fed one block at a time, as long as its own hints say, and the
 * header of the next one apart: libzstd forgets what it wrote in a call that
 * then fails, so a call with a good block and a broken one would lose both.
 */
#include "fmt/zio.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "alg/hash.h"
#include "base/mem.h"
#include "base/msg.h"
#include "sys/io.h"

#define IN_BYTES ((size_t)256 << 10)	/* two of the largest blocks */
#define FRAME_START 5			/* what the decoder asks for first */
#define BLOCK_HEADER 3
#define MAGIC_BYTES 4
#define RATIO_SLACK ((uint64_t)256 << 10)
#define ZOUT_PLAIN_BYTES ((size_t)64 << 10)

struct zin {
	int fd;
	char *name;
	struct sha256 *hash;	/* NULL when it was not asked for */
	unsigned char *buf;
	size_t pos, len;
	uint64_t read;		/* bytes of the file so far */
	uint64_t used, given;	/* of these into the decoder, and out of it */
	ZSTD_DCtx *dctx;	/* NULL: plain */
	size_t hint;		/* bytes that the decoder wants next */
	uint64_t frames;	/* ended */
	bool begun, eof, in_frame, flushing, torn, failed, peeked;
	unsigned char first;	/* when peeked: decompressed and not taken */
	zin_wait wait;		/* NULL: read(2) waits */
	void *wait_arg;
};

struct zin *
zin_new(int fd, const char *name, bool hash)
{
	struct zin *z = xcalloc(1, sizeof(*z));

	z->fd = fd;
	z->name = xstrdup(name);
	z->hash = hash ? sha256_new() : NULL;
	z->buf = xmalloc(IN_BYTES);
	return z;
}

void
zin_on_wait(struct zin *z, zin_wait fn, void *arg)
{
	z->wait = fn;
	z->wait_arg = arg;
}

void
zin_free(struct zin *z)
{
	if (!z)
		return;
	ZSTD_freeDCtx(z->dctx);
	sha256_free(z->hash);
	free(z->buf);
	free(z->name);
	free(z);
}

bool
zin_torn(const struct zin *z)
{
	return z->torn;
}

bool
zin_compressed(const struct zin *z)
{
	return z->dctx != NULL;
}

/* One read of the file, hashed. */
static ssize_t
read_some(struct zin *z, void *buf, size_t n, struct err *err)
{
	ssize_t got;

	if (z->wait && z->wait(z->wait_arg, z->fd, err) < 0)
		return -1;
	got = io_read(z->fd, buf, n, z->name, err);
	if (got < 0)
		return -1;
	z->eof = got == 0;
	z->read += (uint64_t)got;
	if (z->hash && got > 0)
		sha256_add(z->hash, buf, (size_t)got);
	return got;
}

/* At least want bytes at buf + pos, fewer only at the end of the file. */
static int
fill(struct zin *z, size_t want, struct err *err)
{
	size_t have = z->len - z->pos;

	if (have >= want || z->eof)
		return 0;
	if (have > 0)
		memmove(z->buf, z->buf + z->pos, have);
	z->pos = 0;
	z->len = have;
	while (z->len < want && !z->eof) {
		ssize_t got = read_some(z, z->buf + z->len, IN_BYTES - z->len, err);

		if (got < 0)
			return -1;
		z->len += (size_t)got;
	}
	return 0;
}

/* A frame or a skippable frame begins so. Fewer than four bytes that could
 * become a frame are one that was cut: no record begins like that. */
static bool
is_zstd(const unsigned char *p, size_t n)
{
	static const unsigned char frame[] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const unsigned char skippable[] = { 0x2a, 0x4d, 0x18 };

	if (n < MAGIC_BYTES)
		return n > 0 && memcmp(p, frame, n) == 0;
	return memcmp(p, frame, MAGIC_BYTES) == 0 ||
	    ((p[0] & 0xf0) == 0x50 && memcmp(p + 1, skippable, sizeof(skippable)) == 0);
}

static int
begin(struct zin *z, struct err *err)
{
	if (z->begun)
		return 0;
	if (fill(z, MAGIC_BYTES, err) < 0)
		return -1;
	z->begun = true;
	if (!is_zstd(z->buf, z->len))
		return 0;
	z->dctx = ZSTD_createDCtx();
	if (!z->dctx)
		msg_oom(0);
	if (ZSTD_isError(ZSTD_DCtx_setParameter(z->dctx, ZSTD_d_windowLogMax,
	    ZIN_WINDOW_LOG_MAX)))
		BUG("libzstd refuses a window of %d bits", ZIN_WINDOW_LOG_MAX);
	z->hint = FRAME_START;
	return 0;
}

static ssize_t
read_plain(struct zin *z, void *buf, size_t n, struct err *err)
{
	size_t have = z->len - z->pos;

	if (have == 0)
		return z->eof ? 0 : read_some(z, buf, n, err);
	n = MIN(n, have);
	memcpy(buf, z->buf + z->pos, n);
	z->pos += n;
	return (ssize_t)n;
}

/* The decoder said no. A first frame whose header already cannot be read is no
 * torn stream; neither is one that wants more memory than it gets. */
static int
fail_decode(struct zin *z, size_t code, struct err *err)
{
	ZSTD_ErrorCode why = ZSTD_getErrorCode(code);
	bool header = why == ZSTD_error_prefix_unknown ||
	    why == ZSTD_error_version_unsupported ||
	    why == ZSTD_error_frameParameter_unsupported ||
	    why == ZSTD_error_frameParameter_windowTooLarge;

	z->failed = true;
	z->torn = !header || z->frames > 0;
	err_set(err, ERR_DATA, "\"%s\" is damaged at byte %llu: %s", z->name,
	    (unsigned long long)z->used, ZSTD_getErrorName(code));
	if (why == ZSTD_error_frameParameter_windowTooLarge)
		err_hint(err, "its window is larger than %d MiB; compress it again with zstd -3",
		    1 << (ZIN_WINDOW_LOG_MAX - 20));
	return -1;
}

static int
fail_cut(struct zin *z, struct err *err)
{
	z->failed = z->torn = true;
	return err_set(err, ERR_DATA, "\"%s\" stops in the middle of a zstd frame at byte %llu",
	    z->name, (unsigned long long)z->read);
}

static ssize_t
read_zstd(struct zin *z, void *buf, size_t n, struct err *err)
{
	for (;;) {
		ZSTD_outBuffer out = { buf, n, 0 };
		ZSTD_inBuffer in = { NULL, 0, 0 };
		size_t left;

		if (!z->flushing) {
			if (fill(z, z->hint, err) < 0)
				return -1;
			if (z->pos == z->len)
				return z->in_frame ? fail_cut(z, err) : 0;
			in.src = z->buf + z->pos;
			/* the hint has the next header in it, unless the frame ends */
			in.size = z->hint > BLOCK_HEADER ? z->hint - BLOCK_HEADER : z->hint;
			in.size = MIN(in.size, z->len - z->pos);
		}
		left = ZSTD_decompressStream(z->dctx, &out, &in);
		if (ZSTD_isError(left))
			return fail_decode(z, left, err);
		z->pos += in.pos;
		z->used += in.pos;
		z->given += out.pos;
		z->in_frame = left != 0;
		z->frames += left == 0;
		z->hint = left ? MIN(left, IN_BYTES) : FRAME_START;
		/* a full buffer may have left some behind */
		z->flushing = left != 0 && out.pos == n;
		if (z->given > RATIO_SLACK && (z->given - RATIO_SLACK) / ZIN_RATIO > z->used) {
			z->failed = true;
			return err_set(err, ERR_DATA,
			    "\"%s\" decompresses to more than %d times its size: a bomb",
			    z->name, ZIN_RATIO);
		}
		if (out.pos > 0)
			return (ssize_t)out.pos;
	}
}

ssize_t
zin_read(struct zin *z, void *buf, size_t n, struct err *err)
{
	if (z->failed)
		return err_set(err, ERR_DATA, "\"%s\" cannot be read any further", z->name);
	if (n == 0)
		BUG("a read of nothing");
	if (z->peeked) {
		z->peeked = false;
		memcpy(buf, &z->first, 1);
		return 1;
	}
	if (begin(z, err) < 0)
		return -1;
	return z->dctx ? read_zstd(z, buf, n, err) : read_plain(z, buf, n, err);
}

int
zin_peek(struct zin *z, unsigned char *first, struct err *err)
{
	ssize_t got = z->peeked ? 1 : zin_read(z, &z->first, 1, err);

	if (got > 0) {
		z->peeked = true;
		*first = z->first;
	}
	return (int)got;
}

int
zin_finish(struct zin *z, char sha256[65], uint64_t *bytes, struct err *err)
{
	while (!z->eof)
		if (read_some(z, z->buf, IN_BYTES, err) < 0)
			return -1;
	z->pos = z->len = 0;
	if (z->hash)
		sha256_hex(z->hash, sha256);
	else
		sha256[0] = '\0';
	*bytes = z->read;
	return 0;
}

struct zout {
	int fd;
	char *name;
	ZSTD_CCtx *cctx;	/* NULL: plain */
	unsigned char *buf;
	size_t len, size;	/* in buf, and its size */
	uint64_t written;
	struct sha256 *hash;
};

struct zout *
zout_new(int fd, const char *name, int level)
{
	struct zout *z = xcalloc(1, sizeof(*z));

	z->fd = fd;
	z->name = xstrdup(name);
	z->hash = sha256_new();
	z->size = level ? ZSTD_CStreamOutSize() : ZOUT_PLAIN_BYTES;
	z->buf = xmalloc(z->size);
	if (level == 0)
		return z;
	z->cctx = ZSTD_createCCtx();
	if (!z->cctx)
		msg_oom(0);
	if (ZSTD_isError(ZSTD_CCtx_setParameter(z->cctx, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z->cctx, ZSTD_c_checksumFlag, 1)))
		BUG("libzstd refuses level %d", level);
	return z;
}

void
zout_free(struct zout *z)
{
	if (!z)
		return;
	ZSTD_freeCCtx(z->cctx);
	sha256_free(z->hash);
	free(z->buf);
	free(z->name);
	free(z);
}

void
zout_sha256(struct zout *z, char sha256[65])
{
	sha256_hex(z->hash, sha256);
}

uint64_t
zout_bytes(const struct zout *z)
{
	return z->written + z->len;
}

static int
flush(struct zout *z, struct err *err)
{
	if (io_write_full(z->fd, z->buf, z->len, z->name, err) < 0)
		return -1;
	sha256_add(z->hash, z->buf, z->len);
	z->written += z->len;
	z->len = 0;
	return 0;
}

static int
write_plain(struct zout *z, const char *data, size_t n, struct err *err)
{
	while (n > 0) {
		size_t take = MIN(n, z->size - z->len);

		memcpy(z->buf + z->len, data, take);
		z->len += take;
		data += take;
		n -= take;
		if (z->len == z->size && flush(z, err) < 0)
			return -1;
	}
	return 0;
}

/* Returns when the input is taken (and, to end the frame, nothing is left). */
static int
write_zstd(struct zout *z, const void *data, size_t n, ZSTD_EndDirective end, struct err *err)
{
	ZSTD_inBuffer in = { data, n, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { z->buf, z->size, z->len };

		left = ZSTD_compressStream2(z->cctx, &out, &in, end);
		if (ZSTD_isError(left))
			BUG("zstd: %s", ZSTD_getErrorName(left));
		z->len = out.pos;
		if (z->len == z->size && flush(z, err) < 0)
			return -1;
	} while (in.pos < in.size || (end == ZSTD_e_end && left > 0));
	return 0;
}

int
zout_write(struct zout *z, const void *data, size_t n, struct err *err)
{
	if (n == 0)
		return 0;
	return z->cctx ? write_zstd(z, data, n, ZSTD_e_continue, err) :
	    write_plain(z, data, n, err);
}

int
zout_finish(struct zout *z, struct err *err)
{
	if (z->cctx && write_zstd(z, NULL, 0, ZSTD_e_end, err) < 0)
		return -1;
	return flush(z, err);
}
