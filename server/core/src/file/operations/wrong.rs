//! Why a tree is no operation, in words for people.

use super::tree::Place;
use crate::file::error::nearest;
use std::fmt;

/// Fields of the objects that hold their name flat. Serde does not list those when one is unknown.
pub(super) const FLAT: &[&str] = &[
    "schema",
    "name",
    "columns",
    "primary_key",
    "uniques",
    "checks",
    "foreign_keys",
    "excludes",
    "indexes",
    "triggers",
    "policies",
    "row_security",
    "comment",
    "options",
    "query",
    "materialized",
    "depends_on",
    "kind",
    "arguments",
    "returns",
    "definition",
    "sql_mode",
    "type",
    "start",
    "increment",
    "min",
    "max",
    "cache",
    "cycle",
    "owned_by",
    "unlogged",
    "values",
    "fields",
    "collation",
    "not_null",
    "default",
    "always",
];

/// Why a tree is no operation.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) help: String,
    pub(super) place: Option<Place>,
}

impl Wrong {
    /// Gives it a place, where it has none.
    pub(super) fn at(mut self, place: Place) -> Wrong {
        self.place.get_or_insert(place);
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl serde::de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        let message = match message.as_str() {
            "data did not match any variant of untagged enum LiteralValue" => {
                "a value is text, a whole number, true, false or null".into()
            }
            "data did not match any variant of untagged enum DefaultValue" => {
                "a default is SQL, or `{literal: VALUE}`".into()
            }
            _ => message,
        };
        Wrong { message, help: String::new(), place: None }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        unknown("field", field, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        if expected.contains(&"add_column") {
            let all: Vec<&str> = expected.iter().chain(super::shorthand::NAMES).copied().collect();
            return unknown("operation", variant, &all);
        }
        unknown("word", variant, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Wrong::custom(format!("`{field}` is missing"))
    }
}

/// A word that is none of those that are known here.
pub(super) fn unknown(what: &str, word: &str, expected: &[&str]) -> Wrong {
    let help = match nearest(word, expected) {
        Some(near) => format!("did you mean `{near}`?"),
        None if expected.is_empty() => String::new(),
        None => format!("known here: {}", expected.join(", ")),
    };
    Wrong { message: format!("unknown {what} `{word}`"), help, place: None }
}
