"""Starts servers on free loopback ports, reads what they cost, and stops them by their process id."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

from . import BenchError

START_LIMIT = 60  # seconds until a server must answer; valgrind needs some
STOP_LIMIT = 30   # seconds until it must have ended
_LISTEN = "0A"     # the state in /proc/net/tcp
_GET = b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server in a session of its own, so that all its processes can be found."""

    def __init__(self, name, process, port):
        self.name, self.process, self.port = name, process, port

    def listens(self):
        """Is it one of its processes that has the port, not somebody else's?"""
        sockets = set()
        for entry in self.processes():
            for file in (entry / "fd").iterdir():
                with contextlib.suppress(OSError):
                    sockets.add(os.readlink(file))
        lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
        fields = (line.split() for line in lines)
        return any(f[3] == _LISTEN and int(f[1].partition(":")[2], 16) == self.port
                   and f"socket:[{f[9]}]" in sockets for f in fields)

    def processes(self):
        """The folders in /proc of its processes."""
        return [entry for entry in pathlib.Path("/proc").iterdir()
                if entry.name.isdigit() and _session(entry) == self.process.pid]

    def cpu(self):
        """(CPU seconds so far, the user part of them) of all its processes and threads.

        The scheduler counts the first in nanoseconds; the kernel splits it by sampling.
        """
        total = user = system = 0
        for entry in self.processes():
            for task in (entry / "task").iterdir():
                with contextlib.suppress(OSError):
                    total += int((task / "schedstat").read_text().split()[0])
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                user, system = user + int(fields[11]), system + int(fields[12])
        return total / 1e9, user / TICK, system / TICK

    def memory(self):
        """Bytes, pages shared with other processes in proportion (PSS)."""
        total = 0
        for entry in self.processes():
            for line in (entry / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        return total


def _session(entry):
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[3])
    except OSError:
        return None


@contextlib.contextmanager
def serve(name, command, folder, stop=signal.SIGTERM, core=None, env=None, logs=()):
    """Runs `command(port)` in `folder` until the caller is done; yields the Server.

    The port may be taken between asking for it and listening: then another one.
    """
    pin = [] if core is None else ["taskset", "-c", str(core)]
    log = folder / f"{name}.log"
    for attempt in range(5):
        port = free_port()
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [*pin, *map(str, command(port))], cwd=folder, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True,
                env=None if env is None else {**os.environ, **env})
        server = Server(name, process, port)
        if _answers(server):
            break
        _end(process, stop)
        text = "\n".join(f.read_text(errors="replace")
                         for f in (log, *logs) if f.exists())[-4000:]
        if "ddress already in use" not in text or attempt == 4:
            raise BenchError(f"{name} did not start:\n{text}")
    try:
        yield server
    finally:
        _end(process, stop)


def _answers(server):
    """Waits until it answers an HTTP request; False when it ended or never does."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end and server.process.poll() is None:
        with contextlib.suppress(OSError):
            if server.listens():
                with socket.create_connection(("127.0.0.1", server.port), 1) as connection:
                    connection.settimeout(START_LIMIT)
                    connection.sendall(_GET)
                    if connection.recv(1):
                        return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.process.wait(0.05)
    return False


def _end(process, how):
    """Asks until it has ended: nginx as a single process misses a signal that comes just before it waits."""
    for _ in range(STOP_LIMIT):
        if process.poll() is None:
            process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
            return
    process.kill()
    process.wait()
