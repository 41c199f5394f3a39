/*
 * num.h - strict parsing of what a person types: integers, sizes, durations.
 * The whole text must match; there is no sign, no space, no overflow.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/base.h"

/* A decimal integer from 0 to max. 0, or -1 when it is not one. */
int num_uint(const char *s, uint64_t max, uint64_t *out);
/* Bytes: `10`, `64k`, `64KiB`, `1MB`, `2GiB`. k K kB KB = 1000 only with B
 * and without i; a bare letter and the i-forms are powers of 1024. */
int num_size(const char *s, uint64_t *out);
/* Milliseconds: `500ms`, `15s`, `5m`, `2h`, `7d`; a bare number is seconds. */
int num_duration(const char *s, uint64_t *ms);

#endif
