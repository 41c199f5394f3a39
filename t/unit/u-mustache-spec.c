/* mustache: the core modules of the specification, which lies beside the
 * project, and the templates of etc/templates */
#include "fmt/mustache.h"

#include "fmt/json.h"
#include "t/unit/data.h"

static void
slurp(const char *path, struct str *out)
{
	FILE *f = fopen(path, "rb");
	char buf[4096];
	size_t n;

	ck_assert_msg(f != NULL, "%s", path);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_add(out, buf, n);
	fclose(f);
}

/* A member of the JSON object that arg points to. */
static int
from_object(void *arg, struct slice name, struct str *out, struct err *err UNUSED)
{
	char key[64];

	snprintf(key, sizeof(key), "%.*s", (int)name.len, name.ptr);
	return json_get_string(*(struct slice *)arg, key, out);
}

/* One test: {"name","desc","data","template","expected","partials"}. */
static void
spec_test(const char *file, struct slice test)
{
	struct str name = STR_INIT, text = STR_INIT, want = STR_INIT, out = STR_INIT;
	struct slice data, partials = SLICE_LIT("{}");
	struct mustache m = { "spec", SLICE_INIT, MUSTACHE_HTML, from_object, &partials };
	struct err err = ERR_INIT;
	enum json_tok tok;

	ck_assert(json_get_string(test, "name", &name));
	ck_assert(json_get_string(test, "template", &text));
	ck_assert(json_get_string(test, "expected", &want));
	ck_assert(json_get(test, "data", &data, &tok));
	if (tok == JSON_STRING)
		data = (struct slice){ data.ptr - 1, data.len + 2 };
	json_get(test, "partials", &partials, &tok);
	m.text = str_slice(&text);
	ck_assert_msg(mustache_check(&m, &err) == 0, "%s: %s: %s", file, name.buf, err.text);
	ck_assert_msg(mustache_render(&m, data, &out, &err) == 0, "%s: %s: %s", file, name.buf,
	    err.text);
	ck_assert_msg(slice_eq(str_slice(&out), str_slice(&want)), "%s: %s: \"%s\", not \"%s\"",
	    file, name.buf, out.buf, want.buf);
	str_release(&name);
	str_release(&text);
	str_release(&want);
	str_release(&out);
}

static unsigned
spec_file(const char *path)
{
	struct str text = STR_INIT;
	struct slice tests;
	enum json_tok tok;
	unsigned nr = 0;
	struct json j;

	slurp(path, &text);
	ck_assert(json_get(str_slice(&text), "tests", &tests, &tok) && tok == JSON_ARR_OPEN);
	json_init(&j, tests.ptr, tests.len);
	json_next(&j);
	while ((tok = json_next(&j)) == JSON_OBJ_OPEN) {
		const char *first = j.text.ptr;

		json_skip(&j, tok);
		spec_test(path, (struct slice){ first, (size_t)(j.p - first) });
		nr++;
	}
	json_release(&j);
	str_release(&text);
	return nr;
}

START_TEST(specification)
{
	static const struct { const char *module; unsigned nr; } table[] = {
		{ "interpolation", 42 }, { "sections", 34 }, { "inverted", 22 },
		{ "comments", 12 }, { "delimiters", 14 }, { "partials", 12 },
	};
	char name[100], path[4096];
	unsigned nr, all = 0;

	for (size_t i = 0; i < countof(table); i++) {
		snprintf(name, sizeof(name), "mustache-spec/specs/%s.json", table[i].module);
		if (!data_path(name, path, sizeof(path)))
			return;
		nr = spec_file(path);
		printf("# mustache specification, %s: %u passed\n", table[i].module, nr);
		ck_assert_uint_ge(nr, table[i].nr);
		all += nr;
	}
	printf("# mustache specification: %u tests of the core passed\n", all);
	fflush(stdout);
}
END_TEST

/* --- etc/templates ------------------------------------------------------------- */

#define TAG "20261121T021545Z-fa2f6199bc1f7bbd"
#define HEAD(type) "{\"v\":1,\"type\":\"" type "\",\"id\":\"evt_6f7070bf0ff4947e9c55edb4\"," \
	"\"ts\":\"2026-11-21T02:15:45.619686Z\",\"batch_id\":1,\"batch_tag\":\"" TAG "\"," \
	"\"attempt\":1"
