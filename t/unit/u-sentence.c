/* sentence, grapheme: the rules one by one, the golden rules of 21 languages
 * beside the project, invariants on any bytes, linear time */
#include "alg/sentence.h"

#include "alg/grapheme.h"
#include "alg/sentence_private.h"
#include "base/str.h"
#include "fmt/json.h"
#include "t/unit/data.h"

/* The sentences of a text, each without its white space, with | between them:
 * upstream rewrites white space, we only point into the text. */
static void
squeeze(struct str *out, struct slice s)
{
	const char *p = s.ptr, *end = p + s.len;

	while (p < end) {
		int n = grapheme_white(p, end);

		if (!n)
			str_addc(out, *p);
		p += n ? n : 1;
	}
	str_addc(out, '|');
}

static unsigned
split(struct slice text, const char *lang, struct str *out)
{
	struct sentence_iter it;
	struct sentence s;
	unsigned n = 0;

	sentence_init(&it, text, lang);
	for (; sentence_next(&it, &s); n++)
		squeeze(out, (struct slice){ text.ptr + s.start, s.end - s.start });
	return n;
}

/* Own examples, a rule each; | is where a sentence ends, and not in the text. */
static const struct {
	const char *lang, *want;
} rules[] = {
	{ "en", "It rained. |We stayed in." },
	{ "en", "Did it rain? |It did! |We stayed." },
	{ "en", "Ask Dr. Brown or Mrs. Green about it." },
	{ "en", "The novel is by Ursula K. Le Guin. |Read it." },
	{ "en", "Both you and I. |Is that so?" },
	{ "en", "He left Acme Inc. in May. |She left Acme Inc. |They all left." },
	{ "en", "Bring a pen, paper, etc. |Come early." },
	{ "en", "They met in the U.S. |They married in the U.S. Embassy." },
	{ "en", "It starts at 8 p.m. |Be there by 7 p.m. at the latest." },
	{ "en", "See p. 12 and fig. 3 for more, e.g. Table 2, i.e. the last." },
	{ "en", "It costs 3.50 or .75 each. |That is 4.25 in all." },
	{ "en", "We waited... |Nobody came ... and so on." },
	{ "en", "Not that.| . . . But this." },
	{ "en", "\"Stop. Now!\" he said. |\"Why?\" |She went." },
	{ "en", "\xe2\x80\x9cStop. Now!\xe2\x80\x9d he said. |She went on (It was late. Very late.) alone." },
	{ "en", "It ended. |(It had begun well.) |All went home." },
	{ "en", "1. Wash it |2. Dry it |3. Fold it |a) Iron it |b) Wear it" },
	{ "en", "3. See section 4. |Then go on." },
	{ "en", "He said so.|Then he left.|I stayed." },
	{ "en", "Look at www.example.org and main.c or mail a.b@example.net. |Done." },
	{ "en", "i am tired. |let me sleep. |zzz." },
	{ "en", "This was shown before.[3][4] |Others agree.12 |But not all." },
	{ "en", "one\n|two\n|three" },
	{ "en", "A line of a letter that was wrapped by a mail program at\n72 columns goes on, with "
		"Mr. Brown in it and the like, up\nto its end. |And so on." },
	{ "en", "Oh!\xef\xb8\x8f |Yes.\xcc\x81 |No." },
	{ "en", "No full stop\n\n|another paragraph" },
	{ "de", "Am 3. Oktober war z. B. Frau Dr. Weiß da. |Das war gut." },
	{ "de", "\xe2\x80\x9eHalt. Wer da?\xe2\x80\x9c, rief er. |Niemand kam." },
	{ "fr", "Voir p. ex. M. Petit. |\xc2\xab Oui. Non. \xc2\xbb |Fin." },
	{ "es", "¿Viene el Sr. Paz? |¡Sí! |Bien." },
	{ "it", "Il dott. Rossi abita in via Roma 4. |Lo conosco." },
	{ "ru", "Это г. Москва, ул. Мира. |Да." },
	{ "el", "Τι ώρα είναι; |Είναι αργά." },
	{ "hy", "Բարեւ: |Ես գնում եմ։ |Այո։" },
	{ "ar", "من هناك؟ |أنا. |نعم۔ |لا." },
	{ "hi", "यह एक है। |वह दो है॥ |तीन।" },
	{ "my", "တစ်။|နှစ်။" },
	{ "am", "አንድ።|ሁለት፧|ሦስት" },
	{ "km", "មួយ។|ពីរ" },
	{ "zh", "你好。|你是谁？|「好。走吧！」他说。|价格是3．5元。" },
	{ "ja", "はい。|（そう。です。）ええ！|いいえ" },
};

