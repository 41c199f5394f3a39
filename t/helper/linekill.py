#!/usr/bin/env python3
"""linekill.py - the whole line, with segments arriving all the time and kill -9
of any of its processes at random; then one clean run of the line, one relay of the
outbox, and drains. The receiver must know every event of every committed batch:
none missing, none twice after dedupe, none that the outbox does not know.

	linekill.py [--kills N] [--rounds N] [--pipeline SCRIPT]

Rounds take turns: in one half the last word is `outbox-relay --once | notify` and
no relay is killed (what it has printed counts as told); in the other it is
`outbox-relay notify`, which is killed on the way like all the others. Half of the
runs go by scripts/pipeline, half by the same line made here. DATABASE_URL names an
initialised database that may be emptied. SEED=n gives the same choices again, the
machine decides the rest.
"""
import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hooklab as hl  # noqa: E402
from crashlab import Lab, Records, Workload, midday, msgpack, ndjson, scratch  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
STAGES = (['spool-gate'], ['notify'], ['spool-replay'], ['notify'])
FEED_S = 0.15		# a segment or two land
KILL_S = 0.08		# what is killed lives up to that long
FAULTS = 15
RUN_MAX_S = 60
MARK = 'LINEKILL_RUN'
DONE = (0, 2, 75)

# As if the minute of a relay that was killed had passed.
RELAYS = """UPDATE sluice.outbox_delivery SET next_attempt_at = now()
WHERE processed_at IS NULL AND NOT failed"""
ACTIVITY = """SELECT pid, state, wait_event_type, wait_event, now() - state_change, query
FROM pg_stat_activity WHERE backend_type = 'client backend'"""
EVENTS = "SELECT coalesce(json_agg(payload), '[]') FROM sluice.outbox"
DEAD = 'SELECT count(*) FROM sluice.outbox_delivery WHERE failed OR processed_at IS NULL'


def marked(mark):
    """pid -> name of all processes that were started with this mark, whoever is
    their parent by now."""
    out, want = {}, ('%s=%s\0' % (MARK, mark)).encode()
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open('/proc/%s/environ' % name, 'rb') as f:
                if want not in f.read() + b'\0':
                    continue
            with open('/proc/%s/comm' % name, encoding='ascii', errors='replace') as f:
                out[int(name)] = f.read().strip()
        except OSError:
            pass
    return out


