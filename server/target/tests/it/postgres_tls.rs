//! TLS as `sslmode` means it.

use crate::server::postgres;
use migrated_core::Code;
use migrated_target::TargetSpec;
use migrated_testkit::{Postgres, PostgresOptions};
use std::path::PathBuf;
use std::sync::OnceLock;

struct Secured {
    server: Postgres,
    /// Where certificates stand.
    folder: tempfile::TempDir,
}

/// A server whose certificate names only `db.example`, by an authority of its own.
fn secured() -> Option<&'static Secured> {
    static SERVER: OnceLock<Secured> = OnceLock::new();
    postgres()?.port()?;
    Some(SERVER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_key = rcgen::KeyPair::generate().expect("a key");
        let certificate = authority.self_signed(&authority_key).expect("a certificate");
        let issuer = rcgen::Issuer::new(authority, authority_key);
        let key = rcgen::KeyPair::generate().expect("a key");
        let own = rcgen::CertificateParams::new(vec!["db.example".into()]).expect("parameters");
        let own = own.signed_by(&key, &issuer).expect("a certificate");
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        file("ca.crt", certificate.pem());
        let stranger =
            rcgen::generate_simple_self_signed(vec!["other.example".into()]).expect("a certificate");
        file("stranger.crt", stranger.cert.pem());
        let tls = Some((file("server.crt", own.pem()), file("server.key", key.serialize_pem())));
        let access = vec![
            "hostnossl plain all 127.0.0.1/32 scram-sha-256".into(),
            "hostnossl all all all reject".into(),
        ];
        let server = Postgres::start(&PostgresOptions { tls, access, ..PostgresOptions::default() })
            .expect("a server");
        server.psql("postgres", "CREATE DATABASE plain").expect("a database");
        Secured { server, folder }
    }))
}

impl Secured {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Connects; `Ok(true)` where the connection is encrypted.
    async fn try_mode(&self, options: &str) -> Result<bool, migrated_target::TargetError> {
        let url = format!("{}?{options}", self.server.url("postgres"));
        let target = migrated_target::open(&TargetSpec::new(url))?;
        let session = target.connect(&migrated_target::SessionOptions::default()).await?;
        let pid = session.backend().pid;
        let seen = self.server.psql("postgres", &format!("SELECT ssl FROM pg_stat_ssl WHERE pid = {pid}"));
        session.close().await;
        Ok(seen.expect("an answer") == "t")
    }
}

#[tokio::test]
async fn modes_that_encrypt_do() {
    let Some(server) = secured() else { return };
    for mode in ["prefer", "require", "allow"] {
        assert!(server.try_mode(&format!("sslmode={mode}")).await.expect(mode), "{mode}");
    }
}

#[tokio::test]
async fn without_encryption_the_server_refuses() {
    let Some(server) = secured() else { return };
    let error = server.try_mode("sslmode=disable").await.expect_err("no encryption");
    assert_eq!(error.code, Code::TargetAuthentication);
}

#[tokio::test]
async fn authorities_are_checked_where_they_must() {
    let Some(server) = secured() else { return };
    let (ours, strange) = (server.file("ca.crt"), server.file("stranger.crt"));
    let with = |mode: &str, file: &PathBuf| format!("sslmode={mode}&sslrootcert={}", file.display());
    assert!(server.try_mode(&with("verify-ca", &ours)).await.expect("our authority"));
    assert!(server.try_mode(&with("require", &ours)).await.expect("our authority"));
    for mode in ["verify-ca", "require", "verify-full"] {
        let error = server.try_mode(&with(mode, &strange)).await.expect_err("a strange authority");
        assert_eq!(error.code, Code::TargetUnreachable, "{mode}: {error}");
    }
}

#[tokio::test]
async fn the_name_is_checked_by_verify_full_only() {
    let Some(server) = secured() else { return };
    let root = server.file("ca.crt");
    let error = server.try_mode(&format!("sslmode=verify-full&sslrootcert={}", root.display())).await;
    assert_eq!(error.expect_err("127.0.0.1 is not db.example").code, Code::TargetUnreachable);
    let named =
        format!("sslmode=verify-full&sslrootcert={}&host=db.example&hostaddr=127.0.0.1", root.display());
    assert!(server.try_mode(&named).await.expect("the name of the certificate"));
}

#[tokio::test]
async fn the_login_can_be_bound_to_the_channel() {
    let Some(server) = secured() else { return };
    assert!(server.try_mode("sslmode=require&channel_binding=require").await.expect("SCRAM with binding"));
}

#[tokio::test]
async fn an_encrypted_session_can_be_cancelled() {
    use crate::server::{Log, first};
    let Some(server) = secured() else { return };
    let url = format!("{}?sslmode=require", server.server.url("postgres"));
    let target = migrated_target::open(&TargetSpec::new(url)).expect("a URL that can be read");
    let mut session = target.connect(&migrated_target::SessionOptions::default()).await.expect("a session");
    let (canceller, pid) = (session.canceller(), session.backend().pid);
    let running =
        tokio::spawn(async move { session.apply(&first(&["SELECT pg_sleep(60)"]), &Log::default()).await });
    let sleeping = format!("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = {pid}");
    while server.server.psql("postgres", &sleeping).expect("an answer") != "t" {
        tokio::task::yield_now().await;
    }
    canceller.cancel().await.expect("a cancel request");
    assert_eq!(running.await.expect("no panic").expect_err("cancelled").error.code, Code::Cancelled);
}
