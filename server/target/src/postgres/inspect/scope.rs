//! What an inspection is about, and how its queries say so.
//!
//! Tables of the catalog stand in the queries without their schema: `pg_catalog` is searched first. Functions have
//! it, because one of the target's own that fits its arguments better would win.

use super::super::connect::VersionPlace;
use super::super::quote::literal;
use crate::{InspectOptions, journal};
use migrated_core::schema::Name;

/// The schemas that are read, and the server that is asked.
pub(super) struct Scope<'a> {
    pub(super) major: u32,
    /// The target's own schema; empty where there is none.
    pub(super) own: String,
    options: &'a InspectOptions,
    place: &'a VersionPlace,
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        major: u32,
        own: String,
        options: &'a InspectOptions,
        place: &'a VersionPlace,
    ) -> Scope<'a> {
        Scope { major, own, options, place }
    }

    /// A condition on the namespace of that alias: it is read.
    pub(super) fn wanted(&self, alias: &str) -> String {
        let mut wanted = vec![literal(&self.own)];
        wanted.extend(self.options.schemas.iter().map(|schema| literal(schema)));
        let system = format!("{alias}.nspname !~ '^pg_' AND {alias}.nspname<>'information_schema'");
        match self.options.all_schemas {
            true => system,
            false => format!("{alias}.nspname IN ({}) AND {system}", wanted.join(",")),
        }
    }

    /// A condition: the object of that catalog and OID belongs to no extension.
    pub(super) fn free(&self, catalog: &str, oid: &str) -> String {
        format!(
            "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid='pg_catalog.{catalog}'::pg_catalog.regclass \
             AND e.objid={oid} AND e.deptype='e')"
        )
    }

    /// What a newer server has, or what stands for it on an older one.
    pub(super) fn since<'t>(&self, major: u32, new: &'t str, old: &'t str) -> &'t str {
        if self.major >= major { new } else { old }
    }

    /// An object's name.
    pub(super) fn name(&self, schema: &str, name: &str) -> Name {
        Name { schema: self.schema(schema), name: name.to_owned() }
    }

    /// A schema as it stands in names.
    pub(super) fn schema(&self, schema: &str) -> Option<String> {
        (schema != self.own).then(|| schema.to_owned())
    }

    /// Whether it is the version table or the journal.
    pub(super) fn is_ours(&self, schema: &str, table: &str) -> bool {
        schema == self.place.schema && (table == self.place.name || table == journal::TABLE)
    }

    /// Whether a schema is there for the version table.
    pub(super) fn holds_version_table(&self, schema: &str) -> bool {
        schema == self.place.schema
    }
}
