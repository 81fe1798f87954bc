use super::*;
use crate::config::{self, Sources};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

struct Project {
    dir: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Project {
    /// A project whose "daemon" is a shell script.
    fn new(script: &str) -> Project {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let runtime = dir.path().join("run");
        fs::create_dir(&runtime).expect("a runtime folder");
        let binary = dir.path().join("daemon.sh");
        fs::write(&binary, format!("#!/bin/sh\n{script}\n")).expect("the script");
        fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).expect("its mode");
        let variables = [
            ("XDG_RUNTIME_DIR", runtime.display().to_string()),
            ("MIGRATECTL_EMBEDDED__BINARY", binary.display().to_string()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("SECRET_OF_THE_CALLER", "x".into()),
            ("CI", "true".into()),
        ];
        Project { dir, variables: variables.map(|(n, v)| (n.to_string(), v)).to_vec() }
    }

    fn config(&self) -> Config {
        let cwd = self.dir.path().to_path_buf();
        config::load(&Sources { cwd, variables: self.variables.clone(), ..Sources::default() })
            .expect("it loads")
    }
}

fn no_warning(text: String) {
    panic!("unexpected warning: {text}");
}

#[tokio::test]
async fn the_daemon_is_started_with_its_contract_and_a_small_environment() {
    let project = Project::new(
        "echo \"$*\" > args; env > env; pwd > cwd; echo 'to the log' >&2; echo '{\"socket\":\"/the/socket\",\"pid\":1}'",
    );
    let socket = ensure(&project.config(), &mut no_warning).await.expect("it starts");
    assert_eq!(socket, Path::new("/the/socket"));
    let real = project.dir.path().canonicalize().expect("it exists");
    let read = |name: &str| fs::read_to_string(real.join(name)).expect("the script wrote it");
    let place = Place::of(&project.config()).expect("a place");
    let (state, sock) = (place.state_dir.display(), place.socket.display());
    let wanted =
        format!("embedded --project-dir {} --state-dir {state} --socket {sock} --idle 30\n", real.display());
    assert_eq!(read("args"), wanted);
    assert!(!read("env").contains("SECRET_OF_THE_CALLER"));
    assert_eq!(read("cwd").trim(), real.display().to_string());
    assert_eq!(fs::read_to_string(place.log()).expect("a log"), "to the log\n");
    assert_eq!(fs::read_to_string(place.state_dir.join(".gitignore")).expect("it ignores itself"), "*\n");
}

#[tokio::test]
async fn an_early_end_is_told_with_the_new_lines_of_the_log() {
    let project = Project::new("echo 'the store is newer than this release' >&2; exit 3");
    let place = Place::of(&project.config()).expect("a place");
    place.prepare().expect("folders");
    fs::write(place.log(), "a line of yesterday\n").expect("an old log");
    let error = ensure(&project.config(), &mut no_warning).await.expect_err("it ends early");
    assert_eq!((error.code.as_str(), error.exit().number()), ("MG7005", 9));
    assert!(error.message.contains("exit status: 3"), "{error}");
    assert!(error.message.contains("the store is newer than this release"), "{error}");
    assert!(!error.message.contains("yesterday"), "{error}");
    assert!(error.next.contains("daemon.log"), "{}", error.next);
}

#[tokio::test]
async fn a_socket_that_answers_is_used_and_a_stale_one_replaced() {
    let project = Project::new("echo '{\"socket\":\"/new\"}'");
    let place = Place::of(&project.config()).expect("a place");
    place.prepare().expect("folders");
    let listener = tokio::net::UnixListener::bind(&place.socket).expect("it binds");
    let found = ensure(&project.config(), &mut no_warning).await.expect("it answers");
    assert_eq!(found, place.socket);
    drop(listener);
    assert!(place.socket.exists(), "the stale socket is still there");
    let found = ensure(&project.config(), &mut no_warning).await.expect("it starts");
    assert_eq!(found, Path::new("/new"));
    assert!(!place.socket.exists());
}

#[tokio::test]
async fn a_recorded_socket_of_another_session_is_found() {
    let project = Project::new("exit 1");
    let place = Place::of(&project.config()).expect("a place");
    place.prepare().expect("folders");
    let other = project.dir.path().join("other.sock");
    let _listener = tokio::net::UnixListener::bind(&other).expect("it binds");
    let record = Record { pid: 1, version: VERSION.into(), socket: other.clone(), started: String::new() };
    let json = serde_json::to_vec(&record).expect("it is JSON");
    fs::write(place.state_dir.join("daemon.json"), json).expect("the record");
    assert_eq!(ensure(&project.config(), &mut no_warning).await.expect("it answers"), other);
}

#[tokio::test]
async fn a_socket_folder_that_others_can_enter_is_refused() {
    let project = Project::new("exit 1");
    let folder =
        Place::of(&project.config()).expect("a place").socket.parent().expect("a folder").to_path_buf();
    fs::create_dir(&folder).expect("it is made");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("its mode");
    let error = ensure(&project.config(), &mut no_warning).await.expect_err("it is refused");
    assert!(error.message.contains("nobody else can enter"), "{error}");
}

#[tokio::test]
async fn stopping_waits_for_the_end_of_the_process() {
    let mut child = tokio::process::Command::new("sleep").arg("600").spawn().expect("it runs");
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    let stopped = stop(&Live { socket: "/none".into(), pid }).await.expect("it is signalled");
    assert_eq!(stopped, Stopped::Gone);
    assert!(!child.wait().await.expect("it has ended").success());
}

#[test]
fn a_path_that_is_too_long_for_a_socket_is_not_used() {
    let mut project = Project::new("");
    let long = project.dir.path().join("x".repeat(90));
    fs::create_dir(&long).expect("it is made");
    project.variables[0].1 = long.display().to_string();
    let place = Place::of(&project.config()).expect("a place");
    assert!(place.socket.as_os_str().len() <= 100, "{}", place.socket.display());
}

async fn found(config: &Config) -> Result<PathBuf> {
    ensure(config, &mut no_warning).await
}

/// A lock as a daemon holds it on its state folder.
fn taken(place: &Place) -> fs::File {
    place.prepare().expect("folders");
    let file = fs::File::create(place.state_dir.join("daemon.lock")).expect("the lock's file");
    file.try_lock().expect("nobody else has it");
    file
}

#[tokio::test]
async fn a_daemon_that_is_starting_without_its_starter_is_waited_for() {
    let project = Project::new("echo 'another daemon serves this folder' >&2; exit 1");
    let place = Place::of(&project.config()).expect("a place");
    let _lock = taken(&place);
    let config = project.config();
    let (found, _listener) = tokio::join!(found(&config), async {
        // By now the command has looked and found nobody.
        tokio::time::sleep(LOOK * 2).await;
        tokio::net::UnixListener::bind(&place.socket).expect("it binds")
    });
    assert_eq!(found.expect("it is found"), place.socket);
}

#[tokio::test]
async fn a_daemon_that_is_ending_is_waited_for_and_replaced() {
    let project = Project::new("flock -n .migrated/daemon.lock true && echo '{\"socket\":\"/new\"}'");
    let place = Place::of(&project.config()).expect("a place");
    let lock = taken(&place);
    let config = project.config();
    let (found, ()) = tokio::join!(found(&config), async {
        tokio::time::sleep(LOOK * 2).await;
        drop(lock);
    });
    assert_eq!(found.expect("it starts"), Path::new("/new"));
}

#[tokio::test]
async fn a_daemon_that_takes_the_folder_while_ours_starts_is_used() {
    let project = Project::new("touch tried; while [ ! -e go ]; do sleep 0.01; done; exit 1");
    let place = Place::of(&project.config()).expect("a place");
    place.prepare().expect("folders");
    let config = project.config();
    let dir = project.dir.path();
    let (found, _held) = tokio::join!(found(&config), async {
        while !dir.join("tried").exists() {
            tokio::time::sleep(LOOK).await;
        }
        let lock = taken(&place);
        let listener = tokio::net::UnixListener::bind(&place.socket).expect("it binds");
        fs::write(dir.join("go"), "").expect("it is written");
        (lock, listener)
    });
    assert_eq!(found.expect("it is found"), place.socket);
}
