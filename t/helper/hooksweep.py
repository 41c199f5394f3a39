#!/usr/bin/env python3
"""hooksweep.py - kill notify at one system call with effects after the other, look at
its queue, run it again, and see that each event was told and no file is left.

	hooksweep.py sweep [--random N] [--double N]	N random points; or all, and N
						with a second kill in the next drain
	hooksweep.py one --point STAGE:MODE:N[:N2]	a point of a report again

The seed is printed; SEED=n in the environment gives the same points again.
"""
import argparse
import itertools
import os
import queue
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

KILLED = 137
PAST_END = 3		# a run may make some more calls than the one that was counted
MAX_SHOWN = 10
SECOND_MAX = 30		# of the calls of the drain that is killed in its turn
MODES = ('entry', 'exit')

NOW = ' '.join(['1ms'] * 31)	# tried again at once, and never dead
# stage -> (prepared with, then killed in: settings and arguments)
STAGES = {
    'filter': (None, 'ok', ()),			# queued, sent
    'filter-down': (None, 'down', ()),		# queued, put off
    'drain': ('down', 'ok', ('--drain',)),	# sent
    'drain-down': ('down', 'down', ('--drain',)),	# put off once more
    'drain-dead': ('down', 'last', ('--drain',)),	# dead of the last attempt
    'drain-gone': ('down', 'gone', ('--drain',)),	# the endpoint is disabled
    'redrive': ('gone', 'ok', ('--redrive',)),
}


class Lab:
    """A receiver, the settings of all stages, and a spool for each point."""

    def __init__(self, top):
        self.top = top
        os.makedirs(top, exist_ok=True)
        self.spool = os.path.join(top, 'spool')
        self.receiver = hl.Receiver(top)
        self.events = {e['id']: e for e in (hl.event(i, 'sweep') for i in range(2))}
        self.input = hl.lines(self.events.values())
        self.env = {}
        for name, path, retry in (('ok', '/ok', NOW), ('down', '/status/500', NOW),
                                  ('last', '/status/500', '1ms'), ('gone', '/gone', NOW)):
            folder = os.path.join(top, name)
            os.makedirs(folder, exist_ok=True)
            self.env[name] = hl.environment(self.spool, hl.write_settings(
                folder, [hl.endpoint_lines('ops', self.receiver.url(path), retry=retry)]))

    def prepare(self, stage):
        """A spool as the stage finds it, made once."""
        kept = os.path.join(self.top, 'before-' + stage)
        shutil.rmtree(self.spool, ignore_errors=True)
        how = STAGES[stage][0]
        if how is None:
            return
        if not os.path.isdir(kept):
            hl.notify(self.env[how], stdin=self.input)
            q = hl.Queue(self.spool)
            part = 'dead' if how == 'gone' else 'new'
            if len(q.names(part)) != len(self.events):
                raise RuntimeError('%s is not prepared: %s' % (stage, q.names(part)))
            shutil.copytree(self.spool, kept)
        else:
            shutil.copytree(kept, self.spool)

    def kill(self, stage, mode, n, count_file=None, args=None):
        cmd = ['killat', '--timeout', '60', '--only', 'effects']
        if mode == 'exit':
            cmd.append('--exit')
        if count_file:
            cmd += ['--count', count_file]
        env = dict(self.env[STAGES[stage][1]])
        # a look for leaks does not work under ptrace
        env['ASAN_OPTIONS'] = hl.more_options(env, 'ASAN_OPTIONS', 'detect_leaks=0')
        args = STAGES[stage][2] if args is None else args
        return subprocess.run(cmd + [str(n), 'notify'] + list(args), input=self.input if not args else b'',
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=120)

    def look(self, stage):
        """Just after the kill: every id has one place; new ones may have none yet."""
        q, wrong = hl.Queue(self.spool), []
        for i in self.events:
            places = [p for p in hl.QUEUE_PARTS if 'ops.' + i in q.names(p)]
            if len(places) > 1 or (not places and STAGES[stage][0] is not None):
                wrong.append('queue: %s is in %s' % (i, places or 'no part'))
        report = hl.Report()
        q.judge({p: [n.partition('.')[2] for n in q.names(p)] for p in hl.QUEUE_PARTS}, report)
        ran = hl.notify(self.env['ok'], '--list')
        if ran.returncode != 0:
            wrong.append('--list: %d %s' % (ran.returncode, ran.stderr.decode()))
        return wrong + report.text

    def mend(self, stage):
        """What an operator, or cron, does next."""
        steps, wrong, temps = [], [], hl.Queue(self.spool).temps()
        if STAGES[stage][0] is None:
            steps.append(((), self.input))
        if stage in ('drain-dead', 'drain-gone', 'redrive'):
            steps.append((('--redrive',), b''))
        for args, stdin in steps:
            ran = hl.notify(self.env['ok'], *args, stdin=stdin)
            if ran.returncode != 0 or ran.stdout != stdin:
                wrong.append('notify %s again: %d %s' % (args, ran.returncode, ran.stderr.decode()))
        wrong += hl.drain(self.env['ok'], self.spool, 20)
        if temps:
            wrong += hl.swept(self.env['ok'], self.spool)
        report = hl.Report()
        hl.Queue(self.spool).judge({'new': [], 'dead': [], 'sent': self.events}, report)
        hl.judge_requests(self.receiver.requests(), self.events, report)
        return wrong + report.text, temps, report.figures['repeats']


