//! `schema_source.proto` and `diff.proto`.

use super::graph::graph;
use super::target::target;
use super::wire::{self, Modelled};
use super::{internal, invalid};
use crate::status::status;
use migrated_core::Code;
use migrated_core::diff::{RenameKind, Rules};
use migrated_engine::{
    Compared, EngineError, SchemaFile, SchemaFormat, SchemaScope, SchemaSource, read_rules,
};
use migrated_proto::v1;
use tonic::Status;

/// A part of the model as a message.
pub(crate) fn told<T: Modelled>(value: &T) -> Result<T::Message, Status> {
    wire::message(value).map_err(|misfit| internal(&misfit))
}

/// A message as a part of the model; `field` is where the request has it.
pub(crate) fn described<T: Modelled>(field: &str, message: &T::Message) -> Result<T, Status> {
    wire::model(message).map_err(|misfit| {
        let dot = if misfit.path.is_empty() || misfit.path.starts_with('[') { "" } else { "." };
        let path = format!("{field}{dot}{}", misfit.path);
        let error = EngineError::new(Code::InvalidRequest, format!("{path}: {}", misfit.message));
        status(&error.with("field", path))
    })
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
    let mut rules: Rules = match (&asked.rules, &asked.file) {
        (Some(_), Some(_)) => {
            return Err(invalid("rules.file", "the rules are told twice, by `rules` and by a file"));
        }
        (Some(rules), None) => described("rules.rules", rules)?,
        (None, Some(file)) => read_rules(&file.path, &file.text).map_err(|e| status(&e))?,
        (None, None) => Rules::default(),
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
        Some(Source::Revisions(of)) => Some(replayed(of)?),
        Some(Source::Schema(of)) => {
            Some(SchemaSource::Schema(Box::new(described(&format!("{field}.schema"), &of)?)))
        }
    })
}

/// What revisions make.
pub(crate) fn replayed(of: v1::ReplayedRevisions) -> Result<SchemaSource, Status> {
    Ok(SchemaSource::Revisions {
        project: of.project,
        graph: graph(of.graph)?,
        revision: if of.revision.is_empty() { "heads".into() } else { of.revision },
    })
}

/// What a comparison found.
pub(crate) fn compared(found: Compared) -> Result<v1::SchemaDiff, Status> {
    let differences = found.differences.into_iter().zip(&found.operations).map(|(difference, operation)| {
        Ok(v1::Difference {
            summary: difference.summary,
            destroys: difference.destroys,
            statements: difference.statements,
            operation: Some(told(operation)?),
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
