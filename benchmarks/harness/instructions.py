"""The instruction budget: what the module adds to a request, checked against a file."""

import re

from . import FOLDER, BenchError
from .callgrind import per_request
from .nginx import LOCATION, check_pair
from .tokens import Key, build_mint, request, workplace, write_set

BUDGET = FOLDER / "instructions.toml"
ROOM = 0.10   # of the budget, either way
COUNT = 1500  # requests; more than the cache of verified tokens holds


def measure():
    """{"none", "hit", "miss": instructions per request}."""
    check_pair()
    build_mint()
    with workplace() as folder:
        key = Key(folder, "HS256")
        keys = write_set(folder / "keys.json", [key.public()])
        same, *distinct = map(request, key.tokens(2 * COUNT + 1))
        checked = LOCATION % f'auth_jwt ""; auth_jwt_key_file {keys};'
        return {
            "none": per_request(folder, "none", [same], COUNT, LOCATION % "", module=False),
            "hit": per_request(folder, "hit", [same], COUNT, checked),
            "miss": per_request(folder, "miss", distinct, COUNT, checked),
        }


def budget():
    """What the file allows above `none`: {"hit": …, "miss": …}."""
    pairs = re.findall(r"^(\w+) *= *(\d+)", BUDGET.read_text(), re.MULTILINE)
    return {name: int(number) for name, number in pairs}


def check(found):
    """Prints the table; raises when a budget is exceeded."""
    failures = []
    allowed = budget()
    print(f"{'instructions per request':<26}{'total':>9}{'above none':>12}{'budget':>9}")
    for name, number in found.items():
        above = number - found["none"]
        line = f"{name:<26}{number:>9.0f}{above:>12.0f}"
        if name in allowed:
            line += f"{allowed[name]:>9}"
            if above > allowed[name] * (1 + ROOM):
                failures.append(f"{name}: {above:.0f} instructions above nginx without "
                                f"authentication, {allowed[name]} are allowed (+{ROOM:.0%})")
            elif above < allowed[name] * (1 - ROOM):
                line += f"  lower it in {BUDGET.relative_to(FOLDER.parent)}"
        print(line)
    if failures:
        raise BenchError("\n".join(failures))
