//! The nginx under test and what it was built with.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What `nginx -V` says.
#[derive(Debug)]
pub struct Features {
    /// Say (1, 28, 3).
    pub version: (u32, u32, u32),
    arguments: String,
}

impl Features {
    /// Of the nginx under test; asked once.
    #[must_use]
    pub fn get() -> &'static Features {
        static FEATURES: OnceLock<Features> = OnceLock::new();
        FEATURES.get_or_init(|| {
            let output = Command::new(nginx()).arg("-V").output();
            let output = output.unwrap_or_else(|e| {
                panic!(
                    "{}: {e}; run `make build` or set NGINX_BIN",
                    nginx().display()
                )
            });
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let (_, version) = text.split_once("nginx/").expect("a version");
            let mut numbers = version
                .split(|c: char| !c.is_ascii_digit())
                .map(|n| n.parse().expect("a version number"));
            let mut next = || numbers.next().expect("three numbers");
            Features {
                version: (next(), next(), next()),
                arguments: text,
            }
        })
    }

    /// Whether a module outside the default set was built in, say `http_ssl`.
    #[must_use]
    pub fn has(&self, module: &str) -> bool {
        self.arguments.contains(&format!("--with-{module}_module"))
    }

    /// Stops the test with a clear message when a module that it needs is missing.
    pub fn need(&self, module: &str) {
        assert!(
            self.has(module),
            "this nginx lacks {module}_module, which the suite needs"
        );
    }

    /// The directives that make a server on `@PORT2@` speak HTTP/2, without TLS or with it (`ssl`).
    #[must_use]
    pub fn http2_listen(&self, ssl: bool) -> String {
        self.need("http_v2");
        let ssl = if ssl { " ssl" } else { "" };
        if self.version >= (1, 25, 1) {
            format!("listen 127.0.0.1:@PORT2@{ssl}; http2 on;")
        } else {
            format!("listen 127.0.0.1:@PORT2@{ssl} http2;")
        }
    }
}

/// The executable under test.
pub(crate) fn nginx() -> PathBuf {
    from_env("NGINX_BIN", "build/nginx")
}

/// The module under test.
pub(crate) fn module() -> PathBuf {
    let path = from_env("NGINX_MODULE", "build/ngx_http_auth_jwt_module.so");
    assert!(
        path.exists(),
        "{}: no such file; run `make build` or set NGINX_MODULE",
        path.display()
    );
    path
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace exists")
}

fn from_env(name: &str, default: &str) -> PathBuf {
    root().join(std::env::var_os(name).unwrap_or_else(|| default.into()))
}
