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


def judge(found):
    """[(held, sentence)] for each line of the budget."""
    return [_judge(name, found[name] - found["none"], limit) for name, limit in budget().items()]


def _judge(name, above, limit):
    held, verdict = above <= limit * (1 + ROOM), "held"
    if not held:
        verdict = "**missed**"
    elif above < limit * (1 - ROOM):
        verdict = f"held; lower the budget in {BUDGET.name}"
    return held, (f"{name}: {above:,.0f} instructions above nginx without authentication, "
                  f"budget {limit:,} + {ROOM:.0%}: {verdict}")


def check(found):
    """Prints what was found; raises when a budget is exceeded."""
    print(f"nginx without authentication: {found['none']:,.0f} instructions per request")
    judged = judge(found)
    print("\n".join(sentence for _, sentence in judged))
    if not all(held for held, _ in judged):
        raise BenchError("the instruction budget is exceeded: find out why (callgrind_annotate shows "
                         f"where), or raise it in {BUDGET.name} with the reason")
