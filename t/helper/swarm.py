#!/usr/bin/env python3
"""swarm.py - four gates and four replayers on one spool, while a feeder lands
segments and kill -9 hits any of them at random; then one quiet run of the line,
and check.py. Some contents come twice: in one batch, in two, under another name.

	swarm.py [--segments N] [--workers N] [--kill P]

DATABASE_URL names an initialised database that may be emptied. SEED=n gives the
same segments and the same choices; the machine decides the rest.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crashlab import (DAYS_AGO, Lab, Records, Workload, midday, msgpack, ndjson,  # noqa: E402
                      scratch, zstd)

FEED = 10		# segments that land at once
TWICE = 0.05		# of the contents come under a second name
AGAIN_TWICE = 0.02	# the same, plain beside zstd: another content, so other ids
TIME_MAX_S = 150
CALM_S = 0.05


def segments(n, rnd):
    """Names and contents, in the order in which they land."""
    r = Records('swarm', midday(DAYS_AGO + 3))
    out = []
    while len(out) < n:
        kind = rnd.random()
        records = [rnd.choice((r.metric, r.event))() for _ in range(rnd.randint(1, 4))]
        name = 's%06d' % len(out)
        if kind < TWICE:
            data = ndjson(records)
            out.append((name + '.ndjson', data))
            # near: likely in the same batch; far: in another
            far = rnd.random() < 0.5
            at = len(out) if not far else rnd.randint(0, len(out))
            out.insert(at, ('twin-' + name + '.ndjson', data))
        elif kind < 0.3:
            out.append((name + '.msgpack', msgpack(records)))
        elif kind < 0.35:
            bad = r.event()
            bad['kind'] = 7
            out.append((name + '.ndjson', ndjson(records + [bad])))
        elif kind < 0.36:
            out.append((name + '.ndjson.zst', zstd(ndjson(records))))
        else:
            out.append((name + '.ndjson', ndjson(records)))
    w = Workload()
    w.files = dict(out)
    w.ids.update(r.ids)
    return w, out


class Swarm:
    def __init__(self, lab, rnd, kill):
        self.lab, self.rnd, self.kill = lab, rnd, kill
        self.fed = threading.Event()
        self.calm = threading.Event()
        self.lock = threading.Lock()
        self.killed = {'gate': 0, 'replay': 0}
        self.runs = 0
        self.statuses = {}

    def feed(self, order):
        names = list(order)
        while names:
            self.lab.put(dict(names[:FEED]))
            del names[:FEED]
            time.sleep(CALM_S)
        self.fed.set()

    def idle(self):
        for part in ('incoming', 'processing'):
            if any(not n.startswith('.') for n in os.listdir(os.path.join(self.lab.spool, part))):
                return False
        return True

    def reap(self, what, process, deadline):
        """Wait, but kill at the deadline when there is one."""
        try:
            process.wait(max(0.001, deadline - time.monotonic()) if deadline else 120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            if deadline:
                with self.lock:
                    self.killed[what] += 1
                return
            raise
        with self.lock:
            key = '%s %d' % (what, process.returncode)
            self.statuses[key] = self.statuses.get(key, 0) + 1

    def worker(self, seed, err):
        rnd = random.Random(seed)
        while not (self.calm.is_set() and self.idle()):
            deadline = {}
            for what in ('gate', 'replay'):
                if not self.calm.is_set() and rnd.random() < self.kill:
                    deadline[what] = time.monotonic() + rnd.expovariate(1 / 0.04)
            gate = subprocess.Popen(self.lab.gate_cmd() + ['--max-files', '%d' % rnd.randint(1, 60)],
                                    stdout=subprocess.PIPE, stderr=err, env=self.lab.env)
            replay = subprocess.Popen(self.lab.replay_cmd('-j', str(rnd.randint(1, 2))),
                                      stdin=gate.stdout, stdout=subprocess.DEVNULL, stderr=err,
                                      env=self.lab.env)
            gate.stdout.close()
            self.reap('gate', gate, deadline.get('gate'))
            self.reap('replay', replay, deadline.get('replay'))
            self.runs += 1
            time.sleep(CALM_S * rnd.random())


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--segments', type=int, default=600)
    p.add_argument('--workers', type=int, default=4)
    p.add_argument('--kill', type=float, default=0.6, help='share of the runs that are killed')
    p.add_argument('--least-kills', type=int, default=20)
    a = p.parse_args()
    seed = int(os.environ.get('SEED', random.SystemRandom().randrange(1 << 30)))
    print('# seed %d' % seed, flush=True)
    rnd = random.Random(seed)
    top = scratch()
    lab = Lab(os.environ['DATABASE_URL'], top, 'swarm')
    workload, order = segments(a.segments, rnd)
    lab.fresh_partitions = True
    lab.reset(Workload())
    for part in ('incoming', 'processing'):
        os.makedirs(os.path.join(lab.spool, part), exist_ok=True)
    began = time.monotonic()
    with open(os.path.join(os.environ.get('T', '.'), 'swarm.err'), 'wb') as err:
        s = Swarm(lab, rnd, a.kill)
        threads = [threading.Thread(target=s.worker, args=(rnd.random(), err), daemon=True)
                   for _ in range(a.workers)]
        for t in threads:
            t.start()
        s.feed(order)
        # under fire until all is gone or enough has died
        while time.monotonic() - began < TIME_MAX_S and not s.idle():
            time.sleep(CALM_S)
        s.calm.set()
        for t in threads:
            t.join(TIME_MAX_S)
    wrong = lab.judge(lab.line(), workload)
    kills = sum(s.killed.values())
    print('%d segments, %d runs, %d gates and %d replayers killed, %.0f s' % (
        len(order), s.runs, s.killed['gate'], s.killed['replay'], time.monotonic() - began))
    print('statuses: ' + ', '.join('%s: %d' % kv for kv in sorted(s.statuses.items())))
    if kills < a.least_kills:
        wrong.append('only %d kills' % kills)
    odd = [k for k in s.statuses if k.split()[1] not in ('0', '2', '75', '-13')]
    if odd:
        wrong.append('odd statuses: %s, see swarm.err' % odd)
    print('\n'.join(wrong) if wrong else 'nothing lost, nothing twice')
    lab.psql.close()
    if wrong:
        shutil.copytree(lab.spool, os.path.join(os.environ.get('T', '.'), 'kept-swarm'))
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
