//! Every file of nginx-conf/ runs, and does what its first lines promise.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use jwt_testkit::{Alg, Key, jwks, now, sign, token};
use nginx_tests::{
    Answer, Config, Idp, Nginx, Origin, Request, eventually, good, http, key, user, user_with,
    with_claims,
};
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
fn key_request() {
    let start = |name| {
        let provider = Origin::start(|request, stream| {
            assert!(request.starts_with("GET /keys "), "{request}");
            let _ = stream.write_all(&http("200 OK", "", jwks(&[&key()])));
        });
        let config = Config::example(name).with_text("127.0.0.1:8082", &provider.address());
        (config.start(), provider)
    };
    let (nginx, provider) = start("key-request.conf");
    for _ in 0..3 {
        assert_eq!(nginx.get_with("/", &good()).status, 200);
        assert_eq!(nginx.get_with("/", &forged()).status, 401);
    }
    assert_eq!(nginx.get("/_jwks").status, 404);
    assert_eq!(provider.requests().len(), 1);
    assert!(!provider.request(1).contains("Bearer"));
}

#[test]
fn issuer() {
    let start = |name| {
        let idp = Idp::plain();
        let config = Config::example(name).with_text("127.0.0.1:8082", &idp.issuer()[7..]);
        (config.start(), idp)
    };
    let (nginx, idp) = start("issuer.conf");
    let with = |aud: &str| {
        let mut claims = user_with("iss", json!(idp.issuer()));
        claims["aud"] = json!(aud);
        claims
    };
    let good = with_claims(&with("https://api.example.com"));
    let response = nginx.ask(
        &Request::get("/api/x")
            .bearer(&good)
            .header("X-User", "root"),
    );
    assert_eq!(response.status, 200);
    assert_eq!(response.echoed("X-User"), Some(nginx_tests::SUBJECT));
    assert_eq!(response.echoed("Authorization"), None);
    let forged = token(&Key::other(Alg::ES256), &with("https://api.example.com"));
    for bad in [
        forged,
        with_claims(&with("https://other.example.com")),
        self::good(),
    ] {
        assert_eq!(nginx.get_with("/api/x", &bad).status, 401);
    }
    idp.stop();
    assert_eq!(nginx.get_with("/api/x", &good).status, 200);
    assert_eq!(nginx.get("/x").status, 200);

    // Without its provider nginx starts, and says that it is a matter of time.
    let config = Config::example("issuer.conf").with_text("127.0.0.1:8082", &idp.issuer()[7..]);
    let nginx = config.start();
    let response = nginx.get_with("/api/x", &good);
    assert_eq!(response.status, 503);
    assert!(response.header("Retry-After").is_some());
    assert_eq!(nginx.get("/api/x").status, 401);
    assert_eq!(nginx.get("/x").status, 200);
}

