//! Where a revision goes on after it was cut off, and why that is right (rule R12).

use super::journalled::{MYSQL, Way};
use super::statement::outside;
use super::{MysqlTarget, cancel, evidence};
use crate::edge::Edge;
use crate::ending::ORPHAN_GRACE;
use crate::journal::progress::{self, Settling};
use crate::stop::Failure;
use crate::{Backend, BackendState, JournalRow, JournalState, TargetError, Treatment, Work, journal};
use migrated_core::Code;
use migrated_core::dialect::classify;

/// Gives the number of the first statement to execute.
pub(super) async fn resume(way: &mut Way<'_>, mut rows: Vec<JournalRow>) -> Result<u32, Failure> {
    let work = way.work;
    let mut reasons = Vec::new();
    // Several statements may have been announced at once: one after the other is decided, up to the first that had
    // no effect.
    let next = loop {
        let row = match progress::settling(&rows, work, &mut way.progress)? {
            Settling::At(next, None) => return Ok(next),
            Settling::At(next, Some(known)) => {
                if reasons.is_empty() {
                    reasons.push(known);
                }
                break next;
            }
            Settling::Doubtful(row) => row.clone(),
        };
        let (effect, reason) = doubtful(way, &row).await?;
        reasons.push(reason);
        way.tell.edge(Edge::Decided).await;
        let (table, name) = (way.session.place.journal(), way.session.place.name.clone());
        let text = match effect {
            true => journal::done(MYSQL, &table, &name, &row),
            false => journal::forget_from(MYSQL, &table, &name, &row),
        };
        if let Err((_, e)) = way.session.query(&text, way.tell).await {
            return Err(outside(way.session, &e, "writing the journal").into());
        }
        way.tell.edge(Edge::Corrected).await;
        if !effect {
            break row.statement;
        }
        rows.iter_mut().filter(|known| known.statement == row.statement).for_each(|row| {
            row.state = JournalState::Done;
        });
    };
    if let Some(error) = lost_with_session(work, next) {
        return Err(error.into());
    }
    progress::goes_on(work, next, reasons.join("; "), way.tell, &mut way.progress);
    Ok(next)
}

/// Ends the backend that a doubtful statement ran on, if it is still there. Gives what was done.
pub(super) async fn end_orphan(
    target: MysqlTarget,
    ours: &Backend,
    row: &JournalRow,
) -> Result<Option<String>, Failure> {
    let Some(orphan) = progress::writer(row, String::new()) else { return Ok(None) };
    if orphan == *ours || cancel::look(&target, &orphan).await? == BackendState::Gone {
        return Ok(None);
    }
    let pid = orphan.pid;
    match cancel::end(&target, &orphan, ORPHAN_GRACE).await? {
        BackendState::Gone => {
            Ok(Some(format!("connection {pid} of run {} was still at work and was ended; ", row.run)))
        }
        BackendState::Alive(what) => Err(progress::still_at_work(row, "connection", pid, &what).into()),
    }
}

/// Decides about an INTENT without DONE: whether its statement took effect, and why.
async fn doubtful(way: &mut Way<'_>, row: &JournalRow) -> Result<(bool, String), Failure> {
    let session = &mut *way.session;
    let orphan = end_orphan(session.target.clone(), &session.backend.clone(), row).await?.unwrap_or_default();
    let (statement, same_text) = progress::named(way.work, row);
    let now = evidence::same_objects(session, &row.definitions, way.tell).await?;
    let text = statement.map_or("", |statement| way.work.script.sql(statement));
    let effect = evidence::decide(text, same_text, &row.definitions, &now);
    let (effect, why) = progress::decided(effect, same_text, way.work, row, &way.progress)?;
    Ok((effect, format!("{orphan}{why}")))
}

/// Why the statements from `next` on cannot run in another session than those before: temporary tables went with
/// it, and so did values that are computed anew, variables that a statement filled, and LAST_INSERT_ID().
fn lost_with_session(work: &Work, next: u32) -> Option<TargetError> {
    let text = |number: u32| {
        let statement = work.script.statements.get(number.checked_sub(1)? as usize)?;
        Some((statement, work.script.text.get(statement.range.clone())?))
    };
    let rest: Vec<&str> = (next..=work.script.total()).filter_map(text).map(|(_, sql)| sql).collect();
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
