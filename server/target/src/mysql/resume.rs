//! Where a revision goes on after it was cut off, and why that is right (rule R12).

use super::apply::{Failure, Progress};
use super::evidence::{self, Effect};
use super::session::MysqlSession;
use super::statement::{Stop, total};
use super::{MysqlTarget, cancel};
use crate::{
    ApplyFault, Backend, BackendState, JournalRow, Outcome, TargetError, Tell, Treatment, Work, journal,
};
use migrated_core::dialect::classify;
use migrated_core::event::EventKind;
use migrated_core::{Code, DialectName};
use std::time::Duration;

const MYSQL: DialectName = DialectName::Mysql;

/// How long an orphan may take to end after it was cancelled, before it is killed.
const ORPHAN_GRACE: Duration = Duration::from_secs(5);

/// Gives the number of the first statement to execute.
pub(super) async fn resume(
    session: &mut MysqlSession,
    work: &Work,
    rows: &[JournalRow],
    tell: &dyn Tell,
    progress: &mut Progress,
) -> Result<u32, Failure> {
    let (next, reason) = match journal::resume(rows, work)? {
        journal::Resume::Fresh => return Ok(1),
        journal::Resume::After { next, done } => {
            progress.done = done;
            (next, format!("{done} statements are recorded as done"))
        }
        journal::Resume::Doubtful { row, done } => {
            progress.done = done;
            let (effect, reason) = doubtful(session, work, row, tell, progress).await?;
            let (table, name) = (session.place.journal(), session.place.name.clone());
            let text = match effect {
                true => journal::done(MYSQL, &table, &name, row),
                false => journal::forget(MYSQL, &table, &name, row),
            };
            if let Err((_, e)) = session.query(&text, tell).await {
                return Err(Stop::outside(session, &e, "writing the journal").into());
            }
            progress.done += u32::from(effect);
            (row.statement + u32::from(effect), reason)
        }
    };
    if let Some(error) = lost_with_session(work, next) {
        return Err(error.into());
    }
    progress.evidence = (progress.done > 0).then(|| format!("{} statements are done", progress.done));
    tell.event(EventKind::Resumed {
        revision: work.revision.clone(),
        statement: next.min(total(work)),
        total: total(work),
        evidence: reason,
    });
    Ok(next)
}

/// Ends the backend that a doubtful statement ran on, if it is still there. Gives what was done.
pub(super) async fn end_orphan(
    target: MysqlTarget,
    ours: &Backend,
    row: &JournalRow,
) -> Result<Option<String>, Failure> {
    let Some((pid, start)) = row.backend.split_once(' ') else { return Ok(None) };
    let orphan =
        Backend { pid: pid.parse().unwrap_or_default(), start: start.to_owned(), application: String::new() };
    if orphan == *ours || cancel::state(&target, &orphan).await? == BackendState::Gone {
        return Ok(None);
    }
    match cancel::end(&target, &orphan, ORPHAN_GRACE).await? {
        BackendState::Gone => {
            Ok(Some(format!("connection {pid} of run {} was still at work and was ended; ", row.run)))
        }
        BackendState::Alive(what) => Err(TargetError::new(
            Code::TargetPartial,
            format!("connection {pid} of run {} still works on statement {}: {what}", row.run, row.statement),
        )
        .help("wait until it is done, or end it, and apply the revision again")
        .into()),
    }
}

/// Decides about an INTENT without DONE: whether its statement took effect, and why.
async fn doubtful(
    session: &mut MysqlSession,
    work: &Work,
    row: &JournalRow,
    tell: &dyn Tell,
    progress: &Progress,
) -> Result<(bool, String), Failure> {
    let orphan = end_orphan(session.target.clone(), &session.backend.clone(), row).await?;
    let orphan = orphan.unwrap_or_default();
    let statement = row.statement.checked_sub(1).and_then(|at| work.script.statements.get(at as usize));
    let same_text = statement.is_some_and(|s| s.hash == row.hash);
    let now = evidence::same_objects(session, &row.definitions, tell).await?;
    let text = statement.map_or("", |s| &work.script.text[s.range.clone()]);
    match evidence::decide(text, same_text, &row.definitions, &now) {
        Effect::Done(_) if !same_text => Err(journal::changed(work, row.statement).into()),
        Effect::Done(why) => Ok((true, format!("{orphan}{why}"))),
        Effect::None(why) => Ok((false, format!("{orphan}{why}"))),
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

/// Why the statements from `next` on cannot run in another session than those before: temporary tables went with
/// it, and so did values that are computed anew, variables that a statement filled, and LAST_INSERT_ID().
fn lost_with_session(work: &Work, next: u32) -> Option<TargetError> {
    let text = |number: u32| {
        let statement = work.script.statements.get(number.checked_sub(1)? as usize)?;
        Some((statement, work.script.text.get(statement.range.clone())?))
    };
    let rest: Vec<&str> = (next..=total(work)).filter_map(text).map(|(_, sql)| sql).collect();
    if rest.is_empty() {
        return None;
    }
    let lost = |line: u32, what: &str| {
        TargetError::new(
            Code::TargetPartial,
            format!(
                "revision {} was cut off, and {what} of line {line} went with its session",
                work.revision
            ),
        )
        .help("do by hand what is left of the revision, then stamp it")
    };
    for (statement, sql) in (1..next).filter_map(text) {
        let class = classify(MYSQL, sql);
        if statement.treatment == Treatment::SessionOnly {
            if class.label == "CREATE TEMPORARY TABLE"
                && !sql.trim_start().to_ascii_uppercase().starts_with("DROP")
            {
                return Some(lost(statement.line, "the temporary table"));
            }
            if !class.replayable {
                return Some(lost(statement.line, "the computed value"));
            }
            continue;
        }
        let filled = variables(sql).find(|variable| rest.iter().any(|sql| mentions(sql, variable)));
        if let Some(variable) = filled {
            return Some(lost(statement.line, &format!("the variable {variable}")));
        }
    }
    // What follows the next INSERT reads that one's id.
    let before_insert = rest.iter().scan(false, |inserted, sql| {
        let reads = !*inserted && mentions(sql, "LAST_INSERT_ID(");
        *inserted |= mentions(sql, "INSERT INTO");
        Some(reads)
    });
    if next > 1 && before_insert.into_iter().any(|reads| reads) {
        let line = text(next).map_or(0, |(statement, _)| statement.line);
        return Some(lost(line, "LAST_INSERT_ID()"));
    }
    None
}

/// The user variables that a statement may set: `@name :=` and `INTO @name`.
fn variables(sql: &str) -> impl Iterator<Item = &str> {
    let sets = sql.contains(":=") || mentions(sql, "INTO @");
    sql.match_indices('@').filter(move |_| sets).filter_map(|(at, _)| {
        let name = &sql[at + 1..];
        let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$' || c == '.'));
        let end = at + 1 + end.unwrap_or(name.len());
        (end > at + 1).then(|| &sql[at..end])
    })
}

fn mentions(sql: &str, what: &str) -> bool {
    sql.to_ascii_uppercase().contains(&what.to_ascii_uppercase())
}
