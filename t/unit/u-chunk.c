/* chunk: examples of every rule, all promises on random text of many scripts
 * with random options, errors, linear time */
#include "t/unit/chunk-test.h"

#include "t/unit/data.h"

static struct chunks
chunks_of(struct slice text, const struct chunk_options *opt)
{
	struct chunks c = CHUNKS_INIT;
	struct err err = ERR_INIT;

	ck_assert_msg(chunk_split(text, opt, &c, &err) == 0, "%s", err.text);
	return c;
}

/* `path:[overlap]body|`, the path where there is one, the overlap likewise. */
static void
draw(struct slice text, const struct chunk_options *opt, struct str *out)
{
	struct chunks c = chunks_of(text, opt);
	struct str path = STR_INIT;

	for (size_t i = 0; i < c.nr; i++) {
		const struct chunk *k = &c.v[i];

		str_reset(&path);
		chunk_heading(&c, k, &path);
		if (path.len)
			str_addf(out, "%s:", path.buf);
		if (k->start < k->body_start)
			str_addf(out, "[%.*s]", (int)(k->body_start - k->start),
			    text.ptr + k->start);
		str_add(out, text.ptr + k->body_start, k->end - k->body_start);
		str_addc(out, '|');
	}
	str_release(&path);
	chunks_release(&c);
}

#define LONG_WORD "abcdefghijklmnopqrstuvwxyz"

