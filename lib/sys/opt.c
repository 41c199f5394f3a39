#include "sys/opt.h"

#include "base/mem.h"
#include "base/msg.h"
#include "sys/opt_private.h"

const struct opt opt_common[OPT_COMMON_NR] = {
	OPT_FLAG('h', "help", NULL, "print this help"),
	OPT_FLAG('V', "version", NULL, "print the version"),
	OPT_FLAG('v', "verbose", NULL, "say more; twice: still more"),
	OPT_FLAG('q', "quiet", NULL, "say errors only"),
	OPT_STR(0, "log-format", NULL, "FORMAT", "how messages are written: text or json"),
	OPT_FLAG(0, "list-options", NULL, "list the options, for completion"),
};

struct parse {
	const struct tool *tool;
	struct opt_result *out;
	struct err first;	/* the first error; the rest of argv is still read for -h */
	int verbose, quiet;
};

static bool
stops_at_operand(const struct tool *tool)
{
	for (const struct opt *o = tool->options; o && o->type != OPT_TYPE_END; o++)
		if (o->type == OPT_TYPE_STOP)
			return true;
	return false;
}

const struct opt *
opt_at(const struct tool *tool, size_t i)
{
	for (const struct opt *o = tool->options; o && o->type != OPT_TYPE_END; o++) {
		if (o->type == OPT_TYPE_STOP)
			continue;
		if (i-- == 0)
			return o;
	}
	return i < OPT_COMMON_NR ? &opt_common[i] : NULL;
}

static void
complain(struct parse *p, struct err *e)
{
	if (p->first.kind == ERR_NONE)
		err_move(&p->first, e);
	else
		err_release(e);
}

static void
bad_option(struct parse *p, const char *what, const char *name, const char *near)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_USAGE, "%s \"%s\"", what, name);
	if (near)
		err_hint(&e, "did you mean \"%s\"?", near);
	else
		err_hint(&e, "see \"%s --help\"", p->tool->name);
	complain(p, &e);
}

static void
unknown_long(struct parse *p, const char *name)
{
	const char *names[128];
	char *dashed = xasprintf("--%s", name), *near = NULL;
	const struct opt *o;
	const char *found;
	size_t n = 0;

	for (size_t i = 0; (o = opt_at(p->tool, i)) && n + 1 < countof(names); i++)
		if (o->name && !opt_is_hidden(o))
			names[n++] = o->name;
	names[n] = NULL;
	found = opt_nearest(name, names);
	if (found)
		near = xasprintf("--%s", found);
	bad_option(p, "unknown option", dashed, near);
	free(near);
	free(dashed);
}

/* The option with this name, or the only one that begins with it. NULL after
 * a complaint. */
static const struct opt *
find_long(struct parse *p, const char *name, size_t len)
{
	const struct opt *o, *found = NULL;
	char *word = xstrndup(name, len);
	struct str all = STR_INIT;
	int hits = 0;

	for (size_t i = 0; (o = opt_at(p->tool, i)); i++) {
		if (!o->name || strncmp(o->name, word, len) != 0)
			continue;
		if (!o->name[len]) {
			found = o;
			hits = 1;
			break;
		}
		if (opt_is_hidden(o) || len == 0)
			continue;
		found = o;
		str_addf(&all, "%s--%s", hits++ ? ", " : "", o->name);
	}
	if (hits == 0) {
		unknown_long(p, word);
	} else if (hits > 1) {
		struct err e = ERR_INIT;

		err_set(&e, ERR_USAGE, "option \"--%s\" is ambiguous: %s", word, all.buf);
		complain(p, &e);
		found = NULL;
	}
	str_release(&all);
	free(word);
	return found;
}

static void
log_format(struct parse *p, const char *value)
{
	struct err e = ERR_INIT;

	if (!value)	/* complained of already */
		return;
	if (strcmp(value, "text") == 0 || strcmp(value, "json") == 0) {
		p->out->log_format = value;
		return;
	}
	err_set(&e, ERR_USAGE, "option \"--log-format\" is \"%s\", not text or json", value);
	complain(p, &e);
}

