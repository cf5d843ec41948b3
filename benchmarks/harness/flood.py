"""A flood of tokens with made-up kids, every second request a good one: an issuer whose keys are
fetched, beside a key file under the same flood."""

import base64
import json
import os
import secrets

from . import BenchError, compare
from .contenders import Contender
from .load import run
from .nginx import LOCATION, check_pair, nginx
from .statistics import interval
from .tokens import CLAIMS, Key, build_mint, workplace

MADE_UP = 10_000           # distinct kids
ROUNDS, SECONDS = 6, 2
COOLDOWN = 1               # seconds
MOST = 1.10                # what the fetching may cost, as a ratio


def measure():
    """Prints what was found; raises when a target is missed."""
    check_pair()
    build_mint()
    server_core, load_core = compare.cores()
    with workplace() as folder:
        key = Key(folder, "ES256")
        good = key.token()
        mixed = folder / "mixed.txt"
        mixed.write_text("".join(f"{good}\n{_made_up(good)}\n" for _ in range(MADE_UP)))
        log = folder / "keys/fetches.log"
        serving = f"location = /keys.json {{ alias {key.jwks}; access_log {log}; }}"
        key.jwks.chmod(0o644)
        file = LOCATION % f'auth_jwt ""; auth_jwt_key_file {key.jwks};'
        issuer = ("auth_jwt_issuer idp {{ issuer {}; jwks_uri http://127.0.0.1:{}/keys.json; "
                  "cooldown {}s; }}")
        with (nginx(folder, "keys", serving, module=False, core=load_core) as keys,
              nginx(folder, "file", file, core=server_core) as file,
              nginx(folder, "issuer", LOCATION % 'auth_jwt ""; auth_jwt_trust idp;',
                    issuer.format(CLAIMS["iss"], keys.port, COOLDOWN), core=server_core) as issuer):
            contenders = [Contender("key file", file), Contender("issuer", issuer)]
            for contender in contenders:
                run(contender, mixed, 1, load_core, some_refused=True)
            before, rounds = _lines(log), []
            for _ in range(ROUNDS):
                file, issuer = (run(each, mixed, SECONDS, load_core, some_refused=True)
                                for each in contenders)
                rounds.append((file, issuer))
            fetches = _lines(log) - before
    found = interval([issuer.cpu / file.cpu for file, issuer in rounds])
    requests = sum(issuer.rate * SECONDS for _, issuer in rounds) / 2
    low, median, high = found
    lasted = ROUNDS * SECONDS * 2
    print(f"{requests:,.0f} tokens with made-up kids, and as many good ones: CPU of an issuer "
          f"{median:.2f} [{low:.2f}, {high:.2f}] × that of a key file; {fetches} fetches in "
          f"{lasted} s, cooldown {COOLDOWN} s")
    if low > MOST or fetches > lasted / COOLDOWN + 1:
        raise BenchError(f"a flood may cost {MOST} × a key file, and one fetch per cooldown")


def _made_up(good):
    """The token under a kid that no key has, with another signature."""
    header, claims, signature = good.split(".")
    header = json.loads(base64.urlsafe_b64decode(header + "=="))
    header["kid"] = secrets.token_hex(8)
    header = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{header}.{claims}.{signature}"


def _lines(log):
    return log.read_text().count("\n") if os.path.exists(log) else 0
