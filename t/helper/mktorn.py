#!/usr/bin/env python3
"""mktorn.py - a segment, and what is left of it when it is cut.

	mktorn.py make FORMAT OUT ENDS [-n RECORDS]  a plain segment of varied records; where
	                                             each record begins and ends
	mktorn.py cuts SEGMENT PLAIN ENDS DIR N      N cut copies of SEGMENT into DIR; on stdout
	                                             name, whole records and torn bytes of each
"""
import argparse
import os
import random
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mkbad import Pairs, Two, js, mp  # noqa: E402


def record(n, rnd):
    """Every header of msgpack that a record may hold, and JSON's escapes."""
    labels = {'n': n, 'ü "\\': 'a\n\té€😀', 's8': 's' * rnd.randrange(32, 60),
              'big': (1 << 64) - 1 - n, 'low': -(1 << 63) + n, 'f': n / 3, 'neg': -n % -30,
              'arr': list(range(n % 20)), 'map': {'k%d' % k: None for k in range(n % 18)},
              'deep': [[[{'x': [True, False]}]]]}
    if n % 7 == 0:
        labels['s16'] = 'é' * 150
    keys = sorted(labels)
    rnd.shuffle(keys)
    labels = Pairs(*((k, labels[k]) for k in keys[:4 + n % 9]))
    ts = Two(b'"2026-11-20T12:00:00.5Z"', b'\xd7\xff' + ((500000000 << 34) | 1795176000).to_bytes(8, 'big'))
    if n % 3 == 0:
        return Pairs(('type', 'event'), ('ts', ts), ('id', 'torn-%d' % n), ('source', 'torn'),
                     ('kind', 'k'), ('extra', Two(b'[1e3,{}]', b'\xc7\x03\x07abc')), ('payload', labels))
    return Pairs(('labels', labels), ('value', n * 0.5), ('name', 'torn'),
                 ('ts', 1795176000 + n), ('type', 'metric'))


def make(fmt, out, ends, records):
    rnd = random.Random(11)
    at = 0
    with open(out, 'wb') as f, open(ends, 'w', encoding='ascii') as e:
        for n in range(records):
            raw = js(record(n, rnd)) if fmt == 'ndjson' else mp(record(n, rnd))
            e.write('%d %d\n' % (at, at + len(raw)))
            raw += b'\n' if fmt == 'ndjson' else b''
            f.write(raw)
            at += len(raw)


def left_of(path, data):
    """The bytes of a cut file that can still be had."""
    if not path.endswith('.zst'):
        return data
    return subprocess.run(['zstd', '-dcq', path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False).stdout


def cuts(segment, plain, ends, folder, nr):
    data, text = open(segment, 'rb').read(), open(plain, 'rb').read()
    spans = [tuple(map(int, line.split())) for line in open(ends, encoding='ascii')]
    rnd = random.Random(len(data))
    base = os.path.basename(segment)
    for cut in sorted(rnd.sample(range(1, len(data)), nr)):
        path = os.path.join(folder, 'cut%d-%s' % (cut, base))
        with open(path, 'wb') as f:
            f.write(data[:cut])
        left = left_of(path, data[:cut])
        assert text.startswith(left)
        whole = [s for s in spans if s[1] <= len(left)]
        begin = spans[len(whole)][0] if len(whole) < len(spans) else len(text)
        torn = max(0, len(left) - begin)
        print(os.path.basename(path), len(whole), torn, len(left))


def main():
    p = argparse.ArgumentParser()
    p.add_argument('what', choices=('make', 'cuts'))
    p.add_argument('args', nargs='+')
    p.add_argument('-n', type=int, default=40)
    a = p.parse_args()
    if a.what == 'make':
        make(*a.args, a.n)
    else:
        cuts(*a.args[:4], int(a.args[4]))


if __name__ == '__main__':
    main()
