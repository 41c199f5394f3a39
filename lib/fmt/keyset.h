/*
 * keyset.h - does an object hold a key twice? The keys of objects that are
 * open lie on one stack; closing an object looks at its own and takes them
 * off. A few keys are compared in pairs, many are sorted by hash, length and
 * bytes, so that chosen collisions cost no more than n log n comparisons.
 * 16 bytes a key; the record's size bounds their number.
 *
 *	mark = keyset_mark(&set);
 *	... keyset_add(&set, key); ...
 *	if (keyset_close(&set, mark, &twice)) ...
 */
#ifndef FMT_KEYSET_H
#define FMT_KEYSET_H

#include "base/base.h"
#include "base/str.h"

struct keyset_key {
	const char *ptr;	/* of a copy: its offset in copies */
	uint32_t len, hash;
};

struct keyset {
	struct keyset_key *key;
	size_t nr, alloc;
	struct str copies;
};

#define KEYSET_INIT { NULL, 0, 0, STR_INIT }

static inline size_t
keyset_mark(const struct keyset *set)
{
	return set->nr;
}

/* k is borrowed until the object is closed; under 1 GiB. */
void keyset_add(struct keyset *set, struct slice k);
/* The same with a copy of k, for a key that was decoded. */
void keyset_add_copy(struct keyset *set, struct slice k);
/* Take the keys since mark off. true: one of them was there twice; it is
 * borrowed until the set changes. */
bool keyset_close(struct keyset *set, size_t mark, struct slice *twice);
/* Empty it; memory that only a monster needed is given back. */
void keyset_reset(struct keyset *set);
void keyset_release(struct keyset *set);

#endif
