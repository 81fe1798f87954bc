//! Columns of tables, views and composite types.

use super::comments::{Catalog, Comments};
use super::expression::bare;
use super::row::Row;
use super::scope::Scope;
use super::sequences::Sequences;
use crate::postgres::wire::Answer;
use migrated_core::schema::{Column, CompositeField, Computed, ComputedKind, DefaultValue, Identity, Name};
use std::collections::HashMap;

/// The columns of every relation, by its OID, in their order.
pub(super) struct Columns(HashMap<u32, Vec<Found>>);

/// A column.
pub(super) struct Found {
    /// Its number, by which the catalog speaks of it.
    pub(super) number: i16,
    /// Whether it is defined here, and not only inherited.
    pub(super) local: bool,
    /// Parameters of the planner, which no model holds.
    pub(super) options: bool,
    pub(super) column: Column,
}

/// Relations of extensions are among them: a foreign key may refer to one.
pub(super) fn sql(scope: &Scope<'_>) -> String {
    let compression = scope.since(14, "a.attcompression", "''");
    format!(
        "SELECT a.attrelid,a.attnum,a.attname,pg_catalog.format_type(a.atttypid,a.atttypmod),a.attnotnull,a.attidentity,\
         a.attgenerated,pg_catalog.pg_get_expr(d.adbin,d.adrelid),{collation},\
         CASE WHEN a.attstorage<>t.typstorage THEN a.attstorage END,{compression},\
         nullif(a.attstattarget,-1),a.attislocal,a.attoptions IS NOT NULL,d.adbin IS NOT NULL \
         FROM pg_attribute a JOIN pg_class c ON c.oid=a.attrelid JOIN pg_namespace n ON n.oid=c.relnamespace \
         JOIN pg_type t ON t.oid=a.atttypid \
         LEFT JOIN pg_attrdef d ON d.adrelid=a.attrelid AND d.adnum=a.attnum \
         LEFT JOIN pg_collation l ON l.oid=a.attcollation AND a.attcollation<>t.typcollation \
         LEFT JOIN pg_namespace ln ON ln.oid=l.collnamespace \
         WHERE a.attnum>0 AND NOT a.attisdropped AND c.relkind IN ('r','p','v','m','c') AND {wanted} \
         ORDER BY a.attrelid,a.attnum",
        collation = collation("l", "ln"),
        wanted = scope.wanted("n")
    )
}

/// Whether a default was dropped while it was read.
pub(super) fn is_torn(row: Row<'_>) -> bool {
    row.flag(14) && row.option(7).is_none()
}

/// A collation's name as SQL; NULL where the outer join found none.
pub(super) fn collation(collation: &str, namespace: &str) -> String {
    format!(
        "CASE WHEN pg_catalog.pg_collation_is_visible({collation}.oid) THEN pg_catalog.quote_ident({collation}.collname) \
         ELSE pg_catalog.quote_ident({namespace}.nspname)||'.'||pg_catalog.quote_ident({collation}.collname) END"
    )
}

impl Columns {
    pub(super) fn read(answer: &Answer, comments: &Comments, sequences: &Sequences) -> Columns {
        let mut relations: HashMap<u32, Vec<Found>> = HashMap::new();
        for row in answer.rows.iter().map(Row) {
            let (relation, number) = (row.number(0), row.number(1));
            let mut column = Column::new(row.text(2), row.text(3));
            column.nullable = !row.flag(4);
            column.identity = match row.text(5) {
                "" => None,
                kind => {
                    let options = sequences.of_identity(relation, number).cloned().unwrap_or_default();
                    Some(Identity { always: kind == "a", options })
                }
            };
            match (row.text(6), row.option(7)) {
                ("", default) => column.default = default.map(|sql| DefaultValue::Sql(sql.to_owned())),
                (kind, expr) => {
                    let kind = if kind == "v" { ComputedKind::Virtual } else { ComputedKind::Stored };
                    column.computed =
                        Some(Computed { expr: bare(expr.unwrap_or_default()).to_owned(), kind });
                }
            }
            column.collation = row.owned(8);
            column.storage = row.option(9).map(|code| storage(code).to_owned());
            column.compression = match row.text(10) {
                "p" => Some("pglz".to_owned()),
                "l" => Some("lz4".to_owned()),
                _ => None,
            };
            column.statistics = row.option(11).and_then(|target| target.parse().ok());
            column.comment = comments.of_column(Catalog::Class, relation, number);
            let found = Found { number, local: row.flag(12), options: row.flag(13), column };
            relations.entry(relation).or_default().push(found);
        }
        Columns(relations)
    }

