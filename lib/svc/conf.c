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

#define CONF_MAX_BYTES ((size_t)1 << 20)
#define SYSTEM_FILE SLUICE_SYSCONFDIR "/sluice/sluice.yaml"
#define SYSTEM_SPOOL "/var/spool/sluice"
#define ENV_PREFIX "SLUICE_"

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

struct file {
	struct conf *conf;
	const char *name;
};

/* The row above a sequence's element: `a.b.0` is one of `a.b`. NULL for other keys;
 * the caller frees. */
static char *
list_of(const char *key)
{
	const char *dot = strrchr(key, '.');

	if (!dot || !dot[1] || dot[1 + strspn(dot + 1, "0123456789")])
		return NULL;
	return xstrndup(key, (size_t)(dot - key));
}

static int
unknown(char *near, struct err *err)
{
	if (near)
		err_hint(err, "did you mean \"%s\"?", near);
	else
		err_hint(err, "the keys are in sluice.yaml(5)");
	free(near);
	return -1;
}

static bool
ends_in_file(const char *key)
{
	const char *tail = strrchr(key, '_');

	return tail && strcmp(tail, "_file") == 0;
}

/* A file of settings is read by many, shown and kept; a secret has one of its own. */
static int
secret_in_file(const struct conf_slot *s, const char *origin, struct err *err)
{
	err_set(err, ERR_CONFIG, "%s: %s does not belong into a file of settings", origin, s->key);
	return err_hint(err, "keep it in a file of its own: %s_file", strrchr(s->key, '.') + 1);
}

static int
set_path(struct conf *c, size_t at, const char *value, const char *origin, struct err *err)
{
	char *path = NULL;
	int rc;

	if (strncmp(value, "~/", 2) == 0 && home())
		value = path = xasprintf("%s/%s", home(), value + 2);
	if (*value == '/')
		rc = conf_set(c, at, value, xstrdup(origin), ERR_CONFIG, err);
	else if (ends_in_file(c->slot[at].key))
		/* a secret gets into the place of its file's name easily, so it is not told */
		rc = err_set(err, ERR_CONFIG, "%s: %s is not an absolute path", origin,
		    c->slot[at].key);
	else
		rc = err_set(err, ERR_CONFIG, "%s: %s is \"%s\", not an absolute path", origin,
		    c->slot[at].key, value);
	free(path);
	return rc;
}

static int
on_setting(void *arg, const char *key, const char *value, unsigned line, struct err *err)
{
	struct file *f = arg;
	struct conf *c = f->conf;
	char *origin = xasprintf("%s:%u", f->name, line), *list = NULL;
	enum conf_type type = CONF_STR;
	bool element = false;
	size_t at;
	int rc;

	/* a section whose keys are all commented out */
	if (!*value && conf_is_section(key)) {
		free(origin);
		return 0;
	}
	rc = conf_place(c, key, origin, &at, err);
	if (rc > 0 && (list = list_of(key))) {
		rc = conf_place(c, list, origin, &at, err);
		element = rc == 0;
	}
	if (rc == 0)
		type = conf_keys[c->slot[at].row].type;
	if (rc > 0 || (element && type != CONF_WORDS && type != CONF_LINES && type != CONF_SECRET)) {
		err_set(err, ERR_CONFIG, "%s: unknown key \"%s\"", origin, key);
		rc = unknown(conf_nearest(key), err);
	} else if (rc == 0 && type == CONF_SECRET) {
		rc = secret_in_file(&c->slot[at], origin, err);
	} else if (rc == 0 && element) {
		rc = conf_set_element(c, at, value, xstrdup(origin), err);
	} else if (rc == 0 && type == CONF_PATH) {
		rc = set_path(c, at, value, origin, err);
	} else if (rc == 0) {
		rc = conf_set(c, at, value, xstrdup(origin), ERR_CONFIG, err);
	}
	free(list);
	free(origin);
	return rc;
}

int
conf_file(struct conf *c, const char *path, struct err *err)
{
	struct file f = { c, path };
	struct str text = STR_INIT;
	int rc = fs_read(path, CONF_MAX_BYTES, &text, err);

	c->files++;
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
		rc = conf_file(c, file, err);
		return rc <= 0 ? rc : err_set(err, ERR_CONFIG, "could not open \"%s\": %s", file,
		    strerror(ENOENT));
	}
	if (conf_file(c, SYSTEM_FILE, err) < 0)
		return -1;
	own = xdg_path("XDG_CONFIG_HOME", ".config", "sluice/sluice.yaml");
	rc = own ? conf_file(c, own, err) : 0;
	free(own);
	return rc < 0 ? -1 : 0;
}

