#include "svc/conf.h"

#include "base/mem.h"
#include "base/msg.h"
#include "svc/conf_private.h"
#include "sys/opt.h"

/* The length of `endpoints` in the row `endpoints.NAME.url`; 0 of other rows. */
static size_t
group_len(const char *row)
{
	const char *at = strstr(row, "." CONF_NAME ".");

	return at ? (size_t)(at - row) : 0;
}

/* What follows NAME in such a row: `.url` */
static const char *
row_tail(const char *row)
{
	return row + group_len(row) + strlen("." CONF_NAME);
}

static bool
same_group(size_t a, size_t b)
{
	size_t n = group_len(conf_keys[a].key);

	/* with the dot, or `end` would be in the group of `endpoints` */
	return n > 0 && strncmp(conf_keys[a].key, conf_keys[b].key, n + 1) == 0;
}

/* [a-z][a-z0-9]*: there is no `_`, which ends the name in the environment. */
static bool
name_ok(struct slice name)
{
	if (name.len == 0 || name.len > CONF_NAME_MAX || name.ptr[0] < 'a' || name.ptr[0] > 'z')
		return false;
	for (size_t i = 1; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			return false;
	}
	return true;
}

/* The row that a whole key belongs to, or conf_keys_nr; name is what stands in
 * the place of NAME, ptr NULL where there is none. */
static size_t
find_row(const char *key, struct slice *name)
{
	*name = (struct slice)SLICE_INIT;
	for (size_t i = 0; i < conf_keys_nr; i++) {
		const char *row = conf_keys[i].key;
		size_t group = group_len(row), n;

		if (group == 0 && strcmp(row, key) == 0)
			return i;
		if (group == 0 || strncmp(row, key, group + 1) != 0)
			continue;
		n = strcspn(key + group + 1, ".");
		if (strcmp(key + group + 1 + n, row_tail(row)) == 0) {
			*name = (struct slice){ key + group + 1, n };
			return i;
		}
	}
	return conf_keys_nr;
}

/* A row's key with a name in the place of NAME; the caller frees. */
static char *
whole_key(const char *row, struct slice name)
{
	size_t group = group_len(row);

	if (group == 0)
		return xstrdup(row);
	return xasprintf("%.*s.%.*s%s", (int)group, row, (int)name.len, name.ptr, row_tail(row));
}

static void
add_slot(struct conf *c, size_t row, struct slice name)
{
	const struct conf_key *k = &conf_keys[row];
	struct str why = STR_INIT;
	struct conf_slot *s;

	ALLOC_GROW(c->slot, c->nr + 1, c->alloc);
	s = &c->slot[c->nr++];
	*s = (struct conf_slot){ .key = whole_key(k->key, name), .row = row,
		.value = k->value ? xstrdup(k->value) : NULL };
	if (s->value && conf_parse(k, s->value, &s->number, &why) < 0)
		BUG("the default of %s is not %s", k->key, why.buf);
}

void
conf_slots_init(struct conf *c)
{
	for (size_t i = 0; i < conf_keys_nr; i++)
		add_slot(c, i, SLICE_LIT(CONF_NAME));
}

static void
drop_text(char *text, size_t row)
{
	if (text && conf_keys[row].type == CONF_SECRET)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nr; i++) {
		free(c->slot[i].key);
		free(c->slot[i].origin);
		drop_text(c->slot[i].value, c->slot[i].row);
	}
	for (size_t i = 0; i < c->sections; i++)
		free(c->section[i].name);
	free(c->section);
	free(c->slot);
	free(c);
}

size_t
conf_slot(const struct conf *c, const char *key)
{
	size_t i = 0;

	while (i < c->nr && strcmp(c->slot[i].key, key) != 0)
		i++;
	return i;
}

int
conf_place(struct conf *c, const char *key, const char *origin, size_t *at, struct err *err)
{
	struct slice name;
	size_t row = find_row(key, &name), same = 0;

	if (row == conf_keys_nr)
		return 1;
	if (name.ptr && !name_ok(name)) {
		err_set(err, ERR_CONFIG, "%s: \"%.*s\" in %s is no name", origin, (int)name.len,
		    name.ptr, key);
		return err_hint(err, "a name is of a to z and 0 to 9, begins with a letter and "
		    "has at most %d of them", CONF_NAME_MAX);
	}
	*at = conf_slot(c, key);
	if (*at < c->nr)
		return 0;
	for (size_t i = 0; i < c->sections; i++)
		same += same_group(c->section[i].row, row);
	if (same == CONF_NAMES_MAX)
		return err_set(err, ERR_CONFIG, "%s: %s is one more than %d %.*s", origin, key,
		    CONF_NAMES_MAX, (int)group_len(conf_keys[row].key), key);
	while (row > 0 && same_group(row, row - 1))
		row--;
	ALLOC_GROW(c->section, c->sections + 1, c->sections_alloc);
	c->section[c->sections++] = (struct conf_section){ xstrndup(name.ptr, name.len), row };
	for (size_t i = row; i < conf_keys_nr && same_group(row, i); i++)
		add_slot(c, i, name);
	*at = conf_slot(c, key);
	return 0;
}

