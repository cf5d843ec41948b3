//! The configurations after a migration, as docs/migrate-from-*.md show them: each is started, and
//! decides as it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jwt_testkit::{Alg, Key, jwks, token};
use nginx_tests::{Config, Nginx, Request, user};
use serde_json::{Value, json};

/// The whole configurations of a guide, in its order: those that load the module.
fn configurations(guide: &str) -> Vec<String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let text = fs::read_to_string(docs.join(guide)).unwrap();
    let blocks = text.split("```nginx\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    blocks
        .filter(|block| block.starts_with("load_module "))
        .map(str::to_owned)
        .collect()
}

fn key() -> Key {
    Key::fixed(Alg::RS256)
}

fn start(guide: &'static str, configuration: String) -> Nginx {
    Config::whole(guide, configuration)
        .file("keys/jwks.json", jwks(&[&key()]))
        .file("keys/public.pem", key().spki_pem())
        .start()
}

/// A good token with these claims beside the ordinary ones.
fn with(claims: &Value) -> String {
    let mut all = user();
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    token(&key(), &all)
}

fn forged(claims: &Value) -> String {
    let mut all = user();
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    token(&Key::other(Alg::RS256), &all)
}

#[test]
fn every_guide_has_a_test() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let guides: BTreeSet<String> = fs::read_dir(docs)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("migrate-from-"))
        .collect();
    let tests = include_str!("migrations.rs");
    assert_eq!(guides.len(), 4);
    for guide in guides {
        assert!(
            tests.contains(&format!("\"{guide}\"")),
            "no test of {guide}"
        );
    }
}

#[test]
fn from_nginx_plus() {
    const GUIDE: &str = "migrate-from-nginx-plus.md";
    let configurations = configurations(GUIDE);
    assert_eq!(configurations.len(), 2);
    // The module's own directives say why they refuse; the maps had one code for all.
    for (configuration, refusal) in configurations.into_iter().zip([403, 401]) {
        let nginx = start(GUIDE, configuration);
        let status = |token: &str| nginx.get_with("/products/1", token).status;
        let good = json!({"iss": "https://idp.example.com", "aud": "api1.example.com"});
        let response = nginx.get_with("/products/1", &with(&good));
        assert_eq!(response.status, 200);
        assert_eq!(response.echoed("X-User"), Some(nginx_tests::SUBJECT));
        let late = json!({"iss": "https://idp.example.com", "aud": "api2.example.com", "exp": jwt_testkit::now() - 30});
        assert_eq!(status(&with(&late)), 200);
        for bad in [
            json!({"iss": "https://idp.example.com", "aud": "web.example.com"}),
            json!({"iss": "https://other.example.com", "aud": "api1.example.com"}),
            json!({}),
        ] {
            assert_eq!(status(&with(&bad)), refusal, "{bad}");
        }
        assert_eq!(status(&forged(&good)), 401);
        assert_eq!(
            nginx.get("/products/1").challenge(),
            "Bearer realm=\"Products API\""
        );
    }
}

#[test]
fn from_kjdev() {
    const GUIDE: &str = "migrate-from-kjdev.md";
    let configurations = configurations(GUIDE);
    assert_eq!(configurations.len(), 2);
    for (configuration, (array, role)) in configurations.into_iter().zip([(401, 401), (200, 403)]) {
        let nginx = start(GUIDE, configuration);
        let ask = |method: &str, claims: &Value| {
            nginx
                .ask(&Request::new(method, "/").bearer(&with(claims)).body(""))
                .status
        };
        let claims = |aud: Value, roles: Value| json!({"iss": "https://idp.example.com", "aud": aud, "roles": roles});
        assert_eq!(ask("GET", &claims(json!("myapi"), json!(["reader"]))), 200);
        assert_eq!(ask("POST", &claims(json!("myapi"), json!(["admin"]))), 200);
        assert_eq!(
            ask("GET", &claims(json!(["x", "myapi"]), json!(["reader"]))),
            array
        );
        assert_eq!(
            ask("POST", &claims(json!("myapi"), json!(["reader"]))),
            role
        );
        // A method that the map does not name has no JSON to compare with.
        assert_eq!(
            ask("DELETE", &claims(json!("myapi"), json!(["admin"]))),
            role
        );
        assert_eq!(ask("GET", &claims(json!("other"), json!(["admin"]))), 401);
        assert_eq!(
            ask("GET", &json!({"aud": "myapi", "roles": ["admin"]})),
            401
        );
    }
}

