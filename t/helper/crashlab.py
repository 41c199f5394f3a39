"""crashlab.py - what the crash tests share: records with known ids, a spool with
segments of them, a database to empty, the line under test, and the checker.
"""
import atexit
import collections
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import check  # noqa: E402  (beside this file)

LINE_TIMEOUT_S = 120
TABLES = ('metrics', 'events', 'event_ids', 'ingestion_segment', 'ingestion_manifest',
          'outbox_delivery', 'outbox', 'spool')
DAY_S = 86400
# Days that `dbctl init` has no partition for, and the loader makes one.
DAYS_AGO = 400


def pack(v):
    """msgpack of the few types that a record needs."""
    if isinstance(v, bool):
        return b'\xc3' if v else b'\xc2'
    if isinstance(v, int):
        return bytes([v]) if 0 <= v < 128 else b'\xd3' + struct.pack('>q', v)
    if isinstance(v, float):
        return b'\xcb' + struct.pack('>d', v)
    if isinstance(v, str):
        b = v.encode()
        return (bytes([0xa0 | len(b)]) if len(b) < 32 else b'\xda' + struct.pack('>H', len(b))) + b
    return bytes([0x80 | len(v)]) + b''.join(pack(k) + pack(x) for k, x in v.items())


def zstd(data):
    return subprocess.run(['zstd', '-q', '-c'], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


class Records:
    """Records with ids of one word, counted."""

    def __init__(self, word, ts):
        self.word, self.ts, self.ids = word, ts, []

    def next_id(self):
        self.ids.append('ck-%s-%06d' % (self.word, len(self.ids)))
        return self.ids[-1]

    def metric(self):
        i = self.next_id()
        return {'type': 'metric', 'ts': self.ts + len(self.ids), 'name': 'load', 'value': 0.5,
                'labels': {'id': i, 'host': 'crash'}}

    def event(self, pad=0):
        i = self.next_id()
        return {'type': 'event', 'id': i, 'ts': self.ts + len(self.ids), 'source': 'crash',
                'kind': 'test', 'payload': {'n': len(self.ids), 'pad': 'x' * pad}}


def ndjson(records):
    return b''.join(json.dumps(r).encode() + b'\n' for r in records)


def msgpack(records):
    return b''.join(pack(r) for r in records)


class Workload:
    """Segments by name, and what must be found of them."""

    def __init__(self):
        self.files = {}		# name -> bytes
        self.ids = collections.Counter()
        self.accepted = collections.Counter()	# sha256, of what came without add

    def add(self, name, data):
        self.files[name] = data
        return data

    def shas(self):
        return self.accepted + collections.Counter(
            hashlib.sha256(d).hexdigest() for d in self.files.values())


def midday(days_ago):
    return (int(time.time()) // DAY_S - days_ago) * DAY_S + DAY_S // 2


def tiny_workload():
    """For cuts after each of some hundred messages."""
    w = Workload()
    r = Records('tiny', midday(1))
    w.add('a.msgpack.zst', zstd(msgpack([r.metric(), r.event()])))
    w.add('b.ndjson', ndjson([r.metric(), dict(r.event(), kind=7)]))
    w.ids.update(r.ids)
    return w


def small_workload():
    """Both formats, plain and zstd, a bad record, a torn tail, the same
    content twice."""
    w = Workload()
    r = Records('small', midday(DAYS_AGO))
    first = w.add('a.msgpack.zst', zstd(msgpack([r.metric(), r.event(), r.metric()])))
    bad = r.event()
    bad['payload']['nul'] = 'a\0b'
    w.add('b.ndjson', ndjson([r.metric(), bad, r.event()]))
    w.add('c.msgpack', msgpack([r.event(), r.event(40)])[:-8])
    w.add('d.msgpack.zst', first)
    w.ids.update(r.ids)
    return w


class Psql:
    """One psql that stays: a query costs no process and no connection."""

    def __init__(self, conninfo):
        self.p = subprocess.Popen(['psql', '-XAtq', '-d', conninfo], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.query('SET client_min_messages = warning')

    def query(self, sql):
        self.p.stdin.write(sql.encode() + b'\n;\n\\echo =end=\n')
        self.p.stdin.flush()
        out = []
        for line in self.p.stdout:
            if line == b'=end=\n':
                return b''.join(out).decode().strip()
            out.append(line)
        raise RuntimeError('psql ended')

    def close(self):
        self.p.stdin.close()
        self.p.wait()


Ran = collections.namedtuple('Ran', 'gate replay stderr')


class Lab:
    """A database, and one spool after the other."""

    def __init__(self, conninfo, top, name):
        self.db = conninfo
        self.psql = Psql(conninfo)
        self.top = os.path.join(top, name)
        self.spool = os.path.join(self.top, 'spool')
        self.env = dict(os.environ, DATABASE_URL=conninfo)
        self.resets = 0
        self.fresh_partitions = False
        os.makedirs(self.top, exist_ok=True)

    def reset(self, workload):
        """Empty tables, and a new spool with the workload in incoming/."""
        how = 'DELETE FROM sluice.%s' if self.resets % 100 else 'TRUNCATE sluice.%s CASCADE'
        self.resets += 1
        sql = ';'.join(how % t for t in TABLES)
        if self.fresh_partitions:
            sql += """; DO $$ DECLARE t text; BEGIN
                FOR t IN SELECT name FROM sluice.partitions WHERE ts_from < now() - interval '390 days'
                    AND ts_to > now() - interval '410 days'
                LOOP EXECUTE 'DROP TABLE sluice.' || quote_ident(t); END LOOP; END $$"""
        self.psql.query('BEGIN;' + sql + ';COMMIT')
        shutil.rmtree(self.spool, ignore_errors=True)
        self.put(workload.files)

    def put(self, files):
        incoming = os.path.join(self.spool, 'incoming')
        os.makedirs(incoming, exist_ok=True)
        for name, data in files.items():
            with open(os.path.join(incoming, '.' + name), 'wb') as f:
                f.write(data)
            os.rename(os.path.join(incoming, '.' + name), os.path.join(incoming, name))

    def gate_cmd(self):
        return ['spool-gate', '-s', self.spool]

    def replay_cmd(self, *args):
        return ['spool-replay', '-s', self.spool] + list(args)

    def run(self, cmd, stdin=b'', env=None):
        return subprocess.run(cmd, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=env or self.env, timeout=LINE_TIMEOUT_S)

    def line(self, *replay_args, env=None):
        """spool-gate | spool-replay, and both statuses."""
        with open(os.path.join(self.top, 'stderr'), 'w+b') as err:
            gate = subprocess.Popen(self.gate_cmd(), stdin=subprocess.DEVNULL, env=env or self.env,
                                    stdout=subprocess.PIPE, stderr=err)
            replay = subprocess.Popen(self.replay_cmd(*replay_args), stdin=gate.stdout, stderr=err,
                                      stdout=subprocess.DEVNULL, env=env or self.env)
            gate.stdout.close()
            statuses = replay.wait(LINE_TIMEOUT_S), gate.wait(LINE_TIMEOUT_S)
            err.seek(0)
            return Ran(statuses[1], statuses[0], err.read().decode(errors='replace'))

    def check(self, workload, **more):
        return check.check(self.spool, self.psql.query, workload.ids, workload.shas(),
                           **more)

    def judge(self, ran, workload, **more):
        """The last run and what it left: [] or what is wrong."""
        wrong = []
        if ran.gate != 0 or ran.replay not in (0, 2):
            wrong.append('status of gate %d, of replay %d' % (ran.gate, ran.replay))
        report = self.check(workload, **more)
        if not report.ok():
            wrong += [report.line()] + report.text
        if wrong and ran.stderr:
            wrong.append('stderr: ' + ran.stderr.strip()[:2000])
        return wrong


def databases(conninfo, n):
    """The given database, and copies of it for more workers. In a conninfo
    string a later keyword wins."""
    out = [conninfo]
    for i in range(1, n):
        name = 'crash_%d' % i
        here = subprocess.run(['psql', '-XAtq', '-d', conninfo, '-c', 'SELECT current_database()'],
                              stdout=subprocess.PIPE, check=True).stdout.decode().strip()
        admin = conninfo + ' dbname=postgres'
        for sql in ('DROP DATABASE IF EXISTS "%s"' % name,
                    'CREATE DATABASE "%s" TEMPLATE "%s"' % (name, here)):
            subprocess.run(['psql', '-Xq', '-d', admin, '-c', sql], check=True,
                           stderr=subprocess.DEVNULL)
        out.append(conninfo + ' dbname=' + name)
    return out


def scratch():
    """Where the spools lie: in memory if it may be, a sweep makes thousands. Gone
    at the end, unless CRASH_DIR names the place."""
    want = os.environ.get('CRASH_DIR')
    shm = '/dev/shm'
    if want is None and os.access(shm, os.W_OK):
        free = os.statvfs(shm)
        if free.f_bavail * free.f_frsize > 256 << 20:
            want = os.path.join(shm, 'sluice-crash.%d' % os.getpid())
            atexit.register(shutil.rmtree, want, ignore_errors=True)
    want = want or os.path.join(os.environ.get('T', '.'), 'crash')
    os.makedirs(want, exist_ok=True)
    return want
