"""The reviewed differences between the patterns and the module: ledger.txt.

Each line is

    policy  requests  pattern -> module  : reason

where policy is 1, 2 or both, requests is a name of the corpus or a pattern of names with `*`, and a
decision is `allow` or `deny`. A line must hold for every request that it names. Where the module
allows what the pattern denies, the reason must begin with the RFC and section by which it may.
`either` stands for a pattern whose decision hangs on the version of Python.
"""

import dataclasses
import fnmatch
import re

from .servers import FOLDER

FILE = FOLDER / "ledger.txt"
_LINE = re.compile(r"(1|2|both)\s+(\S+)\s+(allow|deny|either) -> (allow|deny)\s+: (.+)")
_RFC = re.compile(r"RFC \d{4} section \d")


class LedgerError(Exception):
    """The ledger cannot be read; the message names the line."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line of the ledger."""

    line: int
    policies: tuple
    requests: str
    pattern: bool | None  # None: either
    module: bool
    reason: str

    def names(self, policy, request):
        return policy in self.policies and fnmatch.fnmatchcase(request, self.requests)


def read():
    """The entries of the ledger."""
    entries = []
    for number, text in enumerate(FILE.read_text().splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise LedgerError(f"{FILE.name}:{number}: not a line of the form that it explains")
        policy, requests, pattern, module, reason = match.groups()
        if pattern == module:
            raise LedgerError(f"{FILE.name}:{number}: no difference")
        if module == "allow" and not _RFC.match(reason):
            raise LedgerError(f"{FILE.name}:{number}: the module allows more: cite the RFC first")
        policies = (1, 2) if policy == "both" else (int(policy),)
        entries.append(Entry(number, policies, requests,
                             None if pattern == "either" else pattern == "allow",
                             module == "allow", reason))
    return entries
