"""The JOSE header: what it must be, and what it may demand (RFC 7515 section 4)."""

from .token import ADMIN, REFUSED
from .token import b64, bearer, claims, good, header, raw, sign, with_header

_BASE = '"alg":"RS256","kid":"rsa-2048"'


def tokens():
    yield from _types()
    yield from _critical()
    yield from _unencoded()
    yield from _json()


def _types():
    for name, text in {"jwt": '"JWT"', "lower-case": '"jwt"', "at-jwt": '"at+jwt"',
                       "application": '"application/at+jwt"', "other": '"logout+jwt"',
                       "empty": '""'}.items():
        yield bearer(f"typ-{name}", with_header('{%s,"typ":%s}' % (_BASE, text)), ADMIN)
    yield bearer("typ-absent", with_header("{%s}" % _BASE), ADMIN)
    yield bearer("cty-json", with_header('{%s,"cty":"json"}' % _BASE), ADMIN)
    for member in ("typ", "cty"):
        for name, text in {"null": "null", "number": "1", "array": '["JWT"]',
                           "true": "true", "object": '{"a":1}'}.items():
            yield bearer(f"{member}-is-{name}",
                         with_header('{%s,"%s":%s}' % (_BASE, member, text)), REFUSED)
    yield bearer("unknown-member", with_header('{%s,"x-trace":[1,{"a":null}]}' % _BASE), ADMIN)
    yield bearer("claim-in-header", with_header('{%s,"iss":"https://idp.example.com/"}' % _BASE),
                 ADMIN)


def _critical():
    """RFC 7515 section 4.1.11."""
    for name, text in {
        "unknown": '"crit":["x-policy"],"x-policy":1',
        "unknown-absent": '"crit":["x-policy"]',
        "exp": '"crit":["exp"],"exp":99999999999',
        "registered-alg": '"crit":["alg"]',
        "registered-kid": '"crit":["kid"]',
        "registered-typ": '"crit":["typ"],"typ":"JWT"',
        "empty": '"crit":[]',
        "null": '"crit":null',
        "false": '"crit":false',
        "number": '"crit":0',
        "text": '"crit":"alg"',
        "empty-text": '"crit":""',
        "registered-as-object": '"crit":{"alg":1}',
        "empty-object": '"crit":{}',
        "of-numbers": '"crit":[1]',
        "of-null": '"crit":[null]',
        "registered-twice": '"crit":["kid","kid"]',
        "jwk": '"crit":["jwk"],"jwk":{}',
    }.items():
        yield bearer(f"crit-{name}", with_header("{%s,%s}" % (_BASE, text)), REFUSED)


def _unencoded():
    """RFC 7797 section 7: a JWT has no unencoded payload. And no JWS is compressed."""
    payload = b64('{"sub":"alice"}')
    for name, text, expect in (
        ("true", '"b64":true', ADMIN),
        ("true-critical", '"b64":true,"crit":["b64"]', REFUSED),
        ("false", '"b64":false', REFUSED),
        ("false-critical", '"b64":false,"crit":["b64"]', REFUSED),
        ("null", '"b64":null', REFUSED),
        ("text", '"b64":"false"', REFUSED),
        ("zero", '"b64":0', REFUSED),
    ):
        head = "{%s,%s}" % (_BASE, text)
        yield bearer(f"b64-{name}", with_header(head), expect)
        # The same header over a payload that is what it looks like.
        signing_input = f"{b64(head)}.plain-text"
        yield bearer(f"b64-{name}-plain", f"{signing_input}.{b64(sign(signing_input))}", REFUSED)
    signing_input = b64('{%s,"b64":false,"crit":["b64"]}' % _BASE) + f".{payload}"
    yield bearer("b64-false-signed-encoded", f"{signing_input}.{b64(sign(signing_input))}",
                 REFUSED)
    for name, text in {"def": '"DEF"', "null": "null", "other": '"gzip"'}.items():
        yield bearer(f"zip-{name}", with_header('{%s,"zip":%s}' % (_BASE, text)), REFUSED)


