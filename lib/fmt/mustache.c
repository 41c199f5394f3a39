#include "fmt/mustache.h"

#include "base/mem.h"
#include "fmt/json.h"
#include "fmt/mustache_private.h"

/* What a step costs of MUSTACHE_MAX_WORK. */
#define STEP_WORK 16		/* of an operation, of an element */
#define PARSE_WORK 16		/* of a byte of template: bounds the memory, too */
#define PARTIAL_WORK 1024	/* of asking for a partial, which may be a file */

int
mustache_fail(struct mustache_run *r, const char *what)
{
	return err_set(r->err, ERR_DATA, "%s:%u: %s", r->unit->name, r->line, what);
}

static int
put(struct mustache_run *r, struct slice s)
{
	if (s.len > MUSTACHE_MAX_OUTPUT - (r->out->len - r->start))
		return mustache_fail(r, "more than 1 MiB of output");
	str_add(r->out, s.ptr, s.len);
	return 0;
}

static int
put_value(struct mustache_run *r, const struct mustache_op *op)
{
	struct slice s;
	struct mustache_value v;

	if (mustache_resolve(r, op->text, &v) < 0 || mustache_spend(r, v.text.len) < 0)
		return -1;
	s = v.text;
	if (v.tok == JSON_NULL)
		return 0;
	if (v.tok == JSON_STRING) {
		str_reset(&r->plain);
		json_unescape(s, &r->plain);
		s = str_slice(&r->plain);
	}
	return put(r, op->kind == MUSTACHE_RAW ? s : mustache_escaped(r, s));
}

/* --- sections and partials --------------------------------------------------- */

static int run(struct mustache_run *r, const struct mustache_unit *u, size_t from, size_t to);

static int
enter(struct mustache_run *r)
{
	if (r->depth == MUSTACHE_MAX_DEPTH)
		return mustache_fail(r, "sections and partials too deep in one another");
	r->depth++;
	return 0;
}

static int
run_with(struct mustache_run *r, const struct mustache_unit *u, size_t op, struct mustache_value v)
{
	int rc;

	r->stack[r->nr++] = v;
	rc = run(r, u, op + 1, u->prog.op[op].end);
	r->nr--;
	return rc;
}

/* Once for each element: 1, 0 when there is none, -1. An inverted section only
 * asks whether there is one. */
static int
each(struct mustache_run *r, const struct mustache_unit *u, size_t op, struct mustache_value list)
{
	bool inverted = u->prog.op[op].kind == MUSTACHE_INVERTED;
	enum json_tok tok;
	struct mustache_value v;
	struct json j;
	int rc = 0, some = 0;

	if (mustache_spend(r, list.text.len) < 0)
		return -1;
	json_init(&j, list.text.ptr, list.text.len);
	json_next(&j);
	while (rc == 0 && (tok = json_next(&j)) != JSON_ARR_CLOSE && mustache_take(&j, tok, &v)) {
		some = 1;
		if (inverted)
			break;
		r->line = u->prog.op[op].line;
		rc = mustache_spend(r, STEP_WORK) < 0 ? -1 : run_with(r, u, op, v);
	}
	json_release(&j);
	return rc < 0 ? -1 : some;
}

static int
section(struct mustache_run *r, const struct mustache_unit *u, size_t op)
{
	const struct mustache_op *o = &u->prog.op[op];
	bool inverted = o->kind == MUSTACHE_INVERTED;
	struct mustache_value v;
	int some;

	if (mustache_resolve(r, o->text, &v) < 0 || enter(r) < 0)
		return -1;
	some = v.tok == JSON_ARR_OPEN ? each(r, u, op, v) : mustache_true(v);
	if (some == 0 && inverted)
		some = run(r, u, op + 1, o->end);
	else if (some == 1 && !inverted && v.tok != JSON_ARR_OPEN)
		some = run_with(r, u, op, v);
	r->depth--;
	return some < 0 ? -1 : 0;
}

static void
unit_free(struct mustache_unit *u)
{
	free(u->owned);
	str_release(&u->text);
	mustache_prog_release(&u->prog);
	free(u);
}

/* The indentation goes in front of each line before it is parsed, so that it
 * adds up in partials of partials. */
static int
indent(struct mustache_run *r, struct slice with, struct str *text)
{
	const char *p = text->buf, *end = p + text->len, *nl;
	struct str out = STR_INIT;
	int rc = 0;

	if (with.len == 0)
		return 0;
	while (p < end && rc == 0) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl ? nl + 1 : end;
		str_add(&out, with.ptr, with.len);
		str_add(&out, p, (size_t)(nl - p));
		p = nl;
		if (out.len > MUSTACHE_MAX_OUTPUT)
			rc = mustache_fail(r, "the partial is too large");
	}
	str_release(text);
	*text = out;
	return rc;
}

