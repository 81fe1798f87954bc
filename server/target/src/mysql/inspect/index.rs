//! Indexes and the primary key.

use super::catalog::Row;
use super::column::{Context, printed};
use super::text::bare;
use migrated_core::schema::{Index, IndexItem, IndexKind, PrimaryKey, Table};

/// Puts the rows of [`super::catalog::Part::Indexes`] that are about `table` in it.
pub(super) fn read(table: &mut Table, mut rows: Vec<Row<'_>>, context: &Context<'_>) {
    rows.sort_by(|a, b| (a.text(1), a.number(3)).cmp(&(b.text(1), b.number(3))));
    for parts in rows.chunk_by(|a, b| a.text(1) == b.text(1)) {
        let Some(first) = parts.first() else { continue };
        let kind = match first.text(7) {
            "FULLTEXT" => IndexKind::Fulltext,
            "SPATIAL" => IndexKind::Spatial,
            "VECTOR" => IndexKind::Vector,
            _ => IndexKind::Plain,
        };
        let items = parts.iter().map(|part| item(*part, kind, context)).collect();
        let method = method(first.text(7), table.options.engine.as_deref());
        let comment = first.filled(8);
        if first.text(1) == "PRIMARY" {
            table.primary_key = Some(primary_key(items, method, comment));
        } else {
            table.indexes.insert(Index {
                name: first.text(1).to_owned(),
                items,
                unique: first.text(2) == "0",
                kind,
                method,
                invisible: first.text(9) == "1",
                comment,
                ..Index::default()
            });
        }
    }
}

fn item(row: Row<'_>, kind: IndexKind, context: &Context<'_>) -> IndexItem {
    let column = row.filled(4);
    let expr = match &column {
        Some(_) => None,
        None => row.get(10).map(|expression| bare(&printed(expression, context)).to_owned()),
    };
    // The server tells a prefix of spatial indexes that nobody has set.
    let length = if kind == IndexKind::Plain { row.get(6).and_then(|n| n.parse().ok()) } else { None };
    IndexItem { column, expr, length, desc: row.text(5) == "D", ..IndexItem::default() }
}

/// The method where a statement has to name it: in MEMORY tables a hash is what one gets without.
fn method(told: &str, engine: Option<&str>) -> Option<String> {
    match told {
        "HASH" => Some("hash".into()),
        "RTREE" => Some("rtree".into()),
        "BTREE" if engine.is_some_and(|engine| engine.eq_ignore_ascii_case("MEMORY")) => Some("btree".into()),
        _ => None,
    }
}

fn primary_key(items: Vec<IndexItem>, method: Option<String>, comment: Option<String>) -> PrimaryKey {
    let columns = items.iter().filter_map(|item| item.column.clone()).collect();
    let ordinary = items.iter().all(|item| item.length.is_none() && !item.desc);
    PrimaryKey {
        columns,
        items: if ordinary { Vec::new() } else { items },
        verbatim: method.map(|method| format!("USING {}", method.to_uppercase())).into_iter().collect(),
        comment,
        ..PrimaryKey::default()
    }
}
