"""`alg` and the key do not belong together, or the token brings its own key."""

import hashlib
import hmac
import json

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .keys import STRANGERS, TRUSTED
from .token import ADMIN, REFUSED
from .token import b64, bearer, claims, good, header, raw, stranger, with_header


def tokens():
    yield from _none()
    yield from _public_key_as_secret()
    yield from _other_algorithm()
    yield from _key_choice()
    yield from _key_in_the_header()


def _unsigned(head, signature=""):
    return f"{b64(head)}.{good().split('.')[1]}.{signature}"


def _none():
    """RFC 8725 section 3.1: no algorithm but those expected."""
    for alg in ("none", "None", "NONE", "nOnE", " none", "none\\u0000", ""):
        name = alg.replace(" ", "space-").replace("\\u0000", "-nul") or "empty"
        yield bearer(f"alg-{name}", _unsigned('{"alg":"%s","typ":"JWT"}' % alg), REFUSED)
    yield bearer("alg-none-with-kid", _unsigned('{"alg":"none","kid":"hs256"}'), REFUSED)
    yield bearer("alg-none-with-signature",
                 _unsigned('{"alg":"none"}', good().rpartition(".")[2]), REFUSED)
    yield bearer("alg-none-two-parts", _unsigned('{"alg":"none"}').rstrip("."), REFUSED)
    for name, text in {"null": "null", "number": "256", "true": "true", "array": '["RS256"]',
                       "object": '{"RS256":1}', "none-array": '["none"]'}.items():
        head = '{"alg":%s,"kid":"rsa-2048"}' % text
        yield bearer(f"alg-is-{name}", with_header(head), REFUSED)
    yield bearer("alg-absent", with_header('{"typ":"JWT","kid":"rsa-2048"}'), REFUSED)
    yield bearer("alg-absent-hmac-no-kid", raw('{"typ":"JWT"}', claims(), "HS256"), REFUSED)


def _hmac(kid, secret, alg="HS256", digest=hashlib.sha256):
    signing_input = f"{b64(json.dumps(header(alg, kid=kid)))}.{good().split('.')[1]}"
    return f"{signing_input}.{b64(hmac.new(secret, signing_input.encode(), digest).digest())}"


def _public_key_as_secret():
    """HS256 keyed with what everybody knows of a public key."""
    for kid in ("rsa-2048", "p-256", "ed25519"):
        key = TRUSTED[kid].get_op_key("verify")
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        secrets = {
            "pem": pem,
            "pem-no-newline": pem.rstrip(b"\n"),
            "pem-crlf": pem.replace(b"\n", b"\r\n"),
            "der": key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "jwk": TRUSTED[kid].export_public().encode(),
        }
        for name, secret in secrets.items():
            yield bearer(f"hs256-keyed-with-{kid}-{name}", _hmac(kid, secret), REFUSED)
            yield bearer(f"hs256-keyed-with-{kid}-{name}-no-kid", _hmac(None, secret), REFUSED)
    rsa = TRUSTED["rsa-2048"].get_op_key("verify")
    pkcs1 = rsa.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    modulus = rsa.public_numbers().n.to_bytes(256, "big")
    yield bearer("hs256-keyed-with-pkcs1", _hmac("rsa-2048", pkcs1), REFUSED)
    yield bearer("hs256-keyed-with-modulus", _hmac("rsa-2048", modulus), REFUSED)
    yield bearer("hs512-keyed-with-pkcs1",
                 _hmac("rsa-2048", pkcs1, "HS512", hashlib.sha512), REFUSED)
    for kid in ("rsa-2048", "hs256", None):
        yield bearer(f"hs256-empty-secret-{kid or 'no-kid'}", _hmac(kid, b""), REFUSED)
    text = TRUSTED["hs256"].export(as_dict=True)["k"].encode()
    yield bearer("hs256-keyed-with-base64-text", _hmac("hs256", text), REFUSED)


