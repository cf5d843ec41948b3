"""How the token travels: the Authorization header (RFC 6750 section 2.1), and what is no token."""

from .token import ADMIN, REFUSED, VALID, Token, good


def tokens():
    token = good().encode()

    def sent(name, *lines, expect=REFUSED):
        return Token(f"request-{name}", lines, expect)

    def header(name, value, expect=REFUSED):
        return sent(name, b"Authorization: " + value, expect=expect)

    yield sent("without-authorization")
    yield header("empty-authorization", b"")
    yield header("lower-case-scheme", b"bearer " + token, ADMIN)
    yield header("upper-case-scheme", b"BEARER " + token, ADMIN)
    yield header("mixed-case-scheme", b"bEaReR " + token, ADMIN)
    yield header("two-spaces", b"Bearer  " + token, ADMIN)
    yield header("many-spaces", b"Bearer" + b" " * 50 + token, ADMIN)
    yield header("space-after", b"Bearer " + token + b" ", ADMIN)
    yield sent("lower-case-name", b"authorization: Bearer " + token, expect=ADMIN)
    yield sent("no-space-after-colon", b"Authorization:Bearer " + token, expect=ADMIN)
    yield header("tab", b"Bearer\t" + token)
    yield header("space-and-tab", b"Bearer \t" + token)
    yield header("no-space", b"Bearer" + token)
    yield header("scheme-only", b"Bearer")
    yield header("scheme-and-space", b"Bearer ")
    yield header("token-only", token)
    yield header("two-words", b"Bearer " + token + b" " + token)
    yield header("two-words-second-empty", b"Bearer " + token + b" x")
    yield header("two-words-first-bad", b"Bearer x " + token)
    yield header("colon", b"Bearer: " + token)
    yield header("comma-after", b"Bearer " + token + b",")
    yield header("quoted", b'Bearer "' + token + b'"')
    yield header("parameter", b"Bearer token=" + token)
    yield header("angle-brackets", b"Bearer <" + token + b">")
    for scheme in (b"Basic", b"DPoP", b"Token", b"JWT", b"Negotiate", b"Bearerx", b"xBearer",
                   b"Bearer,", b"\xc2\xa0Bearer"):
        name = scheme.decode("latin-1").strip("\xc2\xa0,").lower()
        name += "-comma" if scheme.endswith(b",") else "-nbsp" if scheme[0] > 127 else ""
        yield header(f"scheme-{name}", scheme + b" " + token)
    yield sent("twice", b"Authorization: Bearer " + token, b"Authorization: Bearer " + token)
    yield sent("twice-good-and-bad", b"Authorization: Bearer " + token, b"Authorization: Bearer x")
    yield sent("twice-bad-and-good", b"Authorization: Bearer x", b"Authorization: Bearer " + token)
    yield sent("basic-and-bearer", b"Authorization: Basic eDp5", b"Authorization: Bearer " + token)
    for name in (b"X-Authorization", b"Proxy-Authorization", b"Cookie", b"X-Forwarded-User",
                 b"Access-Token", b"X-Original-URI"):
        value = b"token=" + token if name == b"Cookie" else b"Bearer " + token
        yield sent(f"in-{name.decode().lower()}", name + b": " + value)
    yield sent("underscored-name", b"Authorization_: Bearer " + token)
    yield header("words", b"Bearer the quick brown fox")
    yield header("null", b"Bearer null")
    yield header("undefined", b"Bearer undefined")
    yield header("dots", b"Bearer ...")
    yield header("not-admin", b"Bearer " + good(groups=["users"]).encode(), VALID)
