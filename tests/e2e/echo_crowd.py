"""Many clients of a plain echo, in a process of its own with its own limit of descriptors:

    echo_crowd.py HOST PORT COUNT BYTES SEED

opens COUNT connections, sends at least BYTES over all of them, in pieces, with pauses in sending and in reading, all drawn from SEED, and
wants every byte back, in order, and nothing else. Half of them shut their side when all is sent and want the end behind the last byte. Says
"ok CONNECTIONS BYTES", or what went wrong with the first one."""

import heapq
import random
import resource
import select
import socket
import subprocess
import sys
import time

POOL = 1 << 20
PATIENCE = 60                     # seconds without a byte for anybody

# the largest piece, the largest message; None: the share of BYTES
STYLES = ((1, 300), (16, 4_000), (1_500, 100_000), (65_536, None), (POOL, None))


def run(address, count, size, seed, timeout):
    """The process, from the side of a test; how many bytes came back."""
    done = subprocess.run([sys.executable, __file__, address[0], str(address[1]), str(count), str(size), str(seed)],
                          capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stdout}{done.stderr}"
    return int(done.stdout.split()[2])


class Talk:
    """One connection. What it sends is the pool from a place of its own on, again and again."""

    def __init__(self, rng, address, style, size):
        self.piece_max, self.size = style[0], size
        self.place = rng.randrange(POOL)
        self.half_closes = rng.random() < 0.5
        self.sent = self.got = 0
        self.send_at = self.read_at = 0.0
        self.shut = self.done = False
        self.bits = 0
        self.socket = socket.socket()
        if rng.random() < 0.3:
            room = rng.choice((8192, 32768)) if style[1] is not None else 262144
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        if rng.random() < 0.7:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        self.socket.setblocking(False)

    def wanted(self, now):
        may_send = self.sent < self.size and now >= self.send_at
        return (select.EPOLLOUT if may_send else 0) | (select.EPOLLIN if now >= self.read_at else 0)

    def pause(self, rng):
        return rng.uniform(0, 0.3) if rng.random() < 0.03 else 0

    def send(self, rng, pool, now):
        at = (self.place + self.sent) % POOL
        piece = min(rng.randint(1, self.piece_max), self.size - self.sent)
        self.sent += self.socket.send(pool[at:at + piece])
        self.send_at = now + self.pause(rng)

    def read(self, rng, pool, now):
        data = self.socket.recv(rng.choice((1000, 65536, 262144)))
        if not data:
            assert self.shut and self.got == self.size, f"the end came after {self.got} of {self.size} bytes"
            self.done = True
            return
        at = (self.place + self.got) % POOL
        assert data == pool[at:at + len(data)], f"other bytes than those that were sent, between {self.got} and {self.got + len(data)}"
        self.got += len(data)
        assert self.got <= self.sent, f"{self.got} bytes came back of {self.sent}"
        self.read_at = now + self.pause(rng)

    def turn(self, rng, pool, events, now):
        try:
            if events & select.EPOLLOUT:
                self.send(rng, pool, now)
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self.read(rng, pool, now)
        except BlockingIOError:
            pass
        if self.half_closes and self.sent == self.size and not self.shut:
            self.socket.shutdown(socket.SHUT_WR)
            self.shut = True
        if not self.half_closes and self.got == self.size:
            self.done = True


def sizes(rng, count, size):
    """A style and a size for each; together at least `size`."""
    styles = [rng.choice(STYLES) for _ in range(count)]
    styles[0] = STYLES[-1]
    share = size // sum(style[1] is None for style in styles) + 1
    chosen = [rng.randint(0, style[1]) if style[1] is not None else max(1, int(share * rng.uniform(0.3, 1.7))) for style in styles]
    chosen[0] += max(0, size - sum(chosen))
    return list(zip(styles, chosen))


def converse(rng, pool, talks):
    epoll = select.epoll()
    by_fd = {talk.socket.fileno(): talk for talk in talks}
    timers = []

    def settle(talk, now):
        fd = talk.socket.fileno()
        if talk.done:
            epoll.unregister(fd)
            del by_fd[fd]
            talk.socket.close()
            return
        bits = talk.wanted(now)
        if bits != talk.bits:
            epoll.modify(fd, bits)
            talk.bits = bits
        for at in (talk.send_at, talk.read_at):
            if at > now:
                heapq.heappush(timers, (at, fd))

    for fd, talk in by_fd.copy().items():
        epoll.register(fd, 0)
        talk.turn(rng, pool, 0, 0)
        settle(talk, time.monotonic())
    while by_fd:
        wait = min(PATIENCE, max(0.0, timers[0][0] - time.monotonic())) if timers else PATIENCE
        events = epoll.poll(wait)
        now = time.monotonic()
        assert events or timers, f"nothing came for {PATIENCE} s; {len(by_fd)} connections wait"
        while timers and timers[0][0] <= now:
            fd = heapq.heappop(timers)[1]
            if fd in by_fd:
                settle(by_fd[fd], now)
        for fd, bits in events:
            talk = by_fd[fd]
            talk.turn(rng, pool, bits, now)
            settle(talk, now)


def main():
    host, port, count, size, seed = sys.argv[1], *map(int, sys.argv[2:])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 50, count + 50))
    rng = random.Random(seed)
    pool = rng.randbytes(POOL)
    talks = []
    try:
        for style, total in sizes(rng, count, size):
            talks.append(Talk(rng, (host, port), style, total))
        converse(rng, memoryview(pool + pool), talks)
    except (AssertionError, OSError) as error:
        print(f"failed: {error!r}")
        return 1
    print("ok", len(talks), sum(talk.got for talk in talks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
