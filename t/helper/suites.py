#!/usr/bin/env python3
"""suites.py - JSONTestSuite, msgpack-test-suite and the naughty strings as records.

	suites.py make DATA DIR      segments into DIR, and want.tsv: segment, kind of the event (or
	                             name of the case), the value as JSON or `!reason`
	suites.py values WANT SEGMENT <ROWS      rows of psql, `kind<TAB>value as JSON in hex`
	suites.py rejects WANT SEGMENT REJECTS   the rejects of a segment
	suites.py words WANT SEGMENT <ROWS       columns of the naughty strings, JSON arrays in hex

Each check prints how many were right, and its faults; status 1 when there are some.
"""
import csv
import datetime
import decimal
import glob
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mkbad import js, mp, Pairs, Two  # noqa: E402

# y_ files that no row can hold, and why; the grammar takes them.
RULES = {'y_object_duplicated_key.json': 'duplicate key',
         'y_object_duplicated_key_and_value.json': 'duplicate key',
         'y_object_escaped_null_in_key.json': 'NUL character',
         'y_string_null_escape.json': 'NUL character'}
EPOCH = datetime.datetime(1970, 1, 1)
# (1 << 63) - 1 and its like, which a double would round
INTS = [0, -1, (1 << 53) + 1, -(1 << 53) - 1, (1 << 63) - 1, -(1 << 63), 1 << 63, (1 << 64) - 1,
        (1 << 64) - 1025, -(1 << 63) + 1, 4294967295, 4294967296, -2147483649]


def exact(text):
    return json.loads(text, parse_int=decimal.Decimal, parse_float=decimal.Decimal)


def event(kind, raw, fmt):
    value = Two(raw, raw)
    return (js if fmt == 'ndjson' else mp)(Pairs(
        ('type', 'event'), ('ts', 1), ('source', 'suite'), ('kind', kind),
        ('payload', Pairs(('v', value)))))


class Out:
    def __init__(self, folder):
        self.folder = folder
        self.files = {}
        self.want = open(os.path.join(folder, 'want.tsv'), 'w', encoding='utf-8')

    def add(self, segment, raw, kind, want):
        self.files.setdefault(segment, []).append(
            raw + (b'\n' if segment.endswith('.ndjson') else b''))
        self.want.write('%s\t%s\t%s\n' % (segment, kind, want))

    def close(self):
        for segment, parts in self.files.items():
            with open(os.path.join(self.folder, segment), 'wb') as f:
                f.write(b''.join(parts))
        self.want.close()


def json_suite(data, out):
    for path in sorted(glob.glob(os.path.join(data, 'json-suite/test_parsing/*.json'))):
        name, raw = os.path.basename(path), open(path, 'rb').read()
        if name.startswith('y_'):
            # a newline is no more than white space here, and would end the record
            raw = raw.replace(b'\n', b' ')
            want = '!' + RULES[name] if name in RULES else json.dumps(raw.decode())
            out.add('json-y.ndjson', event(name, raw, 'ndjson'), name, want)
            out.add('bare-y.ndjson', raw, name, 'bare')
        else:
            out.add('json-%s-%s.ndjson' % (name[0], name[2:-5]), event(name, raw, 'ndjson'), name, '!')
            if name.startswith('n_') and b'\n' not in raw and raw.strip(b' \t\r'):
                out.add('bare-n.ndjson', raw, name, 'bare')


def stamp(sec, nsec):
    try:
        text = (EPOCH + datetime.timedelta(seconds=sec)).isoformat()
    except OverflowError:
        text = '0000-01-01T00:00:00'  # before Python's first year
    return json.dumps(json.dumps(text + ('.%09d' % nsec).rstrip('0').rstrip('.') + 'Z'))


def msgpack_suite(data, out):
    path = os.path.join(data, 'msgpack-suite/dist/msgpack-test-suite.json')
    for group, cases in json.load(open(path, encoding='utf-8')).items():
        for i, case in enumerate(cases):
            for k, code in enumerate(case['msgpack']):
                name = '%s/%d/%d' % (group, i, k)
                if 'binary' in case:
                    want = '!binary value'
                elif 'ext' in case:
                    want = '!extension value'
                elif 'timestamp' in case:
                    want = stamp(*case['timestamp'])
                else:
                    kind = [t for t in ('bignum', 'nil', 'bool', 'number', 'string', 'array', 'map')
                            if t in case][0]
                    value = case[kind]
                    want = json.dumps(value if kind == 'bignum' else json.dumps(value))
                out.add('suite.msgpack', event(name, bytes.fromhex(code.replace('-', '')), 'msgpack'),
                        name, want)


