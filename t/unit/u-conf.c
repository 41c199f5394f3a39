/* settings: YAML within limits, precedence, slips told with their place */
#include "svc/conf.h"

#include <sys/prctl.h>

#include "fmt/yaml.h"
#include "t/unit/conf-test.h"

static int
collect(void *arg, const char *key, const char *value, unsigned line, struct err *err UNUSED)
{
	str_addf(arg, "%u %s=%s\n", line, key, value);
	return 0;
}

static void
yaml_gives(const char *text, const char *want)
{
	struct str out = STR_INIT;
	struct err err = ERR_INIT;
	int rc = yaml_flat(text, strlen(text), "f", collect, &out, &err);

	ck_assert_msg(rc == 0, "%s", err.text);
	ck_assert_str_eq(out.buf, want);
	str_release(&out);
}

static void
yaml_fails(const char *text, const char *want)
{
	struct str out = STR_INIT;
	struct err err = ERR_INIT;

	ck_assert_msg(yaml_flat(text, strlen(text), "f", collect, &out, &err) == -1, "%s", text);
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	if (want)
		ck_assert_str_eq(err.text, want);
	else
		ck_assert_msg(strncmp(err.text, "f:", 2) == 0, "%s", err.text);
	err_release(&err);
	str_release(&out);
}

START_TEST(yaml_flattens)
{
	yaml_gives("", "");
	yaml_gives("# only words\n", "");
	yaml_gives("---\n...\n", "");
	yaml_gives("a: 1\n", "1 a=1\n");
	yaml_gives("a:\n  b: x y\n  c: \"q\\n\"\nd: ''\n", "2 a.b=x y\n3 a.c=q\n\n4 d=\n");
	yaml_gives("a: {b: 1, c: [x, {d: 2}, [y]]}\ne: 3",
	    "1 a.b=1\n1 a.c.0=x\n1 a.c.1.d=2\n1 a.c.2.0=y\n2 e=3\n");
	yaml_gives("a:\n- 1\n- 2\nb.c: 3\n", "2 a.0=1\n3 a.1=2\n4 b.c=3\n");
	yaml_gives("a: []\nb: {}\nc: 1\n", "1 a=\n3 c=1\n");
	yaml_gives("\xef\xbb\xbf""a: 1\n", "1 a=1\n");
}
END_TEST

START_TEST(yaml_refuses)
{
	yaml_fails("a: 1\nb: 2\na: 3\n", "f:3: \"a\" is set twice");
	yaml_fails("a:\n  b: 1\na.b: 2\n", "f:3: \"a.b\" is set twice");
	yaml_fails("word\n", "f:1: expected \"key: value\"");
	yaml_fails("- a\n", "f:1: expected \"key: value\", not a list");
	yaml_fails("a: &x 1\nb: *x\n", "f:1: anchors are not taken");
	yaml_fails("a: *x\n", "f:1: aliases are not taken");
	yaml_fails("a: !!str 1\n", "f:1: tags are not taken");
	yaml_fails("a: &x {b: 1}\n", "f:1: anchors are not taken");
	yaml_fails("a: 1\n---\nb: 2\n", "f:2: a second document");
	yaml_fails("{[a]: 1}\n", "f:1: a key must be a word");
	yaml_fails("'': 1\n", "f:1: a key is empty");
	yaml_fails("a: \"x\\0y\"\n", "f:1: a NUL character");
	yaml_fails("a: 1\n\nb: \xff\n", NULL);
	yaml_fails("a: [1, 2\n", NULL);
	yaml_fails("a:\n\tb: 1\n", NULL);
	yaml_fails("a: [[[[[[[[1]]]]]]]]\n", "f:1: nested too deeply");
	yaml_gives("a: [[[[[[[1]]]]]]]\n", "1 a.0.0.0.0.0.0.0=1\n");
}
END_TEST

/* Many keys cost no more than their length; hostile depth ends early. */
START_TEST(yaml_large)
{
	struct str s = STR_INIT, out = STR_INIT;
	struct err err = ERR_INIT;

	for (int i = 0; i < 60000; i++)
		str_addf(&s, "key%d: %d\n", i, i);
	ck_assert_int_eq(yaml_flat(s.buf, s.len, "f", collect, &out, &err), 0);
	while (s.len < (1 << 20) + 1)
		str_adds(&s, "# pad\n");
	yaml_fails(s.buf, "f:1: larger than 1 MiB");
	str_reset(&s);
	for (int i = 0; i < 500000; i++)
		str_addc(&s, '[');
	yaml_fails(s.buf, NULL);
	str_release(&s);
	str_release(&out);
}
END_TEST

