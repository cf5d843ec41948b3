//! `auth_jwt_token_cache` and `$jwt_cache_status`: what is remembered, for whom, and how long.

use jwt_testkit::{Alg, Key, b64, hostile, jwks, now, sign_raw, token, unb64};
use nginx_tests::{
    Config, Nginx, Request, Response, cases, eventually, good, key, user, with_claims,
};
use serde_json::json;

/// A guarded location that tells `$jwt_cache_status`.
fn guarded(http: &str, extra: &str) -> Config {
    Config::guarded(
        "the token cache",
        &format!("add_header Cache <$jwt_cache_status> always; {extra}"),
    )
    .http(http)
}

fn cache(response: &Response) -> &str {
    response.header("Cache").unwrap_or("none")
}

/// Status, `$jwt_status` and `$jwt_cache_status` of a request.
fn ask(nginx: &Nginx, target: &str, token: &str) -> (u16, String, String) {
    let response = nginx.get_with(target, token);
    let text = |name| response.header(name).unwrap_or_default().to_owned();
    (response.status, text("Status"), text("Cache"))
}

fn expect(nginx: &Nginx, target: &str, token: &str, expected: (u16, &str, &str)) {
    let (status, word, cache) = ask(nginx, target, token);
    assert_eq!(
        (status, word.as_str(), cache.as_str()),
        expected,
        "{target}"
    );
}

const MISS: (u16, &str, &str) = (200, "ok", "<MISS>");
const HIT: (u16, &str, &str) = (200, "ok", "<HIT>");
const BYPASS: (u16, &str, &str) = (200, "ok", "<BYPASS>");

/// The same token again, for every algorithm and form of token that is kept.
fn kept(alg: Alg) {
    let key = Key::fixed(alg);
    let nginx = guarded("", "").keys(&[&key]).start();
    let token = token(&key, &user());
    expect(&nginx, "/", &token, MISS);
    expect(&nginx, "/", &token, HIT);
    expect(&nginx, "/", &token, HIT);
}

cases! { second_time = kept:
    hs256(Alg::HS256);
    rs256(Alg::RS256);
    ps512(Alg::PS512);
    es256(Alg::ES256);
    es512(Alg::ES512);
    es256k(Alg::ES256K);
    ed25519(Alg::Ed25519);
    ed448(Alg::Ed448);
}

/// What is never kept.
fn bypassed(http: &str, extra: &str, token: &str, expected: (u16, &str, &str)) {
    let nginx = guarded(http, extra).start();
    expect(&nginx, "/", token, expected);
    expect(&nginx, "/", token, expected);
}

fn long(bytes: usize) -> String {
    with_claims(&json!({"sub": "a", "filler": "x".repeat(bytes)}))
}

const BUFFERS: &str = "large_client_header_buffers 4 32k;";

cases! { not_kept = bypassed:
    off("auth_jwt_token_cache off;", "", &good(), BYPASS);
    no_signature_check("", "auth_jwt_validate_sig off;", &good(), (200, "unverified", "<BYPASS>"));
    longer_than_8_kib(BUFFERS, "", &long(7000), BYPASS);
    refused_signature("", "", &token(&Key::other(Alg::ES256), &user()), (401, "bad_signature", "<MISS>"));
    malformed("", "", "x", (401, "malformed", "<MISS>"));
    expired_within_leeway("", "auth_jwt_leeway 1h;", &with_claims(&json!({"exp": now() - 60})), MISS);
    exp_not_looked_at("", "auth_jwt_validate_exp off;", &with_claims(&json!({"exp": 1})), MISS);
}

#[test]
fn just_below_8_kib_is_kept() {
    let nginx = guarded(BUFFERS, "").start();
    let token = long(5800);
    assert!((7800..8192).contains(&token.len()), "{}", token.len());
    expect(&nginx, "/", &token, MISS);
    expect(&nginx, "/", &token, HIT);
}

#[test]
fn without_a_token_there_is_no_status() {
    let nginx = guarded("", "").server("location /off { add_header Cache <$jwt_cache_status> always; try_files /ok.txt =500; }").start();
    assert_eq!(cache(&nginx.get("/")), "<>");
    assert_eq!(
        cache(&nginx.ask(&Request::get("/").header("Authorization", "Bearer a b"))),
        "<>"
    );
    assert_eq!(cache(&nginx.get_with("/off", &good())), "<>");
}

#[test]
fn several_words_after_bearer_stay_malformed() {
    let nginx = guarded("", "").start();
    let token = good();
    expect(&nginx, "/", &token, MISS);
    for value in [
        format!("Bearer {token} x"),
        format!("Bearer x {token}"),
        format!("Bearer {token}\tx"),
    ] {
        let response = nginx.ask(&Request::get("/").header("Authorization", &value));
        response.assert(400, "malformed");
    }
    let spaced = Request::get("/").header("Authorization", &format!("bEARER    {token}"));
    assert_eq!(cache(&nginx.ask(&spaced)), "<HIT>");
}

