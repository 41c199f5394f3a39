#!/usr/bin/env python3
"""mkbad.py - segments of good records with one bad record of each class.

	mkbad.py make FORMAT OUT WANT [-n GOOD]   FORMAT: ndjson or msgpack; WANT: what is expected
	mkbad.py check OUT WANT REJECTS [--server]  the rejects file against it
	mkbad.py mend WANT REJECTS OUT            put good records into the reject lines
	mkbad.py documents FORMAT OUT -n NUMBER   good documents only

Good records have the numbers 0 to GOOD - 1, the mended ones 1000000 and up: in
labels.n of a metric, in the id of an event; documents are among the bad ones
only, and what they are mended to is an event. OUT is the plain segment. WANT has
one JSON line per bad record: name, offset, length, field, reason, text, mended,
json (the record as JSON, where there is such a text).
"""
import argparse
import base64
import json
import struct
import sys
import time

DAY = 86400
NOON = int(time.time()) // DAY * DAY - DAY // 2


class Two:
    """A value by its bytes in both formats; None: this format has none."""

    def __init__(self, js, mp):
        self.js, self.mp = js, mp


class Pairs:
    """A map by its pairs, so that keys can be doubled."""

    def __init__(self, *pairs):
        self.pairs = pairs


def head(n, fix, limit, codes):
    if n < limit:
        return bytes([fix | n])
    for code, fmt in codes:
        if n < 1 << (8 * struct.calcsize(fmt)):
            return bytes([code]) + struct.pack('>' + fmt, n)
    raise ValueError(n)


def mp(v):
    if isinstance(v, Two):
        return v.mp
    if v is None:
        return b'\xc0'
    if isinstance(v, bool):
        return b'\xc3' if v else b'\xc2'
    if isinstance(v, float):
        return b'\xcb' + struct.pack('>d', v)
    if isinstance(v, int):
        if v < 0:
            return struct.pack('>b', v) if v >= -32 else b'\xd3' + struct.pack('>q', v)
        return head(v, 0, 128, ((0xcc, 'B'), (0xcd, 'H'), (0xce, 'I'), (0xcf, 'Q')))
    if isinstance(v, str):
        b = v.encode()
        return head(len(b), 0xa0, 32, ((0xd9, 'B'), (0xda, 'H'), (0xdb, 'I'))) + b
    if isinstance(v, list):
        return head(len(v), 0x90, 16, ((0xdc, 'H'), (0xdd, 'I'))) + b''.join(map(mp, v))
    pairs = v.pairs if isinstance(v, Pairs) else list(v.items())
    return head(len(pairs), 0x80, 16, ((0xde, 'H'), (0xdf, 'I'))) + b''.join(
        mp(k) + mp(w) for k, w in pairs)


def js(v):
    if isinstance(v, Two):
        return v.js
    if isinstance(v, list):
        return b'[' + b','.join(map(js, v)) + b']'
    if isinstance(v, (dict, Pairs)):
        pairs = v.pairs if isinstance(v, Pairs) else list(v.items())
        return b'{' + b','.join(js(k) + b':' + js(w) for k, w in pairs) + b'}'
    return json.dumps(v, ensure_ascii=False, allow_nan=False).encode()


def text(js_inner, raw):
    """A string that JSON writes as js_inner and msgpack as raw bytes."""
    return Two(b'"' + js_inner + b'"', bytes([0xa0 | len(raw)]) + raw)


def nested(levels):
    v = 0
    for _ in range(levels):
        v = [v]
    return v


NUL = text(b'a\\u0000b', b'a\0b')
BAD8 = text(b'a\xffb', b'a\xffb')
SURROGATE_BYTES = text(b'\xed\xa0\x80', b'\xed\xa0\x80')
LONE = Two(b'"\\ud83d x"', None)
LONE_LOW = Two(b'"\\udc00"', None)
NAN64, INF32 = Two(None, b'\xcb\x7f\xf8' + bytes(6)), Two(None, b'\xca\x7f\x80\0\0')
BIN, EXT = Two(None, b'\xc4\x01x'), Two(None, b'\xd4\x05x')
STAMP96 = Two(None, b'\xc7\x0c\xff' + struct.pack('>Iq', 0, 1 << 60))
ESCAPED = {'ts': b'"\\u0074s"', 'k': b'"\\u006b"'}


