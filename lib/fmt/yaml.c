#include "fmt/yaml.h"

#include <yaml.h>

#include "alg/hash.h"
#include "base/mem.h"
#include "base/str.h"

#define YAML_MAX_BYTES ((size_t)1 << 20)
#define YAML_MAX_DEPTH 8

struct level {
	bool sequence;
	bool have_key;		/* a mapping whose next node is a value */
	size_t base;		/* length of the path outside of it */
	unsigned index;		/* of the next element of a sequence */
};

/* The keys seen, open addressing; a file full of keys must not cost n * n. */
struct keys {
	char **slot;
	size_t nr, size;	/* size is a power of two */
};

struct walk {
	const char *name;
	yaml_fn fn;
	void *arg;
	struct str path;
	struct level level[YAML_MAX_DEPTH];
	size_t depth;
	struct keys keys;
	unsigned documents;
};

static int
fail(const struct walk *w, unsigned line, const char *what, struct err *err)
{
	return err_set(err, ERR_CONFIG, "%s:%u: %s", w->name, line, what);
}

static void
keys_put(struct keys *k, char *key)
{
	size_t i = hash64(key, strlen(key), 0) & (k->size - 1);

	while (k->slot[i])
		i = (i + 1) & (k->size - 1);
	k->slot[i] = key;
	k->nr++;
}

static bool
keys_has(const struct keys *k, const char *key)
{
	if (k->size == 0)
		return false;
	for (size_t i = hash64(key, strlen(key), 0) & (k->size - 1); k->slot[i];
	    i = (i + 1) & (k->size - 1))
		if (strcmp(k->slot[i], key) == 0)
			return true;
	return false;
}

static void
keys_add(struct keys *k, const char *key)
{
	if ((k->nr + 1) * 2 > k->size) {
		struct keys bigger = { NULL, 0, MAX(k->size * 2, 64) };

		bigger.slot = xcalloc(bigger.size, sizeof(*bigger.slot));
		for (size_t i = 0; i < k->size; i++)
			if (k->slot[i])
				keys_put(&bigger, k->slot[i]);
		free(k->slot);
		*k = bigger;
	}
	keys_put(k, xstrdup(key));
}

static void
keys_release(struct keys *k)
{
	for (size_t i = 0; i < k->size; i++)
		free(k->slot[i]);
	free(k->slot);
}

/* A value is about to come: the path names it afterwards. */
static void
name_element(struct walk *w)
{
	struct level *l = &w->level[w->depth - 1];

	if (!l->sequence)
		return;
	str_truncate(&w->path, l->base);
	str_addf(&w->path, "%s%u", l->base ? "." : "", l->index++);
}

/* The value is read; what comes next in a mapping is a key. */
static void
end_value(struct walk *w)
{
	if (w->depth == 0)
		return;
	w->level[w->depth - 1].have_key = false;
	str_truncate(&w->path, w->level[w->depth - 1].base);
}

static int
on_key(struct walk *w, const char *key, size_t len, unsigned line, struct err *err)
{
	struct level *l = &w->level[w->depth - 1];

	if (len == 0)
		return fail(w, line, "a key is empty", err);
	if (l->base)
		str_addc(&w->path, '.');
	str_add(&w->path, key, len);
	l->have_key = true;
	return 0;
}

/* The value of what the path names. */
static int
value(struct walk *w, const char *text, unsigned line, struct err *err)
{
	if (keys_has(&w->keys, w->path.buf))
		return err_set(err, ERR_CONFIG, "%s:%u: \"%s\" is set twice", w->name, line,
		    w->path.buf);
	keys_add(&w->keys, w->path.buf);
	return w->fn(w->arg, w->path.buf, text, line, err);
}