def run_point(lab, stage, mode, n, second=0):
    """(was it killed, what is wrong, temporary files, repeats)"""
    lab.prepare(stage)
    lab.receiver.forget()
    ran = lab.kill(stage, mode, n)
    wrong = []
    if ran.returncode not in (0, 2, 75, KILLED):
        wrong.append('status %d: %s' % (ran.returncode, ran.stderr.decode()[:500]))
    wrong += lab.look(stage)
    if second:
        lab.kill(stage, mode, second, args=('--drain',))
        wrong += lab.look(stage)
    more, temps, repeats = lab.mend(stage)
    return ran.returncode == KILLED, wrong + more, temps, repeats


class Sweep:
    def __init__(self, jobs):
        self.top = scratch()
        self.labs = [Lab(os.path.join(self.top, 'lab%d' % i)) for i in range(jobs)]
        self.lock = threading.Lock()
        self.points = self.beyond = self.bad = self.temps = self.repeats = 0

    def count(self, stage):
        path = os.path.join(self.top, 'count')
        lab = self.labs[0]
        lab.prepare(stage)
        lab.receiver.forget()
        ran = lab.kill(stage, 'entry', 0, path)
        if ran.returncode not in (0, 2, 75):
            raise SystemExit('%s without a kill: %d %s' % (stage, ran.returncode, ran.stderr.decode()))
        wrong = lab.look(stage) + lab.mend(stage)[0]
        if wrong:
            raise SystemExit('%s without a kill: %s' % (stage, '\n'.join(wrong)))
        with open(path, encoding='ascii') as f:
            return int(f.read())

    def work(self, lab, todo):
        while True:
            try:
                point = todo.get_nowait()
            except queue.Empty:
                return
            try:
                killed, wrong, temps, repeats = run_point(lab, *point)
            except (RuntimeError, subprocess.SubprocessError, OSError, ValueError) as e:
                killed, wrong, temps, repeats = False, ['%s: %s' % (type(e).__name__, e)], 0, 0
            with self.lock:
                self.points += killed
                self.beyond += not killed
                self.temps += temps
                self.repeats += repeats
                self.bad += bool(wrong)
                if wrong and self.bad <= MAX_SHOWN:
                    print('BAD %s\n  again: hooksweep.py one --point %s' % (
                        ' '.join(point[:2]), ':'.join(str(x) for x in point)))
                    print('  ' + '\n  '.join(wrong), flush=True)

    def run(self, points):
        todo = queue.Queue()
        for p in points:
            todo.put(p)
        threads = [threading.Thread(target=self.work, args=(lab, todo)) for lab in self.labs]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def close(self):
        for lab in self.labs:
            lab.receiver.stop()


def sweep(a):
    began = time.monotonic()
    rnd = random.Random(hl.seed_of())
    s = Sweep(a.jobs)
    try:
        stages = a.stages.split(',')
        calls = {stage: s.count(stage) for stage in stages}
        print('# ' + ', '.join('%s: %d calls' % kv for kv in calls.items()), flush=True)
        if not a.random:
            s.run((stage, mode, n) for stage in stages for mode, n in itertools.product(
                MODES, range(1, calls[stage] + PAST_END)))
        points = []
        for i in range(a.random + a.double):
            stage = rnd.choice(stages)
            points.append((stage, rnd.choice(MODES), rnd.randint(1, calls[stage]),
                           rnd.randint(1, SECOND_MAX) if i >= a.random else 0))
        s.run(points)
    finally:
        s.close()
    print('%d points in %.0f s (%d past the end), %d bad; %d temporary files, %d repeats' % (
        s.points, time.monotonic() - began, s.beyond, s.bad, s.temps, s.repeats))
    if s.points < a.least:
        print('only %d points, at least %d are expected' % (s.points, a.least))
    return 0 if not s.bad and s.points >= a.least else 1


def one(a):
    stage, mode, *n = a.point.split(':')
    lab = Lab(os.path.join(scratch(), 'lab'))
    try:
        killed, wrong, _, _ = run_point(lab, stage, mode, *[int(x) for x in n])
    finally:
        lab.receiver.stop()
    print('killed' if killed else 'not killed')
    print('\n'.join(wrong))
    return 1 if wrong else 0


def main():
    p = argparse.ArgumentParser(description='kill notify at every call')
    sub = p.add_subparsers(dest='what', required=True)
    s = sub.add_parser('sweep')
    s.add_argument('--stages', default=','.join(STAGES))
    s.add_argument('--random', type=int, default=0)
    s.add_argument('--double', type=int, default=0)
    s.add_argument('--least', type=int, default=1, help='fewer points are a failure')
    s.add_argument('--jobs', type=int, default=2)
    sub.add_parser('one').add_argument('--point', required=True)
    a = p.parse_args()
    sys.exit({'sweep': sweep, 'one': one}[a.what](a))


if __name__ == '__main__':
    main()
