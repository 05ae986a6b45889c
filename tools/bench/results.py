"""What tools/bench/run measured, as it is kept in results.json; report.py and plot.py make tables and drawings of it."""
import dataclasses
import json
import statistics
from dataclasses import dataclass, field

from bench import Load
from scenarios import SCENARIOS


@dataclass
class Record:
    """One server in one scenario."""
    server: str
    trouble: str | None = None                      # why it is left out
    loads: list = field(default_factory=list)       # a Load for each round
    beside: list = field(default_factory=list)      # of the same server in the same rounds: without a log, or without the crowd
    memory: int = 0                                 # bytes of its own, under load
    at_rest: dict = field(default_factory=dict)     # {"own", "pss"}: bytes before the crowd came
    each: dict = field(default_factory=dict)        # {"own", "pss"}: bytes that each of the crowd added
    instructions: float | None = None               # of a request, in user mode
    calls: dict | None = None                       # {system call: how many a request takes}

    def figures(self, show):
        """One for each round: what `Scenario.show` names."""
        return SHOWN[show](self)


def processor(record):
    return [load.processor_us for load in record.loads]


SHOWN = {
    "processor": processor,
    "latency": lambda record: [load.median_us for load in record.loads],
    "slowest": lambda record: [load.slowest_us for load in record.loads],
    "rate": lambda record: [load.rate for load in record.loads],
    "bulk": lambda record: [load.processor_us * load.requests / 1e6 / (load.bytes / 1e9) for load in record.loads],
    "added": lambda record: [on.processor_us - off.processor_us for on, off in zip(record.loads, record.beside)],
    "idle": lambda record: [crowded.processor_us / alone.processor_us for crowded, alone in zip(record.loads, record.beside)],
}


@dataclass
class Results:
    machine: dict       # what it is, and how it is set
    versions: dict      # {program: version}
    rounds: int
    seconds: int
    timed: dict = field(default_factory=dict)       # {name of the scenario: [Record]}
    counted: dict = field(default_factory=dict)     # the same for what valgrind and strace count

    def scenarios(self):
        """[(scenario, the records of those servers that did it)], in order."""
        return [(scenario, healthy(self.timed[scenario.name])) for scenario in SCENARIOS if scenario.name in self.timed]


def healthy(records):
    return [record for record in records if record.trouble is None]


def limits(records):
    return [record for record in records if record.server.startswith("limit")]


def peers(records):
    return [record for record in records if not record.server.startswith(("limit", "weir"))]


def of(server, records):
    return next((record for record in records if record.server == server), None)


def least(records, show):
    """Whoever has the least median; None if there is nobody."""
    return min(records, key=lambda record: statistics.median(record.figures(show)), default=None)


def ratios(record, base, show):
    """Round by round, since each round has its own weather."""
    return [a / b for a, b in zip(record.figures(show), base.figures(show))]


def differences(record, base, show):
    return [a - b for a, b in zip(record.figures(show), base.figures(show))]


# ------------------------------------------------------------------ the file

def write(results, path):
    path.write_text(json.dumps(dataclasses.asdict(results), indent=1) + "\n", encoding="utf-8")


def record_from(plain):
    return Record(**{**plain, **{name: [Load(**load) for load in plain[name]] for name in ("loads", "beside")}})


def read(path):
    plain = json.loads(path.read_text(encoding="utf-8"))
    for part in ("timed", "counted"):
        plain[part] = {name: [record_from(record) for record in records] for name, records in plain[part].items()}
    return Results(**plain)
