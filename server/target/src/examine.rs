//! What became of each statement of a revision that was cut off, by what the journal and the catalog tell. For people
//! who have to decide how to go on: nothing is changed, and nobody's work is ended.

use crate::journal::{self, progress};
use crate::{JournalRow, JournalState, TargetError, Treatment, Work};
use async_trait::async_trait;

/// What became of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It took effect, and the journal says so.
    Done,
    /// It took effect: the journal does not say so, the catalog does.
    TookEffect,
    /// It was sent, or was to be, and left nothing: it may run.
    NoEffect,
    /// Nobody but a person can tell.
    Undecided,
    /// It was not reached.
    NotReached,
    /// It concerns its session only, and is run again on the way to the statement where the revision goes on.
    SessionOnly,
}

/// A statement's fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementFate {
    /// Number of the statement, from 1.
    pub number: u32,
    /// What became of it.
    pub fate: Fate,
    /// What tells so.
    pub evidence: String,
    /// The revision has another text there now than the one that was sent.
    pub edited: bool,
}

/// What [`crate::Target::examine`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// One for each statement of the revision, and for each that the journal knows and the revision no longer has.
    pub statements: Vec<StatementFate>,
    /// Sessions of the cut-off run that are still at work, one line each.
    pub at_work: Vec<String>,
}

/// How an engine finds out about a statement whose INTENT has no DONE.
#[async_trait]
pub(crate) trait Witness: Send {
    /// Whether it took effect.
    async fn effect(&mut self, work: &Work, row: &JournalRow) -> Result<progress::Effect, TargetError>;
    /// What the session that wrote the row still does; `None` where it is gone.
    async fn at_work(&mut self, row: &JournalRow) -> Result<Option<String>, TargetError>;
}

/// Goes through the statements of `work`.
pub(crate) async fn examine(
    work: &Work,
    rows: &[JournalRow],
    witness: &mut dyn Witness,
) -> Result<Examined, TargetError> {
    journal::of_another(rows, work)?;
    let mut found = Examined::default();
    let mut stopped = false;
    let known = (1..).zip(&work.script.statements).map(|(number, statement)| (number, Some(statement)));
    let total = work.script.total();
    let gone = rows.iter().filter(|row| row.statement > total).map(|row| (row.statement, None));
    for (number, statement) in known.chain(gone) {
        let row = rows.iter().find(|row| row.statement == number);
        // What a client sends is in no file.
        let edited =
            total > 0 && row.is_some_and(|row| statement.is_none_or(|statement| statement.hash != row.hash));
        let (fate, evidence) = match (row, statement) {
            (Some(row), _) if row.state == JournalState::Done => {
                (Fate::Done, "the journal has it as DONE".to_owned())
            }
            // Several may be announced at once: behind one that had no effect, none has.
            (Some(_), _) if stopped => {
                (Fate::NotReached, "announced, and a statement before it had no effect".to_owned())
            }
            (Some(row), _) => {
                found.at_work.extend(witness.at_work(row).await?);
                let (fate, evidence) = match witness.effect(work, row).await? {
                    progress::Effect::Done(why) => (Fate::TookEffect, why),
                    progress::Effect::None(why) => (Fate::NoEffect, why),
                    progress::Effect::Undecided(why) => (Fate::Undecided, why),
                };
                stopped = fate != Fate::TookEffect;
                (fate, evidence)
            }
            (None, Some(statement)) if !journal::is_journalled(statement) => {
                (Fate::SessionOnly, "it changes its session only".to_owned())
            }
            (None, Some(statement)) if statement.treatment == Treatment::Transactional => {
                (Fate::NotReached, "no DONE: its transaction was not committed".to_owned())
            }
            (None, _) => (Fate::NotReached, "no INTENT: it was not sent".to_owned()),
        };
        found.statements.push(StatementFate { number, fate, evidence, edited });
    }
    Ok(found)
}
