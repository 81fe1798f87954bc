//! ALTER COLUMN.

use super::cast::using;
use super::column::{as_identity, default, extras, on};
use super::comment::comment;
use super::sequence::changed_options;
use super::{literal, qualified, quote, since, unsupported};
use crate::operation::{AlterColumn, OperationError, Server};
use crate::schema::{Column, DefaultValue, Identity};

/// One ALTER TABLE, so that the table is locked, and rewritten if it has to be, once; then comment and name.
pub(super) fn alter(op: &AlterColumn, server: &Server) -> Result<Vec<String>, OperationError> {
    let (from, to) = (&op.from, &op.to);
    let table = qualified(&op.table);
    if from.verbatim != to.verbatim {
        let what = format!("give column {}.{} the options `{}`", op.table, to.name, to.verbatim.join(" "));
        return Err(unsupported(what, "write the SQL with `execute`"));
    }
    if let Some(statements) = made_anew(op, server)? {
        return Ok(statements);
    }
    let mut statements = Vec::new();
    // The type of a generated column takes no USING, in the statement that makes it a plain one either.
    let plain = from.computed.is_some() && to.computed.is_none();
    if plain {
        statements.push(format!("ALTER TABLE {table} ALTER COLUMN {} DROP EXPRESSION", quote(&from.name)));
    }
    let actions = actions(op, server)?;
    if !actions.is_empty() {
        statements.push(format!("ALTER TABLE {table} {}", actions.join(", ")));
    }
    statements.extend(counted_on(op));
    if from.name != to.name {
        let (old, new) = (quote(&from.name), quote(&to.name));
        statements.push(format!("ALTER TABLE {table} RENAME COLUMN {old} TO {new}"));
    }
    if from.comment != to.comment {
        statements.push(comment(&on(&op.table, to), to.comment.as_deref()));
    }
    Ok(statements)
}

/// DROP and ADD, for a generated column that the server cannot change: its values are worked out again.
fn made_anew(op: &AlterColumn, server: &Server) -> Result<Option<Vec<String>>, OperationError> {
    let set_expression = server.version.0 >= 17
        && matches!((&op.from.computed, &op.to.computed), (Some(from), Some(to)) if from.kind == to.kind);
    if !op.replaces_column() || set_expression {
        return Ok(None);
    }
    let table = qualified(&op.table);
    let definition = super::column::definition(&op.to, server)?;
    let mut statements =
        vec![format!("ALTER TABLE {table} DROP COLUMN {}, ADD COLUMN {definition}", quote(&op.from.name))];
    statements.extend(extras(&op.table, &op.to));
    Ok(Some(statements))
}

fn actions(op: &AlterColumn, server: &Server) -> Result<Vec<String>, OperationError> {
    let (from, to) = (&op.from, &op.to);
    let name = quote(&from.name);
    let typed = from.data_type != to.data_type || from.collation != to.collation;
    let defaulted = from.default != to.default;
    let mut actions = Vec::new();
    let mut alter = |action: String| actions.push(format!("ALTER COLUMN {name} {action}"));
    if from.default.is_some() && (typed || defaulted && to.default.is_none()) {
        // A default of the old type would block the new one, or be cast into another text.
        alter("DROP DEFAULT".into());
    }
    if from.identity.is_some() && to.identity.is_none() {
        alter("DROP IDENTITY".into());
    }
    if typed {
        alter(format!("TYPE {}", type_text(op)));
    }
    if let (Some(computed), true) = (&to.computed, from.computed != to.computed) {
        alter(format!("SET EXPRESSION AS ({})", computed.expr));
    }
    if from.nullable != to.nullable {
        alter(if to.nullable { "DROP NOT NULL" } else { "SET NOT NULL" }.into());
    }
    if let (Some(value), true) = (&to.default, typed || defaulted) {
        alter(format!("SET DEFAULT {}", default(value)));
    }
    match (&from.identity, &to.identity) {
        (None, Some(identity)) => alter(format!("ADD {}", as_identity(identity))),
        (Some(old), Some(new)) if old != new => {
            alter(identity(old, new, typed.then_some(to.data_type.as_str())));
        }
        _ => {}
    }
    // TYPE puts the new type's own storage and the default compression in place of what was set.
    let (stored, compressed) = match typed {
        true => (None, None),
        false => (from.storage.as_ref(), from.compression.as_ref()),
    };
    if stored != to.storage.as_ref() {
        alter(format!("SET STORAGE {}", to.storage.as_deref().unwrap_or_else(|| own_storage(&to.data_type))));
    }
    if compressed != to.compression.as_ref() {
        since(server, 14, "set a column's compression")?;
        alter(format!("SET COMPRESSION {}", to.compression.as_deref().unwrap_or("default")));
    }
    if from.statistics != to.statistics {
        alter(format!("SET STATISTICS {}", to.statistics.unwrap_or(-1)));
    }
    Ok(actions)
}

