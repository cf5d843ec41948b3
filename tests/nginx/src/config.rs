//! An nginx configuration in the making.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::audit::{CLASH, Rules, Secrets};
use crate::binary;
use crate::nginx::Nginx;
use crate::{ports, upstream};

/// A configuration: text for the levels, files beside it, what the audit excuses.
///
/// In every text `@PORT@` and `@PORT2@` are free loopback ports, `@UPSTREAM@` is the address of the
/// echoing API and `@PREFIX@` the folder of it all. The server on `@PORT@` is there already, its root
/// holds `ok.txt`; key files stand beside nginx.conf. A content handler must not be `return`: that
/// answers before the access phase.
#[must_use]
pub struct Config {
    shows: &'static str,
    main: String,
    http: String,
    server: String,
    whole: Option<String>,
    with_module: bool,
    files: Vec<(String, Vec<u8>)>,
    change: Option<Change>,
    environment: Vec<(&'static str, PathBuf)>,
    pub(crate) rules: Rules,
}

/// A change of the folder of nginx.conf.
type Change = Box<dyn Fn(&Path)>;

/// What `nginx -t` said.
#[derive(Debug)]
pub struct Check {
    /// Whether the configuration is good.
    pub ok: bool,
    /// Everything that it printed.
    pub text: String,
}

impl Check {
    /// Panics unless one line holds all of these texts.
    pub fn assert_line(&self, texts: &[&str]) {
        let holds = |line: &str| texts.iter().all(|text| line.contains(text));
        assert!(
            self.text.lines().any(holds),
            "no line with {texts:?}:\n{}",
            self.text
        );
    }
}

impl Config {
    /// `shows` says what the configuration shows; it stands in its first line.
    pub fn new(shows: &'static str) -> Config {
        Config {
            shows,
            main: "worker_processes 1;".to_owned(),
            http: String::new(),
            server: String::new(),
            whole: None,
            with_module: true,
            files: Vec::new(),
            change: None,
            environment: Vec::new(),
            rules: Rules::default(),
        }
    }

