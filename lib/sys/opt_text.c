#include "sys/opt.h"

#include "base/mem.h"
#include "sys/opt_private.h"

#define HELP_WIDTH 80
#define HELP_COLUMN_MAX 32

/* Optimal string alignment over three rows; words longer than a name are never
 * near. */
#define NEAREST_MAX 64
#define NEAREST_EDITS 2

static size_t
edits(const char *a, const char *b)
{
	size_t row[3][NEAREST_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > NEAREST_MAX || m > NEAREST_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = MIN(best, MIN(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, before[j - 2] + 1);
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

const char *
opt_nearest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	size_t least = NEAREST_EDITS + 1;

	for (; *candidates; candidates++) {
		size_t n = edits(word, *candidates);

		/* every letter changed is not a slip */
		if (n < least && n < strlen(*candidates)) {
			least = n;
			best = *candidates;
		}
	}
	return best;
}

/* The length of the next word; what stands in brackets is one. */
static size_t
word_length(const char *text)
{
	size_t n = 0;
	int open = 0;

	for (; text[n] && (text[n] != ' ' || open > 0); n++)
		open += (text[n] == '[') - (text[n] == ']');
	return n;
}

/* Words of text, the first line continued where out stands (column at), the
 * others at column indent. */
static void
wrap(struct str *out, const char *text, size_t at, size_t indent)
{
	bool begun = false;

	while (*text) {
		size_t n = word_length(text);

		/* at least one word a line, however long it is */
		if (begun && at + 1 + n > HELP_WIDTH) {
			str_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (begun) {
			str_addc(out, ' ');
			at++;
		}
		str_add(out, text, n);
		at += n;
		begun = true;
		text += n;
		text += strspn(text, " ");
	}
	str_addc(out, '\n');
}

/* `  -s, --spool DIR` */
static void
option_left(const struct opt *o, struct str *out)
{
	if (o->letter && o->name)
		str_addf(out, "  -%c, --%s", o->letter, o->name);
	else if (o->letter)
		str_addf(out, "  -%c", o->letter);
	else
		str_addf(out, "      --%s", o->name);
	if (o->arg)
		str_addf(out, " %s", o->arg);
}

static void
help_usage(const struct tool *tool, struct str *out)
{
	const char *line = tool->usage ? tool->usage : "";
	size_t indent = strlen("usage: ") + strlen(tool->name) + 1;
	bool begun = false;

	do {
		size_t n = strcspn(line, "\n");
		char *text = xstrndup(line, n);

		str_addf(out, "%7s%s%s", begun ? "" : "usage: ", tool->name, n ? " " : "");
		wrap(out, text, indent, indent);
		free(text);
		begun = true;
		line += n + (line[n] == '\n');
	} while (*line);
}

static void
help_options(const struct tool *tool, struct str *out)
{
	struct str left = STR_INIT;
	const struct opt *o;
	size_t column = 0;

	for (size_t i = 0; (o = opt_at(tool, i)); i++) {
		str_reset(&left);
		option_left(o, &left);
		if (!opt_is_hidden(o) && left.len + 2 <= HELP_COLUMN_MAX)
			column = MAX(column, left.len + 2);
	}
	for (size_t i = 0; (o = opt_at(tool, i)); i++) {
		if (opt_is_hidden(o))
			continue;
		str_reset(&left);
		option_left(o, &left);
		if (left.len + 2 > column)
			str_addf(out, "%s\n%*s", left.buf, (int)column, "");
		else
			str_addf(out, "%-*s", (int)column, left.buf);
		wrap(out, o->help, column, column);
	}
	str_release(&left);
}

static void
help_commands(const struct tool *tool, struct str *out)
{
	struct str all = STR_INIT;

	for (const char *const *c = tool->commands; *c; c++)
		str_addf(&all, "%s%s", all.len ? " " : "", *c);
	str_adds(out, "\nCommands: ");
	wrap(out, all.buf, strlen("Commands: "), strlen("Commands: "));
	str_release(&all);
}

static void
help_examples(const char *line, struct str *out)
{
	str_adds(out, "\nExamples:\n");
	while (*line) {
		size_t n = strcspn(line, "\n");

		str_addf(out, "%s%.*s\n", n ? "  " : "", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

void
opt_help(const struct tool *tool, struct str *out)
{
	bool suite = strcmp(tool->name, "sluice") == 0;

	help_usage(tool, out);
	str_addc(out, '\n');
	wrap(out, tool->summary, 0, 0);
	if (tool->commands)
		help_commands(tool, out);
	str_adds(out, "\nOptions:\n");
	help_options(tool, out);
	if (tool->examples && *tool->examples)
		help_examples(tool->examples, out);
	str_addf(out, "\nSee sluice%s%s(1).\n", suite ? "" : "-", suite ? "" : tool->name);
}

void
opt_listing(const struct tool *tool, struct str *out)
{
	const struct opt *o;

	for (size_t i = 0; (o = opt_at(tool, i)); i++) {
		char letter[3] = { '-', o->letter, '\0' };

		if (opt_is_hidden(o))
			continue;
		str_addf(out, "--%s\t%s\t%s\t%s\n", o->name, o->letter ? letter : "",
		    o->arg ? o->arg : "", o->help);
	}
	for (const char *const *c = tool->commands; c && *c; c++)
		str_addf(out, "command\t%s\n", *c);
}
