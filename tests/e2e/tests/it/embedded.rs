//! The embedded daemon's beginning and end, and commands that come just then.

use crate::harness::{Database, Engine, LONG, Project};
use migrated_testkit::Authority;
use rustix::process::{Signal, kill_process};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

fn project() -> Project {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    project.three();
    project
}

/// Asks until the answer is yes; for what nothing tells.
#[track_caller]
fn until(what: &str, mut asked: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !asked() {
        assert!(Instant::now() < end, "{what}");
        std::thread::yield_now();
    }
}

fn fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("it runs");
    assert!(made.success());
}

/// Daemons that stop in the middle of their start: the first one waits, with the project's state taken and before it
/// listens, until its certificate is written to a pipe.
fn slow_to_start(project: &Project) {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost");
    std::fs::write(project.path("good.crt"), certificate).expect("written");
    std::fs::write(project.path("server.key"), key).expect("written");
    fifo(&project.path("server.crt"));
    let toml = "[tls]\ncert_file = \"server.crt\"\nkey_file = \"server.key\"\n";
    std::fs::write(project.path("migrated.toml"), toml).expect("written");
}

/// Whether a command holds the lock under which a daemon is looked for and started.
fn looks_for_a_daemon(project: &Project) -> bool {
    let lock = std::fs::File::open(project.path(".migrated/start.lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

#[test]
fn a_client_killed_while_its_daemon_starts() {
    let project = project();
    slow_to_start(&project);
    let first = project.start("current");
    // Opening the pipe returns when the daemon reads it.
    let mut certificate =
        std::fs::File::options().write(true).open(project.path("server.crt")).expect("the daemon reads it");
    drop(first); // SIGKILL
    // The next command comes at once: it finds a daemon that has the project and does not serve yet.
    let next = project.start("upgrade head");
    until("the second command looks for a daemon", || looks_for_a_daemon(&project));
    let text = std::fs::read(project.path("good.crt")).expect("read");
    std::fs::rename(project.path("good.crt"), project.path("server.crt")).expect("renamed");
    certificate.write_all(&text).expect("it reads");
    drop(certificate);
    next.ends(&project).succeeds();
    project.ctl("current").succeeds().says("c3 (head)");
    assert!(project.daemon().is_some());
}

/// Stops the daemon, starts a command, and lets the daemon go on when the command's connection stands in its queue and
/// its idle time is over: it finds a new connection and the wish to leave at the same time.
#[track_caller]
fn asked_while_it_leaves(project: &Project, words: &str) {
    let idle = Duration::from_secs(1);
    project.ctl("heads").succeeds();
    let daemon = project.daemon().expect("it runs");
    kill_process(daemon, Signal::STOP).expect("it runs");
    let stopped = Instant::now();
    let socket = project.server().replace("unix:", "");
    let queued = || {
        let sockets = std::fs::read_to_string("/proc/net/unix").expect("Linux tells");
        sockets.lines().filter(|line| line.contains(&socket)).count()
    };
    let listening = queued();
    let client = project.start(words);
    // Its look at the socket, and its call.
    until("the command calls", || queued() >= listening + 2);
    // Only time brings this about.
    std::thread::sleep(idle.saturating_sub(stopped.elapsed()));
    kill_process(daemon, Signal::CONT).expect("it runs");
    client.ends(project).succeeds();
}

#[test]
fn a_call_that_arrives_as_an_idle_daemon_leaves() {
    let project = project();
    let url = project.database.url();
    project.configure(&format!("project = \"shop\"\ndatabase_url = \"{url}\"\n[embedded]\nidle = \"1s\"\n"));
    for words in ["upgrade head", "current", "downgrade base", "history", "upgrade head", "runs list"] {
        asked_while_it_leaves(&project, words);
    }
    project.ctl("current").succeeds().says("c3 (head)");
}

#[test]
fn a_call_that_meets_a_killed_daemon() {
    let project = project();
    project.ctl("upgrade b2").succeeds();
    let socket = project.server();
    project.kill_daemon();
    // Its socket and its record are left behind.
    assert!(Path::new(socket.trim_start_matches("unix:")).exists());
    project.ctl("upgrade head").succeeds();
    project.ctl("current").succeeds().says("c3 (head)");
}
