//! Accepting the present content of revisions where other content was applied: `repair`.

use crate::graph::{GraphRef, LoadedGraph};
use crate::place::{Place, TargetRequest};
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_store::{AppliedRecord, AuditRecord};

/// A request to accept revisions' content.
#[derive(Clone, Debug)]
pub struct Accept {
    /// Project.
    pub project: String,
    /// Graph with the content to accept.
    pub graph: GraphRef,
    /// Target.
    pub target: TargetRequest,
    /// Of which revisions.
    pub which: Which,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// Tell, and accept nothing.
    pub dry_run: bool,
}

/// Which revisions' content is accepted.
#[derive(Clone, Debug)]
pub enum Which {
    /// That of one, by an identifier.
    One(String),
    /// That of every one that differs from what was applied, be there none.
    All,
}

/// A revision, with the identities of its content before and after, in hex.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The revision.
    pub revision: String,
    /// Its file.
    pub path: String,
    /// What was applied.
    pub old: String,
    /// What is accepted now.
    pub new: String,
}

impl Engine {
    /// Accepts revisions' present content for a target. Each is audited; the target itself is not touched.
    pub async fn accept(&self, request: &Accept) -> Result<Vec<Accepted>> {
        if request.reason.trim().is_empty() && !request.dry_run {
            let command = match &request.which {
                Which::One(revision) => format!("`migratectl repair --accept-hash {revision} --reason TEXT`"),
                Which::All => "`migratectl repair --all --reason TEXT`".to_owned(),
            };
            let message = "accepting a changed revision needs a reason";
            return Err(EngineError::new(Code::InvalidRequest, message).next(command));
        }
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let place = self.place(&request.target).await?;
        let ids = match &request.which {
            Which::One(revision) => vec![graph.resolve_one(revision)?],
            Which::All => graph.load_order().map(str::to_owned).collect(),
        };
        let changed = self.changed(&graph, &place, &ids).await?;
        if let (Which::One(_), [id], []) = (&request.which, ids.as_slice(), changed.as_slice()) {
            let is_known = self.applied(place.key()).await?.contains_key(id) && graph.revision(id).is_some();
            let why = match is_known {
                true => format!("{id} is as it was applied to {}", place.name),
                false => format!("no content of {id} is recorded for {}", place.name),
            };
            return Err(nothing_to_accept(why).revision(id));
        }
        let (records, accepted): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
        if request.dry_run || records.is_empty() {
            return Ok(accepted);
        }
        for one in &accepted {
            let Accepted { revision, old, new, .. } = one;
            self.store()
                .audit(&AuditRecord {
                    at: self.now(),
                    actor: request.actor.clone(),
                    action: "repair --accept-hash".to_owned(),
                    project: project.name.clone(),
                    detail: format!("{revision} on {}: {old} -> {new}: {}", place.name, request.reason),
                })
                .await?;
        }
        self.inner.verified.note_applied(place.key(), records, Vec::new());
        self.flush_applied(place.key()).await?;
        Ok(accepted)
    }

    /// Those of the revisions whose present content is another one than is recorded, with the record of the present one.
    async fn changed(
        &self,
        graph: &LoadedGraph,
        place: &Place,
        ids: &[String],
    ) -> Result<Vec<(AppliedRecord, Accepted)>> {
        let recorded = self.applied(place.key()).await?;
        let changed = ids.iter().filter_map(|id| {
            let (revision, old) = (graph.revision(id)?, recorded.get(id)?);
            let now = revision.header.token_hash;
            if old.token_hash == now {
                return None;
            }
            let accepted = Accepted {
                revision: id.clone(),
                path: revision.path.clone(),
                old: hex::encode(old.token_hash),
                new: hex::encode(now),
            };
            let record =
                AppliedRecord { token_hash: now, body_hash: revision.hash, at: self.now(), ..old.clone() };
            Some((record, accepted))
        });
        Ok(changed.collect())
    }
}

fn nothing_to_accept(why: String) -> EngineError {
    EngineError::new(Code::InvalidRequest, format!("{why}: there is nothing to accept"))
        .state("nothing was changed")
        .next("go on with `migratectl upgrade head`; `migratectl current` shows where the target stands")
}
