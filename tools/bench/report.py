"""The tables of tools/bench/run, in Markdown: of one scenario, of all of them, and what weir reaches of its goals. Each function gives text."""
import statistics

from bench import picture, spread, table
from exact import WAITS
from peers import SERVERS
from results import differences, healthy, least, limits, of, peers, ratios
from scenarios import GOALS, SCENARIOS

UNIT = {"processor": "µs", "bulk": "s a GB", "latency": "latency, µs"}
TITLE = {scenario.name: scenario.title for scenario in SCENARIOS}


def median(figures, digits=2):
    return f"{statistics.median(figures):,.{digits}f}"


def digits_of(show):
    return 3 if show == "bulk" else 2


def relation(record, base, show):
    return "–" if record is None or base is None else spread(ratios(record, base, show), 2)


def section(title, *parts):
    return "\n\n".join([f"### {title}", *(part for part in parts if part)]) + "\n"


def troubles(records, where=""):
    return "\n".join(f"{record.server} is left out{where}: {record.trouble}." for record in records if record.trouble is not None)


def conditions(results):
    """On what, and how, all of it was measured."""
    machine, versions = results.machine, dict(results.versions)
    weir, gcc = versions.pop("weir"), versions.pop("gcc")
    rounds = "one round" if results.rounds == 1 else f"{results.rounds} rounds"
    return (f"{machine['processor']}, {machine['processors']} processors, Linux {machine['kernel']}, {machine['system']}; congestion control "
            f"{machine['congestion']}; load before {machine['load']:.2f}. weir {weir}, {gcc}; "
            + ", ".join(f"{name} {version}" for name, version in versions.items())
            + f". Medians of {rounds} of {results.seconds} s in turn; a spread is from the least to the most.")


# ------------------------------------------------------------------ one scenario

def race(scenario, records):
    shown = healthy(records)
    show, bulk = scenario.show, scenario.show == "bulk"
    limit, best = least(limits(shown), show), least(peers(shown), show)
    rows = [[record.server, spread(record.figures("processor"), 2), *([spread(record.figures("bulk"), 3)] if bulk else []),
             relation(record, limit, show), relation(record, best, show), spread(record.figures("rate"), 0), spread(record.figures("latency"), 0),
             spread(record.figures("slowest"), 0) if scenario.pipelined == 1 else "–", f"{record.memory >> 10:,}"] for record in shown]
    what = "latency" if show == "latency" else "processor"
    columns = ["", "processor, µs a request", *(["processor, s a GB"] if bulk else []), f"{what}, × limit", f"{what}, × best peer",
               "requests a second", "latency, µs", "slowest of a hundred, µs", "own memory, KiB"]
    return section(scenario.title, table(columns, rows), troubles(records))


def access_log(scenario, records):
    shown = healthy(records)
    best = least(peers(shown), "added")
    rows = [[record.server, spread([load.processor_us for load in record.beside], 2), spread(record.figures("processor"), 2),
             spread(record.figures("added"), 2), "–" if best is None else spread(differences(record, best, "added"), 2)] for record in shown]
    return section(scenario.title, table(["", "off, µs a request", "on", "added", "more than the best peer"], rows), troubles(records))


def idle(scenario, records):
    kinds = ("own", "pss")
    rows = [[record.server, *(f"{record.at_rest[kind] >> 10:,}" for kind in kinds), *(f"{record.each[kind]:,.0f}" for kind in kinds),
             spread([load.processor_us for load in record.beside], 2), spread(record.figures("processor"), 2), spread(record.figures("idle"), 2)]
            for record in healthy(records)]
    columns = ["", "own memory at rest, KiB", "PSS at rest, KiB", "own bytes for each idle connection", "PSS", "64 busy alone, µs a request",
               "beside the idle ones", "ratio"]
    return section(scenario.title, table(columns, rows), troubles(records))


SECTIONS = {"added": access_log, "idle": idle}


