#!/usr/bin/env python3
"""crash.py - kill the line under test at one system call after the other, run it
once more, and have check.py compare. Also the database's side: the lost answer
to COMMIT, and a cut after every message.

	crash.py sweep --stages write,gate,replay,archive,line [--random N] [--double N]
	crash.py one --point STAGE:MODE:N[+N2]	a point of a report again
	crash.py selftest			does the checker see damage?
	crash.py lost | cut

DATABASE_URL names an initialised database that may be emptied. The seed is
printed; SEED=n in the environment gives the same points again.
"""
import argparse
import itertools
import json
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crashlab import (Lab, Records, Workload, databases, midday, ndjson,  # noqa: E402
                      scratch, small_workload, tiny_workload)

KILLED = 137
PAST_END = 3		# a run may make some more calls than the one that was counted
MAX_SHOWN = 10
MODES = ('entry', 'exit')
WRITE_RECORDS = 8


class Point:
    """Where to kill. calls: every call, or those with effects only."""

    def __init__(self, stage, mode, calls, n, second=0, fresh=False, args=()):
        self.stage, self.mode, self.calls, self.n = stage, mode, calls, n
        self.second, self.fresh, self.args = second, fresh, tuple(args)

    def __str__(self):
        return ':'.join([self.stage, self.mode, self.calls, str(self.n), str(self.second),
                         'fresh' if self.fresh else '', ' '.join(self.args)])

    @classmethod
    def parse(cls, text):
        stage, mode, calls, n, second, fresh, args = text.split(':')
        return cls(stage, mode, calls, int(n), int(second), fresh == 'fresh', args.split())


class Stage:
    """How a stage is brought about, and the command that is killed in it."""

    def __init__(self, lab, workload, point):
        self.lab, self.point = lab, point
        self.stdin = b''
        lab.fresh_partitions = point.fresh
        lab.reset(workload)
        if point.stage == 'gate':
            self.cmd = lab.gate_cmd()
        elif point.stage == 'line':
            self.cmd = ['sh', '-c', 'spool-gate -s "$0" | spool-replay -s "$0" "$@"', lab.spool] + \
                list(point.args)
        else:
            opened = lab.run(lab.gate_cmd())
            if opened.returncode != 0:
                raise RuntimeError('spool-gate: %d %s' % (opened.returncode, opened.stderr))
            self.stdin = opened.stdout
            self.cmd = lab.replay_cmd(*point.args)
        if point.stage == 'archive':
            # a segment is committed and not yet moved
            lab.run(['killat', '--after-send', 'COMMIT', '--hold', '20', '3'] + self.cmd, self.stdin)

    def kill(self, n, count_file=None):
        cmd = ['killat', '--timeout', '60']
        if self.point.calls == 'effects':
            cmd += ['--only', 'effects']
        if self.point.mode == 'exit':
            cmd.append('--exit')
        if count_file:
            cmd += ['--count', count_file]
        return self.lab.run(cmd + [str(n)] + self.cmd, self.stdin)


def run_write(lab, point, count_file=None):
    """spool-write: what it acknowledged is accepted. The producer sends the rest
    again, the loader drops the events that it then sees twice."""
    r = Records('write', midday(1))
    records = [r.event() for _ in range(WRITE_RECORDS)]
    w = Workload()
    lab.fresh_partitions = False
    lab.reset(w)
    w.ids.update(r.ids)
    write = ['spool-write', '-s', lab.spool, '--max-records', '3']
    stage = Stage.__new__(Stage)
    stage.lab, stage.point, stage.cmd, stage.stdin = lab, point, write, ndjson(records)
    ran = stage.kill(point.n, count_file)
    acked = [json.loads(line) for line in ran.stdout.splitlines()]
    for a in acked:
        w.accepted[a['sha256']] += 1
    rest = records[sum(a['records'] for a in acked):]
    if ran.returncode not in (0, KILLED):
        return False, ['spool-write: %d %s' % (ran.returncode, ran.stderr.decode())]
    if rest:
        again = lab.run(write, ndjson(rest))
        if again.returncode != 0:
            return True, ['spool-write again: %d %s' % (again.returncode, again.stderr.decode())]
    return ran.returncode == KILLED, lab.judge(lab.line('--dedupe'), w, extra_files=True)


