//! JWKs and JWK Sets: what loads, what is skipped, and how loudly.

use crate::support::{
    alg, check, load, load_jwk, load_key, options, parse, refused, skipped, with, without,
};
use jwt_core::{Algorithm, KeyFormat, KeyLoadOptions, KeySet, KeySetError, NoticeLevel, limits};
use jwt_testkit::{Alg, Key, b64, claims, jwks, sign, token, unb64};
use serde_json::{Value, json};

fn jwk(algorithm: Alg) -> Value {
    Key::fixed(algorithm).jwk()
}

#[test]
fn sets_and_single_jwks_load() {
    let all: Vec<Key> = Algorithm::ALL.map(|a| Key::fixed(alg(a))).into();
    let set = load(jwks(&all.iter().collect::<Vec<_>>()));
    assert_eq!(set.len(), 15);
    for key in &all {
        assert_eq!(refused(token(key, &claims("a")), &set), "accepted");
        assert_eq!(load_key(key).len(), 1);
    }
}

#[test]
fn key_sets_have_an_identity_of_their_own() {
    let file = jwk(Alg::ES256).to_string();
    let (a, b) = (load(&file), load(&file));
    assert_ne!(a.id(), b.id());
}

/// Fine, but not for us: `info`.
#[test]
fn keys_of_other_kinds_are_skipped_with_info() {
    for jwk in [
        with(jwk(Alg::RS256), "kty", "AKP"),
        json!({"kty": "unknown"}),
        with(jwk(Alg::ES256), "crv", "P-192"),
        with(jwk(Alg::ES256), "crv", "brainpoolP256r1"),
        with(jwk(Alg::Ed25519), "crv", "X25519"),
        with(jwk(Alg::Ed25519), "crv", "Ed999"),
        with(jwk(Alg::RS256), "alg", "RSA-OAEP"),
        with(jwk(Alg::RS256), "alg", "RS1"),
        with(jwk(Alg::HS256), "alg", "none"),
        with(jwk(Alg::HS256), "alg", "A128KW"),
        with(jwk(Alg::RS256), "use", "enc"),
        with(jwk(Alg::RS256), "use", "SIG"),
        with(jwk(Alg::RS256), "key_ops", json!([])),
        with(jwk(Alg::RS256), "key_ops", json!(["sign"])),
        with(jwk(Alg::RS256), "key_ops", json!(["encrypt", "Verify"])),
    ] {
        let (level, message) = skipped(&jwk);
        assert_eq!(level, NoticeLevel::Info, "{jwk}: {message}");
        assert!(message.starts_with("the key"), "{message}");
    }
    load_jwk(&with(jwk(Alg::RS256), "key_ops", json!(["verify", "sign"])));
}

/// It claims to be for us, and is broken: `warn`.
#[test]
fn broken_keys_are_skipped_with_a_warning() {
    let [rs, hs, es, ed] = [Alg::RS256, Alg::HS256, Alg::ES256, Alg::Ed25519].map(jwk);
    let coordinate = |jwk: &Value, name: &str| unb64(jwk[name].as_str().unwrap()).unwrap();
    let short = b64(&coordinate(&es, "x")[1..]);
    let long = b64([&[0], &coordinate(&es, "x")[..]].concat());
    let padded = format!("{}=", hs["k"].as_str().unwrap());
    for jwk in [
        with(without(es.clone(), &["kid"]), "kid", 1),
        with(es.clone(), "alg", 256),
        with(es.clone(), "use", json!(["sig"])),
        with(es.clone(), "key_ops", "verify"),
        with(es.clone(), "alg", "ES384"),
        with(es.clone(), "alg", "RS256"),
        with(es.clone(), "crv", json!(null)),
        with(es.clone(), "x", es["y"].clone()),
        with(es.clone(), "x", b64([0; 32])),
        with(with(es.clone(), "x", b64([0; 32])), "y", b64([0; 32])),
        with(es.clone(), "x", b64([0xff; 32])),
        with(es.clone(), "x", short),
        with(es.clone(), "x", long),
        with(es.clone(), "x", ""),
        with(es.clone(), "y", json!(null)),
        with(without(es.clone(), &["alg"]), "crv", "P-384"),
        with(without(es.clone(), &["alg"]), "crv", "secp256k1"),
        without(es.clone(), &["y"]),
        without(es.clone(), &["crv"]),
        without(rs.clone(), &["n"]),
        without(rs.clone(), &["e"]),
        with(rs.clone(), "n", ""),
        with(rs.clone(), "n", "!!"),
        with(rs.clone(), "n", 65537),
        with(rs.clone(), "alg", "ES256"),
        with(rs.clone(), "alg", "HS256"),
        with(rs, "alg", "EdDSA"),
        without(hs.clone(), &["k"]),
        with(hs.clone(), "k", ""),
        with(hs.clone(), "k", padded),
        with(hs.clone(), "k", "a b"),
        with(hs, "alg", "RS256"),
        with(ed.clone(), "x", b64([0; 31])),
        with(ed.clone(), "x", b64([0; 33])),
        with(ed.clone(), "alg", "Ed448"),
        with(ed.clone(), "alg", "ES256"),
        with(without(ed, &["alg"]), "crv", "Ed448"),
    ] {
        let (level, message) = skipped(&jwk);
        assert_eq!(level, NoticeLevel::Warn, "{jwk}: {message}");
    }
}

