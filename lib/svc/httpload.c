/*
 * httpload.c - opens libcurl when it is first needed (see http_private.h).
 */
#include "svc/http_private.h"

#include <dlfcn.h>
#include <pthread.h>

#define LIBCURL "libcurl.so.4"

struct curl curl;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *missing;	/* what could not be found */
static char reason[256];

static void
load(void)
{
	void *lib = dlopen(LIBCURL, RTLD_LAZY | RTLD_LOCAL);
	const char *why;

	if (lib == NULL) {
		why = dlerror();
		snprintf(reason, sizeof(reason), "%s", why == NULL ? "unknown error" : why);
		missing = LIBCURL;
		return;
	}
	/* POSIX makes void * hold a function; the copy says so without a cast. */
#define X(name) { \
	void *sym = dlsym(lib, "curl_" #name); \
	if (sym == NULL) \
		missing = "curl_" #name; \
	memcpy(&curl.name, &sym, sizeof(sym)); \
}
	CURL_FUNCTIONS(X)
#undef X
	/* Never undone: the library stays, and what it holds is reachable from it. */
	if (missing == NULL && curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		missing = LIBCURL;
		snprintf(reason, sizeof(reason), "it could not be initialised");
	}
}

int
curl_load(struct err *err)
{
	pthread_once(&once, load);
	if (missing == NULL)
		return 0;
	if (reason[0] != '\0')
		err_set(err, ERR_CONFIG, "could not load %s: %s", missing, reason);
	else
		err_set(err, ERR_CONFIG, "%s has no function %s", LIBCURL, missing);
	return err_hint(err, "install it: apt install libcurl4");
}
