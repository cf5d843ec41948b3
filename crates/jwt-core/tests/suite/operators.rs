//! Operators: examples, and every operator against a slow reference over random JSON.

use jwt_core::{OperandError, Operator, PatternCache, Value};
use num_bigint::BigInt;
use proptest::prelude::*;
use std::cmp::Ordering;

fn operator(name: &str) -> Operator {
    Operator::from_name(name).unwrap()
}

/// Does the claim (JSON, or absent) keep the demand with this value (JSON)?
fn met(claim: Option<&str>, name: &str, value: &str) -> bool {
    let operator = operator(name);
    let claim = claim.map(|json| Value::from_json(json).unwrap());
    let operand = operator.literal_json(value).unwrap();
    operator.is_met(claim.as_ref(), &operand)
}

const NAMES: [&str; 8] = ["eq", "gt", "ge", "lt", "le", "in", "any", "match"];

/// With `name`, and the other way round with its negation.
fn assert_met(claim: &str, name: &str, value: &str, expected: bool) {
    assert_eq!(
        met(Some(claim), name, value),
        expected,
        "{claim} {name} {value}"
    );
    let negated = format!("!{name}");
    assert_eq!(
        met(Some(claim), &negated, value),
        !expected,
        "{claim} {negated} {value}"
    );
}

/// Neither with `name` nor with its negation.
fn assert_incomparable(claim: &str, name: &str, value: &str) {
    assert!(!met(Some(claim), name, value), "{claim} {name} {value}");
    assert!(
        !met(Some(claim), &format!("!{name}"), value),
        "{claim} !{name} {value}"
    );
}

#[test]
fn numbers_compare_by_value() {
    for (a, b, order) in [
        ("1", "2", Ordering::Less),
        ("1", "1.0", Ordering::Equal),
        ("1", "1e0", Ordering::Equal),
        ("0", "-0.0", Ordering::Equal),
        ("-1", "1", Ordering::Less),
        ("-1.5", "-1", Ordering::Less),
        ("-1.5", "-2", Ordering::Greater),
        ("1.5", "1", Ordering::Greater),
        ("0.5", "0", Ordering::Greater),
        ("-0.5", "0", Ordering::Less),
        ("9007199254740992", "9007199254740993", Ordering::Less),
        ("9007199254740991.0", "9007199254740991", Ordering::Equal),
        ("9223372036854775807", "9223372036854775808", Ordering::Less),
        (
            "-9223372036854775808",
            "-9223372036854775807",
            Ordering::Less,
        ),
        (
            "18446744073709551614",
            "18446744073709551615",
            Ordering::Less,
        ),
        ("18446744073709551615", "1e300", Ordering::Less),
        ("-9223372036854775808", "-1e300", Ordering::Greater),
        ("1e300", "1e301", Ordering::Less),
    ] {
        for (a, b, order) in [(a, b, order), (b, a, order.reverse())] {
            assert_met(a, "eq", b, order.is_eq());
            assert_met(a, "gt", b, order.is_gt());
            assert_met(a, "ge", b, order.is_ge());
            assert_met(a, "lt", b, order.is_lt());
            assert_met(a, "le", b, order.is_le());
        }
    }
}

#[test]
fn rounded_numbers_are_not_taken_for_their_neighbours() {
    for (a, b) in [
        ("18446744073709551616", "18446744073709551616"),
        ("18446744073709551616", "18446744073709551617"),
        ("18446744073709551616", "18446744073709551615"),
        ("9007199254740993.0", "9007199254740992"),
        ("9007199254740993.0", "9007199254740993"),
        ("1e300", "1e300"),
    ] {
        for name in ["eq", "gt", "ge", "lt", "le"] {
            assert_incomparable(a, name, b);
            assert_incomparable(b, name, a);
        }
        assert_incomparable(a, "in", &format!("[{b}]"));
        assert_incomparable(&format!("[{a}]"), "any", &format!("[{b}]"));
        assert_incomparable(
            &format!("{{\"a\":[{a}]}}"),
            "eq",
            &format!("{{\"a\":[{b}]}}"),
        );
    }
    assert_incomparable("18446744073709551616", "in", "[18446744073709551616, 1]");
}

