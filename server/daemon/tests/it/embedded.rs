//! Embedded mode: the contract with whoever starts it.

use crate::daemon::{LONG, channel, command, health, reflect};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Child;

struct Embedded {
    child: Child,
    told: Value,
    socket: PathBuf,
    state: PathBuf,
}

/// Starts one, reads its line, and sees that its output ends with it.
async fn start(folder: &Path, idle: &str) -> Embedded {
    let (socket, state) = (folder.join("s"), folder.join("state"));
    let mut child = spawn(folder, idle);
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    let read = tokio::time::timeout(LONG, out.read_line(&mut line)).await.expect("in time");
    assert!(read.expect("read") > 0, "it ended before it served");
    let told: Value = serde_json::from_str(&line).expect("a line of JSON");
    let mut rest = String::new();
    tokio::time::timeout(LONG, out.read_to_string(&mut rest))
        .await
        .expect("its output is closed")
        .expect("read");
    assert_eq!(rest, "");
    Embedded { child, told, socket, state }
}

fn spawn(folder: &Path, idle: &str) -> Child {
    let mut command = command(folder);
    command.arg("embedded").arg("--project-dir").arg(folder).arg("--state-dir").arg(folder.join("state"));
    command.arg("--socket").arg(folder.join("s")).args(["--idle", idle]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command.spawn().expect("started")
}

#[tokio::test]
async fn it_tells_that_it_serves_and_ends_when_idle() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut daemon = start(folder.path(), "1").await;
    let pid = daemon.child.id().expect("it runs");
    assert_eq!(daemon.told["socket"].as_str(), daemon.socket.to_str());
    assert_eq!(daemon.told["pid"].as_u64(), Some(pid.into()));
    assert_eq!(daemon.told["version"].as_str(), Some(env!("CARGO_PKG_VERSION")));
    let file = std::fs::read(daemon.state.join("daemon.json")).expect("written");
    let file: Value = serde_json::from_slice(&file).expect("JSON");
    for key in ["socket", "pid", "version"] {
        assert_eq!(file[key], daemon.told[key]);
    }
    file["started"].as_str().expect("a text").parse::<jiff::Timestamp>().expect("a time");
    let channel = channel(&format!("unix:{}", daemon.socket.display())).await;
    assert!(reflect(channel.clone(), None).await.is_ok());

    // A stream under way holds it for longer than the idle time; its end does not.
    let mut client = tonic_health::pb::health_client::HealthClient::new(channel.clone());
    let mut watch =
        client.watch(tonic_health::pb::HealthCheckRequest::default()).await.expect("watched").into_inner();
    watch.message().await.expect("told");
    let held = tokio::time::timeout(std::time::Duration::from_millis(1500), daemon.child.wait()).await;
    assert!(held.is_err(), "it ended under an open stream");
    drop(watch);
    let ended = tokio::time::timeout(LONG, daemon.child.wait()).await.expect("it ends").expect("waited for");
    assert_eq!(ended.code(), Some(0));
    assert!(!daemon.socket.exists());
    assert!(!daemon.state.join("daemon.json").exists());
}

#[tokio::test]
async fn a_second_one_for_the_same_folder_refuses_and_the_first_serves_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = start(folder.path(), "600").await;
    let second = tokio::time::timeout(LONG, spawn(folder.path(), "600").wait_with_output()).await;
    let second = second.expect("in time").expect("run");
    assert_eq!((second.status.code(), second.stdout.len()), (Some(1), 0));
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(told.contains("another daemon serves this folder"), "{told}");
    let told = std::fs::read(daemon.state.join("daemon.json")).expect("it still stands there");
    let told: Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!(told["pid"], daemon.told["pid"]);
    let channel = channel(&format!("unix:{}", daemon.socket.display())).await;
    assert!(health(channel, "").await.is_ok());
}

#[tokio::test]
async fn after_a_kill_the_next_one_takes_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = start(folder.path(), "600").await;
    first.child.kill().await.expect("killed");
    assert!(first.socket.exists() && first.state.join("daemon.json").exists(), "a kill leaves them behind");
    let mut second = start(folder.path(), "600").await;
    assert_ne!(first.told["pid"], second.told["pid"]);
    let pid = Pid::from_raw(second.child.id().expect("it runs") as i32).expect("a pid");
    test_kill_process(pid).expect("it runs");
    kill_process(pid, Signal::TERM).expect("signalled");
    let ended = tokio::time::timeout(LONG, second.child.wait()).await.expect("it ends").expect("waited for");
    assert_eq!(ended.code(), Some(0));
    assert!(!second.socket.exists());
}

#[tokio::test]
async fn the_project_cannot_open_it_to_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let toml = "[listen]\naddresses = \"127.0.0.1:0\"\ngrpc_web = true\n\
                [store]\npath = \"elsewhere.db\"\n[access]\nunix_uids = [4242]\n";
    std::fs::write(folder.path().join("migrated.toml"), toml).expect("written");
    let mut daemon = start(folder.path(), "600").await;
    let pid = Pid::from_raw(daemon.child.id().expect("it runs") as i32).expect("a pid");
    kill_process(pid, Signal::TERM).expect("signalled");
    let mut log = String::new();
    daemon.child.stderr.take().expect("piped").read_to_string(&mut log).await.expect("read");
    let serving: Vec<_> = log.lines().filter(|l| l.contains("serving")).collect();
    assert_eq!(serving.len(), 1, "{log}");
    assert!(serving[0].contains(&format!("unix:{}", daemon.socket.display())), "{log}");
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_told_without_a_line() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("migrated.toml"), "[lissten]\n").expect("written");
    let output = tokio::time::timeout(LONG, spawn(folder.path(), "600").wait_with_output()).await;
    let output = output.expect("in time").expect("run");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `listen`?"));
}
