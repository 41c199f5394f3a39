/*
 * opt_private.h - what opt.c and opt_text.c share.
 */
#ifndef SYS_OPT_PRIVATE_H
#define SYS_OPT_PRIVATE_H

#include "sys/opt.h"

/* The options that every tool has, in the order of the table in opt.c. */
enum opt_common {
	OPT_COMMON_HELP,
	OPT_COMMON_VERSION,
	OPT_COMMON_VERBOSE,
	OPT_COMMON_QUIET,
	OPT_COMMON_LOG_FORMAT,
	OPT_COMMON_LISTING,	/* for scripts: works, and no help tells of it */
	OPT_COMMON_NR,
};
extern const struct opt opt_common[OPT_COMMON_NR];

/* The i-th option, the tool's own before the common ones; NULL past the end. */
const struct opt *opt_at(const struct tool *tool, size_t i);

static inline bool
opt_is_hidden(const struct opt *o)
{
	return o == &opt_common[OPT_COMMON_LISTING];
}

#endif
