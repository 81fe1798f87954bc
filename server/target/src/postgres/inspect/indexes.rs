//! Indexes: of tables, of materialised views, and those below constraints.

use super::columns::Columns;
use super::comments::{Catalog, Comments};
use super::constraints::Constraints;
use super::expression::bare;
use super::index_item::{self, Spelling};
use super::row::Row;
use super::scope::Scope;
use crate::postgres::quote::identifier;
use crate::postgres::wire::Answer;
use migrated_core::schema::{Index, IndexItem, Name, Nulls, Objects};
use std::collections::{BTreeMap, HashMap};

/// Every index that was found.
#[derive(Default)]
pub(super) struct Indexes {
    all: HashMap<u32, Found>,
    by_table: HashMap<u32, Vec<u32>>,
}

/// The indexes of one relation.
#[derive(Default)]
pub(super) struct Own<'a> {
    pub(super) indexes: Objects<Index>,
    /// The one that REPLICA IDENTITY names.
    pub(super) replica_identity: Option<&'a str>,
    /// What is left out, as lines.
    pub(super) notes: Vec<String>,
}

/// An index.
pub(super) struct Found {
    /// As if it were none of a constraint.
    pub(super) index: Index,
    /// Its items as SQL.
    pub(super) elements: Vec<String>,
    /// Whether it can be used.
    valid: bool,
    /// Whether it came with the index of a partitioned table.
    of_partition: bool,
    /// Whether REPLICA IDENTITY names it.
    replica_identity: bool,
    /// Whether CLUSTER ON names it.
    clustered: bool,
}

/// The server's own spelling is asked for only where an index is not plain columns with what their types have by
/// default: it costs more than all the rest. `varchar` has none of its own and uses `text`'s.
/// OFFSET keeps the planner from finding that out again for every column that asks.
pub(super) fn sql(scope: &Scope<'_>) -> String {
    format!(
        "SELECT x.indexrelid,x.indrelid,x.relname,x.indisunique,x.indisvalid,x.indisreplident,x.indisclustered,{nulls},\
         x.amname,x.indnkeyatts,x.indkey,x.indoption,x.reloptions,x.spcname,x.relispartition,\
         pg_catalog.pg_get_expr(x.indpred,x.indrelid),\
         CASE WHEN x.special THEN pg_catalog.pg_get_indexdef(x.indexrelid) END,\
         CASE WHEN x.special THEN ARRAY(SELECT pg_catalog.pg_get_indexdef(x.indexrelid,k,false) \
         FROM pg_catalog.generate_series(1,x.indnkeyatts::int) k ORDER BY k) END,\
         x.special,x.indpred IS NOT NULL \
         FROM (SELECT i.*,ic.relname,ic.reloptions,ic.relispartition,am.amname,s.spcname,\
         i.indexprs IS NOT NULL OR EXISTS (SELECT FROM ROWS FROM(pg_catalog.unnest(i.indclass::oid[]),\
         pg_catalog.unnest(i.indcollation::oid[]),pg_catalog.unnest(i.indkey::int2[])) WITH ORDINALITY k(class,coll,att,n) \
         JOIN pg_opclass o ON o.oid=k.class \
         JOIN pg_attribute a ON a.attrelid=i.indrelid AND a.attnum=k.att \
         JOIN pg_attribute ia ON ia.attrelid=i.indexrelid AND ia.attnum=k.n \
         WHERE NOT o.opcdefault OR k.coll<>a.attcollation OR ia.attoptions IS NOT NULL \
         OR o.opcintype<>CASE a.atttypid WHEN 'varchar'::pg_catalog.regtype THEN 'text'::pg_catalog.regtype \
         ELSE a.atttypid END) AS special \
         FROM pg_index i JOIN pg_class ic ON ic.oid=i.indexrelid JOIN pg_class c ON c.oid=i.indrelid \
         JOIN pg_namespace n ON n.oid=c.relnamespace JOIN pg_am am ON am.oid=ic.relam \
         LEFT JOIN pg_tablespace s ON s.oid=ic.reltablespace \
         WHERE c.relkind IN ('r','p','m') AND {wanted} AND {free} OFFSET 0) x",
        nulls = scope.since(15, "x.indnullsnotdistinct", "false"),
        wanted = scope.wanted("n"),
        free = scope.free("pg_class", "c.oid"),
    )
}

