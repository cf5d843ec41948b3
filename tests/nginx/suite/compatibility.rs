//! The examples of two modules' public documentation, typed anew: they load here, and decide as
//! documented there. What differs on purpose stands with its example.
//!
//! Left out until their directives are there: the commercial module's encrypted and nested tokens
//! (`auth_jwt_type`).

use jwt_testkit::{Key, jwks, keyval, sign, token};
use nginx_tests::{Config, Nginx, Request, cases, good, key, user_with, with_claims};
use serde_json::{Value, json};

/// An example's text for the http level and for the server, with the files that it names.
fn start(http: &str, server: &str) -> Nginx {
    Config::new("an example of another module's documentation")
        .file("conf/keys.json", jwks(&[&key()]))
        .file("conf/key.jwk", jwks(&[&Key::other(key().alg())]))
        .file(
            "conf/keyval.json",
            keyval(&[&Key::other(key().alg()).with_kid("pem")]),
        )
        .http(http)
        .server(server)
        .start()
}

/// A location of an example, with an API behind it.
fn located(example: &str) -> String {
    format!(
        "location / {{ {example} add_header Status $jwt_status always; proxy_pass http://@UPSTREAM@; }}"
    )
}

/// A token with these claims beside the ordinary ones.
fn having(claims: &Value) -> String {
    let mut all = nginx_tests::user();
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    with_claims(&all)
}

/// The status for a token with these claims.
fn decides(http: &str, example: &str, claims: &Value, status: u16) {
    let example = format!("auth_jwt \"closed site\"; auth_jwt_key_file conf/keys.json; {example}");
    let nginx = start(http, &located(&example));
    assert_eq!(nginx.get_with("/", &having(claims)).status, status);
    assert_eq!(nginx.get("/").status, 401);
}

// The commercial module: its reference, and the guide to setting it up.

#[test]
fn the_closed_site() {
    let nginx = start(
        "",
        &located("auth_jwt \"closed site\"; auth_jwt_key_file conf/keys.json;"),
    );
    nginx.get_with("/", &good()).assert(200, "ok");
    assert_eq!(nginx.get_with("/", "x").status, 401);
    // Difference: the first 401 is challenged too.
    assert_eq!(nginx.get("/").challenge(), "Bearer realm=\"closed site\"");
}

#[test]
fn a_token_in_a_cookie() {
    let nginx = start(
        "",
        &located(
            "auth_jwt \"closed site\" token=$cookie_auth_token; auth_jwt_key_file conf/keys.json;",
        ),
    );
    let cookie = format!("auth_token={}", good());
    assert_eq!(
        nginx
            .ask(&Request::get("/").header("Cookie", &cookie))
            .status,
        200
    );
    assert_eq!(nginx.get_with("/", &good()).status, 401);
}

#[test]
fn claims_by_path() {
    let nginx = start(
        "auth_jwt_claim_set $email info e-mail; auth_jwt_claim_set $job info \"job title\";",
        &located(
            "auth_jwt \"closed site\"; auth_jwt_key_file conf/keys.json;
             proxy_set_header X-Email $email; proxy_set_header X-Job $job;",
        ),
    );
    let claims = json!({"info": {"e-mail": "jdoe@example.com", "job title": ["chef", "cook"]}});
    let response = nginx.get_with("/", &having(&claims));
    assert_eq!(response.echoed("X-Email"), Some("jdoe@example.com"));
    assert_eq!(response.echoed("X-Job"), Some("chef,cook"));
}

#[test]
fn several_key_files() {
    let nginx = start(
        "",
        &located(
            "auth_jwt \"closed site\"; auth_jwt_key_file conf/keys.json; auth_jwt_key_file conf/key.jwk;",
        ),
    );
    for key in [key(), Key::other(key().alg())] {
        let token = token(&key, &nginx_tests::user());
        assert_eq!(nginx.get_with("/", &token).status, 200);
    }
}