/// One token, kept by one location, presented to another that is stricter.
fn elsewhere(strict: &str, expected: (u16, &str, &str)) {
    let nginx = guarded("", "")
        .file("other.json", jwks(&[&Key::other(Alg::ES256)]))
        .file("copy.json", jwks(&[&key()]))
        .server(format!(
            "location /strict {{ add_header Cache <$jwt_cache_status> always;
             add_header Status $jwt_status always; try_files /ok.txt =500; {strict} }}"
        ))
        .start();
    let token = with_claims(&json!({"sub": "ann", "exp": now() + 300}));
    for _ in 0..3 {
        ask(&nginx, "/", &token);
        expect(&nginx, "/", &token, HIT);
        expect(&nginx, "/strict", &token, expected);
    }
}

cases! { another_policy = elsewhere:
    other_keys("auth_jwt b; auth_jwt_key_file other.json;", (401, "bad_signature", "<MISS>"));
    more_keys("auth_jwt b; auth_jwt_key_file other.json; auth_jwt_key_file other.json optional;", (401, "bad_signature", "<MISS>"));
    no_keys("auth_jwt b; auth_jwt_key_file none.json optional;", (500, "key_unavailable", "<MISS>"));
    requirement("auth_jwt b; auth_jwt_key_file jwks.json; auth_jwt_require $jwt_claim_none error=403;", (403, "claim", "<HIT>"));
    size("auth_jwt b; auth_jwt_key_file jwks.json; auth_jwt_max_token_size 100;", (401, "malformed", "<MISS>"));
    size_and_key_files("auth_jwt b; auth_jwt_key_file none.json optional; auth_jwt_max_token_size 100;", (500, "key_unavailable", "<MISS>"));
    source("auth_jwt b token=$cookie_t; auth_jwt_key_file jwks.json;", (401, "missing", "<>"));
}

#[test]
fn each_host_keeps_its_own_time_rules() {
    let nginx = guarded("", "auth_jwt_validate_exp off;")
        .server("location /strict { auth_jwt b; auth_jwt_key_file jwks.json; add_header Cache <$jwt_cache_status> always;
             add_header Status $jwt_status always; try_files /ok.txt =500; }
             location /lax { auth_jwt b; auth_jwt_key_file jwks.json; auth_jwt_leeway 1h; add_header Cache <$jwt_cache_status> always;
             add_header Status $jwt_status always; try_files /ok.txt =500; }")
        .start();
    let early = with_claims(&json!({"nbf": now() + 60, "exp": now() + 300}));
    expect(&nginx, "/lax", &early, MISS);
    expect(&nginx, "/lax", &early, HIT);
    expect(&nginx, "/strict", &early, (401, "not_yet_valid", "<HIT>"));
    expect(&nginx, "/lax", &early, HIT);

    let late = with_claims(&json!({"exp": now() - 60}));
    for _ in 0..2 {
        expect(&nginx, "/lax", &late, MISS);
        expect(&nginx, "/", &late, MISS);
        expect(&nginx, "/strict", &late, (401, "expired", "<MISS>"));
    }
}

#[test]
fn the_same_keys_in_other_locations_share_an_entry() {
    let nginx = guarded("", "")
        .server("location /b { auth_jwt b; auth_jwt_key_file jwks.json; auth_jwt_leeway 60s; add_header Cache <$jwt_cache_status> always;
             add_header Status $jwt_status always; try_files /ok.txt =500; }")
        .start();
    let token = good();
    expect(&nginx, "/", &token, MISS);
    expect(&nginx, "/b", &token, HIT);
}

#[test]
fn it_goes_at_exp() {
    let nginx = guarded("", "").start();
    let exp = now() + 3;
    let token = with_claims(&json!({"exp": exp}));
    expect(&nginx, "/", &token, MISS);
    expect(&nginx, "/", &token, HIT);
    eventually("the token expires", || {
        let (status, word, _) = ask(&nginx, "/", &token);
        assert!(status == 200 || now() >= exp, "refused too early");
        assert!(status == 401 || now() <= exp + 1, "accepted too long");
        (status, word.as_str()) == (401, "expired")
    });
    expect(&nginx, "/", &token, (401, "expired", "<MISS>"));
}

