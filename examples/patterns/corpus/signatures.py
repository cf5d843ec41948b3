"""Each algorithm, with a true signature and with each kind of false one."""

from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives import hashes

from .keys import TRUSTED
from .token import ADMIN, ALGORITHMS, REFUSED, VALID
from .token import b64, bearer, claims, good, header, raw, sign, stranger, unb64

_CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1,
           "ES256K": ec.SECP256K1}


def tokens():
    for alg in ALGORITHMS:
        yield from _of(alg)
    yield from _other_keys()
    for alg, curve in _CURVES.items():
        yield from _ecdsa(alg, (curve.key_size + 7) // 8, curve().group_order)
    yield from _rsa()


def _of(alg):
    """What every algorithm is put through."""
    low = alg.lower()
    whole = good(alg)
    signing_input, _, signature = whole.rpartition(".")
    value = unb64(signature)
    head, _, payload = signing_input.partition(".")

    def signed(name, data):
        return bearer(f"{low}-{name}", f"{signing_input}.{b64(data)}", REFUSED)

    yield bearer(f"{low}-good", whole, ADMIN)
    yield bearer(f"{low}-good-no-kid", raw(header(alg, kid=None), claims(), alg), ADMIN)
    yield bearer(f"{low}-not-admin", good(alg, groups=["users"]), VALID)
    yield bearer(f"{low}-payload-swapped",
                 f"{head}.{b64(unb64(payload).replace(b'alice', b'mallo'))}.{signature}", REFUSED)
    yield bearer(f"{low}-header-swapped",
                 f"{b64(unb64(head).replace(b'JWT', b'jwt'))}.{payload}.{signature}", REFUSED)
    yield signed("first-bit-flipped", bytes([value[0] ^ 0x80]) + value[1:])
    yield signed("last-bit-flipped", value[:-1] + bytes([value[-1] ^ 1]))
    yield signed("signature-shorter", value[:-1])
    yield signed("signature-longer", value + b"\0")
    yield signed("signature-empty", b"")
    yield signed("signature-zeros", bytes(len(value)))
    yield signed("signature-of-another-token", unb64(good(alg, sub="bob").rpartition(".")[2]))
    yield bearer(f"{low}-stranger", raw(header(alg), claims(), alg, stranger(alg)), REFUSED)
    yield bearer(f"{low}-stranger-no-kid",
                 raw(header(alg, kid=None), claims(), alg, stranger(alg)), REFUSED)


def _other_keys():
    """Further keys that fit an algorithm."""
    yield bearer("eddsa-ed448-good", good("EdDSA", "ed448"), ADMIN)
    yield bearer("eddsa-ed448-good-no-kid",
                 raw(header("EdDSA", kid=None), claims(), "EdDSA", "ed448"), ADMIN)
    yield bearer("rs256-3072-bits", good("RS256", "rsa-3072"), ADMIN)
    yield bearer("ps512-3072-bits", good("PS512", "rsa-3072"), ADMIN)
    yield bearer("rs512-4096-bits", good("RS512", "rsa-4096-rs512"), ADMIN)
    yield bearer("ps256-key-with-alg", good("PS256", "rsa-2048-ps256"), ADMIN)
    for alg in ("HS256", "HS384", "HS512"):
        yield bearer(f"{alg.lower()}-key-without-alg", good(alg, "hs-any"), ADMIN)


def _ecdsa(alg, size, order):
    """What only ECDSA signatures can be."""
    low = alg.lower()
    signing_input = good(alg).rpartition(".")[0]
    value = sign(signing_input, alg)
    r, s = (int.from_bytes(half, "big") for half in (value[:size], value[size:]))

    def pair(name, r, s, size=size, expect=REFUSED):
        data = r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return bearer(f"{low}-{name}", f"{signing_input}.{b64(data)}", expect)

    yield pair("s-negated", r, order - s, expect=ADMIN)  # RFC 7518 wants no low s
    yield pair("r-is-order", order, s)
    yield pair("s-is-order", r, order)
    yield pair("both-are-order", order, order)
    yield pair("r-is-zero", 0, s)
    yield pair("s-is-zero", r, 0)
    yield pair("halves-zero-extended", r, s, size=size + 1)
    if (r + order).bit_length() <= size * 8:
        yield pair("r-plus-order", r + order, s)
    yield bearer(f"{low}-signature-as-der",
                 f"{signing_input}.{b64(utils.encode_dss_signature(r, s))}", REFUSED)
    yield bearer(f"{low}-halves-swapped",
                 f"{signing_input}.{b64(value[size:] + value[:size])}", REFUSED)


def _rsa():
    """What only RSA signatures can be."""
    key = TRUSTED["rsa-2048"].get_op_key("sign")
    modulus = key.public_key().public_numbers().n

    def signed(name, alg, make):
        signing_input = good(alg).rpartition(".")[0]
        return bearer(name, f"{signing_input}.{b64(make(signing_input.encode()))}", REFUSED)

    def raised(data):
        value = key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return (int.from_bytes(value, "big") + modulus).to_bytes(257, "big")

    def salted(length):
        return lambda data: key.sign(
            data, padding.PSS(padding.MGF1(hashes.SHA256()), length), hashes.SHA256())

    yield signed("rs256-signature-plus-modulus", "RS256", raised)
    yield signed("rs256-signature-is-one", "RS256", lambda _: bytes(255) + b"\1")
    yield signed("rs256-leading-zero", "RS256",
                 lambda data: b"\0" + key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
    yield signed("rs256-hashed-with-sha384", "RS256",
                 lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA384()))
    yield signed("rs256-signed-as-pss", "RS256", salted(32))
    yield signed("ps256-signed-as-pkcs1", "PS256",
                 lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
    yield signed("ps256-no-salt", "PS256", salted(0))
    yield signed("ps256-long-salt", "PS256", salted(64))
    yield signed("ps256-mgf1-sha512", "PS256", lambda data: key.sign(
        data, padding.PSS(padding.MGF1(hashes.SHA512()), 32), hashes.SHA256()))
    yield signed("es256-value-under-rs256", "RS256",
                 lambda data: TRUSTED["p-256"].get_op_key("sign").sign(
                     data, ec.ECDSA(hashes.SHA256())))