#[test]
fn off_in_a_part() {
    let nginx = start(
        "auth_jwt \"closed site\"; auth_jwt_key_file conf/keys.json;",
        "location / { try_files /ok.txt =500; }
         location /open { auth_jwt off; try_files /ok.txt =500; }
         location /write { auth_jwt off; limit_except GET { auth_jwt \"write\"; } try_files /ok.txt =500; }",
    );
    assert_eq!(nginx.get("/").status, 401);
    assert_eq!(nginx.get("/open").status, 200);
    assert_eq!(nginx.get("/write").status, 200);
    let write = nginx.ask(&Request::new("DELETE", "/write"));
    assert_eq!(write.challenge(), "Bearer realm=\"write\"");
}

const VALID_ISS: &str = "map $jwt_claim_iss $valid_jwt_iss { \"good\" 1; }";

cases! { required_issuer = decides:
    good(VALID_ISS, "auth_jwt_require $valid_jwt_iss;", &json!({"iss": "good"}), 200);
    bad(VALID_ISS, "auth_jwt_require $valid_jwt_iss;", &json!({"iss": "bad"}), 401);
    absent(VALID_ISS, "auth_jwt_require $valid_jwt_iss;", &json!({}), 401);
    bad_with_its_code(VALID_ISS, "auth_jwt_require $valid_jwt_iss error=403;", &json!({"iss": "bad"}), 403);
}

const VALID_APP: &str = "map $jwt_claim_aud $valid_app_id { \"~api\\d.example.com\" 1; }
    map $jwt_claim_iss $valid_issuer { \"https://idp.example.com/sts\" 1; }";

cases! { required_app_and_issuer = decides:
    both(VALID_APP, "auth_jwt_require $valid_app_id; auth_jwt_require $valid_issuer;",
        &json!({"aud": "api1.example.com", "iss": "https://idp.example.com/sts"}), 200);
    one_directive(VALID_APP, "auth_jwt_require $valid_app_id $valid_issuer;",
        &json!({"aud": ["api1.example.com"], "iss": "https://idp.example.com/sts"}), 200);
    other_app(VALID_APP, "auth_jwt_require $valid_app_id; auth_jwt_require $valid_issuer;",
        &json!({"aud": "web.example.com", "iss": "https://idp.example.com/sts"}), 401);
    other_issuer(VALID_APP, "auth_jwt_require $valid_app_id $valid_issuer error=403;",
        &json!({"aud": "api1.example.com", "iss": "https://idp.example.com"}), 403);
}

#[test]
fn the_jwt_access_log() {
    let nginx = start(
        "log_format jwt '$remote_addr - $remote_user [$time_local] \"$request\" '
                        '$status $body_bytes_sent \"$http_referer\" \"$http_user_agent\" '
                        'alg=$jwt_header_alg sub=$jwt_claim_sub';
         access_log logs/jwt.log jwt;",
        &located("auth_jwt \"Products API\"; auth_jwt_key_file conf/keys.json;"),
    );
    let token = with_claims(&user_with("sub", json!("ann")));
    assert_eq!(nginx.get_with("/", &token).status, 200);
    nginx_tests::eventually("the line is there", || {
        std::fs::read_to_string(nginx.prefix("logs/jwt.log"))
            .is_ok_and(|log| log.contains("alg=ES256 sub=ann"))
    });
}

/// Content-based routing by a claim.
#[test]
fn an_upstream_by_claim() {
    let nginx = start(
        "map $jwt_claim_groups $jwt_status_group { \"~admin\" admin; default users; }
         upstream admin { server @UPSTREAM@; } upstream users { server @UPSTREAM@; }",
        "location / { auth_jwt on; auth_jwt_key_file conf/keys.json;
             proxy_set_header X-Group $jwt_status_group; proxy_pass http://$jwt_status_group; }",
    );
    let group = |groups: Value| {
        let response = nginx.get_with("/", &with_claims(&user_with("groups", groups)));
        response.echoed("X-Group").map(str::to_owned)
    };
    assert_eq!(group(json!(["dev", "admin"])).as_deref(), Some("admin"));
    assert_eq!(group(json!("dev")).as_deref(), Some("users"));
    // "on" is a realm as any other.
    assert_eq!(nginx.get("/").challenge(), "Bearer realm=\"on\"");
}

#[test]
fn leeway() {
    let late = user_with("exp", json!(jwt_testkit::now() - 30));
    for (leeway, status) in [("60s", 200), ("1m", 200), ("10s", 401)] {
        let example =
            format!("auth_jwt a; auth_jwt_key_file conf/keys.json; auth_jwt_leeway {leeway};");
        let nginx = start("", &located(&example));
        assert_eq!(nginx.get_with("/", &with_claims(&late)).status, status);
    }
}

// kjdev/nginx-auth-jwt: its reference and its examples.

#[test]
fn key_files_of_two_formats() {
    let nginx = start(
        "",
        &located(
            "auth_jwt \"closed site\"; auth_jwt_key_file conf/key.jwk; auth_jwt_key_file conf/keyval.json keyval;",
        ),
    );
    let second = Key::other(key().alg());
    for key in [second.clone(), second.with_kid("pem")] {
        let token = token(&key, &nginx_tests::user());
        assert_eq!(nginx.get_with("/", &token).status, 200);
    }
    assert_eq!(nginx.get_with("/", &good()).status, 401);
}

#[test]
fn a_claim_variable() {
    let nginx = start(
        "auth_jwt_claim_set $jwt_audience aud; auth_jwt_header_set $jwt_type typ;",
        &located(
            "auth_jwt \"closed site\"; auth_jwt_key_file conf/keys.json;
             proxy_set_header X-Aud $jwt_audience; proxy_set_header X-Typ $jwt_type;
             proxy_set_header X-Claims $jwt_claims;",
        ),
    );
    let claims = json!({"aud": ["a", "b"]});
    let header = json!({"alg": "ES256", "typ": "JWT"});
    let response = nginx.get_with("/", &sign(&header, &claims, &key()));
    assert_eq!(response.echoed("X-Aud"), Some("a,b"));
    assert_eq!(response.echoed("X-Typ"), Some("JWT"));
    assert_eq!(response.echoed("X-Claims"), Some(r#"{"aud":["a","b"]}"#));
}

const ROLES: &str =
    "map $request_method $required_jwt_roles { \"GET\" '[\"SERVICE\", \"ADMINISTRATORS\"]'; }";

cases! { requirements_on_claims = decides:
    a_string("", "auth_jwt_require_claim jti eq 3949117906;", &json!({"jti": "3949117906"}), 200);
    a_string_is_no_number("", "auth_jwt_require_claim jti eq 3949117906;", &json!({"jti": 3_949_117_906_u32}), 401);
    a_number("", "auth_jwt_require_claim iat eq json=1697461112;", &json!({"iat": 1_697_461_112}), 200);
    another_number("", "auth_jwt_require_claim iat eq json=1697461112;", &json!({"iat": 1_697_461_113}), 401);
    less("", "set $expected_iat 1697461110; auth_jwt_require_claim iat lt $expected_iat;", &json!({"iat": 1_697_461_109}), 200);
    not_less("", "set $expected_iat 1697461110; auth_jwt_require_claim iat lt $expected_iat;", &json!({"iat": 1_697_461_110}), 401);
    a_role(ROLES, "auth_jwt_require_claim roles intersect $required_jwt_roles;", &json!({"roles": ["SERVICE", "X"]}), 200);
    no_role(ROLES, "auth_jwt_require_claim roles intersect $required_jwt_roles;", &json!({"roles": ["X"]}), 401);
    any_role(ROLES, "auth_jwt_require_claim roles any $required_jwt_roles;", &json!({"roles": ["ADMINISTRATORS"]}), 200);
    a_pattern("", "auth_jwt_require_claim sub match '\\A[a-f0-9-]+\\z';", &json!({"sub": "0a-f"}), 200);
    no_such_pattern("", "auth_jwt_require_claim sub match '\\A[a-f0-9-]+\\z';", &json!({"sub": "0a-f\n"}), 401);
    // As documented the variable's text is '"@example\.com"', which is no JSON: here it fails.
    a_pattern_in_a_variable("", "set $email_pattern '\"@example[.]com\"'; auth_jwt_require_claim email match $email_pattern;", &json!({"email": "ann@example.com"}), 200);
    a_pattern_that_is_no_json("", "set $email_pattern '\"@example\\.com\"'; auth_jwt_require_claim email match $email_pattern;", &json!({"email": "ann@example.com"}), 401);
    the_template("", "auth_jwt_validate_exp on; auth_jwt_require_claim iss eq \"https://idp.example.com\"; auth_jwt_require $jwt_claim_sub; auth_jwt_require_claim aud eq \"myapp\";",
        &json!({"iss": "https://idp.example.com", "aud": "myapp"}), 200);
    the_template_and_another_audience("", "auth_jwt_require_claim iss eq \"https://idp.example.com\"; auth_jwt_require $jwt_claim_sub; auth_jwt_require_claim aud eq \"myapp\";",
        &json!({"iss": "https://idp.example.com", "aud": "other"}), 401);
    // All of the verify example: no token is both at 1697461112 and before 1697461110.
    the_verify_example(ROLES, "set $expected_iat 1697461110; auth_jwt_require_claim jti eq 3949117906; auth_jwt_require_claim iat eq json=1697461112;
        auth_jwt_require_claim iat lt $expected_iat; auth_jwt_require_claim roles any $required_jwt_roles;",
        &json!({"jti": "3949117906", "iat": 1_697_461_112, "roles": ["SERVICE"]}), 401);
}

fn nested() -> Value {
    json!({
        "grants": {"access": "allow"}, "grants.key": "dot", "address": {"city": "Tokyo"},
        "roles": ["admin"], "groups": [{"name": "engineering"}], "dotted.key": "some_value",
        "matrix": [[1, 2]],
    })
}

cases! { paths = decides:
    delimiters("", "auth_jwt_allow_nested; auth_jwt_require_claim grants.access eq allow; auth_jwt_require_claim '\"grants.key\"' eq dot;", &nested(), 200);
    delimiters_and_another_value("", "auth_jwt_allow_nested; auth_jwt_require_claim grants.access eq deny;", &nested(), 401);
    an_object("", "auth_jwt_require_claim .address.city eq Tokyo;", &nested(), 200);
    an_array("", "auth_jwt_require_claim .roles[0] eq admin;", &nested(), 200);
    both("", "auth_jwt_require_claim .groups[0].name eq engineering;", &nested(), 200);
    a_quoted_name("", "auth_jwt_require_claim .\"dotted.key\" eq some_value;", &nested(), 200);
    arrays("", "auth_jwt_require_claim .matrix[0][1] eq json=2;", &nested(), 200);
    beyond_the_end("", "auth_jwt_require_claim .roles[1] eq admin;", &nested(), 401);
}

#[test]
fn a_header_by_path() {
    let nginx = start(
        "",
        &located(
            "auth_jwt a; auth_jwt_key_file conf/keys.json; auth_jwt_require_header .meta.version eq 2.0;",
        ),
    );
    let with = |version: &str| {
        let header = json!({"alg": "ES256", "meta": {"version": version}});
        sign(&header, &nginx_tests::user(), &key())
    };
    assert_eq!(nginx.get_with("/", &with("2.0")).status, 200);
    assert_eq!(nginx.get_with("/", &with("2.1")).status, 401);
}

#[test]
fn trusted_issuers_by_map() {
    decides(
        "map $jwt_claim_iss $valid_jwt_iss { \"https://trusted-idp.example.com\" 1; }",
        "auth_jwt_require $valid_jwt_iss;",
        &json!({"iss": "https://trusted-idp.example.com"}),
        200,
    );
}

/// The location that validates an ID token for OpenID Connect scripts: run as a subrequest, without
/// a signature check, as that example writes it.
#[test]
fn a_token_validated_in_a_subrequest() {
    let nginx = Config::new("an ID token that a subrequest validates")
        .server(
            "location / { set $id_token $http_x_id_token; auth_request /_validate_token; try_files /ok.txt =500; }
             location = /_validate_token { internal; auth_jwt \"\" token=$id_token; auth_jwt_phase preaccess;
                 auth_jwt_validate_sig off; try_files /ok.txt =500; }",
        )
        .start();
    let valid = |token: &str| {
        let page = nginx.ask(&Request::get("/").header("X-Id-Token", token));
        page.status == 200
    };
    assert!(valid(&good()));
    assert!(!valid("x"));
    let late = user_with("exp", json!(1));
    assert!(!valid(&with_claims(&late)));
}

#[test]
fn switches_within_limit_except() {
    let nginx = start(
        "",
        "location / { auth_jwt a; auth_jwt_key_file conf/keys.json;
             limit_except POST { auth_jwt_validate_exp off; auth_jwt_validate_sig off; } }",
    );
    let late = with_claims(&user_with("exp", json!(1)));
    assert_eq!(nginx.get_with("/ok.txt", &late).status, 200);
    let post = Request::new("POST", "/ok.txt").bearer(&late);
    assert_eq!(nginx.ask(&post).status, 401);
}

/// An MCP server whose challenge an error page writes, and one whose challenge is a string.
#[test]
fn challenges_of_an_mcp_server() {
    const VALUE: &str = "Bearer resource_metadata=\"http://localhost/.well-known/oauth-protected-resource\", scope=\"mcp:read\"";
    let nginx = start(
        "",
        "set $mcp_metadata_uri \"http://localhost/.well-known/oauth-protected-resource\";
         set $mcp_required_scope \"mcp:read\";
         location /mcp { auth_jwt \"mcp\"; auth_jwt_key_file conf/keys.json; auth_jwt_www_authenticate off;
             error_page 401 = @mcp_unauthorized; proxy_set_header Authorization \"\"; proxy_pass http://@UPSTREAM@; }
         location @mcp_unauthorized { internal;
             add_header WWW-Authenticate 'Bearer resource_metadata=\"$mcp_metadata_uri\", scope=\"$mcp_required_scope\"' always;
             return 401; }
         location /string { auth_jwt \"mcp\"; auth_jwt_key_file conf/keys.json;
             auth_jwt_www_authenticate 'Bearer resource_metadata=\"$mcp_metadata_uri\", scope=\"$mcp_required_scope\"'; }",
    );
    for target in ["/mcp", "/string"] {
        assert_eq!(nginx.get_with(target, "x").challenge(), VALUE);
        // Difference for the string: also without a token.
        assert_eq!(nginx.get(target).challenge(), VALUE);
    }
    let granted = nginx.get_with("/mcp", &good());
    assert_eq!(
        (granted.status, granted.echoed("Authorization")),
        (200, None)
    );
}

/// An identity provider beside the examples' server: its keys as a JWK Set, others as keyval.
fn with_provider(server: &str) -> Nginx {
    let other = Key::other(key().alg());
    Config::new("an example with requested keys")
        .file("html/keys", jwks(&[&key()]))
        .file("html/public", keyval(&[&other.clone().with_kid("pem")]))
        .file("conf/key.jwk", jwks(&[&other]))
        .http(
            "proxy_cache_path @PREFIX@/cache levels=1 keys_zone=foo:10m;
             server { listen 127.0.0.1:@PORT2@; root @PREFIX@/html; }",
        )
        .server(server)
        .start()
}

#[test]
fn keys_by_a_cached_request() {
    for more in ["", "auth_jwt_key_cache 3h;"] {
        let nginx = with_provider(&format!(
            "location / {{ auth_jwt \"closed site\"; auth_jwt_key_request /jwks_uri; {more} proxy_pass http://@UPSTREAM@; }}
             location = /jwks_uri {{ internal; proxy_cache foo; proxy_cache_valid 200 1h; proxy_pass http://127.0.0.1:@PORT2@/keys; }}"
        ));
        for _ in 0..2 {
            assert_eq!(nginx.get_with("/", &good()).status, 200);
            let forged = token(&Key::other(key().alg()), &nginx_tests::user());
            assert_eq!(nginx.get_with("/", &forged).status, 401);
        }
        assert_eq!(nginx.get("/").status, 401);
        assert_eq!(nginx.get_with("/jwks_uri", &good()).status, 404);
    }
}

#[test]
fn keys_by_several_requests() {
    let nginx = with_provider(
        "location / { auth_jwt \"closed site\"; auth_jwt_key_request /jwks_uri; auth_jwt_key_request /public_key keyval;
             proxy_pass http://@UPSTREAM@; }
         location = /jwks_uri { internal; proxy_pass http://127.0.0.1:@PORT2@/keys; }
         location = /public_key { internal; proxy_pass http://127.0.0.1:@PORT2@/public; }",
    );
    assert_eq!(nginx.get_with("/", &good()).status, 200);
    let second = Key::other(key().alg()).with_kid("pem");
    assert_eq!(
        nginx
            .get_with("/", &token(&second, &nginx_tests::user()))
            .status,
        200
    );
}

/// Documented by kjdev with a misprint (`auth_jwt_require` for `auth_jwt_require_claim`), and refused
/// there as here: its values start with a variable.
#[test]
fn a_misprint_is_refused() {
    let check = Config::new("a misprint")
        .server("set $less 1697461110; auth_jwt_require iat lt $less;")
        .check();
    assert!(!check.ok);
    check.assert_line(&["\"auth_jwt_require\"", "iat"]);
}

#[test]
fn locked_users_and_keys() {
    const LOCKED: &str = r#"{"lockedsub1": {"locked_at": "2023"}, "lockedsub2": {"locked_reason": "bad user"},
                             "lockedsub3": {"any_other_property": 1}}"#;
    let nginx = Config::new("an example of another module's documentation")
        .file(
            "conf/keys.json",
            jwks(&[&key(), &key().with_kid("test2kid")]),
        )
        .file("conf/lockeduserslist.json", LOCKED)
        .file(
            "conf/lockedkidlist.json",
            r#"{"test2kid": {"revocation_reason": "unknown"}}"#,
        )
        .server(located(
            "auth_jwt \"closed site\"; auth_jwt_key_file conf/keys.json;
             auth_jwt_revocation_list_sub conf/lockeduserslist.json; auth_jwt_revocation_list_kid conf/lockedkidlist.json;",
        ))
        .start();
    nginx.get_with("/", &good()).assert(200, "ok");
    for sub in ["lockedsub1", "lockedsub2", "lockedsub3"] {
        nginx
            .get_with("/", &having(&json!({"sub": sub})))
            .assert(401, "revoked");
    }
    let locked_key = token(&key().with_kid("test2kid"), &nginx_tests::user());
    nginx.get_with("/", &locked_key).assert(401, "revoked");
    let without_kid = sign(
        &json!({"alg": key().alg().header_name()}),
        &nginx_tests::user(),
        &key(),
    );
    nginx.get_with("/", &without_kid).assert(401, "revoked");
}

/// kjdev's comprehensive example, its TLS left out.
#[test]
fn the_comprehensive_example() {
    let nginx = Config::new("an example of another module's documentation")
        .file("html/jwks.json", jwks(&[&key()]))
        .file("revoked_subs.json", r#"{"lockedsub1": {}}"#)
        .http(
            "proxy_cache_path tmp/cache keys_zone=jwks_cache:10m;
             map $jwt_claim_iss $valid_iss { \"https://idp.example.com\" 1; }
             map $request_method $required_roles { \"GET\" '[\"reader\", \"admin\"]'; \"POST\" '[\"admin\"]'; }
             server { listen 127.0.0.1:@PORT2@; root @PREFIX@/html; }",
        )
        .server(
            "location / {
                 auth_jwt \"api\"; auth_jwt_key_request /jwks_uri; auth_jwt_validate_exp on; auth_jwt_leeway 10s;
                 auth_jwt_revocation_list_sub revoked_subs.json;
                 auth_jwt_require $valid_iss;
                 auth_jwt_require_claim aud eq \"myapi\";
                 auth_jwt_require_claim roles intersect $required_roles;
                 proxy_pass http://@UPSTREAM@;
             }
             location = /jwks_uri { internal; proxy_cache jwks_cache; proxy_cache_valid 200 1h;
                                    proxy_pass http://127.0.0.1:@PORT2@/jwks.json; }",
        )
        .start();
    let ask = |method: &str, name: &str, value: Value| {
        let mut claims =
            json!({"iss": "https://idp.example.com", "aud": "myapi", "roles": ["reader"]});
        claims[name] = value;
        let request = Request::new(method, "/").bearer(&having(&claims)).body("");
        nginx.ask(&request).status
    };
    assert_eq!(ask("GET", "x", json!(1)), 200);
    assert_eq!(ask("GET", "iss", json!("https://other.example.com")), 401);
    assert_eq!(ask("GET", "aud", json!("other")), 401);
    assert_eq!(ask("GET", "sub", json!("lockedsub1")), 401);
    assert_eq!(ask("GET", "roles", json!(["guest"])), 401);
    assert_eq!(ask("POST", "x", json!(1)), 401);
    assert_eq!(ask("POST", "roles", json!(["admin"])), 200);
}