def run_point(lab, workload, point):
    """(was it killed, what is wrong)"""
    if point.stage == 'write':
        return run_write(lab, point)
    stage = Stage(lab, workload, point)
    ran = stage.kill(point.n)
    killed = ran.returncode == KILLED
    if ran.returncode not in (0, 2, KILLED):
        return killed, ['status %d before the kill: %s' % (ran.returncode, ran.stderr.decode())]
    if point.second:
        again = Stage.__new__(Stage)
        again.lab, again.point, again.stdin = lab, point, b''
        again.cmd = ['sh', '-c', 'spool-gate -s "$0" | spool-replay -s "$0"', lab.spool]
        ran = again.kill(point.second)
        if ran.returncode not in (0, 2, KILLED):
            return killed, ['status %d in the second run: %s' % (ran.returncode,
                                                                ran.stderr.decode())]
    return killed, lab.judge(lab.line(), workload)


class Campaign:
    def __init__(self, jobs):
        top = scratch()
        self.top = top
        self.labs = [Lab(db, top, 'lab%d' % i)
                     for i, db in enumerate(databases(os.environ['DATABASE_URL'], jobs))]
        self.workload = small_workload()
        self.lock = threading.Lock()
        self.points = self.beyond = 0
        self.bad = []
        self.kinds = {'lost': 0, 'duplicated': 0}

    def note(self, point, killed, wrong, lab):
        with self.lock:
            self.points += killed
            self.beyond += not killed
            if not wrong:
                return
            self.bad.append((point, wrong))
            for kind in self.kinds:
                self.kinds[kind] += sum(int(n) for n in re.findall(kind + r' ([0-9]+)\b', wrong[0]))
            if len(self.bad) > MAX_SHOWN:
                return
            keep = os.path.join(os.environ.get('T', '.'), 'kept-%d' % len(self.bad))
            shutil.copytree(lab.spool, keep, symlinks=True, dirs_exist_ok=True)
            print('BAD %s' % point)
            print('  again: crash.py one --point "%s"' % point)
            for line in wrong:
                print('  ' + line.replace('\n', '\n  '), flush=True)

    def work(self, lab, todo):
        while True:
            try:
                point = todo.get_nowait()
            except queue.Empty:
                return
            try:
                killed, wrong = run_point(lab, self.workload, point)
            except (RuntimeError, subprocess.SubprocessError, OSError, ValueError) as e:
                killed, wrong = False, ['%s: %s' % (type(e).__name__, e)]
            self.note(point, killed, wrong, lab)

    def run(self, points):
        todo = queue.Queue()
        for p in points:
            todo.put(p)
        threads = [threading.Thread(target=self.work, args=(lab, todo)) for lab in self.labs]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def count(self, stage, calls, args=(), fresh=False):
        """How many calls a whole run of the stage makes."""
        lab, path = self.labs[0], os.path.join(self.top, 'count')
        if stage == 'write':
            _, wrong = run_write(lab, Point(stage, 'entry', calls, 0), path)
            if wrong:
                raise SystemExit('a run of spool-write without a kill: %s' % '\n'.join(wrong))
            with open(path, encoding='ascii') as f:
                return int(f.read())
        ran = Stage(lab, self.workload, Point(stage, 'entry', calls, 0, 0, fresh, args)).kill(0, path)
        if ran.returncode not in (0, 2):
            raise SystemExit('a run of %s without a kill has status %d: %s' % (
                stage, ran.returncode, ran.stderr.decode()))
        wrong = lab.judge(lab.line(), self.workload)
        if wrong:
            raise SystemExit('a run of %s without a kill: %s' % (stage, '\n'.join(wrong)))
        with open(path, encoding='ascii') as f:
            return int(f.read())

    def close(self):
        for lab in self.labs:
            lab.psql.close()

    def end(self, what, least, seconds):
        print('%s: %d points in %.0f s (%d past the end), %d bad: %d lost, %d duplicated' % (
            what, self.points, seconds, self.beyond, len(self.bad), self.kinds['lost'],
            self.kinds['duplicated']))
        if self.points < least:
            print('only %d points, at least %d are expected' % (self.points, least))
        self.close()
        return 0 if not self.bad and self.points >= least else 1


VARIANTS = {	# of the stages: arguments of spool-replay
    'write': [()], 'gate': [()], 'archive': [('-j', '1')], 'line': [()], 'replay': [('-j', '1'), ('-j', '2')],
}


def all_points(c, stages, calls, modes):
    for stage in stages:
        for args in VARIANTS[stage]:
            n = c.count(stage, calls, args)
            print('# %s %s: %d calls' % (stage, ' '.join(args), n), flush=True)
            for mode, i in itertools.product(modes, range(1, n + PAST_END)):
                yield Point(stage, mode, calls, i, 0, False, args)


