#include "fmt/keyset.h"

#include "base/mem.h"
#include "t/unit/data.h"

static struct slice
z(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

START_TEST(few_keys)
{
	struct keyset set = KEYSET_INIT;
	struct slice twice;
	size_t outer = keyset_mark(&set), inner;

	keyset_add(&set, z("a"));
	keyset_add(&set, z(""));
	inner = keyset_mark(&set);
	keyset_add(&set, z("a"));
	keyset_add(&set, z("b"));
	ck_assert(!keyset_close(&set, inner, &twice));
	keyset_add(&set, z("b"));
	ck_assert(!keyset_close(&set, outer, &twice));
	ck_assert(!keyset_close(&set, 0, &twice));
	keyset_add(&set, z("x"));
	keyset_add(&set, z("y"));
	keyset_add(&set, z("x"));
	ck_assert(keyset_close(&set, 0, &twice));
	ck_assert(slice_is(twice, "x"));
	keyset_add(&set, z(""));
	keyset_add(&set, z(""));
	ck_assert(keyset_close(&set, 0, &twice));
	ck_assert_uint_eq(twice.len, 0);
	keyset_release(&set);
}
END_TEST

/* a NUL is a byte like any other */
START_TEST(nul_in_keys)
{
	struct keyset set = KEYSET_INIT;
	struct slice twice;

	keyset_add(&set, (struct slice){ "a\0b", 3 });
	keyset_add(&set, (struct slice){ "a\0c", 3 });
	ck_assert(!keyset_close(&set, 0, &twice));
	keyset_add(&set, (struct slice){ "a\0b", 3 });
	keyset_add(&set, (struct slice){ "a\0b", 3 });
	ck_assert(keyset_close(&set, 0, &twice));
	keyset_release(&set);
}
END_TEST

START_TEST(copies)
{
	struct keyset set = KEYSET_INIT;
	struct slice twice;
	char key[] = "key0";

	for (int i = 0; i < 10; i++) {
		key[3] = (char)('0' + i);
		keyset_add_copy(&set, z(key));
	}
	keyset_add(&set, z("other"));
	ck_assert(!keyset_close(&set, 0, &twice));
	keyset_reset(&set);
	keyset_add_copy(&set, z("abc"));
	keyset_add(&set, z("abc"));
	ck_assert(keyset_close(&set, 0, &twice));
	ck_assert(slice_is(twice, "abc"));
	keyset_release(&set);
}
END_TEST

/* many keys, all apart, then with one of them again at every tenth place */
START_TEST(many_keys)
{
	enum { N = 2000 };
	char (*key)[16] = xcalloc(N, sizeof(*key));
	struct keyset set = KEYSET_INIT;
	struct slice twice;

	for (int i = 0; i < N; i++)
		snprintf(key[i], sizeof(key[i]), "k%d", i * 7919 % N);
	for (int i = 0; i < N; i++)
		keyset_add(&set, z(key[i]));
	ck_assert(!keyset_close(&set, 0, &twice));
	for (int again = 0; again < N; again += N / 10) {
		for (int i = 0; i < N; i++)
			keyset_add(&set, z(key[i]));
		keyset_add(&set, z(key[again]));
		ck_assert(keyset_close(&set, 0, &twice));
		ck_assert(slice_is(twice, key[again]));
	}
	keyset_release(&set);
	free(key);
}
END_TEST

/* the hash looks at both ends only: these all collide, and are told apart */
START_TEST(collisions)
{
	enum { N = 20000 };
	char (*key)[40] = xcalloc(N, sizeof(*key));
	struct keyset set = KEYSET_INIT;
	struct slice twice;
	clock_t start = clock();

	for (int i = 0; i < N; i++) {
		snprintf(key[i], sizeof(key[i]), "beginning-%08d-the-very-end", i);
		keyset_add(&set, z(key[i]));
	}
	ck_assert(!keyset_close(&set, 0, &twice));
	for (int i = N; i-- > 0;)
		keyset_add(&set, z(key[i]));
	keyset_add(&set, z("beginning-00012345-the-very-end"));
	ck_assert(keyset_close(&set, 0, &twice));
	ck_assert(slice_is(twice, key[12345]));
	printf("# %d colliding keys twice: %.0f ms\n", N,
	    (double)(clock() - start) * 1e3 / CLOCKS_PER_SEC);
	keyset_release(&set);
	free(key);
}
END_TEST

/* orders that are bad for a quicksort */
START_TEST(sorted_input)
{
	enum { N = 3000 };
	char (*key)[16] = xcalloc(N, sizeof(*key));
	struct keyset set = KEYSET_INIT;
	struct slice twice;

	for (int shape = 0; shape < 3; shape++) {
		for (int i = 0; i < N; i++) {
			int v = shape == 0 ? i : shape == 1 ? N - i : i < N / 2 ? i : 3 * N - i;

			snprintf(key[i], sizeof(key[i]), "%07d", v);
			keyset_add(&set, z(key[i]));
		}
		ck_assert(!keyset_close(&set, 0, &twice));
	}
	for (int i = 0; i < N; i++)
		keyset_add(&set, z("same"));
	ck_assert(keyset_close(&set, 0, &twice));
	keyset_release(&set);
	free(key);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keyset");
	TCase *t = tcase_create("keyset");

	tcase_add_test(t, few_keys);
	tcase_add_test(t, nul_in_keys);
	tcase_add_test(t, copies);
	tcase_add_test(t, many_keys);
	tcase_add_test(t, collisions);
	tcase_add_test(t, sorted_input);
	suite_add_tcase(s, t);
	return run_suite(s);
}
