//! No algorithm with another's key, no signature of another form.

use jwt_testkit::{Alg, Key, hostile, jwks, keyval, sign, token};
use nginx_tests::{Request, cases, key, user};
use serde_json::json;

use crate::algorithms::{with_file, without};

/// A key that names its algorithm takes no other one, even of its own type.
#[test]
fn a_key_with_alg_is_bound_to_it() {
    for (bound, used) in [
        (Alg::HS256, Alg::HS512),
        (Alg::RS256, Alg::RS512),
        (Alg::RS256, Alg::PS256),
        (Alg::PS384, Alg::RS384),
    ] {
        let key = Key::fixed(bound);
        let nginx = with_file(&jwks(&[&key]), "jwks", "");
        nginx.get_with("/", &token(&key, &user())).assert(200, "ok");
        let other = nginx.get_with("/", &token(&key.with_alg(used), &user()));
        assert_eq!(other.status, 401, "{used:?} with a key for {bound:?}");
    }
}

/// A key without `alg` takes every algorithm of its type.
#[test]
fn a_key_without_alg_takes_all_of_its_type() {
    for (first, all) in [
        (Alg::HS512, [Alg::HS256, Alg::HS384, Alg::HS512].as_slice()),
        (
            Alg::RS256,
            &[
                Alg::RS256,
                Alg::RS384,
                Alg::RS512,
                Alg::PS256,
                Alg::PS384,
                Alg::PS512,
            ],
        ),
    ] {
        let key = Key::fixed(first).with_kid("one");
        let jwk = without(key.jwk(), "alg");
        let nginx = with_file(&jwk.to_string(), "jwks", "");
        for alg in all {
            let token = token(&key.clone().with_alg(*alg), &user());
            nginx.get_with("/", &token).assert(200, "ok");
        }
    }
}

/// Every algorithm's name over a signature of this one, with and without `alg` in the JWK.
fn confusion(of_key: Alg) {
    for named in [true, false] {
        let key = Key::fixed(of_key).without_kid();
        let jwk = if named {
            key.jwk()
        } else {
            without(key.jwk(), "alg")
        };
        let nginx = with_file(&jwk.to_string(), "jwks", "");
        let mut connection = nginx.connect();
        for alg in Alg::ALL {
            let token = sign(&json!({ "alg": alg.name() }), &user(), &key);
            let status = connection.ask(&Request::get("/").bearer(&token)).status;
            let expected = if alg == of_key { 200 } else { 401 };
            assert_eq!(
                status,
                expected,
                "{} over a key of {}",
                alg.name(),
                of_key.name()
            );
        }
    }
}

cases! { another_alg_in_the_header = confusion:
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

/// HS256 with the text of a public key as the secret.
fn public_key_as_secret(secret: impl Fn(&Key) -> Vec<u8>) {
    for alg in [Alg::RS256, Alg::PS256, Alg::ES256, Alg::Ed25519] {
        let key = Key::fixed(alg);
        let forged = Key::secret(Alg::HS256, &secret(&key)).with_kid(alg.name());
        let jwk = without(key.jwk(), "alg");
        for content in [
            jwk.to_string(),
            keyval(&[&key]),
            key.spki_pem(),
            key.certificate_pem(),
        ] {
            let nginx = with_file(&content, "", "");
            for forged in [forged.clone(), forged.clone().without_kid()] {
                let response = nginx.get_with("/", &token(&forged, &user()));
                assert_eq!(response.status, 401, "{alg:?}");
            }
        }
    }
}

cases! { hs256_over_a_public_key = public_key_as_secret:
    the_pem_text(|key: &Key| key.spki_pem().into());
    the_pem_text_without_a_newline(|key: &Key| key.spki_pem().trim_end().into());
    the_certificate(|key: &Key| key.certificate_pem().into());
    the_der_bytes(|key: &Key| key.spki_der());
    the_jwk_text(|key: &Key| without(key.jwk(), "alg").to_string().into());
    an_empty_secret(|_: &Key| Vec::new());
    the_modulus(|key: &Key| key.jwk().get("n").or(key.jwk().get("x")).unwrap().to_string().into());
}

/// ECDSA signatures that are no numbers of the group (CVE-2022-21449).
fn degenerate(alg: Alg, order: &str) {
    let nginx = with_file(&jwks(&[&Key::fixed(alg)]), "jwks", "");
    let good = token(&Key::fixed(alg), &user());
    let length = hostile::signature(&good).len() / 2;
    let n: Vec<u8> = (0..length)
        .map(|i| u8::from_str_radix(&order[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    let zero = vec![0; length];
    let mut one = zero.clone();
    one[length - 1] = 1;
    for (r, s) in [
        (&zero, &zero),
        (&n, &n),
        (&n, &one),
        (&one, &n),
        (&zero, &one),
        (&one, &zero),
    ] {
        let token = hostile::with_signature(&good, [r.as_slice(), s].concat());
        nginx.get_with("/", &token).assert(401, "bad_signature");
    }
}

cases! { degenerate_signature = degenerate:
    es256(Alg::ES256, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    es256k(Alg::ES256K, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141");
    es384(Alg::ES384, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973");
    es512(Alg::ES512, "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409");
}

/// An ASN.1 signature, as most libraries make it, is not JWS's.
#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    let nginx = with_file(&jwks(&[&key()]), "jwks", "");
    let good = token(&key(), &user());
    let raw = hostile::signature(&good);
    let integer = |bytes: &[u8]| {
        let sign = if bytes[0] < 128 { &[][..] } else { &[0] };
        let bytes = [sign, bytes].concat();
        [&[2, u8::try_from(bytes.len()).unwrap()], &bytes[..]].concat()
    };
    let body = [integer(&raw[..32]), integer(&raw[32..])].concat();
    let der = [&[0x30, u8::try_from(body.len()).unwrap()], &body[..]].concat();
    nginx
        .get_with("/", &hostile::with_signature(&good, der))
        .assert(401, "bad_signature");
}

#[test]
fn an_es512_signature_under_a_p_256_key_is_refused() {
    let key = Key::fixed(Alg::ES256).without_kid();
    let nginx = with_file(&without(key.jwk(), "alg").to_string(), "jwks", "");
    let token = sign(&json!({"alg": "ES512"}), &user(), &Key::fixed(Alg::ES512));
    assert_eq!(nginx.get_with("/", &token).status, 401);
}
