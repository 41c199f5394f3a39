/* Wall clocks of zones (sys/zone.h) and quiet hours (app/quiet.h). */
#include <check.h>
#include <unistd.h>

#include "app/quiet.h"
#include "base/clock.h"
#include "sys/zone.h"

static struct err err;

static void
teardown(void)
{
	err_release(&err);
}

static int64_t
at(const char *text)
{
	int64_t us;

	ck_assert_msg(clock_parse(text, strlen(text), &us) == 0, "%s", text);
	return us;
}

/* What the clocks of a zone show. */
static void
shows(const char *zone, const char *when, int hour, int min)
{
	int got = zone_minute(zone, at(when));

	ck_assert_msg(got == hour * 60 + min, "%s %s: %02d:%02d", zone, when, got / 60, got % 60);
}

static void
until(const char *zone, const char *windows, const char *now, const char *want)
{
	struct quiet q = QUIET_INIT;
	char buf[CLOCK_BUF];
	int64_t got;

	q.zone = zone;
	ck_assert_int_eq(quiet_parse(&q, windows, &err), 0);
	ck_assert_str_eq(q.zone, zone);
	got = quiet_until(&q, at(now));
	ck_assert_msg(got == at(want), "%s %s %s: %s, not %s", zone, windows, now,
	    clock_format(got, buf), want);
}

START_TEST(test_names)
{
	static const char *const good[] = { "UTC", "Europe/Berlin", "America/New_York",
		"Australia/Lord_Howe", "Asia/Kolkata", "America/Argentina/ComodRivadavia", "Etc/GMT+5",
		"Etc/GMT-14", "EST5EDT" };
	static const char *const bad[] = { "", "Europe/Berlinn", "Europe", "Europe/", "/Europe/Berlin",
		"../../etc/passwd", "../zoneinfo/Europe/Berlin", "Europe/../Europe/Berlin", "./UTC", ".",
		"..", "/etc/localtime", "/usr/share/zoneinfo/Europe/Berlin", ":Europe/Berlin",
		"Europe//Berlin", "Europe/Berlin/", "Europe/Berlin\n", " Europe/Berlin", "zone.tab",
		"tzdata.zi", "leapseconds", "+VERSION", "right/Europe/Berlin", "CET-1CEST", "UTC0",
		"<X>-1", "Europe/B\xc3\xa9rlin", "Mars/Olympus_Mons",
		"Europe/Berlin/Europe/Berlin/Europe/Berlin/Europe/Berlin/Europe/Berlin/Europe/Berlin/Europe"
	};

	for (size_t i = 0; i < countof(good); i++)
		ck_assert_msg(zone_ok(good[i]), "%s", good[i]);
	for (size_t i = 0; i < countof(bad); i++)
		ck_assert_msg(!zone_ok(bad[i]), "%s", bad[i]);
	/* one database is looked at, whatever the environment says */
	ck_assert_int_eq(setenv("TZDIR", "/nowhere", 1), 0);
	ck_assert(zone_ok("Europe/Berlin"));
	shows("Europe/Berlin", "2026-11-21T00:00:00Z", 1, 0);
	ck_assert_int_eq(setenv("TZDIR", "/etc", 1), 0);
	ck_assert(!zone_ok("passwd"));
	unsetenv("TZDIR");
}
END_TEST

START_TEST(test_clocks)
{
	for (int i = 0; i < 3; i++) {	/* from one zone to another and back */
		shows("UTC", "2026-11-21T10:59:59.999999Z", 10, 59);
		shows("Europe/Berlin", "2026-11-21T10:59:59.999999Z", 11, 59);
		shows("Europe/Berlin", "2026-07-21T11:00:00Z", 13, 0);
		shows("Asia/Kolkata", "2026-07-21T11:00:00Z", 16, 30);
		shows("Etc/UTC", "2026-07-21T11:00:00Z", 11, 0);
		shows("Europe/London", "2026-07-21T11:00:00Z", 12, 0);
		shows("Asia/Kathmandu", "2026-07-21T18:15:00Z", 0, 0);
		shows("America/St_Johns", "2026-11-21T03:29:59Z", 23, 59);
		shows("Pacific/Kiritimati", "2026-11-21T10:00:00Z", 0, 0);
	}
	shows("UTC", "1969-12-31T23:59:59.999999Z", 23, 59);
	shows("UTC", "1960-02-29T00:00:59.5Z", 0, 0);
	shows("Europe/Berlin", "1969-12-31T22:59:59.999999Z", 23, 59);
	/* the last entry of the tables is the year 2037; a rule goes on */
	shows("Europe/Berlin", "2060-07-01T12:00:00Z", 14, 0);
	shows("America/New_York", "2060-01-01T12:00:00Z", 7, 0);
	/* the switches themselves */
	shows("Europe/Berlin", "2026-03-29T00:59:59.999999Z", 1, 59);
	shows("Europe/Berlin", "2026-03-29T01:00:00Z", 3, 0);
	shows("Europe/Berlin", "2026-10-25T00:59:59.999999Z", 2, 59);
	shows("Europe/Berlin", "2026-10-25T01:00:00Z", 2, 0);
	shows("Australia/Lord_Howe", "2026-10-03T15:29:59Z", 1, 59);
	shows("Australia/Lord_Howe", "2026-10-03T15:30:00Z", 2, 30);
	shows("Australia/Lord_Howe", "2026-04-04T14:59:59Z", 1, 59);
	shows("Australia/Lord_Howe", "2026-04-04T15:00:00Z", 1, 30);
}
END_TEST

