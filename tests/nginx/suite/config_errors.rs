//! A configuration that cannot work is refused by `nginx -t`, which names the file and line, the
//! directive, the cause and what to do.

use jwt_testkit::{Alg, Key, jwks, keyval};
use nginx_tests::{Check, Config, cases, key};
use serde_json::json;

/// nginx.conf with this text in a location; the level's keys are `jwks.json`.
fn check(text: &str) -> Check {
    Config::new("a configuration for nginx -t")
        .keys(&[&key()])
        .file("empty.json", "{\"keys\":[]}")
        .file("empty-file.json", "")
        .file("broken.json", "{\"keys\": [\n  {\"kty\" \"EC\"}\n]}")
        .file("text.txt", "a secret that is neither JSON nor PEM\n")
        .file("list.json", "[]")
        .file("number.json", "1")
        .file("deep.json", "[".repeat(100_000))
        .file("twice.json", "{\"keys\":[],\"keys\":[]}")
        .file(
            "enc.json",
            json!({"keys": [{"kty": "oct", "k": "AAAA", "use": "enc"}]}).to_string(),
        )
        .file("short.json", jwks(&[&Key::rsa(Alg::RS256, 1024)]))
        .file("keyval.json", keyval(&[&key()]))
        .file("keyval-broken.json", json!({"k1": "no PEM"}).to_string())
        .file("private.pem", key().private_pem())
        .file(
            "broken.pem",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        )
        .file("public.pem", key().spki_pem())
        .file("folder/file", "")
        .server(format!("location / {{\n{text}\n}}"))
        .check()
}

/// Refused, by a line that says where, and holds `texts`.
fn refused(text: &str, texts: &[&str]) {
    let check = check(text);
    assert!(!check.ok, "accepted: {}", check.text);
    check.assert_line(&[&["[emerg]", "/nginx.conf:"], texts].concat());
    assert!(
        check.text.contains("test failed"),
        "it died: {}",
        check.text
    );
}

/// Accepted, with a warning that holds `texts`.
fn warned(text: &str, texts: &[&str]) {
    let check = check(text);
    assert!(check.ok, "refused: {}", check.text);
    check.assert_line(&[&["[warn]", "/nginx.conf:"], texts].concat());
}

/// Accepted, and nothing said.
fn accepted(text: &str) {
    let check = check(text);
    assert!(check.ok, "refused: {}", check.text);
    assert!(!check.text.contains("[warn]"), "{}", check.text);
}

