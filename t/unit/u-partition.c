/*
 * u-partition.c - ranges of partitions, the window in which they are made, and
 * finding the one of a time.
 */
#include "app/partition.h"

#include <check.h>

#include "base/clock.h"

static int64_t
us(const char *text)
{
	int64_t t = 0;

	ck_assert_msg(clock_parse(text, strlen(text), &t) == 0, "%s", text);
	return t;
}

static const struct {
	const char *interval, *ts, *from, *to;
} ranges[] = {
	{ "day", "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z" },
	{ "day", "2026-11-21T23:59:59.999999Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z" },
	{ "day", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z" },
	{ "day", "1969-12-31T23:59:59.999999Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z" },
	{ "day", "2026-11-21T23:30:00-02:00", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z" },
	{ "month", "2026-11-30T23:59:59.999999Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z" },
	{ "month", "2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z" },
	{ "month", "2026-12-31T23:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z" },
	{ "month", "2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z" },
	{ "month", "2100-02-28T12:00:00Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z" },
	{ "month", "1969-12-31T12:00:00Z", "1969-12-01T00:00:00Z", "1970-01-01T00:00:00Z" },
};

START_TEST(range)
{
	int64_t ts = us(ranges[_i].ts), from, to;

	partition_range(ranges[_i].interval, ts, &from, &to);
	ck_assert_int_eq(from, us(ranges[_i].from));
	ck_assert_int_eq(to, us(ranges[_i].to));
}
END_TEST

static const struct {
	const char *ts;
	bool allowed;
} window[] = {
	{ "2026-11-21T12:00:00Z", true },
	{ "2026-12-21T23:59:59Z", true },
	{ "2026-12-22T00:00:00Z", false },
	{ "2016-11-21T00:00:00Z", true },
	{ "2016-11-19T23:59:59Z", false },
	{ "1970-01-01T00:00:00Z", false },
	{ "9999-01-01T00:00:00Z", false },
};

START_TEST(allowed)
{
	ck_assert_int_eq(partition_allowed(us(window[_i].ts), us("2026-11-21T01:15:56Z")),
	    window[_i].allowed);
}
END_TEST

START_TEST(extremes)
{
	int64_t now = us("2026-11-21T01:15:56Z");

	ck_assert(!partition_allowed(CLOCK_PG_MIN_US, now));
	ck_assert(!partition_allowed(CLOCK_PG_MAX_US, now));
	ck_assert(!partition_allowed(INT64_MIN, now));
	ck_assert(!partition_allowed(INT64_MAX, now));
}
END_TEST

/* February whole, a gap, two days of April. */
static struct partmap_part parts[3];
static struct partmap map;

static void
make_map(void)
{
	static char names[3][8] = { "feb", "apr10", "apr11" };
	static const char *const bounds[3][2] = {
		{ "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z" },
		{ "2026-04-10T00:00:00Z", "2026-04-11T00:00:00Z" },
		{ "2026-04-11T00:00:00Z", "2026-04-12T00:00:00Z" },
	};

	for (size_t i = 0; i < countof(parts); i++)
		parts[i] = (struct partmap_part){ names[i], us(bounds[i][0]), us(bounds[i][1]) };
	map = (struct partmap)PARTMAP_INIT;
	map.table[PARTMAP_EVENTS].part = parts;
	map.table[PARTMAP_EVENTS].nr = countof(parts);
}

static const struct {
	const char *ts, *name;
} finds[] = {
	{ "2026-01-31T23:59:59.999999Z", NULL }, { "2026-02-01T00:00:00Z", "feb" },
	{ "2026-02-28T23:59:59.999999Z", "feb" }, { "2026-03-01T00:00:00Z", NULL },
	{ "2026-04-09T12:00:00Z", NULL }, { "2026-04-10T00:00:00Z", "apr10" },
	{ "2026-04-11T00:00:00Z", "apr11" }, { "2026-04-12T00:00:00Z", NULL },
};

START_TEST(find)
{
	const char *name;

	make_map();
	name = partmap_find(&map, PARTMAP_EVENTS, us(finds[_i].ts));
	if (finds[_i].name == NULL)
		ck_assert_ptr_null(name);
	else
		ck_assert_str_eq(name, finds[_i].name);
	ck_assert_ptr_null(partmap_find(&map, PARTMAP_METRICS, us(finds[_i].ts)));
}
END_TEST

static const struct {
	const char *ts, *from, *to;
} fits[] = {
	{ "2026-03-15T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z" },
	{ "2026-01-15T00:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z" },
	{ "2026-04-09T12:00:00Z", "2026-04-09T00:00:00Z", "2026-04-10T00:00:00Z" },
	{ "2026-04-30T12:00:00Z", "2026-04-30T00:00:00Z", "2026-05-01T00:00:00Z" },
	{ "2026-05-01T12:00:00Z", "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z" },
};

START_TEST(range_beside)
{
	int64_t from, to;

	make_map();
	partmap_range(&map, PARTMAP_EVENTS, "month", us(fits[_i].ts), &from, &to);
	ck_assert_int_eq(from, us(fits[_i].from));
	ck_assert_int_eq(to, us(fits[_i].to));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("partition");
	TCase *t = tcase_create("partition");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(t, range, 0, countof(ranges));
	tcase_add_loop_test(t, allowed, 0, countof(window));
	tcase_add_test(t, extremes);
	tcase_add_loop_test(t, find, 0, countof(finds));
	tcase_add_loop_test(t, range_beside, 0, countof(fits));
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
