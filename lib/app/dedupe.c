#include "app/dedupe.h"

#include "alg/hash.h"
#include "base/mem.h"
#include "sql.h"

#define GROUP_EVENTS 4096
#define GROUP_BYTES ((size_t)2 << 20)
#define MAX_ID 200	/* longer ones stand as their hash: an index entry is bounded */

struct waiting {
	size_t start, len;	/* its row in rows */
	const char *part;
};

struct dedupe {
	struct str rows, sources, ids;	/* rows as COPY wants them; two array literals */
	struct waiting *event;
	size_t nr, alloc;
};

struct dedupe *
dedupe_new(void)
{
	struct dedupe *d = xcalloc(1, sizeof(*d));

	d->rows = d->sources = d->ids = (struct str)STR_INIT;
	return d;
}

void
dedupe_free(struct dedupe *d)
{
	if (!d)
		return;
	str_release(&d->rows);
	str_release(&d->sources);
	str_release(&d->ids);
	free(d->event);
	free(d);
}

/* One more element of an array literal (arrays, "Array Input and Output Syntax"). */
static void
array_add(struct str *out, struct slice s)
{
	char hex[SHA256_HEX];

	str_adds(out, out->len ? ",\"" : "{\"");
	if (s.len > MAX_ID) {
		sha256_of(s.ptr, s.len, hex);
		str_addf(out, "sha256:%s", hex);
	} else {
		for (size_t i = 0; i < s.len; i++) {
			if (s.ptr[i] == '"' || s.ptr[i] == '\\')
				str_addc(out, '\\');
			str_addc(out, s.ptr[i]);
		}
	}
	str_addc(out, '"');
}

void
dedupe_add(struct dedupe *d, const struct rec *rec, const char *part, int64_t segment_id,
    bool *full)
{
	struct waiting *w;

	ALLOC_GROW(d->event, d->nr + 1, d->alloc);
	w = &d->event[d->nr++];
	w->start = d->rows.len;
	w->part = part;
	copyrow_add(&d->rows, rec, segment_id);
	w->len = d->rows.len - w->start;
	array_add(&d->sources, rec->source);
	array_add(&d->ids, rec->id);
	*full = d->nr >= GROUP_EVENTS || d->rows.len >= GROUP_BYTES;
}

static int
put_new(struct dedupe *d, struct loader *l, const struct pg_rows *fresh, struct err *err)
{
	for (int i = 0; i < pg_nrows(fresh); i++) {
		const struct waiting *w = &d->event[pg_int(fresh, i, 0) - 1];

		if (loader_put(l, LOAD_EVENTS, w->part, d->rows.buf + w->start, w->len, err) < 0)
			return -1;
	}
	l->dup_events += (int64_t)d->nr - pg_nrows(fresh);
	return 0;
}

int
dedupe_flush(struct dedupe *d, struct loader *l, struct err *err)
{
	struct pg_rows *fresh = NULL;
	char segment[24];
	int rc = -1;

	if (d->nr == 0)
		return 0;
	snprintf(segment, sizeof(segment), "%lld", (long long)l->segment_id);
	str_addc(&d->sources, '}');
	str_addc(&d->ids, '}');
	/* no statement can run while a COPY is open */
	if (loader_end_copy(l, err) == 0 &&
	    pg_exec(l->db, sql_event_ids_add, PG_PARAMS(d->sources.buf, d->ids.buf, segment), &fresh,
	    err) == 0)
		rc = put_new(d, l, fresh, err);
	pg_free(fresh);
	str_reset(&d->rows);
	str_reset(&d->sources);
	str_reset(&d->ids);
	d->nr = 0;
	return rc;
}
