#include "base/enc.h"

#include <errno.h>
#include <sys/random.h>

#include "base/msg.h"

void
enc_hex(const unsigned char *data, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * n] = '\0';
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
enc_unhex(const char *s, unsigned char *out, size_t n)
{
	if (strlen(s) != 2 * n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int hi = digit(s[2 * i]), lo = digit(s[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return -1;
		out[i] = (unsigned char)(hi << 4 | lo);
	}
	return 0;
}

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
enc_base64(struct str *out, const void *data, size_t n)
{
	const unsigned char *p = data;

	str_grow(out, (n + 2) / 3 * 4);
	for (; n >= 3; n -= 3, p += 3) {
		char q[4] = { b64[p[0] >> 2], b64[(p[0] & 3) << 4 | p[1] >> 4],
			b64[(p[1] & 15) << 2 | p[2] >> 6], b64[p[2] & 63] };

		str_add(out, q, 4);
	}
	if (n > 0) {
		unsigned b = n == 2 ? p[1] : 0;
		char q[4] = { b64[p[0] >> 2], b64[(p[0] & 3u) << 4 | b >> 4],
			n == 2 ? b64[(b & 15) << 2] : '=', '=' };

		str_add(out, q, 4);
	}
}

int
enc_unbase64(struct str *out, const char *s, size_t len)
{
	if (len % 4 != 0)
		return -1;
	for (size_t i = 0; i < len; i += 4) {
		uint32_t v = 0;
		int pad = 0;

		for (int k = 0; k < 4; k++) {
			const char *at;

			if (s[i + (size_t)k] == '=' && i + 4 == len && k >= 2) {
				pad++;
				v <<= 6;
				continue;
			}
			if (pad || !s[i + (size_t)k] || !(at = strchr(b64, s[i + (size_t)k])))
				return -1;
			v = v << 6 | (uint32_t)(at - b64);
		}
		/* bits that the padding says are unused must be zero */
		if ((pad == 1 && (v & 0xff)) || (pad == 2 && (v & 0xffff)))
			return -1;
		str_addc(out, (char)(v >> 16));
		if (pad < 2)
			str_addc(out, (char)(v >> 8));
		if (pad < 1)
			str_addc(out, (char)v);
	}
	return 0;
}

void
enc_random_hex(char *out, size_t n)
{
	unsigned char bytes[32];
	ssize_t got;

	if (n > sizeof(bytes))
		BUG("a token of %zu bytes", n);
	/* early at boot it waits for the kernel's pool, and a signal ends that */
	while ((got = getrandom(bytes, n, 0)) < 0 && errno == EINTR)
		;
	if (got != (ssize_t)n)
		BUG("getrandom: %s", strerror(errno));
	enc_hex(bytes, n, out);
}
