"""Sends the corpus to all four, and holds the decisions against each other."""

import collections
import dataclasses
import re

from corpus import requests_of_all
from corpus.token import ADMIN, VALID

from . import ledger
from .client import Connection
from .setups import all_four, prefix

_DENIED = (400, 401, 403)
_BAD_LOG = re.compile(r"\[(alert|crit|emerg)\]|exited on signal|panicked")


@dataclasses.dataclass
class Outcome:
    """What came of one comparison."""

    decisions: dict      # policy: Counter of (pattern allows, module allows)
    explained: list      # (Entry, requests that it names)
    failures: list       # sentences
    requests: int


def compare():
    """Sends the corpus to both patterns and to the module in their place."""
    tokens = requests_of_all()
    with prefix() as folder:
        with all_four(folder) as ports:
            statuses = {who: _ask(tokens, port) for who, port in ports.items()}
        log_failures = list(_logs(folder, tokens))
    outcome = judge(tokens, statuses, ledger.read())
    outcome.failures += log_failures
    return outcome


def judge(tokens, statuses, entries):
    """Holds the answers, {(policy, "pattern" or "module"): {name: status}}, to the ledger."""
    failures = []
    decisions = {policy: collections.Counter() for policy in (1, 2)}
    differences = {}
    for policy in (1, 2):
        for token in tokens:
            pattern, module = (statuses[policy, who][token.name] for who in ("pattern", "module"))
            failures += _as_expected(policy, token, module)
            decision = (pattern == 200, module == 200)
            decisions[policy][decision] += 1
            if decision[0] != decision[1]:
                differences[policy, token.name] = decision

    explained, named = [], set()
    for entry in entries:
        names = {(policy, token.name) for policy in (1, 2) for token in tokens
                 if entry.names(policy, token.name)}
        explained.append((entry, sorted({name for _, name in names})))
        named |= names
        failures += _as_told(entry, names, differences)
    for policy, name in sorted(differences.keys() - named):
        pattern, module = map(_word, differences[policy, name])
        failures.append(f"policy {policy}, {name}: {pattern} by the pattern, {module} by the "
                        "module, and no line of the ledger says why")
    return Outcome(decisions, explained, failures, len(tokens))


def _ask(tokens, port):
    connection = Connection(port)
    try:
        return {token.name: connection.status(token.lines) for token in tokens}
    finally:
        connection.close()


def _as_expected(policy, token, status):
    """The module's answer is what the corpus expects, whatever the pattern says."""
    allowed = token.expect == ADMIN or (token.expect == VALID and policy == 1)
    if allowed != (status == 200):
        yield f"policy {policy}, {token.name}: {status} by the module, which should {_word(allowed)}"
    elif not allowed and status not in _DENIED:
        yield f"policy {policy}, {token.name}: {status} by the module is not the client's fault"


def _as_told(entry, names, differences):
    """A line holds for every request that it names, and names some."""
    where = f"{ledger.FILE.name}:{entry.line}"
    if not names:
        yield f"{where}: no request is called {entry.requests}"
    for policy, name in sorted(names):
        found = differences.get((policy, name))
        if entry.pattern is None and found in (None, (not entry.module, entry.module)):
            continue
        if found != (entry.pattern, entry.module):
            yield f"{where}: not true of {name} under policy {policy}" + (
                ", which is decided alike" if found is None else "")


def _logs(folder, tokens):
    """No worker died, and no token stands in a log of the module's."""
    secrets = {word for token in tokens for word in token.secrets}
    for log in folder.glob("*after.conf/logs/error.log"):
        data = log.read_bytes()
        for line in data.decode(errors="replace").splitlines():
            if _BAD_LOG.search(line):
                yield f"{log.parent.parent.name}: {line}"
        for secret in secrets:
            if secret in data:
                yield f"{log.parent.parent.name}: the log holds a part of a token: {secret[:20]}..."


def _word(allowed):
    return "allow" if allowed else "deny"