cases! { refuses = refused:
    auth_jwt_without_a_realm("auth_jwt;", &["\"auth_jwt\""]);
    auth_jwt_twice("auth_jwt a;\nauth_jwt b;", &["\"auth_jwt\"", "duplicate"]);
    auth_jwt_with_an_unknown_word("auth_jwt a tokens=$cookie_t;", &["\"auth_jwt\"", "tokens=$cookie_t", "token="]);
    auth_jwt_with_a_bare_word("auth_jwt a b;", &["\"auth_jwt\"", "\"b\""]);
    auth_jwt_token_without_a_variable("auth_jwt a token=cookie_t;", &["\"auth_jwt\"", "token=", "variable"]);
    auth_jwt_token_empty("auth_jwt a token=;", &["\"auth_jwt\"", "token="]);
    auth_jwt_token_of_two_variables("auth_jwt a token=$arg_a$arg_b;", &["\"auth_jwt\"", "token="]);
    auth_jwt_token_with_text("auth_jwt a token=x$arg_a;", &["\"auth_jwt\"", "token="]);
    auth_jwt_off_with_a_token("auth_jwt off token=$arg_t;", &["\"auth_jwt\"", "off"]);
    auth_jwt_off_with_a_word("auth_jwt off now;", &["\"auth_jwt\"", "off"]);
    auth_jwt_with_an_unknown_variable("auth_jwt a token=$no_such_variable;", &["no_such_variable"]);
    a_realm_with_an_unknown_variable("auth_jwt $no_such_variable;", &["no_such_variable"]);
    key_file_without_a_name("auth_jwt_key_file;", &["\"auth_jwt_key_file\""]);
    key_file_missing("auth_jwt_key_file missing.json;", &["\"auth_jwt_key_file\"", "missing.json", "No such file", "optional"]);
    key_file_missing_folder("auth_jwt_key_file no/such.json;", &["\"auth_jwt_key_file\"", "no/such.json", "No such file"]);
    key_file_is_a_folder("auth_jwt_key_file folder;", &["\"auth_jwt_key_file\"", "folder"]);
    key_file_empty("auth_jwt_key_file empty-file.json;", &["\"auth_jwt_key_file\"", "empty-file.json"]);
    key_file_without_keys("auth_jwt_key_file empty.json;", &["\"auth_jwt_key_file\"", "empty.json", "no usable key"]);
    key_file_with_unusable_keys_only("auth_jwt_key_file enc.json;", &["\"auth_jwt_key_file\"", "enc.json", "no usable key"]);
    key_file_with_a_short_rsa_key_only("auth_jwt_key_file short.json;", &["\"auth_jwt_key_file\"", "short.json", "no usable key"]);
    key_file_bad_json("auth_jwt_key_file broken.json;", &["\"auth_jwt_key_file\"", "broken.json", "line 2"]);
    key_file_neither_json_nor_pem("auth_jwt_key_file text.txt;", &["\"auth_jwt_key_file\"", "text.txt", "JSON", "PEM"]);
    key_file_a_list("auth_jwt_key_file list.json;", &["\"auth_jwt_key_file\"", "list.json"]);
    key_file_a_number("auth_jwt_key_file number.json;", &["\"auth_jwt_key_file\"", "number.json"]);
    key_file_nested_deep("auth_jwt_key_file deep.json;", &["\"auth_jwt_key_file\"", "deep.json"]);
    key_file_members_twice("auth_jwt_key_file twice.json;", &["\"auth_jwt_key_file\"", "twice.json"]);
    key_file_private_pem("auth_jwt_key_file private.pem;", &["\"auth_jwt_key_file\"", "private.pem", "private key"]);
    key_file_broken_pem("auth_jwt_key_file broken.pem;", &["\"auth_jwt_key_file\"", "broken.pem"]);
    key_file_broken_keyval("auth_jwt_key_file keyval-broken.json keyval;", &["\"auth_jwt_key_file\"", "keyval-broken.json", "no usable key"]);
    key_file_pem_said_jwks("auth_jwt_key_file public.pem jwks;", &["\"auth_jwt_key_file\"", "public.pem"]);
    key_file_jwks_said_pem("auth_jwt_key_file jwks.json pem;", &["\"auth_jwt_key_file\"", "jwks.json"]);
    key_file_jwks_said_keyval("auth_jwt_key_file jwks.json keyval;", &["\"auth_jwt_key_file\"", "jwks.json"]);
    key_file_keyval_said_jwks("auth_jwt_key_file keyval.json jwks;", &["\"auth_jwt_key_file\"", "keyval.json"]);
    key_file_unknown_format("auth_jwt_key_file jwks.json jwk;", &["\"auth_jwt_key_file\"", "\"jwk\"", "keyval"]);
    key_file_two_formats("auth_jwt_key_file jwks.json jwks pem;", &["\"auth_jwt_key_file\""]);
    key_file_words_in_the_wrong_order("auth_jwt_key_file jwks.json optional jwks;", &["\"auth_jwt_key_file\""]);
    key_file_unknown_variable("auth_jwt_key_file $no_such_variable.json;", &["no_such_variable"]);
    leeway_not_a_time("auth_jwt_leeway soon;", &["\"auth_jwt_leeway\"", "soon"]);
    leeway_negative("auth_jwt_leeway -1s;", &["\"auth_jwt_leeway\"", "-1s"]);
    leeway_empty("auth_jwt_leeway '';", &["\"auth_jwt_leeway\""]);
    leeway_twice("auth_jwt_leeway 1s;\nauth_jwt_leeway 2s;", &["\"auth_jwt_leeway\"", "duplicate"]);
    leeway_of_two_words("auth_jwt_leeway 1s 2s;", &["\"auth_jwt_leeway\""]);
    leeway_too_long("auth_jwt_leeway 99999999999999999999y;", &["\"auth_jwt_leeway\""]);
    validate_exp_not_a_flag("auth_jwt_validate_exp yes;", &["\"auth_jwt_validate_exp\"", "yes"]);
    optional_not_a_flag("auth_jwt_optional maybe;", &["\"auth_jwt_optional\"", "maybe"]);
    optional_twice("auth_jwt_optional on;\nauth_jwt_optional on;", &["\"auth_jwt_optional\"", "duplicate"]);
    preflight_not_a_flag("auth_jwt_preflight 1;", &["\"auth_jwt_preflight\"", "1"]);
    preflight_twice("auth_jwt_preflight on;\nauth_jwt_preflight off;", &["\"auth_jwt_preflight\"", "duplicate"]);
    www_authenticate_twice("auth_jwt_www_authenticate on;\nauth_jwt_www_authenticate off;", &["\"auth_jwt_www_authenticate\"", "duplicate"]);
    www_authenticate_with_a_tab("auth_jwt_www_authenticate 'a\tb';", &["\"auth_jwt_www_authenticate\"", "0x20-0x7e"]);
    www_authenticate_of_two_words("auth_jwt_www_authenticate Bearer x;", &["\"auth_jwt_www_authenticate\""]);
    www_authenticate_unknown_variable("auth_jwt_www_authenticate $no_such_variable;", &["no_such_variable"]);
    resource_metadata_twice("auth_jwt_resource_metadata https://a/b;\nauth_jwt_resource_metadata off;", &["\"auth_jwt_resource_metadata\"", "duplicate"]);
    resource_metadata_empty("auth_jwt_resource_metadata '';", &["\"auth_jwt_resource_metadata\"", "https://"]);
    resource_metadata_a_path("auth_jwt_resource_metadata /.well-known/x;", &["\"auth_jwt_resource_metadata\"", "https://"]);
    resource_metadata_without_tls("auth_jwt_resource_metadata http://api.example.com/x;", &["\"auth_jwt_resource_metadata\"", "https://"]);
    resource_metadata_not_quite_loopback("auth_jwt_resource_metadata http://localhost.example.com/x;", &["\"auth_jwt_resource_metadata\"", "https://"]);
    resource_metadata_without_a_host("auth_jwt_resource_metadata https:///x;", &["\"auth_jwt_resource_metadata\"", "https://"]);
    resource_metadata_with_a_fragment("auth_jwt_resource_metadata https://a/x#y;", &["\"auth_jwt_resource_metadata\"", "https://"]);
    resource_metadata_with_a_space("auth_jwt_resource_metadata 'https://a/x y';", &["\"auth_jwt_resource_metadata\"", "https://"]);
    validate_exp_twice("auth_jwt_validate_exp on;\nauth_jwt_validate_exp on;", &["\"auth_jwt_validate_exp\"", "duplicate"]);
    validate_sig_not_a_flag("auth_jwt_validate_sig 1;", &["\"auth_jwt_validate_sig\"", "1"]);
    phase_unknown("auth_jwt_phase rewrite;", &["\"auth_jwt_phase\"", "rewrite"]);
    phase_twice("auth_jwt_phase access;\nauth_jwt_phase access;", &["\"auth_jwt_phase\"", "duplicate"]);
    size_not_a_size("auth_jwt_max_token_size big;", &["\"auth_jwt_max_token_size\"", "big"]);
    size_zero("auth_jwt_max_token_size 0;", &["\"auth_jwt_max_token_size\""]);
    size_negative("auth_jwt_max_token_size -1;", &["\"auth_jwt_max_token_size\""]);
    size_twice("auth_jwt_max_token_size 1k;\nauth_jwt_max_token_size 2k;", &["\"auth_jwt_max_token_size\"", "duplicate"]);
    rsa_bits_not_a_number("auth_jwt_min_rsa_bits many;", &["\"auth_jwt_min_rsa_bits\"", "many"]);
    rsa_bits_zero("auth_jwt_min_rsa_bits 0;", &["\"auth_jwt_min_rsa_bits\""]);
    rsa_bits_too_many("auth_jwt_min_rsa_bits 16384;", &["\"auth_jwt_min_rsa_bits\""]);
    require_without_a_value("auth_jwt_require;", &["\"auth_jwt_require\""]);
    require_with_a_code_alone("auth_jwt_require error=403;", &["\"auth_jwt_require\""]);
    require_plain_text("auth_jwt_require admin;", &["\"auth_jwt_require\"", "admin", "variable"]);
    require_text_before_the_variable("auth_jwt_require x$jwt_claim_sub;", &["\"auth_jwt_require\"", "variable"]);
    require_unknown_variable("auth_jwt_require $no_such_variable;", &["no_such_variable"]);
    require_code_408("auth_jwt_require $arg_a error=408;", &["\"auth_jwt_require\"", "408"]);
    require_code_444("auth_jwt_require $arg_a error=444;", &["\"auth_jwt_require\"", "444"]);
    require_code_499("auth_jwt_require $arg_a error=499;", &["\"auth_jwt_require\"", "499"]);
    require_code_302("auth_jwt_require $arg_a error=302;", &["\"auth_jwt_require\"", "302"]);
    require_code_200("auth_jwt_require $arg_a error=200;", &["\"auth_jwt_require\"", "200"]);
    require_code_600("auth_jwt_require $arg_a error=600;", &["\"auth_jwt_require\"", "600"]);
    require_code_of_words("auth_jwt_require $arg_a error=forbidden;", &["\"auth_jwt_require\"", "forbidden"]);
    require_code_empty("auth_jwt_require $arg_a error=;", &["\"auth_jwt_require\"", "error="]);
    require_two_codes("auth_jwt_require $arg_a error=401 error=403;", &["\"auth_jwt_require\"", "error="]);
    require_huge_code("auth_jwt_require $arg_a error=99999999999999999999;", &["\"auth_jwt_require\""]);
    require_claim_without_a_value("auth_jwt_require_claim a eq;", &["\"auth_jwt_require_claim\"", "arguments"]);
    require_claim_with_too_much("auth_jwt_require_claim a eq b error=401 c;", &["\"auth_jwt_require_claim\"", "arguments"]);
    require_claim_with_a_code_for_a_value("auth_jwt_require_claim a eq error=403;", &["\"auth_jwt_require_claim\"", "value"]);
    require_claim_with_another_last_word("auth_jwt_require_claim a eq b c;", &["\"auth_jwt_require_claim\"", "error="]);
    require_claim_unknown_operator("auth_jwt_require_claim a equals b;", &["\"auth_jwt_require_claim\"", "equals", "nintersect"]);
    require_claim_unknown_negation("auth_jwt_require_claim a !equals b;", &["\"auth_jwt_require_claim\"", "!equals"]);
    require_claim_code_444("auth_jwt_require_claim a eq b error=444;", &["\"auth_jwt_require_claim\"", "444"]);
    require_claim_bad_json("auth_jwt_require_claim a eq json=[1,];", &["\"auth_jwt_require_claim\"", "json=[1,]", "line 1 column 4"]);
    require_claim_json_in_quotes("auth_jwt_require_claim a eq json='1';", &["\"auth_jwt_require_claim\"", "column 1"]);
    require_claim_bad_pattern("auth_jwt_require_claim a match 'x(?=a)';", &["\"auth_jwt_require_claim\"", "look-ahead", "at character 2"]);
    require_claim_huge_pattern("auth_jwt_require_claim a match '\\w{1000}{100}';", &["\"auth_jwt_require_claim\"", "too large"]);
    require_claim_pattern_of_a_number("auth_jwt_require_claim a match json=123;", &["\"auth_jwt_require_claim\"", "string"]);
    require_claim_bad_path("auth_jwt_require_claim .[invalid eq b;", &["\"auth_jwt_require_claim\"", ".[invalid", "at character 3"]);
    require_claim_empty_name("auth_jwt_require_claim '' eq b;", &["\"auth_jwt_require_claim\"", "at character 1"]);
    require_claim_bad_nested_name("auth_jwt_allow_nested; auth_jwt_require_claim a..b eq c;", &["\"auth_jwt_require_claim\"", "a..b", "at character 3"]);
    require_claim_unknown_variable("auth_jwt_require_claim a eq $no_such_variable;", &["no_such_variable"]);
    require_claim_unknown_variable_as_text("auth_jwt_require_claim a eq string=$no_such_variable;", &["no_such_variable"]);
    require_claim_unknown_variable_within("auth_jwt_require_claim a eq x-$no_such_variable;", &["no_such_variable"]);
    require_claim_unknown_variable_in_json("auth_jwt_require_claim a in json=[\"$no_such_variable\"];", &["no_such_variable"]);
    require_claim_a_dollar_beside_a_variable("auth_jwt_require_claim a match ^$host$;", &["invalid variable name"]);
    require_header_bad_path("auth_jwt_require_header .a[ eq b;", &["\"auth_jwt_require_header\"", "at character 4"]);
    require_header_unknown_operator("auth_jwt_require_header a like b;", &["\"auth_jwt_require_header\"", "like"]);
    require_inherit_not_a_flag("auth_jwt_require_inherit no;", &["\"auth_jwt_require_inherit\"", "no"]);
    require_inherit_twice("auth_jwt_require_inherit on;\nauth_jwt_require_inherit on;", &["\"auth_jwt_require_inherit\"", "duplicate"]);
    allow_nested_unknown_word("auth_jwt_allow_nested separator=.;", &["\"auth_jwt_allow_nested\"", "separator=.", "delimiter="]);
    allow_nested_empty_delimiter("auth_jwt_allow_nested delimiter=;", &["\"auth_jwt_allow_nested\"", "delimiter="]);
    allow_nested_two_quotes("auth_jwt_allow_nested quote=' quote=';", &["\"auth_jwt_allow_nested\"", "quote="]);
    allow_nested_one_for_both("auth_jwt_allow_nested delimiter=' quote=';", &["\"auth_jwt_allow_nested\"", "same"]);
    allow_nested_twice("auth_jwt_allow_nested;\nauth_jwt_allow_nested delimiter=-;", &["\"auth_jwt_allow_nested\"", "duplicate"]);
    require_claim_inside_if("if ($arg_a) { auth_jwt_require_claim a eq b; }", &["\"auth_jwt_require_claim\"", "not allowed here"]);
    require_header_inside_if("if ($arg_a) { auth_jwt_require_header a eq b; }", &["\"auth_jwt_require_header\"", "not allowed here"]);
    require_inherit_inside_if("if ($arg_a) { auth_jwt_require_inherit off; }", &["\"auth_jwt_require_inherit\"", "not allowed here"]);
    allow_nested_inside_if("if ($arg_a) { auth_jwt_allow_nested; }", &["\"auth_jwt_allow_nested\"", "not allowed here"]);
    audience_without_a_value("auth_jwt_audience;", &["\"auth_jwt_audience\"", "arguments"]);
    audience_empty("auth_jwt_audience api '';", &["\"auth_jwt_audience\"", "empty"]);
    audience_inside_if("if ($arg_a) { auth_jwt_audience a; }", &["\"auth_jwt_audience\"", "not allowed here"]);
    scope_without_a_name("auth_jwt_scope any;", &["\"auth_jwt_scope\"", "at least one"]);
    scope_of_two_words("auth_jwt_scope 'read write';", &["\"auth_jwt_scope\"", "read write"]);
    scope_with_a_quote("auth_jwt_scope 'a\"b';", &["\"auth_jwt_scope\"", "invalid scope"]);
    scope_with_a_backslash("auth_jwt_scope 'a\\\\b';", &["\"auth_jwt_scope\"", "invalid scope"]);
    scope_beyond_ascii("auth_jwt_scope ä;", &["\"auth_jwt_scope\"", "invalid scope"]);
    scope_inside_if("if ($arg_a) { auth_jwt_scope a; }", &["\"auth_jwt_scope\"", "not allowed here"]);
    algorithms_unknown("auth_jwt_algorithms RS256 RS257;", &["\"auth_jwt_algorithms\"", "RS257", "ES256"]);
    algorithms_none("auth_jwt_algorithms none;", &["\"auth_jwt_algorithms\"", "none"]);
    algorithms_of_other_case("auth_jwt_algorithms rs256;", &["\"auth_jwt_algorithms\"", "rs256"]);
    algorithms_twice("auth_jwt_algorithms RS256;\nauth_jwt_algorithms RS256;", &["\"auth_jwt_algorithms\"", "duplicate"]);
    algorithms_with_nothing_in_common("auth_jwt_algorithms RS256 RS384; location /in { auth_jwt_algorithms ES256; }", &["\"auth_jwt_algorithms\"", "no algorithm", "RS256 RS384", "ES256"]);
    profile_unknown("auth_jwt_profile jwt;", &["\"auth_jwt_profile\"", "\"jwt\"", "at+jwt"]);
    profile_twice("auth_jwt_profile at+jwt;\nauth_jwt_profile at+jwt;", &["\"auth_jwt_profile\"", "duplicate"]);
    profile_without_an_audience("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_profile at+jwt; auth_jwt_require_claim iss eq a;", &["\"auth_jwt_profile\"", "auth_jwt_audience"]);
    profile_without_an_issuer("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_profile at+jwt; auth_jwt_audience a;", &["\"auth_jwt_profile\"", "auth_jwt_require_claim iss"]);
    profile_with_an_issuer_that_it_is_not("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_profile at+jwt; auth_jwt_audience a; auth_jwt_require_claim iss ne a;", &["\"auth_jwt_profile\"", "auth_jwt_require_claim iss"]);
    profile_with_an_issuer_deeper_down("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_profile at+jwt; auth_jwt_audience a; auth_jwt_require_claim .a.iss eq a;", &["\"auth_jwt_profile\"", "auth_jwt_require_claim iss"]);
    profile_afresh("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_audience a; auth_jwt_require_claim iss eq a;
                    location /in { auth_jwt_require_inherit off; auth_jwt_profile at+jwt; }", &["\"auth_jwt_profile\"", "auth_jwt_audience", "/in"]);
    revocation_list_missing("auth_jwt_revocation_list missing.json;", &["\"auth_jwt_revocation_list\"", "missing.json", "No such file", "create it"]);
    revocation_list_a_folder("auth_jwt_revocation_list folder;", &["\"auth_jwt_revocation_list\"", "folder", "regular file"]);
    revocation_list_empty("auth_jwt_revocation_list empty-file.json;", &["\"auth_jwt_revocation_list\"", "empty-file.json", "line 1"]);
    revocation_list_bad_json("auth_jwt_revocation_list broken.json;", &["\"auth_jwt_revocation_list\"", "broken.json", "line 1"]);
    revocation_list_of_unknown_kinds("auth_jwt_revocation_list empty.json;", &["\"auth_jwt_revocation_list\"", "empty.json", "\"jti\""]);
    revocation_list_an_array("auth_jwt_revocation_list list.json;", &["\"auth_jwt_revocation_list\"", "list.json", "\"jti\""]);
    revocation_list_with_a_variable("auth_jwt_revocation_list $host.json;", &["\"auth_jwt_revocation_list\"", "$host.json", "variables"]);
    revocation_list_of_two_files("auth_jwt_revocation_list a b;", &["\"auth_jwt_revocation_list\"", "arguments"]);
    revocation_list_sub_missing("auth_jwt_revocation_list_sub missing.json;", &["\"auth_jwt_revocation_list_sub\"", "missing.json", "No such file"]);
    revocation_list_sub_an_array("auth_jwt_revocation_list_sub list.json;", &["\"auth_jwt_revocation_list_sub\"", "list.json", "not an object"]);
    revocation_list_kid_missing("auth_jwt_revocation_list_kid missing.json;", &["\"auth_jwt_revocation_list_kid\"", "missing.json", "No such file"]);
    revocation_list_kid_a_number("auth_jwt_revocation_list_kid number.json;", &["\"auth_jwt_revocation_list_kid\"", "number.json", "not an object"]);
    revocation_list_inside_if("if ($arg_a) { auth_jwt_revocation_list empty.json; }", &["\"auth_jwt_revocation_list\"", "not allowed here"]);
    an_unknown_directive("auth_jwt_requires $arg_a;", &["unknown directive \"auth_jwt_requires\""]);
    auth_jwt_inside_if("if ($arg_a) { auth_jwt a; }", &["\"auth_jwt\"", "not allowed here"]);
    key_file_inside_if("if ($arg_a) { auth_jwt_key_file jwks.json; }", &["\"auth_jwt_key_file\"", "not allowed here"]);
    require_inside_if("if ($arg_a) { auth_jwt_require $arg_a; }", &["\"auth_jwt_require\"", "not allowed here"]);
    leeway_inside_if("if ($arg_a) { auth_jwt_leeway 1s; }", &["\"auth_jwt_leeway\"", "not allowed here"]);
    validate_sig_inside_if("if ($arg_a) { auth_jwt_validate_sig off; }", &["\"auth_jwt_validate_sig\"", "not allowed here"]);
    claim_set_in_a_location("auth_jwt_claim_set $a a;", &["\"auth_jwt_claim_set\"", "not allowed here"]);
    header_set_in_a_location("auth_jwt_header_set $a a;", &["\"auth_jwt_header_set\"", "not allowed here"]);
}

