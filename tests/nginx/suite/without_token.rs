//! Who passes without a token: absent, malformed, of another issuer, expired and good tokens, in plain
//! requests and in preflights, where tokens are optional, where preflights pass, and where both are so.

use nginx_tests::{Config, Request, cases, key, user_with, with_claims};
use serde_json::json;

/// Whether the location says `auth_jwt_optional on`, and `auth_jwt_preflight on`.
#[derive(Clone, Copy)]
struct Mode {
    optional: bool,
    preflight: bool,
}

/// What a client has for a token.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sent {
    Absent,
    Malformed,
    OtherIssuer,
    Expired,
    Good,
}

const ALL: [Sent; 5] = [
    Sent::Absent,
    Sent::Malformed,
    Sent::OtherIssuer,
    Sent::Expired,
    Sent::Good,
];

impl Sent {
    fn token(self) -> Option<String> {
        let mut claims = user_with("iss", json!("https://idp.example.com"));
        match self {
            Sent::Absent => return None,
            Sent::Malformed => return Some("x.y.z".to_owned()),
            Sent::OtherIssuer => claims["iss"] = json!("https://other.example.com"),
            Sent::Expired => claims["exp"] = json!(jwt_testkit::now() - 1),
            Sent::Good => {}
        }
        Some(with_claims(&claims))
    }

    /// The word of `$jwt_status` where a token is looked at.
    fn word(self) -> &'static str {
        match self {
            Sent::Absent => "missing",
            Sent::Malformed => "malformed",
            Sent::OtherIssuer => "issuer",
            Sent::Expired => "expired",
            Sent::Good => "ok",
        }
    }
}

/// `in_header`: the token comes in the Authorization header, else in a cookie, which a preflight may have.
fn matrix(mode: Mode, extra: &str, in_header: bool) {
    let switch = |on: bool| if on { "on" } else { "off" };
    let source = if in_header { "" } else { "token=$cookie_jwt" };
    let nginx = Config::new("who passes without a token")
        .keys(&[&key()])
        .http("auth_jwt_issuer idp { issuer https://idp.example.com; key_file jwks.json; }")
        .server(format!(
            "location / {{ auth_jwt api {source}; auth_jwt_trust idp; {extra}
                           auth_jwt_optional {}; auth_jwt_preflight {};
                           add_header Status $jwt_status always; add_header Sub <$jwt_claim_sub> always;
                           try_files /ok.txt =500; }}",
            switch(mode.optional),
            switch(mode.preflight),
        ))
        .start();
    for (is_preflight, sent) in ALL
        .map(|sent| (false, sent))
        .into_iter()
        .chain(ALL.map(|sent| (true, sent)))
    {
        // A static file answers OPTIONS with 405: whoever gets that was let through.
        let (mut request, passed) = match is_preflight {
            false => (Request::get("/"), 200),
            true => (
                Request::new("OPTIONS", "/")
                    .header("Origin", "https://app.example.com")
                    .header("Access-Control-Request-Method", "PUT"),
                405,
            ),
        };
        if let Some(token) = sent.token() {
            request = match in_header {
                true => request.bearer(&token),
                false => request.header("Cookie", &format!("jwt={token}")),
            };
        }
        let passes_as_preflight =
            mode.preflight && is_preflight && (sent == Sent::Absent || !in_header);
        let (status, word) = match sent {
            _ if passes_as_preflight => (passed, "preflight"),
            Sent::Good => (passed, "ok"),
            Sent::Absent if mode.optional => (passed, "missing"),
            sent => (401, sent.word()),
        };
        let response = nginx.ask(&request);
        response.assert(status, word);
        let is_refused = !response.all("WWW-Authenticate").is_empty();
        assert_eq!(is_refused, status == 401, "{is_preflight} {sent:?}");
        let shows_claims = response.header("Sub") != Some("<>");
        assert_eq!(shows_claims, word == "ok", "{is_preflight} {sent:?}");
    }
}

fn all_modes(extra: &str, in_header: bool) {
    for (optional, preflight) in [(false, false), (true, false), (false, true), (true, true)] {
        let mode = Mode {
            optional,
            preflight,
        };
        matrix(mode, extra, in_header);
    }
}

cases! { modes = all_modes:
    access("", true);
    access_by_cookie("", false);
    preaccess("auth_jwt_phase preaccess;", true);
    preaccess_by_cookie("auth_jwt_phase preaccess;", false);
    satisfy_any("satisfy any;", true);
    satisfy_any_by_cookie("satisfy any;", false);
}