# The text of a document, and where its parts begin; characters of one to four bytes.
PARTS = ('Jörg ', '+1 212 555 0142', ' 😀€.')
BEGIN = [len(''.join(PARTS[:i]).encode()) for i in range(len(PARTS) + 1)]


def chunk(n, first, last, heading=None, /, **more):
    c = {'ord': n, 'start': BEGIN[first], 'end': BEGIN[last], 'text': ''.join(PARTS[first:last])}
    c.update({'heading': heading} if heading else {}, **more)
    return c


def finding(kind, part, score, /, **more):
    return dict({'kind': kind, 'start': BEGIN[part], 'end': BEGIN[part + 1], 'score': score}, **more)


def base(kind, n, /, **more):
    r = {'type': kind, 'ts': NOON + n % DAY}
    if kind == 'metric':
        r.update(name='cpu.load', value=n * 0.25, labels={'n': '%08d' % n, 'host': 'db-1'})
    elif kind == 'document':
        r.update(source='mail', uri='in/%08d.eml' % n, sha256='%064x' % n, mime='text/plain',
                 title='No. %d' % n, lang='de', meta={'n': n}, parent='in/all.mbox',
                 persons=[{'role': 'from', 'name': 'Jörg', 'email': 'j@x.org'},
                          {'role': 'to', 'email': 'b@x.org'}], text=''.join(PARTS),
                 chunks=[chunk(0, 0, 1, 'A > ü'), chunk(1, 1, 2), chunk(2, 0, 2)],
                 pii=[finding('phone', 1, 0.95), finding('person', 0, 1)])
    else:
        r.update(id='e%08d' % n, source='app', kind='login', user_token='u%d' % (n % 97),
                 payload={'n': n, 'ok': True, 'path': '/a/ü', 'list': [1, 2.5, None]})
    r.update(more)
    return r


INNER = {'metric': 'labels', 'event': 'payload', 'document': 'meta'}


