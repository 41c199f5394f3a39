/*
 * rec.h - the records of a segment: metrics, events and documents, from msgpack
 * maps back to back or NDJSON, checked against the rules of sluice-records(5).
 *
 * A reader pulls records one at a time from a struct zin (plain or zstd) and
 * keeps at most one record in memory. A record that breaks a rule comes out as
 * REC_REJECT, alone; its neighbours are not touched. NDJSON goes on at the
 * next newline; msgpack walks past a bad record and, from a point that cannot
 * be walked, the rest of the segment is one reject (rest is true).
 *
 *	struct rec_reader *r = rec_reader_new(&in, REC_NDJSON, REC_REJECT_BAD);
 *	while ((got = rec_next(r, &rec, &err)) > 0) ...
 *	rec_reader_free(r);
 */
#ifndef FMT_REC_H
#define FMT_REC_H

#include "base/err.h"
#include "base/str.h"
#include "fmt/zio.h"

/* A larger record is rejected (`larger than 16 MiB`). */
#define REC_MAX_BYTES ((size_t)16 << 20)
/* Containers inside each other, counting the record itself. */
#define REC_MAX_DEPTH 32

enum rec_format { REC_NDJSON, REC_MSGPACK };

enum rec_policy {
	REC_REJECT_BAD,	/* the default: set the record aside, unchanged */
	/* U+FFFD for NUL, invalid UTF-8, lone surrogates; counted. A document with
	 * chunks or pii is rejected instead: their offsets would move. */
	REC_REPLACE,
};

enum rec_kind { REC_METRIC, REC_EVENT, REC_DOCUMENT, REC_REJECT };

struct rec {
	enum rec_kind kind;
	uint64_t offset;	/* of its first byte in the decompressed segment */
	uint64_t line;		/* NDJSON: counted from 1; else 0 */
	struct slice raw;	/* its bytes (of a mended reject, those of `record`); of
				 * the rest and of a large one only what is in memory */
	unsigned replaced;	/* how many U+FFFD were put in */

	/* all but REJECT; all slices are borrowed until the next call and are
	 * valid UTF-8 without NUL, all JSON text is acceptable to jsonb */
	int64_t ts_us;		/* microseconds since 1970 */
	bool has_ts;		/* only a document may be without */
	struct slice name;	/* metric */
	double value;		/* metric; may be NaN or infinite */
	struct slice labels;	/* metric: JSON object text */
	struct slice id;	/* event; ptr NULL = absent */
	struct slice source;	/* event, document */
	struct slice event_kind; /* event */
	struct slice user_token; /* event; ptr NULL = absent */
	struct slice payload;	/* event: JSON object text */

	/* REJECT */
	const char *field;	/* path of the field, borrowed; NULL = the record */
	const char *reason;	/* borrowed */
	bool rest;		/* everything from offset to the end */

	/* DOCUMENT; of other kinds they are not set */
	struct slice uri, mime, text;
	struct slice sha256;	/* 64 hex digits, lower case */
	struct slice title, lang, parent; /* ptr NULL = absent */
	struct slice meta;	/* JSON object text; `{}` when absent */
	/* JSON array text, `[]` when absent; rec_doc.h reads them */
	struct slice persons, chunks, pii;
};

struct rec_reader;

/* in is borrowed and must outlive the reader. */
struct rec_reader *rec_reader_new(struct zin *in, enum rec_format format, enum rec_policy policy);
/* 1: *out is set. 0: the end. -1: the segment cannot be read (I/O, corrupt
 * from its first byte, a bomb) and no part of it may be believed. */
int rec_next(struct rec_reader *r, struct rec *out, struct err *err);
void rec_reader_free(struct rec_reader *r);

/* The reject line of sluice-spool(5) for the REC_REJECT that rec_next just
 * gave: with `record` where the bytes are JSON or can be told as JSON without
 * loss, else with `bytes_b64`. Streams: the rest of a segment may be larger
 * than memory, and the slices of *reject are gone afterwards. sink returns 0,
 * or -1 with err set. segment is a file name. */
typedef int (*rec_sink)(void *arg, const void *data, size_t n, struct err *err);
int rec_reject_line(struct rec_reader *r, const struct rec *reject, const char *segment,
    rec_sink sink, void *arg, struct err *err);

/* NDJSON or msgpack, by the first byte (DESIGN 3); -1 when it is neither. */
int rec_sniff(const unsigned char *p, size_t n, enum rec_format *out);

/* A good record in the other format, appended to out with its newline.
 * Numbers keep their value exactly, or -1 with ERR_DATA (`hint`: which format
 * can hold it). The same format copies raw. */
int rec_encode(const struct rec *rec, enum rec_format from, enum rec_format to, struct str *out,
    struct err *err);

#endif
