//! Keys of a set that are not used, and odd ones that are.

use jwt_testkit::{Alg, Key, b64, jwks};
use nginx_tests::cases;
use serde_json::{Value, json};

use crate::keys::{ask, with_files, with_set};

/// The good key's JWK with these changes; a null removes a member.
fn changed(base: Value, changes: Value) -> Value {
    let mut jwk = base;
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            jwk.as_object_mut().unwrap().remove(name);
        } else {
            jwk[name] = value.clone();
        }
    }
    jwk
}

/// A key that a set may hold is not used, does not spoil the others, and draws a warning when it
/// is a broken one of a known type.
fn skipped(bad: Value, warns: bool) {
    let bad = changed(bad, json!({"kid": "odd"}));
    let good = Key::fixed(Alg::Ed25519);
    let set = json!({ "keys": [bad, good.jwk()] }).to_string();
    let files = [("jwks.json", set)];
    let check = with_files(&files).check();
    assert!(check.ok, "{}", check.text);
    if warns {
        check.assert_line(&["[warn]", "jwks.json", "odd"]);
    } else {
        assert!(!check.text.contains("[warn]"), "{}", check.text);
    }
    let nginx = with_files(&files).start();
    ask(&nginx, &good, 200, "ok");
    ask(
        &nginx,
        &Key::fixed(Alg::ES256).with_kid("odd"),
        401,
        "unknown_key",
    );
    ask(
        &nginx,
        &Key::fixed(Alg::RS256).with_kid("odd"),
        401,
        "unknown_key",
    );
}

fn ec(changes: Value) -> Value {
    changed(Key::fixed(Alg::ES256).jwk(), changes)
}

fn rsa(changes: Value) -> Value {
    changed(Key::fixed(Alg::RS256).jwk(), changes)
}

fn okp(changes: Value) -> Value {
    changed(Key::fixed(Alg::Ed25519).jwk(), changes)
}

cases! { a_key_is_skipped = skipped:
    unknown_kty(ec(json!({"kty": "XYZ"})), false);
    kty_akp(json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": b64([7; 1312])}), false);
    unknown_curve(ec(json!({"crv": "P-192"})), false);
    unknown_okp_curve(okp(json!({"crv": "Ed999"})), false);
    x25519(okp(json!({"crv": "X25519", "alg": null})), false);
    unknown_alg(ec(json!({"alg": "ES999"})), false);
    alg_of_encryption(rsa(json!({"alg": "RSA-OAEP"})), false);
    use_enc(ec(json!({"use": "enc"})), false);
    key_ops_without_verify(ec(json!({"use": null, "key_ops": ["sign"]})), false);
    no_kty(ec(json!({"kty": null})), true);
    not_an_object(json!({"kty": 1}), true);
    ec_without_y(ec(json!({"y": null})), true);
    ec_coordinate_too_short(ec(json!({"x": "AQAB"})), true);
    ec_coordinate_not_base64(ec(json!({"x": "!!!"})), true);
    ec_off_the_curve(ec(json!({"y": b64([7; 32])})), true);
    ec_at_infinity(ec(json!({"x": b64([0; 32]), "y": b64([0; 32])})), true);
    ec_alg_of_another_curve(ec(json!({"alg": "ES384"})), true);
    rsa_without_n(rsa(json!({"n": null})), true);
    rsa_exponent_one(rsa(json!({"e": "AQ"})), true);
    rsa_exponent_even(rsa(json!({"e": "AQAA"})), true);
    rsa_exponent_too_large(rsa(json!({"e": b64([1, 0, 0, 0, 0, 1])})), true);
    rsa_of_1024_bits(Key::rsa(Alg::RS256, 1024).jwk(), true);
    rsa_of_zero(rsa(json!({"n": "AA"})), true);
    ed25519_too_short(okp(json!({"x": "AQAB"})), true);
    ed25519_of_small_order(okp(json!({"x": b64([0; 32])})), true);
    ed25519_identity(okp(json!({"x": b64([&[1][..], &[0; 31]].concat())})), true);
    ed448_of_small_order(json!({"kty": "OKP", "crv": "Ed448", "x": b64([0; 57])}), true);
    an_empty_secret(json!({"kty": "oct", "k": ""}), true);
    a_secret_that_is_no_text(json!({"kty": "oct", "k": 1}), true);
}

/// An oddity that providers publish, and that is no reason to refuse.
fn used(jwk: Value) {
    let key = Key::fixed(Alg::RS256);
    let jwk = changed(key.jwk(), jwk);
    ask(&with_set(&[jwk]), &key, 200, "ok");
}

cases! { a_key_is_used = used:
    with_x5c(json!({"x5c": [b64([1; 300])], "x5t": "abc"}));
    without_use(json!({"use": null}));
    without_alg(json!({"alg": null}));
    without_kid(json!({"kid": null}));
    with_key_ops(json!({"use": null, "key_ops": ["verify"]}));
    with_unknown_members(json!({"issued": 1, "ext": true, "x": {}}));
}

#[test]
fn a_private_jwk_serves_by_its_public_half_with_a_warning() {
    for alg in [Alg::RS256, Alg::ES256, Alg::Ed25519] {
        let key = Key::fixed(alg);
        let files = [(
            "jwks.json",
            json!({ "keys": [key.private_jwk()] }).to_string(),
        )];
        with_files(&files)
            .check()
            .assert_line(&["[warn]", "jwks.json", "private"]);
        ask(&with_files(&files).start(), &key, 200, "ok");
    }
}

#[test]
fn a_short_secret_is_accepted_with_a_warning() {
    let key = Key::secret(Alg::HS256, b"secret").with_kid("odd");
    let files = [("jwks.json", jwks(&[&key]))];
    let check = with_files(&files).check();
    check.assert_line(&["[warn]", "jwks.json", "odd"]);
    assert!(!check.text.contains(&b64("secret")), "{}", check.text);
    ask(&with_files(&files).start(), &key, 200, "ok");
}
