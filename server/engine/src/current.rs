//! Where a target stands to a graph.

use crate::graph::GraphRef;
use crate::place::TargetRequest;
use crate::{Engine, Result, RevisionView};

/// How a target stands to a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything that the graph has is applied.
    Current,
    /// Something of the graph is not applied.
    Behind,
    /// Everything is applied, and more.
    Ahead,
    /// Something is not applied, and something is that the graph lacks.
    Diverged,
    /// A version row is known to nobody.
    Unknown,
}

/// Where a target stands.
#[derive(Clone, Debug)]
pub struct Current {
    /// Version rows.
    pub rows: Vec<String>,
    /// The rows, and the heads that they imply through dependencies.
    pub current: Vec<RevisionView>,
    /// Heads of the graph.
    pub heads: Vec<String>,
    /// How it stands to the graph.
    pub status: Status,
    /// Rows beyond the graph's heads.
    pub ahead: Vec<String>,
    /// Rows of branches that the graph does not know.
    pub foreign: Vec<String>,
    /// Rows that nobody knows.
    pub unknown: Vec<String>,
    /// The target without secrets.
    pub display: String,
    /// Engine and version.
    pub server: String,
    /// A revision that was cut off, where there is one.
    pub partial: Option<String>,
}

impl Engine {
    /// Where a target stands. Creates nothing, locks nothing.
    pub async fn current(&self, project: &str, graph: &GraphRef, target: &TargetRequest) -> Result<Current> {
        let project = self.project_or_create(project).await?;
        let graph = self.graph(&project.name, graph).await?;
        let place = self.place(target).await?;
        let standing = place.target.standing().await?;
        let rows = standing.rows.clone().unwrap_or_default();
        let (union, unknown) = self.union(&project.name, &graph, place.key(), &rows).await?;
        let known: Vec<String> = rows.iter().filter(|r| union.contains(r)).cloned().collect();
        let heads = graph.heads();
        let applied = union.closure(&known);
        let behind = heads.iter().any(|h| !applied.contains(h.as_str()));
        let (mut ahead, mut foreign) = (Vec::new(), Vec::new());
        for row in known.iter().filter(|r| !graph.contains(r)) {
            let below = union.closure(std::slice::from_ref(row));
            if heads.iter().any(|h| below.contains(h.as_str())) {
                ahead.push(row.clone())
            } else {
                foreign.push(row.clone())
            }
        }
        let more = !ahead.is_empty() || !foreign.is_empty();
        let status = match (unknown.is_empty(), behind, more) {
            (false, ..) => Status::Unknown,
            (true, true, true) => Status::Diverged,
            (true, true, false) => Status::Behind,
            (true, false, true) => Status::Ahead,
            (true, false, false) => Status::Current,
        };
        let mut current: Vec<RevisionView> =
            union.graph.current(&known)?.iter().map(|id| union.view(id, &rows)).collect();
        current.extend(unknown.iter().map(|id| union.view(id, &rows)));
        Ok(Current {
            current,
            heads,
            status,
            ahead,
            foreign,
            unknown,
            rows,
            display: place.target.display().to_owned(),
            server: standing.server,
            partial: standing.journal.first().map(|row| row.revision.clone()),
        })
    }
}
