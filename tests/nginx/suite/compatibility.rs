//! The examples of two modules' public documentation, typed anew: they load here, and decide as
//! documented there. What differs on purpose stands with its example, and in docs/migrate-from-*.md.
//!
//! Of the commercial module: its reference (nginx.org, `ngx_http_auth_jwt_module`), "Setting up JWT
//! Authentication" in the admin guide, the guides to single sign-on that use scripts, and the articles
//! on API clients. Of kjdev's: README, docs/ and example/.
//!
//! Left out until their directives are there: the commercial module's encrypted and nested tokens
//! (`auth_jwt_type`).

use jwt_testkit::{Alg, Key, hostile, jwks, keyval, sign, token};
use nginx_tests::{Config, Features, Nginx, Request, cases, good, key, user_with, with_claims};
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

/// The guide's key, of twelve bytes, and its query argument.
#[test]
fn a_token_in_the_query_string() {
    let nginx = Config::new("the guide's key and query argument")
        .file(
            "conf/key.jwk",
            r#"{"keys": [{"k": "ZmFudGFzdGljand0", "kty": "oct", "kid": "0001"}]}"#,
        )
        .tokens_in_request_line()
        .server(
            "location /products/ { proxy_pass http://@UPSTREAM@; auth_jwt \"API\" token=$arg_apijwt;
                                   auth_jwt_key_file conf/key.jwk; }",
        )
        .start();
    let key = Key::secret(Alg::HS256, b"fantasticjwt").with_kid("0001");
    let token = token(&key, &nginx_tests::user());
    let ask = |query: &str| nginx.get(&format!("/products/{query}"));
    assert_eq!(ask(&format!("?apijwt={token}")).status, 200);
    assert_eq!(ask("?apijwt=x").status, 401);
    assert_eq!(ask("").challenge(), "Bearer realm=\"API\"");
}