def _other_algorithm():
    """A true signature, and a header that calls it something else."""
    for claimed, actual, kid in (
        ("RS512", "RS256", "rsa-2048"), ("PS256", "RS256", "rsa-2048"),
        ("RS256", "PS256", "rsa-2048"), ("RS256", "ES256", "p-256"),
        ("ES256", "RS256", "rsa-2048"), ("ES384", "ES256", "p-256"),
        ("ES512", "ES256", "p-256"), ("ES256K", "ES256", "p-256"),
        ("ES256", "ES256K", "secp256k1"), ("ES256", "ES384", "p-384"),
        ("EdDSA", "ES256", "p-256"), ("ES256", "EdDSA", "ed25519"),
        ("Ed448", "Ed25519", "ed25519"), ("Ed25519", "Ed448", "ed448"),
        ("HS512", "HS256", "hs-any"), ("HS256", "HS512", "hs-any"),
        ("RS256", "HS256", "hs256"), ("EdDSA", "HS256", "hs256"),
    ):
        token = raw(header(claimed, kid), claims(), actual, kid)
        yield bearer(f"{actual.lower()}-called-{claimed.lower()}-{kid}", token, REFUSED)
    for alg in ("rs256", "RS256 ", "RS-256", "RS1", "HS1", "RSA1_5", "RSA-OAEP", "dir", "A256KW",
                "ES224", "Ed25519ph", "RS256\\u0000", "\\u0052S256x"):
        name = alg.replace(" ", "-space").replace("\\u0000", "-nul").replace("\\u0052", "R")
        head = '{"alg":"%s","kid":"rsa-2048"}' % alg
        yield bearer(f"alg-misnamed-{name}", with_header(head), REFUSED)
    yield bearer("alg-written-with-escape",
                 with_header('{"alg":"\\u0052S256","kid":"rsa-2048"}'), ADMIN)
    # The JWK says what it is for (RFC 7517 section 4.4).
    for alg, kid in (("RS256", "rsa-4096-rs512"), ("PS512", "rsa-4096-rs512"),
                     ("RS256", "rsa-2048-ps256"), ("PS384", "rsa-2048-ps256"),
                     ("HS256", "hs384"), ("HS384", "hs512"), ("HS256", "hs512")):
        yield bearer(f"{alg.lower()}-by-key-for-{TRUSTED[kid]['alg'].lower()}",
                     good(alg, kid), REFUSED)
    yield bearer("ml-dsa-65", good("ML-DSA-65", "ml-dsa-65"), REFUSED)


def _key_choice():
    """`kid` says which key; it is data from outside."""
    for kid in ("twin-RSA", "twin-EC"):
        alg = "RS256" if kid == "twin-RSA" else "ES256"
        yield bearer(f"kid-of-{kid}", good(alg, kid, header(alg, "twin")), ADMIN)
    yield bearer("kid-twin-stranger", raw(header("RS256", "twin"), claims(), "RS256",
                                          stranger("RS256")), REFUSED)
    yield bearer("kid-not-ascii", good("ES256", "schl\u00fcssel-\u2713"), ADMIN)
    yield bearer("kid-empty", raw(header("ES256", ""), claims(), "ES256", TRUSTED[""]), ADMIN)
    yield bearer("kid-verify-only", good("ES256", "verify-only"), ADMIN)
    yield bearer("kid-rsa-1024", good("RS256", "rsa-1024"), REFUSED)
    yield bearer("no-kid-rsa-1024", raw(header(kid=None), claims(), "RS256", "rsa-1024"), REFUSED)
    yield bearer("kid-for-encryption", good("RS256", "rsa-2048-enc"), REFUSED)
    yield bearer("no-kid-for-encryption",
                 raw(header(kid=None), claims(), "RS256", "rsa-2048-enc"), REFUSED)
    yield bearer("kid-derive-only", good("ES256", "derive-only"), REFUSED)
    yield bearer("kid-of-unknown-kind", raw(header(key="of-a-kind-to-come"), claims()), REFUSED)
    for name, kid in {
        "unknown": "nobody", "of-another-key": "rsa-3072", "other-case": "RSA-2048",
        "with-space": "rsa-2048 ", "with-nul": "rsa-2048\0", "path": "../../../../dev/null",
        "sql": "x' UNION SELECT 'AQAB", "newline": "rsa-2048\r\nX-Admin: 1", "long": "k" * 4000,
        "number": 2048, "true": True, "array": ["rsa-2048"], "object": {"kid": "rsa-2048"},
    }.items():
        yield bearer(f"kid-{name}", raw(header() | {"kid": kid}, claims()), REFUSED)
    yield bearer("kid-null", raw(header() | {"kid": None}, claims()), REFUSED)


def _key_in_the_header():
    """A key that comes with the token proves nothing; beside a true signature it is ignored."""
    own = STRANGERS["RSA"].export_public(as_dict=True)
    extra = {
        "jwk": {"jwk": own},
        "jwk-same-kid": {"jwk": own | {"kid": "rsa-2048"}},
        "jku": {"jku": "https://mallory.example/jwks.json"},
        "x5u": {"x5u": "https://mallory.example/cert.pem"},
        "x5c": {"x5c": ["MIIB"]},
        "x5t": {"x5t": "AAAA"},
    }
    for name, members in extra.items():
        yield bearer(f"own-key-{name}", raw(header() | members, claims(), "RS256",
                                            STRANGERS["RSA"]), REFUSED)
        yield bearer(f"own-key-{name}-no-kid", raw(header(kid=None) | members, claims(), "RS256",
                                                   STRANGERS["RSA"]), REFUSED)
        yield bearer(f"unused-{name}", raw(header() | members, claims()), ADMIN)
    octet = {"kty": "oct", "k": STRANGERS["oct"].export(as_dict=True)["k"]}
    yield bearer("own-key-symmetric", raw(header("HS256", kid=None) | {"jwk": octet}, claims(),
                                          "HS256", STRANGERS["oct"]), REFUSED)
