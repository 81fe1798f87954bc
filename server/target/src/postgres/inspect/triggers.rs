//! Triggers of tables and views.

use super::comments::{Catalog, Comments};
use super::row::Row;
use super::scope::Scope;
use crate::postgres::wire::Answer;
use migrated_core::schema::{Objects, Trigger};
use std::collections::HashMap;

/// Those that a partition has from its parent are left out. Printed in the pretty form, in which the target's own
/// schema is not named.
pub(super) fn sql(scope: &Scope<'_>) -> String {
    format!(
        "SELECT t.tgrelid,t.oid,t.tgname,pg_catalog.pg_get_triggerdef(t.oid,true),t.tgenabled \
         FROM pg_trigger t JOIN pg_class c ON c.oid=t.tgrelid JOIN pg_namespace n ON n.oid=c.relnamespace \
         WHERE NOT t.tgisinternal AND t.tgparentid=0 AND {} AND {}",
        scope.wanted("n"),
        scope.free("pg_trigger", "t.oid")
    )
}

/// Whether a trigger was dropped while it was read.
pub(super) fn is_torn(row: Row<'_>) -> bool {
    row.option(3).is_none()
}

/// The triggers of every relation, by its OID.
pub(super) fn read(answer: &Answer, comments: &Comments) -> HashMap<u32, Objects<Trigger>> {
    let mut triggers: HashMap<u32, Objects<Trigger>> = HashMap::new();
    for row in answer.rows.iter().map(Row) {
        triggers.entry(row.number(0)).or_default().insert(Trigger {
            name: row.text(2).to_owned(),
            definition: row.text(3).to_owned(),
            sql_mode: None,
            enabled: match row.text(4) {
                "D" => Some("DISABLED".into()),
                "R" => Some("REPLICA".into()),
                "A" => Some("ALWAYS".into()),
                _ => None,
            },
            comment: comments.of(Catalog::Trigger, row.number(1)),
        });
    }
    triggers
}
