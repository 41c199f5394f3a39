#!/usr/bin/env python3
"""oracle.py - what quietdump says, against Python's zoneinfo, ipaddress and hmac.

	oracle.py quiet ZONE CENTRE OFFSETS WINDOWS...   minute by minute, 36 h around CENTRE (a UTC
	                                            time), in which the zone has OFFSETS offsets
	oracle.py anywhere COUNT                    around random switches of random zones
	oracle.py net COUNT                         the edges of all ranges, and COUNT random addresses
	oracle.py sign COUNT                        random secrets, ids, bodies

Status 1 and the first differences when there are any.
"""
import base64
import datetime
import hashlib
import hmac
import ipaddress
import random
import re
import subprocess
import sys
import zoneinfo

DAY = 24 * 60
rnd = random.Random(20261121)


def dump(*args, lines=()):
    data = ''.join(line + '\n' for line in lines)
    p = subprocess.run(['quietdump', *args], input=data, stdout=subprocess.PIPE, text=True)
    if p.returncode != 0:
        sys.exit('quietdump: status %d, %s' % (p.returncode, p.stdout.splitlines()[-1:]))
    return p.stdout.splitlines()


def verdict(what, n, bad):
    for b in bad[:10]:
        print(*b)
    print('%s: %d compared, %d differ' % (what, n, len(bad)))
    return 1 if bad or not n else 0


def spans_of(windows):
    return [tuple(int(t[:2]) * 60 + int(t[3:]) for t in w.split('-')) for w in windows.split()]


def is_quiet(spans, m):
    return any(a <= m < b if a < b else m >= a or m < b for a, b in spans)


def compare(zone, windows, centre, hours):
    """Backwards over the minutes: until(t) is t when it is not quiet, else until(t + 1).
    The lines that differ, of how many; how many offsets the zone had, and quiet minutes."""
    tz = zoneinfo.ZoneInfo(zone)
    spans = spans_of(windows)
    first = centre // 60 * 60 - hours * 3600
    n = hours * 120
    want = [0] * (n + 4 * DAY)
    offsets = set()
    loud = None
    for i in range(len(want) - 1, -1, -1):
        c = datetime.datetime.fromtimestamp(first + 60 * i, tz)
        if not is_quiet(spans, c.hour * 60 + c.minute):
            loud = first + 60 * i
        want[i] = loud
        if i < n:
            offsets.add(c.utcoffset())
    bad = []
    # on the minute; and within it, where what is not quiet stays as it is
    for off in (0, 30_500_000, 59_999_999):
        got = dump('quiet', zone, windows, str(first * 1_000_000 + off), str(60_000_000), str(n))
        assert len(got) == n
        for i in range(n):
            t = first + 60 * i
            expect = t * 1_000_000 + off if want[i] == t else want[i] * 1_000_000
            if int(got[i]) != expect:
                bad.append((zone, windows, t, off, 'got', got[i], 'want', expect))
    return bad, 3 * n, len(offsets), sum(want[i] != first + 60 * i for i in range(n))


def quiet(zone, centre, offsets, *sets):
    utc = datetime.datetime.fromisoformat(centre).replace(tzinfo=datetime.timezone.utc)
    bad, n = [], 0
    for windows in sets:
        b, k, had, hushed = compare(zone, windows, int(utc.timestamp()), 36)
        if had != int(offsets) or not hushed:
            bad.append((zone, centre, windows, 'offsets', had, 'quiet minutes', hushed))
        bad += b
        n += k
    return verdict('quiet', n, bad)


def switch(zone):
    """A time at which the zone's clocks are moved, or just any."""
    tz = zoneinfo.ZoneInfo(zone)

    def offset(t):
        return datetime.datetime.fromtimestamp(t, tz).utcoffset()

    a = rnd.randrange(0, 4_000_000_000)
    b = a + 200 * 86400
    if offset(a) == offset(b):
        return b
    while b - a > 1:
        mid = (a + b) // 2
        a, b = (mid, b) if offset(mid) == offset(a) else (a, mid)
    return b


def anywhere(count):
    # right/ counts leap seconds; before 1973 a few zones were off by seconds
    zones = sorted(z for z in zoneinfo.available_timezones() if '/' in z and z != 'Africa/Monrovia')
    bad, n, moved = [], 0, 0
    for _ in range(int(count)):
        zone = rnd.choice(zones)
        at = switch(zone)
        local = datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone))
        here = local.hour * 60 + local.minute
        while True:
            ends = [(here + rnd.randrange(-150, 150) if rnd.random() < .6 else rnd.randrange(DAY))
                    % DAY for _ in range(2 * rnd.randint(1, 3))]
            pairs = list(zip(ends[::2], ends[1::2]))
            if all(a != b for a, b in pairs) and not all(is_quiet(pairs, m) for m in range(DAY)):
                break
        windows = ' '.join('%02d:%02d-%02d:%02d' % (*divmod(a, 60), *divmod(b, 60))
                           for a, b in pairs)
        b, k, had, _ = compare(zone, windows, at, 6)
        bad += b
        n += k
        moved += had > 1
    print('clocks were moved %d times' % moved)
    return verdict('anywhere', n, bad)