/* A variable as a key: `SLUICE_GATE_MIN_COUNT` is `gate.min_count`, and
 * `SLUICE_ENDPOINTS_OPS_CA_FILE` is `endpoints.ops.ca_file`. NULL when it neither is
 * one nor begins like a section: other SLUICE_* names belong to others (builds,
 * tests). The caller frees. */
static char *
env_key(const char *var)
{
	char *key = xstrdup(var + strlen(ENV_PREFIX)), *p = strchr(key, '_'), *inner;
	size_t head = strcspn(key, "_");
	bool ours;

	for (char *c = key; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (p)
		*p = '\0';
	ours = p ? conf_is_section(key) : conf_known(key);
	if (!ours || strncmp(key, var + strlen(ENV_PREFIX), head) == 0) {
		free(key);
		return NULL;
	}
	if (p) {
		/* in a section that holds names the second part is one */
		inner = xasprintf("%s.x", key);
		*p++ = '.';
		if (conf_is_section(inner) && (p = strchr(p, '_')))
			*p = '.';
		free(inner);
	}
	return key;
}

/* A name that begins like a section but is no key is a slip, also without a value. */
static int
set_from_env(struct conf *c, const char *var, struct err *err)
{
	char *key = env_key(var), *origin, *again, *near;
	const char *value = env(var);
	size_t at;
	int rc = 0;

	if (!key)
		return 0;
	origin = xasprintf("env %s", var);
	again = env_name(key);
	if (!conf_known(key) || strcmp(again, var) != 0) {
		near = conf_nearest(key);
		err_set(err, ERR_CONFIG, "unknown setting \"%s\" in the environment", var);
		rc = unknown(near ? env_name(near) : NULL, err);
		free(near);
	} else if (value) {
		rc = conf_place(c, key, origin, &at, err);
		if (rc == 0)
			rc = conf_set(c, at, value, xstrdup(origin), ERR_CONFIG, err);
	}
	free(again);
	free(origin);
	free(key);
	return rc;
}

static int
load_env(struct conf *c, struct err *err)
{
	const char *url = env("DATABASE_URL");
	int rc = 0;

	if (url)
		rc = conf_set(c, conf_slot(c, "database"), url, xstrdup("env DATABASE_URL"),
		    ERR_CONFIG, err);
	for (char *const *e = environ; rc == 0 && e && *e; e++) {
		char *var;

		if (strncmp(*e, ENV_PREFIX, strlen(ENV_PREFIX)) != 0)
			continue;
		var = xstrndup(*e, strcspn(*e, "="));
		rc = set_from_env(c, var, err);
		free(var);
	}
	return rc;
}

struct conf *
conf_load(const char *file, struct err *err)
{
	struct conf *c = xcalloc(1, sizeof(*c));

	conf_slots_init(c);
	c->slot[conf_slot(c, "spool")].value = default_spool();
	if (load_files(c, file, err) < 0 || load_env(c, err) < 0) {
		conf_free(c);
		return NULL;
	}
	return c;
}

int
conf_option(struct conf *c, const char *key, const char *text, const char *option,
    struct err *err)
{
	size_t at = conf_slot(c, key);

	if (at == c->nr)
		BUG("there is no setting %s", key);
	if (!text)
		return 0;
	return conf_set(c, at, text, xasprintf("option %s", option), ERR_USAGE, err);
}

int
conf_log_json(bool *json, struct err *err)
{
	const char *text = env(ENV_PREFIX "LOG_FORMAT");

	*json = text && strcmp(text, "json") == 0;
	if (!text || *json || strcmp(text, "text") == 0)
		return 0;
	return err_set(err, ERR_CONFIG, "env %s: \"%s\" is not text or json",
	    ENV_PREFIX "LOG_FORMAT", text);
}

int
conf_run_id(const char **id, struct err *err)
{
	const char *text = env(ENV_PREFIX "RUN_ID");
	size_t n = 0;

	*id = NULL;
	while (text && text[n] >= ' ' && text[n] <= '~')
		n++;
	if (text && (text[n] || n > CONF_RUN_ID_MAX))
		return err_set(err, ERR_CONFIG, "env %s is not at most %d printable characters "
		    "of ASCII", ENV_PREFIX "RUN_ID", CONF_RUN_ID_MAX);
	*id = text;
	return 0;
}
