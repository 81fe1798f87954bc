//! Logs of runs and refusals, as a daemon tells them.

use migrated_proto::v1 as pb;
use pb::event::{self as e, Kind};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The id of the one run.
pub(crate) const RUN: &str = "0199-run";

/// Numbers a log.
fn log(kinds: Vec<Kind>) -> Vec<pb::Event> {
    let event = |(i, kind)| pb::Event { sequence: i as u64 + 1, time: None, kind: Some(kind) };
    kinds.into_iter().enumerate().map(event).collect()
}

/// A log of `steps` revisions that ends in `state`.
pub(crate) fn run_log(steps: u32, state: pb::RunState, failure: Option<pb::Failure>) -> Vec<pb::Event> {
    let mut kinds = vec![
        Kind::RunAccepted(e::RunAccepted {
            project: "p".into(),
            target: "prod".into(),
            ..Default::default()
        }),
        Kind::PlanReady(e::PlanReady { from: vec![], to: vec![format!("r{steps}")], steps }),
    ];
    for index in 1..=steps {
        let (revision, to) = (format!("r{index}"), vec![format!("r{index}")]);
        let started = e::StepStarted {
            index,
            total: steps,
            revision: revision.clone(),
            to: to.clone(),
            ..Default::default()
        };
        kinds.push(Kind::StepStarted(started));
        kinds.push(Kind::StepFinished(e::StepFinished {
            index,
            total: steps,
            revision,
            statements: 1,
            rows: to,
            ..Default::default()
        }));
    }
    let rows = vec![format!("r{steps}")];
    kinds.push(Kind::RunFinished(e::RunFinished {
        state: state.into(),
        rows,
        applied: steps,
        failure,
        ..Default::default()
    }));
    log(kinds)
}

/// A status with `google.rpc.ErrorInfo`.
pub(crate) fn refusal(code: Code, number: &str, reason: &str, message: &str) -> Status {
    let details =
        ErrorDetails::with_error_info(reason, "migrated", [("code".to_string(), number.to_string())]);
    Status::with_error_details(code, message, details)
}
