//! `auth_jwt_issuer` and `auth_jwt_trust`: the token's `iss` picks one issuer, with its keys and
//! its policy. Keys come from files here; from the network, see `issuer_fetch`.

use jwt_testkit::{Alg, Key, jwks, now, sign, thumbprint, token};
use nginx_tests::{Check, Config, Features, Nginx, Request, cases, eventually, key};
use serde_json::{Value, json};

const CORP: &str = "https://idp.example.com/realms/corp";
const PARTNER: &str = "https://partner.example";

fn corp() -> Key {
    key()
}

fn partner() -> Key {
    Key::other(key().alg()) // under the same kid
}

/// Claims of a user of an issuer, with one claim set, or removed when it is null.
fn claims(iss: &str, name: &str, value: Value) -> Value {
    let mut claims = json!({"iss": iss, "sub": "ann", "exp": now() + 300, "iat": now()});
    claims[name] = value;
    if claims[name].is_null() {
        claims.as_object_mut().unwrap().remove(name);
    }
    claims
}

fn of_corp(name: &str, value: Value) -> String {
    token(&corp(), &claims(CORP, name, value))
}

fn with_issuers(extra: &str) -> Config {
    Config::new("issuers with local keys")
        .file("corp.json", jwks(&[&corp()]))
        .file("partner.json", jwks(&[&partner()]))
        .http(format!(
            "add_header Status $jwt_status always;
             auth_jwt_issuer corp {{
                 issuer {CORP};
                 issuer idp.example.com;
                 key_file corp.json;
                 {extra}
             }}
             auth_jwt_issuer partner {{ issuer {PARTNER}; key_file partner.json; }}"
        ))
}

/// `/` trusts corp, `/partner` the other, `/both` both.
fn start_with(extra: &str) -> Nginx {
    with_issuers(extra)
        .server(
            "auth_jwt api; auth_jwt_trust corp;
             location / { try_files /ok.txt =500; }
             location /partner { auth_jwt_trust partner; try_files /ok.txt =500; }
             location /both { auth_jwt_trust corp partner; try_files /ok.txt =500; }
             location /user { add_header Subject $jwt_claim_sub; try_files /ok.txt =500; }",
        )
        .start()
}

#[test]
fn the_issuer_of_the_token_picks_the_keys() {
    let nginx = start_with("");
    let ours = token(&corp(), &claims(CORP, "x", json!(1)));
    let theirs = token(&partner(), &claims(PARTNER, "x", json!(1)));
    for (target, ours_there, theirs_there) in [
        ("/", (200, "ok"), (401, "issuer")),
        ("/partner", (401, "issuer"), (200, "ok")),
        ("/both", (200, "ok"), (200, "ok")),
    ] {
        // Twice: a cached token is judged as a new one.
        for _ in 0..2 {
            nginx
                .get_with(target, &ours)
                .assert(ours_there.0, ours_there.1);
            nginx
                .get_with(target, &theirs)
                .assert(theirs_there.0, theirs_there.1);
        }
    }
    let shown = nginx.get_with("/user", &ours);
    assert_eq!(shown.header("Subject"), Some("ann"));
}

#[test]
fn no_issuer_is_verified_with_the_keys_of_another() {
    let nginx = start_with("");
    for (key, iss) in [(partner(), CORP), (corp(), PARTNER)] {
        let forged = token(&key, &claims(iss, "x", json!(1)));
        nginx
            .get_with("/both", &forged)
            .assert(401, "bad_signature");
    }
    let key_of_partner_only = partner().with_kid("only here");
    let forged = token(&key_of_partner_only, &claims(CORP, "x", json!(1)));
    nginx.get_with("/both", &forged).assert(401, "unknown_key");
}

#[test]
fn an_unknown_or_absent_issuer_is_refused() {
    let nginx = start_with("");
    let wrong = [
        json!(null),
        json!(""),
        json!([CORP]),
        json!({"a": CORP}),
        json!(0),
        json!(false),
        json!("https://idp.example.com/realms/corp/"),
        json!("HTTPS://idp.example.com/realms/corp"),
        json!("https://evil.example"),
    ];
    for iss in wrong {
        let response = nginx.get_with("/both", &of_corp("iss", iss.clone()));
        response.assert(401, "issuer");
        let challenge = response.challenge();
        assert!(challenge.contains("invalid_token"), "{iss}: {challenge}");
        assert!(!challenge.contains("example"), "{iss}: {challenge}");
    }
    let alias = of_corp("iss", json!("idp.example.com"));
    nginx.get_with("/both", &alias).assert(200, "ok");
    nginx.get_with("/both", "a.b.c").assert(401, "malformed");
    nginx.get("/both").assert(401, "missing");
}