#[test]
fn many_issuers() {
    let (staff, partners, builds) = (
        key().with_kid("staff"),
        key().with_kid("partners"),
        Key::fixed(Alg::RS256),
    );
    let idp = Idp::plain();
    idp.describe("/realms/staff", "/realms/staff/keys");
    idp.answer("/realms/staff/keys", Answer::document(jwks(&[&staff])));
    idp.answer("/partners/keys", Answer::document(jwks(&[&partners])));
    let start = |name| {
        Config::example(name)
            .file("keys/jwks.json", jwks(&[&builds]))
            .with_text("127.0.0.1:8082", &idp.issuer()[7..])
            .start()
    };
    let nginx = start("many-issuers.conf");
    let of_staff = format!("{}/realms/staff", idp.issuer());
    const API: &str = "https://api.example.com";
    let make = |key: &Key, iss: &str, claims: serde_json::Value| {
        let mut all = user_with("iss", json!(iss));
        all["iat"] = json!(now());
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        let header = json!({"alg": key.alg().name(), "kid": key.kid(), "typ": "at+jwt"});
        sign(&header, &all, key)
    };
    let by_staff = make(&staff, &of_staff, json!({"aud": API}));
    let by_partner = make(
        &partners,
        "https://partners.example.com",
        json!({"client_id": "partner-b"}),
    );
    let by_build = make(&builds, "https://builds.example.com", json!({"aud": [API]}));
    for (token, iss, admin) in [
        (&by_staff, &*of_staff, 200),
        (&by_partner, "https://partners.example.com", 401),
        (&by_build, "https://builds.example.com", 401),
    ] {
        let response = nginx.get_with("/api/x", token);
        assert_eq!(response.status, 200, "{iss}");
        assert_eq!(response.echoed("X-Issuer"), Some(iss));
        assert_eq!(response.echoed("X-User"), Some(nginx_tests::SUBJECT));
        assert_eq!(response.echoed("Authorization"), None);
        assert_eq!(nginx.get_with("/admin/x", token).status, admin, "{iss}");
    }
    for bad in [
        make(&partners, &of_staff, json!({"aud": API})),
        make(
            &staff,
            "https://partners.example.com",
            json!({"client_id": "partner-a"}),
        ),
        make(
            &partners,
            "https://partners.example.com",
            json!({"client_id": "partner-c"}),
        ),
        make(
            &partners,
            "https://partners.example.com",
            json!({"client_id": "partner-a", "exp": now() + 9_000}),
        ),
        make(
            &staff,
            &of_staff,
            json!({"aud": "https://other.example.com"}),
        ),
        token(
            &staff,
            &json!({"iss": of_staff, "aud": API, "exp": now() + 300}),
        ), // typ: JWT
    ] {
        assert_eq!(nginx.get_with("/api/x", &bad).status, 401);
    }
    let user = make(&staff, &of_staff, json!({"aud": API, "groups": ["dev"]}));
    assert_eq!(nginx.get_with("/admin/x", &user).status, 403);
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
        format!(
            "Bearer realm=\"mcp\", scope=\"mcp:tools\", resource_metadata=\"{origin}{METADATA}\""
        )
    );
    let document: serde_json::Value = serde_json::from_str(&nginx.get(METADATA).body).unwrap();
    assert_eq!(document["resource"], json!(resource));
    assert_eq!(
        document["authorization_servers"],
        json!(["http://127.0.0.1:8082"])
    );
    assert_eq!(document["scopes_supported"], json!(["mcp:tools"]));

    let of = |iss: &str, aud: &str, scope: &str| {
        let mut claims = user();
        claims["scope"] = json!(scope);
        claims["iss"] = json!(iss);
        claims["aud"] = json!(aud);
        let token = sign(&json!({"alg": "ES256", "typ": "at+jwt"}), &claims, &key());
        Request::new("POST", "/mcp")
            .bearer(&token)
            .header("X-User", "root")
            .body("{}")
    };
    let granted = nginx.ask(&of("http://127.0.0.1:8082", &resource, "openid mcp:tools"));
    assert_eq!(granted.status, 200);
    assert_eq!(granted.echoed("X-User"), Some(nginx_tests::SUBJECT));
    assert_eq!(granted.echoed("Authorization"), None);
    for (iss, aud) in [
        ("http://127.0.0.1:8082", "https://elsewhere.example/mcp"),
        ("http://127.0.0.1:9", resource.as_str()),
    ] {
        assert_eq!(nginx.ask(&of(iss, aud, "mcp:tools")).status, 401);
    }
    let poor = nginx.ask(&of("http://127.0.0.1:8082", &resource, "openid"));
    assert_eq!(poor.status, 403);
    assert!(
        poor.challenge()
            .contains("error=\"insufficient_scope\", error_description="),
        "{poor:?}"
    );
    assert!(poor.challenge().contains("scope=\"mcp:tools\""));
    assert_eq!(nginx.get_with("/mcp", &good()).status, 401);
    assert_eq!(nginx.get_with("/mcp", &forged()).status, 401);
}

