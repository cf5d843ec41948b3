//! PEM and keyval files.

use crate::support::{alg, load, options, parse, refused};
use jwt_core::{Algorithm, KeyFormat, KeySet, KeySetError, NoticeLevel};
use jwt_testkit::{Alg, Key, claims, keyval, token};
use serde_json::json;

/// All algorithms that have a PEM form.
fn asymmetric() -> impl Iterator<Item = Key> {
    let keys = Algorithm::ALL.map(|a| Key::fixed(alg(a)));
    keys.into_iter().filter(|key| !key.alg().is_hmac())
}

#[test]
fn public_keys_and_certificates_of_every_algorithm_load() {
    for key in asymmetric() {
        let token = token(&key, &claims("alice"));
        for file in [
            key.spki_pem(),
            key.certificate_pem(),
            format!("\n\n  {}", key.spki_pem()),
            key.spki_pem().replace('\n', "\r\n"),
            key.spki_pem().trim_end().to_owned(),
            format!(
                "Bag Attributes\n  friendlyName: x\n{}trailer\n",
                key.spki_pem()
            ),
            format!("\u{feff}{}", key.spki_pem()).replacen("\u{feff}", "\u{feff}\n", 1),
            json!({key.kid().unwrap(): key.spki_pem()}).to_string(),
            json!({key.kid().unwrap(): key.certificate_pem()}).to_string(),
            keyval(&[&key]),
        ] {
            let keys = load(&file);
            assert_eq!(keys.len(), 1);
            assert_eq!(refused(&token, &keys), "accepted", "{:?}", key.alg());
        }
    }
    let rsa = Key::fixed(Alg::RS256);
    assert_eq!(
        refused(token(&rsa, &claims("a")), &load(rsa.pkcs1_pem())),
        "accepted"
    );
}

#[test]
fn several_keys_in_one_file_all_serve() {
    let keys: Vec<Key> = asymmetric().collect();
    let file: String = [Alg::RS256, Alg::ES256, Alg::ES512, Alg::Ed25519, Alg::Ed448]
        .map(|a| Key::fixed(a).spki_pem())
        .concat();
    let set = load(file);
    assert_eq!(set.len(), 5);
    for key in keys {
        let serves = !matches!(key.alg(), Alg::ES384 | Alg::ES256K);
        let expected = if serves { "accepted" } else { "unknown_key" };
        assert_eq!(
            refused(token(&key, &claims("a")), &set),
            expected,
            "{:?}",
            key.alg()
        );
    }
}

#[test]
fn keyval_picks_by_kid() {
    let [a, b] = [
        Key::fixed(Alg::ES256).with_kid("a"),
        Key::other(Alg::ES256).with_kid("b"),
    ];
    let set = load(keyval(&[&a, &b]));
    let by = |key: &Key| refused(token(key, &claims("x")), &set);
    assert_eq!((by(&a), by(&b)), ("accepted", "accepted"));
    assert_eq!(by(&a.clone().with_kid("b")), "bad_signature");
    assert_eq!(by(&a.with_kid("c")), "unknown_key");
    assert_eq!(by(&b.without_kid()), "accepted");
    // A kid may be any text, even one that JWK files use as a member name.
    let odd = Key::fixed(Alg::ES256);
    for kid in ["keys", "kty", "", "a b", "\u{e9}"] {
        let odd = odd.clone().with_kid(kid);
        let bytes = keyval(&[&odd]);
        let (set, _) =
            KeySet::parse(bytes.as_bytes(), Some(KeyFormat::Keyval), &options()).unwrap();
        assert_eq!(
            refused(token(&odd, &claims("x")), &std::sync::Arc::new(set)),
            "accepted"
        );
    }
}

#[test]
fn bad_keyval_entries_are_skipped() {
    let good = Key::fixed(Alg::ES256);
    let file = json!({
        "1 good": good.spki_pem(),
        "2 private": good.private_pem(),
        "3 number": 1,
        "4 text": "secret",
        "5 cut": good.spki_pem().replace("-----END", "----END"),
        "6 base64": "-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----\n",
        "7 der": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "8 crl": "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
        "9 null": null,
    });
    let (keys, notices) = parse(file.to_string());
    assert_eq!(keys.len(), 1);
    assert_eq!(notices.len(), 8);
    assert!(notices[0].message.contains("private key"), "{notices:?}");
    for (notice, name) in notices.iter().zip(["2", "3", "4", "5", "6", "7", "8", "9"]) {
        assert!(
            notice.message.contains(&format!("(kid \"{name} ")),
            "{notice:?}"
        );
        let info = name == "8";
        assert_eq!(notice.level == NoticeLevel::Info, info, "{notice:?}");
    }
}

#[test]
fn private_keys_are_refused_and_named() {
    let key = Key::fixed(Alg::ES256);
    for format in [None, Some(KeyFormat::Pem)] {
        for (file, line) in [
            (key.private_pem(), 1),
            (format!("{}{}", key.spki_pem(), key.private_pem()), 5),
            ("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n".into(), 1),
            ("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n".into(), 1),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
                    .into(),
                1,
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
                    .into(),
                1,
            ),
        ] {
            let error = KeySet::parse(file.as_bytes(), format, &options()).unwrap_err();
            assert_eq!(error, KeySetError::PrivateKey { line }, "{file}");
            assert!(error.to_string().contains("-pubout"), "{error}");
        }
    }
}

