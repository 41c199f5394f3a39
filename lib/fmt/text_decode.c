#include "fmt/text_private.h"

#include <errno.h>
#include <iconv.h>

#include "base/utf8.h"

#define ROOM 4096		/* of output that each call of iconv has at least */
#define LABEL_MAX 40

/*
 * Labels as they stand in mails and pages, letters and digits only, with the name that
 * iconv knows. Only these are taken: what iconv has besides, some of it with bugs of
 * its own, is not for hostile input. As the WHATWG's Encoding Standard has it, a name
 * stands for the superset that is really sent under it: iso-8859-1 for windows-1252,
 * gb2312 for gb18030.
 */
static const struct charset {
	const char *label, *name;	/* name NULL: as it is in the row above */
} charsets[] = {
	{ "utf8", "utf-8" }, { "unicode11utf8", NULL }, { "unicode20utf8", NULL },
	{ "cp65001", NULL },
	{ "windows1252", "windows-1252" }, { "cp1252", NULL }, { "xcp1252", NULL },
	{ "iso88591", NULL }, { "iso885911987", NULL }, { "latin1", NULL }, { "l1", NULL },
	{ "isolatin1", NULL }, { "csisolatin1", NULL }, { "cp819", NULL }, { "ibm819", NULL },
	{ "isoir100", NULL }, { "ansi", NULL },
	{ "utf16", "utf-16le" }, { "utf16le", NULL }, { "unicode", NULL }, { "ucs2", NULL },
	{ "iso10646ucs2", NULL },
	{ "utf16be", "utf-16be" }, { "unicodefffe", NULL },
	{ "utf32", "utf-32" }, { "ucs4", NULL }, { "iso10646ucs4", NULL },
	{ "utf32le", "utf-32le" }, { "utf32be", "utf-32be" },
	{ "utf7", "utf-7" }, { "unicode11utf7", NULL }, { "unicode20utf7", NULL },
	{ "csunicode11utf7", NULL },
	{ "iso88592", "iso-8859-2" }, { "latin2", NULL }, { "l2", NULL },
	{ "isolatin2", NULL }, { "csisolatin2", NULL }, { "isoir101", NULL },
	{ "iso88593", "iso-8859-3" }, { "latin3", NULL }, { "l3", NULL },
	{ "csisolatin3", NULL }, { "isoir109", NULL },
	{ "iso88594", "iso-8859-4" }, { "latin4", NULL }, { "l4", NULL },
	{ "csisolatin4", NULL }, { "isoir110", NULL },
	{ "iso88595", "iso-8859-5" }, { "cyrillic", NULL }, { "csisolatincyrillic", NULL },
	{ "isoir144", NULL },
	{ "iso88596", "iso-8859-6" }, { "iso88596e", NULL }, { "iso88596i", NULL },
	{ "arabic", NULL }, { "csisolatinarabic", NULL }, { "isoir127", NULL },
	{ "iso88597", "iso-8859-7" }, { "greek", NULL }, { "greek8", NULL },
	{ "csisolatingreek", NULL }, { "isoir126", NULL },
	{ "iso88598", "iso-8859-8" }, { "iso88598e", NULL }, { "iso88598i", NULL },
	{ "hebrew", NULL }, { "csisolatinhebrew", NULL }, { "logical", NULL },
	{ "visual", NULL }, { "isoir138", NULL },
	{ "iso885910", "iso-8859-10" }, { "latin6", NULL }, { "l6", NULL },
	{ "csisolatin6", NULL },
	{ "iso885913", "iso-8859-13" }, { "latin7", NULL },
	{ "iso885914", "iso-8859-14" }, { "latin8", NULL },
	{ "iso885915", "iso-8859-15" }, { "latin9", NULL }, { "csisolatin9", NULL },
	{ "iso885916", "iso-8859-16" }, { "latin10", NULL },
	{ "windows1250", "cp1250" }, { "cp1250", NULL }, { "xcp1250", NULL },
	{ "windows1251", "cp1251" }, { "cp1251", NULL }, { "xcp1251", NULL },
	{ "windows1253", "cp1253" }, { "cp1253", NULL }, { "xcp1253", NULL },
	{ "windows1254", "cp1254" }, { "cp1254", NULL }, { "xcp1254", NULL },
	{ "iso88599", NULL }, { "latin5", NULL }, { "l5", NULL }, { "csisolatin5", NULL },
	{ "isoir148", NULL },
	{ "windows1255", "cp1255" }, { "cp1255", NULL }, { "xcp1255", NULL },
	{ "windows1256", "cp1256" }, { "cp1256", NULL }, { "xcp1256", NULL },
	{ "windows1257", "cp1257" }, { "cp1257", NULL }, { "xcp1257", NULL },
	{ "windows1258", "cp1258" }, { "cp1258", NULL }, { "xcp1258", NULL },
	{ "windows874", "cp874" }, { "cp874", NULL }, { "dos874", NULL },
	{ "iso885911", NULL }, { "tis620", NULL },
	{ "koi8r", "koi8-r" }, { "koi8", NULL }, { "koi", NULL }, { "cskoi8r", NULL },
	{ "koi8u", "koi8-u" }, { "koi8ru", NULL }, { "koi8t", "koi8-t" },
	{ "ibm437", "cp437" }, { "cp437", NULL }, { "437", NULL }, { "dos437", NULL },
	{ "ibm737", "cp737" }, { "cp737", NULL }, { "ibm775", "cp775" }, { "cp775", NULL },
	{ "ibm850", "cp850" }, { "cp850", NULL }, { "850", NULL }, { "dos850", NULL },
	{ "ibm852", "cp852" }, { "cp852", NULL }, { "852", NULL },
	{ "ibm855", "cp855" }, { "cp855", NULL }, { "ibm857", "cp857" }, { "cp857", NULL },
	{ "ibm858", "cp858" }, { "cp858", NULL }, { "ibm00858", NULL },
	{ "ibm862", "cp862" }, { "cp862", NULL }, { "ibm864", "cp864" }, { "cp864", NULL },
	{ "ibm866", "cp866" }, { "cp866", NULL }, { "866", NULL }, { "csibm866", NULL },
	{ "ibm037", "cp037" }, { "cp037", NULL }, { "ibm500", "cp500" }, { "cp500", NULL },
	{ "macintosh", "macintosh" }, { "mac", NULL }, { "macroman", NULL },
	{ "xmacroman", NULL }, { "csmacintosh", NULL },
	{ "maccyrillic", "mac-cyrillic" }, { "xmaccyrillic", NULL }, { "xmacukrainian", NULL },
	{ "gb18030", "gb18030" }, { "gbk", NULL }, { "xgbk", NULL }, { "gb2312", NULL },
	{ "gb231280", NULL }, { "csgb2312", NULL }, { "euccn", NULL }, { "cp936", NULL },
	{ "windows936", NULL }, { "chinese", NULL }, { "isoir58", NULL },
	{ "big5", "big5-hkscs" }, { "big5hkscs", NULL }, { "xxbig5", NULL }, { "cnbig5", NULL },
	{ "csbig5", NULL }, { "cp950", NULL }, { "windows950", NULL },
	{ "euctw", "euc-tw" }, { "xeuctw", NULL },
	{ "eucjp", "euc-jp-ms" }, { "xeucjp", NULL }, { "cseucpkdfmtjapanese", NULL },
	{ "iso2022jp", "iso-2022-jp-2" }, { "csiso2022jp", NULL }, { "iso2022jp1", NULL },
	{ "iso2022jp2", NULL }, { "cp50220", NULL }, { "cp50221", NULL }, { "jis", NULL },
	{ "shiftjis", "cp932" }, { "xsjis", NULL }, { "sjis", NULL }, { "csshiftjis", NULL },
	{ "mskanji", NULL }, { "cp932", NULL }, { "windows31j", NULL }, { "windows932", NULL },
	{ "euckr", "uhc" }, { "cseuckr", NULL }, { "ksc56011987", NULL }, { "ksc5601", NULL },
	{ "ksc56011989", NULL }, { "korean", NULL }, { "uhc", NULL }, { "cp949", NULL },
	{ "windows949", NULL }, { "xwindows949", NULL }, { "isoir149", NULL },
	{ "iso2022kr", "iso-2022-kr" }, { "csiso2022kr", NULL }, { "johab", "johab" },
	{ "viscii", "viscii" }, { "tcvn", "tcvn" }, { "tcvn57121", NULL },
	{ "armscii8", "armscii-8" }, { "georgianps", "georgian-ps" },
	{ "georgianacademy", "georgian-academy" },
};

