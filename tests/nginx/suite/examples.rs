//! Every file of nginx-conf/ runs, and does what its first lines promise.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jwt_testkit::{Alg, Key, jwks, now, sign, token};
use nginx_tests::{Config, Nginx, Request, eventually, good, key, user, user_with, with_claims};
use serde_json::json;

fn start(name: &'static str) -> Nginx {
    Config::example(name)
        .file("keys/jwks.json", jwks(&[&key()]))
        .file("keys/public.pem", key().spki_pem())
        .file("keys/htpasswd", "ann:{PLAIN}secret\n")
        .start()
}

fn forged() -> String {
    token(&Key::other(Alg::ES256), &user())
}

#[test]
fn every_example_has_a_test_and_a_line_in_the_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nginx-conf");
    let files: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".conf"))
        .collect();
    let tests = include_str!("examples.rs");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    for file in &files {
        assert!(
            tests.contains(&format!("start(\"{file}\")")),
            "no test for {file}"
        );
        assert!(
            readme.contains(&format!("({file})")),
            "{file} is not in the README"
        );
    }
}

#[test]
fn api_gateway() {
    let nginx = start("api-gateway.conf");
    for target in ["/api/x", "/api/admin/x"] {
        assert_eq!(nginx.get(target).challenge(), "Bearer realm=\"api\"");
        assert_eq!(nginx.get_with(target, &forged()).status, 401);
        let expired = with_claims(&user_with("exp", json!(now() - 1)));
        assert_eq!(nginx.get_with(target, &expired).status, 401);
        let response = nginx.ask(
            &Request::get(target)
                .bearer(&good())
                .header("X-User", "root"),
        );
        assert_eq!(response.status, 200);
        assert_eq!(response.echoed("X-User"), Some(nginx_tests::SUBJECT));
        assert_eq!(response.echoed("Authorization"), None);
    }
    for groups in [
        json!(null),
        json!([]),
        json!(["dev"]),
        json!(["administrators"]),
        json!("adminx"),
    ] {
        let token = with_claims(&user_with("groups", groups.clone()));
        assert_eq!(nginx.get_with("/api/x", &token).status, 200, "{groups}");
        assert_eq!(
            nginx.get_with("/api/admin/x", &token).status,
            403,
            "{groups}"
        );
    }
    for groups in [
        json!(["admin"]),
        json!(["dev", "admin", "x"]),
        json!("admin"),
    ] {
        let token = with_claims(&user_with("groups", groups.clone()));
        assert_eq!(
            nginx.get_with("/api/admin/x", &token).status,
            200,
            "{groups}"
        );
    }
    let next = Key::other(Alg::ES256).with_kid("next");
    nginx.replace("keys/jwks.json", jwks(&[&next]));
    let new = token(&next, &user());
    eventually("the new key counts", || {
        nginx.get_with("/api/x", &new).status == 200
    });
    assert_eq!(nginx.get_with("/api/x", &good()).status, 401);
}

#[test]
fn cookie() {
    let nginx = start("cookie.conf");
    let with = |cookie: &str| Request::get("/").header("Cookie", &format!("session={cookie}"));
    assert_eq!(nginx.get("/").status, 401);
    assert_eq!(nginx.ask(&with(&good())).status, 200);
    assert_eq!(nginx.get_with("/", &good()).status, 200);
    assert_eq!(nginx.ask(&with("")).status, 401);
    assert_eq!(nginx.ask(&with(&forged()).bearer(&good())).status, 401);
    assert_eq!(nginx.ask(&with(&good()).bearer(&forged())).status, 200);
}

#[test]
fn pem_key() {
    let nginx = start("pem-key.conf");
    assert_eq!(nginx.get_with("/", &good()).status, 200);
    assert_eq!(
        nginx
            .get_with("/", &token(&key().with_kid("any"), &user()))
            .status,
        200
    );
    assert_eq!(
        nginx
            .get_with("/", &token(&key().without_kid(), &user()))
            .status,
        200
    );
    assert_eq!(nginx.get_with("/", &forged()).status, 401);
    let late = |seconds: u64| with_claims(&user_with("exp", json!(now() - seconds)));
    assert_eq!(nginx.get_with("/", &late(10)).status, 200);
    assert_eq!(nginx.get_with("/", &late(31)).status, 401);
}

