/* A rate limit as one number (alg/rate.h). */
#include <check.h>

#include "alg/rate.h"

#define SEC INT64_C(1000000)
#define START (INT64_C(1795000000) * SEC)

static uint64_t seed = 20261121;

/* xorshift64: the same numbers in every run */
static uint64_t
rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

START_TEST(test_parse)
{
	static const struct {
		const char *text;
		uint64_t count;
		int64_t per_us;
	} good[] = {
		{ "10/s", 10, SEC }, { "60/m", 60, 60 * SEC }, { "500/h", 500, 3600 * SEC },
		{ "5/10s", 5, 10 * SEC }, { "1/1s", 1, SEC }, { "1/500ms", 1, SEC / 2 },
		{ "1/d", 1, 86400 * SEC }, { "3/min", 3, 60 * SEC }, { "1000000/s", 1000000, SEC },
		{ "1/366d", 1, 366 * 86400 * SEC }, { "4294967295/2h", 4294967295u, 7200 * SEC },
	};
	static const char *const bad[] = {
		"", "/", "10", "10/", "/s", "10/10", "0/s", "10/0s", "00/s", "-1/s", "+1/s", " 1/s",
		"1/s ", "1 /s", "1/ s", "1/-1s", "1/1.5s", "1.5/s", "1/x", "1/s/s", "1/1s/s", "s/1",
		"1/367d", "1000001/s", "1001/ms", "4294967296/366d", "18446744073709551617/s",
		"1/18446744073709551616s", "1/99999999999999999999999999999999999999999s",
		"00000000000000000000000000000000000000000001/s",
	};

	for (size_t i = 0; i < countof(good); i++) {
		struct rate r = { 0, 0 };

		ck_assert_msg(rate_parse(good[i].text, &r) == 0, "%s", good[i].text);
		ck_assert_uint_eq(r.count, good[i].count);
		ck_assert_int_eq(r.per_us, good[i].per_us);
	}
	for (size_t i = 0; i < countof(bad); i++) {
		struct rate r = { 7, 7 };

		ck_assert_msg(rate_parse(bad[i], &r) == -1, "\"%s\"", bad[i]);
		ck_assert(r.count == 7 && r.per_us == 7);
	}
}
END_TEST

START_TEST(test_steps)
{
	struct rate r = { .count = 4, .per_us = SEC }, none = { .count = 0 };
	int64_t next = 0;

	/* the first at once, then one each quarter, no burst after a pause */
	ck_assert_int_eq(rate_take(&r, START, &next), 0);
	ck_assert_int_eq(next, START + SEC / 4);
	ck_assert_int_eq(rate_take(&r, START, &next), SEC / 4);
	ck_assert_int_eq(rate_take(&r, START + 1, &next), SEC / 4 - 1);
	ck_assert_int_eq(next, START + SEC / 4);
	ck_assert_int_eq(rate_take(&r, START + SEC / 4 - 1, &next), 1);
	ck_assert_int_eq(rate_take(&r, START + SEC / 4, &next), 0);
	ck_assert_int_eq(next, START + SEC / 2);
	ck_assert_int_eq(rate_take(&r, START + 100 * SEC, &next), 0);
	ck_assert_int_eq(rate_take(&r, START + 100 * SEC, &next), SEC / 4);
	/* no limit keeps no state */
	next = 5;
	ck_assert_int_eq(rate_take(&none, START, &next), 0);
	ck_assert_int_eq(next, 5);
}
END_TEST

