#!/usr/bin/python3
"""hookd.py - a receiver of web hooks, good and bad, for the tests.

    hookd.py --log FILE --port-file FILE [--port N] [--bind ADDR]...
             [--faults PERCENT --seed N] [--plan FILE] [--tls CERT KEY] [--delay MS]

Listens on 127.0.0.1 (or on each --bind, one port for all); the port is in
--port-file as soon as it listens. A request that was read WHOLE is a line of --log
before anything is answered: {"t","path","method","headers","body","answer","port"},
answer being what it was given, port the client's. SIGTERM ends it.

The path says what happens; any other path, and /ok, is 204:
    /status/503 /status/429?retry-after=7   that status
    /gone           410
    /hang           logged, never answered
    /reset          logged, then RST
    /reset-early    RST before it is read, not logged
    /slow           headers that drip and never end
    /drip           200 and a body that drips (?status=500)
    /huge           200 and a body of 1 GiB, chunked (?status=)
    /die            200 and half of a body, then RST (?status=)
    /bomb           200, and a gzip transfer coding that becomes 1 GiB
    /redirect?to=URL    302 (?status=)
    /garbage        no HTTP
    /bigheader      1 MiB in one header (?lines=N: in N)
    /echo           the request's headers come back, as header and as body
    /100            100 and 103, both with Retry-After: 9, then 204
    /close          204, and the connection ends
--faults 30: of the requests to /ok 30 in 100 get one of FAULTS below instead.
--plan FILE: one of the above a line for each request in turn, whatever its path; the
last one stays.
"""
import argparse
import asyncio
import json
import os
import random
import signal
import socket
import ssl
import struct
import sys
import time
import urllib.parse
import zlib

FAULTS = ['/hang', '/status/429?retry-after=1', '/status/500', '/reset', '/reset-early',
          '/huge', '/drip?status=500', '/slow']
HEAD_MAX = 1 << 20
BODY_MAX = 64 << 20
HUGE = 1 << 30
DRIP_S = 0.2
REASONS = {200: 'OK', 204: 'No Content', 302: 'Found', 410: 'Gone', 429: 'Too Many Requests',
           500: 'Internal Server Error', 503: 'Service Unavailable'}


