"""What is measured: the scenarios of tools/bench/run, the files that they ask for, and what a right answer is."""
import email.utils
import os
import random
from dataclasses import dataclass, field

HELLO = b"Hello, world!"
AGE = 1_700_000_000         # the files' time: long ago, as that of most files
MIX_COUNT = 1_000
LISTED = 100
LISTED_LAST = b"chapter%2099.txt"


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    serves: str = "hello"       # what the servers are set up for: "hello", "files" or "echo"
    target: str = "/"
    connections: int = 64
    pipelined: int = 1
    closing: bool = False       # a connection for each request
    conditional: bool = False   # with the validators that the server gave
    ranged: str = ""            # value of the field Range
    listing: bool = False
    status: int = 200
    workers: int = 1
    message: int = 0            # bytes of what is echoed
    show: str = "processor"     # the figure that the summary shows: "processor", "bulk", "latency", "added" or "idle"
    also: tuple = field(default=())     # variants of `limit` besides the plain one
    counted: bool = False       # instructions and system calls of a request are, too


SCENARIOS = [
    Scenario("hello", "hello, 64 kept connections", counted=True),
    Scenario("single", "hello, latency on a single connection", connections=1, show="latency"),
    Scenario("pipelined", "hello, 16 pipelined", pipelined=16, counted=True),
    Scenario("close", "hello, a connection for each request", closing=True, also=("limit, no deferral",), counted=True),
    Scenario("workers", "hello, two workers", workers=2),
    Scenario("1k", "1 KiB file", "files", "/1k.txt", counted=True),
    Scenario("16k", "16 KiB file", "files", "/16k.txt", also=("limit, sendfile",), counted=True),
    Scenario("128k", "128 KiB file", "files", "/128k.bin", also=("limit, sendfile",)),
    Scenario("10m", "10 MiB file", "files", "/10m.bin", connections=8, show="bulk", also=("limit, sendfile",)),
    Scenario("304", "a file that has not changed (304)", "files", "/1k.txt", conditional=True, status=304, counted=True),
    Scenario("range", "1,000 bytes out of a 128 KiB file (206)", "files", "/128k.bin", ranged="bytes=5000-5999", status=206),
    Scenario("listing", f"a listing of {LISTED} files", "files", "/listed/", listing=True),
    Scenario("mix", f"a mix of {MIX_COUNT:,} files of 200 bytes to 1 MiB", "files", "/mix/"),
    Scenario("log", "access log on, 1 KiB file", "files", "/1k.txt", show="added"),
    Scenario("echo", "echo, messages of 64 bytes", "echo", message=64),
    Scenario("echo-bulk", "echo, messages of 64 KiB", "echo", message=64 << 10, connections=8, show="bulk"),
    Scenario("idle", "idle connections", show="idle"),
]


# ------------------------------------------------------------------ the goals

@dataclass(frozen=True)
class Goal:
    """What weir is to reach in a scenario."""
    scenario: str
    figure: str         # one of those that report.py knows
    bound: float        # at most; for "rate": at least


GOALS = [
    Goal("hello", "processor", 1.05),
    Goal("hello", "slowest", 1.10),
    Goal("hello", "instructions", 2_000),
    Goal("hello", "growth", 0),
    Goal("pipelined", "processor", 1.5),
    Goal("pipelined", "rate", 1_000_000),
    Goal("close", "processor", 1.10),
    Goal("close", "calls", 4),
    Goal("1k", "processor", 1.08),
    Goal("1k", "calls", 2),
    Goal("16k", "processor", 1.10),
    Goal("128k", "processor", 1.10),
    Goal("10m", "bulk", 1.10),
    Goal("304", "processor", 1.08),
    Goal("log", "added", 0.3),
    Goal("idle", "each", 96),
    Goal("idle", "idle", 1.03),
    Goal("idle", "rest", 1 << 20),
]


# ------------------------------------------------------------------ the files

def mix_sizes():
    """As on the web: half below 8 KiB, a few that are large."""
    chance = random.Random(1)
    return [int(min(max(chance.lognormvariate(9, 1.4), 200), 1 << 20)) for _ in range(MIX_COUNT)]


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    os.utime(path, (AGE, AGE))


