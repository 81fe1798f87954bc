//! Waiting until a target stands at a revision: for an initContainer.

use crate::graph::GraphRef;
use crate::place::TargetRequest;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use std::time::{Duration, Instant};

/// A request to wait.
#[derive(Clone, Debug)]
pub struct WaitRequest {
    /// Project.
    pub project: String,
    /// Graph.
    pub graph: GraphRef,
    /// Target.
    pub target: TargetRequest,
    /// The revision to wait for.
    pub revision: String,
    /// How long.
    pub timeout: Duration,
}

impl Engine {
    /// Returns the version rows once the target stands at the revision or beyond. The target is asked by polling:
    /// others than this daemon may migrate it.
    pub async fn wait_for(&self, request: &WaitRequest) -> Result<Vec<String>> {
        let until = Instant::now() + request.timeout;
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let place = self.place(&request.target).await?;
        let goal = graph.graph.resolve_upgrade_target::<String>(&[], &request.revision)?;
        let mut pause = Duration::from_millis(100);
        let mut last;
        loop {
            // A database that is not up yet is what an initContainer waits for, too.
            match place.target.standing().await {
                Ok(standing) => {
                    let rows = standing.rows.unwrap_or_default();
                    let (union, _) = self.union(&project.name, &graph, place.key(), &rows).await?;
                    let known: Vec<String> = rows.iter().filter(|r| union.contains(r)).cloned().collect();
                    let applied = union.closure(&known);
                    if goal.iter().all(|g| applied.contains(g.as_str())) && standing.journal.is_empty() {
                        return Ok(rows);
                    }
                    last = format!("{} stands at {}", place.name, crate::plan::shown(&rows));
                }
                Err(e) if e.code == Code::TargetUnreachable => last = e.message,
                Err(e) => return Err(e.into()),
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(EngineError::new(
                    Code::DeadlinePassed,
                    format!(
                        "the timeout of {:?} passed before {} was reached",
                        request.timeout, request.revision
                    ),
                )
                .with("revision", &request.revision)
                .state(last)
                .next(format!("`migratectl upgrade {}`, or wait longer with --timeout", request.revision)));
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }
}
