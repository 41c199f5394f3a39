/* Addresses and the ranges that are nobody's public address (alg/net.h). */
#include <check.h>

#include "alg/net.h"

/* Every range, and what lies right before and after it (NULL: a public address;
 * "-": nothing does). Written down apart from the table that is tested. */
static const struct {
	const char *cidr, *name, *before, *after;
} ranges[] = {
	{ "0.0.0.0/32", "unspecified", "-", "this-network" },
	{ "0.0.0.0/8", NULL, "-", NULL },
	{ "10.0.0.0/8", "private", NULL, NULL },
	{ "100.64.0.0/10", "shared", NULL, NULL },
	{ "127.0.0.0/8", "loopback", NULL, NULL },
	{ "169.254.0.0/16", "link-local", NULL, NULL },
	{ "172.16.0.0/12", "private", NULL, NULL },
	{ "192.0.0.0/24", "protocol", NULL, NULL },
	{ "192.0.2.0/24", "documentation", NULL, NULL },
	{ "192.31.196.0/24", "as112", NULL, NULL },
	{ "192.52.193.0/24", "amt", NULL, NULL },
	{ "192.88.99.0/24", "6to4", NULL, NULL },
	{ "192.168.0.0/16", "private", NULL, NULL },
	{ "192.175.48.0/24", "as112", NULL, NULL },
	{ "198.18.0.0/15", "benchmarking", NULL, NULL },
	{ "198.51.100.0/24", "documentation", NULL, NULL },
	{ "203.0.113.0/24", "documentation", NULL, NULL },
	{ "224.0.0.0/4", "multicast", NULL, "reserved" },
	{ "255.255.255.255", "broadcast", "reserved", "-" },

	{ "::", "unspecified", "-", "loopback" },
	{ "::1", "loopback", "unspecified", "ipv4-compatible" },
	{ "::ffff:0:0:0/96", "ipv4-translated", "reserved", "reserved" },
	{ "64:ff9b::/96", "nat64", "reserved", "reserved" },
	{ "64:ff9b:1::/48", "nat64", "reserved", "reserved" },
	{ "100::/64", "discard", "reserved", "reserved" },
	{ "2001::/32", "teredo", NULL, "protocol" },
	{ "2001:2::/48", "benchmarking", "protocol", "protocol" },
	{ "2001:db8::/32", "documentation", NULL, NULL },
	{ "2002::/16", "6to4", NULL, NULL },
	{ "2620:4f:8000::/48", "as112", NULL, NULL },
	{ "3fff::/20", "documentation", NULL, NULL },
	{ "5f00::/16", "segment-routing", "reserved", "reserved" },
	{ "fc00::/7", "private", "reserved", "reserved" },
	{ "fe80::/10", "link-local", "reserved", "site-local" },
	{ "fec0::/10", "site-local", "link-local", "multicast" },
	{ "ff00::/8", "multicast", "site-local", "-" },
};

static struct net_range
range_of(const char *text)
{
	struct net_range r;

	ck_assert_msg(net_parse(text, &r) == 0, "%s", text);
	return r;
}

static const char *
special_of(const char *text)
{
	struct net_range r = range_of(text);

	ck_assert_uint_eq(r.bits, 128);
	return net_special(&r.addr);
}

static void
expect(const struct net_addr *a, const char *want, const char *where)
{
	const char *got = net_special(a);
	char buf[NET_BUF];

	ck_assert_msg(want ? got && strcmp(got, want) == 0 : !got, "%s %s: %s, not %s", where,
	    net_format(a, buf), got ? got : "public", want ? want : "public");
}

static struct net_addr
last_of(const struct net_range *r)
{
	struct net_addr a = r->addr;

	for (unsigned bit = r->bits; bit < 128; bit++)
		a.b[bit / 8] |= (unsigned char)(0x80 >> bit % 8);
	return a;
}

/* The address before (-1) or after (1). */
static struct net_addr
step(struct net_addr a, int by)
{
	int i = 15;

	for (; i >= 0; i--) {
		a.b[i] = (unsigned char)(a.b[i] + by);
		if (a.b[i] != (by > 0 ? 0 : 0xff))
			break;
	}
	return a;
}

