//! The embedded daemon's life, with this test program itself as the daemon.

use crate::fake::{Fake, Script};
use migrated_proto::v1 as pb;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// A project whose daemon is this program, started through a script that counts the starts.
struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    fn new() -> Project {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let own = std::env::current_exe().expect("this program");
        std::fs::create_dir_all(dir.path().join("migrations")).expect("a folder");
        std::fs::create_dir_all(dir.path().join("run")).expect("a folder");
        // The test harness writes to stdout too, so the pipe travels as descriptor 3.
        let script = format!(
            "#!/bin/sh\necho start >> starts\nexec 3>&1 >/dev/null\nMG_STATE=\"$5\" MG_SOCKET=\"$7\" exec {} --exact embedded::daemon_process --ignored --nocapture\n",
            own.display()
        );
        let binary = dir.path().join("daemon.sh");
        std::fs::write(&binary, script).expect("the script");
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).expect("its mode");
        Project { dir }
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migratectl"));
        command
            .args(words.split(' '))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("XDG_RUNTIME_DIR", self.dir.path().join("run"))
            .env("MIGRATECTL_EMBEDDED__BINARY", self.dir.path().join("daemon.sh"))
            .env("DATABASE_URL", "sqlite:///a.db")
            .current_dir(self.dir.path());
        command
    }

    async fn run(&self, words: &str) -> Output {
        self.command(words).output().await.expect("it runs")
    }

    fn starts(&self) -> usize {
        std::fs::read_to_string(self.dir.path().join("starts")).map_or(0, |text| text.lines().count())
    }

    fn record(&self) -> PathBuf {
        self.dir.path().join(".migrated/daemon.json")
    }

    fn set_version(&self, version: &str) {
        let text = std::fs::read_to_string(self.record()).expect("a record");
        let mut record: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        record["version"] = version.into();
        std::fs::write(self.record(), record.to_string()).expect("it is written");
    }

    fn pid(&self) -> i64 {
        let text = std::fs::read_to_string(self.record()).expect("a record");
        serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON")["pid"].as_i64().expect("a pid")
    }
}

