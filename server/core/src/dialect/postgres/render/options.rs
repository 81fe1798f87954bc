//! What a table's definition says beside columns and constraints, changed.

use super::{block, literal, parameter, parameters, qualified, quote, since, unsupported};
use crate::operation::{AlterTableOptions, OperationError, Server};
use crate::schema::{Name, Partition};
use std::collections::BTreeMap;

pub(super) fn alter(op: &AlterTableOptions, server: &Server) -> Result<Vec<String>, OperationError> {
    let (from, to) = (&op.from, &op.to);
    let table = qualified(&op.table);
    if from.verbatim != to.verbatim {
        let written = to.verbatim.join(" ");
        return Err(unsupported(
            format!("give table {} the options `{written}`", op.table),
            "write the SQL with `execute`",
        ));
    }
    let mut statements = partition(op)?;
    let mut alter = |action: String| statements.push(format!("ALTER TABLE {table} {action}"));
    for parent in from.inherits.iter().filter(|parent| !to.inherits.contains(parent)) {
        alter(format!("NO INHERIT {}", qualified(parent)));
    }
    for parent in to.inherits.iter().filter(|parent| !from.inherits.contains(parent)) {
        alter(format!("INHERIT {}", qualified(parent)));
    }
    if from.access_method != to.access_method {
        since(server, 15, "change a table's access method")?;
        alter(format!("SET ACCESS METHOD {}", quote(to.access_method.as_deref().unwrap_or("heap"))));
    }
    if from.tablespace != to.tablespace {
        alter(format!("SET TABLESPACE {}", quote(to.tablespace.as_deref().unwrap_or("pg_default"))));
    }
    if from.unlogged != to.unlogged {
        alter(if to.unlogged { "SET UNLOGGED" } else { "SET LOGGED" }.into());
    }
    for action in storage(&from.with, &to.with) {
        alter(action);
    }
    if from.replica_identity != to.replica_identity {
        alter(format!("REPLICA IDENTITY {}", to.replica_identity.as_deref().unwrap_or("DEFAULT")));
    }
    Ok(statements)
}

/// SET and RESET of parameters.
pub(super) fn storage(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> Vec<String> {
    let mut actions = Vec::new();
    let gone: Vec<_> = from.keys().filter(|key| !to.contains_key(*key)).map(|key| parameter(key)).collect();
    if !gone.is_empty() {
        actions.push(format!("RESET ({})", gone.join(", ")));
    }
    let set: Vec<_> = to.iter().filter(|(key, value)| from.get(*key) != Some(value)).collect();
    if !set.is_empty() {
        actions.push(format!("SET ({})", parameters(set)));
    }
    actions
}

fn partition(op: &AlterTableOptions) -> Result<Vec<String>, OperationError> {
    let table = qualified(&op.table);
    let (from, to) = (&op.from.partition, &op.to.partition);
    if from == to {
        return Ok(Vec::new());
    }
    if matches!(from, Some(Partition::By(_))) || matches!(to, Some(Partition::By(_))) {
        return Err(unsupported(
            format!("change how table {} is partitioned", op.table),
            "make a new table, copy the rows and rename it",
        ));
    }
    let mut statements = Vec::new();
    if let Some(Partition::Of { parent, .. }) = from {
        statements.push(format!("ALTER TABLE {} DETACH PARTITION {table}", qualified(parent)));
    }
    if let Some(Partition::Of { parent, bound }) = to {
        statements.push(format!("ALTER TABLE {} ATTACH PARTITION {table} {bound}", qualified(parent)));
    }
    Ok(statements)
}

/// Puts an object in another schema.
pub(super) fn set_schema(kind: &str, name: &Name, schema: Option<&str>) -> String {
    set_schema_of(kind, &qualified(name), schema)
}

/// The same, for a name that is SQL already. `None` is the schema that the session works in.
pub(super) fn set_schema_of(kind: &str, name: &str, schema: Option<&str>) -> String {
    match schema {
        Some(schema) => format!("ALTER {kind} {name} SET SCHEMA {}", quote(schema)),
        None => {
            let template = literal(&format!("ALTER {kind} {} SET SCHEMA %I", name.replace('%', "%%")));
            block(&format!("    EXECUTE format({template}, current_schema());\n"))
        }
    }
}