#[test]
fn strings_arrays_and_objects_compare_deeply() {
    for (a, b, equal) in [
        (r#""a""#, r#""a""#, true),
        (r#""a""#, r#""A""#, false),
        (r#""é""#, r#""e\u0301""#, false),
        (r#""\u0061""#, r#""a""#, true),
        (r#""""#, r#""""#, true),
        ("null", "null", true),
        ("true", "true", true),
        ("true", "false", false),
        ("[]", "[]", true),
        ("[1,2]", "[1,2.0]", true),
        ("[1,2]", "[2,1]", false),
        ("[1]", "[1,1]", false),
        ("[1]", r#"["1"]"#, false),
        ("{}", "{}", true),
        (r#"{"a":1,"b":[2]}"#, r#"{"b":[2],"a":1}"#, true),
        (r#"{"a":1}"#, r#"{"a":2}"#, false),
        (r#"{"a":1}"#, r#"{"b":1}"#, false),
        (r#"{"a":1}"#, r#"{"a":1,"b":1}"#, false),
    ] {
        assert_met(a, "eq", b, equal);
        assert_met(b, "eq", a, equal);
    }
}

#[test]
fn in_looks_for_the_claim_in_the_value() {
    assert_met(r#""b""#, "in", r#"["c","a","b"]"#, true);
    assert_met(r#""d""#, "in", r#"["c","a","b"]"#, false);
    assert_met(r#""d""#, "in", r#"["c",1,null]"#, false);
    assert_met("1", "in", "[1.0, 2]", true);
    assert_met(r#""a""#, "in", r#"{"a":false}"#, true);
    assert_met(r#""b""#, "in", r#"{"a":false}"#, false);
    assert_met(r#"["a"]"#, "in", r#"[["a"],["b"]]"#, true);
    assert_met(r#""a""#, "in", "[]", false);
    assert_met("null", "in", "[null]", true);
}

#[test]
fn any_looks_for_a_shared_element() {
    assert_met(r#"["users","admin"]"#, "any", r#"["admin","root"]"#, true);
    assert_met(r#"["users"]"#, "any", r#"["admin","root"]"#, false);
    assert_met("[]", "any", r#"["admin"]"#, false);
    assert_met(r#"["admin"]"#, "any", "[]", false);
    assert_met(r#""admin""#, "any", r#"["admin"]"#, true);
    assert_met(r#""user""#, "any", r#"["admin"]"#, false);
    assert_met(r#"[1,null,{"a":[]},"admin"]"#, "any", r#"["admin"]"#, true);
    assert_met(r#"[{"a":1}]"#, "any", r#"[{"a":1}]"#, true);
    assert_met("[[1]]", "any", "[[1],2]", true);
    assert_met(r#"["users,admin"]"#, "any", r#"["admin"]"#, false);
}

#[test]
fn match_searches_a_string() {
    assert_met(r#""John Doe""#, "match", r#""^John""#, true);
    assert_met(r#""John Doe""#, "match", r#""Doe""#, true);
    assert_met(r#""John Doe""#, "match", r#""^Doe""#, false);
    assert_met(r#""John Doe""#, "match", r#""\\AJohn Doe\\z""#, true);
    assert_met(r#""a\n""#, "match", r#""^a$""#, false);
    assert_met(r#""ÄB""#, "match", r#""(?i)^äb$""#, true);
    let long = format!("\"{}\"", "a".repeat(4096));
    assert_met(&long, "match", r#""a""#, true);
    let longer = format!("\"{}\"", "a".repeat(4097));
    assert_incomparable(&longer, "match", r#""a""#);
}

#[test]
fn what_cannot_be_compared_fails_the_negation_too() {
    for (claim, name, value) in [
        ("1", "eq", r#""1""#),
        (r#""1""#, "eq", "1"),
        (r#"["admin"]"#, "eq", r#""admin""#),
        ("null", "eq", r#""admin""#),
        (r#""2""#, "gt", "1"),
        ("true", "gt", "0"),
        ("null", "lt", "1"),
        (r#""b""#, "gt", r#""a""#),
        ("2", "gt", r#""1""#),
        ("[2]", "ge", "[1]"),
        ("1", "in", r#"["1"]"#),
        (r#""1""#, "in", "[1]"),
        (r#"["admin"]"#, "in", r#"["admin"]"#),
        ("null", "in", r#"["admin"]"#),
        ("1", "in", r#"{"1":0}"#),
        (r#"["a"]"#, "in", r#"{"a":0}"#),
        (r#""a""#, "in", r#""a""#),
        (r#""a""#, "in", r#""abc""#),
        (r#""admin""#, "any", r#""admin""#),
        (r#"["admin"]"#, "any", r#""admin""#),
        (r#"["admin"]"#, "any", r#"{"admin":1}"#),
        ("1", "any", r#"["1"]"#),
        (r#"{"admin":1}"#, "any", r#"["admin"]"#),
        (r#"[["admin"]]"#, "any", r#"["admin"]"#),
        (r#"["users",null]"#, "any", r#"["admin"]"#),
        ("1", "match", r#""1""#),
        (r#"["a"]"#, "match", r#""a""#),
        ("null", "match", r#""""#),
    ] {
        assert_incomparable(claim, name, value);
    }
}

#[test]
fn an_absent_claim_fails_every_operator() {
    for name in NAMES {
        let value = match name {
            "match" => r#""a""#,
            "in" | "any" => "[]",
            _ => "null",
        };
        for name in [name.to_owned(), format!("!{name}")] {
            assert!(!met(None, &name, value), "{name}");
        }
    }
}

#[test]
fn aliases_are_what_they_stand_for() {
    for (alias, name) in [
        ("ne", "!eq"),
        ("!ne", "eq"),
        ("nin", "!in"),
        ("!nin", "in"),
        ("intersect", "any"),
        ("!intersect", "!any"),
        ("nintersect", "!any"),
        ("!nintersect", "any"),
    ] {
        assert_eq!(operator(alias), operator(name), "{alias}");
    }
    for name in ["", "!", "!!eq", "EQ", "equals", "eq ", "!nmatch", "=="] {
        assert_eq!(Operator::from_name(name), None, "{name}");
    }
}

#[test]
fn literal_strings_are_taken_as_they_are() {
    let is_met = |claim: &str, name: &str, literal: &str| {
        let operator = operator(name);
        let operand = operator.literal(literal).unwrap();
        operator.is_met(Some(&Value::from_json(claim).unwrap()), &operand)
    };
    assert!(is_met(r#""3949117906""#, "eq", "3949117906"));
    assert!(!is_met("3949117906", "eq", "3949117906"));
    assert!(is_met(r#""\"a\"""#, "eq", "\"a\""));
    assert!(is_met(r#""abc""#, "match", "^a.c$"));
}

#[test]
fn mistakes_are_explained() {
    let literal = |name: &str, value: &str| operator(name).literal(value).unwrap_err().to_string();
    let json =
        |name: &str, value: &str| operator(name).literal_json(value).unwrap_err().to_string();
    assert_eq!(
        literal("match", "ab(?=c)"),
        "it is not a regular expression: look-around, including look-ahead and look-behind, is not \
         supported (at character 3)"
    );
    assert_eq!(
        literal("match", "(a"),
        "it is not a regular expression: unclosed group (at character 1)"
    );
    assert!(
        literal("match", r"(a)\1").contains("backreferences are not supported (at character 4)")
    );
    assert!(literal("match", r"\w{1000}{100}").contains("too large"));
    assert!(
        json("eq", "[1,]").contains("line 1 column 4"),
        "{}",
        json("eq", "[1,]")
    );
    assert!(json("eq", "'1'").contains("line 1 column 1"));
    assert!(json("eq", "").contains("line 1 column 0"));
    assert!(json("eq", "1 2").contains("line 1 column 3"));
    assert_eq!(json("match", "123"), "\"match\" takes a string");
}

#[test]
fn a_value_that_no_claim_can_pass_with_is_known() {
    let takes = |name: &str, value: &str| {
        let operator = operator(name);
        operator.takes(&operator.literal_json(value).unwrap())
    };
    for value in ["null", "true", "1", "\"a\"", "[]", "{}"] {
        assert!(takes("eq", value));
        for name in ["gt", "ge", "lt", "le"] {
            assert_eq!(takes(name, value), value == "1", "{name} {value}");
        }
        assert_eq!(
            takes("in", value),
            value == "[]" || value == "{}",
            "{value}"
        );
        assert_eq!(takes("any", value), value == "[]", "{value}");
    }
    assert!(takes("match", "\"a\""));
}

#[test]
fn variables_are_bounded() {
    let mut patterns = PatternCache::default();
    let mut json = |name: &str, text: &[u8]| operator(name).variable_json(text, &mut patterns);
    assert!(json("eq", b"1").is_ok());
    assert!(json("eq", b" [\"user\"] ").is_ok());
    assert_eq!(json("eq", b"").unwrap_err(), OperandError::Unusable);
    assert_eq!(json("eq", b"\xff").unwrap_err(), OperandError::Unusable);
    assert!(json("eq", format!("\"{}\"", "a".repeat(4094)).as_bytes()).is_ok());
    assert_eq!(
        json("eq", format!("\"{}\"", "a".repeat(4095)).as_bytes()).unwrap_err(),
        OperandError::Unusable
    );
    assert!(matches!(
        json("eq", b"alice").unwrap_err(),
        OperandError::Json(_)
    ));
    assert!(matches!(
        json("match", b"\"(\"").unwrap_err(),
        OperandError::Pattern(_)
    ));
    assert_eq!(json("match", b"1").unwrap_err(), OperandError::NotAString);
    assert_eq!(json("match", b"\"\"").unwrap_err(), OperandError::Unusable);
    let mut string = |name: &str, text: &[u8]| operator(name).variable(text, &mut patterns);
    assert!(string("eq", b"alice").is_ok());
    assert_eq!(string("eq", b"").unwrap_err(), OperandError::Unusable);
    assert_eq!(
        string("eq", &[b'a'; 4097]).unwrap_err(),
        OperandError::Unusable
    );
    assert_eq!(string("match", b"").unwrap_err(), OperandError::Unusable);
    // Fits a literal's limit, but not a variable's.
    assert!(operator("match").literal(r"\w{10}").is_ok());
    assert!(matches!(
        string("match", br"\w{10}").unwrap_err(),
        OperandError::Pattern(_)
    ));
}

#[test]
fn cached_patterns_stay_what_they_are() {
    let mut patterns = PatternCache::default();
    let match_ = operator("match");
    for round in 0..3 {
        // More than the cache holds, some of them broken.
        for n in 0..100 {
            let broken = n % 10 == 3;
            let pattern = if broken {
                format!("({n}")
            } else {
                format!("^{n}$")
            };
            let operand = match_.variable(pattern.as_bytes(), &mut patterns);
            assert_eq!(operand.is_err(), broken, "{round} {pattern}");
            if let Ok(operand) = operand {
                for claim in 0..100 {
                    let claim_value = Value::String(claim.to_string().into());
                    assert_eq!(match_.is_met(Some(&claim_value), &operand), claim == n);
                }
            }
        }
    }
}

/// JSON as a person reads it: numbers are what is written.
#[derive(Clone, Debug)]
enum Json {
    Null,
    Bool(bool),
    Number(&'static str),
    String(&'static str),
    Array(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    fn text(&self) -> String {
        match self {
            Json::Null => "null".to_owned(),
            Json::Bool(value) => value.to_string(),
            Json::Number(text) => (*text).to_owned(),
            Json::String(text) => format!("\"{text}\""),
            Json::Array(elements) => {
                let elements: Vec<_> = elements.iter().map(Json::text).collect();
                format!("[{}]", elements.join(","))
            }
            Json::Object(members) => {
                let members = members.iter().map(|(n, v)| format!("\"{n}\":{}", v.text()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Json::Null => 0,
            Json::Bool(_) => 1,
            Json::Number(_) => 2,
            Json::String(_) => 3,
            Json::Array(_) => 4,
            Json::Object(_) => 5,
        }
    }

    /// Whether some number in it is rounded when it is read.
    fn is_rounded(&self) -> bool {
        match self {
            Json::Number(text) => {
                text.parse::<u64>().is_err() && text.parse::<i64>().is_err() && {
                    text.parse::<f64>().unwrap().abs() >= 9_007_199_254_740_992.0
                }
            }
            Json::Array(elements) => elements.iter().any(Json::is_rounded),
            Json::Object(members) => members.iter().any(|(_, value)| value.is_rounded()),
            Json::Null | Json::Bool(_) | Json::String(_) => false,
        }
    }
}

/// A decimal number in units of 10^-30, exactly.
fn exact(text: &str) -> BigInt {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().unwrap()),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap();
    let zeros = 30 + exponent - i32::try_from(fraction.len()).unwrap();
    digits * BigInt::from(10).pow(u32::try_from(zeros).unwrap())
}

fn deeply_equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Null, Json::Null) => true,
        (Json::Bool(a), Json::Bool(b)) => a == b,
        (Json::Number(a), Json::Number(b)) => exact(a) == exact(b),
        (Json::String(a), Json::String(b)) => a == b,
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| deeply_equal(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| {
                    b.iter()
                        .any(|(other, twin)| name == other && deeply_equal(value, twin))
                })
        }
        _ => false,
    }
}

/// The slow reference: what the directives promise, word by word. `None`: cannot be compared.
fn reference(claim: &Json, name: &str, value: &Json) -> Option<bool> {
    match (name, claim, value) {
        ("eq", a, b) => (a.kind() == b.kind()).then(|| deeply_equal(a, b)),
        ("gt", Json::Number(a), Json::Number(b)) => Some(exact(a) > exact(b)),
        ("ge", Json::Number(a), Json::Number(b)) => Some(exact(a) >= exact(b)),
        ("lt", Json::Number(a), Json::Number(b)) => Some(exact(a) < exact(b)),
        ("le", Json::Number(a), Json::Number(b)) => Some(exact(a) <= exact(b)),
        ("in", claim, Json::Array(elements)) => {
            let comparable =
                elements.is_empty() || elements.iter().any(|e| e.kind() == claim.kind());
            comparable.then(|| elements.iter().any(|e| deeply_equal(claim, e)))
        }
        ("in", Json::String(claim), Json::Object(members)) => {
            Some(members.iter().any(|(name, _)| name == claim))
        }
        ("any", Json::Array(claims), value @ Json::Array(_)) => {
            let each: Vec<_> = claims.iter().map(|c| reference(c, "in", value)).collect();
            if each.contains(&Some(true)) {
                return Some(true);
            }
            (!each.contains(&None)).then_some(false)
        }
        ("any", claim, value @ Json::Array(_)) => reference(claim, "in", value),
        _ => None,
    }
}

fn any_value() -> impl Strategy<Value = Json> {
    let number = prop::sample::select(vec![
        "0",
        "-0",
        "0.0",
        "1",
        "1.0",
        "10e-1",
        "-1",
        "2",
        "1.5",
        "0.5",
        "-0.5",
        "1e2",
        "100",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740992.0",
        "9007199254740993.0",
        "9007199254740993.5",
        "9007199254740994",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551614",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551617",
        "36893488147419103232",
        "1e20",
        "1e30",
        "10e29",
        "-1e30",
    ]);
    let leaf = prop_oneof![
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::Bool),
        4 => number.prop_map(Json::Number),
        3 => prop::sample::select(vec!["", "a", "b", "ab", "1", "A"]).prop_map(Json::String),
    ];
    let nested = leaf.clone().prop_recursive(3, 20, 4, |inner| {
        let name = prop::sample::select(vec!["", "a", "b", "ab", "1"]);
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
            1 => prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    });
    // Most values of a recursive strategy are containers.
    prop_oneof![leaf, nested]
}

/// What a claim is compared with: equal and nearly equal values are rare among random ones.
#[derive(Clone, Copy, Debug)]
enum Other {
    Independent,
    Same,
    /// The same but for its last leaf.
    Similar,
    /// An array with the claim in it.
    Around,
}

impl Json {
    fn with_last_leaf(&self, leaf: Json) -> Json {
        match self {
            Json::Array(elements) if !elements.is_empty() => {
                let mut elements = elements.clone();
                let last = elements.pop().unwrap();
                elements.push(last.with_last_leaf(leaf));
                Json::Array(elements)
            }
            Json::Object(members) if !members.is_empty() => {
                let mut members = members.clone();
                let (name, last) = members.pop().unwrap();
                members.push((name, last.with_last_leaf(leaf)));
                Json::Object(members)
            }
            _ => leaf,
        }
    }
}

/// A regular expression of few means: atoms, some with a star, between optional anchors.
#[derive(Clone, Debug)]
struct Expression {
    at_start: bool,
    /// A character, or any; and whether it is repeated.
    atoms: Vec<(Option<char>, bool)>,
    at_end: bool,
}

impl Expression {
    fn text(&self) -> String {
        let mut text = String::new();
        text.push_str(if self.at_start { "^" } else { "" });
        for (atom, is_repeated) in &self.atoms {
            text.push(atom.unwrap_or('.'));
            text.push_str(if *is_repeated { "*" } else { "" });
        }
        text.push_str(if self.at_end { "$" } else { "" });
        text
    }

    /// The slow reference: every way is tried.
    fn is_in(&self, subject: &[char]) -> bool {
        let last = if self.at_start { 0 } else { subject.len() };
        (0..=last).any(|start| self.fits(&self.atoms, &subject[start..]))
    }

    fn fits(&self, atoms: &[(Option<char>, bool)], subject: &[char]) -> bool {
        let Some(((atom, is_repeated), rest)) = atoms.split_first() else {
            return !self.at_end || subject.is_empty();
        };
        let is_atom = |c: &&char| atom.is_none_or(|atom| atom == **c);
        let most = subject.iter().take_while(is_atom).count();
        let mut counts = if *is_repeated {
            0..=most
        } else {
            1..=most.min(1)
        };
        counts.any(|count| self.fits(rest, &subject[count..]))
    }
}

fn any_expression() -> impl Strategy<Value = Expression> {
    let atom = prop::sample::select(vec![Some('a'), Some('b'), Some('é'), None]);
    let atoms = prop::collection::vec((atom, any::<bool>()), 0..6);
    (any::<bool>(), atoms, any::<bool>()).prop_map(|(at_start, atoms, at_end)| Expression {
        at_start,
        atoms,
        at_end,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    /// As the reference says; with rounded numbers never more than it says.
    #[test]
    fn operators_do_what_the_reference_does(
        claim in any_value(),
        value in any_value(),
        other in prop::sample::select(vec![Other::Independent, Other::Same, Other::Similar, Other::Around]),
    ) {
        let value = match other {
            Other::Independent => value,
            Other::Same => claim.clone(),
            Other::Similar => claim.with_last_leaf(value),
            Other::Around => Json::Array(vec![value, claim.clone()]),
        };
        for name in ["eq", "gt", "ge", "lt", "le", "in", "any"] {
            let expected = reference(&claim, name, &value);
            let negated = format!("!{name}");
            let got = met(Some(&claim.text()), name, &value.text());
            let got_negated = met(Some(&claim.text()), &negated, &value.text());
            prop_assert!(!(got && got_negated), "both: {name}");
            if claim.is_rounded() || value.is_rounded() {
                prop_assert!(!got || expected == Some(true), "{name}: {expected:?}");
                prop_assert!(!got_negated || expected == Some(false), "{negated}: {expected:?}");
            } else {
                prop_assert_eq!(got, expected == Some(true), "{}", name);
                prop_assert_eq!(got_negated, expected == Some(false), "{}", negated);
            }
        }
    }

    /// From configuration and from a variable; what is no string is never met.
    #[test]
    fn match_does_what_the_reference_does(expression in any_expression(), subject in "[abé]{0,8}", other in any_value()) {
        let text = expression.text();
        let expected = expression.is_in(&subject.chars().collect::<Vec<_>>());
        let claim = Value::String(subject.as_str().into());
        let other_claim = Value::from_json(&other.text()).unwrap();
        let mut patterns = PatternCache::default();
        for name in ["match", "!match"] {
            let operator = operator(name);
            let mut operands = vec![operator.literal(&text).unwrap()];
            if !text.is_empty() {
                operands.push(operator.variable(text.as_bytes(), &mut patterns).unwrap());
            }
            for operand in operands {
                prop_assert_eq!(operator.is_met(Some(&claim), &operand), expected != operator.is_negated());
                if !matches!(other, Json::String(_)) {
                    prop_assert!(!operator.is_met(Some(&other_claim), &operand));
                }
            }
        }
    }

    #[test]
    fn a_value_equals_itself(value in any_value()) {
        prop_assert!(value.is_rounded() || met(Some(&value.text()), "eq", &value.text()));
    }

    #[test]
    fn nothing_panics(claim in any_value(), name in "!?(eq|gt|in|any|match)", text in any::<String>()) {
        let operator = operator(&name);
        let claim = Value::from_json(&claim.text()).unwrap();
        let mut patterns = PatternCache::default();
        let operands = [
            operator.literal(&text),
            operator.literal_json(&text),
            operator.variable(text.as_bytes(), &mut patterns),
            operator.variable_json(text.as_bytes(), &mut patterns),
        ];
        for operand in operands.into_iter().flatten() {
            let _ = operator.is_met(Some(&claim), &operand);
        }
    }
}
