//! Comparing two schemas.

use super::formats;
use super::source::{SchemaSource, Scope};
use crate::place::{Place, TargetRequest};
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::diff::{LeftOut, LeftOutBecause, RenameQuestion, Rules, diff};
use migrated_core::operation::{Operation, Server};
use migrated_core::schema::{Objects, Schema, Table};

/// A request to compare two schemas.
#[derive(Clone, Debug)]
pub struct DiffRequest {
    /// What is.
    pub from: SchemaSource,
    /// What is to be.
    pub to: SchemaSource,
    /// The database beside which scratch ones are made, where neither source is one.
    pub beside: Option<TargetRequest>,
    /// What is looked at.
    pub scope: Scope,
    /// What the comparison lets pass.
    pub rules: Rules,
    /// The revisions that own what may be dropped, where the rules say so and no side is made of revisions.
    pub history: Option<SchemaSource>,
}

/// A difference, as people and pipelines read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In one line: `add column t.x varchar(50)`.
    pub summary: String,
    /// What it destroys; empty where nothing.
    pub destroys: String,
    /// The statements that do away with it.
    pub statements: Vec<String>,
}

/// What a comparison found.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The differences, in the order in which they are done away with.
    pub differences: Vec<Difference>,
    /// All statements, as a script.
    pub up: String,
    /// The script that goes back.
    pub down: String,
    /// Tables and columns that may have got another name.
    pub questions: Vec<RenameQuestion>,
    /// What rules left out, a line each.
    pub left_out: Vec<String>,
    /// What was seen and no model holds, a line each.
    pub notes: Vec<String>,
    /// The typed operations.
    pub operations: Vec<Operation>,
    /// The typed operations that go back.
    pub back: Vec<Operation>,
}

impl Engine {
    /// Compares two schemas. Writes to no target.
    pub async fn diff(&self, request: &DiffRequest) -> Result<Compared> {
        let place = match (&request.from, &request.to, &request.beside) {
            (SchemaSource::Target(target), ..)
            | (_, SchemaSource::Target(target), _)
            | (.., Some(target)) => self.place(target).await?,
            _ => {
                return Err(EngineError::new(
                    Code::InvalidRequest,
                    "neither side of the comparison is a database, so nothing says which engine reads them",
                )
                .next(
                    "name one with --target NAME or --database-url URL: scratch databases are made beside it",
                ));
            }
        };
        let (from, to) = match &request.from {
            SchemaSource::Target(_) => self.read_beside(&place, &request.to, &request.scope).await?,
            _ => {
                let from = self.read_source(&request.from, &place, &request.scope, None).await?;
                let to = self.read_source(&request.to, &place, &request.scope, Some(&from)).await?;
                (from, to)
            }
        };
        let replayed = |side: &&SchemaSource| matches!(side, SchemaSource::Revisions { .. });
        let history = request.history.as_ref().or([&request.from, &request.to].into_iter().find(replayed));
        let rules = self.with_owned(&request.rules, history, &place, &request.scope, &from).await?;
        let mut compared = compare(&place, &from.schema, &to.schema, &to.server, &rules)?;
        compared.notes = from.notes;
        Ok(compared)
    }
}

