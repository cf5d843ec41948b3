//! Every key signs what its public forms verify, and survives its private JWK.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests fail by panicking"
)]

use jwt_testkit::{Alg, Key, b64, hostile, jwks, keyval, now, token, unb64};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};
use openssl::x509::X509;
use serde_json::{Value, json};

fn digest(alg: Alg) -> MessageDigest {
    match &alg.name()[2..5] {
        "384" => MessageDigest::sha384(),
        "512" => MessageDigest::sha512(),
        _ => MessageDigest::sha256(),
    }
}

fn verifies(key: &PKey<Public>, alg: Alg, token: &str) -> bool {
    let (input, _) = token.rsplit_once('.').unwrap();
    let signature = hostile::signature(token);
    if alg.name().starts_with("ES") {
        let (r, s) = signature.split_at(signature.len() / 2);
        let (r, s) = (
            BigNum::from_slice(r).unwrap(),
            BigNum::from_slice(s).unwrap(),
        );
        let digest = hash(digest(alg), input.as_bytes()).unwrap();
        let signature = EcdsaSig::from_private_components(r, s).unwrap();
        return signature.verify(&digest, &key.ec_key().unwrap()).unwrap();
    }
    let mut verifier = if alg.header_name() == "EdDSA" {
        Verifier::new_without_digest(key).unwrap()
    } else {
        Verifier::new(digest(alg), key).unwrap()
    };
    if alg.name().starts_with("PS") {
        verifier.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        verifier
            .set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)
            .unwrap();
    }
    verifier
        .verify_oneshot(&signature, input.as_bytes())
        .unwrap_or(false)
}

#[test]
fn pem_forms_verify_what_the_key_signed() {
    for alg in Alg::ALL.into_iter().filter(|alg| !alg.is_hmac()) {
        let key = Key::fixed(alg);
        let token = token(&key, &json!({"sub": "a"}));
        let spki = PKey::public_key_from_pem(key.spki_pem().as_bytes()).unwrap();
        let certificate = X509::from_pem(key.certificate_pem().as_bytes()).unwrap();
        assert!(verifies(&spki, alg, &token), "{alg:?}");
        assert!(
            verifies(&certificate.public_key().unwrap(), alg, &token),
            "{alg:?}"
        );
        assert!(
            !verifies(&spki, alg, &hostile::flip_signature_bit(&token, 0)),
            "{alg:?}"
        );
        let other = PKey::public_key_from_pem(Key::other(alg).spki_pem().as_bytes()).unwrap();
        assert!(
            !verifies(&other, alg, &token),
            "{alg:?}: two keys that are one"
        );
    }
}

#[test]
fn hmac_is_rfc_7515_a_1() {
    let k =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let key = Key::secret(Alg::HS256, &unb64(k).unwrap());
    let input = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    assert_eq!(
        b64(key.signature(input.as_bytes())),
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
}

#[test]
fn generated_keys_survive_their_private_jwk() {
    for alg in Alg::ALL {
        let key = Key::generate(alg).with_kid("k1");
        let copy = Key::from_private_jwk(&key.private_jwk()).unwrap();
        assert_eq!(copy.private_jwk(), key.private_jwk(), "{alg:?}");
        assert_eq!(copy.kid(), Some("k1"));
        assert_eq!(copy.alg(), alg);
        assert!(alg.is_hmac() || copy.jwk().get("d").is_none(), "{alg:?}");
    }
}

#[test]
fn a_private_jwk_with_a_missing_member_is_named() {
    let mut jwk = Key::fixed(Alg::RS256).private_jwk();
    jwk.as_object_mut().unwrap().remove("qi");
    let error = Key::from_private_jwk(&jwk).err().unwrap();
    assert_eq!(error, "\"qi\" is missing");
}

#[test]
fn sets_hold_every_key() {
    let (rsa, ec) = (Key::fixed(Alg::RS256), Key::fixed(Alg::ES256));
    let set: Value = serde_json::from_str(&jwks(&[&rsa, &ec])).unwrap();
    assert_eq!(set["keys"][1]["kid"], "ES256");
    assert_eq!(set["keys"][1]["x"].as_str().unwrap().len(), 43);
    let map: Value = serde_json::from_str(&keyval(&[&rsa, &ec])).unwrap();
    assert!(
        map["RS256"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN PUBLIC KEY-----")
    );
    assert!(
        rsa.pkcs1_pem()
            .starts_with("-----BEGIN RSA PUBLIC KEY-----")
    );
}

#[test]
fn trailing_bits_change_the_text_and_not_the_bytes() {
    // Two characters hold one byte and four bits that decoding drops.
    assert_eq!(hostile::with_trailing_bits("QQ").as_deref(), Some("QR"));
    assert_eq!(hostile::with_trailing_bits("QUFB"), None);
}

#[test]
fn jwt_mint_makes_a_key_and_a_token_that_it_verifies() {
    let dir = std::env::temp_dir().join(format!("jwt-mint-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let mint = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_jwt-mint"))
            .args(args)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.success(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (private, set, pem) = (path("private.json"), path("jwks.json"), path("key.pem"));
    let key = [
        "key",
        "--alg",
        "ES256",
        "--kid",
        "k1",
        "--private",
        &private,
    ];
    assert!(mint(&[&key[..], &["--jwks", &set, "--pem", &pem]].concat()).0);

    let claims = ["--claims", r#"{"sub":"ann"}"#, "--exp", "+300"];
    let (ok, token, _) = mint(&[&["token", "--key", &private][..], &claims[..]].concat());
    assert!(ok);
    let public = PKey::public_key_from_pem(&std::fs::read(&pem).unwrap()).unwrap();
    let [header, payload, _] = hostile::parts(token.trim());
    let json = |part| serde_json::from_slice::<Value>(&unb64(part).unwrap()).unwrap();
    assert!(verifies(&public, Alg::ES256, token.trim()));
    assert_eq!(
        json(header),
        json!({"alg": "ES256", "typ": "JWT", "kid": "k1"})
    );
    assert_eq!(json(payload)["sub"], "ann");
    assert!(json(payload)["exp"].as_u64().unwrap().abs_diff(now() + 300) < 60);

    let (_, token, _) = mint(&["token", "--key", &private, "--tamper"]);
    assert!(!verifies(&public, Alg::ES256, token.trim()));
    let (ok, _, error) = mint(&["token", "--key", &private, "--claims", "[]"]);
    assert!(
        !ok && error.starts_with("jwt-mint: --claims: not a JSON object"),
        "{error}"
    );
    let set: Value = serde_json::from_slice(&std::fs::read(&set).unwrap()).unwrap();
    assert!(set["keys"][0].get("d").is_none());
    std::fs::remove_dir_all(&dir).unwrap();
}
