//! Algorithm confusion: every `alg` against every type of key, with and without `alg` in the JWK,
//! and secrets made of public keys.

use crate::support::{alg, check, load, load_jwk, load_key, refused, with, without};
use jwt_core::{Algorithm, AlgorithmSet, Error, VerifyOptions, verify};
use jwt_testkit::{Alg, Key, claims, hostile, sign, token};
use serde_json::json;

/// Do both take the same key?
fn same_key_type(a: Algorithm, b: Algorithm) -> bool {
    let family = |algorithm: Algorithm| match algorithm.name() {
        "HS256" | "HS384" | "HS512" => "oct",
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => "RSA",
        other => other,
    };
    family(a) == family(b)
}

/// A token of each algorithm, against the key of each other one under the same `kid`.
#[test]
fn a_token_verifies_only_with_a_key_bound_to_its_algorithm() {
    for signed in Algorithm::ALL {
        let signer = Key::fixed(alg(signed)).with_kid("k");
        let token = sign(
            &json!({"alg": signed.name(), "kid": "k"}),
            &claims("alice"),
            &signer,
        );
        for bound in Algorithm::ALL {
            let key = Key::fixed(alg(bound)).with_kid("k");
            for has_alg in [true, false] {
                let jwk = if has_alg {
                    key.jwk()
                } else {
                    without(key.jwk(), &["alg"])
                };
                let fits = signed == bound || !has_alg && same_key_type(signed, bound);
                match check(&token, &load_jwk(&jwk)) {
                    Ok(token) => {
                        assert!(fits, "{signed} with a key for {bound}, alg: {has_alg}");
                        assert_eq!(token.algorithm(), signed);
                    }
                    Err(Error::UnknownKey { kid_known, .. }) => {
                        assert!(!fits && kid_known, "{signed} with {bound}, alg: {has_alg}");
                    }
                    Err(other) => panic!("{signed} with {bound}, alg: {has_alg}: {other}"),
                }
            }
        }
    }
}

/// The header claims another algorithm than the one that signed.
#[test]
fn a_signature_of_another_algorithm_is_refused() {
    for signed in Algorithm::ALL {
        let key = Key::fixed(alg(signed)).without_kid();
        let keys = load_jwk(&without(key.jwk(), &["alg"]));
        for claimed in Algorithm::ALL {
            let token = sign(&json!({"alg": claimed.name()}), &claims("alice"), &key);
            let expected = if claimed == signed {
                "accepted"
            } else if same_key_type(claimed, signed) {
                "bad_signature"
            } else {
                "unknown_key"
            };
            assert_eq!(refused(token, &keys), expected, "{signed} as {claimed}");
        }
    }
}

/// GHSA-style key confusion: whatever text of the public key serves as the secret.
#[test]
fn hmac_keyed_with_a_public_key_is_refused() {
    for algorithm in Algorithm::ALL {
        let key = Key::fixed(alg(algorithm));
        if key.alg().is_hmac() {
            continue;
        }
        let jwk = without(key.jwk(), &["alg"]);
        let mut secrets = vec![
            key.spki_pem().into_bytes(),
            key.spki_pem().trim_end().as_bytes().to_vec(),
            key.certificate_pem().into_bytes(),
            key.spki_der(),
            jwk.to_string().into_bytes(),
            format!("{jwk}\n").into_bytes(),
            Vec::new(),
        ];
        for member in ["n", "e", "x", "y"] {
            if let Some(text) = jwk[member].as_str() {
                secrets.push(text.as_bytes().to_vec());
                secrets.push(jwt_testkit::unb64(text).unwrap());
            }
        }
        if jwk["kty"] == "RSA" {
            secrets.push(key.pkcs1_pem().into_bytes());
            secrets.push(key.pkcs1_pem().trim_end().as_bytes().to_vec());
        }
        let forms = [
            load_jwk(&jwk),
            load_key(&key),
            load(key.spki_pem()),
            load(key.certificate_pem()),
            load(json!({key.kid().unwrap(): key.spki_pem()}).to_string()),
        ];
        for secret in &secrets {
            for hs in [Alg::HS256, Alg::HS384, Alg::HS512] {
                let forger = Key::secret(hs, secret).with_kid(key.kid().unwrap());
                for forger in [forger.clone(), forger.without_kid()] {
                    let forged = token(&forger, &claims("mallory"));
                    for keys in &forms {
                        assert_eq!(refused(&forged, keys), "unknown_key", "{algorithm}");
                    }
                }
            }
        }
    }
}