#[test]
fn an_unknown_issuer_is_logged_escaped_and_bounded() {
    let nginx = start_with("");
    let iss = format!("https://evil.example/\n[forged]{}", "x".repeat(500));
    nginx
        .get_with("/", &of_corp("iss", json!(iss)))
        .assert(401, "issuer");
    let line = nginx.log().wait_for("evil.example", 1);
    assert!(line.contains("\\n[forged]xx"), "{line}");
    assert!(!line.contains(&"x".repeat(100)), "{line}");
}

fn policy(extra: &str, name: &str, value: Value, status: u16, word: &str) {
    let nginx = start_with(extra);
    for _ in 0..2 {
        nginx
            .get_with("/", &of_corp(name, value.clone()))
            .assert(status, word);
    }
}

cases! { policies = policy:
    the_audience_is_one_of_them("audience a b;", "aud", json!(["x", "b"]), 200, "ok");
    another_audience("audience a b;", "aud", json!("c"), 401, "audience");
    no_audience("audience a; audience b;", "aud", json!(null), 401, "audience");
    audience_in_another_claim("audience app; audience_claim client_id;", "client_id", json!("app"), 200, "ok");
    nothing_in_the_other_claim("audience app; audience_claim client_id;", "aud", json!("app"), 401, "audience");
    exp_is_required("", "exp", json!(null), 401, "claim");
    exp_is_not_required_where_something_else_is("require sub;", "exp", json!(null), 200, "ok");
    a_required_claim_is_missing("require exp sub;", "sub", json!(null), 401, "claim");
    a_required_claim_is_there("require exp; require sub;", "x", json!(1), 200, "ok");
    issued_in_the_future("", "iat", json!(now() + 60), 401, "claim");
    issued_at_no_time("", "iat", json!("now"), 401, "claim");
    a_short_life("max_lifetime 10m;", "x", json!(1), 200, "ok");
    a_long_life("max_lifetime 10m;", "exp", json!(now() + 660), 401, "claim");
    an_algorithm_of_the_list("algorithms RS256 ES256;", "x", json!(1), 200, "ok");
    an_algorithm_not_in_the_list("algorithms RS256;", "x", json!(1), 401, "unsupported_alg");
    a_bound_token("", "cnf", json!({"jkt": "x"}), 401, "claim");
    a_bound_token_where_that_is_ignored("cnf ignore;", "cnf", json!({"jkt": "x"}), 200, "ok");
    a_bound_token_without_tls("cnf mtls;", "cnf", json!({"x5t#S256": "x"}), 401, "claim");
    an_unbound_token_where_a_binding_is_asked_for("cnf mtls;", "x", json!(1), 401, "claim");
    expired_within_the_leeway_of_the_issuer("leeway 60s;", "exp", json!(now() - 5), 200, "ok");
    expired_beyond_the_leeway_of_the_issuer("leeway 60s;", "exp", json!(now() - 90), 401, "expired");
    expired("", "exp", json!(now() - 5), 401, "expired");
    not_yet_valid("", "nbf", json!(now() + 60), 401, "not_yet_valid");
}

#[test]
fn the_stricter_leeway_counts() {
    let nginx = with_issuers("leeway 30s;")
        .server(
            "auth_jwt api; auth_jwt_trust corp;
             location /10 { auth_jwt_leeway 10s; try_files /ok.txt =500; }
             location /90 { auth_jwt_leeway 90s; try_files /ok.txt =500; }",
        )
        .start();
    let late = |seconds: u64| of_corp("exp", json!(now() - seconds));
    nginx.get_with("/10", &late(5)).assert(200, "ok");
    nginx.get_with("/10", &late(20)).assert(401, "expired");
    nginx.get_with("/90", &late(20)).assert(200, "ok");
    nginx.get_with("/90", &late(40)).assert(401, "expired");
}

#[test]
fn the_type_of_the_header() {
    let nginx = start_with("type at+jwt;");
    let with_typ = |typ: &str| {
        let header = json!({"alg": "ES256", "kid": corp().kid(), "typ": typ});
        sign(&header, &claims(CORP, "x", json!(1)), &corp())
    };
    for good in ["at+jwt", "application/AT+JWT"] {
        nginx.get_with("/", &with_typ(good)).assert(200, "ok");
    }
    for wrong in ["JWT", "", "at"] {
        nginx.get_with("/", &with_typ(wrong)).assert(401, "claim");
    }
}

