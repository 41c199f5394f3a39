/*
 * replay.c - runs LLVMFuzzerTestOneInput over files, and over the files of
 * directories, so that a corpus is a test with any compiler. The empty input
 * is always among them.
 */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned nr;

static int
run_file(const char *path)
{
	struct str data = STR_INIT;
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	char buf[4096];
	size_t n;

	if (!f) {
		printf("not ok %u - %s: %s\n", ++nr, path, strerror(errno));
		return -1;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_add(&data, buf, n);
	fclose(f);
	/* a block of just this size, so that a sanitizer sees a byte too far */
	exact = malloc(data.len ? data.len : 1);
	if (exact) {
		memcpy(exact, data.buf, data.len);
		LLVMFuzzerTestOneInput(exact, data.len);
	}
	free(exact);
	str_release(&data);
	printf("ok %u - %s\n", ++nr, path);
	fflush(stdout);
	return 0;
}

static int
run(const char *path)
{
	struct str name = STR_INIT;
	DIR *d = opendir(path);
	struct dirent *e;
	int rc = 0;

	if (!d)
		return run_file(path);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		str_reset(&name);
		str_addf(&name, "%s/%s", path, e->d_name);
		if (run(name.buf) < 0)
			rc = -1;
	}
	closedir(d);
	str_release(&name);
	return rc;
}

int
main(int argc, char **argv)
{
	int status = EXIT_SUCCESS;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("ok %u - the empty input\n", ++nr);
	for (int i = 1; i < argc; i++)
		if (run(argv[i]) < 0)
			status = EXIT_FAILURE;
	printf("1..%u\n", nr);
	return status;
}