#[test]
fn broken_pem_names_the_line() {
    let pem = Key::fixed(Alg::ES256).spki_pem();
    for (file, line) in [
        (pem.replace("-----END PUBLIC KEY-----", ""), 1),
        (pem.replace("END PUBLIC", "END PRIVATE"), 4),
        (format!("\n\n{}", pem.replace("MF", "!!")), 3),
        (pem.replace("==", ""), 1),
        (format!("{pem}-----BEGIN PUBLIC KEY-----\nAAAA\n"), 5),
    ] {
        match KeySet::parse(file.as_bytes(), None, &options()) {
            Err(KeySetError::Pem(error)) => assert_eq!(error.line, line, "{file}"),
            other => panic!("{other:?} for\n{file}"),
        }
    }
}

#[test]
fn other_pem_blocks_are_skipped() {
    let key = Key::fixed(Alg::ES256);
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let (keys, notices) = parse(format!("{parameters}{}", key.spki_pem()));
    assert_eq!(keys.len(), 1);
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].level, NoticeLevel::Info);
    let x25519 = openssl::pkey::PKey::generate_x25519().unwrap();
    let (keys, notices) = parse(x25519.public_key_to_pem().unwrap());
    assert!(keys.is_empty());
    assert_eq!(notices[0].level, NoticeLevel::Info);
    assert!(notices[0].message.contains("1.3.101.110"), "{notices:?}");
    let (keys, notices) = parse("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----");
    assert!(keys.is_empty());
    assert_eq!(notices[0].level, NoticeLevel::Warn);
}

/// Only uncompressed points of the named curves, and never infinity.
#[test]
fn ec_points_in_other_forms_are_refused() {
    use openssl::bn::BigNumContext;
    use openssl::ec::{EcGroup, EcKey, PointConversionForm};
    let mut group = EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).unwrap();
    group.set_asn1_flag(openssl::ec::Asn1Flag::NAMED_CURVE);
    let key = EcKey::generate(&group).unwrap();
    let mut context = BigNumContext::new().unwrap();
    let mut compressed = key
        .public_key()
        .to_bytes(&group, PointConversionForm::COMPRESSED, &mut context)
        .unwrap();
    let hybrid = key
        .public_key()
        .to_bytes(&group, PointConversionForm::HYBRID, &mut context)
        .unwrap();
    let spki = openssl::pkey::PKey::from_ec_key(key)
        .unwrap()
        .public_key_to_der()
        .unwrap();
    let header = &spki[..spki.len() - 66];
    let with_point = |point: &[u8]| {
        let mut der = header.to_vec();
        let bit_string = der.len() - 1;
        der[bit_string] = u8::try_from(point.len() + 1).unwrap();
        der[1] = u8::try_from(der.len() - 2 + point.len() + 1).unwrap();
        der.push(0);
        der.extend(point);
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            openssl::base64::encode_block(&der)
        )
    };
    let uncompressed = &spki[spki.len() - 65..];
    assert_eq!(
        load(with_point(uncompressed)).len(),
        1,
        "the test builds good DER"
    );
    let mut off_curve = uncompressed.to_vec();
    off_curve[64] ^= 1;
    compressed.resize(33, 0);
    for point in [
        &compressed[..],
        &hybrid,
        &off_curve,
        &[0],
        &[4],
        &[],
        &[4; 65],
        &[0; 65],
    ] {
        let (keys, notices) = parse(with_point(point));
        assert!(keys.is_empty(), "{point:02x?}");
        assert_eq!(notices[0].level, NoticeLevel::Warn, "{notices:?}");
    }
}

/// RFC 4055: a key marked RSASSA-PSS serves PS algorithms only, with parameters just one.
#[test]
fn rsassa_pss_keys_serve_ps_algorithms_only() {
    let rsa = Key::fixed(Alg::RS256);
    let spki = rsa.spki_der();
    let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let at = spki.windows(9).position(|window| window == oid).unwrap();
    // AlgorithmIdentifier { rsaEncryption, NULL } is 15 bytes; the key follows.
    let key = &spki[at + 11..];
    let build = |algorithm: &[u8]| {
        let content = [algorithm, key].concat();
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let der = [&[0x30, 0x82, length[0], length[1]], &content[..]].concat();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            openssl::base64::encode_block(&der)
        )
    };
    let pss = [
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a,
    ];
    let sha256 = [
        0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00,
    ];
    let plain = build(&[&[0x30, 11], &pss[..]].concat());
    let with_hash = build(&[&[0x30, 30], &pss[..], &[0x30, 17], &sha256].concat());
    let with_default = build(&[&[0x30, 13], &pss[..], &[0x30, 0]].concat());
    let by = |file: &str, algorithm| {
        let minted = token(&Key::fixed(algorithm), &claims("a"));
        refused(minted, &parse(file).0)
    };
    for (algorithm, any, one) in [
        (Alg::PS256, "accepted", "accepted"),
        (Alg::PS384, "accepted", "unknown_key"),
        (Alg::PS512, "accepted", "unknown_key"),
        (Alg::RS256, "unknown_key", "unknown_key"),
    ] {
        assert_eq!(by(&plain, algorithm), any, "{algorithm:?}");
        assert_eq!(by(&with_hash, algorithm), one, "{algorithm:?}");
    }
    let (keys, notices) = parse(&with_default);
    assert!(keys.is_empty(), "SHA-1 has no JOSE algorithm");
    assert_eq!(notices[0].level, NoticeLevel::Info);
}