def document_cases(with_):
    """(name, record, field, reason) of the fields that only documents have."""
    def persons(*p):
        return with_(persons=list(p))

    def chunks(*c):
        return with_(chunks=list(c))

    def pii(*p):
        return with_(pii=list(p))

    first, role = chunk(0, 0, 1), {'role': 'to', 'name': 'B'}
    size = BEGIN[-1]
    for name, record, field, reason in (
            ('empty uri', with_(uri=''), 'uri', 'empty string'),
            ('empty parent', with_(parent=''), 'parent', 'empty string'),
            ('sha256 too short', with_(sha256='0' * 63), 'sha256', 'not 64 hex digits in lower case'),
            ('sha256 in upper case', with_(sha256='A' * 64), 'sha256', 'not 64 hex digits in lower case'),
            ('title 7', with_(title=7), 'title', 'not a string'),
            ('lang {}', with_(lang={}), 'lang', 'not a string'),
            ('parent []', with_(parent=[]), 'parent', 'not a string'),
            ('meta []', with_(meta=[]), 'meta', 'not a map'),
            ('persons {}', with_(persons={}), 'persons', 'not an array'),
            ('chunks text', with_(chunks='[]'), 'chunks', 'not an array'),
            ('pii 1', with_(pii=1), 'pii', 'not an array'),
            ('binary in pii', pii(finding('ip', 1, 1, x=BIN)), 'pii[0].x', 'binary value'),
            ('person 1', persons(role, 1), 'persons[1]', 'not a map'),
            ('person without role', persons({'name': 'B'}), 'persons[0].role', 'missing field'),
            ('person of role ""', persons(dict(role, role='')), 'persons[0].role', 'empty string'),
            ('person of role 7', persons(dict(role, role=7)), 'persons[0].role', 'not a string'),
            ('person without a name', persons(role, {'role': 'to', 'name': '', 'email': ''}),
             'persons[1]', 'neither name nor email'),
            ('email 7', persons(dict(role, email=7)), 'persons[0].email', 'not a string'),
            ('chunk null', chunks(first, None), 'chunks[1]', 'not a map'),
            ('chunk without ord', chunks({}), 'chunks[0].ord', 'missing field'),
            ('chunk 0 twice', chunks(first, first), 'chunks[1].ord', 'not its place in the array'),
            ('chunk 1 first', chunks(chunk(1, 0, 1)), 'chunks[0].ord', 'not its place in the array'),
            ('start -1', chunks(dict(first, start=-1)), 'chunks[0].start', 'not a whole number'),
            ('start 0.0', chunks(dict(first, start=0.0)), 'chunks[0].start', 'not a whole number'),
            ('start after end', chunks(dict(first, start=7, end=6)), 'chunks[0].start', 'after the end'),
            ('end beyond', chunks(first, dict(chunk(1, 1, 3), end=size + 1)), 'chunks[1].end',
             'beyond the text'),
            ('end far beyond', chunks(dict(first, end=(1 << 63) - 1)), 'chunks[0].end', 'beyond the text'),
            ('start in a character', chunks(dict(first, start=2)), 'chunks[0].start', 'inside a character'),
            ('end in a character', chunks(dict(first, end=2)), 'chunks[0].end', 'inside a character'),
            ('end counted in code points', chunks(dict(chunk(0, 0, 3), end=len(''.join(PARTS)))),
             'chunks[0].end', 'inside a character'),
            ('chunk without text', chunks({k: v for k, v in first.items() if k != 'text'}),
             'chunks[0].text', 'missing field'),
            ('other text in a chunk', chunks(dict(first, text='Jorg  ')), 'chunks[0].text',
             'not the text from start to end'),
            ('heading []', chunks(dict(first, heading=[])), 'chunks[0].heading', 'not a string'),
            ('finding []', pii([]), 'pii[0]', 'not a map'),
            ('kind of finding', pii(finding('e-mail', 1, 1)), 'pii[0].kind', 'unknown kind'),
            ('finding of nothing', pii(finding('ip', 1, 1, end=BEGIN[1])), 'pii[0].end',
             'not after the start'),
            ('finding beyond', pii(finding('ip', 1, 1, end=size + 1)), 'pii[0].end', 'beyond the text'),
            ('finding in a character', pii(finding('ip', 0, 1, end=2)), 'pii[0].end', 'inside a character'),
            ('score 2', pii(finding('ip', 1, 1), finding('ip', 1, 2)), 'pii[1].score', 'not from 0 to 1'),
            ('score text', pii(finding('ip', 1, '1')), 'pii[0].score', 'not a number')):
        yield name, record, field, reason


