//! The signature alone: aws-lc-rs with a held key, nothing decoded.

use aws_lc_rs::{hmac, signature as aws};
use jwt_testkit::{Alg, Key, unb64};

/// Is the signature of these bytes good?
pub(crate) type Verify = Box<dyn Fn(&[u8], &[u8]) -> bool>;

pub(crate) fn bare(key: &Key) -> Verify {
    let jwk = key.jwk();
    let bytes = |name: &str| unb64(jwk[name].as_str().expect("a member")).expect("base64url");
    let rsa = |parameters| {
        let (n, e) = (bytes("n"), bytes("e"));
        let key = aws::RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters);
        parsed(key.expect("a key"))
    };
    let point = |algorithm: &'static aws::EcdsaVerificationAlgorithm| {
        let point = [vec![4], bytes("x"), bytes("y")].concat();
        parsed(aws::ParsedPublicKey::new(algorithm, point).expect("a key"))
    };
    match key.alg() {
        Alg::HS256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes("k"));
            Box::new(move |m, s| hmac::verify(&key, m, s).is_ok())
        }
        Alg::RS256 => rsa(&aws::RSA_PKCS1_2048_8192_SHA256),
        Alg::PS256 => rsa(&aws::RSA_PSS_2048_8192_SHA256),
        Alg::ES256 => point(&aws::ECDSA_P256_SHA256_FIXED),
        Alg::ES384 => point(&aws::ECDSA_P384_SHA384_FIXED),
        Alg::Ed25519 => {
            parsed(aws::ParsedPublicKey::new(&aws::ED25519, bytes("x")).expect("a key"))
        }
        other => panic!("{} is not compared", other.name()),
    }
}

fn parsed(key: aws::ParsedPublicKey) -> Verify {
    Box::new(move |m, s| key.verify_sig(m, s).is_ok())
}