static const struct {
	size_t size, overlap;
	enum chunk_unit unit;
	enum chunk_markup markup;
	const char *text, *want;
} examples[] = {
	{ 100, 0, CHUNK_BYTES, CHUNK_PLAIN, "", "" },
	{ 100, 0, CHUNK_BYTES, CHUNK_PLAIN, " \n\t\xc2\xa0\xe3\x80\x80\r\n", "" },
	{ 100, 0, CHUNK_BYTES, CHUNK_PLAIN, " One. ", " One. |" },
	/* paragraphs, sentences, lines, words, letters */
	{ 20, 0, CHUNK_BYTES, CHUNK_PLAIN, "One two.\n\nThree four. Five.",
		"One two.\n\n|Three four. Five.|" },
	{ 24, 0, CHUNK_BYTES, CHUNK_PLAIN, "No.\n\nThree four. Five six.",
		"No.\n\nThree four. |Five six.|" },
	{ 12, 0, CHUNK_BYTES, CHUNK_PLAIN, "One two. Three. Four.", "One two. |Three. Four.|" },
	{ 12, 0, CHUNK_BYTES, CHUNK_PLAIN, "one\ntwo a\nthree four\nfive",
		"one\ntwo a\n|three four\n|five|" },
	{ 10, 0, CHUNK_BYTES, CHUNK_PLAIN, "one two three four five", "one two |three four| five|" },
	{ 10, 0, CHUNK_BYTES, CHUNK_PLAIN, LONG_WORD " z", "abcdefghij|klmnopqrst|uvwxyz z|" },
	{ 10, 0, CHUNK_BYTES, CHUNK_PLAIN, "ab " LONG_WORD, "ab |abcdefghij|klmnopqrst|uvwxyz|" },
	{ 10, 0, CHUNK_BYTES, CHUNK_PLAIN, "  " LONG_WORD, "  abcdefgh|ijklmnopqr|stuvwxyz|" },
	/* what does not fit leads the next, or stands alone */
	{ 4, 0, CHUNK_BYTES, CHUNK_PLAIN, "ab.   Cd.", "ab. |  |Cd.|" },
	{ 4, 0, CHUNK_BYTES, CHUNK_PLAIN, "abcd         ", "abcd|    |    | |" },
	{ 5, 0, CHUNK_BYTES, CHUNK_PLAIN, "abcd\r\n\r\nef", "abcd|\r\n\r\n|ef|" },
	/* the overlap: a sentence, a word, what room it leaves */
	{ 20, 8, CHUNK_BYTES, CHUNK_PLAIN, "One two. Three. Four five six.",
		"One two. Three. |Four five six.|" },
	{ 24, 8, CHUNK_BYTES, CHUNK_PLAIN, "One two. Three. Four five six.",
		"One two. Three. |[Three. ]Four five six.|" },
	{ 20, 9, CHUNK_BYTES, CHUNK_PLAIN, "one two three four five six seven",
		"one two three four |[four ]five six seven|" },
	{ 20, 19, CHUNK_BYTES, CHUNK_PLAIN, "One. Two. Three. Four. Five.",
		"One. Two. Three. |[Two. Three. ]Four. |[Three. Four. ]Five.|" },
	{ 10, 9, CHUNK_BYTES, CHUNK_PLAIN, "ab cd efghijkl m",
		"ab cd |efghijkl m|" },
	{ 10, 5, CHUNK_BYTES, CHUNK_PLAIN, LONG_WORD, "abcdefghij|klmnopqrst|uvwxyz|" },
	/* graphemes: an accent, flags, CR LF; too long for a chunk; too long for any */
	{ 3, 0, CHUNK_BYTES, CHUNK_PLAIN, "ae\xcc\x81o", "a|e\xcc\x81|o|" },
	{ 9, 0, CHUNK_BYTES, CHUNK_PLAIN, "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xab\xf0\x9f\x87\xb7",
		"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa|\xf0\x9f\x87\xab\xf0\x9f\x87\xb7|" },
	{ 4, 0, CHUNK_BYTES, CHUNK_PLAIN, "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", "\xf0\x9f\x87\xa9|\xf0\x9f\x87\xaa|" },
	{ 1, 0, CHUNK_BYTES, CHUNK_PLAIN, "a\xe4\xb8\xad" "b", "a|\xe4\xb8\xad|b|" },
	{ 2, 0, CHUNK_BYTES, CHUNK_PLAIN, "\xff\xfe\xfd", "\xff\xfe|\xfd|" },
	/* no blanks, and no full stop at the beginning of a line */
	{ 10, 3, CHUNK_BYTES, CHUNK_PLAIN, "\xe4\xb8\x80\xe4\xba\x8c\xe4\xb8\x89\xe5\x9b\x9b\xe3\x80\x82",
		"\xe4\xb8\x80\xe4\xba\x8c\xe4\xb8\x89|[\xe4\xb8\x89]\xe5\x9b\x9b\xe3\x80\x82|" },
	/* words */
	{ 3, 0, CHUNK_WORDS, CHUNK_PLAIN, "one two three four", "one two three |four|" },
	{ 3, 1, CHUNK_WORDS, CHUNK_PLAIN, "one two three four", "one two three |[three ]four|" },
	{ 3, 0, CHUNK_WORDS, CHUNK_PLAIN, "One. Two three. Four.", "One. Two three. |Four.|" },
	{ 2, 0, CHUNK_WORDS, CHUNK_PLAIN, "a \xe4\xb8\x80\xe4\xba\x8c b", "a \xe4\xb8\x80|\xe4\xba\x8c b|" },
	{ 1, 0, CHUNK_WORDS, CHUNK_PLAIN, "\xe4\xb8\xad\xc3\xa9\xc3\xa9", "\xe4\xb8\xad|\xc3\xa9\xc3\xa9|" },
	{ 1, 0, CHUNK_WORDS, CHUNK_PLAIN, LONG_WORD LONG_WORD LONG_WORD, LONG_WORD LONG_WORD
		"abcdefghijkl|mnopqrstuvwxyz|" },
	/* Markdown: headings, their paths, what is none */
	{ 100, 50, CHUNK_BYTES, CHUNK_MARKDOWN, "# A #\n\nx\n\n## B\ny\n# C\nz",
		"A:# A #\n\nx\n\n|A > B:## B\ny\n|C:# C\nz|" },
	{ 100, 0, CHUNK_BYTES, CHUNK_MARKDOWN, "\n\n# A\n## B\n\n### C\nx\n## D\n### E\n# F",
		"A > B > C:\n\n# A\n## B\n\n### C\nx\n|A > D > E:## D\n### E\n|F:# F|" },
	{ 100, 0, CHUNK_BYTES, CHUNK_MARKDOWN, "x\n\nA\n===\ny\n\nB\nb\n---\nz\n\n---\n\nw",
		"x\n\n|A:A\n===\ny\n\n|A > B b:B\nb\n---\nz\n\n---\n\nw|" },
	{ 100, 0, CHUNK_BYTES, CHUNK_MARKDOWN, "# A\n```sh\n# x\n````\n~~~\n# z\n```\n~~~\n# B\n`` `# y` ``",
		"A:# A\n```sh\n# x\n````\n~~~\n# z\n```\n~~~\n|B:# B\n`` `# y` ``|" },
	{ 100, 0, CHUNK_BYTES, CHUNK_MARKDOWN, "#A\n    # x\n####### y\n\\# z\n- a\n---\n> # q\nw\n---\n",
		"#A\n    # x\n####### y\n\\# z\n- a\n---\n> # q\nw\n---\n|" },
	{ 100, 0, CHUNK_BYTES, CHUNK_MARKDOWN, "---\ntitle: x\n# y\n---\n# A\n<!--\n# z\n-->\n```\n# open",
		"---\ntitle: x\n# y\n---\n|A:# A\n<!--\n# z\n-->\n```\n# open|" },
	{ 100, 0, CHUNK_BYTES, CHUNK_MARKDOWN, "# \n\nx\n### C\n\ny\n## B\nz",
		"# \n\nx\n|C:### C\n\ny\n|B:## B\nz|" },
	{ 100, 0, CHUNK_BYTES, CHUNK_MARKDOWN, "````\n```\n# x\n````\n# A",
		"````\n```\n# x\n````\n|A:# A|" },
	{ 100, 0, CHUNK_BYTES, CHUNK_MARKDOWN, "\xe2\x80\xa8 A\xc2\xa0\xe3\x80\x80" "B\n===\nx",
		"A B:\xe2\x80\xa8 A\xc2\xa0\xe3\x80\x80" "B\n===\nx|" },
	{ 16, 0, CHUNK_BYTES, CHUNK_MARKDOWN, "```\nif a. B:\n  go. To\n```\n",
		"```\nif a. B:\n|  go. To\n```\n|" },
	{ 100, 0, CHUNK_BYTES, CHUNK_PLAIN, "# A\nx\n# B\ny", "# A\nx\n# B\ny|" },
};

