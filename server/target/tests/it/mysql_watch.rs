//! Waiting, cancelling, ending: a session seen from outside.

use crate::mysql_bed::{Database, mariadb, revision, session};
use crate::server::Log;
use migrated_core::Code;
use migrated_core::event::{Blocker, EventKind};
use migrated_target::{Applied, ApplyFault, Backend, BackendState, Canceller, Outcome, Target, TargetSpec};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

struct AtWork {
    backend: Backend,
    canceller: Arc<dyn Canceller>,
    log: Arc<Log>,
    outcome: JoinHandle<Result<Applied, ApplyFault>>,
}

/// A statement that lasts, and fails when it is cut off: SLEEP() and DO pass over that.
const LASTING: &str = "SELECT BENCHMARK(100000000000, SHA2('a', 512))";

const AT_WORK: &str = "INFO LIKE 'SELECT BENCHMARK%'";

/// Starts a step and waits until its session is as the list of processes must show it.
async fn at_work(database: &Database, target: &Arc<dyn Target>, text: &str, condition: &str) -> AtWork {
    let mut session = session(target).await;
    let (backend, canceller) = (session.backend().clone(), session.canceller());
    let (work, log) = (revision("", "r1", text), Arc::new(Log::default()));
    let told = Arc::clone(&log);
    let outcome = tokio::spawn(async move {
        let outcome = session.apply(&work, &*told).await;
        session.close().await;
        outcome
    });
    wait(database, &format!("ID = {} AND {condition}", backend.pid)).await;
    AtWork { backend, canceller, log, outcome }
}

/// Waits until the list of processes has such a row.
async fn wait(database: &Database, condition: &str) {
    let until = Instant::now() + Duration::from_secs(20);
    let text = format!("SELECT count(*) FROM information_schema.processlist WHERE {condition}");
    while database.shell(&text) == "0" {
        assert!(Instant::now() < until, "nothing is as {condition}");
        tokio::task::yield_now().await;
    }
}

/// The blockers of a step, once there are any.
async fn blockers(database: &Database, step: &AtWork) -> Vec<Blocker> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let blockers = database.target().blockers(&step.backend).await.expect("an answer");
        if !blockers.is_empty() {
            return blockers;
        }
        assert!(Instant::now() < until, "nobody is named");
        // The engine's own rhythm. InnoDB refreshes these views only when nobody read them for 100 ms, so that
        // looking all the time would show the same for ever.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// A transaction of somebody else that stays open until this is dropped.
struct Other(Child);

impl Other {
    async fn open(database: &Database, text: &str) -> Other {
        let url = database.server.port().to_string();
        let sql = format!("START TRANSACTION; {text}; SELECT SLEEP(60)");
        let child = Command::new("mariadb")
            .args(["--no-defaults", "-h127.0.0.1", "--protocol=tcp", "-utester", "-psesame-open-1"])
            .args([&format!("-P{url}"), "-e", &sql, &database.name])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the shell");
        wait(database, &format!("DB = '{}' AND INFO = 'SELECT SLEEP(60)'", database.name)).await;
        Other(child)
    }

    /// Ends it, on the server too, which would not look at its client while it sleeps.
    fn end(mut self, database: &Database) {
        let find = format!(
            "SELECT ID FROM information_schema.processlist WHERE DB = '{}' AND INFO = 'SELECT SLEEP(60)'",
            database.name
        );
        for id in database.shell(&find).lines() {
            database.shell(&format!("KILL {id}"));
        }
        self.0.wait().expect("its end");
    }
}

