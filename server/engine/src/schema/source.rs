//! Where a schema comes from, and how it is read: always by an engine, so that both sides of a comparison are told
//! in the same words.

use super::formats::{self, SchemaFormat};
use crate::graph::GraphRef;
use crate::place::{Place, TargetRequest};
use crate::{Engine, EngineError, Result};
use migrated_core::operation::Server;
use migrated_core::schema::Schema;
use migrated_core::{Code, DialectName};
use migrated_target::{InspectOptions, Inspected, ScratchOptions};

/// Where a schema comes from.
#[derive(Clone, Debug)]
pub enum SchemaSource {
    /// A database as it is.
    Target(TargetRequest),
    /// Files: SQL that makes it from nothing, or a description.
    Files {
        /// What they hold.
        format: SchemaFormat,
        /// The files, in the order in which they are read.
        files: Vec<SchemaFile>,
    },
    /// What the revisions make, replayed from nothing.
    Revisions {
        /// Project.
        project: String,
        /// Graph.
        graph: GraphRef,
        /// Identifier of where to stop: `heads`.
        revision: String,
    },
    /// A description.
    Schema(Box<Schema>),
}

/// A file of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFile {
    /// Its name, for messages.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Which part of a database is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Schemas beside the target's own (PostgreSQL).
    pub schemas: Vec<String>,
    /// All schemas but the system's.
    pub all_schemas: bool,
}

impl Scope {
    pub(crate) fn options(&self) -> InspectOptions {
        InspectOptions { schemas: self.schemas.clone(), all_schemas: self.all_schemas }
    }
}

impl Engine {
    /// Reads a target's schema. Never writes.
    pub async fn inspect(&self, target: &TargetRequest, scope: &Scope) -> Result<Inspected> {
        let place = self.place(target).await?;
        Ok(place.target.inspect(&scope.options()).await?)
    }

    /// Reads a source as `place` would hold it: what is not a database is made in a scratch one beside it.
    /// `beside` is what the place holds, where that is known: its extensions are made in scratch first.
    pub(crate) async fn read_source(
        &self,
        source: &SchemaSource,
        place: &Place,
        scope: &Scope,
        beside: Option<&Inspected>,
    ) -> Result<Inspected> {
        let script = match source {
            SchemaSource::Target(target) => return self.inspect(target, scope).await,
            SchemaSource::Files { format: SchemaFormat::Sql, files } => files.clone(),
            SchemaSource::Files { format, files } => {
                let schema = formats::read(*format, files)?;
                let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
                vec![self.described(&schema, &names.join(", "), place, beside).await?]
            }
            SchemaSource::Schema(schema) => vec![self.described(schema, "the schema", place, beside).await?],
            SchemaSource::Revisions { project, graph, revision } => {
                self.replayed(project, graph, revision, place, beside).await?
            }
        };
        let described = !matches!(
            source,
            SchemaSource::Files { format: SchemaFormat::Sql, .. } | SchemaSource::Revisions { .. }
        );
        let extensions = beside.map(|b| b.schema.extensions.iter().cloned().collect()).unwrap_or_default();
        let options = ScratchOptions { extensions };
        let read = self.in_scratch(place, &options, &script, &scope.options()).await;
        read.map_err(|e| if described { of_description(e) } else { e })
    }

    /// A description as the script that makes it.
    async fn described(
        &self,
        schema: &Schema,
        name: &str,
        place: &Place,
        beside: Option<&Inspected>,
    ) -> Result<SchemaFile> {
        let dialect = place.target.dialect();
        if schema.dialect.is_some_and(|of| of != dialect) {
            return Err(EngineError::new(
                Code::SchemaInvalid,
                format!(
                    "the schema is written for {}, the target speaks {}",
                    shown(schema.dialect),
                    dialect.as_str()
                ),
            )
            .state("the target was not changed")
            .next("leave out its `dialect`, or name a target of that dialect"));
        }
        let server = match beside {
            Some(beside) => beside.server.clone(),
            None => place.target.inspect(&InspectOptions::default()).await?.server,
        };
        // What is there already is not made again: scratch has the target's extensions from its start.
        let mut schema = Schema { dialect: Some(dialect), ..schema.clone() };
        if let Some(beside) = beside {
            schema.extensions.retain(|extension| !beside.schema.extensions.contains(&extension.name));
        }
        let statements = migrated_core::operation::render_schema(&schema, &server)
            .map_err(|e| EngineError::new(Code::OperationInvalid, e.to_string()))?;
        Ok(SchemaFile { path: name.into(), text: formats::script(dialect, &statements) })
    }

    /// The upgrade bodies from nothing to `revision`, as files in their order.
    async fn replayed(
        &self,
        project: &str,
        graph: &GraphRef,
        revision: &str,
        place: &Place,
        beside: Option<&Inspected>,
    ) -> Result<Vec<SchemaFile>> {
        let project = self.project_or_create(project).await?;
        let graph = self.graph(&project.name, graph).await?;
        let plan = graph.graph.plan_upgrade_range(revision)?;
        let server = match beside {
            Some(beside) => beside.server.clone(),
            None => Server::named(place.target.dialect(), &place.target.standing().await?.server),
        };
        let mut files = Vec::with_capacity(plan.steps.len());
        for step in plan.steps {
            let body = self.load_body(&graph, &step.revision, step.direction, &server).await?;
            let body = body.with_sql(&step.revision)?;
            files.push(SchemaFile { path: body.path.clone(), text: body.text() });
        }
        Ok(files)
    }
}

/// A fault in the script of a description: its lines are nobody's, the statement says which object it is.
fn of_description(mut error: EngineError) -> EngineError {
    error.metadata.retain(|(name, _)| !matches!(*name, "line" | "column"));
    if let Some(sql) = &mut error.sql {
        (sql.line, sql.column_number) = (0, 0);
    }
    error
}

fn shown(dialect: Option<DialectName>) -> &'static str {
    dialect.map_or("any", DialectName::as_str)
}