START_TEST(test_clock_set_back)
{
	static const int64_t odd[] = { INT64_MAX, INT64_MIN, 0, -1, START - SEC,
	    START + 1 + SEC / 4 };
	struct rate r = { .count = 4, .per_us = SEC };
	int64_t next = 0;

	ck_assert_int_eq(rate_take(&r, START, &next), 0);
	/* a little back: the wait that is left is not more than a wait can be */
	ck_assert_int_gt(rate_take(&r, START, &next), 0);
	/* an hour back: not an hour's silence */
	ck_assert_int_eq(rate_take(&r, START - 3600 * SEC, &next), 0);
	ck_assert_int_eq(next, START - 3600 * SEC + SEC / 4);
	ck_assert_int_eq(rate_take(&r, START - 3600 * SEC, &next), SEC / 4);
	for (size_t i = 0; i < countof(odd); i++) {
		next = odd[i];
		ck_assert_int_eq(rate_take(&r, START, &next), 0);
		ck_assert_int_eq(next, START + SEC / 4);
	}
	next = INT64_MAX;
	ck_assert_int_eq(rate_take(&r, INT64_MIN / 2, &next), 0);
}
END_TEST

/* Check's own assertions are slow: here they would take longer than the test may.
 *
 * However it is asked: no window of per_us, open at its end, holds more than
 * count; a wait that was told is enough and not too long. */
START_TEST(test_no_window_holds_more)
{
	enum { TAKES = 4000, CASES = 60 };
	int64_t *at = malloc(TAKES * sizeof(*at));

	ck_assert_ptr_nonnull(at);
	for (int c = 0; c < CASES; c++) {
		struct rate r = { .count = 1 + rnd(c % 3 ? 40 : 3000),
			.per_us = 1000 + (int64_t)rnd(c % 2 ? 100000 : 100000000) };
		int64_t now = START, next = 0, wait;
		size_t nr = 0, asked = 0;

		r.count = MIN(r.count, (uint64_t)r.per_us);
		while (nr < TAKES && asked++ < 50 * TAKES) {
			int64_t before = next;

			wait = rate_take(&r, now, &next);
			if (wait == 0) {
				at[nr++] = now;
			} else {
				int64_t early = before;

				if (next != before || wait < 0 ||
				    rate_take(&r, now + wait - 1, &early) <= 0 || early != before ||
				    rate_take(&r, now + wait, &early) != 0)
					ck_abort_msg("told to wait %lld us", (long long)wait);
			}
			switch (rnd(4)) {
			case 0: break;
			case 1: now += wait; break;
			case 2: now += (int64_t)rnd((uint64_t)(r.per_us / (int64_t)r.count) + 1); break;
			default: now += rnd(50) ? 1 : (int64_t)rnd((uint64_t)r.per_us * 3); break;
			}
		}
		ck_assert_uint_ge(nr, 100);
		for (size_t i = r.count; i < nr; i++)
			if (at[i] - at[i - r.count] < r.per_us)
				ck_abort_msg("%llu/%lld us", (unsigned long long)r.count,
				    (long long)r.per_us);
	}
	free(at);
}
END_TEST

/* Who goes as soon as he may reaches the rate, but for the rounding of the
 * distance up to a microsecond. */
START_TEST(test_rate_is_reached)
{
	static const struct rate rates[] = {
		{ 1, SEC }, { 60, 60 * SEC }, { 7, SEC }, { 500, 3600 * SEC }, { 5, 10 * SEC },
		{ 999, SEC }, { 3, SEC / 1000 }, { 10000, SEC }, { 1000000, SEC },
	};

	for (size_t i = 0; i < countof(rates); i++) {
		const struct rate *r = &rates[i];
		int64_t now = START, next = 0, every = r->per_us / (int64_t)r->count;
		int64_t enough = r->per_us + (r->per_us % (int64_t)r->count ? (int64_t)r->count : 0);

		for (uint64_t k = 0; k < 3 * r->count + 1; k++) {
			if (rate_take(r, now, &next) != 0)
				ck_abort_msg("the wait was too short");
			now += rate_take(r, now, &next);
		}
		/* three periods full, and one more that waited for the next */
		ck_assert_int_ge(now - START, 3 * r->per_us);
		ck_assert_int_le(now - START, 3 * enough + every + 1);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rate");
	TCase *t = tcase_create("rate");
	SRunner *sr;
	int bad;

	tcase_add_test(t, test_parse);
	tcase_add_test(t, test_steps);
	tcase_add_test(t, test_clock_set_back);
	tcase_add_test(t, test_no_window_holds_more);
	tcase_add_test(t, test_rate_is_reached);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
