//! Schemas and the rules of comparisons as files: YAML and JSON, the same fields in both.

mod check;
mod fit;
mod rules;
pub mod shape;
#[cfg(test)]
mod tests;
mod tree;

pub use rules::read_rules;

use super::Schema;
use serde::de::DeserializeOwned;
use tree::{Node, Value};

/// Why a schema file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemaTextError {
    /// What is wrong, in one line.
    pub message: String,
    /// Line, from 1; 0 where it is not known.
    pub line: u32,
    /// Column in characters, from 1; 0 where it is not known.
    pub column: u32,
}

/// Reads YAML.
///
/// # Errors
/// What is wrong, with its place.
pub fn read_yaml(text: &str) -> Result<Schema, SchemaTextError> {
    if matches!(yaml::<fit::Fits>(text), Ok(fit::Fits(true))) {
        return yaml(text);
    }
    let root: Node = yaml::<serde_saphyr::Spanned<Value>>(text)?.into();
    // Nothing but comments.
    if matches!(root.value, Value::Null) {
        return Ok(Schema::default());
    }
    check::check(&root, &shape::SCHEMA)?;
    yaml(text)
}

/// Reads JSON.
///
/// # Errors
/// What is wrong, with its place.
pub fn read_json(text: &str) -> Result<Schema, SchemaTextError> {
    let told = |e: serde_json::Error| {
        let whole = e.to_string();
        // The place is told beside the message.
        let message = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(message, _)| message);
        let (message, line) = (first_line(message), u32::try_from(e.line()).unwrap_or(u32::MAX));
        SchemaTextError { message, line, column: u32::try_from(e.column()).unwrap_or(u32::MAX) }
    };
    if matches!(serde_json::from_str::<fit::Fits>(text), Ok(fit::Fits(true))) {
        return serde_json::from_str(text).map_err(told);
    }
    let root: serde_json::Value = serde_json::from_str(text).map_err(told)?;
    if let Err(fault) = check::check(&root.into(), &shape::SCHEMA) {
        // JSON is YAML: read as that it tells the places too. Only a file with a fault pays for it.
        let placed = yaml::<serde_saphyr::Spanned<Value>>(text);
        return Err(match placed.map(|root| check::check(&root.into(), &shape::SCHEMA)) {
            Ok(Err(placed)) => placed,
            _ => fault,
        });
    }
    serde_json::from_str(text).map_err(told)
}

/// Reads YAML 1.2. The reader's limits against files that swell are kept but for those on mere size, which the
/// daemon's own limit on messages covers: 5,000 tables are more values than the reader takes by default.
fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, SchemaTextError> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_nodes: usize::MAX, max_events: usize::MAX },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|e| {
        let (line, column) = e.location().map_or((0, 0), |location| tree::place(&location));
        SchemaTextError { message: first_line(&e.without_snippet().to_string()), line, column }
    })
}

/// Writes YAML.
pub fn write_yaml(schema: &Schema) -> String {
    // Only maps, lists and scalars are written, and the writer is a String: there is nothing that can fail.
    serde_saphyr::to_string(schema).unwrap_or_else(|e| format!("# {e}\n"))
}

/// Writes JSON, indented.
pub fn write_json(schema: &Schema) -> String {
    serde_json::to_string_pretty(schema).unwrap_or_else(|e| format!("{{\"error\":{:?}}}", e.to_string()))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
