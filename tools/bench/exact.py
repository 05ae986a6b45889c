"""What can be counted exactly: user instructions (valgrind's callgrind) and system calls (strace) of a request.

Each is the difference of two runs that differ in nothing but the number of requests, so that the start, the end and what is done once drop out.
One client asks, one request (or one batch) at a time."""
import collections
import glob
import os
import re
import tempfile
import time
from dataclasses import dataclass, field

from bench import Server, Trouble, exchange
from scenarios import request

FEW, MANY = 50, 550
CALL = re.compile(r"^\d+\s+(\w+)\(.*?(?:= -1 (E\w+).*)?$", re.MULTILINE)
NOBODY = "accept4 (nobody)"     # one that found no client: whether it is made depends on when the next one comes
WAITS = {"epoll_wait", "epoll_pwait", "epoll_pwait2", "restart_syscall", NOBODY}
NOT_BY_VALGRIND = ("caddy",)    # Go's runtime is no program for it
PATIENCE = 60   # seconds: valgrind starts slowly


@dataclass
class Probe:
    command: list
    port: int
    target: str = "/"
    fields: list = field(default_factory=list)
    closing: bool = False       # a connection for each request
    pipelined: int = 1
    folder: str = "."
    env: dict = None

    def instructions(self):
        """User instructions of a request, or of a batch."""
        return (self.instructions_of(MANY) - self.instructions_of(FEW)) / (MANY - FEW)

    def calls(self):
        """{system call: how many of it a request, or a batch, takes}; those that run once a second or so are left out."""
        few, many = self.calls_of(FEW), self.calls_of(MANY)
        each = {name: (many[name] - few[name]) / (MANY - FEW) for name in many}
        return {name: count for name, count in sorted(each.items()) if count > 0.05}

    def instructions_of(self, count):
        pattern = os.path.join(tempfile.mkdtemp(dir=self.folder), "callgrind.")
        self.run(["valgrind", "--tool=callgrind", "--trace-children=yes", f"--callgrind-out-file={pattern}%p"], count)
        total = 0
        for path in glob.glob(pattern + "*"):
            with open(path, encoding="utf-8") as out:
                total += sum(int(line.split()[1]) for line in out if line.startswith("totals:"))
        if total == 0:
            raise Trouble("valgrind counted nothing")
        return total

    def calls_of(self, count):
        path = os.path.join(self.folder, f"strace.{count}")
        self.run(["strace", "-f", "-qq", "-o", path], count)
        with open(path, encoding="utf-8", errors="replace") as trace:
            made = CALL.findall(trace.read())
        return collections.Counter(NOBODY if (name, error) == ("accept4", "EAGAIN") else name for name, error in made)

    def run(self, watcher, count):
        """Starts the server below `watcher`, and asks it."""
        server = Server([*watcher, *self.command], self.port, os.path.join(self.folder, "watched"), env=self.env, patience=PATIENCE)
        try:
            asked = request(self.target, self.fields) * self.pipelined
            if self.closing:
                threads = threads_of(server.pids())
                for _ in range(count):
                    ask_once(server, asked)
                    wait_asleep(threads)        # so that each connection is a turn of its own, and no two ever share one
            else:
                with server.connect() as connection:
                    for _ in range(count):
                        exchange(connection, asked, self.pipelined)
        finally:
            server.stop()


def threads_of(pids):
    return [f"/proc/{pid}/task/{task}" for pid in pids for task in os.listdir(f"/proc/{pid}/task")]


def look(thread):
    """Its state, and how often and how long it has run."""
    with open(f"{thread}/stat", encoding="latin-1") as stat, open(f"{thread}/schedstat", encoding="ascii") as schedule:
        return stat.read().rsplit(")", 1)[1].split()[0], schedule.read()


def wait_asleep(threads):
    """Until all sleep, and not only for a moment, as those do that wait for each other."""
    before, deadline = None, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        now = [look(thread) for thread in threads]
        if now == before and all(state == "S" for state, _ in now):
            return
        before = now
        time.sleep(0.001)
    raise Trouble("never sleeps")


def ask_once(server, asked):
    with server.connect() as connection:
        connection.sendall(asked)
        raw = b""
        while data := connection.recv(1 << 16):
            raw += data
    if not raw.startswith(b"HTTP/1.1 "):
        raise Trouble(f"no answer but {raw[:80]!r}")
