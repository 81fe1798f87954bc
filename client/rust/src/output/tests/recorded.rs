//! A run that failed and a run that had nothing to do, as the daemon tells them.

use crate::error::Error;
use crate::output::Outcome;
use migrated_proto::v1 as pb;
use pb::event::{self as e, Kind};
use pb::{Failure, RunState, SqlError};
use std::time::Duration;

fn ms(milliseconds: u64) -> Option<pbjson_types::Duration> {
    Some(Duration::from_millis(milliseconds).into())
}

pub(super) fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|i| (*i).to_string()).collect()
}

pub(super) fn numbered(kinds: Vec<Kind>) -> Vec<pb::Event> {
    let event = |(i, kind)| pb::Event {
        sequence: i as u64 + 1,
        time: Some(pbjson_types::Timestamp { seconds: 1_800_000_000 + i as i64, nanos: 0 }),
        kind: Some(kind),
    };
    kinds.into_iter().enumerate().map(event).collect()
}

fn step(index: u32, from: &str, to: &str, message: &str, statements: u32) -> Kind {
    Kind::StepStarted(e::StepStarted {
        index,
        total: 3,
        revision: to.into(),
        direction: pb::Direction::Up.into(),
        from: list(&[from]),
        to: list(&[to]),
        message: message.into(),
        statements,
        transactional: true,
    })
}

fn done(index: u32, revision: &str, statements: u32, took: u64) -> Kind {
    Kind::StepFinished(e::StepFinished {
        index,
        total: 3,
        revision: revision.into(),
        statements,
        duration: ms(took),
        rows: list(&[revision]),
    })
}

fn running(elapsed: u64, progress: &str) -> Kind {
    Kind::StatementRunning(e::StatementRunning {
        index: 1,
        total: 1,
        line: 4,
        summary: "CREATE INDEX CONCURRENTLY …".into(),
        elapsed: ms(elapsed),
        progress: progress.into(),
    })
}

pub(super) fn failure() -> Failure {
    let message = "cannot drop column legacy of table orders because other objects depend on it";
    Failure {
        code: "MG4005".into(),
        reason: "STATEMENT_FAILED".into(),
        message: format!("2BP01 {message}"),
        revision: "f3c9".into(),
        state: "target prod stands at 9b1e, clean".into(),
        next: "fix f3c9, then `migratectl upgrade head`".into(),
        sql: Some(SqlError {
            sqlstate: "2BP01".into(),
            message: message.into(),
            detail: "view \"legacy|view\" depends on column legacy of table orders".into(),
            hint: "Use DROP ... CASCADE to drop the dependent objects too.".into(),
            schema: "public".into(),
            table: "orders".into(),
            statement: "ALTER TABLE orders DROP COLUMN legacy".into(),
            statement_index: 2,
            statement_total: 2,
            path: "migrations/f3c9.sql".into(),
            line: 4,
            column_number: 25,
            ..SqlError::default()
        }),
    }
}

fn accepted() -> Kind {
    Kind::RunAccepted(e::RunAccepted {
        run_kind: pb::RunKind::Upgrade.into(),
        project: "billing".into(),
        target: "prod".into(),
        goal: list(&["head"]),
        actor: "gha:acme/billing@refs/heads/main".into(),
    })
}

pub(super) fn failed_run() -> Vec<pb::Event> {
    let blocker = pb::event::Blocker {
        pid: 4711,
        user: "backup".into(),
        application: "pg_dump".into(),
        query: "COPY orders TO STDOUT".into(),
        age: ms(723_000),
        object: "public.orders".into(),
    };
    numbered(vec![
        accepted(),
        Kind::StateChanged(e::StateChanged { state: RunState::Locking.into() }),
        Kind::Waiting(e::Waiting {
            holder: "01JD2A".into(),
            actor: "ann@laptop".into(),
            since: ms(12_000),
            detail: "CREATE INDEX\n  on x".into(),
        }),
        Kind::Locked(e::Locked { waited: ms(4_200) }),
        Kind::PlanReady(e::PlanReady { from: list(&["ae10"]), to: list(&["f3c9"]), steps: 3 }),
        step(1, "ae10", "27c6", "add account table", 2),
        Kind::Notice(e::Notice {
            severity: "NOTICE".into(),
            sqlstate: "42P07".into(),
            message: "relation \"account\" already exists, skipping".into(),
            ..e::Notice::default()
        }),
        done(1, "27c6", 2, 41),
        step(2, "27c6", "9b1e", "index on orders(customer), [urgent]: 100%", 1),
        Kind::Warning(e::Warning {
            reason: "OUTSIDE_TRANSACTION".into(),
            message: "it runs outside of a transaction".into(),
        }),
        Kind::Blocked(e::Blocked {
            index: 1,
            total: 1,
            blockers: vec![blocker],
            attempt: 3,
            max_attempts: 10,
        }),
        Kind::Retrying(e::Retrying {
            attempt: 3,
            max_attempts: 10,
            reason: "LOCK_TIMEOUT".into(),
            message: "the lock was not given within 3 s".into(),
            pause: ms(1_500),
        }),
        running(5_000, ""),
        running(12_000, "61%"),
        running(15_000, "63%"),
        running(31_000, "80%"),
        running(95_000, "95%"),
        running(110_000, "99%"),
        running(121_000, ""),
        done(2, "9b1e", 1, 112_000),
        step(3, "9b1e", "f3c9", "drop legacy column", 2),
        Kind::StepFailed(e::StepFailed {
            index: 3,
            total: 3,
            revision: "f3c9".into(),
            failure: Some(failure()),
        }),
        Kind::RunFinished(e::RunFinished {
            state: RunState::Failed.into(),
            rows: list(&["9b1e"]),
            applied: 2,
            duration: ms(112_300),
            failure: Some(failure()),
        }),
    ])
}

pub(super) fn failed_outcome() -> Outcome {
    Outcome {
        run_id: "01JD3K".into(),
        target: "prod".into(),
        state: RunState::Failed,
        rows: list(&["9b1e"]),
        applied: 2,
        nothing: false,
        rehearsal: None,
        duration: Duration::from_millis(112_300),
        error: Some(Error::from_run(RunState::Failed, Some(&failure()), 2)),
    }
}

pub(super) fn idle_run() -> Vec<pb::Event> {
    numbered(vec![
        accepted(),
        Kind::NothingToDo(e::NothingToDo {
            rows: list(&["f3c9"]),
            ahead: list(&["a777"]),
            foreign: list(&["b888"]),
        }),
        Kind::RunFinished(e::RunFinished {
            state: RunState::Succeeded.into(),
            rows: list(&["f3c9"]),
            duration: ms(3),
            ..e::RunFinished::default()
        }),
    ])
}

pub(super) fn idle_outcome() -> Outcome {
    Outcome {
        state: RunState::Succeeded,
        rows: list(&["f3c9"]),
        applied: 0,
        nothing: true,
        rehearsal: None,
        duration: Duration::from_millis(3),
        error: None,
        ..failed_outcome()
    }
}
