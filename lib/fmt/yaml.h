/*
 * yaml.h - a YAML 1.1 file as flat `a.b.c` keys with scalar values, by
 * libyaml. Mappings of mappings of scalars; a sequence gives keys `a.0`,
 * `a.1`, an empty one the key `a` with an empty value. Aliases, tags,
 * duplicate keys, several documents, depth over 8 and files over 1 MiB are
 * refused with their line.
 */
#ifndef FMT_YAML_H
#define FMT_YAML_H

#include "base/err.h"
#include "base/base.h"

/* Called for each scalar in order; line counts from 1. 0 to go on, -1 with err
 * set to stop. */
typedef int (*yaml_fn)(void *arg, const char *key, const char *value, unsigned line,
    struct err *err);
/* name is for messages: `name:line: what`. ERR_CONFIG. */
int yaml_flat(const char *text, size_t len, const char *name, yaml_fn fn, void *arg,
    struct err *err);

#endif