const THREE_RULES: &str = "map $jwt_claim_aud $valid_app_id { \"~api\\d.example.com\" 1; }
    map $jwt_claim_iss $valid_issuer { \"https://idp.example.com/sts\" 1; }
    map $jwt_claim_scope $valid_scope { \"access_as_admin\" 1; }";

fn of_the_guide(aud: &str, scope: &str) -> Value {
    json!({"aud": aud, "iss": "https://idp.example.com/sts", "scope": scope})
}

// As written the guide's second directive cannot be the one that refuses: the first has its value too.
cases! { three_rules = decides:
    all(THREE_RULES, "auth_jwt_require $valid_app_id $valid_issuer $valid_scope;", &of_the_guide("api2.example.com", "access_as_admin"), 200);
    another_scope(THREE_RULES, "auth_jwt_require $valid_app_id $valid_issuer $valid_scope;", &of_the_guide("api2.example.com", "access"), 401);
    another_scope_as_written(THREE_RULES, "auth_jwt_require $valid_app_id $valid_issuer $valid_scope; auth_jwt_require $valid_scope error=403;",
        &of_the_guide("api2.example.com", "access"), 401);
    another_scope_as_meant(THREE_RULES, "auth_jwt_require $valid_app_id $valid_issuer; auth_jwt_require $valid_scope error=403;",
        &of_the_guide("api2.example.com", "access"), 403);
    another_app_as_meant(THREE_RULES, "auth_jwt_require $valid_app_id $valid_issuer; auth_jwt_require $valid_scope error=403;",
        &of_the_guide("web.example.com", "access"), 401);
}

/// The commercial module's articles name a variable as one of ours is named.
#[test]
fn clients_that_a_map_revokes() {
    let nginx = start(
        "map $jwt_claim_sub $jwt_status { \"quotes\" \"revoked\"; \"test\" \"revoked\"; default \"\"; }",
        "location /products/ { auth_jwt \"Products API\"; auth_jwt_key_file conf/keys.json;
             if ($jwt_status = \"revoked\") { return 403; }
             proxy_pass http://@UPSTREAM@; }",
    );
    let of = |key: &Key, sub: &str| token(key, &user_with("sub", json!(sub)));
    let ask = |token: &str| nginx.get_with("/products/", token).status;
    assert_eq!(ask(&of(&key(), "ann")), 200);
    assert_eq!(ask(&of(&key(), "quotes")), 403);
    assert_eq!(ask(&of(&key(), "test")), 403);
    // Not revoked, since nobody knows whose it is.
    assert_eq!(ask(&of(&Key::other(key().alg()), "quotes")), 401);
    assert_eq!(nginx.get("/products/").status, 401);
}

#[test]
fn names_of_ours_are_free() {
    let nginx = start(
        "map $uri $jwt_claims { default mapped; } map $uri $jwt_payload { default mapped; }",
        "set $jwt_nowtime set; set $jwt_cache_status set;
         location / { auth_jwt a; auth_jwt_key_file conf/keys.json; proxy_pass http://@UPSTREAM@;
             proxy_set_header X-All \"$jwt_claims $jwt_payload $jwt_nowtime $jwt_cache_status\"; }",
    );
    let response = nginx.get_with("/", &good());
    assert_eq!(response.echoed("X-All"), Some("mapped mapped set set"));
}

#[test]
fn administrators_by_a_group() {
    let nginx = start(
        "auth_jwt_claim_set $jwt_groups groups; auth_jwt_claim_set $jwt_real_name attributes name;
         map $jwt_groups $isAdmin { \"~\\bAdministrator\\b\" 1; default 0; }",
        "location = /admin { if ( $isAdmin = 0 ) { return 403; }
             auth_jwt \"My secure site\"; auth_jwt_key_file conf/keys.json;
             proxy_set_header X-RealName $jwt_real_name; proxy_set_header X-Subject $jwt_claim_sub;
             proxy_pass http://@UPSTREAM@; }",
    );
    let ask = |groups: Value| {
        let claims = json!({"groups": groups, "attributes": {"name": "Ann"}});
        nginx.get_with("/admin", &having(&claims))
    };
    let granted = ask(json!(["Foo", "Administrator"]));
    assert_eq!(
        (granted.status, granted.echoed("X-RealName")),
        (200, Some("Ann"))
    );
    assert_eq!(granted.echoed("X-Subject"), Some(nginx_tests::SUBJECT));
    assert_eq!(ask(json!(["Foo", "Bar"])).status, 403);
    assert_eq!(nginx.get("/admin").status, 403);
}

#[test]
fn methods_that_an_administrator_may_use() {
    let nginx = start(
        "map $request_method $admin_permitted_method { GET true; HEAD true; OPTIONS true; default $jwt_claim_admin; }",
        "location /api/warehouse/pricing/ { auth_jwt \"Warehouse API\"; auth_jwt_key_file conf/keys.json;
             if ($admin_permitted_method != \"true\") { return 403; }
             proxy_pass http://@UPSTREAM@; }",
    );
    let ask = |method: &str, admin: Value| {
        let request = Request::new(method, "/api/warehouse/pricing/item1").body("");
        nginx
            .ask(&request.bearer(&having(&json!({"admin": admin}))))
            .status
    };
    assert_eq!(ask("GET", json!(false)), 200);
    assert_eq!(ask("PATCH", json!(true)), 200);
    assert_eq!(ask("PATCH", json!(false)), 403);
    assert_eq!(ask("PATCH", json!(null)), 403);
}

#[test]
fn a_limit_and_a_log_per_client() {
    let nginx = start(
        "log_format jwt '$remote_addr - $remote_user [$time_local] \"$request\" '
                        '$status $body_bytes_sent \"$http_referer\" \"$http_user_agent\" '
                        '$jwt_header_alg $jwt_claim_sub';
         limit_req_zone $jwt_claim_sub zone=10rps_per_client:1m rate=10r/s;",
        "location /products/ { auth_jwt \"Products API\"; auth_jwt_key_file conf/keys.json;
             limit_req zone=10rps_per_client burst=100 nodelay;
             proxy_pass http://@UPSTREAM@; proxy_set_header API-Client $jwt_claim_sub;
             access_log logs/jwt.log jwt; }",
    );
    let response = nginx.get_with("/products/", &having(&json!({"sub": "quotes"})));
    assert_eq!(response.echoed("API-Client"), Some("quotes"));
    assert_eq!(nginx.get_with("/products/", "x").status, 401);
    let log = || std::fs::read_to_string(nginx.prefix("logs/jwt.log")).unwrap();
    nginx_tests::eventually("two lines are there", || log().lines().count() == 2);
    assert!(log().contains(" ES256 quotes\n") && log().contains(" - -\n"));
}

/// Single sign-on: the session's token, and who has none is sent to the identity provider.
#[test]
fn a_session_whose_end_is_a_login() {
    let nginx = with_provider(
        "location / { auth_jwt \"\" token=$session_jwt; error_page 401 = @do_oidc_flow;
             auth_jwt_key_request /_jwks_uri; proxy_set_header username $jwt_claim_sub;
             proxy_pass http://@UPSTREAM@; access_log logs/jwt.log main_jwt; }
         location = /_jwks_uri { internal; proxy_cache foo; proxy_cache_valid 200 12h;
             proxy_cache_use_stale error timeout updating; proxy_ssl_server_name on; proxy_method GET;
             proxy_set_header Content-Length \"\"; proxy_pass http://127.0.0.1:@PORT2@/keys;
             proxy_ignore_headers Cache-Control Expires Set-Cookie; }
         location @do_oidc_flow { default_type text/plain; return 302 https://idp.example.com/auth; }",
    );
    let ask = |token: &str| {
        nginx.ask(&Request::get("/page").header("Cookie", &format!("auth_token={token}")))
    };
    let granted = ask(&having(&json!({"sub": "ann"})));
    assert_eq!(
        (granted.status, granted.echoed("username")),
        (200, Some("ann"))
    );
    for token in ["", "x", &with_claims(&user_with("exp", json!(1)))] {
        let login = ask(token);
        assert_eq!(
            (login.status, login.header("Location")),
            (302, Some("https://idp.example.com/auth"))
        );
        assert_eq!(login.header("WWW-Authenticate"), None);
    }
}

/// "Specifying both directives at the same time will allow you to specify more than one source."
#[test]
fn keys_of_a_file_and_of_a_request() {
    for cache in ["", "auth_jwt_key_cache 1h;"] {
        let nginx = with_provider(&format!(
            "location /products/ {{ proxy_pass http://@UPSTREAM@; auth_jwt \"API\"; auth_jwt_key_file conf/key.jwk;
                 auth_jwt_key_request /public_jws_keys; {cache} }}
             location /public_jws_keys {{ proxy_pass http://127.0.0.1:@PORT2@/keys; }}"
        ));
        for key in [key(), Key::other(key().alg())] {
            let token = token(&key, &nginx_tests::user());
            assert_eq!(nginx.get_with("/products/", &token).status, 200);
        }
        let unknown = token(&key().with_kid("x"), &nginx_tests::user());
        assert_eq!(nginx.get_with("/products/", &unknown).status, 401);
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
    // As documented the variable's text is '"@example\.com"', which is no JSON: it fails here as there.
    a_pattern_in_a_variable("", "set $email_pattern '\"@example[.]com\"'; auth_jwt_require_claim email match $email_pattern;", &json!({"email": "ann@example.com"}), 200);
    a_pattern_that_is_no_json("", "set $email_pattern '\"@example\\.com\"'; auth_jwt_require_claim email match $email_pattern;", &json!({"email": "ann@example.com"}), 401);
    the_template("", "auth_jwt_validate_exp on; auth_jwt_require_claim iss eq \"https://idp.example.com\"; auth_jwt_require $jwt_claim_sub; auth_jwt_require_claim aud eq \"myapp\";",
        &json!({"iss": "https://idp.example.com", "aud": "myapp"}), 200);
    the_template_and_another_audience("", "auth_jwt_require_claim iss eq \"https://idp.example.com\"; auth_jwt_require $jwt_claim_sub; auth_jwt_require_claim aud eq \"myapp\";",
        &json!({"iss": "https://idp.example.com", "aud": "other"}), 401);
    types("", "auth_jwt_require_claim jti eq abc123; auth_jwt_require_claim iat gt json=1700000000; auth_jwt_require_claim active eq json=true;
        auth_jwt_require_claim roles intersect json=[\"admin\",\"editor\"];",
        &json!({"jti": "abc123", "iat": 1_700_000_001, "active": true, "roles": ["editor"]}), 200);
    a_boolean_is_no_string("", "auth_jwt_require_claim active eq true;", &json!({"active": true}), 401);
    a_negation("", "set $names '[\"Alice\", \"Bob\"]'; auth_jwt_require_claim name !in $names;", &json!({"name": "Ann"}), 200);
    case_is_ignored("", "auth_jwt_require_claim name match '(?i)john doe';", &json!({"name": "John Doe"}), 200);
    alternatives("", "auth_jwt_require_claim name match '\\A(Alice|Bob)\\z';", &json!({"name": "John"}), 401);
    a_pattern_in_json("", "auth_jwt_require_claim name match 'json=\"^John\"';", &json!({"name": "John"}), 200);
    // All of the verify example: no token is both at 1697461112 and before 1697461110.
    the_verify_example(ROLES, "set $expected_iat 1697461110; auth_jwt_require_claim jti eq 3949117906; auth_jwt_require_claim iat eq json=1697461112;
        auth_jwt_require_claim iat lt $expected_iat; auth_jwt_require_claim roles any $required_jwt_roles;",
        &json!({"jti": "3949117906", "iat": 1_697_461_112, "roles": ["SERVICE"]}), 401);
}

// Values with variables in them: not in kjdev's reference, but what its users write.
cases! { requirements_on_the_request = decides:
    the_method_and_the_path("", "auth_jwt_phase preaccess; auth_jwt_require_header alg eq ES256; auth_jwt_require_claim method eq json=\"$request_method\";
        auth_jwt_require_claim uri eq json=\"$uri\";", &json!({"method": "GET", "uri": "/"}), 200);
    another_method("", "auth_jwt_require_claim method eq json=\"$request_method\";", &json!({"method": "POST"}), 401);
    an_element("", "auth_jwt_require_claim host any json=[\"${host}\",\"other\"];", &json!({"host": ["localhost"]}), 200);
    json_alone("", "set $level 7; auth_jwt_require_claim level eq json=$level;", &json!({"level": 7}), 200);
    text_around_it("", "auth_jwt_require_claim tenant eq of-$host;", &json!({"tenant": "of-localhost"}), 200);
    another_text("", "auth_jwt_require_claim tenant eq of-$host;", &json!({"tenant": "of-$host"}), 401);
    text_that_says_so("", "auth_jwt_require_claim tenant eq string=of-$host;", &json!({"tenant": "of-localhost"}), 200);
    a_pattern("", "auth_jwt_require_claim tenant match ^of-$host;", &json!({"tenant": "of-localhost-1"}), 200);
    a_dollar_at_the_end("", "auth_jwt_require_claim tenant match '^(of|in)$';", &json!({"tenant": "of"}), 200);
    a_dollar_within("", "auth_jwt_require_claim tenant match '^of$|x';", &json!({"tenant": "offer"}), 401);
}

/// Quotes of the client's end no string of the configuration's.
#[test]
fn a_request_writes_no_json() {
    let nginx = start(
        "",
        &located(
            "auth_jwt a; auth_jwt_key_file conf/keys.json; auth_jwt_require_claim uri eq json=\"$uri\";",
        ),
    );
    let of = |uri: &str| having(&json!({ "uri": uri }));
    assert_eq!(nginx.get_with("/a", &of("/a")).status, 200);
    for target in ["/a%22", "/%22,%22/a", "/a%5c", "/a%0a"] {
        assert_eq!(nginx.get_with(target, &of("/a")).status, 401, "{target}");
    }
}

// Differences: what kjdev's requirements do besides.
cases! { more_than_a_requirement = decides:
    // There one on exp takes the place of the check of exp.
    exp_is_checked_too("", "auth_jwt_require_claim exp gt json=0;", &json!({"exp": 1}), 401);
    // There a number beside exp is less by the leeway.
    leeway_is_for_the_check_alone("", "auth_jwt_leeway 1h; auth_jwt_require_claim exp gt $jwt_nowtime;", &json!({"exp": jwt_testkit::now() - 60}), 401);
    // There an array is not equal to a string, which meets ne.
    another_type_is_not_unequal("", "auth_jwt_require_claim role ne guest;", &json!({"role": ["guest"]}), 401);
    integers_and_reals("", "auth_jwt_require_claim level eq json=1.0;", &json!({"level": 1}), 200);
}

#[test]
fn exp_may_be_absent_or_be_required() {
    let nginx = start(
        "auth_jwt_key_file conf/keys.json;",
        "location / { auth_jwt a; try_files /ok.txt =500; }
         location /required { auth_jwt a; auth_jwt_require $jwt_claim_exp; try_files /ok.txt =500; }",
    );
    let without = with_claims(&json!({"sub": "ann"}));
    assert_eq!(nginx.get_with("/", &without).status, 200);
    assert_eq!(nginx.get_with("/required", &without).status, 401);
    assert_eq!(nginx.get_with("/required", &good()).status, 200);
}

/// Difference: there a requirement on `alg` that "none" meets lets unsigned tokens through.
#[test]
fn none_is_never_what_a_requirement_asks_for() {
    let nginx = start(
        "",
        &located(
            "auth_jwt a; auth_jwt_key_file conf/keys.json; auth_jwt_require_header alg in json=[\"ES256\",\"none\"];",
        ),
    );
    let unsigned = hostile::unsecured("none", &nginx_tests::user().to_string());
    assert_eq!(nginx.get_with("/", &unsigned).status, 401);
    assert_eq!(nginx.get_with("/", &good()).status, 200);
}

fn nested() -> Value {
    json!({
        "grants": {"access": "allow"}, "grants.key": "dot", "address": {"city": "Tokyo"},
        "roles": ["admin"], "groups": [{"name": "engineering"}], "dotted.key": "some_value",
        "matrix": [[1, 2]], "nested": {"dotted.child": "nested_value"},
        "permissions": {"read": "allow"}, "parent.key": "value", "user": {"role": "admin"},
    })
}

cases! { paths = decides:
    delimiters("", "auth_jwt_allow_nested; auth_jwt_require_claim grants.access eq allow; auth_jwt_require_claim '\"grants.key\"' eq dot;", &nested(), 200);
    delimiters_and_another_value("", "auth_jwt_allow_nested; auth_jwt_require_claim grants.access eq deny;", &nested(), 401);
    an_object("", "auth_jwt_require_claim .address.city eq Tokyo;", &nested(), 200);
    an_array("", "auth_jwt_require_claim .roles[0] eq admin;", &nested(), 200);
    both("", "auth_jwt_require_claim .groups[0].name eq engineering;", &nested(), 200);
    a_quoted_name("", "auth_jwt_require_claim .\"dotted.key\" eq some_value;", &nested(), 200);
    a_quoted_name_deeper_down("", "auth_jwt_require_claim .nested.\"dotted.child\" eq nested_value;", &nested(), 200);
    delimiter_and_quote("", "auth_jwt_allow_nested delimiter=. quote=\"; auth_jwt_require_claim permissions.read eq allow;
        auth_jwt_require_claim '\"parent.key\"' eq value;", &nested(), 200);
    // Said there to name the claim "user.role": nginx takes these quotes for its own.
    quotes_that_nginx_takes("", "auth_jwt_allow_nested delimiter=. quote='; auth_jwt_require_claim 'user.role' eq admin;", &nested(), 200);
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

/// What the scripts then read there are that token's claims, not those of the main request's.
#[test]
fn a_subrequest_that_is_checked_shows_its_own_claims() {
    Features::get().need("http_auth_request");
    let nginx = Config::new("scripts that read the claims of an ID token")
        .keys(&[&key()])
        .server(
            "location / { auth_request /_id_token_validation; try_files /ok.txt =500; }
             location /signed-in { auth_jwt a; auth_jwt_key_file jwks.json; auth_request /_id_token_validation;
                 add_header Sub <$jwt_claim_sub>; try_files /ok.txt =500; }
             location = /_id_token_validation { internal; auth_jwt \"\" token=$http_x_id_token; auth_jwt_phase preaccess;
                 auth_jwt_validate_sig off; try_files /$jwt_status-$jwt_claim_sub-$jwt_claim_nonce-$jwt_claims =403; }",
        )
        .file("html/unverified-ann-n-0-{\"nonce\":\"n-0\",\"sub\":\"ann\"}", "")
        .start();
    let ask = |target: &str, claims: &Value, bearer: &str| {
        let request = Request::get(target).header("X-Id-Token", &with_claims(claims));
        nginx.ask(&request.bearer(bearer))
    };
    let ann = json!({"sub": "ann", "nonce": "n-0"});
    let bob = json!({"sub": "bob", "nonce": "n-0"});
    for target in ["/", "/signed-in"] {
        let bearer = having(&json!({"sub": "ann", "nonce": "n-0"}));
        assert_eq!(ask(target, &ann, &good()).status, 200, "{target}");
        assert_eq!(ask(target, &bob, &bearer).status, 403, "{target}");
    }
    let signed_in = ask("/signed-in", &ann, &having(&json!({"sub": "carl"})));
    assert_eq!(signed_in.header("Sub"), Some("<carl>"));
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

#[test]
fn an_mcp_server_that_wants_a_scope() {
    const UNAUTHORIZED: &str = "Bearer resource_metadata=\"http://localhost/.well-known/oauth-protected-resource\", scope=\"mcp:read\"";
    let nginx = start(
        "map \"\" $mcp_canonical_uri_json { default '\"http://localhost/mcp\"'; }
         map \"\" $mcp_metadata_uri { default \"http://localhost/.well-known/oauth-protected-resource\"; }
         map \"\" $mcp_required_scope { default \"mcp:read\"; }
         auth_jwt_claim_set $jwt_scope scope;
         map $jwt_scope $mcp_has_required_scope { default 0; \"~(^|\\s)mcp:read(\\s|$)\" 1; }",
        "location /mcp { auth_jwt \"mcp\"; auth_jwt_key_file conf/keys.json; auth_jwt_www_authenticate off;
             auth_jwt_require_claim aud eq $mcp_canonical_uri_json;
             auth_jwt_require $mcp_has_required_scope error=403;
             error_page 401 = @mcp_unauthorized; error_page 403 = @mcp_forbidden;
             proxy_set_header Authorization \"\"; proxy_pass http://@UPSTREAM@; }
         location @mcp_unauthorized { internal;
             add_header WWW-Authenticate 'Bearer resource_metadata=\"$mcp_metadata_uri\", scope=\"$mcp_required_scope\"' always;
             return 401; }
         location @mcp_forbidden { internal;
             add_header WWW-Authenticate 'Bearer error=\"insufficient_scope\", scope=\"$mcp_required_scope\", resource_metadata=\"$mcp_metadata_uri\"' always;
             return 403; }",
    );
    let ask = |aud: &str, scope: &str| {
        nginx.get_with("/mcp", &having(&json!({"aud": aud, "scope": scope})))
    };
    let granted = ask("http://localhost/mcp", "openid mcp:read");
    assert_eq!(
        (granted.status, granted.header("WWW-Authenticate")),
        (200, None)
    );
    assert_eq!(granted.echoed("Authorization"), None);
    let elsewhere = ask("http://localhost/other", "mcp:read");
    assert_eq!(
        (elsewhere.status, elsewhere.challenge()),
        (401, UNAUTHORIZED)
    );
    assert_eq!(nginx.get("/mcp").challenge(), UNAUTHORIZED);
    let poor = ask("http://localhost/mcp", "mcp:reader");
    assert_eq!(poor.status, 403);
    assert!(
        poor.challenge()
            .starts_with("Bearer error=\"insufficient_scope\", scope=\"mcp:read\", ")
    );
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
             map $cookie_auth_token $session_jwt { default $cookie_auth_token; }
             log_format main_jwt '$remote_addr - $jwt_claim_sub [$time_local] \"$request\" $status';
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
