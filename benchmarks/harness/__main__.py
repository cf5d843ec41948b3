"""`benchmarks/run`: see USAGE."""

import dataclasses
import sys

from . import ROOT, BenchError

USAGE = """usage: benchmarks/run instructions|compare|scale|flood|report

  instructions  instructions per request under valgrind, against the budget
  compare       everybody on the same work (QUICK=1: in minutes, for a first look)
  scale         cost of a request with many locations, keys, requirements, large claims; start and reload
  flood         what made-up kids cost where keys are fetched, beside a key file
  report        writes docs/benchmarks of what was measured last, says which targets hold

QUICK=1 writes build/bench/quick/ instead of docs/benchmarks/."""


def main(arguments):
    try:
        for argument in arguments:
            {"instructions": _instructions, "compare": _compare, "scale": _scale,
             "flood": _flood, "report": _report}[argument]()
    except KeyError:
        arguments = []
    except BenchError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    if not arguments:
        print(USAGE, file=sys.stderr)
        return 2
    return 0


def _instructions():
    from . import instructions
    instructions.check(instructions.measure())


def _compare():
    from . import compare, report
    from .machine import machine, versions
    plan = compare.QUICK if report.QUICK else compare.FULL
    report.save("compare", {
        "command": "make bench QUICK=1" if report.QUICK else "make bench",
        "machine": machine(), "versions": versions(),
        "plan": dataclasses.asdict(plan), "results": compare.compare(plan)})


def _scale():
    from . import instructions, report, scale, start
    report.save("instructions", instructions.measure())
    report.save("scale", scale.measure())
    report.save("start", start.measure())


def _flood():
    from . import flood
    flood.measure()


def _report():
    from . import report
    judged = report.write()
    print("\n".join(sentence for _, sentence in judged))
    missed = sum(not held for held, _ in judged)
    print(f"{len(judged) - missed} targets held, {missed} missed; "
          f"written: {report.FOLDER.relative_to(ROOT)}/README.md")


sys.exit(main(sys.argv[1:]))
