//! TLS to where keys are fetched from: whom it trusts, and the connection. The only file of the
//! module that names a TLS library.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter, time,
};

/// The certificates that the system trusts, read once.
#[derive(Default)]
pub(crate) struct SystemStore(OnceLock<Arc<RootCertStore>>);

impl SystemStore {
    fn get(&self) -> Arc<RootCertStore> {
        let store = self.0.get_or_init(|| {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            Arc::new(store)
        });
        Arc::clone(store)
    }
}

/// Whom to trust, as configured.
#[derive(Clone, Debug, Hash)]
pub(crate) struct TrustOptions {
    /// Are certificates verified?
    pub(crate) verify: bool,
    /// Certificates to trust instead of the system's.
    pub(crate) certificates: Option<PathBuf>,
    /// Revocation lists for each certificate of a chain.
    pub(crate) revocation_lists: Option<PathBuf>,
}

impl TrustOptions {
    /// Reads the files: in the master, whose user may read more than a worker's. Somebody to trust
    /// must be there only if TLS `is_needed`; otherwise it may be met and then fails. The error goes
    /// on after the issuer's name.
    pub(crate) fn load(
        &self,
        system: &SystemStore,
        is_needed: bool,
    ) -> Result<TlsConnector, String> {
        let cannot = |error: &dyn fmt::Display| {
            format!("has a TLS configuration that cannot be used: {error}")
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| cannot(&error))?;
        let verifier: Arc<dyn ServerCertVerifier> = if self.verify {
            let roots = match &self.certificates {
                Some(path) => Arc::new(roots(path)?),
                None => system.get(),
            };
            if roots.is_empty() && !is_needed {
                return Ok(TlsConnector(None));
            }
            if roots.is_empty() {
                return Err(NOBODY.to_owned());
            }
            let mut builder = WebPkiServerVerifier::builder_with_provider(roots, provider);
            if let Some(path) = &self.revocation_lists {
                // As nginx does elsewhere: each certificate of the chain needs a list, and one that
                // has expired says nothing.
                builder = builder
                    .with_crls(revocation_lists(path)?)
                    .enforce_revocation_expiration();
            }
            builder.build().map_err(|error| cannot(&error))?
        } else {
            Arc::new(AnyCertificate(provider))
        };
        let mut config = versions
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsConnector(Some(Arc::new(config))))
    }
}

/// Goes on after the issuer's name.
const NOBODY: &str = "has nobody to trust: the system has no certificates; install its bundle \
    (ca-certificates), or name one with ssl_trusted_certificate";

fn roots(path: &Path) -> Result<RootCertStore, String> {
    const DIRECTIVE: &str = "ssl_trusted_certificate";
    let certificates: Vec<CertificateDer<'static>> = read(path, DIRECTIVE, "certificate")?;
    let mut store = RootCertStore::empty();
    for certificate in certificates {
        store.add(certificate).map_err(|error| {
            format!(
                "has the {DIRECTIVE} \"{}\", which holds an invalid certificate: {error}",
                path.display()
            )
        })?;
    }
    Ok(store)
}

fn revocation_lists(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, String> {
    read(path, "ssl_crl", "certificate revocation list")
}

/// What a PEM file holds of one kind, at least one.
fn read<T: PemObject>(path: &Path, directive: &str, noun: &str) -> Result<Vec<T>, String> {
    let shown = path.display();
    let bytes =
        std::fs::read(path).map_err(|error| format!("file \"{shown}\" cannot be read: {error}"))?;
    let found: Result<Vec<T>, _> = T::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if found.is_empty() => Err(format!(
            "has the {directive} \"{shown}\", which holds no {noun} in PEM"
        )),
        Ok(found) => Ok(found),
        Err(error) => Err(format!(
            "has the {directive} \"{shown}\", which is not valid PEM: {error}"
        )),
    }
}

/// `ssl_verify off`: any certificate will do. That whoever presents one has its key is checked.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Puts TLS on connections to https endpoints. Without a configuration it refuses them.
#[derive(Clone)]
pub(crate) struct TlsConnector(Option<Arc<ClientConfig>>);

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConnector")
    }
}

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else {
            return Ok(None);
        };
        if !details.needs_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let host = details.uri.host().unwrap_or_default();
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let config = self.0.clone().ok_or_else(|| io::Error::other(NOBODY))?;
        let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut transport = TlsTransport {
            buffers: LazyBuffers::new(
                details.config.input_buffer_size(),
                details.config.output_buffer_size(),
            ),
            tls,
            socket: TransportAdapter::new(Box::new(transport)),
        };
        // Now, and not with the first byte of the request: a certificate that is refused sees
        // nothing of it.
        transport.handshake(Deadline::new(details.timeout))?;
        Ok(Some(Either::B(transport)))
    }
}

/// A connection with TLS.
pub(crate) struct TlsTransport {
    buffers: LazyBuffers,
    tls: ClientConnection,
    socket: TransportAdapter,
}

impl TlsTransport {
    fn handshake(&mut self, deadline: Deadline) -> Result<(), Error> {
        while self.tls.is_handshaking() {
            self.send(deadline)?;
            if self.tls.is_handshaking() && self.receive(deadline)? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
        self.send(deadline)
    }

    /// Sends what TLS has to say.
    fn send(&mut self, deadline: Deadline) -> Result<(), Error> {
        while self.tls.wants_write() {
            self.socket.set_timeout(deadline.left()?);
            self.tls.write_tls(&mut self.socket)?;
        }
        Ok(())
    }

    /// Reads what there is from the socket, once; 0: it ended.
    fn receive(&mut self, deadline: Deadline) -> Result<usize, Error> {
        self.socket.set_timeout(deadline.left()?);
        let read = self.tls.read_tls(&mut self.socket)?;
        if let Err(error) = self.tls.process_new_packets() {
            // The alert tells the server why; whether it arrives does not matter.
            drop(self.send(deadline));
            return Err(io::Error::new(io::ErrorKind::InvalidData, error).into());
        }
        Ok(read)
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let deadline = Deadline::new(timeout);
        let output = self.buffers.output();
        let output = output.get(..amount).unwrap_or_default();
        self.tls.writer().write_all(output)?;
        self.send(deadline)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let deadline = Deadline::new(timeout);
        loop {
            match self.tls.reader().read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    return Ok(amount > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // One that ended without saying so may have been cut.
                Err(error) => return Err(error.into()),
            }
            self.send(deadline)?;
            self.receive(deadline)?;
        }
    }

    fn is_open(&mut self) -> bool {
        self.socket.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}

/// When a step must be done. A server that sends a byte now and then does not move it.
#[derive(Clone, Copy)]
struct Deadline {
    timeout: NextTimeout,
    since: Instant,
}

impl Deadline {
    fn new(timeout: NextTimeout) -> Deadline {
        Deadline {
            timeout,
            since: Instant::now(),
        }
    }

    fn left(self) -> Result<NextTimeout, Error> {
        let NextTimeout { after, reason } = self.timeout;
        if after.is_not_happening() {
            return Ok(self.timeout);
        }
        let left = after.saturating_sub(self.since.elapsed());
        if left.is_zero() {
            return Err(Error::Timeout(reason));
        }
        Ok(NextTimeout {
            after: time::Duration::Exact(left),
            reason,
        })
    }
}
