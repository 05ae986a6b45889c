"""The drawings of tools/bench/run: for each scenario the processor time of each server, as a ratio to `limit`."""
import math
import statistics

from bench import svg
from results import least, limits, of, ratios

SERVERS = {"weir": "#0969da", "nginx": "#1a7f37", "nginx, file cache": "#57ab5a", "lighttpd": "#bc4c00", "h2o": "#8250df", "haproxy": "#bf3989",
           "caddy": "#6e7781"}
LEFT, RIGHT, TOP, WIDTH = 300, 50, 64, 904
BAR, GAP = 11, 14
HIGHEST = 32        # a bar beyond it ends there
FIGURE = "  .figure { font-size: 10px; paint-order: stroke; stroke: #fff; stroke-width: 3px }\n"
FIGURE_DARK = " .figure { stroke: #0d1117 }"


def width_of(ratio):
    """Logarithmic, from a half on."""
    span = WIDTH - LEFT - RIGHT
    return span * min(max(math.log2(ratio / 0.5) / math.log2(HIGHEST / 0.5), 0.002), 1)


def draw_legend():
    parts, x = [], 16
    for index, name in enumerate(SERVERS):
        parts.append(f'<rect class="s{index}" x="{x}" y="34" width="11" height="11"/><text x="{x + 16}" y="44">{name}</text>')
        x += 36 + 7 * len(name)
    return parts


def draw_grid(bottom):
    parts = []
    for power in range(-1, int(math.log2(HIGHEST)) + 1):
        x = LEFT + width_of(2.0 ** power)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">'
                     f'{"≥ " if 2 ** power == HIGHEST else ""}{2.0 ** power:g} ×</text>')
    x = LEFT + width_of(1)
    return [*parts, f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>']


def draw_bars(records, y, show):
    limit = least(limits(records), show)
    parts = []
    for index, name in enumerate(SERVERS):
        record = of(name, records)
        if record is not None:
            ratio = statistics.median(ratios(record, limit, show))
            parts.append(f'<rect class="s{index}" x="{LEFT}" y="{y}" width="{width_of(ratio):.1f}" height="{BAR - 1}">'
                         f"<title>{name}: {ratio:.2f} ×</title></rect>")
            parts.append(f'<text class="figure" x="{LEFT + width_of(ratio) + 4:.1f}" y="{y + BAR - 2}">{ratio:.2f}</text>')
            y += BAR
    return parts, y


def draw_one(title, races):
    """`races`: [(scenario, its records, what is shown of them)]"""
    parts, y = [], TOP + 8
    for scenario, records, show in races:
        if not limits(records) or not any(of(name, records) for name in SERVERS):
            continue
        bars, bottom = draw_bars(records, y, show)
        parts += [f'<text x="{LEFT - 10}" y="{(y + bottom) / 2 + 4:.1f}" text-anchor="end">{scenario.title}</text>', *bars]
        y = bottom + GAP
    style = FIGURE + "".join(f"  .s{index} {{ fill: {color} }}\n" for index, color in enumerate(SERVERS.values()))
    return svg(WIDTH, y + 30, title, [f'<text class="title" x="16" y="22">{title}</text>', *draw_legend(), *draw_grid(y), *parts], style,
               FIGURE_DARK)


def draw(results):
    """{file name: SVG}"""
    processor = [(scenario, records, scenario.show) for scenario, records in results.scenarios() if scenario.show in ("processor", "bulk")]
    latency = [(scenario, records, "slowest") for scenario, records in results.scenarios()      # wrk tells none of pipelined requests
               if scenario.show in ("processor", "bulk", "latency") and scenario.pipelined == 1]
    return {"processor.svg": draw_one("Processor time of the server for a request, × what the kernel alone costs (limit); less is better", processor),
            "latency.svg": draw_one("The slowest of a hundred requests, × that of limit; less is better", latency)}
