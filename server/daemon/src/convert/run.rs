//! `run.proto` and the options of runs.

use super::{filled, span, timestamp};
use migrated_core::event::{RunKind, RunState};
use migrated_engine::RunOptions;
use migrated_proto::v1;
use migrated_store::{RunRecord, StepRecord, StepState};
use migrated_target::SessionMode;
use tonic::Status;

/// A run as the wire has it.
pub(crate) fn run(record: RunRecord) -> v1::Run {
    v1::Run {
        kind: run_kind(record.kind).into(),
        state: run_state(record.state).into(),
        failure: record.failure.as_ref().map(super::event::failure),
        create_time: Some(timestamp(record.created_at)),
        start_time: record.started_at.map(timestamp),
        end_time: record.finished_at.map(timestamp),
        id: record.id,
        project: record.project,
        target: record.target,
        goal: record.goal,
        actor: record.actor,
        rows_before: record.rows_before,
        rows_after: record.rows_after,
        steps_planned: record.steps_planned,
        steps_done: record.steps_done,
        request_id: record.request_id.unwrap_or_default(),
    }
}

/// A step of a run as the wire has it.
pub(crate) fn step(record: StepRecord) -> v1::RunStep {
    v1::RunStep {
        index: record.index,
        direction: super::event::direction(record.direction).into(),
        state: step_state(record.state).into(),
        start_time: record.started_at.map(timestamp),
        end_time: record.finished_at.map(timestamp),
        transaction_id: record.xid.unwrap_or_default(),
        revision: record.revision,
    }
}

fn step_state(state: StepState) -> v1::StepState {
    match state {
        StepState::Planned => v1::StepState::Planned,
        StepState::Started => v1::StepState::Started,
        StepState::Done => v1::StepState::Done,
        StepState::Failed => v1::StepState::Failed,
    }
}

/// What a run does.
pub(crate) fn run_kind(kind: RunKind) -> v1::RunKind {
    match kind {
        RunKind::Upgrade => v1::RunKind::Upgrade,
        RunKind::Downgrade => v1::RunKind::Downgrade,
        RunKind::Stamp => v1::RunKind::Stamp,
        RunKind::Rehearsal => v1::RunKind::Rehearsal,
    }
}

/// Where a run stands.
pub(crate) fn run_state(state: RunState) -> v1::RunState {
    match state {
        RunState::Queued => v1::RunState::Queued,
        RunState::Locking => v1::RunState::Locking,
        RunState::Running => v1::RunState::Running,
        RunState::Succeeded => v1::RunState::Succeeded,
        RunState::Failed => v1::RunState::Failed,
        RunState::Partial => v1::RunState::Partial,
        RunState::Cancelled => v1::RunState::Cancelled,
        RunState::Unknown => v1::RunState::Unknown,
    }
}

/// A state off the wire; `None` for one that is not set.
pub(crate) fn asked_state(state: v1::RunState) -> Option<RunState> {
    match state {
        v1::RunState::Unspecified => None,
        v1::RunState::Queued => Some(RunState::Queued),
        v1::RunState::Locking => Some(RunState::Locking),
        v1::RunState::Running => Some(RunState::Running),
        v1::RunState::Succeeded => Some(RunState::Succeeded),
        v1::RunState::Failed => Some(RunState::Failed),
        v1::RunState::Partial => Some(RunState::Partial),
        v1::RunState::Cancelled => Some(RunState::Cancelled),
        v1::RunState::Unknown => Some(RunState::Unknown),
    }
}

/// How a run is to go about its work. The caller's token, where there is one, comes first in the actor's name.
pub(crate) fn options(options: Option<v1::RunOptions>, caller: &str) -> Result<RunOptions, Status> {
    let options = options.unwrap_or_default();
    let session = match options.session() {
        v1::SessionMode::Unspecified => None,
        v1::SessionMode::Revision => Some(SessionMode::Revision),
        v1::SessionMode::Run => Some(SessionMode::Run),
    };
    Ok(RunOptions {
        lock_wait: span("options.lock_wait", options.lock_wait.as_ref())?,
        deadline: span("options.deadline", options.deadline.as_ref())?,
        session,
        per_run_transaction: options.per_run_transaction,
        actor: actor(caller, &options.actor),
        request_id: filled(options.request_id),
    })
}

/// Who asks, as others see it. A peer of a socket is known by its user; the name that it gives itself is taken as it is
/// where it is of that user, and stands in parentheses else.
pub(crate) fn actor(caller: &str, named: &str) -> String {
    let user = user(caller);
    let caller = user.as_deref().unwrap_or(caller);
    match (caller, named) {
        ("", "") => "unknown".to_owned(),
        ("", named) => named.to_owned(),
        (caller, "") => caller.to_owned(),
        (user, named) if named.split('@').next() == Some(user) => named.to_owned(),
        (caller, named) => format!("{caller} ({named})"),
    }
}

/// The name of the user behind `uid:N`; none for other callers, and for a user without a name.
fn user(caller: &str) -> Option<String> {
    let uid = caller.strip_prefix("uid:")?.parse().ok()?;
    Some(uzers::get_user_by_uid(uid)?.name().to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::actor;

    #[test]
    fn an_actor_is_a_user_a_token_or_what_it_calls_itself() {
        for (caller, named, shown) in [
            ("", "", "unknown"),
            ("", "ci", "ci"),
            ("deploy", "", "deploy"),
            ("deploy", "gha:o/r@main", "deploy (gha:o/r@main)"),
            ("uid:0", "root@vm", "root@vm"),
            ("uid:0", "", "root"),
            ("uid:0", "ann@vm", "root (ann@vm)"),
            ("uid:4294967294", "ann@vm", "uid:4294967294 (ann@vm)"),
        ] {
            assert_eq!(actor(caller, named), shown, "{caller:?} {named:?}");
        }
    }
}
