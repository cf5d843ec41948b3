"""The payload as JSON text, its size, and the claims that no policy here looks at."""

import json
import zlib

from .token import ADMIN, NOW, REFUSED
from .token import b64, bearer, claims, good, header, raw, with_payload

_BASE = '"groups":["admin"],"exp":%d' % (NOW + 3600)


def tokens():
    yield from _json()
    yield from _sizes()
    yield from _registered()


def _json():
    for name, text in {
        "array": "[{%s}]" % _BASE, "text": '"alice"', "null": "null", "number": "1",
        "true": "true", "empty-array": "[]",
    }.items():
        yield bearer(f"payload-not-object-{name}", with_payload(text), REFUSED)
    for name, text in {
        "blank": " ", "plain": "alice", "unclosed": "{%s" % _BASE,
        "two": "{%s}{%s}" % (_BASE, _BASE), "rubbish-after": "{%s}x" % _BASE,
        "trailing-comma": "{%s,}" % _BASE, "comment": "{%s//}" % _BASE,
        "single-quotes": "{'groups':['admin'],'exp':9999999999}",
        "leading-zero": '{%s,"x":01}' % _BASE, "bare-point": '{%s,"x":1.}' % _BASE,
        "control-character": '{%s,"x":"a\nb"}' % _BASE, "bad-escape": '{%s,"x":"\\x41"}' % _BASE,
        "bom": "\ufeff{%s}" % _BASE, "nul-after": "{%s}\0" % _BASE,
        "open-objects": '{%s,"x":%s' % (_BASE, '{"a":' * 150),
    }.items():
        yield bearer(f"payload-not-json-{name}", with_payload(text), REFUSED)
    for name, text in {
        "nan": '{%s,"x":NaN}' % _BASE, "infinity": '{%s,"x":Infinity}' % _BASE,
        "lone-surrogate": '{%s,"x":"\\ud800"}' % _BASE,
        "lone-surrogate-in-name": '{%s,"\\udfff":1}' % _BASE,
        "huge-number": '{%s,"x":1e400}' % _BASE,
        "duplicate-exp": '{%s,"exp":9999999999}' % _BASE,
        "duplicate-exp-by-escape": '{%s,"\\u0065xp":9999999999}' % _BASE,
        "duplicate-groups": '{"groups":["users"],%s}' % _BASE,
        "duplicate-unknown": '{%s,"x":1,"x":1}' % _BASE,
        "nested-65": '{%s,"x":%s1%s}' % (_BASE, "[" * 64, "]" * 64),
        "nested-400": '{%s,"x":%s1%s}' % (_BASE, "[" * 400, "]" * 400),
        "nested-open-arrays": '{%s,"x":%s' % (_BASE, "[" * 10000),
        "nested-open-objects": '{%s,"x":%s' % (_BASE, '{"a":' * 2000),
    }.items():
        yield bearer(f"payload-{name}", with_payload(text), REFUSED)
    for name, text in {
        "spaces": "\r\n {\t%s } \n" % _BASE,
        "nested-64": '{%s,"x":%s1%s}' % (_BASE, "[" * 63, "]" * 63),
        "nested-twice": '{%s,"x":{"a":1,"a":2}}' % _BASE,
        "large-integer": '{%s,"x":123456789012345678901234567890}' % _BASE,
        "surrogate-pair": '{%s,"x":"\\ud83d\\ude00"}' % _BASE,
        "nul-escape": '{%s,"x":"a\\u0000b"}' % _BASE,
        "crlf-escape": '{%s,"sub":"alice\\r\\nX-Admin: 1"}' % _BASE,
        "not-ascii": '{%s,"sub":"\u0410\u043b\u0438\u0441\u0430 \u2713 \U0001f600"}' % _BASE,
        "empty-name": '{%s,"":""}' % _BASE,
        "deep-and-wide": '{%s,"x":%s}' % (_BASE, json.dumps([{"a": [1, {"b": []}]}] * 100)),
    }.items():
        yield bearer(f"payload-{name}", with_payload(text), ADMIN)
    for name, data in {"latin-1": b'"\xe9"', "overlong": b'"\xc0\xaf"', "cut": b'"\xe2\x9c"',
                       "surrogate": b'"\xed\xa0\x80"', "above-range": b'"\xf5\x80\x80\x80"'}.items():
        yield bearer(f"payload-utf-8-{name}",
                     with_payload(b"{%s," % _BASE.encode() + b'"x":' + data + b"}"), REFUSED)
    yield bearer("payload-utf-16", with_payload(("{%s}" % _BASE).encode("utf-16")), REFUSED)
    yield bearer("payload-deflated", _deflated(), REFUSED)


def _deflated():
    deflate = zlib.compressobj(wbits=-15)
    data = deflate.compress(json.dumps(claims()).encode()) + deflate.flush()
    return raw(header(zip="DEF"), data)


def _sizes():
    """The module takes 16 KiB (auth_jwt_max_token_size)."""
    for size in (1, 4, 8, 12, 16):
        yield bearer(f"size-{size}-kib", _sized(size * 1024), ADMIN)
    for name, size in (("some-bytes", 16 * 1024 + 4), ("1-kib", 17 * 1024), ("8-kib", 24 * 1024)):
        yield bearer(f"oversize-by-{name}", _sized(size), REFUSED)
    yield bearer("size-of-header-only", b64('{"alg":"RS256"%s' % (" " * 9000)) + ".e30.AA",
                 REFUSED)


def _sized(size):
    """A token of at most this many bytes, and at most 3 fewer."""
    bare = len(good(padding=""))
    filler = (size - bare) * 3 // 4
    while len(token := good(padding="p" * filler)) > size:
        filler -= 1
    return token


def _registered():
    """Registered claims that the policies do not use."""
    for name, changes in {
        "iss-absent": dict(iss=None), "sub-absent": dict(sub=None),
        "aud-text": dict(aud="api"), "aud-array": dict(aud=["api", "web"]),
        "aud-empty": dict(aud=[]), "jti": dict(jti="1"), "iat-fraction": dict(iat=NOW - 0.5),
        "iat-future": dict(iat=NOW + 3000), "iat-zero": dict(iat=0), "scope": dict(scope="a b"),
        "scp-array": dict(scp=["a", "b"]), "cnf": dict(cnf={"x5t#S256": "AA"}),
    }.items():
        yield bearer(f"claim-{name}", good(**changes), ADMIN)
    for name, changes in {
        # Of a type that RFC 7519 section 4.1 does not give them.
        "iss-number": dict(iss=42), "sub-number": dict(sub=42), "sub-array": dict(sub=["alice"]),
        "jti-number": dict(jti=1), "aud-number": dict(aud=1), "aud-of-numbers": dict(aud=[1]),
        "iat-text": dict(iat="yesterday"), "iat-array": dict(iat=[NOW]), "typ-number": dict(typ=1),
    }.items():
        yield bearer(f"mistyped-{name}", good(**changes), ADMIN)
    for name in ("iss", "sub", "aud", "jti", "iat"):
        yield bearer(f"claim-{name}-null", with_payload(claims() | {name: None}), ADMIN)
