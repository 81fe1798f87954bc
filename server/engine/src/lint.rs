//! Lint: what is to be known of revisions before they run.

use crate::graph::{GraphRef, LoadedGraph};
use crate::place::TargetRequest;
use crate::prepare::LoadedBody;
use crate::{Engine, EngineError, Result};
use migrated_core::event::Direction;
use migrated_core::lint::{self, Severity};
use migrated_core::operation::Server;
use migrated_core::{Code, DialectName, file};
use std::collections::HashSet;
use std::sync::Arc;

/// A request to lint revisions.
#[derive(Clone, Debug)]
pub struct LintRequest {
    /// Project.
    pub project: String,
    /// Graph.
    pub graph: GraphRef,
    /// The target that tells the dialect, where `dialect` does not. It is not connected to.
    pub target: Option<TargetRequest>,
    /// Identifiers and ranges `FROM:TO`; none for the whole graph.
    pub revisions: Vec<String>,
    /// Dialect of the SQL.
    pub dialect: Option<DialectName>,
}

/// What lint found.
#[derive(Clone, Debug)]
pub struct Linted {
    /// The dialect whose sections were looked at.
    pub dialect: DialectName,
    /// The revisions that were looked at, in load order.
    pub revisions: Vec<LintedRevision>,
    /// What was found, in the same order.
    pub findings: Vec<LintFinding>,
}

/// A revision that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintedRevision {
    /// Its id.
    pub revision: String,
    /// Its file.
    pub path: String,
}

/// A finding of lint in a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintFinding {
    /// The revision.
    pub revision: String,
    /// Its file.
    pub path: String,
    /// What was found. Its code is one of [`Code`] where the revision cannot run at all.
    pub found: lint::Finding,
}

impl Engine {
    /// What the `up` sections of revisions may do to a database in use. Touches nothing.
    ///
    /// # Errors
    /// Where no dialect is known, an identifier names nothing, or a body is not at hand.
    pub async fn lint(&self, request: &LintRequest) -> Result<Linted> {
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let dialect = match (request.dialect, &request.target) {
            (Some(dialect), _) => dialect,
            (None, Some(target)) => self.place(target).await?.target.dialect(),
            (None, None) => {
                return Err(EngineError::new(Code::InvalidRequest, "the dialect of the SQL is not known")
                    .next("add `--dialect postgresql`, `mysql` or `sqlite`, or name a target"));
            }
        };
        let chosen = chosen(&graph, &request.revisions)?;
        let ids: Vec<&str> =
            graph.load_order().filter(|id| chosen.as_ref().is_none_or(|ids| ids.contains(*id))).collect();
        let (mut revisions, mut findings) = (Vec::new(), Vec::new());
        for id in ids {
            findings.extend(self.lint_revision(&graph, id, &Server::oldest(dialect)).await?);
            let path = graph.revision(id).map(|known| known.path.clone()).unwrap_or_default();
            revisions.push(LintedRevision { revision: id.to_owned(), path });
        }
        Ok(Linted { dialect, revisions, findings })
    }

    /// What is to be known of one revision's upgrade.
    pub(crate) async fn lint_revision(
        &self,
        graph: &Arc<LoadedGraph>,
        revision: &str,
        server: &Server,
    ) -> Result<Vec<LintFinding>> {
        let dialect = server.dialect;
        let body = match self.load_body(graph, revision, Direction::Up, server).await {
            Ok(body) => body,
            Err(error) => return refused(error, graph, revision),
        };
        if body.client.is_some() {
            return Ok(Vec::new());
        }
        let (path, transactional) = (body.path.clone(), body.transactional);
        let written = if body.rendered { as_written(&body) } else { Written::of_file(&body) };
        let id = revision.to_owned();
        // Reading a large body takes a while: not on a thread that serves others.
        let work = move || {
            let parsed = file::parse_text(&written.path, written.text.clone())?;
            let Some(section) = parsed.section(Direction::Up, dialect) else { return Ok(Vec::new()) };
            let found = lint::lint(&parsed, section, dialect, transactional)
                .map_err(|e| EngineError::new(e.code, e.message).next(e.help))?;
            let in_file = |found| LintFinding {
                revision: id.clone(),
                path: path.clone(),
                found: written.placed(found),
            };
            Ok(found.into_iter().map(in_file).collect())
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|e| EngineError::new(Code::Internal, e.to_string()))?
    }
}

/// A body as the SQL form that the rules read.
struct Written {
    path: String,
    text: Arc<str>,
    /// Of a body that was rendered: the line at which each statement begins here, and its operation's place.
    places: Vec<(u32, u32, u32)>,
}

impl Written {
    fn of_file(body: &LoadedBody) -> Written {
        Written { path: body.path.clone(), text: body.script.text.clone(), places: Vec::new() }
    }

    /// The finding at its place in the revision's file.
    fn placed(&self, mut found: lint::Finding) -> lint::Finding {
        if let Some((_, line, column)) = self.places.iter().rev().find(|(here, ..)| *here <= found.line) {
            (found.line, found.column) = (*line, *column);
        }
        found
    }
}

/// A body that was rendered from operations, written down as the SQL form would have it.
fn as_written(body: &LoadedBody) -> Written {
    let mut text = String::from("-- revision: rendered\n\n-- migrate:up\n");
    let mut places = Vec::with_capacity(body.script.statements.len());
    for statement in &body.script.statements {
        let line = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).saturating_add(1);
        places.push((line, statement.line, statement.column));
        text.push_str(&body.script.text[statement.range.clone()]);
        text.push_str(";\n");
    }
    Written { path: "rendered.sql".to_owned(), text: text.into(), places }
}

/// The revisions that identifiers and ranges name; `None` for all.
fn chosen(graph: &LoadedGraph, identifiers: &[String]) -> Result<Option<HashSet<String>>> {
    if identifiers.is_empty() {
        return Ok(None);
    }
    let mut ids = HashSet::new();
    for identifier in identifiers {
        if identifier.contains(':') {
            ids.extend(graph.graph.history::<String>(Some(identifier), &[])?);
        } else {
            ids.extend(graph.resolve(identifier)?);
        }
    }
    Ok(Some(ids))
}

/// A body that cannot run is a finding at its place; what is not the revision's fault stays an error.
fn refused(error: EngineError, graph: &LoadedGraph, revision: &str) -> Result<Vec<LintFinding>> {
    let place = error.sql.as_ref().map(|sql| (sql.line.max(1), sql.column_number.max(1)));
    let Some((line, column)) = place.or((error.code == Code::NoBody).then_some((1, 1))) else {
        return Err(error);
    };
    let path = graph.revision(revision).map(|known| known.path.clone()).unwrap_or_default();
    let found = lint::Finding {
        code: error.code.number().to_owned(),
        severity: Severity::Error,
        line,
        column,
        message: error.message,
        safer: error.next,
    };
    Ok(vec![LintFinding { revision: revision.to_owned(), path, found }])
}
