/* zio: plain or zstd by magic, cut or broken at every byte, bombs, windows */
#include "fmt/zio.h"

#include <check.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "alg/hash.h"

#define SAMPLE ((size_t)300000)

/* What a read of the bytes gave. */
struct got {
	struct str data;
	struct err err;
	bool torn, compressed, failed;
	char sha256[65];
	uint64_t bytes;
};

static int
file_of(const void *data, size_t n)
{
	int fd = memfd_create("zio", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, n), (ssize_t)n);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static struct got
read_all(const void *data, size_t n, size_t piece)
{
	struct got g = { .data = STR_INIT, .err = ERR_INIT };
	int fd = file_of(data, n);
	struct zin *z = zin_new(fd, "x.zst", true);
	char *buf = malloc(piece), want[SHA256_HEX];
	struct err err = ERR_INIT;
	ssize_t k;

	while ((k = zin_read(z, buf, piece, &g.err)) > 0)
		str_add(&g.data, buf, (size_t)k);
	g.failed = k < 0;
	g.torn = zin_torn(z);
	g.compressed = zin_compressed(z);
	ck_assert_int_eq(zin_finish(z, g.sha256, &g.bytes, &err), 0);
	sha256_of(data, n, want);
	ck_assert_str_eq(g.sha256, want);
	ck_assert_uint_eq(g.bytes, n);
	zin_free(z);
	free(buf);
	close(fd);
	return g;
}

static void
got_release(struct got *g)
{
	str_release(&g->data);
	err_release(&g->err);
}

/* Bytes that compress, but not to nothing. */
static char *
sample(size_t n)
{
	char *p = malloc(n);
	uint32_t x = 12345;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = "abcdefgh\n{}\":,01"[x >> 28];
	}
	return p;
}

static struct str
squeeze(const void *data, size_t n, int level)
{
	struct str out = STR_INIT;
	struct err err = ERR_INIT;
	int fd = memfd_create("zout", MFD_CLOEXEC);
	struct zout *z = zout_new(fd, "x", level);
	const char *p = data;
	off_t size;

	for (size_t at = 0, k = 1; at < n; at += k, k = k * 3 + 1) {
		k = MIN(k, n - at);
		ck_assert_int_eq(zout_write(z, p + at, k, &err), 0);
	}
	ck_assert_int_eq(zout_finish(z, &err), 0);
	size = lseek(fd, 0, SEEK_END);
	ck_assert_uint_eq(zout_bytes(z), (uint64_t)size);
	str_grow(&out, (size_t)size);
	ck_assert_int_eq(pread(fd, out.buf, (size_t)size, 0), size);
	out.len = (size_t)size;
	zout_free(z);
	close(fd);
	return out;
}

START_TEST(round_trip)
{
	static const size_t sizes[] = { 0, 1, 3, 4, 5, 65535, 65536, 131072, 131073, SAMPLE };
	static const size_t pieces[] = { 1000, 65536, 1 << 20 };
	char *p = sample(SAMPLE);

	for (int level = 0; level <= 19; level += level < 3 ? 3 : 8)
		for (size_t i = 0; i < countof(sizes); i++) {
			struct str s = squeeze(p, sizes[i], level);

			for (size_t k = 0; k < countof(pieces); k++) {
				struct got g = read_all(s.buf, s.len, pieces[k]);

				ck_assert_msg(!g.failed, "%s", g.err.text);
				ck_assert(!g.torn);
				ck_assert(g.compressed == (level > 0));
				ck_assert_uint_eq(g.data.len, sizes[i]);
				ck_assert_mem_eq(g.data.buf, p, sizes[i]);
				got_release(&g);
			}
			str_release(&s);
		}
	free(p);
}
END_TEST

START_TEST(plain_is_plain)
{
	static const char *const texts[] = { "", "{", "{}\n", "\x28\xb5\x2f\xfc rest", "\x50\x2a\x4d" };

	for (size_t i = 0; i < countof(texts); i++) {
		struct got g = read_all(texts[i], strlen(texts[i]), 100);

		ck_assert(!g.failed && !g.torn && !g.compressed);
		ck_assert(slice_is(str_slice(&g.data), texts[i]));
		got_release(&g);
	}
}
END_TEST

START_TEST(cut_at_every_byte)
{
	size_t n = 3000, longest = 0;
	char *p = sample(n);
	struct str s = squeeze(p, n, 3);

	for (size_t cut = 1; cut < s.len; cut++) {
		struct got g = read_all(s.buf, cut, 700);

		ck_assert_msg(g.failed && g.torn && g.compressed, "cut at %zu", cut);
		ck_assert_int_eq(g.err.kind, ERR_DATA);
		ck_assert_uint_le(g.data.len, n);
		ck_assert_mem_eq(g.data.buf, p, g.data.len);
		longest = MAX(longest, g.data.len);
		got_release(&g);
	}
	/* without its checksum the data is all there */
	ck_assert_uint_eq(longest, n);
	str_release(&s);
	free(p);
}
END_TEST

