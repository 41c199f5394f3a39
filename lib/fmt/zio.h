/*
 * zio.h - bytes of a file that is plain or zstd, told by its magic number
 * (RFC 8878; skippable frames and several frames in a row are taken), and the
 * way back.
 *
 * Reading is hostile input: the window is capped at 8 MiB (RFC 9659) and the
 * output at ZIN_RATIO times what was read so far plus a slack, because 33 kB
 * can hold 1 GiB of zeros. What goes through is hashed as it lies on disk.
 */
#ifndef FMT_ZIO_H
#define FMT_ZIO_H

#include "base/err.h"
#include "base/str.h"

#define ZIN_WINDOW_LOG_MAX 23
#define ZIN_RATIO 10000

struct zin;

/* fd is borrowed; name is for messages and copied. Hashing costs, so it is
 * asked for. */
struct zin *zin_new(int fd, const char *name, bool hash);
/* Up to n decompressed bytes: > 0; 0 at the end; -1. After -1 zin_torn tells
 * a stream that stops or breaks in the middle (what came before is good)
 * from all else (I/O, a bomb, not zstd from the first byte). */
ssize_t zin_read(struct zin *z, void *buf, size_t n, struct err *err);
/* The byte that zin_read gives next, without taking it: 1; 0 at the end; -1. */
int zin_peek(struct zin *z, unsigned char *first, struct err *err);
/* Call fn before each read(2) of fd, so that it can wait for input with a
 * deadline of its own and do other work. 0: read now; -1: zin_read fails with
 * its error. */
typedef int (*zin_wait)(void *arg, int fd, struct err *err);
void zin_on_wait(struct zin *z, zin_wait fn, void *arg);
bool zin_torn(const struct zin *z);
bool zin_compressed(const struct zin *z);	/* known after the first read */
/* Read what is left of the file for the hash, then the SHA-256 (hex, 64
 * digits and a NUL) and the length of its bytes on disk. */
int zin_finish(struct zin *z, char sha256[65], uint64_t *bytes, struct err *err);
void zin_free(struct zin *z);

struct zout;

/* Write to fd, as one zstd frame with a content checksum when level is not 0. */
struct zout *zout_new(int fd, const char *name, int level);
int zout_write(struct zout *z, const void *data, size_t n, struct err *err);
/* End the frame; everything is in the file, nothing is synced. */
int zout_finish(struct zout *z, struct err *err);
/* Bytes that went to the file so far (compressed); exact after zout_finish. */
uint64_t zout_bytes(const struct zout *z);
/* After zout_finish: the SHA-256 (hex) of what went to the file. */
void zout_sha256(struct zout *z, char sha256[65]);
void zout_free(struct zout *z);

#endif
