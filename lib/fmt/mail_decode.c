#include "fmt/mail_private.h"

#include <gmime/gmime.h>

#include "base/mem.h"

#define PIECE 49152	/* bytes decoded at a time */

static int
uu_value(char c)
{
	return c >= ' ' && c <= '`' ? (c - ' ') & 63 : -1;
}

bool
mail_uu_line(struct slice line, struct str *out)
{
	const char *p = line.ptr, *end = line.ptr + line.len;
	int left;

	while (end > p && end[-1] == '\r')
		end--;
	if (p == end || (left = uu_value(*p++)) < 0)
		return false;
	for (const char *q = p; q < end; q++)
		if (uu_value(*q) < 0)
			return false;
	/* blanks at the end may have been lost on the way, and a check sum may follow */
	if (end - p > (left + 2) / 3 * 4 + 2)
		return false;
	for (; left > 0; left -= 3, p += 4) {
		unsigned v = 0;

		for (int i = 0; i < 4; i++)
			v = v << 6 | (unsigned)(p + i < end ? uu_value(p[i]) : 0);
		str_add(out, (char[]){ (char)(v >> 16), (char)(v >> 8), (char)v },
		    (size_t)MIN(left, 3));
	}
	return true;
}

/* Content-Transfer-Encoding: x-uuencode. What is between `begin` and `end`, or all
 * lines that are some where those are missing. */
static void
uu_decode(struct slice raw, struct str *out)
{
	const char *p = raw.ptr, *end = raw.ptr + raw.len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct slice line = { p, (size_t)((nl ? nl : end) - p) };

		if (line.len >= 3 && memcmp(p, "end", 3) == 0)
			break;
		if (line.len < 6 || memcmp(p, "begin ", 6) != 0)
			mail_uu_line(line, out);
		p = nl ? nl + 1 : end;
	}
}

static bool
is_encoded(const struct mail_part *p)
{
	return p->type.encoding == GMIME_CONTENT_ENCODING_BASE64 ||
	    p->type.encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE ||
	    p->type.encoding == GMIME_CONTENT_ENCODING_UUENCODE;
}

void
mail_decode_to(const struct mail_part *p, void (*sink)(void *arg, const char *data, size_t n),
    void *arg)
{
	struct slice raw = p->body;
	GMimeEncoding state;
	char *buf;

	if (!is_encoded(p)) {
		sink(arg, raw.ptr, raw.len);
		return;
	}
	if (p->type.encoding == GMIME_CONTENT_ENCODING_UUENCODE) {
		struct str out = STR_INIT;

		uu_decode(raw, &out);
		sink(arg, out.buf, out.len);
		str_release(&out);
		return;
	}
	g_mime_encoding_init_decode(&state, (GMimeContentEncoding)p->type.encoding);
	buf = xmalloc(g_mime_encoding_outlen(&state, PIECE) + 1);
	while (raw.len > 0) {
		size_t n = MIN(raw.len, PIECE), made;

		made = g_mime_encoding_step(&state, raw.ptr, n, buf);
		sink(arg, buf, made);
		raw = (struct slice){ raw.ptr + n, raw.len - n };
	}
	free(buf);
}

static void
add_piece(void *arg, const char *data, size_t n)
{
	str_add(arg, data, n);
}

struct slice
mail_decode(const struct mail_part *p, struct str *buf)
{
	size_t from = buf->len;

	if (!is_encoded(p))
		return p->body;
	mail_decode_to(p, add_piece, buf);
	return (struct slice){ buf->buf + from, buf->len - from };
}