/* windows-1252 between 0x80 and 0x9f; the five that it lacks are the controls that they
 * are in iso-8859-1. */
static const uint16_t cp1252_high[32] = {
	0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
};

uint32_t
text_cp1252(unsigned char c)
{
	return c >= 0x80 && c < 0xa0 ? cp1252_high[c - 0x80] : c;
}

/* The name of a charset that is known, or NULL: also for us-ascii, which says nothing
 * about the bytes that are not. */
static const char *
known(const char *charset)
{
	char label[LABEL_MAX];
	const char *name = NULL;
	size_t n = 0;

	for (; charset && *charset; charset++) {
		unsigned char c = (unsigned char)*charset;

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			continue;
		if (n == sizeof(label) - 1)
			return NULL;
		label[n++] = (char)c;
	}
	label[n] = '\0';
	for (size_t i = 0; i < countof(charsets); i++) {
		if (charsets[i].name)
			name = charsets[i].name;
		if (strcmp(charsets[i].label, label) == 0)
			return name;
	}
	return NULL;
}

/* What a byte order mark says; it wins over what is written anywhere else. */
static const char *
by_mark(struct slice b, const char *name, size_t *skip)
{
	*skip = 0;
	/* the mark of UTF-32LE begins with that of UTF-16LE */
	if (name && strncmp(name, "utf-32", 6) == 0)
		return name;
	if (b.len >= 3 && memcmp(b.ptr, "\xef\xbb\xbf", 3) == 0) {
		*skip = 3;
		return "utf-8";
	}
	if (b.len >= 2 && memcmp(b.ptr, "\xff\xfe", 2) == 0) {
		*skip = 2;
		return "utf-16le";
	}
	if (b.len >= 2 && memcmp(b.ptr, "\xfe\xff", 2) == 0) {
		*skip = 2;
		return "utf-16be";
	}
	return name;
}

