//! `event.proto` and `error.proto`: the one translation of events.

use super::run::{run_kind, run_state};
use super::{duration, timestamp};
use migrated_core::Code;
use migrated_core::event::{Blocker, Direction, Event, EventKind, Failure, SqlFault};
use migrated_engine::RunUpdate;
use migrated_proto::v1;
use migrated_proto::v1::event as wire;
use std::time::Duration;

/// Part of a run's log as streams carry it.
pub(crate) fn update(run_id: &str, joined: bool, update: RunUpdate) -> v1::RunUpdate {
    let base = v1::RunUpdate { run_id: run_id.to_owned(), joined, ..v1::RunUpdate::default() };
    match update {
        RunUpdate::Events(part) => {
            v1::RunUpdate { events: part.events().iter().map(|e| event(e)).collect(), ..base }
        }
        RunUpdate::Heartbeat => v1::RunUpdate { heartbeat: true, ..base },
        RunUpdate::GoalReached => v1::RunUpdate { goal_reached: true, ..base },
        RunUpdate::ResumeAfter(seq) => v1::RunUpdate { resume_after: Some(seq), ..base },
    }
}

/// An event as the wire has it.
pub(crate) fn event(event: &Event) -> v1::Event {
    v1::Event { sequence: event.seq, time: Some(timestamp(event.at)), kind: Some(kind(&event.what)) }
}

/// Which way, as the wire has it.
pub(crate) fn direction(direction: Direction) -> v1::Direction {
    match direction {
        Direction::Up => v1::Direction::Up,
        Direction::Down => v1::Direction::Down,
    }
}

fn kind(what: &EventKind) -> wire::Kind {
    match what.clone() {
        EventKind::RunAccepted { run_kind: kind, project, target, goal, actor } => {
            wire::Kind::RunAccepted(wire::RunAccepted {
                run_kind: run_kind(kind).into(),
                project,
                target,
                goal,
                actor,
            })
        }
        EventKind::StateChanged { state } => {
            wire::Kind::StateChanged(wire::StateChanged { state: run_state(state).into() })
        }
        EventKind::Waiting { holder, actor, since_ms, detail } => {
            wire::Kind::Waiting(wire::Waiting { holder, actor, since: Some(millis(since_ms)), detail })
        }
        EventKind::Locked { waited_ms } => {
            wire::Kind::Locked(wire::Locked { waited: Some(millis(waited_ms)) })
        }
        EventKind::PlanReady { from, to, steps } => {
            wire::Kind::PlanReady(wire::PlanReady { from, to, steps })
        }
        EventKind::NothingToDo { rows, ahead, foreign } => {
            wire::Kind::NothingToDo(wire::NothingToDo { rows, ahead, foreign })
        }
        EventKind::StepStarted {
            index,
            total,
            revision,
            direction: way,
            from,
            to,
            message,
            statements,
            transactional,
        } => wire::Kind::StepStarted(wire::StepStarted {
            index,
            total,
            revision,
            direction: direction(way).into(),
            from,
            to,
            message,
            statements,
            transactional,
        }),
        EventKind::StatementRunning { index, total, line, summary, elapsed_ms, progress } => {
            wire::Kind::StatementRunning(wire::StatementRunning {
                index,
                total,
                line,
                summary,
                elapsed: Some(millis(elapsed_ms)),
                progress,
            })
        }
        EventKind::StatementFinished { index, total, line, summary, rows, duration_us } => {
            wire::Kind::StatementFinished(wire::StatementFinished {
                index,
                total,
                line,
                summary,
                rows,
                duration: Some(micros(duration_us)),
            })
        }
        EventKind::Blocked { index, total, blockers, attempt, max_attempts } => {
            let blockers = blockers.into_iter().map(blocker).collect();
            wire::Kind::Blocked(wire::Blocked { index, total, blockers, attempt, max_attempts })
        }
        EventKind::Retrying { attempt, max_attempts, reason, message, pause_ms } => {
            wire::Kind::Retrying(wire::Retrying {
                attempt,
                max_attempts,
                reason,
                message,
                pause: Some(millis(pause_ms)),
            })
        }
        EventKind::Notice { severity, sqlstate, message, detail, hint } => {
            wire::Kind::Notice(wire::Notice { severity, sqlstate, message, detail, hint })
        }
        EventKind::Warning { reason, message } => wire::Kind::Warning(wire::Warning { reason, message }),
        EventKind::Resumed { revision, statement, total, evidence } => {
            wire::Kind::Resumed(wire::Resumed { revision, statement, total, evidence })
        }
        EventKind::StepFinished { index, total, revision, statements, duration_us, rows } => {
            wire::Kind::StepFinished(wire::StepFinished {
                index,
                total,
                revision,
                statements,
                duration: Some(micros(duration_us)),
                rows,
            })
        }
        EventKind::StepFailed { index, total, revision, failure: cause } => {
            wire::Kind::StepFailed(wire::StepFailed {
                index,
                total,
                revision,
                failure: Some(failure(&cause)),
            })
        }
        EventKind::CancelRequested { actor, reason } => {
            wire::Kind::CancelRequested(wire::CancelRequested { actor, reason })
        }
        EventKind::ExecutorWanted { index, total, revision, direction: way, language, wait_ms } => {
            wire::Kind::ExecutorWanted(wire::ExecutorWanted {
                index,
                total,
                revision,
                direction: direction(way).into(),
                language,
                wait: Some(millis(wait_ms)),
            })
        }
        EventKind::RunFinished { state, rows, applied, duration_ms, failure: cause } => {
            wire::Kind::RunFinished(wire::RunFinished {
                state: run_state(state).into(),
                rows,
                applied,
                duration: Some(millis(duration_ms)),
                failure: cause.as_ref().map(failure),
            })
        }
    }
}

/// A failure as the wire has it.
pub(crate) fn failure(failure: &Failure) -> v1::Failure {
    v1::Failure {
        code: Code::from_reason(&failure.reason).map_or("", Code::number).to_owned(),
        reason: failure.reason.clone(),
        message: failure.message.clone(),
        revision: failure.revision.clone(),
        state: failure.state.clone(),
        next: failure.next.clone(),
        sql: failure.sql.as_ref().map(sql_error),
    }
}

/// What a database said, as the wire has it.
pub(crate) fn sql_error(sql: &SqlFault) -> v1::SqlError {
    let sql = sql.clone();
    v1::SqlError {
        sqlstate: sql.sqlstate,
        message: sql.message,
        detail: sql.detail,
        hint: sql.hint,
        schema: sql.schema,
        table: sql.table,
        column: sql.column,
        constraint: sql.constraint,
        statement: sql.statement,
        statement_index: sql.statement_index,
        statement_total: sql.statement_total,
        path: sql.path,
        line: sql.line,
        column_number: sql.column_number,
    }
}

fn blocker(blocker: Blocker) -> wire::Blocker {
    wire::Blocker {
        pid: blocker.pid,
        user: blocker.user,
        application: blocker.application,
        query: blocker.query,
        age: Some(millis(blocker.age_ms)),
        object: blocker.object,
    }
}

fn millis(n: u64) -> pbjson_types::Duration {
    duration(Duration::from_millis(n))
}

fn micros(n: u64) -> pbjson_types::Duration {
    duration(Duration::from_micros(n))
}
