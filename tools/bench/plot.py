"""The drawings of tools/bench/run: for each scenario the processor time of each server, as a ratio to `limit`."""
import math
import statistics

from bench import svg

SERVERS = {"weir": "#0969da", "nginx": "#1a7f37", "nginx, file cache": "#57ab5a", "lighttpd": "#bc4c00", "h2o": "#8250df", "haproxy": "#bf3989",
           "caddy": "#6e7781"}
LEFT, RIGHT, TOP, WIDTH = 300, 50, 64, 904
BAR, GAP = 11, 14
HIGHEST = 32


def width_of(ratio):
    """Logarithmic, from a half on."""
    span = WIDTH - LEFT - RIGHT
    return span * min(max(math.log2(ratio / 0.5) / math.log2(HIGHEST / 0.5), 0.002), 1)


def draw_legend():
    parts, x = [], 16
    for index, name in enumerate(SERVERS):
        parts.append(f'<rect class="s{index}" x="{x}" y="34" width="11" height="11"/><text x="{x + 16}" y="44">{name}</text>')
        x += 40 + 8 * len(name)
    return parts


def draw_grid(bottom):
    parts = []
    for power in range(-1, int(math.log2(HIGHEST)) + 1):
        x = LEFT + width_of(2.0 ** power)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{2.0 ** power:g} ×</text>')
    x = LEFT + width_of(1)
    return [*parts, f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>']


def draw_bars(contenders, y, value):
    least = min(value(one) for one in contenders if one.name.startswith("limit"))
    parts = []
    for index, name in enumerate(SERVERS):
        for one in contenders:
            if one.name == name:
                ratio = value(one) / least
                parts.append(f'<rect class="s{index}" x="{LEFT}" y="{y}" width="{width_of(ratio):.1f}" height="{BAR - 1}">'
                             f"<title>{name}: {ratio:.2f} ×</title></rect>")
                parts.append(f'<text class="figure" x="{LEFT + width_of(ratio) + 4:.1f}" y="{y + BAR - 2}">{ratio:.2f}</text>')
                y += BAR
    return parts, y


def draw_one(title, results, value):
    parts, y = [], TOP + 8
    for scenario, contenders in results:
        shown = [one for one in contenders if one.trouble is None]
        if not any(one.name.startswith("limit") for one in shown) or not any(one.name in SERVERS for one in shown):
            continue
        bars, bottom = draw_bars(shown, y, value)
        parts += [f'<text x="{LEFT - 10}" y="{(y + bottom) / 2 + 4:.1f}" text-anchor="end">{scenario.title}</text>', *bars]
        y = bottom + GAP
    style = "  .figure { font-size: 10px }\n" + "".join(f"  .s{index} {{ fill: {color} }}\n" for index, color in enumerate(SERVERS.values()))
    return svg(WIDTH, y + 30, title, [f'<text class="title" x="16" y="20">{title}</text>', *draw_legend(), *draw_grid(y), *parts], style)


def processor(one):
    return statistics.median(one.figures() if one.scenario.show == "bulk" else [load.processor_us for load in one.loads])


def slowest(one):
    return statistics.median(load.slowest_us for load in one.loads)


def draw(results):
    """{file name: SVG}"""
    return {"processor.svg": draw_one("Processor time of the server for a request, × what the kernel alone costs (limit); less is better",
                                      [(scenario, contenders) for scenario, contenders in results if scenario.show != "latency"], processor),
            # wrk tells no latency of pipelined requests.
            "latency.svg": draw_one("The slowest of a hundred requests, × that of limit; less is better",
                                    [(scenario, contenders) for scenario, contenders in results if scenario.pipelined == 1], slowest)}