START_TEST(test_examples)
{
	struct chunk_options opt = CHUNK_OPTIONS_INIT;
	struct str got = STR_INIT;

	opt.size = examples[_i].size;
	opt.overlap = examples[_i].overlap;
	opt.unit = examples[_i].unit;
	opt.markup = examples[_i].markup;
	draw((struct slice){ examples[_i].text, strlen(examples[_i].text) }, &opt, &got);
	ck_assert_str_eq(got.buf, examples[_i].want);
	str_release(&got);
}
END_TEST

/* Mail: quotes and the signature are spans that nothing crosses. */
START_TEST(test_borders)
{
	const char *text = "He wrote:\n> One.\n> Two.\nYes. No.\n-- \nA. B.\n";
	const struct chunk_span spans[] = { { 10, 24 }, { 33, 43 } };
	struct chunk_options opt = CHUNK_OPTIONS_INIT;
	struct str got = STR_INIT;

	opt.markup = CHUNK_MAIL;
	opt.borders = spans;
	opt.nr_borders = 2;
	opt.title = (struct slice)SLICE_LIT(" Re:\n budget ");
	draw((struct slice){ text, strlen(text) }, &opt, &got);
	ck_assert_str_eq(got.buf, "Re: budget:He wrote:\n|Re: budget:> One.\n> Two.\n|"
	    "Re: budget:Yes. No.\n|Re: budget:-- \nA. B.\n|");
	str_release(&got);
}
END_TEST

START_TEST(test_heading_path)
{
	struct chunk_options opt = CHUNK_OPTIONS_INIT;
	struct str text = STR_INIT, path = STR_INIT;
	struct chunks c;

	/* a long heading is cut before a letter with its accent; 199 bytes fit */
	str_adds(&text, "# ");
	for (int i = 0; i < 199; i++)
		str_addc(&text, 'x');
	str_adds(&text, "e\xcc\x81nd\n\nText.\n");
	opt.markup = CHUNK_MARKDOWN;
	opt.title = (struct slice)SLICE_LIT("T");
	c = chunks_of(str_slice(&text), &opt);
	ck_assert_uint_eq(c.nr, 1);
	chunk_heading(&c, &c.v[0], &path);
	ck_assert_uint_eq(path.len, strlen("T > ") + 199);
	chunks_release(&c);
	/* one endless cluster, at a code point */
	str_reset(&text);
	str_adds(&text, "# x");
	for (int i = 0; i < 300; i++)
		str_adds(&text, "\xcc\x81");
	opt.title = (struct slice)SLICE_INIT;
	c = chunks_of(str_slice(&text), &opt);
	str_reset(&path);
	chunk_heading(&c, &c.v[0], &path);
	ck_assert_uint_eq(path.len, CHUNK_TITLE_MAX - 1);
	ck_assert(utf8_ok(path.buf, path.len));
	chunks_release(&c);
	str_release(&text);
	str_release(&path);
}
END_TEST

