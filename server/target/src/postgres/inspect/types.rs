//! Enum types, composite types and domains.

use super::columns::{Columns, collation};
use super::comments::{Catalog, Comments};
use super::constraints::Constraints;
use super::row::Row;
use super::scope::Scope;
use crate::postgres::wire::Answer;
use migrated_core::schema::{Composite, Domain, Enum, Schema};

pub(super) fn sql(scope: &Scope<'_>) -> String {
    format!(
        "SELECT t.oid,t.typtype,n.nspname,t.typname,t.typrelid,\
         CASE WHEN t.typtype='d' THEN pg_catalog.format_type(t.typbasetype,t.typtypmod) END,{collation},t.typnotnull,\
         pg_catalog.pg_get_expr(t.typdefaultbin,0),\
         CASE WHEN t.typtype='e' THEN ARRAY(SELECT v.enumlabel FROM pg_enum v WHERE v.enumtypid=t.oid \
         ORDER BY v.enumsortorder) END \
         FROM pg_type t JOIN pg_namespace n ON n.oid=t.typnamespace \
         LEFT JOIN pg_type b ON b.oid=t.typbasetype \
         LEFT JOIN pg_collation l ON l.oid=t.typcollation AND t.typtype='d' AND t.typcollation<>b.typcollation \
         LEFT JOIN pg_namespace ln ON ln.oid=l.collnamespace \
         WHERE (t.typtype IN ('e','d') \
         OR t.typtype='c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid=t.typrelid AND c.relkind='c')) \
         AND {wanted} AND {free}",
        collation = collation("l", "ln"),
        wanted = scope.wanted("n"),
        free = scope.free("pg_type", "t.oid"),
    )
}

pub(super) fn read(
    schema: &mut Schema,
    answer: &Answer,
    scope: &Scope<'_>,
    columns: &Columns,
    constraints: &mut Constraints,
    comments: &Comments,
) {
    for row in answer.rows.iter().map(Row) {
        let oid = row.number(0);
        let (name, comment) = (scope.name(row.text(2), row.text(3)), comments.of(Catalog::Type, oid));
        match row.text(1) {
            "e" => {
                schema.enums.insert(Enum { name, values: row.array(9), comment });
            }
            "c" => {
                schema.composites.insert(Composite { name, fields: columns.fields(row.number(4)), comment });
            }
            _ => {
                schema.domains.insert(Domain {
                    name,
                    data_type: row.text(5).to_owned(),
                    collation: row.owned(6),
                    not_null: row.flag(7),
                    default: row.owned(8),
                    checks: constraints.of_domain(oid),
                    comment,
                });
            }
        }
    }
}