def cases(kind, n):
    """(name, record, field, reason); n: of the record that it becomes once mended."""
    inner = INNER[kind]
    word = {'metric': 'name', 'event': 'source', 'document': 'title'}[kind]

    def with_(**more):
        return base(kind, n, **more)

    def inside(v, key='x'):
        return with_(**{inner: Pairs(('n', n), (key, v))})

    def without(key):
        return {k: v for k, v in base(kind, n).items() if k != key}

    def path(p):
        return inner + '.' + p

    for name, bad, reason in (('nul', NUL, 'NUL character'), ('utf8', BAD8, 'invalid UTF-8'),
                              ('cesu', SURROGATE_BYTES, 'invalid UTF-8'),
                              ('lone', LONE, 'lone surrogate'),
                              ('lone-low', LONE_LOW, 'lone surrogate')):
        yield name + ' in a field', with_(**{word: bad}), word, reason
        yield name + ' in a value', inside([1, {'y': bad}]), path('x[1].y'), reason
        yield name + ' in a key', inside(1, key=bad), '*', reason
    yield 'key twice', Pairs(*base(kind, n).items(), ('ts', 1)), 'ts', 'duplicate key'
    yield 'unknown key twice', Pairs(('zz', 1), *base(kind, n).items(), ('zz', 1)), 'zz', 'duplicate key'
    yield 'inner key twice', inside(Pairs(('k', 1), ('k', 2))), path('x.k'), 'duplicate key'
    yield ('escaped key twice', Pairs(*base(kind, n).items(), (Two(ESCAPED['ts'], None), 1)),
           '*', 'duplicate key')
    yield ('escaped inner key twice', inside(Pairs(('k', 1), (Two(ESCAPED['k'], None), 2))),
           '*', 'duplicate key')
    for name, bad, reason in (
            ('1e400', Two(b'1e400', None), 'number outside float8'),
            ('-1e400', Two(b'-1e400', None), 'number outside float8'),
            ('1e-400', Two(b'1e-400', None), 'number outside float8'),
            ('1e-324', Two(b'1.0e-324', None), 'number outside float8'),
            ('1.8e308', Two(b'1.8e308', None), 'number outside float8'),
            ('20000 decimals', Two(b'0.' + b'1' * 20000, None),
             'more than 16383 digits behind the point'),
            ('NaN', NAN64, 'NaN in a payload'), ('Infinity', INF32, 'infinite number in a payload'),
            ('bin', BIN, 'binary value'), ('ext', EXT, 'extension value')):
        yield name + ' inside', inside([bad]), path('x[0]'), reason
    if kind == 'metric':
        yield '1e400', with_(value=Two(b'1e400', None)), 'value', 'number outside float8'
    yield 'NaN is no JSON', inside(Two(b'NaN', None)), None, 'not JSON: '
    yield 'raw NUL byte', inside(Two(b'"\0"', None)), None, 'not JSON: '
    yield 'half a line', Two(js(base(kind, n))[:-9], None), None, 'not JSON: '
    yield 'two on a line', Two(js(base(kind, n)) + b' ' + js(base(kind, n)), None), None, 'not JSON: '
    yield 'int key', inside(1, key=Two(None, b'\x05')), inner, 'map key is not a string'
    yield ('int key on top', Pairs(*base(kind, n).items(), (Two(None, b'\x05'), 1)), None,
           'map key is not a string')
    for name, ts, reason in (('far ts', 1 << 62, 'time out of range'),
                             ('early ts', -(10 ** 12), 'time out of range'),
                             ('float ts', 1e300, 'time out of range'),
                             ('uint64 ts', (1 << 64) - 1, 'time out of range'),
                             ('timestamp 96', STAMP96, 'time out of range'),
                             ('ts of words', 'yesterday', 'not a time'),
                             ('ts of day 32', '2026-01-32T00:00:00Z', 'not a time'),
                             ('ts true', True, 'not a time'), ('ts map', {}, 'not a time')):
        yield name, with_(ts=ts), 'ts', reason
    fields = {'type': 'string', 'ts': None}
    if kind == 'metric':
        fields.update(name='string', value='number', labels='map')
    elif kind == 'event':
        fields.update(source='string', kind='string', payload='map')
    else:
        fields = dict.fromkeys(('type', 'source', 'uri', 'sha256', 'mime', 'text'), 'string')
    for f, want in fields.items():
        yield 'no ' + f, without(f), f, 'missing field'
        yield 'null ' + f, with_(**{f: None}), f, 'missing field'
        if want:
            for bad in [7] if want == 'string' else ['7', True] if want == 'number' else [[], 'x']:
                yield '%s %s' % (f, js(bad).decode()), with_(**{f: bad}), f, 'not a ' + want
    if kind == 'event':
        yield 'id 7', with_(id=7), 'id', 'not a string'
        yield 'user_token {}', with_(user_token={}), 'user_token', 'not a string'
    elif kind == 'document':
        yield from document_cases(with_)
    else:
        yield 'binary labels', with_(labels=BIN), 'labels', 'not a map'
    yield 'unknown type', with_(type='metrics'), 'type', 'unknown type "metrics"'
    yield '33 deep', inside(nested(31)), '*', 'more than 32 containers deep'
    yield '3000 deep', with_(extra=nested(3000)), '*', 'more than 32 containers deep'
    for v in (42, 'text', None, [base(kind, n)], 1.5):
        yield 'not a record: ' + type(v).__name__, v, None, 'not a record'


