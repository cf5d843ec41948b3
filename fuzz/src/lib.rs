//! What is tried on each parser of jwt-core, and what must hold whatever the bytes are. A function
//! here is a target of the same name in `fuzz_targets/`, with seeds in `seeds/`; jwt-core's tests
//! run the seeds through it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a target panics where something does not hold"
)]

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use jwt_core::{
    AlgorithmSet, Confirmation, Endpoint, EndpointError, IssuerPolicy, KeyFormat, KeyLoadOptions,
    KeySet, Nesting, Object, Operand, OperandError, Operator, Path, PatternCache, Profile,
    RevocationFormat, RevocationList, ScopeDemand, SignatureCheck, Token, TokenCache, Unverified,
    Value, VerifiedWith, VerifyOptions, VerifySignature, certificate_thumbprint, discovered_keys,
    is_audience_of, max_age, verify,
};
use std::fmt::Display;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

/// A compact token, as it comes from the network.
pub fn token(data: &[u8]) {
    let taken = take(data);
    if let Ok(token) = Unverified::parse(data, UNCHECKED.max_token_size) {
        in_one_line(&token.iss().and_then(Value::text).unwrap_or_default());
    } else {
        assert!(taken.is_none(), "malformed, and yet taken");
    }
    assert!(verify(data, &[], &CHECKED).is_err(), "without a key");
    match verify(data, &EXAMPLES.keys, &CHECKED) {
        Ok(token) => {
            let taken = taken.expect("what is verified is taken without a check, too");
            assert_eq!(token.claims(), taken.claims());
            assert!(token.is_verified() && !taken.is_verified());
            keep(token);
        }
        Err(error) => in_one_line(&error),
    }
}

/// A header in the first line, claims in the others: base64url is no hurdle here.
pub fn claims(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (Some(header), Some(claims)) = (parts.next(), parts.next()) else {
        return;
    };
    let encode = |part| URL_SAFE_NO_PAD.encode_to_string(part);
    let compact = format!("{}.{}.", encode(header), encode(claims));
    let Some(token) = take(compact.as_bytes()) else {
        return;
    };
    assert_eq!(token.payload().as_bytes(), claims);
    // Read by another: the same values, members sorted, of equal names the last.
    let read: serde_json::Value = serde_json::from_slice(claims).expect("we took it as JSON");
    let shown: serde_json::Value = serde_json::from_str(&token.claims().to_sorted_json()).unwrap();
    assert_eq!(read, shown);
}

/// A key file, of a form that its name may tell or not.
pub fn key_set(data: &[u8]) {
    let parsed = [None, Some(KeyFormat::Jwks), Some(KeyFormat::Keyval)]
        .map(|format| load(data, format, &key_options()));
    assert!(
        !parsed[0] || parsed[1] || parsed[2] || load(data, Some(KeyFormat::Pem), &key_options())
    );
    let published = KeyLoadOptions {
        published: true,
        ..key_options()
    };
    if let Ok((keys, _)) = KeySet::parse(data, None, &published) {
        let hs256 = EXAMPLES.tokens.first().expect("an example").compact();
        let verified = verify(hs256, &[Arc::new(keys)], &CHECKED);
        assert!(verified.is_err(), "a published secret verifies");
    }
}

/// PEM texts.
pub fn pem(data: &[u8]) {
    let parsed = load(data, Some(KeyFormat::Pem), &key_options());
    if data.trim_ascii_start().first() != Some(&b'{') {
        assert_eq!(load(data, None, &key_options()), parsed);
    }
    let _ = certificate_thumbprint(data);
}

/// DER of a public key, of an RSA key as in PKCS#1, of a certificate.
pub fn der(data: &[u8]) {
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"] {
        let body = STANDARD.encode_to_string(data);
        let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        assert!(load(pem.as_bytes(), Some(KeyFormat::Pem), &key_options()));
        assert_eq!(
            certificate_thumbprint(pem.as_bytes()).is_some(),
            label == "CERTIFICATE"
        );
    }
}

/// A path, a delimiter, a quote: a line each.
pub fn path(data: &[u8]) {
    let Some([text, delimiter, quote]) = lines(data) else {
        return;
    };
    match Path::parse(text, None) {
        Ok(path) => {
            let _ = path.find(&EXAMPLES.object);
            assert!(path.is_member(text) || text.starts_with(['.', '[']));
        }
        Err(error) => {
            in_one_line(&error);
            assert!(text.is_empty() || text.starts_with(['.', '[']));
        }
    }
    let quoted = format!("[{}]", serde_json::to_string(text).unwrap());
    assert!(Path::parse(&quoted, None).unwrap().is_member(text));
    if delimiter.is_empty() || quote.is_empty() {
        return;
    }
    let nesting = Nesting {
        delimiter: delimiter.into(),
        quote: quote.into(),
    };
    match Path::parse(text, Some(&nesting)) {
        Ok(path) => {
            let _ = path.find(&EXAMPLES.object);
        }
        Err(error) => in_one_line(&error),
    }
}

