/* settings: sections that the user names, lists, secrets */
#include "svc/conf.h"

#include "t/unit/conf-test.h"

static size_t
items(const struct conf *c)
{
	struct conf_item item;
	size_t n = 0;

	while (conf_item(c, n, &item))
		n++;
	return n;
}

START_TEST(endpoints)
{
	char *path = file("ends.yaml", "endpoints:\n  ops:\n    url: http://a/\n"
	    "    timeout: 3s\n  b2:\n    url: http://b/\n    ca_file: ~/ca\n"
	    "    secret_file: /s\n  none:\n    #url: x\n");
	char *at = xasprintf("%s:4", path), *ca_file = xasprintf("%s/ca", dir);
	struct err err = ERR_INIT;
	struct conf *c = conf_load(path, &err), *bare = conf_load("/dev/null", &err);
	struct conf_item item;
	size_t rows = 0;

	ck_assert_msg(c != NULL, "%s", err.text);
	ck_assert_str_eq(conf_name(c, "endpoints", 0), "ops");
	ck_assert_str_eq(conf_name(c, "endpoints", 1), "b2");
	ck_assert_ptr_null(conf_name(c, "endpoints", 2));
	ck_assert_ptr_null(conf_name(c, "end", 0));
	ck_assert_ptr_null(conf_name(c, "gate", 0));
	ck_assert_str_eq(conf_str(c, "endpoints.ops.url"), "http://a/");
	ck_assert_str_eq(conf_str(c, "endpoints.b2.url"), "http://b/");
	ck_assert_uint_eq(conf_ms(c, "endpoints.ops.timeout"), 3000);
	ck_assert(conf_is_set(c, "endpoints.ops.timeout"));
	/* what is unset has its default */
	ck_assert_uint_eq(conf_ms(c, "endpoints.b2.timeout"), 15000);
	ck_assert(!conf_is_set(c, "endpoints.b2.timeout"));
	ck_assert_str_eq(conf_str(c, "endpoints.b2.events"), "*");
	ck_assert_str_eq(conf_str(c, "endpoints.ops.retry"), "5s 5m 30m 2h 5h 10h 14h 20h 24h");
	ck_assert_uint_eq(conf_ms(c, "endpoints.ops.dedupe"), UINT64_C(76) * 3600000);
	ck_assert_str_eq(conf_str(c, "endpoints.ops.zone"), "UTC");
	ck_assert_ptr_null(conf_str(c, "endpoints.ops.quiet"));
	ck_assert_ptr_null(conf_str(c, "endpoints.ops.secret"));
	ck_assert_str_eq(conf_str(c, "endpoints.b2.ca_file"), ca_file);
	ck_assert_ptr_null(conf_str(c, "endpoints.other.url"));
	ck_assert_uint_eq(conf_ms(c, "endpoints.other.timeout"), 15000);
	/* listed after all others, and only there */
	for (size_t i = 0; i < conf_keys_nr; i++)
		rows += strstr(conf_keys[i].key, ".NAME.") != NULL;
	ck_assert_uint_eq(items(bare), conf_keys_nr - rows);
	ck_assert_uint_eq(items(c), conf_keys_nr + rows);
	ck_assert(conf_item(c, items(bare), &item));
	ck_assert_str_eq(item.key, "endpoints.ops.url");
	ck_assert(conf_item(c, items(bare) + rows, &item));
	ck_assert_str_eq(item.key, "endpoints.b2.url");
	conf_gives(path, "endpoints.ops.timeout", "3s", at);
	conf_free(bare);
	conf_free(c);
	free(ca_file);
	free(at);
	free(path);
}
END_TEST