/// The comparison itself, and its statements.
pub(crate) fn compare(
    place: &Place,
    from: &Schema,
    to: &Schema,
    server: &Server,
    rules: &Rules,
) -> Result<Compared> {
    let found = diff(from, to, rules);
    if let Some((old, new)) = found.unknown_renames.first() {
        return Err(EngineError::new(
            Code::InvalidRequest,
            format!("the rename {old}={new} fits nothing: {old} must go and {new} must come"),
        )
        .with("rename", format!("{old}={new}"))
        .state("the target was not changed")
        .next("repeat without that `--rename`: what goes and what comes is listed then, and what is alike is asked about"));
    }
    let dialect = place.target.dialect();
    let mut differences = Vec::with_capacity(found.operations.len());
    let mut up = Vec::new();
    for operation in &found.operations {
        let statements = operation.render(server).map_err(|e| unrenderable(operation, &e))?;
        up.extend(statements.iter().cloned());
        differences.push(Difference {
            summary: summary(operation),
            destroys: operation.is_destructive().unwrap_or_default().to_owned(),
            statements,
        });
    }
    // The way back is the comparison the other way round, and not each operation reversed: what has to be dropped and
    // made again around a change is not the same in both directions. It begins at what the operations make of `from`,
    // which is not `to` where rules leave something out.
    let mut back = Vec::new();
    let mut back_operations = Vec::new();
    if !found.operations.is_empty() {
        let mut made = from.clone();
        for operation in &found.operations {
            operation.apply(&mut made).map_err(|e| unrenderable(operation, &e))?;
        }
        made.dialect = Some(dialect);
        let renames = renames_back(&found.operations);
        back_operations = diff(&made, from, &Rules { renames, ..Rules::default() }).operations;
    }
    for operation in &back_operations {
        back.extend(operation.render(server).map_err(|e| unrenderable(operation, &e))?);
    }
    Ok(Compared {
        differences,
        up: formats::script(dialect, &up),
        down: formats::script(dialect, &back),
        questions: found.questions,
        left_out: found.left_out.iter().map(left_out).collect(),
        notes: Vec::new(),
        operations: found.operations,
        back: back_operations,
    })
}

/// The renames that undo those among `operations`, the last one first.
fn renames_back(operations: &[Operation]) -> Vec<(String, String)> {
    let mut back = Vec::new();
    for operation in operations.iter().rev() {
        match operation {
            Operation::RenameTable(rename) => back.push((rename.to.to_string(), rename.from.to_string())),
            Operation::AlterColumn(alter) if alter.from.name != alter.to.name => {
                back.push((format!("{}.{}", alter.table, alter.to.name), alter.from.name.clone()));
            }
            Operation::AlterEnum(alter) => {
                let values = alter.renamed.iter().rev();
                back.extend(values.map(|(old, new)| (format!("{}.{new}", alter.to.name), old.clone())));
            }
            Operation::RebuildTable(rebuild) => {
                let columns = rebuild.renamed.iter().rev();
                back.extend(columns.map(|(old, new)| (format!("{}.{new}", rebuild.to.name), old.clone())));
            }
            _ => {}
        }
    }
    back
}

/// An operation in one line. A table that is made anew changes in some respect, which its own line does not say: it is
/// what would be altered on an engine that can.
fn summary(operation: &Operation) -> String {
    let Operation::RebuildTable(rebuild) = operation else { return operation.summary() };
    let alone = |table: &Table| Schema { tables: Objects::from_iter([table.clone()]), ..Schema::default() };
    let renames = rebuild
        .renamed
        .iter()
        .map(|(old, new)| (format!("{}.{old}", rebuild.from.name), format!("{}.{new}", rebuild.from.name)));
    let rules = Rules { renames: renames.collect(), ..Rules::default() };
    let changes = diff(&alone(&rebuild.from), &alone(&rebuild.to), &rules).operations;
    let changes: Vec<String> = changes.iter().map(Operation::summary).collect();
    if changes.is_empty() {
        return operation.summary();
    }
    format!("{}: {}", operation.summary(), changes.join(", "))
}

fn unrenderable(operation: &Operation, error: &migrated_core::operation::OperationError) -> EngineError {
    EngineError::new(Code::OperationInvalid, format!("{}: {error}", operation.summary()))
        .state("the target was not changed")
        .next("leave the object out with a rule, or write this step by hand")
}

/// A difference that is no operation, in a line.
fn left_out(left: &LeftOut) -> String {
    format!("{} is left as it is: {}", left.object, because(left.because))
}

/// Why rules leave something out.
pub(super) fn because(because: LeftOutBecause) -> &'static str {
    match because {
        LeftOutBecause::NotIncluded => "not included",
        LeftOutBecause::Excluded => "excluded",
        LeftOutBecause::Tolerated => "tolerated",
        LeftOutBecause::NotDropped => "not dropped: the rules keep what is too much",
        LeftOutBecause::Partition => "a partition or a child of another table",
        LeftOutBecause::Partitioning => "partitioning cannot be changed without making the table anew",
    }
}
