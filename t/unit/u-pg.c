/*
 * u-pg.c - what an SQLSTATE means for us (the table at the end of DESIGN's
 * order of effects), and errors of connecting that need no server.
 */
#include "svc/pg.h"

#include <check.h>

static const struct {
	const char *state;
	enum pg_class class;
} table[] = {
	{ "08000", PG_RETRY }, { "08006", PG_RETRY }, { "08P01", PG_RETRY },
	{ "40001", PG_RETRY }, { "40P01", PG_RETRY }, { "53100", PG_RETRY },
	{ "53300", PG_RETRY }, { "55P03", PG_RETRY }, { "57P01", PG_RETRY },
	{ "57P03", PG_RETRY }, { "58030", PG_RETRY }, { "57014", PG_RETRY },
	{ "25006", PG_RETRY },
	{ "23514", PG_PARTITION },
	{ "22001", PG_RECORD }, { "22P02", PG_RECORD }, { "22P05", PG_RECORD },
	{ "23505", PG_RECORD }, { "23502", PG_RECORD }, { "54000", PG_RECORD },
	{ "54001", PG_RECORD },
	{ "28000", PG_STOP }, { "28P01", PG_STOP }, { "42501", PG_STOP },
	{ "42P01", PG_STOP }, { "42703", PG_STOP }, { "3D000", PG_STOP },
	{ "3F000", PG_STOP },
	{ "40003", PG_SEGMENT }, { "25P02", PG_SEGMENT }, { "55000", PG_SEGMENT },
	{ "58P01", PG_SEGMENT }, { "XX000", PG_SEGMENT }, { "0A000", PG_SEGMENT },
	{ "P0001", PG_SEGMENT }, { "57000", PG_SEGMENT },
};

START_TEST(classes)
{
	enum pg_class got = pg_classify(table[_i].state);

	ck_assert_msg(got == table[_i].class, "%s is %d, not %d", table[_i].state, got,
	    table[_i].class);
}
END_TEST

static const struct {
	const char *conninfo, *part;
	int status;
} refused[] = {
	{ "bogus=1", "connection string is not valid", EXIT_CONFIG },
	{ "postgresql://u:geheim@h:x%zz/", "connection string is not valid", EXIT_CONFIG },
	{ "dbname=x password=geheim x", "connection string is not valid", EXIT_CONFIG },
	{ "dbname=x user=y sslmode=geheim-not", "sslmode", EXIT_CONFIG },
	{ "host=127.0.0.1 port=1 user=x password=geheim dbname=y", "127.0.0.1:1", EXIT_TEMP },
	{ "host=/nonexistent user=x dbname=y", "\"y\" on \"/nonexistent\"", EXIT_TEMP },
};

START_TEST(open_fails)
{
	struct err err = ERR_INIT;
	struct pg *db = pg_open(refused[_i].conninfo, "u-pg", &err);

	ck_assert_ptr_null(db);
	ck_assert_int_eq(err_exit_status(&err), refused[_i].status);
	ck_assert_msg(strstr(err.text, refused[_i].part) != NULL, "%s", err.text);
	ck_assert_ptr_null(strchr(err.text, '\n'));
	ck_assert_ptr_null(strstr(err.text, "geheim "));
	ck_assert_ptr_null(strstr(err.text, "geheim@"));
	ck_assert_ptr_nonnull(err.text);
	err_release(&err);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pg");
	TCase *t = tcase_create("pg");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(t, classes, 0, countof(table));
	tcase_add_loop_test(t, open_fails, 0, countof(refused));
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