/// Whether an index was dropped while it was read.
pub(super) fn is_torn(row: Row<'_>) -> bool {
    (row.flag(18) && row.option(16).is_none()) || (row.flag(19) && row.option(15).is_none())
}

impl Indexes {
    pub(super) fn read(answer: &Answer, columns: &Columns, comments: &Comments) -> Indexes {
        let mut indexes = Indexes::default();
        for row in answer.rows.iter().map(Row) {
            let (oid, table) = (row.number(0), row.number(1));
            indexes.all.insert(oid, found(row, table, columns, comments));
            indexes.by_table.entry(table).or_default().push(oid);
        }
        indexes
    }

    /// The index of that OID.
    pub(super) fn get(&self, oid: u32) -> Option<&Found> {
        self.all.get(&oid)
    }

    /// The indexes of a relation that are told as such: not those of constraints, not those that came with the
    /// index of a partitioned table.
    pub(super) fn of(&self, relation: u32, name: &Name, constraints: &Constraints) -> Own<'_> {
        let mut own = Own::default();
        for oid in self.by_table.get(&relation).into_iter().flatten() {
            let Some(found) = self.all.get(oid) else { continue };
            let index = &found.index;
            if found.replica_identity {
                own.replica_identity = Some(&index.name);
            }
            if found.clustered {
                own.notes.push(format!("table {name}: CLUSTER ON {} is not looked at", index.name));
            }
            if constraints.has_index(*oid) || found.of_partition {
                continue;
            }
            if found.valid {
                own.indexes.insert(index.clone());
            } else {
                own.notes.push(format!("index {} on {name} is invalid and left out", index.name));
            }
        }
        own
    }
}

fn found(row: Row<'_>, table: u32, columns: &Columns, comments: &Comments) -> Found {
    let keys: Vec<i16> = row.numbers(10);
    let (keys, include) = keys.split_at(row.number::<usize>(9).min(keys.len()));
    let options: Vec<u16> = row.numbers(11);
    let spellings = match row.option(16) {
        Some(definition) => index_item::spellings(definition, &row.array(17)),
        None => Vec::new(),
    };
    let mut elements = Vec::new();
    let mut items = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let spelling = spellings.get(at);
        let column = columns.names(table, &[*key]).pop();
        let mut item = match (&column, spelling) {
            (Some(column), _) => IndexItem::column(column.clone()),
            (None, Some(spelling)) => {
                IndexItem { expr: Some(bare(&spelling.element).to_owned()), ..IndexItem::default() }
            }
            (None, None) => IndexItem::default(),
        };
        let option = options.get(at).copied().unwrap_or_default();
        (item.desc, item.nulls) = order(option);
        elements.push(match (spelling, &column) {
            (Some(spelling), _) => spelling.whole(),
            (None, Some(column)) => format!("{}{}", identifier(column), index_item::order(&item)),
            (None, None) => String::new(),
        });
        if let Some(Spelling { collation, opclass, .. }) = spelling {
            (item.collation, item.opclass) = (collation.clone(), opclass.clone());
        }
        items.push(item);
    }
    let method = row.text(8);
    Found {
        index: Index {
            name: row.text(2).to_owned(),
            items,
            unique: row.flag(3),
            method: (method != "btree").then(|| method.to_owned()),
            predicate: row.option(15).map(|text| bare(text).to_owned()),
            include: columns.names(table, include),
            nulls_not_distinct: row.flag(7),
            with: parameters(&row.array(12)),
            tablespace: row.owned(13),
            comment: comments.of(Catalog::Class, row.number(0)),
            ..Index::default()
        },
        elements,
        valid: row.flag(4),
        of_partition: row.flag(14),
        replica_identity: row.flag(5),
        clustered: row.flag(6),
    }
}

/// `indoption`'s bits: 1 for DESC, 2 for NULLS FIRST.
fn order(option: u16) -> (bool, Option<Nulls>) {
    match option & 3 {
        0 => (false, None),
        1 => (true, Some(Nulls::Last)),
        2 => (false, Some(Nulls::First)),
        _ => (true, None),
    }
}

/// Storage parameters, `name=value`.
pub(super) fn parameters(options: &[String]) -> BTreeMap<String, String> {
    let pair = |option: &String| match option.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => (option.clone(), String::new()),
    };
    options.iter().map(pair).collect()
}
