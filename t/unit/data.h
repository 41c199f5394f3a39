/*
 * data.h - test data that lies beside the project, and the end of every unit
 * test program.
 */
#ifndef T_UNIT_DATA_H
#define T_UNIT_DATA_H

#include "base/base.h"

#include <check.h>
#include <unistd.h>

/* The path of a data set, or NULL (told as a diagnostic) where it is absent;
 * a failure when SLUICE_TEST_REQUIRE says that data must be there. */
static inline const char *
data_path(const char *name, char *buf, size_t size)
{
	const char *root = getenv("SLUICE_TEST_DATA"), *must = getenv("SLUICE_TEST_REQUIRE");

	snprintf(buf, size, "%s/%s", root && *root ? root : "../shared/data", name);
	if (access(buf, R_OK) == 0)
		return buf;
	if (must && strstr(must, "data"))
		ck_abort_msg("no test data \"%s\"", buf);
	printf("# SKIP no test data \"%s\"\n", name);
	fflush(stdout);
	return NULL;
}

static inline int
run_suite(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
