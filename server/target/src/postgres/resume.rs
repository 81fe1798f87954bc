//! Where a journalled revision that was cut off goes on, and why (rule R12).

use super::alone::UNBOUNDED;
use super::connect::{Settings, application_name};
use super::index::{self, IndexState};
use super::journalled::{PG, ask};
use super::session::PostgresSession;
use super::standing::journal_table;
use super::statement::outside;
use super::transaction::AS_OURSELVES;
use super::wire::WireError;
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
            let effect = doubtful(session, row, text, known.filter(|_| same_text)).await?;
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
    /// Whether its statement took effect.
    pub(super) effect: Effect,
    /// The invalid index that it left.
    leftover: Option<String>,
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
            IndexState::Absent => without(Effect::None(format!("index {name} was not built"))),
            IndexState::Valid if was_absent => {
                without(Effect::Done(format!("index {name} is complete: adopted")))
            }
            IndexState::Invalid if was_absent => Weighed {
                effect: Effect::None(format!(
                    "index {} was left invalid: dropped, to be built again",
                    found.name
                )),
                leftover: Some(found.name),
            },
            _ => without(Effect::None(format!("index {name} was there before"))),
        });
    }
    let now = evidence::same_objects(session, &row.definitions).await?;
    Ok(without(evidence::decide(text, treatment.is_some(), &row.definitions, &now)))
}

fn without(effect: Effect) -> Weighed {
    Weighed { effect, leftover: None }
}

/// Decides about an INTENT without DONE: whether its statement took effect, and why. An invalid index that it left is
/// dropped.
pub(super) async fn doubtful(
    session: &mut PostgresSession,
    row: &JournalRow,
    text: &str,
    treatment: Option<&Treatment>,
) -> Result<Effect, Failure> {
    let Weighed { effect, leftover } = weigh(session, row, text, treatment).await?;
    if let Some(name) = leftover {
        drop_leftover(session, &name).await?;
    }
    Ok(effect)
}

async fn drop_leftover(session: &mut PostgresSession, name: &str) -> Result<(), Failure> {
    ask(session, &UNBOUNDED[1..], "lifting the timeouts").await.map(drop)?;
    let dropped = index::drop_invalid(session, name).await;
    let settings = session.target.settings(&session.version, Settings::Work);
    if !dropped.as_ref().is_err_and(WireError::is_fatal) {
        ask(session, &settings, "putting the timeouts back").await?;
    }
    dropped.map_err(|e| outside(&e, &format!("dropping the invalid index {name}")).into())
}
