//! Indexes.

use super::comment::comment;
use super::expression::expression;
use super::{beside, parameters, qualified, quote, quoted_list, since};
use crate::operation::{CreateIndex, DropIndex, OperationError, RenameIndex, Server};
use crate::schema::{Index, IndexItem, Name, Nulls};

pub(super) fn create(op: &CreateIndex, server: &Server) -> Result<Vec<String>, OperationError> {
    let mut how = String::new();
    if op.concurrently {
        how += "CONCURRENTLY ";
    }
    if op.if_not_exists {
        how += "IF NOT EXISTS ";
    }
    written(&op.table, &op.index, &how, server)
}

/// What makes an index of a new table.
pub(super) fn statements(
    table: &Name,
    index: &Index,
    server: &Server,
) -> Result<Vec<String>, OperationError> {
    written(table, index, "", server)
}

fn written(table: &Name, index: &Index, how: &str, server: &Server) -> Result<Vec<String>, OperationError> {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let method = index.method.as_deref().unwrap_or("btree");
    let items: Vec<_> = index.items.iter().map(item).collect();
    let mut out = format!(
        "CREATE {unique}INDEX {how}{} ON {} USING {} ({})",
        quote(&index.name),
        qualified(table),
        quote(method),
        items.join(", ")
    );
    if !index.include.is_empty() {
        out += &format!(" INCLUDE ({})", quoted_list(&index.include));
    }
    if index.nulls_not_distinct {
        since(server, 15, "take NULLs for equal")?;
        out += " NULLS NOT DISTINCT";
    }
    if !index.with.is_empty() {
        out += &format!(" WITH ({})", parameters(&index.with));
    }
    if let Some(tablespace) = &index.tablespace {
        out += &format!(" TABLESPACE {}", quote(tablespace));
    }
    for clause in &index.verbatim {
        out += &format!(" {clause}");
    }
    if let Some(predicate) = &index.predicate {
        out += &format!(" WHERE {}", expression(predicate));
    }
    let mut statements = vec![out];
    if index.comment.is_some() {
        statements.push(comment(&format!("INDEX {}", beside(table, &index.name)), index.comment.as_deref()));
    }
    Ok(statements)
}

fn item(item: &IndexItem) -> String {
    let mut out = match (&item.column, &item.expr) {
        (Some(column), _) => quote(column),
        (None, expr) => format!("({})", expression(expr.as_deref().unwrap_or_default())),
    };
    if let Some(collation) = &item.collation {
        out += &format!(" COLLATE {collation}");
    }
    if let Some(class) = &item.opclass {
        out += &format!(" {class}");
    }
    if item.desc {
        out += " DESC";
    }
    match item.nulls {
        Some(Nulls::First) => out += " NULLS FIRST",
        Some(Nulls::Last) => out += " NULLS LAST",
        None => {}
    }
    out
}

pub(super) fn drop(op: &DropIndex) -> Vec<String> {
    let concurrently = if op.concurrently { "CONCURRENTLY " } else { "" };
    let guard = if op.if_exists { "IF EXISTS " } else { "" };
    vec![format!("DROP INDEX {concurrently}{guard}{}", beside(&op.table, &op.index.name))]
}

pub(super) fn rename(op: &RenameIndex) -> Vec<String> {
    vec![format!("ALTER INDEX {} RENAME TO {}", beside(&op.table, &op.from), quote(&op.to))]
}
