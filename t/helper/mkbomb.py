#!/usr/bin/env python3
"""mkbomb.py - segments that ask for far more than they are.

	mkbomb.py DIR            makes them, one name per line on stdout
	mkbomb.py --good DIR     two that are large and right
	mkbomb.py --run FIGURES CMD ARGS...
	                         runs a command; appends its wall and CPU seconds, its peak RSS
	                         in MiB and its status to FIGURES; ends with its status
	mkbomb.py --each NAMES FIGURES CMD ARGS...
	                         the same for every line of NAMES in place of {} in ARGS
"""
import os
import shutil
import subprocess
import sys
import time

GIB = 1 << 30
EVENT = (b'\x86\xa4type\xa5event\xa2ts\x01\xa6source\xa1b\xa4kind\xa1b\xa5extra\xc0\xa7payload')
LINE = b'{"type":"event","ts":1,"source":"b","kind":"b","payload":%s}\n'


def zstd(path, *parts):
    """Write parts (bytes, and numbers: so many zeros) through zstd."""
    with open(path, 'wb') as f:
        z = subprocess.Popen(['zstd', '-q', '-1', '-c'], stdin=subprocess.PIPE, stdout=f)
        for part in parts:
            while isinstance(part, int) and part > 0:
                n = min(part, 1 << 20)
                z.stdin.write(bytes(n))
                part -= n
            if isinstance(part, bytes):
                z.stdin.write(part)
        z.stdin.close()
        if z.wait() != 0:
            sys.exit('zstd failed')


def keys_json(n):
    return b'{' + b','.join(b'"k%07d":1' % k for k in range(n)) + b'}'


def keys_mp(n):
    return b'\xdf' + n.to_bytes(4, 'big') + b''.join(b'\xa8k%07d\x01' % k for k in range(n))


def bombs():
    huge = b'\xff\xff\xff\xff'
    yield 'array32.msgpack', b'\xdd' + huge
    yield 'map32.msgpack', b'\xdf' + huge
    yield 'str32.msgpack', b'\xdb' + huge
    yield 'bin32.msgpack', b'\xc6' + huge + b'xyz'
    yield 'ext32.msgpack', b'\xc9' + huge + b'\x05abc'
    yield 'inner-array32.msgpack', EVENT + b'\xdd' + huge
    yield 'inner-map32.msgpack', EVENT + b'\xdf' + huge
    yield 'inner-str32.msgpack', EVENT + b'\xdb' + huge + b'abc'
    yield 'headers150.msgpack', (b'\xdd' + huge) * 30
    yield 'inner-headers150.msgpack', EVENT + (b'\xdd' + huge) * 30
    yield 'arrays.msgpack', b'\x91' * 100000 + b'\xc0'
    yield 'maps.msgpack', b'\x81\xa1a' * 100000 + b'\xc0'
    yield 'inner-arrays.msgpack', EVENT + b'\x91' * 100000 + b'\xc0'
    yield 'open-arrays.msgpack', b'\x91' * 10000000
    yield 'arrays.ndjson', b'[' * 100000 + b']' * 100000 + b'\n'
    yield 'maps.ndjson', b'{"a":' * 100000 + b'1' + b'}' * 100000 + b'\n'
    yield 'inner-arrays.ndjson', LINE % (b'{"a":' + b'[' * 100000 + b']' * 100000 + b'}')
    yield 'open-arrays.ndjson', b'[' * 10000000
    yield 'open-maps.ndjson', b'{"a":[' * 1000000
    yield 'exponent.ndjson', LINE % b'{"a":[1e999999999,1e-999999999,1e99999999999999999999]}'
    yield 'digits.ndjson', LINE % (b'{"a":1' + b'0' * 5000000 + b'}')
    yield 'decimals.ndjson', LINE % (b'{"a":0.' + b'3' * 5000000 + b'}')
    yield 'quotes.ndjson', b'"\\' * 1000000
    # a frame of one RLE block that wants a window of 512 MiB, and of its 4 EiB
    yield 'window.ndjson.zst', b'\x28\xb5\x2f\xfd\x00\x98\x53\x00\x00x'
    yield 'size.msgpack.zst', b'\x28\xb5\x2f\xfd\xe0' + (1 << 62).to_bytes(8, 'little') + b'\x53\x00\x00x'
    yield 'skippable.ndjson.zst', b'\x50\x2a\x4d\x18' + huge + b'x'


def make(folder):
    for name, data in bombs():
        with open(os.path.join(folder, name), 'wb') as f:
            f.write(data)
        print(name)
    zstd(os.path.join(folder, 'zeros.msgpack.zst'), GIB)
    shutil.copy(os.path.join(folder, 'zeros.msgpack.zst'), os.path.join(folder, 'zeros.ndjson.zst'))
    print('zeros.msgpack.zst\nzeros.ndjson.zst')
    zstd(os.path.join(folder, 'spaces.ndjson.zst'), *[b' ' * (1 << 20)] * 256)
    print('spaces.ndjson.zst')
    # Just within the ratio that is believed.
    zstd(os.path.join(folder, 'slow.msgpack.zst'), *[os.urandom(2000).replace(b'\xc1', b'\0'), 8 << 20] * 8)
    print('slow.msgpack.zst')


def good(folder):
    """Large and right: these load."""
    with open(os.path.join(folder, 'keys.ndjson'), 'wb') as f:
        f.write(LINE % keys_json(1200000))
    with open(os.path.join(folder, 'keys.msgpack'), 'wb') as f:
        f.write(EVENT + keys_mp(1500000))


def run(figures, argv):
    begun = time.monotonic()
    child = subprocess.Popen(argv)
    _, status, use = os.wait4(child.pid, 0)
    rc = os.waitstatus_to_exitcode(status)
    child.returncode = rc = rc if rc >= 0 else 128 - rc
    with open(figures, 'a', encoding='ascii') as f:
        f.write('%.2f %.2f %d %d\n' % (time.monotonic() - begun, use.ru_utime + use.ru_stime,
                                       (use.ru_maxrss + 1023) // 1024, rc))
    return rc


if __name__ == '__main__':
    if sys.argv[1] == '--run':
        sys.exit(run(sys.argv[2], sys.argv[3:]))
    if sys.argv[1] == '--each':
        for name in open(sys.argv[2], encoding='ascii').read().split():
            run(sys.argv[3], [a.replace('{}', name) for a in sys.argv[4:]])
    elif sys.argv[1] == '--good':
        good(sys.argv[2])
    else:
        make(sys.argv[1])
