"""Requests per second of pattern 1, of the module in its place, and of no check at all.

All in one run, on one machine, in turns. The API behind them is an nginx that answers at once, so
that what differs is the check.
"""

import contextlib
import re
import shutil
import statistics
import subprocess

from corpus.token import good

from .client import Connection
from .servers import FOLDER, StartError, gunicorn, nginx, nginx_and_module
from .setups import prefix

SECONDS = 3       # of each measurement
ROUNDS = 3        # measurements of each
CONNECTIONS = 16  # kept alive
AUTH_WORKERS = 2  # processes of the auth service, 8 threads each

_API = """
worker_processes 1;
pid              logs/nginx.pid;
error_log        logs/error.log;
events {}
http {
    access_log off;
    server {
        listen 127.0.0.1:9000;
        location / { return 200 "ok"; }
    }
}
"""

NAMES = {
    "none": "no check",
    "module": "the module",
    "pattern": "auth_request and the auth service",
}


def measure():
    """{"none", "module" or "pattern": requests per second in each round}."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise StartError("wrk is not installed; on Debian and Ubuntu: apt-get install wrk")
    executable, module = nginx_and_module()
    before = (FOLDER / "auth-request/before.conf").read_text()
    after = (FOLDER / "auth-request/after.conf").read_text()
    confs = {
        "none": "\n".join(line for line in after.splitlines() if "auth_jwt" not in line),
        "module": after,
        "pattern": before,
    }
    with prefix() as folder, contextlib.ExitStack() as stack:
        start = stack.enter_context
        api = start(nginx(folder, "api", _API, {}, executable, module))
        auth = start(gunicorn(folder, "auth-request", "auth_service", workers=AUTH_WORKERS))
        ports = {
            name: start(nginx(folder, name, conf, {9000: api, 9001: auth}, executable, module))
            for name, conf in confs.items()
        }
        header = f"Authorization: Bearer {good('RS256')}"
        for name, port in ports.items():
            _check(name, port, header)
        rates = {name: [] for name in ports}
        for _ in range(ROUNDS):
            for name, port in ports.items():
                rates[name].append(_wrk(wrk, port, header))
    return rates


def ratio(rates):
    """How many times the rate of pattern 1 the module has, by the medians."""
    return statistics.median(rates["module"]) / statistics.median(rates["pattern"])


def _check(name, port, header):
    """What is measured does check: no token, no entry."""
    connection = Connection(port)
    with_token, without = connection.status([header.encode()]), connection.status([])
    connection.close()
    if with_token != 200 or (without == 200) != (name == "none"):
        raise StartError(f"{name} answers {with_token} with a token, {without} without")


def _wrk(wrk, port, header):
    command = [wrk, "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "-H", header,
               f"http://127.0.0.1:{port}/api/reports"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output:
        raise StartError(f"some requests were refused:\n{output}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