cases! { warns = warned:
    a_token_in_the_query_string("auth_jwt a token=$arg_t; auth_jwt_key_file jwks.json;", &["$arg_t", "log"]);
    validate_sig_off("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_validate_sig off;", &["auth_jwt_validate_sig"]);
    no_key_source("auth_jwt a;", &["auth_jwt_key_file"]);
    a_missing_optional_file("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_key_file missing.json optional;", &["auth_jwt_key_file", "missing.json", "No such file"]);
    an_empty_optional_file("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_key_file empty.json jwks optional;", &["auth_jwt_key_file", "empty.json", "no usable key"]);
    resource_metadata_of_the_client("auth_jwt_resource_metadata https://$http_host/x;", &["\"auth_jwt_resource_metadata\"", "$http_", "client"]);
    resource_metadata_of_the_host("auth_jwt_resource_metadata https://${host}/x;", &["\"auth_jwt_resource_metadata\"", "$host", "client"]);
    preaccess_with_satisfy_any("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_phase preaccess; satisfy any;", &["preaccess", "satisfy"]);
    another_code_with_satisfy_any("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_require $jwt_claim_sub error=410; satisfy any;", &["auth_jwt_require", "410", "satisfy"]);
}

cases! { warns_of_demands = warned:
    an_order_of_text("auth_jwt_require_claim a gt 5;", &["\"auth_jwt_require_claim\"", "never", "json="]);
    any_of_text("auth_jwt_require_claim a any admin;", &["\"auth_jwt_require_claim\"", "never", "json="]);
    in_a_number("auth_jwt_require_header a in json=1;", &["\"auth_jwt_require_header\"", "never"]);
    json_that_the_client_fills("auth_jwt_require_claim a in json=[\"$arg_a\"];", &["\"auth_jwt_require_claim\"", "$arg_", "quotes"]);
    another_code_of_a_claim("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_require_claim sub eq a error=410; satisfy any;", &["auth_jwt_require_claim", "410", "satisfy"]);
}

