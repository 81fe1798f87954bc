//! Operations as statements of SQLite.
//!
//! Its ALTER TABLE adds, drops and renames columns and renames tables; everything else is a rebuild
//! (<https://www.sqlite.org/lang_altertable.html#otheralter>).

mod data;
mod rebuild;
mod refused;
mod table;

use super::super::literal::{quote_name, quote_text};
use crate::DialectName;
use crate::operation::{Operation, OperationError, RenameIndex};
use crate::schema::{Index, IndexItem, Name, View};

/// The statements that do `operation`.
pub(crate) fn render(operation: &Operation) -> Result<Vec<String>, OperationError> {
    Ok(match operation {
        Operation::CreateTable(create) => table::create(&create.table, create.if_not_exists)?,
        Operation::DropTable(drop) => {
            let exists = if drop.if_exists { "IF EXISTS " } else { "" };
            vec![format!("DROP TABLE {exists}{}", name(&drop.table.name)?)]
        }
        Operation::RenameTable(rename) => {
            vec![format!("ALTER TABLE {} RENAME TO {}", name(&rename.from)?, quoted(&rename.to.name))]
        }
        Operation::AddColumn(add) => {
            refused::unconditional(add.if_not_exists, "IF NOT EXISTS")?;
            let column = table::column(&add.column, None)?;
            vec![format!("ALTER TABLE {} ADD COLUMN {column}", name(&add.table)?)]
        }
        Operation::DropColumn(drop) => {
            refused::unconditional(drop.if_exists, "IF EXISTS")?;
            vec![format!("ALTER TABLE {} DROP COLUMN {}", name(&drop.table)?, quoted(&drop.column.name))]
        }
        Operation::AlterColumn(alter) => {
            // Only another name can be given without a rebuild.
            let renamed = crate::schema::Column { name: alter.from.name.clone(), ..alter.to.clone() };
            if renamed != alter.from {
                return Err(refused::rebuild_wanted("alter a column"));
            }
            vec![format!(
                "ALTER TABLE {} RENAME COLUMN {} TO {}",
                name(&alter.table)?,
                quoted(&alter.from.name),
                quoted(&alter.to.name)
            )]
        }
        Operation::CreateIndex(create) => {
            vec![index(&create.table, &create.index, create.if_not_exists)?]
        }
        Operation::DropIndex(drop) => {
            let exists = if drop.if_exists { "IF EXISTS " } else { "" };
            vec![format!("DROP INDEX {exists}{}", quoted(&drop.index.name))]
        }
        Operation::RenameIndex(RenameIndex { table, from, to, index: Some(definition) }) => {
            let renamed = Index { name: to.clone(), ..definition.clone() };
            vec![format!("DROP INDEX {}", quoted(from)), index(table, &renamed, false)?]
        }
        Operation::RebuildTable(change) => rebuild::rebuild(change)?,
        Operation::CreateView(create) => vec![view(&create.view)?],
        Operation::DropView(drop) => {
            materialised(&drop.view)?;
            vec![format!("DROP VIEW {}", name(&drop.view.name)?)]
        }
        Operation::AlterView(alter) => {
            vec![format!("DROP VIEW {}", name(&alter.from.name)?), view(&alter.to)?]
        }
        Operation::CreateTrigger(create) => vec![create.trigger.definition.clone()],
        Operation::DropTrigger(drop) => vec![format!("DROP TRIGGER {}", quoted(&drop.trigger.name))],
        Operation::BulkInsert(insert) => data::insert(insert)?,
        Operation::Execute(execute) => vec![execute.sql.clone()],
        other => return Err(refused::refused(other)),
    })
}

/// A name as it stands in SQL; SQLite has no schemas of ours.
pub(super) fn name(name: &Name) -> Result<String, OperationError> {
    match &name.schema {
        None => Ok(quoted(&name.name)),
        Some(schema) => {
            let what = format!("put {} in a schema {schema}", name.name);
            Err(refused::unsupported(what, "SQLite has no schemas"))
        }
    }
}

pub(super) fn quoted(name: &str) -> String {
    quote_name(DialectName::Sqlite, name)
}

/// A string literal.
pub(super) fn text(text: &str) -> String {
    quote_text(DialectName::Sqlite, text)
}

/// CREATE INDEX.
pub(super) fn index(table: &Name, index: &Index, if_not_exists: bool) -> Result<String, OperationError> {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let exists = if if_not_exists { "IF NOT EXISTS " } else { "" };
    let predicate = index.predicate.as_ref().map(|p| format!(" WHERE {p}")).unwrap_or_default();
    Ok(format!(
        "CREATE {unique}INDEX {exists}{} ON {} ({}){predicate}",
        quoted(&index.name),
        name(table)?,
        items(&index.items)
    ))
}

/// The columns and expressions of a key or an index.
pub(super) fn items(items: &[IndexItem]) -> String {
    let item = |item: &IndexItem| {
        let what = match (&item.column, &item.expr) {
            (Some(column), _) => quoted(column),
            // A single call needs no parentheses, and SQLite keeps them where they are: none is one spelling.
            (None, Some(expr)) => format!("({expr})"),
            (None, None) => String::new(),
        };
        let collation =
            item.collation.as_ref().map(|c| format!(" COLLATE {}", quoted(c))).unwrap_or_default();
        format!("{what}{collation}{}", if item.desc { " DESC" } else { "" })
    };
    items.iter().map(item).collect::<Vec<_>>().join(", ")
}

fn view(view: &View) -> Result<String, OperationError> {
    materialised(view)?;
    let columns = match view.columns.as_slice() {
        [] => String::new(),
        columns => {
            let names: Vec<String> = columns.iter().map(|(name, _)| quoted(name)).collect();
            format!(" ({})", names.join(", "))
        }
    };
    Ok(format!("CREATE VIEW {}{columns} AS {}", name(&view.name)?, view.query))
}

fn materialised(view: &View) -> Result<(), OperationError> {
    let advice = "keep a table, and fill it by triggers";
    if view.materialized { Err(refused::unsupported("keep a materialised view", advice)) } else { Ok(()) }
}
