//! Every bit of the signature and the header, and every length, for every algorithm.

use crate::support::{alg, check, load_key, refused};
use jwt_core::Algorithm;
use jwt_testkit::{Key, hostile, token, unb64};
use serde_json::json;

fn minted(algorithm: Algorithm) -> (Key, String) {
    let key = Key::fixed(alg(algorithm));
    let token = token(&key, &json!({"sub": "alice", "admin": false}));
    (key, token)
}

#[test]
fn good_tokens_of_every_algorithm_are_accepted() {
    for algorithm in Algorithm::ALL {
        let (key, token) = minted(algorithm);
        let token = check(token, &load_key(&key)).unwrap();
        assert_eq!(token.algorithm(), algorithm);
        assert_eq!(token.kid(), Some(algorithm.name()));
    }
}

#[test]
fn another_key_of_the_same_kid_does_not_verify() {
    for algorithm in Algorithm::ALL {
        let (_, token) = minted(algorithm);
        let other = load_key(&Key::other(alg(algorithm)));
        assert_eq!(refused(token, &other), "bad_signature", "{algorithm}");
    }
}

#[test]
fn every_flipped_bit_of_the_signature_is_refused() {
    for algorithm in Algorithm::ALL {
        let (key, token) = minted(algorithm);
        let keys = load_key(&key);
        for bit in 0..hostile::signature(&token).len() * 8 {
            let flipped = hostile::flip_signature_bit(&token, bit);
            assert_eq!(
                refused(flipped, &keys),
                "bad_signature",
                "{algorithm}: bit {bit}"
            );
        }
    }
}

#[test]
fn every_flipped_bit_of_header_and_claims_is_refused() {
    for algorithm in Algorithm::ALL {
        let (key, token) = minted(algorithm);
        let keys = load_key(&key);
        for part in [0, 1] {
            let mut bytes = unb64(hostile::parts(&token)[part]).unwrap();
            for bit in 0..bytes.len() * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                let encoded = jwt_testkit::b64(&bytes);
                let mut parts = hostile::parts(&token);
                parts[part] = &encoded;
                let result = check(parts.join("."), &keys);
                assert!(result.is_err(), "{algorithm}: part {part}, bit {bit}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}

#[test]
fn every_truncation_of_the_token_is_refused() {
    for algorithm in Algorithm::ALL {
        let (key, token) = minted(algorithm);
        let keys = load_key(&key);
        for length in 0..token.len() {
            assert!(
                check(&token[..length], &keys).is_err(),
                "{algorithm}: {length}"
            );
        }
    }
}

#[test]
fn signatures_of_every_other_length_are_refused() {
    for algorithm in Algorithm::ALL {
        let (key, token) = minted(algorithm);
        let keys = load_key(&key);
        let signature = hostile::signature(&token);
        for length in 0..signature.len() {
            let token = hostile::with_signature(&token, &signature[..length]);
            assert_eq!(
                refused(&token, &keys),
                "bad_signature",
                "{algorithm}: {length}"
            );
        }
        for longer in [1, 2, 64, 2000] {
            let mut tail = signature.clone();
            tail.resize(signature.len() + longer, 0);
            let mut head = vec![0; longer];
            head.extend(&signature);
            for padded in [head, tail] {
                let token = hostile::with_signature(&token, &padded);
                assert_eq!(
                    refused(token, &keys),
                    "bad_signature",
                    "{algorithm}: +{longer}"
                );
            }
        }
    }
}
