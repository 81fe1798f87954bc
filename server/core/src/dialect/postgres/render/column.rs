//! Columns as they stand in CREATE TABLE and ADD COLUMN.

use super::comment::comment;
use super::expression::expression;
use super::{literal, qualified, quote, sequence, since, unsupported};
use crate::operation::{AddColumn, DropColumn, OperationError, Server};
use crate::schema::{Column, Computed, ComputedKind, DefaultValue, Identity, LiteralValue, Name};

pub(super) fn add(op: &AddColumn, server: &Server) -> Result<Vec<String>, OperationError> {
    let table = qualified(&op.table);
    let guard = if op.if_not_exists { "IF NOT EXISTS " } else { "" };
    let definition = definition(&op.column, server)?;
    let mut statements = vec![format!("ALTER TABLE {table} ADD COLUMN {guard}{definition}")];
    statements.extend(extras(&op.table, &op.column));
    Ok(statements)
}

pub(super) fn drop(op: &DropColumn) -> Vec<String> {
    let guard = if op.if_exists { "IF EXISTS " } else { "" };
    vec![format!("ALTER TABLE {} DROP COLUMN {guard}{}", qualified(&op.table), quote(&op.column.name))]
}

/// A column with all that can stand in its definition.
pub(super) fn definition(column: &Column, server: &Server) -> Result<String, OperationError> {
    let mut out = format!("{} {}", quote(&column.name), column.data_type);
    if let Some(compression) = &column.compression {
        since(server, 14, "set a column's compression")?;
        out += &format!(" COMPRESSION {compression}");
    }
    if let Some(collation) = &column.collation {
        out += &format!(" COLLATE {collation}");
    }
    out += &constraints(column, server)?;
    Ok(out)
}

/// A column of a partition, whose type is its parent's.
pub(super) fn of_partition(column: &Column, server: &Server) -> Result<String, OperationError> {
    Ok(format!("{}{}", quote(&column.name), constraints(column, server)?))
}

/// What follows the type.
fn constraints(column: &Column, server: &Server) -> Result<String, OperationError> {
    let mut out = String::new();
    if let Some(value) = &column.default {
        out += &format!(" DEFAULT {}", default(value));
    }
    if let Some(computed) = &column.computed {
        out += &format!(" {}", generated(computed, server)?);
    }
    if let Some(identity) = &column.identity {
        out += &format!(" {}", as_identity(identity));
    }
    if !column.nullable {
        out += " NOT NULL";
    }
    for clause in &column.verbatim {
        out += &format!(" {clause}");
    }
    Ok(out)
}

/// What has to be said of a column after it was made.
pub(super) fn extras(table: &Name, column: &Column) -> Vec<String> {
    let name = quote(&column.name);
    let mut actions = Vec::new();
    if let Some(storage) = &column.storage {
        actions.push(format!("ALTER COLUMN {name} SET STORAGE {storage}"));
    }
    if let Some(statistics) = column.statistics {
        actions.push(format!("ALTER COLUMN {name} SET STATISTICS {statistics}"));
    }
    let mut statements = Vec::new();
    if !actions.is_empty() {
        statements.push(format!("ALTER TABLE {} {}", qualified(table), actions.join(", ")));
    }
    if column.comment.is_some() {
        statements.push(comment(&on(table, column), column.comment.as_deref()));
    }
    statements
}

/// How COMMENT calls a column.
pub(super) fn on(table: &Name, column: &Column) -> String {
    format!("COLUMN {}.{}", qualified(table), quote(&column.name))
}

pub(super) fn default(value: &DefaultValue) -> String {
    match value {
        DefaultValue::Sql(sql) => sql.clone(),
        DefaultValue::Literal { literal } => value_text(literal),
    }
}

pub(super) fn value_text(value: &LiteralValue) -> String {
    match value {
        LiteralValue::Bool(value) => value.to_string(),
        LiteralValue::Int(value) => value.to_string(),
        LiteralValue::Text(value) => literal(value),
    }
}

pub(super) fn as_identity(identity: &Identity) -> String {
    let when = if identity.always { "ALWAYS" } else { "BY DEFAULT" };
    let options = sequence::options(&identity.options);
    if options.is_empty() {
        return format!("GENERATED {when} AS IDENTITY");
    }
    format!("GENERATED {when} AS IDENTITY ({})", options.join(" "))
}

fn generated(computed: &Computed, server: &Server) -> Result<String, OperationError> {
    let kept = match computed.kind {
        ComputedKind::Stored => "STORED",
        ComputedKind::Virtual if server.version.0 >= 18 => "VIRTUAL",
        ComputedKind::Virtual => {
            let advice = "write `kind: stored`";
            return Err(unsupported("work out a generated column on reading before version 18", advice));
        }
    };
    Ok(format!("GENERATED ALWAYS AS ({}) {kept}", expression(&computed.expr)))
}
