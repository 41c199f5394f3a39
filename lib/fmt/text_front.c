#include "fmt/text_front.h"

#include "base/mem.h"
#include "fmt/json.h"
#include "fmt/keyset.h"
#include "fmt/text_inline.h"
#include "fmt/text_private.h"
#include "fmt/yaml.h"

#define FRONT_MAX ((size_t)1 << 20)	/* what yaml_flat takes */

struct front {
	struct doc *d;
	struct str json;
	struct keyset keys;
	struct str list;	/* the key of the list that is open, "" = none */
	size_t next;		/* the number of its next element */
};

static struct slice
z(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static void
close_list(struct front *f)
{
	if (f->next > 0)
		str_addc(&f->json, ']');
	f->next = 0;
}

static void
put_key(struct front *f, struct slice key)
{
	if (f->json.len > 1)
		str_addc(&f->json, ',');
	json_put_string(&f->json, key);
	str_addc(&f->json, ':');
	keyset_add_copy(&f->keys, key);
}

/* `tags.0`, `tags.1` and so on, one after the other, are a list. */
static void
put(struct front *f, const char *key, const char *value)
{
	const char *dot = strrchr(key, '.');
	struct slice base = { key, dot ? (size_t)(dot - key) : 0 };
	char number[24];

	snprintf(number, sizeof(number), "%zu", f->next);
	if (dot && f->next > 0 && strcmp(dot + 1, number) == 0 &&
	    slice_eq(base, str_slice(&f->list))) {
		str_addc(&f->json, ',');
	} else if (close_list(f), dot && strcmp(dot + 1, "0") == 0) {
		str_reset(&f->list);
		str_add(&f->list, base.ptr, base.len);
		put_key(f, base);
		str_addc(&f->json, '[');
	} else {
		put_key(f, z(key));
		json_put_string(&f->json, z(value));
		return;
	}
	f->next++;
	json_put_string(&f->json, z(value));
}

/* `author`, `authors.3`; *last is what follows of `authors.3.name`. */
static bool
is_key(const char *key, const char *word, const char **last)
{
	size_t n = strlen(word);

	if (!text_starts(z(key), word))
		return false;
	key += n;
	if (*key == '.' && key[1] >= '0' && key[1] <= '9')
		key += 1 + strspn(key + 1, "0123456789");
	*last = *key == '.' ? key + 1 : key;
	return *key == '\0' || *key == '.';
}

static void
add_person(struct doc *d, const char *role, const char *last, const char *value)
{
	struct doc_person *p = d->persons ? &d->person[d->persons - 1] : NULL;
	struct str name = STR_INIT;

	if (text_is(z(last), "email") && p && strcmp(p->role, role) == 0 && !*p->email) {
		free(p->email);
		p->email = xstrdup(value);
	} else if (!*last || text_is(z(last), "name")) {
		inline_plain(&name, z(value));
		text_add_author(d, role, str_slice(&name));
	}
	str_release(&name);
}

static int
on_value(void *arg, const char *key, const char *value, unsigned line, struct err *err)
{
	static const struct {
		const char *word, *role;
	} persons[] = {
		{ "author", "author" }, { "authors", "author" }, { "creator", "author" },
		{ "editor", "editor" }, { "editors", "editor" },
	};
	struct front *f = arg;
	struct slice k = z(key);
	const char *last;

	(void)line, (void)err;
	put(f, key, value);
	for (size_t i = 0; i < countof(persons); i++)
		if (is_key(key, persons[i].word, &last))
			add_person(f->d, persons[i].role, last, value);
	if (text_is(k, "title"))
		text_set_title(f->d, z(value), TEXT_TITLE_MAX);
	else if (text_is(k, "lang") || text_is(k, "language"))
		text_set_lang(f->d, z(value));
	else if (text_is(k, "date") || text_is(k, "created") || text_is(k, "published"))
		text_set_time(f->d, z(value));
	return 0;
}

/* The line of text at `at`, without its end; *next is where the next one begins. */
static struct slice
line_at(struct slice text, size_t at, size_t *next)
{
	const char *p = text.ptr + at;
	const char *nl = memchr(p, '\n', text.len - at);
	struct slice line = { p, nl ? (size_t)(nl - p) : text.len - at };

	*next = at + line.len + (nl != NULL);
	while (line.len > 0 && strchr(" \t\r", line.ptr[line.len - 1]))
		line.len--;
	return line;
}

size_t
front_take(struct doc *d, struct slice text)
{
	struct front f = { .d = d, .json = STR_INIT, .keys = KEYSET_INIT, .list = STR_INIT };
	struct err err = ERR_INIT;
	struct slice line, twice;
	size_t start, at, next;
	bool bad;

	if (text.len == 0 || !slice_is(line_at(text, 0, &start), "---"))
		return 0;
	for (at = start; ; at = next) {
		if (at >= text.len || at > FRONT_MAX)
			return 0;
		line = line_at(text, at, &next);
		if (slice_is(line, "---") || slice_is(line, "..."))
			break;
	}
	str_addc(&f.json, '{');
	bad = yaml_flat(text.ptr + start, at - start, "front matter", on_value, &f, &err) < 0;
	close_list(&f);
	str_addc(&f.json, '}');
	/* `a.0: x` beside `a: y`; the record may not say it twice */
	if (keyset_close(&f.keys, 0, &twice)) {
		str_reset(&f.json);
		bad = true;
		err_set(&err, ERR_DATA, "front matter: a key stands for two things");
	}
	if (bad)
		doc_meta_text(d, "front_error", z(err.text));
	/* with nothing that can be read, it may be a text between two rules */
	if (bad && f.json.len <= 2)
		next = 0;
	else
		str_add(doc_meta(d, "front"), f.json.buf, f.json.len);
	keyset_release(&f.keys);
	str_release(&f.json);
	str_release(&f.list);
	err_release(&err);
	return next;
}
