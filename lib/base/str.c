#include "base/str.h"

#include "base/mem.h"
#include "base/msg.h"

char str_empty[1];

void
str_release(struct str *s)
{
	if (s->alloc)
		free(s->buf);
	*s = (struct str)STR_INIT;
}

void
str_reset(struct str *s)
{
	str_truncate(s, 0);
}

void
str_grow_slow(struct str *s, size_t extra)
{
	size_t need, want;

	if (__builtin_add_overflow(s->len, extra, &need) || need > SIZE_MAX / 4)
		msg_oom(extra);
	want = MAX(need + 1, (s->alloc + 16) * 3 / 2);
	if (s->alloc) {
		s->buf = xrealloc(s->buf, want);
	} else {
		s->buf = xmalloc(want);
		s->buf[0] = '\0';
	}
	s->alloc = want;
}

void
str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	va_list copy;
	int n;

	str_grow(s, 64);
	va_copy(copy, ap);
	n = vsnprintf(s->buf + s->len, s->alloc - s->len, fmt, copy);
	va_end(copy);
	if (n < 0)
		BUG("bad format \"%s\"", fmt);
	if ((size_t)n >= s->alloc - s->len) {
		str_grow(s, (size_t)n);
		vsnprintf(s->buf + s->len, s->alloc - s->len, fmt, ap);
	}
	s->len += (size_t)n;
}

void
str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

char *
str_detach(struct str *s)
{
	char *p = s->alloc ? s->buf : xstrdup("");

	*s = (struct str)STR_INIT;
	return p;
}

void
str_truncate(struct str *s, size_t n)
{
	if (n > s->len)
		BUG("str_truncate beyond the end");
	s->len = n;
	if (s->alloc)
		s->buf[n] = '\0';
}