START_TEST(test_rules)
{
	struct str text = STR_INIT, want = STR_INIT, got = STR_INIT;
	const char *p = rules[_i].want;

	for (const char *q = p;; q++) {
		if (*q == '|' || !*q) {
			squeeze(&want, (struct slice){ p, (size_t)(q - p) });
			p = q + 1;
		} else {
			str_addc(&text, *q);
		}
		if (!*q)
			break;
	}
	split(str_slice(&text), rules[_i].lang, &got);
	ck_assert_str_eq(got.buf, want.buf);
	str_release(&text);
	str_release(&want);
	str_release(&got);
}
END_TEST

/* The golden rules: how many at least, of how many, and by which code. Texts
 * that upstream cleans (HTML tags, stray newlines, dots) cannot be met: the
 * iterator changes nothing. */
static const struct {
	const char *name, *code;
	unsigned floor, all;
} langs[] = {
	{ "amharic", "am", 1, 1 }, { "arabic", "ar", 4, 5 }, { "armenian", "hy", 23, 23 },
	{ "bulgarian", "bg", 4, 4 }, { "burmese", "my", 1, 1 }, { "chinese", "zh", 2, 2 },
	{ "danish", "da", 70, 83 }, { "deutsch", "de", 32, 33 }, { "dutch", "nl", 1, 1 },
	{ "english", "en", 81, 93 }, { "french", "fr", 5, 5 }, { "greek", "el", 1, 1 },
	{ "hindi", "hi", 1, 1 }, { "italian", "it", 33, 33 }, { "japanese", "ja", 4, 4 },
	{ "kazakh", "kk", 2, 2 }, { "persian", "fa", 1, 1 }, { "polish", "pl", 1, 1 },
	{ "russian", "ru", 39, 39 }, { "spanish", "es", 30, 31 }, { "urdu", "ur", 1, 1 },
};

/* One row: 1 if it is met. */
static bool
golden(struct slice row, const char *code, bool tell)
{
	struct str text = STR_INIT, want = STR_INIT, got = STR_INIT, one = STR_INIT;
	struct slice list;
	enum json_tok tok;
	struct json j;
	bool same;

	ck_assert(json_get_string(row, "text", &text));
	ck_assert(json_get(row, "sentences", &list, &tok) && tok == JSON_ARR_OPEN);
	json_init(&j, list.ptr, list.len);
	json_next(&j);
	while (json_next(&j) == JSON_STRING) {
		str_reset(&one);
		json_unescape(j.text, &one);
		squeeze(&want, str_slice(&one));
	}
	json_release(&j);
	split(str_slice(&text), code, &got);
	same = slice_eq(str_slice(&want), str_slice(&got));
	if (!same && tell)
		printf("# %s\n#  want %s\n#  got  %s\n", code, want.buf, got.buf);
	str_release(&text);
	str_release(&want);
	str_release(&got);
	str_release(&one);
	return same;
}

START_TEST(test_golden)
{
	unsigned met[countof(langs)] = { 0 }, all[countof(langs)] = { 0 }, plain = 0;
	const char *path;
	char buf[512];
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f;

	path = data_path("sentence-golden/golden.ndjson", buf, sizeof(buf));
	if (!path)
		return;
	f = fopen(path, "rb");
	ck_assert(f != NULL);
	while ((n = getline(&line, &size, f)) > 0) {
		struct slice row = { line, (size_t)n };
		struct str lang = STR_INIT;
		size_t i = 0;

		ck_assert(json_get_string(row, "lang", &lang));
		while (i < countof(langs) && strcmp(langs[i].name, lang.buf) != 0)
			i++;
		ck_assert_msg(i < countof(langs), "%s", lang.buf);
		all[i]++;
		met[i] += golden(row, langs[i].code, getenv("SENTENCE_TELL") != NULL);
		plain += golden(row, "", false);
		str_release(&lang);
	}
	free(line);
	fclose(f);
	for (size_t i = 0; i < countof(langs); i++)
		printf("# golden %s: %u of %u\n", langs[i].name, met[i], all[i]);
	printf("# golden, no language given: %u\n", plain);
	fflush(stdout);
	for (size_t i = 0; i < countof(langs); i++) {
		ck_assert_uint_eq(all[i], langs[i].all);
		ck_assert_msg(met[i] >= langs[i].floor, "%s: %u, it was %u", langs[i].name,
		    met[i], langs[i].floor);
	}
}
END_TEST