#[test]
fn from_teslagov() {
    const GUIDE: &str = "migrate-from-teslagov.md";
    let [configuration] = configurations(GUIDE).try_into().unwrap();
    let nginx = start(GUIDE, configuration);
    let with_cookie = |target: &str, token: &str| {
        nginx.ask(&Request::get(target).header("Cookie", &format!("jwt={token}")))
    };
    let good = with(&json!({"firstName": "Ann"}));
    let response = with_cookie("/page", &good);
    assert_eq!(response.status, 200);
    assert_eq!(response.echoed("JWT-sub"), Some(nginx_tests::SUBJECT));
    assert_eq!(response.echoed("JWT-firstName"), Some("Ann"));
    assert_eq!(response.header("JWT-sub"), Some(nginx_tests::SUBJECT));
    let nobody = json!({"sub": ""});
    for token in ["", "x", &forged(&json!({})), &with(&nobody)] {
        let response = with_cookie("/page?a=b", token);
        assert_eq!(response.status, 302);
        assert_eq!(
            response.header("Location"),
            Some("https://login.example.com/?return_url=http://localhost/page?a=b")
        );
        assert_eq!(with_cookie("/api/x", token).status, 401);
    }
    assert_eq!(with_cookie("/api/x", &good).status, 200);
    assert_eq!(nginx.get("/public/x").status, 200);
    let profile = with_cookie("/profile/me", &with(&json!({"sub": "ann"})));
    assert_eq!(profile.status, 301);
    assert!(
        profile
            .header("Location")
            .unwrap()
            .ends_with("/profile/ann")
    );
    for token in ["", "x", &forged(&json!({"sub": "ann"}))] {
        assert_eq!(with_cookie("/profile/me", token).status, 401);
    }
    // RS256 only, even for a key that could do more.
    let other = Key::fixed(Alg::PS256);
    let other = token(&other, &user());
    assert_eq!(with_cookie("/api/x", &other).status, 401);
    let options = Request::new("OPTIONS", "/api/x");
    assert_eq!(nginx.ask(&options).status, 401);
    let preflight = options
        .header("Origin", "https://app.example.com")
        .header("Access-Control-Request-Method", "GET");
    assert_eq!(nginx.ask(&preflight).status, 200);
}

#[test]
fn from_auth_request() {
    const GUIDE: &str = "migrate-from-auth-request.md";
    let [configuration] = configurations(GUIDE).try_into().unwrap();
    let nginx = start(GUIDE, configuration);
    let claims = json!({"aud": ["https://api.example.com"], "groups": ["staff"]});
    let response = nginx.ask(
        &Request::get("/api/x")
            .bearer(&with(&claims))
            .header("X-User", "root"),
    );
    assert_eq!(response.status, 200);
    assert_eq!(response.echoed("X-User"), Some(nginx_tests::SUBJECT));
    let cookie = Request::get("/api/x").header("Cookie", &format!("session={}", with(&claims)));
    assert_eq!(nginx.ask(&cookie).status, 200);
    for token in [
        forged(&claims),
        with(&json!({"aud": "https://other.example.com", "groups": ["staff"]})),
        with(&json!({"groups": ["staff"]})),
    ] {
        let response = nginx.get_with("/api/x", &token);
        assert_eq!(
            (response.status, response.header("Location").is_some()),
            (302, true)
        );
    }
    let guest = json!({"aud": "https://api.example.com", "groups": ["guests"]});
    assert_eq!(nginx.get_with("/api/x", &with(&guest)).status, 403);
}