#[test]
fn login_redirect() {
    let nginx = start("login-redirect.conf");
    let with = |target: &str, cookie: &str| {
        nginx.ask(&Request::get(target).header("Cookie", &format!("session={cookie}")))
    };
    for response in [nginx.get("/"), with("/", &forged()), with("/page", "x")] {
        assert_eq!(response.status, 302);
        assert!(response.header("Location").unwrap().ends_with("/login"));
    }
    assert_eq!(with("/page", &good()).status, 200);
    assert_eq!(nginx.get("/login").status, 200);
    assert_eq!(nginx.get("/api/x").status, 401);
    assert_eq!(with("/api/x", &forged()).status, 401);
    assert_eq!(with("/api/x", &good()).status, 200);
}

#[test]
fn basic_or_token() {
    let nginx = start("basic-or-token.conf");
    let password =
        |value: &str| Request::get("/").header("Authorization", &format!("Basic {value}"));
    let by_token = nginx.get_with("/", &good());
    assert_eq!(by_token.status, 200);
    assert_eq!(by_token.echoed("X-Token-User"), Some(nginx_tests::SUBJECT));
    assert_eq!(by_token.echoed("X-Password-User"), None);
    let by_password = nginx.ask(&password("YW5uOnNlY3JldA==").header("X-Token-User", "root"));
    assert_eq!(by_password.status, 200);
    assert_eq!(by_password.echoed("X-Token-User"), None);
    assert_eq!(by_password.echoed("X-Password-User"), Some("ann"));
    assert_eq!(nginx.ask(&password("YW5uOndyb25n")).status, 401);
    assert_eq!(nginx.get_with("/", &forged()).status, 401);
    assert_eq!(nginx.get("/").status, 401);
}

#[test]
fn rate_limit_per_subject() {
    let nginx = start("rate-limit-per-subject.conf");
    let of = |sub: &str| with_claims(&json!({ "sub": sub }));
    let ask = |token: &str| nginx.get_with("/", token).status;
    for _ in 0..10 {
        assert_eq!(
            ask(&token(&Key::other(Alg::ES256), &json!({"sub": "ann"}))),
            401
        );
    }
    let ann = of("ann");
    let statuses: Vec<u16> = (0..10).map(|_| ask(&ann)).collect();
    assert_eq!(statuses[..3], [200; 3]);
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(ask(&of("bob")), 200);
    assert_eq!(ask(&with_claims(&json!({}))), 403);
}

/// What the official SDK makes of it is tried in examples/mcp.
#[test]
fn mcp_server() {
    const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";
    let nginx = start("mcp-server.conf");
    let origin = format!("http://127.0.0.1:{}", nginx.port());
    let resource = format!("{origin}/mcp");
    assert_eq!(
        nginx.get("/mcp").challenge(),
        format!("Bearer realm=\"mcp\", resource_metadata=\"{origin}{METADATA}\"")
    );
    let document: serde_json::Value = serde_json::from_str(&nginx.get(METADATA).body).unwrap();
    assert_eq!(document["resource"], json!(resource));
    assert_eq!(
        document["authorization_servers"],
        json!(["http://127.0.0.1:8082"])
    );
    assert_eq!(document["scopes_supported"], json!(["mcp:tools"]));

    let of = |iss: &str, aud: &str| {
        let mut claims = user();
        claims["iss"] = json!(iss);
        claims["aud"] = json!(aud);
        let token = sign(&json!({"alg": "ES256", "typ": "at+jwt"}), &claims, &key());
        Request::new("POST", "/mcp")
            .bearer(&token)
            .header("X-User", "root")
            .body("{}")
    };
    let granted = nginx.ask(&of("http://127.0.0.1:8082", &resource));
    assert_eq!(granted.status, 200);
    assert_eq!(granted.echoed("X-User"), Some(nginx_tests::SUBJECT));
    assert_eq!(granted.echoed("Authorization"), None);
    for (iss, aud) in [
        ("http://127.0.0.1:8082", "https://elsewhere.example/mcp"),
        ("http://127.0.0.1:9", resource.as_str()),
    ] {
        assert_eq!(nginx.ask(&of(iss, aud)).status, 401);
    }
    assert_eq!(nginx.get_with("/mcp", &good()).status, 401);
    assert_eq!(nginx.get_with("/mcp", &forged()).status, 401);
}
