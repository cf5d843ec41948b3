"""A token of the corpus, and the makers of tokens that all its files use.

The signatures are jwcrypto's, an implementation that shares no code with the module. `good` goes
through its whole interface; `raw` signs any header and payload, whatever they are.
"""

import base64
import dataclasses
import json
import time

from jwcrypto.jwa import JWA
from jwcrypto.jwt import JWT

from .keys import STRANGERS, TRUSTED

NOW = int(time.time())

# What the two policies must decide.
ADMIN = "admin"      # both accept it
VALID = "valid"      # good enough for policy 1; policy 2 misses exp or the admin group
REFUSED = "refused"  # neither accepts it

# One key for each algorithm name, of those that jwcrypto and the module both implement.
ALGORITHMS = {
    "RS256": "rsa-2048", "RS384": "rsa-2048", "RS512": "rsa-2048",
    "PS256": "rsa-2048", "PS384": "rsa-2048", "PS512": "rsa-2048",
    "ES256": "p-256", "ES384": "p-384", "ES512": "p-521", "ES256K": "secp256k1",
    "EdDSA": "ed25519", "Ed25519": "ed25519", "Ed448": "ed448",
    "HS256": "hs256", "HS384": "hs384", "HS512": "hs512",
}


@dataclasses.dataclass(frozen=True)
class Token:
    """One request of the corpus: its name, the header lines it sends, what must come of it."""

    name: str
    lines: tuple
    expect: str

    @property
    def secrets(self):
        """The parts of the request that may stand in no log."""
        words = b" ".join(self.lines).replace(b".", b" ").split()
        return [word for word in words if len(word) > 40]


def bearer(name, token, expect):
    """The token (text or bytes) in an Authorization header."""
    token = token if isinstance(token, bytes) else token.encode()
    return Token(name, (b"Authorization: Bearer " + token,), expect)


def claims(**changes):
    """Claims of an administrator, valid for an hour; a change to None takes the claim away."""
    base = {
        "iss": "https://idp.example.com/",
        "sub": "alice",
        "groups": ["users", "admin"],
        "iat": NOW,
        "exp": NOW + 3600,
    }
    return {k: v for k, v in (base | changes).items() if v is not None}


def b64(data):
    """base64url without padding, of text or bytes."""
    data = data if isinstance(data, bytes) else data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header(alg="RS256", key=None, **changes):
    """A JOSE header that names the key; a change to None takes the member away."""
    base = {"alg": alg, "typ": "JWT", "kid": ALGORITHMS.get(alg) if key is None else key}
    return {k: v for k, v in (base | changes).items() if v is not None}


def good(alg="RS256", key=None, head=None, **changes):
    """A token from jwcrypto's own JWT interface."""
    key = key or ALGORITHMS[alg]
    token = JWT(header=head or header(alg, key), claims=claims(**changes), algs=[alg])
    token.make_signed_token(TRUSTED[key])
    return token.serialize()


def sign(signing_input, alg="RS256", key=None):
    """The signature's bytes over any text; `key` is a kid, or a key."""
    if key is None or isinstance(key, str):
        key = TRUSTED[key or ALGORITHMS[alg]]
    return JWA.signing_alg(alg).sign(key, signing_input.encode())


def raw(head, payload, alg="RS256", key=None):
    """A token whose header and payload are any object, text or bytes, with a true signature."""
    parts = [
        b64(part if isinstance(part, (str, bytes)) else json.dumps(part, separators=(",", ":")))
        for part in (head, payload)
    ]
    signing_input = ".".join(parts)
    return signing_input + "." + b64(sign(signing_input, alg, key))


def with_header(text):
    """An RS256 token with this header, text or object."""
    return raw(text, claims())


def with_payload(text):
    """An RS256 token with this payload, text or object."""
    return raw(header(), text)


def stranger(alg):
    """A key of the algorithm's kind that is not in the key set."""
    kind = TRUSTED[ALGORITHMS[alg]]
    members = kind.export_public(as_dict=True) if kind["kty"] != "oct" else {"kty": "oct"}
    return STRANGERS[members.get("crv", members["kty"])]
