"""`exp` and `nbf` (RFC 7519 sections 4.1.4 and 4.1.5). Everybody here allows 60 seconds."""

import json

from .token import ADMIN, NOW, REFUSED, VALID
from .token import bearer, good, with_payload, claims


def tokens():
    for name, offset, expect in (
        ("long-ago", -10**9, REFUSED), ("an-hour-ago", -3600, REFUSED), ("90s-ago", -90, REFUSED),
        ("10s-ago", -10, ADMIN), ("soon", 120, ADMIN), ("tomorrow", 86400, ADMIN),
    ):
        yield bearer(f"exp-{name}", good(exp=NOW + offset), expect)
    for name, offset in (("in-20s", 20), ("now", 0), ("an-hour-ago", -3600),
                         ("before-1970", -NOW - 86400)):
        yield bearer(f"nbf-{name}", good(nbf=NOW + offset), ADMIN)
    for name, offset in (("tomorrow", 86400), ("in-an-hour", 3600), ("in-150s", 150)):
        yield bearer(f"nbf-later-{name}", good(nbf=NOW + offset), REFUSED)
    yield bearer("exp-before-nbf", good(exp=NOW - 100, nbf=NOW + 100), REFUSED)
    yield bearer("exp-absent", good(exp=None), VALID)
    yield bearer("exp-absent-not-admin", good(exp=None, groups=[]), VALID)
    yield bearer("exp-in-object-only", good(exp=None, inner={"exp": NOW + 3600}), VALID)
    yield bearer("exp-other-case", good(exp=None, EXP=NOW + 3600), VALID)
    yield bearer("no-claims", with_payload("{}"), VALID)

    future, past = NOW + 3600, NOW - 3600
    not_numbers = {
        "null": "null", "true": "true", "false": "false", "empty-text": '""', "text": '"never"',
        "date": '"2999-01-01T00:00:00Z"', "array": "[9999999999]", "empty-array": "[]",
        "object": '{"exp":9999999999}', "empty-object": "{}",
        "nan": "NaN", "infinity": "Infinity", "minus-infinity": "-Infinity",
        "1e400": "1e400", "minus-1e400": "-1e400", "1e999999": "1e999999",
        "400-digits": "9" * 400, "hexadecimal": "0xFFFFFFFFFF",
        "digits-and-text": f'"{future} "', "number-as-text": f'"{future}"',
    }
    for claim in ("exp", "nbf"):
        for name, text in not_numbers.items():
            yield bearer(f"{claim}-is-{name}", _with(claim, text), REFUSED)
    numbers = {
        "fraction": (f"{future}.75", ADMIN), "exponent": ("1e11", ADMIN),
        "fraction-of-exponent": ("0.99e12", ADMIN), "2-53": (str(2**53), ADMIN),
        "2-63": (str(2**63), ADMIN), "past-fraction": (f"{past}.999", REFUSED),
        "zero": ("0", REFUSED), "minus-zero": ("-0", REFUSED), "minus-one": ("-1", REFUSED),
        "one-and-a-half": ("1.5", REFUSED), "minus-1e308": ("-1e308", REFUSED),
        "minus-2-63": (str(-2**63), REFUSED), "minus-2-64": (str(-2**64), REFUSED),
        "tiny": ("1e-400", REFUSED), "milliseconds": (str(future * 1000), ADMIN),
    }
    for name, (text, expect) in numbers.items():
        yield bearer(f"exp-is-{name}", _with("exp", text), expect)
    # A double at best: in the future, but $jwt_claim_exp shows only numbers that it shows exactly.
    for name, text in {"2-64": str(2**64), "1e308": "1e308", "100-digits": "9" * 100}.items():
        yield bearer(f"exp-inexact-{name}", _with("exp", text), VALID)
    for name, text in {"fraction": f"{past}.75", "zero": "0", "minus-one": "-1",
                       "minus-1e308": "-1e308", "tiny": "1e-400"}.items():
        yield bearer(f"nbf-is-{name}", _with("nbf", text), ADMIN)
    for name, text in {"fraction": f"{future}.25", "2-53": str(2**53), "2-63": str(2**63),
                       "2-64": str(2**64), "1e308": "1e308", "100-digits": "9" * 100,
                       "milliseconds": str(past * 1000)}.items():
        yield bearer(f"nbf-later-{name}", _with("nbf", text), REFUSED)


def _with(claim, text):
    """The claims with this one written as it stands."""
    members = {k: json.dumps(v) for k, v in claims().items()} | {claim: text}
    return with_payload("{%s}" % ",".join(f'"{k}":{v}' for k, v in members.items()))
