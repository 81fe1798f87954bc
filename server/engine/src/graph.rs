//! Revision graphs, loaded once and kept.

use crate::bodies::files_by_revision;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::revision::{Node, RevisionError, RevisionGraph};
use migrated_store::{Hash, ManifestRevision};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Which graph a request means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GraphRef {
    /// A manifest that the daemon knows.
    Manifest(Hash),
    /// What was published last.
    #[default]
    Published,
}

/// A revision as others see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevisionView {
    /// What stands in its file.
    pub header: migrated_store::RevisionHeader,
    /// Its file.
    pub path: String,
    /// SHA-256 of its file.
    pub hash: Hash,
    /// Labels of the branches that it is on.
    pub labels: Vec<String>,
    /// Revisions that have it as parent.
    pub children: Vec<String>,
    /// No other revision has it as parent.
    pub is_head: bool,
    /// A head that another revision depends on.
    pub is_effective_head: bool,
    /// It stands in the version table that was asked about.
    pub is_current: bool,
}

/// A graph, with what is known of its revisions.
pub struct LoadedGraph {
    /// Digest of its manifest; `None` for the empty graph and for a union.
    pub digest: Option<Hash>,
    /// The graph.
    pub graph: RevisionGraph,
    revisions: HashMap<String, ManifestRevision>,
}

impl LoadedGraph {
    fn build(digest: Option<Hash>, revisions: Vec<ManifestRevision>) -> Result<LoadedGraph> {
        let pairs = revisions.iter().map(|r| (r.header.revision.as_str(), r.path.as_str()));
        let doubled = files_by_revision(pairs);
        let first_doubled =
            revisions.iter().map(|r| r.header.revision.as_str()).find(|id| doubled[id].len() > 1);
        if let Some(id) = first_doubled {
            let files = doubled[id].join(" and ");
            return Err(EngineError::new(
                Code::DuplicateRevision,
                format!("revision {id} stands in two files: {files}"),
            )
            .revision(id)
            .with("revision", id)
            .with("files", files)
            .next("give one of them another id, in its header and in the revisions that follow it"));
        }
        drop(doubled);
        let nodes = revisions.iter().map(node).collect();
        let paths: HashMap<String, String> =
            revisions.iter().map(|r| (r.header.revision.clone(), r.path.clone())).collect();
        let graph = RevisionGraph::new(nodes).map_err(|e| graph_error(e, &paths))?;
        let revisions = revisions.into_iter().map(|r| (r.header.revision.clone(), r)).collect();
        Ok(LoadedGraph { digest, graph, revisions })
    }

    /// What is known of a revision.
    pub fn revision(&self, id: &str) -> Option<&ManifestRevision> {
        self.revisions.get(id)
    }

    /// Whether the graph has a revision of that id.
    pub fn contains(&self, id: &str) -> bool {
        self.revisions.contains_key(id)
    }

    /// A revision's message.
    pub fn message(&self, id: &str) -> &str {
        self.revisions.get(id).map_or("", |r| r.header.message.as_str())
    }

    /// Number of revisions.
    pub fn len(&self) -> usize {
        self.revisions.len()
    }

    /// Ids in load order.
    pub fn load_order(&self) -> impl Iterator<Item = &str> {
        self.graph.nodes().map(|node| node.id.as_str())
    }

    /// The heads.
    pub fn heads(&self) -> Vec<String> {
        owned(self.graph.heads())
    }