class Line:
    """A round: a spool, an empty database, a receiver, and what is killed there."""

    def __init__(self, lab, top, rnd, pipeline, number):
        self.lab, self.rnd, self.pipeline = lab, rnd, pipeline
        self.plain = number % 2 == 0
        self.mark = '%d-%d' % (os.getpid(), number)
        self.workload = Workload()
        self.records = Records('line%d' % number, midday(1))
        lab.reset(self.workload)
        self.top = os.path.join(top, 'round')
        shutil.rmtree(self.top, ignore_errors=True)
        self.receiver = hl.Receiver(self.top, FAULTS if number % 4 < 2 else 0, rnd.randrange(1 << 30))
        config = hl.write_settings(self.top, [hl.endpoint_lines(
            'ops', self.receiver.url(), retry=hl.RETRIES, timeout='700ms')], wait='300ms')
        self.env = dict(hl.environment(lab.spool, config), DATABASE_URL=lab.db)
        self.env[MARK] = self.mark
        # a look for leaks is another process with the name of the tool: stopped, it
        # leaves the tool itself waiting for ever
        self.env['ASAN_OPTIONS'] = hl.more_options(self.env, 'ASAN_OPTIONS', 'detect_leaks=0')
        self.kills, self.killed = 0, {}
        self.landed = 0
        self.statuses = {}
        self.wrong = []
        self.end = threading.Event()

    def feed(self, seed):
        rnd = random.Random(seed)
        while not self.end.is_set():
            for _ in range(rnd.randint(0, 2)):
                records = [rnd.choice((self.records.metric, self.records.event))()
                           for _ in range(rnd.randint(1, 3))]
                name = 's%06d' % self.landed
                self.landed += 1
                if rnd.random() < 0.5:
                    files = {name + '.ndjson': ndjson(records)}
                else:
                    files = {name + '.msgpack': msgpack(records)}
                self.workload.files.update(files)
                self.lab.put(files)
            time.sleep(FEED_S * rnd.random())

    def start(self, cmds, err, out=subprocess.DEVNULL):
        """A pipe of commands, whose shell we are."""
        stages = []
        for i, cmd in enumerate(cmds):
            last = i == len(cmds) - 1
            stages.append(subprocess.Popen(cmd, stdin=stages[-1].stdout if i else subprocess.DEVNULL,
                                           stdout=out if last else subprocess.PIPE, stderr=err,
                                           env=self.env))
            if i:
                stages[-2].stdout.close()
        return stages

    def line_cmds(self):
        if self.rnd.random() < 0.5:
            return [['sh', self.pipeline]]
        return [list(s) for s in STAGES]

    def killable(self):
        """What a random kill hits: one process, one tool, or all at once."""
        have = marked(self.mark)
        if not have:
            return []
        if self.rnd.random() < 0.2:
            return list(have.items())
        tool = self.rnd.choice(sorted(set(have.values())))
        return [self.rnd.choice(sorted(x for x in have.items() if x[1] == tool))]

    def hold(self):
        """A notify that reads nothing more for a while, and then dies: what the pipe
        holds is lost."""
        deadline = time.monotonic() + KILL_S
        while time.monotonic() < deadline:
            have = sorted(pid for pid, name in marked(self.mark).items() if name == 'notify')
            if have:
                pid = self.rnd.choice(have)
                try:
                    os.kill(pid, signal.SIGSTOP)
                except ProcessLookupError:
                    return []
                time.sleep(self.rnd.uniform(0, 2 * KILL_S))
                return [(pid, 'notify')]
        return []

    def run_and_kill(self, err):
        """One run of the line, or of what cron runs beside it, with a kill."""
        kind = self.rnd.random()
        if kind < 0.12:
            cmds = [['notify', '--drain']]
        elif kind < 0.24 and not self.plain:
            cmds = [['outbox-relay', 'notify']]
        else:
            cmds = self.line_cmds()
        stages = self.start(cmds, err)
        if self.rnd.random() < 0.3:
            victims = self.hold()
        else:
            time.sleep(self.rnd.uniform(0, KILL_S))
            victims = self.killable()
        self.kills += bool(victims)
        for pid, name in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            self.killed[name] = self.killed.get(name, 0) + 1
        # what is left of it may go on beside the next run, as under cron
        if self.rnd.random() < 0.7:
            self.settle(stages)
        return stages

    def where(self):
        """What processes that hang are at, and what the server knows of it."""
        out = []
        for pid, name in marked(self.mark).items():
            out.append('%d %s' % (pid, name))
            for what in ('wchan', 'syscall', 'stat'):
                try:
                    with open('/proc/%d/%s' % (pid, what), encoding='utf-8') as f:
                        out.append('  %s %s' % (what, f.read(200).strip()))
                except OSError as e:
                    out.append('  %s' % e)
        return '\n'.join(out + [self.lab.psql.query(ACTIVITY)])

    def settle(self, stages):
        deadline = time.monotonic() + RUN_MAX_S
        for p in stages:
            try:
                p.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.wrong.append('%s does not end: %s' % (p.args, self.where()))
                hl.kill(p)
        while marked(self.mark):
            if time.monotonic() > deadline:
                self.wrong.append('still there: %s' % marked(self.mark))
                for pid in marked(self.mark):
                    os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.02)
        for p in stages:
            key = '%s %d' % (os.path.basename(p.args[-1 if p.args[0] == 'sh' else 0]), p.returncode)
            self.statuses[key] = self.statuses.get(key, 0) + 1

    def storm(self, kills, err):
        feeder = threading.Thread(target=self.feed, args=(self.rnd.random(),))
        feeder.start()
        left = []
        while self.kills < kills and not self.wrong:
            left += self.run_and_kill(err)
            left = [p for p in left if p.poll() is None]
        self.end.set()
        feeder.join()
        self.settle(left)
        self.workload.ids.update(self.records.ids)

    def clean(self, err):
        """Once, and nobody dies."""
        lines = os.path.join(self.top, 'lines')
        with open(lines, 'wb') as out:
            ran = self.start([['sh', self.pipeline]], err, out)
            self.settle(ran)
            if ran[0].returncode != 0:
                self.wrong.append('the clean run: status %d' % ran[0].returncode)
        before = len(self.received())
        if not self.plain:
            self.lab.psql.query(RELAYS)
        relay = self.start([['outbox-relay', '--once'], ['notify']] if self.plain else
                           [['outbox-relay', 'notify']], err)
        self.settle(relay)
        if any(p.returncode != 0 for p in relay):
            self.wrong.append('the relay: status %s' % [p.returncode for p in relay])
        self.wrong += hl.drain(self.env, self.lab.spool)
        return before

    def received(self):
        return {r['headers'].get('webhook-id') for r in self.receiver.requests()}

    def judge(self, before):
        events = {e['id']: e for e in json.loads(self.lab.psql.query(EVENTS))}
        report = hl.Report()
        hl.judge_requests(self.receiver.requests(), events, report)
        hl.Queue(self.lab.spool).judge({'new': [], 'dead': [], 'sent': events}, report)
        report.figures['by_relay'] = len(events) - before
        data = self.lab.check(self.workload)
        if not data.ok():
            self.wrong += [data.line()] + data.text
        dead = self.lab.psql.query(DEAD)
        if dead != '0':
            self.wrong.append('the outbox: %s undone or dead' % dead)
        odd = [k for k in self.statuses if int(k.split()[1]) not in DONE + (-9, -13, 137, 141, 143)]
        if odd:
            self.wrong.append('odd statuses: %s, see linekill.err' % odd)
        return self.wrong + report.text, report


