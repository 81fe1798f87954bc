//! Offline scripts: what a run would execute, for somebody else to run.

use crate::graph::{GraphRef, LoadedGraph};
use crate::plan::shown;
use crate::prepare::LoadedBody;
use crate::{Engine, EngineError, Result};
use migrated_core::dialect::offline::{OfflineScript, OfflineStatement, OfflineStep, write_offline};
use migrated_core::dialect::version_table::VersionTableSql;
use migrated_core::event::Direction;
use migrated_core::operation::Server;
use migrated_core::revision::{RowChange, Step};
use migrated_core::{Code, DialectName};
use std::fmt::Write as _;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Characters of script in one chunk.
const CHUNK: usize = 64 << 10;

/// What to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenderKind {
    /// An upgrade.
    Upgrade,
    /// A downgrade.
    Downgrade,
    /// A stamp.
    Stamp,
    /// The version table alone.
    VersionTable,
}

/// A request for a script.
#[derive(Clone, Debug)]
pub struct RenderRequest {
    /// Project.
    pub project: String,
    /// Graph.
    pub graph: GraphRef,
    /// What to render.
    pub kind: RenderKind,
    /// `START:END`, or `END`; for a stamp several.
    pub revisions: Vec<String>,
    /// Dialect.
    pub dialect: DialectName,
    /// Version table's name.
    pub version_table: Option<String>,
    /// Version table's schema.
    pub version_table_schema: Option<String>,
    /// Default schema.
    pub schema: Option<String>,
    /// Text that goes into the script's head.
    pub tag: Option<String>,
}

/// A script on its way.
pub struct Rendered(mpsc::Receiver<String>);

impl Rendered {
    /// The next part; `None` at the end.
    pub async fn next(&mut self) -> Option<String> {
        self.0.recv().await
    }
}

/// Sends what is written in chunks. A receiver that has gone ends the writing.
struct Chunks {
    buffer: String,
    sender: mpsc::Sender<String>,
}

impl Chunks {
    fn send(&mut self) -> std::fmt::Result {
        let chunk = std::mem::take(&mut self.buffer);
        if chunk.is_empty() { Ok(()) } else { self.sender.blocking_send(chunk).map_err(|_| std::fmt::Error) }
    }
}

impl std::fmt::Write for Chunks {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.buffer.push_str(text);
        if self.buffer.len() >= CHUNK { self.send() } else { Ok(()) }
    }
}

/// A script's steps and where it begins.
struct Script {
    start: Vec<String>,
    steps: Vec<(String, Option<LoadedBody>, Vec<RowChange>)>,
}

impl Engine {
    /// Renders a script. Everything is loaded and checked before the first chunk: half a script is worse than none.
    pub async fn render(&self, request: RenderRequest) -> Result<Rendered> {
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let script = match request.kind {
            RenderKind::VersionTable => Script { start: Vec::new(), steps: Vec::new() },
            RenderKind::Stamp => stamp(&graph, &request.revisions)?,
            RenderKind::Upgrade | RenderKind::Downgrade => self.moves(&graph, &request).await?,
        };
        let (sender, receiver) = mpsc::channel(4);
        // Writing waits for a slow receiver, so it has a thread of its own. A receiver that left ends it.
        tokio::task::spawn_blocking(move || {
            let mut chunks = Chunks { buffer: String::new(), sender };
            let _ = write(&request, &script, &mut chunks).and_then(|()| chunks.send());
        });
        Ok(Rendered(receiver))
    }

    async fn moves(&self, graph: &Arc<LoadedGraph>, request: &RenderRequest) -> Result<Script> {
        let [range] = request.revisions.as_slice() else {
            return Err(EngineError::new(
                Code::InvalidRequest,
                "an offline upgrade or downgrade takes one range",
            ));
        };
        let plan = match request.kind {
            RenderKind::Downgrade => graph.graph.plan_downgrade_range(range)?,
            _ => graph.graph.plan_upgrade_range(range)?,
        };
        // Nobody knows which server the script is for: what the oldest understands, all do.
        let server = Server::oldest(request.dialect);
        let mut steps = Vec::with_capacity(plan.steps.len());
        for step in plan.steps {
            let body = self.load_body(graph, &step.revision, step.direction, &server).await?;
            let body = body.with_sql(&step.revision)?;
            steps.push((title(graph, &step), Some(body), step.changes));
        }
        Ok(Script { start: plan.rows_before, steps })
    }
}

/// Alembic's line: `Running upgrade ae10 -> 27c6, add account table`.
fn title(graph: &LoadedGraph, step: &Step) -> String {
    let parents = graph.graph.parents(&step.revision);
    let message = graph.message(&step.revision);
    let (verb, from, to) = match step.direction {
        Direction::Up => ("upgrade", parents.join(", "), step.revision.clone()),
        Direction::Down => ("downgrade", step.revision.clone(), parents.join(", ")),
    };
    let message = if message.is_empty() { String::new() } else { format!(", {message}") };
    format!("Running {verb} {from} -> {to}{message}")
}

/// A stamp from `FROM:TO`, or `TO` alone from base.
fn stamp(graph: &LoadedGraph, revisions: &[String]) -> Result<Script> {
    let plan = graph.graph.plan_stamp_range(revisions)?;
    let title = format!("Running stamp {} -> {}", shown(&plan.rows_before), shown(&plan.rows_after));
    Ok(Script { start: plan.rows_before, steps: vec![(title, None, plan.changes)] })
}

fn write(request: &RenderRequest, script: &Script, out: &mut Chunks) -> std::fmt::Result {
    let name = request.version_table.as_deref().unwrap_or("alembic_version");
    let schema = request.version_table_schema.as_deref().or(request.schema.as_deref());
    let table = VersionTableSql::new(request.dialect, schema, name);
    if let Some(tag) = &request.tag {
        writeln!(out, "-- {}\n", tag.replace(['\n', '\r'], " "))?;
    }
    if request.kind == RenderKind::VersionTable {
        return writeln!(out, "{};", table.create_if_missing());
    }
    if let (DialectName::Postgres, Some(schema)) = (request.dialect, &request.schema) {
        let schema = migrated_core::dialect::literal::quote_name(DialectName::Postgres, schema);
        writeln!(out, "SET search_path TO {schema};\n")?;
    }
    let offline =
        OfflineScript { dialect: request.dialect, version_table: &table, start: &script.start, guard: true };
    let steps = script.steps.iter().map(|(title, body, changes)| OfflineStep {
        title: title.clone(),
        statements: body.as_ref().map(statements).unwrap_or_default(),
        changes,
        transactional: body.as_ref().is_none_or(|b| b.transactional),
    });
    write_offline(&offline, steps, out)
}

fn statements(body: &LoadedBody) -> Vec<OfflineStatement<'_>> {
    let text = &body.script.text;
    let statements = body.script.statements.iter();
    statements
        .map(|s| OfflineStatement {
            text: &text[s.range.clone()],
            copy_data: s.copy_data.clone().map(|data| &text[data]),
        })
        .collect()
}
