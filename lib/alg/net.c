#include "alg/net.h"

#include <arpa/inet.h>

#include "base/num.h"

#define V4_BITS 96	/* of the prefix ::ffff:0:0/96 */
static const unsigned char v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

/*
 * The first row that fits counts, so the narrow ones come first. All of IPv6
 * that is not 2000::/3 is not handed out to anybody: a row may be forgotten
 * there, or be still to come, without a hole.
 */
#define V4(a, b, c, d) { { [10] = 0xff, [11] = 0xff, a, b, c, d } }
#define V6(...) { { __VA_ARGS__ } }
static const struct {
	struct net_range range;
	const char *name;
} special[] = {
	{ { V4(0, 0, 0, 0), 128 }, "unspecified" },
	{ { V4(0, 0, 0, 0), 104 }, "this-network" },
	{ { V4(10, 0, 0, 0), 104 }, "private" },
	{ { V4(100, 64, 0, 0), 106 }, "shared" },		/* of a carrier's NAT */
	{ { V4(127, 0, 0, 0), 104 }, "loopback" },
	{ { V4(169, 254, 0, 0), 112 }, "link-local" },	/* and the clouds' metadata */
	{ { V4(172, 16, 0, 0), 108 }, "private" },
	{ { V4(192, 0, 0, 0), 120 }, "protocol" },		/* IETF protocol assignments */
	{ { V4(192, 0, 2, 0), 120 }, "documentation" },
	{ { V4(192, 31, 196, 0), 120 }, "as112" },		/* sinks of reverse DNS */
	{ { V4(192, 52, 193, 0), 120 }, "amt" },		/* multicast tunnels */
	{ { V4(192, 88, 99, 0), 120 }, "6to4" },
	{ { V4(192, 168, 0, 0), 112 }, "private" },
	{ { V4(192, 175, 48, 0), 120 }, "as112" },
	{ { V4(198, 18, 0, 0), 111 }, "benchmarking" },
	{ { V4(198, 51, 100, 0), 120 }, "documentation" },
	{ { V4(203, 0, 113, 0), 120 }, "documentation" },
	{ { V4(224, 0, 0, 0), 100 }, "multicast" },
	{ { V4(255, 255, 255, 255), 128 }, "broadcast" },
	{ { V4(240, 0, 0, 0), 100 }, "reserved" },

	{ { V6(0), 128 }, "unspecified" },
	{ { V6([15] = 1), 128 }, "loopback" },
	{ { V6(0), 96 }, "ipv4-compatible" },
	{ { V6([8] = 0xff, [9] = 0xff), 96 }, "ipv4-translated" },
	{ { V6(0x00, 0x64, 0xff, 0x9b), 96 }, "nat64" },
	{ { V6(0x00, 0x64, 0xff, 0x9b, 0x00, 0x01), 48 }, "nat64" },
	{ { V6(0x01, 0x00), 64 }, "discard" },
	{ { V6(0x20, 0x01, 0x00, 0x00), 32 }, "teredo" },
	{ { V6(0x20, 0x01, 0x00, 0x02), 48 }, "benchmarking" },
	{ { V6(0x20, 0x01), 23 }, "protocol" },		/* ORCHID, AMT, drones ... */
	{ { V6(0x20, 0x01, 0x0d, 0xb8), 32 }, "documentation" },
	{ { V6(0x20, 0x02), 16 }, "6to4" },
	{ { V6(0x26, 0x20, 0x00, 0x4f, 0x80, 0x00), 48 }, "as112" },
	{ { V6(0x3f, 0xff), 20 }, "documentation" },
	{ { V6(0x5f, 0x00), 16 }, "segment-routing" },
	{ { V6(0xfc), 7 }, "private" },			/* unique local */
	{ { V6(0xfe, 0x80), 10 }, "link-local" },
	{ { V6(0xfe, 0xc0), 10 }, "site-local" },
	{ { V6(0xff), 8 }, "multicast" },
};
static const struct net_range v4_all = { V4(0, 0, 0, 0), V4_BITS };
static const struct net_range v6_unicast = { V6(0x20), 3 };

void
net_v4(struct net_addr *out, const unsigned char bytes[4])
{
	memcpy(out->b, v4_prefix, sizeof(v4_prefix));
	memcpy(out->b + sizeof(v4_prefix), bytes, 4);
}

void
net_v6(struct net_addr *out, const unsigned char bytes[16])
{
	memcpy(out->b, bytes, sizeof(out->b));
}

/* The bits of byte number i that lie within the first `bits` of an address. */
static unsigned char
mask(unsigned bits, unsigned i)
{
	if (bits >= 8 * (i + 1))
		return 0xff;
	if (bits <= 8 * i)
		return 0;
	return (unsigned char)(0xff00u >> (bits - 8 * i));
}

int
net_parse(const char *text, struct net_range *out)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	struct net_range r;
	uint64_t bits;
	bool v4;

	if (len >= sizeof(host))
		return -1;
	memcpy(host, text, len);
	host[len] = '\0';
	v4 = inet_pton(AF_INET, host, bytes) == 1;
	if (!v4 && inet_pton(AF_INET6, host, bytes) != 1)
		return -1;
	bits = v4 ? 32 : 128;
	/* 08 might be meant as octal; a person who writes it is asked again */
	if (slash && (num_uint(slash + 1, bits, &bits) < 0 || (slash[1] == '0' && slash[2])))
		return -1;
	if (v4)
		net_v4(&r.addr, bytes);
	else
		net_v6(&r.addr, bytes);
	r.bits = (unsigned)bits + (v4 ? V4_BITS : 0);
	for (unsigned i = 0; i < sizeof(r.addr.b); i++)
		r.addr.b[i] &= mask(r.bits, i);
	*out = r;
	return 0;
}

bool
net_within(const struct net_range *r, const struct net_addr *a)
{
	for (unsigned i = 0; i < sizeof(a->b); i++)
		if ((r->addr.b[i] ^ a->b[i]) & mask(r->bits, i))
			return false;
	return true;
}

const char *
net_special(const struct net_addr *a)
{
	for (size_t i = 0; i < countof(special); i++)
		if (net_within(&special[i].range, a))
			return special[i].name;
	if (!net_within(&v4_all, a) && !net_within(&v6_unicast, a))
		return "reserved";
	return NULL;
}

const char *
net_format(const struct net_addr *a, char buf[NET_BUF])
{
	bool v4 = net_within(&v4_all, a);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + sizeof(v4_prefix) : a->b, buf, NET_BUF);
	return buf;
}
