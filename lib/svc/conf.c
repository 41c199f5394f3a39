#include "svc/conf.h"

#include <errno.h>
#include <pwd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/msg.h"
#include "base/str.h"
#include "fmt/yaml.h"
#include "paths.h"
#include "svc/conf_private.h"
#include "sys/fs.h"
#include "sys/opt.h"

#define CONF_MAX_BYTES ((size_t)1 << 20)
#define SYSTEM_FILE SLUICE_SYSCONFDIR "/sluice/sluice.yaml"
#define SYSTEM_SPOOL "/var/spool/sluice"
#define ENV_PREFIX "SLUICE_"

struct slot {
	char *value;	/* owned; NULL: unset */
	char *origin;	/* owned; NULL: the default */
	uint64_t number;
};

struct conf {
	struct slot *slot;	/* in the order of conf_keys */
};

/* The variable, unless it is empty. */
static const char *
env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* $HOME, or what the password file says; NULL when neither is a path. */
static const char *
home(void)
{
	const char *dir = env("HOME");
	struct passwd *pw;

	if (dir)
		return *dir == '/' ? dir : NULL;
	pw = getpwuid(geteuid());
	return pw && pw->pw_dir && *pw->pw_dir == '/' ? pw->pw_dir : NULL;
}

/* $NAME/tail, or ~/usual/tail where NAME is not an absolute path (XDG Base
 * Directory 0.8: a relative one is to be ignored). NULL without a home. */
static char *
xdg_path(const char *name, const char *usual, const char *tail)
{
	const char *dir = env(name);

	if (dir && *dir == '/')
		return xasprintf("%s/%s", dir, tail);
	dir = home();
	return dir ? xasprintf("%s/%s/%s", dir, usual, tail) : NULL;
}

static char *
default_spool(void)
{
	char *path = geteuid() == 0 ? NULL :
	    xdg_path("XDG_STATE_HOME", ".local/state", "sluice/spool");

	return path ? path : xstrdup(SYSTEM_SPOOL);
}

/* `gate.min_count` as `SLUICE_GATE_MIN_COUNT`; the caller frees. */
static char *
env_name(const char *key)
{
	char *name = xasprintf(ENV_PREFIX "%s", key);

	for (char *p = name; *p; p++) {
		if (*p == '.')
			*p = '_';
		else if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	}
	return name;
}

/* Takes origin. A bad value keeps what was there. */
static int
set(struct conf *c, size_t i, const char *text, char *origin, enum err_kind kind,
    struct err *err)
{
	struct slot *s = &c->slot[i];
	struct str why = STR_INIT;
	uint64_t number;
	int rc = conf_parse(&conf_keys[i], text, &number, &why);

	if (rc < 0) {
		/* a connection string may hold a secret, but no str is ever bad */
		err_set(err, kind, "%s: %s is \"%s\", not %s", origin, conf_keys[i].key, text,
		    why.buf);
		free(origin);
	} else {
		free(s->value);
		free(s->origin);
		s->value = xstrdup(text);
		s->origin = origin;
		s->number = number;
	}
	str_release(&why);
	return rc;
}

struct file {
	struct conf *conf;
	const char *name;
};

static bool
is_section(const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < conf_keys_nr; i++)
		if (strncmp(conf_keys[i].key, key, n) == 0 && conf_keys[i].key[n] == '.')
			return true;
	return false;
}

static int
unknown_key(const struct file *f, const char *key, unsigned line, struct err *err)
{
	const char **names = xcalloc(conf_keys_nr + 1, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < conf_keys_nr; i++)
		names[i] = conf_keys[i].key;
	near = opt_nearest(key, names);
	free(names);
	err_set(err, ERR_CONFIG, "%s:%u: unknown key \"%s\"", f->name, line, key);
	if (near)
		err_hint(err, "did you mean \"%s\"?", near);
	else
		err_hint(err, "the keys are in sluice.yaml(5)");
	return -1;
}

static int
on_setting(void *arg, const char *key, const char *value, unsigned line, struct err *err)
{
	struct file *f = arg;
	size_t i = conf_find(key);
	char *path = NULL;
	int rc;

	/* a section whose keys are all commented out */
	if (!*value && is_section(key))
		return 0;
	if (i == conf_keys_nr)
		return unknown_key(f, key, line, err);
	if (conf_keys[i].type == CONF_PATH) {
		if (strncmp(value, "~/", 2) == 0 && home())
			value = path = xasprintf("%s/%s", home(), value + 2);
		if (*value != '/') {
			free(path);
			return err_set(err, ERR_CONFIG, "%s:%u: %s is \"%s\", not an absolute path",
			    f->name, line, key, value);
		}
	}
	rc = set(f->conf, i, value, xasprintf("%s:%u", f->name, line), ERR_CONFIG, err);
	free(path);
	return rc;
}

