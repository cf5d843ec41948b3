"""What must hold in one run, and whether it does."""

from .contenders import PEERS
from .statistics import interval

HIT_RATIO = 1.05   # CPU with the same token, of nginx without authentication
MISS_MICROS = 3.0  # user CPU beyond the bare signature, of a token that is not cached


def judge(results):
    """[(held, sentence)] for each target and algorithm."""
    return [line for algorithm, workloads in results.items()
            for line in (*_same(algorithm, workloads["same"]),
                         *_distinct(algorithm, workloads["distinct"]))]


def values(workload, what, name):
    """One number of each round."""
    return [r[name][what] for r in workload["rounds"]]


def ratios(workload, what, name, other="none"):
    """name / other within each round."""
    return [r[name][what] / r[other][what] for r in workload["rounds"]]


def _same(algorithm, workload):
    found = interval(ratios(workload, "cpu", "module"))
    yield _line(found, HIT_RATIO, f"{algorithm}, same token: CPU ≤ {HIT_RATIO} × no authentication",
                "{:.2f}")
    yield from _peers(algorithm, "same token", workload, "module")


def _distinct(algorithm, workload):
    above = [r["module, cache off"]["user"] - r["none"]["user"] - bare
             for r, bare in zip(workload["rounds"], workload["bare"])]
    yield _line(interval(above), MISS_MICROS,
                f"{algorithm}, distinct tokens, cache off: user CPU ≤ no authentication + "
                f"bare signature + {MISS_MICROS:.0f} µs", "{:+.1f} µs")
    yield from _peers(algorithm, "distinct tokens", workload, "module")
    yield from _peers(algorithm, "distinct tokens, cache off", workload, "module, cache off")


def _peers(algorithm, title, workload, ours):
    """Less CPU than the best of the peers, round by round."""
    peers = [name for name in PEERS if name in workload["rounds"][0]]
    best = min(peers, key=lambda name: interval(values(workload, "cpu", name))[1])
    found = interval(ratios(workload, "cpu", ours, best))
    yield _line(found, 1.0, f"{algorithm}, {title}: less CPU than every peer (the best: {best})",
                "{:.2f} of its")


def _line(found, limit, target, form):
    low, median, high = found
    if median <= limit:
        held, verdict = True, "held"
    elif low <= limit:
        held, verdict = True, "held: the interval includes it"
    else:
        held, verdict = False, "**missed**"
    number = form.format(median)
    return held, f"{target}: {number} [{low:.2f}, {high:.2f}]: {verdict}"