def random_points(c, stages, n, rnd, doubles):
    kinds = [(s, a, f) for s in stages for a in VARIANTS[s] for f in (False, False, True)]
    calls = {k: c.count(k[0], 'effects', k[1], k[2]) for k in kinds}
    whole = c.count('line', 'effects')
    for i in range(n + doubles):
        stage, args, fresh = kind = rnd.choice(kinds)
        yield Point(stage, rnd.choice(MODES), 'effects', rnd.randint(1, calls[kind]),
                    rnd.randint(1, whole) if i >= n else 0, fresh, args)


def sweep(a):
    seed = int(os.environ.get('SEED', random.SystemRandom().randrange(1 << 30)))
    print('# seed %d' % seed, flush=True)
    began = time.monotonic()
    c = Campaign(a.jobs)
    stages = a.stages.split(',')
    if not a.random:
        c.run(all_points(c, stages, a.calls, a.modes.split(',')))
    if a.random or a.double:
        c.run(random_points(c, stages, a.random, random.Random(seed), a.double))
    return c.end('sweep', a.least, time.monotonic() - began)


def one(a):
    c = Campaign(1)
    killed, wrong = run_point(c.labs[0], c.workload, Point.parse(a.point))
    print('killed' if killed else 'not killed', c.labs[0].spool)
    print('\n'.join(wrong))
    return 1 if wrong else 0


def lost(a):
    """The K-th COMMIT is sent and its answer never read: with the server done
    (held), and still at work (not held)."""
    began = time.monotonic()
    c = Campaign(1)
    lab = c.labs[0]
    for stage, hold in itertools.product(('gate', 'replay', 'line'), (0, 50)):
        for k in itertools.count(1):
            point = Point(stage, 'commit sent, held %d ms' % hold, 'effects', k)
            s = Stage(lab, c.workload, point)
            ran = lab.run(['killat', '--after-send', 'COMMIT', '--hold', str(hold), str(k)] + s.cmd,
                          s.stdin)
            wrong = lab.judge(lab.line(), c.workload)
            c.note(point, ran.returncode == KILLED, wrong, lab)
            if ran.returncode != KILLED:
                break
    return c.end('commit lost', a.least, time.monotonic() - began)


def cut(a):
    """The connection ends after each message of a run, in either direction; with
    nobody behind the cut, and (from time to time, or always) with the server
    still there for a second connection."""
    began = time.monotonic()
    c = Campaign(1)
    lab = c.labs[0]
    c.workload = tiny_workload()
    server = lab.psql.query("SELECT split_part(current_setting('unix_socket_directories'), ',', 1)"
                            " || '/.s.PGSQL.' || current_setting('port')")
    door = os.path.join(lab.top, 'door')
    os.makedirs(door, exist_ok=True)
    env = dict(lab.env, DATABASE_URL='%s host=%s port=5432' % (lab.db, door))
    for once, points in (((), itertools.count(1)), (('--once',), itertools.count(1, a.stride))):
        for n in points:
            lab.reset(c.workload)
            proxy = subprocess.Popen(['tcpcut', '--listen', door + '/.s.PGSQL.5432', '--to', server,
                                      '--cut', str(n)] + list(once), stdout=subprocess.PIPE)
            proxy.stdout.readline()
            ran = lab.line('-j', '1', env=env)
            proxy.terminate()
            was_cut = proxy.wait() == 0
            proxy.stdout.close()
            wrong = []
            # one cut line is a service that is down: 75. With --once the tool may
            # connect again, and end well.
            good = (0, 2, 75) if once or not was_cut else (0, 75)
            if was_cut and not once and 75 not in (ran.gate, ran.replay):
                # only the good-bye can have been cut
                wrong += lab.judge(ran, c.workload)
            if ran.gate not in good or ran.replay not in good + (2,):
                wrong.append('gate %d, replay %d: %s' % ran)
            wrong += lab.judge(lab.line(), c.workload)
            c.note(Point('line', 'cut' + ' once' * bool(once), 'message', n), was_cut, wrong, lab)
            if not was_cut:
                break
    return c.end('cut', a.least, time.monotonic() - began)


