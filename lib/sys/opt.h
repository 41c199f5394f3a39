/*
 * opt.h - one table per tool: it parses the command line, writes --help,
 * feeds the completions (`--list-options`) and is checked against the page.
 *
 *	static const struct opt options[] = {
 *		OPT_STR('s', "spool", &o.spool, "DIR", "the spool"),
 *		OPT_FLAG('n', "dry-run", &o.dry_run, "say what would be done"),
 *		OPT_END
 *	};
 *	const struct tool tool = { "spool-gate", "open the gate", "[-n] [-s DIR]",
 *		options, NULL, "spool-gate --min-count 100\n" };
 *
 * -h -V -v -q --log-format and --list-options are in every tool and not in its table.
 * Values stay text here: svc/conf.h checks those that are settings. Long
 * options may be cut to a unique beginning, take `--name=value` or `--name
 * value`, and `--` ends them.
 */
#ifndef SYS_OPT_H
#define SYS_OPT_H

#include "base/err.h"
#include "base/str.h"

enum opt_type {
	OPT_TYPE_END,
	OPT_TYPE_FLAG,	/* value: bool * */
	OPT_TYPE_STR,	/* value: const char **, borrowed from argv */
	OPT_TYPE_LIST,	/* value: struct opt_list *; may be given again */
	OPT_TYPE_STOP,	/* no option: the first operand ends the options */
};

struct opt_list {
	const char **item;	/* owned array of borrowed strings */
	size_t nr, alloc;
};

struct opt {
	enum opt_type type;
	char letter;		/* 0 when there is none */
	const char *name;
	void *value;
	const char *arg;	/* the name of its argument, NULL for a flag */
	const char *help;	/* one line, lower case */
};

#define OPT_FLAG(l, n, v, h) { OPT_TYPE_FLAG, (l), (n), (v), NULL, (h) }
#define OPT_STR(l, n, v, a, h) { OPT_TYPE_STR, (l), (n), (v), (a), (h) }
#define OPT_LIST(l, n, v, a, h) { OPT_TYPE_LIST, (l), (n), (v), (a), (h) }
#define OPT_STOP_AT_OPERAND { OPT_TYPE_STOP, 0, NULL, NULL, NULL, NULL }
#define OPT_END { OPT_TYPE_END, 0, NULL, NULL, NULL, NULL }

struct tool {
	const char *name;
	const char *summary;	/* one line, lower case */
	const char *usage;	/* lines after the name, separated by \n */
	const struct opt *options;
	const char *const *commands; /* sub-commands, NULL-terminated, or NULL */
	const char *examples;	/* lines of shell, as in the page */
};

enum opt_action { OPT_RUN, OPT_HELP, OPT_VERSION, OPT_LISTING };

struct opt_result {
	enum opt_action action;
	int verbosity;		/* -v counted up, -q down */
	const char *log_format;	/* `text` or `json`; NULL: not given. Set whatever is wrong
				 * with other options, which are told in that format. */
	int argc;		/* the operands, borrowed from argv */
	char **argv;
};

/* 0, or -1 with ERR_USAGE. -h anywhere wins over every error, and so does a
 * first operand `help` where there are commands; a command that is not in the
 * list is an error here, none at all is the tool's. argv is reordered so that
 * the operands stand together. */
int opt_parse(const struct tool *tool, int argc, char **argv, struct opt_result *out,
    struct err *err);
void opt_help(const struct tool *tool, struct str *out);
/* One line per option: `--name<TAB>-l<TAB>ARG<TAB>help`, then `command<TAB>name`. */
void opt_listing(const struct tool *tool, struct str *out);
/* The candidate nearest to word, within two edits, or NULL. An edit is a byte
 * put in, left out or changed, or two neighbours swapped. */
const char *opt_nearest(const char *word, const char *const *candidates);

#endif
