//! Listeners and access, end to end.

use crate::daemon::{Daemon, channel, command, health, reflect};
use sha2::Digest as _;
use std::os::unix::net::{UnixListener, UnixStream};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_types::StatusExt as _;

fn token(name: &str, secret: &str, more: &str) -> String {
    let hash = hex::encode(sha2::Sha256::digest(secret));
    format!("[[access.tokens]]\nname = {name:?}\nsha256 = \"{hash}\"\n{more}\n")
}

#[tokio::test]
async fn tokens_are_asked_for_over_tcp_and_users_over_a_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    let toml = [
        format!("[listen]\naddresses = [\"127.0.0.1:0\", \"unix:{}\"]\n", socket.display()),
        token("reader", "r", "rights = [\"read\"]"),
        token("old", "o", "rights = [\"read\"]\nexpires = 2020-01-01T00:00:00Z"),
    ]
    .concat();
    let daemon = Daemon::start(folder, &toml, 2).await;
    let tcp = channel(&daemon.addresses[0]).await;
    assert_eq!(health(tcp.clone(), "").await.expect("open to all"), ServingStatus::Serving);
    let known = health(tcp.clone(), "migrated.v1.RunService").await.expect("each service has its own");
    assert_eq!(known, ServingStatus::Serving);
    assert!(
        reflect(tcp.clone(), Some("r"))
            .await
            .expect("the token is good")
            .contains(&"grpc.health.v1.Health".into())
    );
    for (sent, message) in [
        (None, "the call carries no token"),
        (Some("x"), "the token is not known"),
        (Some("o"), "token \"old\" expired at 2020-01-01T00:00:00Z"),
    ] {
        let refused = reflect(tcp.clone(), sent).await.expect_err("refused");
        assert_eq!((refused.code(), refused.message()), (Code::Unauthenticated, message));
        let info = refused.get_error_details().error_info().cloned().expect("ErrorInfo");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("UNAUTHENTICATED", "migrated"));
        assert_eq!(info.metadata["code"], "MG6001");
    }
    // What an RPC needs is judged before anybody looks whether it is there.
    let mut grpc = tonic::client::Grpc::new(tcp);
    grpc.ready().await.expect("ready");
    let mut request = tonic::Request::new(());
    request.metadata_mut().insert("authorization", "Bearer r".parse().expect("ASCII"));
    let path = http::uri::PathAndQuery::from_static("/migrated.v1.MigrationService/Upgrade");
    let denied =
        grpc.unary(request, path, tonic_prost::ProstCodec::<(), ()>::default()).await.expect_err("denied");
    assert_eq!(denied.code(), Code::PermissionDenied);
    assert_eq!(denied.message(), "token \"reader\" lacks the right to operate");

    let local = channel(&daemon.addresses[1]).await;
    assert!(reflect(local, None).await.is_ok(), "the kernel says who calls");
}

#[tokio::test]
async fn a_stale_socket_is_replaced_and_ours_removed_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    drop(UnixListener::bind(&socket).expect("bound, then left behind"));
    let toml = format!("[listen]\naddresses = \"unix:{}\"\n", socket.display());
    let mut daemon = Daemon::start(folder, &toml, 1).await;
    assert!(health(channel(&daemon.addresses[0]).await, "").await.is_ok());

    let second = command(daemon.folder.path()).args(["--store", "second.db"]).output().await.expect("run");
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(told.contains("another daemon has this socket"), "{told}");
    assert!(UnixStream::connect(&socket).is_ok(), "the first one still serves");

    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(daemon.end().await.code(), Some(0));
    assert!(!socket.exists());
}

#[tokio::test]
async fn an_insecure_listener_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [&["--listen", "0.0.0.0:0"][..], &["check-config", "--listen", "0.0.0.0:0"]] {
        let refused = command(folder.path()).args(arguments).output().await.expect("run");
        assert_eq!(refused.status.code(), Some(2));
        let told = String::from_utf8_lossy(&refused.stderr);
        for part in
            ["error[MG7002 CONFIG_INVALID]: listen.addresses:", "`tls.cert_file`", "`[[access.tokens]]`"]
        {
            assert!(told.contains(part), "{told}");
        }
    }
    let sound = command(folder.path()).arg("check-config").output().await.expect("run");
    assert_eq!(sound.status.code(), Some(0));
}

#[tokio::test]
async fn tokens_are_read_again_on_sighup() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "one").expect("written");
    let toml = "[listen]\naddresses = \"127.0.0.1:0\"\n\
                [[access.tokens]]\nname = \"a\"\ntoken_file = \"token\"\nrights = [\"read\"]\n";
    let mut daemon = Daemon::start(folder, toml, 1).await;
    let channel = channel(&daemon.addresses[0]).await;
    assert!(reflect(channel.clone(), Some("one")).await.is_ok());
    std::fs::write(&file, "two").expect("written");
    daemon.signal(rustix::process::Signal::HUP);
    daemon.logged("were read again").await;
    assert!(reflect(channel.clone(), Some("one")).await.is_err());
    assert!(reflect(channel, Some("two")).await.is_ok());
}

#[tokio::test]
async fn grpc_web_is_spoken_where_configured() {
    let folder = tempfile::tempdir().expect("a folder");
    let toml =
        "[listen]\naddresses = \"127.0.0.1:0\"\ngrpc_web = true\ngrpc_web_origins = \"https://console\"\n";
    let daemon = Daemon::start(folder, toml, 1).await;
    let answer = |request: String| {
        let address = daemon.addresses[0].clone();
        async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let mut io = tokio::net::TcpStream::connect(&address).await.expect("connected");
            io.write_all(request.as_bytes()).await.expect("sent");
            let mut answer = Vec::new();
            io.read_to_end(&mut answer).await.expect("answered");
            String::from_utf8_lossy(&answer).to_lowercase()
        }
    };
    let head = "POST /grpc.health.v1.Health/Check HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: https://console\r\n";
    // An empty message in a frame of its own: one byte of flags, four of length.
    let called =
        answer(format!("{head}content-type: application/grpc-web\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0"))
            .await;
    assert!(called.starts_with("http/1.1 200"), "{called}");
    assert!(called.contains("access-control-allow-origin: https://console"), "{called}");
    assert!(called.contains("grpc-status:0") || called.contains("grpc-status: 0"), "{called}");
    let preflight = head.replace("POST", "OPTIONS");
    let asked = answer(format!("{preflight}access-control-request-method: POST\r\n\r\n")).await;
    assert!(asked.contains("access-control-allow-methods: post"), "{asked}");
}
