#!/usr/bin/env python3
"""hookstorm.py - is every event told exactly once, after dedupe by id, whatever
the receiver does and however often notify is killed? And is the pipe never held up?

	hookstorm.py storm [--events N] [--kills N]	a faulty receiver, random kill -9 of
						filters and drains; then drains alone
	hookstorm.py sweep [--random N] [--double N]	killat at every call with effects
	hookstorm.py one --point STAGE:MODE:N[:N2]	a point of a report again
	hookstorm.py delay [--events N] [--preload SO]	what dead receivers cost the pipe
	hookstorm.py selftest			does the judge see damage?

The seed is printed; SEED=n in the environment gives the same choices again, the
machine decides the rest. CRASH_DIR names the place of the spools.
"""
import argparse
import itertools
import json
import os
import queue
import random
import shutil
import socket
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
MODES = ('entry', 'exit')
STORM_MAX_S = 900
PIECE_MAX = 120		# events that one filter is given
FILTERS = 3
DRAINS = 3
DELAY_MAX_S = 3.0


def swept(env, spool):
    """Temporary files of the dead are gone when they are an hour old."""
    # the clock alone is moved, not the times of the files
    env = dict(env, NO_FAKE_STAT='1')
    ran = subprocess.run(['faketime', '-f', '+2h', 'notify', '--drain'], env=env, timeout=60,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    left = hl.Queue(spool).temps()
    if ran.returncode != 0 or left:
        return ['%d temporary files are left, status %d %s' % (left, ran.returncode,
                                                             ran.stderr.decode()[:300])]
    return []


# --- the storm ----------------------------------------------------------------------

class Storm:
    def __init__(self, top, n, rnd, least_kills):
        self.top, self.rnd, self.least_kills = top, rnd, least_kills
        self.spool = os.path.join(top, 'spool')
        self.receiver = hl.Receiver(top, 30, rnd.randrange(1 << 30))
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
        return self.wrong + swept(self.env, self.spool) + report.text, report


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


# --- the sweep ----------------------------------------------------------------------

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
            wrong += swept(self.env['ok'], self.spool)
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
                    print('BAD %s\n  again: hookstorm.py one --point %s' % (
                        point[0], ':'.join(str(x) for x in point)))
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
                           rnd.randint(1, 30) if i >= a.random else 0))
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


# --- the delay ----------------------------------------------------------------------

class Blackhole:
    """A port whose queue of connections is full: the kernel drops the next SYN."""

    def __init__(self):
        self.sockets = [socket.socket()]
        self.sockets[0].bind(('127.0.0.1', 0))
        self.sockets[0].listen(0)
        self.port = self.sockets[0].getsockname()[1]
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(('127.0.0.1', self.port))
            self.sockets.append(s)
        time.sleep(0.2)

    def holds(self):
        s = socket.socket()
        s.settimeout(0.5)
        try:
            s.connect(('127.0.0.1', self.port))
            return False
        except TimeoutError:
            return True
        finally:
            s.close()


def closed_port():
    s = socket.socket()
    s.bind(('127.0.0.1', 0))	# bound and not listening: nobody else gets it
    return s, s.getsockname()[1]


def wall(cmds, path, env):
    """Of cat PATH | cmds >/dev/null: (until the end of the output, until all ended)."""
    began = time.monotonic()
    with open(path, 'rb') as f:
        stages = [subprocess.Popen(['cat'], stdin=f, stdout=subprocess.PIPE)]
    for cmd in cmds:
        stages.append(subprocess.Popen(cmd, stdin=stages[-1].stdout, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=env))
        stages[-2].stdout.close()
    out = stages[-1].stdout.read()
    end = time.monotonic() - began
    for p in stages[1:]:
        if p.stderr:
            p.stderr.read()
    statuses = [p.wait(120) for p in stages]
    return end, time.monotonic() - began, out, statuses


