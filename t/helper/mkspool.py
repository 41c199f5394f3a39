#!/usr/bin/env python3
"""mkspool.py - land segments of known records in a spool, for check.py.

	mkspool.py SPOOL --word a --segments 3 --records 1000 [--bad]

Adds the ids to ids.txt and the sums of the segments to files.txt in the current
directory. --bad: one record of each segment is to be rejected. --records-only
writes the records to stdout as NDJSON instead, for spool-write.
"""
import argparse
import hashlib
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crashlab import Records, midday, msgpack, ndjson, zstd  # noqa: E402

FORMS = (('.msgpack.zst', lambda r: zstd(msgpack(r))), ('.ndjson', ndjson), ('.msgpack', msgpack),
         ('.ndjson.zst', lambda r: zstd(ndjson(r))))


def main():
    p = argparse.ArgumentParser()
    p.add_argument('spool')
    p.add_argument('--word', required=True)
    p.add_argument('--segments', type=int, default=4)
    p.add_argument('--records', type=int, default=100)
    p.add_argument('--pad', type=int, default=0)
    p.add_argument('--bad', action='store_true')
    p.add_argument('--records-only', action='store_true')
    a = p.parse_args()
    made = Records(a.word, midday(1))
    incoming = os.path.join(a.spool, 'incoming')
    if not a.records_only:
        os.makedirs(incoming, exist_ok=True)
    with open('files.txt', 'a', encoding='ascii') as files:
        for s in range(a.segments):
            records = [made.event(a.pad) if n % 5 == 0 else made.metric() for n in range(a.records)]
            if a.bad:
                records[a.records // 2]['ts'] = 'yesterday'
            ending, form = FORMS[s % len(FORMS)]
            if a.records_only:
                sys.stdout.buffer.write(ndjson(records))
                continue
            data = form(records)
            path = os.path.join(incoming, '%s-%04d%s' % (a.word, s, ending))
            with open(path + '.tmp', 'wb') as f:
                f.write(data)
            os.rename(path + '.tmp', path)
            files.write('%s  %s\n' % (hashlib.sha256(data).hexdigest(), os.path.basename(path)))
    with open('ids.txt', 'a', encoding='ascii') as ids:
        ids.writelines(i + '\n' for i in made.ids)


if __name__ == '__main__':
    main()
