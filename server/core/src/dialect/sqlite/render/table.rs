//! CREATE TABLE (<https://www.sqlite.org/lang_createtable.html>).

use super::{items, name, quoted, text};
use crate::operation::OperationError;
use crate::schema::{
    Action, Check, Column, ComputedKind, DefaultValue, Deferral, ForeignKey, LiteralValue, Match, PrimaryKey,
    Table, Unique,
};

/// The table with its indexes and triggers.
pub(super) fn create(table: &Table, if_not_exists: bool) -> Result<Vec<String>, OperationError> {
    let mut statements = vec![definition(table, &table.name.name, if_not_exists)?];
    for index in &table.indexes {
        statements.push(super::index(&table.name, index, false)?);
    }
    statements.extend(table.triggers.iter().map(|trigger| trigger.definition.clone()));
    Ok(statements)
}

/// CREATE TABLE under a name, which a rebuild chooses itself.
pub(super) fn definition(table: &Table, under: &str, if_not_exists: bool) -> Result<String, OperationError> {
    if let Some(statement) = &table.options.virtual_table {
        return Ok(statement.clone());
    }
    // A schema that names another schema is refused here, whatever the table is called.
    name(&table.name)?;
    let key = table.primary_key.as_ref();
    let mut parts = Vec::with_capacity(table.columns.len() + 4);
    for column in &table.columns {
        parts.push(self::column(column, key.filter(|key| inline(key, column)))?);
    }
    if let Some(key) = key.filter(|key| !table.columns.iter().any(|column| inline(key, column))) {
        parts.push(primary_key(key));
    }
    parts.extend(table.uniques.iter().map(unique));
    parts.extend(table.checks.iter().map(check));
    for key in &table.foreign_keys {
        parts.push(foreign_key(key)?);
    }
    let mut options = Vec::new();
    if table.options.strict {
        options.push("STRICT");
    }
    if table.options.without_rowid {
        options.push("WITHOUT ROWID");
    }
    let options = if options.is_empty() { String::new() } else { format!(" {}", options.join(", ")) };
    let exists = if if_not_exists { "IF NOT EXISTS " } else { "" };
    Ok(format!("CREATE TABLE {exists}{} (\n    {}\n){options}", quoted(under), parts.join(",\n    ")))
}

/// AUTOINCREMENT can only stand with the column.
pub(super) fn inline(key: &PrimaryKey, column: &Column) -> bool {
    column.autoincrement && key.columns == [column.name.clone()]
}

/// A column's definition, with its primary key where that stands there.
pub(super) fn column(column: &Column, key: Option<&PrimaryKey>) -> Result<String, OperationError> {
    let mut out = quoted(&column.name);
    if !column.data_type.is_empty() {
        out.push_str(&format!(" {}", column.data_type));
    }
    if let Some(key) = key {
        let name = key.name.as_ref().map(|n| format!(" CONSTRAINT {}", quoted(n))).unwrap_or_default();
        let desc = if key.items.first().is_some_and(|item| item.desc) { " DESC" } else { "" };
        let conflict: String = key.verbatim.iter().map(|on| format!(" {on}")).collect();
        out.push_str(&format!("{name} PRIMARY KEY{desc}{conflict} AUTOINCREMENT"));
    }
    let conflict = column.verbatim.iter().find(|clause| clause.starts_with("NOT NULL"));
    if !column.nullable {
        out.push_str(&format!(" {}", conflict.map_or("NOT NULL", String::as_str)));
    }
    if let Some(default) = &column.default {
        out.push_str(&format!(" DEFAULT {}", default_value(default)));
    }
    if let Some(collation) = &column.collation {
        out.push_str(&format!(" COLLATE {}", quoted(collation)));
    }
    if let Some(computed) = &column.computed {
        let kind = if computed.kind == ComputedKind::Stored { "STORED" } else { "VIRTUAL" };
        out.push_str(&format!(" GENERATED ALWAYS AS ({}) {kind}", computed.expr));
    }
    for clause in column.verbatim.iter().filter(|clause| !clause.starts_with("NOT NULL")) {
        out.push_str(&format!(" {clause}"));
    }
    Ok(out)
}

/// A default: literals as they are, everything else in parentheses, as the grammar wants it.
fn default_value(default: &DefaultValue) -> String {
    match default {
        DefaultValue::Literal { literal: LiteralValue::Bool(value) } => i32::from(*value).to_string(),
        DefaultValue::Literal { literal: LiteralValue::Int(value) } => value.to_string(),
        DefaultValue::Literal { literal: LiteralValue::Text(value) } => text(value),
        DefaultValue::Sql(sql) if is_literal(sql) => sql.clone(),
        DefaultValue::Sql(sql) => format!("({sql})"),
    }
}

fn is_literal(sql: &str) -> bool {
    let words = crate::dialect::sql_words(crate::DialectName::Sqlite, sql).unwrap_or_default();
    let value = match words.as_slice() {
        [sign, value] if sign.is("-") || sign.is("+") => value,
        [value] => value,
        _ => return false,
    };
    use crate::dialect::WordKind;
    match value.kind {
        WordKind::Number | WordKind::Text => true,
        WordKind::Word => ["NULL", "TRUE", "FALSE", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"]
            .iter()
            .any(|keyword| value.is(keyword)),
        // An old spelling of a string: kept as it was.
        WordKind::QuotedName => value.text.starts_with('"'),
        WordKind::Symbol => false,
    }
}

fn named(name: Option<&String>) -> String {
    name.map(|name| format!("CONSTRAINT {} ", quoted(name))).unwrap_or_default()
}

fn columns(columns: &[String]) -> String {
    columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
}

fn conflict(verbatim: &[String]) -> String {
    verbatim.iter().map(|clause| format!(" {clause}")).collect()
}

fn primary_key(key: &PrimaryKey) -> String {
    let list = if key.items.is_empty() { columns(&key.columns) } else { items(&key.items) };
    format!("{}PRIMARY KEY ({list}){}", named(key.name.as_ref()), conflict(&key.verbatim))
}

fn unique(unique: &Unique) -> String {
    format!(
        "{}UNIQUE ({}){}",
        named(unique.name.as_ref()),
        columns(&unique.columns),
        conflict(&unique.verbatim)
    )
}

fn check(check: &Check) -> String {
    format!("{}CHECK ({})", named(check.name.as_ref()), check.expr)
}

fn foreign_key(key: &ForeignKey) -> Result<String, OperationError> {
    let mut out = format!(
        "{}FOREIGN KEY ({}) REFERENCES {}",
        named(key.name.as_ref()),
        columns(&key.columns),
        name(&key.target())?
    );
    if !key.ref_columns.is_empty() {
        out.push_str(&format!(" ({})", columns(&key.ref_columns)));
    }
    for (when, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        let action = match action {
            Action::NoAction => continue,
            Action::Restrict => "RESTRICT",
            Action::Cascade => "CASCADE",
            Action::SetNull => "SET NULL",
            Action::SetDefault => "SET DEFAULT",
        };
        out.push_str(&format!(" ON {when} {action}"));
    }
    match key.match_kind {
        Match::Simple => {}
        Match::Full => out.push_str(" MATCH FULL"),
        Match::Partial => out.push_str(" MATCH PARTIAL"),
    }
    match key.deferral {
        Deferral::NotDeferrable => {}
        Deferral::Immediate => out.push_str(" DEFERRABLE INITIALLY IMMEDIATE"),
        Deferral::Deferred => out.push_str(" DEFERRABLE INITIALLY DEFERRED"),
    }
    Ok(out)
}