def odd(kind, n):
    """Records that look strange and are good."""
    inner = INNER[kind]
    yield base(kind, n, ts=NOON + 0.5)
    yield base(kind, n, ts=time.strftime('%Y-%m-%dT%H:%M:%S.123456+02:00', time.gmtime(NOON)))
    yield base(kind, n, extra={'any': ['thing']}, zz=Two(b'null', b'\xc4\x01x'))
    yield Pairs(*reversed(list(base(kind, n).items())))
    deep = dict(base(kind, n)[inner], deep=nested(30), big=(1 << 64) - 1, small=-(1 << 63))
    yield base(kind, n, **{inner: deep})
    if kind == 'metric':
        yield base(kind, n, value=Two(b'"NaN"', b'\xcb\x7f\xf8' + bytes(6)))
        yield base(kind, n, value=Two(b'"-Infinity"', b'\xca\xff\x80\0\0'))
    elif kind == 'document':
        yield {k: base(kind, n)[k] for k in ('type', 'source', 'uri', 'sha256', 'mime', 'text')}
        yield base(kind, n, text='', chunks=[], pii=[], persons=[], meta={}, title='')
        yield base(kind, n, ts=None, title=None, lang=None, meta=None, parent=None, persons=None,
                   chunks=None, pii=None)
        yield base(kind, n, chunks=[chunk(0, 0, 3), chunk(1, 3, 3), chunk(2, 0, 0)])
        yield base(kind, n, persons=[{'role': 'x', 'name': '', 'email': 'a', 'id': [1]}],
                   pii=[finding('npi', 2, 0, validated=True), finding('mac', 2, 0.5)])
        yield base(kind, n, text=text(b'a\\u00fc\\n', b'a\xc3\xbc\n'), pii=[],
                   chunks=[{'ord': 0, 'start': 1, 'end': 4, 'text': 'ü\n'}])
    else:
        yield base(kind, n, user_token=None)


def usable(v, fmt):
    """Does this format have such a record?"""
    try:
        return (js if fmt == 'ndjson' else mp)(v) is not None
    except TypeError:
        return False


def bulk(fmt, good):
    """good records as bytes; number n stands in them as %08d and nowhere else."""
    form = js if fmt == 'ndjson' else mp
    shapes = []
    for k in range(40):
        r = base('event' if k % 5 == 0 else 'metric', 11111111)
        r['ts'] = NOON + k * 997
        if r['type'] == 'event':
            r['payload']['n'] = k
        else:
            r['value'] = k / 8
        shapes.append(form(r).split(b'11111111'))
    return [b'%s%08d%s' % (a, n, b) for n, (a, b) in
            ((n, shapes[n % len(shapes)]) for n in range(good))]


