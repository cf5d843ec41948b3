"""What a request costs with more of everything, and what starting costs."""

import os
import signal
import statistics
import subprocess
import time

from . import BenchError
from .callgrind import per_request
from .nginx import BINARY, LOCATION, check_pair, knows, nginx, write
from .tokens import CLAIMS, Key, build_mint, request, symmetric, workplace, write_set

COUNT = 500       # requests per run; a token that is not seen before in each
SIZES = (1, 10, 100, 1000)
REQUIREMENTS = (0, 1, 5, 10, 25, 50)
KIB = (0.3, 1, 4, 12)
ROUNDS = 9        # of start and reload


def measure():
    """{title: {"hit" or "miss" …: {size: instructions above nginx without authentication}}}."""
    check_pair()
    build_mint()
    with workplace() as folder:
        key = Key(folder, "HS256")
        tokens = key.tokens(2 * COUNT + 1)
        check = f'auth_jwt ""; auth_jwt_key_file {key.jwks}; '
        plain = _none(folder, "plain", tokens, LOCATION % "")
        return {
            "locations": _locations(folder, tokens, check),
            "keys in the set": _keys(folder, key, tokens, plain),
            "requirements": _requirements(folder, tokens, check, plain),
            "claims, KiB": _claims(folder, key, check),
        }


def growing(found):
    """[(held, sentence)]: locations and keys must not make a request dearer."""
    for title in ("locations", "keys in the set"):
        for row, points in found[title].items():
            first, *_, last = points.values()
            held = last <= first * 1.05
            yield held, (f"{title}: {row} with {SIZES[-1]:,}: {last / first:.2f} × the instructions "
                         f"with 1: {'held' if held else '**missed**'}")


def starting(found):
    """[(held, sentence)]: the module at most doubles the time to start."""
    for what, (without, module) in found.items():
        held = module <= 2 * without
        yield held, (f"{what} with 1,000 locations and 100 key files: {module / without:.2f} × nginx "
                     f"without the module, at most 2: {'held' if held else '**missed**'}")


def _none(folder, name, tokens, server, path="/gif"):
    requests = [request(tokens[0], path)]
    return per_request(folder, f"{name}-none", requests, COUNT, server, module=False)


def _above(folder, name, tokens, server, none, path="/gif"):
    """(hit, miss) above `none`."""
    print(f"scale: {name}", flush=True)
    same, *distinct = (request(token, path) for token in tokens)
    return tuple(per_request(folder, f"{name}-{kind}", requests, COUNT, server) - none
                 for kind, requests in (("hit", [same]), ("miss", distinct)))


def _rows(points, names=("hit", "miss")):
    """{size: (hit, miss)} as {"hit": {size: …}, "miss": {size: …}}."""
    return {name: {size: pair[i] for size, pair in points.items()} for i, name in enumerate(names)}


def _locations(folder, tokens, check):
    def point(size):
        def server(inner):
            return "\n".join(f"location = /{n} {{ empty_gif; {inner} }}" for n in range(size))
        path = f"/{size - 1}"
        none = _none(folder, f"locations-{size}", tokens, server(""), path)
        return _above(folder, f"locations-{size}", tokens, server(check), none, path)

    return _rows({size: point(size) for size in SIZES})


def _keys(folder, key, tokens, none):
    def point(size):
        others = [symmetric(f"key-{n}", os.urandom(32)) for n in range(size - 1)]
        keys = write_set(folder / f"keys-{size}.json", [*others, key.public()])
        server = LOCATION % f'auth_jwt ""; auth_jwt_key_file {keys};'
        return _above(folder, f"keys-{size}", tokens, server, none)

    return _rows({size: point(size) for size in SIZES})


def _requirements(folder, tokens, check, none):
    def point(name, directive, size):
        server = LOCATION % (check + directive * size)
        return _above(folder, f"{name}-{size}", tokens, server, none)

    forms = {"require": "auth_jwt_require $jwt_claim_sub; ",
             "require_claim": "auth_jwt_require_claim groups any json=[\"admin\"]; "}
    rows = {}
    for name, directive in forms.items():
        if not knows(directive.split()[0]):
            continue
        points = {size: point(name, directive, size) for size in REQUIREMENTS}
        rows |= _rows(points, (f"hit, {name}", f"miss, {name}"))
    return rows


def _claims(folder, key, check):
    def point(kib):
        claims = {**CLAIMS, "groups": []} if kib >= 1 else {"sub": CLAIMS["sub"], "groups": []}
        while len(str(claims)) < kib * 1024 - 40:
            claims["groups"].append(f"department-{len(claims['groups']):04d}")
        tokens = key.tokens(2 * COUNT + 1, claims)
        server = LOCATION % (check + "auth_jwt_max_token_size 32k;")
        none = _none(folder, f"claims-{kib}", tokens, server="location = /gif { empty_gif; }")
        return _above(folder, f"claims-{kib}", tokens, server, none)

    return _rows({kib: point(kib) for kib in KIB})


def start():
    """{"`nginx -t`" or "reload": (ms without the module, ms with it)}: 1,000 locations, 100 files."""
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
