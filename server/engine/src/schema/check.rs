//! Whether a target is what its revisions, or a desired schema, say.

use super::compare::{Compared, compare};
use super::source::{SchemaSource, Scope};
use crate::graph::GraphRef;
use crate::place::{Place, TargetRequest};
use crate::plan::shown;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::diff::Rules;

/// A request to check a target.
#[derive(Clone, Debug)]
pub struct CheckRequest {
    /// Project.
    pub project: String,
    /// Graph.
    pub graph: GraphRef,
    /// Target.
    pub target: TargetRequest,
    /// What it is to be; `None` is what its revisions make.
    pub desired: Option<SchemaSource>,
    /// What is looked at.
    pub scope: Scope,
    /// What the comparison lets pass.
    pub rules: Rules,
}

impl Engine {
    /// What autogenerate would find. Writes to no target.
    pub async fn check(&self, request: &CheckRequest) -> Result<Compared> {
        let place = self.place(&request.target).await?;
        self.must_stand_at_head(&request.project, &request.graph, &place).await?;
        let history = SchemaSource::Revisions {
            project: request.project.clone(),
            graph: request.graph,
            revision: "heads".into(),
        };
        let desired = request.desired.as_ref().unwrap_or(&history);
        let (from, to) = self.read_beside(&place, desired, &request.scope).await?;
        let rules = self.with_owned(&request.rules, Some(&history), &place, &request.scope, &from).await?;
        let mut compared = compare(&place, &from.schema, &to.schema, &from.server, &rules)?;
        compared.notes = from.notes;
        Ok(compared)
    }

    /// As Alembic: comparing a target with pending revisions would find again what those do.
    pub(crate) async fn must_stand_at_head(
        &self,
        project: &str,
        graph: &GraphRef,
        place: &Place,
    ) -> Result<()> {
        let project = self.project_or_create(project).await?;
        let graph = self.graph(&project.name, graph).await?;
        let standing = place.target.standing().await?;
        let rows = standing.rows.clone().unwrap_or_default();
        if let Some(row) = standing.journal.first() {
            return Err(EngineError::new(
                Code::TargetPartial,
                format!("{} was cut off on {}", row.revision, place.name),
            )
            .revision(&row.revision)
            .state(format!("{} is partly changed", place.name))
            .next("`migratectl upgrade heads` finishes it"));
        }
        let (union, unknown) = self.union(&project.name, &graph, place.key(), &rows).await?;
        let known: Vec<String> = rows.iter().filter(|row| union.contains(row)).cloned().collect();
        let applied = union.closure(&known);
        let heads = graph.heads();
        if unknown.is_empty() && heads.iter().all(|head| applied.contains(head.as_str())) {
            return Ok(());
        }
        Err(EngineError::new(
            Code::NotAtHead,
            format!("{} does not stand at the head of its revisions", place.name),
        )
        .with("rows", rows.join(", "))
        .with("heads", heads.join(", "))
        .state(format!("{} stands at {}; the heads are {}", place.name, shown(&rows), shown(&heads)))
        .next("`migratectl upgrade heads`, then repeat"))
    }
}
