#include "app/endpoint_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define SECRET_MAX ((size_t)4 << 10)
#define OTHERS_READ_WRITE (S_IROTH | S_IWOTH)

struct secret {
	char text[SECRET_MAX + 1];
	size_t len;
};

static int
refuse(const char *path, const struct stat *st, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_CONFIG, "\"%s\" is not a regular file", path);
	if (!(st->st_mode & OTHERS_READ_WRITE))
		return 0;
	err_set(err, ERR_CONFIG, "\"%s\" holds a secret, and others can %s it (mode %04o)", path,
	    st->st_mode & S_IWOTH ? "write" : "read", st->st_mode & 07777);
	return err_hint(err, "chmod 600 '%s', and change the secret if others were about", path);
}

/* A file of secrets, whole. Links are followed: that is how some systems hand out
 * secrets. The buffer is the caller's, so that no copy is left in freed memory. */
static int
read_secret(const char *path, struct secret *s, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = -1;
	struct stat st;
	ssize_t got = 1;

	s->len = 0;
	if (fd < 0) {
		err_setno(err, "could not open \"%s\"", path);
		if (err->kind == ERR_IO)
			err->kind = ERR_CONFIG;
		return -1;
	}
	if (fstat(fd, &st) < 0) {
		err_setno(err, "could not look at \"%s\"", path);
		goto out;
	}
	if (refuse(path, &st, err) < 0)
		goto out;
	while (got > 0 && s->len <= SECRET_MAX) {
		got = read(fd, s->text + s->len, sizeof(s->text) - s->len);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got < 0) {
			err_setno(err, "could not read \"%s\"", path);
			goto out;
		} else
			s->len += (size_t)got;
	}
	rc = s->len <= SECRET_MAX ? 0 :
	    err_set(err, ERR_CONFIG, "\"%s\" is larger than %zu bytes", path, SECRET_MAX);
out:
	close(fd);
	return rc;
}

int
endpoint_secrets(const char *path, struct webhook_keys *out, struct err *err)
{
	struct secret s;
	int rc = read_secret(path, &s, err);

	if (rc == 0) {
		rc = webhook_keys_add(out, (struct slice){ s.text, s.len }, err);
		if (rc < 0)
			err_wrap(err, "\"%s\"", path);
	}
	explicit_bzero(&s, sizeof(s));
	return rc;
}

bool
endpoint_token_ok(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return n > 0;
}

int
endpoint_token(const char *path, char **out, struct err *err)
{
	struct secret s;
	int rc = read_secret(path, &s, err);
	const char *p = s.text;
	size_t n = s.len;

	while (rc == 0 && n > 0 && strchr(" \t\r\n", *p) && *p)
		p++, n--;
	while (rc == 0 && n > 0 && strchr(" \t\r\n", p[n - 1]) && p[n - 1])
		n--;
	if (rc == 0 && !endpoint_token_ok(p, n))
		rc = err_set(err, ERR_CONFIG,
		    "\"%s\" does not hold one line of printable ASCII without blanks", path);
	if (rc == 0)
		*out = xstrndup(p, n);
	explicit_bzero(&s, sizeof(s));
	return rc;
}
