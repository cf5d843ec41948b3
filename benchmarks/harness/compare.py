"""Everybody on the same work, in interleaved rounds."""

import dataclasses
import os
import subprocess
import sys

from . import ROOT, BenchError
from .client import status
from .contenders import all_of
from .load import run
from .nginx import check_pair
from .tokens import ALGORITHMS, CLAIMS, Key, build_mint, request, workplace

WORKLOADS = {"same": "the same token each time", "distinct": "5,000 distinct tokens in turns"}
DISTINCT = 5000


@dataclasses.dataclass
class Plan:
    """How long it takes: algorithms × workloads × rounds × 8 contenders × seconds."""

    rounds: int
    seconds: int


FULL, QUICK = Plan(6, 2), Plan(2, 1)


def compare(plan):
    """{algorithm: {workload: {"rounds": [{name: Run}], "memory": {name: bytes}, "bare": [µs]}}}."""
    check_pair()
    build_mint()
    server_core, load_core = cores()
    results = {}
    with workplace() as base:
        for algorithm in ALGORITHMS:
            folder = base / algorithm
            folder.mkdir()
            key = Key(folder, algorithm)
            tokens = key.tokens(DISTINCT + 1)
            files = {name: folder / f"{name}.txt" for name in WORKLOADS}
            files["same"].write_text(tokens[0] + "\n")
            files["distinct"].write_text("\n".join(tokens[1:]) + "\n")
            with all_of(folder, key, server_core) as contenders:
                for contender in contenders.values():
                    _prove(contender, key, tokens[0])
                    run(contender, files["distinct"], 1, load_core)  # code and heap are warm
                results[algorithm] = {
                    workload: _rounds(plan, f"{algorithm}, {workload}", contenders, file,
                                      key, server_core, load_core)
                    for workload, file in files.items()
                }
    return results


def cores():
    """One for the servers, one for the load."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise BenchError("two cores are needed, one for the servers and one for the load")
    return cores[:2]


def _prove(contender, key, good):
    """It lets a good token in, and no other; twice, for those with a cache."""
    cases = {
        "a good token": (good, True),
        "a token that was tampered with": (key.token(CLAIMS, "+86400", "--tamper"), False),
        "an expired token": (key.token(CLAIMS, "-3600"), False),
    }
    for what, (token, accepted) in [*cases.items()] * 2:
        answer = status(contender.port, request(token))
        wanted = (200,) if accepted or contender.name == "none" else (401, 403)
        if answer not in wanted:
            raise BenchError(f"{contender.name} answers {answer} to {what} ({key.algorithm})")


def _rounds(plan, title, contenders, tokens, key, server_core, load_core):
    names = list(contenders)
    rounds, bare = [], []
    for number in range(plan.rounds):
        print(f"\r{title}: round {number + 1} of {plan.rounds} ", end="", file=sys.stderr)
        start = number % len(names)
        rounds.append({name: dataclasses.asdict(run(contenders[name], tokens, plan.seconds, load_core))
                       for name in names[start:] + names[:start]})
        bare.append(_bare(tokens, key, server_core))
    print(file=sys.stderr)
    memory = {name: contender.memory() for name, contender in contenders.items()}
    return {"rounds": rounds, "memory": memory, "bare": bare}


def _bare(tokens, key, core):
    """CPU microseconds of one bare signature."""
    binary = os.path.join(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"), "release/bare")
    with open(tokens) as lines:
        output = subprocess.run(["taskset", "-c", str(core), binary, key.jwks, "0.3"],
                                stdin=lines, stdout=subprocess.PIPE, text=True, check=True)
    return float(output.stdout)
