//! `$jwt_*`: what they show, and that nothing raw passes through them.

use jwt_testkit::{now, sign, sign_raw};
use nginx_tests::{Config, Request, Response, cases, good, key, user, with_claims};
use serde_json::{Value, json};

/// A location whose answers show the variables in headers: `<value>`, `<>` when not found.
pub(crate) fn showing(variables: &[&str]) -> Config {
    let headers: String = variables
        .iter()
        .map(|name| {
            format!(
                "add_header Show-{} <${name}> always;\n",
                name.replace('_', "-")
            )
        })
        .collect();
    Config::guarded("variables in response headers", &headers)
}

pub(crate) fn shown<'a>(response: &'a Response, variable: &str) -> &'a str {
    let name = format!("Show-{}", variable.replace('_', "-"));
    response.header(&name).unwrap_or("no header")
}

/// The claim `x` of this JSON, as `$jwt_claim_x` shows it.
fn claim(json: &str, expected: &str) {
    let nginx = showing(&["jwt_claim_x"]).start();
    let token = sign_raw(r#"{"alg":"ES256"}"#, format!("{{\"x\":{json}}}"), &key());
    let response = nginx.get_with("/", &token);
    response.assert(200, "ok");
    assert_eq!(shown(&response, "jwt_claim_x"), format!("<{expected}>"));
}

cases! { claim_values = claim:
    text("\"a b\"", "a b");
    empty_text("\"\"", "");
    text_with_escapes(r#""a\"b\\c""#, "a\"b\\c");
    text_beyond_ascii("\"\u{e4}\u{1f600}\"", "\u{e4}\u{1f600}");
    an_integer("42", "42");
    a_negative_integer("-42", "-42");
    zero("0", "0");
    the_largest_integer("18446744073709551615", "18446744073709551615");
    the_smallest_integer("-9223372036854775808", "-9223372036854775808");
    a_fraction("1.5", "1.5");
    yes("true", "true");
    no("false", "false");
    null("null", "");
    an_array_of_texts(r#"["a","b c"]"#, "a,b c");
    an_empty_array("[]", "");
    an_array_of_one(r#"["a"]"#, "a");
    an_array_of_many_kinds(r#"["a",1,true]"#, "a,1,true");
    an_array_with_a_comma_inside(r#"["a,b","c"]"#, "a,b,c");
    an_object(r#"{"b":1}"#, r#"{"b":1}"#);
    an_empty_object("{}", "{}");
    a_line_end(r#""a\r\nX-Evil: yes""#, "");
    a_line_feed(r#""a\nb""#, "");
    a_nul_byte(r#""a\u0000b""#, "");
    a_tab(r#""a\tb""#, "");
    a_del(r#""a\u007fb""#, "");
    a_line_end_in_an_array(r#"["a","b\r\nc"]"#, "");
}

#[test]
fn a_line_end_in_an_object_is_escaped() {
    let nginx = showing(&["jwt_claim_x"]).start();
    let response = nginx.get_with("/", &with_claims(&json!({"x": {"a": "b\r\nc"}})));
    let shown = shown(&response, "jwt_claim_x").trim_matches(['<', '>']);
    let json: Value = serde_json::from_str(shown).unwrap();
    assert_eq!(json, json!({"a": "b\r\nc"}));
}

#[test]
fn an_absent_claim_is_not_found() {
    let nginx = showing(&["jwt_claim_none"]).start();
    assert_eq!(shown(&nginx.get_with("/", &good()), "jwt_claim_none"), "<>");
}

#[test]
fn names_are_lower_case_only() {
    let nginx = showing(&["jwt_claim_Sub"]).start();
    let response = nginx.get_with("/", &with_claims(&json!({"Sub": "upper", "sub": "lower"})));
    assert_eq!(shown(&response, "jwt_claim_Sub"), "<lower>");
}

#[test]
fn header_parameters_are_shown() {
    let variables = [
        "jwt_header_alg",
        "jwt_header_kid",
        "jwt_header_typ",
        "jwt_header_x",
        "jwt_header_none",
    ];
    let nginx = showing(&variables).start();
    let header = json!({"alg": "ES256", "kid": "ES256", "typ": "at+jwt", "x": ["a", 1]});
    let response = nginx.get_with("/", &sign(&header, &user(), &key()));
    let values = variables.map(|name| shown(&response, name).to_owned());
    assert_eq!(values, ["<ES256>", "<ES256>", "<at+jwt>", "<a,1>", "<>"]);
}

#[test]
fn a_header_parameter_with_a_line_end_is_not_found() {
    let nginx = showing(&["jwt_header_x"]).start();
    let header = json!({"alg": "ES256", "x": "a\r\nX-Evil: yes"});
    let response = nginx.get_with("/", &sign(&header, &user(), &key()));
    assert_eq!(
        (response.status, shown(&response, "jwt_header_x")),
        (200, "<>")
    );
}

/// `auth_jwt_claim_set $v path` and what it shows of the claims.
fn claim_set(path: &str, claims: Value, expected: &str) {
    let nginx = showing(&["v"])
        .http(format!("auth_jwt_claim_set $v {path};"))
        .start();
    let response = nginx.get_with("/", &with_claims(&claims));
    assert_eq!(shown(&response, "v"), format!("<{expected}>"));
}

cases! { claim_sets = claim_set:
    a_plain_name("sub", json!({"sub": "a"}), "a");
    a_name_in_upper_case("Sub", json!({"Sub": "a", "sub": "b"}), "a");
    a_name_with_a_dot("https://x.test/roles", json!({"https://x.test/roles": "a"}), "a");
    a_name_with_a_space("'a b'", json!({"a b": "c"}), "c");
    a_path_of_two("address city", json!({"address": {"city": "x"}}), "x");
    a_path_of_three("a b c", json!({"a": {"b": {"c": [1, 2]}}}), "1,2");
    a_path_to_an_object("a b", json!({"a": {"b": {"c": 1}}}), "{\"c\":1}");
    a_path_through_a_text("a b", json!({"a": "b"}), "");
    a_path_through_an_array("a b", json!({"a": [{"b": 1}]}), "");
    a_path_that_ends_early("a b", json!({"a": {}}), "");
    a_path_to_null("a b", json!({"a": {"b": null}}), "");
    an_absent_name("a", json!({}), "");
    a_value_with_a_line_end("a", json!({"a": "x\ny"}), "");
}

#[test]
fn claim_set_may_define_a_claim_variable() {
    let nginx = showing(&["jwt_claim_user", "jwt_claim_sub"])
        .http("auth_jwt_claim_set $jwt_claim_user https://x.test/user name;")
        .start();
    let claims = json!({"sub": "s", "user": "wrong", "https://x.test/user": {"name": "right"}});
    let response = nginx.get_with("/", &with_claims(&claims));
    assert_eq!(shown(&response, "jwt_claim_user"), "<right>");
    assert_eq!(shown(&response, "jwt_claim_sub"), "<s>");
}

#[test]
fn header_set_reads_the_header() {
    let nginx = showing(&["v", "w", "jwt_header_y"])
        .http("auth_jwt_header_set $v x5t#S256; auth_jwt_header_set $w a b;")
        .http("auth_jwt_header_set $jwt_header_y Y;")
        .start();
    let header =
        json!({"alg": "ES256", "x5t#S256": "t", "a": {"b": ["c", "d"]}, "Y": "y", "sub": "no"});
    let response = nginx.get_with("/", &sign(&header, &user(), &key()));
    assert_eq!(
        ["v", "w", "jwt_header_y"].map(|v| shown(&response, v)),
        ["<t>", "<c,d>", "<y>"]
    );
}

#[test]
fn the_payload_is_as_received() {
    let nginx = showing(&["jwt_payload"]).start();
    let text = r#"{ "b":1,  "a":"x" }"#;
    let response = nginx.get_with("/", &sign_raw(r#"{"alg":"ES256"}"#, text, &key()));
    assert_eq!(shown(&response, "jwt_payload"), format!("<{text}>"));
}

#[test]
fn a_payload_of_several_lines_splits_no_header() {
    let nginx = showing(&["jwt_payload"]).start();
    let text = "{\r\n\"a\":1,\r\n\"X-Evil\": 2}";
    let response = nginx.get_with("/", &sign_raw(r#"{"alg":"ES256"}"#, text, &key()));
    response.assert(200, "ok");
    assert!(response.header("\"X-Evil\"").is_none(), "{response:?}");
    let shown = shown(&response, "jwt_payload")
        .trim_matches(['<', '>'])
        .to_owned();
    let json: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(json, json!({"a": 1, "X-Evil": 2}));
}

#[test]
fn the_claims_are_sorted_json() {
    let nginx = showing(&["jwt_claims"]).start();
    let text =
        r#"{ "b":[1, {"d":null,"c":true}],  "a":"x\"y", "A": 1.5, "n": 18446744073709551615 }"#;
    let response = nginx.get_with("/", &sign_raw(r#"{"alg":"ES256"}"#, text, &key()));
    let expected = r#"<{"A":1.5,"a":"x\"y","b":[1,{"c":true,"d":null}],"n":18446744073709551615}>"#;
    assert_eq!(shown(&response, "jwt_claims"), expected);
}

#[test]
fn now_is_the_time_even_where_auth_is_off() {
    let nginx = showing(&["jwt_nowtime"])
        .server("location /off { add_header Show-jwt-nowtime <$jwt_nowtime> always; try_files /ok.txt =500; }")
        .start();
    for target in ["/", "/off"] {
        let response = nginx.get(target);
        let shown = shown(&response, "jwt_nowtime")
            .trim_matches(['<', '>'])
            .to_owned();
        assert!(
            shown.parse::<u64>().unwrap().abs_diff(now()) < 60,
            "{shown}"
        );
    }
}

fn upstream() -> Config {
    Config::new("claims in headers to the API")
        .keys(&[&key()])
        .server(
            "location / { auth_jwt a; auth_jwt_key_file jwks.json;
            proxy_set_header X-User $jwt_claim_sub;
            proxy_set_header X-Claims $jwt_claims;
            proxy_set_header X-Payload $jwt_payload;
            proxy_pass http://@UPSTREAM@; }",
        )
}

#[test]
fn the_api_gets_verified_claims_instead_of_the_clients_headers() {
    let nginx = upstream().start();
    let request = Request::get("/")
        .bearer(&with_claims(&json!({"sub": "ann"})))
        .header("X-User", "root");
    assert_eq!(nginx.ask(&request).echoed("X-User"), Some("ann"));
    // Without the claim the header is gone, the client's too.
    let request = Request::get("/")
        .bearer(&with_claims(&json!({"a": 1})))
        .header("X-User", "root");
    assert_eq!(nginx.ask(&request).echoed("X-User"), None);
}

#[test]
fn a_claim_with_a_line_end_adds_no_header_to_the_apis_request() {
    let nginx = upstream().start();
    let payload = "{\"sub\":\"ann\\r\\nX-Admin: yes\",\r\n\"X-Admin\": \"yes\"}";
    let response = nginx.get_with("/", &sign_raw(r#"{"alg":"ES256"}"#, payload, &key()));
    assert_eq!(response.status, 200);
    assert_eq!(response.echoed("X-Admin"), None);
    assert_eq!(response.echoed("\"X-Admin\""), None, "{}", response.body);
    assert_eq!(response.echoed("X-User"), None);
    let claims: Value = serde_json::from_str(response.echoed("X-Claims").unwrap()).unwrap();
    assert_eq!(claims["sub"], "ann\r\nX-Admin: yes");
}
