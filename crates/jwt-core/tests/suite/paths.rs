//! Names and paths.

use jwt_core::{Nesting, Object, Path, Value};

fn object(json: &str) -> Object {
    match Value::from_json(json).unwrap() {
        Value::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

const CLAIMS: &str = r#"{
    "sub": "alice",
    "address": {"city": "Tokyo", "": "nameless"},
    "groups": [{"name": "engineering"}, {"name": "ops"}],
    "matrix": [[1, 2], [3, 4]],
    "dotted.key": "dot",
    "a": {"b": "nested", "dotted.child": "both", "say \"hi\"": "quotes"},
    "a.b": "flat",
    ".hidden": "dotfile",
    "https://example.com/roles": ["admin"],
    "é": {"ü": "not ASCII"}
}"#;

fn find(path: &str, nesting: Option<&Nesting>) -> String {
    let path = Path::parse(path, nesting).unwrap();
    match path.find(&object(CLAIMS)) {
        None => "absent".to_owned(),
        Some(value) => value.text().unwrap().into_owned(),
    }
}

#[test]
fn plain_names_are_names() {
    for (name, expected) in [
        ("sub", "alice"),
        ("a.b", "flat"),
        ("dotted.key", "dot"),
        ("https://example.com/roles", "admin"),
        ("groups[0]", "absent"),
        ("\"sub\"", "absent"),
    ] {
        assert_eq!(find(name, None), expected, "{name}");
    }
}

#[test]
fn paths_walk() {
    for (path, expected) in [
        (".sub", "alice"),
        (".address.city", "Tokyo"),
        (".address.\"\"", "nameless"),
        (".groups[0].name", "engineering"),
        (".groups.[1].name", "ops"),
        (".groups[2].name", "absent"),
        (".matrix[1][0]", "3"),
        (".\"dotted.key\"", "dot"),
        (".[\"dotted.key\"]", "dot"),
        ("[\"dotted.key\"]", "dot"),
        ("[\"a\"][\"b\"]", "nested"),
        (".a.b", "nested"),
        (".a.\"dotted.child\"", "both"),
        (".a.\"say \\\"hi\\\"\"", "quotes"),
        (".\".hidden\"", "dotfile"),
        (".\"\\u00e9\".ü", "not ASCII"),
        (".https://example", "absent"),
        // another type than the step asks for
        (".address[0]", "absent"),
        (".matrix.name", "absent"),
        (".sub.x", "absent"),
        (".sub[0]", "absent"),
        ("[0]", "absent"),
        (".matrix[18446744073709551615]", "absent"),
    ] {
        assert_eq!(find(path, None), expected, "{path}");
        assert_eq!(find(path, Some(&Nesting::default())), expected, "{path}");
    }
}

#[test]
fn nested_names_walk() {
    let nesting = Nesting::default();
    for (path, expected) in [
        ("sub", "alice"),
        ("a.b", "nested"),
        ("\"a.b\"", "flat"),
        ("a.\"dotted.child\"", "both"),
        ("\"a\".\"b\"", "nested"),
        ("address.\"\"", "nameless"),
        ("groups.0", "absent"),
        ("groups.name", "absent"),
        ("a.b.c", "absent"),
    ] {
        assert_eq!(find(path, Some(&nesting)), expected, "{path}");
    }
}

#[test]
fn delimiter_and_quote_are_configurable() {
    let nesting = Nesting {
        delimiter: "<>".into(),
        quote: "'".into(),
    };
    for (path, expected) in [
        ("address<>city", "Tokyo"),
        ("a.b", "flat"),
        ("a<>dotted.child", "both"),
        ("'a'<>'b'", "nested"),
        ("a<b", "absent"),
        ("\"a.b\"", "absent"),
    ] {
        assert_eq!(find(path, Some(&nesting)), expected, "{path}");
    }
}

#[test]
fn errors_point_at_the_place() {
    for (path, error) in [
        ("", "a name is expected at character 1"),
        (".", "a name is expected at character 2"),
        ("..a", "a name is expected at character 2"),
        (".a.", "a name is expected at character 4"),
        (".a..b", "a name is expected at character 4"),
        (
            ".[invalid",
            "a position or a quoted name is expected at character 3",
        ),
        (
            ".a[",
            "a position or a quoted name is expected at character 4",
        ),
        (
            ".a[]",
            "a position or a quoted name is expected at character 4",
        ),
        (
            ".a[-1]",
            "a position or a quoted name is expected at character 4",
        ),
        (
            ".a[99999999999999999999]",
            "a position or a quoted name is expected at character 4",
        ),
        (".a[1", "\"]\" is expected at character 5"),
        (".a[\"b\"", "\"]\" is expected at character 7"),
        (".a]", "\".\" or \"[\" is expected at character 3"),
        (".a\"b\"", "\".\" or \"[\" is expected at character 3"),
        (".\"a", "a JSON string is expected at character 2"),
        (".\"é\\x\"", "a JSON string is expected at character 2"),
        (
            ".é[x]",
            "a position or a quoted name is expected at character 4",
        ),
        (
            "[a]",
            "a position or a quoted name is expected at character 2",
        ),
        (".\"a\"b", "\".\" or \"[\" is expected at character 5"),
    ] {
        assert_eq!(
            Path::parse(path, None).unwrap_err().to_string(),
            error,
            "{path}"
        );
    }
    let nesting = Nesting::default();
    for (path, error) in [
        ("", "a name is expected at character 1"),
        ("a..b", "a name is expected at character 3"),
        ("a.", "a name is expected at character 3"),
        (
            "\"a",
            "a closing quote after this name is expected at character 2",
        ),
        ("\"a\"b", "the delimiter is expected at character 4"),
        ("\"a\".", "a name is expected at character 5"),
    ] {
        let refused = Path::parse(path, Some(&nesting)).unwrap_err();
        assert_eq!(refused.to_string(), error, "{path}");
    }
}

#[test]
fn a_path_knows_a_member_of_the_outermost_object() {
    let path = |text| Path::parse(text, None).unwrap();
    assert!(path("iss").is_member("iss"));
    assert!(path(".iss").is_member("iss"));
    assert!(path("[\"iss\"]").is_member("iss"));
    assert!(!path(".a.iss").is_member("iss"));
    assert!(!path(".iss.a").is_member("iss"));
    assert!(!path("iss.a").is_member("iss"));
}
