"""The servers side by side: each is started, its answers are checked, and it is loaded in turn with the others. Gives Records."""
import contextlib
import os
import tempfile
import time

import exact
import scenarios
from bench import Server, Trouble, answer_length, exchange, free_port, load, read_answer
from crowd import Crowd
from peers import ENVIRONMENT, FILE_FOR_HELLO, SERVERS, Setup, servers_for
from results import Record

IDLE = 9_800
SETTLED = 4         # seconds after which a file that was written is no longer new: servers look again and again at one that may still change
LOGGED_LEAST = 0.99     # of the requests: wrk counts none that is under way at the end


class Place:
    """Where a run writes, and what it runs."""

    def __init__(self, folder, programs):
        self.folder, self.programs, self.site = folder, programs, os.path.join(folder, "site")
        scenarios.make_site(self.site)
        time.sleep(SETTLED)


class Contender:
    """A server for a scenario, and the Record of what was measured of it."""

    def __init__(self, name, scenario, place, logged=False):
        folder = tempfile.mkdtemp(dir=place.folder)
        os.chmod(folder, 0o755)
        self.name, self.scenario, self.place = name, scenario, place
        self.setup = Setup(scenario, free_port(), folder, place.site, place.programs, logged)
        self.command = SERVERS[name](self.setup)
        self.server, self.fields, self.record = None, [], Record(name)

    @property
    def environment(self):
        return ENVIRONMENT[self.name](self.setup) if self.name in ENVIRONMENT else None

    @property
    def target(self):
        return "/hello.txt" if self.scenario.serves == "hello" and self.name in FILE_FOR_HELLO else self.scenario.target

    def start(self):
        """Whether it is up and answers what it should; the record says else why not."""
        with self.blamed():
            self.server = Server(self.command, self.setup.port, os.path.join(self.setup.folder, "said"),
                                 "0" if self.scenario.workers == 1 else "0,1", self.environment)
            self.check()
        return self.record.trouble is None

    def stop(self):
        if self.server is not None:
            self.server.stop()
            self.server = None

    @contextlib.contextmanager
    def blamed(self):
        """What fails in here leaves it out, and is told."""
        try:
            yield
        except (Trouble, OSError, AssertionError) as trouble:
            self.record.trouble = str(trouble) or repr(trouble)

    def measure(self, seconds):
        if self.record.trouble is not None:
            return
        with self.blamed():
            self.record.loads.append(load(self.server, "/" if self.scenario.serves == "echo" else self.target, self.scenario.connections, seconds,
                                          self.fields, scenarios.script(self.scenario, self.setup.folder),
                                          "1" if self.scenario.workers == 1 else "0,1"))
            self.record.memory = max(self.record.memory, self.server.memory()["own"])

    # ---- what it answers

    def check(self):
        """Trouble, unless it answers what it should."""
        if self.scenario.serves == "echo":
            self.check_echo()
        elif self.scenario.name == "mix":
            self.check_mix()
        else:
            self.check_answer()
            if self.scenario.pipelined > 1:
                self.check_batch()

    def ask(self, fields):
        with self.server.connect() as connection:
            connection.sendall(scenarios.request(self.target, fields))
            return read_answer(connection)

    def check_answer(self):
        scenario = self.scenario
        validators = scenarios.validators_of(self.ask([])[1]) if scenario.conditional else ()
        self.fields = scenarios.fields(scenario, validators)
        status, headers, body = self.ask(self.fields)
        if status != scenario.status:
            raise Trouble(f"answers {status}, not {scenario.status}")
        check_body(body, scenarios.content(scenario, self.place.site))
        if scenario.closing and headers["Connection"] != "close":
            raise Trouble("does not close the connection")

    def check_batch(self):
        with self.server.connect() as connection:
            raw = exchange(connection, scenarios.request(self.target) * self.scenario.pipelined, self.scenario.pipelined)
        if raw.count(b"\r\n\r\n" + scenarios.HELLO) != self.scenario.pipelined:
            raise Trouble(f"does not answer {self.scenario.pipelined} requests that come at once")

    def check_mix(self):
        """All files, in the one order in which `limit` sends them."""
        with self.server.connect() as connection:
            for index in range(scenarios.MIX_COUNT):
                raw = exchange(connection, scenarios.request(scenarios.mix_target(index)))
                if not raw.startswith(b"HTTP/1.1 200"):
                    raise Trouble(f"answers {raw[9:12].decode()}, not 200")
                with open(self.place.site + scenarios.mix_target(index), "rb") as file:
                    check_body(raw[raw.index(b"\r\n\r\n") + 4:answer_length(raw)], file.read())

    def check_echo(self):
        message, got = scenarios.echoed(self.scenario), b""
        with self.server.connect() as connection:
            connection.sendall(message)
            while len(got) < len(message) and (data := connection.recv(1 << 20)):
                got += data
        if got != message:
            raise Trouble("does not send back what it got")


