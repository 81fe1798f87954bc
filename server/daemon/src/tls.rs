//! TLS of the TCP listeners: read from files, and read again on SIGHUP without dropping a connection.

use crate::config::tls::Tls as Section;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;

/// The certificate in use. Cheap to clone; all clones see a reload.
#[derive(Clone)]
pub(crate) struct Tls {
    current: Arc<RwLock<Arc<ServerConfig>>>,
    section: Section,
    grpc_web: bool,
}

impl Tls {
    /// Reads the files; `None` where TLS is not configured.
    ///
    /// # Errors
    /// A sentence that names the key and the file.
    pub(crate) fn load(section: &Section, grpc_web: bool) -> Result<Option<Tls>, String> {
        match read(section, grpc_web)? {
            None => Ok(None),
            Some(config) => {
                Ok(Some(Tls { current: Arc::new(RwLock::new(config)), section: section.clone(), grpc_web }))
            }
        }
    }

    /// Reads the files again. Where that fails, the old certificate stays.
    ///
    /// # Errors
    /// As [`Tls::load`].
    pub(crate) fn reload(&self) -> Result<(), String> {
        if let Some(fresh) = read(&self.section, self.grpc_web)? {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        Ok(())
    }

    /// What takes the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn read(section: &Section, grpc_web: bool) -> Result<Option<Arc<ServerConfig>>, String> {
    let (Some(cert), Some(key)) = (&section.cert_file, &section.key_file) else { return Ok(None) };
    let chain = certificates("tls.cert_file", cert)?;
    let key =
        PrivateKeyDer::from_pem_file(key).map_err(|e| format!("tls.key_file: {}: {e}", key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| format!("tls: {e}"))?;
    let builder = match &section.client_ca_file {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let fault = |e: &dyn std::fmt::Display| format!("tls.client_ca_file: {}: {e}", path.display());
            let mut roots = RootCertStore::empty();
            for root in certificates("tls.client_ca_file", path)? {
                roots.add(root).map_err(|e| fault(&e))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().map_err(|e| fault(&e))?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|e| {
        format!("tls.cert_file, tls.key_file: {} does not go with its key: {e}", cert.display())
    })?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    if grpc_web {
        config.alpn_protocols.push(b"http/1.1".to_vec());
    }
    Ok(Some(Arc::new(config)))
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let fault = |e: &dyn std::fmt::Display| format!("{key}: {}: {e}", path.display());
    let read = CertificateDer::pem_file_iter(path).and_then(|all| all.collect::<Result<Vec<_>, _>>());
    match read {
        Ok(all) if all.is_empty() => Err(fault(&"holds no certificate")),
        Ok(all) => Ok(all),
        Err(e) => Err(fault(&e)),
    }
}