# What a bug would leave behind: shell in the spool, or SQL. Each must be seen.
DAMAGE = [
    ('a lost row', 'sql', 'DELETE FROM sluice.events WHERE ctid = (SELECT min(ctid) FROM sluice.events)'),
    ('a doubled row', 'sql', 'INSERT INTO sluice.metrics SELECT * FROM sluice.metrics LIMIT 1'),
    ('a row of nobody', 'sql', "UPDATE sluice.events SET segment_id = 0"),
    ('an invented row', 'sql', "INSERT INTO sluice.metrics SELECT ts, name, value, "
     "'{\"id\":\"ck-x-000000\"}', segment_id FROM sluice.metrics LIMIT 1"),
    ('a batch left open', 'sql', "UPDATE sluice.ingestion_manifest SET status = 'open'"),
    ('wrong totals', 'sql', "UPDATE sluice.ingestion_manifest SET totals = totals || '{\"rejected\":0}'"),
    ('wrong rows in totals', 'sql', "UPDATE sluice.ingestion_manifest SET totals = "
     "jsonb_set(totals, '{rows,events}', '1')"),
    ('a wrong status', 'sql', "UPDATE sluice.ingestion_manifest SET status = 'success'"),
    ('no ledger row', 'sql', "DELETE FROM sluice.ingestion_segment WHERE name = 'b.ndjson'"),
    ('a wrong ledger row', 'sql', "UPDATE sluice.ingestion_segment SET rejected = 7"),
    ('no gate.done', 'sql', "DELETE FROM sluice.outbox_delivery; DELETE FROM sluice.outbox "
     "WHERE type = 'gate.done'"),
    ('gate.open twice', 'sql', "SELECT sluice.outbox_add(type, key, payload) FROM sluice.outbox "
     "WHERE type = 'gate.open'"),
    ('no delivery', 'sql', "DELETE FROM sluice.outbox_delivery"),
    ('a batch without its row', 'sql', "DELETE FROM sluice.ingestion_manifest"),
    ('a lost file', 'sh', 'rm "$(find archive -name b.ndjson)"'),
    ('a doubled file', 'sh', 'f=$(find archive -name b.ndjson); cp "$f" "$f.1.ndjson"'),
    ('a file in failed/', 'sh', 'f=$(find archive -name b.ndjson); mv "$f" failed/'),
    ('a file left behind', 'sh', 'mv "$(find archive -name b.ndjson)" incoming/'),
    ('a folder left behind', 'sh', 'mkdir processing/20260101T000000Z-0123456789abcdef'),
    ('a lost reject', 'sh', 'rm "$(find failed -name "b.ndjson*")"'),
    ('a doubled reject', 'sh', 'f=$(find failed -name "b.ndjson*"); cat "$f" >x; cat x >>"$f"; rm x'),
    ('a changed file', 'sh', 'echo >>"$(find archive -name b.ndjson)"'),
]


def selftest(_):
    c = Campaign(1)
    lab = c.labs[0]
    unseen = 0
    for what, how, damage in [('nothing', 'sql', 'SELECT 1')] + DAMAGE:
        lab.reset(c.workload)
        wrong = lab.judge(lab.line(), c.workload)
        if wrong:
            print('without damage: %s' % wrong)
            return 1
        if how == 'sql':
            lab.psql.query(damage)
        else:
            subprocess.run(['sh', '-ec', damage], cwd=lab.spool, check=True)
        report = lab.check(c.workload)
        if report.ok() != (what == 'nothing'):
            print('not seen: %s' % what)
            unseen += 1
    c.close()
    print('%d kinds of damage, %d not seen' % (len(DAMAGE), unseen))
    return 1 if unseen else 0


def main():
    p = argparse.ArgumentParser(description='kill the line at every point')
    sub = p.add_subparsers(dest='what', required=True)
    s = sub.add_parser('sweep')
    s.add_argument('--stages', default='write,gate,replay,archive,line')
    s.add_argument('--modes', default='entry,exit')
    s.add_argument('--calls', choices=('all', 'effects'), default='all')
    s.add_argument('--random', type=int, default=0)
    s.add_argument('--double', type=int, default=0)
    for name in ('lost', 'cut', 'selftest', 'one'):
        q = sub.add_parser(name)
        if name == 'one':
            q.add_argument('--point', required=True)
    sub.choices['cut'].add_argument('--stride', type=int, default=1, help='of the cuts with --once')
    for q in sub.choices.values():
        q.add_argument('--least', type=int, default=1, help='fewer points are a failure')
        q.add_argument('--jobs', type=int, default=2)
    a = p.parse_args()
    sys.exit({'sweep': sweep, 'one': one, 'lost': lost, 'cut': cut, 'selftest': selftest}[a.what](a))


if __name__ == '__main__':
    main()
