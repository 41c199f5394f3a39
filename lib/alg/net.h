/*
 * net.h - IP addresses and ranges of them, and which ranges are nobody's
 * public address: what a program that dials on a stranger's word must not dial.
 *
 * An address is 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that
 * one comparison serves both families and no spelling gets past a rule.
 * Sources: the IANA special-purpose registries (RFC 6890), and OWASP API7:2023.
 */
#ifndef ALG_NET_H
#define ALG_NET_H

#include "base/base.h"

struct net_addr {
	unsigned char b[16];
};

struct net_range {
	struct net_addr addr;
	unsigned bits;		/* of the 128; an IPv4 /8 is 104 */
};

void net_v4(struct net_addr *out, const unsigned char bytes[4]);
void net_v6(struct net_addr *out, const unsigned char bytes[16]);

/* `10.0.0.0/8`, `::1`, `fc00::/7`, strict (inet_pton); bits of the address
 * beyond the prefix are dropped. 0, or -1 when it is none. */
int net_parse(const char *text, struct net_range *out);
bool net_within(const struct net_range *r, const struct net_addr *a);
/* The name of the special range that the address lies in (`loopback`,
 * `private`, `link-local`, ...), or NULL when it is a public unicast address.
 * NAT64, 6to4 and Teredo are special as a whole: they carry an IPv4 address. */
const char *net_special(const struct net_addr *a);

#define NET_BUF 48
const char *net_format(const struct net_addr *a, char buf[NET_BUF]);

#endif
