"""Keys and tokens, made by jwt-mint of the testkit."""

import base64
import contextlib
import json
import os
import pathlib
import secrets
import subprocess
import tempfile

from . import ROOT

ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")

# What an access token of a common identity provider holds; jwt-mint adds a jti.
CLAIMS = {
    "iss": "https://idp.example.com/realms/corp",
    "sub": "f1a2b3c4-5d6e-7f80-91a2-b3c4d5e6f708",
    "aud": ["https://api.example.com", "account"],
    "iat": 1_700_000_000,
    "azp": "web-frontend",
    "scope": "openid profile email orders:read",
    "groups": ["admin", "staff"],
    "preferred_username": "alice",
    "email_verified": True,
    "name": "Alice Example",
    "email": "alice@example.com",
    "roles": ["reader", "writer"],
    "session_state": "0b9d2c4e-1111-2222-3333-444455556666",
}


@contextlib.contextmanager
def workplace():
    """A temporary folder that nginx's workers can read, whoever they run as."""
    with tempfile.TemporaryDirectory(prefix="jwt-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield folder


def _mint(*arguments):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return subprocess.run([target / "debug/jwt-mint", *map(str, arguments)], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def build_mint():
    subprocess.run(["cargo", "build", "--quiet", "--locked", "-p", "jwt-testkit", "--bin",
                    "jwt-mint"], cwd=ROOT, check=True)


class Key:
    """A new key; its kid holds the algorithm's name unless given."""

    def __init__(self, folder, algorithm, kid=None):
        self.algorithm, self.kid = algorithm, kid or f"2026-{algorithm}"
        self.private = folder / f"{self.kid}.private.json"
        self.jwks = folder / f"{self.kid}.jwks.json"
        self.pem = self.secret = None
        if algorithm.startswith("HS"):
            # Of printable bytes: HAProxy has it in its configuration.
            self.secret = secrets.token_hex(32)
            jwk = symmetric(self.kid, self.secret.encode(), algorithm)
            self.private.write_text(json.dumps(jwk))
            write_set(self.jwks, [jwk])
        else:
            self.pem = folder / f"{self.kid}.pem"
            _mint("key", "--alg", algorithm, "--kid", self.kid, "--private", self.private,
                  "--jwks", self.jwks, "--pem", self.pem)

    def public(self):
        """Its member of a JWK Set."""
        return json.loads(self.jwks.read_text())["keys"][0]

    def tokens(self, count, claims=CLAIMS, expires="+86400"):
        """`count` distinct tokens, valid for a day."""
        return self.token(claims, expires, "--count", count).split()

    def token(self, claims=CLAIMS, expires="+86400", *options):
        return _mint("token", "--key", self.private, "--claims", json.dumps(claims),
                     "--exp", expires, *options).strip()


def symmetric(kid, secret, algorithm="HS256"):
    """The JWK of a shared secret."""
    k = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    return {"kty": "oct", "kid": kid, "alg": algorithm, "k": k}


def write_set(path, keys):
    """Writes a JWK Set of these JWKs."""
    path.write_text(json.dumps({"keys": keys}))
    return path


def request(token, path="/gif"):
    """A whole keep-alive request."""
    return (f"GET {path} HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Bearer {token}\r\n\r\n").encode()