def one(scenario, records):
    return SECTIONS.get(scenario.show, race)(scenario, records)


# ------------------------------------------------------------------ what was counted

def servers_in(groups):
    """The names of those that are in any of them."""
    there = {record.server for records in groups for record in records}
    return [name for name in SERVERS if name in there]


def calls_made(record):
    """How many, without those that wait for the next request; None where nobody counted."""
    return None if record.calls is None else sum(count for call, count in record.calls.items() if call not in WAITS)


def in_columns(title, results, cell):
    """A table of those scenarios where valgrind and strace counted: one column for each server."""
    names = servers_in(results.counted.values())
    rows = [[TITLE[name], *(cell(of(server, healthy(records))) for server in names)] for name, records in results.counted.items()]
    return section(title, table(["", *names], rows))


def instructions(results):
    return in_columns("User instructions of a request", results,
                      lambda record: f"{record.instructions:,.0f}" if record and record.instructions else "–")


def calls(results):
    return in_columns("System calls of a request", results, lambda record: "–" if not record or not record.calls else (
        f"{sum(record.calls.values()):.2f}: " + ", ".join(f"{call} {count:.2f}" for call, count in record.calls.items())))


def calls_briefly(results):
    return in_columns("System calls of a request, without those that wait for the next", results,
                      lambda record: f"{calls_made(record):.2f}" if record and record.calls else "–")


# ------------------------------------------------------------------ all scenarios

def plain(results):
    return [(scenario, records) for scenario, records in results.scenarios() if scenario.show in UNIT]


def columns(records, show):
    """{server: its record}, where `limit` is the one of its variants that counts."""
    found = {record.server: record for record in records if not record.server.startswith("limit")}
    limit = least(limits(records), show)
    return found if limit is None else {"limit": limit, **found}


def servers_of(races):
    return [name for name in servers_in(records for _, records in races) if not name.startswith("limit,")]


def to_best_peer(record, records, show):
    best = least(peers(records), show)
    return "–" if record is None or best is None else f"{relation(record, best, show)}, {best.server}"


def summary(results):
    races = plain(results)
    names = servers_of(races)
    rows = []
    for scenario, records in races:
        show, there = scenario.show, columns(records, scenario.show)
        cells = [median(there[name].figures(show), digits_of(show)) if name in there else "" for name in names]
        weir = there.get("weir")
        rows.append([f"{scenario.title}: {UNIT[show]}", *cells, relation(weir, there.get("limit"), show), to_best_peer(weir, records, show)])
    left_out = "\n".join(filter(None, (troubles(results.timed[scenario.name], f" of {scenario.title}") for scenario, _ in races)))
    return section("Processor time of the server for a request", table(["", *names, "weir × limit", "weir × best peer"], rows), left_out)


def latencies(results):
    races = [(scenario, records) for scenario, records in plain(results) if scenario.pipelined == 1]
    names = servers_of(races)
    rows = []
    for scenario, records in races:
        there = columns(records, "slowest")
        cells = [" / ".join(median(there[name].figures(figure), 0) for figure in ("latency", "slowest")) if name in there else "" for name in names]
        rows.append([scenario.title, *cells, relation(there.get("weir"), there.get("limit"), "slowest")])
    return section("Latency in µs: the median, and the slowest of a hundred", table(["", *names, "weir's slowest × limit's"], rows))


# ------------------------------------------------------------------ the goals

GROWTH = ("epoll_ctl", "brk", "mmap", "mremap", "munmap", "madvise")


def against_limit(show):
    """The figures of a record: ratios to the least of the limits. None where one of them is left out, since it might have been the least."""
    def figures(record, everyone):
        measured = healthy(limits(everyone))
        return ratios(record, least(measured, show), show) if measured == limits(everyone) != [] else None
    return figures


def calls_that_grow(record):
    return None if record.calls is None else sum(record.calls.get(call, 0) for call in GROWTH)


def alone(figure):
    """What a record tells without the others; None where it was not measured."""
    return lambda record, _: None if (found := figure(record)) is None else [found]


