/*
 * check.c - manifest verify.
 */
#include "app/verify.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "cmd/manifest/manifest.h"
#include "fmt/json.h"
#include "sys/io.h"

static void
put_finding_json(const struct finding *f, struct str *out)
{
	str_adds(out, "{\"v\":1,\"type\":\"finding\"");
	json_put_key_cstr(out, "kind", f->kind);
	put_key_text(out, "batch_tag", f->tag);
	put_key_text(out, "name", f->name);
	if (f->segment_id)
		json_put_key_int(out, "segment_id", f->segment_id);
	else
		put_key_text(out, "segment_id", NULL);
	put_key_text(out, "path", f->path);
	put_key_text(out, "expected", f->expected);
	put_key_text(out, "found", f->found);
	put_key_text(out, "fix", f->fix);
	str_adds(out, "}\n");
}

static void
put_finding_tsv(const struct finding *f, struct str *out)
{
	const char *const part[] = { f->kind, f->tag, f->name, f->path, f->expected, f->found,
		f->fix };

	for (size_t i = 0; i < countof(part); i++) {
		str_adds(out, i ? "\t" : "");
		utf8_put_printable(out, part[i] ? part[i] : "");
	}
	str_addc(out, '\n');
}

static void
put_finding_text(const struct finding *f, struct str *out)
{
	str_addf(out, "%s: ", f->kind);
	utf8_put_printable(out, f->path ? f->path : f->name ? f->name : f->tag ? f->tag : "");
	if (!f->path && !f->name && !f->tag)
		str_addf(out, "segment %lld", (long long)f->segment_id);
	if (f->expected || f->found)
		str_addf(out, "\n    expected %s\n    found    %s", f->expected ? f->expected : "-",
		    f->found ? f->found : "nothing");
	str_adds(out, "\n    fix: ");
	utf8_put_printable(out, f->fix);
	str_addc(out, '\n');
}

static int
print_finding(void *arg, const struct finding *f, struct err *err)
{
	struct session *s = arg;
	struct str out = STR_INIT;
	int rc;

	if (s->format == OUT_NDJSON)
		put_finding_json(f, &out);
	else if (s->format == OUT_TSV)
		put_finding_tsv(f, &out);
	else
		put_finding_text(f, &out);
	rc = io_stdout(out.buf, out.len, err);
	str_release(&out);
	return rc;
}

static int
print_summary(struct session *s, const struct verify *v, int64_t ms, struct err *err)
{
	struct str out = STR_INIT;
	int rc;

	if (s->format == OUT_NDJSON) {
		str_adds(&out, "{\"v\":1,\"type\":\"summary\"");
		json_put_key_int(&out, "segments", (int64_t)v->segments);
		json_put_key_int(&out, "batches", (int64_t)v->batches);
		json_put_key_int(&out, "files", (int64_t)v->files);
		json_put_key_int(&out, "bytes_hashed", (int64_t)v->bytes_hashed);
		json_put_key_int(&out, "findings", (int64_t)v->findings);
		json_put_key_int(&out, "elapsed_ms", ms);
		str_adds(&out, "}\n");
	} else if (s->format == OUT_TEXT) {
		str_addf(&out, "%llu segments recounted, %llu files in %llu batches looked at: "
		    "%llu findings\n", (unsigned long long)v->segments, (unsigned long long)v->files,
		    (unsigned long long)v->batches, (unsigned long long)v->findings);
	}
	rc = io_stdout(out.buf, out.len, err);
	str_release(&out);
	return rc;
}

/* A tag may be of a batch that the database has lost: its folder still counts. */
static int
verify_tag(struct session *s, struct verify *v, const char *tag, struct err *err)
{
	struct batch b = BATCH_INIT;
	uint64_t before = v->files;
	int found, rc = -1;

	if (want_tag(tag, err) < 0 || (found = manifest_load(s->db, tag, &b, err)) < 0)
		goto out;
	rc = found ? verify_rows(v, b.id, err) : 0;
	if (rc == 0 && found && batch_finished(&b) && strcmp(b.spool_id, s->sp.id) == 0)
		rc = verify_batch(v, &b, err);
	if (rc == 0)
		rc = verify_folders(v, tag, err);
	if (rc == 0 && !found && v->files == before) {
		rc = err_set(err, ERR_DATA, "batch \"%s\" is neither in the manifest nor in \"%s/archive\"",
		    tag, s->sp.root);
		err_hint(err, "manifest list shows what there is");
	}
out:
	batch_release(&b);
	return rc;
}

int
cmd_verify(struct session *s, int argc, char **argv, struct err *err)
{
	struct verify v = { .db = s->db, .sp = &s->sp, .quick = s->o->quick,
		.finding = print_finding, .arg = s };
	int64_t start = clock_mono_ms();
	int rc = 0;

	pg_cancel_on_stop(s->db);
	for (int i = 0; rc == 0 && i < argc; i++)
		rc = verify_tag(s, &v, argv[i], err);
	if (argc == 0)
		rc = verify_rows(&v, 0, err) < 0 || verify_batches(&v, err) < 0 ||
		    verify_folders(&v, NULL, err) < 0 ? -1 : 0;
	if (rc == 0)
		rc = print_summary(s, &v, clock_mono_ms() - start, err);
	return rc < 0 ? -1 : v.findings ? EXIT_NO : EXIT_OK;
}
