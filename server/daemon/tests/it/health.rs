//! `migrated health`, the question of images without a shell.

use crate::daemon::{Daemon, command};
use std::path::Path;
use std::process::Output;

/// The command beside the configuration that the daemon was started with.
async fn asked(folder: &Path, more: &[&str]) -> Output {
    command(folder).arg("health").args(more).output().await.expect("it ran")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_daemon_that_serves_is_well_and_one_that_is_gone_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let toml = format!("[listen]\naddresses = [\"unix:{}\"]\n", folder.path().join("s").display());
    let mut daemon = Daemon::start(folder, &toml, 1).await;
    let output = asked(daemon.folder.path(), &[]).await;
    assert_eq!((output.status.code(), told(&output)), (Some(0), String::new()));

    daemon.signal(rustix::process::Signal::TERM);
    daemon.end().await;
    let output = asked(daemon.folder.path(), &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).starts_with("error: no daemon answers at unix:"), "{}", told(&output));
}

#[tokio::test]
async fn a_port_without_tls_is_asked_and_one_with_it_needs_a_socket_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder, "[listen]\naddresses = [\"127.0.0.1:0\"]\n", 1).await;
    // The port was drawn when the daemon started; here it is told by a flag.
    let output = asked(daemon.folder.path(), &["--listen", &daemon.addresses[0]]).await;
    assert_eq!((output.status.code(), told(&output)), (Some(0), String::new()));

    let tls = ["--set", "tls.cert_file=a.crt", "--set", "tls.key_file=a.key"];
    let output = asked(daemon.folder.path(), &[&["--listen", &daemon.addresses[0]], &tls[..]].concat()).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("next: listen on a Unix socket too"), "{}", told(&output));
}