    /// Those of `ids` that the graph has, and everything below them: what is applied where they are the version
    /// rows.
    pub fn closure<'a>(&'a self, ids: &[String]) -> HashSet<&'a str> {
        let known: Vec<&String> = ids.iter().filter(|id| self.contains(id)).collect();
        // Only an unknown id is an error, and there is none.
        self.graph.applied(&known).map(|applied| applied.ids().collect()).unwrap_or_default()
    }

    /// Ids that an identifier means; none for base.
    pub fn resolve(&self, identifier: &str) -> Result<Vec<String>> {
        let resolved = self.graph.resolve(identifier)?;
        Ok(resolved.iter().filter_map(|r| r.revision()).map(str::to_owned).collect())
    }

    /// The one id that an identifier means.
    pub fn resolve_one(&self, identifier: &str) -> Result<String> {
        match self.resolve(identifier)?.as_slice() {
            [one] => Ok(one.clone()),
            several => Err(EngineError::new(
                Code::InvalidRequest,
                format!("{identifier} is {} revisions, one is wanted", several.len()),
            )
            .with("revision", identifier)),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.revisions.is_empty()
    }

    /// All revisions, in no order.
    pub fn revisions(&self) -> impl Iterator<Item = &ManifestRevision> {
        self.revisions.values()
    }

    /// A revision as others see it. `rows` are the version rows of the target that was asked about.
    pub fn view(&self, id: &str, rows: &[String]) -> RevisionView {
        let Some(revision) = self.revisions.get(id) else {
            // A version row that no graph knows is shown by its bare id.
            let header = migrated_store::RevisionHeader { revision: id.to_owned(), ..Default::default() };
            return RevisionView { header, is_current: true, ..RevisionView::default() };
        };
        RevisionView {
            header: revision.header.clone(),
            path: revision.path.clone(),
            hash: revision.hash,
            labels: owned(self.graph.labels_of(id)),
            children: owned(self.graph.children(id)),
            is_head: self.graph.is_head(id),
            is_effective_head: self.graph.is_head(id) && !self.graph.is_effective_head(id),
            is_current: rows.iter().any(|r| r == id),
        }
    }
}

fn owned(ids: Vec<&str>) -> Vec<String> {
    ids.into_iter().map(str::to_owned).collect()
}

fn node(revision: &ManifestRevision) -> Node {
    Node {
        id: revision.header.revision.clone(),
        down_revisions: revision.header.down_revisions.clone(),
        depends_on: revision.header.depends_on.clone(),
        branch_labels: revision.header.branch_labels.clone(),
    }
}

/// A graph's error with the files of the revisions that it names.
fn graph_error(e: RevisionError, paths: &HashMap<String, String>) -> EngineError {
    let mut error = EngineError::from(e);
    // What only looks like a missing name is a suggestion, and its file is not at fault.
    let named = error.metadata.iter().filter(|(name, _)| *name != "near");
    let named = named.flat_map(|(_, value)| value.split(", "));
    let mut files: Vec<&str> = named.filter_map(|id| paths.get(id).map(String::as_str)).collect();
    files.sort_unstable();
    files.dedup();
    if !files.is_empty() {
        let files = files.join(", ");
        error.message = format!("{} ({files})", error.message);
        error = error.with("files", files);
    }
    error
}

impl From<RevisionError> for EngineError {
    fn from(e: RevisionError) -> Self {
        let mut error = EngineError::new(e.code(), e.to_string()).next(e.code().next());
        error.metadata = e.metadata();
        error
    }
}

/// Graphs by manifest, the least recently used given up first.
pub(crate) struct Cache {
    graphs: Mutex<Vec<(String, Hash, Arc<LoadedGraph>)>>,
    limit: usize,
}

impl Cache {
    pub(crate) fn new(limit: usize) -> Cache {
        Cache { graphs: Mutex::default(), limit: limit.max(1) }
    }

    fn get(&self, project: &str, digest: &Hash) -> Option<Arc<LoadedGraph>> {
        let mut graphs = self.graphs.lock().unwrap_or_else(PoisonError::into_inner);
        let i = graphs.iter().position(|(p, d, _)| p == project && d == digest)?;
        let entry = graphs.remove(i);
        let graph = entry.2.clone();
        graphs.push(entry);
        Some(graph)
    }