START_TEST(test_parse)
{
	static const char *const bad[][2] = {
		{ "22:00", "\"22:00\" is no range of time" }, { "22-7", "no range" },
		{ "22:00-7:00", "no range" }, { "2:00-07:00", "no range" }, { "24:00-07:00", "no range" },
		{ "22:00-24:01", "no range" }, { "22:60-07:00", "no range" }, { "22:00-07:60", "no range" },
		{ "22:00-25:00", "no range" }, { "99:00-07:00", "no range" }, { "22:00 - 07:00", "no range" },
		{ "22:00-07:00,12:00-13:00", "no range" }, { "22:00-07:000", "no range" },
		{ "22:00_07:00", "no range" }, { "22.00-07.00", "no range" }, { "-1:00-07:00", "no range" },
		{ "+2:00-07:00", "no range" }, { "22:00-07:00 x", "\"x\" is no range" },
		{ "22:00--7:00", "no range" }, { "22:00:00-07:00", "no range" },
		{ "07:00-07:00", "\"07:00-07:00\" are never or always" },
		{ "00:00-00:00", "never or always" }, { "00:00-24:00", "never or always" },
		{ "22:00-07:00 07:00-22:00", "no minute of the day" },
		{ "00:00-12:00 12:00-24:00", "no minute of the day" },
		{ "23:59-23:58 20:00-24:00", "no minute of the day" },
		{ "00:00-01:00 02:00-03:00 04:00-05:00 06:00-07:00 08:00-09:00 10:00-11:00 "
			"12:00-13:00 14:00-15:00 16:00-17:00", "more than 8" },
	};
	struct quiet q = QUIET_INIT;

	ck_assert_int_eq(quiet_parse(&q, "22:00-07:00\t12:30-13:00\n", &err), 0);
	ck_assert_uint_eq(q.nr, 2);
	ck_assert(q.window[0].from == 22 * 60 && q.window[0].to == 7 * 60);
	ck_assert(q.window[1].from == 12 * 60 + 30 && q.window[1].to == 13 * 60);
	for (size_t i = 0; i < countof(bad); i++) {
		ck_assert_msg(quiet_parse(&q, bad[i][0], &err) == -1, "%s", bad[i][0]);
		ck_assert_int_eq(err.kind, ERR_CONFIG);
		ck_assert_msg(strstr(err.text, bad[i][1]), "%s: %s", bad[i][0], err.text);
		ck_assert_uint_eq(q.nr, 2);
		err_release(&err);
	}
	/* read again is not added to */
	ck_assert_int_eq(quiet_parse(&q, "00:01-00:00", &err), 0);
	ck_assert_uint_eq(q.nr, 1);
	ck_assert_int_eq(quiet_parse(&q, "00:00-01:00 02:00-03:00 04:00-05:00 06:00-07:00 "
	    "08:00-09:00 10:00-11:00 12:00-13:00 14:00-24:00", &err), 0);
	ck_assert_uint_eq(q.nr, 8);
	ck_assert_int_eq(quiet_parse(&q, " ", &err), 0);
	ck_assert_uint_eq(q.nr, 0);
	ck_assert_int_eq(quiet_until(&q, 12345), 12345);
}
END_TEST

