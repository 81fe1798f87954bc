//! A statement that commits by itself or refuses a transaction, between its INTENT and its DONE (rule R12).

use super::evidence;
use super::index::{self, IndexState};
use super::journalled::{PG, ask};
use super::keys;
use super::leftover::{self, Leftover};
use super::quote::literal;
use super::resume::Weighed;
use super::session::PostgresSession;
use super::standing::journal_table;
use super::statement::{cancelled, execute, outside};
use super::transaction::AS_OURSELVES;
use super::wire::Answer;
use crate::edge::Edge;
use crate::journal::progress::{self, Effect, Progress};
use crate::patience::Patience;
use crate::stop::{Failure, Stop};
use crate::{JournalState, ObjectRef, ScriptStatement, Tell, Work, journal};
use migrated_core::dialect::classify;
use migrated_core::event::EventKind;

/// A statement that commits by itself, between INTENT and DONE. Tried again where it could not get a lock.
#[expect(clippy::too_many_arguments, reason = "they are the statement's whole surroundings")]
pub(super) async fn alone(
    session: &mut PostgresSession,
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    objects: &[ObjectRef],
    built: Option<(&ObjectRef, &ObjectRef)>,
    tell: &dyn Tell,
    so_far: &mut Progress,
) -> Result<(), Failure> {
    let mut patience = Patience::new(work.retries);
    let mut known = so_far.evidence.take();
    loop {
        let outcome = once(session, work, number, statement, objects, built, tell, so_far).await;
        let Err(Failure::Stopped(stop)) = outcome else { return outcome };
        let left_nothing = so_far.evidence.is_none();
        if !left_nothing || !patience.again(&stop, so_far, &session.canceller.asked, tell).await {
            if left_nothing {
                so_far.evidence = known.take();
            }
            return Err(stop.into());
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "they are the statement's whole surroundings")]
async fn once(
    session: &mut PostgresSession,
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    objects: &[ObjectRef],
    built: Option<(&ObjectRef, &ObjectRef)>,
    tell: &dyn Tell,
    so_far: &mut Progress,
) -> Result<(), Failure> {
    cancelled(session)?;
    let text = work.script.sql(statement);
    let before = evidence::definitions(session, text, objects).await?;
    let row = progress::row(work, number, statement, JournalState::Intent, before.clone(), &session.backend);
    let (table, name) = (journal_table(&session.place), session.place.name.clone());
    // CONCURRENTLY waits for every transaction that is older than itself; the run's budget bounds it (rule R13).
    let unbounded = is_concurrent(text);
    let mut intent =
        format!("{AS_OURSELVES}{}{}", keys::held(session), journal::insert(PG, &table, &name, &row));
    if unbounded {
        intent.push_str(UNBOUNDED);
    }
    let bounds = ask(session, &intent, "writing the journal").await?;
    tell.edge(Edge::IntentWritten).await;
    let back = if unbounded { bounded_again(bounds.last()) } else { String::new() };
    let outcome = match execute(session, work, number, statement, tell).await {
        Ok(()) => rebuilt_if_invalid(session, work, number, statement, built, tell).await,
        Err(stop) => Err(stop),
    };
    match outcome {
        Ok(()) => {
            let done = format!("{AS_OURSELVES}{};{back}", journal::done(PG, &table, &name, &row));
            ask(session, &done, "writing the journal").await?;
            so_far.one_more();
            tell.edge(Edge::DoneWritten).await;
            Ok(())
        }
        Err(stop) if stop.fatal => {
            so_far.lost_in(number);
            Err(stop.into())
        }
        Err(mut stop) => {
            let left = async {
                if !back.is_empty() {
                    ask(session, &back, "putting the timeouts back").await?;
                }
                left_over(session, text, objects, built, &before).await
            }
            .await;
            match left {
                Ok(left @ (Left::Nothing | Left::Cleared(_))) => {
                    // Without effect, so without a trace; where this fails the next run decides the same.
                    let forget = format!("{AS_OURSELVES}{}", journal::forget(PG, &table, &name, &row));
                    let _ = session.wire.execute(&forget, &mut |_| {}).await;
                    if let Left::Cleared(what) = left {
                        stop.error.message.push_str(&format!("; {what}"));
                    }
                }
                Ok(Left::Stays(what)) => {
                    stop.error.message.push_str(&format!("; {what}"));
                    so_far.evidence = Some(what);
                }
                Err(_) => {
                    so_far.evidence = Some(format!("what statement {number} left could not be looked up"));
                }
            }
            Err(stop.into())
        }
    }
}

/// IF NOT EXISTS takes an invalid leftover of somebody else for the index: it is dropped, and built again.
async fn rebuilt_if_invalid(
    session: &mut PostgresSession,
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    built: Option<(&ObjectRef, &ObjectRef)>,
    tell: &dyn Tell,
) -> Result<(), Stop> {
    let Some((index, table)) = built else { return Ok(()) };
    let found = index::find(session, index, table).await.map_err(Stop::refused)?;
    if found.state != IndexState::Invalid {
        return Ok(());
    }
    tell.event(EventKind::Warning {
        reason: "INVALID_INDEX".into(),
        message: format!("{} was there already, but invalid: it is dropped and built again", found.name),
    });
    index::drop_invalid(session, &found.name).await.map_err(|e| outside(&e, "dropping the invalid index"))?;
    execute(session, work, number, statement, tell).await
}

/// What a failed statement left behind.
enum Left {
    Nothing,
    /// It left something, which is put right by now: what that was.
    Cleared(String),
    /// It left something that the next run has to deal with.
    Stays(String),
}

async fn left_over(
    session: &mut PostgresSession,
    text: &str,
    objects: &[ObjectRef],
    built: Option<(&ObjectRef, &ObjectRef)>,
    before: &str,
) -> Result<Left, Failure> {
    if let Some((index, table)) = built {
        let found = index::find(session, index, table).await?;
        let ours = before.lines().next().is_some_and(|line| line.ends_with(" = absent"));
        return Ok(match found.state == IndexState::Invalid && ours {
            true => invalid(session, vec![found.name]).await,
            false => Left::Nothing,
        });
    }
    match leftover::of_failed(session, before).await? {
        Some(Weighed { leftover: Some(Leftover::Indexes(names)), .. }) => {
            return Ok(invalid(session, names).await);
        }
        Some(Weighed { leftover: Some(Leftover::Detach(name)), .. }) => {
            // Ending it now would do what somebody may just have cancelled.
            return Ok(Left::Stays(format!(
                "the detaching of {name} is left pending; the next run ends it with FINALIZE"
            )));
        }
        Some(Weighed { effect: Effect::None(_), .. }) => return Ok(Left::Nothing),
        Some(_) | None => {}
    }
    let now = evidence::definitions(session, text, objects).await?;
    if classify(PG, text).drops_concurrently && before != now && !evidence::is_absent(&now) {
        let index = objects.first().map_or("", |object| object.name.as_str());
        return Ok(Left::Stays(format!("index {index} is left invalid; the next run drops it")));
    }
    Ok(match evidence::decide(text, true, before, &now) {
        Effect::None(_) => Left::Nothing,
        Effect::Done(why) | Effect::Undecided(why) => Left::Stays(format!("it failed, and yet: {why}")),
    })
}

/// Drops invalid indexes that a failed statement left: as they are, they would slow every write down until the next run.
async fn invalid(session: &mut PostgresSession, names: Vec<String>) -> Left {
    let all = names.join(", ");
    match leftover::put_right(session, &Leftover::Indexes(names)).await {
        Ok(()) => Left::Cleared(format!("{all}, which it left invalid, is dropped")),
        Err(_) => Left::Stays(format!("{all} is left invalid; the next run drops it")),
    }
}

/// Lifts both timeouts and tells what they were.
pub(super) const UNBOUNDED: &str = ";WITH old AS MATERIALIZED (SELECT pg_catalog.current_setting('lock_timeout') l,\
    pg_catalog.current_setting('statement_timeout') s) SELECT l,s,pg_catalog.set_config('lock_timeout','0',false),\
    pg_catalog.set_config('statement_timeout','0',false) FROM old";

fn bounded_again(old: Option<&Answer>) -> String {
    let value = |index| literal(old.and_then(|a| a.first(index)).unwrap_or("0"));
    format!(
        "SELECT pg_catalog.set_config('lock_timeout',{},false),pg_catalog.set_config('statement_timeout',{},false)",
        value(0),
        value(1)
    )
}

fn is_concurrent(text: &str) -> bool {
    let found = classify(PG, text);
    found.concurrent_index.is_some() || found.drops_concurrently || found.label.contains("CONCURRENTLY")
}
