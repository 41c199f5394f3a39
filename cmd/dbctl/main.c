/*
 * dbctl - the database's schema, partitions and retention.
 *
 * init and migrate apply the embedded migrations (app/schema.h); partition and
 * retain look after the tables by time (upkeep.c); status tells what is there.
 */
#include <stdarg.h>
#include <unistd.h>

#include "app/schema.h"
#include "base/msg.h"
#include "cmd/dbctl/dbctl.h"
#include "cmd/tool.h"
#include "fmt/json.h"
#include "sql.h"
#include "sys/io.h"

static struct {
	const char *conf, *db, *format, *metrics, *events;
	bool dry_run, roles;
} o;

static const struct opt options[] = {
	OPT_STR('c', "config", &o.conf, "FILE", "read settings from FILE"),
	OPT_STR('d', "db", &o.db, "CONNINFO", "the database (default: libpq's rules)"),
	OPT_STR('f', "format", &o.format, "FORMAT", "ndjson or text (the default on a terminal)"),
	OPT_FLAG('n', "dry-run", &o.dry_run, "print what would be done; change nothing"),
	OPT_FLAG(0, "roles", &o.roles, "init: also make sluice_writer and sluice_reader"),
	OPT_STR(0, "metrics", &o.metrics, "AGE", "retain: keep metrics this long"),
	OPT_STR(0, "events", &o.events, "AGE", "retain: keep events this long"),
	OPT_END
};

static const char *const commands[] = {
	"init", "migrate", "status", "partition", "retain", NULL
};

const struct tool tool = {
	.name = "dbctl",
	.summary = "make and look after the database",
	.usage = "[-nqv] [-d CONNINFO] [-f FORMAT] init [--roles]\n"
	    "[-nqv] [-d CONNINFO] [-f FORMAT] migrate | status | partition\n"
	    "[-nqv] [-d CONNINFO] [-f FORMAT] retain [--metrics AGE] [--events AGE]",
	.options = options,
	.commands = commands,
	.examples = "dbctl init\n"
	    "dbctl status\n"
	    "dbctl partition\n"
	    "dbctl retain --metrics 400d -n",
};

int
dbctl_say(const struct dbctl *d, struct str *object, struct err *err, const char *fmt, ...)
{
	struct str words = STR_INIT;
	va_list ap;
	int rc;

	if (d->text) {
		va_start(ap, fmt);
		str_vaddf(&words, fmt, ap);
		va_end(ap);
	} else {
		str_add(&words, object->buf, object->len);
		str_addc(&words, '}');
	}
	str_addc(&words, '\n');
	rc = io_stdout(words.buf, words.len, err);
	str_release(&words);
	str_release(object);
	return rc;
}

static int
say_migration(const struct dbctl *d, int version, const char *name, struct err *err)
{
	struct str s = STR_INIT;

	str_addc(&s, '{');
	json_put_key_cstr(&s, "type", "migration");
	json_put_key_int(&s, "version", version);
	json_put_key_cstr(&s, "name", name);
	json_put_key(&s, "applied");
	str_adds(&s, d->dry_run ? "false" : "true");
	return dbctl_say(d, &s, err, "%s migration %s", d->dry_run ? "would apply" : "applied",
	    name);
}

static int
migrate(struct dbctl *d, bool may_create, struct err *err)
{
	const char *name;
	int have, next, rc;

	if (schema_version(d->db, &have, err) < 0 || schema_check_newer(have, err) < 0)
		return -1;
	if (have == 0 && !may_create) {
		err_set(err, ERR_CONFIG, "the database has no schema \"sluice\"");
		return err_hint(err, "make it: dbctl init");
	}
	for (; schema_next(have, &next, &name); have = next) {
		rc = d->dry_run ? 1 : schema_apply_next(d->db, have, err);
		if (rc < 0 || (rc > 0 && say_migration(d, next, name, err) < 0))
			return -1;
	}
	return 0;
}

