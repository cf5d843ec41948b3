"""What a request costs with more of everything: many locations, keys, issuers, requirements, claims."""

import dataclasses
import os
import sys

from . import callgrind, compare
from .contenders import Contender
from .load import run
from .nginx import LOCATION, check_pair, nginx
from .statistics import interval
from .tokens import CLAIMS, Key, build_mint, request, symmetric, workplace, write_set

COUNT = 500                # requests per run under valgrind; each with a new token for a miss
ROUNDS, SECONDS = 3, 1     # of CPU time
SIZES = (1, 10, 100, 1000)
REQUIREMENTS = (0, 1, 10, 50)
KIB = (0.3, 1, 4, 12)
MUST_NOT_GROW = ("locations", "keys in the set", "issuers trusted")
GROWTH = 1.05              # that still counts as none


@dataclasses.dataclass
class Point:
    """One size of one thing, and nginx without authentication beside it."""

    title: str
    form: str     # what tells two lines of one title apart; may be empty
    size: float
    tokens: list  # the first is the one that hits
    server: str
    http: str = ""
    plain: str = LOCATION % ""


def measure():
    """{"instructions" or "cpu": {title: {"hit" or "miss": {size: above no authentication}}}}."""
    check_pair()
    build_mint()
    found = {"instructions": {}, "cpu": {}}
    with workplace() as folder:
        nones = {}
        for number, point in enumerate(_points(folder)):
            print(f"scale: {point.title} {point.form} {point.size}", file=sys.stderr)
            home = folder / str(number)
            costs = {"instructions": _instructions(home, point, nones), "cpu": _cpu(home, point)}
            for what, kinds in costs.items():
                for kind, cost in kinds.items():
                    rows = found[what].setdefault(point.title, {})
                    name = f"{kind}, {point.form}" if point.form else kind
                    rows.setdefault(name, {})[point.size] = cost
    return found


def judge(found):
    """[(held, sentence)]: locations, keys and issuers must not make a request dearer."""
    for title in MUST_NOT_GROW:
        for row, points in found["instructions"].get(title, {}).items():
            (small, first), *_, (large, last) = points.items()
            held = last <= first * GROWTH
            yield held, (f"{title}: {row} with {int(large):,}: {last / first:.2f} × the "
                         f"instructions with {small}: {'held' if held else '**missed**'}")


def _instructions(folder, point, nones):
    """`nones` remembers nginx without authentication, which many points share."""
    same, *distinct = map(request, point.tokens)

    def count(name, requests, server, http="", module=True):
        return callgrind.per_request(folder, name, requests, COUNT, server, http, module)

    if (point.plain, same) not in nones:
        nones[point.plain, same] = count("none", [same], point.plain, module=False)
    none = nones[point.plain, same]
    return {"hit": count("hit", [same], point.server, point.http) - none,
            "miss": count("miss", distinct, point.server, point.http) - none}


def _cpu(folder, point):
    """Microseconds: the median of the differences within a round."""
    server_core, load_core = compare.cores()
    same, distinct = folder / "same.txt", folder / "distinct.txt"
    same.write_text(point.tokens[0] + "\n")
    distinct.write_text("\n".join(point.tokens[1:]) + "\n")
    with (nginx(folder, "plain", point.plain, module=False, core=server_core) as plain,
          nginx(folder, "checked", point.server, point.http, core=server_core) as checked):
        plain, checked = Contender("none", plain), Contender("module", checked)
        hits, misses = [], []
        for _ in range(ROUNDS):
            none = run(plain, same, SECONDS, load_core).cpu
            hits.append(run(checked, same, SECONDS, load_core).cpu - none)
            misses.append(run(checked, distinct, SECONDS, load_core).cpu - none)
    return {"hit": interval(hits)[1], "miss": interval(misses)[1]}


def _points(folder):
    key = Key(folder, "HS256")
    # More than the cache of verified tokens holds, and two runs' worth.
    tokens = key.tokens(2001)
    check = f'auth_jwt ""; auth_jwt_key_file {key.jwks}; '

    for size in SIZES:
        def locations(inner, size=size):
            others = (f"location = /{n} {{ empty_gif; {inner} }}" for n in range(size - 1))
            return "\n".join((*others, LOCATION % inner))
        yield Point("locations", "", size, tokens, locations(check), plain=locations(""))

    for size in SIZES:
        others = [symmetric(f"key-{n}", os.urandom(32)) for n in range(size - 1)]
        keys = write_set(folder / f"keys-{size}.json", [*others, key.public()])
        yield Point("keys in the set", "", size, tokens,
                    LOCATION % f'auth_jwt ""; auth_jwt_key_file {keys};')

    for size in SIZES:
        names = [CLAIMS["iss"], *(f"https://{n}.example.com" for n in range(size - 1))]
        http = "\n".join(f"auth_jwt_issuer i{n} {{ issuer {name}; key_file {key.jwks}; "
                         "algorithms HS256; }" for n, name in enumerate(names))
        trust = " ".join(f"i{n}" for n in reversed(range(size)))
        yield Point("issuers trusted", "", size, tokens,
                    LOCATION % f'auth_jwt ""; auth_jwt_trust {trust};', http)

    for name, rest in (("auth_jwt_require", "$jwt_claim_sub"),
                       ("auth_jwt_require_claim", 'groups any json=["admin"]')):
        for size in REQUIREMENTS:
            yield Point("requirements", name, size, tokens,
                        LOCATION % (check + f"{name} {rest}; " * size))

    for kib in KIB:
        claims = {"sub": "alice", "groups": []} if kib < 1 else {**CLAIMS, "groups": []}
        while len(str(claims)) < kib * 1024 - 40:
            claims["groups"].append(f"department-{len(claims['groups']):04d}")
        yield Point("claims, KiB", "", kib, key.tokens(2001, claims),
                    LOCATION % (check + "auth_jwt_max_token_size 32k;"))