START_TEST(test_errors)
{
	static const struct chunk_span bad[][2] = {
		{ { 0, 99 }, { 99, 99 } }, { { 3, 2 }, { 3, 3 } }, { { 0, 3 }, { 2, 4 } },
	};
	struct chunk_options opt = CHUNK_OPTIONS_INIT;
	struct chunks c = CHUNKS_INIT;
	struct err err = ERR_INIT;

	opt.size = 0;
	ck_assert_int_eq(chunk_split((struct slice)SLICE_LIT("x"), &opt, &c, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	opt.size = 5;
	for (opt.overlap = 0; opt.overlap < 5; opt.overlap++)
		ck_assert_int_eq(chunk_split((struct slice)SLICE_LIT("x"), &opt, &c, &err), 0);
	for (; opt.overlap < 7; opt.overlap++) {
		ck_assert_int_eq(chunk_split((struct slice)SLICE_LIT("x"), &opt, &c, &err), -1);
		ck_assert_int_eq(err.kind, ERR_USAGE);
		ck_assert(strstr(err.text, "overlap") && err.hint);
	}
	opt.overlap = CHUNK_OVERLAP_DEFAULT;
	for (opt.size = 1; opt.size < 9; opt.size++)
		ck_assert_int_eq(chunk_split((struct slice)SLICE_LIT("x"), &opt, &c, &err), 0);
	opt.nr_borders = 2;
	for (size_t i = 0; i < countof(bad); i++) {
		opt.borders = bad[i];
		ck_assert_int_eq(chunk_split((struct slice)SLICE_LIT("text"), &opt, &c, &err), -1);
		ck_assert_int_eq(err.kind, ERR_DATA);
	}
	err_release(&err);
	chunks_release(&c);
}
END_TEST

/* Real text: a few sentences in scripts of all kinds. */
static const char *const scripts[] = {
	"The council met on Monday, 3 May, at 10 a.m. Mr. Ames spoke first. \"We have no choice,\" "
		"he said. Nobody answered! It was over by noon, wasn't it?",
	"Совет собрался в понедельник. Г. Петров говорил первым: «У нас нет выбора». Никто не ответил!",
	"Το συμβούλιο συνήλθε τη Δευτέρα. Ποιος μίλησε πρώτος; Κανείς δεν απάντησε.",
	"اجتمع المجلس يوم الاثنين. من تكلم أولاً؟ لم يجب أحد، وانتهى كل شيء عند الظهر.",
	"המועצה התכנסה ביום שני. מי דיבר ראשון? אִישׁ לֹא עָנָה.",
	"परिषद की बैठक सोमवार को हुई। पहले कौन बोला? किसी ने उत्तर नहीं दिया।",
	"সোমবার পরিষদের সভা হয়েছিল। কে প্রথমে কথা বলেছিল? কেউ উত্তর দেয়নি।",
	"สภาประชุมกันเมื่อวันจันทร์ ใครพูดก่อน ไม่มีใครตอบ ทุกอย่างจบลงตอนเที่ยง",
	"理事会于星期一开会。谁先发言？“我们别无选择，”他说。没有人回答！",
	"理事会は月曜日に開かれた。「仕方がない。」と彼は言った。誰も答えなかった！",
	"이사회는 월요일에 열렸다. 누가 먼저 말했나? 아무도 대답하지 않았다.",
	"Խորհուրդը հավաքվեց երկուշաբթի: Ո՞վ խոսեց առաջինը։ Ոչ ոք չպատասխանեց։",
	"საბჭო ორშაბათს შეიკრიბა. ვინ ილაპარაკა პირველმა? არავინ უპასუხა.",
	"சபை திங்கட்கிழமை கூடியது. முதலில் யார் பேசினார்? யாரும் பதிலளிக்கவில்லை.",
	"👩‍💻👨‍👩‍👧‍👦🇩🇪🇫🇷🏳️‍🌈 ok 👍🏽! é̂̃ñ",
};

static const char *const bits[] = {
	" ", "\n", "\n\n", "\r\n", "\t", "    ", ". ", "! ", "? ", ".", "a", "word ", "The ", "Mr. ",
	"\xcc\x81", "\xe2\x80\x8d", "\xff", "\xe2\x80", "\xc2\xa0", "\xe3\x80\x80", "\xe3\x80\x82",
	"# H\n", "## I\n", "\n### J\n", "```\n", "K\n===\n", "> q\n", "- l\n", "\xf0\x9f\x87\xa9",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d", LONG_WORD LONG_WORD LONG_WORD, "\"", "(", ")", "1. ",
	"\xd8\x80", "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7", "\0",
};

static void
random_text(struct str *text)
{
	int n = rand() % 30;

	str_reset(text);
	for (int i = 0; i < n; i++) {
		if (rand() % 3 == 0) {
			const char *s = scripts[(size_t)rand() % countof(scripts)];

			/* whole, or torn anywhere */
			str_add(text, s, rand() % 2 ? strlen(s) : (size_t)rand() % strlen(s));
			if (rand() % 2)
				str_addc(text, rand() % 2 ? ' ' : '\n');
		} else {
			const char *bit = bits[(size_t)rand() % countof(bits)];

			for (int k = rand() % 20 ? 1 : rand() % 60; k > 0; k--)
				str_add(text, bit, *bit ? strlen(bit) : 1);
		}
	}
}

static void
random_options(struct chunk_options *opt, struct chunk_span spans[3], size_t len)
{
	static const size_t sizes[] = { 4, 10, 30, 100, 400, 2000 };
	static const char *const langs[] = { "", "en", "de", "ru", "ja", "ar" };
	size_t at = 0;

	opt->unit = rand() % 2 ? CHUNK_BYTES : CHUNK_WORDS;
	opt->size = 1 + (size_t)rand() % sizes[(size_t)rand() % countof(sizes)];
	opt->overlap = rand() % 4 ? (size_t)rand() % opt->size : CHUNK_OVERLAP_DEFAULT;
	opt->markup = (enum chunk_markup)(rand() % 3);
	opt->lang = langs[(size_t)rand() % countof(langs)];
	opt->borders = spans;
	opt->nr_borders = 0;
	while (opt->nr_borders < 3 && rand() % 3 == 0) {
		struct chunk_span *s = &spans[opt->nr_borders++];

		s->start = at + (size_t)rand() % (len - at + 1);
		s->end = at = s->start + (size_t)rand() % (len - s->start + 1);
	}
}

START_TEST(test_promises)
{
	struct chunk_options opt = CHUNK_OPTIONS_INIT;
	struct str text = STR_INIT;
	struct chunk_span spans[3];
	size_t total = 0, blank = 0, lapped = 0;

	srand((unsigned)_i + 1);
	for (int round = 0; round < 3000; round++) {
		struct chunks c, again;
		unsigned char *place;
		struct slice t;
		size_t bad;
		int line = 0;

		random_text(&text);
		random_options(&opt, spans, text.len);
		t = (struct slice){ text.buf, text.len };
		c = chunks_of(t, &opt);
		place = mark_places(t, &opt);
		bad = broken_chunk(t, &opt, &c, place, &line);
		ck_assert_msg(bad == c.nr, "seed %d, round %d, chunk %zu of %zu: chunk-test.h:%d, "
		    "size %zu, overlap %zu, unit %d, markup %d, borders %zu: \"%s\"", _i + 1, round,
		    bad, c.nr, line, opt.size, opt.overlap, opt.unit, opt.markup, opt.nr_borders,
		    text.buf);
		again = chunks_of(t, &opt);
		ck_assert_uint_eq(again.nr, c.nr);
		for (size_t i = 0; i < c.nr; i++) {
			ck_assert(again.v[i].start == c.v[i].start && again.v[i].end == c.v[i].end);
			blank += c.v[i].blank;
			lapped += c.v[i].start < c.v[i].body_start;
		}
		total += c.nr;
		free(place);
		chunks_release(&c);
		chunks_release(&again);
	}
	ck_assert_uint_gt(total, 30000);
	ck_assert_uint_gt(blank, 100);
	ck_assert_uint_gt(lapped, 1000);
	str_release(&text);
}
END_TEST

/* Much of each script, with the default options: chunks are well filled and
 * overlap. */
START_TEST(test_scripts)
{
	struct chunk_options opt = CHUNK_OPTIONS_INIT;
	struct str text = STR_INIT;
	unsigned char *place;
	size_t lapped = 0;
	struct chunks c;
	int line = 0;

	for (int i = 0; i < 100; i++) {
		str_adds(&text, scripts[_i]);
		str_adds(&text, i % 5 == 4 ? "\n\n" : " ");
	}
	opt.overlap = 300;
	c = chunks_of(str_slice(&text), &opt);
	place = mark_places(str_slice(&text), &opt);
	ck_assert_uint_eq(broken_chunk(str_slice(&text), &opt, &c, place, &line), c.nr);
	ck_assert_msg(c.nr < 5 * text.len / opt.size, "%zu of %zu bytes", c.nr, text.len);
	for (size_t i = 1; i < c.nr; i++)
		lapped += c.v[i].start < c.v[i].body_start;
	ck_assert_msg(lapped > c.nr / 2, "%zu of %zu", lapped, c.nr);
	free(place);
	chunks_release(&c);
	str_release(&text);
}
END_TEST

/* Four times as much takes about four times as long. */
START_TEST(test_linear)
{
	static const char *const lines[] = {
		"x", "x ", "\n", " ", "\n\n", "# H\n", "###### H\n# I\n", "\xcc\x81", "a\xcc\x81",
		"\xf0\x9f\x87\xa9", "\xe2\x80\x8d", "\xff", "\xe4\xb8\x80", "\xe0\xb8\x81", "a. ", "```\n",
		"```\nx\n```\n", "x\n===\n", "\r", "\r\n", "<!--\n", "> \n", "(", "\"", "' ", "\xe3\x80\x80",
		"x \n\n\n \t\n", ". . ", LONG_WORD " ", "---\n", "\xe1\x84\x80",
	};

	for (size_t i = 0; i < countof(lines); i++)
		for (int kind = 0; kind < 3; kind++) {
			struct chunk_options opt = CHUNK_OPTIONS_INIT;
			double took[2];

			opt.unit = kind == 1 ? CHUNK_WORDS : CHUNK_BYTES;
			opt.markup = kind == 1 ? CHUNK_PLAIN : CHUNK_MARKDOWN;
			opt.overlap = kind == 2 ? 600 : CHUNK_OVERLAP_DEFAULT;
			for (int big = 0; big < 2; big++) {
				struct str text = STR_INIT;
				struct chunks c;

				str_adds(&text, "y");
				while (text.len < (big ? 1u << 20 : 1u << 18))
					str_adds(&text, lines[i]);
				took[big] = (double)clock();
				c = chunks_of(str_slice(&text), &opt);
				took[big] = (double)clock() - took[big];
				ck_assert_uint_gt(c.nr, 0);
				chunks_release(&c);
				str_release(&text);
			}
			ck_assert_msg(took[1] < 8 * took[0] + CLOCKS_PER_SEC * .05, "\"%s\", %d: "
			    "%f, then %f", lines[i], kind, took[0] / CLOCKS_PER_SEC,
			    took[1] / CLOCKS_PER_SEC);
		}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chunk");
	TCase *t = tcase_create("chunk");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_examples, 0, (int)countof(examples));
	tcase_add_test(t, test_borders);
	tcase_add_test(t, test_heading_path);
	tcase_add_test(t, test_errors);
	tcase_add_loop_test(t, test_promises, 0, 8);
	tcase_add_loop_test(t, test_scripts, 0, (int)countof(scripts));
	tcase_add_test(t, test_linear);
	suite_add_tcase(s, t);
	return run_suite(s);
}
