"""What the programs of tools/bench share: servers as processes on a core of their own, their processor time and memory, wrk on another core, and
the look of tables and plots."""
import contextlib
import http.client
import io
import os
import random
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

SERVER_CORE, CLIENT_CORE = "0", "1"
PORTS_FROM = 10_000


class Trouble(Exception):
    """A server that does not start, or answers what it should not: it is left out, and the reason is told."""


def raise_descriptors():
    """To as many as there may be, which it returns."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def in_own_network():
    return "WEIR_BENCH_NETWORK" in os.environ


def own_network(congestion):
    """Begins this program again in a network of its own, whose loopback's connections are controlled by `congestion`, and where nobody else listens:
    the machine's settings stay as they are. Who is not root needs user namespaces for it; without, all goes on in the machine's network."""
    if in_own_network():
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for network in ("127.0.0.0/8", "127.0.0.1"):
            subprocess.run(["ip", "route", "change", "table", "local", "local", network, "dev", "lo", "proto", "kernel", "scope", "host",
                            "src", "127.0.0.1", "congctl", congestion], check=True)
        return
    unshare = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"])]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
        os.execvpe("unshare", [*unshare, sys.executable, *sys.argv], {**os.environ, "WEIR_BENCH_NETWORK": "1"})
    print(f"{os.path.basename(sys.argv[0])}: goes on in the machine's network, with {congestion_control()}: "
          "one of its own needs root or user namespaces", file=sys.stderr)


def congestion_control():
    """What controls a connection on loopback here."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0").decode()


def free_port():
    """One below those that the kernel gives to clients, so that none takes it before the server is up."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as ports:
        lowest = int(ports.read().split()[0])
    while True:
        port = random.randrange(PORTS_FROM, max(lowest, PORTS_FROM + 1_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


# ------------------------------------------------------------------ servers

class Server:
    """A server that was started here: with all its threads and the processes that it started itself."""

    def __init__(self, command, port, log=os.devnull, cores=SERVER_CORE, env=None, patience=10):
        self.port, self.log = port, log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(["taskset", "-c", cores, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            env={**os.environ, **(env or {})}, start_new_session=True)    # some signal their whole group
        try:
            self.wait_ready(patience)
        except BaseException:
            self.stop()
            raise

    def wait_ready(self, patience):
        deadline = time.monotonic() + patience
        while True:
            try:
                self.connect().close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Trouble(f"does not start: {self.said()}") from None
                time.sleep(0.02)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return " ".join(log.read()[-300:].split())

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def pids(self):
        """Its own, and those of its children and theirs."""
        children = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat", encoding="latin-1") as stat:
                    children.setdefault(int(stat.read().rsplit(")", 1)[1].split()[1]), []).append(int(name))
            except OSError:
                pass
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def processor_seconds(self):
        """As the scheduler accounts for it, user and kernel, of all threads, those included that have ended."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.pids())        # clock_getcpuclockid(3)

    def memory(self):
        """Bytes in use: "own", which is anonymous memory, and "pss", which counts a page that others share by its share."""
        total = {"own": 0, "pss": 0}
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                rollup = file.read()
            for kind, name in (("own", "Anonymous"), ("pss", "Pss")):
                total[kind] += int(re.search(rf"^{name}:\s+(\d+) kB", rollup, re.MULTILINE).group(1)) * 1024
        return total

    def own_memory(self):
        return self.memory()["own"]

    def stop(self):
        """Ends all of it: a process that watches another, as strace does, may not hear a signal itself."""
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait()

    def signal(self, number):
        for pid in reversed(self.pids()):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


