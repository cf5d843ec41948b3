//! `auth_jwt_revocation_list`, `_sub`, `_kid`: what is revoked is out within a second.

use jwt_testkit::{Key, jwks, sign, token};
use nginx_tests::{Config, Nginx, eventually, good, key, user};
use serde_json::{Value, json};

/// The usual claims, with these on top.
fn claims(more: Value) -> Value {
    let mut claims = user();
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn with(more: Value) -> String {
    token(&key(), &claims(more))
}

fn jti(jti: &str) -> String {
    with(json!({"jti": jti}))
}

/// A location with a list of revoked `jti`.
fn jtis(names: &[&str]) -> Config {
    Config::guarded(
        "a revocation list",
        "auth_jwt_revocation_list revoked.json;",
    )
    .file("revoked.json", json!({"jti": names}).to_string())
}

fn status(nginx: &Nginx, token: &str) -> u16 {
    nginx.get_with("/", token).status
}

#[test]
fn a_revoked_token_is_refused() {
    let nginx = jtis(&["a", "b"]).start();
    let answer = nginx.get_with("/", &jti("a"));
    answer.assert(401, "revoked");
    assert_eq!(
        answer.challenge(),
        "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"the token was revoked\""
    );
    nginx.get_with("/", &jti("c")).assert(200, "ok");
    let lacking = nginx.get_with("/", &good());
    lacking.assert(401, "revoked");
    assert!(lacking.challenge().contains("a required claim is missing"));
    assert_eq!(nginx.get("/").status, 401);
}

/// A revoked token shows none of its claims.
#[test]
fn claims_of_a_revoked_token_are_not_shown() {
    let nginx = Config::guarded(
        "claims of a revoked token",
        "auth_jwt_revocation_list revoked.json; add_header Groups <$jwt_claim_groups> always;",
    )
    .file("revoked.json", r#"{"jti": ["a"]}"#)
    .start();
    assert_eq!(nginx.get_with("/", &jti("a")).header("Groups"), Some("<>"));
    assert_eq!(
        nginx.get_with("/", &jti("b")).header("Groups"),
        Some("<admin,dev>")
    );
}

#[test]
fn a_subject_is_revoked_until_it_logs_in_again() {
    let nginx = Config::guarded(
        "a revoked subject",
        "auth_jwt_revocation_list revoked.json;",
    )
    .file("revoked.json", r#"{"sub": {"alice": 1000}}"#)
    .start();
    let ask = |sub: &str, iat: Value| status(&nginx, &with(json!({"sub": sub, "iat": iat})));
    assert_eq!(ask("alice", json!(999)), 401);
    assert_eq!(ask("alice", json!(1000)), 200);
    assert_eq!(ask("bob", json!(1)), 200);
    assert_eq!(status(&nginx, &with(json!({"sub": "bob"}))), 401);
    assert_eq!(ask("bob", json!("1")), 401);
}

#[test]
fn lists_of_subjects_and_of_kids() {
    let nginx = Config::guarded(
        "the lists of subjects and of kids",
        "auth_jwt_revocation_list_sub subs.json; auth_jwt_revocation_list_kid kids.json;",
    )
    .keys(&[&key(), &key().with_kid("bad")])
    .file("subs.json", r#"{"alice": {"locked_at": "2023"}, "bob": 1}"#)
    .file("kids.json", r#"{"bad": {"reason": "leaked"}}"#)
    .start();
    let ask = |key: &Key, claims: Value| nginx.get_with("/", &token(key, &claims));
    ask(&key(), user()).assert(200, "ok");
    ask(&key(), claims(json!({"sub": "alice"}))).assert(401, "revoked");
    ask(&key(), claims(json!({"sub": "bob"}))).assert(401, "revoked");
    ask(&key().with_kid("bad"), user()).assert(401, "revoked");
    ask(&key(), json!({"exp": user()["exp"]})).assert(401, "revoked");
    let without_kid = sign(&json!({"alg": key().alg().header_name()}), &user(), &key());
    nginx.get_with("/", &without_kid).assert(401, "revoked");
}

/// A token without kid cannot hide the key that signed it.
#[test]
fn the_kid_of_the_verifying_key_counts() {
    let nginx = Config::guarded("a revoked key", "auth_jwt_revocation_list revoked.json;")
        .keys(&[&key().with_kid("k1")])
        .file("revoked.json", r#"{"kid": ["k1"]}"#)
        .start();
    let without_kid = sign(&json!({"alg": key().alg().header_name()}), &user(), &key());
    nginx.get_with("/", &without_kid).assert(401, "revoked");
    nginx.replace("revoked.json", r#"{"kid": ["k2"]}"#);
    eventually("the key is back", || status(&nginx, &without_kid) == 200);
}

#[test]
fn a_change_is_seen() {
    let nginx = jtis(&["a"]).start();
    let [a, b] = [jti("a"), jti("b")];
    assert_eq!((status(&nginx, &a), status(&nginx, &b)), (401, 200));
    // Asked before, and so in the cache of verified tokens.
    assert_eq!(status(&nginx, &b), 200);
    nginx.replace("revoked.json", r#"{"jti": ["b"]}"#);
    eventually("b is revoked", || status(&nginx, &b) == 401);
    assert_eq!(status(&nginx, &a), 200);
    nginx.overwrite("revoked.json", r#"{"jti": ["a", "b"]}"#);
    eventually("a is revoked", || status(&nginx, &a) == 401);
    assert_eq!(status(&nginx, &b), 401);
}

#[test]
fn a_broken_list_keeps_the_old_one() {
    let nginx = jtis(&["private-jti-of-alice"]).start();
    let bad = jti("private-jti-of-alice");
    let mut seen = 0;
    for broken in [
        r#"{"jti": ["private-jti-of-alice""#,
        r#"{"jtis": ["private-jti-of-alice"]}"#,
        r#"{"jti": "private-jti-of-alice"}"#,
        "",
    ] {
        nginx.replace("revoked.json", broken);
        seen += 1;
        let line = nginx
            .log()
            .wait_for("the list loaded before stays in force", seen);
        assert!(
            line.contains("revoked.json") && line.contains(" at line "),
            "{line}"
        );
        assert!(!line.contains("private-jti"), "{line}");
        assert_eq!(
            (status(&nginx, &bad), status(&nginx, &jti("x"))),
            (401, 200)
        );
    }
    std::fs::remove_file(nginx.conf("revoked.json")).unwrap();
    nginx
        .log()
        .wait_for("the list loaded before stays in force", seen + 1);
    assert_eq!(status(&nginx, &bad), 401);
    nginx.replace("revoked.json", "{}");
    eventually("nothing is revoked", || status(&nginx, &bad) == 200);
    // Once per change.
    let lines = nginx.log().matching("stays in force").len();
    assert_eq!(lines, seen + 1);
    assert_eq!(
        nginx
            .log()
            .matching("revoked.json\" reloaded: 0 entries")
            .len(),
        1
    );
}

/// A list that a helper thread parses is taken over whole.
#[test]
fn a_large_list_is_taken_over_whole() {
    const MANY: usize = 200_000;
    let nginx = jtis(&["a"]).start();
    let names: Vec<String> = (0..MANY).map(|n| format!("id-{n}")).collect();
    nginx.replace("revoked.json", json!({"jti": names}).to_string());
    let [first, last] = [jti("id-0"), jti(&format!("id-{}", MANY - 1))];
    eventually("the large list counts", || status(&nginx, &last) == 401);
    assert_eq!(status(&nginx, &first), 401);
    assert_eq!(status(&nginx, &jti("a")), 200);
    nginx
        .log()
        .wait_for(&format!("reloaded: {MANY} entries"), 1);
    nginx.replace("revoked.json", r#"{"jti": []}"#);
    eventually("the small list counts", || status(&nginx, &last) == 200);
}

#[test]
fn lists_of_all_levels_hold() {
    let list = |name: &str| json!({"jti": [name]}).to_string();
    let nginx = Config::new("revocation lists at three levels")
        .keys(&[&key()])
        .file("h.json", list("h"))
        .file("s.json", list("s"))
        .file("l1.json", list("l1"))
        .file("l2.json", list("l2"))
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_revocation_list h.json;")
        .server(
            "auth_jwt_revocation_list s.json;
             location /in { auth_jwt_revocation_list l1.json; auth_jwt_revocation_list l2.json; try_files /ok.txt =500; }
             location /afresh { auth_jwt_require_inherit off; auth_jwt_revocation_list l1.json; try_files /ok.txt =500; }",
        )
        .start();
    let revoked = |target: &str| {
        ["h", "s", "l1", "l2", "x"].map(|name| nginx.get_with(target, &jti(name)).status == 401)
    };
    assert_eq!(revoked("/ok.txt"), [true, true, false, false, false]);
    assert_eq!(revoked("/in"), [true, true, true, true, false]);
    assert_eq!(revoked("/afresh"), [false, false, true, false, false]);
}

/// One file under two names of directives is two lists.
#[test]
fn the_directive_says_what_a_file_is() {
    let nginx = Config::new("one file, two kinds")
        .keys(&[&key()])
        .file("names.json", r#"{"alice": 0, "k1": 0}"#)
        .server(
            "auth_jwt a; auth_jwt_key_file jwks.json;
             location /sub { auth_jwt_revocation_list_sub names.json; try_files /ok.txt =500; }
             location /kid { auth_jwt_revocation_list_kid names.json; try_files /ok.txt =500; }",
        )
        .start();
    let alice = with(json!({"sub": "alice"}));
    assert_eq!(nginx.get_with("/sub", &alice).status, 401);
    assert_eq!(nginx.get_with("/kid", &alice).status, 200);
}

#[test]
fn a_reload_keeps_what_is_revoked() {
    let mut nginx = jtis(&["a"]).start();
    assert_eq!(status(&nginx, &jti("a")), 401);
    nginx.replace("jwks.json", jwks(&[&key()]));
    nginx.reload();
    assert_eq!(
        (status(&nginx, &jti("a")), status(&nginx, &jti("b"))),
        (401, 200)
    );
}