#[test]
fn secrets_serve_where_the_list_of_algorithms_says_so() {
    let secret = Key::fixed(Alg::HS256);
    let start = |extra: &str| {
        Config::new("an issuer with a shared secret")
            .file("secret.json", jwks(&[&secret]))
            .server(
                "location / { auth_jwt api; auth_jwt_trust corp; try_files /ok.txt =500;
                     add_header Status $jwt_status always; }",
            )
            .http(format!(
                "auth_jwt_issuer corp {{ issuer {CORP}; key_file secret.json; {extra} }}"
            ))
            .start()
    };
    let signed = token(&secret, &claims(CORP, "x", json!(1)));
    start("")
        .get_with("/", &signed)
        .assert(401, "unsupported_alg");
    start("algorithms HS256;")
        .get_with("/", &signed)
        .assert(200, "ok");
}

#[test]
fn a_changed_key_file_takes_effect() {
    let nginx = start_with("");
    let old = of_corp("x", json!(1));
    nginx.get_with("/", &old).assert(200, "ok");
    let next = Key::other(Alg::ES256).with_kid("next");
    nginx.replace("corp.json", jwks(&[&next]));
    let new = token(&next, &claims(CORP, "x", json!(1)));
    eventually("the new key counts", || {
        nginx.get_with("/", &new).status == 200
    });
    nginx.get_with("/", &old).assert(401, "unknown_key");
}

#[test]
fn a_level_that_names_a_key_source_drops_what_it_would_inherit() {
    let nginx = with_issuers("")
        .file("html/method", "ok")
        .server(
            "auth_jwt api; auth_jwt_trust partner;
             location /trust { auth_jwt_trust corp; try_files /ok.txt =500; }
             location /file { auth_jwt_key_file partner.json; try_files /ok.txt =500;
                 location /file/trust { auth_jwt_trust corp; try_files /ok.txt =500; } }
             location /method { limit_except POST { auth_jwt_trust corp; } }",
        )
        .start();
    let ours = of_corp("x", json!(1));
    let theirs = token(&partner(), &claims(PARTNER, "x", json!(1)));
    let anyones = token(&partner(), &json!({"exp": now() + 60}));
    for target in ["/trust", "/file/trust", "/method"] {
        nginx.get_with(target, &ours).assert(200, "ok");
        nginx.get_with(target, &theirs).assert(401, "issuer");
        nginx.get_with(target, &anyones).assert(401, "issuer");
    }
    nginx.get_with("/file", &anyones).assert(200, "ok");
    nginx.get_with("/file", &theirs).assert(200, "ok");
    nginx.get_with("/file", &ours).assert(401, "bad_signature");
    let post = Request::new("POST", "/method").bearer(&ours);
    assert_eq!(nginx.ask(&post).header("Status"), Some("issuer"));
}

#[test]
fn a_token_of_one_location_does_not_pass_in_another() {
    let nginx = with_issuers("audience a;")
        .file("html/partner/x", "x")
        .server(
            "auth_jwt api;
             location / { auth_jwt_trust corp; try_files /none /partner/x; }
             location /partner/ { auth_jwt_trust partner; }",
        )
        .start();
    let ours = of_corp("aud", json!("a"));
    nginx.get_with("/", &ours).assert(401, "issuer");
}

#[test]
fn a_token_bound_to_the_clients_certificate() {
    Features::get().need("http_ssl");
    let (server, client, other) = (
        Key::fixed(Alg::ES256),
        Key::fixed(Alg::RS256),
        Key::fixed(Alg::ES384),
    );
    let pem = |key: &Key| key.certificate_pem() + &key.private_pem();
    let (client, other) = (pem(&client), pem(&other));
    let nginx = with_issuers("cnf mtls;")
        .file("server.pem", pem(&server))
        .file("client.pem", &client)
        .file("other.pem", &other)
        .http(
            "server { listen 127.0.0.1:@PORT2@ ssl; root @PREFIX@/html;
                 ssl_certificate server.pem; ssl_certificate_key server.pem;
                 ssl_verify_client optional_no_ca;
                 location / { auth_jwt api; auth_jwt_trust corp; try_files /ok.txt =500; } }",
        )
        .start();
    let url = format!("https://127.0.0.1:{}/", nginx.port2());
    let ask = |certificate: Option<&str>, token: &str| {
        let bearer = format!("Authorization: Bearer {token}");
        let file = certificate.map(|name| nginx.conf(name).to_str().unwrap().to_owned());
        let mut arguments = vec!["--insecure", "-H", &bearer, &url];
        if let Some(file) = &file {
            arguments.extend(["--cert", file]);
        }
        nginx.curl(&arguments)
    };
    let bound = of_corp("cnf", json!({"x5t#S256": thumbprint(&client)}));
    ask(Some("client.pem"), &bound).assert(200, "ok");
    ask(Some("other.pem"), &bound).assert(401, "claim");
    ask(None, &bound).assert(401, "claim");
    ask(Some("client.pem"), &of_corp("x", json!(1))).assert(401, "claim");
}