/* The blocks before the cut come out, whatever the size of the reads. */
START_TEST(cut_keeps_the_blocks_before)
{
	static const size_t pieces[] = { 1000, 131072, 1 << 20 };
	char *p = sample(SAMPLE);
	struct str s = squeeze(p, SAMPLE, 3);

	for (size_t k = 0; k < countof(pieces); k++) {
		struct got g = read_all(s.buf, s.len - 5, pieces[k]);

		ck_assert(g.failed && g.torn);
		ck_assert_uint_ge(g.data.len, 262144);
		ck_assert_mem_eq(g.data.buf, p, g.data.len);
		got_release(&g);
	}
	str_release(&s);
	free(p);
}
END_TEST

START_TEST(broken_at_every_byte)
{
	size_t n = 2000;
	char *p = sample(n);
	struct str s = squeeze(p, n, 3);

	for (size_t at = 0; at < s.len; at++) {
		struct got g;

		s.buf[at] = (char)(s.buf[at] ^ 0x55);
		g = read_all(s.buf, s.len, 4096);
		/* without the magic it is a plain file; nothing guards the header,
		 * where another window may do as well */
		if (at < 4)
			ck_assert_msg(!g.compressed, "byte %zu", at);
		else if (at >= 6)
			ck_assert_msg(g.failed && g.torn, "byte %zu", at);
		else if (!g.failed)
			ck_assert_mem_eq(g.data.buf, p, n);
		got_release(&g);
		s.buf[at] = (char)(s.buf[at] ^ 0x55);
	}
	str_release(&s);
	free(p);
}
END_TEST

/* A block that is broken takes none of those before it along. */
START_TEST(broken_late)
{
	char *p = sample(SAMPLE);
	struct str s = squeeze(p, SAMPLE, 3);
	struct got g;

	s.buf[s.len - 1] = (char)~s.buf[s.len - 1];	/* the checksum */
	g = read_all(s.buf, s.len, 1 << 20);
	ck_assert(g.failed && g.torn);
	ck_assert_uint_eq(g.data.len, SAMPLE);
	got_release(&g);
	s.buf[s.len - 1] = (char)~s.buf[s.len - 1];

	memset(s.buf + s.len - 2000, 0xff, 1900);	/* in the last block */
	g = read_all(s.buf, s.len, 1 << 20);
	ck_assert(g.failed && g.torn);
	ck_assert_uint_ge(g.data.len, 262144);
	ck_assert_mem_eq(g.data.buf, p, 262144);
	got_release(&g);
	str_release(&s);
	free(p);
}
END_TEST

START_TEST(several_frames)
{
	static const char skippable[] = "\x5a\x2a\x4d\x18\x03\x00\x00\x00zzz";
	struct str s = STR_INIT, f = squeeze("one ", 4, 3), e = squeeze("", 0, 3);
	struct got g;

	str_add(&s, skippable, sizeof(skippable) - 1);
	str_add(&s, f.buf, f.len);
	str_add(&s, e.buf, e.len);
	str_add(&s, skippable, sizeof(skippable) - 1);
	str_add(&s, f.buf, f.len);
	g = read_all(s.buf, s.len, 3);
	ck_assert_msg(!g.failed, "%s", g.err.text);
	ck_assert_str_eq(g.data.buf, "one one ");
	got_release(&g);

	str_adds(&s, "garbage that is longer than a header");
	g = read_all(s.buf, s.len, 100);
	ck_assert(g.failed && g.torn);
	ck_assert_str_eq(g.data.buf, "one one ");
	got_release(&g);

	for (size_t extra = 1; extra < 8; extra++) {
		str_addc(&f, 'z');
		g = read_all(f.buf, f.len, 100);
		ck_assert_msg(g.failed && g.torn, "%zu bytes of garbage", extra);
		ck_assert_str_eq(g.data.buf, "one ");
		got_release(&g);
	}
	str_release(&s);
	str_release(&f);
	str_release(&e);
}
END_TEST

START_TEST(bomb)
{
	size_t n = (size_t)64 << 20;
	char *zeros = calloc(1, n);
	struct str one = squeeze(zeros, n, 3), s = STR_INIT;
	struct got g;

	free(zeros);
	for (int i = 0; i < 16; i++)
		str_add(&s, one.buf, one.len);
	g = read_all(s.buf, s.len, 65536);
	ck_assert(g.failed && !g.torn);
	ck_assert_int_eq(g.err.kind, ERR_DATA);
	ck_assert_msg(strstr(g.err.text, "a bomb"), "%s", g.err.text);
	ck_assert_uint_lt(g.data.len, 2 << 20);
	got_release(&g);
	str_release(&one);
	str_release(&s);
}
END_TEST

