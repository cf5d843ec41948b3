//! A certificate authority for the tests, and the certificates that it signs, good and bad.

use std::fs;
use std::net::IpAddr;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name};
use tempfile::TempDir;

/// Signs certificates.
pub struct Authority {
    key: PKey<Private>,
    certificate: X509,
}

/// A server's certificate and its key.
pub struct Identity {
    key: PKey<Private>,
    certificate: X509,
    serial: u32,
}

impl Authority {
    /// The one whose [`Authority::pem`] the tests trust.
    #[must_use]
    pub fn trusted() -> &'static Authority {
        static TRUSTED: OnceLock<Authority> = OnceLock::new();
        TRUSTED.get_or_init(|| Authority::named("trusted by the tests"))
    }

    /// Another one, that nobody trusts.
    #[must_use]
    pub fn other() -> &'static Authority {
        static OTHER: OnceLock<Authority> = OnceLock::new();
        OTHER.get_or_init(|| Authority::named("not trusted by the tests"))
    }

    fn named(name: &str) -> Authority {
        let key = pair();
        let certificate = certificate(name, &key, 1, (-1, 3650)).and_then(|mut x| {
            x.set_issuer_name(&*common_name(name)?)?;
            let extension = BasicConstraints::new().critical().ca().build()?;
            x.append_extension(extension)?;
            let extension = KeyUsage::new()
                .critical()
                .key_cert_sign()
                .crl_sign()
                .build()?;
            x.append_extension(extension)?;
            let extension = SubjectKeyIdentifier::new().build(&x.x509v3_context(None, None))?;
            x.append_extension(extension)?;
            x.sign(&key, MessageDigest::sha256())?;
            Ok(x.build())
        });
        Authority {
            key,
            certificate: certificate.expect("a certificate"),
        }
    }

    /// Its own certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        text(self.certificate.to_pem())
    }

    /// A good certificate of a host name or an address.
    #[must_use]
    pub fn identity(&self, host: &str) -> Identity {
        self.valid(host, (-1, 365))
    }

    /// One that was good until yesterday.
    #[must_use]
    pub fn expired(&self, host: &str) -> Identity {
        self.valid(host, (-30, -1))
    }

    /// `days`: from when, and until when, from now on.
    fn valid(&self, host: &str, days: (i64, i64)) -> Identity {
        static NEXT: AtomicU32 = AtomicU32::new(2);
        let serial = NEXT.fetch_add(1, Ordering::Relaxed);
        let key = pair();
        let certificate = certificate(host, &key, serial, days).and_then(|mut x| {
            x.set_issuer_name(self.certificate.subject_name())?;
            x.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
            let context = x.x509v3_context(Some(&self.certificate), None);
            let mut names = SubjectAlternativeName::new();
            let names = match host.parse::<IpAddr>() {
                Ok(_) => names.ip(host),
                Err(_) => names.dns(host),
            };
            let names = names.build(&context)?;
            let authority = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
            x.append_extension(names)?;
            x.append_extension(authority)?;
            x.sign(&self.key, MessageDigest::sha256())?;
            Ok(x.build())
        });
        Identity {
            key,
            certificate: certificate.expect("a certificate"),
            serial,
        }
    }

    /// A list (RFC 5280 section 5) of the certificates that it has revoked.
    #[must_use]
    pub fn revocation_list(&self, revoked: &[&Identity]) -> String {
        const CONFIGURATION: &str = "[ca]\ndefault_ca = test\n[test]\ndatabase = index.txt\n\
            crlnumber = crlnumber\ndefault_md = sha256\ndefault_crl_days = 30\n\
            crl_extensions = crl\n[crl]\nauthorityKeyIdentifier = keyid\n";
        let dir = TempDir::new().expect("a folder");
        let index: String = revoked
            .iter()
            .map(|identity| {
                let serial = format!("{:04X}", identity.serial);
                format!("R\t20990101000000Z\t240101000000Z\t{serial}\tunknown\t/CN=revoked\n")
            })
            .collect();
        let key = text(self.key.private_key_to_pem_pkcs8());
        for (name, content) in [
            ("ca.cnf", CONFIGURATION),
            ("index.txt", &index),
            ("crlnumber", "01\n"),
            ("ca.pem", &self.pem()),
            ("ca.key", &key),
        ] {
            fs::write(dir.path().join(name), content).expect("a file");
        }
        let output = Command::new("openssl")
            .args(["ca", "-gencrl", "-config", "ca.cnf"])
            .args(["-keyfile", "ca.key", "-cert", "ca.pem"])
            .current_dir(dir.path())
            .output()
            .expect("openssl runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl ca: {error}");
        String::from_utf8(output.stdout).expect("PEM is ASCII")
    }
}

impl Identity {
    /// What a TLS server is made from.
    pub(crate) fn acceptor(&self) -> SslAcceptor {
        let acceptor =
            SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).and_then(|mut ssl| {
                ssl.set_private_key(&self.key)?;
                ssl.set_certificate(&self.certificate)?;
                Ok(ssl.build())
            });
        acceptor.expect("a TLS server")
    }
}

fn pair() -> PKey<Private> {
    EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)
        .and_then(|group| EcKey::generate(&group))
        .and_then(PKey::from_ec_key)
        .expect("a key")
}

fn certificate(
    name: &str,
    key: &PKey<Private>,
    serial: u32,
    days: (i64, i64),
) -> Result<X509Builder, ErrorStack> {
    let day = |days: i64| {
        let now = i64::try_from(jwt_testkit::now()).expect("before the end of time");
        Asn1Time::from_unix(now + days * 86_400)
    };
    let mut x = X509::builder()?;
    x.set_version(2)?;
    x.set_serial_number(&*BigNum::from_u32(serial)?.to_asn1_integer()?)?;
    x.set_subject_name(&*common_name(name)?)?;
    x.set_not_before(&*day(days.0)?)?;
    x.set_not_after(&*day(days.1)?)?;
    x.set_pubkey(key)?;
    Ok(x)
}

fn common_name(name: &str) -> Result<X509Name, ErrorStack> {
    let mut builder = X509Name::builder()?;
    builder.append_entry_by_text("CN", name)?;
    Ok(builder.build())
}

fn text(pem: Result<Vec<u8>, ErrorStack>) -> String {
    String::from_utf8(pem.expect("a PEM form")).expect("PEM is ASCII")
}
