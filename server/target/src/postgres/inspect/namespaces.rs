//! Schemas and extensions.

use super::row::Row;
use super::scope::Scope;
use crate::postgres::wire::Answer;
use migrated_core::schema::{Extension, Namespace, Objects, Schema};

pub(super) fn sql(scope: &Scope<'_>) -> String {
    format!(
        "SELECT n.nspname,pg_catalog.obj_description(n.oid,'pg_namespace') FROM pg_namespace n WHERE {} AND {}",
        scope.wanted("n"),
        scope.free("pg_namespace", "n.oid")
    )
}

/// Every schema that is read, but for the target's own.
pub(super) fn read(answer: &Answer, scope: &Scope<'_>) -> Objects<Namespace> {
    let rows = answer.rows.iter().map(Row).filter(|row| row.text(0) != scope.own);
    rows.map(|row| Namespace { name: row.text(0).to_owned(), comment: row.owned(1) }).collect()
}

/// `plpgsql` is in every database.
pub(super) fn extensions_sql() -> String {
    "SELECT x.extname,n.nspname,x.extversion FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid=x.extnamespace \
     WHERE x.extname<>'plpgsql'"
        .into()
}

pub(super) fn read_extensions(answer: &Answer, scope: &Scope<'_>) -> Objects<Extension> {
    let extension = |row: Row<'_>| Extension {
        name: row.text(0).to_owned(),
        schema: scope.schema(row.text(1)),
        version: row.owned(2),
    };
    answer.rows.iter().map(Row).map(extension).collect()
}

/// Leaves out a schema that is there for the version table alone: it is ours, as the table is.
pub(super) fn without_ours(schema: &mut Schema, scope: &Scope<'_>) {
    let names = [
        schema.tables.iter().map(|o| &o.name).collect::<Vec<_>>(),
        schema.views.iter().map(|o| &o.name).collect(),
        schema.enums.iter().map(|o| &o.name).collect(),
        schema.composites.iter().map(|o| &o.name).collect(),
        schema.domains.iter().map(|o| &o.name).collect(),
        schema.sequences.iter().map(|o| &o.name).collect(),
        schema.functions.iter().map(|o| &o.name).collect(),
    ];
    let used = names
        .iter()
        .flatten()
        .any(|name| name.schema.as_deref().is_some_and(|s| scope.holds_version_table(s)));
    if !used {
        schema.schemas.retain(|namespace| !scope.holds_version_table(&namespace.name));
    }
}
