/*
 * list.c - manifest list, manifest show.
 */
#include "app/archive.h"
#include "app/ledger.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cmd/manifest/manifest.h"
#include "fmt/json.h"
#include "sql.h"
#include "sys/io.h"
#include "sys/sig.h"

#define PAGE "500"

static int
check_status(const char *status, struct err *err)
{
	static const char *const known[] = { "open", "processing", "success", "partial", "failed" };

	for (size_t i = 0; i < countof(known); i++)
		if (!status || strcmp(status, known[i]) == 0)
			return 0;
	return err_set(err, ERR_USAGE, "--status is open, processing, success, partial or failed, "
	    "not \"%s\"", status);
}

/* The numbers of --since and --limit as parameters; NULL where not given. */
static int
list_params(struct session *s, char since[24], char limit[24], struct err *err)
{
	uint64_t n;

	if (check_status(s->o->status, err) < 0)
		return -1;
	if (s->o->since && (num_duration(s->o->since, &n) < 0 || n > INT64_MAX))
		return err_set(err, ERR_USAGE, "--since is an age such as 90m or 7d, not \"%s\"",
		    s->o->since);
	if (s->o->since)
		snprintf(since, 24, "%llu", (unsigned long long)n);
	if (s->o->limit && num_uint(s->o->limit, INT64_MAX, &n) < 0)
		return err_set(err, ERR_USAGE, "--limit is a number, not \"%s\"", s->o->limit);
	if (s->o->limit)
		snprintf(limit, 24, "%llu", (unsigned long long)n);
	return 0;
}

int
cmd_list(struct session *s, int argc UNUSED, char **argv UNUSED, struct err *err)
{
	char since[24] = "", limit[24] = "", from[24];
	const char *age = s->o->since ? since : NULL;
	struct pg_rows *rows = NULL;
	struct str out = STR_INIT;
	int rc = 0, n;

	if (list_params(s, since, limit, err) < 0 || pg_exec(s->db, sql_manifest_first,
	    PG_PARAMS(s->o->status, age, s->o->limit ? limit : NULL), &rows, err) < 0)
		return -1;
	n = pg_text(rows, 0, 0) != NULL;
	snprintf(from, sizeof(from), "%s", n ? pg_text(rows, 0, 0) : "0");
	pg_free(rows);
	while (rc == 0 && n > 0 && !sig_stopped()) {
		rc = pg_exec(s->db, sql_manifest_list, PG_PARAMS(from, s->o->status, age, PAGE,
		    NULL), &rows, err);
		if (rc < 0)
			break;
		n = pg_nrows(rows);
		for (int i = 0; i < n; i++)
			put_row(s, rows, i, NULL, &out);
		if (n > 0)
			snprintf(from, sizeof(from), "%lld", (long long)pg_int(rows, n - 1, 0) + 1);
		pg_free(rows);
		rc = io_stdout(out.buf, out.len, err);
		str_reset(&out);
	}
	str_release(&out);
	return rc;
}

static void
put_file_json(const struct ledger_file *f, enum file_place place, struct str *out)
{
	if (out->buf[out->len - 1] == '}')
		str_addc(out, ',');
	str_addc(out, '{');
	json_put_key_cstr(out, "name", f->name);
	json_put_key_int(out, "bytes", (int64_t)f->bytes);
	json_put_key_cstr(out, "sha256", f->sha256);
	json_put_key_cstr(out, "state", file_place_name[place]);
	if (f->segment_id)
		str_addf(out, ",\"segment_id\":%lld,\"rows\":{\"metrics\":%lld,\"events\":%lld},"
		    "\"rejected\":%lld,\"duplicate\":%s", (long long)f->segment_id,
		    (long long)f->metrics, (long long)f->events, (long long)f->rejected,
		    f->mine ? "false" : "true");
	else
		str_adds(out, ",\"segment_id\":null,\"rows\":null,\"rejected\":null,"
		    "\"duplicate\":false");
	put_key_text(out, "error", f->error);
	str_addc(out, '}');
}

static void
put_file_text(const struct ledger_file *f, enum file_place place, bool tsv, struct str *out)
{
	if (tsv) {
		str_addf(out, "%s\t", file_place_name[place]);
		utf8_put_printable(out, f->name);
		str_addf(out, "\t%llu\t%s\t%lld\t%lld\t%lld\t%lld\t%d\t", (unsigned long long)f->bytes,
		    f->sha256, (long long)f->segment_id, (long long)f->metrics,
		    (long long)f->events, (long long)f->rejected, f->segment_id && !f->mine);
	} else {
		str_addf(out, "  %-10s %10llu %10lld %10lld %8lld  ", file_place_name[place],
		    (unsigned long long)f->bytes, (long long)f->metrics, (long long)f->events,
		    (long long)f->rejected);
		utf8_put_printable(out, f->name);
		if (f->segment_id && !f->mine)
			str_adds(out, "  (duplicate)");
		str_adds(out, f->error ? "  " : "");
	}
	utf8_put_printable(out, f->error ? f->error : "");
	str_addc(out, '\n');
}

/* The files in the format of the session: JSON for the row, or lines after it. */
static void
put_files(struct session *s, const struct batch *b, const struct ledger_files *l,
    struct str *out)
{
	bool json = s->format == OUT_NDJSON, ours = strcmp(b->spool_id, s->sp.id) == 0;

	if (json)
		str_adds(out, ",\"files\":[");
	else if (s->format == OUT_TEXT)
		str_addf(out, "  %-10s %10s %10s %10s %8s  %s\n", "STATE", "BYTES", "METRICS",
		    "EVENTS", "REJECTED", "FILE");
	for (size_t i = 0; i < l->nr; i++) {
		enum file_place place = !ours ? PLACE_ELSEWHERE : file_place_of(&s->sp, b->tag,
		    b->created_us, batch_finished(b), l->file[i].name);

		if (json)
			put_file_json(&l->file[i], place, out);
		else
			put_file_text(&l->file[i], place, s->format == OUT_TSV, out);
	}
	if (json)
		str_addc(out, ']');
}

int
cmd_show(struct session *s, int argc UNUSED, char **argv, struct err *err)
{
	struct batch b = BATCH_INIT;
	struct ledger_files l = LEDGER_FILES_INIT;
	struct pg_rows *rows = NULL;
	struct str files = STR_INIT, out = STR_INIT;
	char ids[32];
	int rc = -1;

	if (want_batch(s, argv[0], &b, err) < 0 || ledger_files_load(s->db, b.id, &l, err) < 0)
		goto out;
	snprintf(ids, sizeof(ids), "{%lld}", (long long)b.id);
	if (fetch_rows(s, "1", "1", ids, &rows, err) < 0)
		goto out;
	put_files(s, &b, &l, &files);
	if (pg_nrows(rows) > 0)
		put_row(s, rows, 0, s->format == OUT_NDJSON ? files.buf : NULL, &out);
	if (s->format != OUT_NDJSON)
		str_add(&out, files.buf, files.len);
	rc = io_stdout(out.buf, out.len, err);
out:
	pg_free(rows);
	str_release(&out);
	str_release(&files);
	ledger_files_release(&l);
	batch_release(&b);
	return rc;
}
