//! TLS, end to end, with certificates made for the test.

use crate::daemon::{Daemon, command, health, reflect};
use migrated_testkit::Authority;
use std::path::Path;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

fn write(authority: &Authority, folder: &Path) {
    authority.write(folder, "server", "localhost").expect("written");
}

const TOML: &str = "[listen]\naddresses = \"0.0.0.0:0\"\n\
                    [tls]\ncert_file = \"server.crt\"\nkey_file = \"server.key\"\n\
                    [[access.tokens]]\nname = \"a\"\ntoken_file = \"token\"\nrights = [\"read\"]\n";

async fn connect(
    daemon: &Daemon,
    roots: &Authority,
    identity: Option<Identity>,
) -> Result<Channel, tonic::transport::Error> {
    let mut tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(roots.pem())).domain_name("localhost");
    if let Some(identity) = identity {
        tls = tls.identity(identity);
    }
    let address = daemon.addresses[0].replace("0.0.0.0", "127.0.0.1");
    Channel::from_shared(format!("https://{address}")).expect("an address").tls_config(tls)?.connect().await
}

#[tokio::test]
async fn an_exposed_listener_serves_over_tls_with_a_token() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().expect("a folder"));
    write(&authority, folder.path());
    std::fs::write(folder.path().join("token"), "secret\n").expect("written");
    let mut daemon = Daemon::start(folder, TOML, 1).await;
    let channel = connect(&daemon, &authority, None).await.expect("the certificate is good");
    assert!(health(channel.clone(), "").await.is_ok());
    assert!(reflect(channel.clone(), None).await.is_err());
    assert!(reflect(channel.clone(), Some("secret")).await.is_ok());
    let plain =
        Channel::from_shared(daemon.addresses[0].replace("0.0.0.0", "http://127.0.0.1")).expect("an address");
    assert!(health(plain.connect_lazy(), "").await.is_err(), "nothing is said in the clear");

    // A renewal: new connections get the new certificate, open ones go on.
    let next = Authority::new();
    assert!(connect(&daemon, &next, None).await.is_err());
    write(&next, daemon.folder.path());
    daemon.signal(rustix::process::Signal::HUP);
    daemon.logged("were read again").await;
    assert!(connect(&daemon, &next, None).await.is_ok());
    assert!(health(channel, "").await.is_ok());

    // A half-written renewal changes nothing.
    std::fs::write(daemon.folder.path().join("server.crt"), "half").expect("written");
    daemon.signal(rustix::process::Signal::HUP);
    daemon.logged("reload failed").await;
    assert!(connect(&daemon, &next, None).await.is_ok());
}

#[tokio::test]
async fn a_client_without_a_certificate_is_sent_away_where_one_is_asked_for() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().expect("a folder"));
    write(&authority, folder.path());
    std::fs::write(folder.path().join("token"), "secret\n").expect("written");
    std::fs::write(folder.path().join("clients.pem"), authority.pem()).expect("written");
    let toml = TOML.replace("[[access", "client_ca_file = \"clients.pem\"\n[[access");
    let daemon = Daemon::start(folder, &toml, 1).await;
    let identity = |authority: &Authority| {
        let (cert, key) = authority.sign("client");
        Identity::from_pem(cert, key)
    };
    // TLS 1.3: the client learns of its rejection with its first call.
    for stranger in [None, Some(identity(&Authority::new()))] {
        let called = match connect(&daemon, &authority, stranger).await {
            Ok(channel) => health(channel, "").await.is_ok(),
            Err(_) => false,
        };
        assert!(!called);
    }
    let channel = connect(&daemon, &authority, Some(identity(&authority))).await.expect("known");
    assert!(reflect(channel.clone(), Some("secret")).await.is_ok());
    assert!(reflect(channel, None).await.is_err(), "a certificate is no token");
}

#[tokio::test]
async fn check_config_reads_the_files() {
    let (one, two, folder) = (Authority::new(), Authority::new(), tempfile::tempdir().expect("a folder"));
    write(&one, folder.path());
    std::fs::write(folder.path().join("token"), "secret\n").expect("written");
    std::fs::write(folder.path().join("migrated.toml"), TOML).expect("written");
    let check = || command(folder.path()).arg("check-config").output();
    assert_eq!(check().await.expect("run").status.code(), Some(0));
    std::fs::write(folder.path().join("server.key"), two.sign("localhost").1).expect("written");
    std::fs::remove_file(folder.path().join("token")).expect("removed");
    let faults = check().await.expect("run");
    assert_eq!(faults.status.code(), Some(2));
    let told = String::from_utf8_lossy(&faults.stderr);
    assert!(told.contains("does not go with its key"), "{told}");
    assert!(told.contains("access.tokens[0] (a).token_file"), "{told}");
}
