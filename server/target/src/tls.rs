//! TLS as libpq's `sslmode` means it.
//!
//! | mode | encrypted | authority checked | host name checked |
//! |---|---|---|---|
//! | disable | no | | |
//! | allow, prefer | where possible | no | no |
//! | require | yes | where `sslrootcert` is given | no |
//! | verify-ca | yes | yes | no |
//! | verify-full | yes | yes | yes |
//!
//! Where a verifying mode names no `sslrootcert`, or names `system`, the system's authorities are used: a daemon
//! has no home directory whose `root.crt` could be meant. Client keys must not be encrypted.

use crate::TargetError;
use crate::url::{PostgresUrl, SslMode};
use migrated_core::Code;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use std::path::Path;
use std::sync::Arc;

/// The TLS settings for a PostgreSQL URL; reads the certificate files that it names.
///
/// # Errors
/// [`Code::TargetUrlInvalid`] where a file cannot be read or holds no certificate.
pub(crate) fn client_config(url: &PostgresUrl) -> Result<ClientConfig, TargetError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verify = match url.ssl_mode {
        SslMode::VerifyCa | SslMode::VerifyFull => true,
        SslMode::Require => url.ssl_root_cert.is_some(),
        SslMode::Disable | SslMode::Allow | SslMode::Prefer => false,
    };
    let verifier: Arc<dyn ServerCertVerifier> = if verify {
        let roots = Arc::new(roots(url.ssl_root_cert.as_deref())?);
        let inner = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
            .build()
            .map_err(|e| unusable("sslrootcert", &e))?;
        match url.ssl_mode {
            SslMode::VerifyFull => inner,
            _ => Arc::new(AuthorityOnly(inner)),
        }
    } else {
        Arc::new(Unverified(provider.clone()))
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable("TLS", &e))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match (&url.ssl_cert, &url.ssl_key) {
        (Some(cert), Some(key)) => builder
            .with_client_auth_cert(certificates(cert, "sslcert")?, private_key(key)?)
            .map_err(|e| unusable("sslcert and sslkey", &e))?,
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(invalid("sslcert and sslkey belong together: one of them is missing")),
    };
    if url.ssl_direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(config)
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, TargetError> {
    let mut store = RootCertStore::empty();
    match file {
        Some(file) if file != Path::new("system") => {
            for certificate in certificates(file, "sslrootcert")? {
                store.add(certificate).map_err(|e| unusable("sslrootcert", &e))?;
            }
        }
        _ => {
            let found = rustls_native_certs::load_native_certs();
            let (added, _) = store.add_parsable_certificates(found.certs);
            if added == 0 {
                return Err(invalid("the system has no certificate authorities; name a file in sslrootcert"));
            }
        }
    }
    Ok(store)
}

fn certificates(file: &Path, option: &str) -> Result<Vec<CertificateDer<'static>>, TargetError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(invalid(format!("{option}: {} holds no certificate", file.display()))),
        Err(error) => Err(invalid(format!("{option}: {} cannot be read: {error}", file.display()))),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TargetError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| {
        invalid(format!("sslkey: {} holds no readable private key: {error}", file.display()))
            .help("a PEM file is needed, and an encrypted key must be decrypted first")
    })
}

fn invalid(why: impl Into<String>) -> TargetError {
    TargetError::new(Code::TargetUrlInvalid, why)
}

fn unusable(what: &str, error: &dyn std::fmt::Display) -> TargetError {
    invalid(format!("{what} cannot be used: {error}"))
}

/// Takes any certificate; only that the server holds its key is checked.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Checks the authority, not the host's name.
#[derive(Debug)]
struct AuthorityOnly(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AuthorityOnly {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The chain is checked before the name, so a wrong name means that the chain was right.
        match self.0.verify_server_cert(certificate, between, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
