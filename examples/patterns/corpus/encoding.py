"""The outer form: parts, base64url, and the serializations that a JWT may not have."""

import json

from jwcrypto.jwe import JWE

from .keys import TRUSTED
from .token import REFUSED, VALID
from .token import b64, bearer, claims, good, header, raw, sign, unb64

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def tokens():
    yield from _parts()
    yield from _base64url()
    yield from _json_serialization()
    yield from _encrypted()


def _parts():
    whole = good()
    head, payload, signature = whole.split(".")
    for name, text in {
        "one": head,
        "two": f"{head}.{payload}",
        "two-and-dot": f"{head}.{payload}.",
        "four": f"{whole}.{signature}",
        "four-empty": f"{whole}.",
        "five": f"{whole}.{payload}.{signature}",
        "five-empty": f"{whole}..",
        "six": f"{whole}.a.b.c",
        "dot-before": f".{whole}",
        "only-dots": "..",
        "four-dots": "....",
        "no-header": f".{payload}.{signature}",
        "no-payload": f"{head}..{signature}",
        "payload-first": f"{payload}.{head}.{signature}",
        "thousand-dots": "." * 1000,
        "twice": f"{whole},{whole}",
    }.items():
        yield bearer(f"parts-{name}", text, REFUSED)
    signing_input = f"{head}."
    yield bearer("parts-empty-payload-signed",
                 f"{signing_input}.{b64(sign(signing_input))}", REFUSED)


def _base64url():
    """RFC 7515 section 2: no padding, no line breaks, no other characters."""
    parts = good().split(".")
    for index, part_name in enumerate(("header", "payload", "signature")):
        def changed(name, text, index=index, part_name=part_name):
            return bearer(f"{part_name}-{name}",
                          b".".join(text if i == index else part.encode()
                                    for i, part in enumerate(parts)), REFUSED)

        part = parts[index].encode()
        middle = len(part) // 2 // 4 * 4
        yield changed("padded", part + b"=" * (-len(part) % 4 or 4))
        yield changed("one-equals-sign", part + b"=")
        for name, byte in {"exclamation-mark": b"!", "asterisk": b"*", "plus": b"+", "slash": b"/",
                           "byte-128": b"\x80", "byte-255": b"\xff", "del": b"\x7f",
                           "utf-8": "\u2713".encode(), "tab": b"\t", "percent": b"%41",
                           "comma": b",", "quote": b'"', "backslash": b"\\"}.items():
            yield changed(f"with-{name}", part[:middle] + byte + part[middle:])
        yield changed("dangling-letter", part + b"A" * ((1 - len(part)) % 4 or 4))

    # The last letter of the signature carries 4 bits of it; the other two must be zero.
    whole = good()
    last = _ALPHABET[_ALPHABET.index(whole[-1]) | 1]
    assert len(whole.rpartition(".")[2]) % 4 == 2
    yield bearer("signature-trailing-bits", whole[:-1] + last, REFUSED)
    for name, position in (("header", 0), ("payload", 1)):
        yield bearer(f"{name}-trailing-bits", _trailing_bits(position), REFUSED)
    yield bearer("standard-alphabet", _standard_alphabet(), REFUSED)


def _trailing_bits(position):
    """A true signature over the clean form of a part that is sent with bits in the last letter."""
    for filler in range(4):
        extra = {"x": "y" * filler}
        parts = [json.dumps(header() | extra), json.dumps(claims() | extra)]
        if len(parts[position].encode()) % 3 == 1:
            break
    parts = [b64(part) for part in parts]
    signing_input = ".".join(parts)
    signature = b64(sign(signing_input))
    text = parts[position]
    parts[position] = text[:-1] + _ALPHABET[_ALPHABET.index(text[-1]) | 3]
    return f"{'.'.join(parts)}.{signature}"


def _standard_alphabet():
    """A token written with + and / where base64url has - and _."""
    while True:
        whole = raw(header(), claims(name="\u00ff\u00fe>>>???"), "PS256", "rsa-2048")
        whole = raw(header("PS256"), claims(name="\u00ff>>>???~~~"), "PS256")
        signature = whole.rpartition(".")[2]
        if "-" in signature and "_" in signature:
            return whole.replace("-", "+").replace("_", "/")


def _json_serialization():
    """RFC 7519 section 7.2: a JWT is in the compact serialization."""
    head, payload, signature = good().split(".")
    flattened = {"protected": head, "payload": payload, "signature": signature}
    general = {"payload": payload, "signatures": [{"protected": head, "signature": signature}]}
    for name, members in {
        "flattened": flattened,
        "general": general,
        # Two dots somewhere, for those who count dots to tell the serializations apart.
        "flattened-with-dots": flattened | {"x": ".."},
        "general-with-dots": general | {"x": ".."},
        "flattened-four-dots": flattened | {"x": "...."},
        "unprotected-with-dots": {
            "payload": payload, "header": {"alg": "RS256", "kid": "rsa-2048", "x": ".."},
            "signature": b64(sign(f".{payload}")),
        },
    }.items():
        yield bearer(f"json-{name}", json.dumps(members, separators=(",", ":")), REFUSED)


def _encrypted():
    """An encrypted token is not a signed one; with a public key, anyone can make it."""
    inner = good()
    for name, alg, key in (("dir", "dir", "hs-any"), ("oct", "A256KW", "hs256"),
                           ("rsa-oaep", "RSA-OAEP", "rsa-2048"),
                           ("rsa-oaep-256", "RSA-OAEP-256", "rsa-2048-enc"),
                           ("ecdh-es", "ECDH-ES", "p-256")):
        for content, text in (("claims", json.dumps(claims())), ("nested", inner)):
            head = {"alg": alg, "enc": "A256CBC-HS512", "kid": key}
            if content == "nested":
                head["cty"] = "JWT"
            # Its "alg" and "use" members would keep jwcrypto from encrypting with this key.
            members = {k: v for k, v in TRUSTED[key].export(as_dict=True).items() if k != "alg"}
            token = JWE(text.encode(), json.dumps(head))
            token.add_recipient(type(TRUSTED[key])(**members))
            yield bearer(f"encrypted-{name}-{content}", token.serialize(compact=True), REFUSED)
    yield bearer("signed-with-enc", raw(header() | {"enc": "A256GCM"}, claims()), REFUSED)
    yield bearer("nested-signed-in-signed", raw(header() | {"cty": "JWT"}, inner), REFUSED)
    payload = unb64(inner.split(".")[1])
    yield bearer("payload-as-base64", raw(header(), b64(payload)), REFUSED)
    yield bearer("not-admin-for-contrast", good(groups=["users"]), VALID)
