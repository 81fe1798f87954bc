//! Names that an engine gives by itself depend on which are taken already.

use crate::DialectName;
use crate::schema::{Name, Schema, Table};
use std::collections::HashSet;

/// Whether something in `read` has a name that something in `left_out`, which was not made beside it, has too.
pub(super) fn collide(dialect: DialectName, left_out: &Schema, read: &Schema) -> bool {
    let taken: HashSet<Name> = names(dialect, left_out).collect();
    names(dialect, read).any(|name| taken.contains(&name))
}

/// The names that only one object may have.
fn names(dialect: DialectName, schema: &Schema) -> impl Iterator<Item = Name> + '_ {
    let tables = schema.tables.iter().map(|one| one.name.clone());
    let rest = schema.sequences.iter().map(|one| one.name.clone());
    let rest = rest.chain(schema.views.iter().map(|one| one.name.clone()));
    let types = schema.enums.iter().map(|one| one.name.clone());
    let types = types.chain(schema.composites.iter().map(|one| one.name.clone()));
    let types = types.chain(schema.domains.iter().map(|one| one.name.clone()));
    let parts = schema.tables.iter().flat_map(move |table| parts(dialect, table));
    let indexes = schema.views.iter().flat_map(|view| {
        view.indexes.iter().map(|index| Name { schema: view.name.schema.clone(), name: index.name.clone() })
    });
    tables.chain(rest).chain(types).chain(parts).chain(indexes)
}

/// The names of a table's parts that are not its own affair: indexes on PostgreSQL and SQLite, constraints on MySQL.
fn parts(dialect: DialectName, table: &Table) -> Vec<Name> {
    let indexes = table.indexes.iter().map(|index| &index.name);
    let keyed = table.primary_key.iter().filter_map(|key| key.name.as_ref());
    let keyed = keyed.chain(table.uniques.iter().filter_map(|one| one.name.as_ref()));
    let keyed = keyed.chain(table.excludes.iter().filter_map(|one| one.name.as_ref()));
    let named = table.foreign_keys.iter().filter_map(|one| one.name.as_ref());
    let named = named.chain(table.checks.iter().filter_map(|one| one.name.as_ref()));
    let triggers = table.triggers.iter().map(|one| &one.name);
    let parts: Vec<&String> = match dialect {
        DialectName::Postgres => indexes.chain(keyed).collect(),
        DialectName::Mysql => named.chain(triggers).collect(),
        DialectName::Sqlite => indexes.chain(triggers).collect(),
    };
    let own = |name: &&String| Name { schema: table.name.schema.clone(), name: (*name).clone() };
    parts.iter().map(own).collect()
}
