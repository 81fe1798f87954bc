//! Tables and views: what they are beside columns, constraints and indexes.

use super::indexes::parameters;
use super::row::Row;
use super::scope::Scope;
use crate::postgres::quote::identifier;
use crate::postgres::wire::Answer;
use migrated_core::schema::{Name, Partition, RowSecurity, Table, TableOptions, View};
use std::collections::HashMap;

/// A table, partitioned table, view or materialised view.
pub(super) struct Relation<'a> {
    row: Row<'a>,
    pub(super) oid: u32,
    pub(super) name: Name,
    /// The tables that it inherits from, in their order.
    parents: Vec<Parent>,
}

struct Parent {
    oid: u32,
    name: Name,
}

/// The relations; then those that inherit.
pub(super) fn sql(scope: &Scope<'_>) -> [String; 2] {
    let wanted = scope.wanted("n");
    [
        format!(
            "SELECT c.oid,n.nspname,c.relname,c.relkind,c.relpersistence,c.reloptions,t.reloptions,s.spcname,am.amname,\
             c.relreplident,c.relrowsecurity,c.relforcerowsecurity,\
             CASE WHEN c.relkind IN ('v','m') THEN pg_catalog.pg_get_viewdef(c.oid) END,\
             CASE WHEN c.relkind='p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,\
             CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound,c.oid) END,\
             CASE WHEN c.reloftype<>0 THEN pg_catalog.format_type(c.reloftype,NULL) END \
             FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace \
             LEFT JOIN pg_class t ON t.oid=c.reltoastrelid AND t.reloptions IS NOT NULL \
             LEFT JOIN pg_tablespace s ON s.oid=c.reltablespace LEFT JOIN pg_am am ON am.oid=c.relam \
             WHERE c.relkind IN ('r','p','v','m') AND {wanted} AND {}",
            scope.free("pg_class", "c.oid")
        ),
        format!(
            "SELECT i.inhrelid,i.inhparent,pn.nspname,p.relname FROM pg_inherits i JOIN pg_class c ON c.oid=i.inhrelid \
             JOIN pg_namespace n ON n.oid=c.relnamespace JOIN pg_class p ON p.oid=i.inhparent \
             JOIN pg_namespace pn ON pn.oid=p.relnamespace WHERE c.relkind IN ('r','p') AND {wanted} \
             ORDER BY i.inhrelid,i.inhseqno"
        ),
    ]
}

/// Whether a view or partitioned table was dropped while it was read.
pub(super) fn is_torn(row: Row<'_>) -> bool {
    match row.text(3) {
        "v" | "m" => row.option(12).is_none(),
        "p" => row.option(13).is_none(),
        _ => false,
    }
}

/// Every relation but the version table and the journal.
pub(super) fn read<'a>(relations: &'a Answer, inherits: &'a Answer, scope: &Scope<'_>) -> Vec<Relation<'a>> {
    let mut parents: HashMap<u32, Vec<Parent>> = HashMap::new();
    for row in inherits.rows.iter().map(Row) {
        let parent = Parent { oid: row.number(1), name: scope.name(row.text(2), row.text(3)) };
        parents.entry(row.number(0)).or_default().push(parent);
    }
    let others = relations.rows.iter().map(Row).filter(|row| !scope.is_ours(row.text(1), row.text(2)));
    others
        .map(|row| {
            let oid = row.number(0);
            let parents = parents.remove(&oid).unwrap_or_default();
            Relation { row, oid, name: scope.name(row.text(1), row.text(2)), parents }
        })
        .collect()
}

impl Relation<'_> {
    pub(super) fn is_view(&self) -> bool {
        matches!(self.row.text(3), "v" | "m")
    }

    /// The tables that it inherits from.
    pub(super) fn parents(&self) -> Vec<u32> {
        self.parents.iter().map(|parent| parent.oid).collect()
    }

    /// The table, without anything that has a catalog of its own. `replica` is the index of REPLICA IDENTITY.
    pub(super) fn table(&self, replica: Option<&str>) -> Table {
        Table {
            name: self.name.clone(),
            row_security: match (self.row.flag(10), self.row.flag(11)) {
                (false, _) => RowSecurity::Disabled,
                (true, false) => RowSecurity::Enabled,
                (true, true) => RowSecurity::Forced,
            },
            options: self.options(replica),
            ..Table::default()
        }
    }

    fn options(&self, replica: Option<&str>) -> TableOptions {
        let row = self.row;
        let mut with = parameters(&row.array(5));
        with.extend(
            parameters(&row.array(6)).into_iter().map(|(name, value)| (format!("toast.{name}"), value)),
        );
        let by = row.option(13);
        let (partition, inherits) = match (row.option(14), self.parents.first()) {
            (Some(bound), Some(parent)) => {
                (Some(Partition::Of { parent: parent.name.clone(), bound: bound.to_owned() }), Vec::new())
            }
            _ => (
                by.map(|key| Partition::By(key.to_owned())),
                self.parents.iter().map(|parent| parent.name.clone()).collect(),
            ),
        };
        let divided = matches!(partition, Some(Partition::Of { .. })).then_some(by).flatten();
        TableOptions {
            unlogged: row.text(4) == "u",
            with,
            tablespace: row.owned(7),
            access_method: row.owned(8).filter(|name| name != "heap"),
            replica_identity: match row.text(9) {
                "f" => Some("FULL".into()),
                "n" => Some("NOTHING".into()),
                "i" => replica.map(|index| format!("USING INDEX {}", identifier(index))),
                _ => None,
            },
            inherits,
            partition,
            verbatim: divided.map(|key| format!("PARTITION BY {key}")).into_iter().collect(),
            ..TableOptions::default()
        }
    }

    /// The view, without anything that has a catalog of its own.
    pub(super) fn view(&self) -> View {
        View {
            name: self.name.clone(),
            query: self.row.text(12).trim().trim_end_matches(';').to_owned(),
            materialized: self.row.text(3) == "m",
            options: parameters(&self.row.array(5)),
            ..View::default()
        }
    }

    /// What no model holds, as lines.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(of) = self.row.option(15) {
            notes.push(format!("table {}: that it is one OF type {of} is not looked at", self.name));
        }
        if self.row.flag(11) && !self.row.flag(10) {
            notes.push(format!(
                "table {}: FORCE ROW LEVEL SECURITY without ENABLE is not looked at",
                self.name
            ));
        }
        if self.is_view() {
            let place = self.row.option(7).map(|name| format!("tablespace {name}"));
            let method =
                self.row.option(8).filter(|name| *name != "heap").map(|name| format!("access method {name}"));
            notes.extend(
                place
                    .into_iter()
                    .chain(method)
                    .map(|what| format!("view {}: {what} is not looked at", self.name)),
            );
        }
        notes
    }
}
