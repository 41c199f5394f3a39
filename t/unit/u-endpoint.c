/* endpoints: settings that are refused with their key, secrets, patterns, bodies, delays */
#include "app/endpoint.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fmt/json.h"
#include "sys/fs.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define URL "    url: http://127.0.0.1:9/hook-with-a-path\n"
#define EVENT "{\"v\":1,\"type\":\"gate.done\",\"id\":\"evt_1\",\"ts\":\"2026-11-21T02:15:45Z\"," \
	"\"n\":12345678901234567890,\"s\":\"a\\\"b\"}"

static char top[64];
static struct err err;
static struct conf *conf;
static struct endpoints ends;

static char *
at(const char *name)
{
	static char path[8][200];
	static unsigned i;

	i = (i + 1) % countof(path);
	snprintf(path[i], sizeof(path[i]), "%s/%s", top, name);
	return path[i];
}

static void
put(const char *name, const char *text, size_t n, mode_t mode)
{
	ck_assert_msg(fs_write_durable(at(name), text, n, mode, &err) == 0, "%s", err.text);
}

static void
puts_at(const char *name, const char *text)
{
	put(name, text, strlen(text), 0600);
}

static void
setup(void)
{
	umask(0);
	snprintf(top, sizeof(top), "/tmp/u-endpoint.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	setenv("XDG_CONFIG_HOME", top, 1);
}

static int
remove_one(const char *path, const struct stat *st UNUSED, int flag UNUSED, struct FTW *f UNUSED)
{
	return remove(path);
}

static void
forget(void)
{
	endpoints_release(&ends);
	conf_free(conf);
	conf = NULL;
	err_release(&err);
}

static void
teardown(void)
{
	forget();
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The endpoint `ops` with these lines; $ is the directory of the test. */
static int
load(const char *lines)
{
	struct str text = STR_INIT;

	forget();
	str_adds(&text, "endpoints:\n  ops:\n");
	for (; *lines; lines++) {
		if (*lines == '$')
			str_adds(&text, top);
		else
			str_addc(&text, *lines);
	}
	puts_at("sluice.yaml", text.buf);
	str_release(&text);
	conf = conf_load(at("sluice.yaml"), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	return endpoints_load(&ends, conf, &err);
}

static const struct endpoint *
loaded(const char *lines)
{
	ck_assert_msg(load(lines) == 0, "%s", err.text);
	ck_assert_uint_eq(ends.nr, 1);
	return &ends.item[0];
}

static void
refused_as(const char *lines, enum err_kind kind, const char *want)
{
	ck_assert_msg(load(lines) == -1, "%s", lines);
	ck_assert_msg(err.kind == kind, "%d: %s", err.kind, err.text);
	ck_assert_msg(strstr(err.text, want) != NULL, "%s", err.text);
	ck_assert_msg(strncmp(err.text, "endpoints.ops.", 14) == 0, "%s", err.text);
	/* neither a secret, nor a URL, which may be one */
	ck_assert_msg(!strstr(err.text, "hook-with") && !strstr(err.text, "MfKQ") &&
	    !strstr(err.text, "t0p"), "%s", err.text);
	ck_assert_ptr_null(ends.item);
}

static void
refused(const char *lines, const char *want)
{
	refused_as(lines, ERR_CONFIG, want);
}

START_TEST(defaults)
{
	const struct endpoint *e = loaded(URL);
	static const uint64_t retry_s[] = { 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400 };

	ck_assert_str_eq(e->name, "ops");
	ck_assert_str_eq(e->pattern[0], "*");
	ck_assert_ptr_null(e->pattern[1]);
	ck_assert_ptr_null(e->header[0]);
	ck_assert_ptr_null(e->token);
	ck_assert_ptr_null(e->template);
	ck_assert_uint_eq(e->keys.nr, 0);
	ck_assert_uint_eq(e->allow_nr, 0);
	ck_assert_uint_eq(e->timeout_ms, 15000);
	ck_assert_uint_eq(e->retry_nr, countof(retry_s));
	for (size_t i = 0; i < countof(retry_s); i++)
		ck_assert_uint_eq(e->retry_ms[i], retry_s[i] * 1000);
	ck_assert_uint_eq(e->rate.count, 0);
	ck_assert_uint_eq(e->dedupe_ms, UINT64_C(76) * 3600 * 1000);
	ck_assert_uint_eq(e->quiet.nr, 0);
	ck_assert_str_eq(e->quiet.zone, "UTC");
	ck_assert_ptr_eq(endpoints_find(&ends, "ops"), e);
	ck_assert_ptr_null(endpoints_find(&ends, "op"));
}
END_TEST

START_TEST(all_set)
{
	const struct endpoint *e;

	puts_at("secret", SECRET "\n" SECRET "\n");
	put("token", "  t0p-s3cret/+=~ \r\n", 18, 0640);
	e = loaded(URL "    events: gate.* embed.done:failed\n"
	    "    headers: ['X-A: 1', 'content-type: text/x', 'X-B:  two words ']\n"
	    "    token_file: $/token\n    secret_file: $/secret\n    timeout: 100ms\n"
	    "    retry: [1s, 0, 2h]\n    allow_net: 127.0.0.0/8 ::1\n    rate: 60/m\n"
	    "    dedupe: 1h\n    quiet: 22:00-07:00\n    zone: UTC\n    ca_file: /ca\n");
	ck_assert_str_eq(e->pattern[1], "embed.done:failed");
	ck_assert_ptr_null(e->pattern[2]);
	ck_assert_str_eq(e->header[0], "X-A: 1");
	ck_assert_str_eq(e->header[1], "content-type: text/x");
	ck_assert_ptr_null(e->header[3]);
	ck_assert_str_eq(e->token, "t0p-s3cret/+=~");
	ck_assert_uint_eq(e->keys.nr, 2);
	ck_assert_uint_eq(e->retry_nr, 3);
	ck_assert_uint_eq(e->retry_ms[1], 0);
	ck_assert_uint_eq(e->retry_ms[2], 7200000);
	ck_assert_uint_eq(e->allow_nr, 2);
	ck_assert_uint_eq(e->allow[0].bits, 104);
	ck_assert_uint_eq(e->rate.count, 60);
	ck_assert_uint_eq(e->quiet.nr, 1);
	ck_assert_str_eq(e->ca_file, "/ca");
	/* empty lists: nothing is wanted, nothing is tried again */
	e = loaded(URL "    events: ''\n    retry: ''\n");
	ck_assert(!endpoint_wants(e, "gate.done", NULL));
	ck_assert_uint_eq(e->retry_nr, 0);
	ck_assert_int_eq(endpoint_delay(e, 1, -1), -1);
}
END_TEST

START_TEST(refusals)
{
	char lines[400], *p = lines;

	refused("    rate: 1/s\n", "endpoints.ops.url is not set");
	refused("    url: ftp://127.0.0.1/hook-with\n", "endpoints.ops.url: ");
	refused("    url: http://user:t0p@127.0.0.1/hook-with\n", "user or a password");
	refused(URL "    retry: 5s 5x\n", "endpoints.ops.retry: \"5x\" is not a duration");
	refused(URL "    retry: 99999d\n", "\"99999d\" is not a duration");
	p += snprintf(lines, sizeof(lines), URL "    retry: ");
	for (int i = 0; i <= ENDPOINT_RETRIES_MAX; i++)
		p = stpcpy(p, "1s ");
	*p++ = '\n', *p = '\0';
	refused(lines, "33 delays are more than 32");
	refused(URL "    allow_net: 127.0.0.0/8 10.0.0.0/33\n", "\"10.0.0.0/33\" is not a range");
	refused(URL "    allow_net: localhost\n", "endpoints.ops.allow_net: ");
	refused(URL "    rate: 0/s\n", "endpoints.ops.rate: \"0/s\" is not a rate");
	refused(URL "    quiet: 22-7\n", "endpoints.ops.quiet: ");
	refused(URL "    zone: Europe/Atlantis\n", "no time zone \"Europe/Atlantis\"");
	refused(URL "    zone: ../../etc/passwd\n", "no time zone");
}
END_TEST

START_TEST(headers)
{
	static const char *const bad[] = { "no colon t0p", ": t0p", "X A: t0p", "X-A :t0p", "X-A:",
		"X-A: ", "X-\xc3\xa9: t0p", "X-A: t0p\\rX-B: 2", "X-A: t0p\\x7f", "X-A: t0p\\x01" };
	static const char *const ours[] = { "Host", "CONTENT-LENGTH", "Transfer-Encoding", "connection",
		"Webhook-Id", "webhook-signature", "webhook-anything", "TE", "Expect" };
	char lines[200];

	for (size_t i = 0; i < countof(bad); i++) {
		snprintf(lines, sizeof(lines), URL "    headers: [\"X-Ok: 1\", \"%s\"]\n", bad[i]);
		refused(lines, "endpoints.ops.headers: line 2 is not a header");
	}
	for (size_t i = 0; i < countof(ours); i++) {
		snprintf(lines, sizeof(lines), URL "    headers: ['%s: t0p']\n", ours[i]);
		refused(lines, ours[i]);
	}
	loaded(URL "    headers: ['Authorization: Basic x']\n");
	puts_at("token", "t0p");
	refused(URL "    headers: ['Authorization: t0p']\n    token_file: $/token\n", "Authorization");
}
END_TEST

START_TEST(secrets)
{
	static const mode_t open_modes[] = { 0604, 0602, 0644, 0666 };
	char big[5000];

	for (size_t i = 0; i < countof(open_modes); i++) {
		put("secret", SECRET, strlen(SECRET), open_modes[i]);
		refused(URL "    secret_file: $/secret\n", "endpoints.ops.secret_file: ");
		ck_assert_ptr_nonnull(strstr(err.hint, "chmod 600 '"));
		put("token", "t0p", 3, open_modes[i]);
		refused(URL "    token_file: $/token\n", "endpoints.ops.token_file: ");
	}
	refused(URL "    secret_file: $/none\n", "No such file");
	refused(URL "    secret_file: $\n", "not a regular file");
	ck_assert_int_eq(mkfifo(at("fifo"), 0600), 0);
	refused(URL "    token_file: $/fifo\n", "not a regular file");
	memset(big, 'a', sizeof(big));
	put("secret", big, sizeof(big), 0600);
	refused(URL "    secret_file: $/secret\n", "larger than 4096");
	put("secret", SECRET " MfKQ", strlen(SECRET " MfKQ"), 0600);
	refused(URL "    secret_file: $/secret\n", "webhook secret 2 does not begin");
	puts_at("secret", " \n");
	refused(URL "    secret_file: $/secret\n", "no webhook secret");
	puts_at("token", "t0p t0p\n");
	refused(URL "    token_file: $/token\n", "one line of printable ASCII");
	puts_at("token", "t0p\nt0p\n");
	refused(URL "    token_file: $/token\n", "one line of printable ASCII");
	put("token", "t0p\0", 4, 0600);
	refused(URL "    token_file: $/token\n", "one line of printable ASCII");
	puts_at("token", "\n");
	refused(URL "    token_file: $/token\n", "one line of printable ASCII");
	puts_at("token", "t0p\xc3\xa9");
	refused(URL "    token_file: $/token\n", "one line of printable ASCII");
}
END_TEST

START_TEST(secrets_of_the_environment)
{
	struct webhook_keys keys = WEBHOOK_KEYS_INIT;

	puts_at("secret", SECRET);
	puts_at("token", "t0p");
	setenv("SLUICE_ENDPOINTS_OPS_SECRET", SECRET " " SECRET, 1);
	ck_assert_uint_eq(loaded(URL)->keys.nr, 2);
	refused(URL "    secret_file: $/secret\n", "secret_file: there is a secret in the environment");
	setenv("SLUICE_ENDPOINTS_OPS_SECRET", "whsec_MfKQ", 1);
	refused(URL, "endpoints.ops.secret: webhook secret 1");
	unsetenv("SLUICE_ENDPOINTS_OPS_SECRET");
	setenv("SLUICE_ENDPOINTS_OPS_TOKEN", "t0p", 1);
	ck_assert_str_eq(loaded(URL)->token, "t0p");
	refused(URL "    token_file: $/token\n", "token_file: there is a token in the environment");
	setenv("SLUICE_ENDPOINTS_OPS_TOKEN", "t0p t0p", 1);
	refused(URL, "endpoints.ops.token is not printable");
	unsetenv("SLUICE_ENDPOINTS_OPS_TOKEN");
	ck_assert_int_eq(endpoint_secrets(at("secret"), &keys, &err), 0);
	ck_assert_uint_eq(keys.nr, 1);
	ck_assert_uint_eq(keys.key[0].len, 24);
}
END_TEST

START_TEST(wants)
{
	const struct endpoint *e = loaded(URL "    events: 'gate.*:failed embed.d?ne [xy]'\n");

	ck_assert(endpoint_wants(e, "gate.done", "failed"));
	ck_assert(!endpoint_wants(e, "gate.done", "success"));
	ck_assert(!endpoint_wants(e, "gate.done", NULL));
	ck_assert(!endpoint_wants(e, "gate", "failed"));
	ck_assert(endpoint_wants(e, "embed.done", NULL));
	ck_assert(endpoint_wants(e, "embed.done", "anything"));
	ck_assert(endpoint_wants(e, "y", NULL));
	ck_assert(!endpoint_wants(e, "z", NULL));
	ck_assert(!endpoint_wants(e, "", NULL));
	ck_assert(endpoint_wants(loaded(URL), "any/.thing", NULL));
}
END_TEST

static void
body_is(const struct endpoint *e, const char *event, const char *type, const char *want,
    const char *want_type)
{
	struct str body = STR_INIT;
	const char *content_type;

	ck_assert_msg(endpoint_body(e, (struct slice){ event, strlen(event) }, type, &body,
	    &content_type, &err) == 0, "%s", err.text);
	ck_assert_str_eq(body.buf, want);
	ck_assert_str_eq(content_type, want_type);
	str_release(&body);
}

static void
body_fails(const struct endpoint *e, enum err_kind kind, const char *want)
{
	struct str body = STR_INIT;
	const char *content_type;

	ck_assert_int_eq(endpoint_body(e, SLICE_LIT(EVENT), "gate.done", &body, &content_type, &err), -1);
	ck_assert_msg(err.kind == kind && strstr(err.text, want), "%d %s", err.kind, err.text);
	ck_assert_uint_eq(body.len, 0);
	str_release(&body);
	err_release(&err);
}

#define STANDARD(ts, data) "{\"type\":\"gate.done\",\"timestamp\":\"" ts "\",\"data\":" data "}"
START_TEST(standard_body)
{
	const struct endpoint *e = loaded(URL);
	struct str body = STR_INIT, ts = STR_INIT;
	const char *event = "{\"ts\":\"yesterday\"}", *content_type;
	int64_t us;

	body_is(e, EVENT, "gate.done", STANDARD("2026-11-21T02:15:45Z", EVENT), "application/json");
	body_is(e, "{\"ts\":1795227345}", "gate.done",
	    STANDARD("2026-11-21T02:15:45Z", "{\"ts\":1795227345}"), "application/json");
	/* what says no time gets this one */
	ck_assert_int_eq(endpoint_body(e, (struct slice){ event, strlen(event) }, "a\"b", &body,
	    &content_type, &err), 0);
	ck_assert(json_valid(str_slice(&body)));
	ck_assert(json_get_string(str_slice(&body), "timestamp", &ts));
	ck_assert_int_eq(clock_parse(ts.buf, ts.len, &us), 0);
	ck_assert_int_lt(clock_now_us() - us, 100 * USEC_PER_SEC);
	str_release(&ts);
	str_release(&body);
}
END_TEST

START_TEST(template_file)
{
	const struct endpoint *e = loaded(URL "    template: $/a.json.tmpl\n");
	char *big = xcalloc(1, 70000);

	body_fails(e, ERR_CONFIG, "a.json.tmpl\": No such file");
	puts_at("a.json.tmpl", "{\"n\":{{{n}}},\"s\":\"{{s}}\"{{>more}}}\n");
	puts_at("more.tmpl", ",\"id\":\"{{id}}\"");
	body_is(e, EVENT, "gate.done",
	    "{\"n\":12345678901234567890,\"s\":\"a\\\"b\",\"id\":\"evt_1\"}\n", "application/json");
	ck_assert_int_eq(unlink(at("more.tmpl")), 0);
	body_is(e, EVENT, "gate.done", "{\"n\":12345678901234567890,\"s\":\"a\\\"b\"}\n",
	    "application/json");
	puts_at("a.json.tmpl", "{\"s\":\"{{{s}}}\"}");
	body_fails(e, ERR_DATA, "a.json.tmpl\": not JSON");
	puts_at("a.json.tmpl", "{{#s}}");
	body_fails(e, ERR_CONFIG, "a.json.tmpl:1");
	puts_at("a.json.tmpl", "{{>../sluice.yaml}}");
	body_fails(e, ERR_CONFIG, "partial \"../sluice.yaml\"");
	puts_at("a.json.tmpl", "{{>a.json}}");
	body_fails(e, ERR_CONFIG, "partial \"a.json\"");
	memset(big, ' ', 70000);
	put("a.json.tmpl", big, 70000, 0600);
	body_fails(e, ERR_CONFIG, "larger than 65536");
	put("a.json.tmpl", big, 65534, 0600);
	body_fails(e, ERR_DATA, "not JSON");
	free(big);
	puts_at("a.tmpl", "{{type}}: {{s}}");
	body_is(loaded(URL "    template: $/a.tmpl\n"), EVENT, "gate.done", "gate.done: a\"b",
	    "text/plain; charset=utf-8");
}
END_TEST

START_TEST(template_directory)
{
	const struct endpoint *e = loaded(URL "    template: $/t\n");

	body_fails(e, ERR_CONFIG, "endpoints.ops.template: ");
	ck_assert_int_eq(mkdir(at("t"), 0700), 0);
	puts_at("t/gate_done.json.tmpl", "{\"t\":\"{{type}}\"}");
	puts_at("t/gate_done.txt.tmpl", "never");
	puts_at("t/note.txt.tmpl", "{{id}} {{>note}}");
	puts_at("t/note.tmpl", "{{type}}");
	puts_at("x.json.tmpl", "{}");
	body_is(e, EVENT, "gate.done", "{\"t\":\"gate.done\"}", "application/json");
	body_is(e, EVENT, "note", "evt_1 gate.done", "text/plain; charset=utf-8");
	/* no template: the standard body; nor for types that lead out of the directory */
	body_is(e, EVENT, "gate.don", "{\"type\":\"gate.don\",\"timestamp\":\"2026-11-21T02:15:45Z\","
	    "\"data\":" EVENT "}", "application/json");
	body_is(e, EVENT, "../x", "{\"type\":\"../x\",\"timestamp\":\"2026-11-21T02:15:45Z\","
	    "\"data\":" EVENT "}", "application/json");
	ck_assert_int_eq(mkdir(at("t/sub"), 0700), 0);
	puts_at("t/sub/x.json.tmpl", "{}");
	body_is(e, EVENT, "sub/x", "{\"type\":\"sub/x\",\"timestamp\":\"2026-11-21T02:15:45Z\","
	    "\"data\":" EVENT "}", "application/json");
	ck_assert_int_eq(mkdir(at("t/dir.json.tmpl"), 0700), 0);
	ck_assert_int_eq(unlink(at("t/gate_done.json.tmpl")), 0);
	ck_assert_int_eq(mkfifo(at("t/gate_done.json.tmpl"), 0700), 0);
	body_fails(e, ERR_CONFIG, "not a regular file");
}
END_TEST

START_TEST(delays)
{
	const struct endpoint *e = loaded(URL "    retry: 10s 0 365d\n");
	int64_t low = INT64_MAX, high = 0;

	for (int i = 0; i < 1000; i++) {
		int64_t d = endpoint_delay(e, 1, -1);

		low = MIN(low, d);
		high = MAX(high, d);
	}
	ck_assert_int_ge(low, 10 * USEC_PER_SEC);
	ck_assert_int_le(high, 11 * USEC_PER_SEC);
	ck_assert_int_gt(high - low, USEC_PER_SEC / 2);
	ck_assert_int_ge(endpoint_delay(e, 1, 15), 15 * USEC_PER_SEC);
	ck_assert_int_le(endpoint_delay(e, 1, 15), 17 * USEC_PER_SEC);
	ck_assert_int_le(endpoint_delay(e, 1, 3), 11 * USEC_PER_SEC);
	ck_assert_int_ge(endpoint_delay(e, 1, INT64_MAX), 20 * USEC_PER_SEC);
	ck_assert_int_le(endpoint_delay(e, 1, INT64_MAX), 22 * USEC_PER_SEC);
	ck_assert_int_eq(endpoint_delay(e, 2, 100), 0);
	ck_assert_int_ge(endpoint_delay(e, 3, -1), INT64_C(365) * 24 * 3600 * USEC_PER_SEC);
	ck_assert_int_eq(endpoint_delay(e, 4, -1), -1);
	ck_assert_int_eq(endpoint_delay(e, 0, -1), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("endpoint");
	TCase *t = tcase_create("endpoint");
	SRunner *sr;
	int bad;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, defaults);
	tcase_add_test(t, all_set);
	tcase_add_test(t, refusals);
	tcase_add_test(t, headers);
	tcase_add_test(t, secrets);
	tcase_add_test(t, secrets_of_the_environment);
	tcase_add_test(t, wants);
	tcase_add_test(t, standard_body);
	tcase_add_test(t, template_file);
	tcase_add_test(t, template_directory);
	tcase_add_test(t, delays);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
