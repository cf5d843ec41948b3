//! Published examples: RFC 7515 appendix A, RFC 7520 section 4, RFC 8037 appendix A, RFC 8032.

use crate::support::{alg, check, load_jwk, options};
use jwt_core::{Algorithm, Error, Part};
use jwt_testkit::{hostile, unb64};
use serde_json::{Value, json};

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../vectors/rfc.json")).unwrap()
}

/// Most examples sign a text, not claims: then the signature is good when the refusal comes after
/// it, from the claims.
#[test]
fn every_signature_is_good_and_any_other_is_not() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let source = &vector["source"];
        let keys = load_jwk(&vector["key"]);
        let token = vector["token"].as_str().unwrap();
        let payload = unb64(hostile::parts(token)[1]).unwrap();
        let signs_claims = serde_json::from_slice::<Value>(&payload).is_ok();
        match check(token, &keys) {
            Ok(token) => {
                assert!(signs_claims && token.is_verified(), "{source}");
                assert_eq!(token.payload().as_bytes(), payload, "{source}");
            }
            Err(Error::Json { part, .. }) => {
                assert!(!signs_claims && part == Part::Claims, "{source}");
            }
            Err(other) => panic!("{source}: {other}"),
        }
        let tampered = hostile::flip_signature_bit(token, 77);
        let error = check(tampered, &keys).unwrap_err();
        assert_eq!(error.code(), "bad_signature", "{source}");
    }
}

#[test]
fn rfc7515_a1_claims_and_time() {
    let vector = &vectors()[0];
    let token = check(vector["token"].as_str().unwrap(), &load_jwk(&vector["key"])).unwrap();
    assert_eq!(token.algorithm(), Algorithm::HS256);
    assert_eq!(token.kid(), None);
    let text = |name| token.claims().get(name).unwrap().text().unwrap();
    assert_eq!(text("iss"), "joe");
    assert_eq!(text("http://example.com/is_root"), "true");
    assert_eq!(token.check_time(1_300_819_379, 0), Ok(()));
    assert_eq!(token.check_time(1_300_819_380, 0), Err(Error::Expired));
}

#[test]
fn rfc7515_a5_unsecured_is_refused() {
    let vector = &vectors()[0];
    let payload = hostile::parts(vector["token"].as_str().unwrap())[1];
    let error = check(
        format!("eyJhbGciOiJub25lIn0.{payload}."),
        &load_jwk(&vector["key"]),
    )
    .unwrap_err();
    assert_eq!(error.status(), "unsupported_alg");
}

/// RFC 8032 7.1 and 7.4: the public keys are points, and load.
#[test]
fn rfc8032_public_keys_load() {
    let ed25519 = [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
    ];
    let ed448 = [
        "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
        "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
    ];
    for (crv, keys) in [("Ed25519", &ed25519[..]), ("Ed448", &ed448[..])] {
        for key in keys {
            let x = jwt_testkit::b64(hex(key));
            load_jwk(&json!({"kty": "OKP", "crv": crv, "x": x}));
        }
    }
}

/// RFC 8032 7.4, "Blank" and "1 octet": what stands in for nginx's libcrypto verifies Ed448.
#[test]
fn rfc8032_ed448_signatures() {
    let load = options().load_ed448.unwrap();
    for (key, message, signature) in [
        (
            "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
            "",
            "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600",
        ),
        (
            "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
            "03",
            "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00",
        ),
    ] {
        let key = load(&hex(key).try_into().unwrap()).unwrap();
        assert!(key.verify(&hex(message), &hex(signature)));
        assert!(!key.verify(b"another", &hex(signature)));
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The testkit and this crate speak of the same algorithms.
#[test]
fn the_testkit_knows_every_algorithm() {
    for algorithm in Algorithm::ALL {
        assert_eq!(alg(algorithm).name(), algorithm.name());
    }
}