    /// The columns of a relation.
    pub(super) fn of(&self, relation: u32) -> &[Found] {
        self.0.get(&relation).map_or(&[], Vec::as_slice)
    }

    /// The names of those columns of a relation, in the order of the numbers.
    pub(super) fn names(&self, relation: u32, numbers: &[i16]) -> Vec<String> {
        let columns = self.of(relation);
        let find = |number: &i16| columns.binary_search_by_key(number, |found| found.number);
        numbers.iter().filter_map(|number| Some(columns[find(number).ok()?].column.name.clone())).collect()
    }

    /// The fields of a composite type.
    pub(super) fn fields(&self, relation: u32) -> Vec<CompositeField> {
        let field = |found: &Found| CompositeField {
            name: found.column.name.clone(),
            data_type: found.column.data_type.clone(),
            collation: found.column.collation.clone(),
        };
        self.of(relation).iter().map(field).collect()
    }

    /// Names and types of a view's columns. A collation of a column's own is part of its type: CREATE OR REPLACE VIEW
    /// refuses to change the one as it does the other.
    pub(super) fn signature(&self, relation: u32) -> Vec<(String, String)> {
        let told = |Found { column, .. }: &Found| {
            let data_type = match &column.collation {
                Some(collation) => format!("{} COLLATE {collation}", column.data_type),
                None => column.data_type.clone(),
            };
            (column.name.clone(), data_type)
        };
        self.of(relation).iter().map(told).collect()
    }

    /// What no model holds, as lines.
    pub(super) fn notes(&self, relation: u32, name: &Name, view: bool) -> Vec<String> {
        let note = |found: &Found| {
            let Found { options, column, .. } = found;
            match view {
                true if column.default.is_some() || column.comment.is_some() => Some(format!(
                    "view {name}: comment or default of column {} is not looked at",
                    column.name
                )),
                false if *options => {
                    Some(format!("table {name}: parameters of column {} are not looked at", column.name))
                }
                _ => None,
            }
        };
        self.of(relation).iter().filter_map(note).collect()
    }

    /// The columns that a table's own definition has to tell: its local ones, and those in which it differs from
    /// the tables that it inherits from.
    pub(super) fn told(&self, relation: u32, parents: &[u32]) -> Vec<Column> {
        let inherited = |name: &str| {
            parents.iter().flat_map(|parent| self.of(*parent)).find(|found| found.column.name == name)
        };
        let told = |found: &&Found| {
            found.local
                || inherited(&found.column.name).is_some_and(|of| overrides(&found.column, &of.column))
        };
        self.of(relation).iter().filter(told).map(|found| found.column.clone()).collect()
    }
}

/// Identity, statistics and comments are not inherited; all else is.
fn overrides(child: &Column, parent: &Column) -> bool {
    child.default != parent.default
        || child.computed != parent.computed
        || child.nullable != parent.nullable
        || child.storage != parent.storage
        || child.compression != parent.compression
        || child.statistics.is_some()
        || child.comment.is_some()
}

fn storage(code: &str) -> &'static str {
    match code {
        "p" => "PLAIN",
        "e" => "EXTERNAL",
        "m" => "MAIN",
        _ => "EXTENDED",
    }
}