def main():
    p = argparse.ArgumentParser(description='every committed batch is told, whoever is killed')
    p.add_argument('--kills', type=int, default=300)
    p.add_argument('--rounds', type=int, default=10)
    p.add_argument('--pipeline', default=os.path.join(HERE, '../../scripts/pipeline'))
    a = p.parse_args()
    rnd = random.Random(hl.seed_of())
    top = scratch()
    lab = Lab(os.environ['DATABASE_URL'], top, 'line')
    began, bad = time.monotonic(), 0
    kills, total, figures = 0, {}, {}
    with open(os.path.join(os.environ.get('T', '.'), 'linekill.err'), 'ab') as err:
        for number in range(a.rounds):
            line = Line(lab, top, rnd, a.pipeline, number)
            try:
                line.storm((a.kills + a.rounds - 1) // a.rounds, err)
                before = line.clean(err)
                wrong, report = line.judge(before)
            finally:
                line.end.set()
                line.receiver.stop()
            print('# round %d, %s: %s; %s; %s' % (
                number, 'relay | notify' if line.plain else 'relay notify', report.line(),
                ' '.join('%s %d' % kv for kv in sorted(line.killed.items())),
                ', '.join('%s: %d' % kv for kv in sorted(line.statuses.items()))), flush=True)
            kills += line.kills
            for k, v in line.killed.items():
                total[k] = total.get(k, 0) + v
            for k, v in report.figures.items():
                figures[k] = figures.get(k, 0) + v
            if wrong:
                bad += 1
                print('BAD round %d\n  %s' % (number, '\n  '.join(wrong)), flush=True)
                keep = os.path.join(os.environ.get('T', '.'), 'kept-line-%d' % number)
                shutil.copytree(lab.spool, os.path.join(keep, 'spool'))
                shutil.copytree(line.top, os.path.join(keep, 'round'))
    print('%d kills (of %s) in %d rounds, %.0f s: %s; %d rounds bad' % (
        kills, ' '.join('%s %d' % kv for kv in sorted(total.items())), a.rounds,
        time.monotonic() - began, ' '.join('%s=%s' % kv for kv in figures.items()), bad))
    lab.psql.close()
    sys.exit(1 if bad or kills < a.kills else 0)


if __name__ == '__main__':
    main()
