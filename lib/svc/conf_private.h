/*
 * conf_private.h - the table of settings and the check of one value, shared by
 * conf.c and conf_table.c.
 */
#ifndef SVC_CONF_PRIVATE_H
#define SVC_CONF_PRIVATE_H

#include "base/err.h"
#include "base/str.h"

enum conf_type {
	CONF_STR,
	CONF_PATH,	/* the default, when NULL, is computed */
	CONF_UINT,
	CONF_SIZE,	/* bytes */
	CONF_TIME,	/* milliseconds */
	CONF_BOOL,
	CONF_ENUM,
};

struct conf_key {
	const char *key;
	enum conf_type type;
	const char *value;	/* the default, NULL: unset */
	uint64_t min, max;	/* of numbers */
	const char *words;	/* of an enum: `a|b|c` */
	const char *help;	/* one line, lower case */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_keys_nr;

/* The i of conf_keys, or conf_keys_nr. */
size_t conf_find(const char *key);
/* What a value is, for people: `size`, or the words of an enum. */
const char *conf_type_name(const struct conf_key *k);
/* Is text a value of this key? 0, and *number where it is one; -1 with what it
 * should have been, appended to why. */
int conf_parse(const struct conf_key *k, const char *text, uint64_t *number, struct str *why);

#endif
