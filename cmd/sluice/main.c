/*
 * sluice TOOL ARGUMENTS - run a tool of the suite under one name, for systems
 * where names such as "search" on the PATH would be too general.
 *
 * A tool is looked for beside this program where that directory is known to be
 * ours (the build tree, libexec/sluice) and else in the libexec directory of
 * this build: never in a bin directory, where somebody else's program may have
 * its name.
 */
#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/msg.h"
#include "cmd/tool.h"
#include "paths.h"
#include "sys/fs.h"
#include "sys/io.h"

static struct {
	bool list;
} o;

static const struct opt options[] = {
	OPT_FLAG(0, "list", &o.list, "print the names of the tools"),
	OPT_STOP_AT_OPERAND,
	OPT_END
};

const struct tool tool = {
	.name = "sluice",
	.summary = "run a tool of the suite, or open its page",
	.usage = "TOOL [ARGUMENT ...]\nhelp [TOOL]\n--list",
	.options = options,
	.examples = "sluice\n"
	    "sluice spool-gate --help\n"
	    "sluice help spool-gate\n",
};

/* In the order of the pipeline. The lines are the summaries of the tools,
 * which a test compares. */
static const struct {
	const char *name, *summary;
} tools[] = {
	{ "spool-write", "land records as closed segments in the spool" },
	{ "spool-gate", "claim what waits in incoming/ as a batch" },
	{ "spool-replay", "load segments into PostgreSQL exactly once" },
	{ "notify", "send events to web hooks; pass every line on" },
	{ "manifest", "look at the ingestion manifest and mend it" },
	{ "outbox-relay", "print the events of the outbox, at least once" },
	{ "dbctl", "make and look after the database" },
};

/* Pages that belong to no tool: `sluice help events` is sluice-events(5). */
static const char *const topics[] = { "events", "records", "schema", "spool", "sluice.yaml" };

/* Is the directory one that holds our tools and nothing else? The build leaves
 * a mark in it; `make install` names it sluice. */
static bool
is_ours(const char *dir)
{
	char *mark = xasprintf("%s/.complete", dir);
	const char *slash = strrchr(dir, '/');
	bool ours = fs_exists(mark) || (slash && strcmp(slash + 1, "sluice") == 0);

	free(mark);
	return ours;
}

/* The path of a tool, there or not; the caller frees. */
static char *
tool_path(const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash) {
			*slash = '\0';
			if (is_ours(self))
				return xasprintf("%s/%s", self, name);
		}
	}
	return xasprintf("%s/%s", SLUICE_LIBEXECDIR, name);
}

static bool
is_there(const char *name)
{
	char *path = tool_path(name);
	bool there = access(path, X_OK) == 0;

	free(path);
	return there;
}

static int
print_tools(bool names_only, struct err *err)
{
	struct str out = STR_INIT;
	int rc;

	if (!names_only)
		str_adds(&out, "usage: sluice TOOL [ARGUMENT ...]\n"
		    "       sluice help [TOOL]\n\n");
	for (size_t i = 0; i < countof(tools); i++) {
		if (!is_there(tools[i].name))
			continue;
		if (names_only)
			str_addf(&out, "%s\n", tools[i].name);
		else
			str_addf(&out, "  %-14s%s\n", tools[i].name, tools[i].summary);
	}
	rc = io_stdout(out.buf, out.len, err);
	str_release(&out);
	return rc;
}

static bool
is_tool(const char *name)
{
	for (size_t i = 0; i < countof(tools); i++)
		if (strcmp(tools[i].name, name) == 0)
			return true;
	return false;
}

/* No such tool, or with topics: no such page. */
static int
unknown(const char *what, const char *name, bool with_topics, struct err *err)
{
	const char *names[countof(tools) + countof(topics) + 2];
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < countof(tools); i++)
		names[n++] = tools[i].name;
	for (size_t i = 0; with_topics && i < countof(topics); i++)
		names[n++] = topics[i];
	names[n++] = with_topics ? NULL : "help";
	names[n] = NULL;
	near = opt_nearest(name, names);
	err_set(err, ERR_USAGE, "unknown %s \"%s\"", what, name);
	if (near)
		return err_hint(err, "did you mean \"%s\"?", near);
	return err_hint(err, "run \"sluice\" for the list of tools");
}

/* man(1) of a page, in place of this process. */
static int
open_page(const char *name, struct err *err)
{
	bool known = is_tool(name);
	char *page;

	for (size_t i = 0; i < countof(topics); i++)
		known = known || strcmp(topics[i], name) == 0;
	if (strcmp(name, "sluice") != 0 && !known)
		return unknown("page", name, true, err);
	page = xasprintf("%s%s", strncmp(name, "sluice", 6) == 0 ? "" : "sluice-", name);
	execlp("man", "man", page, (char *)NULL);
	if (errno == ENOENT) {
		err_set(err, ERR_CONFIG, "could not run \"man\", which opens %s: %s", page,
		    strerror(errno));
		err_hint(err, "install man-db, or run \"sluice %s --help\"",
		    is_tool(name) ? name : "TOOL");
	} else {
		err_setno(err, "could not run \"man\"");
	}
	free(page);
	return -1;
}

static int
run(char **argv, struct err *err)
{
	char *path;

	if (!is_tool(argv[0]))
		return unknown("tool", argv[0], false, err);
	path = tool_path(argv[0]);
	execv(path, argv);
	if (errno == ENOENT) {
		err_set(err, ERR_CONFIG, "could not run \"%s\": %s", path, strerror(errno));
		err_hint(err, "the tool is not installed");
	} else {
		err_setno(err, "could not run \"%s\"", path);
	}
	free(path);
	return -1;
}

int
tool_run(int argc, char **argv, struct err *err)
{
	if (o.list || argc == 0)
		return print_tools(o.list, err);
	if (strcmp(argv[0], "help") != 0)
		return run(argv, err);
	if (argc > 2)
		return err_set(err, ERR_USAGE, "help takes one name, not %d", argc - 1);
	return open_page(argc == 2 ? argv[1] : "sluice", err);
}