/* 0; 1 when there is no such file. */
static int
load_file(struct conf *c, const char *path, struct err *err)
{
	struct file f = { c, path };
	struct str text = STR_INIT;
	int rc = fs_read(path, CONF_MAX_BYTES, &text, err);

	if (rc < 0 && err->kind == ERR_DATA)
		err->kind = ERR_CONFIG;
	if (rc == 0)
		rc = yaml_flat(text.buf, text.len, path, on_setting, &f, err);
	str_release(&text);
	return rc;
}

static int
load_files(struct conf *c, const char *file, struct err *err)
{
	char *own;
	int rc;

	if (!file)
		file = env(ENV_PREFIX "CONFIG");
	if (file) {
		rc = load_file(c, file, err);
		return rc <= 0 ? rc : err_set(err, ERR_CONFIG, "could not open \"%s\": %s", file,
		    strerror(ENOENT));
	}
	if (load_file(c, SYSTEM_FILE, err) < 0)
		return -1;
	own = xdg_path("XDG_CONFIG_HOME", ".config", "sluice/sluice.yaml");
	rc = own ? load_file(c, own, err) : 0;
	free(own);
	return rc < 0 ? -1 : 0;
}

/* Names that begin like a section but are no key are slips. Other SLUICE_*
 * names belong to others (builds, tests). */
static int
check_names(char *const *names, struct err *err)
{
	for (char *const *e = environ; e && *e; e++) {
		size_t n = strcspn(*e, "=");
		bool known = false, section = false;
		const char *near;
		char *name;

		if (strncmp(*e, ENV_PREFIX, strlen(ENV_PREFIX)) != 0)
			continue;
		name = xstrndup(*e, n);
		for (size_t i = 0; i < conf_keys_nr; i++) {
			const char *dot = strchr(conf_keys[i].key, '.');
			size_t head = strlen(ENV_PREFIX) +
			    (dot ? (size_t)(dot - conf_keys[i].key) + 1 : 0);

			known = known || strcmp(name, names[i]) == 0;
			section = section || (dot && strncmp(name, names[i], head) == 0);
		}
		if (known || !section) {
			free(name);
			continue;
		}
		err_set(err, ERR_CONFIG, "unknown setting \"%s\" in the environment", name);
		near = opt_nearest(name, (const char *const *)names);
		if (near)
			err_hint(err, "did you mean \"%s\"?", near);
		else
			err_hint(err, "the keys are in sluice.yaml(5)");
		free(name);
		return -1;
	}
	return 0;
}

static int
load_env(struct conf *c, struct err *err)
{
	char **names = xcalloc(conf_keys_nr + 1, sizeof(*names));
	size_t database = conf_find("database");
	const char *url = env("DATABASE_URL");
	int rc;

	for (size_t i = 0; i < conf_keys_nr; i++)
		names[i] = env_name(conf_keys[i].key);
	rc = check_names(names, err);
	if (rc == 0 && url)
		rc = set(c, database, url, xstrdup("env DATABASE_URL"), ERR_CONFIG, err);
	for (size_t i = 0; i < conf_keys_nr; i++) {
		const char *value = env(names[i]);

		if (rc == 0 && value)
			rc = set(c, i, value, xasprintf("env %s", names[i]), ERR_CONFIG, err);
	}
	for (size_t i = 0; i < conf_keys_nr; i++)
		free(names[i]);
	free(names);
	return rc;
}

struct conf *
conf_load(const char *file, struct err *err)
{
	struct conf *c = xcalloc(1, sizeof(*c));

	c->slot = xcalloc(conf_keys_nr, sizeof(*c->slot));
	for (size_t i = 0; i < conf_keys_nr; i++) {
		const struct conf_key *k = &conf_keys[i];
		struct slot *s = &c->slot[i];
		struct str why = STR_INIT;

		s->value = k->value ? xstrdup(k->value) :
		    k->type == CONF_PATH ? default_spool() : NULL;
		if (s->value && conf_parse(k, s->value, &s->number, &why) < 0)
			BUG("the default of %s is not %s", k->key, why.buf);
	}
	if (load_files(c, file, err) < 0 || load_env(c, err) < 0) {
		conf_free(c);
		return NULL;
	}
	return c;
}

void
conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < conf_keys_nr; i++) {
		free(c->slot[i].value);
		free(c->slot[i].origin);
	}
	free(c->slot);
	free(c);
}

static const struct slot *
slot_of(const struct conf *c, const char *key)
{
	size_t i = conf_find(key);

	if (i == conf_keys_nr)
		BUG("there is no setting %s", key);
	return &c->slot[i];
}

int
conf_option(struct conf *c, const char *key, const char *text, const char *option,
    struct err *err)
{
	size_t i = (size_t)(slot_of(c, key) - c->slot);

	if (!text)
		return 0;
	return set(c, i, text, xasprintf("option %s", option), ERR_USAGE, err);
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

bool
conf_item(const struct conf *c, size_t i, struct conf_item *out)
{
	const struct conf_key *k;

	if (i >= conf_keys_nr)
		return false;
	k = &conf_keys[i];
	*out = (struct conf_item){ .key = k->key, .value = c->slot[i].value,
		.origin = c->slot[i].origin ? c->slot[i].origin : "default",
		.type = conf_type_name(k), .help = k->help };
	return true;
}