START_TEST(test_words)
{
	for (size_t i = 0; i < nr_sentence_words; i++) {
		const struct sentence_words *w = &sentence_words[i];
		const struct sentence_list *lists[] = { &w->never, &w->number, &w->starter,
			&w->upper, &w->start };

		for (size_t k = 0; k < countof(lists); k++)
			for (size_t n = 0; n < lists[k]->nr; n++) {
				const char *word = lists[k]->words[n];

				ck_assert_msg(n == 0 || strcmp(lists[k]->words[n - 1], word) < 0,
				    "%s: \"%s\" is out of order", w->code, word);
				ck_assert(sentence_list_has(lists[k], word));
			}
	}
	ck_assert(!sentence_list_has(&sentence_words[0].never, "zebra"));
	ck_assert_str_eq(sentence_words_of("pt-BR")->code, "pt");
	ck_assert_str_eq(sentence_words_of("ptx")->code, "en");
	ck_assert_str_eq(sentence_words_of("")->code, "en");
	ck_assert_str_eq(sentence_words_of(NULL)->code, "en");
}
END_TEST

/* In order, not empty, only white space between them, whole code points. */
static unsigned
check_cover(struct slice text, const char *lang)
{
	const char *end = text.ptr + text.len;
	struct sentence_iter it;
	struct sentence s;
	size_t at = 0;
	unsigned nr = 0;

	sentence_init(&it, text, lang);
	for (;; nr++) {
		bool more = sentence_next(&it, &s);
		size_t until = more ? s.start : text.len;

		while (at < until) {
			int n = grapheme_white(text.ptr + at, end);

			ck_assert_int_gt(n, 0);
			at += (size_t)n;
		}
		ck_assert_uint_eq(at, until);
		if (!more)
			break;
		ck_assert(s.start < s.end && s.end <= text.len);
		ck_assert(!grapheme_white(text.ptr + s.start, end));
		ck_assert(grapheme_cp_floor(text.ptr, text.ptr + s.end, end) == text.ptr + s.end);
		at = s.end;
	}
	ck_assert(!sentence_next(&it, &s));
	return nr;
}

START_TEST(test_any_bytes)
{
	static const char *const bits[] = {
		" ", "\n", "\r\n", ".", "!", "?", ". ", "...", ". . .", "\"", "'", "(", ")", "[1]", "a",
		"A", "Mr.", "e.g.", "1.", "b)", "12", "The ", "word", "\xe3\x80\x82", "\xe2\x80\x9c",
		"\xe2\x80\x9d", "\xe2\x80\xa6", "\xc2\xa0", "\xe2\x80\xa8", "\xff", "\xe2\x80", "\xcc\x81",
		"\xe0\xa5\xa4", "\xd5\xa1", ":", ";", "\xe2\x80\xa2 ", "\t", "-", "<b>", "\0", "\xf0\x9f\x98\x80",
		"\xef\xbc\x8e", "\xc2\xab", "\xc2\xbb", "\xd0\x90", "\n\n",
	};
	struct str text = STR_INIT;
	unsigned total = 0;

	srand(7);
	for (int round = 0; round < 20000; round++) {
		int n = rand() % 40;

		str_reset(&text);
		for (int i = 0; i < n; i++) {
			const char *bit = bits[(size_t)rand() % countof(bits)];

			str_add(&text, bit, *bit ? strlen(bit) : 1);
		}
		total += check_cover(str_slice(&text), langs[round % countof(langs)].code);
	}
	ck_assert_uint_gt(total, 20000);
	ck_assert_uint_eq(check_cover((struct slice)SLICE_INIT, ""), 0);
	str_release(&text);
}
END_TEST

static void
repeat(struct str *s, const char *bit, size_t bytes)
{
	while (s->len < bytes)
		str_adds(s, bit);
}

/* Four times as much takes about four times as long, not sixteen; and nothing
 * takes 400 times as long as words, the first of them. */
