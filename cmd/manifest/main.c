/*
 * manifest - look at the ingestion manifest and mend it.
 *
 * One table of commands: what each takes and which settings it wants. The
 * options are one table for all of them; one that the command does not take
 * is a usage error.
 */
#include "cmd/manifest/manifest.h"

#include <unistd.h>

#include "cmd/tool.h"
#include "sql.h"
#include "sys/io.h"

static struct options o;

static const struct opt options[] = {
	OPT_STR('c', "config", &o.conf, "FILE", "read settings from FILE"),
	OPT_STR('d', "db", &o.db, "CONNINFO", "the database (default: libpq's rules)"),
	OPT_STR('s', "spool", &o.spool, "DIR", "the spool"),
	OPT_STR('f', "format", &o.format, "FORMAT", "ndjson, text or tsv"),
	OPT_STR(0, "status", &o.status, "STATUS", "list: only these; finish: set this status"),
	OPT_STR(0, "limit", &o.limit, "N", "list: the last N batches"),
	OPT_STR(0, "since", &o.since, "AGE", "list: batches not older than AGE"),
	OPT_STR(0, "error", &o.error, "TEXT", "finish: set this error text"),
	OPT_FLAG(0, "quick", &o.quick, "verify: do not read the archived files"),
	OPT_FLAG(0, "archive", &o.archive, "retry: archived segments that the ledger lacks"),
	OPT_STR(0, "older-than", &o.older_than, "AGE", "prune: batches finished longer ago"),
	OPT_FLAG(0, "keep-files", &o.keep_files, "prune: remove rows, leave archived files"),
	OPT_FLAG('n', "dry-run", &o.dry_run, "prune: print what would be removed"),
	OPT_END
};

static const char *const names[] = { "list", "show", "open", "finish", "verify", "retry",
	"prune", "watch", NULL };

const struct tool tool = {
	.name = "manifest",
	.summary = "look at the ingestion manifest and mend it",
	.usage = "list [--status STATUS] [--limit N] [--since AGE]\n"
	    "show TAG\n"
	    "open FILE...\n"
	    "finish [--status STATUS] [--error TEXT] TAG\n"
	    "verify [--quick] [TAG...]\n"
	    "retry TAG...\n"
	    "retry --archive [TAG...]\n"
	    "prune [-n] [--keep-files] --older-than AGE\n"
	    "watch",
	.options = options,
	.commands = names,
	.examples = "manifest list --limit 20\n"
	    "manifest verify\n"
	    "manifest retry --archive | spool-replay",
};

/* In the order of names. */
static const struct {
	int (*run)(struct session *s, int argc, char **argv, struct err *err);
	int min, max;		/* operands */
	bool spool;		/* works on the spool's files */
	const char *options;	/* those that not every command has */
} commands[] = {
	{ cmd_list, 0, 0, false, "|format|status|limit|since|" },
	{ cmd_show, 1, 1, true, "|format|" },
	{ cmd_open, 1, INT32_MAX, false, "|" },
	{ cmd_finish, 1, 1, true, "|status|error|" },
	{ cmd_verify, 0, INT32_MAX, true, "|format|quick|" },
	{ cmd_retry, 0, INT32_MAX, true, "|archive|" },
	{ cmd_prune, 0, 0, true, "|older-than|keep-files|dry-run|" },
	{ cmd_watch, 0, 0, false, "|format|" },
};

static bool
is_given(const struct opt *opt)
{
	return opt->type == OPT_TYPE_FLAG ? *(const bool *)opt->value :
	    *(const char *const *)opt->value != NULL;
}

static int
check_options(size_t cmd, struct err *err)
{
	static const char common[] = "|config|db|spool|";

	for (const struct opt *opt = options; opt->type != OPT_TYPE_END; opt++) {
		char word[32];

		snprintf(word, sizeof(word), "|%s|", opt->name);
		if (!is_given(opt) || strstr(common, word) || strstr(commands[cmd].options, word))
			continue;
		return err_set(err, ERR_USAGE, "manifest %s takes no option \"--%s\"", names[cmd],
		    opt->name);
	}
	return 0;
}