#define TOTALS(f, b) ",\"totals\":{\"files\":" f ",\"bytes\":" b "}"
#define COUNTS(rows, rejected, replaced, dup_segments, dup_events) \
	",\"rows\":{" rows "},\"rejected\":" rejected ",\"replaced\":" replaced \
	",\"duplicates\":{\"segments\":" dup_segments ",\"documents\":0,\"events\":" dup_events "}"
#define FILES ",\"files\":[{\"name\":\"m\\\"1.ndjson.zst\",\"bytes\":1090,\"sha256\":\"08b8\"}]}"

/* The template renders to one JSON text, which is left in out. */
static void
render_file(const char *name, const char *event, struct str *out)
{
	struct str path = STR_INIT, text = STR_INIT;
	struct mustache m = { .escape = MUSTACHE_JSON };
	struct err err = ERR_INIT;

	str_addf(&path, "etc/templates/%s.json.tmpl", name);
	slurp(path.buf, &text);
	m.name = path.buf;
	m.text = str_slice(&text);
	str_reset(out);
	ck_assert(json_valid((struct slice){ event, strlen(event) }));
	ck_assert_msg(mustache_render(&m, (struct slice){ event, strlen(event) }, out, &err) == 0,
	    "%s", err.text);
	ck_assert_msg(json_valid(str_slice(out)), "%s", out->buf);
	str_release(&path);
	str_release(&text);
}

START_TEST(templates)
{
	static const struct { const char *name, *event, *want; } table[] = {
		{ "gate_open", HEAD("gate.open") TOTALS("2", "1090") FILES,
			"batch " TAG ": gate open, attempt 1; files: 2, bytes: 1090" },
		{ "gate_done", HEAD("gate.done") ",\"status\":\"success\"" TOTALS("1", "1090")
			COUNTS("\"metrics\":140,\"events\":0", "0", "0", "0", "0")
			",\"elapsed_ms\":149" FILES,
			"batch " TAG ": success in 149 ms, attempt 1; files: 1, bytes: 1090; "
			"rows: 140 metrics, 0 events; rejected: 0" },
		{ "gate_done", HEAD("gate.done") ",\"status\":\"partial\"" TOTALS("3", "9")
			COUNTS("\"metrics\":1,\"events\":2,\"documents\":3", "4", "5", "6", "7")
			",\"elapsed_ms\":0" FILES,
			"batch " TAG ": partial in 0 ms, attempt 1; files: 3, bytes: 9; "
			"rows: 1 metrics, 2 events, 3 documents; "
			"rejected: 4 (see failed/" TAG "/ in the spool); "
			"changed: 5; files known before: 6; events known before: 7" },
		{ "embed_start", HEAD("embed.start")
			",\"model\":\"lsa\",\"counts\":{\"documents\":3,\"chunks\":42}}",
			"batch " TAG ": embedding starts with lsa; documents: 3; chunks: 42" },
		{ "embed_start", HEAD("embed.start") "}", "batch " TAG ": embedding starts" },
	};
	struct str out = STR_INIT, got = STR_INIT;

	for (size_t i = 0; i < countof(table); i++) {
		render_file(table[i].name, table[i].event, &out);
		str_reset(&got);
		ck_assert(json_get_string(str_slice(&out), "text", &got));
		ck_assert_str_eq(got.buf, table[i].want);
	}
	str_release(&out);
	str_release(&got);
}
END_TEST

/* Whatever is missing, null, or of another type: JSON it stays. */
START_TEST(odd_events)
{
	static const char *const name[] = { "gate_open", "gate_done", "embed_start" };
	static const char *const event[] = { "{}", "[]", "null", "\"\\\"\"",
		"{\"batch_tag\":null,\"status\":\"\\\"\\\\\\n\",\"rejected\":[\"\\\"\"]}",
		"{\"model\":{\"a\":\"\\u2028\"},\"batch_tag\":[{\"\\u0000\":\"\\\"\"}]}",
		"{\"rejected\":true,\"totals\":\"\\\"\",\"rows\":{\"metrics\":\"\\ud800\"}}",
		"{\"counts\":[1],\"duplicates\":{\"segments\":[[],\"\\\"\"]}}" };
	struct str out = STR_INIT;

	for (size_t i = 0; i < countof(name); i++)
		for (size_t k = 0; k < countof(event); k++)
			render_file(name[i], event[k], &out);
	str_release(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mustache-spec");
	TCase *t = tcase_create("spec");

	tcase_add_test(t, specification);
	tcase_add_test(t, templates);
	tcase_add_test(t, odd_events);
	suite_add_tcase(s, t);
	return run_suite(s);
}
