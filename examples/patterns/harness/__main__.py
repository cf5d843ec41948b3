"""`run test`, `run show`, `run measure`: see usage()."""

import statistics
import sys

from .compare import compare
from .ledger import LedgerError
from .measure import CONNECTIONS, NAMES, measure, ratio
from .servers import StartError
from .setups import POLICIES

USAGE = """usage: examples/patterns/run test|show|measure|corpus

  test     sends the corpus to both patterns and to the module; fails on an unexplained difference
  show     the same, with every difference and its reason, then measure
  measure  requests per second of pattern 1 and of the module, in one run
  corpus   prints the corpus, one request a line, as JSON"""


def main(arguments):
    if arguments not in (["test"], ["show"], ["measure"]):
        print(USAGE, file=sys.stderr)
        return 2
    command = arguments[0]
    try:
        if command == "measure":
            _print_rates()
            return 0
        outcome = compare()
        _print_decisions(outcome)
        if command == "show":
            _print_differences(outcome)
        for failure in outcome.failures:
            print(f"FAILED: {failure}")
        print(f"\npatterns: {outcome.requests} requests, {len(outcome.failures)} failures")
        if command == "show":
            print()
            _print_rates()
        return 1 if outcome.failures else 0
    except (LedgerError, StartError) as error:
        print(f"patterns: {error}", file=sys.stderr)
        return 1


def _print_decisions(outcome):
    for policy, about in POLICIES.items():
        count = outcome.decisions[policy]
        print(f"Policy {policy}: {about}")
        print(f"  both allow {count[True, True]:4}   only the pattern allows "
              f"{count[True, False]:4}\n"
              f"  both deny  {count[False, False]:4}   only the module allows  "
              f"{count[False, True]:4}")


def _print_differences(outcome):
    print("\nWhere they differ (policy, requests, who allows it, why; from ledger.txt):")
    for entry, names in outcome.explained:
        policy = "both" if len(entry.policies) == 2 else entry.policies[0]
        who = "module" if entry.module else "pattern"
        count = f" ({len(names)})" if len(names) > 1 else ""
        print(f"  {policy!s:4}  {entry.requests + count:33} {who:7}  {entry.reason}")


def _print_rates():
    rates = measure()
    print(f"Policy 1, requests per second (RS256, {CONNECTIONS} connections, median of "
          f"{len(rates['none'])}):")
    for name, about in NAMES.items():
        rounds = ", ".join(f"{rate:,.0f}" for rate in rates[name])
        print(f"  {about:34} {statistics.median(rates[name]):9,.0f}   ({rounds})")
    print(f"  the module is {ratio(rates):.1f} times as fast as the auth service")


sys.exit(main(sys.argv[1:]))
