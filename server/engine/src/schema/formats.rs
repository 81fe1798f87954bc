//! The forms in which a schema is read and written.

use super::source::SchemaFile;
use crate::{EngineError, Result};
use migrated_core::event::SqlFault;
use migrated_core::operation::{Server, render_schema};
use migrated_core::schema::{Schema, text};
use migrated_core::{Code, DialectName};

/// A form of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaFormat {
    /// SQL that makes it from nothing.
    Sql,
    /// A description in YAML.
    Yaml,
    /// A description in JSON.
    Json,
    /// An entity-relationship diagram for Mermaid; only written.
    Mermaid,
}

/// Reads a description. Several files are parts of one.
pub(crate) fn read(format: SchemaFormat, files: &[SchemaFile]) -> Result<Schema> {
    let mut whole = Schema::default();
    for file in files {
        let part = match format {
            SchemaFormat::Json => text::read_json(&file.text),
            SchemaFormat::Yaml => text::read_yaml(&file.text),
            SchemaFormat::Sql | SchemaFormat::Mermaid => {
                return Err(EngineError::new(Code::InvalidRequest, "a description is YAML or JSON"));
            }
        };
        let part = part.map_err(|e| unreadable(file, e.message.clone(), e.line, e.column))?;
        merge(&mut whole, part)
            .map_err(|what| unreadable(file, format!("{what} stands in an earlier file already"), 0, 0))?;
    }
    Ok(whole)
}

pub(super) fn unreadable(file: &SchemaFile, message: String, line: u32, column: u32) -> EngineError {
    let mut error = EngineError::new(Code::SchemaInvalid, format!("{}: {message}", file.path))
        .with("path", &file.path)
        .state("the target was not changed")
        .next(format!("correct {}, then repeat", file.path));
    error.sql = Some(Box::new(SqlFault {
        path: file.path.clone(),
        line,
        column_number: column,
        statement: line
            .checked_sub(1)
            .and_then(|index| file.text.lines().nth(index as usize))
            .unwrap_or_default()
            .chars()
            .take(200)
            .collect(),
        ..SqlFault::default()
    }));
    error
}

fn merge(whole: &mut Schema, part: Schema) -> std::result::Result<(), String> {
    whole.dialect = whole.dialect.or(part.dialect);
    macro_rules! all {
        ($($field:ident)*) => {$(
            for object in part.$field {
                let name = migrated_core::schema::Named::key(&object).to_string();
                if whole.$field.insert(object).is_some() {
                    return Err(name);
                }
            }
        )*};
    }
    all!(schemas extensions enums composites domains sequences tables functions views);
    Ok(())
}

/// A schema as text.
///
/// # Errors
/// [`Code::OperationInvalid`] where it holds what no statement of the server makes.
pub fn write(schema: &Schema, format: SchemaFormat, server: &Server) -> Result<String> {
    Ok(match format {
        SchemaFormat::Json => text::write_json(schema) + "\n",
        SchemaFormat::Yaml => text::write_yaml(schema),
        SchemaFormat::Mermaid => mermaid(schema),
        SchemaFormat::Sql => {
            let statements = render_schema(schema, server)
                .map_err(|e| EngineError::new(Code::OperationInvalid, e.to_string()))?;
            script(server.dialect, &statements)
        }
    })
}

/// Statements as a script that the splitter, and the engine's own client, take apart again as they were.
pub(crate) fn script(dialect: DialectName, statements: &[String]) -> String {
    let mut out = String::new();
    for statement in statements {
        let statement = statement.trim_end().trim_end_matches(';');
        // A body with semicolons of its own, at which the client of MySQL would cut: routines, triggers and events.
        if dialect == DialectName::Mysql && statement.contains(';') {
            let free = ["//", "$$", "||", ";;"].into_iter().find(|mark| !statement.contains(mark));
            let mark = free.unwrap_or("end_of_statement");
            out.push_str(&format!("DELIMITER {mark}\n{statement}\n{mark}\nDELIMITER ;\n"));
        } else {
            out.push_str(&format!("{statement};\n"));
        }
    }
    out
}

/// Tables, columns and foreign keys as a diagram (<https://mermaid.js.org/syntax/entityRelationshipDiagram.html>).
fn mermaid(schema: &Schema) -> String {
    let mut out = String::from("erDiagram\n");
    for table in &schema.tables {
        let name = entity(&table.name.to_string());
        out.push_str(&format!("    \"{name}\" {{\n"));
        for column in &table.columns {
            let mut keys = Vec::new();
            if table.primary_key.as_ref().is_some_and(|key| key.columns.contains(&column.name)) {
                keys.push("PK");
            }
            if table.foreign_keys.iter().any(|key| key.columns.contains(&column.name)) {
                keys.push("FK");
            }
            let line =
                format!("        {} {} {}", kind(&column.data_type), word(&column.name), keys.join(", "));
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out.push_str("    }\n");
    }
    for table in &schema.tables {
        for key in &table.foreign_keys {
            let one = key.columns.iter().all(|c| table.column(c).is_some_and(|c| !c.nullable));
            out.push_str(&format!(
                "    \"{}\" }}o--{} \"{}\" : \"{}\"\n",
                entity(&table.name.to_string()),
                if one { "||" } else { "o|" },
                entity(&key.target().to_string()),
                entity(&key.columns.join(", "))
            ));
        }
    }
    out
}

/// What may stand in quotes in a diagram.
fn entity(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '"' | '%' | '\\') || c.is_control() { '_' } else { c }).collect()
}

/// A name or type as one word of a diagram: letters, digits, `_`, `-` and brackets.
fn word(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let fits = c.is_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']');
        // A digit or bracket cannot be the first of a word.
        let leads = out.is_empty() && !c.is_alphabetic();
        if (!fits || leads) && !out.ends_with('_') {
            out.push('_');
        }
        if fits {
            out.push(c);
        }
    }
    out
}

/// A type as a word; of an enumeration without its values.
fn kind(data_type: &str) -> String {
    let short = match data_type.split_once('(') {
        Some((before, values)) if values.contains('\'') => before,
        _ => data_type,
    };
    if short.is_empty() { "any".to_owned() } else { word(short) }
}
