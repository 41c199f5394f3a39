/*
 * torn.c - a segment cut at every byte, through the reader of records.
 *
 *	torn FORMAT PLAIN ENDS
 *
 * PLAIN is a segment without faults, ENDS says where each record begins and
 * ends (mktorn.py). Every beginning of PLAIN, and every beginning of a zstd
 * stream of it (several frames, a block every few records), is read. What the
 * decoder can still give is asked from libzstd alone, a byte at a time. The
 * records that lie whole in it must come out, and what is left must be exactly
 * one reject with its bytes. Then every byte of the zstd stream is damaged: what
 * the decoder gave before that byte must come out. Prints what was looked at.
 */
#include "base/base.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "base/enc.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "fmt/rec.h"
#include "sys/fs.h"

#define MAX_FILE ((size_t)64 << 20)
#define FLUSH_EVERY 3	/* records in a block */
#define FRAME_EVERY 10	/* records in a frame */

struct span { size_t start, end; };

struct plan {
	enum rec_format format;
	struct str plain;
	struct span *span;
	size_t nr, alloc;
	struct str packed;
	size_t *given;		/* of the first n packed bytes: decompressed bytes */
	bool *ended;		/* ... and do they end with a frame? */
};

static void
die(const char *what)
{
	fprintf(stderr, "torn: %s\n", what);
	exit(99);
}

static void
pack(struct plan *p)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	char buf[65536];
	size_t left, at = 0;

	for (size_t i = 0; i < p->nr; i++) {
		size_t end = i + 1 < p->nr ? p->span[i + 1].start : p->plain.len;
		ZSTD_inBuffer in = { p->plain.buf + at, end - at, 0 };
		ZSTD_EndDirective how = (i + 1) % FRAME_EVERY == 0 || i + 1 == p->nr ? ZSTD_e_end :
		    i % FLUSH_EVERY == 0 ? ZSTD_e_flush : ZSTD_e_continue;

		ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, i / FRAME_EVERY % 2);
		do {
			ZSTD_outBuffer out = { buf, sizeof(buf), 0 };

			left = ZSTD_compressStream2(c, &out, &in, how);
			str_add(&p->packed, buf, out.pos);
		} while (how == ZSTD_e_continue ? in.pos < in.size : left > 0);
		at = end;
	}
	ZSTD_freeCCtx(c);
}

/* One byte after the other into a decoder: what each beginning gives. */
static void
measure(struct plan *p)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	char *text = xmalloc(p->plain.len + 1);
	ZSTD_outBuffer out = { text, p->plain.len + 1, 0 };

	p->given = xcalloc(p->packed.len + 1, sizeof(*p->given));
	p->ended = xcalloc(p->packed.len + 1, sizeof(*p->ended));
	p->ended[0] = true;
	for (size_t n = 0; n < p->packed.len; n++) {
		ZSTD_inBuffer in = { p->packed.buf + n, 1, 0 };
		size_t left = ZSTD_decompressStream(d, &out, &in);

		if (ZSTD_isError(left) || in.pos != 1)
			die("libzstd cannot read its own stream");
		p->given[n + 1] = out.pos;
		p->ended[n + 1] = left == 0;
	}
	if (out.pos != p->plain.len || memcmp(text, p->plain.buf, out.pos) != 0)
		die("another text came out of zstd");
	free(text);
	ZSTD_freeDCtx(d);
}

static int
to_str(void *arg, const void *data, size_t n, struct err *err)
{
	(void)err;
	str_add(arg, data, n);
	return 0;
}

/* Is the line of this reject right: a tail of these bytes? */
static bool
is_tail(struct rec_reader *r, const struct rec *rec, struct slice tail)
{
	struct str line = STR_INIT, want = STR_INIT, got = STR_INIT;
	struct err err = ERR_INIT;
	bool good;

	enc_base64(&want, tail.ptr, tail.len);
	good = rec_reject_line(r, rec, "x", to_str, &line, &err) == 0 &&
	    json_get_string((struct slice){ line.buf, line.len - 1 }, "bytes_b64", &got) &&
	    strcmp(got.buf, want.buf) == 0;
	if (!good)
		printf("# %s# wanted bytes_b64 %s\n", line.buf ? line.buf : "no line\n", want.buf);
	str_release(&line);
	str_release(&want);
	str_release(&got);
	return good;
}