START_TEST(test_until)
{
	/* not quiet: the very instant; the end is not in it */
	until("UTC", "22:00-07:00", "2026-11-21T21:59:59.999999Z", "2026-11-21T21:59:59.999999Z");
	until("UTC", "22:00-07:00", "2026-11-21T22:00:00Z", "2026-11-22T07:00:00Z");
	until("UTC", "22:00-07:00", "2026-11-22T06:59:59.999999Z", "2026-11-22T07:00:00Z");
	until("UTC", "22:00-07:00", "2026-11-22T07:00:00Z", "2026-11-22T07:00:00Z");
	until("UTC", "22:00-07:00", "2026-11-22T07:00:00.000001Z", "2026-11-22T07:00:00.000001Z");
	until("UTC", "12:30-13:00", "2026-11-22T12:30:30.5Z", "2026-11-22T13:00:00Z");
	until("UTC", "22:00-24:00", "2026-12-31T23:00:01Z", "2027-01-01T00:00:00Z");
	until("UTC", "00:00-07:00", "2026-12-31T23:59:59Z", "2026-12-31T23:59:59Z");
	/* windows that meet, overlap, or lie one in the other */
	until("UTC", "22:00-24:00 00:00-07:00", "2026-11-21T22:30:00Z", "2026-11-22T07:00:00Z");
	until("UTC", "22:00-02:00 01:00-07:00", "2026-11-21T22:30:00Z", "2026-11-22T07:00:00Z");
	until("UTC", "01:00-02:00 22:00-07:00", "2026-11-22T01:30:00Z", "2026-11-22T07:00:00Z");
	/* one minute is left of the day */
	until("UTC", "00:01-00:00", "2026-11-22T00:01:00Z", "2026-11-23T00:00:00Z");
	until("UTC", "00:01-00:00", "2026-11-22T00:00:59.999999Z", "2026-11-22T00:00:59.999999Z");
	until("UTC", "22:00-07:00", "1969-12-31T23:59:59.999999Z", "1970-01-01T07:00:00Z");
	until("UTC", "22:00-07:00", "1969-12-31T06:59:00.5Z", "1969-12-31T07:00:00Z");
}
END_TEST

START_TEST(test_until_at_switches)
{
	/* Berlin: 02:00 to 03:00 is left out on 29 March, twice on 25 October */
	until("Europe/Berlin", "22:00-07:00", "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z");
	until("Europe/Berlin", "22:00-07:00", "2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z");
	/* the end is left out: over at the switch */
	until("Europe/Berlin", "22:00-02:30", "2026-03-28T21:00:00Z", "2026-03-29T01:00:00Z");
	until("Europe/Berlin", "22:00-02:30", "2026-03-28T21:07:13Z", "2026-03-29T01:00:00Z");
	/* the beginning is left out: from the switch on */
	until("Europe/Berlin", "02:30-04:00", "2026-03-29T00:59:59Z", "2026-03-29T00:59:59Z");
	until("Europe/Berlin", "02:30-04:00", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
	/* all of it is left out */
	until("Europe/Berlin", "02:10-02:50", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z");
	/* twice */
	until("Europe/Berlin", "02:10-02:50", "2026-10-25T00:20:00Z", "2026-10-25T00:50:00Z");
	until("Europe/Berlin", "02:10-02:50", "2026-10-25T01:05:00Z", "2026-10-25T01:05:00Z");
	until("Europe/Berlin", "02:10-02:50", "2026-10-25T01:20:00Z", "2026-10-25T01:50:00Z");
	/* over at 02:30, and again from 02:00 of the second time */
	until("Europe/Berlin", "22:00-02:30", "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z");
	until("Europe/Berlin", "22:00-02:30", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z");
	until("Europe/Berlin", "02:30-03:30", "2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z");
	/* the only hour that is not quiet is left out: a day more */
	until("Europe/Berlin", "03:00-02:00", "2026-03-28T02:00:00Z", "2026-03-30T00:00:00Z");
	/* half an hour */
	until("Australia/Lord_Howe", "22:00-02:15", "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z");
	until("Australia/Lord_Howe", "01:30-02:00", "2026-04-04T14:45:00Z", "2026-04-04T15:30:00Z");
	/* a day that was left out as a whole: no time of day was */
	until("Pacific/Apia", "22:00-07:00", "2011-12-30T09:00:00Z", "2011-12-30T17:00:00Z");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("quiet");
	TCase *t = tcase_create("quiet");
	SRunner *sr;
	int bad;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, test_parse);
	tcase_add_test(t, test_until);
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0) {
		tcase_add_test(t, test_names);
		tcase_add_test(t, test_clocks);
		tcase_add_test(t, test_until_at_switches);
	} else {
		puts("# no tz database: zones are not tested");
	}
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
