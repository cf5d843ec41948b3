"""What starting and reloading cost: 1,000 locations and 100 key files."""

import signal
import statistics
import subprocess
import time

from . import BenchError
from .nginx import BINARY, nginx, write
from .tokens import Key, workplace, write_set

ROUNDS = 9
LIMIT = 2.0  # × nginx without the module


def measure():
    """{"`nginx -t`" or "reload": (ms without the module, ms with it)}, medians."""
    with workplace() as folder:
        key = Key(folder, "RS256").public()
        files = [write_set(folder / f"file-{n}.json", [{**key, "kid": f"key-{n}"}])
                 for n in range(100)]
        servers = {
            False: "\n".join(f"location = /{n} {{ empty_gif; }}" for n in range(1000)),
            True: "\n".join(f'location = /{n} {{ empty_gif; auth_jwt ""; '
                            f"auth_jwt_key_file {files[n % 100]}; }}" for n in range(1000)),
        }
        tests, reloads = {False: [], True: []}, {False: [], True: []}
        homes = {module: write(folder, f"test-{module}", server, module=module, port=1)
                 for module, server in servers.items()}
        with (nginx(folder, "plain", servers[False], module=False) as plain,
              nginx(folder, "checked", servers[True]) as checked):
            for _ in range(ROUNDS):
                for module, running in ((False, plain), (True, checked)):
                    tests[module].append(_test(homes[module]))
                    reloads[module].append(_reload(running))

    def medians(times):
        return tuple(statistics.median(times[module]) * 1e3 for module in (False, True))

    return {"`nginx -t`": medians(tests), "reload": medians(reloads)}


def judge(found):
    """[(held, sentence)]: the module at most doubles the time to start."""
    for what, (without, module) in found.items():
        held = module <= LIMIT * without
        yield held, (f"{what} with 1,000 locations and 100 key files: {module / without:.2f} × nginx "
                     f"without the module, at most {LIMIT:.0f}: {'held' if held else '**missed**'}")


def _test(home):
    before = time.monotonic()
    subprocess.run([BINARY, "-t", "-q", "-p", f"{home}/", "-c", "nginx.conf", "-e", "error.log"],
                   check=True)
    return time.monotonic() - before


def _reload(server):
    """Until the new worker is there and the old one gone."""
    def workers():
        return {entry.name for entry in server.processes()} - {str(server.process.pid)}

    old, before = workers(), time.monotonic()
    server.process.send_signal(signal.SIGHUP)
    while time.monotonic() < before + 60:
        now = workers()
        if now and not now & old:
            return time.monotonic() - before
        time.sleep(0.0005)
    raise BenchError(f"{server.name} did not reload within a minute")
