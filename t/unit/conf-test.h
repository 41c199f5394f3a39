/*
 * conf-test.h - what the tests of settings share: files in a directory of their
 * own, and what conf_load makes of one with the environment as it is.
 */
#ifndef T_UNIT_CONF_TEST_H
#define T_UNIT_CONF_TEST_H

#include <check.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "svc/conf.h"
#include "svc/conf_private.h"
#include "sys/fs.h"

static char dir[] = "/tmp/u-conf.XXXXXX";

static inline void
put_file(const char *path, const char *text)
{
	struct err err = ERR_INIT;

	ck_assert_msg(fs_write_durable(path, text, strlen(text), 0644, &err) == 0, "%s", err.text);
}

/* dir/name with that text; the caller frees. */
static inline char *
file(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);

	put_file(path, text);
	return path;
}

/* What a setting is, and where from, with this file and environment. */
static inline void
conf_gives(const char *path, const char *key, const char *value, const char *origin)
{
	struct err err = ERR_INIT;
	struct conf *c = conf_load(path, &err);
	struct conf_item item;
	size_t i = 0;

	ck_assert_msg(c != NULL, "%s", err.text);
	while (conf_item(c, i, &item) && strcmp(item.key, key) != 0)
		i++;
	if (value)
		ck_assert_str_eq(item.value, value);
	else
		ck_assert_ptr_null(item.value);
	ck_assert_str_eq(item.origin, origin);
	ck_assert(conf_is_set(c, key) == (strcmp(origin, "default") != 0));
	conf_free(c);
}

static inline void
conf_fails(const char *path, enum err_kind kind, const char *text, const char *hint)
{
	struct err err = ERR_INIT;

	ck_assert_ptr_null(conf_load(path, &err));
	ck_assert_int_eq(err.kind, kind);
	if (text)
		ck_assert_str_eq(err.text, text);
	if (hint)
		ck_assert_str_eq(err.hint, hint);
	err_release(&err);
}

/* The text of a key with this file and environment; NULL when unset. */
static inline void
conf_has(const char *path, const char *key, const char *value)
{
	struct err err = ERR_INIT;
	struct conf *c = conf_load(path, &err);

	ck_assert_msg(c != NULL, "%s", err.text);
	ck_assert_pstr_eq(conf_str(c, key), value);
	conf_free(c);
}

static inline void
clean_environment(void)
{
	static const char *const names[] = { "SLUICE_CONFIG", "SLUICE_SPOOL", "SLUICE_LOG_FORMAT",
		"SLUICE_RUN_ID", "SLUICE_DATABASE",
		"DATABASE_URL", "XDG_CONFIG_HOME", "XDG_STATE_HOME" };

	for (size_t i = 0; i < countof(names); i++)
		unsetenv(names[i]);
	setenv("HOME", dir, 1);
}

static inline int
conf_test_run(const char *name, const TTest *const *tests, size_t nr)
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create(name);
	struct fs_names left = FS_NAMES_INIT;
	struct err err = ERR_INIT;
	SRunner *sr;
	int failed;

	if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
		return 1;
	clean_environment();
	for (size_t i = 0; i < nr; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	if (fs_scan(dir, &left, &err) == 0)
		for (size_t i = 0; i < left.nr; i++) {
			char *path = xasprintf("%s/%s", dir, left.name[i]);
			char *inner = xasprintf("%s/sluice.yaml", path);

			unlink(inner);
			remove(path);
			free(inner);
			free(path);
		}
	fs_names_release(&left);
	rmdir(dir);
	return failed ? 1 : 0;
}

#endif
