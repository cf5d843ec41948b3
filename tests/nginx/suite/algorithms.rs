//! Every algorithm with every form of its key, end to end.

use jwt_testkit::{Alg, Key, b64, hostile, jwks, keyval, now, sign, sign_raw, token};
use nginx_tests::{Config, Nginx, Request, cases, user};
use serde_json::{Value, json};

/// A server whose keys are in `keys`, a file with this content.
pub(crate) fn with_file(content: &str, word: &str, extra: &str) -> Nginx {
    Config::new("an algorithm and a form of its key")
        .file("keys", content)
        .server(format!(
            "location / {{
                auth_jwt \"api\";
                auth_jwt_key_file keys {word};
                add_header Status $jwt_status always;
                {extra}
                try_files /ok.txt =500;
            }}"
        ))
        .start()
}

/// A good token passes with the word that names the format and without it; a flipped bit,
/// another's key and a signature of another length don't.
fn decides(content: &str, format: &str, alg: Alg) {
    let token_of = |key: &Key| token(key, &user());
    let good = token_of(&Key::fixed(alg));
    let bits = hostile::signature(&good).len() * 8;
    let cut = hostile::signature(&good)[1..].to_vec();
    let long = [&hostile::signature(&good)[..], &[0]].concat();
    for word in [format, ""] {
        let nginx = with_file(content, word, "");
        let mut connection = nginx.connect();
        let mut ask = |token: &str| connection.ask(&Request::get("/").bearer(token));
        ask(&good).assert(200, "ok");
        for bit in [0, bits / 2, bits - 1] {
            ask(&hostile::flip_signature_bit(&good, bit)).assert(401, "bad_signature");
        }
        ask(&token_of(&Key::other(alg))).assert(401, "bad_signature");
        ask(&hostile::with_signature(&good, &cut)).assert(401, "bad_signature");
        ask(&hostile::with_signature(&good, &long)).assert(401, "bad_signature");
        ask(&hostile::with_signature(&good, vec![0; bits / 8])).assert(401, "bad_signature");
        ask(&hostile::with_payload(&good, user().to_string() + " ")).assert(401, "bad_signature");
        ask(&good).assert(200, "ok");
    }
}

/// The JWK without this member.
pub(crate) fn without(mut jwk: Value, name: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(name);
    jwk
}

fn as_jwks(alg: Alg) {
    decides(&jwks(&[&Key::fixed(alg)]), "jwks", alg);
}

fn as_jwk(alg: Alg) {
    decides(&Key::fixed(alg).jwk().to_string(), "jwks", alg);
}

fn as_jwk_without_alg(alg: Alg) {
    let jwk = without(Key::fixed(alg).jwk(), "alg");
    decides(&json!({ "keys": [jwk] }).to_string(), "jwks", alg);
}

fn as_keyval(alg: Alg) {
    decides(&keyval(&[&Key::fixed(alg)]), "keyval", alg);
}

fn as_keyval_of_certificates(alg: Alg) {
    let certificate = Key::fixed(alg).certificate_pem();
    decides(
        &json!({ alg.name(): certificate }).to_string(),
        "keyval",
        alg,
    );
}

fn as_public_key(alg: Alg) {
    decides(&Key::fixed(alg).spki_pem(), "pem", alg);
}

fn as_certificate(alg: Alg) {
    decides(&Key::fixed(alg).certificate_pem(), "pem", alg);
}

fn as_pkcs1(alg: Alg) {
    decides(&Key::fixed(alg).pkcs1_pem(), "pem", alg);
}

cases! { jwk_set = as_jwks:
    hs256(Alg::HS256);
    hs384(Alg::HS384);
    hs512(Alg::HS512);
    rs256(Alg::RS256);
    rs384(Alg::RS384);
    rs512(Alg::RS512);
    ps256(Alg::PS256);
    ps384(Alg::PS384);
    ps512(Alg::PS512);
    es256(Alg::ES256);
    es384(Alg::ES384);
    es512(Alg::ES512);
    es256k(Alg::ES256K);
    ed25519(Alg::Ed25519);
    ed448(Alg::Ed448);
}