START_TEST(test_linear)
{
	static const char *const bits[] = {
		"word ", "a", ".", " ", ". ", "! ", "\n", " \n", "\"", " \"", " '", "(", "((", "[", "\xe2\x80\x9c",
		"\xc2\xab", "a. ", "A. ", "1. ", "Mr. ", "e.g.", ". . ", "\xe2\x80\xa2 ", "[1]", ".1 ",
		"a.A", "x \n", "? (", "a' '", "\xcc\x81", "\xe0\xa5\xa4", "\xff", "A.\n", "\"a\n\n",
	};

	double words = 0;

	for (size_t i = 0; i < countof(bits); i++) {
		double took[2];

		for (int big = 0; big < 2; big++) {
			struct str text = STR_INIT;
			struct sentence_iter it;
			struct sentence one;

			repeat(&text, bits[i], big ? 2 << 20 : 1 << 19);
			took[big] = (double)clock();
			sentence_init(&it, str_slice(&text), "en");
			while (sentence_next(&it, &one))
				;
			took[big] = (double)clock() - took[big];
			str_release(&text);
		}
		if (i == 0)
			words = took[1];
		/* 50 ms are noise */
		ck_assert_msg(took[1] < MIN(8 * took[0], 400 * words) + CLOCKS_PER_SEC * .05,
		    "\"%s\": %f, then %f", bits[i], took[0] / CLOCKS_PER_SEC, took[1] / CLOCKS_PER_SEC);
	}
}
END_TEST

START_TEST(test_grapheme)
{
	static const struct {
		const char *text;
		size_t max, fit;
	} fits[] = {
		{ "abc", 2, 2 }, { "abc", 3, 3 }, { "abc", 9, 3 }, { "abc", 0, 0 },
		{ "a\xcc\x81z", 1, 0 }, { "a\xcc\x81z", 2, 0 }, { "a\xcc\x81z", 3, 3 },
		{ "x\r\ny", 1, 1 }, { "x\r\ny", 2, 1 }, { "x\r\ny", 3, 3 },
		{ "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xab\xf0\x9f\x87\xb7", 8, 8 },
		{ "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xab\xf0\x9f\x87\xb7", 15, 8 },
		{ "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", 4, 0 },
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb!", 7, 0 },	/* a woman, joined to a laptop */
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb!", 11, 11 },
		{ "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8z", 8, 0 },	/* one Hangul syllable */
		{ "\xff\xfe" "a", 1, 1 }, { "\xff\xcc\x81", 1, 1 }, { "\xe2\x80z", 1, 1 },
	};
	const char *euro = "\xe2\x82\xac";
	int len;

	for (size_t i = 0; i < countof(fits); i++)
		ck_assert_msg(grapheme_fit(fits[i].text, strlen(fits[i].text), fits[i].max) ==
		    fits[i].fit, "%zu", i);
	ck_assert(grapheme_between('a', 'b') && !grapheme_between('\r', '\n'));
	ck_assert(!grapheme_between('a', 0x301) && grapheme_between(0x301, 'a'));
	ck_assert(grapheme_between(0x200d, 'a') && grapheme_between(0x1f1e9, 'a'));
	ck_assert(!grapheme_between(0x200d, 0x1f4bb) && !grapheme_between(0x1f1e9, 0x1f1ea));
	ck_assert_uint_eq(grapheme_cp(euro, euro + 3, &len), 0x20ac);
	ck_assert_int_eq(len, 3);
	ck_assert_uint_eq(grapheme_cp(euro, euro + 2, &len), GRAPHEME_BAD);
	ck_assert_int_eq(len, 1);
	ck_assert_int_eq(grapheme_kind(0x416), GRAPHEME_UPPER);
	ck_assert_int_eq(grapheme_kind(0x436), GRAPHEME_LOWER);
	ck_assert_int_eq(grapheme_kind(0x4e2d), GRAPHEME_LETTER);
	ck_assert_uint_eq(grapheme_lower(0x416), 0x436);
	ck_assert(grapheme_unspaced(0x4e2d) && grapheme_unspaced(0xe01) && !grapheme_unspaced('a') &&
	    !grapheme_unspaced(0xac00) && !grapheme_unspaced(0x3002));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sentence");
	TCase *t = tcase_create("sentence");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_rules, 0, (int)countof(rules));
	tcase_add_test(t, test_golden);
	tcase_add_test(t, test_words);
	tcase_add_test(t, test_any_bytes);
	tcase_add_test(t, test_linear);
	tcase_add_test(t, test_grapheme);
	suite_add_tcase(s, t);
	return run_suite(s);
}
