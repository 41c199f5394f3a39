/* fuzz-yaml: any bytes as a file of settings; flat keys or one error, never a
 * crash. */
#include "fmt/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
check(void *arg, const char *key, const char *value, unsigned line, struct err *err UNUSED)
{
	size_t *seen = arg;

	if (!*key || line == 0)
		abort();
	*seen += strlen(key) + strlen(value);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	size_t seen = 0;

	if (yaml_flat((const char *)data, size, "fuzz", check, &seen, &err) < 0 &&
	    (err.kind != ERR_CONFIG || !err.text))
		abort();
	err_release(&err);
	return 0;
}