static int
check_operands(size_t cmd, int argc, struct err *err)
{
	if (argc >= commands[cmd].min && argc <= commands[cmd].max)
		return 0;
	err_set(err, ERR_USAGE, argc < commands[cmd].min ? "manifest %s needs an operand" :
	    commands[cmd].max ? "manifest %s takes one operand" :
	    "manifest %s takes no operand", names[cmd]);
	return err_hint(err, "see \"manifest --help\"");
}

static int
find_format(struct session *s, struct err *err)
{
	static const char *const known[] = { "ndjson", "text", "tsv" };

	s->format = isatty(STDOUT_FILENO) ? OUT_TEXT : OUT_NDJSON;
	if (!o.format)
		return 0;
	for (size_t i = 0; i < countof(known); i++)
		if (strcmp(o.format, known[i]) == 0) {
			s->format = (enum out_format)i;
			return 0;
		}
	return err_set(err, ERR_USAGE, "--format is ndjson, text or tsv, not \"%s\"", o.format);
}

int
connect_db(struct session *s, struct err *err)
{
	if (s->db && pg_broken(s->db)) {
		pg_close(s->db);
		s->db = NULL;
	}
	if (!s->db)
		s->db = pg_open_schema(conf_str(s->conf, "database"), tool.name,
		    SQL_SCHEMA_VERSION, err);
	return s->db ? 0 : -1;
}

int
want_tag(const char *word, struct err *err)
{
	if (spool_is_tag(word))
		return 0;
	err_set(err, ERR_USAGE, "\"%s\" is no batch tag", word);
	return err_hint(err, "manifest list shows what there is");
}

int
want_batch(struct session *s, const char *tag, struct batch *b, struct err *err)
{
	int found;

	if (want_tag(tag, err) < 0)
		return -1;
	found = manifest_load(s->db, tag, b, err);
	if (found != 0)
		return MIN(found, 0);
	err_set(err, ERR_DATA, "batch \"%s\" is not in the manifest", tag);
	return err_hint(err, "manifest list shows what there is");
}

int
print_open(void *arg UNUSED, const struct batch *b, struct err *err)
{
	struct str line = STR_INIT;
	int rc;

	batch_open_event(b, &line);
	rc = io_stdout(line.buf, line.len, err);
	str_release(&line);
	return rc;
}

static int
settle(struct session *s, bool spool, struct err *err)
{
	struct conf *c = s->conf = conf_load(o.conf, err);

	if (!c || conf_option(c, "database", o.db, "--db", err) < 0 ||
	    conf_option(c, "spool", o.spool, "--spool", err) < 0 ||
	    find_format(s, err) < 0 ||
	    (spool && spool_open(&s->sp, conf_str(c, "spool"), err) < 0))
		return -1;
	return connect_db(s, err);
}

int
tool_run(int argc, char **argv, struct err *err)
{
	struct session s = { .o = &o, .sp = SPOOL_INIT };
	size_t cmd = 0;
	int rc = -1;

	if (argc == 0) {
		err_set(err, ERR_USAGE, "what is to be done?");
		return err_hint(err, "see \"manifest --help\"");
	}
	while (strcmp(names[cmd], argv[0]) != 0)
		cmd++;
	if (check_options(cmd, err) == 0 && check_operands(cmd, argc - 1, err) == 0 &&
	    settle(&s, commands[cmd].spool, err) == 0)
		rc = commands[cmd].run(&s, argc - 1, argv + 1, err);
	if (rc == 0 && s.partial)
		rc = EXIT_PARTIAL;
	pg_close(s.db);
	spool_release(&s.sp);
	conf_free(s.conf);
	return rc;
}
