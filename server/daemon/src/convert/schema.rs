//! `schema.proto`.

use super::graph::graph;
use super::invalid;
use super::target::target;
use migrated_core::diff::{RenameKind, Rules};
use migrated_engine::{Compared, SchemaFile, SchemaFormat, SchemaScope, SchemaSource};
use migrated_proto::v1;
use pbjson_types::Struct;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tonic::Status;

/// Anything of core as a structure: the form of the YAML and JSON files.
pub(crate) fn object<T: Serialize>(value: &T) -> Result<Struct, Status> {
    let json = serde_json::to_value(value).map_err(|e| Status::internal(e.to_string()))?;
    serde_json::from_value(json).map_err(|e| Status::internal(e.to_string()))
}

/// A structure as what it describes; `field` names it where it cannot be read.
pub(crate) fn described<T: DeserializeOwned>(field: &'static str, object: &Struct) -> Result<T, Status> {
    let json = serde_json::to_value(object).map_err(|e| Status::internal(e.to_string()))?;
    serde_json::from_value(whole(json)).map_err(|e| invalid(field, e.to_string()))
}

/// The numbers of a structure are all floating point: whole ones become integers again.
fn whole(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => Value::from(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(whole).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(k, v)| (k, whole(v))).collect()),
        other => other,
    }
}

/// The form that is asked for.
pub(crate) fn format(format: v1::SchemaFormat) -> Result<Option<SchemaFormat>, Status> {
    Ok(match format {
        v1::SchemaFormat::Unspecified => None,
        v1::SchemaFormat::Sql => Some(SchemaFormat::Sql),
        v1::SchemaFormat::Yaml => Some(SchemaFormat::Yaml),
        v1::SchemaFormat::Json => Some(SchemaFormat::Json),
        v1::SchemaFormat::Mermaid => Some(SchemaFormat::Mermaid),
    })
}

/// What is looked at.
pub(crate) fn scope(scope: Option<v1::SchemaScope>) -> SchemaScope {
    let scope = scope.unwrap_or_default();
    SchemaScope { schemas: scope.schemas, all_schemas: scope.all_schemas }
}

/// The rules of a request.
pub(crate) fn rules(rules: Option<v1::DiffRules>) -> Result<Rules, Status> {
    let Some(asked) = rules else { return Ok(Rules::default()) };
    let mut rules: Rules = match &asked.rules {
        Some(object) => described("rules.rules", object)?,
        None => Rules::default(),
    };
    rules.renames.extend(asked.renames.into_iter().map(|r| (r.old_name, r.new_name)));
    Ok(rules)
}

/// The source of a request that needs one.
pub(crate) fn source(field: &'static str, source: Option<v1::SchemaSource>) -> Result<SchemaSource, Status> {
    maybe_source(field, source)?.ok_or_else(|| invalid(field, "the request names no schema"))
}

/// The source of a request that may do without.
pub(crate) fn maybe_source(
    field: &'static str,
    source: Option<v1::SchemaSource>,
) -> Result<Option<SchemaSource>, Status> {
    use v1::schema_source::Source;
    Ok(match source.and_then(|s| s.source) {
        None => None,
        Some(Source::Target(of)) => Some(SchemaSource::Target(target(Some(of))?)),
        Some(Source::Files(files)) => {
            let format = format(files.format())?
                .ok_or_else(|| invalid(field, "say what the files hold: SQL, YAML or JSON"))?;
            let files = files.files.into_iter().map(|f| SchemaFile { path: f.path, text: f.text }).collect();
            Some(SchemaSource::Files { format, files })
        }
        Some(Source::Revisions(of)) => Some(SchemaSource::Revisions {
            project: of.project,
            graph: graph(of.graph)?,
            revision: if of.revision.is_empty() { "heads".into() } else { of.revision },
        }),
        Some(Source::Schema(of)) => Some(SchemaSource::Schema(Box::new(described(field, &of)?))),
    })
}

/// What a comparison found.
pub(crate) fn compared(found: Compared) -> Result<v1::SchemaDiff, Status> {
    let differences = found.differences.into_iter().zip(&found.operations).map(|(difference, operation)| {
        Ok(v1::Difference {
            summary: difference.summary,
            destroys: difference.destroys,
            statements: difference.statements,
            operation: Some(object(operation)?),
        })
    });
    let questions = found.questions.into_iter().map(|question| v1::RenameQuestion {
        kind: match question.kind {
            RenameKind::Table => "table",
            RenameKind::Column => "column",
            RenameKind::EnumValue => "enum value",
        }
        .to_owned(),
        old_name: question.from,
        new_name: question.to,
        similarity: question.similarity,
    });
    Ok(v1::SchemaDiff {
        differences: differences.collect::<Result<_, Status>>()?,
        up_sql: found.up,
        down_sql: found.down,
        questions: questions.collect(),
        left_out: found.left_out,
        notes: found.notes,
    })
}
