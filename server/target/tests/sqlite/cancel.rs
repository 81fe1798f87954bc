//! Stopping work.

use crate::bed::{Bed, Told, first};
use migrated_core::Code;
use migrated_target::{BackendState, Outcome};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Counts to more than any machine can while a test waits.
pub(crate) const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

fn when_started(statement: u32) -> (Told, std::sync::Arc<Notify>) {
    let started = std::sync::Arc::new(Notify::new());
    let tell = std::sync::Arc::clone(&started);
    let on_start: Box<dyn Fn(u32) + Send + Sync> = Box::new(move |index| {
        if index == statement {
            tell.notify_one();
        }
    });
    (Told { on_start: Some(on_start), ..Told::default() }, started)
}

#[tokio::test]
async fn a_long_statement_stops_at_once_and_leaves_nothing() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    let canceller = session.canceller();
    let (told, started) = when_started(2);
    let work = first("a", &["CREATE TABLE t(a)", ENDLESS]);
    let stop = async {
        started.notified().await;
        let asked = Instant::now();
        canceller.cancel().await.expect("always possible");
        asked
    };
    let (fault, asked) = tokio::join!(session.apply(&work, &told), stop);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    let fault = fault.expect_err("cancelled");
    assert_eq!((fault.error.code, fault.outcome, fault.retryable), (Code::Cancelled, Outcome::Clean, false));
    assert_eq!(fault.error.sql.expect("says where").statement_index, 2);
    assert!(!session.reset().await.expect("known"), "a cancelled session is not used again");
    session.close().await;
    assert_eq!(bed.shell("SELECT count(*) FROM sqlite_schema"), "0");
}

#[tokio::test]
async fn takes_effect_between_statements() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    let canceller = session.canceller();
    let told = Told {
        on_start: Some(Box::new(move |index| {
            if index == 1 {
                futures_util::FutureExt::now_or_never(canceller.cancel())
                    .expect("needs no waiting")
                    .expect("done");
            }
        })),
        ..Told::default()
    };
    // One that is sent statement by statement, so that there is something in between.
    let work = first("a", &["PRAGMA foreign_keys=OFF", "CREATE TABLE t(a)", "CREATE TABLE u(a)"]);
    let fault = session.apply(&work, &told).await.expect_err("cancelled");
    assert_eq!((fault.error.code, fault.outcome), (Code::Cancelled, Outcome::Clean));
    assert_eq!(*told.started.lock().expect("told"), [1]);
    session.close().await;
    assert_eq!(bed.standing().await.rows, None);
}

/// Whether the cancel comes before or after the COMMIT, what is told is what is so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_races_with_commit_tells_the_truth() {
    let bed = Bed::new();
    let (mut at, mut cancelled) = ("0".to_owned(), 0);
    bed.apply(&first("0", &[])).await.expect("applies");
    for number in 1..=60u64 {
        let mut session = bed.session().await;
        let canceller = session.canceller();
        let to = number.to_string();
        let work = crate::bed::next(&at, &to, &[&format!("CREATE TABLE t{number}(a)")]);
        let cancel = tokio::spawn(async move {
            // From before the first statement to after COMMIT.
            let until = Instant::now() + Duration::from_micros(number * 20);
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            canceller.cancel().await.expect("always possible");
        });
        match session.apply(&work, &Told::default()).await {
            Ok(_) => at = to,
            Err(fault) => {
                assert_eq!((fault.error.code, fault.outcome), (Code::Cancelled, Outcome::Clean));
                cancelled += 1;
            }
        }
        cancel.await.expect("no panic");
        session.close().await;
        assert_eq!(bed.rows().await, [at.clone()]);
    }
    assert!(cancelled > 0, "none of the cancels came in time");
}

#[tokio::test]
async fn does_not_wait_for_somebody_elses_lock() {
    let mut bed = Bed::new();
    bed.spec.lock_timeout = Duration::from_secs(600);
    bed.shell("CREATE TABLE t(a)");
    let mut writer = Command::new("sqlite3")
        .arg(&bed.path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed");
    let mut orders = writer.stdin.take().expect("piped");
    std::io::Write::write_all(&mut orders, b"BEGIN IMMEDIATE;\nSELECT 'locked';\n").expect("the shell reads");
    let mut answer = String::new();
    let output = writer.stdout.take().expect("piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut answer)
        .expect("the shell answers");

    let mut session = bed.session().await;
    let canceller = session.canceller();
    let work = first("a", &[]);
    let told = Told::default();
    let (fault, _) = tokio::join!(session.apply(&work, &told), canceller.cancel());
    let fault = fault.expect_err("cancelled");
    assert_eq!((fault.error.code, fault.outcome), (Code::Cancelled, Outcome::Clean));
    drop(orders);
    writer.wait().expect("the shell ends");
    session.close().await;
    assert_eq!(bed.standing().await.rows, None);
}

#[tokio::test]
async fn terminating_waits_until_it_has_stopped() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    let canceller = session.canceller();
    let (told, started) = when_started(1);
    let work = first("a", &[ENDLESS]);
    let stop = async {
        started.notified().await;
        canceller.terminate(Duration::from_secs(30)).await
    };
    let (fault, stopped) = tokio::join!(session.apply(&work, &told), stop);
    stopped.expect("it stopped");
    assert_eq!(fault.expect_err("cancelled").error.code, Code::Cancelled);
    session.close().await;
}

#[tokio::test]
async fn a_dropped_session_stops_and_is_gone() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    let backend = session.backend().clone();
    let target = bed.target();
    assert!(matches!(target.backend_state(&backend).await, Ok(BackendState::Alive(_))));
    let (told, started) = when_started(2);
    let work = first("a", &["CREATE TABLE t(a)", ENDLESS]);
    tokio::select! {
        applied = session.apply(&work, &told) => panic!("endless: {applied:?}"),
        () = started.notified() => {}
    }
    drop(session);
    let state = target.end_backend(&backend, Duration::from_secs(30)).await.expect("known");
    assert_eq!(state, BackendState::Gone);
    assert_eq!(bed.standing().await.rows, None);
}

#[tokio::test]
async fn a_recorded_backend_of_ours_can_be_ended() {
    let bed = Bed::new();
    let mut session = bed.session().await;
    let backend = session.backend().clone();
    let (told, started) = when_started(1);
    let target = bed.target();
    let end = async {
        started.notified().await;
        // The session is still there, so its connection is: only its work ends.
        target.end_backend(&backend, Duration::from_millis(20)).await
    };
    let work = first("a", &[ENDLESS]);
    let (fault, state) = tokio::join!(session.apply(&work, &told), end);
    assert_eq!(fault.expect_err("cancelled").error.code, Code::Cancelled);
    assert!(matches!(state, Ok(BackendState::Alive(_))), "{state:?}");
    session.close().await;
    assert_eq!(target.backend_state(&backend).await.expect("known"), BackendState::Gone);
}

#[tokio::test]
async fn another_process_is_told_by_pid_and_start() {
    let bed = Bed::new();
    let session = bed.session().await;
    let mut other = session.backend().clone();
    other.start = format!("0{}", other.start);
    assert_eq!(bed.target().backend_state(&other).await.expect("known"), BackendState::Gone);
    session.close().await;
}
