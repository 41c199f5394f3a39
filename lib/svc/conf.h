/*
 * conf.h - settings and where each came from: option > environment >
 * $XDG_CONFIG_HOME/sluice/sluice.yaml > /etc/sluice/sluice.yaml > default.
 *
 * The keys, their types and defaults are one table in conf_table.c (and the page
 * sluice.yaml(5), checked by a test). Key a.b is SLUICE_A_B in the environment.
 * An unknown key or a value that does not parse is ERR_CONFIG with file and
 * line. conf.c is the only file that reads the environment for settings.
 */
#ifndef SVC_CONF_H
#define SVC_CONF_H

#include "base/err.h"

struct conf;

/* file: -c FILE, or NULL for SLUICE_CONFIG, else the two usual places (each
 * may be absent; a file that was named must exist). */
struct conf *conf_load(const char *file, struct err *err);
void conf_free(struct conf *c);
/* An option that was given; NULL text changes nothing. option is for the
 * message, and a bad value is ERR_USAGE. */
int conf_option(struct conf *c, const char *key, const char *text, const char *option,
    struct err *err);

/* Borrowed until conf_free; NULL when it has no value. A key that is not in the
 * table is a bug. Of words and lines this is all of them, with one space, one
 * newline between two; an empty list was said to be empty where conf_is_set. */
const char *conf_str(const struct conf *c, const char *key);
uint64_t conf_uint(const struct conf *c, const char *key);
uint64_t conf_size(const struct conf *c, const char *key);
uint64_t conf_ms(const struct conf *c, const char *key);
bool conf_bool(const struct conf *c, const char *key);
/* Was it set anywhere (not the default)? */
bool conf_is_set(const struct conf *c, const char *key);

/* Sections that the user names, such as `endpoints.NAME.url`: the i-th NAME of the
 * group, in the order of the files, then of the environment; NULL past the end. Their
 * keys are asked for by whole name: conf_str(c, "endpoints.ops.url"). A name is
 * [a-z][a-z0-9]{0,31}; there are at most 100. */
const char *conf_name(const struct conf *c, const char *group, size_t i);

/* The i-th setting, those of named sections after all others, with its value and
 * origin (`option --x`, `env X`, `FILE:LINE`, `default`); a secret that is set is
 * `***`. false past the end. */
struct conf_item { const char *key, *value, *origin, *type, *help; };
bool conf_item(const struct conf *c, size_t i, struct conf_item *out);

/* How messages are to be written, for cmd/main.c, before any file is read.
 * SLUICE_LOG_FORMAT: is it json (or text, or unset)? ERR_CONFIG for other words. */
int conf_log_json(bool *json, struct err *err);
/* SLUICE_RUN_ID, which the tools of one line share; NULL when it is unset. -1 when
 * it is not at most CONF_RUN_ID_MAX printable characters of ASCII. */
#define CONF_RUN_ID_MAX 128
int conf_run_id(const char **id, struct err *err);

#endif
