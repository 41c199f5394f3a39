/* opt: the command line, its help and its listing */
#include "sys/opt.h"

#include <check.h>

#include "base/mem.h"

static bool dry_run, test;
static const char *spool, *min_count, *min_bytes;
static struct opt_list field;

static const struct opt options[] = {
	OPT_STR('s', "spool", &spool, "DIR", "the spool"),
	OPT_STR(0, "min-count", &min_count, "N", "open at N segments"),
	OPT_STR(0, "min-bytes", &min_bytes, "SIZE",
	    "open at SIZE in total, which is counted in bytes of the files as they lie"),
	OPT_LIST('F', "field", &field, "NAME", "one more field"),
	OPT_FLAG('n', "dry-run", &dry_run, "say what would be done"),
	OPT_FLAG('t', "test", &test, "only tell"),
	OPT_END
};
static const char *const commands[] = { "list", "show", "verify", NULL };
static const struct tool tool = {
	.name = "gate", .summary = "open the gate", .usage = "[-nt] [-s DIR]\nlist",
	.options = options, .examples = "gate --min-count 100\n",
};
static const struct tool with_commands = {
	.name = "gate", .summary = "open the gate", .options = options, .commands = commands,
};

static const struct opt stopping[] = {
	OPT_FLAG('n', "dry-run", &dry_run, "say what would be done"),
	OPT_STOP_AT_OPERAND,
	OPT_END
};
static const struct tool front = { .name = "front", .summary = "run", .options = stopping };

static struct opt_result got;
static struct err err;
static char *argv_copy[32];

static int
parse(const struct tool *t, ...)
{
	va_list ap;
	const char *word;
	int argc = 1;

	dry_run = test = false;
	spool = min_count = min_bytes = NULL;
	free(field.item);
	field = (struct opt_list){ NULL, 0, 0 };
	err_release(&err);
	argv_copy[0] = (char *)(uintptr_t)"prog";
	va_start(ap, t);
	while ((word = va_arg(ap, const char *)))
		argv_copy[argc++] = (char *)(uintptr_t)word;
	va_end(ap);
	argv_copy[argc] = NULL;
	return opt_parse(t, argc, argv_copy, &got, &err);
}
#define PARSE(...) parse(&tool, __VA_ARGS__, NULL)

static void
fails(const char *text, const char *hint)
{
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_str_eq(err.text, text);
	if (hint)
		ck_assert_str_eq(err.hint, hint);
	else
		ck_assert_ptr_null(err.hint);
}

START_TEST(forms)
{
	ck_assert_int_eq(parse(&tool, NULL), 0);
	ck_assert_int_eq(got.argc, 0);
	ck_assert_int_eq(PARSE("-s", "a", "--min-count", "5", "--min-bytes=6", "-nt"), 0);
	ck_assert_str_eq(spool, "a");
	ck_assert_str_eq(min_count, "5");
	ck_assert_str_eq(min_bytes, "6");
	ck_assert(dry_run && test);
	ck_assert_int_eq(PARSE("-sDIR", "--spool=", "-nsx"), 0);
	ck_assert_str_eq(spool, "x");
	ck_assert_int_eq(PARSE("--spool", "--test"), 0);
	ck_assert_str_eq(spool, "--test");
	ck_assert(!test);
	ck_assert_int_eq(PARSE("-Fa", "--field", "b", "-F", "c"), 0);
	ck_assert_uint_eq(field.nr, 3);
	ck_assert_str_eq(field.item[2], "c");
	ck_assert_int_eq(PARSE("--sp", "x", "--dry", "--min-c=2"), 0);
	ck_assert_str_eq(spool, "x");
	ck_assert(dry_run);
	ck_assert_str_eq(min_count, "2");
}
END_TEST