def make(fmt, out, want, good):
    form = js if fmt == 'ndjson' else mp
    end = b'\n' if fmt == 'ndjson' else b''
    strange = [r for kind in ('metric', 'event') for r in odd(kind, 0) if usable(r, fmt)]
    bad = [(kind, i) for kind in INNER for i, c in enumerate(cases(kind, 0))
           if usable(c[1], fmt)]
    rows = bulk(fmt, good)
    step = max(1, good // (len(bad) + 1))
    # Odd records take the numbers of good ones.
    for k in range(len(strange)):
        i = 3 + k * 7
        strange_now = [r for kind in ('metric', 'event') for r in odd(kind, i) if usable(r, fmt)]
        rows[i] = form(strange_now[k])
    if fmt == 'ndjson':
        rows[1] += b' \t\r'
        rows[2] = b'  ' + rows[2] + b'\n \t\r\n'
    with open(out, 'wb') as f, open(want, 'w', encoding='utf-8') as w:
        offset = 0
        for k, (kind, i) in enumerate(bad):
            chunk = end.join(rows[k * step:(k + 1) * step]) + end
            f.write(chunk)
            offset += len(chunk)
            n = 1000000 + k
            name, record, field, reason = list(cases(kind, n))[i]
            raw = form(record)
            json.dump({'name': kind + ': ' + name, 'offset': offset, 'length': len(raw),
                       'field': field, 'reason': reason, 'json': usable(record, 'ndjson'),
                       'mended': base('event' if kind == 'document' else kind, n)}, w)
            w.write('\n')
            f.write(raw + end)
            offset += len(raw + end)
        f.write(end.join(rows[len(bad) * step:]))
    print(len(bad))


def documents(fmt, out, number):
    form = js if fmt == 'ndjson' else mp
    with open(out, 'wb') as f:
        for n in range(number):
            strange = [r for r in odd('document', n) if usable(r, fmt)]
            shapes = [base('document', n)] + strange
            f.write(form(shapes[n % len(shapes)]) + (b'\n' if fmt == 'ndjson' else b''))


def lines_of(path):
    # Record texts keep their own bytes: only \n ends a line.
    with open(path, 'rb') as f:
        return [line for line in f.read().split(b'\n') if line]


def check(out, want, rejects):
    data = open(out, 'rb').read()
    wanted = [json.loads(line) for line in lines_of(want)]
    got = lines_of(rejects)
    faults = [] if len(got) == len(wanted) else ['%d rejects, not %d' % (len(got), len(wanted))]
    for w, line in zip(wanted, got):
        g = json.loads(line)
        raw = data[w['offset']:w['offset'] + w['length']]
        what = '%s at %d: ' % (w['name'], w['offset'])
        if g['type'] != 'reject' or list(g)[:5] != ['type', 'segment', 'offset', 'field', 'reason'] \
                or len(g) != 6:
            faults.append(what + 'keys %s' % list(g))
        if g['offset'] != w['offset']:
            faults.append(what + 'offset %s' % g['offset'])
        if w['field'] != '*' and g['field'] != w['field']:
            faults.append(what + 'field %s, not %s' % (g['field'], w['field']))
        if not g['reason'].startswith(w['reason']):
            faults.append(what + 'reason "%s", not "%s"' % (g['reason'], w['reason']))
        if 'bytes_b64' in g:
            if base64.b64decode(g['bytes_b64'], validate=True) != raw:
                faults.append(what + 'other bytes')
        elif 'record' not in g:
            faults.append(what + 'neither record nor bytes_b64')
        elif out.endswith('.ndjson'):
            if not line.endswith(b'"record":' + raw + b'}'):
                faults.append(what + 'its record is not the line')
        elif w['json']:
            # told as JSON: it must come out of the msgpack by the same rules
            pairs = json.loads(line, object_pairs_hook=lambda p: Pairs(*p)).pairs
            if mp(pairs[5][1]) != raw:
                faults.append(what + 'its record says something else')
    print('\n'.join(faults[:30]))
    return 1 if faults else 0


def mend(want, rejects, out):
    mended = {w['offset']: w['mended'] for w in map(json.loads, lines_of(want))}
    with open(out, 'w', encoding='utf-8') as f:
        for line in lines_of(rejects):
            g = json.loads(line)
            g.pop('bytes_b64', None)
            g['record'] = mended[g['offset']]
            f.write(json.dumps(g) + '\n')


def main():
    p = argparse.ArgumentParser()
    p.add_argument('what', choices=('make', 'check', 'mend', 'documents'))
    p.add_argument('args', nargs='+')
    p.add_argument('-n', type=int, default=1000)
    a = p.parse_args()
    sys.setrecursionlimit(20000)
    if a.what in ('make', 'documents'):
        return (make if a.what == 'make' else documents)(*a.args, a.n)
    return (check if a.what == 'check' else mend)(*a.args)


if __name__ == '__main__':
    sys.exit(main())