fn type_text(op: &AlterColumn) -> String {
    let (from, to) = (&op.from, &op.to);
    let mut out = to.data_type.clone();
    if let Some(collation) = &to.collation {
        out += &format!(" COLLATE {collation}");
    }
    // A generated column is worked out again, and USING is refused.
    if to.computed.is_none() {
        let worked_out = || using(&quote(&from.name), &from.data_type, &to.data_type);
        if let Some(using) = op.using.clone().or_else(worked_out) {
            out += &format!(" USING {using}");
        }
    }
    out
}

fn identity(from: &Identity, to: &Identity, typed: Option<&str>) -> String {
    let mut parts = Vec::new();
    if from.always != to.always {
        parts.push(format!("SET GENERATED {}", if to.always { "ALWAYS" } else { "BY DEFAULT" }));
    }
    let options = changed_options(&from.options, &to.options, typed);
    parts.extend(options.iter().map(|option| format!("SET {option}")));
    parts.join(" ")
}

/// Where a column that has rows begins to count by itself, it goes on behind the last of them.
fn counted_on(op: &AlterColumn) -> Option<String> {
    let (table, name) = (qualified(&op.table), quote(&op.from.name));
    let sequence = if op.from.identity.is_none() && op.to.identity.is_some() {
        format!("pg_get_serial_sequence({}, {})", literal(&table), literal(&op.from.name))
    } else {
        let (true, Some(sequence)) = (op.from.identity.is_some(), counter(&op.to)) else { return None };
        sequence.to_owned()
    };
    let descends = op.to.identity.as_ref().is_some_and(|identity| identity.options.increment < Some(0))
        && op.to.identity.as_ref().is_some_and(|identity| identity.options.increment.is_some());
    let (last, beyond) = if descends { ("min", "<=") } else { ("max", ">=") };
    let first = op.to.identity.as_ref().map_or(1, |identity| super::sequence::first(&identity.options));
    Some(format!(
        "SELECT setval({sequence}, {last}({name})) FROM {table} HAVING {last}({name}) {beyond} {first}"
    ))
}

/// The sequence of a default that is nothing but `nextval(…)`.
fn counter(column: &Column) -> Option<&str> {
    let Some(DefaultValue::Sql(sql)) = &column.default else { return None };
    sql.strip_prefix("nextval(")?.strip_suffix(')')
}

/// The own storage (`pg_type.typstorage`) of a type whose values can be stored in several ways. SET STORAGE DEFAULT is there from version 16 on only.
fn own_storage(data_type: &str) -> &'static str {
    let base = data_type.split(['(', '[']).next().unwrap_or_default().trim().to_ascii_lowercase();
    match base.as_str() {
        _ if data_type.contains('[') => "EXTENDED",
        "numeric" | "decimal" | "inet" | "cidr" => "MAIN",
        "tsquery" => "PLAIN",
        _ => "EXTENDED",
    }
}