def negatives(data, out):
    reasons = {'reserved_c1': 'reserved', 'bad_utf8': 'invalid UTF-8', 'dup_key': 'duplicate key',
               'nest32': 'more than 32', 'nest33': 'more than 32', 'nest100000': 'more than 32',
               'bad_timestamp_len': 'extension value', 'trailing': 'not a record'}
    for row in csv.reader(open(os.path.join(data, 'msgpack-suite/negative.tsv'), encoding='utf-8'),
                          delimiter='\t', quoting=csv.QUOTE_NONE):
        if not row or row[0].startswith('#'):
            continue
        many = re.match(r'([0-9a-f]+) x([0-9]+) ([0-9a-f]+)$', row[1])
        raw = bytes.fromhex(many[1]) * int(many[2]) + bytes.fromhex(many[3]) if many \
            else bytes.fromhex(row[1])
        want = '!' + reasons.get(row[0], 'torn record|length beyond the input')
        segment = 'neg-%s.msgpack' % row[0]
        # a good one in front of it must load; nothing can be told from what is behind
        out.add(segment, event('before', b'\x01', 'msgpack'), 'before', json.dumps('1'))
        out.add(segment, event(row[0], raw, 'msgpack'), row[0], want)


def ints(out):
    for i, v in enumerate(INTS):
        for fmt in ('ndjson', 'msgpack'):
            raw = js(v) if fmt == 'ndjson' else mp(v)
            out.add('ints.' + fmt, event('int%d' % i, raw, fmt), 'int%d' % i, json.dumps(str(v)))


def naughty(data, out):
    words = json.load(open(os.path.join(data, 'blns/blns.json'), encoding='utf-8'))
    for i, w in enumerate(words):
        bad = 'NUL character' if '\0' in w else None
        for fmt in ('ndjson', 'msgpack'):
            form = js if fmt == 'ndjson' else mp
            segment = 'words.' + fmt
            want = '!' + bad if bad else json.dumps([w] * 6)
            out.add(segment, form({'type': 'event', 'ts': i, 'id': w, 'source': w, 'kind': w,
                                   'user_token': w, 'payload': {w: w}}), 'e%d' % i, want)
            want = '!' + bad if bad else json.dumps([w] * 3)
            out.add(segment, form({'type': 'metric', 'ts': i, 'name': w, 'value': i,
                                   'labels': {w: w}}), 'm%d' % i, want)


def make(data, folder):
    sys.setrecursionlimit(10000)
    out = Out(folder)
    for f in (json_suite, msgpack_suite, negatives, naughty):
        f(data, out)
    ints(out)
    out.close()


def wanted(path, segment):
    with open(path, encoding='utf-8') as f:
        rows = [line.rstrip('\n').split('\t') for line in f]
    return [r[1:] for r in rows if r[0] == segment]


def tell(right, faults):
    print('%d right, %d wrong' % (right, len(faults)))
    for f in faults[:20]:
        print(f[:300])
    return 1 if faults or not right else 0


def values(path, segment):
    got = {}
    for line in sys.stdin:
        kind, value = line.rstrip('\n').split('\t', 1)
        got.setdefault(kind, []).append(bytes.fromhex(value).decode())
    right, faults = 0, []
    for name, want in wanted(path, segment):
        have = got.pop(name, [])
        if want.startswith('!'):
            if have:
                faults.append('%s was loaded as %s' % (name, have))
            continue
        if len(have) == 1 and exact(have[0]) == exact(json.loads(want)):
            right += 1
        else:
            faults.append('%s: %s, not %s' % (name, have, want))
    return tell(right, faults + ['unknown: ' + k for k in got])


def rejects(path, segment, file):
    have = []
    if os.path.exists(file):
        have = [json.loads(line) for line in open(file, 'rb').read().split(b'\n') if line]
    want = [w for w in wanted(path, segment) if w[1].startswith('!')]
    right, faults = 0, []
    if len(have) != len(want):
        faults.append('%d rejects, not %d' % (len(have), len(want)))
    for (name, why), h in zip(want, have):
        if re.search('^(%s)' % why[1:], h['reason']):
            right += 1
        else:
            faults.append('%s: "%s", not "%s"' % (name, h['reason'], why[1:]))
    return tell(right, faults)


def words(path, segment):
    # hex, because psql leaves out characters such as U+10FFFF
    got = [json.loads(bytes.fromhex(line)) for line in sys.stdin]
    want = [json.loads(w) for _, w in wanted(path, segment) if not w.startswith('!')]
    want.sort(key=lambda w: (len(w), json.dumps(w)))
    got.sort(key=lambda w: (len(w), json.dumps(w)))
    faults = ['%r, not %r' % (g, w) for g, w in zip(got, want) if g != w]
    if len(got) != len(want):
        faults.append('%d rows, not %d' % (len(got), len(want)))
    return tell(len(want) - len(faults), faults)


if __name__ == '__main__':
    what = {'make': make, 'values': values, 'rejects': rejects, 'words': words}
    sys.exit(what[sys.argv[1]](*sys.argv[2:]))
