//! Certificates for TLS, made for a test.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};

/// An authority that signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Default for Authority {
    fn default() -> Authority {
        Authority::new()
    }
}

impl Authority {
    /// A new one, that nobody knows.
    ///
    /// # Panics
    /// Where the system gives no randomness.
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed"))
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate and its key for `name`, in PEM.
    ///
    /// # Panics
    /// Where `name` cannot stand in a certificate.
    pub fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        (params.signed_by(&key, &self.0).expect("signed").pem(), key.serialize_pem())
    }

    /// As [`Authority::sign`], as the files `STEM.crt` and `STEM.key` of a folder.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn write(&self, folder: &Path, stem: &str, name: &str) -> std::io::Result<(PathBuf, PathBuf)> {
        let (certificate, key) = self.sign(name);
        let files = (folder.join(format!("{stem}.crt")), folder.join(format!("{stem}.key")));
        std::fs::write(&files.0, certificate)?;
        std::fs::write(&files.1, key)?;
        Ok(files)
    }
}
