//! Where a journalled revision that was cut off goes on, and why (rule R12).

use super::connect::application_name;
use super::index::{self, IndexState};
use super::journalled::{PG, ask};
use super::leftover::{self, Leftover};
use super::session::PostgresSession;
use super::standing::journal_table;
use super::transaction::AS_OURSELVES;
use super::{PostgresTarget, cancel, evidence};
use crate::edge::Edge;
use crate::ending::ORPHAN_GRACE;
use crate::journal::progress::{self, Effect, Progress, Settling};
use crate::stop::Failure;
use crate::{Backend, BackendState, JournalRow, TargetError, Tell, Treatment, Work, journal};

/// Decides where to go on, and tells why; `ended` is what is to be told of an orphan that was ended before. Gives the number of the first statement to execute.
pub(super) async fn resume(
    session: &mut PostgresSession,
    work: &Work,
    rows: &[JournalRow],
    ended: &str,
    tell: &dyn Tell,
    so_far: &mut Progress,
) -> Result<u32, Failure> {
    let (next, reason) = match progress::settling(rows, work, so_far)? {
        Settling::At(next, None) => return Ok(next),
        Settling::At(next, Some(known)) => (next, known),
        Settling::Doubtful(row) => {
            let orphan = end_orphan(session.target.clone(), &session.backend.clone(), row).await?;
            let (statement, same_text) = progress::named(work, row);
            let text = statement.map_or("", |statement| work.script.sql(statement));
            let known = statement.map(|statement| &statement.treatment);
            let effect = doubtful(session, row, text, known.filter(|_| same_text), tell).await?;
            let (effect, reason) = progress::decided(effect, same_text, work, row, so_far)?;
            tell.edge(Edge::Decided).await;
            let table = journal_table(&session.place);
            let text = match effect {
                true => journal::done(PG, &table, &session.place.name, row),
                false => journal::forget(PG, &table, &session.place.name, row),
            };
            ask(session, &format!("{AS_OURSELVES}{text}"), "writing the journal").await?;
            tell.edge(Edge::Corrected).await;
            so_far.done += u32::from(effect);
            (row.statement + u32::from(effect), format!("{ended}{orphan}{reason}"))
        }
    };
    progress::goes_on(work, next, reason, tell, so_far);
    Ok(next)
}

/// Ends the backend that a doubtful statement ran on, if it is still there.
pub(super) async fn end_orphan(
    target: PostgresTarget,
    ours: &Backend,
    row: &JournalRow,
) -> Result<String, Failure> {
    let Some(orphan) = progress::writer(row, application_name(&row.run)) else { return Ok(String::new()) };
    if (orphan.pid, &orphan.start) == (ours.pid, &ours.start)
        || cancel::look(&target, &orphan).await? == BackendState::Gone
    {
        return Ok(String::new());
    }
    let pid = orphan.pid;
    match cancel::end(&target, &orphan, ORPHAN_GRACE).await? {
        BackendState::Gone => {
            Ok(format!("backend {pid} of run {} was still at work and was ended; ", row.run))
        }
        BackendState::Alive(what) => Err(progress::still_at_work(row, "backend", pid, &what).into()),
    }
}

/// What the catalog says about an INTENT without DONE.
pub(super) struct Weighed {
    /// Whether its statement took effect, once what it left is put right.
    pub(super) effect: Effect,
    /// What it left.
    pub(super) leftover: Option<Leftover>,
}

impl Weighed {
    /// Nothing is left that would have to be put right.
    pub(super) fn of(effect: Effect) -> Weighed {
        Weighed { effect, leftover: None }
    }
}

/// Asks the catalog about an INTENT without DONE. `treatment` is that of the statement, where its text is the one that
/// was sent.
pub(super) async fn weigh(
    session: &mut PostgresSession,
    row: &JournalRow,
    text: &str,
    treatment: Option<&Treatment>,
) -> Result<Weighed, TargetError> {
    if let Some(Treatment::ConcurrentIndex { index, table }) = treatment {
        let was_absent = row.definitions.lines().next().is_some_and(|line| line.ends_with(" = absent"));
        let found = index::find(session, index, table).await?;
        let name = &index.name;
        return Ok(match found.state {
            IndexState::Absent => Weighed::of(Effect::None(format!("index {name} was not built"))),
            IndexState::Valid if was_absent => {
                Weighed::of(Effect::Done(format!("index {name} is complete: adopted")))
            }
            IndexState::Invalid if was_absent => Weighed {
                effect: Effect::None(format!(
                    "index {} was left invalid: dropped, to be built again",
                    found.name
                )),
                leftover: Some(Leftover::Indexes(vec![found.name])),
            },
            _ => Weighed::of(Effect::None(format!("index {name} was there before"))),
        });
    }
    let now = evidence::same_objects(session, &row.definitions).await?;
    if treatment.is_some()
        && let Some(weighed) = leftover::weigh(session, &row.definitions, &now).await?
    {
        return Ok(weighed);
    }
    Ok(Weighed::of(evidence::decide(text, treatment.is_some(), &row.definitions, &now)))
}

/// Decides about an INTENT without DONE: whether its statement took effect, and why. What it left is put right.
pub(super) async fn doubtful(
    session: &mut PostgresSession,
    row: &JournalRow,
    text: &str,
    treatment: Option<&Treatment>,
    tell: &dyn Tell,
) -> Result<Effect, Failure> {
    let Weighed { effect, leftover } = weigh(session, row, text, treatment).await?;
    if let Some(left) = leftover {
        leftover::clear(session, &left, row.statement, tell).await?;
    }
    Ok(effect)
}
