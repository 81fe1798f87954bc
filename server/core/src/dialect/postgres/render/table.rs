//! Tables.

use super::comment::comment;
use super::{
    column, constraint, index, literal, options, parameters, policy, qualified, quote, trigger, unless,
};
use crate::diff::{Rules, diff};
use crate::operation::{CreateTable, OperationError, RebuildTable, RenameTable, Server};
use crate::schema::{Constraint, Partition, RowSecurity, Schema, Table};

pub(super) fn create(op: &CreateTable, server: &Server) -> Result<Vec<String>, OperationError> {
    let statements = statements(&op.table, server)?;
    if op.if_not_exists {
        let found = format!("to_regclass({})", literal(&qualified(&op.table.name)));
        return Ok(vec![unless(&found, &statements)]);
    }
    Ok(statements)
}

fn statements(table: &Table, server: &Server) -> Result<Vec<String>, OperationError> {
    // In CREATE TABLE, NOT VALID would be lost: the new table is empty, and so the constraint valid.
    let (inside, after): (Vec<_>, Vec<_>) = table.constraints().partition(|c| !constraint::is_not_valid(c));
    let mut statements = vec![definition(table, &inside, server)?];
    for column in &table.columns {
        statements.extend(column::extras(&table.name, column));
    }
    for constraint in &inside {
        statements.extend(constraint::comment_of(&table.name, constraint));
    }
    for constraint in &after {
        statements.extend(constraint::statements(&table.name, constraint, server)?);
    }
    if table.comment.is_some() {
        statements.push(comment(&format!("TABLE {}", qualified(&table.name)), table.comment.as_deref()));
    }
    for index in &table.indexes {
        statements.extend(index::statements(&table.name, index, server)?);
    }
    if let Some(identity) = &table.options.replica_identity {
        statements.push(format!("ALTER TABLE {} REPLICA IDENTITY {identity}", qualified(&table.name)));
    }
    for policy in &table.policies {
        statements.extend(policy::create(&table.name, policy));
    }
    statements.extend(policy::row_security(&table.name, RowSecurity::Disabled, table.row_security));
    for trigger in &table.triggers {
        statements.extend(trigger::create(&table.name, trigger));
    }
    Ok(statements)
}

fn definition(table: &Table, inside: &[Constraint], server: &Server) -> Result<String, OperationError> {
    let partition_of = matches!(table.options.partition, Some(Partition::Of { .. }));
    let mut parts = Vec::new();
    for column in &table.columns {
        parts.push(if partition_of {
            column::of_partition(column, server)?
        } else {
            column::definition(column, server)?
        });
    }
    for constraint in inside {
        parts.push(constraint::definition(constraint, server)?);
    }
    let unlogged = if table.options.unlogged { "UNLOGGED " } else { "" };
    let mut out = format!("CREATE {unlogged}TABLE {}", qualified(&table.name));
    if let Some(Partition::Of { parent, .. }) = &table.options.partition {
        out += &format!(" PARTITION OF {}", qualified(parent));
    }
    if !parts.is_empty() {
        out += &format!(" (\n    {}\n)", parts.join(",\n    "));
    } else if !partition_of {
        out += " ()";
    }
    out += &after_columns(table);
    Ok(out)
}

/// The clauses of CREATE TABLE behind the columns, in the manual's order.
fn after_columns(table: &Table) -> String {
    let options = &table.options;
    let mut out = String::new();
    if !options.inherits.is_empty() {
        let parents: Vec<_> = options.inherits.iter().map(qualified).collect();
        out += &format!(" INHERITS ({})", parents.join(", "));
    }
    match &options.partition {
        Some(Partition::Of { bound, .. }) => out += &format!(" {bound}"),
        Some(Partition::By(by)) => out += &format!(" PARTITION BY {by}"),
        None => {}
    }
    if let Some(method) = &options.access_method {
        out += &format!(" USING {}", quote(method));
    }
    if !options.with.is_empty() {
        out += &format!(" WITH ({})", parameters(&options.with));
    }
    if let Some(tablespace) = &options.tablespace {
        out += &format!(" TABLESPACE {}", quote(tablespace));
    }
    for clause in &options.verbatim {
        out += &format!(" {clause}");
    }
    out
}

/// In the new schema first, then under the new name.
pub(super) fn rename(op: &RenameTable) -> Vec<String> {
    let mut statements = Vec::new();
    let mut now = op.from.clone();
    if op.from.schema != op.to.schema {
        statements.push(options::set_schema("TABLE", &now, op.to.schema.as_deref()));
        now.schema.clone_from(&op.to.schema);
    }
    if op.from.name != op.to.name {
        statements.push(format!("ALTER TABLE {} RENAME TO {}", qualified(&now), quote(&op.to.name)));
    }
    statements
}

/// ALTER TABLE can do here what a rebuild does elsewhere: the differences are done one by one.
pub(super) fn rebuild(op: &RebuildTable, server: &Server) -> Result<Vec<String>, OperationError> {
    let holding = |table: &Table| {
        let mut schema = Schema::new(server.dialect);
        schema.tables.insert(table.clone());
        schema
    };
    let mut rules = Rules::default();
    if op.from.name != op.to.name {
        rules.renames.push((op.from.name.to_string(), op.to.name.to_string()));
    }
    rules
        .renames
        .extend(op.renamed.iter().map(|(old, new)| (format!("{}.{old}", op.from.name), new.clone())));
    let mut statements = Vec::new();
    for operation in &diff(&holding(&op.from), &holding(&op.to), &rules).operations {
        statements.extend(operation.render(server)?);
    }
    Ok(statements)
}