fn check(block: &str, location: &str) -> Check {
    Config::new("issuers for nginx -t")
        .file("jwks.json", jwks(&[&key()]))
        .file("empty.json", "{\"keys\":[]}")
        .http(block)
        .server(format!("location / {{ auth_jwt api;\n{location} }}"))
        .check()
}

/// A whole block but for what `inside` says; in a location, `auth_jwt_trust x`.
fn refused(inside: &str, texts: &[&str]) {
    let block = format!("auth_jwt_issuer x {{ issuer {CORP}; key_file jwks.json;\n{inside}\n}}");
    let check = check(&block, "auth_jwt_trust x;");
    assert!(!check.ok, "accepted: {}", check.text);
    check.assert_line(&[&["[emerg]", "/nginx.conf:"], texts].concat());
}

cases! { refusals = refused:
    unknown_directive("bogus on;", &["\"bogus\" directive is not known in an issuer's block"]);
    a_block_inside("audience { a; }", &["unexpected \"{\""]);
    no_audience_value("audience;", &["\"audience\" directive takes at least one parameter"]);
    an_empty_audience("audience \"\";", &["\"audience\" directive has an empty parameter"]);
    an_audience_twice("audience a b a;", &["\"audience\" directive names \"a\" twice"]);
    an_issuer_twice(&format!("issuer {CORP};"), &["\"issuer\" directive names", "twice"]);
    two_audience_claims("audience_claim a; audience_claim b;", &["\"audience_claim\" directive is duplicate"]);
    an_unknown_algorithm("algorithms RS256 none;", &["\"algorithms\" directive has invalid value \"none\""]);
    two_key_files("key_file jwks.json;", &["\"key_file\" directive is duplicate"]);
    no_time("max_lifetime soon;", &["\"max_lifetime\" directive has invalid value \"soon\""]);
    no_lifetime("max_lifetime 0;", &["\"max_lifetime\" directive has invalid value \"0\""]);
    a_bad_leeway("leeway x;", &["\"leeway\" directive has invalid value \"x\""]);
    a_bad_confirmation("cnf dpop;", &["\"cnf\" directive has invalid value \"dpop\""]);
}

fn refused_outside(block: &str, location: &str, texts: &[&str]) {
    let check = check(block, location);
    assert!(!check.ok, "accepted: {}", check.text);
    check.assert_line(&[&["[emerg]", "/nginx.conf:"], texts].concat());
}

const X: &str = "auth_jwt_issuer x { issuer x; key_file jwks.json; }";

cases! { outer_refusals = refused_outside:
    an_unknown_issuer(X, "auth_jwt_trust x y;", &["\"auth_jwt_trust\" directive names the unknown issuer \"y\""]);
    an_issuer_named_twice(X, "auth_jwt_trust x x;", &["\"auth_jwt_trust\" directive names \"x\" twice"]);
    two_trusts(X, "auth_jwt_trust x; auth_jwt_trust x;", &["\"auth_jwt_trust\" directive is duplicate"]);
    beside_a_key_file(X, "auth_jwt_key_file jwks.json; auth_jwt_trust x;", &["\"auth_jwt_trust\" directive stands beside another key source"]);
    before_a_key_file(X, "auth_jwt_trust x; auth_jwt_key_file jwks.json;", &["\"auth_jwt_key_file\" directive stands beside another key source"]);
    an_issuer_defined_twice(&format!("{X}\n{X}"), "", &["\"auth_jwt_issuer\" directive is duplicate", "nginx.conf:"]);
    no_issuer("auth_jwt_issuer x { key_file jwks.json; }", "", &["\"auth_jwt_issuer\" directive \"x\" has no \"issuer\""]);
    no_usable_key("auth_jwt_issuer x { issuer x; key_file empty.json; }", "", &["\"key_file\" directive", "no usable key"]);
    no_file("auth_jwt_issuer x { issuer x; key_file none.json; }", "", &["\"key_file\" directive", "cannot be read"]);
    one_iss_of_two(&format!("{X}\nauth_jwt_issuer y {{ issuer y; issuer x; key_file jwks.json; }}"), "auth_jwt_trust x y;",
        &["\"auth_jwt_trust\" directive names \"x\" and \"y\", which both take the iss \"x\""]);
}

#[test]
fn trust_may_stand_before_the_issuer() {
    let nginx = Config::new("an issuer defined at the end")
        .file("corp.json", jwks(&[&corp()]))
        .http(format!(
            "server {{ listen 127.0.0.1:@PORT2@; root @PREFIX@/html; }}
             auth_jwt api; auth_jwt_trust corp; add_header Status $jwt_status always;
             auth_jwt_issuer corp {{ issuer {CORP}; key_file corp.json; }}"
        ))
        .server("location / { try_files /ok.txt =500; }")
        .start();
    nginx
        .get_with("/", &of_corp("x", json!(1)))
        .assert(200, "ok");
}
