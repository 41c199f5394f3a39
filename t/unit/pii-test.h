/* pii-test.h - what the tests of the PII scanner share. */
#ifndef T_UNIT_PII_TEST_H
#define T_UNIT_PII_TEST_H

#include "data.h"

#include "alg/pii.h"

/* Sorted, inside, not empty, apart; scores and kinds in range. */
static inline void
pii_check(const struct pii_findings *f, size_t len)
{
	for (size_t i = 0; i < f->nr; i++) {
		const struct pii_finding *v = &f->v[i];

		ck_assert_uint_lt(v->start, v->end);
		ck_assert_uint_le(v->end, len);
		ck_assert_uint_le(v->score, PII_SCORE_MAX);
		ck_assert_uint_lt((unsigned)v->kind, PII_KIND_NR);
		if (i > 0)
			ck_assert_uint_ge(v->start, f->v[i - 1].end);
	}
}

static inline void
pii_find(const char *text, size_t len, unsigned kinds, struct pii_findings *f)
{
	struct pii_options opt = { .kinds = kinds };
	char *exact = malloc(len ? len : 1);	/* so that a sanitizer sees a byte too far */

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, text, len);
	pii_scan((struct slice){ exact, len }, &opt, f);
	free(exact);
	pii_check(f, len);
}

#endif
