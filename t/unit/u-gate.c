/* The gate's decision, as a table. */
#include <check.h>

#include "alg/gate.h"

#define MIN_US INT64_C(60000000)

static const struct {
	struct gate_limits limits;
	struct gate_stats stats;
	enum gate_verdict want;
} cases[] = {
	{ { GATE_UNSET, GATE_UNSET, GATE_UNSET }, { 0, 0, INT64_MAX }, GATE_EMPTY },
	{ { GATE_UNSET, GATE_UNSET, GATE_UNSET }, { 1, 0, 0 }, GATE_OPEN_ANY },
	{ { 2, GATE_UNSET, GATE_UNSET }, { 1, 1000, 0 }, GATE_CLOSED },
	{ { 2, GATE_UNSET, GATE_UNSET }, { 2, 0, 0 }, GATE_OPEN_COUNT },
	{ { 0, GATE_UNSET, GATE_UNSET }, { 0, 0, INT64_MAX }, GATE_EMPTY },
	{ { 100, 10, GATE_UNSET }, { 1, 9, 0 }, GATE_CLOSED },
	{ { 100, 10, GATE_UNSET }, { 1, 10, 0 }, GATE_OPEN_BYTES },
	{ { 100, GATE_UNSET, 60000 }, { 1, 0, 10 * MIN_US - MIN_US + 1 }, GATE_CLOSED },
	{ { 100, GATE_UNSET, 60000 }, { 1, 0, 10 * MIN_US - MIN_US }, GATE_OPEN_AGE },
	/* a file from the future has age 0, it does not open the gate */
	{ { 100, GATE_UNSET, 60000 }, { 1, 0, 11 * MIN_US }, GATE_CLOSED },
	{ { 100, GATE_UNSET, 0 }, { 1, 0, 11 * MIN_US }, GATE_OPEN_AGE },
};

START_TEST(decides)
{
	ck_assert_int_eq(gate_decide(&cases[_i].limits, &cases[_i].stats, 10 * MIN_US),
	    cases[_i].want);
	ck_assert_int_eq(gate_is_open(cases[_i].want), cases[_i].want >= GATE_OPEN_ANY);
}
END_TEST

START_TEST(waits)
{
	struct gate_limits by_age = { GATE_UNSET, GATE_UNSET, 60000 };
	struct gate_limits by_count = { 5, GATE_UNSET, GATE_UNSET };
	struct gate_stats none = { 0, 0, INT64_MAX }, one = { 1, 1, 0 };

	ck_assert_int_eq(gate_wait_ms(&by_age, &none, 0), -1);
	ck_assert_int_eq(gate_wait_ms(&by_count, &one, 0), -1);
	ck_assert_int_eq(gate_wait_ms(&by_age, &one, 0), 60000);
	ck_assert_int_eq(gate_wait_ms(&by_age, &one, MIN_US / 2), 30000);
	ck_assert_int_eq(gate_wait_ms(&by_age, &one, 2 * MIN_US), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("gate");
	TCase *t = tcase_create("gate");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(t, decides, 0, (int)countof(cases));
	tcase_add_test(t, waits);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
