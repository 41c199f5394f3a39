#include "app/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "fmt/mustache.h"
#include "sys/fs.h"
#include "sys/io.h"

#define TEMPLATE_MAX ((size_t)64 << 10)
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
#define TYPE_MAX 100		/* of a type that can have a template */
#define NUMBER_MAX 64		/* bytes of a time as a number */
#define SECONDS_MAX 253402300799.0	/* the end of the year 9999 */
#define JSON_TAIL ".json.tmpl"
#define TEXT_TAIL ".txt.tmpl"
#define PARTIAL_TAIL ".tmpl"

static const char json_type[] = "application/json";
static const char text_type[] = "text/plain; charset=utf-8";

static bool
ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), t = strlen(tail);

	return n >= t && strcmp(s + n - t, tail) == 0;
}

/* The whole of a template. 0; 1 when there is no such file; -1. */
static int
read_template(const char *path, struct str *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = -1;
	struct stat st;
	ssize_t got;

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return err_setno(err, "could not open template \"%s\"", path);
	if (fstat(fd, &st) < 0) {
		err_setno(err, "could not look at template \"%s\"", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_CONFIG, "template \"%s\" is not a regular file", path);
		goto out;
	}
	do {
		str_grow(out, TEMPLATE_MAX + 1 - out->len);
		got = io_read(fd, out->buf + out->len, TEMPLATE_MAX + 1 - out->len, path, err);
		if (got < 0)
			goto out;
		out->len += (size_t)got;
	} while (got > 0 && out->len <= TEMPLATE_MAX);
	out->buf[out->len] = '\0';
	rc = out->len <= TEMPLATE_MAX ? 0 :
	    err_set(err, ERR_CONFIG, "template \"%s\" is larger than %zu bytes", path, TEMPLATE_MAX);
out:
	close(fd);
	return rc;
}

/* NAME.tmpl beside the template; arg is the directory. */
static int
partial(void *arg, struct slice name, struct str *out, struct err *err)
{
	struct str text = STR_INIT;
	char *path;
	int rc;

	for (size_t i = 0; i < name.len; i++)
		if (!name.ptr[i] || !strchr(NAME_CHARS, name.ptr[i]))
			return err_set(err, ERR_CONFIG, "partial \"%.*s\" is not a name of A-Z a-z 0-9 _ -",
			    (int)MIN(name.len, (size_t)TYPE_MAX), name.ptr);
	if (name.len == 0 || name.len > TYPE_MAX)
		return err_set(err, ERR_CONFIG, "the name of a partial is not 1 to %d letters", TYPE_MAX);
	path = xasprintf("%s/%.*s" PARTIAL_TAIL, (const char *)arg, (int)name.len, name.ptr);
	rc = read_template(path, &text, err);
	if (rc == 0)
		str_add(out, text.buf, text.len);
	str_release(&text);
	free(path);
	return rc < 0 ? -1 : rc == 0;
}

static int
render(const char *path, struct slice text, struct slice event, struct str *body,
    const char **content_type, struct err *err)
{
	bool json = ends_with(path, JSON_TAIL);
	char *copy = xstrdup(path);
	struct mustache m = { .name = path, .text = text, .partial = partial, .arg = dirname(copy),
		.escape = json ? MUSTACHE_JSON : MUSTACHE_NONE };
	size_t start = body->len;
	int rc = mustache_render(&m, event, body, err);

	if (rc == 0 && json &&
	    !json_valid((struct slice){ body->buf + start, body->len - start })) {
		rc = err_set(err, ERR_DATA, "template \"%s\": not JSON, what it makes of this event", path);
		err_hint(err, "notify -n shows it; {{x}} goes inside of quotes, {{{x}}} is for objects");
	}
	if (rc < 0)
		str_truncate(body, start);
	*content_type = json ? json_type : text_type;
	free(copy);
	return rc;
}

/* `gate.done` as the beginning of a file's name, `gate_done`. NULL when it cannot be one:
 * types come from anywhere. */
static char *
type_name(const char *type)
{
	size_t n = strlen(type);
	char *name;

	if (n == 0 || n > TYPE_MAX || strspn(type, NAME_CHARS ".") != n)
		return NULL;
	name = xstrdup(type);
	for (char *p = name; *p; p++)
		if (*p == '.')
			*p = '_';
	return name;
}

/* The template for this type: 0, 1 when there is none, -1. *path is owned. */
static int
find_template(const struct endpoint *e, const char *type, char **path, struct str *text,
    struct err *err)
{
	static const char *const tail[] = { JSON_TAIL, TEXT_TAIL };
	struct stat st;
	char *name;
	int rc = 1;

	if (stat(e->template, &st) < 0) {
		err_setno(err, "endpoints.%s.template: could not open \"%s\"", e->name, e->template);
		if (errno == ENOENT || errno == ENOTDIR)
			err->kind = ERR_CONFIG;
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		*path = xstrdup(e->template);
		rc = read_template(*path, text, err);
		return rc > 0 ? err_set(err, ERR_CONFIG, "template \"%s\" was removed", *path) : rc;
	}
	name = type_name(type);
	for (size_t i = 0; name && rc > 0 && i < countof(tail); i++) {
		free(*path);
		*path = xasprintf("%s/%s%s", e->template, name, tail[i]);
		rc = read_template(*path, text, err);
	}
	free(name);
	return rc;
}

/* When the event became a fact; now, where it does not say so. */
static void
put_timestamp(struct str *out, struct slice event)
{
	struct str ts = STR_INIT;
	struct slice raw;
	enum json_tok tok;
	char buf[CLOCK_BUF], number[NUMBER_MAX];
	int64_t us = clock_now_us();
	double s;

	if (json_get_string(event, "ts", &ts) && clock_parse(ts.buf, ts.len, &us) == 0) {
		json_put_string(out, str_slice(&ts));
		str_release(&ts);
		return;
	}
	if (json_get(event, "ts", &raw, &tok) && tok == JSON_NUMBER && raw.len < sizeof(number)) {
		snprintf(number, sizeof(number), "%.*s", (int)raw.len, raw.ptr);
		s = strtod(number, NULL);
		if (s >= 0 && s <= SECONDS_MAX)
			us = (int64_t)(s * USEC_PER_SEC + 0.5);
	}
	json_put_cstr(out, clock_format(us, buf));
	str_release(&ts);
}

static void
put_standard(struct str *out, struct slice event, const char *type)
{
	str_addc(out, '{');
	json_put_key_cstr(out, "type", type);
	json_put_key(out, "timestamp");
	put_timestamp(out, event);
	/* as it is: what was signed where it was made stays what it was */
	json_put_key(out, "data");
	str_add(out, event.ptr, event.len);
	str_addc(out, '}');
}

int
endpoint_body(const struct endpoint *e, struct slice event, const char *type, struct str *body,
    const char **content_type, struct err *err)
{
	struct str text = STR_INIT;
	char *path = NULL;
	int rc = e->template ? find_template(e, type, &path, &text, err) : 1;

	*content_type = json_type;
	if (rc == 0) {
		rc = render(path, str_slice(&text), event, body, content_type, err);
	} else if (rc > 0) {
		put_standard(body, event, type);
		rc = 0;
	}
	str_release(&text);
	free(path);
	return rc;
}