START_TEST(lists)
{
	char *path = file("lists.yaml", "endpoints:\n  a:\n    events: ' gate.* \t embed.done\n '\n"
	    "    headers:\n    - 'X-A: 1'\n    - 'X-B:  2 '\n    retry: []\n"
	    "  b:\n    events: [gate.open, 'gate.done:failed']\n    headers: |\n"
	    "      X-A: 1\n\n      X-B: 2\n    retry: ''\n");
	char *at = xasprintf("%s:6", path);

	conf_has(path, "endpoints.a.events", "gate.* embed.done");
	conf_has(path, "endpoints.a.headers", "X-A: 1\nX-B:  2 ");
	/* where a list comes from is where it begins */
	conf_gives(path, "endpoints.a.headers", "X-A: 1\nX-B:  2 ", at);
	conf_has(path, "endpoints.b.events", "gate.open gate.done:failed");
	conf_has(path, "endpoints.b.headers", "X-A: 1\nX-B: 2");
	/* an empty one is empty, and no default */
	conf_has(path, "endpoints.a.retry", NULL);
	conf_has(path, "endpoints.b.retry", NULL);
	setenv("SLUICE_ENDPOINTS_B_EVENTS", "  x\n y", 1);
	setenv("SLUICE_ENDPOINTS_B_HEADERS", "X-C: 3\nX-D: 4\n", 1);
	conf_has(path, "endpoints.b.events", "x y");
	conf_has(path, "endpoints.b.headers", "X-C: 3\nX-D: 4");
	free(at);
	free(path);
}
END_TEST

/* Key by key the later file wins, and the environment over both; a sequence is
 * replaced as a whole. */
START_TEST(endpoints_precedence)
{
	char *first = file("1.yaml", "endpoints:\n  ops:\n    url: http://1/\n    rate: 1/s\n"
	    "    headers: ['A: 1', 'B: 1', 'C: 1']\n    events: [a, b]\n    allow_net: ['::1', '::2']\n"
	    "  one:\n    url: u1\n");
	char *second = file("2.yaml", "endpoints:\n  two: {url: u2}\n  ops:\n    url: http://2/\n"
	    "    headers: ['A: 2', 'B: 2']\n    events: c\n");
	char *at = xasprintf("%s:5", second);
	struct err err = ERR_INIT;
	struct conf_item item = { .key = "" };
	struct conf *c = conf_load(first, &err);

	ck_assert_int_eq(conf_file(c, second, &err), 0);
	ck_assert_str_eq(conf_name(c, "endpoints", 0), "ops");
	ck_assert_str_eq(conf_name(c, "endpoints", 1), "one");
	ck_assert_str_eq(conf_name(c, "endpoints", 2), "two");
	ck_assert_str_eq(conf_str(c, "endpoints.ops.url"), "http://2/");
	ck_assert_str_eq(conf_str(c, "endpoints.ops.rate"), "1/s");
	ck_assert_str_eq(conf_str(c, "endpoints.ops.headers"), "A: 2\nB: 2");
	ck_assert_str_eq(conf_str(c, "endpoints.ops.events"), "c");
	ck_assert_str_eq(conf_str(c, "endpoints.ops.allow_net"), "::1 ::2");
	for (size_t i = 0; strcmp(item.key, "endpoints.ops.headers") != 0; i++)
		ck_assert(conf_item(c, i, &item));
	ck_assert_str_eq(item.origin, at);
	conf_free(c);

	setenv("SLUICE_ENDPOINTS_OPS_URL", "http://3/", 1);
	setenv("SLUICE_ENDPOINTS_OPS_HEADERS", "A: 3", 1);
	setenv("SLUICE_ENDPOINTS_X9_CA_FILE", "/ca", 1);
	setenv("SLUICE_ENDPOINTS_X8_URL", "", 1);
	c = conf_load(first, &err);
	ck_assert_msg(c != NULL, "%s", err.text);
	ck_assert_str_eq(conf_str(c, "endpoints.ops.url"), "http://3/");
	ck_assert_str_eq(conf_str(c, "endpoints.ops.headers"), "A: 3");
	ck_assert_str_eq(conf_str(c, "endpoints.ops.events"), "a b");
	ck_assert_str_eq(conf_name(c, "endpoints", 2), "x9");
	ck_assert_ptr_null(conf_name(c, "endpoints", 3));
	ck_assert_str_eq(conf_str(c, "endpoints.x9.ca_file"), "/ca");
	conf_free(c);
	conf_gives(first, "endpoints.ops.url", "http://3/", "env SLUICE_ENDPOINTS_OPS_URL");
	free(at);
	free(first);
	free(second);
}
END_TEST

