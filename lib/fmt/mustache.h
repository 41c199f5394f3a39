/*
 * mustache.h - Mustache templates (mustache(5), the core modules of its
 * specification: interpolation, sections, inverted, comments, delimiters,
 * partials; no lambdas, no inheritance), rendered over JSON text.
 *
 * The data stays text: a number comes out as it was written, with all its
 * digits. {{x}} is escaped for what the template makes; {{{x}}} and {{&x}} are
 * not, and put an object or a list in as the JSON that it is. null and what is
 * missing are empty. A section is shown unless its value is missing, null,
 * false, 0, "" or []. Nothing recurses without a limit, and lists in lists end
 * with an error after a tenth of a second.
 */
#ifndef FMT_MUSTACHE_H
#define FMT_MUSTACHE_H

#include "base/err.h"
#include "base/str.h"

#define MUSTACHE_MAX_DEPTH 32		/* sections and partials in one another */
#define MUSTACHE_MAX_OUTPUT ((size_t)1 << 20)

enum mustache_escape {
	MUSTACHE_JSON,	/* as inside of a JSON string; objects and lists as JSON */
	MUSTACHE_HTML,	/* & < > " as the specification's tests want it */
	MUSTACHE_NONE,
};

/* The text of a partial appended to out: 1; 0 when there is none, which is as
 * an empty one; -1. */
typedef int (*mustache_partial_fn)(void *arg, struct slice name, struct str *out,
    struct err *err);

struct mustache {
	const char *name;	/* for messages: `name:line: what` */
	struct slice text;
	enum mustache_escape escape;
	mustache_partial_fn partial;	/* NULL: there are none */
	void *arg;
};

/* data is one valid JSON text. What was rendered before an error stays in out.
 * ERR_CONFIG: the template is wrong; ERR_DATA: too deep or too large. */
int mustache_render(const struct mustache *m, struct slice data, struct str *out,
    struct err *err);
/* Is the template well formed (its partials are not looked at)? */
int mustache_check(const struct mustache *m, struct err *err);

#endif
