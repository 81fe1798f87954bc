//! Where the target stands: one connection, two round trips, no lock, no change.

use super::connect::{Connected, Settings, VersionPlace};
use super::quote::{literal, qualified};
use super::wire::Answer;
use super::{PostgresTarget, error, version_table};
use crate::standing::no_schema;
use crate::{Standing, TargetError, VersionColumn, journal};
use migrated_core::{Code, DialectName};

pub(super) async fn read(target: &PostgresTarget) -> Result<Standing, TargetError> {
    let mut connected = target.connected("", Settings::Work).await?;
    let standing = look(target, &mut connected).await;
    connected.wire.close().await;
    standing
}

async fn look(target: &PostgresTarget, connected: &mut Connected) -> Result<Standing, TargetError> {
    let place = &connected.place;
    let mut text = format!(
        "{};{};{}",
        catalog(place),
        journal_exists(place),
        if place.exists { version_table::select(place) } else { "SELECT NULL WHERE false".into() }
    );
    // Under repeatable read all of it would be one picture; without a lock it is stale anyway once it is read.
    text.push(';');
    let mut answers = match connected.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers,
        // The answers before the failure tell why there is no such column.
        Err((before, e)) if e.db().is_some_and(|db| db.code().code() == "42703") => {
            column(place, before.first().unwrap_or(&Answer::default()))?;
            return Err(error::outside(&e, "reading the version table"));
        }
        Err((_, e)) => return Err(error::outside(&e, "reading the version table")),
    };
    let (Some(rows), Some(journal_found), Some(catalog)) = (answers.pop(), answers.pop(), answers.pop())
    else {
        return Err(TargetError::new(Code::Internal, "the server answered less than it was asked"));
    };
    let place = &connected.place;
    let journal = if journal_found.first(0) == Some("t") {
        let text = journal::select(DialectName::Postgres, &journal_table(place), &place.name);
        match connected.wire.query(&text, &mut |_| {}).await {
            Ok(answers) => journal_rows(&answers.into_iter().next_back().unwrap_or_default())?,
            // A run that ended meanwhile has dropped it.
            Err((_, e)) if e.db().is_some_and(|db| db.code().code() == "42P01") => Vec::new(),
            Err((_, e)) => {
                let doing = format!("reading where {} stands", connected.place.qualified());
                return Err(error::outside(&e, &doing));
            }
        }
    } else {
        Vec::new()
    };
    let place = &connected.place;
    Ok(Standing {
        server: format!("PostgreSQL {}", connected.version.text),
        column: if place.exists { Some(column(place, &catalog)?) } else { None },
        rows: place.exists.then(|| version_table::rows(Some(&rows))),
        journal,
        missing_rights: missing_rights(target, place, &catalog),
        lock_table_size: catalog.first(LOCKS).and_then(|n| n.parse().ok()),
    })
}

/// The rows of a journal's answer.
pub(super) fn journal_rows(answer: &Answer) -> Result<Vec<crate::JournalRow>, TargetError> {
    answer.rows.iter().map(|row| journal::read(|index| row.get(index))).collect()
}

/// The journal's table: in the version table's schema.
pub(super) fn journal_table(place: &VersionPlace) -> String {
    qualified(&place.schema, journal::TABLE)
}

/// A query that tells whether there is a journal.
pub(super) fn journal_exists(place: &VersionPlace) -> String {
    format!("SELECT pg_catalog.to_regclass({}) IS NOT NULL", literal(&journal_table(place)))
}

// Columns of [`catalog`].
const SCHEMA_THERE: usize = 0;
const SCHEMA_CREATE: usize = 1;
const KIND: usize = 2;
const TYPE: usize = 3;
const LENGTH: usize = 4;
const DETERMINISTIC: usize = 5;
const OTHERS: usize = 6;
const RIGHTS: usize = 7;
const READ_ONLY: usize = 8;
const LOCKS: usize = 9;
const ROLE: usize = 10;
const WORK_SCHEMA_CREATE: usize = 11;

