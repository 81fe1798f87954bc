//! How the daemon ends.

use crate::daemon::{Daemon, LONG, channel, health};
use rustix::process::Signal;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const TOML: &str = "[listen]\naddresses = \"127.0.0.1:0\"\n";

#[tokio::test]
async fn sigterm_tells_health_ends_streams_and_exits_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let toml = format!("{TOML}drain_timeout = \"100ms\"\n");
        let mut daemon = Daemon::start(tempfile::tempdir().expect("a folder"), &toml, 1).await;
        let mut client = HealthClient::new(channel(&daemon.addresses[0]).await);
        let request = HealthCheckRequest { service: "migrated.v1.MigrationService".into() };
        let mut watch = client.watch(request).await.expect("watched").into_inner();
        let first = watch.message().await.expect("told").expect("a message");
        assert_eq!(first.status(), ServingStatus::Serving);
        daemon.signal(signal);
        let told = tokio::time::timeout(LONG, watch.message()).await.expect("in time");
        assert_eq!(told.expect("told").expect("a message").status(), ServingStatus::NotServing);
        // A watch of health never ends by itself: it is broken off after the drain timeout.
        assert_eq!(daemon.end().await.code(), Some(0));
        assert!(!matches!(watch.message().await, Ok(Some(_))));
    }
}

#[tokio::test]
async fn a_second_signal_waits_for_nothing() {
    let toml = format!("{TOML}drain_timeout = \"1h\"\n");
    let mut daemon = Daemon::start(tempfile::tempdir().expect("a folder"), &toml, 1).await;
    let channel = channel(&daemon.addresses[0]).await;
    let mut client = HealthClient::new(channel.clone());
    let mut watch = client.watch(HealthCheckRequest::default()).await.expect("watched").into_inner();
    watch.message().await.expect("told");
    daemon.signal(Signal::TERM);
    let told = tokio::time::timeout(LONG, watch.message())
        .await
        .expect("in time")
        .expect("told")
        .expect("a message");
    assert_eq!(told.status(), ServingStatus::NotServing);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end().await.code(), Some(0));
    assert!(health(channel, "").await.is_err());
}
