//! How far a journalled revision has come, and what that means where it stops.

use super::{Resume, resume};
use crate::stop::Failure;
use crate::{
    ApplyFault, Backend, JournalRow, JournalState, Outcome, ScriptStatement, TargetError, Tell, Work,
};
use migrated_core::Code;
use migrated_core::event::EventKind;

/// How far a revision has come.
#[derive(Default)]
pub(crate) struct Progress {
    /// Journalled statements that are done, of earlier attempts too.
    pub(crate) done: u32,
    /// Statements executed now.
    pub(crate) executed: u32,
    /// Set where more is known than the number.
    pub(crate) evidence: Option<String>,
    /// Whether `migrated_journal` was made or found.
    pub(crate) journal: bool,
}

impl Progress {
    /// Takes in the rows that an earlier attempt left.
    pub(crate) fn found(&mut self, rows: &[JournalRow]) {
        if rows.is_empty() {
            return;
        }
        let done = rows.iter().filter(|row| row.state == JournalState::Done).count();
        self.done = u32::try_from(done).unwrap_or(u32::MAX);
        self.evidence = Some("nothing was done now; the journal is as an earlier attempt left it".into());
    }

    /// Another statement is done.
    pub(crate) fn one_more(&mut self) {
        self.done += 1;
        self.evidence = None;
    }

    /// The connection died while statement `number`, which commits by itself, was under way.
    pub(crate) fn lost_in(&mut self, number: u32) {
        self.evidence = Some(format!(
            "the connection was lost during statement {number}; the catalog will tell what it did"
        ));
    }

    /// The connection died while the transaction of statement `number` was committed.
    pub(crate) fn lost_in_commit(&mut self, number: u32) {
        self.evidence =
            Some(format!("the connection died while statement {number} was committed; the journal tells"));
    }

    /// Whether anything of the revision took, or may have taken, effect.
    pub(crate) fn is_partial(&self) -> bool {
        self.done > 0 || self.evidence.is_some()
    }

    /// What a revision that is not clean leaves. `fatal`: the connection is gone.
    pub(crate) fn outcome(self, fatal: bool) -> Outcome {
        let evidence = self.evidence.unwrap_or_else(|| match fatal {
            true => "the connection was lost; the journal tells the next run what is done".into(),
            false => "the statement after them had no effect".into(),
        });
        Outcome::Partial { done: self.done, evidence }
    }
}

/// What became of a statement that committed by itself, if it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It took effect.
    Done(String),
    /// It left nothing, or running it again does no harm.
    None(String),
    /// Nobody can tell.
    Undecided(String),
}

/// What has to be done to the journal before a revision goes on.
pub(crate) enum Settling<'a> {
    /// Nothing: go on at this statement, for this reason. Without one nothing was ever journalled.
    At(u32, Option<String>),
    /// Evidence must decide about this INTENT; `progress` knows what is done.
    Doubtful(&'a JournalRow),
}

/// Reads from the journal where `work` goes on.
pub(crate) fn settling<'a>(
    rows: &'a [JournalRow],
    work: &Work,
    progress: &mut Progress,
) -> Result<Settling<'a>, TargetError> {
    Ok(match resume(rows, work)? {
        Resume::Fresh => Settling::At(1, None),
        Resume::After { next, done } => {
            progress.done = done;
            Settling::At(next, Some(format!("{done} statements are recorded as done")))
        }
        Resume::Doubtful { row, done } => {
            progress.done = done;
            Settling::Doubtful(row)
        }
    })
}

/// Tells that the revision goes on at statement `next`, and why that is right.
pub(crate) fn goes_on(work: &Work, next: u32, why: String, tell: &dyn Tell, progress: &mut Progress) {
    progress.evidence = (progress.done > 0).then(|| format!("{} statements are done", progress.done));
    tell.event(EventKind::Resumed {
        revision: work.revision.clone(),
        statement: next.min(work.script.total()),
        total: work.script.total(),
        evidence: why,
    });
}

/// The statement that a row is of, if the revision still has it, and whether its text is the one that was sent.
pub(crate) fn named<'a>(work: &'a Work, row: &JournalRow) -> (Option<&'a ScriptStatement>, bool) {
    let statement = row.statement.checked_sub(1).and_then(|at| work.script.statements.get(at as usize));
    (statement, statement.is_some_and(|statement| statement.hash == row.hash))
}

/// Whether a doubtful statement took effect, and why; refuses where that means that it cannot go on.
pub(crate) fn decided(
    effect: Effect,
    same_text: bool,
    work: &Work,
    row: &JournalRow,
    progress: &Progress,
) -> Result<(bool, String), Failure> {
    match effect {
        Effect::Done(_) if !same_text => Err(super::changed(work, row.statement).into()),
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
            .help("`migratectl diagnose` shows what took effect, and how to say what only you can tell");
            let outcome = Outcome::Partial { done: progress.done, evidence: why };
            Err(Failure::Decided(ApplyFault { error, outcome, retryable: false }))
        }
    }
}

/// The row of a statement that `backend` works on.
pub(crate) fn row(
    work: &Work,
    number: u32,
    statement: &ScriptStatement,
    state: JournalState,
    definitions: String,
    backend: &Backend,
) -> JournalRow {
    JournalRow {
        revision: work.revision.clone(),
        direction: work.direction,
        statement: number,
        hash: statement.hash.clone(),
        state,
        definitions,
        run: work.run.clone(),
        backend: format!("{} {}", backend.pid, backend.start),
    }
}

/// The backend that wrote a row; `None` where the row does not name one.
pub(crate) fn writer(row: &JournalRow, application: String) -> Option<Backend> {
    let (pid, start) = row.backend.split_once(' ')?;
    Some(Backend { pid: pid.parse().ok()?, start: start.to_owned(), application })
}

/// The refusal where the writer of an INTENT does not end. `kind` is what the engine calls it.
pub(crate) fn still_at_work(row: &JournalRow, kind: &str, pid: i64, what: &str) -> TargetError {
    TargetError::new(
        Code::TargetPartial,
        format!("{kind} {pid} of run {} still works on statement {}: {what}", row.run, row.statement),
    )
    .help("wait until it is done, or end it, and apply the revision again")
}
