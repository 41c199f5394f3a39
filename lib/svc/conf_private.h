/*
 * conf_private.h - the table of settings, the check of one value, and the slots
 * that hold the values: shared by conf.c, conf_slot.c and conf_table.c.
 */
#ifndef SVC_CONF_PRIVATE_H
#define SVC_CONF_PRIVATE_H

#include "base/err.h"
#include "base/str.h"

enum conf_type {
	CONF_STR,
	CONF_PATH,
	CONF_UINT,
	CONF_SIZE,	/* bytes */
	CONF_TIME,	/* milliseconds */
	CONF_BOOL,
	CONF_ENUM,
	CONF_WORDS,	/* a space between two; in YAML also a sequence of words */
	CONF_LINES,	/* a newline between two; in YAML also a sequence of lines */
	CONF_SECRET,	/* text; never in a file of settings, never in a message */
};

struct conf_key {
	const char *key;
	enum conf_type type;
	const char *value;	/* the default, NULL: unset (of `spool`: computed) */
	uint64_t min, max;	/* of numbers */
	const char *words;	/* of an enum: `a|b|c` */
	const char *help;	/* one line, lower case */
};

/* Stands in the table for the name that the user gives a section:
 * `endpoints.NAME.url`. The rows of such a group stand together. */
#define CONF_NAME "NAME"
#define CONF_NAME_MAX 32	/* bytes */
#define CONF_NAMES_MAX 100	/* sections of a group */

extern const struct conf_key conf_keys[];
extern const size_t conf_keys_nr;

/* What a value is, for people: `size`, or the words of an enum. */
const char *conf_type_name(const struct conf_key *k);
/* Is text a value of this key? 0, and *number where it is one; -1 with what it
 * should have been, appended to why. */
int conf_parse(const struct conf_key *k, const char *text, uint64_t *number, struct str *why);
/* What is kept of a text that conf_parse took: lists with one separator between
 * two items, all else as it is. */
void conf_normal(const struct conf_key *k, const char *text, struct str *out);

struct conf_slot {
	char *key;	/* owned: the whole key, with the user's name in it */
	size_t row;	/* of conf_keys */
	char *value;	/* owned; NULL: unset */
	char *origin;	/* owned; NULL: the default */
	uint64_t number;
	unsigned list;	/* the file whose sequence it holds, counted from 1 */
};

struct conf_section {
	char *name;	/* owned */
	size_t row;	/* of conf_keys: the first one of its group */
};

struct conf {
	/* The rows of the table in their order, where those with NAME hold defaults
	 * and nothing else; then a block for each section that the user named. */
	struct conf_slot *slot;
	size_t nr, alloc;
	struct conf_section *section;	/* in the order of the blocks */
	size_t sections, sections_alloc;
	unsigned files;
};

/* All rows with their defaults. */
void conf_slots_init(struct conf *c);
/* The slot with this whole key, or nr. */
size_t conf_slot(const struct conf *c, const char *key);
/* The same for a key that is being set: the first one of a section that the user
 * names makes that section. 0; 1 when there is no such setting; -1. */
int conf_place(struct conf *c, const char *key, const char *origin, size_t *at, struct err *err);
/* Takes origin. A bad value keeps what was there, and is of this kind. */
int conf_set(struct conf *c, size_t at, const char *text, char *origin, enum err_kind kind,
    struct err *err);
/* One element of a sequence in the current file; the first one replaces what
 * another file, or the default, has. Takes origin. */
int conf_set_element(struct conf *c, size_t at, const char *text, char *origin,
    struct err *err);
/* One file more, whose values win. 0; 1 when there is none; -1. */
int conf_file(struct conf *c, const char *path, struct err *err);
/* Is it a key of the table, with any name in the place of NAME? */
bool conf_known(const char *key);
/* Is it a section, `gate`, `endpoints` or `endpoints.ops`? */
bool conf_is_section(const char *key);
/* The key that is nearest to one that is none, or NULL; the caller frees. */
char *conf_nearest(const char *key);

#endif
