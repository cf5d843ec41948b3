//! Keys change without a restart: a changed file counts within a second, a broken one never.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use jwt_testkit::{Alg, Key, jwks, token};
use nginx_tests::{Config, Nginx, Request, cases, eventually, good, key, user};

fn old() -> Key {
    key()
}

/// The next key, under the same kid.
fn new() -> Key {
    Key::other(key().alg())
}

fn server() -> Config {
    Config::guarded("a key file that changes", "")
}

fn accepts(nginx: &Nginx, key: &Key) -> bool {
    nginx.get_with("/", &token(key, &user())).status == 200
}

/// Waits until the new key counts; the old one must be refused then.
fn expect_new(nginx: &Nginx) {
    eventually("the new key counts", || accepts(nginx, &new()));
    nginx.get_with("/", &good()).assert(401, "bad_signature");
}

/// Waits for the one error line that says why `file` was not taken; the old keys stay.
fn expect_old(nginx: &Nginx, file: &str) {
    let line = nginx.log().wait_for("[error]", 1);
    assert!(line.contains(file), "{line}");
    nginx.get_with("/", &good()).assert(200, "ok");
}

/// How many error lines are about the key file, and not about a refused token.
fn error_lines(nginx: &Nginx) -> usize {
    let errors = nginx.log().matching("[error]");
    errors
        .iter()
        .filter(|line| line.contains("jwks.json"))
        .count()
}

#[test]
fn an_atomic_rename_is_seen() {
    let nginx = server().start();
    nginx.replace("jwks.json", jwks(&[&new()]));
    expect_new(&nginx);
}

#[test]
fn a_write_in_place_is_seen() {
    let nginx = server().start();
    nginx.overwrite("jwks.json", jwks(&[&new()]));
    expect_new(&nginx);
}