# What we call special and ipaddress calls global: ranges that carry an IPv4
# address, that nobody is reached at, or that are deprecated or too new for it.
STRICTER = [ipaddress.ip_network(n) for n in '''
    192.0.0.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.175.48.0/24
    2001::/23 2002::/16 2620:4f:8000::/48 3fff::/20'''.split()]
EDGES = '''
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24
    198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32
    ::/128 ::1/128 ::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64
    100:0:0:1::/64 2000::/3 2001::/32 2001::/23 2001:2::/48 2001:10::/28 2001:20::/28 2001:db8::/32
    2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8'''.split()


def theirs(a):
    """Special by ipaddress, of the IPv4 address where it is a mapped one."""
    if a.version == 6 and a.ipv4_mapped:
        a = a.ipv4_mapped
    v6 = a.version == 6 and (a not in ipaddress.ip_network('2000::/3') or a.is_site_local)
    return not a.is_global or a.is_multicast or a.is_reserved or a.is_unspecified or v6


def stricter(a):
    if a.version == 6 and a.ipv4_mapped:
        a = a.ipv4_mapped
    return any(a in n for n in STRICTER if n.version == a.version)


def net(count):
    pick = []
    for e in EDGES:
        n = ipaddress.ip_network(e)
        top = (1 << n.max_prefixlen) - 1
        kind = type(n.network_address)
        first, last = int(n[0]), int(n[-1])
        near = [first - 2, first - 1, first, first + 1, last - 1, last, last + 1, last + 2]
        near += [rnd.randrange(first, last + 1) for _ in range(200)]
        pick += [kind(x) for x in near if 0 <= x <= top]
    for _ in range(int(count) // 4):
        pick.append(ipaddress.IPv4Address(rnd.getrandbits(32)))
        pick.append(ipaddress.IPv6Address(rnd.getrandbits(128)))
        pick.append(ipaddress.IPv6Address((2 << 124) | rnd.getrandbits(125)))
        # few bits set: where most of the ranges are
        pick.append(ipaddress.IPv6Address(rnd.getrandbits(128) & rnd.getrandbits(128) &
                                          rnd.getrandbits(128) >> rnd.randrange(128)))
    pick += [ipaddress.IPv6Address('::ffff:' + str(a)) for a in pick if a.version == 4]
    got = dump('net', lines=[str(a) for a in pick])
    assert len(got) == len(pick)
    bad, more = [], 0
    for a, g in zip(pick, got):
        ours, its = g != 'public', theirs(a)
        if ours and not its and stricter(a):
            more += 1
        elif ours != its:
            bad.append((a, g, 'but ipaddress says', 'special' if its else 'global'))
    # one address has one verdict, however it is written
    same = dict(zip(map(str, pick), got))
    bad += [(a, 'not as mapped') for a in pick if a.version == 4 and
            same[str(a)] != same[str(ipaddress.IPv6Address('::ffff:' + str(a)))]]
    print('public %d, stricter than ipaddress %d' % (got.count('public'), more))
    return verdict('net', len(pick), bad)


def sign(count):
    lines, want = [], []
    for _ in range(int(count)):
        keys = [rnd.randbytes(rnd.randint(24, 64)) for _ in range(rnd.randint(1, 4))]
        name = ''.join(rnd.choices('abcXYZ019_-', k=rnd.randint(1, 128)))
        stamp = str(rnd.randrange(1, 1 << rnd.randint(1, 40)))
        body = rnd.randbytes(rnd.choice((0, 1, 20, 64, 1000, 20000)))
        signed = b'%s.%s.%s' % (name.encode(), stamp.encode(), body)
        b64 = [base64.b64encode(x).decode() for x in keys]
        lines.append('\t'.join((' '.join('whsec_' + k for k in b64), name, stamp,
                                base64.b64encode(body).decode())))
        want.append(' '.join('v1,' + base64.b64encode(
            hmac.new(k, signed, hashlib.sha256).digest()).decode() for k in keys))
    got = dump('sign', lines=lines)
    assert len(got) == len(want)
    assert all(re.fullmatch(r'v1,[\w+/]{43}=( v1,[\w+/]{43}=){0,3}', g) for g in got)
    return verdict('sign', len(want), [(i, g, w) for i, (g, w) in enumerate(zip(got, want))
                                       if g != w])


if __name__ == '__main__':
    modes = {'quiet': quiet, 'anywhere': anywhere, 'net': net, 'sign': sign}
    sys.exit(modes[sys.argv[1]](*sys.argv[2:]))
