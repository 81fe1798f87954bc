//! What is there and no model holds, a line each, so that nobody takes silence for absence.

use super::row::Row;
use super::scope::Scope;
use crate::postgres::wire::Answer;

/// Catalogs whose objects stand in a schema: catalog, its column of the schema, and which of its rows.
const IN_SCHEMAS: &[(&str, &str, &str)] = &[
    ("pg_class", "relnamespace", "o.relkind='f'"),
    (
        "pg_type",
        "typnamespace",
        "(o.typtype='r' OR o.typtype='b' AND NOT EXISTS (SELECT FROM pg_type b WHERE b.typarray=o.oid))",
    ),
    ("pg_operator", "oprnamespace", "true"),
    ("pg_opclass", "opcnamespace", "true"),
    ("pg_ts_config", "cfgnamespace", "true"),
    ("pg_ts_dict", "dictnamespace", "true"),
    ("pg_ts_parser", "prsnamespace", "true"),
    ("pg_ts_template", "tmplnamespace", "true"),
    ("pg_statistic_ext", "stxnamespace", "true"),
    ("pg_collation", "collnamespace", "true"),
    ("pg_conversion", "connamespace", "true"),
];

/// Catalogs of objects that stand in none. Those that came with the database have OIDs below 16384.
const WITHOUT_SCHEMA: &[&str] = &[
    "pg_event_trigger",
    "pg_cast",
    "pg_publication",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_transform",
    "pg_am",
    "pg_default_acl",
];

pub(super) fn sql(scope: &Scope<'_>) -> String {
    let mut parts = Vec::new();
    for (catalog, namespace, which) in IN_SCHEMAS {
        parts.push(format!(
            "SELECT o.tableoid,o.oid FROM {catalog} o JOIN pg_namespace n ON n.oid=o.{namespace} WHERE {which} AND {}",
            scope.wanted("n")
        ));
    }
    parts.extend(
        WITHOUT_SCHEMA
            .iter()
            .map(|catalog| format!("SELECT o.tableoid,o.oid FROM {catalog} o WHERE o.oid>=16384")),
    );
    parts.push(format!(
        "SELECT o.tableoid,o.oid FROM pg_rewrite o JOIN pg_class c ON c.oid=o.ev_class \
         JOIN pg_namespace n ON n.oid=c.relnamespace WHERE o.rulename<>'_RETURN' AND {}",
        scope.wanted("n")
    ));
    format!(
        "SELECT i.type||' '||i.identity||' is not looked at' FROM ({}) o(catalog,oid),\
         pg_catalog.pg_identify_object(o.catalog,o.oid,0) i WHERE NOT EXISTS (SELECT FROM pg_depend e \
         WHERE e.classid=o.catalog AND e.objid=o.oid AND e.deptype IN ('e','i'))",
        parts.join(" UNION ALL ")
    )
}

pub(super) fn read(answer: &Answer) -> Vec<String> {
    answer.rows.iter().map(|row| Row(row).text(0).to_owned()).collect()
}
