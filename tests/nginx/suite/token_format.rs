//! Strict compact serialization, header and claims rules (RFC 7515 section 7.1, RFC 8725).

use jwt_testkit::{Key, b64, hostile, now, sign_raw};
use nginx_tests::{Config, Nginx, cases, good, key, user};
use serde_json::json;

/// Room for tokens that are larger than nginx's headers usually are.
const ROOM: &str = "auth_jwt_max_token_size 1m;";

fn nginx() -> Nginx {
    Config::guarded("hostile tokens", ROOM)
        .server("large_client_header_buffers 4 512k;")
        .start()
}

fn decide(token: &str, status: u16, word: &str) {
    nginx().get_with("/", token).assert(status, word);
}

/// Applies `change` to a good token.
fn broken(change: impl Fn([&str; 3]) -> String, word: &str) {
    let token = good();
    decide(&change(hostile::parts(&token)), 401, word);
}

cases! { shape = broken:
    one_part(|[h, _, _]| h.to_owned(), "malformed");
    two_parts(|[h, p, _]| format!("{h}.{p}"), "malformed");
    four_parts(|[h, p, s]| format!("{h}.{p}.{s}.{s}"), "malformed");
    five_parts(|[h, p, s]| format!("{h}..{p}.{s}.{s}"), "malformed");
    many_parts(|[h, p, s]| format!("{h}.{p}.{s}{}", ".a".repeat(2_000)), "malformed");
    dots_alone(|_| "..".to_owned(), "malformed");
    one_dot(|_| ".".to_owned(), "malformed");
    a_leading_dot(|[h, p, s]| format!(".{h}.{p}.{s}"), "malformed");
    a_trailing_dot(|[h, p, s]| format!("{h}.{p}.{s}."), "malformed");
    an_empty_header(|[_, p, s]| format!(".{p}.{s}"), "malformed");
    an_empty_signature(|[h, p, _]| format!("{h}.{p}."), "bad_signature");
    an_empty_payload(|[h, _, s]| format!("{h}..{s}"), "bad_signature");
    padding_of_the_header(|[h, p, s]| format!("{h}=.{p}.{s}"), "malformed");
    padding_of_the_payload(|[h, p, s]| format!("{h}.{p}==.{s}"), "malformed");
    padding_of_the_signature(|[h, p, s]| format!("{h}.{p}.{s}=="), "malformed");
    trailing_bits_of_the_signature(|[h, p, s]| format!("{h}.{p}.{}", hostile::with_trailing_bits(s).unwrap_or_default()), "malformed");
    a_cut_signature(|[h, p, s]| format!("{h}.{p}.{}", s.get(..84).unwrap_or("")), "bad_signature");
    a_longer_signature(|[h, p, s]| format!("{h}.{p}.{s}AA"), "bad_signature");
    percent_encoding(|[h, p, s]| format!("%65{h}.{p}.{s}"), "malformed");
    bytes_above_ascii(|[h, p, s]| format!("{h}.{p}\u{e9}.{s}"), "malformed");
    the_standard_alphabet(|[h, p, s]| format!("{h}.{p}.+/{s}"), "malformed");
    json_serialization(|[h, p, s]| format!("{{\"protected\":\"{h}\",\"payload\":\"{p}\",\"signature\":\"{s}\"}}"), "malformed");
}

#[test]
fn trailing_bits_of_the_header_are_refused_though_well_signed() {
    for padding in 0..3 {
        let header = b64(json!({"alg": "ES256", "typ": "J".repeat(padding)}).to_string());
        let payload = b64(user().to_string());
        if let Some(header) = hostile::with_trailing_bits(&header) {
            decide(
                &hostile::sign_encoded(&header, &payload, &key()),
                401,
                "malformed",
            );
        }
    }
}

