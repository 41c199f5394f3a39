"""hooklab.py - what the campaigns of notify share: the faulty receiver
(hookd.py), settings for it, and a judge of what it got.

The judge shares no code with the tools: signatures are made again by Python's
hmac, and the queue is read as files.
"""
import base64
import collections
import hashlib
import hmac
import json
import os
import random
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
KEY = base64.b64decode(SECRET.partition('_')[2])
SHOWN = 6		# of each kind
CLOCK_S = 120		# a request is logged that long after it was signed, at most
QUEUE_PARTS = ('new', 'sent', 'dead')
# Thirty-two attempts within ten seconds or so: nothing dies of a receiver that fails.
RETRIES = ' '.join(['100ms'] * 6 + ['200ms'] * 12 + ['500ms'] * 13)


class Receiver:
    """hookd.py, on one port for as long as this lives."""

    def __init__(self, top, faults=0, seed=1, delay_ms=0):
        os.makedirs(top, exist_ok=True)
        self.log = os.path.join(top, 'hooks')
        self.port_file = os.path.join(top, 'port')
        self.port = 0
        self.p = None
        open(self.log, 'ab').close()
        self.start(faults, seed, delay_ms)

    def start(self, faults=0, seed=1, delay_ms=0):
        if os.path.exists(self.port_file):
            os.unlink(self.port_file)
        self.p = subprocess.Popen([sys.executable, os.path.join(HERE, 'hookd.py'), '--log', self.log,
                                   '--port-file', self.port_file, '--port', str(self.port),
                                   '--faults', str(faults), '--seed', str(seed),
                                   '--delay', str(delay_ms)],
                                  stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not os.path.exists(self.port_file):
            if self.p.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError('hookd did not start')
            time.sleep(0.01)
        with open(self.port_file, encoding='ascii') as f:
            self.port = int(f.read())

    def url(self, path='/ok'):
        return 'http://127.0.0.1:%d%s' % (self.port, path)

    def forget(self):
        os.truncate(self.log, 0)

    def stop(self):
        if self.p:
            self.p.terminate()
            self.p.wait()
        self.p = None

    def requests(self):
        with open(self.log, encoding='utf-8') as f:
            return [json.loads(line) for line in f]


def endpoint_lines(name, url, **more):
    lines = ['  %s:' % name, '    url: %s' % url, '    allow_net: 127.0.0.0/8']
    return lines + ['    %s: %s' % kv for kv in more.items()]


def write_settings(top, endpoints, wait=None):
    """endpoints: lists of lines. The path of a sluice.yaml."""
    secret = os.path.join(top, 'secret')
    with open(secret, 'w', encoding='ascii', opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(SECRET + '\n')
    lines = ['notify:', '  connections: 16'] + (['  wait: ' + wait] if wait else []) + ['endpoints:']
    for e in endpoints:
        lines += e + ['    secret_file: ' + secret]
    path = os.path.join(top, 'sluice.yaml')
    with open(path + '.new', 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines) + '\n')
    os.rename(path + '.new', path)
    return path


def environment(spool, config):
    return dict(os.environ, SLUICE_SPOOL=spool, SLUICE_CONFIG=config)


def more_options(env, name, option):
    """For the sanitizers, whose options are one word."""
    return option + (':' + env[name] if env.get(name) else '')


class Report:
    """What is wrong, by kind, and figures."""

    def __init__(self):
        self.count = collections.Counter()
        self.text = []
        self.figures = {}

    def bad(self, kind, text):
        self.count[kind] += 1
        if self.count[kind] <= SHOWN:
            self.text.append('%s: %s' % (kind, text))

    def ok(self):
        return not self.count

    def line(self):
        kinds = ['missing', 'unknown'] + sorted(set(self.count) - {'missing', 'unknown'})
        return ', '.join(['%s %d' % (k, self.count[k]) for k in kinds] +
                         ['%s=%s' % kv for kv in self.figures.items()])


def sign(i, ts, body):
    """The headers of a message, made by Python alone."""
    mac = hmac.new(KEY, b'%s.%d.%s' % (i.encode(), ts, body.encode()), hashlib.sha256)
    return {'webhook-id': i, 'webhook-timestamp': '%d' % ts,
            'webhook-signature': 'v1,' + base64.b64encode(mac.digest()).decode()}


def is_success(answer):
    """What hookd's answer is to the sender, if it gets there: its status counts as
    soon as the headers are in."""
    path, _, query = answer.partition('?')
    if path in ('/hang', '/reset', '/slow', '/gone') or path.startswith('/status/'):
        return False
    return 'status=' not in query


def check_request(r, report):
    """The id, when this is a signed message of ours."""
    h = r['headers']
    i, ts, body = h.get('webhook-id'), h.get('webhook-timestamp', ''), r['body']
    if i is None or not ts.isdigit():
        report.bad('headers', str(h))
        return None
    if h.get('webhook-signature') != sign(i, int(ts), body)['webhook-signature']:
        report.bad('signature', '%s: %s' % (i, h.get('webhook-signature')))
    if not -2 < r['t'] - int(ts) < CLOCK_S:
        report.bad('timestamp', '%s: %s at %s' % (i, ts, r['t']))
    return i


def judge_requests(requests, events, report, exact_body=True):
    """After dedupe by id: each of events (id -> object) exactly once. Duplicates are
    counted: repeats came after an answer that was a success, which the sender did
    not live to see, or waited for in vain."""
    by_id = collections.defaultdict(list)
    for r in requests:
        i = check_request(r, report)
        if i is not None:
            by_id[i].append(r)
    repeats = 0
    for i, rs in by_id.items():
        if i not in events:
            report.bad('unknown', i)
            continue
        if len({r['body'] for r in rs}) != 1:
            report.bad('body', '%s: its attempts differ' % i)
        try:
            body = json.loads(rs[0]['body'])
        except ValueError as e:
            report.bad('body', '%s: %s' % (i, e))
            continue
        e = events[i]
        if body.get('data') != e or body.get('type') != e['type'] or \
                (exact_body and body.get('timestamp') != e['ts']):
            report.bad('body', '%s: %.200s' % (i, rs[0]['body']))
        good = [k for k, r in enumerate(rs) if is_success(r['answer'])]
        if not good:
            report.bad('missing', '%s: never answered by a success, %d requests' % (i, len(rs)))
        else:
            repeats += len(rs) - 1 - good[0]
    for i in events:
        if i not in by_id:
            report.bad('missing', i)
    report.figures.update(events=len(events), received=len(by_id), requests=len(requests),
                          duplicates=len(requests) - len(by_id), repeats=repeats)


class Queue:
    """The files of SPOOL/notify."""

    def __init__(self, spool):
        self.root = os.path.join(spool, 'notify')

    def names(self, part, dots=False):
        path = os.path.join(self.root, part)
        if not os.path.isdir(path):
            return []
        return sorted(n for n in os.listdir(path) if n.startswith('.') == dots)

    def temps(self):
        return sum(len(self.names(part, dots=True)) for part in QUEUE_PARTS)

    def judge(self, want, report, endpoint='ops'):
        """want: part -> ids that must be there and nowhere else. The head of every
        file must be JSON, and in new/ and dead/ a body behind it."""
        for part, ids in want.items():
            have = set(self.names(part))
            expected = {endpoint + '.' + i for i in ids}
            for n in sorted(expected - have):
                report.bad('queue', '%s is not in %s/' % (n, part))
            for n in sorted(have - expected):
                report.bad('queue', '%s should not be in %s/' % (n, part))
            for n in have:
                with open(os.path.join(self.root, part, n), 'rb') as f:
                    head, _, body = f.read().partition(b'\n')
                try:
                    if not isinstance(json.loads(head), dict):
                        raise ValueError('no object')
                    if part != 'sent' and not body:
                        raise ValueError('no body')
                except ValueError as e:
                    report.bad('queue', 'content of %s/%s: %s' % (part, n, e))


def kill(process):
    """SIGKILL, wait; True when that is what it died of."""
    process.kill()
    return process.wait() == -signal.SIGKILL


def notify(env, *args, stdin=b'', timeout=120):
    return subprocess.run(['notify'] + list(args), input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=env, timeout=timeout)


def drain(env, spool, seconds=120):
    """notify --drain until new/ is empty. [] or what is wrong."""
    queue, deadline, runs = Queue(spool), time.monotonic() + seconds, 0
    while True:
        ran = notify(env, '--drain')
        runs += 1
        if ran.returncode not in (0, 75):
            return ['notify --drain: %d %s' % (ran.returncode, ran.stderr.decode()[:500])]
        if not queue.names('new'):
            return []
        if time.monotonic() > deadline:
            return ['%d are still in new/ after %d drains: %s' % (
                len(queue.names('new')), runs, ran.stderr.decode()[:500])]
        time.sleep(0.05)


def swept(env, spool):
    """Temporary files of the dead are gone when they are an hour old."""
    # the clock alone is moved, not the times of the files
    env = dict(env, NO_FAKE_STAT='1')
    ran = subprocess.run(['faketime', '-f', '+2h', 'notify', '--drain'], env=env, timeout=60,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    left = Queue(spool).temps()
    if ran.returncode != 0 or left:
        return ['%d temporary files are left, status %d %s' % (left, ran.returncode,
                                                             ran.stderr.decode()[:300])]
    return []


def event(i, word='hook', **more):
    """An event as a line of the pipe has it, with what JSON can escape."""
    e = {'v': 1, 'type': ('gate.open', 'gate.done', 'embed.done')[i % 3],
         'id': 'evt_%s_%06d' % (word, i), 'ts': '2026-11-21T02:%02d:%02dZ' % (i // 60 % 60, i % 60),
         'status': 'success', 'batch_tag': 't%d' % i, 'text': 'grün "q" \\ \t%d' % i}
    e.update(more)
    return e


def lines(events):
    return b''.join(json.dumps(e, ensure_ascii=False).encode() + b'\n' for e in events)


def seed_of(env=os.environ):
    """Printed, and SEED=n gives the same choices again."""
    s = int(env.get('SEED') or random.SystemRandom().randrange(1 << 30))
    print('# seed %d' % s, flush=True)
    return s
