//! The harness itself, with nginx alone: a suite whose audit sleeps proves nothing.

use std::process::Command;
use std::time::Duration;

use jwt_testkit::{Alg, Key, token};
use nginx_tests::{Answer, Authority, Config, Features, Idp, JWKS, Request, cases, user};

/// The message that a panicking closure leaves.
fn complaint(test: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let error = std::panic::catch_unwind(test).expect_err("the audit complains");
    error.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn serves_a_file_and_echoes_a_request() {
    let nginx = Config::new("a file and an echoing API")
        .without_module()
        .server("location /api { proxy_pass http://@UPSTREAM@; proxy_set_header X-A b; }")
        .start();
    assert_eq!(nginx.get("/ok.txt").body, "ok\n");
    let response = nginx.ask(&Request::new("POST", "/api?x=1").body("hello"));
    assert_eq!(response.echoed("X-A"), Some("b"));
    assert!(
        response.body.starts_with("POST /api?x=1 HTTP/1."),
        "{}",
        response.body
    );
    assert!(
        response.body.ends_with("\r\n\r\nhello"),
        "{}",
        response.body
    );
}

#[test]
fn a_connection_is_kept_alive_and_chunks_are_read() {
    let nginx = Config::new("chunked answers")
        .without_module()
        .server("ssi on;")
        .start();
    let mut connection = nginx.connect();
    for _ in 0..3 {
        assert_eq!(connection.ask(&Request::get("/ok.txt")).body, "ok\n");
        assert_eq!(connection.ask(&Request::new("HEAD", "/ok.txt")).body, "");
    }
}

#[test]
fn http_2_is_spoken_without_tls() {
    let nginx = Config::new("HTTP/2 by prior knowledge")
        .without_module()
        .http(format!(
            "server {{ {} root @PREFIX@/html; }}",
            Features::get().http2_listen(false)
        ))
        .start();
    let url = format!("http://127.0.0.1:{}/ok.txt", nginx.port2());
    assert_eq!(nginx.curl(&["--http2-prior-knowledge", &url]).body, "ok\n");
}

#[test]
fn a_reload_changes_the_worker() {
    let mut nginx = Config::new("a reload").without_module().start();
    let (master, worker) = (nginx.master(), nginx.worker());
    nginx.reload();
    assert_eq!(nginx.master(), master);
    assert_ne!(nginx.worker(), worker);
    assert_eq!(nginx.get("/ok.txt").status, 200);
}

#[test]
fn a_bad_configuration_is_refused_with_its_line() {
    let check = Config::new("an unknown directive")
        .without_module()
        .server("no_such_word on;")
        .check();
    assert!(!check.ok);
    assert!(
        check.text.contains("unknown directive \"no_such_word\" in"),
        "{}",
        check.text
    );
}

#[test]
fn the_audit_finds_a_token_in_the_log() {
    let text = complaint(|| {
        let nginx = Config::new("a token in a request line")
            .without_module()
            .server("location = /gone { proxy_pass http://127.0.0.1:1; }")
            .start();
        let token = token(&Key::fixed(Alg::HS256), &user());
        assert_eq!(nginx.get(&format!("/gone?t={token}")).status, 502);
    });
    assert!(text.contains("the log holds"), "{text}");
}

#[test]
fn the_audit_finds_a_worker_that_died() {
    let text = complaint(|| {
        let nginx = Config::new("a worker that is killed")
            .without_module()
            .start();
        nginx.kill(nginx.worker());
        nginx.log().wait_for("start worker process ", 2);
    });
    assert!(text.contains("exited on signal 9"), "{text}");
}

/// What curl, which trusts the suite's authority, makes of a provider; its exit code.
fn curl_says(fault: &dyn Fn(&Idp), code: i32) {
    let idp = Idp::start();
    let ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca.path(), Authority::trusted().pem()).unwrap();
    let ask = || {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--fail", "--noproxy", "*", "--max-time", "1"])
            .args(["--output", "/dev/null", "--cacert"])
            .args([
                ca.path().to_str().unwrap(),
                &format!("{}{JWKS}", idp.issuer()),
            ]);
        curl.status().unwrap().code()
    };
    assert_eq!(ask(), Some(0));
    fault(&idp);
    assert_eq!(ask(), Some(code));
    idp.publish(&[]);
    idp.repair();
    assert_eq!(ask(), Some(0));
}

cases! { providers = curl_says:
    in_order(&|_| (), 0);
    down(&|idp| idp.stop(), 7);
    full(&|idp| idp.stop_accepting(), 28);
    without_tls(&|idp| idp.hang_before_tls(), 28);
    hanging(&|idp| idp.answer_all(Answer::ThenHangs(b"HTTP/1.1 200 OK\r\n".to_vec())), 28);
    endless(&|idp| idp.answer_all(Answer::ThenForever(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 65536], Duration::from_millis(10))), 28);
    failing(&|idp| idp.answer_all(Answer::status("500 No", "")), 22);
    silent(&|idp| idp.answer_all(Answer::Bytes(Vec::new())), 52);
    not_trusted(&|idp| idp.show(&Authority::other().identity("127.0.0.1")), 60);
    expired(&|idp| idp.show(&Authority::trusted().expired("127.0.0.1")), 60);
    of_another_host(&|idp| idp.show(&Authority::trusted().identity("idp.example.com")), 60);
}
