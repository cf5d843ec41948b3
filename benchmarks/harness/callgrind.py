"""Instructions per request, which repeat where times don't.

nginx runs as one process under valgrind and serves n requests, then in a second run 2n: the
difference is n requests without start and end. Valgrind's machine has neither SHA nor AVX-512
instructions: signatures cost more in it than they do.
"""

import concurrent.futures
import re

from . import BenchError
from .client import converse
from .nginx import nginx

OPTIONS = "daemon off; master_process off;"


def per_request(folder, name, requests, count, server, http="", module=True):
    """Instructions that one request costs; `requests` are sent in turns, one at a time."""
    def run(times):
        return _total(folder, f"{name}-{times}", requests, times, server, http, module)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        once, twice = pool.map(run, (count, 2 * count))
    return (twice - once) / count


def _total(folder, name, requests, count, server, http, module):
    output = folder / f"{name}.callgrind"
    valgrind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={output}"]
    with nginx(folder, name, server, http, module, under=valgrind, options=OPTIONS) as running:
        converse(running.port, requests, count)
    found = re.search(r"^(?:totals|summary): (\d+)$", output.read_text(), re.MULTILINE)
    if found is None:
        raise BenchError(f"valgrind counted nothing:\n{(folder / name / f'{name}.log').read_text()}")
    return int(found.group(1))