int
conf_set(struct conf *c, size_t at, const char *text, char *origin, enum err_kind kind,
    struct err *err)
{
	struct conf_slot *s = &c->slot[at];
	const struct conf_key *k = &conf_keys[s->row];
	struct str why = STR_INIT, normal = STR_INIT;
	uint64_t number;
	int rc = conf_parse(k, text, &number, &why);

	if (rc < 0) {
		/* what may hold a secret (a connection string, a header) is never bad */
		err_set(err, kind, "%s: %s is \"%s\", not %s", origin, s->key, text, why.buf);
		free(origin);
	} else {
		conf_normal(k, text, &normal);
		drop_text(s->value, s->row);
		free(s->origin);
		s->value = str_detach(&normal);
		s->origin = origin;
		s->number = number;
		s->list = 0;
	}
	str_release(&why);
	return rc;
}

int
conf_set_element(struct conf *c, size_t at, const char *text, char *origin, struct err *err)
{
	struct conf_slot *s = &c->slot[at];
	bool words = conf_keys[s->row].type == CONF_WORDS;
	char *all;
	int rc;

	/* the text is not told: a header may hold a secret */
	if (!*text || text[strcspn(text, words ? " \t\n\v\f\r" : "\n")]) {
		err_set(err, ERR_CONFIG, "%s: an item of %s is not one %s", origin, s->key,
		    words ? "word" : "line");
		free(origin);
		return -1;
	}
	if (s->list != c->files) {
		rc = conf_set(c, at, text, origin, ERR_CONFIG, err);
	} else {
		/* where a list comes from is where it begins */
		all = xasprintf("%s\n%s", s->value, text);
		rc = conf_set(c, at, all, xstrdup(s->origin), ERR_CONFIG, err);
		free(all);
		free(origin);
	}
	c->slot[at].list = c->files;
	return rc;
}

bool
conf_known(const char *key)
{
	struct slice name;

	return find_row(key, &name) < conf_keys_nr;
}

bool
conf_is_section(const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < conf_keys_nr; i++) {
		const char *row = conf_keys[i].key;
		size_t group = group_len(row);

		if (strncmp(row, key, n) == 0 && row[n] == '.' && (group == 0 || n <= group))
			return true;
		if (group && n > group && strncmp(row, key, group + 1) == 0 &&
		    name_ok((struct slice){ key + group + 1, n - group - 1 }))
			return true;
	}
	return false;
}

char *
conf_nearest(const char *key)
{
	const char *dot = strchr(key, '.'), *found;
	char **names = xcalloc(conf_keys_nr + 1, sizeof(*names)), *near;
	struct slice name = SLICE_LIT(CONF_NAME);

	/* whatever the section is called, a name is what stands behind it */
	if (dot && strchr(dot + 1, '.'))
		name = (struct slice){ dot + 1, strcspn(dot + 1, ".") };
	if (name.len > CONF_NAME_MAX)
		name.len = CONF_NAME_MAX;
	for (size_t i = 0; i < conf_keys_nr; i++)
		names[i] = whole_key(conf_keys[i].key, name);
	found = opt_nearest(key, (const char *const *)names);
	near = found ? xstrdup(found) : NULL;
	for (size_t i = 0; i < conf_keys_nr; i++)
		free(names[i]);
	free(names);
	return near;
}

/* Of a section that is not there, the defaults. */
static const struct conf_slot *
slot_of(const struct conf *c, const char *key)
{
	size_t i = conf_slot(c, key);
	struct slice name;

	if (i == c->nr && (i = find_row(key, &name)) == conf_keys_nr)
		BUG("there is no setting %s", key);
	return &c->slot[i];
}

const char *
conf_str(const struct conf *c, const char *key)
{
	const char *value = slot_of(c, key)->value;

	return value && *value ? value : NULL;
}

uint64_t
conf_uint(const struct conf *c, const char *key)
{
	return slot_of(c, key)->number;
}

uint64_t
conf_size(const struct conf *c, const char *key)
{
	return slot_of(c, key)->number;
}

uint64_t
conf_ms(const struct conf *c, const char *key)
{
	return slot_of(c, key)->number;
}

bool
conf_bool(const struct conf *c, const char *key)
{
	return slot_of(c, key)->number != 0;
}

bool
conf_is_set(const struct conf *c, const char *key)
{
	return slot_of(c, key)->origin != NULL;
}

const char *
conf_name(const struct conf *c, const char *group, size_t i)
{
	size_t n = strlen(group);

	for (size_t s = 0; s < c->sections; s++) {
		const char *row = conf_keys[c->section[s].row].key;

		if (group_len(row) == n && strncmp(row, group, n) == 0 && i-- == 0)
			return c->section[s].name;
	}
	return NULL;
}

bool
conf_item(const struct conf *c, size_t i, struct conf_item *out)
{
	const struct conf_slot *s = NULL;
	const struct conf_key *k;
	size_t at = 0;

	/* the rows with NAME are no settings themselves */
	for (;; at++) {
		if (at >= c->nr)
			return false;
		s = &c->slot[at];
		k = &conf_keys[s->row];
		if ((at >= conf_keys_nr || group_len(k->key) == 0) && i-- == 0)
			break;
	}
	*out = (struct conf_item){ .key = s->key,
		.value = s->value && k->type == CONF_SECRET ? "***" : s->value,
		.origin = s->origin ? s->origin : "default",
		.type = conf_type_name(k), .help = k->help };
	return true;
}