#define A_NAME "\"%s\" in endpoints.%s.url is no name"
START_TEST(endpoints_slips)
{
	static const char name_hint[] = "a name is of a to z and 0 to 9, begins with a letter and "
	    "has at most 32 of them";
	static const struct { const char *text, *what, *hint; } cases[] = {
		{ "endpoints:\n  ops:\n    urll: x\n", ":3: unknown key \"endpoints.ops.urll\"",
		    "did you mean \"endpoints.ops.url\"?" },
		{ "endpionts:\n  ops:\n    url: x\n", ":3: unknown key \"endpionts.ops.url\"",
		    "did you mean \"endpoints.ops.url\"?" },
		{ "endpoints:\n  url: x\n", ":2: unknown key \"endpoints.url\"",
		    "the keys are in sluice.yaml(5)" },
		{ "endpoints: x\n", ":1: unknown key \"endpoints\"", NULL },
		{ "endpoints:\n  ops: x\n", ":2: unknown key \"endpoints.ops\"", NULL },
		{ "endpoints:\n  Ops:\n", ":2: unknown key \"endpoints.Ops\"", NULL },
		{ "endpoints:\n  NAME:\n", ":2: unknown key \"endpoints.NAME\"", NULL },
		{ "endpoints:\n  ops: {url: [x]}\n", ":2: unknown key \"endpoints.ops.url.0\"",
		    "did you mean \"endpoints.ops.url\"?" },
		{ "endpoints:\n  ops: {events: [[x]]}\n",
		    ":2: unknown key \"endpoints.ops.events.0.0\"", NULL },
		{ "endpoints:\n  ops: {headers: {X-A: secret}}\n",
		    ":2: unknown key \"endpoints.ops.headers.X-A\"", NULL },
		{ "endpoints:\n  ops: {events: [a, b c]}\n",
		    ":2: an item of endpoints.ops.events is not one word", NULL },
		{ "endpoints:\n  ops: {events: [a, '']}\n",
		    ":2: an item of endpoints.ops.events is not one word", NULL },
		{ "endpoints:\n  ops:\n    headers:\n    - 'A: 1'\n    - \"B: 2\\nC: 3\"\n",
		    ":5: an item of endpoints.ops.headers is not one line", NULL },
		{ "endpoints:\n  ops: {timeout: 6m}\n",
		    ":2: endpoints.ops.timeout is \"6m\", not between 100ms and 300000ms", NULL },
		{ "endpoints:\n  ops: {ca_file: x}\n",
		    ":2: endpoints.ops.ca_file is not an absolute path", NULL },
		{ "endpoints:\n  ops:\n    secret: canary\n",
		    ":3: endpoints.ops.secret does not belong into a file of settings",
		    "keep it in a file of its own: secret_file" },
		{ "endpoints:\n  ops:\n    token:\n    - canary\n",
		    ":4: endpoints.ops.token does not belong into a file of settings",
		    "keep it in a file of its own: token_file" },
		{ "notify: {wait: 61s}\n", ":1: notify.wait is \"61s\", not between 0ms and 60000ms",
		    NULL },
		{ "notify: {connections: 0}\n", ":1: notify.connections is \"0\", not between 1 and 64",
		    NULL },
	};
	static const char *const names[] = { "Ops", "o_s", "o-s", "9a", "\xc3\xa4", "NAME",
		"a23456789012345678901234567890123" };
	char *path;

	for (size_t i = 0; i < countof(cases); i++) {
		char *want;

		path = file("slip.yaml", cases[i].text);
		want = xasprintf("%s%s", path, cases[i].what);
		conf_fails(path, ERR_CONFIG, want, cases[i].hint);
		free(want);
		free(path);
	}
	for (size_t i = 0; i < countof(names); i++) {
		char *text = xasprintf("endpoints:\n  %s:\n    url: x\n", names[i]), *want;

		path = file("slip.yaml", text);
		want = xasprintf("%s:3: " A_NAME, path, names[i], names[i]);
		conf_fails(path, ERR_CONFIG, want, name_hint);
		free(want);
		free(path);
		free(text);
	}
	path = file("long.yaml", "endpoints:\n  a2345678901234567890123456789012:\n    url: x\n");
	conf_has(path, "endpoints.a2345678901234567890123456789012.url", "x");
	free(path);
}
END_TEST