class Weir(Server):
    """`weir hello` with one worker, and its idle clients."""

    def __init__(self, weir, *more):
        port, self.idle = free_port(), []
        super().__init__([weir, "hello", "--listen", f"127.0.0.1:{port}", "--workers", "1", "--idle-timeout", "0", *more], port)

    def fill(self, count):
        """Opens kept connections until there are so many, each of which was answered once."""
        while len(self.idle) < count:
            client = self.connect()
            self.idle.append(client)
            if not exchange(client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 200"):
                raise Trouble("an answer that is none")

    def stop(self):
        for client in self.idle:
            client.close()
        super().stop()


# ------------------------------------------------------------------ a client that looks at what it gets

def read_answer(connection, method="GET"):
    """One response on a fresh connection, decoded by Python's own client: its status, its fields and its body."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        return response.status, response.headers, response.read()
    except (http.client.HTTPException, OSError) as error:
        raise Trouble(f"no valid answer: {error!r}") from None


def answer_length(raw):
    """How long the first response in `raw` is, or None if its head has not come yet."""
    head_end = raw.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    headers = http.client.parse_headers(io.BytesIO(raw[raw.index(b"\r\n") + 2:]))
    return head_end + 4 + (0 if raw[9:12] == b"304" else int(headers["Content-Length"]))


def exchange(connection, request, count=1):
    """Sends `request` and receives its `count` answers, which are of one length. Returns all that came."""
    connection.sendall(request)
    raw, wanted = b"", None
    while wanted is None or len(raw) < wanted:
        data = connection.recv(1 << 20)
        if not data:
            raise Trouble("the connection was closed inside an answer")
        raw += data
        wanted = wanted or (answer_length(raw) or 0) * count or None
    return raw


# ------------------------------------------------------------------ load

@dataclass
class Load:
    """What one run of wrk did, and what that cost the server."""
    requests: int
    rate: float         # requests a second
    median_us: float    # latency
    slowest_us: float   # of a hundred
    bytes: int
    processor_us: float     # for a request

UNITS = {"us": 1, "ms": 1e3, "s": 1e6, "": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


def quantity(pattern, text):
    number, unit = re.search(pattern + r"\s*([\d.]+)(\w*)", text).groups()
    return float(number) * UNITS[unit]


def load(server, target="/", connections=64, seconds=1, headers=(), script=None, core=CLIENT_CORE):
    command = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += [word for field in headers for word in ("-H", field)]
    command += ["-s", str(script)] if script else []
    before = server.processor_seconds()
    done = subprocess.run(["taskset", "-c", core, *command, server.url + target], capture_output=True, text=True, check=False)
    spent = server.processor_seconds() - before
    out = done.stdout
    requests = re.search(r"(\d+) requests in", out)
    if done.returncode != 0 or "Non-2xx" in out or "Socket errors" in out or not requests or int(requests.group(1)) == 0:
        trouble = re.findall(r"(?:Socket errors|Non-2xx).*", out) or (out + done.stderr).splitlines()[-1:]
        raise Trouble("wrk met errors: " + " ".join(trouble).strip())
    count = int(requests.group(1))
    return Load(count, quantity("Requests/sec:", out), quantity("50%", out), quantity("99%", out),
                int(quantity(r"requests in [\d.]+\w+,", out)), spent * 1e6 / count)


# ------------------------------------------------------------------ figures

def spread(figures, digits=1):
    """`12.3 (12.0 to 12.9)`"""
    shown = [f"{figure:,.{digits}f}" for figure in (statistics.median(figures), min(figures), max(figures))]
    return shown[0] if len(figures) == 1 else f"{shown[0]} ({shown[1]} to {shown[2]})"


def table(columns, rows, text=1):
    """Markdown: the first columns, `text` of them, are text, the others are figures."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * text + " ---: |" * (len(columns) - text)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def picture(name, what):
    """One that is beside this program, for README.md."""
    return f"![{what}](tools/bench/{name})\n"


def replace_between(path, mark, text):
    """Puts `text` between the lines `<!-- mark -->` and `<!-- /mark -->` of a file in Markdown."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->\n"
    old = path.read_text(encoding="utf-8")
    before, found, rest = old.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        sys.exit(f"{path} has no place for this: no lines {begin.strip()} and {end.strip()}")
    path.write_text(f"{before}{begin}\n{text.strip()}\n\n{end}{after}", encoding="utf-8")


# ------------------------------------------------------------------ plots

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .paper { fill: #fff }
  .title { font-weight: 600 }
  .grid { stroke: #8884; stroke-width: 1 }
  .axis { stroke: #888; stroke-width: 1; fill: none }
"""
STYLE_DARK = "text { fill: #ddd } .paper { fill: #0d1117 }"


def svg(width, height, title, parts, style="", style_dark=""):
    """On paper of its own: a page may be dark where the reader's system is light."""
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
                      f"<title>{title}</title>",
                      f"<style>{STYLE}{style}  @media (prefers-color-scheme: dark) {{\n    {STYLE_DARK}{style_dark}\n  }}\n</style>",
                      f'<rect class="paper" width="{width}" height="{height}" rx="6"/>', *parts, "</svg>", ""])