# figure of a goal: how it is called, its digits, whether it was counted and not timed, and how to get it: from a record and all, those left out too
FIGURES = {
    "processor": ("processor time, × limit", 2, False, against_limit("processor")),
    "bulk": ("processor time of a GB, × limit", 2, False, against_limit("bulk")),
    "slowest": ("slowest of a hundred, × limit", 2, False, against_limit("slowest")),
    "rate": ("requests a second", 0, False, lambda record, _: record.figures("rate")),
    "added": ("µs added to a request", 2, False, lambda record, _: record.figures("added")),
    "idle": ("64 busy ones beside them, × without", 2, False, lambda record, _: record.figures("idle")),
    "each": ("bytes of its own for each", 0, False, alone(lambda record: record.each["own"])),
    "rest": ("bytes of its own at rest", 0, False, alone(lambda record: record.at_rest["own"])),
    "instructions": ("user instructions", 0, True, alone(lambda record: record.instructions)),
    "calls": ("system calls, without those that wait", 2, True, alone(calls_made)),
    "growth": ("calls that ask for memory or register", 2, True, alone(calls_that_grow)),
}


MET = "met"


def judged(goal, results):
    """One row."""
    name, digits, is_counted, figures_of = FIGURES[goal.figure]
    everyone = (results.counted if is_counted else results.timed).get(goal.scenario, [])
    records = healthy(everyone)
    sign, choose = ("≥", max) if goal.figure == "rate" else ("≤", min)
    found = {record.server: figures for record in records if (figures := figures_of(record, everyone)) is not None}
    row = [TITLE[goal.scenario], name, f"{sign} {goal.bound:g}" if goal.bound < 100 else f"{sign} {goal.bound:,.0f}"]
    if "weir" not in found:
        return [*row, "–", "–", "not measured"]
    theirs = [record.server for record in peers(records) if record.server in found]
    best = choose(theirs, key=lambda server: statistics.median(found[server]), default=None)
    reached = statistics.median(found["weir"])
    met = reached >= goal.bound if goal.figure == "rate" else reached <= goal.bound
    return [*row, spread(found["weir"], digits), "–" if best is None else f"{median(found[best], digits)}, {best}", MET if met else "**not met**"]


def goals(results):
    """Of those scenarios that were run."""
    rows = [judged(goal, results) for goal in GOALS if goal.scenario in (*results.timed, *results.counted)]
    met = sum(row[-1] == MET for row in rows)
    return section("The goals", f"{met} of {len(rows)} are met.", table(["", "", "goal", "weir", "best peer", ""], rows, text=2)) if rows else ""


# ------------------------------------------------------------------ pages

def rest(results):
    """The access log and the idle connections."""
    return [one(scenario, results.timed[scenario.name]) for scenario, _ in results.scenarios() if scenario.show in SECTIONS]


def counted(results, *sections):
    return [make(results) for make in sections] if results.counted else []


def ending(results):
    """What a run shows when all of it is done."""
    tables = [summary(results), latencies(results)] if len(plain(results)) > 1 else []
    return "\n".join([*counted(results, instructions, calls), *tables, goals(results)])


def for_readme(results):
    parts = [conditions(results) + "\n",
             picture("processor.svg", "Processor time of each server for a request, in each scenario, as a ratio to what the kernel alone costs"),
             goals(results), summary(results), *rest(results),
             picture("latency.svg", "The slowest of a hundred requests of each server, in each scenario, as a ratio to that of the bare loop"),
             latencies(results), *counted(results, instructions, calls_briefly)]
    return "\n".join(parts)


def in_detail(results):
    parts = ["# What tools/bench/run measured\n", conditions(results) + "\n", goals(results), summary(results), latencies(results),
             *(one(scenario, results.timed[scenario.name]) for scenario, _ in results.scenarios()), *counted(results, instructions, calls)]
    return "\n".join(parts)