cases! { single_jwk = as_jwk:
    hs256(Alg::HS256);
    hs384(Alg::HS384);
    hs512(Alg::HS512);
    rs256(Alg::RS256);
    rs384(Alg::RS384);
    rs512(Alg::RS512);
    ps256(Alg::PS256);
    ps384(Alg::PS384);
    ps512(Alg::PS512);
    es256(Alg::ES256);
    es384(Alg::ES384);
    es512(Alg::ES512);
    es256k(Alg::ES256K);
    ed25519(Alg::Ed25519);
    ed448(Alg::Ed448);
}

cases! { jwk_without_alg = as_jwk_without_alg:
    hs256(Alg::HS256);
    hs384(Alg::HS384);
    hs512(Alg::HS512);
    rs256(Alg::RS256);
    rs384(Alg::RS384);
    rs512(Alg::RS512);
    ps256(Alg::PS256);
    ps384(Alg::PS384);
    ps512(Alg::PS512);
    es256(Alg::ES256);
    es384(Alg::ES384);
    es512(Alg::ES512);
    es256k(Alg::ES256K);
    ed25519(Alg::Ed25519);
    ed448(Alg::Ed448);
}

cases! { keyval_of_keys = as_keyval:
    rs256(Alg::RS256);
    rs384(Alg::RS384);
    rs512(Alg::RS512);
    ps256(Alg::PS256);
    ps384(Alg::PS384);
    ps512(Alg::PS512);
    es256(Alg::ES256);
    es384(Alg::ES384);
    es512(Alg::ES512);
    es256k(Alg::ES256K);
    ed25519(Alg::Ed25519);
    ed448(Alg::Ed448);
}

cases! { keyval_of_certificates = as_keyval_of_certificates:
    rs256(Alg::RS256);
    rs384(Alg::RS384);
    rs512(Alg::RS512);
    ps256(Alg::PS256);
    ps384(Alg::PS384);
    ps512(Alg::PS512);
    es256(Alg::ES256);
    es384(Alg::ES384);
    es512(Alg::ES512);
    es256k(Alg::ES256K);
    ed25519(Alg::Ed25519);
    ed448(Alg::Ed448);
}

cases! { pem_public_key = as_public_key:
    rs256(Alg::RS256);
    rs384(Alg::RS384);
    rs512(Alg::RS512);
    ps256(Alg::PS256);
    ps384(Alg::PS384);
    ps512(Alg::PS512);
    es256(Alg::ES256);
    es384(Alg::ES384);
    es512(Alg::ES512);
    es256k(Alg::ES256K);
    ed25519(Alg::Ed25519);
    ed448(Alg::Ed448);
}

cases! { pem_certificate = as_certificate:
    rs256(Alg::RS256);
    rs384(Alg::RS384);
    rs512(Alg::RS512);
    ps256(Alg::PS256);
    ps384(Alg::PS384);
    ps512(Alg::PS512);
    es256(Alg::ES256);
    es384(Alg::ES384);
    es512(Alg::ES512);
    es256k(Alg::ES256K);
    ed25519(Alg::Ed25519);
    ed448(Alg::Ed448);
}

cases! { pem_pkcs1 = as_pkcs1:
    rs256(Alg::RS256);
    rs384(Alg::RS384);
    rs512(Alg::RS512);
    ps256(Alg::PS256);
    ps384(Alg::PS384);
    ps512(Alg::PS512);
}

/// Ed25519 and Ed448 are EdDSA under their own names (RFC 9864), on either side.
fn edwards_name(alg: Alg, in_jwk: Option<&str>, in_header: &str) {
    let key = Key::fixed(alg);
    let mut jwk = without(key.jwk(), "alg");
    if let Some(name) = in_jwk {
        jwk["alg"] = json!(name);
    }
    let nginx = with_file(&jwk.to_string(), "jwks", "");
    let token = sign(&json!({ "alg": in_header }), &user(), &key);
    nginx.get_with("/", &token).assert(200, "ok");
}

