/*
 * rec_doc.h - the persons, chunks and findings of a document record, out of the
 * JSON text that rec_next has checked.
 *
 * What comes out is as good as the rules of sluice-records(5) make it: a range lies
 * within the text and begins and ends between characters, the chunks are numbered
 * 0, 1, 2. Slices are borrowed from the record, or from the struct rec_items until
 * the next call. Nothing is allocated but for text that is escaped.
 *
 *	struct rec_items it;
 *	struct rec_chunk c;
 *
 *	rec_items_init(&it, rec.chunks, rec.text);
 *	while (rec_chunk_next(&it, &c)) ...
 *	rec_items_release(&it);
 */
#ifndef FMT_REC_DOC_H
#define FMT_REC_DOC_H

#include "alg/pii.h"
#include "fmt/json.h"
#include "fmt/rec.h"

#define REC_ITEM_TEXTS 3

struct rec_items {
	struct json j;
	struct slice text;	/* of the document */
	size_t index;		/* of the item that came last, from 0 */
	struct str scratch[REC_ITEM_TEXTS];
	/* private to the check: */
	bool compare;		/* a chunk's own text too */
	const char *reason;	/* of what broke a rule; NULL = none did */
	const char *key;	/* which one of the item, NULL = the item */
};

struct rec_person {
	struct slice role;
	struct slice name, email; /* ptr NULL = absent; one of them is not empty */
};

struct rec_chunk {
	size_t ord, start, end;
	struct slice text;	/* [start, end) of the document's */
	struct slice heading;	/* ptr NULL = absent */
};

struct rec_finding {
	enum pii_kind kind;
	size_t start, end;
	double score;		/* 0 to 1 */
};

/* array: persons, chunks or pii of a record; text: its text. Both are borrowed. */
void rec_items_init(struct rec_items *it, struct slice array, struct slice text);
void rec_items_release(struct rec_items *it);
/* The next one; false after the last. */
bool rec_person_next(struct rec_items *it, struct rec_person *out);
bool rec_chunk_next(struct rec_items *it, struct rec_chunk *out);
bool rec_finding_next(struct rec_items *it, struct rec_finding *out);

#endif