/// An operator, its operand, a claim as JSON: a line each.
pub fn operator(data: &[u8]) {
    let Some([name, text, claim]) = lines(data) else {
        return;
    };
    let Some(operator) = Operator::from_name(name) else {
        return;
    };
    let opposite = match name.strip_prefix('!') {
        Some(name) => Operator::from_name(name),
        None => Operator::from_name(&format!("!{name}")),
    };
    let opposite = opposite.expect("every operator has its negation");
    assert_ne!(operator.is_negated(), opposite.is_negated());
    let claim = Value::from_json(claim).ok();
    // Some: met. None: this is no operand.
    let is_met = |operand: Result<Operand, OperandError>| match operand {
        Ok(operand) => {
            let _ = operator.takes(&operand);
            let met = operator.is_met(claim.as_ref(), &operand);
            let unmet = opposite.is_met(claim.as_ref(), &operand);
            assert!(!(met && unmet), "a claim keeps a demand and its opposite");
            assert!(
                claim.is_some() || !(met || unmet),
                "an absent claim keeps it"
            );
            Some(met)
        }
        Err(error) => {
            in_one_line(&error);
            None
        }
    };
    let mut patterns = PatternCache::default();
    let string = is_met(operator.literal(text));
    let json = is_met(operator.literal_json(text));
    for (literal, variable) in [
        (string, operator.variable(text.as_bytes(), &mut patterns)),
        (json, operator.variable_json(text.as_bytes(), &mut patterns)),
    ] {
        if let Some(met) = is_met(variable) {
            assert_eq!(
                literal,
                Some(met),
                "a variable counts as the same literal does"
            );
        }
    }
}

/// A revocation list.
pub fn revocation(data: &[u8]) {
    for format in [
        RevocationFormat::Kinds,
        RevocationFormat::Subjects,
        RevocationFormat::Keys,
    ] {
        match RevocationList::parse(data, format) {
            Ok(list) => {
                // Texts that are not looked at need not be Unicode: others refuse the file then.
                let read: Option<serde_json::Value> = serde_json::from_slice(data).ok();
                if format != RevocationFormat::Kinds
                    && let Some(read) = read
                {
                    assert_eq!(list.len(), read.as_object().expect("an object").len());
                }
                for token in &EXAMPLES.tokens {
                    let _ = list.check(token).map_err(|revoked| in_one_line(&revoked));
                }
            }
            Err(error) => in_one_line(&error),
        }
    }
}

/// A URL, or where a redirect leads, in the first line; a discovery document in the others.
pub fn discovery(data: &[u8]) {
    let Some([url, document]) = lines(data) else {
        return;
    };
    let _ = max_age(url);
    match Endpoint::parse(url) {
        Ok(endpoint) => {
            in_one_line(&endpoint);
            // A "/" that was left out may be one byte too many.
            let again = Endpoint::parse(&endpoint.to_string());
            assert!(again == Ok(endpoint.clone()) || again == Err(EndpointError::TooLong));
            for place in endpoint.discovery().into_iter().flatten() {
                assert!(place.is_same_origin(&endpoint));
            }
        }
        Err(error) => in_one_line(&error),
    }
    for at in ["https://idp.test:8443/a/b?c", "http://127.0.0.1/"] {
        let at = Endpoint::parse(at).expect("a URL");
        if let Ok(endpoint) = at.join(url) {
            let leaves = url.contains("://") || url.starts_with("//");
            assert!(leaves || endpoint.is_same_origin(&at));
        }
        match discovered_keys(document.as_bytes(), "https://idp.test", &at) {
            Ok(keys) => {
                let stays_here = keys.is_loopback() && at.is_loopback();
                assert!(keys.is_https() || stays_here, "keys from the open network");
            }
            Err(error) => in_one_line(&error),
        }
    }
}

const CHECKED: VerifyOptions = VerifyOptions {
    max_token_size: 8192,
    algorithms: AlgorithmSet::all(),
    signature: SignatureCheck::Required,
};
const UNCHECKED: VerifyOptions = VerifyOptions {
    signature: SignatureCheck::Skipped,
    ..CHECKED
};

/// Ed448 keys are loaded by nginx's libcrypto: here every one is good, and no signature.
struct Ed448;

impl VerifySignature for Ed448 {
    fn verify(&self, _: &[u8], _: &[u8]) -> bool {
        false
    }
}

fn key_options() -> KeyLoadOptions {
    KeyLoadOptions {
        min_rsa_bits: 1024,
        load_ed448: Some(|_| Some(Box::new(Ed448))),
        published: false,
    }
}

/// Is this a key file? What there is to say about it is said in single lines, and its keys can be
/// verified with.
fn load(data: &[u8], format: Option<KeyFormat>, options: &KeyLoadOptions) -> bool {
    match KeySet::parse(data, format, options) {
        Ok((keys, notices)) => {
            for notice in notices {
                in_one_line(&notice.message);
            }
            let keys = [Arc::new(keys)];
            for token in &EXAMPLES.tokens {
                let _ = verify(token.compact(), &keys, &CHECKED);
            }
            true
        }
        Err(error) => {
            in_one_line(&error);
            false
        }
    }
}