static unsigned
from_cp1252(struct slice b, struct str *out)
{
	const char *p = b.ptr, *end = p + b.len;
	unsigned lost = 0;

	while (p < end) {
		const char *run = p;
		unsigned char c;
		char seq[4];

		while (p < end && *p != '\0' && !(*p & 0x80))
			p++;
		str_add(out, run, (size_t)(p - run));
		if (p == end)
			break;
		c = (unsigned char)*p++;
		lost += c == 0;
		str_add(out, seq, (size_t)utf8_put(c ? text_cp1252(c) : 0xfffd, seq));
	}
	return lost;
}

/* The whole by iconv; what it cannot read is U+FFFD, a byte (or a unit) at a time. */
static unsigned
from_iconv(iconv_t cd, struct slice b, size_t unit, struct str *out)
{
	char *in = (char *)b.ptr, *to;	/* iconv(3) does not write to in */
	size_t left = b.len, room;
	unsigned lost = 0;

	while (left > 0) {
		char *before = in;
		bool stuck;

		str_grow(out, MAX(left, (size_t)ROOM));
		to = out->buf + out->len;
		room = out->alloc - out->len - 1;
		if (iconv(cd, &in, &left, &to, &room) != (size_t)-1)
			left = 0;
		/* no step forward, and room enough: never again the same call */
		stuck = left > 0 && (errno != E2BIG ||
		    (in == before && to == out->buf + out->len));
		out->len = (size_t)(to - out->buf);
		out->buf[out->len] = '\0';
		if (stuck) {
			size_t skip = errno == EINVAL ? left : MIN(unit, left);

			str_adds(out, "\xef\xbf\xbd");
			lost++;
			in += skip;
			left -= skip;
		}
	}
	/* what a stateful charset still holds back */
	str_grow(out, ROOM);
	to = out->buf + out->len;
	room = ROOM;
	if (iconv(cd, NULL, NULL, &to, &room) != (size_t)-1)
		out->len = (size_t)(to - out->buf);
	out->buf[out->len] = '\0';
	return lost;
}

/* gcc's analyser takes the -1 of iconv_open for something to be closed. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* false: the C library came without this one. */
static bool
convert(struct slice b, const char *name, struct str *out, unsigned *lost)
{
	size_t unit = strncmp(name, "utf-16", 6) == 0 ? 2 : strncmp(name, "utf-32", 6) == 0 ? 4 : 1;
	iconv_t cd = iconv_open("utf-8", name);
	struct str raw = STR_INIT;
	struct slice text;

	if (cd == (iconv_t)-1)
		return false;
	*lost = from_iconv(cd, b, unit, &raw);
	iconv_close(cd);
	text = str_slice(&raw);
	if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
		text = (struct slice){ text.ptr + 3, text.len - 3 };
	*lost += doc_clean(out, text);
	str_release(&raw);
	return true;
}

void
text_decode(struct slice bytes, const char *charset, struct str *out, const char **used,
    unsigned *lossy)
{
	size_t skip;
	const char *name = by_mark(bytes, known(charset), &skip);
	struct slice b = { bytes.ptr + skip, bytes.len - skip };
	unsigned lost = 0;

	if (bytes.len == 0)
		b = SLICE_LIT("");
	if (name && strcmp(name, "utf-8") != 0 && strcmp(name, "windows-1252") != 0 &&
	    !convert(b, name, out, &lost))
		name = NULL;
	if (!name)
		name = utf8_ok(b.ptr, b.len) ? "utf-8" : "windows-1252";
	if (strcmp(name, "utf-8") == 0)
		lost = doc_clean(out, b);
	else if (strcmp(name, "windows-1252") == 0)
		lost = from_cp1252(b, out);
	if (used)
		*used = name;
	if (lossy)
		*lossy = lost;
}
