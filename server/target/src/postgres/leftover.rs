//! What a statement leaves that works in several transactions of its own and is cut off between two of them: invalid
//! indexes of CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY, and a partition whose detaching is pending. The INTENT
//! of such a statement has a line of its own, a *mark*, by which is told afterwards what is of it and what was there
//! before.

use super::alone::UNBOUNDED;
use super::connect::Settings;
use super::evidence::{ABSENT, always_quoted, quoted};
use super::index;
use super::journalled::{PG, ask};
use super::quote::literal;
use super::resume::Weighed;
use super::session::PostgresSession;
use super::statement::outside;
use super::wire::{Answer, WireError};
use super::{error, evidence};
use crate::journal::progress::Effect;
use crate::stop::Failure;
use crate::{ObjectRef, TargetError, Tell};
use migrated_core::dialect::classify;

/// What has to be put right before a revision goes on.
pub(super) enum Leftover {
    /// Invalid indexes, to be dropped: their names, quoted.
    Indexes(Vec<String>),
    /// A partition, its name quoted, whose detaching is to be finished.
    Detach(String),
}

/// The index that CREATE INDEX CONCURRENTLY makes without naming it, among those of this table.
const INDEXES: &str = "indexes";
/// Transient indexes of REINDEX CONCURRENTLY, in this table, of this index's table, in this schema, in this database.
const TRANSIENT: &str = "transient";
/// Whether this table is attached as a partition.
const PARTITION: &str = "partition";

/// Kind and name of a statement's marks.
pub(super) fn marks(text: &str, objects: &[ObjectRef]) -> Vec<(String, String)> {
    let class = classify(PG, text);
    let scope = |object: &ObjectRef| format!("{} {}", object.kind.as_str(), quoted(object));
    let mark = match class.label {
        "CREATE INDEX CONCURRENTLY" => match class.concurrent_index {
            Some(made) if made.index.is_none() => Some((INDEXES, quoted(&made.table))),
            _ => None,
        },
        // Of REINDEX DATABASE the name may be left out.
        "REINDEX CONCURRENTLY" => {
            Some((TRANSIENT, objects.first().map_or_else(|| "database \"\"".to_owned(), scope)))
        }
        DETACH => objects.get(1).map(|partition| (PARTITION, quoted(partition))),
        _ => None,
    };
    mark.into_iter().map(|(kind, name)| (kind.to_owned(), name)).collect()
}

const DETACH: &str = "ALTER TABLE … DETACH PARTITION … CONCURRENTLY";

/// A SQL expression for what a mark stands at now; `None` where `kind` is none of a mark.
pub(super) fn mark(kind: &str, name: &str) -> Option<String> {
    let of = literal(name);
    Some(match kind {
        INDEXES => format!(
            "(SELECT pg_catalog.string_agg(x.indexrelid::text,' ' ORDER BY x.indexrelid) \
             FROM pg_catalog.pg_index x WHERE x.indrelid=pg_catalog.to_regclass({of}))"
        ),
        TRANSIENT => format!(
            "(WITH named(oid) AS ({}),tables(oid) AS (SELECT n.oid FROM named n UNION \
             SELECT p.relid::oid FROM named n,pg_catalog.pg_partition_tree(n.oid::pg_catalog.regclass) p) \
             SELECT pg_catalog.string_agg(x.indexrelid::text,' ' ORDER BY x.indexrelid) \
             FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid=x.indexrelid \
             WHERE NOT x.indisvalid AND c.relname~'_cc(new|old)[0-9]*$' AND x.indrelid IN \
             (SELECT t.oid FROM tables t UNION ALL SELECT k.reltoastrelid FROM pg_catalog.pg_class k \
             JOIN tables t ON t.oid=k.oid))",
            tables_of(name)
        ),
        // The column came with version 14.
        PARTITION => format!(
            "(SELECT CASE WHEN (pg_catalog.to_jsonb(h)->>'inhdetachpending')::boolean THEN '{PENDING}' \
             ELSE '{ATTACHED}' END FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid=h.inhrelid \
             WHERE c.relispartition AND c.oid=pg_catalog.to_regclass({of}))"
        ),
        _ => return None,
    })
}

const ATTACHED: &str = "attached";
const PENDING: &str = "pending";

/// The query for the tables that `kind "name"` stands for.
fn tables_of(scope: &str) -> String {
    let (kind, name) = scope.split_once(' ').unwrap_or(("database", ""));
    let name = literal(name);
    match kind {
        "index" => format!(
            "SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid=pg_catalog.to_regclass({name})"
        ),
        "table" => format!("SELECT pg_catalog.to_regclass({name})::oid"),
        "schema" => format!(
            "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace \
             WHERE c.relkind IN ('r','m','p') AND {}={name}",
            always_quoted("n.nspname")
        ),
        _ => "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind IN ('r','m','p')".to_owned(),
    }
}