def _json():
    """The header as JSON text."""
    for name, text in {
        "array": '["RS256"]', "text": '"RS256"', "null": "null", "number": "1", "empty": "{}",
        "no-text": "", "blank": " ",
        "unclosed": "{%s" % _BASE, "two": "{%s}{}" % _BASE, "rubbish-after": "{%s}x" % _BASE,
        "trailing-comma": "{%s,}" % _BASE, "comment": "{%s/**/}" % _BASE,
        "single-quotes": "{'alg':'RS256','kid':'rsa-2048'}",
        "unquoted": "{alg:\"RS256\"}",
        "nan": '{%s,"x":NaN}' % _BASE, "infinity": '{%s,"x":-Infinity}' % _BASE,
        "leading-zero": '{%s,"x":01}' % _BASE, "plus": '{%s,"x":+1}' % _BASE,
        "hexadecimal": '{%s,"x":0x1}' % _BASE,
        "control-character": '{%s,"x":"\n"}' % _BASE, "bad-escape": '{%s,"x":"\\q"}' % _BASE,
        "lone-surrogate": '{%s,"x":"\\ud800"}' % _BASE,
        "lone-low-surrogate": '{%s,"x":"\\udc00"}' % _BASE,
        "half-surrogate": '{%s,"x":"\\ud800\\u0041"}' % _BASE,
        "bom": "\ufeff{%s}" % _BASE, "nul-after": "{%s}\0" % _BASE,
        "huge-number": '{%s,"x":1e400}' % _BASE,
        "duplicate-alg": '{"alg":"none",%s}' % _BASE,
        "duplicate-alg-the-same": '{"alg":"RS256",%s}' % _BASE,
        "duplicate-alg-by-escape": '{"\\u0061lg":"none",%s}' % _BASE,
        "duplicate-kid": '{"kid":"rsa-3072",%s}' % _BASE,
        "duplicate-unknown": '{%s,"x":1,"x":1}' % _BASE,
        "nested-65": '{%s,"x":%s1%s}' % (_BASE, "[" * 64, "]" * 64),
        "nested-400": '{%s,"x":%s1%s}' % (_BASE, "[" * 400, "]" * 400),
        "nested-open-arrays": '{%s,"x":%s' % (_BASE, "[" * 10000),
        "nested-open-objects": '{%s,"x":%s' % (_BASE, '{"a":' * 2000),
    }.items():
        yield bearer(f"header-{name}", with_header(text), REFUSED)
    for name, text in {
        "spaces": "\r\n {\t%s } \n" % _BASE,
        "nested-64": '{%s,"x":%s1%s}' % (_BASE, "[" * 63, "]" * 63),
        "nested-twice": '{%s,"x":{"a":1,"a":2}}' % _BASE,
        "surrogate-pair": '{%s,"x":"\\ud83d\\ude00"}' % _BASE,
        "nul-escape": '{%s,"x":"\\u0000"}' % _BASE,
        "large": '{%s,"x":"%s"}' % (_BASE, "x" * 4000),
        "many-members": "{%s,%s}" % (_BASE, ",".join(f'"m{i}":{i}' for i in range(300))),
    }.items():
        yield bearer(f"header-{name}", with_header(text), ADMIN)
    for name, data in {"latin-1": b'"\xe9"', "overlong": b'"\xc0\xaf"', "cut": b'"\xe2\x9c"',
                       "surrogate": b'"\xed\xa0\x80"'}.items():
        yield bearer(f"header-utf-8-{name}",
                     with_header(b"{%s," % _BASE.encode() + b'"x":' + data + b"}"), REFUSED)
    utf16 = "{%s}" % _BASE
    yield bearer("header-utf-16", with_header(utf16.encode("utf-16")), REFUSED)
    yield bearer("header-kid-escaped",
                 raw('{"alg":"RS256","kid":"rsa\\u002d2048"}', claims()), ADMIN)
    yield bearer("header-plain-for-contrast", good(head=header(typ=None)), ADMIN)
