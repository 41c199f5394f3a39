#include "alg/pii_private.h"

#include "base/mem.h"

static int
cmp(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

/* By place; of one range the best first. */
static int
by_range(const void *pa, const void *pb)
{
	const struct pii_finding *a = pa, *b = pb;

	if (a->start != b->start)
		return cmp(a->start, b->start);
	if (a->end != b->end)
		return cmp(a->end, b->end);
	if (a->score != b->score)
		return cmp(b->score, a->score);
	if (a->validated != b->validated)
		return a->validated ? -1 : 1;
	return cmp(a->kind, b->kind);
}

/* validated, longest, earliest: no two findings of different range are equal in it */
static int
by_rank(const void *pa, const void *pb)
{
	const struct pii_finding *a = pa, *b = pb;
	int c;

	if (a->validated != b->validated)
		return a->validated ? -1 : 1;
	c = cmp(b->end - b->start, a->end - a->start);
	return c ? c : cmp(a->start, b->start);
}

/*
 * The findings v, which hang together by their overlaps, are ranked, and each is kept
 * whose bytes none before it has taken. A map of the bytes keeps that linear: the
 * scanner's findings are short, so each byte is under a bounded number of them.
 */
static size_t
settle_cluster(struct pii_finding *v, size_t nr, size_t start, size_t end)
{
	unsigned char *taken = xcalloc(end - start, 1);
	size_t kept = 0;

	qsort(v, nr, sizeof(*v), by_rank);
	for (size_t i = 0; i < nr; i++) {
		size_t from = v[i].start - start, len = v[i].end - v[i].start;

		if (memchr(taken + from, 1, len))
			continue;
		memset(taken + from, 1, len);
		v[kept++] = v[i];
	}
	free(taken);
	qsort(v, kept, sizeof(*v), by_range);
	return kept;
}

void
pii_settle(struct pii_findings *f)
{
	struct pii_finding *v = f->v;
	size_t nr = 0, done = 0;

	if (f->nr == 0)
		return;
	qsort(v, f->nr, sizeof(*v), by_range);
	for (size_t i = 0; i < f->nr; i++) {
		if (v[i].start >= v[i].end)
			continue;
		if (nr > 0 && v[nr - 1].start == v[i].start && v[nr - 1].end == v[i].end)
			continue;
		v[nr++] = v[i];
	}
	for (size_t i = 0, next; i < nr; i = next) {
		size_t end = v[i].end, kept = 1;

		for (next = i + 1; next < nr && v[next].start < end; next++)
			end = MAX(end, v[next].end);
		if (next - i > 1)
			kept = settle_cluster(v + i, next - i, v[i].start, end);
		memmove(v + done, v + i, kept * sizeof(*v));
		done += kept;
	}
	f->nr = done;
}

/* Characters beyond ASCII that stand between the digits of a number. */
static size_t
separator_len(const char *s, size_t n)
{
	static const char *const sep[] = {
		"\xc2\xa0", "\xe2\x80\xaf",			/* no-break spaces */
		"\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x92", "\xe2\x80\x93",	/* dashes */
	};

	for (size_t i = 0; i < countof(sep); i++) {
		size_t len = strlen(sep[i]);

		if (n >= len && memcmp(s, sep[i], len) == 0)
			return len;
	}
	return 0;
}

void
pii_mask(struct slice text, const struct pii_findings *f, struct str *out)
{
	char *masked;

	str_add(out, text.ptr, text.len);
	masked = out->buf + out->len - text.len;
	for (size_t i = 0; i < f->nr; i++) {
		size_t end = MIN(f->v[i].end, text.len), skip;

		for (size_t p = f->v[i].start; p < end; p += skip ? skip : 1) {
			unsigned char c = (unsigned char)masked[p];

			skip = c >= 0x80 ? separator_len(text.ptr + p, end - p) : 0;
			if (!skip && pii_class[c] & (PIIC_DIGIT | PIIC_ALPHA | PIIC_HIGH))
				masked[p] = '*';
		}
	}
}
