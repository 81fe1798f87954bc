//! Publishing a graph: compare and set, so that two pushes at once cannot lose each other's revisions.

use crate::graph::{GraphRef, LoadedGraph};
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_store::{AuditRecord, Hash, StoreError};

/// A request to publish.
#[derive(Clone, Debug)]
pub struct Push {
    /// Project.
    pub project: String,
    /// The manifest to publish.
    pub graph: GraphRef,
    /// Published version that the caller builds on.
    pub expected_version: Option<u64>,
    /// Allows taking revisions away.
    pub prune: bool,
    /// Who.
    pub actor: String,
}

/// What a push changed.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    /// Version now published.
    pub version: u64,
    /// Heads now published.
    pub heads: Vec<String>,
    /// Revisions added.
    pub added: Vec<String>,
    /// Revisions whose content changed.
    pub changed: Vec<String>,
    /// Revisions taken away.
    pub removed: Vec<String>,
}

impl Engine {
    /// Publishes a manifest. Refused when somebody else changed the published graph first, when revisions would
    /// go without `prune`, and when a revision that a target has applied would go at all.
    pub async fn push(&self, push: &Push) -> Result<Pushed> {
        let project = self.project_or_create(&push.project).await?;
        let GraphRef::Manifest(digest) = push.graph else {
            return Err(EngineError::new(Code::InvalidRequest, "a push needs a folder's manifest"));
        };
        let published = self.store().published(&project.name).await?;
        let new = self.graph(&project.name, &push.graph).await?;
        let old = self.graph(&project.name, &GraphRef::Published).await?;
        if let Some(expected) = push.expected_version
            && expected != published.version
        {
            return Err(moved(&old));
        }
        let mut pushed = compare(&old, &new);
        pushed.heads = new.heads();
        if published.digest == Some(digest) {
            pushed.version = published.version;
            return Ok(pushed);
        }
        if !pushed.removed.is_empty() {
            self.check_prune(push, &old, &pushed.removed).await?;
        }
        self.check_protected(&project.name, &pushed.changed).await?;
        let audit = AuditRecord {
            at: self.now(),
            actor: push.actor.clone(),
            action: if push.prune { "push --prune" } else { "push" }.to_owned(),
            project: project.name.clone(),
            detail: format!(
                "added [{}], changed [{}], removed [{}]",
                pushed.added.join(", "),
                pushed.changed.join(", "),
                pushed.removed.join(", ")
            ),
        };
        match self.store().publish(&project.name, published.version, &digest, &audit).await {
            Ok(version) => pushed.version = version,
            Err(StoreError::Conflict { .. }) => {
                let now = self.graph(&project.name, &GraphRef::Published).await?;
                return Err(moved(&now));
            }
            Err(e) => return Err(e.into()),
        }
        Ok(pushed)
    }

    /// The published files: path, hash and size, in load order.
    pub async fn published_files(&self, project: &str) -> Result<Vec<(String, Hash, u64)>> {
        let project = self.project(project).await?;
        let graph = self.graph(&project.name, &GraphRef::Published).await?;
        let files = graph.load_order().filter_map(|id| graph.revision(id));
        Ok(files.map(|r| (r.path.clone(), r.hash, r.header.size)).collect())
    }

    /// A body's bytes.
    pub async fn body(&self, hash: &Hash) -> Result<Vec<u8>> {
        self.store().body(hash).await?.ok_or_else(|| {
            EngineError::new(
                Code::StoreCorrupt,
                format!("the body {} is missing from the store", hex::encode(hash)),
            )
            .with("hash", hex::encode(hash))
        })
    }

    async fn check_prune(&self, push: &Push, old: &LoadedGraph, removed: &[String]) -> Result<()> {
        let list = removed.join(", ");
        let refused = |why: String| {
            EngineError::new(Code::PruneRefused, why)
                .with("revisions", &list)
                .with("heads", old.heads().join(", "))
        };
        if !push.prune {
            return Err(refused(format!("the published graph has revisions that this folder lacks: {list}"))
                .next("`migratectl pull`, or `migratectl push --prune` to take them away"));
        }
        let applied = self.store().applied_anywhere(&push.project, removed).await?;
        if let Some((target, revision)) = applied.first() {
            return Err(refused(format!(
                "revision {revision} is applied on {target} and cannot be taken away"
            ))
            .revision(revision)
            .next(format!("downgrade {target} below {revision} first")));
        }
        Ok(())
    }

    /// A target marked `protected` freezes its revisions for everybody.
    async fn check_protected(&self, project: &str, changed: &[String]) -> Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        for (key, revision) in self.store().applied_anywhere(project, changed).await? {
            if self.is_protected(&key).await? {
                return Err(EngineError::new(
                    Code::PublishedChanged,
                    format!("revision {revision} is frozen: a protected target has it applied"),
                )
                .revision(&revision)
                .with("revision", &revision)
                .with("target", key)
                .next("write a new revision instead of changing this one"));
            }
        }
        Ok(())
    }

    /// Whether a target of that key is marked `protected`. Only targets made by RPC and of the configuration are.
    async fn is_protected(&self, key: &str) -> Result<bool> {
        let mut after = String::new();
        loop {
            let page = self.store().targets(&after, 100).await?;
            let Some(last) = page.last() else { return Ok(false) };
            after = last.name.clone();
            for target in page.iter().filter(|t| t.protected) {
                let place = self.place(&crate::TargetRequest::Named(target.name.clone())).await;
                if place.is_ok_and(|p| p.key() == key) {
                    return Ok(true);
                }
            }
        }
    }
}

fn compare(old: &LoadedGraph, new: &LoadedGraph) -> Pushed {
    let mut pushed = Pushed::default();
    for id in new.load_order() {
        match (old.revision(id), new.revision(id)) {
            (None, _) => pushed.added.push(id.to_owned()),
            (Some(a), Some(b)) if a.header.token_hash != b.header.token_hash => {
                pushed.changed.push(id.to_owned());
            }
            _ => {}
        }
    }
    pushed.removed = old.load_order().filter(|id| !new.contains(id)).map(str::to_owned).collect();
    pushed
}

fn moved(published: &LoadedGraph) -> EngineError {
    let heads = published.heads().join(", ");
    EngineError::new(Code::HeadsChanged, format!("somebody else published first; the heads are now {heads}"))
        .with("heads", heads)
        .next("`migratectl pull`, merge if there are two heads now, then `migratectl push` again")
}
