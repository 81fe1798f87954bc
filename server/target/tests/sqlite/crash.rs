//! Processes killed in the middle. Each test starts this binary again, for the one ignored test that plays the
//! process, and kills it.

use crate::bed::{Bed, Told, first, next};
use crate::cancel::ENDLESS;
use crate::lock::{busy, held};
use migrated_target::{Transaction, Work, sqlite};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// What the started process does, and with which file.
const ROLE: &str = "SQLITE_TEST_ROLE";
const FILE: &str = "SQLITE_TEST_FILE";

/// Starts a process in a role, and returns when it says that it is there.
fn start(bed: &Bed, role: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "crash::plays_a_role", "--ignored", "--nocapture"])
        .env(ROLE, role)
        .env(FILE, &bed.path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts again");
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let ready = output.lines().map_while(Result::ok).any(|line| line.contains("READY"));
    assert!(ready, "the process ended before it was there");
    child
}

fn kill(mut child: Child) {
    child.kill().expect("it runs");
    child.wait().expect("it is ended");
}

fn ready() {
    std::io::stdout().write_all(b"READY\n").expect("the parent listens");
    std::io::stdout().flush().expect("the parent listens");
}

fn interrupted(transaction: Transaction) -> Work {
    let mut work = first("a", &["CREATE TABLE t(a)", "INSERT INTO t VALUES (1)", ENDLESS]);
    work.transaction = transaction;
    work
}

#[tokio::test]
#[ignore = "played by a process that the other tests start"]
async fn plays_a_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let mut bed = Bed::new();
    bed.path = std::env::var(FILE).expect("set by the parent").into();
    if role == "lock" {
        let _lock = held(&*bed.target(), "theirs").await;
        ready();
        std::future::pending::<()>().await;
    }
    let transaction = if role == "none" { Transaction::None } else { Transaction::Step };
    let told = Told {
        on_start: Some(Box::new(|index| {
            if index == 3 {
                ready();
            }
        })),
        ..Told::default()
    };
    let ended = bed.session().await.apply(&interrupted(transaction), &told).await;
    panic!("endless: {ended:?}");
}

#[tokio::test]
async fn a_killed_step_leaves_nothing() {
    let bed = Bed::new();
    kill(start(&bed, "step"));
    assert_eq!(bed.standing().await.rows, None);
    assert_eq!(bed.shell("PRAGMA integrity_check"), "ok");
    assert_eq!(bed.shell("SELECT count(*) FROM sqlite_schema"), "0");
    bed.apply(&first("a", &["CREATE TABLE t(a)"])).await.expect("applies");
}

#[tokio::test]
async fn a_killed_step_leaves_wal_files_whole() {
    let bed = Bed::new();
    bed.shell("PRAGMA journal_mode=WAL; CREATE TABLE x(a)");
    kill(start(&bed, "step"));
    assert_eq!(bed.standing().await.rows, None);
    assert_eq!(bed.shell("PRAGMA integrity_check; SELECT group_concat(name) FROM sqlite_schema"), "ok\nx");
    assert_eq!(bed.shell("PRAGMA journal_mode"), "wal");
}

#[tokio::test]
async fn a_killed_step_outside_of_a_transaction_goes_on_where_it_stopped() {
    let bed = Bed::new();
    kill(start(&bed, "none"));
    let standing = bed.standing().await;
    assert_eq!(standing.rows, Some(Vec::new()));
    assert_eq!(standing.journal.iter().map(|row| row.statement).collect::<Vec<_>>(), [1, 2]);
    // The third statement never ended, so it may be edited.
    let mut work = first("a", &["CREATE TABLE t(a)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"]);
    work.transaction = Transaction::None;
    let applied = bed.apply(&work).await.expect("goes on");
    assert_eq!((applied.statements, applied.rows), (1, vec!["a".to_owned()]));
    assert_eq!(bed.shell("SELECT group_concat(a) FROM t"), "1,2");
    bed.apply(&next("a", "b", &[])).await.expect("applies");
}

#[tokio::test]
async fn the_lock_keeps_another_process_out_until_its_holder_is_killed() {
    let bed = Bed::new();
    let child = start(&bed, "lock");
    let holder = busy(&*bed.target()).await;
    assert_eq!((holder.run.as_str(), holder.pid), ("theirs", i64::from(child.id())));
    assert!(holder.detail.contains("process"), "{}", holder.detail);
    kill(child);
    // The file is still there; it is the kernel's lock that counts.
    assert!(bed.folder.path().join("app.db.migrated-lock").exists());
    held(&*bed.target(), "ours").await.release().await.expect("released");
    assert!(!bed.folder.path().join("app.db.migrated-lock").exists());
}

#[tokio::test]
async fn a_killed_backend_is_gone() {
    let bed = Bed::new();
    let child = start(&bed, "lock");
    let mut backend = bed.session().await.backend().clone();
    backend.pid = i64::from(child.id());
    let target = sqlite::open_path(&bed.path, &bed.spec).expect("a target");
    // Ours is another start: only both together name a process.
    assert_eq!(target.backend_state(&backend).await.expect("known"), migrated_target::BackendState::Gone);
    kill(child);
}