/// The token, at its word; everything that is asked of tokens is asked of it.
fn take(data: &[u8]) -> Option<Token> {
    let token = verify(data, &[], &UNCHECKED)
        .map_err(|error| in_one_line(&error))
        .ok()?;
    assert_eq!(token.compact(), data);
    assert!(!token.is_verified());
    shown(token.header());
    shown(token.claims());
    let text = token.payload();
    let claims = Value::from_json(&text).expect("the claims are JSON");
    assert_eq!(claims.as_object(), Some(token.claims()));
    check_time(&token);
    check_policies(&token);
    Some(token)
}

/// Variables hold no byte that ends a header line; JSON that we write is what we have read.
fn shown(object: &Object) {
    for (_, value) in object.iter() {
        if let Some(text) = value.text() {
            in_one_line(&text);
        }
    }
    let json = object.to_sorted_json();
    in_one_line(&json);
    assert_eq!(Value::from_json(&json).unwrap().as_object(), Some(object));
}

/// More leeway never refuses what less accepts.
fn check_time(token: &Token) {
    for now in [0, 1_300_819_380, u64::MAX] {
        let checks = [0, 60, u64::MAX].map(|leeway| {
            let checked = token.check_time(now, leeway);
            checked.map_err(|error| in_one_line(&error)).is_ok()
        });
        assert!(checks.is_sorted());
    }
}

fn check_policies(token: &Token) {
    for confirmation in [
        Confirmation::Refuse,
        Confirmation::MutualTls,
        Confirmation::Ignore,
    ] {
        let policy = IssuerPolicy {
            names: vec!["joe".to_owned()],
            audience: vec!["api".to_owned()],
            types: vec!["at+jwt".to_owned(), "JWT".to_owned()],
            max_lifetime: Some(3600),
            confirmation,
            ..IssuerPolicy::default()
        };
        if let Err(error) = policy.check(token, 1_300_819_300, 60, || Some([0; 32])) {
            in_one_line(&error);
        }
    }
    let claims = token.claims();
    let _ = Profile::AccessToken.check(token);
    let _ = is_audience_of(claims.get("aud"), &["api"]);
    let demand = |any| ScopeDemand {
        any,
        names: vec!["read".to_owned(), "write".to_owned()],
    };
    assert!(demand(true).is_met(claims) || !demand(false).is_met(claims));
    for list in &EXAMPLES.lists {
        let _ = list.check(token).map_err(|revoked| in_one_line(&revoked));
    }
}

/// The token cache keeps a verified token until `exp`, and gives back that one.
fn keep(token: Token) {
    let token = Rc::new(token);
    let with = VerifiedWith {
        options: CHECKED,
        key_sets: Box::default(),
    };
    let mut cache = TokenCache::new(1, None);
    if cache.put(&token, 0, 0, with).is_ok() {
        let found = cache.get(token.compact(), 0, 0, |_, _| true);
        assert!(Rc::ptr_eq(&found.expect("it was put in"), &token));
    }
}

/// What goes into a log or a header has no byte that ends the line.
fn in_one_line(text: &impl Display) {
    let text = text.to_string();
    assert!(!text.contains(|c: char| c.is_ascii_control()), "{text:?}");
}

/// The first lines of a text.
fn lines<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let lines: Vec<&str> = std::str::from_utf8(data).ok()?.splitn(N, '\n').collect();
    lines.try_into().ok()
}

/// What is held against the bytes.
static EXAMPLES: LazyLock<Examples> = LazyLock::new(Examples::new);

struct Examples {
    /// The keys of the RFCs' examples.
    keys: [Arc<KeySet>; 1],
    /// The tokens of RFC 7515 A.1 to A.3 (HS256, RS256, ES256), at their word.
    tokens: Vec<Token>,
    lists: Vec<RevocationList>,
    object: Object,
}

impl Examples {
    fn new() -> Self {
        let vectors = include_str!("../../crates/jwt-core/tests/vectors/rfc.json");
        let vectors: Vec<serde_json::Value> = serde_json::from_str(vectors).unwrap();
        let keys: Vec<_> = vectors.iter().map(|vector| &vector["key"]).collect();
        let keys = serde_json::json!({ "keys": keys }).to_string();
        let (keys, _) = KeySet::parse(keys.as_bytes(), None, &key_options()).unwrap();
        let tokens = vectors.iter().take(3).map(|vector| {
            let token = vector["token"].as_str().unwrap();
            verify(token.as_bytes(), &[], &UNCHECKED).unwrap()
        });
        let list = |json: &str, format| RevocationList::parse(json.as_bytes(), format).unwrap();
        let json = r#"{"a":{"b":[0,{"c":1}],"c.d":2,"":3},"b":"text","[":4}"#;
        Self {
            keys: [Arc::new(keys)],
            tokens: tokens.collect(),
            lists: vec![
                list(
                    r#"{"jti":["a"],"sub":{"joe":1300819380},"kid":["1"]}"#,
                    RevocationFormat::Kinds,
                ),
                list(r#"{"joe":null}"#, RevocationFormat::Subjects),
                list(r#"{"1":null}"#, RevocationFormat::Keys),
            ],
            object: Value::from_json(json).unwrap().as_object().unwrap().clone(),
        }
    }
}
