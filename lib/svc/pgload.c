/*
 * pgload.c - opens libpq when it is first needed (see pg_private.h).
 */
#include "svc/pg_private.h"

#include <dlfcn.h>
#include <pthread.h>

#define LIBPQ "libpq.so.5"

struct pq pq;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *missing;	/* what could not be found */
static char reason[256];

static void
load(void)
{
	void *lib = dlopen(LIBPQ, RTLD_LAZY | RTLD_LOCAL);
	const char *why;

	if (lib == NULL) {
		why = dlerror();
		snprintf(reason, sizeof(reason), "%s", why == NULL ? "unknown error" : why);
		missing = LIBPQ;
		return;
	}
	/* POSIX makes void * hold a function; the copy says so without a cast. */
#define X(name) { \
	void *sym = dlsym(lib, #name); \
	if (sym == NULL) \
		missing = #name; \
	memcpy(&pq.name, &sym, sizeof(sym)); \
}
	PQ_FUNCTIONS(X)
#undef X
}

int
pq_load(struct err *err)
{
	pthread_once(&once, load);
	if (missing == NULL)
		return 0;
	if (reason[0] != '\0')
		err_set(err, ERR_CONFIG, "could not load %s: %s", missing, reason);
	else
		err_set(err, ERR_CONFIG, "%s has no function %s", LIBPQ, missing);
	return err_hint(err, "install it: apt install libpq5");
}
