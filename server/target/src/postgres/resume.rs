//! Where a journalled revision that was cut off goes on, and why (rule R12).

use super::alone::UNBOUNDED;
use super::apply::Stop;
use super::connect::{Settings, application_name};
use super::evidence::{self, Effect};
use super::index::{self, IndexState};
use super::journalled::{AS_OURSELVES, Failure, PG, Progress, ask};
use super::session::PostgresSession;
use super::standing::journal_table;
use super::wire::WireError;
use super::{PostgresTarget, cancel};
use crate::{
    ApplyFault, Backend, BackendState, JournalRow, Outcome, ScriptStatement, TargetError, Tell, Treatment,
    Work, journal,
};
use migrated_core::Code;
use migrated_core::event::EventKind;
use std::time::Duration;

/// How long an orphan may take to end after it was cancelled, before it is terminated.
const ORPHAN_GRACE: Duration = Duration::from_secs(5);

/// Decides where to go on, and tells why. Gives the number of the first statement to execute.
pub(super) async fn resume(
    session: &mut PostgresSession,
    work: &Work,
    rows: &[JournalRow],
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<u32, Failure> {
    let total = u32::try_from(work.script.statements.len()).unwrap_or(u32::MAX);
    let (next, reason) = match journal::resume(rows, work)? {
        journal::Resume::Fresh => return Ok(1),
        journal::Resume::After { next, done } => {
            progress.done = done;
            (next, format!("{done} statements are recorded as done"))
        }
        journal::Resume::Doubtful { row, done } => {
            progress.done = done;
            let orphan = end_orphan(session.target.clone(), &session.backend.clone(), row).await?;
            let (effect, reason) = doubtful(session, work, row, progress).await?;
            let table = journal_table(&session.place);
            let text = match effect {
                true => journal::done(PG, &table, &session.place.name, row),
                false => journal::forget(PG, &table, &session.place.name, row),
            };
            ask(session, &format!("{AS_OURSELVES}{text}"), "writing the journal").await?;
            progress.done += u32::from(effect);
            (row.statement + u32::from(effect), format!("{orphan}{reason}"))
        }
    };
    progress.evidence = (progress.done > 0).then(|| format!("{} statements are done", progress.done));
    tell.event(EventKind::Resumed {
        revision: work.revision.clone(),
        statement: next.min(total),
        total,
        evidence: reason,
    });
    Ok(next)
}

/// Ends the backend that a doubtful statement ran on, if it is still there.
async fn end_orphan(target: PostgresTarget, ours: &Backend, row: &JournalRow) -> Result<String, Failure> {
    let Some((pid, start)) = row.backend.split_once(' ') else { return Ok(String::new()) };
    let orphan = Backend {
        pid: pid.parse().unwrap_or_default(),
        start: start.to_owned(),
        application: application_name(&row.run),
    };
    if orphan.pid == ours.pid && orphan.start == ours.start {
        return Ok(String::new());
    }
    if cancel::state(&target, &orphan).await? == BackendState::Gone {
        return Ok(String::new());
    }
    match cancel::end(&target, &orphan, ORPHAN_GRACE).await? {
        BackendState::Gone => {
            Ok(format!("backend {} of run {} was still at work and was ended; ", pid, row.run))
        }
        BackendState::Alive(what) => Err(TargetError::new(
            Code::TargetPartial,
            format!("backend {pid} of run {} still works on statement {}: {what}", row.run, row.statement),
        )
        .help("wait until it is done, or end it, and apply the revision again")
        .into()),
    }
}

/// Decides about an INTENT without DONE: whether its statement took effect, and why.
async fn doubtful(
    session: &mut PostgresSession,
    work: &Work,
    row: &JournalRow,
    progress: &Progress,
) -> Result<(bool, String), Failure> {
    let statement = row.statement.checked_sub(1).and_then(|at| work.script.statements.get(at as usize));
    let same_text = statement.is_some_and(|s| s.hash == row.hash);
    if let Some(ScriptStatement { treatment: Treatment::ConcurrentIndex { index, table }, .. }) = statement
        && same_text
    {
        let was_absent = row.definitions.lines().next().is_some_and(|line| line.ends_with(" = absent"));
        let found = index::find(session, index, table).await?;
        return match found.state {
            IndexState::Absent => Ok((false, format!("index {} was not built", index.name))),
            IndexState::Valid if was_absent => {
                Ok((true, format!("index {} is complete: adopted", index.name)))
            }
            IndexState::Invalid if was_absent => {
                drop_leftover(session, &found.name).await?;
                Ok((false, format!("index {} was left invalid: dropped, to be built again", found.name)))
            }
            _ => Ok((false, format!("index {} was there before", index.name))),
        };
    }
    let now = evidence::same_objects(session, &row.definitions).await?;
    let text = statement.map_or("", |s| &work.script.text[s.range.clone()]);
    match evidence::decide(text, same_text, &row.definitions, &now) {
        Effect::Done(_) if !same_text => Err(journal::changed(work, row.statement).into()),
        Effect::Done(why) => Ok((true, why)),
        Effect::None(why) => Ok((false, why)),
        Effect::Undecided(why) => {
            let error = TargetError::new(
                Code::TargetPartial,
                format!(
                    "whether statement {} of revision {} took effect cannot be told: {why}",
                    row.statement, work.revision
                ),
            )
            .help("look at the database; then stamp the revision, or finish or undo its statements by hand");
            let outcome = Outcome::Partial { done: progress.done, evidence: why };
            Err(Failure::Decided(ApplyFault { error, outcome, retryable: false }))
        }
    }
}

async fn drop_leftover(session: &mut PostgresSession, name: &str) -> Result<(), Failure> {
    ask(session, &UNBOUNDED[1..], "lifting the timeouts").await.map(drop)?;
    let dropped = index::drop_invalid(session, name).await;
    let settings = session.target.settings(&session.version, Settings::Work);
    if !dropped.as_ref().is_err_and(WireError::is_fatal) {
        ask(session, &settings, "putting the timeouts back").await?;
    }
    dropped.map_err(|e| Stop::outside(&e, &format!("dropping the invalid index {name}")).into())
}
