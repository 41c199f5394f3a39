#include "base/num.h"

static const char *
digits(const char *s, uint64_t *out)
{
	uint64_t v = 0;
	const char *p = s;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return NULL;
	*out = v;
	return p == s ? NULL : p;
}

int
num_uint(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t v;
	const char *end = digits(s, &v);

	if (!end || *end || v > max)
		return -1;
	*out = v;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static int
with_unit(const char *s, const struct unit *units, size_t n, uint64_t *out)
{
	uint64_t v;
	const char *end = digits(s, &v);

	if (!end)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(v, units[i].factor, &v) || v > INT64_MAX)
			return -1;
		*out = v;
		return 0;
	}
	return -1;
}

int
num_size(const char *s, uint64_t *out)
{
	static const struct unit units[] = {
		{ "", 1 }, { "B", 1 },
		{ "k", 1u << 10 }, { "K", 1u << 10 }, { "KiB", 1u << 10 },
		{ "kB", 1000 }, { "KB", 1000 },
		{ "m", 1u << 20 }, { "M", 1u << 20 }, { "MiB", 1u << 20 }, { "MB", 1000000 },
		{ "g", 1u << 30 }, { "G", 1u << 30 }, { "GiB", 1u << 30 }, { "GB", 1000000000 },
		{ "T", (uint64_t)1 << 40 }, { "TiB", (uint64_t)1 << 40 },
		{ "TB", 1000000000000u },
	};

	return with_unit(s, units, countof(units), out);
}

int
num_duration(const char *s, uint64_t *ms)
{
	static const struct unit units[] = {
		{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "min", 60000 },
		{ "h", 3600000 }, { "d", 86400000 }, { "w", 604800000 },
	};

	return with_unit(s, units, countof(units), ms);
}