cases! { fully_specified_names = edwards_name:
    ed25519_in_both(Alg::Ed25519, Some("Ed25519"), "Ed25519");
    ed25519_in_the_key(Alg::Ed25519, Some("Ed25519"), "EdDSA");
    ed25519_in_the_token(Alg::Ed25519, Some("EdDSA"), "Ed25519");
    ed25519_in_the_token_alone(Alg::Ed25519, None, "Ed25519");
    ed448_in_both(Alg::Ed448, Some("Ed448"), "Ed448");
    ed448_in_the_key(Alg::Ed448, Some("Ed448"), "EdDSA");
    ed448_in_the_token(Alg::Ed448, Some("EdDSA"), "Ed448");
    ed448_in_the_token_alone(Alg::Ed448, None, "Ed448");
}

#[test]
fn the_other_edwards_curve_is_refused() {
    let nginx = with_file(
        &jwks(&[&Key::fixed(Alg::Ed25519).without_kid()]),
        "jwks",
        "",
    );
    for (alg, name) in [
        (Alg::Ed448, "EdDSA"),
        (Alg::Ed448, "Ed448"),
        (Alg::Ed448, "Ed25519"),
    ] {
        let token = sign(&json!({ "alg": name }), &user(), &Key::fixed(alg));
        assert_eq!(nginx.get_with("/", &token).status, 401, "{name}");
    }
    let token = sign(
        &json!({ "alg": "Ed448" }),
        &user(),
        &Key::fixed(Alg::Ed25519),
    );
    assert_eq!(nginx.get_with("/", &token).status, 401);
}

/// Larger RSA keys, as providers use them.
fn rsa_size(bits: u32) {
    for alg in [Alg::RS256, Alg::RS512, Alg::PS256, Alg::PS512] {
        let key = Key::rsa(alg, bits);
        let nginx = with_file(&jwks(&[&key]), "jwks", "");
        nginx.get_with("/", &token(&key, &user())).assert(200, "ok");
    }
}

cases! { rsa_keys = rsa_size:
    of_3072_bits(3072);
    of_4096_bits(4096);
}

/// Below 2048 bits only when asked for, and then for RS256 and RS512 only.
#[test]
fn min_rsa_bits_admits_rs256_and_rs512_of_short_keys() {
    for (alg, status) in [
        (Alg::RS256, 200),
        (Alg::RS512, 200),
        (Alg::RS384, 401),
        (Alg::PS256, 401),
    ] {
        let key = Key::rsa(alg, 1024);
        let content = json!({ "keys": [without(key.jwk(), "alg"), Key::fixed(Alg::ES256).jwk()] });
        let nginx = with_file(&content.to_string(), "jwks", "auth_jwt_min_rsa_bits 1024;");
        assert_eq!(
            nginx.get_with("/", &token(&key, &user())).status,
            status,
            "{alg:?}"
        );
    }
}

#[test]
fn a_short_rsa_key_is_no_key_by_default() {
    let key = Key::rsa(Alg::RS256, 1024);
    let content = jwks(&[&key, &Key::fixed(Alg::ES256)]);
    let nginx = with_file(&content, "jwks", "");
    nginx
        .get_with("/", &token(&key, &user()))
        .assert(401, "unknown_key");
    nginx
        .get_with("/", &token(&Key::fixed(Alg::ES256), &user()))
        .assert(200, "ok");
}

/// A token of 2017's tools: no kid, no typ, members in another order.
#[test]
fn an_old_plain_token_is_accepted() {
    let key = Key::fixed(Alg::HS256);
    let payload = format!("{{\"exp\":{}.5,\"sub\":\"x\"}}", now() + 60);
    let nginx = with_file(&jwks(&[&key]), "jwks", "");
    nginx
        .get_with(
            "/",
            &sign_raw(r#"{"typ":"JWT","alg":"HS256"}"#, payload, &key),
        )
        .assert(200, "ok");
}

/// The example of RFC 7515 appendix A.1, whose `exp` is long past.
#[test]
fn the_rfcs_example_is_expired_and_its_signature_good() {
    let k =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let jwk = json!({"kty": "oct", "k": k}).to_string();
    with_file(&jwk, "jwks", "")
        .get_with("/", token)
        .assert(401, "expired");
    with_file(&jwk, "jwks", "auth_jwt_validate_exp off;")
        .get_with("/", token)
        .assert(200, "ok");
    let other = json!({"kty": "oct", "k": b64("0123456789abcdef0123456789abcdef")}).to_string();
    with_file(&other, "jwks", "")
        .get_with("/", token)
        .assert(401, "bad_signature");
}
