"""The keys of the corpus: fixed, published, for tests only.

TRUSTED are the keys of the key set that everybody here is configured with. STRANGERS are keys of
the same kinds that are not in it. `python3 -m corpus.keys` makes a new file of them.
"""

import json
import pathlib
import sys

from jwcrypto.jwk import JWK

FILE = pathlib.Path(__file__).with_name("test-keys.json")

# kid: (arguments of JWK.generate, further members of the JWK)
_TRUSTED = {
    "rsa-2048": (dict(kty="RSA", size=2048), dict(use="sig")),
    "rsa-3072": (dict(kty="RSA", size=3072), {}),
    "rsa-4096-rs512": (dict(kty="RSA", size=4096), dict(alg="RS512")),
    "rsa-2048-ps256": (dict(kty="RSA", size=2048), dict(alg="PS256")),
    "p-256": (dict(kty="EC", crv="P-256"), {}),
    "p-384": (dict(kty="EC", crv="P-384"), {}),
    "p-521": (dict(kty="EC", crv="P-521"), {}),
    "secp256k1": (dict(kty="EC", crv="secp256k1"), {}),
    "ed25519": (dict(kty="OKP", crv="Ed25519"), {}),
    "ed448": (dict(kty="OKP", crv="Ed448"), {}),
    "hs256": (dict(kty="oct", size=256), dict(alg="HS256")),
    "hs384": (dict(kty="oct", size=384), dict(alg="HS384")),
    "hs512": (dict(kty="oct", size=512), dict(alg="HS512")),
    "hs-any": (dict(kty="oct", size=512), {}),
    "verify-only": (dict(kty="EC", crv="P-256"), dict(key_ops=["verify"])),
    "schl\u00fcssel-\u2713": (dict(kty="EC", crv="P-256"), {}),
    "": (dict(kty="EC", crv="P-256"), {}),
    # Keys that must not verify anything, and must not spoil the set.
    "rsa-1024": (dict(kty="RSA", size=1024), {}),
    "rsa-2048-enc": (dict(kty="RSA", size=2048), dict(use="enc")),
    "derive-only": (dict(kty="EC", crv="P-256"), dict(key_ops=["deriveKey"])),
    "x25519": (dict(kty="OKP", crv="X25519"), {}),
    "ml-dsa-65": (dict(kty="AKP", alg="ML-DSA-65"), {}),
}

# Two keys of one kid, as during a rotation, or where each algorithm has its own.
_TWINS = [dict(kty="RSA", size=2048), dict(kty="EC", crv="P-256")]

_STRANGERS = {
    "RSA": dict(kty="RSA", size=2048),
    "P-256": dict(kty="EC", crv="P-256"),
    "P-384": dict(kty="EC", crv="P-384"),
    "P-521": dict(kty="EC", crv="P-521"),
    "secp256k1": dict(kty="EC", crv="secp256k1"),
    "Ed25519": dict(kty="OKP", crv="Ed25519"),
    "Ed448": dict(kty="OKP", crv="Ed448"),
    "oct": dict(kty="oct", size=512),
}


def _generate():
    trusted = [
        JWK.generate(**arguments, kid=kid).export(as_dict=True) | members
        for kid, (arguments, members) in _TRUSTED.items()
    ]
    trusted += [JWK.generate(**arguments, kid="twin").export(as_dict=True) for arguments in _TWINS]
    strangers = {
        name: JWK.generate(**arguments).export(as_dict=True)
        for name, arguments in _STRANGERS.items()
    }
    return {"trusted": trusted, "strangers": strangers}


def _load():
    stored = json.loads(FILE.read_text())
    trusted = {}
    for members in stored["trusted"]:
        # "use" and "key_ops" bind those who verify; here the keys sign.
        signing = {k: v for k, v in members.items() if k not in ("use", "key_ops")}
        name = members["kid"] if members["kid"] != "twin" else "twin-" + members["kty"]
        trusted[name] = JWK(**signing)
    strangers = {name: JWK(**members) for name, members in stored["strangers"].items()}
    return stored["trusted"], trusted, strangers


def key_set():
    """The JWK Set, as text, that the auth service, the API and nginx read."""
    keys = [json.loads(JWK(**members).export_public()) if members["kty"] != "oct" else members
            for members in _STORED]
    keys.insert(0, {"kty": "QKD", "kid": "of-a-kind-to-come", "q": "AQAB"})
    return json.dumps({"keys": keys}, indent=2)


if __name__ == "__main__":
    json.dump(_generate(), sys.stdout, indent=1)
    print()
else:
    _STORED, TRUSTED, STRANGERS = _load()