START_TEST(endpoints_limit)
{
	struct str s = STR_INIT;
	struct err err = ERR_INIT;
	struct conf *c;
	char *path, *want;

	str_adds(&s, "endpoints:\n");
	for (int i = 0; i < CONF_NAMES_MAX; i++)
		str_addf(&s, "  e%d: {url: x}\n", i);
	path = file("many.yaml", s.buf);
	c = conf_load(path, &err);
	ck_assert_msg(c != NULL, "%s", err.text);
	ck_assert_str_eq(conf_name(c, "endpoints", CONF_NAMES_MAX - 1), "e99");
	ck_assert_ptr_null(conf_name(c, "endpoints", CONF_NAMES_MAX));
	conf_free(c);
	setenv("SLUICE_ENDPOINTS_E0_URL", "y", 1);
	conf_has(path, "endpoints.e0.url", "y");
	setenv("SLUICE_ENDPOINTS_F_URL", "y", 1);
	conf_fails(path, ERR_CONFIG,
	    "env SLUICE_ENDPOINTS_F_URL: endpoints.f.url is one more than 100 endpoints", NULL);
	unsetenv("SLUICE_ENDPOINTS_F_URL");
	str_adds(&s, "  one: {rate: x}\n");
	put_file(path, s.buf);
	want = xasprintf("%s:102: endpoints.one.rate is one more than 100 endpoints", path);
	conf_fails(path, ERR_CONFIG, want, NULL);
	free(want);
	free(path);
	str_release(&s);
}
END_TEST

START_TEST(secrets)
{
	struct err err = ERR_INIT;
	struct conf *c;
	struct conf_item item;
	bool seen = false;

	setenv("SLUICE_ENDPOINTS_OPS_SECRET", "canary one\ntwo", 1);
	c = conf_load("/dev/null", &err);
	ck_assert_msg(c != NULL, "%s", err.text);
	ck_assert_str_eq(conf_str(c, "endpoints.ops.secret"), "canary one\ntwo");
	for (size_t i = 0; conf_item(c, i, &item); i++) {
		ck_assert(!item.value || !strstr(item.value, "canary"));
		if (strcmp(item.key, "endpoints.ops.secret") == 0) {
			ck_assert_str_eq(item.value, "***");
			ck_assert_str_eq(item.type, "secret");
			seen = true;
		}
		if (strcmp(item.key, "endpoints.ops.token") == 0)
			ck_assert_ptr_null(item.value);
	}
	ck_assert(seen);
	conf_free(c);
}
END_TEST

START_TEST(endpoints_in_the_environment)
{
	static const struct { const char *name, *hint; } cases[] = {
		{ "SLUICE_ENDPOINTS_OPS_SECERT", "did you mean \"SLUICE_ENDPOINTS_OPS_SECRET\"?" },
		{ "SLUICE_ENDPOINTS_OPS_CA_FIEL", "did you mean \"SLUICE_ENDPOINTS_OPS_CA_FILE\"?" },
		{ "SLUICE_ENDPOINTS_OPS", "the keys are in sluice.yaml(5)" },
		{ "SLUICE_ENDPOINTS_URL", "the keys are in sluice.yaml(5)" },
		{ "SLUICE_ENDPOINTS_ops_URL", NULL },
		{ "SLUICE_NOTIFY_WIAT", "did you mean \"SLUICE_NOTIFY_WAIT\"?" },
	};
	static const char *const values[] = { "canary", "" };

	for (size_t i = 0; i < countof(cases) * countof(values); i++) {
		const char *name = cases[i / countof(values)].name;
		char *want = xasprintf("unknown setting \"%s\" in the environment", name);

		setenv(name, values[i % countof(values)], 1);
		conf_fails("/dev/null", ERR_CONFIG, want, cases[i / countof(values)].hint);
		unsetenv(name);
		free(want);
	}
	setenv("SLUICE_ENDPOINTS_9A_URL", "x", 1);
	conf_fails("/dev/null", ERR_CONFIG,
	    "env SLUICE_ENDPOINTS_9A_URL: \"9a\" in endpoints.9a.url is no name", NULL);
	unsetenv("SLUICE_ENDPOINTS_9A_URL");
	/* other people's */
	setenv("SLUICE_endpoints_OPS_URL", "x", 1);
	setenv("SLUICE_ENDPOINT", "x", 1);
	setenv("SLUICE_", "x", 1);
	setenv("SLUICE__", "x", 1);
	conf_has("/dev/null", "endpoints.ops.url", NULL);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { endpoints, lists, endpoints_precedence,
		endpoints_slips, endpoints_limit, secrets, endpoints_in_the_environment };

	return conf_test_run("conf-endpoints", tests, countof(tests));
}