static void
apply(struct parse *p, const struct opt *o, const char *value)
{
	if (o == &opt_common[OPT_COMMON_HELP])
		p->out->action = OPT_HELP;
	else if (o == &opt_common[OPT_COMMON_VERSION])
		p->out->action = p->out->action == OPT_RUN ? OPT_VERSION : p->out->action;
	else if (o == &opt_common[OPT_COMMON_LISTING])
		p->out->action = p->out->action == OPT_RUN ? OPT_LISTING : p->out->action;
	else if (o == &opt_common[OPT_COMMON_VERBOSE])
		p->verbose++;
	else if (o == &opt_common[OPT_COMMON_QUIET])
		p->quiet++;
	else if (o == &opt_common[OPT_COMMON_LOG_FORMAT])
		log_format(p, value);
	else if (o->type == OPT_TYPE_FLAG)
		*(bool *)o->value = true;
	else if (o->type == OPT_TYPE_STR)
		*(const char **)o->value = value;
	else {
		struct opt_list *list = o->value;

		ALLOC_GROW(list->item, list->nr + 1, list->alloc);
		list->item[list->nr++] = value;
	}
}

/* argv[at] is a long option; how many words it took. */
static int
parse_long(struct parse *p, int argc, char **argv, int at)
{
	const char *name = argv[at] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct opt *o = find_long(p, name, len);
	struct err e = ERR_INIT;

	if (!o)
		return 1;
	if (!o->arg && equals) {
		err_set(&e, ERR_USAGE, "option \"--%s\" takes no value", o->name);
	} else if (!o->arg || equals) {
		apply(p, o, equals ? equals + 1 : NULL);
	} else if (at + 1 < argc) {
		apply(p, o, argv[at + 1]);
		return 2;
	} else {
		err_set(&e, ERR_USAGE, "option \"--%s\" needs a value: %s", o->name, o->arg);
	}
	if (e.kind != ERR_NONE)
		complain(p, &e);
	return 1;
}

/* argv[at] is a bundle of short options; how many words it took. */
static int
parse_short(struct parse *p, int argc, char **argv, int at)
{
	for (const char *c = argv[at] + 1; *c; c++) {
		const struct opt *o;
		char name[3] = { '-', *c, '\0' };
		struct err e = ERR_INIT;

		for (size_t i = 0; (o = opt_at(p->tool, i)) && o->letter != *c; i++)
			;
		if (!o) {
			/* not half of a character that is longer than a byte */
			bad_option(p, "unknown option", (unsigned char)*c < 0x80 ? name : argv[at],
			    NULL);
			continue;
		}
		if (!o->arg) {
			apply(p, o, NULL);
			continue;
		}
		if (c[1]) {
			apply(p, o, c + 1);
			return 1;
		}
		if (at + 1 < argc) {
			apply(p, o, argv[at + 1]);
			return 2;
		}
		err_set(&e, ERR_USAGE, "option \"-%c\" needs a value: %s", *c, o->arg);
		complain(p, &e);
	}
	return 1;
}

static void
check_command(struct parse *p)
{
	const char *const *c = p->tool->commands;
	struct err e = ERR_INIT;
	const char *near;

	if (!c || p->out->argc == 0)
		return;
	if (strcmp(p->out->argv[0], "help") == 0) {
		p->out->action = OPT_HELP;
		return;
	}
	for (; *c; c++)
		if (strcmp(p->out->argv[0], *c) == 0)
			return;
	err_set(&e, ERR_USAGE, "unknown command \"%s\"", p->out->argv[0]);
	near = opt_nearest(p->out->argv[0], p->tool->commands);
	if (near)
		err_hint(&e, "did you mean \"%s\"?", near);
	else
		err_hint(&e, "see \"%s --help\"", p->tool->name);
	complain(p, &e);
}

int
opt_parse(const struct tool *tool, int argc, char **argv, struct opt_result *out,
    struct err *err)
{
	struct parse p = { .tool = tool, .out = out, .first = ERR_INIT };
	bool stop = stops_at_operand(tool), ended = false;
	int first = MIN(argc, 1), at = first, operands = first;

	*out = (struct opt_result){ .action = OPT_RUN, .argv = argv + first };
	while (at < argc) {
		char *word = argv[at];
		int took = 1;

		if (ended || word[0] != '-' || !word[1]) {
			/* operands move down over options that are done with */
			argv[operands++] = word;
			ended = ended || stop;
		} else if (strcmp(word, "--") == 0) {
			ended = true;
		} else if (word[1] == '-') {
			took = parse_long(&p, argc, argv, at);
		} else {
			took = parse_short(&p, argc, argv, at);
		}
		at += took;
	}
	argv[operands] = NULL;
	out->argc = operands - first;
	out->verbosity = MAX(p.verbose - p.quiet, MSG_ERROR);
	if (out->action == OPT_RUN)
		check_command(&p);
	if (out->action != OPT_RUN || p.first.kind == ERR_NONE) {
		err_release(&p.first);
		return 0;
	}
	err_move(err, &p.first);
	return -1;
}
