#include "fmt/keyset.h"

#include "base/mem.h"

#define COPIED UINT32_C(0x80000000)
/* Up to here all pairs are compared. */
#define FEW 16
/* Runs this short are left to insertion. */
#define SHORT_RUN 12
#define KEEP_KEYS 4096
#define KEEP_BYTES 65536

static uint64_t
load(const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* The first and last eight bytes and the length: enough to tell most keys
 * apart, and every equal hash is verified. */
static uint32_t
hash(struct slice k)
{
	uint64_t a, b = 0;

	if (k.len >= 8) {
		a = load(k.ptr, 8);
		b = load(k.ptr + k.len - 8, 8);
	} else if (k.len >= 4) {
		a = load(k.ptr, 4) << 32 | load(k.ptr + k.len - 4, 4);
	} else if (k.len > 0) {
		a = (uint64_t)(unsigned char)k.ptr[0] << 16 |
		    (uint64_t)(unsigned char)k.ptr[k.len / 2] << 8 |
		    (unsigned char)k.ptr[k.len - 1];
	} else {
		a = 0;
	}
	a = (a ^ k.len) * UINT64_C(0x9e3779b97f4a7c15);
	a = (a ^ a >> 32 ^ b) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(a >> 32);
}

static struct keyset_key *
push(struct keyset *set)
{
	ALLOC_GROW(set->key, set->nr + 1, set->alloc);
	return &set->key[set->nr++];
}

void
keyset_add(struct keyset *set, struct slice k)
{
	*push(set) = (struct keyset_key){ k.ptr, (uint32_t)k.len, hash(k) };
}

void
keyset_add_copy(struct keyset *set, struct slice k)
{
	uintptr_t at = set->copies.len;

	str_add(&set->copies, k.ptr, k.len);
	*push(set) = (struct keyset_key){ (const char *)at, (uint32_t)k.len | COPIED, hash(k) };
}

static int
compare(const struct keyset_key *a, const struct keyset_key *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->len ? memcmp(a->ptr, b->ptr, a->len) : 0;
}

static void
swap(struct keyset_key *a, struct keyset_key *b)
{
	struct keyset_key t = *a;

	*a = *b;
	*b = t;
}

static void
insertion_sort(struct keyset_key *k, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t at = i; at > 0 && compare(&k[at - 1], &k[at]) > 0; at--)
			swap(&k[at - 1], &k[at]);
}

static void
sift_down(struct keyset_key *k, size_t at, size_t n)
{
	size_t child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && compare(&k[child], &k[child + 1]) < 0)
			child++;
		if (compare(&k[at], &k[child]) >= 0)
			return;
		swap(&k[at], &k[child]);
		at = child;
	}
}

static void
heap_sort(struct keyset_key *k, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(k, i, n);
	for (size_t i = n; i-- > 1;) {
		swap(&k[0], &k[i]);
		sift_down(k, 0, i);
	}
}

/* Hoare's partition around the median of three; the heap takes over when the
 * splits are bad (D. Musser, "Introspective Sorting and Selection
 * Algorithms", 1997). In place: qsort(3) would allocate as much again. */
static void
sort(struct keyset_key *k, size_t n, unsigned splits)
{
	while (n > SHORT_RUN) {
		struct keyset_key pivot;
		size_t i = 0, j = n - 1;

		if (splits-- == 0) {
			heap_sort(k, n);
			return;
		}
		if (compare(&k[n / 2], &k[0]) < 0)
			swap(&k[n / 2], &k[0]);
		if (compare(&k[n - 1], &k[n / 2]) < 0) {
			swap(&k[n - 1], &k[n / 2]);
			if (compare(&k[n / 2], &k[0]) < 0)
				swap(&k[n / 2], &k[0]);
		}
		pivot = k[n / 2];
		for (;; i++, j--) {
			while (compare(&k[i], &pivot) < 0)
				i++;
			while (compare(&k[j], &pivot) > 0)
				j--;
			if (i >= j)
				break;
			swap(&k[i], &k[j]);
		}
		sort(k + j + 1, n - j - 1, splits);
		n = j + 1;
	}
	insertion_sort(k, n);
}

static bool
same(const struct keyset_key *a, const struct keyset_key *b)
{
	return a->hash == b->hash && compare(a, b) == 0;
}

static const struct keyset_key *
find_twice(struct keyset_key *k, size_t n)
{
	unsigned splits = 0;

	if (n <= FEW) {
		for (size_t i = 1; i < n; i++)
			for (size_t at = 0; at < i; at++)
				if (same(&k[at], &k[i]))
					return &k[i];
		return NULL;
	}
	for (size_t m = n; m; m >>= 1)
		splits += 2;
	sort(k, n, splits);
	for (size_t i = 1; i < n; i++)
		if (same(&k[i - 1], &k[i]))
			return &k[i];
	return NULL;
}

bool
keyset_close(struct keyset *set, size_t mark, struct slice *twice)
{
	const struct keyset_key *found;
	struct keyset_key *k;
	size_t n = set->nr - mark;

	set->nr = mark;
	if (n < 2)
		return false;
	k = set->key + mark;
	if (set->copies.len > 0)
		for (size_t i = 0; i < n; i++)
			if (k[i].len & COPIED) {
				k[i].len &= ~COPIED;
				k[i].ptr = set->copies.buf + (uintptr_t)k[i].ptr;
			}
	found = find_twice(k, n);
	if (!found)
		return false;
	*twice = (struct slice){ found->ptr, found->len };
	return true;
}

void
keyset_reset(struct keyset *set)
{
	set->nr = 0;
	str_reset(&set->copies);
	if (set->alloc > KEEP_KEYS || set->copies.alloc > KEEP_BYTES)
		keyset_release(set);
}

void
keyset_release(struct keyset *set)
{
	free(set->key);
	str_release(&set->copies);
	*set = (struct keyset)KEYSET_INIT;
}
