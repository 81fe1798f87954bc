//! Lint: what is to be known of revisions before they run.

mod chosen;
mod written;

use crate::graph::{GraphRef, LoadedGraph};
use crate::place::TargetRequest;
use crate::plan::unknown_rows;
use crate::prepare::{LoadedBody, understand};
use crate::{Engine, EngineError, NewFile, Result};
use migrated_core::event::Direction;
use migrated_core::lint::{self, Severity};
use migrated_core::operation::Server;
use migrated_core::{Code, DialectName, file};
use std::collections::HashSet;
use std::sync::Arc;
use written::Written;

/// A request to lint revisions.
#[derive(Clone, Debug)]
pub struct LintRequest {
    /// Project.
    pub project: String,
    /// Graph.
    pub graph: GraphRef,
    /// The target that tells the dialect, where `dialect` does not. It is connected to for `unapplied` and for
    /// identifiers such as `current` and `+2` alone.
    pub target: Option<TargetRequest>,
    /// Identifiers and ranges `FROM:TO`; none for the whole graph.
    pub revisions: Vec<String>,
    /// Only what is not applied on the target yet.
    pub unapplied: bool,
    /// The downgrades too.
    pub downgrades: bool,
    /// What is looked at.
    pub options: LintOptions,
    /// Dialect of the SQL.
    pub dialect: Option<DialectName>,
}

/// Which rules are switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintOptions {
    /// Rules by their codes, or by squawk's names; a code of ours means squawk's rules about the same thing too.
    pub ignore: Vec<String>,
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
    /// The way on which it is found.
    pub direction: Direction,
    /// What was found. Its code is one of [`Code`] where the revision cannot run at all.
    pub found: lint::Finding,
}

impl LintOptions {
    /// # Errors
    /// Where a name is that of no rule.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(name) = self.ignore.iter().find(|name| !lint::is_known(name)) else { return Ok(()) };
        Err(EngineError::new(Code::InvalidRequest, format!("`{name}` names no rule of lint"))
            .next("name rules as findings do: by a code such as L001, or by squawk's name"))
    }

    fn ignores(&self, code: &str) -> bool {
        self.ignore.iter().any(|name| lint::covers(name, code))
    }
}

impl Engine {
    /// What revisions may do to a database in use. Touches nothing.
    ///
    /// # Errors
    /// Where no dialect is known, an identifier or a rule names nothing, a body is not at hand, or the target is wanted
    /// and cannot be reached.
    pub async fn lint(&self, request: &LintRequest) -> Result<Linted> {
        request.options.check()?;
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let asked = request.unapplied || request.revisions.iter().any(|of| chosen::counts_from_target(of));
        let place = match &request.target {
            Some(target) if asked || request.dialect.is_none() => Some(self.place(target).await?),
            _ => None,
        };
        let dialect = match (request.dialect, &place) {
            (Some(dialect), _) => dialect,
            (None, Some(place)) => place.target.dialect(),
            (None, None) => {
                return Err(EngineError::new(Code::InvalidRequest, "the dialect of the SQL is not known")
                    .next("add `--dialect postgresql`, `mysql` or `sqlite`, or name a target"));
            }
        };
        let (rows, applied) = match &place {
            Some(place) if asked => {
                let rows = place.target.standing().await?.rows.unwrap_or_default();
                let (union, unknown) = self.union(&project.name, &graph, place.key(), &rows).await?;
                if request.unapplied && !unknown.is_empty() {
                    return Err(unknown_rows(&unknown, &place.name));
                }
                let applied: HashSet<String> = union.closure(&rows).into_iter().map(str::to_owned).collect();
                (Some(rows), applied)
            }
            None if request.unapplied => {
                return Err(EngineError::new(
                    Code::InvalidRequest,
                    "what is not applied yet is known of a target, and none is named",
                )
                .next("name one with --target NAME or --database-url URL"));
            }
            _ => (None, HashSet::new()),
        };
        let chosen = chosen::chosen(&graph, &request.revisions, rows.as_deref())?;
        let wanted = |id: &&str| {
            chosen.as_ref().is_none_or(|ids| ids.contains(*id))
                && !(request.unapplied && applied.contains(*id))
        };
        let (mut revisions, mut findings) = (Vec::new(), Vec::new());
        let server = Server::oldest(dialect);
        for id in graph.load_order().filter(wanted) {
            let up = self.lint_revision(&graph, id, Direction::Up, &server, &request.options).await?;
            let mut down = Vec::new();
            if request.downgrades {
                down = self.lint_revision(&graph, id, Direction::Down, &server, &request.options).await?;
                // What is wrong before the first section is wrong once.
                down.retain(|down| !up.iter().any(|up| up.found == down.found));
            }
            findings.extend(up);
            findings.extend(down);
            let path = graph.revision(id).map(|known| known.path.clone()).unwrap_or_default();
            revisions.push(LintedRevision { revision: id.to_owned(), path });
        }
        Ok(Linted { dialect, revisions, findings })
    }