#[test]
fn a_removed_key_ends_what_it_verified() {
    let nginx = guarded("", "").start();
    let token = good();
    expect(&nginx, "/", &token, MISS);
    expect(&nginx, "/", &token, HIT);
    nginx.replace("jwks.json", jwks(&[&Key::other(Alg::ES256)]));
    eventually("the new set is in force", || {
        nginx.get_with("/", &token).status == 401
    });
    expect(&nginx, "/", &token, (401, "bad_signature", "<MISS>"));
    nginx.replace("jwks.json", jwks(&[&key(), &Key::other(Alg::ES256)]));
    eventually("the key is back", || {
        nginx.get_with("/", &token).status == 200
    });
    expect(&nginx, "/", &token, HIT);
}

#[test]
fn a_broken_key_file_leaves_it_as_it_is() {
    let nginx = guarded("", "").expect_log("cannot be used").start();
    let token = good();
    expect(&nginx, "/", &token, MISS);
    nginx.replace("jwks.json", "{");
    nginx
        .log()
        .wait_for("the keys loaded before stay in force", 1);
    expect(&nginx, "/", &token, HIT);
}

#[test]
fn a_reload_starts_afresh() {
    let mut nginx = guarded("", "").start();
    let token = good();
    expect(&nginx, "/", &token, MISS);
    expect(&nginx, "/", &token, HIT);
    nginx.reload();
    expect(&nginx, "/", &token, MISS);
    expect(&nginx, "/", &token, HIT);
}

#[test]
fn the_least_recently_used_goes_first() {
    let nginx = guarded("auth_jwt_token_cache max=2;", "").start();
    let [a, b, c] = ["a", "b", "c"].map(|sub| with_claims(&json!({"sub": sub})));
    for (token, expected) in [
        (&a, MISS),
        (&b, MISS),
        (&a, HIT),
        (&c, MISS), // b goes
        (&a, HIT),
        (&c, HIT),
        (&b, MISS), // a goes
        (&c, HIT),
        (&a, MISS), // b goes
        (&c, HIT),
        (&a, HIT),
        (&b, MISS),
    ] {
        expect(&nginx, "/", token, expected);
    }
}

#[test]
fn what_is_not_used_goes() {
    let nginx = guarded("auth_jwt_token_cache max=10 inactive=1s;", "").start();
    let (token, other) = (
        with_claims(&json!({"sub": "a"})),
        with_claims(&json!({"sub": "b"})),
    );
    expect(&nginx, "/", &token, MISS);
    let then = now();
    eventually("two seconds pass", || now() >= then + 2);
    expect(&nginx, "/", &other, MISS);
    expect(&nginx, "/", &token, MISS);
}

