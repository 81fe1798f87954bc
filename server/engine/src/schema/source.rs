//! Where a schema comes from, and how it is read: in an engine's words, so that both sides of a comparison are told in
//! the same ones. What a description says in the words of the schema beside it, or in a spelling that is known to mean
//! the same, needs no engine.

use super::formats::{self, SchemaFormat};
use crate::graph::GraphRef;
use crate::place::{Place, TargetRequest};
use crate::{Engine, EngineError, Result};
use migrated_core::operation::Server;
use migrated_core::schema::Schema;
use migrated_core::schema::normal::settle;
use migrated_core::{Code, DialectName};
use migrated_target::{InspectOptions, Inspected, ScratchOptions};
use std::borrow::Cow;

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

    /// Reads a target and, as it would hold it, what it is to be: both at the same time, where the second does not depend
    /// on the first.
    pub(crate) async fn read_beside(
        &self,
        place: &Place,
        desired: &SchemaSource,
        scope: &Scope,
    ) -> Result<(Inspected, Inspected)> {
        let options = scope.options();
        let made = async {
            let replayed;
            let script = match desired {
                SchemaSource::Files { format: SchemaFormat::Sql, files } => files,
                SchemaSource::Revisions { project, graph, revision } => {
                    replayed = self.replayed(project, graph, revision, place, None).await?;
                    &replayed
                }
                _ => return Ok(None),
            };
            self.in_scratch(place, &place.target.furniture().await?, script, &options).await.map(Some)
        };
        // Both to their end: what the first one fails with is what counts.
        let (from, to) = tokio::join!(place.target.inspect(&options), made);
        let from = from?;
        let to = match to? {
            Some(to) => to,
            None => self.read_source(desired, place, scope, Some(&from)).await?,
        };
        Ok((from, to))
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
            SchemaSource::Files { format: SchemaFormat::Sql, files } => Cow::Borrowed(files.as_slice()),
            SchemaSource::Files { format, files } => {
                let schema = formats::read(*format, files)?;
                let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
                return self.read_description(schema, &names.join(", "), place, scope, beside).await;
            }
            SchemaSource::Schema(schema) => {
                return self
                    .read_description(Schema::clone(schema), "the schema", place, scope, beside)
                    .await;
            }
            SchemaSource::Revisions { project, graph, revision } => {
                Cow::Owned(self.replayed(project, graph, revision, place, beside).await?)
            }
        };
        self.in_scratch(place, &furniture(beside), &script, &scope.options()).await
    }

    /// Reads a description: beside a schema in the engine's own words only what cannot be told from it is made in
    /// scratch.
    async fn read_description(
        &self,
        mut schema: Schema,
        name: &str,
        place: &Place,
        scope: &Scope,
        beside: Option<&Inspected>,
    ) -> Result<Inspected> {
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
        schema.dialect = Some(dialect);
        let Some(beside) = beside else {
            let server = place.target.inspect(&InspectOptions::default()).await?.server;
            return self.made(&schema, name, place, scope, &server, None).await;
        };
        let server = &beside.server;
        let settlement = settle(server, &beside.schema, &schema);
        let told = |schema: Schema| Inspected { schema, server: server.clone(), notes: Vec::new() };
        let read = match settlement.asked() {
            None => None,
            Some(asked) if asked == &schema => {
                return self.made(&schema, name, place, scope, server, Some(beside)).await;
            }
            // What fails here fails with the whole too, and is told as the fault of that.
            Some(asked) => match self.made(asked, name, place, scope, server, Some(beside)).await {
                Ok(read) => Some(read.schema),
                Err(_) => return self.made(&schema, name, place, scope, server, Some(beside)).await,
            },
        };
        match settlement.told(read) {
            Some(schema) => Ok(told(schema)),
            None => self.made(&schema, name, place, scope, server, Some(beside)).await,
        }
    }

    /// A description as scratch tells it.
    async fn made(
        &self,
        schema: &Schema,
        name: &str,
        place: &Place,
        scope: &Scope,
        server: &Server,
        beside: Option<&Inspected>,
    ) -> Result<Inspected> {
        // What is there already is not made again: scratch has the target's extensions from its start.
        let mut schema = Cow::Borrowed(schema);
        if let Some(beside) = beside.filter(|_| !schema.extensions.is_empty()) {
            schema
                .to_mut()
                .extensions
                .retain(|extension| !beside.schema.extensions.contains(&extension.name));
        }
        let statements = migrated_core::operation::render_schema(&schema, server)
            .map_err(|e| EngineError::new(Code::OperationInvalid, e.to_string()))?;
        let script = SchemaFile { path: name.into(), text: formats::script(server.dialect, &statements) };
        let read = self.in_scratch(place, &furniture(beside), &[script], &scope.options()).await;
        read.map_err(of_description)
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

/// What a scratch database starts with.
fn furniture(beside: Option<&Inspected>) -> ScratchOptions {
    let extensions = beside.map(|b| b.schema.extensions.iter().cloned().collect()).unwrap_or_default();
    ScratchOptions { extensions }
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
