//! What a scope asks of two schemas, or of an object in both.

use crate::schema::{Domain, Enum, Name, Schema};

/// The values of an enum type under the names that they get.
pub(super) fn renamed_values(old: &Enum, renamed: &[(Name, String, String)]) -> Vec<String> {
    let now = |value: &String| {
        let named = renamed.iter().find(|(of, was, _)| *of == old.name && was == value);
        named.map_or(value, |(_, _, now)| now).clone()
    };
    old.values.iter().map(now).collect()
}

/// Everything in a schema of PostgreSQL that is worked out, or read as a value of a type, when it is made.
pub(super) fn value_texts(schema: &Schema) -> impl Iterator<Item = &str> {
    let tables = schema.tables.iter().flat_map(|table| {
        let columns = table.columns.iter().flat_map(super::table::column_texts);
        let checks = table.checks.iter().map(|check| check.expr.as_str());
        let indexes = table.indexes.iter().flat_map(super::constraint::index_texts);
        let excludes = table.excludes.iter().filter_map(|exclude| exclude.predicate.as_deref());
        let triggers = table.triggers.iter().map(|trigger| trigger.definition.as_str());
        let policies = table.policies.iter().flat_map(super::attached::policy_texts);
        columns.chain(checks).chain(indexes).chain(excludes).chain(triggers).chain(policies)
    });
    let views = schema.views.iter().map(|view| view.query.as_str());
    let functions = schema.functions.iter().map(|function| function.definition.as_str());
    let domains = schema.domains.iter().flat_map(|domain| {
        domain.checks.iter().map(|check| check.expr.as_str()).chain(domain.default.as_deref())
    });
    tables.chain(views).chain(functions).chain(domains)
}

/// Whether values were only put in, so that ADD VALUE is enough.
pub(super) fn inserts_only(old: &[String], new: &[String]) -> bool {
    let mut rest = new.iter();
    old.iter().all(|value| rest.any(|other| other == value))
}

/// Whether a domain stands on another type.
pub(super) fn other_base(old: &Domain, new: &Domain) -> bool {
    old.data_type != new.data_type || old.collation != new.collation
}

/// The types of a schema, with what tells their kinds apart.
pub(super) fn type_names(schema: &Schema) -> impl Iterator<Item = (&Name, u8)> {
    let enums = schema.enums.iter().map(|t| (&t.name, 0));
    let composites = schema.composites.iter().map(|t| (&t.name, 1));
    let domains = schema.domains.iter().map(|t| (&t.name, 2));
    enums.chain(composites).chain(domains)
}

/// A routine's statement up to the end of its arguments: names and defaults of arguments can only be added.
pub(super) fn head(definition: &str) -> &str {
    let mut depth = 0u32;
    for (at, c) in definition.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return &definition[..at],
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    definition
}
