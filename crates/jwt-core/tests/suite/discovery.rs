//! Discovery documents: what leads to keys, and what does not.

use jwt_core::{DiscoveryError, Endpoint, discovered_keys};
use serde_json::{Value, json};

const ISSUER: &str = "https://idp.example.com/realms/corp";

fn discover(document: &Value) -> Result<String, DiscoveryError> {
    let at = Endpoint::parse(ISSUER).unwrap();
    let found = discovered_keys(document.to_string().as_bytes(), ISSUER, &at);
    found.map(|endpoint| endpoint.to_string())
}

#[test]
fn the_document_names_the_keys() {
    let document =
        json!({"issuer": ISSUER, "jwks_uri": "https://keys.example.com/certs", "x": [1]});
    assert_eq!(
        discover(&document).as_deref(),
        Ok("https://keys.example.com/certs")
    );
}

#[test]
fn the_issuer_is_the_configured_one_to_the_last_byte() {
    for other in [
        "https://idp.example.com/realms/corp/",
        "https://idp.example.com/realms/Corp",
        "https://idp.example.com/realms/other",
        "",
    ] {
        let document = json!({"issuer": other, "jwks_uri": "https://idp.example.com/certs"});
        let error = discover(&document).unwrap_err();
        assert!(matches!(error, DiscoveryError::Issuer(_)), "{other}");
        assert!(error.to_string().contains(other), "{error}");
    }
    for missing in [json!(null), json!(1), json!([ISSUER])] {
        let document = json!({"issuer": missing, "jwks_uri": "https://idp.example.com/certs"});
        assert_eq!(discover(&document), Err(DiscoveryError::IssuerMissing));
    }
    assert_eq!(discover(&json!({})), Err(DiscoveryError::IssuerMissing));
}

#[test]
fn a_template_is_called_one() {
    let document = json!({
        "issuer": "https://login.example.com/{tenantid}/v2.0",
        "jwks_uri": "https://idp.example.com/certs",
    });
    let error = discover(&document).unwrap_err();
    assert!(matches!(error, DiscoveryError::Template(_)), "{error}");
    assert!(error.to_string().contains("tenant"), "{error}");
}

#[test]
fn keys_come_over_https() {
    for bad in ["http://idp.example.com/certs", "http://127.0.0.1/certs"] {
        let document = json!({"issuer": ISSUER, "jwks_uri": bad});
        let error = discover(&document).unwrap_err();
        assert!(matches!(error, DiscoveryError::Insecure(_)), "{bad}");
    }
    for bad in [
        "/certs",
        "ftp://idp.example.com/",
        "https://a@idp.example.com/",
        "",
    ] {
        let document = json!({"issuer": ISSUER, "jwks_uri": bad});
        let error = discover(&document).unwrap_err();
        assert!(matches!(error, DiscoveryError::Keys(..)), "{bad}");
    }
    for missing in [json!(null), json!(["https://idp.example.com/certs"])] {
        let document = json!({"issuer": ISSUER, "jwks_uri": missing});
        assert_eq!(discover(&document), Err(DiscoveryError::KeysMissing));
    }
}

#[test]
fn plain_http_leads_from_this_machine_to_this_machine_only() {
    for (at, keys, is_taken) in [
        (
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080/certs",
            true,
        ),
        ("http://localhost:8080/", "http://[::1]/certs", true),
        (
            "http://127.0.0.1:8080/",
            "https://idp.example.com/certs",
            true,
        ),
        ("http://127.0.0.1:8080/", "http://10.0.0.1/certs", false),
        ("https://127.0.0.1:8080/", "http://127.0.0.1/certs", false),
    ] {
        let document = json!({"issuer": ISSUER, "jwks_uri": keys}).to_string();
        let endpoint = Endpoint::parse(at).unwrap();
        let found = discovered_keys(document.as_bytes(), ISSUER, &endpoint);
        assert_eq!(found.is_ok(), is_taken, "{at} {keys}");
    }
}

#[test]
fn what_is_no_json_object_is_refused() {
    let at = Endpoint::parse(ISSUER).unwrap();
    for bad in [
        &b""[..],
        b"<html>",
        b"[]",
        b"{",
        b"\xff{}",
        b"{\"issuer\":1,\"issuer\":2}",
    ] {
        let error = discovered_keys(bad, ISSUER, &at).unwrap_err();
        assert!(matches!(error, DiscoveryError::Json(_)), "{error}");
    }
}