#[test]
fn identity_headers() {
    let nginx = start("identity-headers.conf");
    let mut claims = user();
    claims["email"] = json!("ann@example.com");
    let spoofed = |token: &str| {
        Request::get("/")
            .bearer(token)
            .header("X-User", "root")
            .header("x-user", "root")
            .header("X_User", "root")
            .header("X-Email", "root@example.com")
            .header("X_Email", "root@example.com")
            .header("X-Groups", "root")
    };
    let response = nginx.ask(&spoofed(&with_claims(&claims)));
    assert_eq!(response.echoed("X-User"), Some(nginx_tests::SUBJECT));
    assert_eq!(response.echoed("X-Email"), Some("ann@example.com"));
    assert_eq!(response.echoed("X-Groups"), Some("admin,dev"));
    assert!(
        response
            .echoed("X-Claims")
            .unwrap()
            .contains("ann@example.com")
    );
    assert_eq!(response.echoed("Authorization"), None);
    assert!(!response.body.contains("root"), "{}", response.body);
    // Absent in the token: absent in the request, whatever the client sent.
    let response = nginx.ask(&spoofed(&with_claims(&json!({}))));
    assert_eq!(response.status, 200);
    for name in ["X-User", "X-Email", "X-Groups", "X_User"] {
        assert_eq!(response.echoed(name), None, "{name}");
    }
    assert_eq!(nginx.ask(&spoofed(&forged())).status, 401);
}

#[test]
fn routing_by_claim() {
    let nginx = start("routing-by-claim.conf");
    let backend = |plan: serde_json::Value| {
        let response = nginx.get_with("/", &with_claims(&user_with("plan", plan)));
        response.echoed("X-Backend").map(str::to_owned)
    };
    assert_eq!(backend(json!("preview")).as_deref(), Some("beta"));
    for plan in [json!(null), json!("x"), json!(["preview", "x"])] {
        assert_eq!(backend(plan).as_deref(), Some("stable"));
    }
    assert_eq!(nginx.get("/").status, 401);
}

#[test]
fn access_log() {
    let nginx = start("access-log.conf");
    let mut claims = user();
    claims["sub"] = json!("ann \"x\" \\ é");
    claims["iss"] = json!("https://idp.example.com");
    assert_eq!(nginx.get_with("/a?b", &with_claims(&claims)).status, 200);
    assert_eq!(nginx.get_with("/a", &forged()).status, 401);
    assert_eq!(nginx.get("/a").status, 401);
    let lines = || fs::read_to_string(nginx.prefix("logs/requests.json")).unwrap();
    eventually("three lines are written", || lines().lines().count() == 3);
    let text = lines();
    let logged: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let who = |line: usize| {
        let line = &logged[line];
        (&line["jwt"], &line["sub"], &line["iss"], &line["status"])
    };
    assert_eq!(
        who(0),
        (&json!("ok"), &claims["sub"], &claims["iss"], &json!(200))
    );
    assert_eq!(
        who(1),
        (&json!("bad_signature"), &json!(""), &json!(""), &json!(401))
    );
    assert_eq!(
        who(2),
        (&json!("missing"), &json!(""), &json!(""), &json!(401))
    );
    assert!(!text.contains("eyJ"), "{text}");
}

#[test]
fn websocket() {
    let nginx = Config::example("websocket.conf")
        .file("keys/jwks.json", jwks(&[&key()]))
        .tokens_in_request_line();
    let nginx = nginx.start(); // start("websocket.conf"), but for request lines
    let upgrade = |target: &str| {
        Request::get(target)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
    };
    let by_cookie = upgrade("/ws").header("Cookie", &format!("session={}", good()));
    let by_query = upgrade(&format!("/ws?access_token={}", good()));
    for request in [&by_cookie, &by_query] {
        let response = nginx.ask(request);
        assert_eq!(response.status, 200);
        assert_eq!(response.echoed("Upgrade"), Some("websocket"));
        assert_eq!(response.echoed("Connection"), Some("upgrade"));
        assert_eq!(response.echoed("X-User"), Some(nginx_tests::SUBJECT));
    }
    assert_eq!(
        nginx.ask(&by_query).header("Cache-Control"),
        Some("private")
    );
    assert_eq!(nginx.ask(&upgrade("/ws")).status, 401);
    let forged_query = upgrade(&format!("/ws?access_token={}", forged()));
    assert_eq!(nginx.ask(&forged_query).status, 401);
    // The cookie comes first: a bad one is not made good by the query.
    let both = by_query.header("Cookie", &format!("session={}", forged()));
    assert_eq!(nginx.ask(&both).status, 401);
}

