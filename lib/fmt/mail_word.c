#include "fmt/mail_private.h"

#include "base/enc.h"
#include "fmt/text.h"

/*
 * Encoded words (RFC 2047). GMime drops bytes that are not of a word's charset, and
 * all of one whose charset it does not know, so words are decoded here, as bodies are:
 * words side by side are one, because many programs cut them within a character.
 */

#define CHARSET_MAX 60
#define WORD_MAX 8000	/* 75 it should be; programs do what they like */

struct word {
	char charset[CHARSET_MAX + 1];
	bool base64;
	struct slice text;
	const char *end;
};

/* Is there an encoded word at p? */
static bool
word_at(const char *p, const char *end, struct word *w)
{
	const char *q, *stop;
	size_t n;

	if (end - p < 8 || p[0] != '=' || p[1] != '?')
		return false;
	p += 2;
	for (n = 0; p + n < end && n < CHARSET_MAX && p[n] > ' ' && p[n] != '?'; n++)
		;
	q = p + n;
	if (n == 0 || end - q < 5 || q[0] != '?' || q[2] != '?' || !strchr("qQbB", q[1]))
		return false;
	memcpy(w->charset, p, n);
	w->charset[n] = '\0';
	w->charset[strcspn(w->charset, "*")] = '\0';	/* a language (RFC 2231, 5) */
	w->base64 = (q[1] | 0x20) == 'b';
	q += 3;
	stop = memmem(q, MIN((size_t)(end - q), WORD_MAX), "?=", 2);
	if (!stop)
		return false;
	w->text = (struct slice){ q, (size_t)(stop - q) };
	w->end = stop + 2;
	return true;
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static void
add_base64(struct str *out, struct slice s)
{
	unsigned v = 0, bits = 0;

	for (size_t i = 0; i < s.len; i++) {
		int d = base64_value(s.ptr[i]);

		if (d < 0)
			continue;
		v = (v << 6 | (unsigned)d) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			str_addc(out, (char)(v >> bits));
		}
	}
}

static void
add_q(struct str *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char hex[3] = { 0 };
		unsigned char c;

		if (s.ptr[i] == '=' && s.len - i >= 3)
			memcpy(hex, s.ptr + i + 1, 2);
		if (s.ptr[i] == '_') {
			str_addc(out, ' ');
		} else if (*hex && enc_unhex(hex, &c, 1) == 0) {
			str_addc(out, (char)c);
			i += 2;
		} else {
			str_addc(out, s.ptr[i]);
		}
	}
}

/* The bytes of words side by side, all decoded. */
static void
flush(struct str *bytes, const char *charset, bool encode, struct str *out)
{
	struct str text = STR_INIT;
	const char *used;
	unsigned lossy = 0;

	if (bytes->len == 0)
		return;
	text_decode(str_slice(bytes), charset, &text, &used, &lossy);
	if (encode) {
		str_adds(out, "=?utf-8?b?");
		enc_base64(out, text.buf, text.len);
		str_adds(out, "?=");
	} else {
		str_add(out, text.buf, text.len);
	}
	str_reset(bytes);
	str_release(&text);
}

char *
mail_words(const char *value, bool encode)
{
	struct str in = STR_INIT, out = STR_INIT, bytes = STR_INIT;
	char charset[CHARSET_MAX + 1] = "";
	const char *used, *p, *end, *next;
	unsigned lossy = 0;
	struct word w;

	/* 8-bit text that nobody encoded */
	text_decode((struct slice){ value, strlen(value) }, NULL, &in, &used, &lossy);
	p = in.buf;
	end = in.buf + in.len;
	while (p < end) {
		next = p;
		/* blanks between two words belong to neither */
		while (bytes.len > 0 && next < end && *next == ' ')
			next++;
		if (word_at(next, end, &w)) {
			if (strcasecmp(charset, w.charset) != 0)
				flush(&bytes, charset, encode, &out);
			memcpy(charset, w.charset, sizeof(charset));
			(w.base64 ? add_base64 : add_q)(&bytes, w.text);
			p = w.end;
			continue;
		}
		flush(&bytes, charset, encode, &out);
		str_addc(&out, *p++);
	}
	flush(&bytes, charset, encode, &out);
	str_release(&in);
	str_release(&bytes);
	return str_detach(&out);
}