START_TEST(test_edges)
{
	struct net_range r = range_of(ranges[_i].cidr);
	struct net_addr first = r.addr, last = last_of(&r);
	struct net_addr before = step(first, -1), after = step(last, 1);

	if (ranges[_i].name) {
		expect(&first, ranges[_i].name, "first");
		expect(&last, ranges[_i].name, "last");
	}
	ck_assert(net_within(&r, &first) && net_within(&r, &last));
	ck_assert(!net_within(&r, &before) && !net_within(&r, &after));
	if (!ranges[_i].before || *ranges[_i].before != '-')
		expect(&before, ranges[_i].before, "before");
	if (!ranges[_i].after || *ranges[_i].after != '-')
		expect(&after, ranges[_i].after, "after");
}
END_TEST

/* What the edges of nested and adjoining ranges leave open. */
START_TEST(test_named)
{
	static const char *const is[][2] = {
		{ "0.0.0.1", "this-network" }, { "0.255.255.255", "this-network" },
		{ "240.0.0.0", "reserved" }, { "255.255.255.254", "reserved" },
		{ "127.0.0.1", "loopback" }, { "169.254.169.254", "link-local" },
		{ "192.0.0.9", "protocol" }, { "192.0.0.170", "protocol" },
		{ "::2", "ipv4-compatible" }, { "::127.0.0.1", "ipv4-compatible" },
		{ "::8.8.8.8", "ipv4-compatible" }, { "::255.255.255.255", "ipv4-compatible" },
		{ "::1:0:0", "reserved" }, { "::fffe:ffff:ffff", "reserved" },
		{ "::ffff:127.0.0.1", "loopback" }, { "::ffff:7f00:1", "loopback" },
		{ "::ffff:10.1.2.3", "private" }, { "::ffff:0:127.0.0.1", "ipv4-translated" },
		{ "64:ff9b::127.0.0.1", "nat64" }, { "64:ff9b::8.8.8.8", "nat64" },
		{ "64:ff9b:1:ffff::1", "nat64" }, { "2002:7f00:1::1", "6to4" },
		{ "2001:0:4136:e378:8000:63bf:3fff:fdd2", "teredo" },
		{ "2001:1::1", "protocol" }, { "2001:1ff:ffff::1", "protocol" },
		{ "2001:20::1", "protocol" }, { "2001:4:112::1", "protocol" },
		{ "100:0:0:1::1", "reserved" }, { "200::1", "reserved" }, { "400::", "reserved" },
		{ "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved" }, { "4000::", "reserved" },
		{ "fe00::", "reserved" }, { "fd12:3456::1", "private" }, { "fe80::1", "link-local" },
		{ "ff02::1", "multicast" },
		{ "8.8.8.8", NULL }, { "1.1.1.1", NULL }, { "::ffff:8.8.8.8", NULL },
		{ "1.0.0.0", NULL }, { "223.255.255.255", NULL }, { "2000::", NULL },
		{ "2001:200::1", NULL }, { "2606:4700:4700::1111", NULL },
		{ "2a00:1450:4001:81b::200e", NULL },
		{ "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
	};
	struct net_range r;

	for (size_t i = 0; i < countof(is); i++) {
		const char *got = special_of(is[i][0]);

		ck_assert_msg(is[i][1] ? got && strcmp(got, is[i][1]) == 0 : !got, "%s: %s",
		    is[i][0], got ? got : "public");
	}
	r = range_of("8.8.8.8");
	net_v4(&r.addr, (const unsigned char[4]){ 10, 0, 0, 1 });
	expect(&r.addr, "private", "net_v4");
	net_v6(&r.addr, (const unsigned char[16]){ [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 });
	expect(&r.addr, "loopback", "net_v6");
}
END_TEST

START_TEST(test_parse)
{
	static const char *const good[][2] = {
		{ "10.0.0.0/8", "10.0.0.0 104" }, { "10.1.2.3/8", "10.0.0.0 104" },
		{ "10.255.2.3/9", "10.128.0.0 105" }, { "1.2.3.4", "1.2.3.4 128" },
		{ "1.2.3.4/32", "1.2.3.4 128" }, { "1.2.3.5/31", "1.2.3.4 127" },
		{ "255.255.255.255/0", "0.0.0.0 96" }, { "::1", "::1 128" },
		{ "::ffff:1.2.3.4", "1.2.3.4 128" }, { "::ffff:1.2.3.4/104", "1.0.0.0 104" },
		{ "fdff::/7", "fc00:: 7" }, { "ffff::1/0", ":: 0" }, { "FE80::1/10", "fe80:: 10" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/127",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 127" },
	};
	static const char *const bad[] = {
		"", "/", "/8", "10", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
		"10.0.0.0/+8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0 /8", "10.0.0.0/ 8",
		"10.0.0.0/08", "10.0.0.0/00", "10.0.0.0/8/8", "10.0.0.0/8x", "10.0.0.0/x",
		"10.0.0.0/18446744073709551624", "10.0.0.0/255.0.0.0", "10.0.0.256", "010.0.0.1",
		"0x7f.0.0.1", "0x7f.1", "0177.1", "127.1", "2130706433", "1.2.3.4.5", "localhost",
		"::1/129", "::/", ":::", "1::2::3", "[::1]", "fe80::1%lo", "fe80::1%1/64", "::1\n",
		"10.0.0.0/8,10.1.0.0/16", "12345::", "g::",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"0000000000000000000000000000000000000000000000000000000000000000000000000000001",
	};

	for (size_t i = 0; i < countof(good); i++) {
		struct net_range r = range_of(good[i][0]);
		char buf[NET_BUF], line[NET_BUF + 8];

		snprintf(line, sizeof(line), "%s %u", net_format(&r.addr, buf), r.bits);
		ck_assert_str_eq(line, good[i][1]);
	}
	for (size_t i = 0; i < countof(bad); i++) {
		struct net_range r = { .bits = 77 };

		ck_assert_msg(net_parse(bad[i], &r) == -1, "\"%s\"", bad[i]);
		ck_assert_uint_eq(r.bits, 77);
	}
}
END_TEST

/* Of an allowed range no other family and no other spelling is in or out. */
START_TEST(test_within)
{
	static const char *const in[][2] = {
		{ "127.0.0.0/8", "127.255.0.1" }, { "127.0.0.0/8", "::ffff:127.0.0.1" },
		{ "0.0.0.0/0", "255.1.2.3" }, { "::/0", "10.0.0.1" }, { "::/0", "fe80::1" },
		{ "::1", "::1" }, { "10.0.0.1", "10.0.0.1" }, { "10.0.0.0/31", "10.0.0.1" },
	};
	static const char *const out[][2] = {
		{ "127.0.0.0/8", "::7f00:1" }, { "127.0.0.0/8", "128.0.0.0" },
		{ "127.0.0.0/8", "::1" }, { "0.0.0.0/0", "::1" }, { "0.0.0.0/0", "2000::" },
		{ "10.0.0.0/31", "10.0.0.2" }, { "10.0.0.1", "10.0.0.0" }, { "fc00::/7", "fe00::" },
	};

	for (size_t i = 0; i < countof(in); i++) {
		struct net_range r = range_of(in[i][0]), a = range_of(in[i][1]);

		ck_assert_msg(net_within(&r, &a.addr), "%s %s", in[i][0], in[i][1]);
	}
	for (size_t i = 0; i < countof(out); i++) {
		struct net_range r = range_of(out[i][0]), a = range_of(out[i][1]);

		ck_assert_msg(!net_within(&r, &a.addr), "%s %s", out[i][0], out[i][1]);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("net");
	TCase *t = tcase_create("net");
	SRunner *sr;
	int bad;

	tcase_add_loop_test(t, test_edges, 0, (int)countof(ranges));
	tcase_add_test(t, test_named);
	tcase_add_test(t, test_parse);
	tcase_add_test(t, test_within);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
