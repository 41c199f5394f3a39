/*
 * print.c - a row of the manifest as NDJSON, as a line of a table, as tsv.
 */
#include "base/clock.h"
#include "base/utf8.h"
#include "cmd/manifest/manifest.h"
#include "fmt/json.h"
#include "sql.h"

/* The columns of sql/q/manifest_list.sql */
enum col {
	COL_ID, COL_TAG, COL_SPOOL, COL_HOST, COL_STATUS, COL_ATTEMPT, COL_FILES, COL_BYTES,
	COL_LOADED, COL_FAILED, COL_MISSING, COL_METRICS, COL_EVENTS, COL_REJECTED,
	COL_REPLACED, COL_DUP_SEGMENTS, COL_DUP_EVENTS, COL_ERROR, COL_CREATED, COL_STARTED, COL_FINISHED,
	COL_OWNER, COL_DEADLINE,
};

int
fetch_rows(struct session *s, const char *from, const char *limit, const char *ids,
    struct pg_rows **rows, struct err *err)
{
	return pg_exec(s->db, sql_manifest_list, PG_PARAMS(from, NULL, NULL, limit, ids), rows,
	    err);
}

void
put_key_text(struct str *out, const char *key, const char *value)
{
	if (value) {
		json_put_key_cstr(out, key, value);
		return;
	}
	json_put_key(out, key);
	str_adds(out, "null");
}

/* A time column as text; NULL for SQL NULL. */
static const char *
time_of(const struct pg_rows *r, int i, enum col c, char buf[CLOCK_BUF])
{
	return pg_text(r, i, c) ? clock_format(pg_int(r, i, c), buf) : NULL;
}

static const char *
num_of(const struct pg_rows *r, int i, enum col c)
{
	return pg_text(r, i, c) ? pg_text(r, i, c) : "0";
}

static void
put_ndjson(const struct pg_rows *r, int i, const char *more, struct str *out)
{
	char t[4][CLOCK_BUF];

	str_addf(out, "{\"v\":1,\"type\":\"batch\",\"batch_id\":%s", pg_text(r, i, COL_ID));
	put_key_text(out, "batch_tag", pg_text(r, i, COL_TAG));
	put_key_text(out, "status", pg_text(r, i, COL_STATUS));
	str_addf(out, ",\"attempt\":%s", pg_text(r, i, COL_ATTEMPT));
	put_key_text(out, "spool_id", pg_text(r, i, COL_SPOOL));
	put_key_text(out, "host", pg_text(r, i, COL_HOST));
	str_addf(out, ",\"totals\":{\"files\":%s,\"bytes\":%s,\"loaded\":%s,\"failed\":%s,"
	    "\"missing\":%s}", num_of(r, i, COL_FILES), num_of(r, i, COL_BYTES),
	    num_of(r, i, COL_LOADED), num_of(r, i, COL_FAILED), num_of(r, i, COL_MISSING));
	str_addf(out, ",\"rows\":{\"metrics\":%s,\"events\":%s},\"rejected\":%s,\"replaced\":%s",
	    num_of(r, i, COL_METRICS), num_of(r, i, COL_EVENTS), num_of(r, i, COL_REJECTED),
	    num_of(r, i, COL_REPLACED));
	str_addf(out, ",\"duplicates\":{\"segments\":%s,\"documents\":0,\"events\":%s}",
	    num_of(r, i, COL_DUP_SEGMENTS), num_of(r, i, COL_DUP_EVENTS));
	put_key_text(out, "error", pg_text(r, i, COL_ERROR));
	put_key_text(out, "created_at", time_of(r, i, COL_CREATED, t[0]));
	put_key_text(out, "started_at", time_of(r, i, COL_STARTED, t[1]));
	put_key_text(out, "finished_at", time_of(r, i, COL_FINISHED, t[2]));
	json_put_key(out, "lease");
	if (pg_text(r, i, COL_OWNER)) {
		str_addc(out, '{');
		put_key_text(out, "owner", pg_text(r, i, COL_OWNER));
		put_key_text(out, "deadline", time_of(r, i, COL_DEADLINE, t[3]));
		str_addc(out, '}');
	} else {
		str_adds(out, "null");
	}
	str_adds(out, more ? more : "");
	str_adds(out, "}\n");
}

static void
put_tsv(const struct pg_rows *r, int i, struct str *out)
{
	for (int c = COL_ID; c <= COL_FINISHED; c++) {
		char t[CLOCK_BUF];
		const char *at = c >= COL_CREATED && pg_text(r, i, c) ?
		    time_of(r, i, (enum col)c, t) : NULL;

		if (c > COL_ID)
			str_addc(out, '\t');
		if (at)
			str_adds(out, at);
		else if (c < COL_CREATED)
			utf8_put_printable(out, pg_text(r, i, c) ? pg_text(r, i, c) :
			    c == COL_ERROR ? "" : "0");
	}
	str_addc(out, '\n');
}

static void
put_text(struct session *s, const struct pg_rows *r, int i, struct str *out)
{
	char t[CLOCK_BUF];
	size_t start;

	if (!s->headed)
		str_addf(out, "%-33s %-10s %7s %10s %10s %8s %5s  %s\n", "BATCH", "STATUS", "FILES",
		    "METRICS", "EVENTS", "REJECTED", "DUP", "CREATED");
	s->headed = true;
	/* fractions of a second are for the other formats */
	start = out->len;
	str_addf(out, "%-33s %-10s %7s %10s %10s %8s %5s  ", pg_text(r, i, COL_TAG),
	    pg_text(r, i, COL_STATUS), num_of(r, i, COL_FILES), num_of(r, i, COL_METRICS),
	    num_of(r, i, COL_EVENTS), num_of(r, i, COL_REJECTED),
	    num_of(r, i, COL_DUP_SEGMENTS));
	clock_format(pg_int(r, i, COL_CREATED) / USEC_PER_SEC * USEC_PER_SEC, t);
	str_adds(out, t);
	if (pg_text(r, i, COL_ERROR)) {
		str_adds(out, "  ");
		utf8_put_printable(out, pg_text(r, i, COL_ERROR));
	}
	while (out->len > start && out->buf[out->len - 1] == ' ')
		str_truncate(out, out->len - 1);
	str_addc(out, '\n');
}

void
put_row(struct session *s, const struct pg_rows *rows, int i, const char *more, struct str *out)
{
	if (s->format == OUT_NDJSON)
		put_ndjson(rows, i, more, out);
	else if (s->format == OUT_TSV)
		put_tsv(rows, i, out);
	else
		put_text(s, rows, i, out);
}
