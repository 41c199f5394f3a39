/*
 * mppack.h - msgpack out of values, by msgpack-c, appended to a struct str.
 * Each value gets its shortest form. The only file that sees <msgpack.h>.
 */
#ifndef FMT_MPPACK_H
#define FMT_MPPACK_H

#include "base/base.h"
#include "base/str.h"

void mppack_nil(struct str *out);
void mppack_bool(struct str *out, bool b);
void mppack_int(struct str *out, int64_t v);
void mppack_uint(struct str *out, uint64_t v);
void mppack_double(struct str *out, double v);
void mppack_str(struct str *out, struct slice s);
void mppack_cstr(struct str *out, const char *s);
/* n values, n pairs must follow. */
void mppack_array(struct str *out, uint32_t n);
void mppack_map(struct str *out, uint32_t n);
/* Extension -1; nsec < 1e9. */
void mppack_timestamp(struct str *out, int64_t sec, uint32_t nsec);

#endif