def make_site(folder):
    """All that is asked for, below `folder`."""
    chance = random.Random(2)
    os.makedirs(os.path.join(folder, "mix"))
    os.makedirs(os.path.join(folder, "listed"))
    write(os.path.join(folder, "hello.txt"), HELLO)
    for name, size in (("1k.txt", 1 << 10), ("16k.txt", 16 << 10), ("128k.bin", 128 << 10), ("10m.bin", 10 << 20)):
        write(os.path.join(folder, name), chance.randbytes(size // 2).hex().encode())
    for index, size in enumerate(mix_sizes()):
        write(os.path.join(folder, mix_target(index).lstrip("/")), chance.randbytes(size // 2 + 1).hex().encode()[:size])
    for index in range(LISTED):
        write(os.path.join(folder, "listed", f"chapter {index}.txt"), b"x" * index)


def mix_order():
    """Each as often as the others, in no order."""
    chance = random.Random(3)
    return ",".join(str(index) for _ in range(8) for index in chance.sample(range(MIX_COUNT), MIX_COUNT))


def mix_target(index):
    return f"/mix/{index}.html"


def content(scenario, site):
    """What the body of the right answer is; None where each server has its own."""
    if scenario.serves == "hello":
        return HELLO
    if scenario.listing:
        return None
    if scenario.status == 304:
        return b""
    with open(site + (mix_target(0) if scenario.name == "mix" else scenario.target), "rb") as file:
        data = file.read()
    return data[5000:6000] if scenario.ranged else data


# ------------------------------------------------------------------ what is sent

def fields(scenario, validators=()):
    """The fields of a request beside Host, `Name: value` each."""
    return ([*validators] if scenario.conditional else []) + ([f"Range: {scenario.ranged}"] if scenario.ranged else []) + \
        (["Connection: close"] if scenario.closing else [])


def validators_of(headers):
    """What a browser sends that has the file already."""
    etag = headers["ETag"]
    modified = headers["Last-Modified"] or email.utils.formatdate(AGE, usegmt=True)
    return [f"If-Modified-Since: {modified}"] + ([f"If-None-Match: {etag}"] if etag else [])


def request(target, request_fields=()):
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: 127.0.0.1", *request_fields, "", ""]).encode()


def echoed(scenario):
    """What is sent to be echoed. wrk takes it for a response when it comes back."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {scenario.message:05}\r\n\r\n".encode()
    return head.replace(b"%05d" % scenario.message, b"%05d" % (scenario.message - len(head))) + b"e" * (scenario.message - len(head))


SCRIPTS = {
    "pipelined": "local batch\nfunction init()\n  batch = string.rep(wrk.format(), {scenario.pipelined})\nend\n"
                 "function request()\n  return batch\nend\n",
    "mix": "local order, asked, at = {{{order}}}, {{}}, 0\n"
           "function init()\n  for i, file in ipairs(order) do asked[i] = wrk.format(nil, '/mix/' .. file .. '.html') end\nend\n"
           "function request()\n  at = at % #asked + 1\n  return asked[at]\nend\n",
    # wrk looks at the first request only, which has to be one.
    "echo": "local message, first = '{message}', true\nfunction request()\n  if first then first = false return wrk.format() end\n"
            "  return message\nend\n",
}


def script(scenario, folder):
    """wrk's script for the scenario, or None where it needs none."""
    kind = "pipelined" if scenario.pipelined > 1 else scenario.name if scenario.name == "mix" else scenario.serves
    if kind not in SCRIPTS:
        return None
    message = "".join(f"\\{byte}" if byte in (10, 13) else chr(byte) for byte in echoed(scenario)) if scenario.serves == "echo" else ""
    path = os.path.join(folder, f"{scenario.name}.lua")
    with open(path, "w", encoding="ascii") as file:
        file.write(SCRIPTS[kind].format(scenario=scenario, order=mix_order(), message=message))
    return path


# ------------------------------------------------------------------ what `limit` answers

def answer(scenario, body, status=None, size=None):
    """A whole response, with the fields that a file server sends."""
    status = status or scenario.status
    reason = {200: "OK", 206: "Partial Content", 304: "Not Modified"}[status]
    lines = [f"HTTP/1.1 {status} {reason}", "Server: limit", "Date: Sat, 21 Nov 2026 00:00:00 GMT"]
    if status != 304:
        lines += [f"Content-Length: {len(body) if size is None else size}", "Content-Type: text/plain; charset=utf-8"]
    if scenario.serves == "files":
        lines += ['ETag: "6553f100-400-1a2b3c"', "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT"]
    if scenario.ranged:
        lines += ["Content-Range: bytes 5000-5999/131072"]
    if scenario.closing:
        lines += ["Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def listing_page(site):
    """About what a server says of a folder."""
    names = sorted(os.listdir(os.path.join(site, "listed")))
    rows = "".join(f'<tr><td><a href="{name.replace(" ", "%20")}">{name}</a></td><td>2023-11-14 22:13</td><td>{i}</td></tr>\n'
                   for i, name in enumerate(names))
    return f"<!DOCTYPE html>\n<title>Index of /listed/</title>\n<table>\n{rows}</table>\n".encode()