static int
roles(struct dbctl *d, struct err *err)
{
	struct pg_rows *before, *after;
	int rc = 0;

	if (d->dry_run)
		return 0;
	if (pg_exec(d->db, sql_schema_roles, PG_NONE, &before, err) < 0)
		return -1;
	if (pg_exec(d->db, sql_roles_make, PG_NONE, NULL, err) < 0) {
		if (err->kind == ERR_PERM)
			err_hint(err, "making roles takes the right CREATEROLE; or let an administrator "
			    "say: CREATE ROLE sluice_writer; CREATE ROLE sluice_reader");
		pg_free(before);
		return -1;
	}
	if (pg_exec(d->db, sql_schema_roles, PG_NONE, &after, err) < 0) {
		pg_free(before);
		return -1;
	}
	/* Two at most, in order: those that were not there before are new. */
	for (int i = 0; rc == 0 && i < pg_nrows(after); i++) {
		struct str s = STR_INIT;
		bool old = false;

		for (int k = 0; k < pg_nrows(before); k++)
			old |= strcmp(pg_text(before, k, 0), pg_text(after, i, 0)) == 0;
		if (old)
			continue;
		str_addc(&s, '{');
		json_put_key_cstr(&s, "type", "role");
		json_put_key_cstr(&s, "name", pg_text(after, i, 0));
		rc = dbctl_say(d, &s, err, "made role %s", pg_text(after, i, 0));
	}
	pg_free(before);
	pg_free(after);
	return rc;
}

static int
init(struct dbctl *d, struct err *err)
{
	if (migrate(d, true, err) < 0 || (o.roles && roles(d, err) < 0))
		return -1;
	/* Without a schema there is nothing that a dry run could look at. */
	return d->dry_run ? 0 : upkeep_partition(d, false, err);
}

static int
settle(struct dbctl *d, const char *command, struct err *err)
{
	bool retain = strcmp(command, "retain") == 0;

	if (o.roles && strcmp(command, "init") != 0)
		return err_set(err, ERR_USAGE, "--roles goes with init only");
	if (!retain && (o.metrics || o.events))
		return err_set(err, ERR_USAGE, "--metrics and --events go with retain only");
	if (o.format && strcmp(o.format, "ndjson") != 0 && strcmp(o.format, "text") != 0)
		return err_set(err, ERR_USAGE, "--format: \"%s\" is not ndjson or text", o.format);
	d->text = o.format ? strcmp(o.format, "text") == 0 : isatty(STDOUT_FILENO);
	d->dry_run = o.dry_run;
	d->conf = conf_load(o.conf, err);
	if (!d->conf || conf_option(d->conf, "database", o.db, "--db", err) < 0 ||
	    conf_option(d->conf, "retain.metrics", o.metrics, "--metrics", err) < 0 ||
	    conf_option(d->conf, "retain.events", o.events, "--events", err) < 0)
		return -1;
	return 0;
}

static int
run(struct dbctl *d, const char *command, struct err *err)
{
	const char *conninfo = conf_str(d->conf, "database");
	bool needs_schema = strcmp(command, "partition") == 0 || strcmp(command, "retain") == 0;

	d->db = needs_schema ? pg_open_schema(conninfo, tool.name, schema_wanted(), err) :
	    pg_open(conninfo, tool.name, err);
	if (!d->db)
		return -1;
	pg_cancel_on_stop(d->db);
	if (strcmp(command, "init") == 0)
		return init(d, err);
	if (strcmp(command, "migrate") == 0)
		return migrate(d, false, err);
	if (strcmp(command, "status") == 0)
		return status_report(d, err);
	return strcmp(command, "partition") == 0 ? upkeep_partition(d, true, err) :
	    upkeep_retain(d, err);
}

int
tool_run(int argc, char **argv, struct err *err)
{
	struct dbctl d = { .db = NULL };
	int rc = -1;

	if (argc != 1)
		return err_set(err, ERR_USAGE, argc == 0 ? "a command is missing" :
		    "\"%s\" is one word too many", argc == 0 ? "" : argv[1]);
	if (settle(&d, argv[0], err) == 0)
		rc = run(&d, argv[0], err);
	pg_close(d.db);
	conf_free(d.conf);
	return rc;
}
