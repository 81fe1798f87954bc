//! Tables ("CREATE TABLE Statement", "ALTER TABLE Statement").

use super::{column, constraint, index, name, qualified, routine, text, unsupported};
use crate::operation::{AlterTableOptions, CreateTable, DropTable, OperationError, Server};
use crate::schema::{Partition, RowSecurity, Table, TableOptions};

/// Element of a table that the model keeps among its options.
const PERIOD: &str = "PERIOD FOR ";
/// Option of a system-versioned table (MariaDB).
const VERSIONED: &str = "WITH SYSTEM VERSIONING";

pub(super) fn create(create: &CreateTable, server: &Server) -> Result<Vec<String>, OperationError> {
    let table = &create.table;
    supported(&table.options, server)?;
    if !table.policies.is_empty() || table.row_security != RowSecurity::default() {
        return Err(unsupported(server, "decide on rows by policies", ""));
    }
    let condition = if create.if_not_exists { "IF NOT EXISTS " } else { "" };
    let mut statements = vec![format!(
        "CREATE TABLE {condition}{} (\n  {}\n){}",
        qualified(&table.name),
        elements(table, server)?.join(",\n  "),
        options(table)
    )];
    for trigger in &table.triggers {
        statements.extend(routine::trigger(trigger));
    }
    Ok(statements)
}

fn elements(table: &Table, server: &Server) -> Result<Vec<String>, OperationError> {
    let mut elements = Vec::new();
    for column in &table.columns {
        elements.push(column::definition(column, server)?);
    }
    elements.extend(table.options.verbatim.iter().filter(|text| text.starts_with(PERIOD)).cloned());
    let (keys, others): (Vec<_>, Vec<_>) =
        table.constraints().partition(|c| matches!(c, crate::schema::Constraint::PrimaryKey(_)));
    for key in &keys {
        elements.push(constraint::element(key, server)?);
    }
    for index in &table.indexes {
        elements.push(index::element(index, server)?);
    }
    for other in &others {
        elements.push(constraint::element(other, server)?);
    }
    Ok(elements)
}

fn options(table: &Table) -> String {
    let mut words = Vec::new();
    let options = &table.options;
    words.extend(options.engine.as_ref().map(|engine| format!("ENGINE={engine}")));
    words.extend(options.charset.as_ref().map(|charset| format!("DEFAULT CHARSET={charset}")));
    words.extend(options.collation.as_ref().map(|collation| format!("COLLATE={collation}")));
    let plain = |text: &&String| !text.starts_with(PERIOD) && *text != VERSIONED;
    words.extend(options.verbatim.iter().filter(plain).cloned());
    words.extend(table.comment.as_ref().map(|comment| format!("COMMENT={}", text(comment))));
    words.extend(options.verbatim.iter().filter(|text| *text == VERSIONED).cloned());
    let mut out: String = words.iter().map(|word| format!(" {word}")).collect();
    if let Some(Partition::By(by)) = &options.partition {
        out.push_str(&format!("\nPARTITION BY {by}"));
    }
    out
}

fn supported(options: &TableOptions, server: &Server) -> Result<(), OperationError> {
    let theirs = options.unlogged
        || !options.with.is_empty()
        || options.tablespace.is_some()
        || options.access_method.is_some()
        || options.replica_identity.is_some()
        || !options.inherits.is_empty()
        || matches!(options.partition, Some(Partition::Of { .. }));
    if theirs {
        let what = "make a table UNLOGGED, of a tablespace, with storage parameters, or of a parent";
        return Err(unsupported(server, what, "these are PostgreSQL's"));
    }
    if options.without_rowid || options.strict || options.virtual_table.is_some() {
        let what = "make a table WITHOUT ROWID, STRICT or virtual";
        return Err(unsupported(server, what, "these are SQLite's"));
    }
    Ok(())
}

pub(super) fn drop(drop: &DropTable) -> String {
    let condition = if drop.if_exists { "IF EXISTS " } else { "" };
    format!("DROP TABLE {condition}{}", qualified(&drop.table.name))
}

/// Columns are not converted: where one is to follow the table to another character set, it is altered itself.
pub(super) fn alter(alter: &AlterTableOptions, server: &Server) -> Result<Vec<String>, OperationError> {
    let (from, to) = (&alter.from, &alter.to);
    supported(to, server)?;
    let mut actions = Vec::new();
    if from.engine != to.engine {
        actions.extend(to.engine.as_ref().map(|engine| format!("ENGINE = {engine}")));
    }
    if (&from.charset, &from.collation) != (&to.charset, &to.collation) {
        let charset = to.charset.as_ref().map(|charset| format!("DEFAULT CHARACTER SET = {charset}"));
        let collation = to.collation.as_ref().map(|collation| format!("COLLATE = {collation}"));
        let both: Vec<String> = charset.into_iter().chain(collation).collect();
        if !both.is_empty() {
            actions.push(both.join(" "));
        }
    }
    let of = |option: &str| option.split('=').next().unwrap_or_default().to_owned();
    for gone in from.verbatim.iter().filter(|option| !to.verbatim.contains(option)) {
        if !to.verbatim.iter().any(|other| of(other) == of(gone)) {
            actions.push(without(gone));
        }
    }
    for added in to.verbatim.iter().filter(|option| !from.verbatim.contains(option)) {
        actions.push(match added.as_str() {
            VERSIONED => "ADD SYSTEM VERSIONING".into(),
            period if period.starts_with(PERIOD) => format!("ADD {period}"),
            option => option.to_owned(),
        });
    }
    let table = qualified(&alter.table);
    let mut statements = Vec::new();
    if !actions.is_empty() {
        statements.push(format!("ALTER TABLE {table} {}", actions.join(", ")));
    }
    if from.partition != to.partition {
        statements.push(match &to.partition {
            Some(Partition::By(by)) => format!("ALTER TABLE {table} PARTITION BY {by}"),
            _ => format!("ALTER TABLE {table} REMOVE PARTITIONING"),
        });
    }
    Ok(statements)
}

/// What takes an option away.
fn without(option: &str) -> String {
    if option == VERSIONED {
        return "DROP SYSTEM VERSIONING".into();
    }
    if let Some(period) = option.strip_prefix(PERIOD) {
        let called = period.split(" (").next().unwrap_or_default().trim_matches('`');
        return format!("DROP PERIOD FOR {}", name(called));
    }
    let word = option.split('=').next().unwrap_or_default();
    let zero = [
        "KEY_BLOCK_SIZE",
        "MAX_ROWS",
        "MIN_ROWS",
        "AVG_ROW_LENGTH",
        "CHECKSUM",
        "PAGE_CHECKSUM",
        "DELAY_KEY_WRITE",
    ];
    if zero.contains(&word) { format!("{word}=0") } else { format!("{word}=DEFAULT") }
}