    /// What is to be known of one revision on one way.
    pub(crate) async fn lint_revision(
        &self,
        graph: &Arc<LoadedGraph>,
        revision: &str,
        direction: Direction,
        server: &Server,
        options: &LintOptions,
    ) -> Result<Vec<LintFinding>> {
        let dialect = server.dialect;
        let body = match self.load_body(graph, revision, direction, server).await {
            Ok(body) => body,
            // A revision without a way back is one that nobody means to take back.
            Err(error) if error.code == Code::NoBody && direction == Direction::Down => return Ok(Vec::new()),
            Err(error) => {
                let path = graph.revision(revision).map(|known| known.path.clone()).unwrap_or_default();
                return refused(error, revision, path, direction);
            }
        };
        // Its client knows what it does, and nobody else.
        if body.client.is_some() {
            return Ok(Vec::new());
        }
        let id = revision.to_owned();
        // Reading a large body takes a while: not on a thread that serves others.
        let done = tokio::task::spawn_blocking(move || found_in(&id, &body, direction, dialect)).await;
        let mut found = done.map_err(|e| EngineError::new(Code::Internal, e.to_string()))??;
        found.retain(|finding| !options.ignores(&finding.found.code));
        Ok(found)
    }

    /// What is to be known of the upgrade of a file that is not written yet.
    pub(crate) async fn lint_new(
        &self,
        new: &NewFile,
        server: &Server,
        options: &LintOptions,
    ) -> Result<Vec<LintFinding>> {
        let (id, path) = (new.view.header.revision.clone(), new.path.clone());
        let (content, server) = (new.content.clone(), server.clone());
        let work = move || {
            let nothing = ([0; 32], [0; 32]);
            match understand(&path, content.as_bytes(), &id, Direction::Up, &server, nothing) {
                Ok(body) => found_in(&id, &body, Direction::Up, server.dialect),
                Err(error) => refused(error, &id, path, Direction::Up),
            }
        };
        let done = tokio::task::spawn_blocking(work).await;
        let mut found = done.map_err(|e| EngineError::new(Code::Internal, e.to_string()))??;
        found.retain(|finding| !options.ignores(&finding.found.code));
        Ok(found)
    }
}

fn found_in(
    revision: &str,
    body: &LoadedBody,
    direction: Direction,
    dialect: DialectName,
) -> Result<Vec<LintFinding>> {
    let written = Written::of(body, direction);
    let parsed = file::parse_text(&written.path, written.text.clone())?;
    let Some(section) = parsed.section(direction, dialect) else { return Ok(Vec::new()) };
    let found = lint::lint(&parsed, section, dialect, body.transactional)
        .map_err(|e| EngineError::new(e.code, e.message).next(e.help))?;
    let in_file = |found| LintFinding {
        revision: revision.to_owned(),
        path: body.path.clone(),
        direction,
        found: written.placed(found),
    };
    Ok(found.into_iter().map(in_file).collect())
}

/// A body that cannot run is a finding at its place; what is not the revision's fault stays an error.
fn refused(
    error: EngineError,
    revision: &str,
    path: String,
    direction: Direction,
) -> Result<Vec<LintFinding>> {
    let place = error.sql.as_ref().map(|sql| (sql.line.max(1), sql.column_number.max(1)));
    let Some((line, column)) = place.or((error.code == Code::NoBody).then_some((1, 1))) else {
        return Err(error);
    };
    let found = lint::Finding {
        code: error.code.number().to_owned(),
        severity: Severity::Error,
        line,
        column,
        message: error.message,
        safer: error.next,
    };
    Ok(vec![LintFinding { revision: revision.to_owned(), path, direction, found }])
}
