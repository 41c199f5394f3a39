#!/usr/bin/env python3
"""hookstorm.py - is every event told exactly once, after dedupe by id, by a notify that
is killed at random and a receiver of which 30 requests in 100 go wrong?

	hookstorm.py storm [--events N] [--kills N]
	hookstorm.py selftest			does the judge see damage?

Filters and drains run at once and die by kill -9; some events come twice, or through
two stages; what no filter has acknowledged is given again. Then drains alone. The
seed is printed; SEED=n in the environment gives the same choices again, the machine
decides the rest. CRASH_DIR names the place of the spool.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hooklab as hl  # noqa: E402
from crashlab import scratch  # noqa: E402

STORM_MAX_S = 900
PIECE_MAX = 120		# events that one filter is given
FILTERS = 3
DRAINS = 3
FAULTS = 30


class Storm:
    def __init__(self, top, n, rnd, least_kills):
        self.top, self.rnd, self.least_kills = top, rnd, least_kills
        self.spool = os.path.join(top, 'spool')
        self.receiver = hl.Receiver(top, FAULTS, rnd.randrange(1 << 30))
        config = hl.write_settings(top, [hl.endpoint_lines(
            'ops', self.receiver.url(), retry=hl.RETRIES, timeout='700ms')], wait='700ms')
        self.env = hl.environment(self.spool, config)
        self.events = {e['id']: e for e in (hl.event(i, 'storm') for i in range(n))}
        self.todo = self.pieces(list(self.events.values()))
        self.under_way = 0
        self.lock = threading.Lock()
        self.calm = threading.Event()
        self.kills = {'filter': 0, 'drain': 0}
        self.statuses = {}
        self.wrong = []
        self.given = 0

    def pieces(self, events):
        out = []
        while events:
            n = self.rnd.randint(1, PIECE_MAX)
            out.append(events[:n])
            del events[:n]
        # some come twice, whole or in other company
        for piece in self.rnd.sample(out, len(out) // 5):
            out.insert(self.rnd.randint(0, len(out)), self.rnd.choice(out)[:20] + piece)
        return out

    def note(self, what, process):
        with self.lock:
            if process.returncode == -9:
                self.kills[what] += 1
                return
            key = '%s %d' % (what, process.returncode)
            self.statuses[key] = self.statuses.get(key, 0) + 1

    def give(self, rnd, piece, err):
        """True when it is acknowledged: the filter that read it ended well."""
        data = hl.lines(piece)
        two = rnd.random() < 0.3
        with open(os.path.join(self.top, 'out.%d' % threading.get_ident()), 'w+b') as out:
            stages = [subprocess.Popen(['notify'], stdin=subprocess.PIPE, env=self.env, stderr=err,
                                       stdout=subprocess.PIPE if two else out)]
            if two:
                stages.append(subprocess.Popen(['notify'], stdin=stages[0].stdout, env=self.env,
                                               stderr=err, stdout=out))
                stages[0].stdout.close()
            timer = None
            if not self.calm.is_set() and rnd.random() < 0.5:
                victims = rnd.sample(stages, rnd.randint(1, len(stages)))
                timer = threading.Timer(rnd.expovariate(1 / 0.15), lambda: [p.kill() for p in victims])
                timer.start()
            slow = rnd.random() < 0.3
            try:
                for at in range(0, len(data), 3000):
                    stages[0].stdin.write(data[at:at + 3000])
                    stages[0].stdin.flush()
                    time.sleep(0.03 if slow else 0)
                stages[0].stdin.close()
            except BrokenPipeError:
                pass
            for p in stages:
                p.wait(60)
                self.note('filter', p)
            if timer:
                timer.cancel()
            out.seek(0)
            if all(p.returncode == 0 for p in stages) and out.read() != data:
                self.wrong.append('a filter changed what passed')
        return stages[0].returncode == 0

    def feed(self, seed, err):
        rnd = random.Random(seed)
        while True:
            with self.lock:
                if not self.todo and self.under_way == 0:
                    if sum(self.kills.values()) >= self.least_kills or self.calm.is_set():
                        return
                    # more of the same: all of it is known
                    self.todo += self.pieces(rnd.sample(list(self.events.values()),
                                                        len(self.events) // 4))
                piece = self.todo.pop() if self.todo else None
                self.under_way += piece is not None
            if piece is None:
                time.sleep(0.02)
                continue
            acked = self.give(rnd, piece, err)
            with self.lock:
                self.under_way -= 1
                self.given += 1
                if not acked:
                    self.todo.insert(0, piece)

    def drain(self, seed, err):
        rnd = random.Random(seed)
        while not self.calm.is_set():
            p = subprocess.Popen(['notify', '--drain'], stdin=subprocess.DEVNULL, env=self.env,
                                 stdout=subprocess.DEVNULL, stderr=err)
            try:
                p.wait(rnd.expovariate(1 / 0.25) if rnd.random() < 0.6 else 60)
            except subprocess.TimeoutExpired:
                hl.kill(p)
            self.note('drain', p)
            time.sleep(0.1 * rnd.random())

    def run(self):
        with open(os.path.join(os.environ.get('T', '.'), 'storm.err'), 'wb') as err:
            feeds = [threading.Thread(target=self.feed, args=(self.rnd.random(), err))
                     for _ in range(FILTERS)]
            drains = [threading.Thread(target=self.drain, args=(self.rnd.random(), err))
                      for _ in range(DRAINS)]
            for t in feeds + drains:
                t.start()
            began = time.monotonic()
            for t in feeds:
                t.join(max(1, began + STORM_MAX_S - time.monotonic()))
            self.calm.set()
            for t in feeds + drains:
                t.join(120)
        self.wrong += hl.drain(self.env, self.spool, 300)
        return self.judge()

    def judge(self):
        report = hl.Report()
        q = hl.Queue(self.spool)
        report.figures['temps'] = q.temps()
        hl.judge_requests(self.receiver.requests(), self.events, report)
        q.judge({'new': [], 'dead': [], 'sent': self.events}, report)
        odd = [k for k in self.statuses if k not in ('filter 0', 'filter -13', 'drain 0', 'drain 75')]
        if odd:
            self.wrong.append('odd statuses: %s, see storm.err' % odd)
        ran = hl.notify(self.env, '--list')
        if ran.returncode != 0:
            self.wrong.append('--list: %d %s' % (ran.returncode, ran.stderr))
        return self.wrong + hl.swept(self.env, self.spool) + report.text, report


def storm(a):
    began = time.monotonic()
    rnd = random.Random(hl.seed_of())
    s = Storm(scratch(), a.events, rnd, a.kills)
    try:
        wrong, report = s.run()
    finally:
        s.receiver.stop()
    kills = sum(s.kills.values())
    print('%d events in %d pieces, %d filters and %d drains killed, %.0f s' % (
        a.events, s.given, s.kills['filter'], s.kills['drain'], time.monotonic() - began))
    print('statuses: ' + ', '.join('%s: %d' % kv for kv in sorted(s.statuses.items())))
    print(report.line())
    if kills < a.kills:
        wrong.append('only %d kills' % kills)
    if wrong:
        shutil.copytree(s.top, os.path.join(os.environ.get('T', '.'), 'kept-storm'))
    print('\n'.join(wrong) if wrong else 'each exactly once')
    return 1 if wrong else 0


def selftest(_):
    """Each kind of damage to a log that is right must be seen."""
    events = {e['id']: e for e in (hl.event(i, 'self') for i in range(3))}
    names = list(events)

    def log():
        now, out = time.time(), []
        for e in events.values():
            body = json.dumps({'type': e['type'], 'timestamp': e['ts'], 'data': e},
                              ensure_ascii=False)
            for answer in ('/status/500', '/ok'):
                out.append({'t': now, 'body': body, 'answer': answer,
                            'headers': hl.sign(e['id'], int(now), body)})
        return out

    def changed(i, **more):
        def f(r):
            r[i].update(more)
        return f

    def header(i, name, value):
        def f(r):
            r[i]['headers'][name] = value
        return f

    def cut(a, b):
        def f(r):
            del r[a:b]
        return f

    def resigned(i, body):
        def f(r):
            r[i]['body'] = body
            r[i]['headers'] = hl.sign(names[i // 2], int(r[i]['t']), body)
        return f

    def doubled(r):
        r.append(dict(r[1]))

    damage = {
        '': lambda r: None, 'missing': cut(2, 4), 'missing: no success': cut(3, 4),
        'unknown': header(0, 'webhook-id', 'evt_other'), 'headers': header(0, 'webhook-timestamp', 'x'),
        'signature': header(1, 'webhook-signature', 'v1,AAAA'),
        'signature: of another body': changed(1, body='{}'),
        'timestamp': changed(0, t=time.time() + 1000), 'body: attempts differ': resigned(0, '{"a":1}'),
        'body: no JSON': resigned(0, '{'),
    }
    unseen = 0
    for kind, f in damage.items():
        requests, report = log(), hl.Report()
        f(requests)
        hl.judge_requests(requests, events, report)
        if bool(kind) == report.ok() or (kind and not report.count[kind.partition(':')[0]]):
            print('not seen: %s: %s %s' % (kind or 'all is well', report.line(), report.text))
            unseen += 1
    requests, report = log(), hl.Report()
    doubled(requests)
    hl.judge_requests(requests, events, report)
    unseen += report.figures['repeats'] != 1 or not report.ok()
    print('%d kinds of damage, %d not seen' % (len(damage) - 1, unseen))
    return 1 if unseen else 0


def main():
    p = argparse.ArgumentParser(description='is every event told exactly once?')
    sub = p.add_subparsers(dest='what', required=True)
    s = sub.add_parser('storm')
    s.add_argument('--events', type=int, default=500)
    s.add_argument('--kills', type=int, default=20, help='fewer are a failure')
    sub.add_parser('selftest')
    a = p.parse_args()
    sys.exit({'storm': storm, 'selftest': selftest}[a.what](a))


if __name__ == '__main__':
    main()