static struct mustache_unit *
load_partial(struct mustache_run *r, const struct mustache_op *op)
{
	struct mustache_unit *u;

	for (size_t i = 0; i < r->partials; i++) {
		u = r->partial[i];
		if (slice_eq(u->key, op->text) && slice_eq(u->indent, op->indent))
			return u;
	}
	u = xcalloc(1, sizeof(*u));
	*u = (struct mustache_unit){ .key = op->text, .indent = op->indent, .text = STR_INIT,
		.owned = xstrndup(op->text.ptr, op->text.len) };
	u->name = u->owned;
	if (mustache_spend(r, PARTIAL_WORK) < 0)
		goto failed;
	if (r->m->partial(r->m->arg, op->text, &u->text, r->err) < 0) {
		err_wrap(r->err, "%s:%u", r->unit->name, r->line);
		goto failed;
	}
	if (indent(r, op->indent, &u->text) < 0 ||
	    mustache_spend(r, PARSE_WORK * u->text.len) < 0 ||
	    mustache_parse(&u->prog, u->name, str_slice(&u->text), r->err) < 0)
		goto failed;
	ALLOC_GROW(r->partial, r->partials + 1, r->partials_alloc);
	r->partial[r->partials++] = u;
	return u;
failed:
	unit_free(u);
	return NULL;
}

static int
partial(struct mustache_run *r, const struct mustache_op *op)
{
	struct mustache_unit *u;
	int rc;

	if (!r->m->partial)
		return 0;
	/* the search costs, too */
	if (enter(r) < 0 || mustache_spend(r, r->partials) < 0)
		return -1;
	u = load_partial(r, op);
	rc = u ? run(r, u, 0, u->prog.nr) : -1;
	r->depth--;
	return rc;
}

static int
run(struct mustache_run *r, const struct mustache_unit *u, size_t from, size_t to)
{
	const struct mustache_unit *outer = r->unit;
	int rc = 0;

	r->unit = u;
	for (size_t i = from; i < to && rc == 0; i++) {
		const struct mustache_op *op = &u->prog.op[i];

		r->line = op->line;
		if (mustache_spend(r, STEP_WORK) < 0)
			return -1;
		if (op->kind == MUSTACHE_TEXT) {
			rc = put(r, op->text);
		} else if (op->kind == MUSTACHE_PARTIAL) {
			rc = partial(r, op);
		} else if (op->kind == MUSTACHE_SECTION || op->kind == MUSTACHE_INVERTED) {
			rc = section(r, u, i);
			i = op->end - 1;
		} else {
			rc = put_value(r, op);
		}
	}
	r->unit = outer;
	return rc;
}

/* The whole of the data is read once here: what is found in it later is good. */
static int
read_root(struct mustache_run *r, struct slice data)
{
	struct json j;
	bool good;

	if (mustache_spend(r, data.len) < 0)
		return -1;
	json_init(&j, data.ptr, data.len);
	good = mustache_take(&j, json_next(&j), &r->stack[0]) && json_next(&j) == JSON_END;
	json_release(&j);
	r->nr = 1;
	if (!good)
		return err_set(r->err, ERR_DATA, "%s:1: the data is not JSON", r->m->name);
	return 0;
}

int
mustache_render(const struct mustache *m, struct slice data, struct str *out,
    struct err *err)
{
	struct mustache_unit first = { .name = m->name, .text = STR_INIT };
	struct mustache_run r = { .m = m, .out = out, .start = out->len, .plain = STR_INIT,
		.escaped = STR_INIT, .unit = &first, .line = 1, .err = err };
	int rc = mustache_parse(&first.prog, m->name, m->text, err);

	if (rc == 0)
		rc = mustache_spend(&r, PARSE_WORK * m->text.len);
	if (rc == 0)
		rc = read_root(&r, data);
	if (rc == 0)
		rc = run(&r, &first, 0, first.prog.nr);
	for (size_t i = 0; i < r.partials; i++)
		unit_free(r.partial[i]);
	free(r.partial);
	mustache_prog_release(&first.prog);
	str_release(&r.plain);
	str_release(&r.escaped);
	return rc;
}

int
mustache_check(const struct mustache *m, struct err *err)
{
	struct mustache_prog prog = MUSTACHE_PROG_INIT;
	int rc = mustache_parse(&prog, m->name, m->text, err);

	mustache_prog_release(&prog);
	return rc;
}