/* Read what fd holds: given bytes can be had, torn says that a stream broke. */
static const char *
look(const struct plan *p, int fd, size_t given, bool torn, bool nothing)
{
	struct zin *in = zin_new(fd, "cut", true);
	struct rec_reader *r = rec_reader_new(in, p->format, REC_REJECT_BAD);
	struct err err = ERR_INIT;
	const char *fault = NULL;
	struct rec rec;
	size_t i = 0, begin;
	int got;

	for (; !fault && i < p->nr && p->span[i].end <= given; i++) {
		got = rec_next(r, &rec, &err);
		if (got != 1 || rec.kind == REC_REJECT || rec.offset != p->span[i].start ||
		    rec.raw.len != p->span[i].end - p->span[i].start ||
		    memcmp(rec.raw.ptr, p->plain.buf + rec.offset, rec.raw.len) != 0)
			fault = "a whole record is lost or changed";
	}
	begin = i < p->nr ? MIN(p->span[i].start, given) : given;
	got = fault ? 0 : rec_next(r, &rec, &err);
	if (!fault && nothing) {
		if (got != -1 || err.kind != ERR_DATA)
			fault = "a stream that gives nothing is no error";
	} else if (!fault && (begin < given || torn)) {
		if (got != 1 || rec.kind != REC_REJECT || !rec.rest || rec.offset != begin ||
		    !is_tail(r, &rec, (struct slice){ p->plain.buf + begin, given - begin }))
			fault = "the tail is no reject with its bytes";
		else if (rec_next(r, &rec, &err) != 0)
			fault = "something comes after the tail";
	} else if (!fault && got != 0) {
		fault = "there is something at the end";
	}
	rec_reader_free(r);
	zin_free(in);
	err_release(&err);
	return fault;
}

static int
cut_everywhere(const struct plan *p, const struct str *file, bool zstd)
{
	int fd = memfd_create("cut", MFD_CLOEXEC), faults = 0;

	for (size_t n = 0; n <= file->len; n++) {
		size_t given = zstd ? p->given[n] : n;
		const char *fault;

		if (n > 0 && pwrite(fd, file->buf + n - 1, 1, (off_t)n - 1) != 1)
			die("no memory file");
		lseek(fd, 0, SEEK_SET);
		fault = look(p, fd, given, zstd && !p->ended[n], zstd && n > 0 && given == 0);
		if (fault && ++faults < 10)
			printf("# %s cut at %zu, %zu bytes left: %s\n", zstd ? "zstd" : "plain", n,
			    given, fault);
	}
	close(fd);
	printf("%s: %zu cuts of %zu records, %d faults\n", zstd ? "zstd" : "plain", file->len + 1,
	    p->nr, faults);
	return faults;
}

/* Do the records that lie whole in the first given bytes come out? */
static bool
begins_well(const struct plan *p, int fd, size_t given)
{
	struct zin *in = zin_new(fd, "damaged", true);
	struct rec_reader *r = rec_reader_new(in, p->format, REC_REJECT_BAD);
	struct err err = ERR_INIT;
	bool good = true;
	struct rec rec;
	size_t nr = 0;
	int got;

	while ((got = rec_next(r, &rec, &err)) == 1 && nr++ < 2 * p->plain.len) {
		size_t i = nr - 1;

		if (i < p->nr && p->span[i].end <= given)
			good = good && rec.kind != REC_REJECT && rec.offset == p->span[i].start &&
			    rec.raw.len == p->span[i].end - rec.offset &&
			    memcmp(rec.raw.ptr, p->plain.buf + rec.offset, rec.raw.len) == 0;
	}
	good = good && got <= 0 && (nr >= p->nr || p->span[nr].end > given);
	rec_reader_free(r);
	zin_free(in);
	err_release(&err);
	return good;
}

static int
damage_everywhere(const struct plan *p)
{
	int fd = memfd_create("damaged", MFD_CLOEXEC), faults = 0;

	if (pwrite(fd, p->packed.buf, p->packed.len, 0) != (ssize_t)p->packed.len)
		die("no memory file");
	for (size_t n = 0; n < p->packed.len; n++) {
		char c = p->packed.buf[n], not_c = (char)~c;

		if (pwrite(fd, &not_c, 1, (off_t)n) != 1 || lseek(fd, 0, SEEK_SET) != 0)
			die("no memory file");
		if (!begins_well(p, fd, p->given[n]) && ++faults < 10)
			printf("# zstd damaged at %zu, after %zu good bytes\n", n, p->given[n]);
		if (pwrite(fd, &c, 1, (off_t)n) != 1)
			die("no memory file");
	}
	close(fd);
	printf("damaged: %zu bytes, one at a time, %d faults\n", p->packed.len, faults);
	return faults;
}

int
main(int argc, char **argv)
{
	struct plan p = { .plain = STR_INIT, .packed = STR_INIT };
	struct err err = ERR_INIT;
	size_t start, end;
	FILE *ends;
	int faults;

	if (argc != 4 || fs_read(argv[2], MAX_FILE, &p.plain, &err) != 0 ||
	    !(ends = fopen(argv[3], "r")))
		die("usage: torn ndjson|msgpack PLAIN ENDS");
	p.format = strcmp(argv[1], "ndjson") == 0 ? REC_NDJSON : REC_MSGPACK;
	while (fscanf(ends, "%zu %zu", &start, &end) == 2) {
		ALLOC_GROW(p.span, p.nr + 1, p.alloc);
		p.span[p.nr++] = (struct span){ start, end };
	}
	fclose(ends);
	pack(&p);
	measure(&p);
	faults = cut_everywhere(&p, &p.plain, false) + cut_everywhere(&p, &p.packed, true) +
	    damage_everywhere(&p);
	free(p.span);
	free(p.given);
	free(p.ended);
	str_release(&p.plain);
	str_release(&p.packed);
	return faults != 0;
}