    /// The usual case: everything needs a token of [`crate::key`], is answered with `ok.txt` and
    /// tells `$jwt_status` in the header `Status`. `extra` goes into the location.
    pub fn guarded(shows: &'static str, extra: &str) -> Config {
        Config::new(shows).keys(&[&crate::key()]).server(format!(
            "location / {{
                auth_jwt \"api\";
                auth_jwt_key_file jwks.json;
                add_header Status $jwt_status always;
                {extra}
                try_files /ok.txt =500;
            }}"
        ))
    }

    /// An example of `nginx-conf/` as it is, but for its ports: 127.0.0.1:8080 is nginx's, 8081
    /// the API's.
    pub fn example(name: &'static str) -> Config {
        let path = binary::root().join("nginx-conf").join(name);
        let text = fs::read_to_string(&path);
        Config::whole(
            name,
            text.unwrap_or_else(|e| panic!("{}: {e}", path.display())),
        )
    }

    /// A whole nginx.conf as it is, but for its ports, as in [`Config::example`].
    pub fn whole(shows: &'static str, text: String) -> Config {
        let mut config = Config::new(shows);
        config.whole = Some(text);
        config
    }

    /// Replaces a text of an example: another address.
    pub fn with_text(mut self, from: &str, to: &str) -> Config {
        self.whole = self.whole.map(|whole| whole.replace(from, to));
        self
    }

    /// Text for the http level; may be repeated.
    pub fn http(mut self, text: impl AsRef<str>) -> Config {
        self.http.push_str(text.as_ref());
        self.http.push('\n');
        self
    }

    /// Text for the server; may be repeated.
    pub fn server(mut self, text: impl AsRef<str>) -> Config {
        self.server.push_str(text.as_ref());
        self.server.push('\n');
        self
    }

    /// Replaces `worker_processes 1;` at the top.
    pub fn main(mut self, text: &str) -> Config {
        text.clone_into(&mut self.main);
        self
    }

    /// nginx alone: to try the harness itself.
    pub fn without_module(mut self) -> Config {
        self.with_module = false;
        self
    }

    /// A file beside nginx.conf, or, with a path from `html/`, below the root.
    pub fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Config {
        self.files
            .push((path.to_owned(), content.as_ref().to_owned()));
        self
    }

    /// `jwks.json` with these keys.
    pub fn keys(self, keys: &[&jwt_testkit::Key]) -> Config {
        self.file("jwks.json", jwt_testkit::jwks(keys))
    }

    /// Changes the folder of nginx.conf after the files are there and before nginx runs.
    pub fn prepared(mut self, change: impl Fn(&Path) + 'static) -> Config {
        self.change = Some(Box::new(change));
        self
    }

    /// A variable of nginx's environment: the path of a file beside nginx.conf.
    pub fn environment(mut self, name: &'static str, file: &str) -> Config {
        self.environment.push((name, file.into()));
        self
    }

    /// Excuses log lines with this text, which the test provokes.
    pub fn expect_log(mut self, text: &str) -> Config {
        self.rules.expected.push(text.to_owned());
        self
    }

    /// Excuses tokens in request lines, which nginx itself logs.
    pub fn tokens_in_request_line(mut self) -> Config {
        self.rules.tokens_in_request_line = true;
        self
    }

    /// Runs it. Panics, with the log, when nginx does not start.
    #[must_use]
    pub fn start(self) -> Nginx {
        let mut prepared = self.prepare();
        for _ in 0..5 {
            prepared.write(&self);
            match Nginx::start(prepared, self.rules.clone()) {
                Ok(nginx) => return nginx,
                Err((unused, log)) => {
                    let clash = log.contains(CLASH);
                    assert!(clash, "nginx did not start:\n{log}\n{}", unused.numbered());
                    prepared = unused;
                }
            }
        }
        panic!("no free port after five tries");
    }

    /// Asks `nginx -t`.
    #[must_use]
    pub fn check(self) -> Check {
        let mut prepared = self.prepare();
        prepared.write(&self);
        let output = prepared.command().arg("-t").output().expect("nginx runs");
        Check {
            ok: output.status.success(),
            text: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn prepare(&self) -> Prepared {
        let dir = tempfile::Builder::new()
            .prefix("auth-jwt-")
            .tempdir()
            .expect("a folder");
        // Workers run as another user when nginx is started by root.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        for folder in ["conf", "html", "logs", "tmp", "modules"] {
            fs::create_dir(dir.path().join(folder)).expect("a folder");
        }
        fs::write(dir.path().join("html/ok.txt"), "ok\n").expect("a file");
        if self.with_module {
            let link = dir.path().join("modules/ngx_http_auth_jwt_module.so");
            std::os::unix::fs::symlink(binary::module(), link).expect("a link");
        }
        let secrets = Secrets::default();
        for (path, content) in &self.files {
            let under = if path.starts_with("html/") {
                ""
            } else {
                "conf"
            };
            let path = dir.path().join(under).join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, content).expect("a file");
            secrets.note(content);
        }
        if let Some(change) = &self.change {
            change(&dir.path().join("conf"));
        }
        let conf = dir.path().join("conf");
        let environment = self.environment.iter();
        Prepared {
            environment: environment
                .map(|(name, file)| (*name, conf.join(file)))
                .collect(),
            dir,
            secrets,
            upstream: upstream::start(),
            ports: (0, 0),
        }
    }

    fn text(&self) -> String {
        // Debian's nginx would use folders of the system.
        const PREAMBLE: &str = "
    client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/fastcgi;
    uwsgi_temp_path tmp/uwsgi; scgi_temp_path tmp/scgi; access_log logs/access.log;";
        if let Some(whole) = &self.whole {
            return whole
                .replace("127.0.0.1:8080", "127.0.0.1:@PORT@")
                .replace("127.0.0.1:8081", "@UPSTREAM@")
                .replacen("http {", &format!("http {{{PREAMBLE}"), 1);
        }
        let Config {
            shows,
            main,
            http,
            server,
            ..
        } = self;
        let load = match self.with_module {
            true => "load_module modules/ngx_http_auth_jwt_module.so;",
            false => "",
        };
        format!(
            "# shows: {shows}
{load}
{main}
events {{ worker_connections 256; }}
http {{{PREAMBLE}

{http}
    server {{
        listen 127.0.0.1:@PORT@;
        root @PREFIX@/html;
{server}
    }}
}}
"
        )
    }
}

/// The folder with everything that nginx reads.
pub(crate) struct Prepared {
    pub(crate) dir: TempDir,
    pub(crate) secrets: Secrets,
    environment: Vec<(&'static str, PathBuf)>,
    upstream: u16,
    pub(crate) ports: (u16, u16),
}

impl Prepared {
    fn write(&mut self, config: &Config) {
        self.ports = (ports::free(), ports::free());
        let (first, second) = self.ports;
        let text = config
            .text()
            .replace("@PORT@", &first.to_string())
            .replace("@PORT2@", &second.to_string())
            .replace("@UPSTREAM@", &format!("127.0.0.1:{}", self.upstream))
            .replace("@PREFIX@", self.dir.path().to_str().expect("a plain path"));
        fs::write(self.path(), text).expect("a file");
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("conf/nginx.conf")
    }

    /// The configuration with line numbers, for who reads a failed test.
    pub(crate) fn numbered(&self) -> String {
        let text = fs::read_to_string(self.path()).unwrap_or_default();
        let lines = text.lines().enumerate();
        lines
            .map(|(number, line)| format!("{:4} {line}\n", number + 1))
            .collect()
    }

    /// nginx in the foreground, with its log on standard error.
    pub(crate) fn command(&self) -> Command {
        const GLOBAL: &str = "daemon off; pid logs/nginx.pid; lock_file logs/nginx.lock; \
                              error_log stderr info;";
        let mut command = Command::new(binary::nginx());
        command
            .arg("-p")
            .arg(self.dir.path())
            .args(["-c", "conf/nginx.conf", "-e", "stderr", "-g", GLOBAL])
            .env_remove("NGINX")
            .envs(self.environment.iter().map(|(name, path)| (name, path)))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}
