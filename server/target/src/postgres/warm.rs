//! Warming a session's catalog caches before its step begins.
//!
//! The first CREATE TABLE of a fresh backend costs about twice that of an old one: relation and catalog caches are
//! empty. A session that is opened ahead fills them while another one works. Measured on PostgreSQL 15, looking up
//! the version table's definitions and planning its UPDATE saves about half of that difference; creating a table
//! and rolling back would save a little more, but it writes.

use super::connect::VersionPlace;
use super::quote::literal;
use super::wire::Wire;

/// Fills the caches. What it asks does not matter, and neither does a refusal: the step will tell.
pub(super) async fn warm(wire: &mut Wire, place: &VersionPlace) {
    let table = place.qualified();
    let text = format!(
        "SELECT pg_catalog.pg_get_indexdef(i.indexrelid),pg_catalog.pg_get_constraintdef(k.oid),\
         pg_catalog.format_type(a.atttypid,a.atttypmod),pg_catalog.pg_table_is_visible(c.oid),\
         pg_catalog.has_schema_privilege(c.relnamespace,'CREATE') FROM pg_catalog.pg_class c \
         LEFT JOIN pg_catalog.pg_index i ON i.indrelid=c.oid \
         LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid=c.oid \
         LEFT JOIN pg_catalog.pg_depend d ON d.classid='pg_catalog.pg_class'::pg_catalog.regclass AND d.objid=c.oid \
         LEFT JOIN pg_catalog.pg_shdepend s ON s.classid='pg_catalog.pg_class'::pg_catalog.regclass \
         AND s.objid=c.oid LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid=c.oid AND a.attnum>0 \
         WHERE c.oid=pg_catalog.to_regclass({});\
         EXPLAIN UPDATE {table} SET version_num='' WHERE version_num=''",
        literal(&table)
    );
    let _ = wire.query(&text, &mut |_| {}).await;
}
