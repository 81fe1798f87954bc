//! L006 and L007: what rewrites a table, and what locks others out for long. On PostgreSQL most of it is squawk's.

use super::Found;
use super::clause::{alters, of_column};
use super::section::{Read, Sentence, contains, starts};
use crate::DialectName;
use crate::dialect::SqlWord;

/// Finds what takes as long as a table is large.
pub(super) fn look(read: &Read<'_>, findings: &mut Vec<Found>) {
    for (i, sentence) in read.each() {
        if let Some((code, message, safer)) = statement(read.dialect, sentence) {
            findings.push(read.found(i, 0, code, message, safer));
        }
    }
    for alter in alters(read) {
        let promised = alter.clauses.iter().any(|clause| promises(clause));
        for clause in &alter.clauses {
            let at = clause.first().map_or(0, |word| word.start);
            let table = alter.table;
            if rewrites(read.dialect, clause) && !promised {
                let message = match read.dialect {
                    DialectName::Mysql => {
                        format!("{table} may be copied row by row, while nobody writes to it")
                    }
                    _ => format!("{table} is copied row by row, while nobody uses it"),
                };
                findings.push(read.found(alter.statement, at, "L006", message, rewrite_safer(read.dialect)));
            }
            if read.dialect == DialectName::Mysql && locks(clause) {
                let message = format!("writes to {table} wait until it is done");
                let safer = "leave LOCK to the server, or say `LOCK=NONE` to be refused where that cannot be";
                findings.push(read.found(alter.statement, at, "L007", message, safer));
            }
        }
    }
}

fn rewrite_safer(dialect: DialectName) -> &'static str {
    match dialect {
        DialectName::Mysql => {
            "add `ALGORITHM=INSTANT` or `ALGORITHM=INPLACE, LOCK=NONE`, to be refused where it would be copied; large \
             tables are better changed by gh-ost or pt-online-schema-change"
        }
        _ => "plan it for a time with few users; test how long it takes on a copy of the data",
    }
}

fn statement(dialect: DialectName, sentence: &Sentence<'_>) -> Option<(&'static str, String, &'static str)> {
    const QUIET: &str = "plan it for a time with few users, outside of revisions";
    let locked = |what: &str, safer| Some(("L007", what.to_owned(), safer));
    let table = || sentence.class.objects.first().map_or("a table", |object| object.name.as_str());
    match dialect {
        DialectName::Postgres if sentence.begins(&["LOCK"]) => locked(
            "the table is locked until the revision's COMMIT",
            "let the statements take their own locks",
        ),
        DialectName::Postgres
            if sentence.begins(&["REFRESH", "MATERIALIZED", "VIEW"]) && !sentence.has("CONCURRENTLY") =>
        {
            let safer = "say CONCURRENTLY, which wants a unique index on the view";
            locked("nobody reads the view until it is refreshed", safer)
        }
        DialectName::Postgres
            if sentence.begins(&["VACUUM"]) && sentence.has("FULL") || sentence.begins(&["CLUSTER"]) =>
        {
            let safer = "use pg_repack, or REPACK (CONCURRENTLY) from PostgreSQL 19 on, outside of revisions";
            Some(("L006", "the table is copied row by row, while nobody uses it".into(), safer))
        }
        DialectName::Mysql if sentence.begins(&["OPTIMIZE"]) => {
            Some(("L006", "the table is copied row by row".into(), QUIET))
        }
        DialectName::Mysql if sentence.begins(&["LOCK"]) => {
            locked("the tables are locked until UNLOCK TABLES", "let the statements take their own locks")
        }
        DialectName::Mysql
            if sentence.begins(&["CREATE", "FULLTEXT"]) || sentence.begins(&["CREATE", "SPATIAL"]) =>
        {
            let safer =
                "plan it for a time with few writes: the server cannot build such an index beside them";
            Some(("L007", format!("writes wait until index {} is built", table()), safer))
        }
        DialectName::Sqlite if sentence.begins(&["VACUUM"]) => {
            Some(("L006", "the whole database is copied".into(), QUIET))
        }
        _ => None,
    }
}

/// Whether the server is told to refuse rather than to copy.
fn promises(clause: &[SqlWord<'_>]) -> bool {
    let value = clause.iter().filter(|word| !word.is("=")).nth(1);
    starts(clause, &["ALGORITHM"])
        && value.is_some_and(|word| ["INSTANT", "NOCOPY", "INPLACE"].iter().any(|how| word.is(how)))
}

fn rewrites(dialect: DialectName, clause: &[SqlWord<'_>]) -> bool {
    let begins = |keywords: &[&str]| starts(clause, keywords);
    match dialect {
        DialectName::Postgres => {
            let set =
                [&["SET", "LOGGED"][..], &["SET", "UNLOGGED"], &["SET", "TABLESPACE"], &["SET", "ACCESS"]];
            set.iter().any(|keywords| begins(keywords))
        }
        DialectName::Mysql => {
            let stored = of_column(clause, "ADD")
                .is_some_and(|rest| contains(rest, &["STORED"]) || contains(rest, &["PERSISTENT"]));
            let copy = begins(&["ALGORITHM"]) && contains(clause, &["COPY"]);
            let changed = of_column(clause, "MODIFY").is_some() || of_column(clause, "CHANGE").is_some();
            let others = [
                &["CONVERT", "TO"][..],
                &["ENGINE"],
                &["ROW_FORMAT"],
                &["FORCE"],
                &["ORDER", "BY"],
                &["DROP", "PRIMARY"],
                &["ADD", "PRIMARY"],
            ];
            stored || copy || changed || others.iter().any(|keywords| begins(keywords))
        }
        DialectName::Sqlite => false,
    }
}

/// Clauses of MySQL that keep writers out.
fn locks(clause: &[SqlWord<'_>]) -> bool {
    let told =
        starts(clause, &["LOCK"]) && (contains(clause, &["SHARED"]) || contains(clause, &["EXCLUSIVE"]));
    told || starts(clause, &["ADD", "FULLTEXT"]) || starts(clause, &["ADD", "SPATIAL"])
}