fn impatient(database: &Database) -> Arc<dyn Target> {
    let spec = TargetSpec { lock_timeout: Duration::from_millis(700), ..database.spec() };
    migrated_target::open(&spec).expect("a URL that can be read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_first_statement_leaves_nothing() {
    let database = mariadb!();
    let target = database.target();
    let step = at_work(&database, &target, &format!("{LASTING};"), AT_WORK).await;
    step.canceller.cancel().await.expect("a cancel");
    let fault = step.outcome.await.expect("no panic");
    let fault = fault.expect_err("cancelled");
    assert_eq!((fault.error.code, fault.outcome), (Code::Cancelled, Outcome::Clean));
    assert_eq!((database.rows(), database.journal()), (String::new(), String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_ddl_statement_is_undone_and_what_came_before_stands() {
    let database = mariadb!();
    database.shell("CREATE TABLE t (i int)");
    let other = Other::open(&database, "SELECT * FROM t").await;
    let text = "CREATE TABLE a (i int);\nALTER TABLE t ADD j int;";
    let step = at_work(&database, &database.target(), text, "STATE LIKE '%metadata lock'").await;
    let blockers = blockers(&database, &step).await;
    assert_eq!(blockers.len(), 1, "{blockers:?}");
    assert_eq!((blockers[0].user.as_str(), blockers[0].query.as_str()), ("tester", "SELECT SLEEP(60)"));
    step.canceller.cancel().await.expect("a cancel");
    let fault = step.outcome.await.expect("no panic").expect_err("cancelled");
    assert_eq!(fault.error.code, Code::Cancelled);
    assert!(matches!(fault.outcome, Outcome::Partial { done: 1, .. }), "{:?}", fault.outcome);
    assert_eq!(database.journal(), "1 DONE");
    other.end(&database);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_statement_that_waits_too_long_may_be_tried_again() {
    let database = mariadb!();
    database.shell("CREATE TABLE t (i int); INSERT INTO t VALUES (1)");
    let other = Other::open(&database, "UPDATE t SET i = 2").await;
    for text in ["ALTER TABLE t ADD j int;", "UPDATE t SET i = 3;"] {
        let mut session = session(&impatient(&database)).await;
        let begun = Instant::now();
        let fault = session.apply(&revision("", "r1", text), &Log::default()).await.expect_err("a timeout");
        assert!(begun.elapsed() < Duration::from_secs(10), "the timeout is a second");
        assert_eq!(
            (fault.error.code, fault.outcome, fault.retryable),
            (Code::LockTimeout, Outcome::Clean, true)
        );
        session.close().await;
    }
    other.end(&database);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_statement_is_tried_again_until_it_gets_its_lock() {
    let database = mariadb!();
    database.shell("CREATE TABLE t (i int); INSERT INTO t VALUES (1)");
    let other = Other::open(&database, "UPDATE t SET i = 2").await;
    let text = "CREATE TABLE a (i int);\nUPDATE t SET i = i + 10;\nALTER TABLE t ADD j int;";
    let step = at_work(&database, &impatient(&database), text, "STATE = 'Updating'").await;
    let blockers = blockers(&database, &step).await;
    assert_eq!(blockers.len(), 1, "{blockers:?}");
    assert_eq!(blockers[0].object, format!("{}.t", database.name));
    let until = Instant::now() + Duration::from_secs(20);
    let retries = |log: &Log| {
        let events = log.events.lock().expect("no panic");
        events.iter().filter(|e| matches!(e, EventKind::Retrying { .. })).count()
    };
    while retries(&step.log) == 0 {
        assert!(Instant::now() < until, "it is not tried again");
        tokio::task::yield_now().await;
    }
    other.end(&database);
    step.outcome.await.expect("no panic").expect("it gets its lock");
    // The other transaction was rolled back.
    assert_eq!((database.shell("SELECT i FROM t"), database.rows()), ("11".into(), "r1".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_backend_that_was_recorded_is_ended() {
    let database = mariadb!();
    let target = database.target();
    let text = format!("CREATE TABLE a (i int);\n{LASTING};");
    let step = at_work(&database, &target, &text, AT_WORK).await;
    let of_another_start = Backend { start: "1@elsewhere:1/1".into(), ..step.backend.clone() };
    let grace = Duration::from_millis(200);
    assert_eq!(target.backend_state(&of_another_start).await.expect("an answer"), BackendState::Gone);
    assert_eq!(target.end_backend(&of_another_start, grace).await.expect("an answer"), BackendState::Gone);
    let BackendState::Alive(what) = target.backend_state(&step.backend).await.expect("an answer") else {
        panic!("it is gone");
    };
    assert!(what.contains("SELECT BENCHMARK"), "{what}");
    assert_eq!(target.end_backend(&step.backend, grace).await.expect("an answer"), BackendState::Gone);
    let fault = step.outcome.await.expect("no panic").expect_err("its connection was killed");
    assert!(matches!(fault.outcome, Outcome::Partial { done: 1.., .. }), "{:?}", fault.outcome);
    assert_eq!(target.backend_state(&step.backend).await.expect("an answer"), BackendState::Gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminating_kills_what_does_not_stop() {
    let database = mariadb!();
    let target = database.target();
    let text = format!("CREATE TABLE a (i int);\n{LASTING};");
    let step = at_work(&database, &target, &text, AT_WORK).await;
    step.canceller.terminate(Duration::ZERO).await.expect("an end");
    let fault = step.outcome.await.expect("no panic").expect_err("its connection was killed");
    assert!(matches!(fault.error.code, Code::ConnectionLost | Code::Cancelled), "{fault:?}");
    assert_eq!(target.backend_state(&step.backend).await.expect("an answer"), BackendState::Gone);
    assert_eq!(target.blockers(&step.backend).await.expect("an answer"), vec![]);
    assert_eq!(target.progress(&step.backend).await.expect("an answer"), None);
}
