"""What the end-to-end tests share: the server as a process, a raw client whose every response goes through h11 as an independent
parser, a folder of files to serve, and a few looks into /proc.

Times: `seconds(x)` stretches a wait of a test, and `limit(x)` a time limit given to the server, by WEIR_E2E_SLOW_FACTOR, so that builds
with sanitizers or under valgrind run the same tests."""

import atexit
import email.utils
import os
import random
import re
import shlex
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import zlib

import h11

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
WEIR = shlex.split(os.environ.get("WEIR", os.path.join(TOP, "build", "release", "weir")))
POLLER = os.environ.get("WEIR_POLLER", "epoll")
WAITS = {"epoll": {"epoll_wait", "epoll_pwait", "epoll_pwait2"}, "poll": {"poll", "ppoll"}, "select": {"select", "pselect6", "_newselect"}}
CONNECTIONS = 900 if POLLER == "select" else 9_000     # that the poller has room for, whatever else the server has open
LARGE = bool(os.environ.get("WEIR_E2E_LARGE"))         # gibibytes where there are else megabytes
FACTOR = float(os.environ.get("WEIR_E2E_SLOW_FACTOR", "1"))

SCRATCH = tempfile.mkdtemp(prefix="weir-e2e-")
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)


def seconds(x):
    """How long a test waits."""
    return x * FACTOR


def limit(x):
    """A time limit for the server, as its options write it."""
    return f"{int(x * 1000 * FACTOR)}ms"


def quick(thing):
    """Marks a test, or all tests of a class, as part of --quick."""
    thing.quick = True
    return thing


def alone(thing):
    """Marks a class whose tests measure the server or need much of the machine: they run after the others, one at a time."""
    thing.alone = True
    return thing


def on_epoll(thing):
    """Marks a class whose tests are about what is answered, in which the poller has no part: they run on epoll alone."""
    thing.on_epoll = True
    return thing


def native(thing):
    """Marks tests that count memory or system calls: they say nothing of an instrumented build."""
    return unittest.skipIf(FACTOR > 1, "an instrumented build has memory and system calls of its own")(thing)


def wait_until(condition, within, what):
    """Returns the first true value of condition(); fails after `within` seconds."""
    deadline = time.monotonic() + seconds(within)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(0.01)


def scratch_path(name):
    """A path of its own below the scratch folder."""
    return os.path.join(tempfile.mkdtemp(dir=SCRATCH), name)


