//! RFC 7515, appendix A: the examples of JWS.

use jwt_core::{KeyLoadOptions, KeySet, Token, VerifyOptions, verify};
use std::sync::Arc;

const A1: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn verify_with(token: &str, jwk: &str) -> Result<Token, jwt_core::Error> {
    let (keys, _) = KeySet::parse(jwk.as_bytes(), None, &KeyLoadOptions::default()).unwrap();
    verify(
        token.as_bytes(),
        &[Arc::new(keys)],
        &VerifyOptions::default(),
    )
}

#[test]
fn a1_hs256() {
    let jwk = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
    let token = verify_with(A1, jwk).unwrap();
    assert_eq!(token.claims().get("iss").unwrap().text().unwrap(), "joe");
    assert_eq!(token.check_time(1300819379, 0), Ok(()));
    assert_eq!(
        token.check_time(1300819380, 0),
        Err(jwt_core::Error::Expired)
    );
}
