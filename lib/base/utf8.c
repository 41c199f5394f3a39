#include "base/utf8.h"

int
utf8_step(const unsigned char *p, const unsigned char *end)
{
	ptrdiff_t left = end - p;
	unsigned char lo = 0x80, hi = 0xbf;
	int n;

	if (left < 1)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (int i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t
utf8_valid_prefix(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		uint64_t word;
		int k;

		/* eight ASCII bytes at a time */
		while (end - p >= 8) {
			memcpy(&word, p, 8);
			if (word & UINT64_C(0x8080808080808080))
				break;
			p += 8;
		}
		if (p == end)
			break;
		k = utf8_step(p, end);
		if (!k)
			break;
		p += k;
	}
	return (size_t)(p - (const unsigned char *)s);
}

int
utf8_put(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

void
utf8_put_printable(struct str *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);

	while (p < end) {
		int n = utf8_step(p, end);

		/* C0, DEL and C1 are commands to a terminal */
		if (*p == '\\')
			str_adds(out, "\\\\");
		else if (*p == '\n')
			str_adds(out, "\\n");
		else if (*p == '\t')
			str_adds(out, "\\t");
		else if (*p < 0x20 || *p == 0x7f || n == 0 || (*p == 0xc2 && p[1] < 0xa0))
			for (int i = 0; i < MAX(n, 1); i++)
				str_addf(out, "\\x%02x", p[i]);
		else
			str_add(out, p, (size_t)n);
		p += MAX(n, 1);
	}
}
