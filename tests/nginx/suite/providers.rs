//! docs/providers.md: every block is good, and takes its provider's tokens and no others.

use std::fs;
use std::path::Path;

use jwt_testkit::{Alg, Key, jwks, now, token};
use nginx_tests::{Authority, Config, Nginx, Request};
use serde_json::{Value, json};

/// The blocks of a chapter, in their order.
fn blocks(chapter: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/providers.md");
    let text = fs::read_to_string(path).unwrap();
    let start = text.find(&format!("\n## {chapter}\n"));
    let chapter = &text[start.unwrap_or_else(|| panic!("no chapter {chapter}")) + 1..];
    let chapter = chapter.split("\n## ").next().unwrap();
    let blocks = chapter.split("```nginx\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

/// A block's part for `http`, and its part for `server`.
fn parts(block: &str) -> (&str, String) {
    let at = block.find("\nlocation ").unwrap();
    // The API behind 127.0.0.1:8081 is the suite's own.
    let server = block[at..].replace("127.0.0.1:8081", "@UPSTREAM@");
    (&block[..at], server)
}

const CHAPTERS: [(&str, usize); 8] = [
    ("Any provider", 1),
    ("Keycloak", 1),
    ("Auth0", 1),
    ("Microsoft Entra ID", 1),
    ("Okta", 1),
    ("Google", 2),
    ("AWS Cognito", 1),
    ("Kubernetes service accounts", 1),
];

#[test]
fn every_block_is_good() {
    for (chapter, count) in CHAPTERS {
        let blocks = blocks(chapter);
        assert_eq!(blocks.len(), count, "{chapter}");
        for block in blocks {
            let (http, server) = parts(&block);
            // The one file that only a cluster has.
            let http = http.replace(
                "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
                "ca.pem",
            );
            let check = Config::new("a block of docs/providers.md")
                .file("ca.pem", Authority::trusted().pem())
                .http(&http)
                .server(server)
                .check();
            assert!(check.ok, "{chapter}: {}\n{block}", check.text);
            for bad in ["[warn]", "[error]"] {
                assert!(!check.text.contains(bad), "{chapter}: {}", check.text);
            }
        }
    }
}

#[test]
fn no_block_is_left_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/providers.md");
    let text = fs::read_to_string(path).unwrap();
    let counted: usize = CHAPTERS.iter().map(|(_, count)| count).sum();
    assert_eq!(text.matches("```nginx\n").count(), counted);
}

fn key() -> Key {
    Key::fixed(Alg::RS256)
}

/// The block with the provider's keys in a file: its rules, without the network.
fn with_local_keys(block: &str, keys: &Key) -> Nginx {
    let (http, server) = parts(block);
    let network = [
        "jwks_uri",
        "config_url",
        "bearer_file",
        "ssl_trusted_certificate",
    ];
    let said = |line: &&str| {
        !network
            .iter()
            .any(|name| line.trim_start().starts_with(name))
    };
    let http: Vec<&str> = http.lines().filter(said).collect();
    let http = http.join("\n").replacen(" {", " { key_file jwks.json;", 1);
    Config::new("a block of docs/providers.md, with local keys")
        .file("jwks.json", jwks(&[keys]))
        .http(format!("add_header Status $jwt_status always;\n{http}"))
        .server(server)
        .start()
}

/// `claims` with others added, replaced, or removed where they are null.
fn changed(claims: &Value, changes: &Value) -> Value {
    let mut claims = claims.clone();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

/// A token with these claims passes at `target`, and with each of the changes gets this status.
fn takes(chapter: &str, target: &str, claims: Value, refused: &[(Value, u16)]) {
    let nginx = with_local_keys(&blocks(chapter)[0], &key());
    let claims = changed(&claims, &json!({"iat": now(), "exp": now() + 300}));
    let status = |claims: &Value| nginx.get_with(target, &token(&key(), claims)).status;
    assert_eq!(status(&claims), 200, "{chapter}: {claims}");
    for (changes, expected) in refused {
        assert_eq!(
            status(&changed(&claims, changes)),
            *expected,
            "{chapter}: {changes}"
        );
    }
    let elsewhere = changed(&claims, &json!({"iss": "https://elsewhere.example"}));
    assert_eq!(status(&elsewhere), 401, "{chapter}");
    let forged = token(&Key::other(Alg::RS256), &claims);
    assert_eq!(nginx.get_with(target, &forged).status, 401, "{chapter}");
    assert_eq!(nginx.get(target).status, 401, "{chapter}");
}

#[test]
fn any_provider() {
    let claims = json!({"iss": "https://idp.example.com/realms/corp", "aud": "https://api.example.com", "sub": "ann"});
    let refused = [
        (json!({"aud": "https://other.example.com"}), 401),
        (json!({"aud": null}), 401),
        (json!({"iss": "https://idp.example.com/realms/corp/"}), 401),
        (json!({"exp": null}), 401),
    ];
    takes("Any provider", "/api/", claims, &refused);
}

#[test]
fn keycloak() {
    let claims = json!({
        "iss": "https://sso.example.com/realms/corp", "aud": ["https://api.example.com", "account"],
        "sub": "f3a1", "typ": "Bearer", "azp": "web", "acr": "1", "scope": "email profile",
        "realm_access": {"roles": ["offline_access", "staff"]},
        "resource_access": {"account": {"roles": ["view-profile"]}}
    });
    let refused = [
        (json!({"aud": "account"}), 401),
        (json!({"aud": null}), 401),
        (json!({"realm_access": {"roles": ["guest"]}}), 403),
        (json!({"iss": "http://sso.example.com/realms/corp"}), 401),
    ];
    takes("Keycloak", "/api/", claims, &refused);
}

#[test]
fn auth0() {
    let claims = json!({
        "iss": "https://example.eu.auth0.com/", "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
        "aud": ["https://api.example.com", "https://example.eu.auth0.com/userinfo"],
        "azp": "my_client_id", "scope": "openid profile read:orders", "permissions": ["read:orders"]
    });
    let refused = [
        (json!({"iss": "https://example.eu.auth0.com"}), 401),
        (json!({"aud": "https://example.eu.auth0.com/userinfo"}), 401),
        (json!({"scope": "openid"}), 403),
        (json!({"permissions": []}), 403),
    ];
    takes("Auth0", "/api/", claims, &refused);
}

#[test]
fn entra() {
    const TENANT: &str = "11111111-2222-3333-4444-555555555555";
    let v2 = json!({
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "ver": "2.0",
        "aud": "99999999-8888-7777-6666-555555555555", "tid": TENANT, "oid": "x", "sub": "y",
        "azp": "client", "scp": "Orders.Read Orders.Write", "nbf": now()
    });
    let v1 = json!({"iss": format!("https://sts.windows.net/{TENANT}/"), "aud": "api://orders", "ver": "1.0", "appid": "client"});
    let refused = [
        (json!({"scp": "User.Read"}), 403),
        (json!({"scp": null}), 403),
        (json!({"aud": "00000003-0000-0000-c000-000000000000"}), 401),
        (
            json!({"iss": "https://login.microsoftonline.com/22222222-2222-3333-4444-555555555555/v2.0"}),
            401,
        ),
        (
            json!({"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"}),
            401,
        ),
    ];
    takes("Microsoft Entra ID", "/api/", v2.clone(), &refused);
    takes("Microsoft Entra ID", "/api/", changed(&v2, &v1), &refused);
    let service = changed(&v2, &json!({"scp": null, "roles": ["Orders.Read.All"]}));
    let refused = [
        (json!({"roles": ["Other"]}), 403),
        (json!({"roles": null}), 403),
    ];
    takes("Microsoft Entra ID", "/jobs/", service, &refused);
}

#[test]
fn okta() {
    let claims = json!({
        "iss": "https://example.okta.com/oauth2/default", "aud": "api://default", "ver": 1, "jti": "AT.x",
        "cid": "0oa1", "uid": "00u1", "scp": ["openid", "orders.read"], "sub": "ann@example.com"
    });
    let refused = [
        (json!({"iss": "https://example.okta.com"}), 401),
        (json!({"aud": "https://example.okta.com"}), 401),
        (json!({"scp": ["openid"]}), 403),
    ];
    takes("Okta", "/api/", claims, &refused);
}

#[test]
fn google() {
    let claims = json!({
        "iss": "https://accounts.google.com", "azp": "1234567890-abc.apps.googleusercontent.com",
        "aud": "1234567890-abc.apps.googleusercontent.com", "sub": "10769150350006150715113082367",
        "hd": "example.com", "email": "ann@example.com", "email_verified": true
    });
    let refused = [
        (json!({"aud": "other.apps.googleusercontent.com"}), 401),
        (json!({"hd": "example.org"}), 403),
        (json!({"hd": null}), 403),
    ];
    takes("Google", "/api/", claims.clone(), &refused);
    let alias = changed(&claims, &json!({"iss": "accounts.google.com"}));
    takes("Google", "/api/", alias, &refused);

    let iap = Key::fixed(Alg::ES256);
    let nginx = with_local_keys(&blocks("Google")[1], &iap);
    let claims = json!({
        "iss": "https://cloud.google.com/iap", "aud": "/projects/1234567890/global/backendServices/9876543210",
        "sub": "accounts.google.com:1", "email": "ann@example.com", "iat": now(), "exp": now() + 300
    });
    let token = token(&iap, &claims);
    let request = Request::get("/").header("X-Goog-IAP-JWT-Assertion", &token);
    assert_eq!(nginx.ask(&request).status, 200);
    assert_eq!(nginx.get_with("/", &token).status, 401);
}

#[test]
fn cognito() {
    let claims = json!({
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI",
        "client_id": "1h57kf5cpq17m0eml12EXAMPLE", "token_use": "access", "scope": "openid orders/read",
        "sub": "aaaaaaaa", "username": "ann", "cognito:groups": ["staff"], "auth_time": now()
    });
    let id_token =
        json!({"client_id": null, "aud": "1h57kf5cpq17m0eml12EXAMPLE", "token_use": "id"});
    let refused = [
        (json!({"client_id": "other"}), 401),
        (json!({"token_use": "id"}), 401),
        (id_token, 401),
        (json!({"scope": "openid"}), 403),
        (
            json!({"iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other"}),
            401,
        ),
    ];
    takes("AWS Cognito", "/api/", claims, &refused);
}

#[test]
fn kubernetes() {
    let claims = json!({
        "iss": "https://kubernetes.default.svc.cluster.local", "aud": ["orders"], "jti": "x", "nbf": now(),
        "sub": "system:serviceaccount:web:frontend",
        "kubernetes.io": {"namespace": "web", "pod": {"name": "frontend-1", "uid": "x"}, "serviceaccount": {"name": "frontend", "uid": "y"}}
    });
    let refused = [
        (
            json!({"aud": ["https://kubernetes.default.svc.cluster.local"]}),
            401,
        ),
        (json!({"kubernetes.io": {"namespace": "other"}}), 403),
        (json!({"kubernetes.io": null}), 403),
        (json!({"exp": now() + 365 * 86_400}), 401),
        (json!({"sub": null}), 401),
    ];
    takes("Kubernetes service accounts", "/api/", claims, &refused);
}
