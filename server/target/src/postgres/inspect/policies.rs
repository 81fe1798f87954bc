//! Policies of tables.

use super::comments::{Catalog, Comments};
use super::expression::bare;
use super::row::Row;
use super::scope::Scope;
use crate::postgres::wire::Answer;
use migrated_core::schema::{Objects, Policy, PolicyCommand};
use std::collections::HashMap;

/// Role 0 stands for PUBLIC.
pub(super) fn sql(scope: &Scope<'_>) -> String {
    format!(
        "SELECT p.polrelid,p.oid,p.polname,p.polpermissive,p.polcmd,\
         ARRAY(SELECT coalesce(r.rolname,'public') FROM pg_catalog.unnest(p.polroles) k(role) \
         LEFT JOIN pg_roles r ON r.oid=k.role ORDER BY 1),\
         pg_catalog.pg_get_expr(p.polqual,p.polrelid),pg_catalog.pg_get_expr(p.polwithcheck,p.polrelid),\
         p.polqual IS NOT NULL,p.polwithcheck IS NOT NULL \
         FROM pg_policy p JOIN pg_class c ON c.oid=p.polrelid JOIN pg_namespace n ON n.oid=c.relnamespace \
         WHERE {}",
        scope.wanted("n")
    )
}

/// Whether a policy was dropped while it was read.
pub(super) fn is_torn(row: Row<'_>) -> bool {
    (row.flag(8) && row.option(6).is_none()) || (row.flag(9) && row.option(7).is_none())
}

/// The policies of every table, by its OID.
pub(super) fn read(answer: &Answer, comments: &Comments) -> HashMap<u32, Objects<Policy>> {
    let mut policies: HashMap<u32, Objects<Policy>> = HashMap::new();
    for row in answer.rows.iter().map(Row) {
        let expression = |index| row.option(index).map(|text| bare(text).to_owned());
        policies.entry(row.number(0)).or_default().insert(Policy {
            name: row.text(2).to_owned(),
            permissive: row.flag(3),
            command: match row.text(4) {
                "r" => PolicyCommand::Select,
                "a" => PolicyCommand::Insert,
                "w" => PolicyCommand::Update,
                "d" => PolicyCommand::Delete,
                _ => PolicyCommand::All,
            },
            roles: row.array(5),
            using: expression(6),
            check: expression(7),
            comment: comments.of(Catalog::Policy, row.number(1)),
        });
    }
    policies
}