def disk(top, n):
    """Seconds for n small files that survive a power cut, made as anybody would."""
    folder = os.path.join(top, 'disk')
    os.makedirs(folder)
    began = time.monotonic()
    for i in range(n):
        fd = os.open(os.path.join(folder, '.x'), os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(fd, b'x' * 300)
        os.fsync(fd)
        os.close(fd)
        os.rename(os.path.join(folder, '.x'), os.path.join(folder, '%d' % i))
    took = time.monotonic() - began
    shutil.rmtree(folder)
    return took


class Delay:
    """One pipe after the other, each to receivers of a kind."""

    def __init__(self, a):
        self.a, self.wrong, self.worst = a, [], 0
        self.top = os.path.join(os.environ.get('T', '.'), 'delay')
        os.makedirs(self.top, exist_ok=True)
        self.path = os.path.join(self.top, 'in')
        self.data = hl.lines([hl.event(i, 'delay') for i in range(a.events)])
        with open(self.path, 'wb') as f:
            f.write(self.data)
        self.base = min(wall([['cat']], self.path, os.environ)[1] for _ in range(3))

    def run(self, kind, urls, stages):
        top = os.path.join(self.top, '%s-%d' % (kind.replace(' ', '-'), stages))
        os.makedirs(top)
        files = self.a.events * len(urls)
        floor = disk(top, files)
        spool = os.path.join(top, 'spool')
        env = hl.environment(spool, hl.write_settings(top, [
            hl.endpoint_lines('e%d' % i, u) for i, u in enumerate(urls)], wait=self.a.wait))
        if 'resolver' in kind:
            env['LD_PRELOAD'] = self.a.preload
            env['ASAN_OPTIONS'] = hl.more_options(env, 'ASAN_OPTIONS', 'verify_asan_link_order=0')
        end, whole, out, statuses = wall([['notify']] * stages, self.path, env)
        own = whole - self.base
        q = hl.Queue(spool)
        have = {p: len(q.names(p)) for p in hl.QUEUE_PARTS}
        print('%-26s %d x notify: %5.2f s in all, %5.2f s to the end of the lines; new %d, sent %d; '
              'the files alone %.2f s' % (kind, stages, own, end - self.base, have['new'],
                                          have['sent'], floor), flush=True)
        self.worst = max(self.worst, own)
        # what waits for the disk does not wait for a receiver
        if own - floor >= self.a.max:
            self.wrong.append('%s: %.2f s' % (kind, own))
        if out != self.data or any(statuses):
            self.wrong.append('%s: lines are not as they were, or status %s' % (kind, statuses))
        if have['new'] + have['sent'] != files or have['dead']:
            self.wrong.append('%s: %s' % (kind, have))
        shutil.rmtree(top)


def delay(a):
    d = Delay(a)
    r = hl.Receiver(os.path.join(d.top, 'r'))
    late = hl.Receiver(os.path.join(d.top, 'late'), delay_ms=150)
    hole, (keep, closed) = Blackhole(), closed_port()
    dropping = 'http://127.0.0.1:%d/' % hole.port
    kinds = {
        'answers': [r.url()], 'takes its time': [late.url()],
        'hangs after the request': [r.url('/hang')], 'drips': [r.url('/slow')],
        'says 503': [r.url('/status/503')], 'is closed': ['http://127.0.0.1:%d/' % closed],
        'has no name': ['http://no-such-host.invalid/'], 'drops packets': [dropping],
        'is three, all dead': [r.url('/hang'), dropping, r.url('/slow')],
    }
    if not hole.holds():
        print('# no way to drop packets here: left out')
        del kinds['drops packets']
    if a.preload:
        kinds['has a resolver that hangs'] = ['http://slow.example/']
    todo = queue.Queue()
    for kind, urls in kinds.items():
        for stages in range(1, a.stages + 1):
            todo.put((kind, urls, stages))

    def work():
        while True:
            try:
                d.run(*todo.get_nowait())
            except queue.Empty:
                return
    threads = [threading.Thread(target=work) for _ in range(a.jobs)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    keep.close()
    r.stop()
    late.stop()
    print('\n'.join(d.wrong) if d.wrong else 'the worst: %.2f s' % d.worst)
    shutil.rmtree(d.top)
    return 1 if d.wrong else 0


# --- the judge ------------------------------------------------------------------------

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
    p = argparse.ArgumentParser(description='is every event told once, and the pipe not held up?')
    sub = p.add_subparsers(dest='what', required=True)
    s = sub.add_parser('storm')
    s.add_argument('--events', type=int, default=500)
    s.add_argument('--kills', type=int, default=20, help='fewer are a failure')
    s = sub.add_parser('sweep')
    s.add_argument('--stages', default=','.join(STAGES))
    s.add_argument('--random', type=int, default=0)
    s.add_argument('--double', type=int, default=0)
    s.add_argument('--least', type=int, default=1, help='fewer points are a failure')
    s.add_argument('--jobs', type=int, default=2)
    sub.add_parser('one').add_argument('--point', required=True)
    s = sub.add_parser('delay')
    s.add_argument('--events', type=int, default=10000)
    s.add_argument('--preload', help='a library whose getaddrinfo sleeps')
    s.add_argument('--max', type=float, default=DELAY_MAX_S)
    s.add_argument('--stages', type=int, default=2, help='up to so many notifys in the pipe')
    s.add_argument('--wait', help='notify.wait, else the default')
    s.add_argument('--jobs', type=int, default=1, help='so many pipes at once')
    sub.add_parser('selftest')
    a = p.parse_args()
    sys.exit({'storm': storm, 'sweep': sweep, 'one': one, 'delay': delay,
              'selftest': selftest}[a.what](a))


if __name__ == '__main__':
    main()
