/*
 * copyrow.h - records as rows of PostgreSQL's binary COPY format (sql-copy,
 * "Binary Format"): a count of fields, then length and bytes of each, all
 * big-endian. Times are microseconds since 2000-01-01; jsonb is a version byte
 * (1) and text.
 */
#ifndef APP_COPYROW_H
#define APP_COPYROW_H

#include "base/str.h"
#include "fmt/rec.h"

enum load_table { LOAD_METRICS, LOAD_EVENTS, LOAD_TABLES };

extern const char *const load_table_name[LOAD_TABLES];	/* `metrics`, ... */
extern const char *const load_table_columns[LOAD_TABLES];

/* What begins and ends a COPY. */
#define COPYROW_HEADER_LEN 19
extern const char copyrow_header[COPYROW_HEADER_LEN];
#define COPYROW_TRAILER_LEN 2
extern const char copyrow_trailer[COPYROW_TRAILER_LEN];

enum load_table copyrow_table(const struct rec *rec);
/* Append the row of a metric or event. */
void copyrow_add(struct str *out, const struct rec *rec, int64_t segment_id);

#endif