START_TEST(operands)
{
	ck_assert_int_eq(PARSE("a", "-n", "b", "-", "-s", "x", "--", "-t", "--"), 0);
	ck_assert_int_eq(got.argc, 5);
	ck_assert_str_eq(got.argv[0], "a");
	ck_assert_str_eq(got.argv[1], "b");
	ck_assert_str_eq(got.argv[2], "-");
	ck_assert_str_eq(got.argv[3], "-t");
	ck_assert_str_eq(got.argv[4], "--");
	ck_assert_ptr_null(got.argv[5]);
	ck_assert(dry_run && !test);
	ck_assert_int_eq(parse(&front, "-n", "tool", "-x", "--help", "--", "y", NULL), 0);
	ck_assert_int_eq(got.action, OPT_RUN);
	ck_assert_int_eq(got.argc, 5);
	ck_assert_str_eq(got.argv[2], "--help");
	ck_assert_str_eq(got.argv[3], "--");
	ck_assert_ptr_null(got.argv[5]);
}
END_TEST

START_TEST(common)
{
	ck_assert_int_eq(PARSE("-vv", "-q", "--verbose"), 0);
	ck_assert_int_eq(got.verbosity, 2);
	ck_assert_int_eq(PARSE("-qqq"), 0);
	ck_assert_int_eq(got.verbosity, -1);
	ck_assert_int_eq(PARSE("--version"), 0);
	ck_assert_int_eq(got.action, OPT_VERSION);
	ck_assert_int_eq(PARSE("--list-options"), 0);
	ck_assert_int_eq(got.action, OPT_LISTING);
	ck_assert_ptr_null(got.log_format);
	ck_assert_int_eq(PARSE("--log-format", "json", "--log-format=text"), 0);
	ck_assert_str_eq(got.log_format, "text");
	/* in force for the errors of other options, wherever it stands */
	ck_assert_int_eq(PARSE("--bogus", "--log=json", "-s"), -1);
	ck_assert_str_eq(got.log_format, "json");
	ck_assert_int_eq(PARSE("--bogus", "-V", "-x", "x", "-h"), 0);
	ck_assert_int_eq(got.action, OPT_HELP);
	ck_assert_int_eq(PARSE("-xh"), 0);
	ck_assert_int_eq(got.action, OPT_HELP);
	ck_assert_int_eq(PARSE("--", "-h"), 0);
	ck_assert_int_eq(got.action, OPT_RUN);
}
END_TEST

START_TEST(slips)
{
	ck_assert_int_eq(PARSE("--min-cuont", "5"), -1);
	fails("unknown option \"--min-cuont\"", "did you mean \"--min-count\"?");
	ck_assert_int_eq(PARSE("--frobnicate"), -1);
	fails("unknown option \"--frobnicate\"", "see \"gate --help\"");
	ck_assert_int_eq(PARSE("--min", "5"), -1);
	fails("option \"--min\" is ambiguous: --min-count, --min-bytes", NULL);
	ck_assert_int_eq(PARSE("--ver"), -1);
	fails("option \"--ver\" is ambiguous: --version, --verbose", NULL);
	ck_assert_int_eq(PARSE("--list"), -1);
	ck_assert_int_eq(PARSE("--=x"), -1);
	ck_assert_int_eq(PARSE("--dry-run=yes"), -1);
	fails("option \"--dry-run\" takes no value", NULL);
	ck_assert_int_eq(PARSE("--spool"), -1);
	fails("option \"--spool\" needs a value: DIR", NULL);
	ck_assert_int_eq(PARSE("-ns"), -1);
	fails("option \"-s\" needs a value: DIR", NULL);
	ck_assert_int_eq(PARSE("-x", "--spool"), -1);
	fails("unknown option \"-x\"", "see \"gate --help\"");
	ck_assert_int_eq(PARSE("--log-format", "xml"), -1);
	fails("option \"--log-format\" is \"xml\", not text or json", NULL);
	ck_assert_ptr_null(got.log_format);
	ck_assert_int_eq(PARSE("--log-format"), -1);
	fails("option \"--log-format\" needs a value: FORMAT", NULL);
	ck_assert_int_eq(PARSE("-\xc3\xa4"), -1);
	fails("unknown option \"-\xc3\xa4\"", "see \"gate --help\"");
}
END_TEST

