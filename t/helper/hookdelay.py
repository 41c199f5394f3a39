#!/usr/bin/env python3
"""hookdelay.py - what receivers of all kinds, dead ones above all, cost the pipe:
the wall of `cat IN | notify >/dev/null` less that of `cat IN | cat >/dev/null`.

	hookdelay.py [--events N] [--preload SO] [--stages N] [--wait TIME] [--jobs N]

After each run every event is sent or in the queue, and every line has passed.
"""
import argparse
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hooklab as hl  # noqa: E402

DELAY_MAX_S = 3.0
TRIES = 3


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
        """A neighbour's disk work is none of ours: the best of some tries counts. Of
        several notifys or endpoints, what the files alone take is left out."""
        for again in range(TRIES):
            own, floor = self.once(kind, urls, stages)
            limit = self.a.max + (floor if stages * len(urls) > 1 else 0)
            if own < limit or self.wrong:
                break
            print('# again: %.2f s' % own)
        if own >= limit:
            self.wrong.append('%s: %.2f s' % (kind, own))
        self.worst = max(self.worst, own)

    def once(self, kind, urls, stages):
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
        if out != self.data or any(statuses):
            self.wrong.append('%s: lines are not as they were, or status %s' % (kind, statuses))
        if have['new'] + have['sent'] != files or have['dead']:
            self.wrong.append('%s: %s' % (kind, have))
        shutil.rmtree(top)
        return own, floor


def run(a):
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


def main():
    p = argparse.ArgumentParser(description='is the pipe held up by a dead receiver?')
    p.add_argument('--events', type=int, default=10000)
    p.add_argument('--preload', help='a library whose getaddrinfo sleeps')
    p.add_argument('--max', type=float, default=DELAY_MAX_S)
    p.add_argument('--stages', type=int, default=2, help='up to so many notifys in the pipe')
    p.add_argument('--wait', help='notify.wait, else the default')
    p.add_argument('--jobs', type=int, default=1, help='so many pipes at once')
    sys.exit(run(p.parse_args()))


if __name__ == '__main__':
    main()
