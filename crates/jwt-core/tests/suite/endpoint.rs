//! URLs that keys may be fetched from.

use jwt_core::{Endpoint, EndpointError, limits};

fn parse(url: &str) -> Result<String, EndpointError> {
    Endpoint::parse(url).map(|endpoint| endpoint.to_string())
}

#[test]
fn good_urls_are_taken_in_one_form() {
    for (url, form) in [
        ("https://idp.example.com", "https://idp.example.com/"),
        (
            "HTTPS://IDP.Example.COM/Keys",
            "https://idp.example.com/Keys",
        ),
        ("https://idp.example.com:443/a", "https://idp.example.com/a"),
        (
            "https://idp.example.com:8443/a?b=c%20d",
            "https://idp.example.com:8443/a?b=c%20d",
        ),
        (
            "https://idp.example.com?a=b",
            "https://idp.example.com/?a=b",
        ),
        ("http://127.0.0.1:80", "http://127.0.0.1/"),
        ("http://[::1]:9000/a:b", "http://[::1]:9000/a:b"),
        ("http://[::1]", "http://[::1]/"),
        (
            "https://under_score.example/",
            "https://under_score.example/",
        ),
    ] {
        assert_eq!(parse(url).as_deref(), Ok(form), "{url}");
        assert_eq!(parse(form).as_deref(), Ok(form), "{form}");
    }
}

#[test]
fn other_texts_are_refused() {
    let long = format!("https://a/{}", "x".repeat(limits::MAX_URL_SIZE));
    for (url, error) in [
        ("", EndpointError::Scheme),
        ("idp.example.com", EndpointError::Scheme),
        ("//idp.example.com", EndpointError::Scheme),
        ("ftp://idp.example.com", EndpointError::Scheme),
        ("file:///etc/passwd", EndpointError::Scheme),
        ("https:/idp.example.com", EndpointError::Scheme),
        ("https://", EndpointError::Host),
        ("https:///keys", EndpointError::Host),
        ("https://:443/", EndpointError::Host),
        ("https://a b/", EndpointError::Character),
        ("https://a/\r\nHost: b", EndpointError::Character),
        ("https://a/{tenantid}", EndpointError::Character),
        ("https://a/ü", EndpointError::Character),
        ("https://a\\b/", EndpointError::Character),
        ("https://user@a/", EndpointError::User),
        ("https://user:password@a/", EndpointError::User),
        ("https://good.example@evil.example/", EndpointError::User),
        ("https://a/#keys", EndpointError::Fragment),
        ("https://a:0/", EndpointError::Port),
        ("https://a:/", EndpointError::Port),
        ("https://a:65536/", EndpointError::Port),
        ("https://a:+1/", EndpointError::Port),
        ("https://a:b/", EndpointError::Port),
        ("https://a:1:2/", EndpointError::Host),
        ("https://[::1/", EndpointError::Host),
        ("https://[nonsense]/", EndpointError::Host),
        ("https://::1/", EndpointError::Host),
        ("https://a%2fb/", EndpointError::Host),
        (&long, EndpointError::TooLong),
    ] {
        assert_eq!(parse(url), Err(error), "{url}");
    }
}

#[test]
fn loopback_is_told_by_name_or_address() {
    for (url, is_loopback) in [
        ("http://localhost/", true),
        ("http://LOCALHOST:8080/", true),
        ("http://127.0.0.1/", true),
        ("http://127.255.255.254/", true),
        ("http://[::1]/", true),
        ("http://[0:0:0:0:0:0:0:1]/", true),
        ("http://128.0.0.1/", false),
        ("http://0.0.0.0/", false),
        ("http://[::2]/", false),
        ("http://localhost.example.com/", false),
        ("http://127.0.0.1.example.com/", false),
        ("http://2130706433/", false),
    ] {
        let endpoint = Endpoint::parse(url).unwrap();
        assert_eq!(endpoint.is_loopback(), is_loopback, "{url}");
    }
}

#[test]
fn redirects_lead_where_rfc_9110_says() {
    let from = Endpoint::parse("https://a.example/x/y?q=1").unwrap();
    for (location, to, same_origin) in [
        ("https://a.example/z", "https://a.example/z", true),
        ("https://a.example:443/z", "https://a.example/z", true),
        ("https://A.example/z", "https://a.example/z", true),
        ("/z", "https://a.example/z", true),
        ("z", "https://a.example/x/z", true),
        ("?q=2", "https://a.example/x/y?q=2", true),
        (
            "/z?to=https://b.example",
            "https://a.example/z?to=https://b.example",
            true,
        ),
        ("//b.example/z", "https://b.example/z", false),
        ("https://b.example/", "https://b.example/", false),
        ("http://a.example/z", "http://a.example/z", false),
        (
            "https://a.example:8443/z",
            "https://a.example:8443/z",
            false,
        ),
        (
            "https://a.example.b.example/",
            "https://a.example.b.example/",
            false,
        ),
    ] {
        let joined = from.join(location).unwrap();
        assert_eq!(joined.to_string(), to, "{location}");
        assert_eq!(joined.is_same_origin(&from), same_origin, "{location}");
    }
    assert_eq!(
        from.join("https://a.example@b.example/"),
        Err(EndpointError::User)
    );
    assert_eq!(from.join("file:///etc/passwd"), Err(EndpointError::Scheme));
    assert_eq!(from.join("/a b"), Err(EndpointError::Character));
}

#[test]
fn discovery_begins_where_the_standards_say() {
    const OPENID: &str = "/.well-known/openid-configuration";
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    for (issuer, path) in [
        ("https://idp.example.com", ""),
        ("https://idp.example.com/", ""),
        ("https://idp.example.com/realms/corp", "/realms/corp"),
        ("https://idp.example.com/realms/corp/", "/realms/corp"),
        ("https://idp.example.com/realms/corp//", "/realms/corp/"),
    ] {
        let [openid, oauth] = Endpoint::parse(issuer).unwrap().discovery().unwrap();
        assert_eq!(
            openid.to_string(),
            format!("https://idp.example.com{path}{OPENID}")
        );
        assert_eq!(
            oauth.to_string(),
            format!("https://idp.example.com{OAUTH}{path}")
        );
    }
    let with_query = Endpoint::parse("https://idp.example.com/?a=b").unwrap();
    assert!(with_query.discovery().is_none());
}
