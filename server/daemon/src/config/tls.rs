//! Section `tls`: the certificate of the TCP listeners.

use super::Problems;
use super::schema::section;
use std::path::PathBuf;

section! {
    /// TLS on every TCP address; Unix sockets stay as they are. The files are read again on SIGHUP.
    Tls {
        /// The certificate chain in PEM, leaf first.
        cert_file: Option<PathBuf> = None,
        /// The private key in PEM (PKCS#8, PKCS#1 or SEC1).
        key_file: Option<PathBuf> = None,
        /// Certificate authorities in PEM. With it, a client must show a certificate that one of them signed; a token
        /// is needed all the same.
        client_ca_file: Option<PathBuf> = None,
    }
}

impl Tls {
    /// Finds half a setting.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        match (&self.cert_file, &self.key_file) {
            (Some(_), None) => problems.add("tls.key_file", "is missing beside `tls.cert_file`"),
            (None, Some(_)) => problems.add("tls.cert_file", "is missing beside `tls.key_file`"),
            (None, None) if self.client_ca_file.is_some() => {
                problems.add("tls.client_ca_file", "needs `tls.cert_file` and `tls.key_file`");
            }
            _ => {}
        }
    }
}