static int
on_scalar(struct walk *w, const yaml_event_t *e, unsigned line, struct err *err)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;
	struct level *l = w->depth ? &w->level[w->depth - 1] : NULL;
	int rc;

	if (e->data.scalar.anchor)
		return fail(w, line, "anchors are not taken", err);
	if (e->data.scalar.tag)
		return fail(w, line, "tags are not taken", err);
	if (memchr(text, '\0', len))
		return fail(w, line, "a NUL character", err);
	if (!l && len == 0 && e->data.scalar.plain_implicit)
		return 0;	/* a document with nothing in it */
	if (!l)
		return fail(w, line, "expected \"key: value\"", err);
	if (!l->sequence && !l->have_key)
		return on_key(w, text, len, line, err);
	name_element(w);
	rc = value(w, text, line, err);
	end_value(w);
	return rc;
}

static int
on_open(struct walk *w, bool sequence, bool anchored, bool tagged, unsigned line, struct err *err)
{
	if (anchored)
		return fail(w, line, "anchors are not taken", err);
	if (tagged)
		return fail(w, line, "tags are not taken", err);
	if (w->depth == 0 && sequence)
		return fail(w, line, "expected \"key: value\", not a list", err);
	if (w->depth == YAML_MAX_DEPTH)
		return fail(w, line, "nested too deeply", err);
	if (w->depth > 0) {
		if (!w->level[w->depth - 1].sequence && !w->level[w->depth - 1].have_key)
			return fail(w, line, "a key must be a word", err);
		name_element(w);
	}
	w->level[w->depth++] = (struct level){ .sequence = sequence, .base = w->path.len };
	return 0;
}

static int
on_event(struct walk *w, const yaml_event_t *e, struct err *err)
{
	unsigned line = (unsigned)e->start_mark.line + 1;
	int rc = 0;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (w->documents++)
			return fail(w, line, "a second document", err);
		return 0;
	case YAML_ALIAS_EVENT:
		return fail(w, line, "aliases are not taken", err);
	case YAML_SCALAR_EVENT:
		return on_scalar(w, e, line, err);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(w, true, e->data.sequence_start.anchor,
		    e->data.sequence_start.tag, line, err);
	case YAML_MAPPING_START_EVENT:
		return on_open(w, false, e->data.mapping_start.anchor,
		    e->data.mapping_start.tag, line, err);
	case YAML_SEQUENCE_END_EVENT:
		/* `[]` is an empty value, not none; the parser's ends match its beginnings */
		if (w->depth > 0 && w->level[w->depth - 1].index == 0)
			rc = value(w, "", line, err);
		/* fall through */
	case YAML_MAPPING_END_EVENT:
		if (w->depth > 0)
			w->depth--;
		end_value(w);
		return rc;
	default:
		return 0;
	}
}

/* libyaml's own complaint. Of a byte that it cannot decode it knows the offset
 * only. */
static int
parser_error(const struct walk *w, const yaml_parser_t *p, const char *text, size_t len,
    struct err *err)
{
	unsigned line = (unsigned)p->problem_mark.line + 1;

	if (p->error == YAML_READER_ERROR) {
		line = 1;
		for (size_t i = 0; i < len && i < p->problem_offset; i++)
			line += text[i] == '\n';
	}
	return fail(w, line, p->problem ? p->problem : "not YAML", err);
}

int
yaml_flat(const char *text, size_t len, const char *name, yaml_fn fn, void *arg,
    struct err *err)
{
	struct walk w = { .name = name, .fn = fn, .arg = arg, .path = STR_INIT };
	yaml_parser_t parser;
	bool ended = false;
	int rc = 0;

	if (len > YAML_MAX_BYTES)
		return fail(&w, 1, "larger than 1 MiB", err);
	if (!yaml_parser_initialize(&parser))
		return err_set(err, ERR_BUG, "libyaml could not start");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (rc == 0 && !ended) {
		yaml_event_t e;

		if (!yaml_parser_parse(&parser, &e)) {
			rc = parser_error(&w, &parser, text, len, err);
			break;
		}
		ended = e.type == YAML_STREAM_END_EVENT;
		rc = on_event(&w, &e, err);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	keys_release(&w.keys);
	str_release(&w.path);
	return rc;
}