def check_body(body, expected):
    if expected is None and scenarios.LISTED_LAST not in body:
        raise Trouble("answers no listing")
    if expected is not None and body != expected:
        raise Trouble(f"answers {len(body)} bytes which are not the {len(expected)} expected")


# ------------------------------------------------------------------ races

def contenders_for(scenario, place, servers, logged=False):
    found = [Contender(name, scenario, place, logged) for name in servers_for(scenario, servers)]
    return [one for one in found if one.command is not None]


def run_in_turn(contenders, options):
    """Starts and checks all, loads them in turn, and checks them again: whoever answers anything else by then was not measured."""
    try:
        for one in contenders:
            one.start()
        for _ in range(options.rounds):
            for one in contenders:
                one.measure(options.seconds)
        for one in contenders:
            if one.record.trouble is None:
                with one.blamed():
                    one.check()
    finally:
        for one in contenders:
            one.stop()


def race(scenario, place, options):
    contenders = contenders_for(scenario, place, options.servers)
    run_in_turn(contenders, options)
    return [one.record for one in contenders]


def race_logged(scenario, place, options):
    """Each server twice, with a log and without."""
    pairs = list(zip(contenders_for(scenario, place, options.servers), contenders_for(scenario, place, options.servers, logged=True)))
    pairs = [pair for pair in pairs if not pair[0].name.startswith("limit")]
    run_in_turn([one for pair in pairs for one in pair], options)
    for off, on in pairs:
        on.record.beside = off.record.loads
        on.record.trouble = on.record.trouble or off.record.trouble
        if on.record.trouble is None and count_lines(on.setup.log) < LOGGED_LEAST * sum(load.requests for load in on.record.loads):
            on.record.trouble = f"wrote {count_lines(on.setup.log):,} lines to its log, fewer than it answered requests"
    return [on.record for _, on in pairs]


def count_lines(path):
    if not os.path.exists(path):
        return 0
    with open(path, "rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))


# ------------------------------------------------------------------ idle connections

def crowd_all(scenario, place, options):
    """For each server: what it holds at rest, what an idle connection adds, and what the crowd costs 64 busy ones, to a server without."""
    return [crowd_one(one.name, scenario, place, options) for one in contenders_for(scenario, place, options.servers)]


def crowd_one(name, scenario, place, options):
    alone, crowded = (Contender(name, scenario, place) for _ in range(2))
    crowd, record = None, crowded.record
    try:
        if crowded.start():
            with crowded.blamed():
                record.at_rest = crowded.server.memory()
                crowd = Crowd(("127.0.0.1", crowded.server.port), IDLE)
                if crowd.count != IDLE:
                    raise Trouble(f"answered {crowd.count:,} of {IDLE:,} connections")
                time.sleep(1)
                record.each = {kind: (size - record.at_rest[kind]) / IDLE for kind, size in crowded.server.memory().items()}
        if record.trouble is None and alone.start():        # only now: two that share a binary share its pages, too
            for _ in range(options.rounds):
                alone.measure(options.seconds)
                crowded.measure(options.seconds)
        record.beside, record.trouble = alone.record.loads, record.trouble or alone.record.trouble
    finally:
        if crowd is not None:
            crowd.close()
        alone.stop()
        crowded.stop()
    return record


RACES = {"added": race_logged, "idle": crowd_all}       # by what is shown of a scenario; any other is a plain race


def run(scenario, place, options):
    """[Record]"""
    return RACES.get(scenario.show, race)(scenario, place, options)


# ------------------------------------------------------------------ exact figures

def count(scenario, place, servers, instructions=True, calls=True):
    """What can be counted of a request, without loads: of each server that valgrind can run."""
    records = []
    for one in contenders_for(scenario, place, [name for name in servers if name not in exact.NOT_BY_VALGRIND]):
        if not one.name.startswith("limit,"):
            with one.blamed():
                if one.start():
                    one.stop()
                    count_one(one, instructions, calls)
            one.stop()
            records.append(one.record)
    return records


def count_one(one, instructions, calls):
    probe = exact.Probe(one.command, one.setup.port, one.target, one.fields, one.scenario.closing, one.scenario.pipelined, one.setup.folder,
                        one.environment)
    if instructions:
        one.record.instructions = probe.instructions() / one.scenario.pipelined
    if calls:
        one.record.calls = {call: made / one.scenario.pipelined for call, made in probe.calls().items()}