#[test]
fn none_is_refused_in_every_spelling_and_under_every_option() {
    let key = Key::fixed(Alg::HS256);
    let keys = load_key(&key);
    let skipping = VerifyOptions {
        signature: jwt_core::SignatureCheck::Skipped,
        ..VerifyOptions::default()
    };
    for none in ["none", "None", "NONE", "nOnE", "none ", ""] {
        let unsecured = hostile::unsecured(none, r#"{"sub":"mallory"}"#);
        let signed = sign(&json!({"alg": none, "kid": "HS256"}), &claims("m"), &key);
        for token in [unsecured, signed] {
            assert_eq!(refused(&token, &keys), "alg_unsupported");
            let error = verify(token.as_bytes(), &[], &skipping).unwrap_err();
            assert_eq!(error.status(), "unsupported_alg");
        }
    }
}

#[test]
fn missing_and_odd_algorithms_are_refused() {
    let key = Key::fixed(Alg::HS256);
    let keys = load_key(&key);
    for (header, code) in [
        (json!({"typ": "JWT"}), "alg_missing"),
        (json!({"alg": null}), "alg_missing"),
        (json!({"alg": ["HS256"]}), "alg_missing"),
        (json!({"alg": 256}), "alg_missing"),
        (json!({"alg": "hs256"}), "alg_unsupported"),
        (json!({"alg": "HS256\u{0}"}), "alg_unsupported"),
        (json!({"alg": "HS1"}), "alg_unsupported"),
        (json!({"alg": "RS1"}), "alg_unsupported"),
        (json!({"alg": "RSA-OAEP"}), "alg_unsupported"),
        (json!({"alg": "dir"}), "alg_unsupported"),
        (json!({"ALG": "HS256"}), "alg_missing"),
    ] {
        assert_eq!(
            refused(sign(&header, &claims("a"), &key), &keys),
            code,
            "{header}"
        );
    }
}

#[test]
fn algorithms_that_are_not_allowed_are_refused_before_any_key() {
    let key = Key::fixed(Alg::RS256);
    let options = |names: &[&str]| VerifyOptions {
        algorithms: names
            .iter()
            .flat_map(|name| AlgorithmSet::from_name(name).unwrap().iter())
            .collect(),
        ..VerifyOptions::default()
    };
    let good = token(&key, &claims("alice"));
    let keys = [load_key(&key)];
    assert!(verify(good.as_bytes(), &keys, &options(&["ES256", "RS256"])).is_ok());
    for names in [&["ES256"][..], &["PS256"], &["HS256"], &[]] {
        for keys in [&keys[..], &[]] {
            let error = verify(good.as_bytes(), keys, &options(names)).unwrap_err();
            assert_eq!(error.code(), "alg_not_allowed");
        }
    }
}

/// RFC 9864: EdDSA with a curve and the curve's own name are one algorithm, in token, JWK and
/// option alike.
#[test]
fn eddsa_and_its_fully_specified_names_are_one_algorithm() {
    for curve in [Alg::Ed25519, Alg::Ed448] {
        let other = if curve == Alg::Ed448 {
            "Ed25519"
        } else {
            "Ed448"
        };
        let key = Key::fixed(curve);
        let named = |name: &str| sign(&json!({"alg": name}), &claims("a"), &key);
        for bound in ["EdDSA", curve.name()] {
            let keys = load_jwk(&without(with(key.jwk(), "alg", bound), &["kid"]));
            for (name, expected) in [
                ("EdDSA", "accepted"),
                (curve.name(), "accepted"),
                (other, "unknown_key"),
            ] {
                assert_eq!(refused(named(name), &keys), expected, "{name} for {bound}");
            }
            let only = |name| VerifyOptions {
                algorithms: AlgorithmSet::from_name(name).unwrap(),
                ..VerifyOptions::default()
            };
            let keys = [keys];
            for (name, allowed) in [("EdDSA", true), (curve.name(), true), (other, false)] {
                let result = verify(named("EdDSA").as_bytes(), &keys, &only(name));
                assert_eq!(result.is_ok(), allowed, "EdDSA where {name} is allowed");
            }
        }
    }
}

#[test]
fn skipped_signatures_are_told_apart() {
    let skipping = VerifyOptions {
        signature: jwt_core::SignatureCheck::Skipped,
        ..VerifyOptions::default()
    };
    for algorithm in Algorithm::ALL {
        let minted = token(&Key::fixed(alg(algorithm)), &claims("alice"));
        let token = verify(minted.as_bytes(), &[], &skipping).unwrap();
        assert!(!token.is_verified());
        assert_eq!(token.algorithm(), algorithm);
        assert_eq!(token.claims().get("sub").unwrap().as_str(), Some("alice"));
    }
}