START_TEST(sub_commands)
{
	ck_assert_int_eq(parse(&with_commands, "-n", "show", "x", NULL), 0);
	ck_assert_str_eq(got.argv[0], "show");
	ck_assert_int_eq(parse(&with_commands, "help", NULL), 0);
	ck_assert_int_eq(got.action, OPT_HELP);
	ck_assert_int_eq(parse(&with_commands, "show", "-h", NULL), 0);
	ck_assert_int_eq(got.action, OPT_HELP);
	ck_assert_int_eq(parse(&with_commands, "verfy", NULL), -1);
	fails("unknown command \"verfy\"", "did you mean \"verify\"?");
	ck_assert_int_eq(parse(&with_commands, "drop", NULL), -1);
	fails("unknown command \"drop\"", "see \"gate --help\"");
	ck_assert_int_eq(parse(&with_commands, NULL), 0);
}
END_TEST

START_TEST(nearest)
{
	static const char *const words[] = { "count", "bytes", "of", NULL };

	ck_assert_str_eq(opt_nearest("cuont", words), "count");
	ck_assert_str_eq(opt_nearest("byte", words), "bytes");
	ck_assert_str_eq(opt_nearest("ocutn", words), "count");
	ck_assert_str_eq(opt_nearest("xbytess", words), "bytes");
	ck_assert_str_eq(opt_nearest("count", words), "count");
	ck_assert_ptr_null(opt_nearest("xbytesss", words));
	ck_assert_ptr_null(opt_nearest("", words));
	ck_assert_ptr_null(opt_nearest("", (const char *const[]){ NULL }));
	ck_assert_ptr_null(opt_nearest("a-word-that-is-longer-than-any-name-of-an-option-"
	    "that-anybody-would-like-to-type", words));
}
END_TEST

START_TEST(help)
{
	static const char want[] =
	    "usage: gate [-nt] [-s DIR]\n"
	    "       gate list\n"
	    "\n"
	    "open the gate\n"
	    "\n"
	    "Options:\n"
	    "  -s, --spool DIR          the spool\n"
	    "      --min-count N        open at N segments\n"
	    "      --min-bytes SIZE     open at SIZE in total, which is counted in bytes of\n"
	    "                           the files as they lie\n"
	    "  -F, --field NAME         one more field\n"
	    "  -n, --dry-run            say what would be done\n"
	    "  -t, --test               only tell\n"
	    "  -h, --help               print this help\n"
	    "  -V, --version            print the version\n"
	    "  -v, --verbose            say more; twice: still more\n"
	    "  -q, --quiet              say errors only\n"
	    "      --log-format FORMAT  how messages are written: text or json\n"
	    "\n"
	    "Examples:\n"
	    "  gate --min-count 100\n"
	    "\n"
	    "See sluice-gate(1).\n";
	struct str out = STR_INIT;

	opt_help(&tool, &out);
	ck_assert_str_eq(out.buf, want);
	str_reset(&out);
	opt_help(&with_commands, &out);
	ck_assert_ptr_nonnull(strstr(out.buf, "usage: gate\n"));
	ck_assert_ptr_nonnull(strstr(out.buf, "\nCommands: list show verify\n"));
	ck_assert_ptr_null(strstr(out.buf, "Examples"));
	str_release(&out);
}
END_TEST

START_TEST(listing)
{
	struct str out = STR_INIT;

	opt_listing(&with_commands, &out);
	ck_assert_ptr_eq(strstr(out.buf, "--spool\t-s\tDIR\tthe spool\n"
	    "--min-count\t\tN\topen at N segments\n"), out.buf);
	ck_assert_ptr_nonnull(strstr(out.buf, "\n--quiet\t-q\t\tsay errors only\n"
	    "--log-format\t\tFORMAT\thow messages are written: text or json\n"
	    "command\tlist\ncommand\tshow\ncommand\tverify\n"));
	ck_assert_ptr_null(strstr(out.buf, "list-options"));
	str_release(&out);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { forms, operands, common, slips, sub_commands, nearest,
		help, listing };
	Suite *s = suite_create("opt");
	TCase *tc = tcase_create("opt");
	SRunner *sr;
	int failed;

	for (size_t i = 0; i < countof(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
