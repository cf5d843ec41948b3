"""Instructions per request, which repeat where times don't.

nginx runs as one process under valgrind and serves n requests, then in a second run 2n: the
difference is n requests without start and end. Valgrind's machine has neither SHA nor AVX-512
instructions: signatures cost more in it than they do.
"""

import concurrent.futures
import re
import socket

from . import BenchError
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


def converse(port, requests, count):
    """Sends `count` requests on one connection, each after the answer to the one before."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        for i in range(count):
            connection.sendall(requests[i % len(requests)])
            answer = connection.recv(4096)
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise BenchError(f"request {i} on port {port} was answered {answer[:200]!r}")
            while b"\r\n\r\nGIF89a" not in answer or not answer.endswith(b";"):
                answer += connection.recv(4096)
