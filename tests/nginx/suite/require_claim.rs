//! `auth_jwt_require_claim`, `auth_jwt_require_header`, `auth_jwt_allow_nested`,
//! `auth_jwt_require_inherit`.

use jwt_testkit::{sign, token};
use nginx_tests::{Config, Nginx, Request, cases, good, key, user};
use serde_json::{Value, json};

/// The claims and the header that the tables below are about.
fn rich() -> String {
    let mut claims = user();
    let more = json!({
        "name": "John Doe", "level": 7, "big": 9_007_199_254_740_993_u64, "ratio": 0.5,
        "verified": true, "nothing": null, "roles": ["admin", "service"],
        "address": {"city": "Tokyo"}, "address.city": "flat",
        "teams": [{"name": "engineering", "level": 1}], "matrix": [[1, 2], [3, 4]],
        "dotted.key": "dot", "grants": {"access": "allow", "a.b": "both"},
        "https://example.com/roles": ["admin"], "client": "John Doe",
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let header = json!({
        "alg": key().alg().header_name(), "kid": key().kid(), "typ": "at+jwt",
        "meta": {"version": "2.0", "flags": ["experimental"]},
    });
    sign(&header, &claims, &key())
}

fn status(directives: &str) -> u16 {
    let nginx = Config::guarded("requirements on claims", directives).start();
    nginx.get_with("/", &rich()).status
}

fn met(directives: &str) {
    assert_eq!(status(directives), 200, "{directives}");
}

fn unmet(directives: &str) {
    assert_eq!(status(directives), 401, "{directives}");
}

cases! { met = met:
    a_literal_string("auth_jwt_require_claim name eq 'John Doe';");
    a_name_of_a_url("auth_jwt_require_claim https://example.com/roles any json=[\"admin\"];");
    a_number("auth_jwt_require_claim level eq json=7; auth_jwt_require_claim level eq json=7.0;");
    a_big_number("auth_jwt_require_claim big eq json=9007199254740993; auth_jwt_require_claim big gt json=9007199254740992;");
    orders("auth_jwt_require_claim level gt json=6; auth_jwt_require_claim level ge json=7;
            auth_jwt_require_claim level lt json=7.5; auth_jwt_require_claim level le json=7;");
    negations("auth_jwt_require_claim level !gt json=7; auth_jwt_require_claim level !eq json=8;
               auth_jwt_require_claim name ne Alice; auth_jwt_require_claim name nin json=[\"Alice\"];
               auth_jwt_require_claim roles nintersect json=[\"root\"]; auth_jwt_require_claim roles !any json=[\"root\"];");
    a_boolean_and_null("auth_jwt_require_claim verified eq json=true; auth_jwt_require_claim nothing eq json=null;");
    arrays_and_objects("auth_jwt_require_claim roles eq 'json=[\"admin\", \"service\"]';
                        auth_jwt_require_claim address eq 'json={\"city\":\"Tokyo\"}';");
    an_element("auth_jwt_require_claim name in 'json=[\"Alice\", \"John Doe\"]';
                auth_jwt_require_claim name in 'json={\"John Doe\": 0}';
                auth_jwt_require_claim roles intersect json=[\"admin\",\"root\"]; auth_jwt_require_claim name any 'json=[\"John Doe\"]';");
    a_pattern("auth_jwt_require_claim name match '^John'; auth_jwt_require_claim name !match '^Alice';
               auth_jwt_require_claim name match 'Doe\\z'; auth_jwt_require_claim name match 'json=\"^J.+e$\"';");
    paths("auth_jwt_require_claim .address.city eq Tokyo; auth_jwt_require_claim .teams[0].name eq engineering;
           auth_jwt_require_claim .matrix[1][0] eq json=3; auth_jwt_require_claim .\"dotted.key\" eq dot;
           auth_jwt_require_claim '[\"dotted.key\"]' eq dot; auth_jwt_require_claim address.city eq flat;
           auth_jwt_require_claim .grants.\"a.b\" eq both;");
    headers("auth_jwt_require_header typ eq at+jwt; auth_jwt_require_header .meta.version eq 2.0;
             auth_jwt_require_header .meta.flags[0] eq experimental;");
    nested_names("auth_jwt_require_claim grants.access eq allow; auth_jwt_allow_nested;
                  auth_jwt_require_claim '\"dotted.key\"' eq dot; auth_jwt_require_claim 'grants.\"a.b\"' eq both;
                  auth_jwt_require_claim .address.city eq Tokyo; auth_jwt_require_claim address.city eq Tokyo;
                  auth_jwt_require_header meta.version eq 2.0;");
    nested_names_in_other_words("auth_jwt_allow_nested delimiter=<> quote='; auth_jwt_require_claim grants<>access eq allow;
                  auth_jwt_require_claim grants<>a.b eq both; auth_jwt_require_claim dotted.key eq dot;");
    a_variable("set $expected '\"John Doe\"'; auth_jwt_require_claim name eq $expected;
                set $roles ' [\"root\", \"admin\"] '; auth_jwt_require_claim roles any $roles;
                set $level 6; auth_jwt_require_claim level gt $level; auth_jwt_require_claim level gt ${level};
                set $pattern '\"^John\"'; auth_jwt_require_claim name match $pattern;");
    a_variable_as_text("set $expected 'John Doe'; auth_jwt_require_claim name eq string=$expected;
                set $pattern '^J.+e'; auth_jwt_require_claim name match string=$pattern;");
    literal_text_that_looks_like_more("auth_jwt_require_claim name ne string=json=1; auth_jwt_require_claim name ne string=string=x;");
    another_claim("auth_jwt_require_claim name eq string=$jwt_claim_client;");
    the_time("auth_jwt_require_claim exp gt $jwt_nowtime; auth_jwt_require_claim exp !le $jwt_nowtime;");
}

cases! { unmet = unmet:
    another_string("auth_jwt_require_claim name eq Alice;");
    another_case("auth_jwt_require_claim name eq 'john doe';");
    a_negation("auth_jwt_require_claim name !eq 'John Doe';");
    a_neighbour("auth_jwt_require_claim big eq json=9007199254740992;");
    an_absent_claim("auth_jwt_require_claim absent eq x;");
    an_absent_claim_negated("auth_jwt_require_claim absent !eq x;");
    another_type("auth_jwt_require_claim level eq 7;");
    another_type_negated("auth_jwt_require_claim level ne 8;");
    an_array_is_not_its_element("auth_jwt_require_claim roles ne admin;");
    a_joined_array("auth_jwt_require_claim roles any json=[\"admin,service\"];");
    a_string_is_not_ordered("auth_jwt_require_claim name !gt json=1;");
    one_of_two("auth_jwt_require_claim level ge json=7; auth_jwt_require_claim level gt json=7;");
    a_claim_is_no_header("auth_jwt_require_header name eq 'John Doe';");
    a_header_is_no_claim("auth_jwt_require_claim typ eq at+jwt;");
    a_path_beyond_the_end("auth_jwt_require_claim .matrix[2][0] !eq json=1;");
    a_path_into_another_type("auth_jwt_require_claim .address[0] !eq x;");
    a_dot_is_no_path("auth_jwt_require_claim grants.access eq allow;");
    a_nested_name_does_not_see_the_flat_one("auth_jwt_allow_nested; auth_jwt_require_claim address.city eq flat;");
    a_variable_that_is_no_json("set $expected 'John Doe'; auth_jwt_require_claim name eq $expected;");
    a_variable_that_is_no_json_negated("set $expected 'Alice'; auth_jwt_require_claim name !eq $expected;");
    an_empty_variable("auth_jwt_require_claim name !eq $arg_absent;");
    an_empty_text("auth_jwt_require_claim name !eq string=$arg_absent;");
    an_empty_pattern("auth_jwt_require_claim name match string=$arg_absent;");
    a_broken_pattern("set $pattern '('; auth_jwt_require_claim name !match string=$pattern;");
    a_pattern_of_backtracking("set $pattern '(?=J)'; auth_jwt_require_claim name match string=$pattern;");
    a_pattern_that_is_too_large("set $pattern '\\w{100}'; auth_jwt_require_claim name !match string=$pattern;");
    a_pattern_on_a_number("auth_jwt_require_claim level match '7';");
}

/// A variable's text counts up to 4 KiB.
#[test]
fn long_variables_fail() {
    let nginx = Config::guarded(
        "values of a variable",
        "auth_jwt_require_claim name !eq string=$http_x; auth_jwt_require_claim name nin $http_y error=403;",
    )
    .start();
    let ask = |x: usize, y: usize| {
        let x = "x".repeat(x);
        let y = format!("[\"{}\"]", "y".repeat(y - 4));
        let request = Request::get("/").header("X", &x).header("Y", &y);
        nginx.ask(&request.bearer(&rich())).status
    };
    assert_eq!(ask(4096, 4096), 200);
    assert_eq!(ask(4097, 4096), 401);
    assert_eq!(ask(4096, 4097), 403);
}

/// Patterns of a hostile client: more than the cache holds, and each as slow as it can be.
#[test]
fn patterns_from_a_client_cost_little() {
    let nginx = Config::guarded(
        "patterns of a variable",
        "auth_jwt_require_claim name match string=$http_pattern;",
    )
    .start();
    let token = rich();
    let mut connection = nginx.connect();
    let mut ask = |pattern: &str| {
        let request = Request::get("/").header("Pattern", pattern);
        connection.ask(&request.bearer(&token)).status
    };
    for n in 0..200 {
        assert_eq!(ask(&format!("^(J+o*)+[hn]*{{0,{n}}}")), 200);
        assert_eq!(
            ask(&format!("(((a{{5}}){{5}}){{5}}){{{n}}}$|{n}$")),
            if n == 0 { 200 } else { 401 }
        );
        assert_eq!(
            ask(&format!("(?i)\\pL{{{n}000}}")),
            if n == 0 { 200 } else { 401 }
        );
    }
}

/// The challenge and the status of what is not met, and where the log says it stands.
#[test]
fn an_unmet_requirement_is_told() {
    let nginx = Config::guarded(
        "two requirements",
        "auth_jwt_require_claim name eq Alice;
         location /in { auth_jwt_require_claim roles any json=[\"root\"] error=403; try_files /ok.txt =500; }
         location /first { auth_jwt_require_inherit off;
                           auth_jwt_require_header typ eq JWT error=403; try_files /ok.txt =500; }",
    )
    .start();
    let answer = nginx.get_with("/", &rich());
    answer.assert(401, "claim");
    assert!(answer.challenge().contains("error=\"invalid_token\""));
    let line = nginx.log().wait_for("auth_jwt_require_claim", 1);
    assert!(
        line.contains("nginx.conf:") && !line.contains("Alice"),
        "{line}"
    );
    nginx.get_with("/in", &rich()).assert(401, "claim");
    let answer = nginx.get_with("/first", &rich());
    answer.assert(403, "claim");
    assert_eq!(answer.header("WWW-Authenticate"), None);
}

const LEVELS: [&str; 5] = ["h", "s", "l", "n", "e"];
const MOST: usize = 3;

/// The code that says which requirement it was.
fn code(level: usize, number: usize) -> usize {
    450 + level * MOST + number
}

/// `count` requirements of a level.
fn demands(level: usize, count: usize) -> String {
    let demand = |number| {
        let name = LEVELS[level];
        let code = code(level, number);
        format!("auth_jwt_require_claim {name}{number} eq met error={code};\n")
    };
    (0..count).map(demand).collect()
}

/// A token that meets all demands, or all but one.
fn meets_all_but(unmet: Option<(usize, usize)>) -> String {
    let mut claims = user();
    for (level, name) in LEVELS.iter().enumerate() {
        for number in 0..MOST {
            if unmet != Some((level, number)) {
                claims[format!("{name}{number}")] = json!("met");
            }
        }
    }
    token(&key(), &claims)
}

fn combinations() -> Vec<[usize; 4]> {
    let each = || 0..=MOST;
    each()
        .flat_map(|s| each().flat_map(move |l| each().map(move |n| (s, l, n))))
        .flat_map(|(s, l, n)| each().map(move |e| [s, l, n, e]))
        .collect()
}

/// With each count of requirements at each of five levels and in a named location: all are there,
/// with their own codes, and no others.
fn none_is_lost(http: usize) {
    let each = || 0..=MOST;
    let mut servers = String::new();
    for s in each() {
        servers.push_str(&format!(
            "server {{ listen 127.0.0.1:@PORT@; server_name s{s}; root @PREFIX@/html; {}\n",
            demands(1, s)
        ));
        for l in each() {
            servers.push_str(&format!("location /l{l} {{ {}\n", demands(2, l)));
            for n in each() {
                // limit_except takes no quantifier: one location per count in it.
                for e in each() {
                    servers.push_str(&format!(
                        "location /l{l}/n{n}e{e} {{ {} limit_except POST {{ {} }} }}\n",
                        demands(3, n),
                        demands(4, e)
                    ));
                }
            }
            servers.push_str("}\n");
            // The third level again, by another way.
            servers.push_str(&format!(
                "location /named{l} {{ auth_jwt off; try_files /absent @l{l}; }}
                 location @l{l} {{ {} }}\n",
                demands(2, l)
            ));
        }
        servers.push_str("}\n");
    }
    let nginx = Config::new("requirements at five levels")
        .keys(&[&key()])
        .http(format!(
            "auth_jwt a; auth_jwt_key_file jwks.json; log_not_found off; {} {servers}",
            demands(0, http)
        ))
        .start();
    let all = (0..LEVELS.len()).flat_map(|level| (0..MOST).map(move |number| (level, number)));
    let tokens: Vec<_> = all
        .map(|unmet| (Some(unmet), meets_all_but(Some(unmet))))
        .chain([(None, meets_all_but(None))])
        .collect();
    let mut connection = nginx.connect();
    let mut asked = 0;
    let mut ask = |server: usize, target: &str, token: &str| {
        asked += 1;
        if asked % 900 == 0 {
            // nginx closes a connection after a thousand requests.
            connection = nginx.connect();
        }
        let request = Request::get(target).header("Host", &format!("s{server}"));
        usize::from(connection.ask(&request.bearer(token)).status)
    };
    // What passes is looked for in the root, and is not there.
    let passed = 404;
    let expected = |unmet: Option<(usize, usize)>, counts: [usize; 5]| match unmet {
        Some((level, number)) if number < counts[level] => code(level, number),
        _ => passed,
    };
    for [s, l, n, e] in combinations() {
        for (unmet, token) in &tokens {
            let got = ask(s, &format!("/l{l}/n{n}e{e}"), token);
            assert_eq!(
                got,
                expected(*unmet, [http, s, l, n, e]),
                "{http}{s}{l}{n}{e} {unmet:?}"
            );
        }
    }
    for (s, l) in each().flat_map(|s| each().map(move |l| (s, l))) {
        for (unmet, token) in &tokens {
            let got = ask(s, &format!("/named{l}"), token);
            assert_eq!(
                got,
                expected(*unmet, [http, s, l, 0, 0]),
                "{http}{s}@{l} {unmet:?}"
            );
        }
    }
}

cases! { none_is_lost = none_is_lost:
    with_none_in_http(0);
    with_one_in_http(1);
    with_two_in_http(2);
    with_three_in_http(3);
}

#[test]
fn an_if_inherits() {
    let nginx = Config::guarded(
        "a location with an if in it",
        "auth_jwt_require_claim groups any json=[\"admin\"] error=403;
         if ($arg_a) { add_header In if always; }",
    )
    .start();
    let plain = token(&key(), &nginx_tests::user_with("groups", json!(["dev"])));
    let inside = nginx.get_with("/ok.txt?a=1", &good());
    assert_eq!((inside.header("In"), inside.status), (Some("if"), 200));
    for target in ["/ok.txt", "/ok.txt?a=1"] {
        assert_eq!(nginx.get_with(target, &plain).status, 403, "{target}");
        assert_eq!(nginx.get(target).status, 401, "{target}");
    }
}

/// Which of the two demands a location makes: (outer, inner).
fn demanded(nginx: &Nginx, target: &str) -> (bool, bool) {
    let ask = |claim: &str| {
        let claims = nginx_tests::user_with(claim, Value::String("met".to_owned()));
        nginx.get_with(target, &token(&key(), &claims)).status
    };
    (ask("inner") == 410, ask("outer") == 411)
}

#[test]
fn inherit_off_starts_afresh() {
    const OUTER: &str = "auth_jwt_require_claim outer eq met error=410;";
    const INNER: &str = "auth_jwt_require_claim inner eq met error=411;";
    let location =
        |name: &str, text: &str| format!("location /{name} {{ {text} try_files /ok.txt =500; }}\n");
    let nginx = Config::new("auth_jwt_require_inherit")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json;")
        .server(OUTER)
        .server(location("adds", INNER))
        .server(location(
            "off",
            &format!("auth_jwt_require_inherit off; {INNER}"),
        ))
        .server(location("nothing", "auth_jwt_require_inherit off;"))
        .server(location(
            "on",
            &format!("auth_jwt_require_inherit on; {INNER}"),
        ))
        .start();
    assert_eq!(demanded(&nginx, "/adds"), (true, true));
    assert_eq!(demanded(&nginx, "/off"), (false, true));
    assert_eq!(demanded(&nginx, "/nothing"), (false, false));
    assert_eq!(demanded(&nginx, "/on"), (true, true));

    let nginx = Config::new("auth_jwt_require_inherit off at the top: nginx's rule for arrays")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_require_inherit off;")
        .server(OUTER)
        .server(location("own", INNER))
        .server(location("none", ""))
        .server(location(
            "on",
            &format!("auth_jwt_require_inherit on; {INNER}"),
        ))
        .start();
    assert_eq!(demanded(&nginx, "/own"), (false, true));
    assert_eq!(demanded(&nginx, "/none"), (true, false));
    assert_eq!(demanded(&nginx, "/on"), (true, true));
}

/// A name is cut as the level says that its directive stands at.
#[test]
fn names_are_cut_by_their_own_level() {
    let nginx = Config::new("auth_jwt_allow_nested at three levels")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_require_claim address.city eq flat error=410;")
        .server(
            "auth_jwt_allow_nested; auth_jwt_require_claim address.city eq Tokyo error=411;
             location /dash { auth_jwt_allow_nested delimiter=-; auth_jwt_require_claim address-city eq Tokyo error=412;
                              auth_jwt_require_claim address.city eq flat error=413; try_files /ok.txt =500; }",
        )
        .start();
    for target in ["/ok.txt", "/dash"] {
        assert_eq!(nginx.get_with(target, &rich()).status, 200, "{target}");
    }
}

#[test]
fn variables_are_nested_too() {
    let nginx = Config::new("variables with auth_jwt_allow_nested")
        .keys(&[&key()])
        .http(
            "auth_jwt a; auth_jwt_key_file jwks.json;
             auth_jwt_claim_set $access grants.access; auth_jwt_claim_set $city address city;
             auth_jwt_header_set $version meta.version;",
        )
        .server(
            "add_header Access $access; add_header City $city; add_header Version $version;
             add_header Prefix $jwt_claim_grants_access; add_header Head $jwt_header_meta_version; add_header Sub $jwt_claim_sub;
             location /plain { try_files /ok.txt =500; }
             location /dot { auth_jwt_allow_nested; try_files /ok.txt =500; }
             location /underscore { auth_jwt_allow_nested delimiter=_; try_files /ok.txt =500; }",
        )
        .start();
    let shown = |target: &str| {
        let answer = nginx.get_with(target, &rich());
        ["Access", "City", "Version", "Prefix", "Head", "Sub"]
            .map(|name| answer.header(name).unwrap_or("-").to_owned())
    };
    let sub = user()["sub"].as_str().unwrap().to_owned();
    let sub = sub.as_str();
    assert_eq!(shown("/plain"), ["-", "Tokyo", "-", "-", "-", sub]);
    assert_eq!(shown("/dot"), ["allow", "Tokyo", "2.0", "-", "-", sub]);
    assert_eq!(
        shown("/underscore"),
        ["-", "Tokyo", "-", "allow", "2.0", sub]
    );
}

/// A lax location never lends its verdict to a strict one, nor the other way round.
#[test]
fn redirects_decide_anew() {
    let nginx = Config::guarded(
        "a strict location behind a lax one",
        "location /lax { auth_jwt_require_claim groups any json=[\"admin\"] error=403; rewrite ^ /strict last; }
         location /try { try_files /absent /strict; }
         location /strict { auth_jwt_require_claim level ge json=7 error=410; try_files /ok.txt =500; }
         location /away { auth_jwt_require_claim level ge json=7 error=410; error_page 410 =200 /ok.txt; try_files /ok.txt =500; }",
    )
    .start();
    for (target, without, with) in [
        ("/lax", 410, 200),
        ("/try", 410, 200),
        ("/strict", 410, 200),
        ("/away", 200, 200),
    ] {
        assert_eq!(nginx.get_with(target, &good()).status, without, "{target}");
        assert_eq!(nginx.get_with(target, &rich()).status, with, "{target}");
    }
}

/// `satisfy any` lets others decide after 401 and 403.
#[test]
fn others_may_decide_under_satisfy_any() {
    for code in [401, 403] {
        let nginx = Config::guarded(
            "satisfy any and a requirement",
            &format!(
                "satisfy any; auth_jwt_require_claim level ge json=7 error={code};
                 auth_basic b; auth_basic_user_file users;"
            ),
        )
        .file("users", "bob:{PLAIN}pw\n")
        .start();
        let basic = Request::get("/").header("Authorization", "Basic Ym9iOnB3");
        assert_eq!(nginx.ask(&basic).status, 200);
        assert_eq!(nginx.get_with("/", &rich()).status, 200);
        assert_eq!(nginx.get_with("/", &good()).status, 401);
    }
}
