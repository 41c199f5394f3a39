/* The shape of events and the promise of their ids (app/event.h). */
#include <check.h>

#include "app/event.h"
#include "base/clock.h"

START_TEST(test_shape)
{
	struct str s = STR_INIT;

	event_begin(&s, "gate.open", "tag \"x\"", "open", 1, INT64_C(1700000000123456));
	ck_assert_int_eq(strncmp(s.buf, "{\"v\":1,\"type\":\"gate.open\",\"id\":\"evt_", 36), 0);
	ck_assert_ptr_nonnull(strstr(s.buf, "\",\"ts\":\"2023-11-14T22:13:20.123456Z\""));
	ck_assert_int_ne(s.buf[s.len - 1], '}');
	str_release(&s);
}
END_TEST

START_TEST(test_id)
{
	char a[EVENT_ID_MAX], b[EVENT_ID_MAX];

	event_id(a, "gate.open", "tag", "open", 1);
	ck_assert_uint_eq(strlen(a), 36);
	ck_assert_int_eq(strncmp(a, "evt_", 4), 0);
	ck_assert_uint_eq(strspn(a + 4, "0123456789abcdef"), 32);
	event_id(b, "gate.open", "tag", "open", 1);
	ck_assert_str_eq(a, b);
	/* written down by receivers: a new build must give the same ids
	 * (printf 'gate.open\0tag\0open\0001' | sha256sum) */
	ck_assert_str_eq(a, "evt_102ca9ddc29078bb15a65a51d629867a");
	event_id(b, "gate.done", "tag", "open", 1);
	ck_assert_str_ne(a, b);
	event_id(b, "gate.open", "tah", "open", 1);
	ck_assert_str_ne(a, b);
	event_id(b, "gate.open", "tag", "done", 1);
	ck_assert_str_ne(a, b);
	event_id(b, "gate.open", "tag", "open", 2);
	ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(test_id_parts_apart)
{
	char a[EVENT_ID_MAX], b[EVENT_ID_MAX];

	event_id(a, "t", "ab", "c", 1);
	event_id(b, "t", "a", "bc", 1);
	ck_assert_str_ne(a, b);
	event_id(a, "t", "k", "s1", 1);
	event_id(b, "t", "k", "s", 11);
	ck_assert_str_ne(a, b);
	event_id(a, "t", "k", NULL, 0);
	event_id(b, "t", "k", "", 0);
	ck_assert_str_eq(a, b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("event");
	TCase *t = tcase_create("event");
	SRunner *sr;
	int bad;

	tcase_add_test(t, test_shape);
	tcase_add_test(t, test_id);
	tcase_add_test(t, test_id_parts_apart);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