START_TEST(defaults)
{
	struct err err = ERR_INIT;
	struct conf *c = conf_load("/dev/null", &err);

	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(conf_size(c, "write.max_bytes"), 64 << 20);
	ck_assert_uint_eq(conf_uint(c, "write.max_records"), 25000);
	ck_assert_uint_eq(conf_ms(c, "write.max_age"), 10000);
	ck_assert_uint_eq(conf_uint(c, "write.level"), 3);
	ck_assert_str_eq(conf_str(c, "write.format"), "same");
	ck_assert_ptr_null(conf_str(c, "gate.min_count"));
	ck_assert(!conf_is_set(c, "gate.min_free"));
	ck_assert_uint_eq(conf_uint(c, "gate.min_count"), 0);
	ck_assert(!conf_bool(c, "replay.dedupe"));
	ck_assert_uint_eq(conf_ms(c, "outbox.keep"), UINT64_C(7) * 86400000);
	ck_assert_ptr_null(conf_str(c, "database"));
	ck_assert_int_eq(conf_str(c, "spool")[0], '/');
	conf_free(c);
}
END_TEST

START_TEST(precedence)
{
	char *path = file("own.yaml", "gate:\n  min_count: 5\nwrite: {level: 0}\n");
	char *xdg = xasprintf("%s/sluice", dir), *usual = xasprintf("%s/sluice.yaml", xdg);
	char *at = xasprintf("%s:2", path), *at_usual = xasprintf("%s:1", usual);
	struct err err = ERR_INIT;
	struct conf *c;

	conf_gives(path, "gate.min_count", "5", at);
	conf_gives(path, "gate.max_files", "10000", "default");
	setenv("SLUICE_GATE_MIN_COUNT", "", 1);
	conf_gives(path, "gate.min_count", "5", at);
	setenv("SLUICE_GATE_MIN_COUNT", "6", 1);
	conf_gives(path, "gate.min_count", "6", "env SLUICE_GATE_MIN_COUNT");
	c = conf_load(path, &err);
	ck_assert_int_eq(conf_option(c, "gate.min_count", NULL, "--min-count", &err), 0);
	ck_assert_uint_eq(conf_uint(c, "gate.min_count"), 6);
	ck_assert_int_eq(conf_option(c, "gate.min_count", "7", "--min-count", &err), 0);
	ck_assert_uint_eq(conf_uint(c, "gate.min_count"), 7);
	ck_assert_uint_eq(conf_uint(c, "write.level"), 0);
	ck_assert(conf_is_set(c, "write.level"));
	ck_assert_int_eq(conf_option(c, "gate.min_count", "x", "--min-count", &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_str_eq(err.text,
	    "option --min-count: gate.min_count is \"x\", not a whole number");
	ck_assert_uint_eq(conf_uint(c, "gate.min_count"), 7);
	conf_free(c);

	/* the usual place, then SLUICE_CONFIG in its stead */
	mkdir(xdg, 0755);
	put_file(usual, "gate.min_bytes: 1KiB\n");
	conf_gives(NULL, "gate.min_bytes", NULL, "default");
	setenv("XDG_CONFIG_HOME", dir, 1);
	conf_gives(NULL, "gate.min_bytes", "1KiB", at_usual);
	setenv("SLUICE_CONFIG", path, 1);
	conf_gives(NULL, "gate.min_bytes", NULL, "default");
	conf_gives("/dev/null", "gate.min_bytes", NULL, "default");
	err_release(&err);
	free(path);
	free(xdg);
	free(usual);
	free(at);
	free(at_usual);
}
END_TEST

START_TEST(database)
{
	char *path = file("db.yaml", "database: service=file\n");
	struct err err = ERR_INIT;
	struct conf *c;

	setenv("SLUICE_CONFIG", path, 1);
	c = conf_load(NULL, &err);
	ck_assert_str_eq(conf_str(c, "database"), "service=file");
	conf_free(c);
	setenv("DATABASE_URL", "postgresql://u", 1);
	conf_gives(NULL, "database", "postgresql://u", "env DATABASE_URL");
	setenv("SLUICE_DATABASE", "dbname=s", 1);
	conf_gives(NULL, "database", "dbname=s", "env SLUICE_DATABASE");
	c = conf_load(NULL, &err);
	ck_assert_int_eq(conf_option(c, "database", "dbname=o", "--db", &err), 0);
	ck_assert_str_eq(conf_str(c, "database"), "dbname=o");
	conf_free(c);
	free(path);
}
END_TEST

START_TEST(places)
{
	uid_t me = geteuid();

	setenv("SLUICE_SPOOL", "/x/y", 1);
	conf_gives("/dev/null", "spool", "/x/y", "env SLUICE_SPOOL");
	unsetenv("SLUICE_SPOOL");
	if (me == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	setenv("HOME", "/home/u", 1);
	conf_gives("/dev/null", "spool", "/home/u/.local/state/sluice/spool", "default");
	setenv("XDG_STATE_HOME", "relative", 1);
	conf_gives("/dev/null", "spool", "/home/u/.local/state/sluice/spool", "default");
	setenv("XDG_STATE_HOME", "/state", 1);
	conf_gives("/dev/null", "spool", "/state/sluice/spool", "default");
	if (me != 0)
		return;
	ck_assert_int_eq(seteuid(0), 0);
	conf_gives("/dev/null", "spool", "/var/spool/sluice", "default");
	/* a leak checker looks at its own process, which seteuid forbade */
	prctl(PR_SET_DUMPABLE, 1);
}
END_TEST

START_TEST(slips)
{
	static const struct { const char *text, *what, *hint; } cases[] = {
		{ "gate:\n  min_cuont: 5\n", ":2: unknown key \"gate.min_cuont\"",
		    "did you mean \"gate.min_count\"?" },
		{ "frobnicate: 1\n", ":1: unknown key \"frobnicate\"",
		    "the keys are in sluice.yaml(5)" },
		{ "gate:\n\n  min_count: 5s\n",
		    ":3: gate.min_count is \"5s\", not a whole number", NULL },
		{ "gate: {min_count: -1}", ":1: gate.min_count is \"-1\", not a whole number", NULL },
		{ "gate: {min_bytes: 5q}",
		    ":1: gate.min_bytes is \"5q\", not a size such as 64KiB or 2GiB", NULL },
		{ "gate: {max_age: x}",
		    ":1: gate.max_age is \"x\", not a duration such as 500ms, 10s or 7d", NULL },
		{ "write: {level: 20}", ":1: write.level is \"20\", not between 0 and 19", NULL },
		{ "gate: {interval: 1ms}",
		    ":1: gate.interval is \"1ms\", not between 10ms and 86400000ms", NULL },
		{ "write: {wait: 400000d}", ":1: write.wait is \"400000d\", not at most 1000 years",
		    NULL },
		{ "write: {max_bytes: 0}", ":1: write.max_bytes is \"0\", not at least 1", NULL },
		{ "replay: {on_bad: re}",
		    ":1: replay.on_bad is \"re\", not one of reject|replace|strict", NULL },
		{ "replay: {dedupe: maybe}",
		    ":1: replay.dedupe is \"maybe\", not true or false", NULL },
		{ "spool: here\n", ":1: spool is \"here\", not an absolute path", NULL },
		{ "gate: 5\n", ":1: unknown key \"gate\"", NULL },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		char *path = file("slip.yaml", cases[i].text);
		char *want = xasprintf("%s%s", path, cases[i].what);

		conf_fails(path, ERR_CONFIG, want, cases[i].hint);
		free(want);
		free(path);
	}
	conf_fails("/nonexistent/x", ERR_CONFIG,
	    "could not open \"/nonexistent/x\": No such file or directory", NULL);
	conf_fails("/", ERR_IO, "could not read \"/\": Is a directory", NULL);
}
END_TEST

START_TEST(taken)
{
	char *path = file("ok.yaml", "gate:\nspool: ~/s\nreplay:\n  dedupe: yes\n"
	    "  on_bad: strict\nwrite:\n  max_bytes: 1\n");
	struct err err = ERR_INIT;
	struct conf *c;

	setenv("HOME", "/home/u", 1);
	c = conf_load(path, &err);
	ck_assert_msg(c != NULL, "%s", err.text);
	ck_assert_str_eq(conf_str(c, "spool"), "/home/u/s");
	ck_assert(conf_bool(c, "replay.dedupe"));
	ck_assert_str_eq(conf_str(c, "replay.on_bad"), "strict");
	ck_assert_uint_eq(conf_size(c, "write.max_bytes"), 1);
	conf_free(c);
	free(path);
}
END_TEST

START_TEST(names_in_the_environment)
{
	setenv("SLUICE_BUILD", "x", 1);
	setenv("SLUICE_TEST_REQUIRE", "x", 1);
	setenv("SLUICE_RUN_ID", "x", 1);
	conf_gives("/dev/null", "replay.jobs", "1", "default");
	setenv("SLUICE_REPLAY_JOBS", "65", 1);
	conf_fails("/dev/null", ERR_CONFIG,
	    "env SLUICE_REPLAY_JOBS: replay.jobs is \"65\", not between 1 and 64", NULL);
	unsetenv("SLUICE_REPLAY_JOBS");
	setenv("SLUICE_GATE_MIN_CUONT", "x", 1);
	conf_fails("/dev/null", ERR_CONFIG,
	    "unknown setting \"SLUICE_GATE_MIN_CUONT\" in the environment",
	    "did you mean \"SLUICE_GATE_MIN_COUNT\"?");
}
END_TEST

START_TEST(log_settings)
{
	struct err err = ERR_INIT;
	struct str s = STR_INIT;
	bool json = true;
	const char *id = "";

	ck_assert_int_eq(conf_log_json(&json, &err), 0);
	ck_assert(!json);
	setenv("SLUICE_LOG_FORMAT", "json", 1);
	ck_assert_int_eq(conf_log_json(&json, &err), 0);
	ck_assert(json);
	setenv("SLUICE_LOG_FORMAT", "text", 1);
	ck_assert_int_eq(conf_log_json(&json, &err), 0);
	ck_assert(!json);
	setenv("SLUICE_LOG_FORMAT", "xml", 1);
	ck_assert_int_eq(conf_log_json(&json, &err), -1);
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	ck_assert_str_eq(err.text, "env SLUICE_LOG_FORMAT: \"xml\" is not text or json");

	unsetenv("SLUICE_RUN_ID");
	ck_assert_int_eq(conf_run_id(&id, &err), 0);
	ck_assert_ptr_null(id);
	while (s.len < CONF_RUN_ID_MAX)
		str_addc(&s, s.len % 2 ? '~' : ' ');
	setenv("SLUICE_RUN_ID", s.buf, 1);
	ck_assert_int_eq(conf_run_id(&id, &err), 0);
	ck_assert_str_eq(id, s.buf);
	str_addc(&s, 'x');
	setenv("SLUICE_RUN_ID", s.buf, 1);
	ck_assert_int_eq(conf_run_id(&id, &err), -1);
	ck_assert_ptr_null(id);
	setenv("SLUICE_RUN_ID", "a\x7f", 1);
	ck_assert_int_eq(conf_run_id(&id, &err), -1);
	setenv("SLUICE_RUN_ID", "\xc3\xa4", 1);
	ck_assert_int_eq(conf_run_id(&id, &err), -1);
	err_release(&err);
	str_release(&s);
}
END_TEST

/* The shipped file and the page have every key, with its default. */
START_TEST(documents)
{
	struct str shipped = STR_INIT, page = STR_INIT, bare = STR_INIT, seen = STR_INIT;
	struct err err = ERR_INIT;
	struct conf *c;
	char *path;

	ck_assert_msg(fs_read("etc/sluice.yaml", 1 << 20, &shipped, &err) == 0 &&
	    fs_read("man/sluice.yaml.5", 1 << 20, &page, &err) == 0,
	    "run this from the root of the repository");
	for (char *line = shipped.buf; *line;) {
		size_t n = strcspn(line, "\n") + 1;

		if (line[0] == '#' && line[1] != '#')
			str_add(&bare, line + 1, n - 1);
		line += n;
	}
	ck_assert_msg(yaml_flat(bare.buf, bare.len, "f", collect, &seen, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < conf_keys_nr; i++) {
		const struct conf_key *k = &conf_keys[i];
		const char *name = strstr(k->key, ".NAME.");
		/* the example's endpoint; a list has its elements, a secret is not there */
		char *key = name ? xasprintf(" endpoints.ops.%s", name + 6) : xasprintf(" %s", k->key);
		char *set = xasprintf("%s%s%s", key, k->type == CONF_LINES ? ".0=" : "=",
		    k->value ? k->value : "");
		char *entry = xasprintf(".It Ic %s\n", k->key);
		const char *at = strstr(page.buf, entry);

		if (k->type == CONF_SECRET)
			ck_assert_msg(strstr(seen.buf, set) == NULL, "etc/sluice.yaml has%s", set);
		else
			ck_assert_msg(strstr(seen.buf, set) != NULL, "etc/sluice.yaml lacks%s", set);
		ck_assert_msg(at != NULL, "sluice.yaml(5) lacks %s", k->key);
		if (k->value) {
			char *told = xasprintf("default %s.\n", k->value);
			size_t n = strcspn(at + strlen(entry), "\n") + 1;
			char *line = xstrndup(at + strlen(entry), n);

			ck_assert_msg(strstr(line, told) != NULL, "%s: %s", k->key, line);
			free(line);
			free(told);
		}
		free(set);
		free(key);
		free(entry);
	}
	path = file("shipped.yaml", bare.buf);
	c = conf_load(path, &err);
	ck_assert_msg(c != NULL, "%s", err.text);
	conf_free(c);
	free(path);
	str_release(&shipped);
	str_release(&page);
	str_release(&bare);
	str_release(&seen);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { yaml_flattens, yaml_refuses, yaml_large, defaults,
		precedence, database, places, slips, taken, names_in_the_environment, log_settings,
		documents };

	return conf_test_run("conf", tests, countof(tests));
}