#[test]
fn trailing_bits_of_the_payload_are_refused_though_well_signed() {
    for padding in 0..3 {
        let header = b64(r#"{"alg":"ES256"}"#);
        let payload = b64(json!({"exp": now() + 99, "a": "b".repeat(padding)}).to_string());
        if let Some(payload) = hostile::with_trailing_bits(&payload) {
            decide(
                &hostile::sign_encoded(&header, &payload, &key()),
                401,
                "malformed",
            );
        }
    }
}

#[test]
fn the_standard_alphabet_is_refused_though_well_signed() {
    let header = b64(r#"{"alg":"ES256"}"#);
    let payload = b64("{\"a\":\"???>>>???>>>???\"}  ");
    assert!(payload.contains(['-', '_']));
    let payload = payload.replace('-', "+").replace('_', "/");
    decide(
        &hostile::sign_encoded(&header, &payload, &key()),
        401,
        "malformed",
    );
}

/// A token with this header text, well signed.
fn header(text: &str, status: u16, word: &str) {
    decide(&sign_raw(text, user().to_string(), &key()), status, word);
}

cases! { headers = header:
    plain(r#"{"alg":"ES256"}"#, 200, "ok");
    with_whitespace(" {\r\n \"alg\" : \"ES256\" }\n", 200, "ok");
    typ_at_jwt(r#"{"alg":"ES256","typ":"at+jwt"}"#, 200, "ok");
    unknown_members(r#"{"alg":"ES256","x":{"y":[1,null,true]}}"#, 200, "ok");
    an_escaped_name(r#"{"\u0061lg":"ES256"}"#, 200, "ok");
    cty_is_a_string(r#"{"alg":"ES256","cty":"JWT"}"#, 200, "ok");
    an_array("[]", 401, "malformed");
    a_string("\"ES256\"", 401, "malformed");
    null("null", 401, "malformed");
    empty_text("", 401, "malformed");
    not_json("alg=ES256", 401, "malformed");
    rest_after_the_object(r#"{"alg":"ES256"}{}"#, 401, "malformed");
    a_comma_too_many(r#"{"alg":"ES256",}"#, 401, "malformed");
    a_byte_order_mark("\u{feff}{\"alg\":\"ES256\"}", 401, "malformed");
    a_nul_byte("{\"alg\":\"ES256\"}\0", 401, "malformed");
    a_raw_control_byte("{\"alg\":\"ES256\",\"x\":\"\n\"}", 401, "malformed");
    a_member_twice(r#"{"alg":"ES256","alg":"ES256"}"#, 401, "malformed");
    a_member_twice_by_an_escape(r#"{"alg":"ES256","al\u0067":"none"}"#, 401, "malformed");
    a_lone_surrogate(r#"{"alg":"ES256","x":"\ud800"}"#, 401, "malformed");
    no_alg(r#"{"typ":"JWT"}"#, 401, "unsupported_alg");
    empty_object("{}", 401, "unsupported_alg");
    alg_is_null(r#"{"alg":null}"#, 401, "unsupported_alg");
    alg_is_a_number(r#"{"alg":256}"#, 401, "unsupported_alg");
    alg_is_an_array(r#"{"alg":["ES256"]}"#, 401, "unsupported_alg");
    alg_is_empty(r#"{"alg":""}"#, 401, "unsupported_alg");
    alg_in_lower_case(r#"{"alg":"es256"}"#, 401, "unsupported_alg");
    alg_with_a_space(r#"{"alg":"ES256 "}"#, 401, "unsupported_alg");
    alg_is_unknown(r#"{"alg":"ES257"}"#, 401, "unsupported_alg");
    alg_is_none(r#"{"alg":"none"}"#, 401, "unsupported_alg");
    alg_is_of_encryption(r#"{"alg":"dir"}"#, 401, "unsupported_alg");
    kid_is_a_number(r#"{"alg":"ES256","kid":1}"#, 401, "malformed");
    kid_is_null(r#"{"alg":"ES256","kid":null}"#, 401, "malformed");
    kid_is_an_array(r#"{"alg":"ES256","kid":["ES256"]}"#, 401, "malformed");
    typ_is_a_number(r#"{"alg":"ES256","typ":1}"#, 401, "malformed");
    cty_is_a_number(r#"{"alg":"ES256","cty":1}"#, 401, "malformed");
    crit_names_an_extension(r#"{"alg":"ES256","crit":["x"],"x":1}"#, 401, "malformed");
    crit_is_empty(r#"{"alg":"ES256","crit":[]}"#, 401, "malformed");
    crit_is_a_string(r#"{"alg":"ES256","crit":"x"}"#, 401, "malformed");
    crit_is_null(r#"{"alg":"ES256","crit":null}"#, 401, "malformed");
    crit_names_exp(r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, 401, "malformed");
    b64_is_false(r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, 401, "malformed");
    b64_is_false_without_crit(r#"{"alg":"ES256","b64":false}"#, 401, "malformed");
    zip(r#"{"alg":"ES256","zip":"DEF"}"#, 401, "malformed");
    enc_in_a_signed_token(r#"{"alg":"ES256","enc":"A256GCM"}"#, 401, "malformed");
}

#[test]
fn a_header_that_is_not_utf_8_is_refused() {
    let token = sign_raw(
        b"{\"alg\":\"ES256\",\"x\":\"\xff\"}",
        user().to_string(),
        &key(),
    );
    decide(&token, 401, "malformed");
}

/// A token with these claims as text, well signed.
fn claims(text: &str, status: u16, word: &str) {
    decide(&sign_raw(r#"{"alg":"ES256"}"#, text, &key()), status, word);
}

cases! { payloads = claims:
    empty_object("{}", 200, "ok");
    with_whitespace(" { \"a\" : 1 } \n", 200, "ok");
    a_member_twice_further_down(r#"{"a":{"b":1,"b":2}}"#, 200, "ok");
    a_surrogate_pair(r#"{"a":"\ud83d\ude00"}"#, 200, "ok");
    the_largest_integer(r#"{"a":18446744073709551615}"#, 200, "ok");
    an_integer_beyond_64_bits(r#"{"a":18446744073709551616}"#, 200, "ok");
    an_array("[]", 401, "malformed");
    a_string("\"sub\"", 401, "malformed");
    a_number("1", 401, "malformed");
    null("null", 401, "malformed");
    empty_text("", 401, "malformed");
    not_json("sub=a", 401, "malformed");
    rest_after_the_object("{}{}", 401, "malformed");
    a_comment("{}//", 401, "malformed");
    a_byte_order_mark("\u{feff}{}", 401, "malformed");
    a_nul_byte("{}\0", 401, "malformed");
    a_member_twice(r#"{"sub":"a","sub":"b"}"#, 401, "malformed");
    a_member_twice_by_an_escape(r#"{"sub":"a","\u0073ub":"b"}"#, 401, "malformed");
    a_lone_surrogate(r#"{"a":"\udc00"}"#, 401, "malformed");
    a_number_beyond_floats(r#"{"a":1e400}"#, 401, "malformed");
    a_number_far_beyond_floats(r#"{"a":1e9999999}"#, 401, "malformed");
    not_a_number(r#"{"a":NaN}"#, 401, "malformed");
    a_leading_zero(r#"{"a":01}"#, 401, "malformed");
}

#[test]
fn claims_that_are_not_utf_8_are_refused() {
    decide(
        &sign_raw(r#"{"alg":"ES256"}"#, b"{\"a\":\"\xff\"}", &key()),
        401,
        "malformed",
    );
}

#[test]
fn a_number_of_a_hundred_thousand_digits_is_no_trouble() {
    let text = format!("{{\"a\":{}}}", "7".repeat(100_000));
    decide(
        &sign_raw(r#"{"alg":"ES256"}"#, text, &key()),
        401,
        "malformed",
    );
}

/// Arrays within arrays, `depth` of them within the object.
fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn claims_may_nest_64_deep() {
    claims(&format!("{{\"a\":{}}}", nested(63)), 200, "ok");
}

#[test]
fn claims_may_not_nest_65_deep() {
    claims(&format!("{{\"a\":{}}}", nested(64)), 401, "malformed");
}

#[test]
fn claims_nested_a_hundred_thousand_deep_are_refused() {
    claims(&format!("{{\"a\":{}}}", nested(100_000)), 401, "malformed");
}

#[test]
fn a_header_nested_a_hundred_thousand_deep_is_refused() {
    header(
        &format!("{{\"alg\":\"ES256\",\"a\":{}}}", nested(100_000)),
        401,
        "malformed",
    );
}

#[test]
fn a_header_with_ten_thousand_members_is_read_at_once() {
    let members: String = (0..10_000).map(|n| format!(",\"m{n}\":{n}")).collect();
    header(&format!("{{\"alg\":\"ES256\"{members}}}"), 200, "ok");
}

#[test]
fn an_unverified_bad_payload_is_a_bad_signature() {
    // Claims are parsed only after the signature is good.
    let token = hostile::with_payload(&good(), "not json");
    decide(&token, 401, "bad_signature");
}

fn unsecured(none: &str) {
    decide(
        &hostile::unsecured(none, &user().to_string()),
        401,
        "unsupported_alg",
    );
}

cases! { alg_none = unsecured:
    lower("none");
    capitalized("None");
    upper("NONE");
    mixed("nOnE");
}

#[test]
fn alg_none_with_the_old_signature_is_refused() {
    decide(
        &hostile::with_header(&good(), r#"{"alg":"none"}"#),
        401,
        "unsupported_alg",
    );
}

#[test]
fn alg_none_well_signed_is_refused() {
    header(r#"{"alg":"none","kid":"ES256"}"#, 401, "unsupported_alg");
}

/// The attacker's own key, in a header member that some libraries trust.
fn embedded(member: &str) {
    let thief = Key::other(key().alg());
    let value = match member {
        "jwk" => thief.jwk(),
        "x5c" => json!([b64(thief.spki_der())]),
        _ => json!("http://127.0.0.1:1/keys.json"),
    };
    let header = json!({"alg": "ES256", "kid": "ES256", member: value}).to_string();
    let payload = user().to_string();
    let nginx = nginx();
    nginx
        .get_with("/", &sign_raw(&header, &payload, &thief))
        .assert(401, "bad_signature");
    nginx
        .get_with("/", &sign_raw(&header, &payload, &key()))
        .assert(200, "ok");
}

cases! { keys_in_the_header = embedded:
    jwk("jwk");
    jku("jku");
    x5u("x5u");
    x5c("x5c");
}

/// With a limit of the token's own length plus `more`.
fn sized(more: isize, status: u16, word: &str) {
    let token = good();
    let limit = token.len().saturating_add_signed(more);
    let nginx = Config::guarded("a limit", &format!("auth_jwt_max_token_size {limit};")).start();
    nginx.get_with("/", &token).assert(status, word);
}

cases! { max_token_size = sized:
    just_fits(0, 200, "ok");
    one_byte_too_long(-1, 401, "malformed");
}

fn default_limit(length: usize, status: u16, word: &str) {
    let nginx = Config::guarded("16 KiB by default", "")
        .server("large_client_header_buffers 4 64k;")
        .start();
    nginx.get_with("/", &padded(length)).assert(status, word);
}

/// A good token of exactly this length.
fn padded(length: usize) -> String {
    let make = |filler: usize| {
        let text = json!({"exp": now() + 300, "filler": "x".repeat(filler)}).to_string();
        sign_raw(r#"{"alg":"ES256"}"#, text, &key())
    };
    // Four characters hold three bytes: not every length exists with this header, so spaces help.
    (length * 3 / 4 - 300..length)
        .map(make)
        .find(|token| token.len() >= length)
        .filter(|token| token.len() == length)
        .unwrap_or_else(|| panic!("no token of {length} characters"))
}

cases! { default_size = default_limit:
    sixteen_kib(16_384, 200, "ok");
    more_than_sixteen_kib(16_386, 401, "malformed");
}
