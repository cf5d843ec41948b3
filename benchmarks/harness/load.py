"""The load: wrk on a core of its own, and what the servers paid for it."""

import dataclasses
import re
import subprocess

from . import FOLDER, BenchError

CONNECTIONS = 32  # kept alive


@dataclasses.dataclass
class Run:
    """One contender under load."""

    rate: float  # requests per second
    cpu: float   # microseconds per request of all its processes, user and system
    user: float  # the user part
    p50: float   # milliseconds
    p99: float


def run(contender, tokens, seconds, core, some_refused=False):
    """Sends the tokens of the file for so long, as fast as it is answered. `some_refused`: with
    tokens among them that must be."""
    command = ["taskset", "-c", str(core), "wrk", "-t", "1", "-c", str(CONNECTIONS),
               "-d", f"{seconds}s", "--timeout", "10s", "-s", str(FOLDER / "tokens.lua"),
               f"http://127.0.0.1:{contender.port}/gif", "--", str(tokens)]
    before = contender.cpu()
    # wrk ends by itself; the limit is for one that hangs.
    output = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    total, user, system = (b - a for a, b in zip(before, contender.cpu()))
    found = re.search(r"^result (.*)$", output.stdout, re.MULTILINE)
    if output.returncode != 0 or found is None:
        raise BenchError(f"wrk failed:\n{output.stdout}{output.stderr}")
    requests, micros, failed, refused, p50, p99 = map(int, found.group(1).split())
    if failed or (refused > 0) != some_refused or not requests:
        raise BenchError(f"{contender.name}: of {requests} requests {failed} failed, "
                         f"{refused} were refused")
    cpu = total / requests * 1e6
    split = user / (user + system) if user + system else 0.0
    return Run(requests / micros * 1e6, cpu, cpu * split, p50 / 1e3, p99 / 1e3)