/* What compresses well, but not like a bomb, is read. */
START_TEST(no_bomb)
{
	size_t n = (size_t)8 << 20;
	char *p = calloc(1, n);
	struct str s;
	struct got g;

	for (size_t i = 0; i < n; i += 20000)
		p[i] = (char)(i / 20000 * 7);
	s = squeeze(p, n, 3);
	g = read_all(s.buf, s.len, 65536);
	ck_assert_msg(!g.failed, "%s", g.err.text);
	ck_assert_uint_eq(g.data.len, n);
	got_release(&g);
	str_release(&s);
	free(p);
}
END_TEST

static struct str
with_window(int log)
{
	struct str s = STR_INIT;
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t n = (size_t)1 << 18;
	char *p = sample(n);
	ZSTD_outBuffer out;
	ZSTD_inBuffer in = { p, n, 0 };

	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, log);
	str_grow(&s, n * 2);
	out = (ZSTD_outBuffer){ s.buf, n * 2, 0 };
	/* in two steps: the size is not known to it, the window stays */
	ck_assert(!ZSTD_isError(ZSTD_compressStream2(c, &out, &in, ZSTD_e_flush)));
	ck_assert_uint_eq(ZSTD_compressStream2(c, &out, &in, ZSTD_e_end), 0);
	s.len = out.pos;
	ZSTD_freeCCtx(c);
	free(p);
	return s;
}

START_TEST(window)
{
	struct str s = with_window(ZIN_WINDOW_LOG_MAX);
	struct got g = read_all(s.buf, s.len, 65536);

	ck_assert_msg(!g.failed, "%s", g.err.text);
	got_release(&g);
	str_release(&s);

	s = with_window(ZIN_WINDOW_LOG_MAX + 1);
	g = read_all(s.buf, s.len, 65536);
	ck_assert(g.failed && !g.torn);
	ck_assert_uint_eq(g.data.len, 0);
	ck_assert_ptr_nonnull(g.err.hint);
	got_release(&g);
	str_release(&s);
}
END_TEST

START_TEST(finish_without_reading)
{
	char sha256[65], want[65];
	struct err err = ERR_INIT;
	uint64_t bytes;
	char *p = sample(SAMPLE);
	int fd = file_of(p, SAMPLE);
	struct zin *z = zin_new(fd, "x", true);
	char byte;

	ck_assert_int_eq(zin_read(z, &byte, 1, &err), 1);
	ck_assert_int_eq(zin_finish(z, sha256, &bytes, &err), 0);
	sha256_of(p, SAMPLE, want);
	ck_assert_str_eq(sha256, want);
	ck_assert_uint_eq(bytes, SAMPLE);
	zin_free(z);
	close(fd);
	free(p);
}
END_TEST

START_TEST(io_error)
{
	struct err err = ERR_INIT;
	int fd = open("/", O_RDONLY | O_DIRECTORY);
	struct zin *z = zin_new(fd, "/", false);
	char byte;

	ck_assert_int_eq(zin_read(z, &byte, 1, &err), -1);
	ck_assert_int_eq(err.kind, ERR_IO);
	ck_assert_str_eq(err.text, "could not read \"/\": Is a directory");
	ck_assert(!zin_torn(z));
	err_release(&err);
	zin_free(z);
	close(fd);
}
END_TEST

START_TEST(full_disk)
{
	struct err err = ERR_INIT;
	int fd = open("/dev/full", O_WRONLY);
	struct zout *z = zout_new(fd, "out", 3);

	ck_assert_int_eq(zout_write(z, "x", 1, &err), 0);
	ck_assert_int_eq(zout_finish(z, &err), -1);
	ck_assert_int_eq(err.kind, ERR_IO);
	err_release(&err);
	zout_free(z);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("zio");
	TCase *tc = tcase_create("zio");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, round_trip);
	tcase_add_test(tc, plain_is_plain);
	tcase_add_test(tc, cut_at_every_byte);
	tcase_add_test(tc, cut_keeps_the_blocks_before);
	tcase_add_test(tc, broken_at_every_byte);
	tcase_add_test(tc, broken_late);
	tcase_add_test(tc, several_frames);
	tcase_add_test(tc, bomb);
	tcase_add_test(tc, no_bomb);
	tcase_add_test(tc, window);
	tcase_add_test(tc, finish_without_reading);
	tcase_add_test(tc, io_error);
	tcase_add_test(tc, full_disk);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