    fn put(&self, project: &str, digest: Hash, graph: Arc<LoadedGraph>) {
        let mut graphs = self.graphs.lock().unwrap_or_else(PoisonError::into_inner);
        if graphs.len() >= self.limit {
            graphs.remove(0);
        }
        graphs.push((project.to_owned(), digest, graph));
    }
}

impl Engine {
    /// The graph that a request means.
    pub async fn graph(&self, project: &str, graph: &GraphRef) -> Result<Arc<LoadedGraph>> {
        let digest = match graph {
            GraphRef::Manifest(digest) => *digest,
            GraphRef::Published => match self.store().published(project).await?.digest {
                Some(digest) => digest,
                None => return Ok(Arc::new(LoadedGraph::build(None, Vec::new())?)),
            },
        };
        // Noted even where the graph is in memory: what is in use must not be collected from under it.
        let stored = self.store().touch_manifest(project, &digest, self.now()).await?;
        if let Some(graph) = self.inner.graphs.get(project, &digest).filter(|_| stored) {
            return Ok(graph);
        }
        let Some(revisions) = self.store().manifest(project, &digest).await? else {
            return Err(EngineError::new(
                Code::ManifestUnknown,
                "the daemon does not know this folder's manifest yet",
            )
            .with("digest", hex::encode(digest)));
        };
        // Ten thousand nodes are checked here: not on a thread that serves others.
        let built = tokio::task::spawn_blocking(move || LoadedGraph::build(Some(digest), revisions)).await;
        let graph = built.map_err(|e| EngineError::new(Code::Internal, e.to_string()))??;
        let graph = Arc::new(graph);
        self.inner.graphs.put(project, digest, graph.clone());
        Ok(graph)
    }

    /// The graph, and what the version rows need beyond it: revisions of other teams' branches and of newer
    /// images, from everything that the project was ever shown. Rows that nobody knows are given back as well.
    pub(crate) async fn union(
        &self,
        project: &str,
        graph: &Arc<LoadedGraph>,
        target_key: &str,
        rows: &[String],
    ) -> Result<(Arc<LoadedGraph>, Vec<String>)> {
        if rows.iter().all(|row| graph.contains(row)) {
            return Ok((graph.clone(), Vec::new()));
        }
        let applied = self.applied(target_key).await?;
        let mut known: HashMap<String, ManifestRevision> = HashMap::new();
        for revision in self.store().known_revisions(project, &[]).await? {
            let id = revision.header.revision.clone();
            // The body that was applied here counts; where none is recorded, the newest, which comes first.
            let is_applied = applied.get(&id).is_some_and(|a| a.body_hash == revision.hash);
            if is_applied || !known.contains_key(&id) {
                known.insert(id, revision);
            }
        }
        let labels: HashSet<&str> =
            graph.revisions().flat_map(|r| r.header.branch_labels.iter().map(String::as_str)).collect();
        let mut all: Vec<ManifestRevision> =
            graph.load_order().filter_map(|id| graph.revision(id).cloned()).collect();
        let mut wanted: Vec<String> = rows.to_vec();
        let mut added = HashSet::new();
        let mut unknown = Vec::new();
        while let Some(id) = wanted.pop() {
            if graph.contains(&id) || !added.insert(id.clone()) {
                continue;
            }
            let Some(mut revision) = known.get(&id).cloned() else {
                if rows.contains(&id) {
                    unknown.push(id);
                }
                continue;
            };
            revision.header.branch_labels.retain(|l| !labels.contains(l.as_str()));
            wanted.extend(revision.header.down_revisions.iter().cloned());
            // A dependency by label is looked up among what is known.
            for dependency in &revision.header.depends_on {
                let by_label = known.values().find(|r| r.header.branch_labels.contains(dependency));
                wanted.push(by_label.map_or_else(|| dependency.clone(), |r| r.header.revision.clone()));
            }
            all.push(revision);
        }
        if added.len() == unknown.len() {
            return Ok((graph.clone(), unknown));
        }
        Ok((Arc::new(LoadedGraph::build(None, all)?), unknown))
    }
}
