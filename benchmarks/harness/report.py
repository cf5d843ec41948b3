"""Writes docs/benchmarks from what was measured."""

import json
import os

from . import ROOT, instructions, scale, start, targets
from .compare import WORKLOADS
from .contenders import NAMES
from .statistics import interval
from .svg import dots, lines
from .targets import ratios, values

QUICK = bool(os.environ.get("QUICK"))
RAW = ROOT / ("build/bench/quick" if QUICK else "build/bench")
FOLDER = RAW if QUICK else ROOT / "docs/benchmarks"
PLAIN = {name: text.replace("`", "").replace("*", "") for name, text in NAMES.items()}


def save(name, data):
    """Keeps a part of a run until the report is written."""
    RAW.mkdir(parents=True, exist_ok=True)
    (RAW / f"{name}.json").write_text(json.dumps(data))


def write():
    """README.md and the plots, of all parts that there are; returns the targets' lines."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    parts = {name: json.loads((RAW / f"{name}.json").read_text())
             for name in ("compare", "instructions", "scale", "start")
             if (RAW / f"{name}.json").exists()}
    text = ["# Benchmarks\n"]
    judged = _judge(parts)
    if "compare" in parts:
        text += _comparison(parts["compare"])
    if "instructions" in parts:
        text += _instructions(parts["instructions"])
    if "scale" in parts:
        text += _scale(parts["scale"])
    if "start" in parts:
        text += _start(parts["start"])
    text.append("## Targets\n")
    text += [f"- {line}" for _, line in judged]
    (FOLDER / "README.md").write_text("\n".join(text) + "\n")
    return judged


def _judge(parts):
    judges = {"compare": lambda run: targets.judge(run["results"]),
              "instructions": instructions.judge, "scale": scale.judge, "start": start.judge}
    return [line for name, judge in judges.items() if name in parts for line in judge(parts[name])]


def _comparison(run):
    results, plan = run["results"], run["plan"]
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    shown = {f"CPU per request, {title}": {
        PLAIN[name]: {algorithm: interval(values(workloads[workload], "cpu", name))
                      for algorithm, workloads in results.items()
                      if name in workloads[workload]["rounds"][0]}
        for name in NAMES} for workload, title in WORKLOADS.items()}
    ours = [PLAIN[name] for name in NAMES if "module" in name]
    (FOLDER / "cpu.svg").write_text(
        dots("Server CPU per request", "µs", shown, list(results), ours))
    yield (f"One run of `{run['command']}`, {plan['rounds']} interleaved rounds of "
           f"{plan['seconds']} s each; medians, with the interval of the median in brackets. How it is "
           f"measured: [benchmarks/README.md](../../benchmarks/README.md).\n\n"
           f"Machine: {run['machine']}. {versions}.\n\n"
           "CPU is user and system time of all server processes, a service that is asked included. "
           "× is the ratio to nginx without authentication in the same round.\n\n"
           "![Server CPU per request](cpu.svg)\n")
    for workload, title in WORKLOADS.items():
        yield f"## {title[0].upper()}{title[1:]}\n"
        yield "### Server CPU, µs per request\n"
        yield _table(results, workload, lambda w, name: _with_ratio(w, "cpu", name, ".1f"))
        yield "### Requests per second\n"
        yield _table(results, workload, lambda w, name: _with_ratio(w, "rate", name, ",.0f"))
        yield "### Latency at full load, p50 / p99 in ms\n"
        yield _table(results, workload, _latency)
        yield "### Memory, MiB (PSS of all server processes)\n"
        yield _table(results, workload, lambda w, name: f"{w['memory'][name] / 2**20:.1f}")


def _table(results, workload, cell):
    lines = ["| | " + " | ".join(results) + " |", "|---|" + "---:|" * len(results)]
    for name, text in NAMES.items():
        cells = [cell(w[workload], name) if name in w[workload]["rounds"][0] else "–"
                 for w in results.values()]
        lines.append(f"| {text} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _with_ratio(workload, what, name, form):
    low, median, high = interval(values(workload, what, name))
    times = interval(ratios(workload, what, name))[1]
    return f"{median:{form}} [{low:{form}}, {high:{form}}] ×{times:.2f}"


def _latency(workload, name):
    p50, p99 = (interval(values(workload, what, name))[1] for what in ("p50", "p99"))
    return f"{p50:.2f} / {p99:.2f}"


def _instructions(found):
    yield "## Instructions per request\n"
    yield ("HS256, counted by valgrind, whose machine has no SHA instructions: `make instructions`. The differences "
           "are what [instructions.toml](../../benchmarks/instructions.toml) bounds.\n")
    yield "| | instructions | above none |\n|---|---:|---:|"
    for name, number in found.items():
        yield f"| {name} | {number:,.0f} | {number - found['none']:,.0f} |"
    yield ""


def _scale(run):
    yield "## Scale\n"
    yield ("What the module adds to a request, HS256, above nginx without authentication on the same "
           "configuration: instructions first, CPU in µs below. "
           "Tokens over 8 KiB are not kept by the cache: the largest claims never hit.\n\n"
           "![Instructions per request](scale.svg)\n")
    panels = {title: {row: {float(x): y for x, y in points.items()} for row, points in rows.items()}
              for title, rows in run["instructions"].items()}
    (FOLDER / "scale.svg").write_text(
        lines("What the module adds to a request", "instructions", panels))
    for title, rows in run["instructions"].items():
        places = list(next(iter(rows.values())))
        yield f"| {title} | " + " | ".join(places) + " |\n|---|" + "---:|" * len(places)
        for row, points in rows.items():
            yield f"| {row} | " + " | ".join(f"{y:,.0f}" for y in points.values()) + " |"
        for row, points in run["cpu"][title].items():
            yield f"| {row}, µs | " + " | ".join(f"{y:.1f}" for y in points.values()) + " |"
        yield ""


def _start(found):
    yield "## Start and reload\n"
    yield ("1,000 locations with 100 key files (RSA, 2048 bits), beside nginx without the module with "
           "the same 1,000 locations; medians.\n")
    yield "| | without the module, ms | with it, ms | ratio |\n|---|---:|---:|---:|"
    for what, (without, module) in found.items():
        yield f"| {what} | {without:.1f} | {module:.1f} | {module / without:.2f} |"
    yield ""