def free_port():
    """A port that no client of a test that runs meanwhile is given by the kernel."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


# ------------------------------------------------------------------ the server

READY = re.compile(r"weir: (?:serving .* on|hello on|respond \d+ on|echo on) ((?:http|tcp)://\S+|unix:\S+)$")
TROUBLE = re.compile(r"Sanitizer|runtime error:|ERROR SUMMARY: [1-9]|assert|impossible", re.IGNORECASE)

running = set()


@atexit.register
def end_all():
    for server in list(running):
        server.process.kill()


class Server:
    """A weir of its own, ready when the constructor returns. stop() checks that it was still alive, ended with status 0 and
    complained of nothing."""

    def __init__(self, *args, listen=("127.0.0.1:0",), descriptors=None, stdout=None, ready=True, before=()):
        command = [*before, *WEIR] + [str(a) for a in args]
        if "--poller" not in args:
            command += ["--poller", POLLER]
        for address in listen:
            command += ["--listen", address]
        if descriptors is not None:
            command = ["prlimit", f"--nofile={descriptors}", "--"] + command
        self.command = command
        self.stderr_path = scratch_path("stderr")
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=stderr,
                                            stdout=subprocess.PIPE if stdout is None else stdout)
        running.add(self)
        self.pid = self.process.pid
        self.lines = []
        self.addresses = []
        self.ready_count = len(listen)
        if stdout is None:
            threading.Thread(target=self._collect, daemon=True).start()
            if ready:
                self.wait_ready()

    def _collect(self):
        with self.process.stdout as out:
            for line in out:
                self.take_line(line.decode("latin-1").rstrip("\r\n"))

    def take_line(self, line):
        self.lines.append(line)
        match = READY.match(line)
        if match:
            self.addresses.append(match.group(1))

    def wait_ready(self):
        def is_ready():
            if self.process.poll() is not None:
                raise AssertionError(f"{shlex.join(self.command)} ended at once: {self.errors()}")
            return len(self.addresses) >= self.ready_count
        wait_until(is_ready, 10, f"ready lines of {shlex.join(self.command)}; it said {self.lines} {self.errors()}")

    def errors(self):
        with open(self.stderr_path, encoding="latin-1") as f:
            return f.read()

    def address(self, index=0):
        """What socket.connect() takes."""
        text = self.addresses[index]
        if text.startswith("unix:"):
            return text[5:]
        host, port = re.match(r"(?:http|tcp)://(.*):(\d+)/?$", text).groups()
        return (host.strip("[]"), int(port))

    @property
    def port(self):
        return self.address()[1]

    def url(self, path="/"):
        return self.addresses[0].rstrip("/") + path

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, within=15):
        """Its exit status."""
        try:
            status = self.process.wait(seconds(within))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {within} s after it was told to end") from None
        finally:
            running.discard(self)
        return status

    def check_errors(self):
        match = TROUBLE.search(self.errors())
        if match:
            raise AssertionError(f"it complained: {self.errors()[:4000]}")

    def stop(self):
        if self.process.poll() is not None:
            running.discard(self)
            raise AssertionError(f"it ended by itself with status {self.process.returncode}: {self.errors()[:4000]}")
        self.signal(signal.SIGTERM)
        status = self.wait()
        if status != 0:
            raise AssertionError(f"SIGTERM ended it with status {status}: {self.errors()[:4000]}")
        self.check_errors()

    # ---- /proc

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def switches(self):
        """How often its threads went to sleep and were taken off a CPU, since they began."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status", encoding="ascii", errors="replace") as f:
                total += sum(int(n) for n in re.findall(r"ctxt_switches:\s+(\d+)", f.read()))
        return total

    def ticks(self):
        """Processor time used, in clock ticks (100 a second)."""
        with open(f"/proc/{self.pid}/stat", encoding="latin-1") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def own_memory(self):
        """Bytes of anonymous memory that are in use."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as f:
            return int(re.search(r"^Anonymous:\s+(\d+) kB", f.read(), re.MULTILINE).group(1)) * 1024

    def socket_states(self):
        """The kernel's states of the TCP sockets of 127.0.0.1 and its port: "ESTABLISHED", "CLOSE_WAIT", …"""
        names = {1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT", 7: "CLOSE",
                 8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING", 12: "NEW_SYN_RECV"}
        states = []
        with open("/proc/net/tcp", encoding="ascii") as f:
            for line in f.readlines()[1:]:
                _, local, _, state = line.split()[:4]
                if local == f"0100007F:{self.port:04X}":
                    states.append(names[int(state, 16)])
        return states


class Paused:
    """Holds a server back, so that what clients do meanwhile comes to it in one batch of events."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.server.signal(signal.SIGSTOP)
        wait_until(lambda: self.state() == "T", 2, "the server is held back")

    def __exit__(self, *exception):
        self.server.signal(signal.SIGCONT)

    def state(self):
        with open(f"/proc/{self.server.pid}/stat", encoding="latin-1") as f:
            return f.read().rsplit(")", 1)[1].split()[0]


def assert_idle(server, span=1.0, switches=20, what="idle clients"):
    """The server sleeps: a busy loop would be switched off the CPU or use it all."""
    time.sleep(0.05)
    before, ticks = server.switches(), server.ticks()
    time.sleep(span)
    grown, used = server.switches() - before, server.ticks() - ticks
    if FACTOR > 1:
        switches += 30            # a sanitizer has a thread of its own, which looks up ten times a second
    if grown > switches * span or used > 15 * span:
        raise AssertionError(f"with {what} it was woken {grown} times and used {used} ticks in {span} s")


shared_servers = {}
shared_lock = threading.Lock()


def shared(kind):
    """A server with default limits for all tests that need no other: "hello" or "files" (the folder of site())."""
    with shared_lock:
        server = shared_servers.get(kind)
        if server is None or server.process.poll() is not None:
            args = ("hello",) if kind == "hello" else ("serve", site())
            server = shared_servers[kind] = Server(*args, "--workers", "2", "--linger-timeout", limit(1))
        return server


def stop_shared():
    """Ends the shared servers; what went wrong, one text each."""
    complaints = []
    for kind, server in shared_servers.items():
        try:
            server.stop()
        except AssertionError as error:
            complaints.append(f"the shared {kind} server: {error}")
    return complaints


# ------------------------------------------------------------------ the client

class Truncated(Exception):
    """The connection ended before the response did."""

    def __init__(self, got, body=b"", reset=False):
        super().__init__(f"the connection ended inside a response, after {got[:200]!r} and {len(body)} bytes of body")
        self.body = body
        self.reset = reset


class Response:
    def __init__(self, event, interim, raw_head):
        self.status = event.status_code
        self.reason = event.reason.decode("latin-1")
        self.version = event.http_version.decode("ascii")
        self.headers = [(n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in event.headers]
        self.interim = interim
        self.raw_head = raw_head
        self.body = b""

    def fields(self, name):
        return [v for n, v in self.headers if n == name.lower()]

    def field(self, name):
        values = self.fields(name)
        assert len(values) <= 1, f"{name} stands {len(values)} times in {self.raw_head!r}"
        return values[0] if values else None

    @property
    def closes(self):
        return self.field("connection") == "close"

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:80]!r}>"


def check_response(method, response, kept=True, age_max=5):
    """What every response of weir must be, whatever was asked. `kept`: its body is in it; `age_max`: how many seconds ago it may have
    left."""
    head = response.raw_head
    assert head.startswith(b"HTTP/1.1 "), head
    assert b"\n" not in head.replace(b"\r\n", b"") and b"\r" not in head.replace(b"\r\n", b""), f"bare CR or LF: {head!r}"
    assert response.reason, f"no reason phrase: {head!r}"
    date = response.field("date")
    assert date is not None, f"no Date: {head!r}"
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", date), date
    age = time.time() - email.utils.parsedate_to_datetime(date).timestamp()
    assert -2 <= age <= seconds(age_max), f"Date is {age} s old"
    length, coding = response.field("content-length"), response.field("transfer-encoding")
    assert length is None or coding is None, head
    assert coding in (None, "chunked"), head
    if response.status == 204 or response.status < 200:
        assert length is None and coding is None, head
    elif response.status != 304:
        assert length is not None or coding is not None or response.closes, f"no framing: {head!r}"
    assert response.field("connection") in (None, "close", "keep-alive"), head
    if response.status >= 400:
        assert response.field("content-type", ) is not None, f"an error without a type: {head!r}"
        assert len(response.body) <= 2048, f"a long error: {len(response.body)}"
        assert SCRATCH.encode() not in response.body and b"errno" not in response.body.lower(), response.body
        if method != "HEAD" and kept:
            assert response.body, "an error without a readable body"
    if method == "HEAD" or response.status in (204, 304):
        assert response.body == b"", response.body


class Client:
    """One connection. Bytes go out as given; responses are read by h11 and checked by check_response()."""

    def __init__(self, address, timeout=5, source=None, receive_buffer=None):
        if isinstance(address, Server):
            address = address.address()
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(seconds(timeout))
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source is not None:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""
        self.ended = False

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("latin-1")
        self.socket.sendall(data)

    def send_bytewise(self, data, pause=0.0):
        for i in range(len(data)):
            self.socket.sendall(data[i:i + 1])
            if pause:
                time.sleep(pause)

    def shut(self):
        """Ends our side: the server gets a FIN, we can still read."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def reset(self):
        """Vanishes: the server gets a RST."""
        if self.socket.fileno() >= 0:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def receive(self, size=262144):
        """Bytes, or b"" at the end of the stream."""
        if self.pending:
            data, self.pending = self.pending, b""
            return data
        data = self.socket.recv(size)
        if not data:
            self.ended = True
        return data

    def read(self, method="GET", on_data=None, age_max=5):
        """The next final response. `on_data` is called with each piece of its body, which then is not kept."""
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=65536)
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        parser.send(h11.EndOfMessage())
        raw, interim, response, body = b"", [], None, []
        while True:
            try:
                event = parser.next_event()
            except h11.RemoteProtocolError as error:
                if self.ended:
                    raise Truncated(raw, b"".join(body)) from None
                raise AssertionError(f"h11 refuses the response: {error}; {raw[:400]!r}") from None
            if event is h11.NEED_DATA:
                try:
                    data = self.receive()
                except ConnectionResetError:
                    raise Truncated(raw, b"".join(body), reset=True) from None
                if response is None:
                    raw += data
                parser.receive_data(data)
            elif isinstance(event, h11.InformationalResponse):
                interim.append(event.status_code)
                raw = raw[raw.index(b"\r\n\r\n") + 4:]
            elif isinstance(event, h11.Response):
                response = Response(event, interim, raw[:raw.index(b"\r\n\r\n") + 4])
                raw = response.raw_head
            elif isinstance(event, h11.Data):
                (on_data or body.append)(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                break
            elif isinstance(event, h11.ConnectionClosed):
                raise Truncated(raw, b"".join(body))
        self.pending = parser.trailing_data[0]
        response.body = b"".join(body)
        check_response(method, response, on_data is None, age_max)
        return response

    def ask(self, target="/", method="GET", fields="", version="1.1", body=""):
        """One request, one response."""
        host = "Host: test\r\n" if version == "1.1" else ""
        self.send(f"{method} {target} HTTP/{version}\r\n{host}{fields}\r\n{body}")
        return self.read(method)

    def expect_end(self):
        """The server ends the connection in an orderly way, and says nothing more before it."""
        rest = self.receive()
        assert rest == b"", f"bytes after the last response: {rest[:200]!r}"

    def expect_reset(self):
        """The server breaks the connection; what was on its way may come first."""
        try:
            while self.receive():
                pass
        except ConnectionResetError:
            return
        raise AssertionError("the connection ended in an orderly way, not by a reset")

    def expect_gone(self):
        """The server ended the connection in whatever way; returns what came before."""
        got = b""
        try:
            while True:
                data = self.receive()
                if not data:
                    return got
                got += data
        except (ConnectionResetError, BrokenPipeError):
            return got

    def expect_silence(self, span=0.15):
        """Nothing comes, and the connection stays."""
        assert not self.pending, self.pending
        old = self.socket.gettimeout()
        self.socket.settimeout(span)
        try:
            data = self.socket.recv(4096)
        except (TimeoutError, BlockingIOError):
            return
        finally:
            self.socket.settimeout(old)
        raise AssertionError(f"expected silence, got {data[:200]!r}")


def curl(*args, timeout=20):
    """curl's standard output; its failure is ours."""
    done = subprocess.run(["curl", "-sS", "--noproxy", "*", "--max-time", str(seconds(timeout)), *args], capture_output=True, check=False)
    assert done.returncode == 0, f"curl {shlex.join(args)}: status {done.returncode}, {done.stderr!r}"
    return done.stdout


class E2E(unittest.TestCase):
    """A test that cleans up: clients are closed before servers are stopped."""

    def server(self, *args, **kwargs):
        server = Server(*args, **kwargs)
        self.addCleanup(self._stop, server)
        return server

    def _stop(self, server):
        if server in running:
            server.stop()

    def client(self, address, **kwargs):
        client = Client(address, **kwargs)
        self.addCleanup(client.close)
        return client

    def assert_serves(self, server, target="/", status=200):
        """A well-behaved client that comes now gets its answer."""
        client = Client(server)
        try:
            response = client.ask(target)
        finally:
            client.close()
        self.assertEqual(response.status, status)
        return response


# ------------------------------------------------------------------ a folder to serve

ALPHA = b"alpha: a small file\n"
SECRET = b"nobody outside may read this\n"
BIG_SIZE = 32 << 20
MTIME = 1_700_000_000

site_lock = threading.Lock()
site_path = None


def png(width, height, rgb):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + bytes(rgb) * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>before</title>
<link rel="stylesheet" href="style.css"><script src="app.js" defer></script></head>
<body><p id="p">text</p><img id="i" src="pic.png" alt=""><p id="out">nothing yet</p></body></html>
"""
STYLE = "#p { color: rgb(1, 2, 3); }\n"
SCRIPT = """window.addEventListener("load", () => {
  const color = getComputedStyle(document.getElementById("p")).color;
  const image = document.getElementById("i");
  document.getElementById("out").textContent = `color ${color} image ${image.naturalWidth}x${image.naturalHeight}`;
});
"""


def folder_of(files, mtime=MTIME):
    """A folder of its own, made of names (text or bytes) and contents, None of which is a folder. Its path. All files are as old as `mtime`
    says; None: new."""
    root = os.fsencode(scratch_path("site"))
    os.mkdir(root)
    for name, content in files.items():
        path = os.path.join(root, os.fsencode(name))
        os.makedirs(path if content is None else os.path.dirname(path), exist_ok=True)
        if content is not None:
            with open(path, "wb") as f:
                f.write(content)
            if mtime is not None:
                os.utime(path, (mtime, mtime))
    return os.fsdecode(root)


def numbered(size):
    """Text in which every ten bytes say where they stand."""
    return b"".join(b"%09d\n" % at for at in range(0, size, 10))[:size]


def strong_tag(client, target, fields=""):
    """The entity tag of a file, when it is old enough for a strong one: seconds after its last change."""
    def tag():
        value = client.ask(target, method="HEAD", fields=fields).field("etag")
        assert value is not None, f"{target} has no ETag"
        return None if value.startswith("W/") else value
    return wait_until(tag, 10, f"a strong ETag of {target}")


def make_big(path, size=BIG_SIZE):
    """Each KiB says where it stands, so that a misplaced one is seen."""
    with open(path, "wb") as f:
        for base in range(0, size, 1 << 20):
            f.write(b"".join((b"%015d\n" % (base + i)) * 64 for i in range(0, 1 << 20, 1024)))


def site():
    """The folder that all tests of files read, and none writes: made once."""
    global site_path
    with site_lock:
        if site_path is not None:
            return site_path
        outside = tempfile.mkdtemp(dir=SCRATCH)
        root = os.path.join(outside, "site")
        files = {
            "index.html": PAGE.encode(), "style.css": STYLE.encode(), "app.js": SCRIPT.encode(), "pic.png": png(7, 5, (200, 10, 10)),
            "a.txt": ALPHA, "empty.txt": b"", "unknown.zzz": b"?", "noext": b"?", "space name.txt": b"space\n", "50%.txt": b"percent\n",
            "caf\u00e9.txt": b"coffee\n", "sub/index.html": b"<p>sub</p>\n", "sub/x.txt": b"x\n", "sub/deep/y.txt": b"y\n",
            "bare/file.txt": b"bare\n", "evil/index.html": b"evil\n", "a b?/index.html": b"odd\n", "we\r\nird/index.html": b"weird\n",
            ".hidden": SECRET, ".git/config": SECRET, "sub/.env": SECRET, ".well-known/security.txt": b"Contact: mailto:x@example.org\n",
            ".well-known/.inner": SECRET, "64k.bin": bytes(range(256)) * 256, "1m.bin": bytes(range(256)) * 4096, "..dots": SECRET,
        }
        for name, content in files.items():
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(content)
            os.utime(path, (MTIME, MTIME))
        with open(os.path.join(outside, "secret.txt"), "wb") as f:
            f.write(SECRET)
        os.mkdir(os.path.join(outside, "site-other"))
        shutil.copy(os.path.join(outside, "secret.txt"), os.path.join(outside, "site-other", "secret.txt"))
        os.mkdir(os.path.join(outside, "folder"))
        shutil.copy(os.path.join(outside, "secret.txt"), os.path.join(outside, "folder", "index.html"))
        make_big(os.path.join(root, "big.bin"))
        os.mkfifo(os.path.join(root, "pipe"))
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(os.path.join(root, "socket"))
        unix.close()
        try:
            os.mknod(os.path.join(root, "device"), 0o666 | stat.S_IFCHR, os.makedev(1, 5))
        except PermissionError:
            os.symlink("pipe", os.path.join(root, "device"))
        for name, target in (("in.txt", "a.txt"), ("in-folder", "sub"), ("sub/up.txt", "../a.txt"), ("out.txt", "../secret.txt"),
                             ("out-absolute.txt", os.path.join(outside, "secret.txt")), ("out-folder", "../folder"),
                             ("passwd", "/etc/passwd"),
                             ("out-twice.txt", "out.txt"), ("loop", "loop"), ("dangling", "nowhere"), ("to-root", "/"),
                             ("via-proc", "/proc/self/root/etc/passwd"), ("sub/out-up.txt", "../../secret.txt")):
            os.symlink(target, os.path.join(root, name))
        site_path = root
        return root


def strace_attached(server, *expressions):
    """strace on all threads of a running server; returns (process, path of the trace). end_strace() ends it."""
    path = scratch_path("trace")
    tracer = subprocess.Popen(["strace", "-f", "-o", path, *expressions, "-p", str(server.pid)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    line = tracer.stderr.readline()
    assert b"attached" in line, line
    tasks = len(os.listdir(f"/proc/{server.pid}/task"))

    def is_traced():
        traced = 0
        for task in os.listdir(f"/proc/{server.pid}/task"):
            with open(f"/proc/{server.pid}/task/{task}/status", encoding="ascii", errors="replace") as f:
                traced += "TracerPid:\t0\n" not in f.read()
        return traced >= tasks
    wait_until(is_traced, 5, "strace attached to all threads")
    return tracer, path


def end_strace(tracer, path):
    """Detaches; the trace."""
    tracer.send_signal(signal.SIGINT)
    tracer.communicate(timeout=10)
    with open(path, encoding="latin-1") as f:
        return f.read()