#[test]
fn a_file_of_the_same_size_and_mtime_is_seen() {
    let nginx = server().start();
    let time = fs::metadata(nginx.conf("jwks.json"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(jwks(&[&old()]).len(), jwks(&[&new()]).len());
    let path = nginx.conf("new.json");
    fs::write(&path, jwks(&[&new()])).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    fs::rename(path, nginx.conf("jwks.json")).unwrap();
    expect_new(&nginx);
}

/// As Kubernetes mounts secrets: `..data` points to a folder, and is swapped by a rename.
#[test]
fn a_swapped_symlink_is_seen() {
    let nginx = Config::new("a file behind symbolic links")
        .file("v1/jwks.json", jwks(&[&old()]))
        .file("v2/jwks.json", jwks(&[&new()]))
        .file("jwks.json", jwks(&[&old()]))
        .server(
            "location / { auth_jwt a; auth_jwt_key_file keys/jwks.json; try_files /ok.txt =500;
                          add_header Status $jwt_status always; }
             auth_jwt_key_file jwks.json;",
        );
    // The links must stand before nginx starts.
    let nginx = nginx.prepared(|conf| {
        fs::create_dir(conf.join("keys")).unwrap();
        symlink("../v1", conf.join("keys/..data")).unwrap();
        symlink("..data/jwks.json", conf.join("keys/jwks.json")).unwrap();
    });
    let nginx = nginx.start();
    assert!(accepts(&nginx, &old()));
    symlink("../v2", nginx.conf("keys/..new")).unwrap();
    fs::rename(nginx.conf("keys/..new"), nginx.conf("keys/..data")).unwrap();
    expect_new(&nginx);
}

#[test]
fn every_worker_sees_the_change() {
    let nginx = server().main("worker_processes 3;").start();
    nginx.log().wait_for("start worker process ", 3);
    nginx.replace("jwks.json", jwks(&[&new()]));
    // Connections spread over the workers: thirty in a row are not all the first one's.
    eventually("every worker takes the new key", || {
        (0..30).all(|_| accepts(&nginx, &new()))
    });
}

#[test]
fn an_added_key_counts_beside_the_old() {
    let nginx = server().start();
    nginx.replace("jwks.json", jwks(&[&old(), &Key::fixed(Alg::RS256)]));
    eventually("the added key counts", || {
        accepts(&nginx, &Key::fixed(Alg::RS256))
    });
    assert!(accepts(&nginx, &old()));
}

#[test]
fn the_form_of_a_file_may_change() {
    let nginx = server().start();
    nginx.replace("jwks.json", new().spki_pem());
    expect_new(&nginx);
}

#[test]
fn keys_change_many_times() {
    let nginx = server().start();
    for key in [new(), old(), new(), old(), new()] {
        nginx.replace("jwks.json", jwks(&[&key]));
        eventually("the next key counts", || accepts(&nginx, &key));
    }
}

/// A broken version leaves the old in force, with one error line, and the next good one counts.
fn broken(content: &str) {
    let nginx = server().start();
    nginx.replace("jwks.json", content);
    expect_old(&nginx, "jwks.json");
    nginx.replace("jwks.json", jwks(&[&old(), &Key::fixed(Alg::RS256)]));
    eventually("the repaired file counts", || {
        accepts(&nginx, &Key::fixed(Alg::RS256))
    });
    assert_eq!(error_lines(&nginx), 1, "one line for one change");
}

cases! { a_broken_version_is_not_taken = broken:
    empty_file("");
    half_a_file(&jwks(&[&new()])[..100]);
    not_json_and_not_pem("secret");
    html("<html><body>502 Bad Gateway</body></html>");
    json_of_another_kind("[]");
    nested_deep(&"[".repeat(100_000));
    a_private_key(&new().private_pem());
    half_a_pem_block(&new().spki_pem()[..60]);
}

#[test]
fn a_deleted_file_leaves_the_keys_in_force() {
    let nginx = server().start();
    fs::remove_file(nginx.conf("jwks.json")).unwrap();
    expect_old(&nginx, "jwks.json");
    nginx.replace("jwks.json", jwks(&[&new()]));
    expect_new(&nginx);
    assert_eq!(error_lines(&nginx), 1, "one line for one change");
}

#[test]
fn a_folder_in_the_files_place_leaves_the_keys_in_force() {
    let nginx = server().start();
    fs::remove_file(nginx.conf("jwks.json")).unwrap();
    fs::create_dir(nginx.conf("jwks.json")).unwrap();
    expect_old(&nginx, "jwks.json");
}

#[test]
fn a_pipe_in_the_files_place_blocks_nobody() {
    let nginx = server().start();
    fs::remove_file(nginx.conf("jwks.json")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(nginx.conf("jwks.json"))
        .status();
    assert!(made.unwrap().success());
    expect_old(&nginx, "jwks.json");
}

#[test]
fn a_file_that_the_worker_may_not_read_leaves_the_keys_in_force() {
    let nginx = server().start();
    let path = nginx.conf("new.json");
    fs::write(&path, jwks(&[&new()])).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    fs::rename(path, nginx.conf("jwks.json")).unwrap();
    expect_old(&nginx, "jwks.json");
}

/// A good file without a usable key is what the operator said: 500 at once.
#[test]
fn an_empty_set_takes_effect() {
    let nginx = server().start();
    nginx.replace("jwks.json", "{\"keys\":[]}");
    eventually("the empty set counts", || {
        nginx.get_with("/", &good()).status == 500
    });
    nginx.get_with("/", &good()).assert(500, "key_unavailable");
    nginx.get_with("/", "x.y.z").assert(401, "malformed");
    nginx.replace("jwks.json", jwks(&[&new()]));
    expect_new(&nginx);
}

#[test]
fn a_set_of_unknown_keys_takes_effect() {
    let nginx = server().start();
    nginx.replace(
        "jwks.json",
        r#"{"keys":[{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}]}"#,
    );
    eventually("the set counts", || {
        nginx.get_with("/", &good()).status == 500
    });
}

/// More than 256 KiB is parsed beside the event loop.
fn large_set(key: &Key) -> String {
    let filler = Key::fixed(Alg::RS256).with_kid("filler-").jwk().to_string();
    let fillers = (0..1_500).map(|n| filler.replace("filler-", &format!("filler-{n}")) + ",");
    format!(
        "{{\"keys\":[{}{}]}}",
        fillers.collect::<String>(),
        key.jwk()
    )
}

#[test]
fn a_large_file_is_seen() {
    let nginx = Config::new("a large key file")
        .file("jwks.json", large_set(&old()))
        .server("location / { auth_jwt a; auth_jwt_key_file jwks.json; try_files /ok.txt =500; add_header Status $jwt_status always; }")
        .start();
    assert!(accepts(&nginx, &old()));
    nginx.replace("jwks.json", large_set(&new()));
    expect_new(&nginx);
    // And back to a small one.
    nginx.replace("jwks.json", jwks(&[&old()]));
    eventually("the small file counts", || accepts(&nginx, &old()));
    assert!(!accepts(&nginx, &new()));
}

#[test]
fn a_large_broken_file_is_not_taken() {
    let nginx = server().start();
    nginx.replace("jwks.json", format!("{}x", large_set(&new())));
    expect_old(&nginx, "jwks.json");
}

#[test]
fn requests_are_served_while_a_large_file_changes_over_and_over() {
    let nginx = server().start();
    let mut connection = nginx.connect();
    let token = good();
    for round in 0..20 {
        let text = large_set(&old()).replace("filler-1\"", &format!("filler-{round}\""));
        nginx.replace("jwks.json", text);
        for _ in 0..20 {
            connection
                .ask(&Request::get("/").bearer(&token))
                .assert(200, "ok");
        }
    }
}

#[test]
fn one_file_named_twice_changes_everywhere() {
    let nginx = server()
        .server("location /b { auth_jwt b; auth_jwt_key_file jwks.json; add_header Status $jwt_status always; try_files /ok.txt =500; }")
        .start();
    nginx.replace("jwks.json", jwks(&[&new()]));
    let new_token = token(&new(), &user());
    eventually("both locations see it", || {
        nginx.get_with("/", &new_token).status == 200
            && nginx.get_with("/b", &new_token).status == 200
    });
    nginx.get_with("/b", &good()).assert(401, "bad_signature");
}

#[test]
fn an_optional_file_may_appear_later() {
    let nginx = Config::new("a key file that is not there yet")
        .server("location / { auth_jwt a; auth_jwt_key_file jwks.json optional; add_header Status $jwt_status always; try_files /ok.txt =500; }")
        .start();
    nginx.get_with("/", &good()).assert(500, "key_unavailable");
    nginx.replace("jwks.json", jwks(&[&old()]));
    eventually("the file counts", || accepts(&nginx, &old()));
}

#[test]
fn an_optional_file_that_is_missing_is_500_beside_others_too() {
    let nginx = Config::guarded(
        "one file of two is not there",
        "auth_jwt_key_file later.json optional;",
    )
    .start();
    nginx.get_with("/", &good()).assert(500, "key_unavailable");
    nginx.replace("later.json", jwks(&[&new()]));
    eventually("the file counts", || accepts(&nginx, &new()));
    assert!(accepts(&nginx, &old()));
}

/// Size, inode and modification time stay: only the time of the change tells (`cp -p`, `touch -r`).
#[test]
fn a_change_that_keeps_size_and_time_is_seen() {
    let (old, new) = (jwks(&[&old()]), jwks(&[&new()]));
    let size = old.len().max(new.len());
    let padded = |text: &str| format!("{text}{}", " ".repeat(size - text.len()));
    let nginx = server().file("jwks.json", padded(&old)).start();
    let file = fs::File::open(nginx.conf("jwks.json")).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    nginx.get_with("/", &good()).assert(200, "ok");
    nginx.overwrite("jwks.json", padded(&new));
    let file = fs::File::options()
        .write(true)
        .open(nginx.conf("jwks.json"));
    file.unwrap().set_modified(modified).unwrap();
    expect_new(&nginx);
}
