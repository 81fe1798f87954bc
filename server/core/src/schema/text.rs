//! Schemas as files: YAML and JSON, the same fields in both.

use super::Schema;

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
    if text.trim().is_empty() {
        return Ok(Schema::default());
    }
    serde_saphyr::from_str(text).map_err(|e| {
        let place = e.location();
        SchemaTextError {
            message: first_line(&e.to_string()),
            line: place.map_or(0, |p| u32::try_from(p.line()).unwrap_or(u32::MAX)),
            column: place.map_or(0, |p| u32::try_from(p.column()).unwrap_or(u32::MAX)),
        }
    })
}

/// Reads JSON.
///
/// # Errors
/// What is wrong, with its place.
pub fn read_json(text: &str) -> Result<Schema, SchemaTextError> {
    serde_json::from_str(text).map_err(|e| SchemaTextError {
        message: first_line(&e.to_string()),
        line: u32::try_from(e.line()).unwrap_or(u32::MAX),
        column: u32::try_from(e.column()).unwrap_or(u32::MAX),
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
