/* the walker finds the same end whatever the pieces, and the cursor reads
 * exactly what was walked */
#include "fmt/mp.h"

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

static enum mp_walked
walk(const uint8_t *data, size_t size, size_t piece, size_t *used)
{
	struct mp_walk w = MP_WALK_INIT;
	enum mp_walked got = MP_MORE;
	size_t n;

	*used = 0;
	while (got == MP_MORE && *used < size) {
		got = mp_walk(&w, data + *used, MIN(piece, size - *used), &n);
		check(n <= size - *used && (n > 0 || got != MP_MORE));
		*used += n;
	}
	return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mp_cur c;
	struct mp_val v;
	enum mp_walked got;
	size_t used, again;

	while (size > 0) {
		got = walk(data, size, size, &used);
		check(walk(data, size, 1, &again) == got && again == used);
		check(walk(data, size, 3, &again) == got && again == used);
		c = (struct mp_cur){ data, data + size };
		if (got != MP_DONE) {
			check(!mp_read(&c, &v) || !mp_skip(&c, &v));
			mp_overruns(data, size);
			return 0;
		}
		check(mp_read(&c, &v) && mp_skip(&c, &v));
		check(c.p == data + used);
		check(!mp_overruns(data, used));
		c.p = data;
		while (c.p < data + used)
			check(mp_read(&c, &v));
		data += used;
		size -= used;
	}
	return 0;
}