#[test]
fn tenant_per_host() {
    let globex = Key::other(Alg::ES256);
    let nginx = Config::example("tenant-per-host.conf")
        .file("keys/acme.json", jwks(&[&key()]))
        .file("keys/globex.json", jwks(&[&globex]))
        .start(); // start("tenant-per-host.conf"), with two key files
    let ask = |host: &str, key: &Key, tenant: &str| {
        let claims = user_with("tenant", json!(tenant));
        nginx.ask(
            &Request::get("/")
                .header("Host", host)
                .bearer(&token(key, &claims)),
        )
    };
    let response = ask("acme.example.com", &key(), "acme");
    assert_eq!(
        (response.status, response.echoed("X-Tenant")),
        (200, Some("acme"))
    );
    assert_eq!(ask("globex.example.com", &globex, "globex").status, 200);
    assert_eq!(ask("globex.example.com", &key(), "globex").status, 401);
    assert_eq!(ask("acme.example.com", &key(), "globex").status, 403);
    assert_eq!(ask("evil.example.com", &key(), "acme").status, 404);
    let nobody = nginx.ask(&Request::get("/").header("Host", "acme.example.com"));
    assert_eq!(nobody.challenge(), "Bearer realm=\"acme\"");
}

#[test]
fn browser_api() {
    let nginx = start("browser-api.conf");
    let origin = |request: Request| request.header("Origin", "https://app.example.com");
    let preflight =
        origin(Request::new("OPTIONS", "/")).header("Access-Control-Request-Method", "DELETE");
    assert_eq!(nginx.ask(&preflight).status, 200);
    let anonymous = nginx.ask(&origin(Request::get("/")).header("X-User", "root"));
    assert_eq!((anonymous.status, anonymous.echoed("X-User")), (200, None));
    let refused = nginx.ask(&origin(Request::new("DELETE", "/")));
    assert_eq!(refused.challenge(), "Bearer realm=\"api\"");
    assert_eq!(
        refused.header("Access-Control-Allow-Origin"),
        Some("https://app.example.com")
    );
    assert_eq!(nginx.get_with("/", &forged()).status, 401);
    let granted = nginx.ask(&origin(Request::new("DELETE", "/")).bearer(&good()));
    assert_eq!(
        (granted.status, granted.echoed("X-User")),
        (200, Some(nginx_tests::SUBJECT))
    );
}

#[test]
fn json_errors() {
    let nginx = start("json-errors.conf");
    let staff = with_claims(&user_with("groups", json!(["staff"])));
    assert_eq!(nginx.get_with("/", &staff).status, 200);
    let problem = |request: &Request, status: u16| {
        let response = nginx.ask(request);
        assert_eq!(response.status, status);
        assert_eq!(
            response.header("Content-Type"),
            Some("application/problem+json")
        );
        let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(body["status"], json!(status));
        response
    };
    let missing = problem(&Request::get("/"), 401);
    assert_eq!(missing.challenge(), "Bearer realm=\"api\"");
    let invalid = problem(&Request::get("/").bearer(&forged()), 401);
    assert!(invalid.challenge().contains("error=\"invalid_token\""));
    let forbidden = problem(&Request::get("/").bearer(&good()), 403);
    assert_eq!(forbidden.header("WWW-Authenticate"), None);
}
