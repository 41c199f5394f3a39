/*
 * mustache_private.h - shared by mustache*.c only. mustache_parse.c makes of a
 * template a flat list of operations, mustache.c carries them out, and
 * mustache_value.c finds the values and escapes them.
 */
#ifndef FMT_MUSTACHE_PRIVATE_H
#define FMT_MUSTACHE_PRIVATE_H

#include "fmt/json.h"
#include "fmt/mustache.h"

enum mustache_kind {
	MUSTACHE_TEXT,		/* as it stands */
	MUSTACHE_VALUE,		/* {{x}} */
	MUSTACHE_RAW,		/* {{{x}}}, {{&x}} */
	MUSTACHE_SECTION,	/* {{#x}} */
	MUSTACHE_INVERTED,	/* {{^x}} */
	MUSTACHE_PARTIAL,	/* {{>x}} */
};

struct mustache_op {
	enum mustache_kind kind;
	unsigned line;
	struct slice text;	/* the text, or the name; points into the template */
	struct slice indent;	/* of a partial alone on its line */
	size_t end;		/* of a section: the index after its last operation */
};

struct mustache_prog {
	struct mustache_op *op;
	size_t nr, alloc;
};
#define MUSTACHE_PROG_INIT { NULL, 0, 0 }

/* text must stay as long as the program. ERR_CONFIG, `name:line: what`. */
int mustache_parse(struct mustache_prog *prog, const char *name, struct slice text,
    struct err *err);
void mustache_prog_release(struct mustache_prog *prog);
/* As much of a name as a message shows, whole characters. */
struct slice mustache_shown(struct slice name);

/*
 * What one rendering may cost, in bytes of JSON that are looked at (values are
 * found by reading, there is no tree) with a little for each step: a tenth of a
 * second. The limit of output alone would let lists in lists that print
 * nothing run for ever.
 */
#define MUSTACHE_MAX_WORK (UINT64_C(1) << 25)

struct mustache_value {
	enum json_tok tok;
	struct slice text;	/* of a string without the quotes; of a container all of it */
};

/* A template with its program: the first one, or a partial as it is indented
 * at one place. */
struct mustache_unit {
	const char *name;
	char *owned;		/* the name of a partial */
	struct slice key, indent;	/* both point into a template that stays */
	struct str text;
	struct mustache_prog prog;
};

struct mustache_run {
	const struct mustache *m;
	struct str *out;
	size_t start;		/* what was in out before */
	uint64_t work;
	struct mustache_value stack[MUSTACHE_MAX_DEPTH + 1];
	size_t nr;		/* of the stack */
	unsigned depth;		/* sections and partials now */
	struct mustache_unit **partial;
	size_t partials, partials_alloc;
	struct str plain, escaped;
	const struct mustache_unit *unit;	/* the place of an error */
	unsigned line;
	struct err *err;
};

/* ERR_DATA with the place; -1. */
int mustache_fail(struct mustache_run *r, const char *what);
int mustache_spend(struct mustache_run *r, uint64_t work);
/* The value whose first token was just read; false when it is none. */
bool mustache_take(struct json *j, enum json_tok tok, struct mustache_value *v);
/* What a name stands for; null when nothing. */
int mustache_resolve(struct mustache_run *r, struct slice name, struct mustache_value *out);
/* Is a section of it shown? null, false, 0 and "" are not; a list is asked for
 * its elements instead. */
bool mustache_true(struct mustache_value v);
/* Valid until the next one. */
struct slice mustache_escaped(struct mustache_run *r, struct slice s);

#endif
