//! `jwt-mint`: keys and tokens for the demo and for scripts. `--help` is its manual.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use jwt_testkit::{Alg, Key, now, sign};
use lexopt::prelude::*;
use serde_json::{Map, Value, json};

const HELP: &str = "\
Makes keys and tokens, for tests and the demo only.

  jwt-mint key --alg ALG --private FILE [--kid KID] [--jwks FILE] [--pem FILE]
  jwt-mint token --key FILE [--claims JSON] [--exp TIME] [--nbf TIME] [--header JSON] [--tamper]
                 [--count N]

key: makes a new key.
  --alg ALG       HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K
                  Ed25519 (or EdDSA) Ed448; RSA keys have 2048 bits, secrets 64 bytes
  --private FILE  writes the private JWK here, mode 600
  --kid KID       its kid; none without this
  --jwks FILE     writes a JWK Set with the public key here, mode 644
  --pem FILE      writes the public key here, mode 644; not for HS*
                  A file that exists is replaced atomically, by rename.

token: prints a token and a newline.
  --key FILE      the private JWK
  --claims JSON   the claims, an object; default {}
  --exp TIME      sets exp: Unix seconds, or +N or -N seconds from now
  --nbf TIME      sets nbf in the same way
  --header JSON   members that replace those of {\"alg\":…,\"typ\":\"JWT\",\"kid\":…};
                  one that is null is left out
  --tamper        appends \"x\" to the claim sub (or sets it) after signing: the signature fails
  --count N       prints N of them, distinct by the claim jti

Exit status: 0, or 1 with one line on standard error.
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("jwt-mint: {message}");
            ExitCode::FAILURE
        }
    }
}

type Outcome = Result<(), String>;

fn run() -> Outcome {
    let mut args = lexopt::Parser::from_env();
    match args.next().map_err(text)? {
        Some(Value(command)) if command == "key" => key(args),
        Some(Value(command)) if command == "token" => token(args),
        Some(Short('h') | Long("help")) => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err("say \"key\" or \"token\"; --help explains".to_owned()),
    }
}

fn key(mut args: lexopt::Parser) -> Outcome {
    let (mut alg, mut kid, mut private, mut jwks, mut pem) = (None, None, None, None, None);
    while let Some(arg) = args.next().map_err(text)? {
        let slot = match arg {
            Long("alg") => &mut alg,
            Long("kid") => &mut kid,
            Long("private") => &mut private,
            Long("jwks") => &mut jwks,
            Long("pem") => &mut pem,
            other @ (Short(_) | Long(_) | Value(_)) => return Err(other.unexpected().to_string()),
        };
        *slot = Some(string(&mut args)?);
    }
    let alg: Alg = alg.ok_or("--alg is missing")?.parse()?;
    let private = private.ok_or("--private is missing")?;
    if pem.is_some() && alg.is_hmac() {
        return Err("a shared secret has no PEM form: leave --pem out".to_owned());
    }
    let mut key = Key::generate(alg);
    if let Some(kid) = kid {
        key = key.with_kid(&kid);
    }
    write(&private, &line(&key.private_jwk()), 0o600)?;
    if let Some(path) = jwks {
        write(&path, &line(&json!({ "keys": [key.jwk()] })), 0o644)?;
    }
    if let Some(path) = pem {
        write(&path, &key.spki_pem(), 0o644)?;
    }
    Ok(())
}

fn token(mut args: lexopt::Parser) -> Outcome {
    let (mut key, mut claims, mut header) = (None, Map::new(), Map::new());
    let (mut exp, mut nbf, mut tamper, mut count) = (None, None, false, None);
    while let Some(arg) = args.next().map_err(text)? {
        match arg {
            Long("key") => key = Some(string(&mut args)?),
            Long("claims") => claims = object("--claims", &string(&mut args)?)?,
            Long("header") => header = object("--header", &string(&mut args)?)?,
            Long("exp") => exp = Some(time("--exp", &string(&mut args)?)?),
            Long("nbf") => nbf = Some(time("--nbf", &string(&mut args)?)?),
            Long("tamper") => tamper = true,
            Long("count") => count = Some(args.value().map_err(text)?.parse().map_err(text)?),
            other @ (Short(_) | Long(_) | Value(_)) => return Err(other.unexpected().to_string()),
        }
    }
    let path = key.ok_or("--key is missing")?;
    let jwk = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    let jwk = serde_json::from_str(&jwk).map_err(|e| format!("{path}: {e}"))?;
    let key = Key::from_private_jwk(&jwk).map_err(|e| format!("{path}: {e}"))?;

    for (name, value) in [("exp", exp), ("nbf", nbf)] {
        if let Some(value) = value {
            claims.insert(name.to_owned(), json!(value));
        }
    }
    let mut full = Map::new();
    full.insert("alg".to_owned(), json!(key.alg().header_name()));
    full.insert("typ".to_owned(), json!("JWT"));
    full.insert("kid".to_owned(), json!(key.kid()));
    full.extend(header);
    full.retain(|_, value| !value.is_null());
    let full = Value::Object(full);
    for number in 0..count.unwrap_or(1_u32) {
        if count.is_some() {
            claims.insert("jti".to_owned(), json!(format!("token-{number:08}")));
        }
        let mut token = sign(&full, &Value::Object(claims.clone()), &key);
        if tamper {
            let sub = claims.get("sub").and_then(Value::as_str).unwrap_or("");
            let mut other = claims.clone();
            other.insert("sub".to_owned(), json!(format!("{sub}x")));
            token = jwt_testkit::hostile::with_payload(&token, Value::Object(other).to_string());
        }
        println!("{token}");
    }
    Ok(())
}

fn text(error: lexopt::Error) -> String {
    error.to_string()
}

fn line(json: &Value) -> String {
    format!("{json}\n")
}

fn string(args: &mut lexopt::Parser) -> Result<String, String> {
    args.value().map_err(text)?.string().map_err(text)
}

fn object(option: &str, json: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(json).map_err(|e| format!("{option}: not a JSON object: {e}"))
}

/// Unix seconds; a sign means relative to now.
fn time(option: &str, text: &str) -> Result<i64, String> {
    let number: i64 = text
        .parse()
        .map_err(|_| format!("{option}: not a number of seconds: \"{text}\""))?;
    let base = if text.starts_with(['+', '-']) {
        now()
    } else {
        0
    };
    Ok(i64::try_from(base)
        .unwrap_or(i64::MAX)
        .saturating_add(number))
}

fn write(path: &str, content: &str, mode: u32) -> Outcome {
    let new = format!("{path}.new");
    let put = || {
        // A file left over from a run that failed would keep its mode.
        if Path::new(&new).exists() {
            fs::remove_file(&new)?;
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&new)?;
        std::io::Write::write_all(&mut file, content.as_bytes())?;
        fs::rename(&new, path)
    };
    put().map_err(|e| format!("{path}: {e}"))
}
