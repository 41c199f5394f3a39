#include "fmt/mppack.h"

#include <msgpack.h>

/* msgpack-c's own buffers report a failed malloc; a struct str cannot fail,
 * so the packer's results carry nothing and are not looked at. */
static int
append(void *data, const char *buf, size_t len)
{
	str_add(data, buf, len);
	return 0;
}

static msgpack_packer
packer(struct str *out)
{
	msgpack_packer pk;

	msgpack_packer_init(&pk, out, append);
	return pk;
}

void
mppack_nil(struct str *out)
{
	msgpack_packer pk = packer(out);

	msgpack_pack_nil(&pk);
}

void
mppack_bool(struct str *out, bool b)
{
	msgpack_packer pk = packer(out);

	if (b)
		msgpack_pack_true(&pk);
	else
		msgpack_pack_false(&pk);
}

void
mppack_int(struct str *out, int64_t v)
{
	msgpack_packer pk = packer(out);

	msgpack_pack_int64(&pk, v);
}

void
mppack_uint(struct str *out, uint64_t v)
{
	msgpack_packer pk = packer(out);

	msgpack_pack_uint64(&pk, v);
}

void
mppack_double(struct str *out, double v)
{
	msgpack_packer pk = packer(out);

	msgpack_pack_double(&pk, v);
}

void
mppack_str(struct str *out, struct slice s)
{
	msgpack_packer pk = packer(out);

	msgpack_pack_str(&pk, s.len);
	msgpack_pack_str_body(&pk, s.ptr, s.len);
}

void
mppack_cstr(struct str *out, const char *s)
{
	mppack_str(out, (struct slice){ s, strlen(s) });
}

void
mppack_array(struct str *out, uint32_t n)
{
	msgpack_packer pk = packer(out);

	msgpack_pack_array(&pk, n);
}

void
mppack_map(struct str *out, uint32_t n)
{
	msgpack_packer pk = packer(out);

	msgpack_pack_map(&pk, n);
}

void
mppack_timestamp(struct str *out, int64_t sec, uint32_t nsec)
{
	msgpack_packer pk = packer(out);
	msgpack_timestamp ts = { sec, nsec };

	msgpack_pack_timestamp(&pk, &ts);
}
