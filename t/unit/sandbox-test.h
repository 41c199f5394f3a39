/*
 * sandbox-test.h - running something in a sandbox, for the tests of it.
 */
#ifndef T_UNIT_SANDBOX_TEST_H
#define T_UNIT_SANDBOX_TEST_H

#include "base/str.h"
#include "sys/sandbox.h"
#include "t/unit/data.h"

#define MIB ((uint64_t)1 << 20)
#define NOBODY 65534

static const struct sandbox_limits usual = {
	.cpu_s = 10, .wall_ms = 20000, .memory = 1024 * MIB,
};

static inline bool
lacks(enum sandbox_layer layer, const char *name)
{
	if (sandbox_layers() & layer)
		return false;
	printf("# SKIP this kernel has no %s\n", name);
	fflush(stdout);
	return true;
}

/* All that it writes goes to out. */
static inline enum sandbox_end
run(const struct sandbox_limits *l, int in, int (*fn)(void *, int, int), void *arg,
    struct str *out, int *status)
{
	struct err err = ERR_INIT;
	struct sandbox *s = sandbox_start(l, in, fn, arg, &err);
	char buf[4096];
	ssize_t n;

	ck_assert_msg(s != NULL, "%s", err.text);
	while ((n = read(sandbox_fd(s), buf, sizeof(buf))) > 0)
		str_add(out, buf, (size_t)n);
	return sandbox_finish(s, status);
}

static inline void
say(int out, const char *what)
{
	(void)!write(out, what, strlen(what));
	(void)!write(out, "\n", 1);
}

#endif
