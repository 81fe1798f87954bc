//! Indexes ("CREATE INDEX Statement").

use super::{condition, name, qualified, text, unsupported};
use crate::operation::{CreateIndex, DropIndex, OperationError, RenameIndex, Server};
use crate::schema::{Index, IndexItem, IndexKind};

/// How an item says that the index is over a period (MariaDB); only ALTER TABLE and CREATE TABLE take it.
const OVERLAPS: &str = " WITHOUT OVERLAPS";

pub(super) fn create(create: &CreateIndex, server: &Server) -> Result<String, OperationError> {
    let condition = condition(create.if_not_exists, "IF NOT EXISTS", server)?;
    let index = &create.index;
    let table = qualified(&create.table);
    let (items, options) = (items(&index.items, server)?, options(index, server)?);
    if index.items.iter().any(is_period) {
        return Ok(format!("ALTER TABLE {table} ADD {}", element(index, server)?));
    }
    let kind = kind(index);
    Ok(format!("CREATE {kind}INDEX {condition}{} ON {table} ({items}){options}", name(&index.name)))
}

pub(super) fn drop(drop: &DropIndex, server: &Server) -> Result<String, OperationError> {
    let condition = condition(drop.if_exists, "IF EXISTS", server)?;
    Ok(format!("DROP INDEX {condition}{} ON {}", name(&drop.index.name), qualified(&drop.table)))
}

pub(super) fn rename(rename: &RenameIndex) -> String {
    let (from, to) = (name(&rename.from), name(&rename.to));
    format!("ALTER TABLE {} RENAME INDEX {from} TO {to}", qualified(&rename.table))
}

/// An index as CREATE TABLE and ALTER TABLE ADD want it.
pub(super) fn element(index: &Index, server: &Server) -> Result<String, OperationError> {
    let items = items(&index.items, server)?;
    Ok(format!("{}KEY {} ({items}){}", kind(index), name(&index.name), options(index, server)?))
}

fn kind(index: &Index) -> &'static str {
    match index.kind {
        IndexKind::Fulltext => "FULLTEXT ",
        IndexKind::Spatial => "SPATIAL ",
        IndexKind::Vector => "VECTOR ",
        IndexKind::Plain if index.unique => "UNIQUE ",
        IndexKind::Plain => "",
    }
}

fn is_period(item: &IndexItem) -> bool {
    item.expr.as_ref().is_some_and(|expr| expr.ends_with(OVERLAPS))
}

/// What stands in the parentheses.
pub(super) fn items(items: &[IndexItem], server: &Server) -> Result<String, OperationError> {
    let item = |item: &IndexItem| {
        if item.opclass.is_some() || item.collation.is_some() || item.nulls.is_some() {
            let what = "set operator class, collation or the place of NULL in an index";
            return Err(unsupported(server, what, "these are PostgreSQL's"));
        }
        let mut out = match (&item.column, &item.expr) {
            (Some(column), _) => name(column),
            (None, Some(expr)) if is_period(item) => expr.clone(),
            (None, Some(_)) if server.mariadb => {
                let advice = "add a generated column with that expression, and index the column";
                return Err(unsupported(server, "index an expression", advice));
            }
            (None, expr) => format!("({})", expr.as_deref().unwrap_or_default()),
        };
        if let Some(length) = item.length {
            out.push_str(&format!("({length})"));
        }
        if item.desc {
            out.push_str(" DESC");
        }
        Ok(out)
    };
    Ok(items.iter().map(item).collect::<Result<Vec<_>, _>>()?.join(", "))
}

fn options(index: &Index, server: &Server) -> Result<String, OperationError> {
    if index.predicate.is_some() {
        let advice = "index a generated column that is NULL where the condition does not hold";
        return Err(unsupported(server, "index some of the rows (WHERE)", advice));
    }
    let theirs = !index.include.is_empty() || !index.with.is_empty() || index.tablespace.is_some();
    if theirs || index.nulls_not_distinct {
        let what = "set INCLUDE, NULLS NOT DISTINCT, storage parameters or a tablespace of an index";
        return Err(unsupported(server, what, "these are PostgreSQL's"));
    }
    let mut out = String::new();
    if let Some(method) = &index.method {
        out.push_str(&format!(" USING {}", method.to_uppercase()));
    }
    index.verbatim.iter().for_each(|text| out.push_str(&format!(" {text}")));
    if let Some(comment) = &index.comment {
        out.push_str(&format!(" COMMENT {}", text(comment)));
    }
    if index.invisible {
        out.push_str(if server.mariadb { " IGNORED" } else { " INVISIBLE" });
    }
    Ok(out)
}