impl Drop for Project {
    /// No daemon outlives its test.
    fn drop(&mut self) {
        let mut stop = std::process::Command::new(env!("CARGO_BIN_EXE_migratectl"));
        stop.args(["daemon", "stop"]).env_clear().env("XDG_RUNTIME_DIR", self.dir.path().join("run"));
        drop(stop.current_dir(self.dir.path()).output());
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The daemon's process: serves on the socket of its environment until SIGTERM.
#[tokio::test]
#[ignore = "not a test: the daemon that the other tests start"]
async fn daemon_process() {
    let socket = PathBuf::from(std::env::var_os("MG_SOCKET").expect("MG_SOCKET"));
    let state = PathBuf::from(std::env::var_os("MG_STATE").expect("MG_STATE"));
    let busy = Path::new("busy").exists();
    let current = pb::GetCurrentResponse {
        current: vec![pb::Revision { id: "a".into(), ..Default::default() }],
        ..Default::default()
    };
    let runs = if busy { vec![pb::Run { id: "r".into(), ..Default::default() }] } else { Vec::new() };
    let _fake = Fake::start_at(&socket, Script { current, runs, ..Script::default() });
    let told = serde_json::json!({
        "socket": socket, "pid": std::process::id(), "version": env!("CARGO_PKG_VERSION"), "started": "2026-11-21T07:12:00Z",
    });
    std::fs::write(state.join("daemon.json"), told.to_string()).expect("the record");
    let mut term = signal(SignalKind::terminate()).expect("a signal");
    std::fs::write("/dev/fd/3", format!("{told}\n")).expect("the pipe");
    term.recv().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_at_once_start_one_daemon_and_later_ones_find_it() {
    let project = Project::new();
    let all = futures_util::future::join_all((0..6).map(|_| project.run("current"))).await;
    for one in &all {
        assert_eq!(text(&one.stdout), "a\n", "{}", text(&one.stderr));
    }
    assert_eq!(project.starts(), 1);
    assert_eq!(text(&project.run("current").await.stdout), "a\n");
    assert_eq!(project.starts(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_daemon_of_another_release_is_replaced() {
    let project = Project::new();
    project.run("current").await;
    let old = project.pid();
    project.set_version("0.0.1");
    let next = project.run("current").await;
    assert_eq!((text(&next.stdout).as_str(), text(&next.stderr).as_str()), ("a\n", ""));
    assert_eq!(project.starts(), 2);
    assert_ne!(project.pid(), old);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_daemon_of_another_release_is_used_with_a_warning() {
    let project = Project::new();
    std::fs::write(project.dir.path().join("busy"), "").expect("it is written");
    project.run("current").await;
    project.set_version("0.0.1");
    let next = project.run("current").await;
    assert_eq!(text(&next.stdout), "a\n");
    assert!(text(&next.stderr).contains("of release 0.0.1 and has runs under way"), "{}", text(&next.stderr));
    assert_eq!(project.starts(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_and_stop_tell_and_end_it_without_starting_one() {
    let project = Project::new();
    assert!(text(&project.run("daemon status").await.stdout).starts_with("not running\n"));
    assert_eq!(project.starts(), 0);
    project.run("current").await;
    let status = text(&project.run("daemon status").await.stdout);
    assert!(status.starts_with(&format!("running, pid {}, release 0.1.0\n", project.pid())), "{status}");
    assert_eq!(text(&project.run("daemon stop").await.stdout), "stopped\n");
    assert_eq!(text(&project.run("daemon stop").await.stdout), "not running\n");
    // Its socket is left behind, and does not keep the next one from starting.
    assert_eq!(text(&project.run("current").await.stdout), "a\n");
    assert_eq!(project.starts(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_holds_none_of_the_callers_streams() {
    let project = Project::new();
    // `output` ends when the pipes do: a daemon that held them would keep a CI step open.
    let first = tokio::time::timeout(std::time::Duration::from_secs(20), project.run("current")).await;
    assert_eq!(text(&first.expect("the pipes end with the command").stdout), "a\n");
    assert!(project.pid() > 0);
}

/// Plays a daemon that leaves each time before it answers.
async fn leaving_daemon(listener: tokio::net::UnixListener, socket: PathBuf, calls: usize) {
    let mut calls_left = calls;
    while calls_left > 0 {
        let (mut stream, _) = listener.accept().await.expect("a client");
        // A look at the socket sends nothing, a call does.
        let mut begun = [0; 24];
        if tokio::io::AsyncReadExt::read(&mut stream, &mut begun).await.is_ok_and(|n| n > 0) {
            calls_left -= 1;
        }
    }
    std::fs::remove_file(&socket).expect("its socket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_meets_a_leaving_daemon_starts_the_next_one() {
    for calls in [1, 3] {
        let project = Project::new();
        let started = project.run("current").await;
        assert_eq!(text(&started.stdout), "a\n", "{}", text(&started.stderr));
        let record = std::fs::read_to_string(project.record()).expect("a record");
        let record: serde_json::Value = serde_json::from_str(&record).expect("it is JSON");
        let socket = PathBuf::from(record["socket"].as_str().expect("a socket"));
        project.run("daemon stop").await;
        drop(std::fs::remove_file(&socket));
        // It listens before the command looks, or the command would rightly start the next one.
        let listener = tokio::net::UnixListener::bind(&socket).expect("it binds");
        let leaving = tokio::spawn(leaving_daemon(listener, socket, calls));
        let answer = project.run("current").await;
        // It ends before anything can fail: while it listens, whoever stops the project's daemon stops this process.
        if !answer.status.success() {
            leaving.abort();
        }
        let left = leaving.await.is_ok();
        assert_eq!((text(&answer.stdout), text(&answer.stderr)), ("a\n".into(), String::new()), "{calls}");
        assert!(left, "it was called as often");
        assert_eq!(project.starts(), 2);
    }
}