class Receiver:
    def __init__(self, opt):
        self.opt = opt
        self.log = os.open(opt.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self.random = random.Random(opt.seed)
        self.plan = []
        self.used = 0
        if opt.plan:
            with open(opt.plan, encoding='utf-8') as f:
                self.plan = [x.strip() for x in f if x.strip() and not x.startswith('#')]

    def behaviour(self, path):
        """What a request to this path gets: once for each request."""
        if self.plan:
            path = self.plan[min(self.used, len(self.plan) - 1)]
            self.used += 1
            return path if path.startswith('/') else '/' + path
        name = path.partition('?')[0]
        if (name == '/ok' or name.startswith('/ok/')) and self.opt.faults:
            if self.random.random() * 100 < self.opt.faults:
                return self.random.choice(FAULTS)
        return path

    def write(self, record):
        line = json.dumps(record, ensure_ascii=False).encode('utf-8', 'replace') + b'\n'
        os.write(self.log, line)


class Connection(asyncio.Protocol):
    def __init__(self, receiver):
        self.receiver = receiver
        self.buf = bytearray()
        self.transport = None
        self.port = None
        self.what = None        # of the request that is being read
        self.head = None
        self.dead = False
        self.busy = None        # the task that answers; requests behind it wait
        self.room = asyncio.Event()
        self.room.set()

    def connection_made(self, transport):
        self.transport = transport
        self.port = transport.get_extra_info('peername')[1]

    def connection_lost(self, exc):
        self.dead = True
        self.room.set()
        if self.busy:
            self.busy.cancel()

    def pause_writing(self):
        self.room.clear()

    def resume_writing(self):
        self.room.set()

    def reset(self):
        """SO_LINGER 0 makes the close an RST."""
        self.dead = True
        self.transport.get_extra_info('socket').setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.transport.abort()

    def data_received(self, data):
        self.buf += data
        if not self.busy:
            self.step()

    def step(self):
        while not self.dead and not self.busy and self.request():
            pass

    def request(self):
        """One request of the buffer, if it is there; True: look for another."""
        if self.what is None:
            end = self.buf.find(b'\n')
            if end < 0:
                if len(self.buf) > HEAD_MAX:
                    self.reset()
                return False
            word = bytes(self.buf[:end]).decode('latin-1').split()
            if len(word) != 3:
                self.say(400, close=True)
                return False
            self.method, self.path = word[0], word[1]
            self.what = self.receiver.behaviour(self.path)
            if self.what.partition('?')[0] == '/reset-early':
                self.reset()
                return False
        if self.head is None and not self.read_head():
            return False
        body = self.read_body()
        if body is None:
            return False
        what, self.what = self.what, None
        headers, self.head = self.head, None
        self.receiver.write({'t': time.time(), 'path': self.path, 'method': self.method,
                             'headers': headers, 'body': body.decode('utf-8', 'replace'),
                             'answer': what, 'port': self.port})
        if self.receiver.opt.delay:
            self.start(self.later(what, headers))
            return False
        self.answer(what, headers)
        return True

    def read_head(self):
        end = self.buf.find(b'\r\n\r\n')
        if end < 0:
            if len(self.buf) > HEAD_MAX:
                self.reset()
            return False
        self.head = {}
        for line in bytes(self.buf[:end]).decode('latin-1').split('\r\n')[1:]:
            name, _, value = line.partition(':')
            name = name.strip().lower()
            value = value.strip()
            self.head[name] = self.head[name] + ', ' + value if name in self.head else value
        del self.buf[:end + 4]
        if 'expect' in self.head:
            self.transport.write(b'HTTP/1.1 100 Continue\r\n\r\n')
        return True

    def read_body(self):
        if self.head.get('transfer-encoding', '').lower() == 'chunked':
            return self.read_chunks()
        length = int(self.head.get('content-length', '0'))
        if length > BODY_MAX:
            self.reset()
            return None
        if len(self.buf) < length:
            return None
        body = bytes(self.buf[:length])
        del self.buf[:length]
        return body

    def read_chunks(self):
        body, at = b'', 0
        while True:
            end = self.buf.find(b'\r\n', at)
            if end < 0:
                return None
            size = int(bytes(self.buf[at:end]).split(b';')[0], 16)
            if len(self.buf) < end + 2 + size + 2:
                return None
            body += self.buf[end + 2:end + 2 + size]
            at = end + 2 + size + 2
            if size == 0:
                del self.buf[:at]
                return body

    def start(self, coroutine):
        self.busy = asyncio.get_running_loop().create_task(self.task(coroutine))

    async def task(self, coroutine):
        await coroutine
        self.busy = None
        self.step()

    async def later(self, what, headers):
        await asyncio.sleep(self.receiver.opt.delay / 1000)
        self.busy = None
        self.answer(what, headers)
        # what it started goes on by itself; this task must not forget it
        if self.busy:
            await self.busy

    def say(self, status, body=b'', header='', close=False):
        if status in (204, 304) or status < 200:
            body, length = b'', ''
        else:
            length = 'Content-Length: %d\r\n' % len(body)
        self.transport.write(('HTTP/1.1 %d %s\r\n%s%s%s\r\n' % (
            status, REASONS.get(status, 'Status'), length, header,
            'Connection: close\r\n' if close else '')).encode('latin-1') + body)
        if close:
            self.dead = True
            self.transport.close()

    def answer(self, what, headers):
        path, _, query = what.partition('?')
        arg = dict(urllib.parse.parse_qsl(query))
        name = path.strip('/').split('/')
        status = int(arg.get('status', '200'))
        if name[0] == 'status':
            header = 'Retry-After: %s\r\n' % arg['retry-after'] if 'retry-after' in arg else ''
            self.say(int(name[1]), b'status %s\n' % name[1].encode(), header)
        elif name[0] == 'gone':
            self.say(410, b'gone\n')
        elif name[0] == 'redirect':
            self.say(int(arg.get('status', '302')), header='Location: %s\r\n' % arg['to'])
        elif name[0] == 'garbage':
            self.transport.write(bytes(range(256)) * 16)
            self.dead = True
            self.transport.close()
        elif name[0] == 'bigheader':
            lines = int(arg.get('lines', '1'))
            self.say(200, header=('X-Big: %s\r\n' % ('a' * ((1 << 20) // lines))) * lines)
        elif name[0] == 'echo':
            self.say(200, json.dumps(headers).encode(),
                     ''.join('X-Echo-%s: %s\r\n' % h for h in headers.items()))
        elif name[0] == 'close':
            self.say(204, close=True)
        elif name[0] == 'reset':
            self.reset()
        elif name[0] == 'die':
            self.start(self.die(status))
        elif name[0] == '100':
            self.start(self.interim())
        elif name[0] == 'bomb':
            self.start(self.bomb())
        elif name[0] == 'huge':
            self.start(self.huge(status))
        elif name[0] == 'drip':
            self.start(self.drip('HTTP/1.1 %d Drip\r\nContent-Length: 1000000\r\n\r\n' % status))
        elif name[0] == 'slow':
            self.start(self.drip('HTTP/1.1 200 OK\r\nX-Slow: '))
        elif name[0] == 'hang':
            self.start(asyncio.sleep(86400))
        else:
            self.say(204)

    async def interim(self):
        for status in (100, 103):
            self.say(status, header='Retry-After: 9\r\n')
            await asyncio.sleep(0.05)
        self.say(204)

    async def die(self, status):
        self.transport.write(b'HTTP/1.1 %d Die\r\nContent-Length: 1000\r\n\r\nhalf' % status)
        await asyncio.sleep(0.1)
        self.reset()

    async def drip(self, begin):
        self.transport.write(begin.encode())
        while not self.dead:
            await asyncio.sleep(DRIP_S)
            await self.room.wait()
            self.transport.write(b'x')

    async def chunk(self, data):
        self.transport.write(b'%x\r\n' % len(data) + data + b'\r\n')
        await self.room.wait()
        return not self.dead

    async def huge(self, status):
        self.transport.write(b'HTTP/1.1 %d Huge\r\nTransfer-Encoding: chunked\r\n\r\n' % status)
        block = b'x' * (64 << 10)
        for _ in range(HUGE // len(block)):
            if not await self.chunk(block):
                return
            await asyncio.sleep(0)
        self.transport.write(b'0\r\n\r\n')

    async def bomb(self):
        self.transport.write(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n')
        z = zlib.compressobj(wbits=31)
        block = bytes(1 << 20)
        for _ in range(HUGE // len(block)):
            data = z.compress(block)
            if data and not await self.chunk(data):
                return
            await asyncio.sleep(0)
        await self.chunk(z.flush())
        self.transport.write(b'0\r\n\r\n')


def listen(addr, port):
    family = socket.AF_INET6 if ':' in addr else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((addr, port))
    return s


def listen_all(addrs, port):
    """One port on all of them: the first one's may be taken on another."""
    for left in range(20, -1, -1):
        socks = []
        try:
            for a in addrs:
                socks.append(listen(a, socks[0].getsockname()[1] if socks else port))
            return socks
        except OSError:
            for s in socks:
                s.close()
            if port or not left or not socks:
                raise
    return []


async def serve(opt):
    receiver = Receiver(opt)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for s in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(s, stop.set)
    tls = None
    if opt.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*opt.tls)
    socks = listen_all(opt.bind or ['127.0.0.1'], opt.port)
    for s in socks:
        await loop.create_server(lambda: Connection(receiver), sock=s, ssl=tls, backlog=1024)
    port = socks[0].getsockname()[1]
    if opt.port_file:
        with open(opt.port_file + '.tmp', 'w', encoding='ascii') as f:
            f.write('%d\n' % port)
        os.rename(opt.port_file + '.tmp', opt.port_file)
    await stop.wait()
    # connections that hang are cut, not waited for
    sys.stdout.flush()
    os._exit(0)


def main():
    p = argparse.ArgumentParser(description='a receiver of web hooks for the tests')
    p.add_argument('--log', required=True)
    p.add_argument('--port-file')
    p.add_argument('--port', type=int, default=0)
    p.add_argument('--bind', action='append')
    p.add_argument('--faults', type=float, default=0)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--plan')
    p.add_argument('--tls', nargs=2, metavar=('CERT', 'KEY'))
    p.add_argument('--delay', type=float, default=0, metavar='MS')
    asyncio.run(serve(p.parse_args()))


main()