/// What the marks of a statement tell, which stood at `before` when it was sent; `None` where it has none.
pub(super) async fn weigh(
    session: &mut PostgresSession,
    before: &str,
    now: &str,
) -> Result<Option<Weighed>, TargetError> {
    let Some((kind, name, was)) = before.lines().find_map(marked) else { return Ok(None) };
    let is = now.lines().filter_map(marked).find(|(other, ..)| *other == kind).map_or(ABSENT, |(.., is)| is);
    if kind == PARTITION {
        return Ok(Some(of_partition(name, was, is)));
    }
    let old: Vec<&str> = was.split(' ').collect();
    let new: Vec<&str> = is.split(' ').filter(|oid| *oid != ABSENT && !old.contains(oid)).collect();
    let found = look(session, &new).await?;
    let names = || found.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    Ok(Some(match (kind, found.as_slice()) {
        (TRANSIENT, []) => Weighed::of(Effect::None("REINDEX CONCURRENTLY may run twice".into())),
        (TRANSIENT, _) => Weighed {
            effect: Effect::None(format!(
                "REINDEX CONCURRENTLY left {} behind: dropped, and it runs again",
                names().join(", ")
            )),
            leftover: Some(Leftover::Indexes(names())),
        },
        (_, []) => Weighed::of(Effect::None(format!("{name} got no new index"))),
        (_, [(index, true)]) => Weighed::of(Effect::Done(format!("index {index} is complete: adopted"))),
        (_, [(index, false)]) => Weighed {
            effect: Effect::None(format!("index {index} was left invalid: dropped, to be built again")),
            leftover: Some(Leftover::Indexes(names())),
        },
        (_, _) => Weighed::of(Effect::Undecided(format!(
            "{name} got several indexes since, {}: which is the statement's nothing tells",
            names().join(", ")
        ))),
    }))
}

fn of_partition(name: &str, was: &str, is: &str) -> Weighed {
    match (was, is) {
        (ATTACHED, PENDING) => Weighed {
            effect: Effect::Done(format!("the detaching of {name} is pending: ended with FINALIZE")),
            leftover: Some(Leftover::Detach(name.to_owned())),
        },
        (ATTACHED | PENDING, ABSENT) => Weighed::of(Effect::Done(format!("{name} is detached"))),
        (_, ABSENT) => Weighed::of(Effect::None(format!("{name} is no partition, and was none"))),
        _ => Weighed::of(Effect::None(format!("{name} is {is} as before"))),
    }
}

/// Kind, name and value of a line of definitions that is a mark.
fn marked(line: &str) -> Option<(&str, &str, &str)> {
    let (named, value) = line.rsplit_once(" = ")?;
    let (kind, name) = named.split_once(' ')?;
    [INDEXES, TRANSIENT, PARTITION].contains(&kind).then_some((kind, name, value))
}

/// Names, quoted, of indexes, and whether they are of use.
async fn look(session: &mut PostgresSession, oids: &[&str]) -> Result<Vec<(String, bool)>, TargetError> {
    // They come from the journal, where anybody may have written.
    if oids.is_empty() || !oids.iter().all(|oid| oid.bytes().all(|b| b.is_ascii_digit())) {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT pg_catalog.format('%I.%I',n.nspname,c.relname),x.indisvalid AND x.indisready \
         FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid=x.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace WHERE x.indexrelid IN ({}) ORDER BY c.oid",
        oids.join(",")
    );
    let answers = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers,
        Err((_, e)) => return Err(error::outside(&e, "looking for indexes")),
    };
    let rows = answers.last().map(|answer| answer.rows.as_slice()).unwrap_or_default();
    let cell = |row: &tokio_postgres::SimpleQueryRow, at| row.get(at).unwrap_or_default().to_owned();
    Ok(rows.iter().map(|row| (cell(row, 0), cell(row, 1) == "t")).collect())
}

/// Puts right what was left, before statement `number` is gone on with. Waits without bound but that of the run, as
/// CONCURRENTLY does, and is watched as that statement is.
pub(super) async fn clear(
    session: &mut PostgresSession,
    leftover: &Leftover,
    number: u32,
    tell: &dyn Tell,
) -> Result<(), Failure> {
    tell.statement_started(number);
    ask(session, &UNBOUNDED[1..], "lifting the timeouts").await?;
    let cleared = put_right(session, leftover).await;
    let settings = session.target.settings(&session.version, Settings::Work);
    if !cleared.as_ref().is_err_and(|(e, _)| e.is_fatal()) {
        ask(session, &settings, "putting the timeouts back").await?;
    }
    cleared.map_err(|(e, doing)| outside(&e, &doing).into())
}

/// Does it, under whatever timeouts there are.
pub(super) async fn put_right(
    session: &mut PostgresSession,
    leftover: &Leftover,
) -> Result<(), (WireError, String)> {
    match leftover {
        Leftover::Indexes(names) => {
            for name in names {
                let dropped = index::drop_invalid(session, name).await;
                dropped.map_err(|e| (e, format!("dropping the invalid index {name}")))?;
            }
        }
        Leftover::Detach(name) => {
            let doing = || format!("ending the detaching of {name}");
            let text = format!(
                "SELECT pg_catalog.format('ALTER TABLE %s DETACH PARTITION %s FINALIZE',\
                 h.inhparent::pg_catalog.regclass,h.inhrelid::pg_catalog.regclass) \
                 FROM pg_catalog.pg_inherits h WHERE h.inhrelid=pg_catalog.to_regclass({})",
                literal(name)
            );
            let answers = session.wire.query(&text, &mut |_| {}).await.map_err(|(_, e)| (e, doing()))?;
            let finalize = answers.last().unwrap_or(&Answer::default()).first(0).map(str::to_owned);
            if let Some(finalize) = finalize {
                session.wire.execute(&finalize, &mut |_| {}).await.map_err(|e| (e, doing()))?;
            }
        }
    }
    Ok(())
}

/// What is left by a statement with marks that failed, while its session is there.
pub(super) async fn of_failed(
    session: &mut PostgresSession,
    before: &str,
) -> Result<Option<Weighed>, TargetError> {
    let now = evidence::same_objects(session, before).await?;
    weigh(session, before, &now).await
}