/// Points of every order that divides the cofactor, and encodings that are not canonical.
#[test]
fn edwards_points_of_small_order_are_refused() {
    let sign_bit = |mut bytes: Vec<u8>| {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes
    };
    let le = |first: u8, length: usize| {
        let mut bytes = vec![0; length];
        bytes[0] = first;
        bytes
    };
    // RFC 7748 5: p = 2^255 - 19; p - 1, p, p + 1.
    let near_p = |last: u8| {
        let mut bytes = vec![0xff; 32];
        bytes[0] = last;
        bytes[31] = 0x7f;
        bytes
    };
    let order_8 = [
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ]
    .map(|hex| {
        (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect::<Vec<u8>>()
    });
    let mut ed25519 = vec![
        le(0, 32),
        le(1, 32),
        near_p(0xec),
        near_p(0xed),
        near_p(0xee),
    ];
    ed25519.extend(order_8);
    ed25519.push(vec![0xff; 32]);
    ed25519.push(le(2, 32)); // not on the curve
    // p = 2^448 - 2^224 - 1
    let mut p = vec![0xff; 57];
    p[28] = 0xfe;
    p[56] = 0;
    let near_p = |last: u8| {
        let mut bytes = p.clone();
        bytes[0] = last;
        bytes
    };
    let mut p_plus_1 = vec![0; 57];
    p_plus_1[28..56].fill(0xff);
    let mut too_large = le(3, 57);
    too_large[56] = 1;
    let ed448 = vec![
        le(0, 57),
        le(1, 57),
        near_p(0xfe),
        near_p(0xff),
        p_plus_1,
        too_large,
    ];
    for (crv, points) in [("Ed25519", ed25519), ("Ed448", ed448)] {
        for point in points {
            for point in [point.clone(), sign_bit(point)] {
                let (level, message) =
                    skipped(&json!({"kty": "OKP", "crv": crv, "x": b64(&point)}));
                assert_eq!(level, NoticeLevel::Warn);
                assert!(
                    message.contains("small order"),
                    "{crv} {point:02x?}: {message}"
                );
            }
        }
    }
}

#[test]
fn ed448_needs_an_implementation() {
    let file = jwk(Alg::Ed448).to_string();
    let (keys, notices) = KeySet::parse(file.as_bytes(), None, &KeyLoadOptions::default()).unwrap();
    assert!(keys.is_empty());
    assert!(notices[0].message.contains("Ed448"), "{notices:?}");
}

/// An RSA modulus of a size, odd, and not more.
fn modulus(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    if !bits.is_multiple_of(8) {
        modulus[0] = (1 << (bits % 8)) - 1;
    }
    modulus
}

#[test]
fn rsa_sizes_and_exponents() {
    let rsa = |n: &[u8], e: &[u8]| json!({"kty": "RSA", "n": b64(n), "e": b64(e)});
    let good = modulus(2048);
    for jwk in [
        rsa(&modulus(2048), &[3]),
        rsa(&modulus(8192), &[1, 0, 1]),
        rsa(&good, &[1, 0xff, 0xff, 0xff, 0xff]),
        rsa(&[&[0, 0], &good[..]].concat(), &[0, 1, 0, 1]),
    ] {
        load_jwk(&jwk);
    }
    let mut even = good.clone();
    even[255] = 0xfe;
    for (jwk, reason) in [
        (rsa(&modulus(2047), &[3]), "2047 bits, at least 2048"),
        (rsa(&modulus(1024), &[3]), "1024 bits, at least 2048"),
        (rsa(&modulus(8193), &[3]), "8193 bits, at most 8192"),
        (rsa(&[0; 256], &[3]), "0 bits"),
        (rsa(&even, &[3]), "even"),
        (rsa(&good, &[]), "exponent"),
        (rsa(&good, &[0]), "exponent"),
        (rsa(&good, &[1]), "exponent"),
        (rsa(&good, &[2]), "exponent"),
        (rsa(&good, &[1, 0, 0]), "exponent"),
        (rsa(&good, &[2, 0, 0, 0, 1]), "exponent"),
        (rsa(&good, &[1, 0, 0, 0, 0, 1]), "exponent"),
    ] {
        let (level, message) = skipped(&jwk);
        assert_eq!(level, NoticeLevel::Warn);
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn small_rsa_keys_serve_two_algorithms_where_allowed() {
    let allow = |min_rsa_bits| KeyLoadOptions {
        min_rsa_bits,
        ..options()
    };
    let parse = |jwk: &Value, bits| {
        let (keys, notices) =
            KeySet::parse(jwk.to_string().as_bytes(), None, &allow(bits)).unwrap();
        (std::sync::Arc::new(keys), notices)
    };
    let any = without(Key::rsa(Alg::RS256, 1024).jwk(), &["alg", "kid"]);
    let (keys, _) = parse(&any, 1024);
    for (algorithm, expected) in [
        (Alg::RS256, "accepted"),
        (Alg::RS384, "unknown_key"),
        (Alg::RS512, "accepted"),
        (Alg::PS256, "unknown_key"),
    ] {
        let minted = token(&Key::rsa(algorithm, 1024), &claims("a"));
        assert_eq!(refused(minted, &keys), expected, "{algorithm:?}");
    }
    for (algorithm, loads) in [(Alg::RS256, 1), (Alg::RS384, 0), (Alg::PS256, 0)] {
        let (keys, notices) = parse(&Key::rsa(algorithm, 1024).jwk(), 1024);
        assert_eq!(keys.len(), loads, "{notices:?}");
    }
    assert!(parse(&any, 1025).0.is_empty());
    let tiny = json!({"kty": "RSA", "n": b64(modulus(1023)), "e": "AQAB"});
    assert!(parse(&tiny, 512).0.is_empty(), "1024 is the floor");
    let (large, _) = parse(&jwk(Alg::RS256), 3072);
    assert!(large.is_empty(), "the limit can be raised too");
}

#[test]
fn large_rsa_keys_verify() {
    for bits in [2048, 3072, 4096] {
        for algorithm in [
            Alg::RS256,
            Alg::RS384,
            Alg::RS512,
            Alg::PS256,
            Alg::PS384,
            Alg::PS512,
        ] {
            let key = Key::rsa(algorithm, bits);
            assert_eq!(
                refused(token(&key, &claims("a")), &load_key(&key)),
                "accepted"
            );
        }
    }
}

#[test]
fn short_secrets_load_with_a_warning() {
    for (algorithm, length, warns) in [
        (Some(Alg::HS256), 31, true),
        (Some(Alg::HS256), 32, false),
        (Some(Alg::HS384), 47, true),
        (Some(Alg::HS384), 48, false),
        (Some(Alg::HS512), 63, true),
        (Some(Alg::HS512), 64, false),
        (None, 31, true),
        (None, 32, false),
        (Some(Alg::HS256), 1, true),
    ] {
        let signer = Key::secret(algorithm.unwrap_or(Alg::HS256), &vec![7; length]);
        let jwk = match algorithm {
            Some(_) => signer.jwk(),
            None => without(signer.jwk(), &["alg"]),
        };
        let (keys, notices) = parse(jwk.to_string());
        assert_eq!(refused(token(&signer, &claims("a")), &keys), "accepted");
        assert_eq!(
            !notices.is_empty(),
            warns,
            "{algorithm:?} {length}: {notices:?}"
        );
        assert!(
            notices
                .iter()
                .all(|notice| notice.level == NoticeLevel::Warn)
        );
    }
}

#[test]
fn private_jwks_serve_with_their_public_part_and_a_warning() {
    for algorithm in [Alg::RS256, Alg::ES256, Alg::Ed25519] {
        let key = Key::fixed(algorithm);
        let (keys, notices) = parse(key.private_jwk().to_string());
        assert_eq!(refused(token(&key, &claims("a")), &keys), "accepted");
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].level, NoticeLevel::Warn);
        assert!(notices[0].message.contains("private key"), "{notices:?}");
    }
}

/// One bad key never spoils a set: `kty: AKP`, unknown curves, broken keys, what is no object.
#[test]
fn one_bad_key_does_not_spoil_the_set() {
    let good = Key::fixed(Alg::ES256);
    let set = json!({"keys": [
        {"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AAAA"},
        {"kty": "OKP", "crv": "Ed9", "x": "AAAA", "kid": "curve"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "weak"},
        {"kty": "EC", "crv": "P-256", "x": "%", "y": "%", "kid": "broken"},
        {}, null, 1, "key", [], {"kty": 1}, {"kty": ["EC"]},
        good.jwk(),
    ]});
    let (keys, notices) = parse(set.to_string());
    assert_eq!(keys.len(), 1);
    assert_eq!(notices.len(), 11);
    assert_eq!(refused(token(&good, &claims("a")), &keys), "accepted");
    assert_eq!(
        notices[0].message,
        r#"key 1 (kid "pq") is skipped: its "kty" is "AKP""#
    );
    assert_eq!(notices[0].level, NoticeLevel::Info);
    assert_eq!(notices[3].level, NoticeLevel::Warn);
    assert!(
        notices[4].message.starts_with("key 5 is skipped"),
        "{notices:?}"
    );
}

#[test]
fn notices_hold_no_key_material_and_no_raw_text() {
    let secret = "c2VjcmV0LW1hdGVyaWFsLXRoYXQtbXVzdC1ub3QtbGVhaw";
    let set = json!({"keys": [
        {"kty": "oct", "k": format!("{secret}="), "kid": "a\r\nforged"},
        {"kty": "oct", "k": secret, "alg": secret, "use": "\u{1b}[0m"},
        {"kty": "oct", "k": secret, "alg": "HS512"},
        {"kty": "RSA", "n": secret, "e": "AQAB", "kid": "k".repeat(1000)},
        {"kty": "EC", "crv": "P-256", "x": secret, "y": secret, "d": secret},
        {"kty": "OKP", "crv": "Ed25519", "x": secret, "d": secret},
    ]});
    let (keys, notices) = parse(set.to_string());
    assert_eq!(notices.len(), 6);
    for notice in &notices {
        let line = &notice.message;
        assert!(
            line.len() < 300 && line.bytes().all(|b| (0x20..0x7f).contains(&b)),
            "{line}"
        );
        assert!(!line.contains(secret), "{line}");
    }
    assert!(!format!("{keys:?}").contains(secret));
    let errors = [
        KeySet::parse(
            format!("{{\"keys\":\"{secret}\"").as_bytes(),
            None,
            &options(),
        ),
        KeySet::parse(
            format!("{{\"{secret}\":{secret}}}").as_bytes(),
            None,
            &options(),
        ),
        KeySet::parse(secret.as_bytes(), None, &options()),
    ];
    for error in errors {
        let error = error.err().unwrap();
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
}

#[test]
fn files_that_are_no_key_files_are_errors() {
    let parse = |text: &str, format| {
        KeySet::parse(text.as_bytes(), format, &options()).map(|(keys, _)| keys.len())
    };
    for text in [
        "",
        " \n",
        "secret",
        "0123456789abcdef0123456789abcdef",
        "[]",
        "\"text\"",
        "null",
    ] {
        assert_eq!(parse(text, None), Err(KeySetError::Unrecognised), "{text}");
        assert!(parse(text, Some(KeyFormat::Jwks)).is_err(), "{text}");
        assert!(parse(text, Some(KeyFormat::Keyval)).is_err(), "{text}");
        assert!(parse(text, Some(KeyFormat::Pem)).is_err(), "{text}");
    }
    for text in ["{}", r#"{"keys":{}}"#, r#"{"a":1}"#, r#"{"kty":1}"#] {
        assert!(
            matches!(parse(text, None), Err(KeySetError::Shape(_))),
            "{text}"
        );
        assert!(
            matches!(
                parse(text, Some(KeyFormat::Jwks)),
                Err(KeySetError::Shape(_))
            ),
            "{text}"
        );
    }
    for text in [
        "{",
        "{\"keys\":[}",
        "{\"keys\":[]} x",
        "{\"keys\":[],\"keys\":[]}",
        "{\"a\":\"\\ud800\"}",
    ] {
        assert!(
            matches!(parse(text, None), Err(KeySetError::Json(_))),
            "{text}"
        );
    }
    let deep = format!(
        r#"{{"keys":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(matches!(parse(&deep, None), Err(KeySetError::Json(_))));
    let bom = parse("\u{feff}{\"keys\":[]}", Some(KeyFormat::Jwks)).unwrap_err();
    assert!(bom.to_string().contains("byte order mark"), "{bom}");
    let error = parse("{\n  \"keys\": [\n    {,}\n]}", None).unwrap_err();
    assert!(error.to_string().contains("line 3 column 6"), "{error}");
    let huge = " ".repeat(limits::MAX_KEY_FILE_SIZE + 1);
    assert_eq!(parse(&huge, None), Err(KeySetError::TooLarge));
    assert!(KeySetError::TooLarge.to_string().contains("16 MiB"));
    assert_eq!(parse(r#"{"keys":[]}"#, None), Ok(0));
}

/// A weak key of RFC 8725 3.5 is one thing; that a JWK without `alg` never means "any" another.
#[test]
fn jwks_without_alg_hold_the_algorithms_of_their_type_only() {
    for (algorithm, others) in [
        (Alg::HS256, &[Alg::HS384, Alg::HS512][..]),
        (
            Alg::RS256,
            &[Alg::RS384, Alg::RS512, Alg::PS256, Alg::PS384, Alg::PS512],
        ),
        (Alg::ES256, &[]),
        (Alg::Ed25519, &[]),
    ] {
        let key = Key::fixed(algorithm).without_kid();
        let keys = load_jwk(&without(key.jwk(), &["alg"]));
        assert_eq!(keys.len(), 1);
        for other in others {
            let minted = token(&key.clone().with_alg(*other), &claims("a"));
            assert_eq!(refused(minted, &keys), "accepted");
        }
    }
}

/// r or s of zero, or of the group's order, for every curve.
#[test]
fn ecdsa_signatures_out_of_range_are_refused() {
    for (algorithm, order) in [
        (
            Alg::ES256,
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        ),
        (
            Alg::ES384,
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
        ),
        (
            Alg::ES512,
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        ),
        (
            Alg::ES256K,
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        ),
    ] {
        let order: Vec<u8> = (0..order.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&order[at..at + 2], 16).unwrap())
            .collect();
        let key = Key::fixed(algorithm);
        let keys = load_key(&key);
        let good = token(&key, &claims("a"));
        let signature = jwt_testkit::hostile::signature(&good);
        let (r, s) = signature.split_at(order.len());
        assert_eq!(r.len(), s.len());
        let zero = vec![0; order.len()];
        let one = [&zero[1..], &[1]].concat();
        let numbers = [&zero[..], &one, &order, &vec![0xff; order.len()]];
        for number in numbers {
            for forged in [[number, s], [r, number], [number, number], [number, &order]] {
                let forged = jwt_testkit::hostile::with_signature(&good, forged.concat());
                assert_eq!(refused(forged, &keys), "bad_signature", "{algorithm:?}");
            }
        }
        // DER, as OpenSSL writes it, is not JWS.
        let der = openssl::ecdsa::EcdsaSig::from_private_components(
            openssl::bn::BigNum::from_slice(r).unwrap(),
            openssl::bn::BigNum::from_slice(s).unwrap(),
        )
        .and_then(|signature| signature.to_der())
        .unwrap();
        let der = jwt_testkit::hostile::with_signature(&good, der);
        assert_eq!(refused(der, &keys), "bad_signature");
    }
}

/// ES512 with a P-256 key, Ed25519 with an EC key, and so on: the curve decides, not the name.
#[test]
fn keys_of_another_curve_are_refused() {
    let p256 = Key::fixed(Alg::ES256).without_kid();
    for name in ["ES384", "ES512", "ES256K", "EdDSA"] {
        let forged = sign(&json!({"alg": name}), &claims("a"), &p256);
        let keys = load_jwk(&without(p256.jwk(), &["alg"]));
        assert_eq!(refused(forged, &keys), "unknown_key", "{name}");
    }
    assert!(check(token(&p256, &claims("a")), &load_key(&p256)).is_ok());
}