cases! { accepts = accepted:
    nothing_at_all("");
    the_usual("auth_jwt a; auth_jwt_key_file jwks.json;");
    an_empty_realm("auth_jwt ''; auth_jwt_key_file jwks.json;");
    a_realm_with_a_variable("auth_jwt $host; auth_jwt_key_file jwks.json;");
    off("auth_jwt off;");
    off_without_keys_below_a_check("auth_jwt a; auth_jwt_key_file jwks.json; location /x { auth_jwt off; }");
    keys_without_auth_jwt("auth_jwt_key_file jwks.json;");
    every_format("auth_jwt_key_file jwks.json jwks; auth_jwt_key_file keyval.json keyval; auth_jwt_key_file public.pem pem;");
    one_file_twice("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_key_file jwks.json;");
    a_challenge_of_our_own("auth_jwt_www_authenticate 'Bearer x=\"$uri\"';");
    resource_metadata("auth_jwt_resource_metadata https://a.example/x;");
    resource_metadata_on_loopback("auth_jwt_resource_metadata http://127.0.0.1:8080/x; location /a { auth_jwt_resource_metadata http://[::1]; }");
    leeway_of_minutes("auth_jwt_leeway 1m30s;");
    require_several_values("auth_jwt_require $arg_a $arg_b$arg_c error=403;");
    require_a_variable_and_text("auth_jwt_require $arg_a-x;");
    require_every_code("auth_jwt_require $arg_a error=400; auth_jwt_require $arg_a error=451; auth_jwt_require $arg_a error=503;");
    scalars("auth_jwt_max_token_size 4k; auth_jwt_min_rsa_bits 3072; auth_jwt_phase preaccess; auth_jwt_validate_exp off;");
    limit_except("limit_except GET { auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_require $jwt_claim_sub;
                  auth_jwt_require_claim a eq b; auth_jwt_require_header typ eq JWT; auth_jwt_require_inherit off; }");
    require_claim_every_operator("auth_jwt_require_claim a eq b; auth_jwt_require_claim a !ne b; auth_jwt_require_claim a gt json=1;
        auth_jwt_require_claim a ge json=1; auth_jwt_require_claim a lt json=1; auth_jwt_require_claim a !le json=1;
        auth_jwt_require_claim a in json=[]; auth_jwt_require_claim a nin json=[]; auth_jwt_require_claim a any json=[];
        auth_jwt_require_claim a intersect json=[]; auth_jwt_require_claim a nintersect json=[]; auth_jwt_require_claim a match ^b$;");
    a_profile("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_profile at+jwt; auth_jwt_audience a b; auth_jwt_require_claim iss in json=[\"a\"]; auth_jwt_scope any x:y; auth_jwt_scope a b;");
    every_algorithm("auth_jwt_algorithms HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K EdDSA Ed25519 Ed448;");
    revocation_lists("auth_jwt_revocation_list_sub empty.json; auth_jwt_revocation_list_kid empty.json; auth_jwt_revocation_list_kid empty.json;
        limit_except GET { auth_jwt_revocation_list_sub empty.json; }");
    allow_nested("auth_jwt_allow_nested; location /a { auth_jwt_allow_nested delimiter=<> quote='; auth_jwt_require_claim a<>b eq c; }");
}

/// The same at the http level.
fn refused_in_http(text: &str, texts: &[&str]) {
    let check = Config::new("a configuration for nginx -t")
        .http(text)
        .check();
    assert!(!check.ok, "accepted: {}", check.text);
    check.assert_line(&[&["[emerg]", "/nginx.conf:"], texts].concat());
}

cases! { refuses_in_http = refused_in_http:
    claim_set_without_a_name("auth_jwt_claim_set $a;", &["\"auth_jwt_claim_set\""]);
    claim_set_without_a_dollar("auth_jwt_claim_set a b;", &["\"auth_jwt_claim_set\"", "\"a\""]);
    claim_set_a_bare_dollar("auth_jwt_claim_set $ b;", &["\"auth_jwt_claim_set\""]);
    claim_set_a_builtin_variable("auth_jwt_claim_set $host b;", &["host"]);
    claim_set_twice("auth_jwt_claim_set $a b;\nauth_jwt_claim_set $a c;", &["duplicate", "\"a\""]);
    header_set_without_a_name("auth_jwt_header_set $a;", &["\"auth_jwt_header_set\""]);
    header_set_without_a_dollar("auth_jwt_header_set a b;", &["\"auth_jwt_header_set\"", "\"a\""]);
    key_file_missing("auth_jwt_key_file missing.json;", &["\"auth_jwt_key_file\"", "missing.json"]);
    phase_unknown("auth_jwt_phase never;", &["\"auth_jwt_phase\"", "never"]);
}

#[test]
fn the_line_is_the_directives_own() {
    let check = Config::new("the fifth line of a location")
        .server("location / {\n\n\n\nauth_jwt_leeway soon;\n}")
        .check();
    let line = check
        .text
        .lines()
        .find(|line| line.contains("[emerg]"))
        .unwrap()
        .to_owned();
    let number: usize = line.rsplit(':').next().unwrap().parse().unwrap();
    let server = Config::new("the fifth line of a location")
        .server("location / {\n\n\n\nno_such;\n}")
        .check();
    assert!(
        server.text.contains(&format!("nginx.conf:{number}")),
        "{line}\n{}",
        server.text
    );
}

#[test]
fn a_bad_file_never_stands_in_the_message() {
    let check = check("auth_jwt_key_file text.txt;");
    assert!(!check.text.contains("a secret that"), "{}", check.text);
}

#[test]
fn an_unreadable_file_is_refused_with_the_reason() {
    if rustix::process::geteuid().is_root() {
        // Root reads everything: the warning for the workers' user is another test's.
        return;
    }
    let check = Config::new("a file that may not be read")
        .keys(&[&key()])
        .prepared(|conf| {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(0o000);
            std::fs::set_permissions(conf.join("jwks.json"), mode).unwrap();
        })
        .server("location / { auth_jwt a; auth_jwt_key_file jwks.json; }")
        .check();
    assert!(!check.ok);
    check.assert_line(&[
        "[emerg]",
        "\"auth_jwt_key_file\"",
        "jwks.json",
        "Permission denied",
    ]);
}

/// The master is root and could read it, the workers could not read a new version.
#[test]
fn a_file_that_the_workers_cannot_reopen_draws_a_warning() {
    if !rustix::process::geteuid().is_root() {
        // An ordinary user's workers are that user.
        return;
    }
    let check = Config::new("a file that only root may read")
        .keys(&[&key()])
        .prepared(|conf| {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(conf.join("jwks.json"), mode).unwrap();
        })
        .server("location / { auth_jwt a; auth_jwt_key_file jwks.json; }")
        .check();
    assert!(check.ok, "{}", check.text);
    check.assert_line(&["[warn]", "jwks.json", "chgrp"]);
    assert_eq!(check.text.matches("[warn]").count(), 1, "{}", check.text);
}

/// A FIFO would stop nginx at its first byte, a device never end.
#[test]
fn a_key_file_that_is_no_regular_file_is_not_opened() {
    for path in ["/dev/null", "/dev/zero", "."] {
        let config = Config::new("a device as a key file");
        let check = config
            .server(format!("auth_jwt a; auth_jwt_key_file {path};"))
            .check();
        assert!(!check.ok);
        check.assert_line(&[
            "[emerg]",
            "auth_jwt_key_file",
            "not a regular file",
            "/nginx.conf:",
        ]);
    }
}