/// The order of P-256 (SEC 2 2.4.2), big-endian.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// Of an ECDSA signature (r, s) also (r, n - s) is valid: the same claims in another token.
#[test]
fn the_twin_of_an_ecdsa_signature_is_another_token() {
    let nginx = guarded("", "").start();
    let token = good();
    let signature = hostile::signature(&token);
    let (r, s) = signature.split_at(32);
    let order: Vec<u8> = (0..32)
        .map(|i| u8::from_str_radix(&ORDER[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    let mut twin_s = vec![0; 32];
    let mut borrow = 0;
    for i in (0..32).rev() {
        let difference = i16::from(order[i]) - i16::from(s[i]) - borrow;
        borrow = i16::from(difference < 0);
        twin_s[i] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let twin = hostile::with_signature(&token, [r, &twin_s].concat());
    assert_ne!(twin, token);
    for (token, expected) in [(&token, MISS), (&twin, MISS), (&token, HIT), (&twin, HIT)] {
        expect(&nginx, "/", token, expected);
    }
}

/// With an entry in place, what differs from it in one byte anywhere is judged for itself.
#[test]
fn one_byte_makes_another_token() {
    let nginx = guarded("", "").start();
    let mut connection = nginx.connect();
    let token = good();
    expect(&nginx, "/", &token, MISS);
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let request = Request::get("/").bearer(&String::from_utf8(changed).unwrap());
        let response = connection.ask(&request);
        assert_eq!(
            (response.status, cache(&response)),
            (401, "<MISS>"),
            "byte {at}"
        );
    }
    expect(&nginx, "/", &token, HIT);
    // The decoded bytes are the same, the spelling is not.
    let (input, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(b64(unb64(signature).unwrap()), signature);
    expect(
        &nginx,
        "/",
        &format!("{input}.{signature}="),
        (401, "malformed", "<MISS>"),
    );
}

/// Reads before the access phase and reads after it agree, and an internal redirect finds it again.
#[test]
fn reads_and_redirects_see_what_was_found() {
    let nginx = guarded("", "")
        .server("location /early { set $early $jwt_cache_status; auth_jwt b; auth_jwt_key_file jwks.json;
             add_header Early <$early> always; add_header Cache <$jwt_cache_status> always; try_files /ok.txt =500; }
             location /way { auth_jwt b; auth_jwt_key_file jwks.json; try_files /none /; }")
        .start();
    let token = good();
    let response = nginx.get_with("/early", &token);
    assert_eq!(
        (cache(&response), response.header("Early")),
        ("<MISS>", Some("<MISS>"))
    );
    let response = nginx.get_with("/early", &token);
    assert_eq!(
        (cache(&response), response.header("Early")),
        ("<HIT>", Some("<HIT>"))
    );
    expect(&nginx, "/way", &token, HIT);
    let nginx = guarded("auth_jwt_token_cache off;", "")
        .server("location /way { auth_jwt b; auth_jwt_key_file jwks.json; try_files /none /; }")
        .start();
    expect(&nginx, "/way", &token, BYPASS);
}

/// Issuers that share a name and a key file, but not their rules.
#[test]
fn an_issuer_finds_what_was_verified_by_its_own_rules() {
    let location = |name: &str| {
        format!(
            "location /{name} {{ auth_jwt a; auth_jwt_trust {name}; add_header Status $jwt_status always;
             add_header Cache <$jwt_cache_status> always; try_files /ok.txt =500; }}"
        )
    };
    let names = ["corp", "same", "strict", "short", "other"];
    let nginx = guarded(
        "auth_jwt_issuer corp { issuer https://a.test; key_file jwks.json; }
         auth_jwt_issuer same { issuer https://a.test; key_file jwks.json; require sub; }
         auth_jwt_issuer strict { issuer https://a.test; key_file jwks.json; algorithms RS256; }
         auth_jwt_issuer short { issuer https://a.test; key_file jwks.json; max_lifetime 10s; }
         auth_jwt_issuer other { issuer https://b.test; key_file jwks.json; }",
        "",
    )
    .server(names.map(location).concat())
    .server(
        location("corp")
            .replace("/corp", "/both")
            .replace("trust corp", "trust corp other"),
    )
    .start();
    let claims = json!({"iss": "https://a.test", "sub": "a", "iat": now(), "exp": now() + 300});
    let token = with_claims(&claims);
    expect(&nginx, "/corp", &token, MISS);
    for _ in 0..2 {
        expect(&nginx, "/corp", &token, HIT);
        expect(&nginx, "/both", &token, HIT);
        expect(&nginx, "/same", &token, HIT);
        expect(
            &nginx,
            "/strict",
            &token,
            (401, "unsupported_alg", "<MISS>"),
        );
        expect(&nginx, "/short", &token, (401, "claim", "<HIT>"));
        expect(&nginx, "/other", &token, (401, "issuer", "<MISS>"));
    }
    nginx.replace("jwks.json", jwks(&[&Key::other(Alg::ES256)]));
    eventually("the new set is in force", || {
        nginx.get_with("/corp", &token).status == 401
    });
    expect(&nginx, "/corp", &token, (401, "bad_signature", "<MISS>"));
}

/// Distinct tokens without end: each takes at most four times its length, and a full cache no more
/// than it has.
#[test]
fn a_hundred_thousand_tokens_take_no_more_room_than_ten_thousand() {
    let key = Key::fixed(Alg::HS256);
    let nginx = guarded(
        "keepalive_requests 200000; auth_jwt_token_cache max=10000;",
        "",
    )
    .keys(&[&key])
    .start();
    let mut connection = nginx.connect();
    let mut bytes = 0;
    let mut flood = |range: std::ops::Range<u32>| {
        for n in range.step_by(100) {
            let tokens: Vec<String> = (n..n + 100).map(|n| access_token(&key, n)).collect();
            let requests = tokens.iter().map(|t| Request::get("/").bearer(t).bytes());
            connection.send(&requests.collect::<Vec<_>>().concat());
            for token in &tokens {
                let response = connection.receive(false);
                assert_eq!((response.status, cache(&response)), (200, "<MISS>"));
                bytes += token.len() as u64;
            }
        }
        (bytes, nginx.heap(nginx.worker()))
    };
    let (_, before) = flood(0..100);
    let (bytes, full) = flood(100..10_000);
    assert!(full - before < 4 * bytes, "{before} to {full} for {bytes}");
    let (_, later) = flood(10_000..100_000);
    assert!(later.saturating_sub(full) < 1 << 20, "{full} to {later}");
}

/// What a common identity provider writes into an access token.
fn access_token(key: &Key, user: u32) -> String {
    let claims = format!(
        r#"{{"iss":"https://idp.example.com/realms/corp","sub":"f1a2b3c4-5d6e-7f80-91a2-{user:012x}",
        "aud":["https://api.example.com","account"],"exp":4000000000,"iat":1800000000,"jti":"{user:032x}","azp":"web-frontend",
        "scope":"openid profile email orders:read","groups":["admin","staff"],"preferred_username":"alice","email_verified":true}}"#
    );
    sign_raw(r#"{"alg":"HS256","typ":"JWT","kid":"HS256"}"#, claims, key)
}
