//! What views name.

use super::row::Row;
use super::scope::Scope;
use crate::postgres::wire::Answer;
use migrated_core::schema::Name;
use std::collections::HashMap;

/// A view depends on its tables through its rule.
pub(super) fn sql(scope: &Scope<'_>) -> String {
    format!(
        "SELECT DISTINCT r.ev_class,pn.nspname,p.relname FROM pg_rewrite r JOIN pg_class c ON c.oid=r.ev_class \
         JOIN pg_namespace n ON n.oid=c.relnamespace \
         JOIN pg_depend d ON d.classid='pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid=r.oid \
         AND d.refclassid='pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid<>r.ev_class \
         JOIN pg_class p ON p.oid=d.refobjid JOIN pg_namespace pn ON pn.oid=p.relnamespace \
         WHERE r.rulename='_RETURN' AND c.relkind IN ('v','m') AND p.relkind IN ('r','p','v','m','f') AND {}",
        scope.wanted("n")
    )
}

/// The tables and views that each view names, by its OID, in the order of their names.
pub(super) fn read(answer: &Answer, scope: &Scope<'_>) -> HashMap<u32, Vec<Name>> {
    let mut named: HashMap<u32, Vec<Name>> = HashMap::new();
    for row in answer.rows.iter().map(Row) {
        named.entry(row.number(0)).or_default().push(scope.name(row.text(1), row.text(2)));
    }
    named.values_mut().for_each(|names| names.sort());
    named
}