/// Everything that the catalog knows, in one row. `version_num`'s length is the type modifier without its
/// header of four bytes; other columns matter where an INSERT would have to fill them.
fn catalog(place: &VersionPlace) -> String {
    format!(
        "SELECT n.oid IS NOT NULL,pg_catalog.has_schema_privilege(n.oid,'CREATE'),c.relkind,t.typname,\
         CASE WHEN t.typname IN ('varchar','bpchar') AND a.atttypmod>4 THEN a.atttypmod-4 END,\
         coalesce(l.collisdeterministic,true),\
         (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute o WHERE o.attrelid=c.oid AND o.attnum>0 \
         AND NOT o.attisdropped AND o.attname<>'version_num' AND o.attnotnull AND NOT o.atthasdef \
         AND o.attidentity=''),\
         pg_catalog.concat_ws(', ',\
         CASE WHEN NOT pg_catalog.has_table_privilege(c.oid,'SELECT') THEN 'SELECT' END,\
         CASE WHEN NOT pg_catalog.has_table_privilege(c.oid,'INSERT') THEN 'INSERT' END,\
         CASE WHEN NOT pg_catalog.has_table_privilege(c.oid,'UPDATE') THEN 'UPDATE' END,\
         CASE WHEN NOT pg_catalog.has_table_privilege(c.oid,'DELETE') THEN 'DELETE' END),\
         CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'standby' \
         WHEN pg_catalog.current_setting('default_transaction_read_only')='on' THEN 'setting' END,\
         pg_catalog.current_setting('max_locks_per_transaction')::bigint*\
         (pg_catalog.current_setting('max_connections')::bigint\
         +pg_catalog.current_setting('max_prepared_transactions')::bigint),\
         current_user,\
         (SELECT pg_catalog.has_schema_privilege(w.oid,'CREATE') FROM pg_catalog.pg_namespace w \
         WHERE w.nspname=pg_catalog.current_schema()) \
         FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname={} \
         LEFT JOIN pg_catalog.pg_class c ON c.relnamespace=n.oid AND c.relname={} \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid=c.oid AND a.attname='version_num' \
         AND NOT a.attisdropped \
         LEFT JOIN pg_catalog.pg_type t ON t.oid=a.atttypid \
         LEFT JOIN pg_catalog.pg_collation l ON l.oid=a.attcollation",
        literal(&place.schema),
        literal(&place.name)
    )
}

fn column(place: &VersionPlace, catalog: &Answer) -> Result<VersionColumn, TargetError> {
    let shape = |why: String| {
        TargetError::new(
            Code::VersionTableShape,
            format!("{} is not a version table: {why}", place.qualified()),
        )
        .help("a version table has one column, version_num, of a character type; name another table?")
    };
    if !matches!(catalog.first(KIND), Some("r" | "p" | "f")) {
        return Err(shape("it is no table".into()));
    }
    let Some(kind) = catalog.first(TYPE) else {
        return Err(shape("it has no column version_num".into()));
    };
    if !matches!(kind, "varchar" | "text" | "bpchar" | "citext") {
        return Err(shape(format!("version_num is of type {kind}")));
    }
    if catalog.first(OTHERS) != Some("0") {
        return Err(shape("it has other columns that must be filled".into()));
    }
    Ok(VersionColumn {
        max_chars: catalog.first(LENGTH).and_then(|n| n.parse().ok()),
        // A nondeterministic collation may take ids for one that differ; case is what ids differ in.
        case_insensitive: kind == "citext" || catalog.first(DETERMINISTIC) == Some("f"),
        pads: kind == "bpchar",
    })
}

fn missing_rights(target: &PostgresTarget, place: &VersionPlace, catalog: &Answer) -> Vec<String> {
    let mut missing = Vec::new();
    let role = catalog.first(ROLE).unwrap_or_default();
    if catalog.first(SCHEMA_THERE) != Some("t") {
        missing.push(no_schema(&place.schema));
        return missing;
    }
    if !place.exists && catalog.first(SCHEMA_CREATE) != Some("t") {
        missing
            .push(format!("role {role} may not create the version table: CREATE on schema {}", place.schema));
    }
    if let Some(rights) = catalog.first(RIGHTS).filter(|r| place.exists && !r.is_empty()) {
        missing.push(format!("role {role} lacks {rights} on {}", place.qualified()));
    }
    match catalog.first(WORK_SCHEMA_CREATE) {
        Some("t") => {}
        Some(_) => missing.push(format!("role {role} may not create objects: CREATE on the default schema")),
        None => match &target.spec.schema {
            Some(schema) => {
                missing.push(format!("schema {schema} does not exist or may not be used by {role}"))
            }
            None => missing.push(format!("no schema of the search path exists or may be used by {role}")),
        },
    }
    match catalog.first(READ_ONLY) {
        Some("standby") => missing.push("the server is a standby: it takes no writes".into()),
        Some(_) => missing.push(format!("default_transaction_read_only is on for role {role}")),
        None => {}
    }
    missing
}
